#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Beside what else handles a pod's packets: the masquerade of a CNI, by nft and
# by iptables, a network policy, and the NOTRACK of a DNS cache on the node.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#	       8080 53 |
#		     |
#		    pod 8080
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/traffic.sh"

# plain ADDRESS: without brackets
plain()
{
	echo "${1//[][]/}"
}

family_begins()
{
	iptables=${ip_word}tables-nft
	flush
	ctl -b - <<- END || fail "no services"
		service add web tcp $vip:80 endpoint $ep1:80 endpoint $ep2:80
		service add web-udp udp $vip:80 endpoint $ep1:80 endpoint $ep2:80
		service add own tcp $vip:8080 endpoint $node_at:8080
		service add hairpin tcp $vip2:8080 endpoint $pod_at:8080
		service add hairpin-udp udp $vip2:8080 endpoint $pod_at:8080
		service add dns udp $vip2:53 endpoint $ep3:53
		service add dns-tcp tcp $vip2:53 endpoint $ep3:53
	END
}

# restore: rules as iptables-save prints them, from stdin
restore()
{
	ip netns exec "$node" "$iptables-restore" --noflush ||
		fail "$iptables-restore"
}

# Every kind of traffic that there is
all_kinds()
{
	local ns

	for ns in "$client" "$pod" "$node"; do
		traffic "$ns" "$vip:80" 1000000
		asked "${ns%-*}, to the node" "$ns" -n 2 "$vip:8080"
		asked "${ns%-*}, to the pod" "$ns" -n 2 "$vip2:8080"
		asked "${ns%-*}, to the pod" "$ns" -u -n 2 "$vip2:8080"
		asked "${ns%-*}, direct" "$ns" "$ep1:80"
	done
}

hidden_pods()
{
	all_kinds
	seen_as "$client_at" "$client" "$vip:80"
	seen_as "$node_eps_at" "$pod" "$vip:80"
	seen_as "$node_eps_at" "$pod" -u "$vip:80"
	stream hidden "$pod" -n 3 "$vip:80"
	stream hidden-udp "$pod" -u -n 2 "$vip:80"
	stream itself "$pod" "$vip2:8080"
	must endpoint del web "$ep1:80"
	asked pod "$pod" -n 3 "$vip:80"
	check_is "where to" "$endpoints" "$ep2:80"
	stream_ends hidden
	stream_ends hidden-udp
	stream_ends itself
	must endpoint add web "$ep1:80"
	# Two connections that are one for whoever sees no frontend.
	stream one "$pod" -p 4100 "$vip:80"
	stream direct "$pod" -p 4100 "$ep1:80"
	stream other "$pod" -p 4100 "$ep2:80"
	stream_ends one
	stream_ends direct
	stream_ends other
	nothing_invalid
}

masquerade_by_nft()
{
	nft_node <<- END
		table $ip_word cni {
			chain postrouting {
				type nat hook postrouting priority 100
				$ip_word saddr $pods counter masquerade random
			}
		}
	END
	hidden_pods
	nft_node <<< "delete table $ip_word cni"
}

masquerade_by_iptables()
{
	restore <<- END
		*nat
		:CNI-POSTRTG - [0:0]
		-A POSTROUTING -m comment --comment "cni masq" -j CNI-POSTRTG
		-A CNI-POSTRTG -s $pods -j MASQUERADE --random-fully
		COMMIT
	END
	hidden_pods
	nft_node <<< "flush table $ip_word nat"
}

# The policy says who may reach which endpoint; of services it knows nothing.
policy()
{
	nft_node <<- END
		table inet netpol {
			chain forward {
				type filter hook forward priority 10
				ct state established,related accept
				$ip_word daddr { $ep_ip, $(plain "$ep2") } jump web
				$ip_word saddr $pod_ip jump from-pod
			}
			chain web {
				$ip_word saddr $client_ip tcp dport 80 accept
				$ip_word saddr $client_ip udp dport 80 accept
				drop
			}
			chain from-pod {
				$ip_word daddr $(plain "$ep3") udp dport 53 accept
				meta l4proto tcp reject with tcp reset
				reject
			}
			chain input {
				type filter hook input priority 10
				ct state established,related accept
				tcp dport 8080 $ip_word saddr != $client_ip drop
			}
		}
	END
}

# barred NS WORD...: nobody answers.
barred()
{
	refused "${1%-*}" ETIMEDOUT "$1" -t 300 "${@:2}"
}

a_network_policy()
{
	# Who talks already goes on.
	stream old "$pod" "$vip:80"
	asked "before" "$pod" "$vip:80"
	policy
	stream_ends old
	asked client "$client" -n 3 "$vip:80"
	asked client "$client" -n 2 -u "$vip:80"
	asked client "$client" -u -l 5000 "$vip:80"
	bulk "$client" $((1000000 / slow)) "$vip:80"
	asked client "$client" -n 2 "$vip:8080"
	asked node "$node" -n 2 "$vip:80"
	# The client's other addresses are not in the rules.
	barred "$client" -s "${many}7" "$vip:80"
	barred "$client" -s "${many}7" -u "$vip:80"
	barred "$client" -s "${many}7" "$vip:8080"
	barred "$pod" "$vip:80"
	barred "$pod" -u "$vip:80"
	barred "$pod" "$vip:8080"
	asked pod "$pod" -u -n 2 "$vip2:53"
	nothing_invalid
}

# What the firewall answers in the endpoint's name comes from the frontend.
refused_by_the_policy()
{
	refused "pod, TCP" ECONNREFUSED "$pod" -t 2000 "$vip2:53"
	must service add far udp "$vip:5353" endpoint "$ep4:5353"
	refused "pod, UDP" ECONNREFUSED "$pod" -u -t 2000 "$vip:5353"
	must service del far
	nothing_invalid
	nft_node <<< "delete table inet netpol"
	asked "no policy" "$pod" -n 2 "$vip:80"
}

# A DNS cache that answers on the node in the service's own name, as
# NodeLocal DNSCache does: its packets are UNTRACKED and none of ours.
a_dns_cache_on_the_node()
{
	local ns way before

	asked pod "$pod" -u "$vip2:53"
	check_is "without the cache" "$endpoints" "$ep3:53"
	ip_in "$node" <<- END
		link add cache type dummy
		link set cache up
		addr add $vip2_ip dev cache
	END
	{
		echo "*raw"
		for way in udp tcp; do
			echo "-A PREROUTING -d $vip2_ip -p $way -m $way" \
			     "--dport 53 -j CT --notrack"
			echo "-A OUTPUT -d $vip2_ip -p $way -m $way --dport 53" \
			     "-j CT --notrack"
			echo "-A OUTPUT -s $vip2_ip -p $way -m $way --sport 53" \
			     "-j CT --notrack"
		done
		echo COMMIT
	} | restore
	before=$(stat rx)
	for ns in "$client" "$pod" "$node"; do
		for way in -u -U ""; do
			# shellcheck disable=SC2086  # none or one word
			asked "${ns%-*}" "$ns" $way -n 2 "$vip2:53"
			check_is "who answers" "${answers[0]}" "$vip2:53 *"
		done
		asked "${ns%-*}" "$ns" -u -l 5000 "$vip2:53"
	done
	check_is "packets of ours" "$(stat rx)" "$before"
	# The cache asks others by way of services, in its own name too.
	asked "cache" "$node" -u "$vip:80"
	seen_as "$node_eps_at" "$node" -s "$vip2_ip" "$vip:80"
	nft_node <<< "flush table $ip_word raw"
	asked pod "$pod" -u "$vip2:53"
	check_is "who answers when it is gone" "$endpoints" "$ep3:53"
	ip -n "$node" link del cache
}

setup_topology
drop_invalid
serve "$eps" 80 53 5353
serve "$pod" 8080
serve "$node" 8080 53
run_tests_for "4 6" \
	masquerade_by_nft \
	masquerade_by_iptables \
	a_network_policy \
	refused_by_the_policy \
	a_dns_cache_on_the_node
