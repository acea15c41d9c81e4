#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What Kubernetes' own end-to-end tests ask of a Service while its endpoints
# change, by SCTP, and of packets that are no part of a connection.
#
#    client ---- near ---- node ---- eps	see tests/lib/acceptance.sh
#			    |
#		      pod pod3 pod4
#
# eps and pod3 serve SCTP, on port 5353.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/acceptance.sh"

family_begins()
{
	use_acceptance
}

SCTP()
{
	local to ways=("-S")

	must service add sctp sctp "$vip:80" scheduler rr frontend nodeport 30080 \
		frontend "$external:80" kind external
	for to in "$vip:80" "$nodeport" "$external:80"; do
		all_refused "$to"
	done
	must endpoint add sctp "$pod3_at:5353" local
	for to in "$vip:80" "$nodeport" "$external:80"; do
		all_reach "$to" "$pod3_at:5353"
	done
	must endpoint add sctp "$ep1:5353"
	reaches pod "$vip:80" "$ep1:5353 $pod3_at:5353" kept
	reaches node "$vip:80" "$ep1:5353 $pod3_at:5353" hidden
	reaches outside "$vip:80" "$ep1:5353 $pod3_at:5353" hidden
	all_reach "$nodeport" "$ep1:5353 $pod3_at:5353" hidden
	all_reach "$external:80" "$ep1:5353 $pod3_at:5353" hidden
	must service set sctp external-policy local
	reaches outside "$nodeport" "$pod3_at:5353" kept
	reaches pod "$nodeport" "$ep1:5353 $pod3_at:5353" kept
	must service set sctp external-policy cluster
	stream pod "$pod" -S -s "$pod_ip" "$vip:80"
	stream outside "$client" -S -s "$client_ip" "$nodeport"
	must endpoint add sctp "$ep2:5353"
	must endpoint del sctp "$pod3_at:5353"
	must endpoint del sctp "$ep1:5353"
	all_reach "$vip:80" "$ep2:5353"
	all_reach "$nodeport" "$ep2:5353"
	stream_ends pod
	stream_ends outside
	must service del sctp
}

# invalid: how many there were
invalid()
{
	ip netns exec "$node" nft list counter inet watch invalid |
		awk '/packets/ { print $2 }'
}

# resets: that clients, the node among them, have sent, and we for their sake
resets()
{
	echo "$(snmp "$client" TcpOutRsts) $(snmp "$pod" TcpOutRsts)" \
	     "$(snmp "$node" TcpOutRsts) $(stat reject_no_flow)"
}

# boom PAIR...: out of what connections expect; "ENDPOINT CLIENT" is one of them.
boom()
{
	local before who

	before=$(resets)
	# shellcheck disable=SC2068  # each is two words
	ip netns exec "$eps" /usr/bin/python3 -S -B "$lib_dir/net/invalid.py" \
		"$family" 20 $@ || fail "invalid.py $*"
	# What was sent before these has arrived.
	for who in $everyone; do
		where "$who"
		drew "$who" "$ns" "$vip:80"
		drew "$who" "$ns" "$nodeport"
	done
	check_is "resets" "$(resets)" "$before"
}

INVALID_packets_never_reach_the_client_as_a_reset()
{
	local who endpoint seen pairs=() before _

	watch_invalid
	# Some are masqueraded and some are not.
	must service replace web tcp "$vip:80" frontend nodeport 30080 \
		external-policy local endpoint "$ep1:80" local
	for who in $everyone; do
		where "$who"
		stream "boom-$who" "$ns" -n 1 "$vip:80" "$nodeport"
		busywait 10000 has " open " "$tmp/boom-$who" 2 ||
			fail "$who: $(< "$tmp/boom-$who")"
		while read -r endpoint seen _; do
			pairs+=("$endpoint $seen")
		done < "$tmp/boom-$who"
	done
	before=$(invalid)
	boom "${pairs[@]}"
	check_num "invalid packets" "$(invalid) - $before > ${#pairs[@]} * 4"
	# Without conntrack nobody calls them so.
	ip netns exec "$node" nft delete table inet watch
	boom "${pairs[@]}"
	for who in $everyone; do
		stream_ends "boom-$who"
	done
	must service del web
}

# update OLD NEW: as a rolling update replaces a pod
update()
{
	local who

	both endpoint add web "$2"
	both endpoint set web "$1" state terminating
	for who in $everyone; do
		busywait 20000 grep -qF "$2 " "$tmp/$who-vip" ||
			fail "$who has no answer of $2"
	done
	both endpoint del web "$1"
}

# Beside a firewall that drops what conntrack calls INVALID
rolling_update_with_every_request_answered()
{
	local who list="$ep2:80 $pod4_at:80" keep="#" askers=()

	drop_invalid
	make web "$vip:80" frontend nodeport 30080 endpoint "$pod3_at:80" \
		endpoint "$ep1:80"
	for who in $everyone; do
		where "$who"
		stream "$who-long" "$ns" -n 4 "$vip:80" "$nodeport"
	done
	for who in $everyone; do
		where "$who"
		asking "$who-vip" "$ns" -r "$vip:80"
		asking "$who-nodeport-udp" "$ns" -u "$nodeport"
		askers+=("$who-vip" "$who-nodeport-udp")
	done
	asking nodeport "$client" -r "$nodeport"
	asking vip-udp "$client" -u "$vip:80"
	asking one-udp "$pod" -u -p 5022 "$vip:80"
	askers+=(nodeport vip-udp one-udp)
	update "$pod3_at:80" "$pod4_at:80"
	update "$ep1:80" "$ep2:80"
	asking_ends "${askers[@]}"
	for who in $everyone; do
		stream_ends "$who-long"
	done
	note "$(cat "${askers[@]/#/$tmp/}" | wc -l) answers"
	all_reach "$vip:80" "$list"
	all_reach "$nodeport" "$list"
	nothing_invalid
	no_conntrack
	both service del web
}

setup_acceptance
modprobe sctp || skip_all "no sctp"
# Where an INIT is lost the next one shall come soon.
for ns in "$client" "$node" "$pod"; do
	sysctl_in "$ns" net.sctp.rto_initial=500 net.sctp.rto_min=200
done
serve "$eps" {10.2.0.{1,2},[fd00:2::{1,2}]}:5353/sctp
serve "$pod3" {10.4.0.3,[fd00:4::3]}:5353/sctp
run_tests_for "4 6" \
	SCTP \
	INVALID_packets_never_reach_the_client_as_a_reset \
	rolling_update_with_every_request_answered
