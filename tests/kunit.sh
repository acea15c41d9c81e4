#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: tests/vm/run -k debug tests/kunit.sh [SUITE]...
#
# Loads the unit tests, which lie beside the module, and prints the KTAP report
# that they leave in the kernel log.  With SUITEs, such as svcnat_table, only
# these run.

tests=${SVCNAT_KO%/*}/svcnat_kunit.ko

[ -f "$tests" ] || {
	echo "kunit: $tests was not built, the kernel needs CONFIG_KUNIT" >&2
	exit 1
}
[ $# = 0 ] || "$(dirname "$0")/kunit-pick" "$tests" "$@" || exit
for module in $(modinfo -F depends "$tests" | tr , ' '); do
	grep -q "^$module " /proc/modules || modprobe "$module" || exit
done

# There may have been others before.
begin="svcnat: unit tests begin, process $$"
echo "$begin" > /dev/kmsg
insmod "$tests" || exit
report=$(dmesg -t | sed "0,/^$begin\$/d")
rmmod svcnat_kunit

echo "$report"
# A suite ends with a line that is not indented.
grep -q '^ok ' <<< "$report" && ! grep -q '^ *not ok ' <<< "$report"
