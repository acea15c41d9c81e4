#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tables grow, have an end, and forget what is over.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#					10.2.9.9: packets to there vanish
#
# The client is many, 10.3.0.0/16.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

vip=10.96.0.10
# Room that CPUs keep for themselves: twice 64, for each but one.
spare=$((128 * ($(nproc) - 1)))

# refused_by_kernel SENTENCE WORD...
refused_by_kernel()
{
	local sentence=$1 text status=0
	shift

	text=$(ctl "$@" 2>&1) || status=$?
	check_is "status of svcctl $*" "$status" 2
	check_is "svcctl $*" "$text" "*$sentence*"
}

services_and_endpoints()
{
	local before

	must config set max-services 3 max-endpoints 4
	must service add third tcp
	refused_by_kernel "the limit max-services is reached" \
		service add fourth tcp
	refused_by_kernel "the limit max-services is reached" \
		service replace fourth tcp
	must endpoint add third 10.2.0.1:80
	must endpoint add third 10.2.0.2:80
	must endpoint add third 10.2.0.3:80
	must endpoint add third 10.2.0.4:80
	before=$(ctl service show; ctl endpoint show)
	refused_by_kernel "the limit max-endpoints is reached" \
		endpoint add third 10.2.0.5:80
	refused_by_kernel "the limit max-endpoints is reached" \
		service replace third tcp \
		endpoint 10.2.0.1:81 endpoint 10.2.0.1:82 \
		endpoint 10.2.0.1:83 endpoint 10.2.0.1:84 endpoint 10.2.0.1:85
	check_is "afterwards" "$(ctl service show; ctl endpoint show)" "$before"
	# What is there may stay and change, whatever the limit is.
	must config set max-services 1 max-endpoints 1
	must endpoint set third 10.2.0.1:80 weight 3
	must service replace third tcp endpoint 10.2.0.1:80
	must service del third
	must config set max-services 1048576 max-endpoints 65535
}

half_open_flows_make_room()
{
	local evicted room connected

	must config set max-flows 500
	stream talk "$client" -n 20 "$vip:80"
	must service replace lost tcp "$vip:81" endpoint 10.2.9.9:80
	ask "$client" -f -n 550 -i -s 10.3.0.1 "$vip:81"
	read_stats
	evicted=${stats[flow_evicted]}
	room=$((500 - stats[flow_live]))
	check_num "room for flows" "$room >= 0 && $room < 50 + $spare"
	check_num "evicted" "$evicted > 0"
	ask "$client" -n 100 -t 200 "$vip:80" > "$tmp/asked"
	connected=$(grep -cF 10.2.0.1:80 "$tmp/asked")
	# Only flows nearby are looked at: sometimes none can go.
	check_num "connected" "$connected >= 80"
	check_num "evicted for them" \
		"$(stat flow_evicted) >= $evicted + $connected - $room"
	stream_ends talk
	must service del lost
	must flow flush
}

answered_flows_do_not()
{
	local before live

	must config set max-flows 300
	before=$(stat drop_flow_limit)
	stream talk "$client" -n 20 "$vip:80"
	# By UDP, because TCP that was closed is half gone.
	ask "$client" -u -n 340 -t 20 -i -s 10.3.0.1 -p 5000 \
		"$vip:80" > "$tmp/asked"
	read_stats
	live=${stats[flow_live]}
	check_num "flows" "$live <= 300 && $live > 250 - $spare"
	check_num "dropped" "${stats[drop_flow_limit]} >= $before + 40"
	refused "one more" ETIMEDOUT "$client" -t 300 "$vip:80"
	check_is "evicted" "$(stat flow_evicted)" "${stats[flow_evicted]}"
	asked "a flow that is there" "$client" -u -n 100 -i -s 10.3.0.1 \
		-p 5000 "$vip:80"
	stream_ends talk
	must flow flush
	must config set max-flows 1000000
}

flows_expire()
{
	local before

	must config set timeout-udp 1 timeout-tcp-transitory 1 \
		timeout-tcp-closing 1 timeout-tcp-established 3
	before=$(stat flow_expired)
	stream talk "$client" -n 4 "$vip:80"
	# None from a port that another one had: that is a conversation.
	asked "one question" "$client" -u -n 20 -i -s 10.3.1.1 -p 5001 "$vip:80"
	asked "after FIN" "$client" -n 10 "$vip:80"
	asked "after RST" "$client" -n 10 -r "$vip:80"
	# Twice each from one port: that is one.
	asked first "$client" -u -n 10 -i -s 10.3.0.1 -p 5000 "$vip:80"
	asked second "$client" -u -n 10 -i -s 10.3.0.1 -p 5000 "$vip:80"
	slowwait 10000 stat_is flow_live 14 ||
		fail "flows: $(stat flow_live) instead of 14"
	check_is "expired" "$(stat flow_expired)" $((before + 40))
	must config set timeout-udp-stream 1
	slowwait 10000 stat_is flow_live 4 ||
		fail "flows: $(stat flow_live) instead of 4"
	# The timeout of these is long over, but they talk.
	stream_ends talk
	must config set timeout-udp 30 timeout-tcp-transitory 120 \
		timeout-tcp-closing 10 timeout-tcp-established 86400 \
		timeout-udp-stream 120
}

idle_connections_expire()
{
	must flow flush
	stream silent "$client" "$vip:80"
	kill -STOP "${stream_pids[silent]}"
	must config set timeout-tcp-established 1
	slowwait 10000 stat_is flow_live 0 || fail "the flow does not expire"
	must config set timeout-tcp-established 86400
	kill -CONT "${stream_pids[silent]}"
	busywait 5000 has " ECONNRESET " "$tmp/silent" ||
		fail "$(cat "$tmp/silent")"
	wait "${stream_pids[silent]}"
}

table_grows()
{
	local many=20000 new shown

	[ "$slow" = 1 ] || many=3000
	must flow flush
	# Without answers, for the sake of time.
	ip -n "$node" route add 10.2.0.1/32 dev nowhere
	ask "$client" -u -f -n "$many" -i -s 10.3.0.1 -p 5000 "$vip:80"
	ip -n "$node" route del 10.2.0.1/32 dev nowhere
	read_stats
	new=${stats[flow_new]}
	check_is "flows" "${stats[flow_live]}" "$many"
	asked "the first" "$client" -u -n 20 -i -s 10.3.0.1 -p 5000 "$vip:80"
	asked "the last" "$client" -u -n 20 -i -p 5000 \
		-s "10.3.$(((many - 19) / 256)).$(((many - 19) % 256))" \
		"$vip:80"
	check_is "new flows" "$(stat flow_new)" "$new"
	shown=$(ctl flow show | wc -l)
	check_is "lines of flow show" "$shown" $((many + 1))
	must flow flush dns
	check_is "flows after a flush" "$(stat flow_live)" 0
}

setup_topology
serve "$eps" 80
ip -n "$node" route add 10.2.9.9/32 dev nowhere
ctl -b - <<- END || bail_out "no services"
	service add web tcp $vip:80 endpoint 10.2.0.1:80
	service add dns udp $vip:80 endpoint 10.2.0.1:80
END
run_tests \
	services_and_endpoints \
	half_open_flows_make_room \
	answered_flows_do_not \
	flows_expire \
	idle_connections_expire \
	table_grows
