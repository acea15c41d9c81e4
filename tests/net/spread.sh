#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Which endpoints new connections get, and how many each.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

vip=10.96.0.10
connections=300
[ "$slow" = 1 ] || connections=100

# draw NAME NS WORD...: many connections, none of which goes on with an old flow
draw()
{
	must flow flush
	asked "$@"
}

# spread WEIGHT...: connections of the last question to 10.2.0.1 and up.
# Five standard deviations: by chance one run in a million is outside.
spread()
{
	local weight total=0 i=0 got

	for weight; do
		total=$((total + weight))
	done
	for weight; do
		i=$((i + 1))
		got=${count[10.2.0.$i:80]-0}
		check_num "share of endpoint $i, weight $weight of $total" \
			"($got * $total - $connections * $weight) ** 2 <=
			 25 * $connections * $weight * ($total - $weight)"
	done
}

equal_shares()
{
	must service add tcp tcp "$vip:80" endpoint 10.2.0.1:80 \
		endpoint 10.2.0.2:80 endpoint 10.2.0.3:80 endpoint 10.2.0.4:80
	draw TCP "$client" -n "$connections" "$vip:80"
	spread 1 1 1 1
	must service add web udp "$vip:80" endpoint 10.2.0.1:80 \
		endpoint 10.2.0.2:80 endpoint 10.2.0.3:80 endpoint 10.2.0.4:80
	draw UDP "$node" -u -n "$connections" "$vip:80"
	spread 1 1 1 1
}

shares_by_weight()
{
	must endpoint set web 10.2.0.2:80 weight 3
	must endpoint set web 10.2.0.3:80 weight 0
	must endpoint set web 10.2.0.4:80 weight 8
	must flow flush
	draw client "$client" -u -n "$connections" "$vip:80"
	spread 1 3 0 8
}

largest_weights()
{
	must service replace web udp "$vip:80" \
		endpoint 10.2.0.1:80 weight 65535 \
		endpoint 10.2.0.2:80 weight 65535 endpoint 10.2.0.3:80 weight 1
	must flow flush
	draw client "$client" -u -n "$connections" "$vip:80"
	spread 65535 65535 1
}

# drawn WANTED OPTION...: what is drawn from endpoint 1, 2... with each option
drawn()
{
	local wanted=$1 option i=0 words=()
	shift

	for option; do
		i=$((i + 1))
		# shellcheck disable=SC2206  # an option is several words
		words+=(endpoint "10.2.0.$i:80" $option)
	done
	must service replace web udp "$vip:80" "${words[@]}"
	# A client port that comes again would go on with the flow it had.
	must flow flush
	if [ "$wanted" = none ]; then
		refused "$*" ECONNREFUSED "$client" -u "$vip:80"
		return
	fi
	# Two endpoints: one is missed by chance in one run of ten millions.
	draw "$*" "$client" -u -n 24 "$vip:80"
	check_is "$*" "${endpoints//:80/}" "$wanted"
}

ready_before_terminating_and_never_unready()
{
	drawn "10.2.0.2" "state terminating" "state ready" "state unready"
	drawn "10.2.0.1 10.2.0.2" "state terminating" "state terminating" \
		"state unready"
	drawn none "state unready" "state unready"
	drawn "10.2.0.3" "state unready" "state unready" "state ready"
}

weight_zero_takes_nothing()
{
	drawn "10.2.0.2" "weight 0" "weight 1"
	drawn none "weight 0" "weight 0"
	# One that is ready but takes nothing is no ready one.
	drawn "10.2.0.2" "weight 0" "state terminating"
	drawn "10.2.0.1" "state terminating" "state terminating weight 0"
}

local_and_remote_alike()
{
	drawn "10.2.0.1 10.2.0.2" local remote
	drawn "10.2.0.2" "local state terminating" remote
	drawn "10.2.0.2" local-only remote
	drawn none local-only
}

changes_take_effect_at_once()
{
	must service replace web udp "$vip:80" endpoint 10.2.0.1:80
	must endpoint add web 10.2.0.2:80
	must endpoint set web 10.2.0.1:80 state terminating
	must flow flush
	draw "after a change" "$client" -u -n 8 "$vip:80"
	check_is "after a change" "$endpoints" 10.2.0.2:80
	must endpoint set web 10.2.0.2:80 state unready
	must flow flush
	draw "after another" "$client" -u -n 8 "$vip:80"
	check_is "after another" "$endpoints" 10.2.0.1:80
}

setup_topology
serve "$eps" 80
run_tests \
	equal_shares \
	shares_by_weight \
	largest_weights \
	ready_before_terminating_and_never_unready \
	weight_zero_takes_nothing \
	local_and_remote_alike \
	changes_take_effect_at_once
