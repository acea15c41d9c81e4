#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Pods on a bridge of the node, with br_netfilter and without.  With it the
# hooks see what passes from pod to pod, though it is not routed.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh,
#		8080 |			but pod is on bridge now
#		  bridge
#	     |-------|-------|
#	    pod	   other   third
#	    8080     80	     80
#	   10.4.0.2  .3	     .4		bridge: .1
# shellcheck disable=SC2317,SC2154  # run_tests calls the functions; setup_ns

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/traffic.sh"

# As whom the endpoint sees them
declare -A from

family_begins()
{
	local l='' r='' n=10.4.0.

	[ "$family" = 4 ] || l=[ r=] n=fd00:4::
	other_at=$l${n}3$r
	third_at=$l${n}4$r
	from=([$client]=$client_at [$pod]=$pod_at [$other]=$other_at
		[$node]="*")
	flush
	ctl -b - <<- END || fail "no services"
		service add near tcp $vip:80 endpoint $other_at:80 endpoint $third_at:80
		service add near-udp udp $vip:80 endpoint $other_at:80 endpoint $third_at:80
		service add far tcp $vip2:80 endpoint $ep1:80
		service add far-udp udp $vip2:80 endpoint $ep1:80
		service add own tcp $vip:8080 endpoint $node_pod_at:8080
		service add self tcp $vip2:8080 endpoint $pod_at:8080
		service add self-udp udp $vip2:8080 endpoint $pod_at:8080
		service add one tcp $vip2:81 endpoint $other_at:80
		service add one-udp udp $vip2:81 endpoint $other_at:80
	END
	calls 1
}

# calls 0|1: shall netfilter see what is bridged?
calls()
{
	sysctl_in "$node" "net.bridge.bridge-nf-call-iptables=$1" \
		"net.bridge.bridge-nf-call-ip6tables=$1"
}

# on_bridge NS DEVICE LAST: one more pod
on_bridge()
{
	ip_in "" <<- END
		link add $2 netns $node type veth peer name eth0 netns $1
	END
	ip_in "$1" <<- END
		link set lo up
		link set eth0 addrgenmode none
		addr add 10.4.0.$3/24 dev eth0
		addr add fd00:4::$3/64 dev eth0 nodad
		addr add fe80::$3/64 dev eth0 nodad
		link set eth0 up
		route add default via 10.4.0.1
		route add ::/0 via fd00:4::1
	END
	ip_in "$node" <<- END
		link set $2 addrgenmode none
		link set $2 master bridge
		link set $2 up
	END
}

bridge()
{
	ip_in "$node" <<- END
		addr flush dev pod
		link add bridge type bridge
		link set bridge addrgenmode none
		link set pod master bridge
		link set bridge up
		addr add 10.4.0.1/24 dev bridge
		addr add fd00:4::1/64 dev bridge nodad
		addr add fe80::1/64 dev bridge nodad
	END
	on_bridge "$other" other 3
	on_bridge "$third" third 4
}

# counts SERVICE: packets of requests, of replies, all that were translated
counts()
{
	local name value requests replies

	while read -r name value; do
		case $name in
		*request_packets*) requests=${value%,} ;;
		*reply_packets*) replies=${value%,} ;;
		esac
	done < <(ctl -j -p stats show "$1")
	echo "$requests $replies $(stat translated)"
}

# to TO NS...: every kind of traffic from each
to()
{
	local ns

	for ns in "${@:2}"; do
		asks "$ns" "${from[$ns]}" "$1"
		asks "$ns" "${from[$ns]}" -u "$1"
		traffic "$ns" "$1" 1500000
		refused "${ns%-*}" ECONNREFUSED "$ns" "$vip:99"
	done
}

pod_to_pod()
{
	to "$vip:80" "$pod"
	asked pod "$pod" -n 25 "$vip:80"
	check_is "TCP" "$endpoints" "$other_at:80 $third_at:80"
	asked pod "$pod" -u -n 25 "$vip:80"
	check_is "UDP" "$endpoints" "$other_at:80 $third_at:80"
	stream tcp "$pod" -n 3 "$vip:80"
	stream udp "$pod" -u -n 3 "$vip:80"
	must endpoint del near "$other_at:80"
	must endpoint add near "$other_at:80"
	stream_ends tcp
	stream_ends udp
	refused "UDP" ECONNREFUSED "$pod" -u "$vip:99"
}

through_the_bridge()
{
	to "$vip2:80" "$pod" "$other"
	to "$vip:80" "$client" "$node"
	asked pod "$pod" -n 3 "$vip:8080"
	check_is "the node" "$endpoints" "$node_pod_at:8080"
	asked client "$client" -n 3 "$vip2:8080"
}

# nothing_passes: no connection of before says its last words
nothing_passes()
{
	local before

	before=$(stat translated)
	sleep 0.5
	[ "$(stat translated)" = "$before" ]
}

# Each packet counts once, however many times netfilter is called for it.
counted_once()
{
	slowwait 10000 nothing_passes || fail "it never ends"
	counted_for near-udp "$pod" "$vip:80"
	counted_for far-udp "$pod" "$vip2:80"
	counted_for near-udp "$client" "$vip:80"
	counted_for far-udp "$client" "$vip2:80"
	counted_for near-udp "$node" "$vip:80"
}

counted_for()
{
	local before after

	before=$(counts "$1")
	asked "${2%-*}" "$2" -u -n 7 "$3"
	after=$(counts "$1")
	# shellcheck disable=SC2086  # three numbers each
	set -- "$1 from ${2%-*}" $before $after
	check_is "$1" "$(($5 - $2)) $(($6 - $3)) $(($7 - $4))" "7 7 14"
}

# The way back through the port that a packet came from has to be allowed.
itself()
{
	ip_in "$node" <<< "link set pod type bridge_slave hairpin on"
	asked itself "$pod" -n 3 "$vip2:8080"
	asked itself "$pod" -u -n 3 "$vip2:8080"
	asked "itself, fragments" "$pod" -u -l 5000 "$vip2:8080"
	check_is "masqueraded" "${answers[0]}" "$pod_at:8080 $node_pod_at:*"
	bulk "$pod" $((1500000 / slow)) "$vip2:8080"
	stream itself "$pod" "$vip2:8080"
	asked other "$other" -n 3 "$vip2:8080"
	stream_ends itself
	# others see the pod as it is
	to "$vip:80" "$pod"
	ip_in "$node" <<< "link set pod type bridge_slave hairpin off"
}

# Both sides hear of it from whom they talk to.
removal_resets_both_sides()
{
	local ns at

	for ns in "$pod" "$client"; do
		for at in "$third_at:80" "$ep1:80"; do
			must service replace gone tcp "$vip2:82" \
				on-removal reset endpoint "$at"
			stream "${ns%-*}" "$ns" -n 2 "$vip2:82"
			must endpoint del gone "$at"
			was_reset "${ns%-*}" 2
		done
	done
	must service del gone
	busywait 2000 nobody_is_connected || fail "endpoints have connections"
}

nobody_is_connected()
{
	local ns

	for ns in "$third" "$eps"; do
		[ -z "$(ip netns exec "$ns" ss -Hnt state established)" ] ||
			return
	done
}

one_port_for_both()
{
	from_one_port "$pod" "$vip2:81" "$other_at:80"
}

beside_conntrack_and_a_masquerade()
{
	drop_invalid
	nft_node <<- END
		table $ip_word cni {
			chain postrouting {
				type nat hook postrouting priority 100
				$ip_word saddr $pods $ip_word daddr != $pods masquerade
			}
		}
	END
	asked hidden "$pod" -n 2 "$vip2:80"
	asked hidden "$pod" -u -l 5000 "$vip2:80"
	to "$vip:80" "$pod" "$client"
	one_port_for_both
	itself
	# Two that conntrack knows: the one that was there is told from it.
	stream direct "$pod" -p 5100 "$other_at:80"
	stream ours "$pod" -p 5100 "$vip2:81"
	stream_ends ours
	stream_ends direct
	nft_node <<< "delete table $ip_word cni"
	nothing_invalid
	no_conntrack
}

# Then a reply from pod to pod does not pass the hooks, and the README says so;
# everything else goes on.
without_br_netfilter()
{
	stream out "$pod" -n 2 "$vip2:80"
	stream in "$client" -n 2 "$vip:80"
	calls 0
	stream_ends out
	stream_ends in
	through_the_bridge
	counted_for near-udp "$client" "$vip:80"
	counted_for far-udp "$pod" "$vip2:80"
	asked itself "$pod" -n 3 "$vip2:8080"
	asked itself "$pod" -u -n 3 "$vip2:8080"
	bulk "$pod" $((1500000 / slow)) "$vip2:8080"
	ask "$pod" -t 300 "$vip:80" > /dev/null &&
		fail "a reply that passed no hook was rewritten"
	ask "$pod" -t 300 -u "$vip:80" > /dev/null &&
		fail "a reply that passed no hook was rewritten"
	calls 1
	asked pod "$pod" -n 3 "$vip:80"
}

setup_topology
setup_ns other third
modprobe -q br_netfilter || true
[ -e /proc/sys/net/bridge ] || skip_all "no br_netfilter"
bridge
serve "$eps" 80
serve "$node" 8080
serve "$pod" 8080
serve "$other" 80
serve "$third" 80
run_tests_for "4 6" \
	pod_to_pod \
	through_the_bridge \
	counted_once \
	itself \
	removal_resets_both_sides \
	one_port_for_both \
	beside_conntrack_and_a_masquerade \
	without_br_netfilter
