#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Fragments: put together before a connection is looked for, taken apart again
# on the way out, in both directions; what never becomes whole is nobody's.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
#
# The packets are made by fragments.py, between $wire_client and $wire_ep.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

family_begins()
{
	flush
	ctl -b - <<- END || fail "no services"
		service add tcp tcp $wire_vip:80 endpoint $wire_ep:8080
		service add udp udp $wire_vip:80 endpoint $wire_ep:8080
	END
}

in_any_order()
{
	both in_any_order
}

the_first_packet()
{
	both begins_in_fragments
}

of_any_size()
{
	both of_any_size
}

# In IPv6 the first fragment must have all headers, by RFC 8200: one that does
# not is put together with nothing, and passes as it is.
a_tiny_first_fragment()
{
	local rx untranslated

	wire tiny_first
	[ "$family" = 6 ] || return
	read_stats
	rx=${stats[rx]} untranslated=${stats[untranslated]}
	wire tiny_first_is_left_alone
	read_stats
	# The connection was three packets.
	check_is "rx" "${stats[rx]}" $((rx + 4))
	check_is "untranslated" "${stats[untranslated]}" $((untranslated + 1))
}

more_headers()
{
	both with_more_headers
}

overlapping()
{
	both overlapping
}

the_same_twice()
{
	both twice
}

one_is_missing()
{
	both missing
}

of_two_connections()
{
	both mixed
}

checksums()
{
	both checksums
}

counters()
{
	local name
	local -A before

	must flow flush
	read_stats
	for name in "${!stats[@]}"; do
		before[$name]=${stats[$name]}
	done
	ctl -s -j endpoint show udp > "$tmp/before"
	wire counted
	ctl -s -j endpoint show udp > "$tmp/after"
	read_stats
	for name in rx:5 translated:5 untranslated:0 drop_malformed:0 \
		flow_new:1 icmp_odd:0; do
		check_is "${name%:*}" \
			$((stats[${name%:*}] - before[${name%:*}])) "${name#*:}"
	done
	jq -es 'map(.[0].stats) | (.[1].request_packets - .[0].request_packets) == 3 and
		(.[1].reply_packets - .[0].reply_packets) == 2 and
		(.[1].request_bytes - .[0].request_bytes) == 6000 and
		(.[1].reply_bytes - .[0].reply_bytes) == 4000' \
		"$tmp/before" "$tmp/after" > /dev/null ||
		fail "$(cat "$tmp/before" "$tmp/after")"
}

a_smaller_mtu_behind_the_node()
{
	ip -n "$node" link set eps mtu 1400
	wire smaller_mtu request 1400
	ip -n "$node" link set eps mtu 1500
	ip -n "$node" link set client mtu 1400
	wire smaller_mtu reply 1400
	ip -n "$node" link set client mtu 1500
}

echo_requests()
{
	local before

	before=$(stat echo_reply)
	wire echo
	check_is "echo replies" "$(stat echo_reply)" $((before + 8))
}

refused_as_a_whole()
{
	wire refused
}

never_whole()
{
	local before

	before=$(stat rx)
	sysctl_in "$node" net.ipv4.ipfrag_time=1 \
		net.netfilter.nf_conntrack_frag6_timeout=1
	wire never_whole
	check_is "rx" "$(stat rx)" "$before"
	sysctl_in "$node" net.ipv4.ipfrag_time=30 \
		net.netfilter.nf_conntrack_frag6_timeout=60
}

beside_conntrack()
{
	must flow flush
	drop_invalid
	both in_any_order
	both begins_in_fragments
	both with_more_headers
	wire echo
	nothing_invalid
	no_conntrack
}

setup_topology
wire_start fragments.py
run_tests_for "4 6" \
	in_any_order \
	the_first_packet \
	of_any_size \
	a_tiny_first_fragment \
	more_headers \
	overlapping \
	the_same_twice \
	one_is_missing \
	of_two_connections \
	checksums \
	counters \
	a_smaller_mtu_behind_the_node \
	echo_requests \
	refused_as_a_whole \
	never_whole \
	beside_conntrack
