#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Who sends an echo request to a service's address gets an answer: the node's,
# in the name of the service.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

family_begins()
{
	flush
	ctl -b - <<- END || fail "no services"
		service add web tcp $vip:80 endpoint $ep1:80
		service add empty udp $vip2:53
	END
}

# pinged NS WORD...: see net/probe.c; every request must be answered, once.
pinged()
{
	local n=1

	[ "$2" != -n ] || n=$3
	check_is "${1%-*}: echo ${*:2}" "$("$probe" -N "$1" echo "${@:2}")" \
		"$n answered"
}

# not_pinged NS WORD...
not_pinged()
{
	check_is "${1%-*}: echo ${*:2}" \
		"$("$probe" -N "$1" echo -t 300 "${@:2}")" "*0 of 1 answered"
}

# counts NAME NUMBER COMMAND...: that COMMAND adds NUMBER to a counter
counts()
{
	local before

	before=$(stat "$1")
	"${@:3}"
	check_is "$1 after ${*:3}" $(($(stat "$1") - before)) "$2"
}

from_everywhere()
{
	local ns

	for ns in "$client" "$pod" "$node"; do
		counts echo_reply 5 pinged "$ns" -n 5 "$vip_ip"
	done
	pinged "$client" -s "${many}7" "$vip_ip"
	pinged "$node" -s "$node_ip" "$vip_ip"
	pinged "$node" -s "$node_eps_ip" "$vip_ip"
	# Of no concern to what is counted for connections
	counts rx 0 pinged "$client" "$vip_ip"
	check_is "flows" "$(stat flow_live)" 0
}

# In one packet, in two, as many as there can be.
every_size()
{
	local ns size largest=65507

	[ "$family" = 4 ] || largest=65527
	for ns in "$client" "$pod" "$node"; do
		for size in 0 1 1452 1453 1473 4001 20000 $largest; do
			counts echo_reply 1 pinged "$ns" -l "$size" "$vip_ip"
		done
	done
}

by_ping()
{
	local ns size

	for ns in "$client" "$node"; do
		for size in 56 20000; do
			ip netns exec "$ns" ping -n -c 3 -i 0.2 -W 5 -s "$size" \
				"$vip_ip" > "$tmp/ping" 2>&1 ||
				fail "${ns%-*}: $(< "$tmp/ping")"
			has "bytes from $vip_ip: icmp_seq=" "$tmp/ping" 3 ||
				fail "${ns%-*}: $(< "$tmp/ping")"
			has "3 received, 0%" "$tmp/ping" ||
				fail "${ns%-*}: $(< "$tmp/ping")"
		done
	done
}

more_headers()
{
	local ns

	for ns in "$client" "$pod" "$node"; do
		pinged "$ns" -o "$vip_ip"
		pinged "$ns" -o -l 4000 "$vip_ip"
	done
}

# Nobody forwards it.
the_last_hop()
{
	pinged "$client" -h 1 "$vip_ip"
	pinged "$pod" -h 1 "$vip_ip"
}

without_endpoint()
{
	pinged "$client" "$vip2_ip"
	pinged "$node" "$vip2_ip"
	must endpoint del web "$ep1:80"
	pinged "$client" "$vip_ip"
	must endpoint add web "$ep1:80"
}

an_address_of_the_node()
{
	must frontend add web "$node_at:80"
	counts echo_reply 0 pinged "$client" "$node_ip"
	must frontend del web "$node_at:80"
}

# What a queue may take for the time when a packet shall leave.
beside_a_fair_queue()
{
	ip netns exec "$node" tc qdisc add dev client root fq ||
		fail "no fair queue"
	pinged "$client" -n 3 "$vip_ip"
	# The socket of ping wants to know when a packet arrived.
	by_ping
	ip netns exec "$node" tc qdisc del dev client root
}

beside_conntrack()
{
	drop_invalid
	nft_node <<- END
		table inet strict {
			chain output {
				type filter hook output priority 10
				policy drop
				ct state established,related accept
				icmpv6 type nd-neighbor-solicit accept
				icmpv6 type nd-neighbor-advert accept
			}
		}
	END
	pinged "$client" -n 3 "$vip_ip"
	pinged "$client" -l 20000 "$vip_ip"
	pinged "$pod" "$vip_ip"
	nft_node <<< "delete table inet strict"
	pinged "$node" "$vip_ip"
	pinged "$node" -l 20000 "$vip_ip"
	nothing_invalid
	no_conntrack
}

answers_are_limited()
{
	local replied limited answered ms

	read_stats
	replied=${stats[echo_reply]}
	limited=${stats[echo_limited]}
	read -r answered ms < <("$probe" -N "$client" echo -f -t 500 \
		-n 4000 "$vip_ip")
	read_stats
	replied=$((stats[echo_reply] - replied))
	limited=$((stats[echo_limited] - limited))
	note "4000 requests in $ms ms: $replied answered, $limited not"
	check_is "requests" $((replied + limited)) 4000
	check_is "answers at the client" "$answered" "$replied"
	# 100 in each tenth of a second
	check_num "answers" "$replied <= (ms / 100 + 2) * 100"
	check_num "answers" "$replied >= 100"
	if [ "$limited" = 0 ]; then
		# Slower than 1000 a second: there was nothing to limit.
		check_num "limited" "ms > 2000"
		[ "$RET" != "$ksft_pass" ] || RET=$ksft_skip
	fi
	# Soon it is as before.
	busywait 2000 pinged "$client" "$vip_ip"
}

no_service_no_answer()
{
	must service del empty
	not_pinged "$client" "$vip2_ip"
	not_pinged "$node" "$vip2_ip"
	pinged "$client" "$vip_ip"
	# Another frontend with the address is reason enough.
	must frontend add web "$vip:81"
	must frontend del web "$vip:80"
	pinged "$client" "$vip_ip"
	must service del web
	not_pinged "$client" "$vip_ip"
	not_pinged "$node" "$vip_ip"
}

build_probe
setup_topology
run_tests_for "4 6" \
	from_everywhere \
	every_size \
	by_ping \
	more_headers \
	the_last_hop \
	without_endpoint \
	an_address_of_the_node \
	beside_a_fair_queue \
	beside_conntrack \
	answers_are_limited \
	no_service_no_answer
