#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# svcctl endpoint drain: waits for the connections of an endpoint, and no longer
# than it shall.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

family_begins()
{
	flush
	must config set timeout-tcp-transitory 1s
	must service add web tcp "$vip:80" endpoint "$ep1:80" \
		endpoint "$ep2:80" state unready
	stream talk "$client" "$vip:80"
	must endpoint set web "$ep2:80" state ready
}

# drain WORD...: drains the first endpoint; sets $status, its stderr is in
# $tmp/error
drain()
{
	status=0
	ctl endpoint drain web "$ep1:80" "$@" > "$tmp/out" 2> "$tmp/error" ||
		status=$?
	check_is "stdout" "$(< "$tmp/out")" ""
}

state_of_the_first()
{
	ctl endpoint show web | awk -v at="$ep1:80" '$2 == at { print $4 }'
}

given_up()
{
	local begin now

	milliseconds begin
	drain wait 2s
	milliseconds now
	check_is "status" "$status" 2
	check_is "stderr" "$(< "$tmp/error")" \
		"svcctl: service \"web\": endpoint $ep1:80 still has 1 active flow"
	check_num "ms" "$((now - begin)) >= 2000"
	check_is "state" "$(state_of_the_first)" terminating
}

its_count_is_shown_on_a_terminal()
{
	script -qec "svcctl -N $node endpoint drain web '$ep1:80' wait 1s" \
		"$tmp/typescript" > "$tmp/terminal" < /dev/null &&
		fail "status 0"
	has "1 active flow" "$tmp/terminal" || fail "$(< "$tmp/terminal")"
}

new_connections_go_elsewhere()
{
	must endpoint set web "$ep1:80" state ready
	drain wait 0
	check_is "status" "$status" 2
	asked "new ones" "$client" -n 8 "$vip:80"
	check_is "new ones" "$endpoints" "$ep2:80"
	streams_go_on
}

it_waits_for_the_last_connection()
{
	local pid ended=0

	ctl endpoint drain web "$ep1:80" > "$tmp/out" 2>&1 &
	pid=$!
	sleep 1
	kill -0 "$pid" || fail "it has not waited"
	stream_ends talk
	wait "$pid" || ended=$?
	check_is "status" "$ended" 0
	check_is "output" "$(< "$tmp/out")" ""
	check_is "active" "$(ctl -s endpoint show web |
		awk -v at="$ep1:80" '$2 == at { print $6 }')" 0
}

nothing_to_wait_for()
{
	must endpoint set web "$ep1:80" state ready
	drain wait 0
	check_is "status" "$status" 0
	check_is "stderr" "$(< "$tmp/error")" ""
	check_is "state" "$(state_of_the_first)" terminating
}

what_is_not_there()
{
	must endpoint del web "$ep1:80"
	drain
	check_is "status" "$status" 2
	check_is "stderr" "$(< "$tmp/error")" \
		"svcctl: service \"web\": the service has no such endpoint (endpoint $ep1:80)"
}

setup_topology
serve "$eps" 80
run_tests_for "4 6" \
	family_begins \
	given_up \
	its_count_is_shown_on_a_terminal \
	new_connections_go_elsewhere \
	it_waits_for_the_last_connection \
	nothing_to_wait_for \
	what_is_not_there
