#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What Kubernetes' own end-to-end tests ask of a Service when its endpoints are
# none, not ready, terminating or elsewhere.
#
#    client ---- near ---- node ---- eps	see tests/lib/acceptance.sh
#			    |
#		      pod pod3 pod4
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/acceptance.sh"

family_begins()
{
	use_acceptance
	outer="$external:80 $lb:80 $nodeport"
}

# begin WORD...: the service on all frontends, with what WORD... says
begin()
{
	make web "$vip:80" frontend nodeport 30080 \
		frontend "$external:80" kind external \
		frontend "$lb:80" kind lb "$@"
}

# become STATE ENDPOINT...: each of them
become()
{
	local endpoint

	for endpoint in "${@:2}"; do
		both endpoint set web "$endpoint" state "$1"
	done
}

refused_on_all()
{
	local to

	for to in "$vip:80" $outer; do
		all_refused "$to"
	done
}

refused_when_no_endpoints()
{
	begin
	refused_on_all
	# Nor by what the policies leave to them
	begin external-policy local internal-policy local
	refused_on_all
	begin endpoint "$pod3_at:80"
	all_reach "$vip:80" "$pod3_at:80"
}

# Their pods have failed: they are not ready any more, or removed.
evicted_endpoints_refused()
{
	begin endpoint "$pod3_at:80" endpoint "$ep1:80"
	all_reach "$vip:80" "$ep1:80 $pod3_at:80"
	become unready "$pod3_at:80" "$ep1:80"
	refused_on_all
	both endpoint del web "$pod3_at:80"
	refused_on_all
	both endpoint del web "$ep1:80"
	refused_on_all
	# Without any weight they are none, either.
	begin endpoint "$pod3_at:80" weight 0 endpoint "$ep1:80" weight 0
	refused_on_all
	both endpoint set web "$ep1:80" weight 1
	all_reach "$nodeport" "$ep1:80"
}

unready_and_terminating()
{
	local to

	begin endpoint "$pod3_at:80" endpoint "$ep1:80" state unready \
		endpoint "$ep2:80" state terminating
	for to in "$vip:80" $outer; do
		all_reach "$to" "$pod3_at:80"
	done
	become unready "$pod3_at:80"
	for to in "$vip:80" $outer; do
		all_reach "$to" "$ep2:80"
	done
	both endpoint del web "$ep2:80"
	refused_on_all
	# An agent that shall publish who is not ready says ready of them.
	become ready "$ep1:80" "$pod3_at:80"
	all_reach "$vip:80" "$ep1:80 $pod3_at:80"
}

# A UDP client that asks on and on from one port, and was refused at first
unready_becoming_ready()
{
	local to who keep="#"

	for to in "$vip:80" $outer; do
		begin endpoint "$pod3_at:80" state unready \
			endpoint "$ep1:80" state unready
		for who in $everyone; do
			refuses "$who" "$to"
			where "$who"
			refused "$who" ECONNREFUSED "$ns" -u -p 5010 "$to"
		done
		become ready "$pod3_at:80"
		for who in $everyone; do
			where "$who"
			drew "$who to $to" "$ns" -u -p 5010 -n 3 "$to"
			check_is "$who to $to" "${!count[*]}" "$pod3_at:80"
			reaches "$who" "$to" "$pod3_at:80"
		done
		become ready "$ep1:80"
		all_reach "$to" "$ep1:80 $pod3_at:80"
	done
}

internal_policy_local_from_pods()
{
	begin internal-policy local endpoint "$pod3_at:80" local \
		endpoint "$pod4_at:80" local endpoint "$ep1:80"
	reaches pod "$vip:80" "$pod3_at:80 $pod4_at:80" kept
	reaches pod3 "$vip:80" "$pod3_at:80 $pod4_at:80" kept
	# On another node there is none of its own: nobody answers.
	begin internal-policy local endpoint "$ep1:80" endpoint "$ep2:80"
	silent pod "$vip:80"
	# That policy is nothing to the other frontends.
	reaches pod "$nodeport" "$ep1:80 $ep2:80" hidden
	# An endpoint in the host's network
	begin internal-policy local endpoint "$node_at:8080" local \
		endpoint "$ep1:80"
	reaches pod "$vip:80" "$node_at:8080" kept
}

internal_policy_local_from_host_network()
{
	begin internal-policy local endpoint "$pod3_at:80" local \
		endpoint "$pod4_at:80" local endpoint "$ep1:80"
	reaches node "$vip:80" "$pod3_at:80 $pod4_at:80" hidden
	reaches outside "$vip:80" "$pod3_at:80 $pod4_at:80" hidden
	begin internal-policy local endpoint "$ep1:80" endpoint "$ep2:80"
	silent "node outside" "$vip:80"
	reaches node "$nodeport" "$ep1:80 $ep2:80" hidden
	reaches outside "$nodeport" "$ep1:80 $ep2:80" hidden
	begin internal-policy local endpoint "$node_at:8080" local \
		endpoint "$ep1:80"
	reaches node "$vip:80" "$node_at:8080" hidden
	reaches outside "$vip:80" "$node_at:8080" hidden
}

# Established ones go on, whatever becomes of who has them.
fallback_to_terminating_endpoints_cluster()
{
	local to

	begin endpoint "$pod3_at:80" local endpoint "$ep1:80"
	for to in "$vip:80" $outer; do
		all_reach "$to" "$ep1:80 $pod3_at:80"
	done
	stream pod "$pod" -n 4 "$vip:80"
	stream outside "$client" -n 4 "$nodeport"
	become terminating "$pod3_at:80"
	for to in "$vip:80" $outer; do
		all_reach "$to" "$ep1:80"
	done
	become terminating "$ep1:80"
	for to in "$vip:80" $outer; do
		all_reach "$to" "$ep1:80 $pod3_at:80"
	done
	become unready "$ep1:80"
	for to in "$vip:80" $outer; do
		all_reach "$to" "$pod3_at:80"
	done
	both endpoint add web "$ep2:80"
	for to in "$vip:80" $outer; do
		all_reach "$to" "$ep2:80"
	done
	stream_ends pod
	stream_ends outside
}

fallback_to_terminating_endpoints_local()
{
	local to

	begin internal-policy local external-policy local \
		endpoint "$pod3_at:80" local endpoint "$pod4_at:80" local \
		endpoint "$ep1:80"
	become terminating "$pod3_at:80"
	all_reach "$vip:80" "$pod4_at:80"
	for to in $outer; do
		reaches outside "$to" "$pod4_at:80" kept
	done
	# The lists fall back for themselves.
	become terminating "$pod4_at:80"
	all_reach "$vip:80" "$pod3_at:80 $pod4_at:80"
	for to in $outer; do
		reaches outside "$to" "$pod3_at:80 $pod4_at:80" kept
		reaches pod "$to" "$ep1:80" kept
		reaches node "$to" "$ep1:80" hidden
	done
	become unready "$pod4_at:80"
	all_reach "$vip:80" "$pod3_at:80"
	for to in $outer; do
		reaches outside "$to" "$pod3_at:80" kept
	done
	# None here and one elsewhere, which is terminating, too
	both endpoint del web "$pod3_at:80"
	become terminating "$ep1:80"
	for to in "$vip:80" $outer; do
		silent outside "$to"
	done
	silent "pod node" "$vip:80"
	for to in $outer; do
		reaches pod "$to" "$ep1:80" kept
		reaches node "$to" "$ep1:80" hidden
	done
	# None at all
	become unready "$ep1:80"
	refused_on_all
}

setup_acceptance
run_tests_for "4 6" \
	refused_when_no_endpoints \
	evicted_endpoints_refused \
	unready_and_terminating \
	unready_becoming_ready \
	internal_policy_local_from_pods \
	internal_policy_local_from_host_network \
	fallback_to_terminating_endpoints_cluster \
	fallback_to_terminating_endpoints_local
