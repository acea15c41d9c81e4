#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the module does can be watched by tracepoints.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

tracing=/sys/kernel/tracing

family_begins()
{
	flush
	must service add web tcp "$vip:80" endpoint "$ep1:80"
	must service add dns udp "$vip:53" endpoint "$ep1:53"
	must service add empty tcp "$vip:90"
	must service add empty-udp udp "$vip:90"
}

watch()
{
	echo > "$tracing/trace"
	echo 1 > "$tracing/events/svcnat/enable"
}

# traced EVENT TEXT...: there is a line of it with all of that
traced()
{
	local line text lines=()

	mapfile -t lines < <(grep -F " svcnat_$1: " "$tracing/trace")
	for line in "${lines[@]}"; do
		for text in "${@:2}"; do
			[[ $line == *"$text"* ]] || continue 2
		done
		return 0
	done
	fail "no svcnat_$1 with ${*:2}, but ${lines[*]-none}"
}

events_are_there()
{
	local name

	for name in pick flow_new flow_end drop; do
		[ -d "$tracing/events/svcnat/svcnat_$name" ] ||
			fail "no svcnat_$name"
	done
}

picks_and_flows()
{
	watch
	asked client "$client" -p 4000 "$vip:80"
	asked client "$client" -u -p 4000 "$vip:53"
	traced pick "$vip_ip" "$ep_ip"
	traced flow_new "$client_ip" 4000
	must flow flush
	traced flow_end "$client_ip" 4000
}

a_packet_of_a_flow_is_no_event()
{
	stream one "$client" "$vip:80"
	watch
	bulk "$node" $((200000 / slow)) "$vip:80"
	[ "$(grep -cF svcnat_flow_new "$tracing/trace")" = 1 ] ||
		fail "$(grep -F svcnat_ "$tracing/trace")"
	stream_ends one
}

# A table for no flow at all: what comes first in a connection is dropped.
drops()
{
	local limit

	limit=$(ctl config show | awk '$1 == "max-flows" { print $2 }')
	must flow flush
	must config set max-flows 0
	watch
	ask "$client" -u -t 200 "$vip:53" > /dev/null
	check_fail $? "a flow more than are allowed"
	traced drop "$client_ip"
	must config set max-flows "$limit"
}

every_reason_has_its_name()
{
	local name

	read_stats
	for name in "${!stats[@]}"; do
		[[ $name == drop_* || $name == reject_* ]] || continue
		has "\"$name\"" "$tracing/events/svcnat/svcnat_drop/format" ||
			fail "$name is a number"
	done
}

quiet_when_off()
{
	echo 0 > "$tracing/events/svcnat/enable"
	echo > "$tracing/trace"
	asked client "$client" "$vip:80"
	! grep -qF svcnat_ "$tracing/trace" ||
		fail "$(grep -F svcnat_ "$tracing/trace")"
}

[ -e $tracing/events ] || skip_all "the kernel has no trace events"
setup_topology
serve "$eps" 80 53
run_tests \
	events_are_there \
	every_reason_has_its_name \
	{picks_and_flows,a_packet_of_a_flow_is_no_event,drops,quiet_when_off}@{4,6}
