#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The way to an endpoint is encrypted on the node (IPsec, by policies), which
# know the endpoint and the client: as it is, or in a tunnel.
#
#    client ------- node ####### eps	see setup_topology() in lib/topology.sh
#		     |		10.6.0.1 (fd00:6::1), behind the tunnel
#		    pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

family_begins()
{
	local p=10. s=.0.

	far=10.6.0.1
	behind=10.6.0.0/24
	around=10.0.0.0/8
	[ "$family" = 4 ] || {
		p=fd00: s=::
		far="[fd00:6::1]"
		behind=fd00:6::/64
		around=fd00::/16
	}
	here=${p}2${s}254
	there=${p}2${s}1
	flush
	ctl -b - <<- END || fail "no services"
		service add web tcp $vip:80 endpoint $far:80
		service add web-udp udp $vip:80 endpoint $far:80
		service add near tcp $vip2:80 endpoint $ep1:80
		service add near-udp udp $vip2:80 endpoint $ep1:80
		service add ports tcp frontend nodeport 30080 endpoint $pod_at:80
		service add ports-udp udp frontend nodeport 30080 endpoint $pod_at:80
	END
}

key=00112233445566778899aabbccddeeff
crypt="enc cbc(aes) 0x$key auth-trunc hmac(sha256) 0x$key$key 128"

# ways MODE: the two associations, at both ends
ways()
{
	local ns

	for ns in "$node" "$eps"; do
		ip_in "$ns" <<- END
			xfrm state add src $here dst $there proto esp spi 0x101 mode $1 $crypt
			xfrm state add src $there dst $here proto esp spi 0x102 mode $1 $crypt
		END
	done
}

# policy NS DIRECTION SRC DST MODE [OUTER_SRC OUTER_DST]
policy()
{
	local outer=${6:+"src $6 dst $7"}

	ip_in "$1" <<< "xfrm policy add src $3 dst $4 dir $2 tmpl $outer proto esp mode $5"
}

# Node and endpoint talk to each other.
transport()
{
	ways transport
	policy "$node" out "$here" "$there" transport
	policy "$node" in "$there" "$here" transport
	policy "$eps" out "$there" "$here" transport
	policy "$eps" in "$here" "$there" transport
}

# Whoever talks to those behind the tunnel.
tunnel()
{
	ways tunnel
	ip_in "$node" <<- END
		route replace $behind via $there
	END
	policy "$node" out "$around" "$behind" tunnel "$here" "$there"
	policy "$node" fwd "$behind" "$around" tunnel "$there" "$here"
	policy "$node" in "$behind" "$around" tunnel "$there" "$here"
	policy "$eps" out "$behind" "$around" tunnel "$there" "$here"
	policy "$eps" in "$around" "$behind" tunnel "$here" "$there"
}

in_clear()
{
	local ns

	for ns in "$node" "$eps"; do
		ip_in "$ns" <<- END
			xfrm policy flush
			xfrm state flush
		END
	done
}

# packets SPI: that the node sent or got so
packets()
{
	ip -n "$node" -s xfrm state list spi "$1" |
		sed -n 's/.*bytes), \([0-9]*\)(packets).*/\1/p' | head -n 1
}

# encrypted COMMAND...: packets pass both ways that are
encrypted()
{
	local out in

	out=$(packets 0x101)
	in=$(packets 0x102)
	"$@"
	check_num "encrypted" "$(packets 0x101) > ${out:-0}"
	check_num "decrypted" "$(packets 0x102) > ${in:-0}"
}

# talks NS TO [OPTION]...
talks()
{
	asked "${1%-*}, TCP" "$1" "${@:3}" -n 3 "$2"
	asked "${1%-*}, UDP" "$1" "${@:3}" -u -n 3 "$2"
	asked "${1%-*}, UDP" "$1" "${@:3}" -U "$2"
	# Too long for the tunnel: the first ones tell an IPv6 client so.
	[ "$family" = 4 ] ||
		busywait 5000 ask "$1" "${@:3}" -u -l 6000 "$2" > /dev/null
	asked "${1%-*}, fragments" "$1" "${@:3}" -u -l 6000 "$2"
	bulk "$1" $((500000 / slow)) "${@:3}" "$2"
	stream "${1%-*}" "$1" "${@:3}" "$2"
	stream_ends "${1%-*}"
}

between_hosts()
{
	transport
	encrypted talks "$node" "$vip2:80" -s "$node_eps_ip"
	# Others are in no policy.
	talks "$client" "$vip2:80"
	in_clear
}

# What was unpacked has a route, to the node, and goes elsewhere.  The answers
# are the node's only when they have passed the last hook.
to_a_nodeport()
{
	transport
	encrypted talks "$eps" "$node_eps_at:30080" -s "$ep_ip"
	in_clear
}

# What is the node's own only behind the last hook: with masquerade its address.
masqueraded()
{
	transport
	must config set masquerade-all on
	encrypted talks "$client" "$vip2:80"
	# Another answer than before
	policy "$node" out "$client_ip" "$there" transport
	ip_in "$node" <<< "xfrm state add src $client_ip dst $there proto esp spi 0x103 mode transport $crypt"
	encrypted talks "$client" "$vip2:80"
	must config set masquerade-all off
	in_clear
}

# No way there is better than one in clear.
barred()
{
	local before

	must config set masquerade-all on
	# Where the address to masquerade with is asked for, or behind that.
	read_stats
	before=$((stats[drop_policy] + stats[drop_route]))
	ip_in "$node" <<< "xfrm policy add src $here dst $there dir out action block"
	ask "$client" -t 500 "$vip2:80" > /dev/null &&
		fail "an answer in spite of the policy"
	read_stats
	check_num "dropped" \
		"${stats[drop_policy]} + ${stats[drop_route]} > $before"
	must config set masquerade-all off
	in_clear
}

through_a_tunnel()
{
	tunnel
	encrypted talks "$client" "$vip:80"
	encrypted talks "$pod" "$vip:80"
	encrypted talks "$node" "$vip:80" -s "$node_eps_ip"
	in_clear
}

beside_conntrack()
{
	drop_invalid
	between_hosts
	through_a_tunnel
	nothing_invalid
	no_conntrack
}

# What does not come by the tunnel is not let in, as without a service.
only_by_the_tunnel()
{
	tunnel
	ip_in "$eps" <<< "xfrm policy delete src $behind dst $around dir out"
	ask "$client" -t 500 "$vip:80" > /dev/null &&
		fail "an answer in clear was let through to the client"
	ask "$node" -t 500 -s "$node_eps_ip" "$vip:80" > /dev/null &&
		fail "an answer in clear was let in"
	in_clear
}

setup_topology
ip_in "$eps" <<- END
	addr add 10.6.0.1/32 dev lo
	addr add fd00:6::1/128 dev lo
END
serve "$eps" 80
serve "$pod" 80
# The last ones leave answers behind that are sent again for a minute, and that
# conntrack would not know.
run_tests \
	between_hosts@4 \
	to_a_nodeport@4 \
	masqueraded@4 \
	barred@4 \
	through_a_tunnel@4 \
	beside_conntrack@4 \
	between_hosts@6 \
	to_a_nodeport@6 \
	masqueraded@6 \
	barred@6 \
	through_a_tunnel@6 \
	beside_conntrack@6 \
	only_by_the_tunnel@4 \
	only_by_the_tunnel@6
