#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# SCTP: associations through services, from their INIT to their end.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod			a server, too
#
# Both ends are held to one address each.  The ports of frontends and endpoints
# differ, or the checksum would not have to change.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

family_begins()
{
	dead=10.2.0.9
	[ "$family" = 4 ] || dead="[fd00:2::9]"
	flush
	ctl -b - <<- END || fail "no services"
		service add web sctp $vip:80 endpoint $ep1:8080 endpoint $ep2:8080 endpoint $ep3:8080
		service add one sctp $vip2:80 endpoint $ep1:8080
		service add two sctp $vip2:53 endpoint $ep1:8080
		service add ends sctp $vip2:81 endpoint $ep1:5353
		service add self sctp $vip2:8080 endpoint $pod_at:8080
		service add tcp tcp $vip:80 endpoint $ep1:80
		service add empty sctp $vip:90
	END
}

# sctp_in NS NAME: a counter of the SCTP stack
sctp_in()
{
	local name value

	while read -r name value; do
		[ "$name" != "$2" ] || echo "$value"
	done < <(ip netns exec "$1" cat /proc/net/sctp/snmp)
}

# state_of SERVICE: what state its flows are in, one a line
state_of()
{
	ctl flow show "$1" | awk 'NR > 1 { print $(NF - 2) }' | sort -u
}

state_is()
{
	[ "$(state_of "$1")" = "$2" ]
}

# becomes SERVICE STATE
becomes()
{
	busywait 3000 state_is "$@" ||
		fail "$1: state \"$(state_of "$1")\", expected \"$2\""
}

# offload_all on|off: at every end of every link
offload_all()
{
	local ns

	for ns in "$client" "$pod" "$eps"; do
		offload "$ns" eth0 tx "$1"
	done
	offload "$node" eps tx "$1"
}

# In a kernel that has SCTP built in there is nothing to see.
works_without_the_sctp_module()
{
	local needs

	[ -n "$modular" ] || { RET=$ksft_skip; return; }
	needs=$(modinfo -F depends "$SVCNAT_KO")
	check_is "modules that svcnat needs" "$needs" "*nf_defrag_ipv4*"
	[[ $needs != *sctp* ]] || fail "svcnat needs $needs"
	[ "$with_service" = "$without" ] || fail "loaded: $with_service"
}

everybody_reaches_every_endpoint()
{
	asked client "$client" -S -n 30 "$vip:80"
	check_is client "$endpoints" "$ep1:8080 $ep2:8080 $ep3:8080"
	asked pod "$pod" -S -n 3 "$vip2:80"
	check_is pod "$endpoints" "$ep1:8080"
	asked node "$node" -S -s "$node_eps_ip" -n 3 "$vip2:80"
	check_is node "$endpoints" "$ep1:8080"
	asks "$client" "$client_at" -S "$vip2:80"
	asks "$pod" "$pod_at" -S "$vip2:80"
}

every_byte_arrives()
{
	local bytes=$((400000 / slow)) how ns

	for how in on off; do
		offload_all "$how"
		for ns in "$client" "$pod"; do
			bulk "$ns" "$bytes" -S "$vip2:80"
		done
		bulk "$node" "$bytes" -S -s "$node_eps_ip" "$vip2:80"
		stream many "$client" -n 5 -S "$vip:80"
		stream_ends many
	done
	offload_all on
	for ns in "$client" "$pod" "$eps" "$node"; do
		check_is "wrong checksums in ${ns%-*}" \
			"$(sctp_in "$ns" SctpChecksumErrors)" 0
	done
}

a_pod_reaches_itself()
{
	local how answer

	for how in on off; do
		offload_all "$how"
		asked "$how" "$pod" -S "$vip2:8080"
		answer=${answers[0]#* }
		# Hidden behind the node
		[[ ${answer% *} != "$pod_at:"* ]] || fail "seen as ${answer% *}"
	done
	offload_all on
}

one_port_to_two_services()
{
	stream one "$client" -S -p 6000 "$vip2:80"
	stream two "$client" -S -p 6000 "$vip2:53"
	stream direct "$client" -S -p 6000 "$ep1:8080"
	stream_ends one
	stream_ends two
	stream_ends direct
}

states_follow_the_chunks()
{
	must flow flush
	stream talk "$client" -S "$vip2:80"
	becomes one established
	check_is "protocol" "$(ctl flow show one | awk 'NR > 1 { print $1 }')" \
		sctp
	stream_ends talk
	# SHUTDOWN, SHUTDOWN ACK, SHUTDOWN COMPLETE
	becomes one closed
	must flow flush
	stream talk "$client" -S -r "$vip2:80"
	stream_ends talk
	# ABORT
	becomes one closed
	# An INIT that nobody answers
	must flow flush
	ctl -b - <<- END || fail "no dead endpoint"
		service add dead sctp $vip:53 endpoint $dead:8080
	END
	ask "$client" -S -t 300 "$vip:53" > "$tmp/dead"
	becomes dead syn-sent
	must service del dead
}

# A half-open flow goes with its endpoint: the next INIT draws afresh.
half_open_flows_are_forgotten()
{
	local pid

	must service add late sctp "$vip:53" endpoint "$dead:8080"
	ask "$client" -S -t 9000 "$vip:53" > "$tmp/late" &
	pid=$!
	becomes late syn-sent
	must endpoint add late "$ep2:8080"
	must endpoint del late "$dead:8080"
	wait "$pid"
	check_err $? "$(< "$tmp/late")"
	check_is "endpoint" "$(< "$tmp/late")" "$ep2:8080 *"
	must service del late
}

established_ones_stay()
{
	stream old "$client" -S "$vip2:80"
	must endpoint add one "$ep2:8080"
	must endpoint del one "$ep1:8080"
	asked new "$client" -S -n 3 "$vip2:80"
	check_is new "$endpoints" "$ep2:8080"
	stream_ends old
	must endpoint add one "$ep1:8080"
	must endpoint del one "$ep2:8080"
}

# Neither side waits for the end of the other connection.
a_port_is_used_again()
{
	local before now how

	for how in "-e" "-r"; do
		before=$(stat flow_reused)
		# shellcheck disable=SC2086  # one word
		asked "again $how" "$client" -S -p 6100 $how -n 5 "$vip2:81"
		check_is "again $how" "$endpoints" "$ep1:5353"
		now=$(stat flow_reused)
		[ "$how" = -r ] || check_num "reused" "$now - $before >= 4"
	done
}

timeout_of_its_own()
{
	local before

	must flow flush
	stream tcp "$client" -t 60000 "$vip:80"
	stream quiet "$client" -S -s "${many}9" "$vip2:80"
	kill -STOP "${stream_pids[quiet]}"
	kill -STOP "${stream_pids[tcp]}"
	must config set timeout-sctp 1s
	check_is "config" "$(ctl config show | awk '/^timeout-sctp/ { print $2 }')" 1s
	slowwait 8000 state_is one "" || fail "SCTP: still $(state_of one)"
	becomes tcp established
	must config set timeout-sctp 24h
	kill -CONT "${stream_pids[tcp]}"
	stream_ends tcp
	# Without its flow the association is nothing; it is told so.
	before=$(stat reject_no_flow)
	kill -CONT "${stream_pids[quiet]}"
	busywait 3000 stat_above reject_no_flow "$before" ||
		fail "nothing was rejected"
	kill "${stream_pids[quiet]}" 2> /dev/null
	wait "${stream_pids[quiet]}"
	check_fail $? "a stream without flow went on"
	# The endpoint was told nothing: its heartbeats, half a minute later,
	# and the client's ABORTs are no affair of the tests that follow.
	ip -n "$node" route add blackhole "${many}9"
}

refused_at_once()
{
	local before

	before=$(stat reject_no_endpoint)
	refused client ECONNREFUSED "$client" -S -t 3000 "$vip:90"
	check_num "client, ms" "$took < 1000 * $slow"
	refused node ECONNREFUSED "$node" -S -s "$node_ip" -t 3000 "$vip:90"
	check_num "node, ms" "$took < 1000 * $slow"
	check_num "rejects" "$(stat reject_no_endpoint) - $before >= 2"
	refused "no frontend" ECONNREFUSED "$client" -S -t 3000 "$vip:91"
}

# mtu BYTES: of the link between the node and the endpoints
mtu()
{
	ip_in "$node" <<< "link set eps mtu $1"
	ip_in "$eps" <<< "link set eth0 mtu $1"
}

# The errors quote the packet as the client sent it, and its stack believes them
# for the verification tag.
smaller_packets_on_the_way()
{
	local before to=${1-$vip2:80}

	before=$(stat icmp_error)
	stream talk "$client" -S "$to"
	mtu 1300
	bulk "$client" $((200000 / slow)) -S "$to"
	stream_ends talk
	check_num "errors" "$(stat icmp_error) > $before"
	mtu 1500
}

beside_conntrack()
{
	local how

	must flow flush
	drop_invalid
	for how in on off; do
		offload_all "$how"
		everybody_reaches_every_endpoint
		one_port_to_two_services
		bulk "$client" $((100000 / slow)) -S "$vip2:80"
		asked ends "$client" -S -e -n 2 "$vip2:81"
	done
	# The client remembers the other way's.
	smaller_packets_on_the_way "$vip:80"
	a_pod_reaches_itself
	nothing_invalid
	no_conntrack
}

sctp_module()
{
	grep '^sctp ' /proc/modules
}

# Before there is any socket
modular=
[[ $(modinfo -F filename sctp 2> /dev/null) != /* ]] || modular=yes
without=$(sctp_module)
setup_ns node
must service add first sctp 10.96.0.1:80 "[fd00:96::1]:80" endpoint 10.2.0.1:80
with_service=$(sctp_module)
flush
[ -z "$modular" ] || modprobe sctp || skip_all "no sctp"

setup_ns client node eps pod
link_topology
# INITs that are lost are sent again soon.
sysctl_in "$client" net.sctp.rto_initial=500 net.sctp.rto_min=200
serve "$eps" 80 {10.2.0.{1,2,3},[fd00:2::{1,2,3}]}:8080/sctp \
	{10.2.0.1,[fd00:2::1]}:5353/sctp/close
serve "$pod" {10.4.0.2,[fd00:4::2]}:8080/sctp
run_tests_for "4 6" \
	works_without_the_sctp_module \
	everybody_reaches_every_endpoint \
	every_byte_arrives \
	a_pod_reaches_itself \
	one_port_to_two_services \
	states_follow_the_chunks \
	half_open_flows_are_forgotten \
	established_ones_stay \
	a_port_is_used_again \
	timeout_of_its_own \
	refused_at_once \
	smaller_packets_on_the_way \
	beside_conntrack
