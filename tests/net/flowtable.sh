#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Beside an nftables flowtable that takes every connection it can: those of
# services stay on the path of the hooks, others do not.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod 8080
#
# All three devices of the node are the flowtable's.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/traffic.sh"

family_begins()
{
	flush
	ctl -b - <<- END || fail "no services"
		service add web tcp $vip:80 endpoint $ep1:80 endpoint $ep2:80
		service add web-udp udp $vip:80 endpoint $ep1:80 endpoint $ep2:80
		service add one tcp $vip2:80 endpoint $ep3:80
		service add one-udp udp $vip2:80 endpoint $ep3:80
		service add hairpin tcp $vip2:8080 endpoint $pod_at:8080
	END
}

flowtable()
{
	nft_node <<- END
		table inet fast {
			flowtable shortcut {
				hook ingress priority 0
				devices = { client, eps, pod }
			}
			chain forward {
				type filter hook forward priority 0
				meta l4proto tcp flow add @shortcut
				meta l4proto udp flow add @shortcut
			}
		}
	END
}

no_flowtable()
{
	nft_node <<< "delete table inet fast"
}

# What conntrack knows of a client's port, if the flowtable has it.
offloaded()
{
	ip netns exec "$node" conntrack -L -f "ipv$family" 2> /dev/null |
		grep -F "sport=$1 " | grep -F OFFLOAD
}

is_offloaded()
{
	offloaded "$1" > /dev/null
}

# These two tell that the flowtable works at all, and that none of ours is in it.
is_taken()
{
	busywait 5000 is_offloaded "$1" ||
		fail "port $1 is not the flowtable's: $(ip netns exec "$node" \
			conntrack -L -f "ipv$family" 2>&1 | grep -F "=$1 ")"
}

is_left_alone()
{
	! is_offloaded "$1" || fail "port $1 is: $(offloaded "$1")"
}

# talk_on NAME PORT NS WORD...: two streams, TCP and UDP, from that port
talk_on()
{
	stream "$1" "$3" -p "$2" "${@:4}"
	stream "$1-udp" "$3" -u -p "$2" "${@:4}"
}

talk_ends()
{
	stream_ends "$1"
	stream_ends "$1-udp"
}

# packets_pass: connections of services are in use.
packets_pass()
{
	busywait 5000 stat_above rx $(($(stat rx) + 40)) ||
		fail "no packets of ours"
}

foreign_flows_are_taken()
{
	flowtable
	talk_on direct 5000 "$client" "$ep1:80"
	talk_on pod 5001 "$pod" "$ep1:80"
	is_taken 5000
	is_taken 5001
	bulk "$client" $((2000000 / slow)) "$ep1:80"
	talk_ends direct
	talk_ends pod
}

ours_are_left_alone()
{
	local ns port=5010

	for ns in "$client" "$pod" "$node"; do
		traffic "$ns" "$vip:80" 2000000
		talk_on "${ns%-*}" "$port" "$ns" "$vip:80"
		port=$((port + 1))
	done
	# One that the node masquerades.
	stream itself "$pod" -p 5020 "$vip2:8080"
	foreign_beside
	packets_pass
	for ns in client pod node; do
		talk_ends "$ns"
	done
	stream_ends itself
	is_left_alone 5010
	is_left_alone 5011
	is_left_alone 5012
	is_left_alone 5020
}

# Meanwhile another has been taken.
foreign_beside()
{
	talk_on direct 5030 "$client" "$ep1:80"
	is_taken 5030
	talk_ends direct
}

behind_a_masquerade()
{
	nft_node <<- END
		table $ip_word cni {
			chain postrouting {
				type nat hook postrouting priority 100
				$ip_word saddr $pods counter masquerade
			}
		}
	END
	talk_on hidden 5100 "$pod" "$vip:80"
	stream itself "$pod" -p 5101 "$vip2:8080"
	talk_on direct 5102 "$pod" "$ep4:80"
	is_taken 5102
	bulk "$pod" $((2000000 / slow)) "$vip:80"
	asked pod "$pod" -n 5 "$vip:80"
	packets_pass
	talk_ends hidden
	talk_ends direct
	stream_ends itself
	is_left_alone 5100
	is_left_alone 5101
	nft_node <<< "delete table $ip_word cni"
}

forget()
{
	ip netns exec "$node" conntrack -F 2> /dev/null
}

# Conntrack learns of connections from a packet in their middle.
picked_up_in_the_middle()
{
	local n

	talk_on middle 5200 "$client" "$vip:80"
	talk_on inside 5201 "$pod" "$vip:80"
	for n in 1 2 3; do
		forget
		packets_pass
	done
	foreign_beside
	packets_pass
	talk_ends middle
	talk_ends inside
	is_left_alone 5200
	is_left_alone 5201
}

picked_up_backwards()
{
	local line

	line=$(ip netns exec "$node" conntrack -L -f "ipv$family" -p tcp \
		2> /dev/null | grep -F "=5202 ")
	[[ $line == *" sport=80 dport=5202 "*" sport=5202 dport=80 "* ]]
}

# Only what the endpoint says is shown to conntrack until it knows the connection:
# the client's packets pass it by, behind the hook that has rewritten them.
picked_up_from_a_reply()
{
	# Where it carries packets, nobody picks up anything.
	must config set fastpath off
	stream half "$client" -p 5202 "$vip:80"
	nft_node <<- END
		table inet unseen {
			chain prerouting {
				type filter hook prerouting priority -225
				iifname client tcp sport 5202 notrack
			}
		}
	END
	forget
	busywait 10000 picked_up_backwards ||
		fail "conntrack did not learn of it from a reply"
	nft_node <<< "delete table inet unseen"
	packets_pass
	stream_ends half
	is_left_alone 5202
	must config set fastpath "${SVCNAT_FASTPATH:-off}"
}

comes_later()
{
	no_flowtable
	talk_on old 5300 "$client" "$vip:80"
	flowtable
	foreign_beside
	packets_pass
	talk_ends old
	is_left_alone 5300
}

endpoints_come_and_go()
{
	local n

	stream old "$client" -n 4 "$vip:80"
	for n in 1 2 3; do
		must endpoint del web "$ep1:80"
		must endpoint del web-udp "$ep1:80"
		asked client "$client" -n 4 "$vip:80"
		check_is "TCP" "$endpoints" "$ep2:80"
		asked client "$client" -u -p 5400 "$vip:80"
		check_is "UDP" "$endpoints" "$ep2:80"
		must endpoint add web "$ep1:80"
		must endpoint add web-udp "$ep1:80"
		must endpoint del web-udp "$ep2:80"
		# The same client goes on, and draws afresh.
		asked client "$client" -u -p 5400 "$vip:80"
		check_is "UDP" "$endpoints" "$ep1:80"
		must endpoint add web-udp "$ep2:80"
	done
	foreign_beside
	packets_pass
	stream_ends old
}

# To the endpoint directly and by its frontend, from one port
one_port_for_both()
{
	talk_on direct 5500 "$client" "$ep3:80"
	is_taken 5500
	talk_on ours 5500 "$client" "$vip2:80"
	foreign_beside
	talk_ends ours
	talk_ends direct
	talk_on ours 5501 "$client" "$vip2:80"
	talk_on direct 5501 "$client" "$ep3:80"
	foreign_beside
	talk_ends direct
	talk_ends ours
}

without_its_service()
{
	stream old "$client" -p 5600 "$vip2:80"
	must service del one
	foreign_beside
	packets_pass
	stream_ends old
	is_left_alone 5600
	must service add one tcp "$vip2:80" endpoint "$ep3:80"
	no_flowtable
}

setup_topology
serve "$eps" 80
serve "$pod" 8080
run_tests_for "4 6" \
	foreign_flows_are_taken \
	ours_are_left_alone \
	behind_a_masquerade \
	picked_up_in_the_middle \
	picked_up_from_a_reply \
	comes_later \
	endpoints_come_and_go \
	one_port_for_both \
	without_its_service
