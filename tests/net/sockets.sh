#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Sockets of the node next to services: as clients of every kind, as listeners
# on the very ports, as ends that the stack finds before the hooks are through.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#	      80 8080 |
#		     |
#		    pod
#
# The node has a server on the port of the frontends and of the endpoints.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

family_begins()
{
	flush
	ctl -b - <<- END || fail "no services"
		service add tcp tcp $vip:80 $vip:8080 endpoint $ep1:80
		service add udp udp $vip:80 $vip:8080 endpoint $ep1:80
		service add two tcp $vip2:80 endpoint $ep2:80
		service add two-udp udp $vip2:80 endpoint $ep2:80
		service add own tcp $vip2:8080 endpoint $node_at:8080
		service add own-udp udp $vip2:8080 endpoint $node_at:8080
		service add closed-udp udp $vip:9 endpoint $ep1:9
		service add closed tcp $vip:9 endpoint $ep1:9
	END
}

every_kind_of_client()
{
	local way

	for way in "-n 3" "-s $node_ip" "-s $node_eps_ip" "-d eps" \
		"-u -n 3" "-u -s $node_ip" "-u -d eps" "-u -l 5000" \
		"-U -n 3" "-U -s $node_ip" "-U -d eps" "-U -l 5000"; do
		# shellcheck disable=SC2086  # several words
		asked "$way" "$node" $way "$vip:80"
		check_is "$way" "$endpoints" "$ep1:80"
	done
}

# The device that a socket is bound to is the way to the endpoint, or there is
# none: the rewrite does not lead it elsewhere.
bound_to_another_device()
{
	ask "$node" -t 300 -d pod "$vip:80" > /dev/null
	check_fail $? "a socket bound to the pod's device reached an endpoint"
	ask "$client" -t 3000 -d eth0 "$vip:80" > "$tmp/ask"
	check_err $? "client: $(< "$tmp/ask")"
}

listeners_on_the_frontends_port()
{
	asked client "$client" -n 3 "$vip:8080"
	check_is "client, TCP" "$endpoints" "$ep1:80"
	asked client "$client" -u -n 3 "$vip:8080"
	check_is "client, UDP" "$endpoints" "$ep1:80"
	asked node "$node" -n 3 "$vip:8080"
	check_is "node, TCP" "$endpoints" "$ep1:80"
	asked node "$node" -u -n 3 "$vip:8080"
	check_is "node, UDP" "$endpoints" "$ep1:80"
}

listeners_are_reached_directly()
{
	local ns

	for ns in "$client" "$pod" "$node"; do
		asked "${ns%-*}" "$ns" "$node_at:80"
		check_is "${ns%-*}" "$endpoints" "$node_at:80"
		asked "${ns%-*}" "$ns" -u "$node_at:80"
		check_is "${ns%-*}" "$endpoints" "$node_at:80"
	done
}

# A reply ends at the node and is looked up in its sockets before our hooks have
# made it one from the VIP: here is one who takes it.
a_socket_in_the_way()
{
	local way

	for way in "" -u; do
		# shellcheck disable=SC2086  # none or one word
		{
			stream direct "$node" $way -s "$node_eps_ip" -p 6000 \
				"$ep1:80"
			stream other "$node" $way -s "$node_eps_ip" -p 6001 \
				"$vip:80"
			stream same "$node" $way -s "$node_eps_ip" -p 6000 \
				"$vip2:80"
		}
		stream_ends direct
		stream_ends other
		stream_ends same
	done
}

the_node_as_endpoint()
{
	local ns

	for ns in "$client" "$pod" "$node"; do
		stream tcp "$ns" -n 2 "$vip2:8080"
		stream udp "$ns" -u -n 2 "$vip2:8080"
		bulk "$ns" $((1000000 / slow)) "$vip2:8080"
		asked "${ns%-*}" "$ns" -U -l 3000 "$vip2:8080"
		stream_ends tcp
		stream_ends udp
	done
	# What it sends to itself is the same connection when it comes in.
	asked "own port" "$node" -s "$node_eps_ip" -p 6200 -r "$vip2:8080"
	check_is "own port" "${answers[0]}" "* *$node_eps_ip*:6200 *"
	asked "own port" "$node" -u -s "$node_eps_ip" -p 6200 "$vip2:8080"
	check_is "own port" "${answers[0]}" "* *$node_eps_ip*:6200 *"
}

without_early_demux()
{
	sysctl_in "$node" net.ipv4.ip_early_demux=0
	every_kind_of_client
	a_socket_in_the_way
	the_node_as_endpoint
	sysctl_in "$node" net.ipv4.ip_early_demux=1
}

with_conntrack()
{
	must flow flush
	drop_invalid
	every_kind_of_client
	a_socket_in_the_way
	the_node_as_endpoint
	nothing_invalid
	no_conntrack
}

errors_reach_the_socket()
{
	refused UDP ECONNREFUSED "$node" -u -t 3000 "$vip:9"
	refused TCP ECONNREFUSED "$node" -t 3000 "$vip:9"
	refused "no frontend" ECONNREFUSED "$node" "$vip:7"
	refused "no frontend" ECONNREFUSED "$node" -u "$vip:7"
}

# An unconnected socket of the node keeps apart who answers what.
ports_used_again()
{
	local n

	for n in 1 2 3; do
		asked "run $n" "$node" -U -p 6100 "$vip:80"
		check_is "run $n" "$endpoints" "$ep1:80"
		asked "run $n" "$node" -U -p 6100 "$vip2:80"
		check_is "run $n" "$endpoints" "$ep2:80"
		asked "run $n" "$node" -U -p 6100 "$ep1:80"
		check_is "run $n" "$endpoints" "$ep1:80"
		asked "run $n" "$node" -p 6100 -r "$vip:80"
		asked "run $n" "$node" -p 6100 -r "$vip2:80"
	done
}

setup_topology
# In IPv6 a socket that is bound to a device needs a route there.
ip_in "$node" <<< "route add ::/0 dev eps metric 4000"
serve "$eps" 80
serve "$node" 80 8080
run_tests_for "4 6" \
	every_kind_of_client \
	bound_to_another_device \
	listeners_on_the_frontends_port \
	listeners_are_reached_directly \
	a_socket_in_the_way \
	the_node_as_endpoint \
	without_early_demux \
	with_conntrack \
	errors_reach_the_socket \
	ports_used_again
