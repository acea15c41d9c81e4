#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: tools/tests/state.sh
#
# What svcnat.service saves and restores, with a svcctl that only writes down
# what it is asked for, and fails where it shall.

set -u
repo=$(cd "$(dirname "$0")/../.." && pwd)
. "$repo/tests/ktap.sh"

tmp=$(mktemp -d) || exit
trap 'rm -rf "$tmp"' EXIT
export SVCNAT_STATE=$tmp/state/svcnat.conf SVCCTL=$tmp/svcctl
mkdir "$tmp/state"

# plays WORD...: from now on svcctl prints WORDs and ends with $code.
plays()
{
	cat > "$SVCCTL" << END
#!/bin/sh
echo "\$@" >> $tmp/asked
echo "$@"
exit ${code-0}
END
	chmod +x "$SVCCTL"
	rm -f "$tmp/asked"
}

# state WORD: runs it; sets status
state()
{
	status=0
	sh "$repo/tools/systemd/svcnat-state.in" "$@" > "$tmp/out" \
		2> "$tmp/err" || status=$?
}

# is NAME GOT WANTED
is()
{
	local ok=0

	[ "$2" = "$3" ] || ok=1
	echo "got \"$2\", expected \"$3\"" > "$tmp/report"
	result $ok "$1" "$tmp/report"
}

plays nothing
state restore
is "nothing was saved yet: nothing is applied" \
	"$status $(cat "$tmp/asked" 2> /dev/null)" "0 "
is "and it says so" "$(cat "$tmp/out")" \
	"svcnat-state: nothing was saved in $SVCNAT_STATE yet"

plays "service add a tcp"
state save
is "what svcctl prints is saved" "$status $(cat "$SVCNAT_STATE")" \
	"0 service add a tcp"
is "nobody else may read it" "$(stat -c %a "$SVCNAT_STATE")" 600
state restore
is "and is applied" "$status $(tail -n 1 "$tmp/asked")" \
	"0 apply $SVCNAT_STATE"

code=3 plays "half of it"
state save
is "what fails half-way changes nothing" "$status $(cat "$SVCNAT_STATE")" \
	"3 service add a tcp"
is "and leaves nothing behind" "$(ls -A "$tmp/state")" svcnat.conf

plays "service add b tcp"
state save
is "what was saved before is kept" \
	"$status $(cat "$SVCNAT_STATE" "$SVCNAT_STATE.old")" \
	"0 service add b tcp
service add a tcp"
is "nobody else may read that either" "$(stat -c %a "$SVCNAT_STATE.old")" 600

# It prints nothing, as svcctl does where there are no services.
printf '#!/bin/sh\n' > "$SVCCTL"
state save
state save
is "what is empty takes the place of no copy" \
	"$status $(cat "$SVCNAT_STATE" "$SVCNAT_STATE.old")" \
	"0 service add b tcp"
plays "service add a tcp"
state save

rm "$SVCNAT_STATE.old"
mkdir "$SVCNAT_STATE.old" "$SVCNAT_STATE.old/svcnat.conf"
plays
state save
is "without a copy nothing is replaced" \
	"$((status != 0)) $(cat "$SVCNAT_STATE")" "1 service add a tcp"
rm -r "$SVCNAT_STATE.old"

code=1 plays
state restore
is "a file that svcctl refuses is a failure" \
	"$status $(cat "$SVCNAT_STATE")" "1 service add a tcp"

plays "service add b tcp"
SVCNAT_STATE=/proc/svcnat.conf state save
is "where nothing can be written it fails" "$((status != 0))" 1
state
is "it says which words it knows" "$status $(cat "$tmp/err")" \
	"1 svcnat-state: expected restore or save"
end
