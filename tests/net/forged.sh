#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# TCP connections from addresses that are not the sender's: the endpoint answers
# to somebody else, and whatever is sent then is a guess.  They must not last,
# and be in nobody's way.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#
# The packets are made by forged.py, between $wire_client and $wire_ep.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

family_begins()
{
	flush
	must service add web tcp "$wire_vip:80" endpoint "$wire_ep:8080"
	must service add real tcp "$vip:80" endpoint "$ep1:80"
}

# state_is STATE: that of all flows of the service
state_is()
{
	check_is "state" "$(ctl -j flow show web |
		jq -r '[.[].state] | unique | join(" ")')" "$1"
}

who_guesses_is_not_connected()
{
	must flow flush
	wire begins
	state_is syn-recv
	wire guesses
	state_is syn-recv
	wire endpoint nothing
	wire guesses
	state_is syn-recv
	wire hears
	state_is established
	wire guesses
	state_is closing
}

masqueraded()
{
	must config set masquerade-all on
	who_guesses_is_not_connected
	must config set masquerade-all off
}

the_endpoint_vouches()
{
	must flow flush
	wire begins
	wire endpoint data
	wire guesses
	state_is closing
}

a_guess_takes_no_reset_back()
{
	must flow flush
	wire begins
	wire guesses
	wire endpoint reset
	state_is closed
	wire guesses
	state_is closed
}

nobody_is_kept_out()
{
	local before

	must config set max-flows 100
	wire floods 150
	before=$(stat flow_evicted)
	asked "a real client" "$client" -n 10 "$vip:80"
	check_num "flow_evicted" "$(stat flow_evicted) > $before"
	must config set max-flows 1000000
}

setup_topology
serve "$eps" 80
wire_start forged.py
run_tests_for "4 6" \
	who_guesses_is_not_connected \
	masqueraded \
	the_endpoint_vouches \
	a_guess_takes_no_reset_back \
	nobody_is_kept_out
