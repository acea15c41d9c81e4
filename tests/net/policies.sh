#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Which endpoints a client gets and which source they see, by kind of frontend,
# policy and place of the client; and what svcctl simulate says to it.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
#
# Of the endpoints, 1 is local, 2 remote, 3 local-only: the cluster list has 1
# and 2, the local list 1 and 3.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

# Connections for each cell; endpoints are drawn in turn.
draws=4

family_begins()
{
	cluster=$vip:80
	external=$vip2:80
	lb=${vip2/11/12}:80
	other=${vip2/11/13}:80
	nodeport=$node_at:30080
	must service replace web tcp scheduler rr \
		frontend "$cluster" \
		frontend "$external" kind external \
		frontend "$lb" kind lb \
		frontend nodeport 30080 \
		endpoint "$ep1:80" local \
		endpoint "$ep2:80" remote \
		endpoint "$ep3:80" local-only
	must config set pod-cidr "$pods" masquerade-all off
	cluster_list="$ep1:80 $ep2:80"
	local_list="$ep1:80 $ep3:80"
}

# where WHO: its netns and address
where()
{
	case $1 in
	pod) ns=$pod from=$pod_ip at=$pod_at ;;
	node) ns=$node from=$node_ip at=$node_at ;;
	outside) ns=$client from=$client_ip at=$client_at ;;
	esac
}

# simulated WHO ADDRESS: what simulate says, as lines of one word and more
simulated()
{
	local verdict reason endpoint hidden names='' local=

	[ "$1" != node ] || local=local
	# shellcheck disable=SC2086  # a word or none
	while read -r verdict reason _ endpoint hidden; do
		[ "$verdict" != VERDICT ] || continue
		names+=" $endpoint"
		said="$verdict $reason$names $hidden"
	done < <(ctl simulate tcp "$at:4000" "$2" $local)
}

# goes WHO ADDRESS LIST SOURCE: to each of LIST, which see it as SOURCE: kept
# or hidden
goes()
{
	local what="$1 to $2" source hidden=no line wanted="local-list"

	where "$1"
	source=$at
	[ "$4" = kept ] || source=$node_eps_at hidden=yes
	[ "$3" = "$local_list" ] || wanted="cluster-list"
	simulated "$1" "$2"
	check_is "simulate $what" "$said" "dnat $wanted $3 $hidden"
	asked "$what" "$ns" -s "$from" -n "$draws" "$2"
	check_is "$what" "$endpoints" "$3"
	for line in "${answers[@]}"; do
		line=${line#* }
		check_is "$what" "${line%:* *}" "$source"
	done
}

# fails WHO ADDRESS drop|reject REASON
fails()
{
	local errno=ETIMEDOUT

	where "$1"
	[ "$3" = drop ] || errno=ECONNREFUSED
	simulated "$1" "$2"
	check_is "simulate $1 to $2" "$said" "$3 $4 - -"
	refused "$1 to $2" "$errno" "$ns" -s "$from" -t $((300 * slow)) "$2"
}

internal_policy_cluster()
{
	goes pod "$cluster" "$cluster_list" kept
	goes node "$cluster" "$cluster_list" hidden
	goes outside "$cluster" "$cluster_list" hidden
}

internal_policy_local()
{
	must service set web internal-policy local
	goes pod "$cluster" "$local_list" kept
	goes node "$cluster" "$local_list" hidden
	goes outside "$cluster" "$local_list" hidden
	goes pod "$external" "$cluster_list" hidden
	must service set web internal-policy cluster
}

masquerade_all()
{
	must config set masquerade-all on
	goes pod "$cluster" "$cluster_list" hidden
	goes outside "$cluster" "$cluster_list" hidden
	must config set masquerade-all off
}

no_pods()
{
	must config set pod-cidr none
	goes pod "$cluster" "$cluster_list" kept
	goes node "$cluster" "$cluster_list" kept
	goes outside "$cluster" "$cluster_list" kept
	must config set masquerade-all on
	goes outside "$cluster" "$cluster_list" hidden
	must config set masquerade-all off pod-cidr "$pods"
}

external_policy_cluster()
{
	local to

	for to in "$external" "$lb" "$nodeport"; do
		goes pod "$to" "$cluster_list" hidden
		goes node "$to" "$cluster_list" hidden
		goes outside "$to" "$cluster_list" hidden
	done
}

external_policy_local()
{
	local to

	must service set web external-policy local
	for to in "$external" "$lb" "$nodeport"; do
		goes pod "$to" "$cluster_list" kept
		goes node "$to" "$cluster_list" hidden
		goes outside "$to" "$local_list" kept
	done
	goes outside "$cluster" "$cluster_list" hidden
}

# The policies are local from here on.
none_is_local()
{
	local to

	must service set web internal-policy local
	must endpoint set web "$ep1:80" state unready
	must endpoint set web "$ep3:80" state unready
	cluster_list="$ep2:80"
	fails pod "$cluster" drop no-local-endpoint
	fails outside "$cluster" drop no-local-endpoint
	for to in "$external" "$lb" "$nodeport"; do
		fails outside "$to" drop no-local-endpoint
		goes pod "$to" "$cluster_list" kept
		goes node "$to" "$cluster_list" hidden
	done
}

lists_fall_back_to_terminating_ones()
{
	must endpoint set web "$ep1:80" state terminating
	local_list="$ep1:80"
	goes outside "$lb" "$local_list" kept
	goes pod "$lb" "$cluster_list" kept
	must endpoint set web "$ep2:80" state unready
	cluster_list="$ep1:80"
	simulated pod "$lb"
	asked "the last one" "$pod" -n 4 "$lb"
	check_is "the last one" "$endpoints" "$ep1:80"
}

none_at_all()
{
	local to who

	must endpoint set web "$ep1:80" state unready
	for to in "$cluster" "$external" "$lb" "$nodeport"; do
		for who in pod node outside; do
			fails "$who" "$to" reject no-endpoint
		done
	done
}

simulation_changes_nothing()
{
	local before after

	must service replace pinned tcp "$other" \
		affinity 60 endpoint "$ep1:80" endpoint "$ep2:80"
	asked pinned "$client" "$other"
	# What is left of other tests would end meanwhile.
	must flow flush
	slowwait 5000 stat_is endpoint_draining 0 || fail "endpoints stay"
	where outside
	simulated outside "$other"
	check_is "pinned" "$said" "dnat affinity $endpoints *"
	where pod
	before=$(ctl stats show)$(ctl affinity show)$(ctl flow show)
	simulated pod "$other"
	after=$(ctl stats show)$(ctl affinity show)$(ctl flow show)
	check_is "not pinned" "$said" "dnat cluster-list $ep1:80 $ep2:80 *"
	# Idle times and seconds left go on.
	[ "${after//[0-9 ]/}" = "${before//[0-9 ]/}" ] ||
		fail "$before has become $after"
	must service del pinned
}

setup_topology
serve "$eps" 80
run_tests_for "4 6" \
	internal_policy_cluster \
	internal_policy_local \
	masquerade_all \
	no_pods \
	external_policy_cluster \
	external_policy_local \
	none_is_local \
	lists_fall_back_to_terminating_ones \
	none_at_all \
	simulation_changes_nothing
