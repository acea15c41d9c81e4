#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The way to an endpoint is a tunnel that begins on the node: of every kind, in
# IPv4 and in IPv6.
#
#    client ------- node ======= eps	see setup_topology() in lib/topology.sh
#		     |		10.6.0.1 (fd00:6::1), in the tunnel
#		    pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

declare -A ends=(
	[near4]="local 10.2.0.254 remote 10.2.0.1"
	[far4]="local 10.2.0.1 remote 10.2.0.254"
	[near6]="local fd00:2::254 remote fd00:2::1"
	[far6]="local fd00:2::1 remote fd00:2::254"
)

family_begins()
{
	far=10.6.0.1
	[ "$family" = 4 ] || far="[fd00:6::1]"
	flush
	ctl -b - <<- END || fail "no services"
		service add web tcp $vip:80 endpoint $far:80
		service add web-udp udp $vip:80 endpoint $far:80
	END
}

# tunnel KIND 4|6 [MTU]: over addresses of that family
tunnel()
{
	local kind=$1 size=

	# VXLAN does not know its own size.
	[ "$1 $2" != "vxlan 4" ] || size="mtu 1450"
	[ "$1 $2" != "vxlan 6" ] || size="mtu 1430"
	[ "$1" != vxlan ] || kind="vxlan id 7 dstport 4789"
	[ "$1" != ip6tnl ] || kind="ip6tnl mode any encaplimit none"
	one_end "$node" 254 "$kind ${ends[near$2]}"
	one_end "$eps" 1 "$kind ${ends[far$2]}"
	[ $# = 2 ] || ip_in "$node" <<< "link set tunnel mtu $3"
	ip_in "$eps" <<- END
		route replace 10.1.0.0/24 via 10.6.0.254 dev tunnel
		route replace 10.4.0.0/24 via 10.6.0.254 dev tunnel
		route replace fd00:1::/64 via fd00:6::254 dev tunnel
		route replace fd00:4::/64 via fd00:6::254 dev tunnel
	END
}

# one_end NS LAST WORD...
one_end()
{
	ip_in "$1" <<- END
		link add tunnel $size type $3
		link set tunnel addrgenmode none
		addr add 10.6.0.$2/24 dev tunnel
		addr add fd00:6::$2/64 dev tunnel nodad
		addr add fe80::6:$2/64 dev tunnel nodad
		link set tunnel up
	END
}

no_tunnel()
{
	ip_in "$node" <<< "link del tunnel"
	ip_in "$eps" <<< "link del tunnel"
}

from_everywhere()
{
	local ns

	asks "$client" "$client_at" "$vip:80"
	asks "$client" "$client_at" -u "$vip:80"
	asks "$pod" "$pod_at" "$vip:80"
	asks "$pod" "$pod_at" -u "$vip:80"
	for ns in "$client" "$pod" "$node"; do
		asked "$kind, ${ns%-*}" "$ns" -n 2 "$vip:80"
		asked "$kind, ${ns%-*}" "$ns" -u -n 2 "$vip:80"
		# Too long for the tunnel: the first ones tell an IPv6 client so.
		[ "$family" = 4 ] ||
			busywait 5000 ask "$ns" -u -l 6000 "$vip:80" > /dev/null
		asked "$kind, ${ns%-*}" "$ns" -u -l 6000 "$vip:80"
		bulk "$ns" $((1000000 / slow)) "$vip:80"
	done
}

every_kind()
{
	local kind over kinds="ipip:4 gre:4 vxlan:4 vxlan:6 ip6tnl:6 ip6gre:6"

	[ "$family" = 4 ] || kinds=${kinds/ipip/sit}
	for over in $kinds; do
		kind=$over
		tunnel "${over%:*}" "${over#*:}"
		from_everywhere
		no_tunnel
	done
}

beside_conntrack()
{
	drop_invalid
	every_kind
	nothing_invalid
	no_conntrack
}

# The way is narrower than both ends know: the node says so, and the client
# takes it for the way to the frontend.
narrow()
{
	local ns

	tunnel "$1" "$2" 1300
	for ns in "$client" "$pod"; do
		bulk "$ns" $((1000000 / slow)) "$vip:80"
		ip -n "$ns" route get "$vip_ip" > "$tmp/route"
		has "mtu 1300" "$tmp/route" ||
			fail "$1, ${ns%-*}: $(< "$tmp/route")"
		ip -n "$ns" -"$family" route flush cache
	done
	asked "$1, node" "$node" -u -l 6000 "$vip:80"
	bulk "$node" $((1000000 / slow)) "$vip:80"
	no_tunnel
}

path_mtu()
{
	narrow gre 4
	narrow ip6tnl 6
	drop_invalid
	narrow vxlan 4
	nothing_invalid
	no_conntrack
}

# The tunnel's far end is an endpoint itself: what goes into the tunnel is not
# taken for more.
the_tunnel_passes_a_frontend()
{
	must service add udp udp "$vip2:4789" endpoint "$ep1:4789"
	tunnel vxlan "$family"
	kind=vxlan
	from_everywhere
	no_tunnel
	must service del udp
}

# By a tunnel that takes packets of all peers: they have no route, but it is
# noted how they came.
refused_when_it_comes_by_a_tunnel_for_all()
{
	must service add near tcp "$vip2:80" endpoint "$ep1:80"
	ip_in "$node" <<- END
		link add peers type gre external
		link set peers up
	END
	ip_in "$client" <<- END
		link add tunnel type gre local 10.1.0.2 remote 10.1.0.1
		link set tunnel addrgenmode none
		link set tunnel up
		route add $vip2_ip dev tunnel src $client_ip
	END
	asked client "$client" -n 2 "$vip2:80"
	refused TCP ECONNREFUSED "$client" "$vip2:81"
	refused UDP ECONNREFUSED "$client" -u "$vip2:81"
	check_num "packets by the tunnel" \
		"$(ip netns exec "$node" cat /sys/class/net/peers/statistics/rx_packets) > 4"
	ip_in "$client" <<< "link del tunnel"
	ip_in "$node" <<< "link del peers"
	must service del near
}

comes_and_goes()
{
	local n

	tunnel gre 4
	stream old "$client" -t $((10000 * slow)) -n 2 "$vip:80"
	for n in 1 2 3; do
		no_tunnel
		tunnel gre 4
	done
	stream_ends old
	asked client "$client" -n 2 "$vip:80"
	no_tunnel
}

setup_topology
serve "$eps" 80
run_tests_for "4 6" \
	every_kind \
	beside_conntrack \
	path_mtu \
	the_tunnel_passes_a_frontend \
	refused_when_it_comes_by_a_tunnel_for_all \
	comes_and_goes
