#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Clients and endpoints in a VRF of the node, where packets pass some hooks
# twice: on the device they came by, and on the VRF's.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#	  <--- red --->	8080
#		     |
#		    pod 8080
#
# The devices of the client and of the pod are in the VRF red, and that of the
# endpoints is with them, or is not and routes lead there and back.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/traffic.sh"

declare -A at

family_begins()
{
	at=([$client]=$client_at [$pod]=$pod_at)
	flush
	ctl -b - <<- END || fail "no services"
		service add web tcp $vip:80 endpoint $ep1:80 endpoint $ep2:80
		service add web-udp udp $vip:80 endpoint $ep1:80 endpoint $ep2:80
		service add one tcp $vip2:80 endpoint $ep3:80
		service add one-udp udp $vip2:80 endpoint $ep3:80
		service add own tcp $vip:8080 endpoint $node_at:8080
		service add self tcp $vip2:8080 endpoint $pod_at:8080
		service add self-udp udp $vip2:8080 endpoint $pod_at:8080
	END
}

# In a VRF the device of a route gives the source, its link-local address if it
# has no other: so the default route names one.
vrf()
{
	ip_in "$node" <<- END
		link add red type vrf table 100
		link set red up
		link add void type dummy
		link set void master red
		link set void up
		route add default dev void vrf red
		link set client master red
		link set pod master red
		addr replace fd00:1::1/64 dev client nodad
		addr replace fd00:4::1/64 dev pod nodad
		addr replace fe80::1/64 dev client nodad
		addr replace fe80::1/64 dev pod nodad
		route add 10.3.0.0/16 via 10.1.0.2 vrf red
		route add fd00:3::/64 via fd00:1::2 vrf red
		route add ::/0 dev void src fd00:1::1 vrf red
	END
	# Servers of the node are for everybody.
	sysctl_in "$node" net.ipv4.tcp_l3mdev_accept=1
}

endpoints_inside()
{
	ip_in "$node" <<- END
		link set eps master red
		addr replace fd00:2::254/64 dev eps nodad
		addr replace fe80::1/64 dev eps nodad
	END
}

# They are reached by a route that leads out of the VRF, and it by others.
endpoints_outside()
{
	ip_in "$node" <<- END
		link set eps nomaster
		addr replace fd00:2::254/64 dev eps nodad
		addr replace fe80::1/64 dev eps nodad
		route replace 10.2.0.0/24 dev eps vrf red
		route replace fd00:2::/64 dev eps vrf red
		route replace 10.1.0.0/24 dev client
		route replace 10.4.0.0/24 dev pod
		route replace 10.3.0.0/16 via 10.1.0.2 dev client
		route replace fd00:1::/64 dev client
		route replace fd00:4::/64 dev pod
	END
}

# The endpoint sees the client as it is, and each connection is one flow.
forwarded()
{
	local ns before

	for ns in "$client" "$pod"; do
		must flow flush
		before=$(stat flow_new)
		asks "$ns" "${at[$ns]}" "$vip:80"
		asks "$ns" "${at[$ns]}" -u "$vip:80"
		check_is "${ns%-*}, flows" $(($(stat flow_new) - before)) 2
		traffic "$ns" "$vip:80" 2000000
		stream tcp "$ns" -n 2 "$vip:80"
		stream udp "$ns" -u -n 2 "$vip:80"
		stream_ends tcp
		stream_ends udp
	done
}

to_endpoints_inside()
{
	endpoints_inside
	forwarded
}

# By TCP: a server of datagrams that is in no VRF answers outside of it.
to_the_node()
{
	local ns

	for ns in "$client" "$pod"; do
		asks "$ns" "${at[$ns]}" "$vip:8080"
		bulk "$ns" $((1000000 / slow)) "$vip:8080"
	done
}

# Masqueraded with an address that the VRF has
to_itself()
{
	asked itself "$pod" -n 3 "$vip2:8080"
	check_is "masqueraded" "${answers[0]}" "$pod_at:8080 $node_pod_at:*"
	asked itself "$pod" -u -n 3 "$vip2:8080"
	check_is "masqueraded" "${answers[0]}" "$pod_at:8080 $node_pod_at:*"
	bulk "$pod" $((1000000 / slow)) "$vip2:8080"
	asked client "$client" -n 2 "$vip2:8080"
}

from_the_node()
{
	local way

	for way in "" "-u" "-U" "-u -l 5000"; do
		# shellcheck disable=SC2086  # several words
		asked "node $way" "$node" -d red -n 3 $way "$vip:80"
	done
	asked "node to itself" "$node" -d red -n 3 "$vip:8080"
	bulk "$node" $((1000000 / slow)) -d red "$vip:80"
	stream node "$node" -d red -n 2 "$vip:80"
	stream_ends node
	refused "node" ECONNREFUSED "$node" -d red "$vip:99"
}

refused_inside()
{
	local ns

	for ns in "$client" "$pod"; do
		refused "${ns%-*}" ECONNREFUSED "$ns" "$vip:99"
		refused "${ns%-*}" ECONNREFUSED "$ns" -u "$vip:99"
	done
}

one_port_for_both()
{
	from_one_port "$client" "$vip2:80" "$ep3:80"
}

# The frontend has an address that the node has in the VRF: its other ports are
# the node's.
an_address_of_the_node()
{
	must frontend add web "$node_at:81"
	asked client "$client" -n 3 "$node_at:81"
	asked client "$client" -n 3 "$node_at:8080"
	check_is "who answers" "$endpoints" "$node_at:8080"
	must frontend del web "$node_at:81"
}

with_conntrack()
{
	must flow flush
	drop_invalid
	forwarded
	to_the_node
	to_itself
	from_the_node
	one_port_for_both
	nothing_invalid
	no_conntrack
}

to_endpoints_outside()
{
	endpoints_outside
	forwarded
	refused_inside
	one_port_for_both
	# The node's own clients are outside as well.
	asked node "$node" -n 3 "$vip:80"
	asked node "$node" -u -n 3 "$vip:80"
	drop_invalid
	forwarded
	nothing_invalid
	no_conntrack
}

setup_topology
vrf
serve "$eps" 80
serve "$pod" 8080
serve "$node" 8080
run_tests_for "4 6" \
	to_endpoints_inside \
	to_the_node \
	to_itself \
	from_the_node \
	refused_inside \
	one_port_for_both \
	an_address_of_the_node \
	with_conntrack \
	to_endpoints_outside
