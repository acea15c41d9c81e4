# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Routers beyond the node; sourced behind tests/lib.sh.
#
#    client ---- near ---- node ---- far ---- eps
#		    10.6.0  |  10.7.0
#    10.1.0.2  10.1.0.1    |    10.2.0.254  10.2.0.1
#			   |
#			  pod 10.4.0.2
#
# A host has 1 in the network towards the endpoints or the pod, and 2 in the one
# towards the client, where nothing is said above.  It calls each of its devices
# by what is at the other end.  In IPv6 10.N.0.x is fd00:N::x.
# shellcheck disable=SC2034,SC2154  # variables for those who source it

setup_routers()
{
	setup_ns client near node far eps pod
	cable client 2 near 1 1
	cable near 1 node 2 6
	cable node 1 far 2 7
	cable far 254 eps 1 2
	cable node 1 pod 2 4
	ip_in "$client" <<- END
		route add default via 10.1.0.1
		route add ::/0 via fd00:1::1
	END
	ip_in "$near" <<- END
		route add default via 10.6.0.2
		route add ::/0 via fd00:6::2
	END
	ip_in "$node" <<- END
		link set lo up
		link add nowhere type dummy
		link set nowhere up
		route add default dev nowhere
		route add 10.1.0.0/24 via 10.6.0.1
		route add 10.2.0.0/24 via 10.7.0.2
		route add ::/0 dev nowhere
		route add fd00:1::/64 via fd00:6::1
		route add fd00:2::/64 via fd00:7::2
	END
	ip_in "$far" <<- END
		route add default via 10.7.0.1
		route add ::/0 via fd00:7::1
	END
	ip_in "$eps" <<- END
		link set lo up
		route add default via 10.2.0.254
		route add ::/0 via fd00:2::254
	END
	ip_in "$pod" <<- END
		link set lo up
		route add default via 10.4.0.1
		route add ::/0 via fd00:4::1
	END
	# What they say is what this is about: they shall not be sparing.
	for ns in "$near" "$node" "$far"; do
		sysctl_in "$ns" net.ipv4.ip_forward=1 \
			net.ipv6.conf.all.forwarding=1
	done
	for ns in "$client" "$near" "$node" "$far" "$eps" "$pod"; do
		sysctl_in "$ns" net.ipv4.icmp_ratelimit=0 \
			net.ipv6.icmp.ratelimit=0
	done
}

# cable HOST NUMBER HOST NUMBER NETWORK
cable()
{
	ip_in "" <<< "link add $3 netns ${!1} type veth peer name $1 netns ${!3}"
	plug "${!1}" "$3" "$5" "$2"
	plug "${!3}" "$1" "$5" "$4"
}

# plug NS DEVICE NETWORK NUMBER
plug()
{
	ip_in "$1" <<- END
		link set $2 addrgenmode none
		addr add 10.$3.0.$4/24 dev $2
		addr add fd00:$3::$4/64 dev $2 nodad
		addr add fe80::$4/64 dev $2 nodad
		link set $2 up
	END
}

# use_routers: for family_begins; sets what $node sends errors from, and so on:
# $near_ip, $near_node_ip (as the node sees it), $far_ip, $far_eps_ip,
# $node_near_ip, $node_far_ip
use_routers()
{
	local p=10. s=.0.

	[ "$family" = 4 ] || { p=fd00: s=::; }
	near_ip=${p}1${s}1
	near_node_ip=${p}6${s}1
	node_near_ip=${p}6${s}2
	node_far_ip=${p}7${s}1
	far_ip=${p}7${s}2
	far_eps_ip=${p}2${s}254
}
