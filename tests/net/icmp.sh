#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Errors of ICMP and ICMPv6 about connections through a service: whom they are
# told to finds in them what he has sent himself, and from whom he expects it.
# What cannot be about a connection is left as it is.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
#
# The packets are made by icmp.py, between $wire_client and $wire_ep, and by
# routers next to these.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/related.sh"

family_begins()
{
	flush
	ctl -b - <<- END || fail "no services"
		service add tcp tcp $wire_vip:80 endpoint $wire_ep:8080
		service add udp udp $wire_vip:80 endpoint $wire_ep:8080
	END
}

every_kind()
{
	local before

	before=$(stat icmp_error)
	both every_kind
	check_is "translated" $(($(stat icmp_error) - before)) 104
}

quotes_of_any_length()
{
	both quotes_of_any_length
}

odd_quotes()
{
	both odd_quotes
}

in_fragments()
{
	both in_fragments
}

redirects()
{
	[ "$family" = 4 ] || { RET=$ksft_skip; return; }
	wire redirects
}

# left_alone FUNCTION PROTO WORD...: translates no error, makes one flow;
# odd_ones is how many were counted.
left_alone()
{
	local errors new

	read_stats
	errors=${stats[icmp_error]} new=${stats[flow_new]}
	odd_ones=${stats[icmp_odd]}
	wire "$@"
	read_stats
	odd_ones=$((stats[icmp_odd] - odd_ones))
	check_is "$1 $2: translated" $((stats[icmp_error] - errors)) 0
	check_is "$1 $2: flows made" $((stats[flow_new] - new)) 1
}

nothing_to_be_seen()
{
	local proto

	for proto in tcp udp; do
		left_alone odd "$proto" "$tmp/odd"
		check_is "$proto: counted" "$odd_ones" "$(< "$tmp/odd")"
		check_num "$proto: counted" "odd_ones > 60"
	done
}

forged()
{
	local proto

	for proto in tcp udp; do
		left_alone forged "$proto"
		check_is "$proto: counted" "$odd_ones" 0
	done
}

flows()
{
	ctl -j flow show | jq -S 'map(del(.idle))'
}

flows_are_as_before()
{
	local proto before

	must flow flush
	for proto in tcp udp; do
		wire flow_opens "$proto"
		before=$(flows)
		wire one_more
		check_is "flows" "$(flows)" "$before"
		check_is "how many" "$(stat flow_live)" 1
		must flow flush
		wire gone
		check_is "how many" "$(stat flow_live)" 0
	done
}

# one_flow_less: errors go on, and the flow ends for all that.
one_flow_less()
{
	wire tell
	stat_is flow_live 0
}

nothing_is_refreshed()
{
	must flow flush
	must config set timeout-udp 1 timeout-tcp-transitory 1 \
		timeout-tcp-established 1
	wire flow_opens udp
	busywait 12000 one_flow_less || fail "an error refreshed a flow"
	must config set timeout-udp 30 timeout-tcp-transitory 120 \
		timeout-tcp-established 86400
}

# Beside conntrack each error that is forwarded must be RELATED.
beside_conntrack()
{
	must flow flush
	drop_unrelated
	both every_kind
	both odd_quotes
	both in_fragments
	nothing_unrelated
}

setup_topology
wire_start icmp.py
run_tests_for "4 6" \
	every_kind \
	quotes_of_any_length \
	odd_quotes \
	in_fragments \
	redirects \
	nothing_to_be_seen \
	forged \
	flows_are_as_before \
	nothing_is_refreshed \
	beside_conntrack
