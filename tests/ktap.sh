# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# KTAP for scripts that run on the host; sourced, never run.

ktap_count=0
ktap_failed=0

# result STATUS NAME [FILE]: one result; of a failure also what FILE holds.
result()
{
	ktap_count=$((ktap_count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $ktap_count $2"
		return
	fi
	ktap_failed=$((ktap_failed + 1))
	[ ! -s "${3-}" ] || tail -n 60 "$3" | sed 's/^/# /'
	echo "not ok $ktap_count $2"
}

# end: the plan, and the exit status of the script.
end()
{
	echo "1..$ktap_count"
	[ $ktap_count -gt 0 ] && [ $ktap_failed = 0 ]
}
