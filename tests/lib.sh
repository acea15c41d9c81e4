# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For the scripts in tests/net, which run in tests/vm/run; sourced, never run.
# The names are those of the kernel's selftests (net/lib.sh) where it has them.
#
# To start a program takes long in such a machine, on a debug kernel up to a
# second, and jq takes ten times as long as others: so bash does what it can.
# shellcheck disable=SC2034,SC2154  # variables for those who source it

set -u

ksft_pass=0
ksft_fail=1
ksft_skip=4

lib_dir=$(dirname "${BASH_SOURCE[0]}")
tmp=$(mktemp -d)
ns_list=()
pid_list=()

# How much longer things may take: a debug kernel needs patience.
slow=1
for detector in kmemleak kcsan; do
	[ ! -e /sys/kernel/debug/$detector ] || slow=8
done

# bail_out TEXT: no test makes sense any more.
bail_out()
{
	echo "Bail out! $*"
	exit $ksft_fail
}

# skip_all TEXT: this script cannot run here.
skip_all()
{
	echo "1..0 # SKIP $*"
	exit $ksft_skip
}

note()
{
	echo "# ${*//$'\n'/$'\n# '}"
}

# fail TEXT: the test that runs has failed; it goes on.
fail()
{
	RET=$ksft_fail
	note "$*"
}

# check_err STATUS TEXT, check_fail STATUS TEXT: STATUS must (not) be 0.
check_err()
{
	[ "$1" = 0 ] || fail "$2"
}

check_fail()
{
	[ "$1" != 0 ] || fail "$2"
}

# check_is WHAT GOT WANTED: WANTED is a pattern of the shell, but brackets are
# those of an IPv6 address.
check_is()
{
	# shellcheck disable=SC2053
	[[ $2 == ${3//\[/\\[} ]] || fail "$1: got \"$2\", expected \"$3\""
}

# check_num WHAT EXPRESSION: an arithmetic comparison.
check_num()
{
	(($2)) || fail "$1: $2 does not hold"
}

# What each script ends with: the counters must add up and everything must go.
last_tests=(leaves_nothing_behind)

# run_tests FUNCTION[@4|@6]...: each is a test with the name of the function,
# with the variables of a family if it names one; but only those of them that
# SVCNAT_TESTS names as SCRIPT:FUNCTION, if it is set.  last_tests come behind.
run_tests()
{
	local number=0 failed=0 test name chosen_tests

	choose_tests "$@"
	set -- "${chosen_tests[@]}" "${last_tests[@]}"
	echo "KTAP version 1"
	echo "1..$#"
	for test; do
		number=$((number + 1))
		name=${test%@*}
		name=${name//_/ }
		RET=$ksft_pass
		[[ $test != *@* ]] || {
			name+=" (IPv${test#*@})"
			use_family "${test#*@}"
		}
		"${test%@*}"
		case $RET in
		"$ksft_pass") echo "ok $number $name" ;;
		"$ksft_skip") echo "ok $number $name # SKIP" ;;
		*)
			failed=$ksft_fail
			report
			echo "not ok $number $name"
			;;
		esac
	done
	exit $failed
}

# choose_tests FUNCTION...: sets chosen_tests to those that run, which those
# that $left_out names do not
choose_tests()
{
	local test script=${0##*/}

	chosen_tests=()
	for test; do
		[[ " ${left_out-} " != *" ${test%@*} "* ]] || continue
		[[ -n ${SVCNAT_TESTS-} &&
		   " $SVCNAT_TESTS " != *" ${script%.sh}:$test "* ]] ||
			chosen_tests+=("$test")
	done
}

# run_tests_for "FAMILY..." FUNCTION...: all of them for each family in turn
run_tests_for()
{
	local which test expanded=()

	for which in $1; do
		for test in "${@:2}"; do
			expanded+=("$test@$which")
		done
	done
	run_tests "${expanded[@]}"
}

# What may tell why a test failed.
report()
{
	note "$(ctl service show 2>&1)"
	note "$(ctl stats show 2>&1 | awk '$2 != 0 { printf "%s %s  ", $1, $2 }')"
}

# Waiting.

# busywait MS COMMAND...: until COMMAND is true; prints what it prints then.
# MS counts eightfold on a debug kernel.
busywait()
{
	wait_for 0.02 "$@"
}

# slowwait MS COMMAND...: likewise, asks less often.
slowwait()
{
	wait_for 0.2 "$@"
}

wait_for()
{
	local pause=$1 out now end=$(($2 * slow))
	shift 2

	milliseconds now
	end=$((end + now))
	while ! out=$("$@"); do
		milliseconds now
		[ "$now" -lt $end ] || return
		sleep "$pause"
	done
	[ -z "$out" ] || echo "$out"
}

# milliseconds VARIABLE: sets it to the time
milliseconds()
{
	printf -v "$1" '%s' $((${EPOCHREALTIME/[.,]/} / 1000))
}

# has TEXT FILE [COUNT]: does FILE have that many lines with TEXT, or one?
has()
{
	[ "$(grep -cF -- "$1" "$2")" -ge "${3:-1}" ]
}

# The end.

cleanup()
{
	local jobs ns

	jobs=$(jobs -p)
	# shellcheck disable=SC2086
	kill -KILL "${pid_list[@]}" $jobs 2> /dev/null
	wait 2> /dev/null
	for ns in "${ns_list[@]}"; do
		ip netns del "$ns" 2> /dev/null
	done
	rm -rf "$tmp"
}

trap cleanup EXIT
trap 'exit 130' INT TERM HUP

. "$lib_dir/lib/topology.sh"
. "$lib_dir/lib/talk.sh"
. "$lib_dir/lib/stats.sh"
. "$lib_dir/lib/guard.sh"
. "$lib_dir/lib/wire.sh"

build_program peer
