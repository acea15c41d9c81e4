#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The node itself as client and as endpoint.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		 8080 |
#		     |
#		    pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

vip=10.96.0.10

# Every way a program can ask.
asks_all_ways()
{
	local ns=$1 to=$2 wanted=$3 way

	for way in "-n 2" "-s $4" "-u -s $4" "-U -n 2" "-U -s $4"; do
		# shellcheck disable=SC2086  # several words, or none
		asked "${ns%-*} $way" "$ns" $way "$to"
		check_is "${ns%-*} $way" "$endpoints" "$wanted"
	done
}

node_asks_a_pod()
{
	must service add tcp tcp "$vip:80" endpoint 10.2.0.1:80
	must service add udp udp "$vip:80" endpoint 10.2.0.1:80
	asks_all_ways "$node" "$vip:80" 10.2.0.1:80 10.2.0.254
}

source_of_the_node_is_kept()
{
	asked bound "$node" -s 10.4.0.1 -p 4000 "$vip:80"
	check_is "TCP" "${answers[0]% *}" "10.2.0.1:80 10.4.0.1:4000"
	asked bound "$node" -U -s 10.4.0.1 -p 4000 "$vip:80"
	check_is "UDP" "${answers[0]% *}" "10.2.0.1:80 10.4.0.1:4000"
}

node_streams()
{
	bulk "$node" $((4000000 / slow)) "$vip:80"
	asked "many packets" "$node" -u -l 20000 "$vip:80"
}

outsiders_ask_the_node()
{
	must service replace tcp tcp "$vip:80" endpoint 10.1.0.1:8080
	must service replace udp udp "$vip:80" endpoint 10.1.0.1:8080
	asks_all_ways "$client" "$vip:80" 10.1.0.1:8080 10.3.0.7
	asks_all_ways "$pod" "$vip:80" 10.1.0.1:8080 10.4.0.2
	bulk "$client" $((4000000 / slow)) "$vip:80"
	asked "in fragments" "$client" -u -l 20000 "$vip:80"
}

node_asks_itself()
{
	asks_all_ways "$node" "$vip:80" 10.1.0.1:8080 10.1.0.1
	asks_all_ways "$node" "$vip:80" 10.1.0.1:8080 10.4.0.1
	bulk "$node" $((4000000 / slow)) "$vip:80"
}

frontend_on_an_address_of_the_node()
{
	must frontend add tcp 10.1.0.1:81
	must frontend add udp 10.1.0.1:81
	asks_all_ways "$client" 10.1.0.1:81 10.1.0.1:8080 10.3.0.7
	asks_all_ways "$pod" 10.1.0.1:81 10.1.0.1:8080 10.4.0.2
	asks_all_ways "$node" 10.1.0.1:81 10.1.0.1:8080 10.4.0.1
	must endpoint add tcp 10.2.0.1:80
	must endpoint del tcp 10.1.0.1:8080
	asked "to a pod" "$client" -n 3 10.1.0.1:81
	check_is "to a pod" "$endpoints" 10.2.0.1:80
}

setup_topology
serve "$eps" 80
serve "$node" 8080
run_tests \
	node_asks_a_pod \
	source_of_the_node_is_kept \
	node_streams \
	outsiders_ask_the_node \
	node_asks_itself \
	frontend_on_an_address_of_the_node
