#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What Kubernetes' own end-to-end tests ask for UDP clients that go on from one
# port: that they get to whoever serves now, and do not lose a datagram.
#
#    client ---- near ---- node ---- eps	see tests/lib/acceptance.sh
#			    |
#		      pod pod3 pod4
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/acceptance.sh"

# What a datagram may take while all of them ask
patience=$((5000 * slow))

family_begins()
{
	use_acceptance
}

# begin ENDPOINT...: a service of UDP
begin()
{
	local words=() endpoint

	for endpoint; do
		words+=(endpoint "$endpoint")
	done
	must service replace dns udp "$vip:80" frontend nodeport 30080 \
		"${words[@]}"
}

# gone_for_ever NAME ENDPOINT: none of its answers after that of another
gone_for_ever()
{
	awk -v old="$2" '
		$1 != old { other = 1 }
		$1 == old && other { exit 1 }' "$tmp/$1" ||
		fail "$1: $2 answers after another"
}

# cycles WHO TO OLD NEW [HOW]...: a client that asks without a pause from one port
# sees no more of OLD than the answers of before it goes.
cycles()
{
	local who=$1 to=$2 old=$3 new=$4 how answer

	where "$who"
	for how in del "${@:5}"; do
		begin "$old"
		asking cycle "$ns" -u -p 5020 -t "$patience" "$to"
		busywait 5000 now_from cycle "$old" ||
			fail "$who to $to: $old does not answer"
		must endpoint add dns "$new"
		# shellcheck disable=SC2086  # one or more words
		set -- $how
		must endpoint "$1" dns "$old" "${@:2}"
		busywait 5000 now_from cycle "$new" ||
			fail "$who to $to: $how: $new does not answer"
		asking_ends cycle
		gone_for_ever cycle "$old"
	done
	# The server is gone for a while.
	must endpoint del dns "$new"
	refused "$who" ECONNREFUSED "$ns" -u -p 5020 "$to"
	must endpoint add dns "$new"
	drew "$who to $to" "$ns" -u -p 5020 "$to"
	check_is "$who to $to, a new server" "${!count[*]}" "$new"
	# Or the service is.
	must service del dns
	answer=$(ask "$ns" -u -p 5020 -t $((100 * slow)) "$to")
	check_is "$who to $to without a service" "$answer" "E* - *"
	begin "$old"
	drew "$who to $to" "$ns" -u -p 5020 "$to"
	check_is "$who to $to, made again" "${!count[*]}" "$old"
	must service del dns
}

UDP_preserved_on_nodeport()
{
	cycles pod "$nodeport" "$pod3_at:80" "$pod4_at:80"
	cycles outside "$nodeport" "$pod3_at:80" "$ep1:80" "set state unready"
}

UDP_preserved_on_cluster()
{
	cycles pod "$vip:80" "$pod3_at:80" "$pod4_at:80" "set state unready"
	cycles outside "$vip:80" "$ep1:80" "$pod3_at:80"
}

UDP_preserved_from_host_network()
{
	cycles node "$vip:80" "$pod3_at:80" "$ep1:80"
	cycles node "$nodeport" "$ep1:80" "$pod3_at:80"
}

# The server itself is in the node's network.
UDP_preserved_to_host_network()
{
	cycles pod "$vip:80" "$node_at:8080" "$pod3_at:80"
	cycles outside "$nodeport" "$pod3_at:80" "$node_at:8080"
}

# port_changes WHO TO: the same pod, but another port of it
port_changes()
{
	where "$1"
	begin "$pod3_at:80"
	asking port "$ns" -u -p 5021 -t "$patience" "$2"
	begin "$pod3_at:81"
	busywait 5000 now_from port "$pod3_at:81" ||
		fail "$1 to $2: the new port does not answer"
	asking_ends port
	gone_for_ever port "$pod3_at:80"
}

UDP_target_port_changes()
{
	local who

	for who in $everyone; do
		port_changes "$who" "$nodeport"
	done
	port_changes pod "$vip:80"
	must service del dns
}

# Who asked a nodeport, by UDP or TCP, before anybody served there is known to
# conntrack for that; from one port he must get to the service all the same.
older_than_its_nodeport()
{
	local who

	watch_invalid
	for who in $everyone; do
		where "$who"
		refused "$who, UDP" ECONNREFUSED "$ns" -u -p 5023 "$nodeport"
		refused "$who, TCP" ECONNREFUSED "$ns" -p 5023 "$nodeport"
	done
	make web "$vip:80" frontend nodeport 30080 endpoint "$pod3_at:80"
	for who in $everyone; do
		where "$who"
		drew "$who, UDP" "$ns" -u -p 5023 "$nodeport"
		check_is "$who, UDP" "${!count[*]}" "$pod3_at:80"
		drew "$who, TCP" "$ns" -p 5023 "$nodeport"
		check_is "$who, TCP" "${!count[*]}" "$pod3_at:80"
	done
	both service del web
	# But not who talks to a server of the node already.
	for who in $everyone; do
		where "$who"
		drew "$who, UDP" "$ns" -u -p 5024 "$node_at:8080"
		stream "served-$who" "$ns" "$node_at:8080"
	done
	make web "$vip:80" frontend nodeport 8080 endpoint "$pod3_at:80"
	for who in $everyone; do
		where "$who"
		drew "$who, UDP" "$ns" -u -p 5024 "$node_at:8080"
		check_is "$who, to the node's server" "${!count[*]}" \
			"$node_at:8080"
		stream_ends "served-$who"
		reaches "$who" "$node_at:8080" "$pod3_at:80"
	done
	both service del web
	ip netns exec "$node" nft delete table inet watch
}

# Conntrack's own idea of a connection must not outlive ours.
beside_conntrack()
{
	must flow flush
	drop_invalid
	cycles pod "$nodeport" "$pod3_at:80" "$pod4_at:80"
	cycles outside "$vip:80" "$ep1:80" "$pod3_at:80"
	cycles node "$nodeport" "$pod3_at:80" "$ep1:80"
	nothing_invalid
	no_conntrack
}

setup_acceptance
run_tests_for "4 6" \
	UDP_preserved_on_nodeport \
	UDP_preserved_on_cluster \
	UDP_preserved_from_host_network \
	UDP_preserved_to_host_network \
	UDP_target_port_changes \
	older_than_its_nodeport \
	beside_conntrack
