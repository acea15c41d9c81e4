#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Connections that the endpoint must see as the node's own: a client that is its
# own endpoint, and one whose address is a frontend.  The ports that they get
# have a script of their own: snat-ports.sh.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#    8, 9	   8080 |
#		       pod
#			80
#
# Two of the client's many addresses are frontends, and one that only the node
# has: what these ask for must be masqueraded.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

family_begins()
{
	local l='' r=''

	[ "$family" = 4 ] || l=[ r=]
	node_vip=${vip2/11/12}
	node_vip_ip=${vip2_ip/11/12}
	flush
	ctl -b - <<- END || fail "no services"
		config set snat-ports auto
		service add pod tcp $vip:80 endpoint $pod_at:80
		service add pod-udp udp $vip:80 endpoint $pod_at:80
		service add zero udp $vip:81 endpoint $pod_at:81
		service add node tcp $vip:8080 endpoint $node_at:8080
		service add node-udp udp $vip:8080 endpoint $node_at:8080
		service add far tcp $vip2:80 $node_vip:80 endpoint $ep1:80
		service add far-udp udp $vip2:80 $node_vip:80 endpoint $ep1:80
		service add closed tcp $vip:9 endpoint $pod_at:9
		service add closed-udp udp $vip:9 endpoint $pod_at:9
		service add far-closed udp $vip2:9 endpoint $ep1:9
		service add sources tcp $l${many}8$r:7 $l${many}9$r:7
	END
}

ways=("-n 3" "-u -n 3" "-U" "-u -l 5000" "-x" "-u -x -l 4000" "-r")

its_own_endpoint()
{
	local way

	for way in "${ways[@]}"; do
		# shellcheck disable=SC2086  # several words
		{
			seen_as "$node_pod_at" "$pod" $way "$vip:80"
			seen_as "$node_at" "$node" -s "$node_ip" $way \
				"$vip:8080"
		}
	done
	seen_as "$node_pod_at" "$pod" -u -z "$vip:81"
	bulk "$pod" $((1000000 / slow)) "$vip:80"
	bulk "$node" $((1000000 / slow)) -s "$node_ip" "$vip:8080"
}

a_frontend_as_source()
{
	local way

	for way in "${ways[@]}"; do
		# shellcheck disable=SC2086  # several words
		{
			seen_as "$node_eps_at" "$client" -s "${many}9" $way \
				"$vip2:80"
			seen_as "$node_eps_at" "$node" -s "$node_vip_ip" $way \
				"$vip2:80"
		}
	done
	bulk "$client" $((1000000 / slow)) -s "${many}9" "$vip2:80"
	# The way to an address of one's own begins there.
	seen_as "$node_eps_at" "$node" "$node_vip:80"
	seen_as "$node_eps_at" "$node" -U "$node_vip:80"
}

nobody_else()
{
	local way

	for way in "" "-u"; do
		# shellcheck disable=SC2086  # none or one word
		{
			asks "$client" "$client_at" $way "$vip:80"
			asks "$client" "$client_at" $way "$vip2:80"
			asks "$pod" "$pod_at" $way "$vip2:80"
			asks "$pod" "$pod_at" $way "$vip:8080"
			asks "$node" "$node_pod_at" -s "$node_pod_ip" $way \
				"$vip:8080"
		}
	done
}

# What routing chooses for the endpoint, also by the mark of the packet
the_address_of_the_route()
{
	local ip="ip -$family -n $node" ep=${ep1//[][]/}

	$ip route add "$ep" dev eps src "$node_pod_ip"
	seen_as "$node_pod_at" "$client" -s "${many}9" "$vip2:80"
	seen_as "$node_pod_at" "$node" -u -s "$node_vip_ip" "$vip2:80"
	$ip route add "$ep" dev eps src "$node_ip" table 7
	$ip rule add fwmark 7 table 7
	nft_node <<- END
		table inet marks {
			chain prerouting {
				type filter hook prerouting priority -300
				iifname "client" meta mark set 7
			}
		}
	END
	seen_as "$node_at" "$client" -s "${many}9" "$vip2:80"
	seen_as "$node_pod_at" "$node" -s "$node_vip_ip" "$vip2:80"
	nft_node <<< "delete table inet marks"
	$ip rule del fwmark 7
	$ip route flush table 7
	$ip route del "$ep"
}

no_route_to_the_endpoint()
{
	local before

	before=$(stat drop_route)
	ip -"$family" -n "$node" route add unreachable "${ep1//[][]/}"
	ask "$client" -s "${many}9" -u -t 300 "$vip2:80" > /dev/null
	check_fail $? "an answer without a route"
	ip -"$family" -n "$node" route del "${ep1//[][]/}"
	check_num "drop_route" "$(stat drop_route) == $before + 1"
	seen_as "$node_eps_at" "$client" -s "${many}9" -u "$vip2:80"
}

errors_reach_the_client()
{
	refused pod ECONNREFUSED "$pod" -u -t 3000 "$vip:9"
	refused pod ECONNREFUSED "$pod" -t 3000 "$vip:9"
	refused client ECONNREFUSED "$client" -s "${many}9" -u -t 3000 "$vip2:9"
	refused node ECONNREFUSED "$node" -s "$node_vip_ip" -u -t 3000 "$vip2:9"
}

# Of the way back to the pod as well: it goes through the node both times.
a_narrow_way()
{
	local ip="ip -$family -n $node"

	$ip route add "$pod_ip" dev pod mtu 1300
	bulk "$pod" $((500000 / slow)) "$vip:80"
	asked "fragments" "$pod" -u -l 5000 "$vip:80"
	ip -n "$pod" route get "$vip_ip" > "$tmp/route"
	has "mtu 1300" "$tmp/route" || fail "to the frontend: $(< "$tmp/route")"
	ip -n "$pod" route get "$node_pod_ip" > "$tmp/route"
	has "mtu 1300" "$tmp/route" || fail "to the node: $(< "$tmp/route")"
	$ip route del "$pod_ip"
	ip -"$family" -n "$pod" route flush cache
}

with_conntrack()
{
	local ways=("" "-r" "-u" "-u -l 5000")

	must flow flush
	drop_invalid
	its_own_endpoint
	a_frontend_as_source
	nobody_else
	errors_reach_the_client
	a_narrow_way
	nothing_invalid
	no_conntrack
}

setup_topology
ip_in "$node" <<- END
	addr add 10.96.0.12/32 dev nowhere
	addr add fd00:96::12/128 dev nowhere nodad
END
serve "$eps" 80
serve "$node" 8080
serve "$pod" 80 81/nocheck
run_tests_for "4 6" \
	its_own_endpoint \
	a_frontend_as_source \
	nobody_else \
	the_address_of_the_route \
	no_route_to_the_endpoint \
	errors_reach_the_client \
	a_narrow_way \
	with_conntrack
