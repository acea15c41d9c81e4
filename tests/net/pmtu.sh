#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A link that takes only short packets, anywhere on the way and in either
# direction: whoever sends longer ones is told, by an error that he takes for
# his own, and sends shorter ones.  No connection stalls.
#
#    client ---- near ---- node ---- far ---- eps	see tests/lib/routers.sh
#			   |
#			  pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/routers.sh"
. "$(dirname "$0")/../lib/mtu.sh"

family_begins()
{
	use_mtu
}

before_the_node()
{
	next_mtu
	narrow "$near" "$mtu" "$vip_ip" via "$node_near_ip" dev node
	requests "$client" "$near_ip"
	widen "$near" "$vip_ip"

	next_mtu
	narrow "$far" "$mtu" "$client_ip" via "$node_far_ip" dev node
	replies "$client" "$client_ip" "$far_eps_ip"
	widen "$far" "$client_ip"
}

in_both_directions()
{
	local there

	next_mtu
	there=$mtu
	narrow "$far" "$mtu" "$ep_ip" dev eps
	next_mtu
	narrow "$near" "$mtu" "$client_ip" dev client
	bulk "$client" "$bytes" "$vip:80"
	known "$client" "$vip_ip" "$there"
	known "$eps" "$client_ip" "$mtu"
	widen "$far" "$ep_ip"
	widen "$near" "$client_ip"
}

from_a_pod()
{
	next_mtu
	narrow "$far" "$mtu" "$ep_ip" dev eps
	requests "$pod" "$far_ip"
	widen "$far" "$ep_ip"

	next_mtu
	narrow "$node" "$mtu" "$pod_ip" dev pod
	replies "$pod" "$pod_ip" "$node_far_ip"
	widen "$node" "$pod_ip"
}

answered()
{
	[ "$("$probe" -N "$client" echo -t 500 -l 3000 "$vip_ip")" = \
	  "1 answered" ]
}

# The node cannot be told about its answers, which are the service's.
echoes()
{
	next_mtu
	narrow "$near" "$mtu" "$vip_ip" via "$node_near_ip" dev node
	narrow "$near" "$mtu" "$client_ip" dev client
	busywait 5000 answered || fail "no answer to a long echo request"
	widen "$near" "$vip_ip"
	widen "$near" "$client_ip"
}

setup_mtu
run_tests_for "4 6" \
	before_the_node \
	at_the_node \
	beyond_the_node \
	in_both_directions \
	from_a_pod \
	from_the_node \
	from_a_pod_to_itself \
	echoes
