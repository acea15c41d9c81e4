#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Long connections go on whatever becomes of their objects; new ones go where
# the objects say, or are refused.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
# shellcheck disable=SC2119,SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/traffic.sh"
. "$(dirname "$0")/../lib/cluster.sh"

vip=10.96.0.10
external=10.99.0.1
ep1=10.2.0.1
ep2=10.2.0.2

# endpoints_are ADDRESS[/terminating]...: of web, soon; other addresses than
# before, for states are not looked at
endpoints_are()
{
	local list=''

	[ $# = 0 ] || printf -v list '%s:80 ' "${@%/*}"
	slice_object web "$@" | put_objects
	comes web "${list% }"
}

# streams_begin: from everywhere, all to $ep1
streams_begin()
{
	endpoints_are "$ep1"
	stream outside "$client" -n 4 "$vip:80"
	stream pod "$pod" -n 4 "$vip:80"
	stream node "$node" -n 4 "$vip:80"
}

# streams_end: and each has gone on until then
streams_end()
{
	local who

	streams_go_on
	for who in outside pod node; do
		stream_ends "$who"
	done
}

# new_ones_reach ENDPOINT: from everywhere, and no other
new_ones_reach()
{
	local ns

	for ns in "$client" "$pod" "$node"; do
		asked "a new one" "$ns" -n 8 "$vip:80"
		check_is "${ns%-*}, new ones" "$endpoints" "$1"
	done
}

# new_ones_fail ERROR: from everywhere
new_ones_fail()
{
	local ns

	for ns in "$client" "$pod" "$node"; do
		refused "${ns%-*}, a new one" "$1" "$ns" -t $((500 * slow)) \
			"$vip:80"
	done
}

their_endpoint_leaves()
{
	streams_begin
	endpoints_are "$ep2"
	new_ones_reach "$ep2:80"
	streams_go_on
	# With nobody behind the Service they go on as well.
	endpoints_are
	new_ones_fail ECONNREFUSED
	streams_end
}

# As a pod ends: first it takes no more, then it is not there any more.
their_endpoint_terminates()
{
	streams_begin
	endpoints_are "$ep1/terminating" "$ep2"
	new_ones_reach "$ep2:80"
	streams_go_on
	endpoints_are "$ep2"
	new_ones_reach "$ep2:80"
	streams_end
}

# lacks ADDRESS: as a frontend of web
lacks()
{
	ctl frontend show default/web:http > "$tmp/show" 2>&1 &&
		! has "$1" "$tmp/show"
}

their_address_is_taken_away()
{
	streams_begin
	stream external "$client" -n 4 "$external:80"
	service_object web "$vip" | put_objects
	busywait 10000 lacks "$external" || fail "$(< "$tmp/show")"
	refused "a new one" ETIMEDOUT "$client" -t $((500 * slow)) \
		"$external:80"
	new_ones_reach "$ep1:80"
	streams_go_on
	stream_ends external
	streams_end
}

# Neither its port of TCP nor that of UDP: one alone would have others refused.
no_service()
{
	[ "$(ctl -j service show | jq length)" = 0 ]
}

their_Service_is_deleted()
{
	streams_begin
	delete_services web
	busywait 10000 no_service || fail "a deleted Service is served"
	# The address is nobody's now: no answer comes from there.
	new_ones_fail ETIMEDOUT
	streams_go_on
	# One of the same name and address is another one.
	{
		service_object web "$vip"
		slice_object web "$ep2"
	} | put_objects
	comes web "$ep2:80"
	new_ones_reach "$ep2:80"
	streams_end
	stop_agent
}

setup_topology
serve "$eps" 80
start_api
{
	node_object n1 10.4.0.0/24
	service_object web "$vip" '"externalIPs": ["'"$external"'"]'
	slice_object web "$ep1"
} | put_objects
start_agent
run_tests \
	their_endpoint_leaves \
	their_endpoint_terminates \
	their_address_is_taken_away \
	their_Service_is_deleted
