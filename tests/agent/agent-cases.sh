#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What svcnatd makes of the objects in tests/agent/cases, with the module: it
# takes all of it, and has it then as it was printed.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/cluster.sh"

# services FILE: of the commands in it
services()
{
	sed -n '/^service /p' "$1"
}

# is_there FILE: the services are as the commands in it say, and no others
is_there()
{
	ctl save > "$tmp/save" || fail "svcctl save"
	services "$tmp/save" | diff "$tmp/services" - > "$tmp/diff" ||
		fail "$1: $(cat "$tmp/diff")"
}

# take FILE: the objects in it
take()
{
	"$svcnatd" --node n1 --from-file "$1" --print > "$tmp/commands" \
		2> "$tmp/log" || fail "$1: $(cat "$tmp/log")"
	services "$tmp/commands" > "$tmp/services"
}

applied()
{
	local file

	for file in "$tmp"/cases/*.json; do
		take "$file"
		ctl apply "$tmp/commands" > "$tmp/changes" ||
			fail "$file: svcctl apply"
		is_there "$file"
		ctl apply "$tmp/commands" > "$tmp/changes"
		[ ! -s "$tmp/changes" ] ||
			fail "$file: twice: $(cat "$tmp/changes")"
	done
}

at_once()
{
	local file

	for file in "$tmp"/cases/*.json; do
		take "$file"
		ip netns exec "$node" "$svcnatd" --node n1 --once \
			--from-file "$file" 2> "$tmp/log" ||
			fail "$file: $(cat "$tmp/log")"
		is_there "$file"
	done
}

setup_topology
mkdir "$tmp/cases"
python3 -B "$repo/tests/agent/translate_test.py" --write "$tmp/cases" ||
	bail_out "no cases"
run_tests applied at_once
