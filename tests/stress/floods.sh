#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# More clients than there is room for, most of whom do not exist, and packets
# that are made to break a connection: who is connected goes on, and afterwards
# everything is as before.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#
# SVCNAT_SECONDS is how long each flood lasts, 4 by default; there are three of
# a kind.  How fast the connected are is judged from 20 on.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

seconds=${SVCNAT_SECONDS:-4}

family_begins()
{
	flush
	ctl -b - <<- END || fail "no services"
		service add web tcp $vip:80 endpoint $ep1:80
		service add dns udp $vip:80 endpoint $ep1:80
		service add pinned tcp $vip2:80 affinity 10800 endpoint $ep1:80 endpoint $ep2:80
		service add talk tcp $vip:81 endpoint $ep1:80
	END
}

# The client's other addresses are not its own: it hears no answers to them.
deaf()
{
	ip netns exec "$client" nft -f - <<- END || bail_out "nft"
		table inet deaf {
			chain in {
				type filter hook prerouting priority -400
				ip daddr 10.3.0.0/16 drop
				ip6 daddr fd00:3::/64 drop
			}
		}
	END
}

hearing()
{
	ip netns exec "$client" nft delete table inet deaf
}

# flood WORD...: peer asks from all of the client's addresses, until flood_ends
flood()
{
	"$peer" -N "$client" ask -f -n 10000000 -i -s "${many}1" "$@" \
		> /dev/null 2>&1 &
	flood=$!
}

flood_ends()
{
	kill "$flood" 2> /dev/null || fail "the flood was over before"
	wait "$flood" 2> /dev/null
}

# goodput: sets $rate to the packets per second of the connections that talk
goodput()
{
	local from to before

	milliseconds from
	before=$(packets)
	sleep "$seconds"
	rate=$(($(packets) - before))
	milliseconds to
	rate=$((rate * 1000 / (to - from)))
}

packets()
{
	ctl -s -j service show talk | jq '.[0].stats.reply_packets'
}

# flooded LIMIT PROTO: with three times as many as there may be, connections are
# as fast as beside the same flood to who is no service.
flooded()
{
	local round beside=() at=() way=()
	[ "$2" = tcp ] || way=(-u)

	must config set max-flows "$1"
	stream talk "$client" -n 8 "$vip:81"
	for round in 1 2 3; do
		flood "${way[@]}" "$ep1:80"
		goodput
		beside+=("$rate")
		flood_ends
		flood "${way[@]}" "$vip:80"
		busywait 20000 stat_above flow_new $((round * $1)) ||
			busywait 1000 stat_above drop_flow_limit $((2 * $1)) ||
			fail "this is no flood"
		goodput
		at+=("$rate")
		flood_ends
		check_num "flows" "$(stat flow_live) <= $1"
	done
	read_stats
	note "$2: ${at[*]} packets/s, ${beside[*]} beside the flood," \
	     "${stats[flow_new]} new, ${stats[flow_evicted]} evicted," \
	     "${stats[drop_flow_limit]} dropped"
	# Windows of seconds differ by a third on a machine that is emulated.
	[ "$seconds" -lt 20 ] || check_num "goodput" \
		"$(median "${at[@]}") >= $(median "${beside[@]}") * 8 / 10"
	stream_ends talk
}

syn_flood()
{
	deaf
	flooded 2000 tcp
	# Nobody needs to wait until those have expired.
	ask "$client" -n 50 -t 3000 "$vip:80" > "$tmp/asked"
	check_num "connected" "$(grep -cF "$ep1:80" "$tmp/asked") >= 48"
	hearing
	must config set max-flows 1000000
}

udp_flood()
{
	must config set timeout-udp 2 timeout-udp-stream 2
	flooded 2000 udp
	must config set max-flows 1000000 timeout-udp 30 timeout-udp-stream 120
	asked "afterwards" "$client" -n 10 "$vip:80"
	asked "afterwards" "$client" -u -n 10 "$vip:80"
}

affinity_flood()
{
	local at

	asked "who is pinned" "$client" -n 4 "$vip2:80"
	at=$endpoints
	must config set max-affinity 200
	ask "$client" -n 700 -t 3000 -i -s "${many}1" "$vip2:80" > "$tmp/asked"
	check_num "answers" "$(grep -cF -e "$ep1:80" -e "$ep2:80" "$tmp/asked") == 700"
	check_num "pinned" "$(stat affinity_live) <= 200"
	check_num "not remembered" "$(stat affinity_full) >= 500"
	asked "who is pinned" "$client" -n 4 "$vip2:80"
	check_is "still to" "$endpoints" "$at"
	must config set max-affinity 1000000
	asked "one more" "$client" -n 4 -s "${many}7" "$vip2:80"
}

# Packets of a connection whose number is known, but not where it is.
blind_sweeps()
{
	local before

	stream talk "$client" -p 4100 -s "$client_ip" "$vip:80"
	before=$(flow_tells endpoint 4100)
	wire sweeps 4100 200
	check_is "endpoint" "$(flow_tells endpoint 4100)" "$before"
	streams_go_on
	busywait 5000 state_is 4100 established ||
		fail "it is $(flow_tells state 4100)"
	stream_ends talk
}

# flow_tells FIELD PORT: prints that field of the client's flow
flow_tells()
{
	ctl -j flow show web | jq -r ".[] | select(.client_port == $2) | .$1"
}

state_is()
{
	[ "$(flow_tells state "$1")" = "$2" ]
}

setup_topology
serve "$eps" 80
wire_start sweeps.py
run_tests_for "4 6" \
	syn_flood \
	udp_flood \
	affinity_flood \
	blind_sweeps
