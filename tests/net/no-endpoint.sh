#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Where nobody answers the client learns it at once: "connection refused".
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

vip=10.96.0.10
# TCP would try again after a second.
at_once=1000
[ "$slow" = 1 ] || at_once=3000

# refused_at_once PORT: from everywhere, by TCP and UDP
refused_at_once()
{
	local ns way

	for ns in "$client" "$pod" "$node"; do
		for way in "" -u; do
			# shellcheck disable=SC2086  # a word or none
			refused "${ns%-*}" ECONNREFUSED "$ns" $way "$vip:$1"
			check_num "${ns%-*} $way, ms" "$took < $at_once"
		done
	done
}

# counted NAME COMMAND...: COMMAND must count something there
counted()
{
	local name=$1 before
	shift

	before=$(stat "$name")
	"$@"
	stat_above "$name" "$before" || fail "$name is still $before"
}

no_endpoint()
{
	counted reject_no_endpoint refused_at_once 80
	check_is "flows" "$(stat flow_new)" 0
}

other_port_of_a_cluster_address()
{
	counted reject_no_port refused_at_once 81
	check_is "flows" "$(stat flow_new)" 0
}

other_protocol()
{
	must service add tcp-only tcp "$vip:443" endpoint 10.2.0.1:80
	asked TCP "$client" "$vip:443"
	refused UDP ECONNREFUSED "$client" -u "$vip:443"
	must service del tcp-only
}

answers_pass_a_stateful_firewall()
{
	nft_node <<- END
		table ip firewall {
			chain output {
				type filter hook output priority 0
				ct state invalid counter drop
			}
		}
	END
	refused_at_once 80
	refused_at_once 81
	no_flow
	nft_node <<< "delete table ip firewall"
}

first_endpoint_helps_at_once()
{
	refused before ECONNREFUSED "$client" "$vip:80"
	must endpoint add tcp 10.2.0.1:80
	must endpoint add udp 10.2.0.1:80
	asked TCP "$client" "$vip:80"
	asked UDP "$client" -u "$vip:80"
	must endpoint del tcp 10.2.0.1:80
	must endpoint del udp 10.2.0.1:80
	refused_at_once 80
}

unbound_port_of_an_endpoint()
{
	# The endpoint's own refusals are translated too; ICMP comes later.
	must endpoint add tcp 10.2.0.1:444
	refused endpoint ECONNREFUSED "$client" "$vip:80"
	refused endpoint ECONNREFUSED "$node" "$vip:80"
	must endpoint del tcp 10.2.0.1:444
}

# broken_by_flush NS: what was known of its stream is forgotten
broken_by_flush()
{
	stream flushed "$1" "$vip:444"
	must flow flush
	busywait 5000 has " ECONNRESET " "$tmp/flushed" ||
		fail "${1%-*}: $(cat "$tmp/flushed")"
	kill "${stream_pids[flushed]}" 2> /dev/null
	wait "${stream_pids[flushed]}"
}

no_flow()
{
	must service add streams tcp "$vip:444" endpoint 10.2.0.1:80
	counted reject_no_flow broken_by_flush "$client"
	counted reject_no_flow broken_by_flush "$node"
	must service del streams
}

addresses_of_the_node_are_its_own()
{
	local ns before

	must service add own tcp 10.1.0.1:80
	must service add own-udp udp 10.1.0.1:80
	refused "the frontend" ECONNREFUSED "$client" 10.1.0.1:80
	refused "the frontend" ECONNREFUSED "$client" -u 10.1.0.1:80
	before=$(stat rx)
	for ns in "$client" "$pod" "$node"; do
		asked "${ns%-*}, TCP" "$ns" 10.1.0.1:22
		asked "${ns%-*}, UDP" "$ns" -u 10.1.0.1:22
		refused "${ns%-*}, by the node" ECONNREFUSED "$ns" 10.1.0.1:23
	done
	check_is "packets of ours" "$(stat rx)" "$before"
	must service del own
	must service del own-udp
}

answers_are_limited()
{
	local before answered start end

	read_stats
	before=${stats[reject_no_endpoint]}
	answered=$(snmp "$client" IcmpInDestUnreachs)
	milliseconds start
	ask "$client" -u -f -n 3000 "$vip:80"
	milliseconds end
	read_stats
	note "3000 datagrams in $((end - start)) ms"
	# 100 in each tenth of a second
	check_num "answers" "${stats[reject_no_endpoint]} - $before <=
		((end - start) / 100 + 2) * 100"
	check_num "at the client" \
		"$(snmp "$client" IcmpInDestUnreachs) - $answered <=
		 ${stats[reject_no_endpoint]} - $before"
	if [ "${stats[reject_limited]}" = 0 ]; then
		# Slower than 1000 a second: there was nothing to limit.
		check_num "limited" "end - start > 2000"
		[ "$RET" != "$ksft_pass" ] || RET=$ksft_skip
	fi
}

setup_topology
serve "$eps" 80
serve "$node" 22
ctl -b - <<- END || bail_out "no services"
	service add tcp tcp $vip:80
	service add udp udp $vip:80
END
run_tests \
	no_endpoint \
	other_port_of_a_cluster_address \
	other_protocol \
	first_endpoint_helps_at_once \
	unbound_port_of_an_endpoint \
	no_flow \
	addresses_of_the_node_are_its_own \
	answers_pass_a_stateful_firewall \
	answers_are_limited
