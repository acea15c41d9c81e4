#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Beside conntrack, a stateful firewall and another NAT: conntrack knows one
# connection, client to endpoint, in both directions, and nothing is INVALID.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/traffic.sh"

vip=10.96.0.10

# What a firewall may say that knows endpoints and no service.
firewall()
{
	nft_node <<- END
		table ip firewall {
			counter invalid { }
			chain forward {
				type filter hook forward priority 0
				policy drop
				ct state invalid counter name invalid drop
				ct state established,related accept
				ct state new ip daddr 10.2.0.0/24 tcp dport 80-81 accept
				ct state new ip daddr 10.2.0.0/24 udp dport 80 accept
			}
			chain output {
				type filter hook output priority 0
				ct state invalid counter name invalid drop
			}
			chain input {
				type filter hook input priority 0
				policy drop
				iifname "lo" accept
				ct state invalid counter name invalid drop
				ct state established,related accept
				ct state new ip daddr 10.1.0.1 tcp dport 8080 accept
			}
		}
	END
}

invalid()
{
	ip netns exec "$node" nft list counters | awk '/packets/ { print $2 }'
}

# As CNIs do it: pods are hidden behind the node.
masquerade()
{
	nft_node <<- END
		table ip cni {
			chain postrouting {
				type nat hook postrouting priority 100
				ip saddr 10.4.0.0/24 counter masquerade
			}
		}
	END
}

# Every kind of traffic that there is
all_kinds()
{
	local ns

	for ns in "$client" "$pod" "$node"; do
		traffic "$ns" "$vip:80" 2000000
		asked "${ns%-*}, RST" "$ns" -n 2 -r "$vip:80"
		asked "${ns%-*}, to the node" "$ns" -n 2 "$vip:8080"
		asked "${ns%-*}, direct" "$ns" 10.2.0.1:80
	done
	asked "used again" "$client" -p 5000 -e -n 5 "$vip:81"
}

without_conntrack()
{
	check_is "connections" \
		"$(ip netns exec "$node" conntrack -C 2> /dev/null)" '?(0)'
	all_kinds
	check_is "connections" \
		"$(ip netns exec "$node" conntrack -C 2> /dev/null)" '?(0)'
}

streams_outlive_its_arrival()
{
	stream old "$client" -n 4 "$vip:80"
	stream old-pod "$pod" -n 2 "$vip:80"
	firewall
	stream_ends old
	stream_ends old-pod
}

with_a_stateful_firewall()
{
	# Connections that were closed while it was not there have an end.
	ip netns exec "$node" nft reset counters > /dev/null
	all_kinds
	check_is "invalid packets" "$(invalid)" 0
}

the_firewall_sees_endpoints()
{
	must service add closed tcp "$vip:82" endpoint 10.2.0.1:82
	refused "a port that is not allowed" ETIMEDOUT "$client" -t 300 \
		"$vip:82"
	must service del closed
}

one_tuple_both_ways()
{
	local table

	must flow flush
	stream one "$client" -n 2 "$vip:80"
	stream two "$node" -n 2 "$vip:80"
	asked UDP "$client" -u -n 2 "$vip:80"
	table=$(ip netns exec "$node" conntrack -L 2> /dev/null)
	check_err $? "conntrack -L"
	[[ $table != *"$vip"* ]] || fail "${table%%"$vip"*}$vip..."
	[[ $table == *"ESTABLISHED src=10.1.0.2 dst=10.2.0."*" [ASSURED]"* ]] ||
		fail "$table"
	[[ $table != *UNREPLIED* ]] || fail "$table"
	stream_ends one
	stream_ends two
	check_is "invalid packets" "$(invalid)" 0
}

# What conntrack remembers of our own connections is in nobody's way: the client
# keeps its port, and the endpoint.
an_old_entry_is_not_in_the_way()
{
	local n

	must service add one tcp "$vip:82" endpoint "10.2.0.3:80"
	must service add one-udp udp "$vip:82" endpoint "10.2.0.3:80"
	drop_invalid
	for n in 1 2 3; do
		asks "$client" 10.1.0.2 "$vip:82"
		asks "$client" 10.1.0.2 -u "$vip:82"
		must flow flush
		ip netns exec "$node" conntrack -L 2> /dev/null |
			grep -q "sport=4000 " || fail "conntrack has forgotten"
	done
	nothing_invalid
	no_conntrack
	must service del one
	must service del one-udp
}

beside_a_masquerade()
{
	masquerade
	all_kinds
	seen_as 10.2.0.254 "$pod" "$vip:80"
	seen_as 10.1.0.2 "$client" "$vip:80"
	stream hidden "$pod" -n 4 "$vip:80"
	must endpoint del web 10.2.0.1:80
	stream_ends hidden
	check_is "invalid packets" "$(invalid)" 0
}

refusals()
{
	refused TCP ECONNREFUSED "$client" "$vip:99"
	refused UDP ECONNREFUSED "$client" -u "$vip:99"
	refused TCP ECONNREFUSED "$pod" "$vip:99"
	refused TCP ECONNREFUSED "$node" "$vip:99"
	check_is "invalid packets" "$(invalid)" 0
}

untracked_packets_are_not_ours()
{
	local before

	nft_node <<- END
		table ip raw {
			chain prerouting {
				type filter hook prerouting priority -300
				ip daddr $vip notrack
			}
		}
	END
	before=$(stat rx)
	ask "$client" -t 300 "$vip:80" > /dev/null
	check_fail $? "a packet with NOTRACK was translated"
	check_is "packets of ours" "$(stat rx)" "$before"
	nft_node <<< "delete table ip raw"
	asked "without NOTRACK" "$client" "$vip:80"
}

# Rules of another NAT were here first: what they have begun is theirs until it
# ends, also when there is no endpoint to which it could go.
another_nat_keeps_what_it_has()
{
	local refused ns theirs=10.96.0.20

	nft_node <<- END
		table ip other {
			chain prerouting {
				type nat hook prerouting priority -100
				ip daddr $theirs tcp dport 80 dnat to 10.2.0.1
			}
			chain output {
				type nat hook output priority -100
				ip daddr $theirs tcp dport 80 dnat to 10.2.0.1
			}
		}
	END
	refused=$(stat reject_no_flow)
	for ns in client pod node; do
		stream "old-$ns" "${!ns}" "$theirs:80"
	done
	must service add taken tcp "$theirs:80"
	refused "a new one" ECONNREFUSED "$client" "$theirs:80"
	must endpoint add taken 10.2.0.2:80
	for ns in client pod node; do
		asked "$ns" "${!ns}" -n 4 "$theirs:80"
		check_is "new ones" "$endpoints" 10.2.0.2:80
		stream_ends "old-$ns"
	done
	check_is "refused" "$(stat reject_no_flow)" "$refused"
	must service del taken
	nft_node <<< "delete table ip other"
}

setup_topology
serve "$eps" 80 81/close
serve "$node" 8080
ctl -b - <<- END || bail_out "no services"
	service add web tcp $vip:80 endpoint 10.2.0.1:80 endpoint 10.2.0.2:80
	service add udp udp $vip:80 endpoint 10.2.0.1:80 endpoint 10.2.0.2:80
	service add own tcp $vip:8080 endpoint 10.1.0.1:8080
	service add close tcp $vip:81 endpoint 10.2.0.1:81
END
run_tests \
	without_conntrack \
	streams_outlive_its_arrival \
	with_a_stateful_firewall \
	the_firewall_sees_endpoints \
	one_tuple_both_ways \
	an_old_entry_is_not_in_the_way \
	beside_a_masquerade \
	refusals \
	untracked_packets_are_not_ours \
	another_nat_keeps_what_it_has
