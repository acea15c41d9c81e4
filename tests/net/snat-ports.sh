#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Which ports masqueraded connections get: some of a range, nobody else's, and
# none when all are in use.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#    8, 9	   8080 |
#		       pod
#			80
#
# The pod is its own endpoint, and two of the client's many addresses are
# frontends: these are masqueraded.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

family_begins()
{
	local l='' r=''

	[ "$family" = 4 ] || l=[ r=]
	flush
	ctl -b - <<- END || fail "no services"
		config set snat-ports auto
		service add pod tcp $vip:80 endpoint $pod_at:80
		service add pod-udp udp $vip:80 endpoint $pod_at:80
		service add far tcp $vip2:80 endpoint $ep1:80
		service add far-udp udp $vip2:80 endpoint $ep1:80
		service add sources tcp $l${many}8$r:7 $l${many}9$r:7
	END
}

# streams_as NAME ADDRESS NS WORD...: likewise, for a stream that goes on.  Sets
# $port to the ports that were seen, in the order of the streams.
streams_as()
{
	local name=$1 address=$2 source ports=()
	shift 2

	stream "$name" "$@"
	while read -r _ source _; do
		check_is "$name" "${source%:*}" "$address"
		ports+=("${source##*:}")
	done < "$tmp/$name"
	port=${ports[*]}
}

# few_ports N: only that many, which nobody had before, from $first on: so few
# that all of them are found.
first=40000
few_ports()
{
	first=$((first + 10))
	must config set snat-ports "$first-$((first + $1 - 1))"
}

any_port()
{
	must config set snat-ports auto
}

ports_of_the_range()
{
	local low high n

	read -r low high < <(ip netns exec "$node" sysctl -n \
		net.ipv4.ip_local_port_range)
	for n in 1 2 3 4; do
		seen_as "$node_pod_at" "$pod" "$vip:80"
		check_num "port" "$port >= 1024 && ($port < $low || $port > $high)"
	done
	few_ports 3
	for n in 1 2 3; do
		seen_as "$node_pod_at" "$pod" "$vip:80"
		check_num "port" "$first <= $port && $port < $first + 3"
	done
	any_port
}

# Clients that have chosen the same port are two for the endpoint.
the_same_port()
{
	local way eight

	few_ports 2
	for way in "" "-u"; do
		# shellcheck disable=SC2086  # none or one word
		{
			streams_as eight "$node_eps_at" "$client" $way \
				-s "${many}8" -p 4100 "$vip2:80"
			eight=$port
			streams_as nine "$node_eps_at" "$client" $way \
				-s "${many}9" -p 4100 "$vip2:80"
		}
		check_num "ports" "${eight:-0} + ${port:-0} == 2 * $first + 1"
		stream_ends eight
		stream_ends nine
	done
	must flow flush
	any_port
}

# exhausted OPTION... ADDR:PORT: the pod has all that there is; then the end
exhausted()
{
	local before

	streams_as all "$node_pod_at" "$pod" -n 4 "$@"
	check_is "ports" "$(tr ' ' '\n' <<< "$port" | sort | tr '\n' ' ')" \
		"$first $((first + 1)) $((first + 2)) $((first + 3)) "
	before=$(stat drop_snat)
	ask "$pod" -t 300 "$@" > /dev/null
	check_fail $? "an answer without a port"
	check_num "drop_snat" "$(stat drop_snat) > $before"
	# Each of many costs no more than its share.
	before=$(stat drop_snat)
	[ "$1" != -u ] || {
		ask "$pod" -f -u -s "$pod_ip" -n 100 "$vip:80"
		busywait 5000 stat_is drop_snat $((before + 100)) ||
			fail "not all of 100 were dropped"
	}
	# Another endpoint is another matter.
	seen_as "$node_eps_at" "$client" -s "${many}9" "$vip2:80"
	stream_ends all
}

ports_run_out()
{
	few_ports 4
	exhausted "$vip:80"
	# They are over, and wait only for what may be under way.
	seen_as "$node_pod_at" "$pod" -n 8 "$vip:80"
	must config set timeout-udp 1 timeout-udp-stream 1
	exhausted -u "$vip:80"
	slowwait 10000 ask "$pod" -u -t 1000 "$vip:80" > /dev/null ||
		fail "no port after all flows have ended"
	must config set timeout-udp 30 timeout-udp-stream 120
	must flow flush
	any_port
}

# Who sends SYNs and hears no answer has no port for long if others want it.
who_is_not_answered_gives_way()
{
	local before n

	few_ports 2
	nft_node <<- END
		table inet silent {
			chain forward {
				type filter hook forward priority 0
				tcp dport 80 drop
			}
		}
	END
	before=$(stat drop_snat)
	for n in 1 2 3; do
		ask "$client" -s "${many}8" -t 200 "$vip2:80" > /dev/null
		check_fail $? "an answer to $n of nobody"
	done
	check_num "drop_snat" "$(stat drop_snat) > $before"
	nft_node <<< "delete table inet silent"
	before=$(stat flow_evicted)
	slowwait 20000 ask "$client" -s "${many}9" -t 300 "$vip2:80" \
		> /dev/null || fail "no port though nobody was ever answered"
	check_num "flow_evicted" "$(stat flow_evicted) > $before"
	any_port
}

ports_of_sockets_are_spared()
{
	local way before

	few_ports 2
	for way in "" "-u"; do
		# shellcheck disable=SC2086  # none or one word
		{
			stream direct "$node" $way -s "$node_eps_ip" \
				-p "$first" "$ep1:80"
			streams_as two "$node_eps_at" "$client" $way \
				-s "${many}9" "$vip2:80"
			check_is "port" "$port" $((first + 1))
			before=$(stat drop_snat)
			ask "$client" $way -s "${many}9" -t 300 "$vip2:80" \
				> /dev/null
			check_fail $? "an answer without a port"
			check_num "drop_snat" "$(stat drop_snat) > $before"
		}
		stream_ends direct
		stream_ends two
		must flow flush
	done
	must config set snat-ports 8080-8081
	streams_as tcp "$node_pod_at" "$pod" "$vip:80"
	check_is "a listener's port" "$port" 8081
	streams_as udp "$node_pod_at" "$pod" -u "$vip:80"
	check_is "a listener's port" "$port" 8081
	stream_ends tcp
	stream_ends udp
	must flow flush
	any_port
}

# A socket of the node chooses what is ours already: its port is shifted.
a_socket_comes_later()
{
	local way

	few_ports 1
	for way in "" "-u"; do
		# shellcheck disable=SC2086  # none or one word
		{
			streams_as ours "$node_eps_at" "$client" $way \
				-s "${many}9" "$vip2:80"
			check_is "port" "$port" "$first"
			streams_as socket "$node_eps_at" "$node" $way \
				-s "$node_eps_ip" -p "$first" "$ep1:80"
			check_num "port" "${port:-$first} != $first"
		}
		stream_ends socket
		stream_ends ours
		must flow flush
	done
	any_port
}

ports_of_conntrack_are_spared()
{
	local way

	few_ports 2
	drop_invalid
	nft_node <<- END
		table inet cni {
			chain postrouting {
				type nat hook postrouting priority 100
				iifname "pod" meta l4proto tcp \
					masquerade to :$first
				iifname "pod" meta l4proto udp \
					masquerade to :$first
			}
		}
	END
	for way in "" "-u"; do
		# shellcheck disable=SC2086  # none or one word
		{
			streams_as cni "$node_eps_at" "$pod" $way "$ep1:80"
			check_is "port" "$port" "$first"
			streams_as ours "$node_eps_at" "$client" $way \
				-s "${many}9" "$vip2:80"
			check_is "port" "$port" $((first + 1))
		}
		stream_ends cni
		stream_ends ours
		must flow flush
	done
	any_port
	nft_node <<< "delete table inet cni"
	nothing_invalid
	no_conntrack
}

with_conntrack()
{
	must flow flush
	drop_invalid
	the_same_port
	ports_of_sockets_are_spared
	a_socket_comes_later
	nothing_invalid
	no_conntrack
}

setup_topology
serve "$eps" 80
serve "$node" 8080
serve "$pod" 80
run_tests_for "4 6" \
	ports_of_the_range \
	the_same_port \
	ports_run_out \
	who_is_not_answered_gives_way \
	ports_of_sockets_are_spared \
	a_socket_comes_later \
	ports_of_conntrack_are_spared \
	with_conntrack
