#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An ordinary day: connections come and go, and two changes a second.  Memory,
# the number of flows and the time that a connection takes stay what they are.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#
# SVCNAT_SECONDS is how long it lasts, two minutes by default, one at least.  Of
# what is measured up to 60 times, the median of the last third must not exceed
# that of the first by more than what is said in check_slopes.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

seconds=${SVCNAT_SECONDS:-120}
samples=$((seconds < 600 ? seconds / 10 : 60))
vip=10.96.0.10

services()
{
	ctl -b - <<- END || bail_out "no services"
		config set timeout-udp 2 timeout-udp-stream 2 timeout-tcp-transitory 2 timeout-tcp-closing 2
		service add web tcp $vip:80 affinity 5 endpoint 10.2.0.1:80 endpoint 10.2.0.2:80
		service add dns udp $vip:80 endpoint 10.2.0.1:80 endpoint 10.2.0.2:80
	END
}

# change N: one of those that a rolling update makes
change()
{
	case $(($1 % 6)) in
	0) must endpoint add web 10.2.0.3:80 ;;
	1) must endpoint add dns 10.2.0.3:80 weight 2 ;;
	2) must endpoint set web 10.2.0.3:80 state terminating ;;
	3) must endpoint del web 10.2.0.3:80 ;;
	4) must endpoint set dns 10.2.0.3:80 weight 1 ;;
	5) must endpoint del dns 10.2.0.3:80 ;;
	esac
}

# Kilobytes of /proc/meminfo
kilobytes()
{
	awk -v name="$1:" '$1 == name { print $2 }' /proc/meminfo
}

objects()
{
	awk '/^svcnat_/ { n += $2 } END { print n + 0 }' /proc/slabinfo
}

# sample: adds to the measured
sample()
{
	local from to

	milliseconds from
	asked "new" "$client" -n 20 "$vip:80"
	milliseconds to
	latency+=($((to - from)))
	asked "UDP" "$client" -u -n 20 "$vip:80"
	slab+=("$(kilobytes SUnreclaim)")
	percpu+=("$(kilobytes Percpu)")
	objects+=("$(objects)")
	flows+=("$(stat flow_live)")
}

# check_slope WHAT MORE NUMBER...: it may grow by MORE
check_slope()
{
	local what=$1 more=$2 third=$((($# - 2) / 3)) first last
	shift 2

	first=$(median "${@:1:third}")
	last=$(median "${@:$# - third + 1}")
	note "$what: $first in the first third, $last in the last"
	check_num "$what" "$last <= $first + $more"
}

check_slopes()
{
	check_slope "unreclaimable slab, kB" 1024 "${slab[@]}"
	check_slope "per-CPU memory, kB" 64 "${percpu[@]}"
	check_slope "objects of svcnat" 200 "${objects[@]}"
	check_slope "flows" 40 "${flows[@]}"
	check_slope "20 connections, ms" $((latency[0] / 4 + 50)) \
		"${latency[@]}"
}

nothing_grows()
{
	local start now left n i every=$((2 * seconds / samples))

	services
	stream talk "$client" -n 8 "$vip:80"
	# The first of everything may take memory for good.
	for i in {0..5}; do
		change "$i"
		sample
	done
	latency=() slab=() percpu=() objects=() flows=()
	milliseconds start
	for ((n = 0; n < 2 * seconds; n++)); do
		change "$n"
		(((n + 1) % every)) || sample
		milliseconds now
		left=$((start + (n + 1) * 500 - now))
		((left <= 0)) || sleep "0.$(printf '%03d' "$left")"
	done
	milliseconds now
	note "$n changes in $(((now - start) / 1000)) s, ${#flows[@]} samples"
	stream_ends talk
	check_slopes
}

[ "$slow" = 1 ] || skip_all "time means nothing on a debug kernel"
setup_topology
serve "$eps" 80
run_tests nothing_grows
