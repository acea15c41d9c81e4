#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Who gets to which endpoints, is seen as whom, or is kept out, where policies,
# kinds of frontends, source ranges and addresses of nodes meet.
#
#    client ---- near ---- node ---- eps	see tests/lib/acceptance.sh
#			    |
#		      pod pod3 pod4
#
# In one test the router near is another node of the cluster.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/acceptance.sh"

family_begins()
{
	use_acceptance
	outer="$external:80 $lb:80 $nodeport"
	far_ip=${many}7
	# A network of their own, and one of the other family
	pods=10.4.0.0/24
	other_pods=fd00:4::/64
	prefix=24
	host=32
	[ "$family" = 4 ] || {
		pods=fd00:4::/64
		other_pods=10.4.0.0/24
		prefix=64
		host=128
	}
	configure
}

# begin WORD...: the service on all frontends, with what WORD... says
begin()
{
	make web "$vip:80" frontend nodeport 30080 \
		frontend "$external:80" kind external \
		frontend "$lb:80" kind lb "$@"
}

# Of the endpoints here pod3 counts everywhere, pod4 on the local list alone.
begin_table()
{
	begin endpoint "$pod3_at:80" local endpoint "$ep1:80" \
		endpoint "$pod4_at:80" local-only
	cluster_list="$ep1:80 $pod3_at:80"
	local_list="$pod3_at:80 $pod4_at:80"
}

table_of_cluster_frontends()
{
	begin_table
	reaches pod "$vip:80" "$cluster_list" kept
	reaches node "$vip:80" "$cluster_list" hidden
	reaches outside "$vip:80" "$cluster_list" hidden
	both service set web internal-policy local
	reaches pod "$vip:80" "$local_list" kept
	reaches node "$vip:80" "$local_list" hidden
	reaches outside "$vip:80" "$local_list" hidden
	# The policy of the others is nothing to it.
	both service set web external-policy local internal-policy cluster
	reaches pod "$vip:80" "$cluster_list" kept
	reaches outside "$vip:80" "$cluster_list" hidden
}

table_of_other_frontends()
{
	local to

	begin_table
	for to in $outer; do
		reaches pod "$to" "$cluster_list" hidden
		reaches node "$to" "$cluster_list" hidden
		reaches outside "$to" "$cluster_list" hidden
	done
	both service set web external-policy local
	for to in $outer; do
		reaches pod "$to" "$cluster_list" kept
		reaches node "$to" "$cluster_list" hidden
		reaches outside "$to" "$local_list" kept
	done
	both service set web external-policy cluster internal-policy local
	for to in $outer; do
		reaches pod "$to" "$cluster_list" hidden
		reaches outside "$to" "$cluster_list" hidden
	done
}

masquerade_all()
{
	local to

	begin_table
	must config set masquerade-all on
	all_reach "$vip:80" "$cluster_list" hidden
	both service set web internal-policy local external-policy local
	all_reach "$vip:80" "$local_list" hidden
	# It is about cluster frontends.
	for to in $outer; do
		reaches pod "$to" "$cluster_list" kept
		reaches outside "$to" "$local_list" kept
	done
	# Without pods, too
	must config set pod-cidr none
	all_reach "$vip:80" "$local_list" hidden
	configure
}

nobody_is_a_pod()
{
	local to cidr

	for cidr in none "$other_pods"; do
		begin_table
		must config set pod-cidr "$cidr"
		all_reach "$vip:80" "$cluster_list" kept
		for to in $outer; do
			all_reach "$to" "$cluster_list" hidden
		done
		# So a pod's packets come from outside.
		both service set web external-policy local
		for to in $outer; do
			reaches pod "$to" "$local_list" kept
			reaches outside "$to" "$local_list" kept
			reaches node "$to" "$cluster_list" hidden
		done
	done
	# The client is one.
	must config set pod-cidr "$pods,$client_ip"
	must flow flush
	reaches outside "$vip:80" "$cluster_list" kept
	reaches outside "$nodeport" "$cluster_list" kept
	configure
}

local_only_endpoints()
{
	local to

	begin_table
	both service set web external-policy local internal-policy local
	both endpoint set web "$pod3_at:80" state unready
	all_reach "$vip:80" "$pod4_at:80"
	for to in $outer; do
		reaches outside "$to" "$pod4_at:80" kept
		reaches pod "$to" "$ep1:80" kept
		reaches node "$to" "$ep1:80" hidden
	done
	# Of ready ones elsewhere the local list knows nothing, and the other
	# way round.
	both endpoint set web "$pod4_at:80" state terminating
	for to in $outer; do
		reaches outside "$to" "$pod4_at:80" kept
		reaches pod "$to" "$ep1:80" kept
	done
	both endpoint set web "$pod4_at:80" state ready
	both endpoint set web "$ep1:80" state unready
	for to in $outer; do
		reaches outside "$to" "$pod4_at:80" kept
		refuses pod "$to"
		refuses node "$to"
	done
	# And it changes what it is.
	both endpoint set web "$pod4_at:80" local
	for to in $outer; do
		reaches pod "$to" "$pod4_at:80" kept
	done
	both endpoint set web "$pod4_at:80" remote
	for to in $outer; do
		silent outside "$to"
		reaches pod "$to" "$pod4_at:80" kept
	done
}

# open_for ADDRESS...: who may use the lb frontend
open_for()
{
	local words=() each

	for each; do
		words+=(allow "$each")
	done
	make web "$vip:80" frontend nodeport 30080 \
		frontend "$external:80" kind external \
		frontend "$lb:80" kind lb "${words[@]}" endpoint "$ep1:80"
}

# from_far FUNCTION WORD...: as another client outside
from_far()
{
	local ways=("-s $far_ip" "-u -s $far_ip")

	"$@"
}

source_ranges()
{
	local to other=fd00:1::2

	[ "$family" = 4 ] || other=10.1.0.2
	open_for "$client_ip"
	reaches outside "$lb:80" "$ep1:80" hidden
	from_far silent outside "$lb:80"
	silent "pod node" "$lb:80"
	for to in "$vip:80" "$external:80" "$nodeport"; do
		all_reach "$to" "$ep1:80"
		from_far reaches outside "$to" "$ep1:80"
	done
	# Networks, and of both families
	open_for "${many}0/$prefix" "$other"
	from_far reaches outside "$lb:80" "$ep1:80"
	silent outside "$lb:80"
	silent pod "$lb:80"
	open_for "$pods" "$node_ip" "$other"
	reaches pod "$lb:80" "$ep1:80"
	reaches node "$lb:80" "$ep1:80"
	silent outside "$lb:80"
	from_far silent outside "$lb:80"
	# A policy does not open it.
	both service set web external-policy local
	both endpoint set web "$ep1:80" local
	silent outside "$lb:80"
	reaches pod "$lb:80" "$ep1:80" kept
	# Before anything is answered
	both endpoint del web "$ep1:80"
	silent outside "$lb:80"
	refuses pod "$lb:80"
	refuses outside "$external:80"
	# None of its family is no restriction.
	open_for "$other"
	all_reach "$lb:80" "$ep1:80"
	from_far reaches outside "$lb:80" "$ep1:80"
}

# Who is in already stays in, by TCP and by UDP.
source_ranges_of_open_connections()
{
	local keep=
	open_for "$client_ip"
	stream in "$client" -s "$client_ip" "$lb:80"
	stream in-udp "$client" -u -s "$client_ip" "$lb:80"
	keep="#"
	open_for "$far_ip"
	silent outside "$lb:80"
	stream_ends in
	stream_ends in-udp
}

# A load balancer in the node's own network: what a client on the node sends to
# that address is from there, too.
the_lb_address_is_the_nodes()
{
	local ways=("-s $lb_ip" "-u -s $lb_ip")

	ip -n "$node" addr add "$lb_ip/$host" dev lo
	open_for "$node_ip"
	reaches node "$lb:80" "$ep1:80"
	# What else the node has there
	drew "another port" "$node" "$lb:8080"
	check_is "another port" "${!count[*]}" "$lb:8080"
	open_for "$client_ip"
	silent node "$lb:80"
	ways=("" "-u")
	reaches outside "$lb:80" "$ep1:80"
	drew "another port" "$client" "$lb:8080"
	ip -n "$node" addr del "$lb_ip/$host" dev lo
}

# address add|del ADDRESS: of the node
address()
{
	ip -n "$node" addr "$1" "$2/$host" dev lo || fail "addr $*"
}

nodeport_on_an_address_that_changes()
{
	local first=${node_ip%2}77 second=10.8.0.1 first_at second_at=10.8.0.1

	first_at=$first
	[ "$family" = 4 ] || {
		first_at=[$first]
		second=fd00:8::1
		second_at=[$second]
	}
	begin endpoint "$pod3_at:80" endpoint "$ep1:80"
	# A route makes no address.
	ip -n "$near" route add "$first/$host" via "${node_at//[][]/}"
	silent outside "$first_at:30080"
	address add "$first"
	address add "$second"
	all_reach "$first_at:30080" "$ep1:80 $pod3_at:80"
	all_reach "$second_at:30080" "$ep1:80 $pod3_at:80"
	must config set nodeport-addresses "${node_ip%2}0/$prefix"
	all_reach "$first_at:30080" "$ep1:80 $pod3_at:80"
	all_reach "$nodeport" "$ep1:80 $pod3_at:80"
	all_refused "$second_at:30080"
	address del "$first"
	silent "pod outside" "$first_at:30080"
	all_reach "$nodeport" "$ep1:80 $pod3_at:80"
	address add "$first"
	all_reach "$first_at:30080" "$ep1:80 $pod3_at:80"
	# Of the other family alone
	must config set nodeport-addresses "$other_pods"
	all_refused "$first_at:30080"
	must config set nodeport-addresses none
	all_refused "$nodeport"
	configure
	all_reach "$second_at:30080" "$ep1:80 $pod3_at:80"
	address del "$first"
	address del "$second"
	ip -n "$near" route del "$first/$host"
}

# A frontend that has the address and the port comes first.
one_address_has_the_port_otherwise()
{
	make web "$vip:80" frontend nodeport 30080 endpoint "$pod3_at:80"
	make own frontend "$nodeport" kind external endpoint "$ep1:80"
	all_reach "$nodeport" "$ep1:80"
	all_reach "$node_pod_at:30080" "$pod3_at:80"
	both endpoint del own "$ep1:80"
	all_refused "$nodeport"
	both service del own
	all_reach "$nodeport" "$pod3_at:80"
}

# The node's own are what it says they are, in service-cidr or not.
a_vacant_address()
{
	local net=${vip_ip%10}0/$prefix vacant_ip=${vip_ip%10}99 vacant who

	vacant=${vip/"$vip_ip"/"$vacant_ip"}
	begin endpoint "$pod3_at:80"
	must config set service-cidr "$net"
	silent "$everyone" "$vacant:8080"
	all_reach "$vip:80" "$pod3_at:80"
	all_refused "$vip:8080"
	address add "$vacant_ip"
	drew "the node's own" "$client" "$vacant:8080"
	drew "the node's own" "$pod" -u "$vacant:8080"
	drew "the node's own" "$node" "$vacant:8080"
	address del "$vacant_ip"
	configure
}

# The router is a node, too: its nodeports lead to this node's pods.
by_another_node()
{
	local near_nodeport=$near_at:30080 near_node_at ways=("")

	near_node_at=${node_at/"$node_ip"/"$near_ip"}
	must service replace web tcp scheduler rr "$vip:80" \
		frontend nodeport 30080 endpoint "$pod3_at:80" local endpoint "$ep1:80"
	svcctl -N "$near" service replace web tcp scheduler rr "$vip2:80" \
		frontend nodeport 30080 endpoint "$pod3_at:80" \
		endpoint "$ep1:80" || fail "no service on the other node"
	reaches outside "$near_nodeport" "$ep1:80 $pod3_at:80"
	check_is "seen as" "${answers[0]#* }" "$near_node_at:*"
	bulk "$client" $((400000 / slow)) "$near_nodeport"
	reaches outside "$nodeport" "$ep1:80 $pod3_at:80" hidden
	# A pod on this node by the other node's port, and back to itself
	reaches pod3 "$near_nodeport" "$ep1:80 $pod3_at:80"
	check_is "seen as" "${answers[0]#* }" "$near_node_at:*"
	must service set web external-policy local
	svcctl -N "$near" service set web external-policy local
	reaches outside "$nodeport" "$pod3_at:80" kept
	silent outside "$near_nodeport"
	svcctl -N "$near" service set web external-policy cluster
	reaches outside "$near_nodeport" "$ep1:80 $pod3_at:80"
	svcctl -N "$near" -b - <<- END || fail "cannot flush the other node"
		service flush
		flow flush
	END
}

setup_acceptance
run_tests_for "4 6" \
	table_of_cluster_frontends \
	table_of_other_frontends \
	masquerade_all \
	nobody_is_a_pod \
	local_only_endpoints \
	source_ranges \
	source_ranges_of_open_connections \
	the_lb_address_is_the_nodes \
	nodeport_on_an_address_that_changes \
	one_address_has_the_port_otherwise \
	a_vacant_address \
	by_another_node
