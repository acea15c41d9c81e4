# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For scripts that listen to changes; sourced behind tests/lib.sh.
# shellcheck disable=SC2034,SC2154  # variables of and for those who source it

# listen WORD...: svcctl WORD... monitor in the background, its output in
# $tmp/events and $tmp/lost.  Sets $monitor.
listen()
{
	: > "$tmp/events"
	svcctl -N "$node" "$@" monitor >> "$tmp/events" 2> "$tmp/lost" &
	monitor=$!
	busywait 10000 is_heard || fail "the monitor hears nothing"
	hush
}

# A change, and then whether any was heard.
is_heard()
{
	must config set timeout-udp $((RANDOM % 1000 + 100))
	[ -s "$tmp/events" ]
}

# All that happened is printed before what happens last.
hush()
{
	heard > /dev/null
	: > "$tmp/events"
}

# heard: the lines since the last time but for the last change, which is ours:
# another value than there is, and one that is not told in minutes
heard()
{
	local last=2001

	! ctl -j config show | grep -q "\"timeout-udp\":$last\b" || last=2003
	must config set timeout-udp $last
	busywait 10000 grep -q "timeout-udp\(\":$last,\| ${last}s\)" \
		"$tmp/events" || fail "the monitor hears nothing any more"
	grep -v timeout-udp "$tmp/events"
	: > "$tmp/events"
}

# stop_listening [SIGNAL]: what it ended with, in $ended
stop_listening()
{
	kill -"${1-TERM}" "$monitor"
	ended=0
	wait "$monitor" || ended=$?
}

# service_lines PREFIX NUMBER: so many, each with four endpoints; the names begin
# with PREFIX
service_lines()
{
	seq "$2" | awk -v prefix="$1" '{
		at = int($1 / 250) "." $1 % 250 + 1
		printf "service add %s%d tcp 10.100.%s:80", prefix, $1, at
		for (i = 0; i < 4; i++)
			printf " endpoint 10.%d.%s:80", 20 + i, at
		print ""
	}'
}
