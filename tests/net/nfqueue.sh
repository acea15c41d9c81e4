#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets that a program takes out of the path and puts back (NFQUEUE), between
# our hooks and around them: in order or not, as they were or changed, and while
# all that they belong to goes away.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#	     8080    |
#		    pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/traffic.sh"

nfq=$programs/nfq

family_begins()
{
	flush
	services
}

services()
{
	ctl -b - <<- END || fail "no services"
		service add web tcp $vip:80 endpoint $ep1:80 endpoint $ep2:80
		service add web-udp udp $vip:80 endpoint $ep1:80 endpoint $ep2:80
		service add own tcp $vip:8080 endpoint $node_at:8080
		service add one tcp $vip2:80 endpoint $ep3:80
		service add one-udp udp $vip2:80 endpoint $ep3:80
		service add hairpin tcp $vip2:8080 endpoint $pod_at:8080
	END
}

# program HOW: see net/nfq.c
program()
{
	"$nfq" -N "$node" 1 "$1" > "$tmp/nfq" || fail "nfq $1"
	nfq_pid=$(< "$tmp/nfq")
	pid_list+=("$nfq_pid")
}

program_ends()
{
	kill -KILL "$nfq_pid"
	busywait 5000 nobody_listens || fail "the queue is still there"
}

nobody_listens()
{
	[ -z "$(ip netns exec "$node" cat /proc/net/netfilter/nfnetlink_queue)" ]
}

# waiting NUMBER: so many packets wait, or more.
waiting()
{
	local n

	read -r _ _ n _ < <(ip netns exec "$node" \
		cat /proc/net/netfilter/nfnetlink_queue)
	[ "${n-0}" -ge "$1" ]
}

# diverted WHAT HOOK:PRIORITY...: those packets, at each place
diverted()
{
	local place n=0

	nft_node < <(
		echo "table inet divert {"
		for place in "${@:2}"; do
			n=$((n + 1))
			echo "chain c$n {"
			echo "type filter hook ${place%:*} priority ${place#*:}"
			echo "$1 queue num 1"
			echo "}"
		done
		echo "}"
	)
}

not_diverted()
{
	nft_node <<< "delete table inet divert"
}

# TCP to UDP: a set makes nft itself complain on a debug kernel
ports="meta l4proto 6-17"
# Before, between and behind every two hooks, and conntrack
everywhere=(prerouting:-260 prerouting:-220 prerouting:-160 prerouting:-120
	forward:0 postrouting:140 postrouting:160 output:-260 output:-220
	output:-160 output:0 input:140 input:160)

from_everywhere()
{
	local ns

	for ns in "$client" "$pod" "$node"; do
		traffic "$ns" "$vip:80" 200000
		asked "${ns%-*}, UDP" "$ns" -U -n 2 "$vip:80"
		asked "${ns%-*}, to the node" "$ns" "$vip:8080"
		asked "${ns%-*}, to the pod" "$ns" "$vip2:8080"
	done
}

sent_on_at_once()
{
	local how

	diverted "$ports" "${everywhere[@]}"
	for how in accept whole; do
		program "$how"
		from_everywhere
		program_ends
	done
	not_diverted
}

# Not beside conntrack: nobody may queue two packets that share an entry that is
# not confirmed, as a refusal and what it refuses do, so the kernel drops one.
refusals()
{
	local ns

	program accept
	diverted "$ports" "${everywhere[@]}"
	for ns in "$client" "$pod" "$node"; do
		refused "${ns%-*}" ECONNREFUSED "$ns" "$vip:99"
		# On the node send() has returned by then: nobody to be told.
		[ "$ns" = "$node" ] ||
			refused "${ns%-*}" ECONNREFUSED "$ns" -u "$vip:99"
	done
	not_diverted
	program_ends
}

sent_on_in_another_order()
{
	program reverse
	diverted "$ports" prerouting:-220 forward:0 postrouting:140 output:0
	from_everywhere
	stream many "$client" -n 5 "$vip:80"
	stream many-udp "$client" -u -n 3 "$vip:80"
	bulk "$client" $((400000 / slow)) "$vip:80"
	stream_ends many
	stream_ends many-udp
	not_diverted
	# Before fragments are put together
	diverted "$ip_word daddr { $vip_ip, $ep_ip }" prerouting:-450
	asked "fragments" "$client" -u -n 3 -l 10000 "$vip:80"
	asked "fragments" "$pod" -u -n 3 -l 10000 "$vip:80"
	not_diverted
	program_ends
}

with_another_header()
{
	program rewrite
	diverted "$ports" prerouting:-160 forward:0 postrouting:140 output:-160 \
		output:0 input:140
	from_everywhere
	not_diverted
	program_ends
}

# The ports are elsewhere behind the queue than before it.
with_a_longer_header()
{
	local ns

	program grow
	diverted "$ports" forward:0 postrouting:140
	for ns in "$client" "$pod"; do
		asked "${ns%-*}, TCP" "$ns" -n 3 "$vip:80"
		asked "${ns%-*}, UDP" "$ns" -u -n 3 "$vip:80"
		asked "${ns%-*}, to the pod" "$ns" "$vip2:8080"
		stream "${ns%-*}" "$ns" -n 2 "$vip:80"
		asked "${ns%-*}, direct" "$ns" "$ep1:80"
		stream_ends "${ns%-*}"
	done
	not_diverted
	program_ends
}

with_conntrack()
{
	drop_invalid
	sent_on_at_once
	sent_on_in_another_order
	with_a_longer_header
	nothing_invalid
	no_conntrack
}

nobody_takes_them()
{
	stream old "$client" "$vip:80"
	diverted "$ports" prerouting:-220 output:-220
	refused client ETIMEDOUT "$client" -t 300 "$vip:80"
	refused node ETIMEDOUT "$node" -t 300 -u "$vip:80"
	# Somebody comes after all.
	program accept
	asked client "$client" "$vip:80"
	stream_ends old
	program_ends
	not_diverted
	diverted "$ports" prerouting:-220
	ip netns exec "$node" nft flush chain inet divert c1
	ip netns exec "$node" nft add rule inet divert c1 "$ports" \
		queue num 1 bypass
	asked client "$client" "$vip:80"
	not_diverted
}

# hold NUMBER COMMAND...: keeps that many packets of what COMMAND, a question
# with a program of its own, sends
hold()
{
	local n=$1
	shift

	"$@" > "$tmp/held" &
	asking=$!
	busywait 10000 waiting "$n" || fail "nothing waits"
}

release()
{
	kill -USR1 "$nfq_pid"
	wait "$asking"
}

# A SYN on its way to an endpoint that is none any more.
its_endpoint_goes()
{
	program hold
	diverted "tcp dport 80" forward:0
	hold 1 ask "$client" "$vip2:80"
	must endpoint add one "$ep4:80"
	must endpoint del one "$ep3:80"
	release || fail "no answer"
	check_is "who answers" "$(< "$tmp/held")" "$ep4:80 *"
	not_diverted
	program_ends
	must endpoint add one "$ep3:80"
	must endpoint del one "$ep4:80"
	# What was asked before is answered still, what is asked next is not
	program hold
	diverted "udp sport 80" forward:0
	hold 1 ask "$client" -u -p 4300 "$vip2:80"
	must endpoint add one-udp "$ep4:80"
	must endpoint del one-udp "$ep3:80"
	release || fail "no answer to what was asked before"
	asked client "$client" -u -p 4300 "$vip2:80"
	check_is "who answers" "$endpoints" "$ep4:80"
	not_diverted
	program_ends
	must endpoint add one-udp "$ep3:80"
	must endpoint del one-udp "$ep4:80"
}

# held_at WHO PLACE ACTION...: the packet waits there while ACTION is done.
held_at()
{
	program hold
	diverted "$ports" "$2"
	hold 1 ask "$1" -t 300 "$vip:80"
	"${@:3}"
	release
	not_diverted
	program_ends
	flush
	services
	asked "${1%-*}, afterwards" "$1" -n 2 "$vip:80"
}

its_flow_goes()
{
	local place

	for place in prerouting:-220 forward:0 postrouting:140; do
		held_at "$client" "$place" must flow flush
	done
	held_at "$node" output:0 must flow flush
}

its_service_goes()
{
	local place

	for place in prerouting:-220 forward:0 postrouting:140; do
		held_at "$client" "$place" must service del web
	done
	held_at "$node" output:0 must service del web
}

# The hooks go too.
all_services_go()
{
	held_at "$client" prerouting:-220 flush
	held_at "$client" forward:0 flush
	held_at "$node" output:-220 flush
	held_at "$node" output:0 flush
}

its_program_goes()
{
	program hold
	diverted "$ports" forward:0 output:0
	hold 1 ask "$client" -t 1000 "$vip:80"
	program_ends
	wait "$asking" && fail "$(< "$tmp/held")"
	not_diverted
	asked client "$client" "$vip:80"
}

link_is_gone()
{
	[[ $(ip -n "$client" -br link) != *witness* ]]
}

# The netns is gone when the far end of its link is.
its_netns_goes()
{
	local home=$node gone=''

	setup_ns gone
	ip_in "" <<- END
		link add eth0 netns $gone type veth peer name witness netns $client
	END
	ip_in "$gone" <<- END
		link set lo up
		addr add 10.9.0.1/24 dev eth0
		addr add fd00:9::1/64 dev eth0 nodad
		link set eth0 up
	END
	ip_in "$client" <<< "link set witness up"
	ip_in "$gone" <<- END
		route add default dev eth0
		route add ::/0 dev eth0
	END
	node=$gone
	services
	program hold
	diverted "$ports" output:-220 output:0
	hold 1 ask "$gone" -t 300 -u "$vip:80"
	wait "$asking"
	ip netns del "$gone"
	node=$home
	# The program may have ended with its queue.
	kill -KILL "$nfq_pid" 2> /dev/null
	slowwait 10000 link_is_gone || fail "it does not go"
	asked client "$client" "$vip:80"
}

the_module_goes()
{
	[ -n "${SVCNAT_KO-}" ] || { RET=$ksft_skip; return; }
	program hold
	diverted "$ports" forward:0 output:0
	hold 1 ask "$client" -t 300 "$vip:80"
	slowwait 10000 rmmod svcnat || fail "rmmod"
	release
	not_diverted
	program_ends
	insmod "$SVCNAT_KO" || bail_out "insmod"
	services
	asked client "$client" "$vip:80"
}

build_program nfq
setup_topology
serve "$eps" 80
serve "$pod" 8080
serve "$node" 8080
run_tests_for "4 6" \
	sent_on_at_once \
	refusals \
	sent_on_in_another_order \
	with_another_header \
	with_a_longer_header \
	with_conntrack \
	nobody_takes_them \
	its_endpoint_goes \
	its_flow_goes \
	its_service_goes \
	all_services_go \
	its_program_goes \
	its_netns_goes \
	the_module_goes
