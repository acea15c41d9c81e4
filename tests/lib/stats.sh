# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Counters, of svcnat on the node and of the network stack, and the last test of
# each script, that they add up; sourced by tests/lib.sh.
# shellcheck disable=SC2154  # variables from those who source it

# Filled by read_stats: the counters of the node
declare -A stats

read_stats()
{
	local name value

	stats=()
	while read -r name value; do
		stats[$name]=$value
	done < <(ctl stats show)
}

# stat NAME: prints one of them
stat()
{
	read_stats
	echo "${stats[$1]}"
}

# stat_is NAME NUMBER, stat_above NAME NUMBER: for busywait
stat_is()
{
	[ "$(stat "$1")" = "$2" ]
}

stat_above()
{
	[ "$(stat "$1")" -gt "$2" ]
}

# snmp NS NAME...: prints the sum of counters of the network stack, such as
# IpReasmReqds
snmp()
{
	local name value sum=0

	while read -r name value _; do
		[[ $name == "#"* ]] || sum=$((sum + value))
	done < <(ip netns exec "$1" nstat -asz "${@:2}")
	echo $sum
}

# median NUMBER...: prints the middle one, of an even number the upper one
median()
{
	printf '%s\n' "$@" | sort -n | sed -n "$(($# / 2 + 1))p"
}

# unbalanced: prints what does not add up, and fails if everything does.
unbalanced()
{
	local name seen=0 wrong=

	read_stats
	for name in "${!stats[@]}"; do
		case $name in
		translated | untranslated | drop_* | reject_*)
			seen=$((seen + stats[$name])) ;;
		esac
	done
	[ "${stats[rx]}" = $seen ] || wrong="rx ${stats[rx]} but $seen seen"
	for name in flow affinity endpoint service frontend; do
		seen=$((stats[${name}_live] + stats[${name}_deleted] +
			${stats[${name}_expired]-0} +
			${stats[${name}_evicted]-0}))
		[ "${stats[${name}_new]}" = $seen ] ||
			wrong+=" ${name}_new ${stats[${name}_new]} but $seen"
	done
	echo "$wrong"
	[ -n "$wrong" ]
}

balanced()
{
	! unbalanced > /dev/null
}

nothing_live()
{
	read_stats
	[ $((stats[service_live] + stats[frontend_live] +
	     stats[endpoint_live] + stats[endpoint_draining] +
	     stats[flow_live] + stats[affinity_live])) = 0 ]
}

leaves_nothing_behind()
{
	# Read one after the other while packets pass: ask again.
	busywait 2000 balanced || fail "$(unbalanced)"
	# There is enough: it would be a packet that could not be rewritten.
	[ "${stats[drop_memory]-0}" = 0 ] || [ -n "${memory_fails-}" ] ||
		fail "drop_memory is ${stats[drop_memory]}"
	flush
	slowwait 15000 nothing_live || fail "something is live after a flush"
}
