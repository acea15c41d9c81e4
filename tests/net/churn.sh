#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Services change while they are in use.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod			10.2.9.9: packets to there vanish
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

vip=10.96.0.10

# reset_services: both are what they were in the beginning
reset_services()
{
	local list="$vip:80 endpoint 10.2.0.1:80 endpoint 10.2.0.2:80"

	list+=" endpoint 10.2.0.3:80 endpoint 10.2.0.4:80"
	ctl -b - <<- END || fail "cannot reset the services"
		service replace web tcp $list
		service replace dns udp $list
	END
}

endpoints_come_and_go()
{
	stream many "$client" -n 16 "$vip:80"
	must endpoint del web 10.2.0.1:80
	must endpoint del web 10.2.0.2:80
	must endpoint del web 10.2.0.3:80
	check_num "flows without endpoint" "$(stat flow_orphan) > 0"
	asked new "$client" -n 8 "$vip:80"
	check_is "new connections" "$endpoints" 10.2.0.4:80
	streams_go_on
	must endpoint add web 10.2.0.2:80
	must endpoint del web 10.2.0.4:80
	streams_go_on
	stream_ends many
	reset_services
}

endpoints_change()
{
	stream many "$client" -n 16 "$vip:80"
	must endpoint set web 10.2.0.1:80 state unready
	must endpoint set web 10.2.0.2:80 state terminating
	must endpoint set web 10.2.0.3:80 weight 0
	must endpoint set web 10.2.0.4:80 weight 100 local
	streams_go_on
	stream_ends many
	reset_services
}

service_is_replaced()
{
	local before

	read_stats
	before="${stats[endpoint_new]} ${stats[frontend_new]}"
	before+=" ${stats[flow_orphan]}"
	stream many "$client" -n 16 "$vip:80"
	must service replace web tcp "$vip:80" endpoint 10.2.0.4:80 \
		endpoint 10.2.0.3:80 endpoint 10.2.0.2:80 endpoint 10.2.0.1:80
	read_stats
	check_is "new objects, flows without endpoint" \
		"${stats[endpoint_new]} ${stats[frontend_new]} ${stats[flow_orphan]}" \
		"$before"
	must service replace web tcp "$vip:81" affinity 60 \
		endpoint 10.2.0.1:80
	asked new "$client" "$vip:81"
	streams_go_on
	stream_ends many
	reset_services
}

service_comes_back()
{
	stream many "$client" -n 16 "$vip:80"
	stream node "$node" -n 4 "$vip:80"
	must service del web
	streams_go_on
	reset_services
	streams_go_on
	must service flush
	reset_services
	asked new "$client" "$vip:80"
	stream_ends many
	stream_ends node
}

many_changes()
{
	local i churn

	for i in {1..60}; do
		echo "endpoint del web 10.2.0.$((i % 4 + 1)):80"
		echo "service set web affinity $((i % 2 * 60))"
		echo "endpoint add web 10.2.0.$((i % 4 + 1)):80 weight $i"
		echo "frontend add web 10.96.0.11:80"
		echo "frontend del web 10.96.0.11:80"
	done > "$tmp/churn"
	stream many "$client" -n 8 "$vip:80"
	ctl -b "$tmp/churn" &
	churn=$!
	asked "new connections" "$client" -n $((300 / slow)) "$vip:80"
	wait "$churn" || fail "svcctl -b failed"
	stream_ends many
	reset_services
}

# udp_at: which endpoint a flow that goes on has, in $endpoints
udp_at()
{
	asked "UDP $1" "$client" -u -p 5000 "$vip:80"
}

# udp_moves WORD...: the very next packet after the change goes elsewhere
udp_moves()
{
	local at

	udp_at before
	at=$endpoints
	must "$1" "$2" dns "$at" "${@:3}"
	udp_at after
	[ "$endpoints" != "$at" ] || fail "UDP stays after $*"
	reset_services
}

udp_leaves_who_is_gone_at_once()
{
	udp_moves endpoint del
	udp_moves endpoint set state unready
}

udp_stays_otherwise()
{
	local at

	udp_at first
	at=$endpoints
	must endpoint set dns "$at" state terminating
	udp_at terminating
	check_is "terminating" "$endpoints" "$at"
	must endpoint set dns "$at" weight 0
	udp_at "weight 0"
	check_is "weight 0" "$endpoints" "$at"
	must endpoint add dns 10.2.0.1:81
	must service set dns affinity 60
	udp_at "other changes"
	check_is "other changes" "$endpoints" "$at"
	reset_services
}

udp_older_than_its_service()
{
	must service del dns
	must flow flush
	ask "$client" -u -p 5000 -t 200 "$vip:80" > /dev/null
	check_fail $? "there is no service and it answers"
	reset_services
	udp_at "of a new service"
	must service del dns
	ask "$client" -u -p 5000 -t 200 "$vip:80" > /dev/null
	check_fail $? "the service is removed and it answers"
	reset_services
	udp_at "when it is back"
}

half_open_tcp_leaves_who_is_gone()
{
	local pid

	must flow flush
	must service replace web tcp "$vip:80" endpoint 10.2.9.9:80
	ask "$client" -p 5001 -t 20000 "$vip:80" > "$tmp/half-open" &
	pid=$!
	busywait 3000 stat_is flow_live 1 || fail "no flow"
	# From now on nothing may become of the first connection.
	reset_services
	wait "$pid" || fail "$(cat "$tmp/half-open")"
	read -r took < <(sed 's/.* //' "$tmp/half-open")
	note "connected after $took ms"
	check_num "one retransmission or two, ms" \
		"$took < 3500 * ($slow > 1 ? 3 : 1)"
	check_num "drawn afresh" "$(stat flow_repicked) > 0"
}

# again WHAT WORD...: connections from one port, one right after the other
again()
{
	local what=$1 line

	asked "$what" "$client" -p 5002 "${@:2}"
	for line in "${answers[@]}"; do
		check_num "$what, ms" "${line##* } < 900 * ($slow > 1 ? 3 : 1)"
	done
}

tcp_port_is_used_again()
{
	local before at

	must service replace web tcp "$vip:80" endpoint 10.2.0.1:81 \
		endpoint 10.2.0.2:81 endpoint 10.2.0.3:81 endpoint 10.2.0.4:81
	before=$(stat flow_reused)
	again "after FIN" -e -n 10 "$vip:80"
	check_is "after FIN, one endpoint" "$endpoints" '10.2.0.?:81'
	check_is "after FIN, reused" "$(stat flow_reused)" $((before + 9))
	at=$endpoints
	must endpoint del web "$at"
	again "endpoint gone" -e "$vip:80"
	[ "$endpoints" != "$at" ] || fail "connected to $at, which is gone"
	at=$endpoints
	must endpoint set web "$at" state terminating
	again "endpoint terminating" -e "$vip:80"
	[ "$endpoints" != "$at" ] || fail "connected to $at, which ends"
	# Here TCP itself may need a second, also without us.
	asked "after RST" "$client" -p 5002 -r -n 10 "$vip:80"
	reset_services
}

# used_again_after VERB WORD...: a client that resets leaves no word of the
# endpoint's; once that is changed so, the same port must go elsewhere, at once
used_again_after()
{
	local at

	asked "before $*" "$client" -p 5003 -r "$vip:80"
	at=$endpoints
	must endpoint "$1" web "$at" "${@:2}"
	again "after $*" -p 5003 -r "$vip:80"
	[ "$endpoints" != "$at" ] || fail "connected to $at after $*"
	reset_services
}

tcp_port_is_used_again_after_a_reset()
{
	used_again_after del
	used_again_after set state unready
	used_again_after set state terminating
	used_again_after set weight 0
	# Nothing to avoid: the same one
	asked "nothing changed" "$client" -p 5003 -r -n 5 "$vip:80"
	check_is "nothing changed, one endpoint" "$endpoints" '10.2.0.?:80'
}

setup_topology
serve "$eps" 80 81/close
ip -n "$node" route add 10.2.9.9/32 dev nowhere
reset_services
run_tests \
	endpoints_come_and_go \
	endpoints_change \
	service_is_replaced \
	service_comes_back \
	many_changes \
	udp_leaves_who_is_gone_at_once \
	udp_stays_otherwise \
	udp_older_than_its_service \
	half_open_tcp_leaves_who_is_gone \
	tcp_port_is_used_again \
	tcp_port_is_used_again_after_a_reset
