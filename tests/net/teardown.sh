#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The node's network namespace, or the module, goes while all is in use.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

vip=10.96.0.10
# How often the netns goes, SVCNAT_ROUNDS if it is there; the module goes a fifth
# as often.
rounds=${SVCNAT_ROUNDS:-20}
[ "$slow" = 1 ] || rounds=${SVCNAT_ROUNDS:-5}

services()
{
	ctl -b - <<- END || fail "no services"
		service add web tcp $vip:80 affinity 60 endpoint 10.2.0.1:80 endpoint 10.2.0.2:80
		service add dns udp $vip:80 endpoint 10.2.0.1:80
	END
}

# Talks, asks and floods in the background, until traffic_ends.
traffic()
{
	services
	stream talk "$client" -n 4 "$vip:80"
	# Not by a function: the process itself must be killed.
	"$peer" -N "$client" ask -u -f -n 1000000 -i -s 10.3.0.1 "$vip:80" &
	flood=$!
	busywait 10000 stat_above flow_new 200 || fail "there is no traffic"
}

traffic_ends()
{
	kill -KILL "${stream_pids[talk]}" "$flood" 2> /dev/null
	wait "${stream_pids[talk]}" "$flood" 2> /dev/null
}

link_gone()
{
	! ip -n "$client" link show eth0 > /dev/null 2>&1
}

# new_node: another one between the same client and endpoints
new_node()
{
	slowwait 20000 link_gone || bail_out "the netns is still there"
	setup_ns node
	link_topology
}

netns_is_deleted()
{
	local i

	for ((i = 0; i < rounds; i++)); do
		traffic
		ip netns del "$node" || fail "ip netns del"
		traffic_ends
		new_node
	done
	services
	asked "the last node" "$client" -n 5 "$vip:80"
}

netns_is_deleted_while_it_changes()
{
	local i changes

	for i in {1..200}; do
		echo "endpoint add web 10.2.0.3:80"
		echo "endpoint del web 10.2.0.3:80"
		echo "flow show"
	done > "$tmp/changes"
	svcctl -N "$node" -b "$tmp/changes" > /dev/null &
	changes=$!
	busywait 5000 stat_above endpoint_new 4 || fail "nothing changes"
	# svcctl keeps it alive until it ends.
	ip netns del "$node" || fail "ip netns del"
	kill "$changes" 2> /dev/null
	wait "$changes" 2> /dev/null
	new_node
}

module_is_removed()
{
	local i

	for ((i = 0; i < rounds / 5; i++)); do
		traffic
		rmmod svcnat || { fail "rmmod"; traffic_ends; return; }
		ask "$client" -t 300 "$vip:80" > /dev/null
		check_fail $? "without the module the service answers"
		insmod "$SVCNAT_KO" || bail_out "insmod"
		services
		asked "afterwards" "$client" -n 5 "$vip:80"
		traffic_ends
		flush
	done
}

# Fails with EBUSY while a dump runs.
try_rmmod()
{
	rmmod svcnat 2> /dev/null
}

dump()
{
	while svcctl -N "$node" flow show && svcctl -N "$node" -s service show
	do
		:
	done > /dev/null 2>&1
}

module_is_removed_while_it_is_asked()
{
	local i dumps

	for ((i = 0; i < rounds / 5; i++)); do
		services
		ask "$client" -u -f -n $((2000 / slow)) -i -s 10.3.0.1 "$vip:80"
		dump &
		dumps=$!
		slowwait 20000 try_rmmod || fail "rmmod"
		# It ends by itself when there is nothing to ask any more.
		wait "$dumps"
		insmod "$SVCNAT_KO" || bail_out "insmod"
	done
}

works_afterwards()
{
	services
	asked TCP "$client" -n 5 "$vip:80"
	asked UDP "$client" -u -n 5 "$vip:80"
}

[ -n "${SVCNAT_KO-}" ] || skip_all "SVCNAT_KO does not name the module"
setup_topology
serve "$eps" 80
run_tests \
	netns_is_deleted \
	netns_is_deleted_while_it_changes \
	module_is_removed \
	module_is_removed_while_it_is_asked \
	works_afterwards
