#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A rolling update: all endpoints are replaced, one by one, while many clients
# ask without pause.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/traffic.sh"

clients=50

family_begins()
{
	ctl service flush
	must service add web tcp "$vip:80" endpoint "$ep1:80" endpoint "$ep2:80"
	must service add dns udp "$vip:80" endpoint "$ep1:80" endpoint "$ep2:80"
}

# begin OPTION...: the clients, each with an address of its own; they ask until
# they are told to end
begin()
{
	local i

	askers=()
	for ((i = 1; i <= clients; i++)); do
		askers+=("asker-$i")
		asking "asker-$i" "$client" -s "$many$i" "$@" "$vip:80"
	done
}

# answered ENDPOINT: one of the clients got an answer from it
answered()
{
	grep -qF "$1 " "$tmp"/asker-*
}

# replace_endpoint SERVICE OLD NEW: as an update does it
replace_endpoint()
{
	must endpoint add "$1" "$3:80"
	must endpoint set "$1" "$2:80" state terminating
	busywait 20000 answered "$3:80" || fail "$3 gets no connection"
	must endpoint del "$1" "$2:80"
}

requests_are_all_answered()
{
	stream long "$client" -n 8 "$vip:80"
	begin
	replace_endpoint web "$ep1" "$ep3"
	replace_endpoint web "$ep2" "$ep4"
	asking_ends "${askers[@]}"
	stream_ends long
	asked "afterwards" "$client" -n 20 "$vip:80"
	check_is "afterwards" "$endpoints" "$ep3:80 $ep4:80"
}

questions_by_UDP_too()
{
	begin -u
	replace_endpoint dns "$ep1" "$ep3"
	replace_endpoint dns "$ep2" "$ep4"
	asking_ends "${askers[@]}"
	asked "afterwards" "$client" -u -n 20 "$vip:80"
	check_is "afterwards" "$endpoints" "$ep3:80 $ep4:80"
}

# The update as one that replaces the service in each step.
by_service_replace()
{
	local state

	stream long "$client" -n 8 "$vip:80"
	begin
	for state in "$ep1:80 endpoint $ep3:80 endpoint $ep4:80" \
		     "$ep1:80 state terminating endpoint $ep4:80" \
		     "$ep2:80 endpoint $ep4:80 state terminating" \
		     "$ep2:80 endpoint $ep1:80"; do
		# shellcheck disable=SC2086  # several words
		must service replace web tcp "$vip:80" endpoint $state
	done
	asking_ends "${askers[@]}"
	stream_ends long
}

setup_topology
serve "$eps" 80
run_tests_for "4 6" \
	requests_are_all_answered \
	questions_by_UDP_too \
	by_service_replace
