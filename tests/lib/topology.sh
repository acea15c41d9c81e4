# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Namespaces, what stands in them in most tests, and its addresses; sourced by
# tests/lib.sh.
# shellcheck disable=SC2034,SC2154  # variables of and for those who source it

# setup_ns NAME...: makes a netns for each and sets $NAME to its name.  With
# SVCNAT_FASTPATH=on nodes have the fast path.
setup_ns()
{
	local name

	for name; do
		printf -v "$name" '%s-%04x' "$name" $RANDOM
		ip netns add "${!name}" || bail_out "cannot add ${!name}"
		ns_list+=("${!name}")
		[[ $name != node* || ${SVCNAT_FASTPATH-} != on ]] ||
			svcctl -N "${!name}" config set fastpath on
	done
}

# ip_in NS: lines for ip -batch from stdin; an empty NS is the initial one
ip_in()
{
	ip ${1:+-n "$1"} -batch - || bail_out "cannot set up ${1:-the links}"
}

# sysctl_in NS KEY=VALUE...
sysctl_in()
{
	ip netns exec "$1" sysctl -qw "${@:2}" || bail_out "cannot set ${*:2}"
}

# offload NS DEVICE WORD...: see ethtool -K
offload()
{
	ip netns exec "$1" ethtool -K "${@:2}" > /dev/null 2>&1 ||
		fail "ethtool -K ${*:2} in $1"
}

# nft_node: rules for nft from stdin, on the node
nft_node()
{
	ip netns exec "$node" nft -f - || bail_out "nft"
}

# The topology that most tests use; sets $client, $node, $eps and $pod.
#
#    client ---------- node ---------- eps	10.2.0.1 to .4: endpoints,
#    10.1.0.2   10.1.0.1 | 10.2.0.254		served by one process
#    10.3.0.0/16         | 10.4.0.1
#			 |
#			pod 10.4.0.2
#
# The client has all of 10.3.0.0/16, to be many.  What the node does not know it
# sends nowhere, by its default route; so it has one, for its own clients.  In
# IPv6 10.N.0.x is fd00:N::x, the networks are /64.
#
# Link-local addresses are given by hand, because those that the kernel makes
# can be used a second later only.
setup_topology()
{
	setup_ns client node eps pod
	link_topology
}

link_topology()
{
	ip_in "" <<- END
		link add client netns $node address 02:00:00:00:01:fe type veth peer name eth0 netns $client address 02:00:00:00:01:02
		link add eps netns $node address 02:00:00:00:02:fe type veth peer name eth0 netns $eps address 02:00:00:00:02:02
		link add pod netns $node address 02:00:00:00:04:fe type veth peer name eth0 netns $pod address 02:00:00:00:04:02
	END
	ip_in "$node" <<- END
		link set lo up
		addr add 10.1.0.1/24 dev client
		addr add 10.2.0.254/24 dev eps
		addr add 10.4.0.1/24 dev pod
		link set client addrgenmode none
		link set eps addrgenmode none
		link set pod addrgenmode none
		addr add fd00:1::1/64 dev client nodad
		addr add fd00:2::254/64 dev eps nodad
		addr add fd00:4::1/64 dev pod nodad
		addr add fe80::1/64 dev client nodad
		addr add fe80::1/64 dev eps nodad
		addr add fe80::1/64 dev pod nodad
		link set client up
		link set eps up
		link set pod up
		link add nowhere type dummy
		link set nowhere up
		route add default dev nowhere
		route add 10.3.0.0/16 via 10.1.0.2
		route add ::/0 dev nowhere
		route add fd00:3::/64 via fd00:1::2
	END
	ip_in "$client" <<- END
		link set lo up
		link set eth0 addrgenmode none
		addr add 10.1.0.2/24 dev eth0
		addr add fd00:1::2/64 dev eth0 nodad
		addr add fe80::2/64 dev eth0 nodad
		link set eth0 up
		route add default via 10.1.0.1
		route add ::/0 via fd00:1::1
		route replace local 10.3.0.0/16 dev lo
		route replace local fd00:3::/64 dev lo
	END
	ip_in "$eps" <<- END
		link set lo up
		link set eth0 addrgenmode none
		addr add 10.2.0.1/24 dev eth0
		addr add 10.2.0.2/24 dev eth0
		addr add 10.2.0.3/24 dev eth0
		addr add 10.2.0.4/24 dev eth0
		addr add fd00:2::1/64 dev eth0 nodad
		addr add fd00:2::2/64 dev eth0 nodad
		addr add fd00:2::3/64 dev eth0 nodad
		addr add fd00:2::4/64 dev eth0 nodad
		addr add fe80::2/64 dev eth0 nodad
		link set eth0 up
		route add default via 10.2.0.254
		route add ::/0 via fd00:2::254
	END
	ip_in "$pod" <<- END
		link set lo up
		link set eth0 addrgenmode none
		addr add 10.4.0.2/24 dev eth0
		addr add fd00:4::2/64 dev eth0 nodad
		addr add fe80::2/64 dev eth0 nodad
		link set eth0 up
		route add default via 10.4.0.1
		route add ::/0 via fd00:4::1
	END
	# The node answers each packet that it refuses, however many there were
	# before, in this script or in another one.
	sysctl_in "$node" net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratemask=0 \
		net.ipv6.icmp.ratelimit=0
}

# use_family 4|6: sets the variables below for a family.  Then it calls
# family_begins, if the script has one, unless that family is in use already.
#
#    $family $ip_word		4 or 6, ip or ip6
#    $pods			the range of the pods' addresses
#    $client_ip $pod_ip		plain addresses
#    $node_ip $node_eps_ip	the node as the client, the endpoints and the
#    $node_pod_ip		pod see it
#    $ep_ip $vip_ip $vip2_ip	those of $ep1, $vip and $vip2
#    $vip $vip2 $ep1 ... $ep4	as they stand before :PORT
#    $client_at $pod_at
#    $node_at $node_eps_at
#    $node_pod_at
#    $many			the client's others: ${many}1 and so on
#    $wire_vip $wire_ep		for tests/net/wire.py; nobody has the endpoint
#    $wire_client		and this client, a plain address
family=
use_family()
{
	local l='' r='' p=10. s=.0.

	[ "$1" != "$family" ] || return 0
	family=$1
	ip_word=ip
	pods=10.4.0.0/16
	[ "$family" = 4 ] || {
		l=[ r=] p=fd00: s=::
		ip_word=ip6
		pods=fd00:4::/64
	}
	client_ip=${p}1${s}2
	node_ip=${p}1${s}1
	node_eps_ip=${p}2${s}254
	node_pod_ip=${p}4${s}1
	pod_ip=${p}4${s}2
	ep_ip=${p}2${s}1
	vip_ip=${p}96${s}10
	vip2_ip=${p}96${s}11
	many=${p}3${s}
	vip=$l$vip_ip$r
	vip2=$l$vip2_ip$r
	ep1=$l$ep_ip$r
	ep2=$l${p}2${s}2$r
	ep3=$l${p}2${s}3$r
	ep4=$l${p}2${s}4$r
	client_at=$l$client_ip$r
	pod_at=$l$pod_ip$r
	node_at=$l$node_ip$r
	node_eps_at=$l$node_eps_ip$r
	node_pod_at=$l$node_pod_ip$r
	wire_client=${p}5${s}2
	wire_vip=$l${p}96${s}20$r
	wire_ep=$l${p}2${s}9$r
	[ "$(type -t family_begins)" != function ] || family_begins
}
