#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets that do not live long enough: every router on the way says so to the
# socket that sent them, about the address that this socket knows.
#
#    client ---- near ---- node ---- far ---- eps	see tests/lib/routers.sh
#			   |
#			  pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/routers.sh"

family_begins()
{
	flush
	use_routers
	ctl -b - <<- END || fail "no services"
		service add tcp tcp $vip:80 endpoint $ep1:80
		service add udp udp $vip:80 endpoint $ep1:80
		service add closed tcp $vip:9 endpoint $ep1:9
		service add closed-udp udp $vip:9 endpoint $ep1:9
		service add back udp $vip:81 endpoint $ep1:81
		service add self tcp $vip2:80 endpoint $pod_at:80
		service add self-udp udp $vip2:80 endpoint $pod_at:80
		service add self-back udp $vip2:81 endpoint $pod_at:81
	END
}

# expired ADDR PORT FROM...: lines as probe prints them
expired()
{
	local from

	for from in "${@:3}"; do
		echo "EHOSTUNREACH $from $1 $2 0"
	done
}

# hops NS EXPECTED WORD...: see net/probe.c
hops()
{
	check_is "${1%-*}: hops ${*:3}" \
		"$("$probe" -N "$1" hops "${@:3}")" "$2"
}

# hops_back SERVER ADDR CLIENT VIP EXPECTED: the server's answers do not live
# long enough, and at last the client's port is closed.
hops_back()
{
	: > "$tmp/hops"
	"$probe" -N "$1" hops -w "$2" 81 > "$tmp/hops" &
	busywait 5000 has ready "$tmp/hops" || fail "the server is not ready"
	ask "$3" -u -f -p 4000 "$4:81"
	wait $!
	check_is "${1%-*}: hops back" "$(< "$tmp/hops")" "ready"$'\n'"$5"
}

by_udp()
{
	hops "$client" "$(expired "$vip_ip" 80 "$near_ip" "$node_near_ip" \
		"$far_ip")"$'\n'answered "$vip_ip" 80
	hops "$pod" "$(expired "$vip_ip" 80 "$node_pod_ip" \
		"$far_ip")"$'\n'answered "$vip_ip" 80
	hops "$node" "$(expired "$vip_ip" 80 "$far_ip")"$'\n'answered \
		"$vip_ip" 80
}

by_tcp()
{
	hops "$client" "$(expired "$vip_ip" 80 "$near_ip" "$node_near_ip" \
		"$far_ip")"$'\n'answered -T "$vip_ip" 80
	hops "$pod" "$(expired "$vip_ip" 80 "$node_pod_ip" \
		"$far_ip")"$'\n'answered -T "$vip_ip" 80
	hops "$node" "$(expired "$vip_ip" 80 "$far_ip")"$'\n'answered \
		-T "$vip_ip" 80
}

# It is the endpoint that refuses, in the name of the service.
to_a_closed_port()
{
	local refused="ECONNREFUSED $vip_ip $vip_ip 9 0"

	hops "$client" "$(expired "$vip_ip" 9 "$near_ip" "$node_near_ip" \
		"$far_ip")"$'\n'"$refused" "$vip_ip" 9
	hops "$node" "$(expired "$vip_ip" 9 "$far_ip")"$'\n'"$refused" \
		"$vip_ip" 9
	# By a RST
	hops "$client" "$(expired "$vip_ip" 9 "$near_ip" "$node_near_ip" \
		"$far_ip")"$'\n'"ECONNREFUSED - - 0 0" -T "$vip_ip" 9
}

# What traceroute does, if nobody tells it otherwise
to_a_port_of_nobody()
{
	hops "$client" "$(expired "$vip_ip" 33434 "$near_ip")
ECONNREFUSED $node_near_ip $vip_ip 33434 0" "$vip_ip" 33434
	hops "$client" "$(expired "$vip_ip" 99 "$near_ip")
ECONNREFUSED - - 0 0" -T "$vip_ip" 99
}

answers()
{
	hops_back "$eps" "$ep_ip" "$client" "$vip" \
		"$(expired "$client_ip" 4000 "$far_eps_ip" "$node_far_ip" \
		   "$near_node_ip")
ECONNREFUSED $client_ip $client_ip 4000 0"
	hops_back "$eps" "$ep_ip" "$pod" "$vip" \
		"$(expired "$pod_ip" 4000 "$far_eps_ip" "$node_far_ip")
ECONNREFUSED $pod_ip $pod_ip 4000 0"
}

# A pod that draws itself talks to the node, at both ends.
masqueraded()
{
	hops "$pod" "$(expired "$vip2_ip" 80 "$node_pod_ip")"$'\n'answered \
		"$vip2_ip" 80
	hops "$pod" "$(expired "$vip2_ip" 80 "$node_pod_ip")"$'\n'answered \
		-T "$vip2_ip" 80
	hops_back "$pod" "$pod_ip" "$pod" "$vip2" \
		"$(expired "$node_pod_ip" "*" "$node_pod_ip")
ECONNREFUSED $node_pod_ip $node_pod_ip * 0"
}

# The errors are about connections that conntrack knows already: a packet of each
# has arrived.
beside_conntrack()
{
	drop_invalid
	hops "$client" "$(expired "$vip_ip" 80 "$near_ip" "$node_near_ip" \
		"$far_ip")"$'\n'answered -e "$vip_ip" 80
	hops "$client" "$(expired "$vip_ip" 80 "$far_ip")"$'\n'answered \
		-T -b 3 "$vip_ip" 80
	hops "$pod" "$(expired "$vip_ip" 80 "$node_pod_ip" \
		"$far_ip")"$'\n'answered -e "$vip_ip" 80
	hops "$node" "$(expired "$vip_ip" 80 "$far_ip")"$'\n'answered \
		"$vip_ip" 80
	hops "$client" "ECONNREFUSED $vip_ip $vip_ip 9 0" -b 9 -m 9 "$vip_ip" 9
	answers
	hops "$pod" "$(expired "$vip2_ip" 80 "$node_pod_ip")"$'\n'answered \
		-e "$vip2_ip" 80
	hops_back "$pod" "$pod_ip" "$pod" "$vip2" \
		"$(expired "$node_pod_ip" "*" "$node_pod_ip")
ECONNREFUSED $node_pod_ip $node_pod_ip * 0"
	nothing_invalid
	no_conntrack
}

build_probe
setup_routers
serve "$eps" 80
serve "$pod" 80
run_tests_for "4 6" \
	by_udp \
	by_tcp \
	to_a_closed_port \
	to_a_port_of_nobody \
	answers \
	masqueraded \
	beside_conntrack
