#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Which endpoint a new connection gets from rr, lc and maglev.  Datagrams, each
# from an address of its own: their flows stay, and none goes on with an old one.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
#
#    client2 ------ node2 ------ eps2	the same once more, with the same
#		     |			addresses: what another node makes of
#		    pod2		the same packets
# shellcheck disable=SC2317  # run_tests calls the functions
# shellcheck disable=SC2154  # setup_ns sets the names

. "$(dirname "$0")/../lib.sh"

# Others have tests of what all of them must do with the fourth, random.
schedulers="rr lc maglev"

# batch: lines for svcctl from stdin
batch()
{
	ctl -b - || fail "svcctl failed"
}

# balance SCHEDULER WORD...: the service, without flows.  Each WORD is for an
# endpoint: its weight, or an option and a value as in "state=unready".
balance()
{
	local scheduler=$1 word at i=0 words=()
	shift

	for word; do
		i=$((i + 1))
		at=ep$i
		[[ $word == *=* ]] || word=weight=$word
		words+=(endpoint "${!at}:80" "${word%=*}" "${word#*=}")
	done
	batch <<- END
		service replace web udp $vip:80 scheduler $scheduler ${words[*]}
		flow flush
	END
}

# balance_again SCHEDULER WEIGHT...: the same endpoints, whose flows stay
balance_again()
{
	local i at lines="service set web scheduler $1"
	shift

	for ((i = 1; i <= $#; i++)); do
		at=ep$i
		lines+=$'\n'"endpoint set web ${!at}:80 weight ${!i}"
	done
	batch <<< "$lines"
}

# draw FIRST COUNT [OPTION]...: new connections from FIRST of the client's
# addresses and those above
draw()
{
	asked "draw $*" "$client" -u -i -s "$many$1" -n "$2" "${@:3}" "$vip:80"
}

# got WHAT NUMBER...: of the last question to $ep1 and so on
got()
{
	local what=$1 i at numbers=
	shift

	for ((i = 1; i <= $#; i++)); do
		at=ep$i
		numbers+="${numbers:+ }${count[${!at}:80]-0}"
	done
	check_is "$what" "$numbers" "$*"
}

rr_takes_turns_by_weight()
{
	balance rr 1 2 0 3
	# A cycle is exact, wherever it begins.
	draw 10 12
	got "two cycles" 2 4 0 6
	draw 30 1
	draw 40 6
	got "a cycle that begins later" 1 2 0 3
	balance rr 100 300
	draw 60 8
	got "a divisor in common" 2 6
	must service show web > "$tmp/show"
	has " rr" "$tmp/show" || fail "not shown: $(< "$tmp/show")"
}

# While one client asks, others do as well, and the node itself.
rr_for_all_at_once()
{
	local i at sum pids=()

	balance rr 1 1 1
	for i in 1 2 3; do
		ask "$client" -u -i -s "$many$((i * 50))" -n 40 "$vip:80" \
			> "$tmp/ask$i" &
		pids+=($!)
	done
	for i in 4 5 6; do
		ask "$node" -u -p $((4000 + i)) "$vip:80" > "$tmp/ask$i" ||
			fail "the node: $(< "$tmp/ask$i")"
	done
	wait "${pids[@]}" || fail "no answer: $(grep -h ' - ' "$tmp"/ask?)"
	for i in 1 2 3; do
		at=ep$i
		sum=$(cat "$tmp"/ask? | grep -cF "${!at}:80 ")
		check_is "turns of endpoint $i" "$sum" 41
	done
	rm "$tmp"/ask?
}

rr_counts_new_connections_alone()
{
	local first

	balance rr 1 1 1
	must service set web affinity 60
	draw 10 3
	got "three clients" 1 1 1
	first="${answers[*]%% *}"
	# These would be one turn and a cycle.
	asked "a pinned client" "$client" -u -s "${many}10" -n 4 "$vip:80"
	check_num "one endpoint" "${#count[@]} == 1"
	draw 20 3
	check_is "whose turn it is" "${answers[*]%% *}" "$first"
	must affinity flush
}

lc_knows_the_flows_that_are_there()
{
	balance random 1 0 0
	draw 10 6
	# What is counted from now on begins with six.
	balance_again lc 1 1 1
	draw 20 12
	got "after six to the first" 0 6 6
	balance_again random 0 1 0
	draw 40 5
	balance_again lc 1 1 1
	draw 50 10
	got "after five to the second" 5 0 5
}

lc_by_weight()
{
	balance lc 1 3 0
	draw 10 12
	got "twelve" 3 9 0
	must flow flush
	draw 30 4
	got "and four, when all are gone" 1 3 0
}

# streams_on NUMBER...: the streams of $tmp/many at $ep1 and so on
streams_on()
{
	local i at now=

	for ((i = 1; i <= $#; i++)); do
		at=ep$i
		now+="${now:+ }$(grep -cF "${!at}:80 " "$tmp/many")"
	done
	check_is "streams" "$now" "$*"
}

lc_follows_streams_until_they_end()
{
	must service add tcp tcp "$vip:80" endpoint "$ep1:80"
	stream old "$client" -n 4 "$vip:80"
	batch <<- END
		service set tcp scheduler lc
		endpoint add tcp $ep2:80
		endpoint add tcp $ep3:80
	END
	# Not so many that all have the same number.
	stream many "$client" -n 4 "$vip:80"
	streams_on 0 2 2
	stream_ends many
	stream_ends old
	must flow flush
	stream many "$client" -n 6 "$vip:80"
	streams_on 2 2 2
	stream_ends many
	must service del tcp
}

# As many at a time as there are processors do not see each other.
lc_spreads_a_burst()
{
	local i at sum pids=()

	balance lc 1 1 1 1
	for i in 1 2 3 4; do
		ask "$client" -u -i -s "$many$((i * 50))" -n 20 "$vip:80" \
			> "$tmp/ask$i" &
		pids+=($!)
	done
	wait "${pids[@]}" || fail "no answer: $(grep -h ' - ' "$tmp"/ask?)"
	for i in 1 2 3 4; do
		at=ep$i
		sum=$(cat "$tmp"/ask? | grep -cF "${!at}:80 ")
		check_num "flows of endpoint $i" "$sum >= 17 && $sum <= 23"
	done
}

# eight [WORD]...: a service of eight endpoints on the node, for maglev
eight()
{
	local at words=()

	for at in "$ep1" "$ep2" "$ep3" "$ep4"; do
		words+=(endpoint "$at:80" endpoint "$at:8080")
	done
	batch <<- END
		service replace web udp $vip:80 scheduler maglev $* ${words[*]}
		flow flush
		affinity flush
	END
}

# where VARIABLE NS [OPTION]...: sets it to the endpoints of a hundred clients
where()
{
	asked "${2%-*}" "$2" -u -i -s "${many}10" -n 100 "${@:3}" "$vip:80"
	eval "$1=(\"\${answers[@]%% *}\")"
}

maglev_is_the_same_on_two_nodes()
{
	local here=() there=() at words=()

	eight
	# the other way round, and one after the other
	for at in "$ep4" "$ep3" "$ep2" "$ep1"; do
		words+=(endpoint "$at:8080")
	done
	node=$node2 batch <<- END
		service add web udp $vip:80 ${words[*]}
		endpoint add web $ep2:80
		endpoint add web $ep4:80
		endpoint add web $ep3:80
		service set web scheduler maglev
		endpoint add web $ep1:80
	END
	where here "$client" -p 4000
	check_num "all have connections" "${#count[@]} == 8"
	where there "$client2" -p 4000
	check_is "the other node" "${there[*]}" "${here[*]}"
	node=$node2 must flow flush
	where there "$client2" -p 4001
	[ "${there[*]}" != "${here[*]}" ] || fail "the port does not matter"
	node=$node2 flush
}

maglev_moves_few()
{
	local before=() after=() i gone=0 others=0

	eight
	where before "$client" -p 4000
	batch <<- END
		endpoint del web $ep3:80
		flow flush
	END
	where after "$client" -p 4000
	for i in "${!before[@]}"; do
		if [ "${before[i]}" = "$ep3:80" ]; then
			gone=$((gone + 1))
		elif [ "${before[i]}" != "${after[i]}" ]; then
			others=$((others + 1))
		fi
	done
	note "$gone of 100 had to move, $others others did"
	check_num "they had some to move" "$gone > 0 && $gone < 30"
	check_num "others that moved" "$others <= 4"
	batch <<- END
		endpoint add web $ep3:80
		flow flush
	END
	where after "$client" -p 4000
	check_is "when it is back" "${after[*]}" "${before[*]}"
}

maglev_with_affinity_goes_by_the_address()
{
	local before=() after=()

	eight affinity 60
	where before "$client" -p 4000
	check_num "all have connections" "${#count[@]} == 8"
	# It is not that they are pinned.
	batch <<- END
		flow flush
		affinity flush
	END
	where after "$client" -p 4001
	check_is "another port" "${after[*]}" "${before[*]}"
	must affinity flush
}

# Five standard deviations; the same in every run.
maglev_by_weight()
{
	balance maglev 1 3 0
	draw 10 200
	check_is "weight 0" "${count[$ep3:80]-0}" 0
	check_num "50 of 200" "(${count[$ep1:80]-0} - 50) ** 2 <= 25 * 38"
}

all_honour_the_lists()
{
	local scheduler

	for scheduler in $schedulers; do
		balance "$scheduler" state=terminating 1 state=unready 0
		draw 10 8
		got "$scheduler: ready" 0 8 0 0
		balance "$scheduler" state=unready 0 state=terminating
		draw 30 8
		got "$scheduler: terminating" 0 0 8
		must endpoint del web "$ep3:80"
		refused "$scheduler: none" ECONNREFUSED "$client" -u "$vip:80"
	done
}

# One client port to two services with the same endpoints
all_find_another_endpoint()
{
	local scheduler i clash here there

	for scheduler in $schedulers; do
		balance "$scheduler" 1 1 1
		must service replace two udp "$vip2:80" scheduler "$scheduler" \
			endpoint "$ep1:80" endpoint "$ep2:80" endpoint "$ep3:80"
		draw 10 12 -p 4000
		here=("${answers[@]}")
		asked "$scheduler" "$client" -u -i -s "${many}10" -n 12 \
			-p 4000 "$vip2:80"
		there=("${answers[@]}")
		clash=0
		for i in "${!here[@]}"; do
			[ "${here[i]%% *}" != "${there[i]%% *}" ] ||
				clash=$((clash + 1))
			[[ ${there[i]} == *:4000\ * ]] ||
				fail "$scheduler: another port: ${there[i]}"
		done
		check_is "$scheduler: two flows that look the same" "$clash" 0
	done
	must service del two
}

schedulers_change_under_streams()
{
	local i scheduler changes

	must service add tcp tcp "$vip:80" endpoint "$ep1:80" \
		endpoint "$ep2:80" endpoint "$ep3:80"
	stream old "$client" -n 6 "$vip:80"
	for i in {1..10}; do
		for scheduler in rr lc maglev random lc rr maglev lc; do
			echo "service set tcp scheduler $scheduler"
		done
	done > "$tmp/changes"
	ctl -b "$tmp/changes" &
	changes=$!
	asked "new connections" "$client" -n $((200 / slow)) "$vip:80"
	wait "$changes" || fail "svcctl failed"
	stream_ends old
	# What lc has counted through all this is right.
	must flow flush
	stream many "$client" -n 9 "$vip:80"
	streams_on 3 3 3
	stream_ends many
	must service del tcp
}

setup_topology
client2=$client node2=$node eps2=$eps
setup_topology
serve "$eps" 80 8080
serve "$eps2" 80 8080
run_tests_for "4 6" \
	rr_takes_turns_by_weight \
	rr_for_all_at_once \
	rr_counts_new_connections_alone \
	lc_knows_the_flows_that_are_there \
	lc_by_weight \
	lc_follows_streams_until_they_end \
	lc_spreads_a_burst \
	maglev_is_the_same_on_two_nodes \
	maglev_moves_few \
	maglev_with_affinity_goes_by_the_address \
	maglev_by_weight \
	all_honour_the_lists \
	all_find_another_endpoint \
	schedulers_change_under_streams
