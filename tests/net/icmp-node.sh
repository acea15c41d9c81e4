#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Errors of ICMP and ICMPv6 that the node sends, when a packet was rewritten
# already, or gets; and those about connections whose source changes as well.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
#
# The packets are made by icmp-node.py, between $wire_client and $wire_ep, by
# routers next to these, and by $wire_pod, which is its own endpoint.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/related.sh"

family_begins()
{
	local l='' r='' p=10. s=.0.

	[ "$family" = 4 ] || { l=[ r=] p=fd00: s=::; }
	wire_vip2=$l${p}96${s}21$r
	wire_pod=$l${p}4${s}9$r
	flush
	ctl -b - <<- END || fail "no services"
		service add tcp tcp $wire_vip:80 endpoint $wire_ep:8080
		service add udp udp $wire_vip:80 endpoint $wire_ep:8080
		service add tcp2 tcp $wire_vip2:80 endpoint $wire_ep:8080
		service add udp2 udp $wire_vip2:80 endpoint $wire_ep:8080
		service add pod-tcp tcp $wire_vip2:82 endpoint $wire_pod:8080
		service add pod-udp udp $wire_vip2:82 endpoint $wire_pod:8080
		service add node-udp udp $wire_vip:81 endpoint $node_at:9
	END
}

the_node_says_time_exceeded()
{
	both time_exceeded
}

the_node_says_too_big()
{
	ip -n "$node" link set eps mtu 1400
	both too_big 1400
	ip -n "$node" link set eps mtu 1500
}

# no_route TYPE NUMBER...: by a route of that type to the endpoint
no_route()
{
	local to=${wire_ep//[][]/} proto

	both no_route
	ip -n "$node" route add "$1" "$to"
	for proto in tcp udp; do
		wire no_route "$proto" "${@:2}"
	done
	ip -n "$node" route del "$1" "$to"
}

the_node_says_no_route()
{
	if [ "$family" = 4 ]; then
		no_route unreachable 3 1
		no_route prohibit 3 13
	else
		no_route unreachable 1 0
		no_route prohibit 1 1
	fi
}

the_node_says_host_unreachable()
{
	local ep=${wire_ep//[][]/} other=10.1.0.77 keys=net.ipv$family.neigh

	[ "$family" = 4 ] || other=fd00:1::77
	ip -n "$node" neigh replace "$other" lladdr 02:00:00:00:01:02 \
		dev client nud permanent
	both neighbours
	sysctl_in "$node" "$keys".{eps,client}.retrans_time_ms=50
	ip -n "$node" neigh del "$ep" dev eps
	both neighbours request
	ip -n "$node" neigh replace "$ep" lladdr 02:00:00:00:02:02 dev eps \
		nud permanent
	ip -n "$node" neigh del "$other" dev client
	both neighbours reply
	sysctl_in "$node" "$keys".{eps,client}.retrans_time_ms=1000
}

the_node_is_the_endpoint()
{
	wire node_is_endpoint
}

shifted()
{
	both shifted
}

masqueraded()
{
	both masqueraded
}

a_socket_of_the_node()
{
	wire socket_of_the_node
}

# Each error that is forwarded must be RELATED.
beside_conntrack()
{
	must flow flush
	drop_unrelated
	the_node_says_time_exceeded
	the_node_says_too_big
	the_node_says_no_route
	the_node_says_host_unreachable
	the_node_is_the_endpoint
	a_socket_of_the_node
	both shifted
	both masqueraded
	nothing_unrelated
}

setup_topology
# The node tells of no better way.
sysctl_in "$node" net.ipv4.conf.{all,pod,client,eps}.send_redirects=0
ip_in "$node" <<- END
	neigh add 10.4.0.9 lladdr 02:00:00:00:04:02 dev pod nud permanent
	neigh add fd00:4::9 lladdr 02:00:00:00:04:02 dev pod nud permanent
END
wire_start icmp-node.py
run_tests_for "4 6" \
	the_node_says_time_exceeded \
	the_node_says_too_big \
	the_node_says_no_route \
	the_node_says_host_unreachable \
	the_node_is_the_endpoint \
	shifted \
	masqueraded \
	a_socket_of_the_node \
	beside_conntrack
