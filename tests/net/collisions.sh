#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Connections that would be one behind the rewrite: a client port that is used
# to two frontends of one endpoint, or to a frontend and to the endpoint.  All
# work at the same time, and what is meant for one never reaches the other: the
# peers know by every byte.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		  8080 |
#		      pod
#		       80
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

family_begins()
{
	flush
	ctl -b - <<- END || fail "no services"
		service add one tcp $vip:80 endpoint $ep1:80
		service add one-udp udp $vip:80 endpoint $ep1:80
		service add two tcp $vip2:80 endpoint $ep1:80
		service add two-udp udp $vip2:80 endpoint $ep1:80
		service add pod tcp $vip:84 $vip2:84 endpoint $pod_at:80
		service add pod-udp udp $vip:84 $vip2:84 endpoint $pod_at:80
		service add node tcp $vip:82 $vip2:82 endpoint $node_at:8080
		service add node-udp udp $vip:82 $vip2:82 endpoint $node_at:8080
		service add both tcp $vip2:83 endpoint $ep1:80 endpoint $ep2:80
		service add close tcp $vip:81 $vip2:81 endpoint $ep1:81
		service add closed udp $vip:9 $vip2:9 endpoint $ep1:9
		service add both-udp udp $vip2:83 endpoint $ep1:80 endpoint $ep2:80
	END
}

# together N ADDRESS NS WORD...: streams from one port, which nobody had before,
# to the last N words, opened in that order.  The endpoints see all of them come
# from ADDRESS, no two from one port.  Sets $seen to what they saw, by stream:
# "ENDPOINT CLIENT".
port=20000
together()
{
	local n=$1 address=$2 ns=$3 who="${3%-*}: ${*:4}" endpoint source
	local -A had=()
	shift 3

	port=$((port + 1))
	seen=()
	stream together "$ns" -p "$port" "$@"
	busywait 10000 has " open " "$tmp/together" "$n" ||
		fail "$who: $(< "$tmp/together")"
	while read -r endpoint source _; do
		check_is "$who" "${source%:*}" "$address"
		[ -z "${had[$endpoint $source]-}" ] ||
			fail "$who: two came from $source"
		had[$endpoint $source]=yes
		seen+=("$endpoint $source")
	done < "$tmp/together"
	stream_ends together
}

# plain N ADDRESS NS WORD...: together, and the first keeps its port
plain()
{
	together "$@"
	check_is "${3%-*}: ${*:4}" "${seen[0]-}" "* $2:$port"
}

# in_any_order N ADDRESS NS WORD... ONE TWO DIRECT: three streams with the one
# that begins directly last, in the middle, and first.  N is 2 if nobody could
# know that it was first, and then it is not.
in_any_order()
{
	local n=$1 words=("${@:2:$#-4}") one=${*:$#-2:1} two=${*:$#-1:1}
	local direct=${*:$#}

	plain 3 "${words[@]}" "$one" "$two" "$direct"
	plain 3 "${words[@]}" "$two" "$direct" "$one"
	[ "$n" = 2 ] || plain 3 "${words[@]}" "$direct" "$one" "$two"
}

# Connections through the node: without conntrack the first may not be direct.
passing()
{
	local known=$1

	in_any_order "$known" "$client_at" "$client" \
		"$vip:80" "$vip2:80" "$ep1:80"
	in_any_order "$known" "$client_at" "$client" -u \
		"$vip:80" "$vip2:80" "$ep1:80"
	in_any_order "$known" "$pod_at" "$pod" "$vip:80" "$vip2:80" "$ep1:80"
	in_any_order "$known" "$pod_at" "$pod" -u "$vip:80" "$vip2:80" "$ep1:80"
}

of_the_node()
{
	in_any_order 3 "$node_eps_at" "$node" -s "$node_eps_ip" \
		"$vip:80" "$vip2:80" "$ep1:80"
	in_any_order 3 "$node_eps_at" "$node" -u -s "$node_eps_ip" \
		"$vip:80" "$vip2:80" "$ep1:80"
}

# The server's own socket tells of a direct connection by TCP.
to_the_node()
{
	local known=$1

	in_any_order 3 "$client_at" "$client" \
		"$vip:82" "$vip2:82" "$node_at:8080"
	in_any_order "$known" "$client_at" "$client" -u \
		"$vip:82" "$vip2:82" "$node_at:8080"
}

of_the_node_to_itself()
{
	in_any_order 3 "$node_pod_at" "$node" -s "$node_pod_ip" \
		"$vip:82" "$vip2:82" "$node_at:8080"
	in_any_order 3 "$node_pod_at" "$node" -u -s "$node_pod_ip" \
		"$vip:82" "$vip2:82" "$node_at:8080"
}

# The node masquerades here; what the pod does with itself it never sees.
hairpin()
{
	local way direct=$node_at:8080

	for way in "" "-u"; do
		# shellcheck disable=SC2086  # none or one word
		{
			together 2 "$node_pod_at" "$pod" $way \
				"$vip:84" "$vip2:84"
			together 3 "$node_at" "$node" $way -s "$node_ip" \
				"$vip:82" "$vip2:82" "$direct"
			together 3 "$node_at" "$node" $way -s "$node_ip" \
				"$vip2:82" "$direct" "$vip:82"
			together 3 "$node_at" "$node" $way -s "$node_ip" \
				"$direct" "$vip:82" "$vip2:82"
		}
	done
}

without_conntrack()
{
	passing 2
	of_the_node
	to_the_node 2
	of_the_node_to_itself
	hairpin
}

with_conntrack()
{
	drop_invalid
	passing 3
	of_the_node
	to_the_node 3
	of_the_node_to_itself
	hairpin
	nothing_invalid
	no_conntrack
}

# The port is kept as long as another endpoint is free for it.
another_endpoint_comes_first()
{
	local way n

	for way in "" "-u"; do
		for n in 1 2 3; do
			# shellcheck disable=SC2086  # none or one word
			plain 2 "$client_at" "$client" $way "$vip:80" "$vip2:83"
			check_is "another endpoint" "${seen[1]-}" \
				"$ep2:80 $client_at:$port"
		done
	done
}

# But who is pinned stays pinned.
affinity_comes_before_the_port()
{
	must service set both affinity 60
	busywait 10000 pinned_to_the_first
	plain 2 "$client_at" "$client" "$vip:80" "$vip2:83"
	check_is "pinned" "${seen[1]-}" "$ep1:80 $client_at:*"
	must service set both affinity off
}

pinned_to_the_first()
{
	asked client "$client" "$vip2:83"
	[ "$endpoints" = "$ep1:80" ] || {
		must affinity flush both
		return 1
	}
}

# Every size of packets, while another connection has the port
shifted()
{
	local way

	for way in "" "-u"; do
		port=$((port + 1))
		# shellcheck disable=SC2086  # none or one word
		stream first "$client" $way -p "$port" "$vip:80"
		[ -n "$way" ] || {
			bulk "$client" $((1000000 / slow)) -p "$port" "$vip2:80"
			bulk "$client" $((1000000 / slow)) -p "$port" "$ep1:80"
		}
		[ -z "$way" ] || {
			asked client "$client" -u -p "$port" -l 5000 "$vip2:80"
			asked client "$client" -u -p "$port" -x "$ep1:80"
		}
		stream_ends first
	done
}

# An error tells of the port that the client has chosen.
errors_of_shifted()
{
	local to

	port=$((port + 1))
	for to in "$vip:9" "$vip2:9" "$ep1:9" "$vip:9"; do
		refused client ECONNREFUSED "$client" -u -t 3000 -p "$port" "$to"
		refused node ECONNREFUSED "$node" -u -t 3000 -p "$port" \
			-s "$node_eps_ip" "$to"
	done
}

# all_again: one after the other from one port, while what was before is not
# forgotten
all_again()
{
	asked client "$client" -p 6100 -r "$vip:80" "$vip2:80" "$ep1:80" "$vip:80"
	asked client "$client" -p 6102 -e "$vip:81" "$vip2:81" "$ep1:81" "$vip:81"
	asked client "$client" -p 6103 -u "$vip:80" "$vip2:80" "$ep1:80" "$vip:80"
	asked pod "$pod" -p 6103 -U "$vip:80" "$vip2:80" "$ep1:80" "$vip:80"
}

# conntrack remembers what it saw last, but not what it did not see.
used_again()
{
	all_again
	drop_invalid
	all_again
	nothing_invalid
	no_conntrack
	all_again
	drop_invalid
	all_again
	nothing_invalid
	no_conntrack
}

# Two that are each other's endpoints, and all four ports are one: a question of
# either looks like an answer to the other's, and gets its own all the same.
one_port_on_both_sides()
{
	local i

	must service add there udp "$vip:7946" endpoint "$ep1:7946"
	must service add back udp "$vip2:7946" endpoint "$client_at:7946"
	for i in 1 2 3; do
		asked "back $i" "$eps" -u -s "$ep_ip" -p 7946 -n 2 "$vip2:7946"
		asked "there $i" "$client" -u -s "$client_ip" -p 7946 -n 2 \
			"$vip:7946"
	done
}

nothing_was_dropped()
{
	local name

	read_stats
	for name in "${!stats[@]}"; do
		[[ $name != drop_* || ${stats[$name]} = 0 ]] ||
			fail "$name ${stats[$name]}"
	done
}

setup_topology
serve "$eps" 80 81/close 7946
serve "$client" 7946
serve "$node" 8080
serve "$pod" 80
run_tests_for "4 6" \
	without_conntrack \
	with_conntrack \
	another_endpoint_comes_first \
	affinity_comes_before_the_port \
	shifted \
	errors_of_shifted \
	used_again \
	one_port_on_both_sides \
	nothing_was_dropped
