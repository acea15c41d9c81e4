#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Clients stay with the endpoint they first got.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#
# The client is many, 10.3.0.0/16.  24 of them are drawn to the same endpoints
# twice in one run of 10^14, by chance.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

vip=10.96.0.10
all="10.2.0.1:80 10.2.0.2:80 10.2.0.3:80 10.2.0.4:80"

# crowd VARIABLE [COUNT]: 24 clients ask; which endpoint each got
crowd()
{
	asked crowd "$client" -n "${2-24}" -i -s 10.3.0.1 "$vip:80"
	printf -v "$1" '%s ' "${answers[@]%% *}"
}

# expires: seconds that the pinned client 10.1.0.2 still has, if it is one
expires()
{
	local pattern='"client":"10.1.0.2",[^}]*"expires":([0-9]+)'

	[[ ! $(ctl -j affinity show web) =~ $pattern ]] ||
		echo "${BASH_REMATCH[1]}"
}

one_client_is_pinned()
{
	asked TCP "$client" -n 12 "$vip:80"
	check_is "TCP" "$endpoints" '10.2.0.?:80'
	check_is "affinity show" "$(ctl affinity show web)" \
		"SERVICE*CLIENT*web*10.1.0.2*$endpoints*"
	asked UDP "$client" -u -n 12 "$vip:80"
	check_is "UDP" "$endpoints" '10.2.0.?:80'
	asked node "$node" -n 12 "$vip:80"
	check_is "node" "$endpoints" '10.2.0.?:80'
}

frontends_share_it()
{
	local first

	must frontend add web 10.96.0.11:8080
	asked first "$client" "$vip:80"
	first=$endpoints
	asked second "$client" -n 12 10.96.0.11:8080
	check_is "second frontend" "$endpoints" "$first"
}

others_spread()
{
	local first second

	# One of four endpoints is missed in one run of ten millions.
	crowd first 64
	check_is "all endpoints are in use" "$endpoints" "$all"
	crowd second 64
	check_is "the same clients again" "$second" "$first"
}

flush_forgets()
{
	local first second

	crowd first
	must affinity flush web
	check_is "pinned clients" "$(ctl affinity show web)" "SERVICE*EXPIRES*"
	crowd second
	[ "$first" != "$second" ] || fail "nobody was forgotten"
	ctl affinity show udp | grep -q 10.1.0.2
	check_err $? "another service's client was forgotten"
}

other_endpoints_may_change()
{
	local first second

	crowd first
	must endpoint set web 10.2.0.1:80 weight 7
	must endpoint add web 10.2.0.1:81
	must endpoint del web 10.2.0.1:81
	must service replace web tcp "$vip:80" affinity 300 \
		endpoint 10.2.0.1:80 endpoint 10.2.0.2:80 \
		endpoint 10.2.0.3:80 endpoint 10.2.0.4:80
	crowd second
	check_is "the same clients again" "$second" "$first"
}

# moves FROM WORD...: a change that makes FROM unfit: its client goes, and
# stays, elsewhere, also when FROM is back.
moves()
{
	local from=$1
	shift

	must "$@"
	asked "$*" "$client" -n 8 "$vip:80"
	[[ $endpoints == 10.2.0.?:80 && $endpoints != "$from" ]] ||
		fail "$*: from $from to $endpoints"
}

endpoint_becomes_unfit()
{
	local at

	asked before "$client" "$vip:80"
	at=$endpoints
	moves "$at" endpoint set web "$at" weight 0
	must endpoint set web "$at" weight 1
	at=$endpoints
	moves "$at" endpoint set web "$at" state terminating
	must endpoint set web "$at" state ready
	at=$endpoints
	moves "$at" endpoint set web "$at" state unready
	must endpoint set web "$at" state ready
	at=$endpoints
	moves "$at" endpoint del web "$at"
	at=$endpoints
	must service replace web tcp "$vip:80" affinity 300 \
		endpoint 10.2.0.1:80 endpoint 10.2.0.2:80 \
		endpoint 10.2.0.3:80 endpoint 10.2.0.4:80
	asked after "$client" -n 8 "$vip:80"
	check_is "when all are back" "$endpoints" "$at"
}

off_and_on()
{
	local before

	asked before "$client" "$vip:80"
	before=$endpoints
	must service set web affinity off
	asked off "$client" -n 14 "$vip:80"
	check_num "endpoints when it is off" "${#count[@]} > 1"
	must service set web affinity 300
	asked on "$client" -n 8 "$vip:80"
	check_is "on again" "$endpoints" "$before"
	must service set web affinity 200
	asked shorter "$client" -n 8 "$vip:80"
	check_is "another timeout" "$endpoints" "$before"
}

expires_below()
{
	local left

	left=$(expires)
	[ "${left:-0}" -lt "$1" ]
}

new_connections_refresh()
{
	local before

	must service set web affinity $((10 * slow))
	asked new "$client" "$vip:80"
	before=$(expires)
	check_num "seconds left" "$before > 8 * $slow && $before <= 10 * $slow"
	# While a stream talks the time runs down.
	stream talk "$client" "$vip:80"
	before=$(expires)
	slowwait 6000 expires_below $((before - 1)) ||
		fail "packets of a stream refresh: $(expires)"
	stream_ends talk
	before=$(expires)
	asked new "$client" "$vip:80"
	check_num "a new connection refreshes" "$(expires) > ${before:-0}"
}

time_is_over()
{
	local first second expired

	must service set web affinity 60
	must affinity flush
	crowd first
	expired=$(stat affinity_expired)
	must service set web affinity 1
	slowwait 10000 stat_is affinity_live 0 ||
		fail "clients are pinned for ever: $(stat affinity_live)"
	check_is "expired" "$(stat affinity_expired)" $((expired + 24))
	crowd second
	[ "$first" != "$second" ] || fail "pinned clients did not expire"
}

table_is_full()
{
	local before _

	must affinity flush
	must service set web affinity 300
	must config set max-affinity 10
	before=$(stat affinity_full)
	crowd _
	read_stats
	check_is "pinned clients" "${stats[affinity_live]}" 10
	check_is "clients without a place" "${stats[affinity_full]}" \
		$((before + 14))
}

setup_topology
serve "$eps" 80
ctl -b - <<- END || bail_out "no services"
	service add web tcp $vip:80 affinity 300 endpoint 10.2.0.1:80 endpoint 10.2.0.2:80 endpoint 10.2.0.3:80 endpoint 10.2.0.4:80
	service add udp udp $vip:80 affinity 300 endpoint 10.2.0.1:80 endpoint 10.2.0.2:80 endpoint 10.2.0.3:80 endpoint 10.2.0.4:80
END
run_tests \
	one_client_is_pinned \
	frontends_share_it \
	others_spread \
	flush_forgets \
	other_endpoints_may_change \
	endpoint_becomes_unfit \
	off_and_on \
	new_connections_refresh \
	time_is_over \
	table_is_full
