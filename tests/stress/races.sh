#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Everything at once, on all CPUs: connections, floods, changes of every kind,
# dumps that are closed half-way, links and addresses that come and go, expiry.
# What a connection needs is left alone, so none may break.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#
# SVCNAT_SECONDS is how long it lasts, 15 by default.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

seconds=${SVCNAT_SECONDS:-15}
restore=(
	"service replace web tcp 10.96.0.10:80 [fd00:96::10]:80 frontend nodeport 30080 endpoint 10.2.0.1:80 endpoint 10.2.0.2:80 endpoint [fd00:2::1]:80 endpoint [fd00:2::2]:80"
	"service replace dns udp 10.96.0.10:80 [fd00:96::10]:80 endpoint 10.2.0.1:80 endpoint [fd00:2::1]:80"
)

# forever FUNCTION: again and again in the background, until all_stop
forever()
{
	while [ -e "$tmp/going" ]; do
		"$1"
	done &
	pid_list+=("$!")
	busy+=("$!")
}

all_stop()
{
	rm -f "$tmp/going"
	wait "${busy[@]}"
	busy=()
	[ ! -s "$tmp/failed" ] || fail "$(head -n 3 "$tmp/failed")"
}

# What has traffic stays, all else changes.
change()
{
	local i schedulers=(random rr lc maglev)

	for i in {1..8}; do
		cat <<- END
			endpoint add web 10.2.0.3:80 weight $((i * 7 % 11))
			service set web scheduler ${schedulers[i % 4]}
			frontend add web 10.96.0.$((40 + i)):80 kind lb allow 10.$i.0.0/16
			service set web affinity $((i % 2 * 60))
			endpoint set web 10.2.0.3:80 state terminating
			service add other tcp 10.96.0.30:80 endpoint 10.2.0.4:80 endpoint [fd00:2::4]:80
			endpoint del web 10.2.0.3:80
			frontend del web 10.96.0.$((40 + i)):80
			config set pod-cidr 10.$i.0.0/16 max-affinity $((i * 100))
			config set timeout-udp $((i % 3 + 1)) timeout-tcp-transitory $((i % 2 + 1))
			endpoint set other 10.2.0.4:80 weight 0
			service del other
		END
	done > "$tmp/change"
	ctl -b "$tmp/change" 2>> "$tmp/failed"
}

# Another one, so that changes by two callers meet
change_all()
{
	printf '%s\n' "service flush" "${restore[@]}" |
		svcctl -N "$node" -b - > /dev/null 2>&1
	printf '%s\n' "${restore[@]}" "affinity flush" |
		svcctl -N "$node" -b - > /dev/null 2>&1
}

look()
{
	local what

	for what in "flow show" "affinity show" "-s service show" \
		"-j flow show" "stats show"; do
		# shellcheck disable=SC2086  # words
		svcctl -N "$node" $what 2> /dev/null | head -n 2 > /dev/null
	done
}

move_links()
{
	ip -n "$node" -batch - <<- END > /dev/null 2>&1
		link add moves type dummy
		addr add 10.1.9.1/24 dev moves
		addr add fd00:19::1/64 dev moves nodad
		link set moves up
		link set moves down
		link set moves name moved
		addr del 10.1.9.1/24 dev moved
		link del moved
	END
}

new_connections()
{
	ask "$client" -n 20 -i -s 10.3.0.1 -t 3000 10.96.0.10:80 > /dev/null
	ask "$client" -u -n 50 -i -s 10.3.0.1 -t 100 10.96.0.10:80 > /dev/null
	ask "$client" -n 5 -r -p 4500 -t 500 "[fd00:96::10]:80" > /dev/null
	ask "$node" -n 5 -t 500 10.96.0.10:80 > /dev/null
}

unanswered()
{
	ask "$client" -f -n 500 -i -s 10.3.1.1 10.96.0.10:80
	ask "$client" -u -f -n 500 -i -s fd00:3::1 "[fd00:96::10]:80"
}

# all_at_once OTHER: changes by the one, or by the other
all_at_once()
{
	local who

	printf '%s\n' "${restore[@]}" > "$tmp/restore"
	ctl -b "$tmp/restore" || fail "no services"
	must config set max-flows 2000
	stream four "$client" -n 12 10.96.0.10:80
	stream six "$client" -n 12 "[fd00:96::10]:80"
	stream node "$node" -n 4 10.96.0.10:80
	: > "$tmp/going"
	for who in "$1" look move_links new_connections unanswered; do
		forever "$who"
	done
	# As long as was asked for, not until something happens.
	sleep "$seconds"
	all_stop
	stream_ends four
	stream_ends six
	stream_ends node
	ctl -b "$tmp/restore" || fail "no services at the end"
	# Answered datagrams of the flood may have all places for a while yet.
	must config set max-flows 1000000 timeout-udp 30 \
		timeout-tcp-transitory 120 pod-cidr none
	asked "afterwards" "$client" -n 8 10.96.0.10:80
	asked "afterwards" "$client" -u -n 8 10.96.0.10:80
}

changes_and_traffic()
{
	all_at_once change
}

flushes_and_traffic()
{
	all_at_once change_all
}

busy=()
setup_topology
serve "$eps" 80
run_tests \
	changes_and_traffic \
	flushes_and_traffic
