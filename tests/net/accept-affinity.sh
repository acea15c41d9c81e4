#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What Kubernetes' own end-to-end tests ask of session affinity: that it holds,
# ends in time, and can be switched on and off; on cluster addresses and
# nodeports, from everywhere.
#
#    client ---- near ---- node ---- eps	see tests/lib/acceptance.sh
#			    |
#		      pod pod3 pod4
#
# The client is many, 10.3.0.0/16.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/acceptance.sh"

# Long enough that a client is not forgotten while the machine is busy.
short=$((2 * slow))
scheduler=random

family_begins()
{
	use_acceptance
	all="$ep1:80 $ep2:80 $pod3_at:80"
}

# begin WORD...: the service, on everything it can be called by
begin()
{
	make web "$vip:80" frontend nodeport 30080 \
		frontend "$external:80" kind external \
		frontend "$lb:80" kind lb "$@" \
		endpoint "$ep1:80" endpoint "$ep2:80" endpoint "$pod3_at:80"
	must affinity flush
}

# stays WHO TO: with the same endpoint, which gets into $pinned, of each way
stays()
{
	local who=$1 to=$2

	pinned=()
	in_turn "$who" stays_so
}

stays_so()
{
	drew "$who to $to" "$ns" "$@" -n 12 "$to"
	[ ${#count[@]} = 1 ] || fail "$who to $to $*: ${answers[*]}"
	pinned+=("${!count[*]}")
}

# crowd TO VARIABLE: which endpoints 40 clients get; 3 of them are drawn to the
# same ones twice in one run of 10^19.
crowd()
{
	drew crowd "$client" -n 40 -i -s "${many}1" "$1"
	printf -v "$2" '%s ' "${answers[@]%% *}"
}

pinned_to()
{
	local to=$1 who first second again

	begin affinity 3h
	for who in $everyone; do
		stays "$who" "$to"
		first=${pinned[*]}
		stays "$who" "$to"
		check_is "$who to $to again" "${pinned[*]}" "$first"
	done
	# Each client for itself, and not by what it is called
	crowd "$to" first
	check_num "endpoints of many" "${#count[@]} == 3"
	crowd "$to" second
	check_is "the same clients again" "$second" "$first"
	must affinity flush web
	crowd "$to" again
	[ "$again" != "$first" ] || fail "a stable hash is not affinity"
}

affinity_on_cluster()
{
	pinned_to "$vip:80"
}

affinity_on_nodeport()
{
	pinned_to "$nodeport"
	pinned_to "$node_eps_at:30080"
}

affinity_on_external_addresses()
{
	pinned_to "$external:80"
	pinned_to "$lb:80"
}

# All frontends of a service share what is known of a client.
affinity_of_a_service()
{
	local who to first

	begin affinity 3h
	for who in $everyone; do
		stays "$who" "$nodeport"
		first=${pinned[*]}
		for to in "$vip:80" "$external:80" "$lb:80" \
			  "$node_eps_at:30080"; do
			# The node asks its own addresses from themselves.
			[ "$who $to" != "node $node_eps_at:30080" ] || continue
			stays "$who" "$to"
			check_is "$who to $to" "${pinned[*]}" "$first"
		done
	done
}

# A client that comes again in time is pinned for as long again; others are not.
timeout_of()
{
	local to=$1 first second third now end

	begin affinity "$short"
	crowd "$to" first
	stays outside "$to"
	second=${pinned[*]}
	milliseconds end
	end=$((end + short * 1500))
	while milliseconds now; [ "$now" -lt "$end" ]; do
		stays outside "$to"
		check_is "within the time" "${pinned[*]}" "$second"
	done
	crowd "$to" third
	[ "$third" != "$first" ] || fail "nobody was forgotten"
	slowwait 10000 stat_is affinity_live 0 ||
		fail "pinned after $short s: $(stat affinity_live)"
}

affinity_timeout_on_cluster()
{
	timeout_of "$vip:80"
}

affinity_timeout_on_nodeport()
{
	timeout_of "$nodeport"
}

# One connection that goes on does not keep the client pinned.
affinity_timeout_beside_a_stream()
{
	begin affinity "$short"
	stream talks "$client" "$nodeport"
	stat_is affinity_live 1 || fail "the client is not pinned"
	slowwait 10000 stat_is affinity_live 0 ||
		fail "a stream keeps its client pinned"
	stream_ends talks
}

switched_on()
{
	local to=$1 who scheduler=$fair

	begin affinity off
	stream talks "$client" -n 6 "$to"
	for who in $everyone; do
		reaches "$who" "$to" "$all"
	done
	both service set web affinity 3h
	for who in $everyone; do
		stays "$who" "$to"
	done
	both service set web affinity off
	for who in $everyone; do
		reaches "$who" "$to" "$all"
	done
	both service set web affinity 1h
	for who in $everyone; do
		stays "$who" "$to"
	done
	# So can it be by a service that is made again.
	begin affinity off
	reaches outside "$to" "$all"
	stream_ends talks
}

affinity_switched_on_cluster()
{
	switched_on "$vip:80"
}

affinity_switched_on_nodeport()
{
	switched_on "$nodeport"
}

# What is kept when something else changes
affinity_kept()
{
	local first second

	begin affinity 3h
	crowd "$nodeport" first
	both service set web affinity 2h
	both service set web scheduler rr
	both endpoint add web "$pod4_at:80"
	both endpoint set web "$ep1:80" weight 9
	crowd "$nodeport" second
	check_is "after changes" "$second" "$first"
	both service set web affinity off
	both service set web affinity 2h
	crowd "$nodeport" second
	check_is "switched off and on" "$second" "$first"
	both endpoint set web "$pod4_at:80" state unready
	both endpoint del web "$pod4_at:80"
	crowd "$vip:80" second
	check_is "another endpoint came and went" "$second" "$first"
}

# Who was pinned to it draws, once, and the others stay.
affinity_of_who_is_gone()
{
	local change first second third before after i

	for change in del "set state unready" "set state terminating" \
		      "set weight 0"; do
		begin affinity 3h
		crowd "$nodeport" first
		# shellcheck disable=SC2086  # one or more words
		set -- $change
		both endpoint "$1" web "$ep1:80" "${@:2}"
		crowd "$nodeport" second
		crowd "$vip:80" third
		check_is "$change, once more" "$third" "$second"
		read -ra before <<< "$first"
		read -ra after <<< "$second"
		for i in "${!before[@]}"; do
			if [ "${before[i]}" = "$ep1:80" ]; then
				[ "${after[i]}" != "$ep1:80" ] ||
					fail "$change: client $i is still there"
			else
				check_is "$change: client $i" "${after[i]}" \
					"${before[i]}"
			fi
		done
	done
	both service del web
}

# A client that is pinned to an endpoint elsewhere stays here by a nodeport of
# external-policy local, which has no other endpoints.
affinity_within_the_list()
{
	local to

	begin affinity 3h
	both endpoint set web "$pod3_at:80" state unready
	both endpoint set web "$ep2:80" state unready
	reaches outside "$vip:80" "$ep1:80"
	both service set web external-policy local
	both endpoint set web "$pod3_at:80" state ready
	both endpoint set web "$pod3_at:80" local
	for to in "$nodeport" "$external:80" "$lb:80"; do
		reaches outside "$to" "$pod3_at:80" kept
	done
	# By internal-policy local, too
	begin affinity 3h internal-policy local
	both endpoint set web "$pod3_at:80" state unready
	both endpoint set web "$ep2:80" state unready
	reaches pod "$nodeport" "$ep1:80"
	both endpoint set web "$pod3_at:80" state ready
	both endpoint set web "$pod3_at:80" local
	reaches pod "$vip:80" "$pod3_at:80" kept
	both service del web
}

setup_acceptance
run_tests_for "4 6" \
	affinity_on_cluster \
	affinity_on_nodeport \
	affinity_on_external_addresses \
	affinity_of_a_service \
	affinity_timeout_on_cluster \
	affinity_timeout_on_nodeport \
	affinity_timeout_beside_a_stream \
	affinity_switched_on_cluster \
	affinity_switched_on_nodeport \
	affinity_kept \
	affinity_of_who_is_gone \
	affinity_within_the_list
