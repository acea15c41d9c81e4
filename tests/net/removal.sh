#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What becomes of open connections when what they use is removed, under both
# words of on-removal.  See churn.sh for all that goes on.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

family_begins()
{
	ctl service flush
	ctl flow flush
	must service add web tcp "$vip:80" on-removal reset \
		endpoint "$ep1:80" endpoint "$ep2:80"
}

# open_at ENDPOINT: connections that it has and that are still to send something
open_at()
{
	ip netns exec "$eps" ss -Hnt state connected exclude time-wait \
		src "$1" | wc -l
}

none_open_at()
{
	[ "$(open_at "$1")" = 0 ]
}

both_sides_are_reset()
{
	local ns before

	for ns in "$client" "$pod" "$node"; do
		must service replace web tcp "$vip:80" on-removal reset \
			endpoint "$ep1:80"
		stream gone "$ns" -n 3 "$vip:80"
		before=$(stat flow_reset)
		must endpoint add web "$ep2:80"
		must endpoint del web "$ep1:80"
		was_reset gone 3
		busywait 2000 none_open_at "$ep1" ||
			fail "${ns%-*}: the endpoint has $(open_at "$ep1")"
		check_is "${ns%-*}: flow_reset" "$(stat flow_reset)" \
			$((before + 3))
		asked "${ns%-*} afterwards" "$ns" -n 4 "$vip:80"
		check_is "${ns%-*} afterwards" "$endpoints" "$ep2:80"
		# Their last packets would find the endpoint removed, and be
		# counted in the next round.
		busywait 2000 none_open_at "$ep2" ||
			fail "${ns%-*} afterwards: $(open_at "$ep2") are open"
	done
}

# Who is not told at once is told with his next packet.
more_than_are_told_at_once()
{
	must service replace web tcp "$vip:80" on-removal reset \
		endpoint "$ep1:80"
	stream gone "$client" -n 300 "$vip:80"
	must endpoint del web "$ep1:80"
	was_reset gone 300
	busywait 2000 balanced || fail "$(unbalanced)"
}

masqueraded_ones_too()
{
	must service replace web tcp "$vip:80" on-removal reset \
		endpoint "$ep1:80"
	must config set masquerade-all on
	stream gone "$client" -n 3 "$vip:80"
	must config set masquerade-all off
	must endpoint del web "$ep1:80"
	was_reset gone 3
	busywait 2000 none_open_at "$ep1" ||
		fail "the endpoint has $(open_at "$ep1")"
}

others_go_on()
{
	must service replace web tcp "$vip:80" on-removal reset \
		endpoint "$ep1:80"
	stream stays "$client" -n 3 "$vip:80"
	must endpoint add web "$ep2:80"
	must endpoint del web "$ep2:80"
	must endpoint set web "$ep1:80" state terminating
	must endpoint set web "$ep1:80" state unready
	must endpoint set web "$ep1:80" state ready weight 5
	stream_ends stays
}

with_the_frontend()
{
	must service replace web tcp "$vip:80" "$vip2:80" on-removal reset \
		endpoint "$ep1:80"
	stream gone "$client" -n 2 "$vip2:80"
	stream stays "$client" -n 2 "$vip:80"
	must frontend del web "$vip2:80"
	was_reset gone 2
	stream_ends stays
}

with_the_service()
{
	must service replace web tcp "$vip:80" on-removal reset \
		endpoint "$ep1:80"
	stream gone "$client" -n 2 "$vip:80"
	stream node "$node" -n 2 "$vip:80"
	must service del web
	was_reset gone 2
	was_reset node 2
	must service add web tcp "$vip:80" on-removal reset endpoint "$ep1:80"
	asked "made again" "$client" "$vip:80"
}

keep_keeps()
{
	must service replace web tcp "$vip:80" on-removal keep \
		endpoint "$ep1:80"
	stream stays "$client" -n 2 "$vip:80"
	must endpoint add web "$ep2:80"
	must endpoint del web "$ep1:80"
	# What was removed already is not touched by what is said now.
	must service set web on-removal reset
	asked "afterwards" "$client" -n 4 "$vip:80"
	stream_ends stays
}

nothing_is_left_of()
{
	! ctl flow show "$1" > /dev/null 2>&1
}

flows_outlive_their_service()
{
	must service replace web tcp "$vip:80" on-removal keep \
		endpoint "$ep1:80"
	must flow flush
	stream left "$client" -n 2 "$vip:80"
	must service del web
	check_is "flows shown" "$(ctl flow show web | wc -l)" 3
	stream_ends left
	must flow flush web
	check_is "flows left" "$(ctl flow show | wc -l)" 1
	busywait 5000 nothing_is_left_of web || fail "web is still there"
	must service add web tcp "$vip:80" endpoint "$ep1:80"
}

# The one that has the address now knows nothing of the connection.
an_address_is_inherited()
{
	must service replace web tcp "$vip:80" endpoint "$ep1:80" \
		endpoint "$ep2:80" on-removal keep
	must endpoint del web "$ep2:80"
	stream old "$client" -n 2 "$vip:80"
	must endpoint add web "$ep2:80"
	must endpoint del web "$ep1:80"
	must service add other tcp "$vip2:80" endpoint "$ep1:80"
	asked "its new service" "$client" -n 3 "$vip2:80"
	asked "its old service" "$client" -n 3 "$vip:80"
	check_is "its old service" "$endpoints" "$ep2:80"
	stream_ends old
	must service del other
}

UDP_draws_afresh()
{
	must service add dns udp "$vip:80" on-removal reset \
		endpoint "$ep1:80"
	asked UDP "$client" -u -p 5000 "$vip:80"
	must endpoint add dns "$ep2:80"
	must endpoint del dns "$ep1:80"
	asked UDP "$client" -u -p 5000 "$vip:80"
	check_is UDP "$endpoints" "$ep2:80"
}

beside_conntrack()
{
	drop_invalid
	both_sides_are_reset
	with_the_frontend
	nothing_invalid
	no_conntrack
}

setup_topology
serve "$eps" 80
run_tests_for "4 6" \
	both_sides_are_reset \
	more_than_are_told_at_once \
	masqueraded_ones_too \
	others_go_on \
	with_the_frontend \
	with_the_service \
	keep_keeps \
	flows_outlive_their_service \
	an_address_is_inherited \
	UDP_draws_afresh \
	beside_conntrack
