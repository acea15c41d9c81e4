#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Allocations fail, one at a time: what was asked for happens whole or not at
# all, can be asked for again, and connections that are there do not notice.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#
# Run by tests/stress/memory: for a kernel with CONFIG_FAULT_INJECTION, and with
# starve/svcnat_starve.ko in SVCNAT_STARVE.  Of each command every
# SVCNAT_STEP-th allocation fails in turn, by default every third.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

step=${SVCNAT_STEP:-3}
control=/sys/kernel/debug
far=100000

# fault FILE VALUE: of the injection into either kind of allocation
fault()
{
	local kind

	for kind in failslab fail_page_alloc; do
		echo "$2" > "$control/$kind/$1" || fail "$kind/$1"
	done
}

# state: prints all that is configured
state()
{
	ctl -j -b - <<- END
		service show
		config show
	END
}

reset_state()
{
	ctl -b - <<- END || fail "no services"
		service flush
		config set pod-cidr none snat-ports auto
		service add web tcp $vip:80 affinity 60 endpoint 10.2.0.1:80 endpoint 10.2.0.2:80
		service add dns udp $vip:53 endpoint 10.2.0.1:80
	END
	ask "$client" -u -n 3 "$vip:53" > /dev/null
	ask "$client" -n 3 "$vip:80" > /dev/null
}

# failing NTH COMMAND...: COMMAND, one of whose allocations fails; sets $left to
# how many were to come before it
failing()
{
	local status

	rm -f "$tmp/left"
	FAIL_NTH=$1 FAIL_LEFT=$tmp/left LD_PRELOAD=$tmp/fail.so "${@:2}" \
		> "$tmp/out" 2> "$tmp/err"
	status=$?
	left=none
	[ ! -e "$tmp/left" ] || read -r left < "$tmp/left"
	return "$status"
}

# allocations COMMAND...: sets $total to how many it takes
allocations()
{
	failing "$far" "$@" || fail "$*: $(cat "$tmp/err")"
	total=0
	[ "$left" = none ] || total=$((far - left))
	((total > 0)) || fail "$*: nothing is counted"
}

# allocations_from FUNCTION COMMAND...: likewise, and sets $first to the one that
# comes next when the kernel has got to FUNCTION
allocations_from()
{
	local at_left

	rmmod svcnat_starve
	insmod "$starve" "at=$1" || bail_out "no probe at $1"
	allocations "${@:2}"
	read -r at_left < /sys/module/svcnat_starve/parameters/left
	first=$((far - at_left + 1))
	((at_left > 0)) || fail "${*:2}: does not get to $1"
}

# changes UNDO: WORDS: svcctl WORDS, which are undone by svcctl UNDO
changes()
{
	local undo=$1 before after nth now status tried=0
	shift

	before=$(state)
	allocations svcctl -N "$node" "$@"
	after=$(state)
	[ "$after" != "$before" ] || fail "$*: changes nothing"
	# shellcheck disable=SC2086  # words
	must $undo
	check_is "undone: $*" "$(state)" "$before"
	for ((nth = 1 + RANDOM % step; nth <= total; nth += step)); do
		failing "$nth" svcctl -N "$node" "$@"
		status=$?
		# As many as the last time, but for what happens to be there.
		[ "$left" != 0 ] || tried=$((tried + 1))
		now=$(state)
		[ "$status" = 0 ] || [ -s "$tmp/err" ] ||
			fail "$*: fails and says nothing"
		# Without memory for its answer it is done, and svcctl must not
		# take that for a refusal.
		if [ "$status" != 0 ] && [ "$now" = "$before" ]; then
			must "$@"
			now=$(state)
		elif [ "$status" != 0 ]; then
			has "lost" "$tmp/err" || fail "$*: $(cat "$tmp/err")"
		fi
		[ "$now" = "$after" ] ||
			fail "$*: not what was asked for, allocation $nth: $now"
		# shellcheck disable=SC2086  # words
		must $undo
	done
	check_is "undone at the end: $*" "$(state)" "$before"
	faults=$((faults + tried))
}

# What was shown last, without its numbers
shown()
{
	sed 's/"[a-z-]*": *[0-9]*//g' "$tmp/out"
}

# shows WORDS: svcctl WORDS, which only show something
shows()
{
	local nth want status

	allocations svcctl -N "$node" "$@"
	want=$(shown)
	for ((nth = 1 + RANDOM % step; nth <= total; nth += step)); do
		failing "$nth" svcctl -N "$node" "$@"
		status=$?
		[ "$left" = 0 ] || break
		faults=$((faults + 1))
		# All of it, or an error.
		[ "$status" != 0 ] || [ "$(shown)" = "$want" ] ||
			fail "$*: another answer, allocation $nth"
		[ "$status" = 0 ] || [ -s "$tmp/err" ] ||
			fail "$*: fails and says nothing"
	done
}

whole_or_not_at_all()
{
	local web="tcp $vip:80 affinity 60 endpoint 10.2.0.1:80 endpoint 10.2.0.2:80"

	reset_state
	stream talk "$client" -n 4 "$vip:80"
	changes "service del new" service add new tcp "$vip2:80" "[fd00:96::10]:80" \
		scheduler maglev endpoint 10.2.0.1:80 endpoint "[fd00:2::1]:80"
	changes "service replace web $web" service replace web tcp "$vip:80" \
		"$vip2:80" affinity 60 endpoint 10.2.0.2:80 endpoint 10.2.0.3:80
	changes "service set web scheduler random" \
		service set web scheduler maglev
	changes "frontend del web 10.96.0.30:80" frontend add web \
		10.96.0.30:80 kind lb allow 10.0.0.0/8 allow 192.168.0.0/16
	changes "frontend del web nodeport 30080" frontend add web nodeport 30080
	changes "endpoint del web 10.2.0.4:80" endpoint add web 10.2.0.4:80
	changes "endpoint set web 10.2.0.1:80 weight 1" \
		endpoint set web 10.2.0.1:80 weight 7
	changes "config set pod-cidr none" \
		config set pod-cidr 10.4.0.0/16,fd00:4::/64
	changes "service add dns udp $vip:53 endpoint 10.2.0.1:80" \
		service del dns
	stream_ends talk
	note "$faults allocations failed"
	check_num "failures" "$faults * step > 200"
}

answers_whole_or_not_at_all()
{
	faults=0
	reset_state
	shows -j service show
	shows -j -s service show web
	shows -j flow show
	shows -j affinity show
	shows -j stats show
	shows -j config show
	shows -j simulate tcp "$client_ip:5000" "$vip:80"
	note "$faults allocations failed"
	check_num "failures" "$faults * step > 100"
}

# Of a network namespace only what is ours: others tell the kernel's log what they
# did not get.  That is its structure, what each CPU counts, for all and for
# direct flows, and what it keeps of the limit; and what detectors remember of
# these four, which nobody misses.
namespaces_are_made_or_not()
{
	local nth refused=0

	# How many pages slabs need is never the same.
	echo 99 > "$control/fail_page_alloc/min-order"
	allocations_from svcnat_net_init "$tmp/fail" netns
	note "a network namespace takes $total allocations, ours is $first"
	for ((nth = first - 2; nth < first + 9; nth++)); do
		failing "$nth" "$tmp/fail" netns || refused=$((refused + 1))
		[ "$left" = 0 ] || fail "allocation $nth did not fail"
	done
	check_num "refused" "$refused > 3"
	echo 0 > "$control/fail_page_alloc/min-order"
	"$tmp/fail" netns || fail "no namespace any more"
}

# From the first of its slab caches on: what comes before is the kernel's.
loads_or_not()
{
	local nth status

	faults=0
	flush
	rmmod svcnat || { fail "rmmod"; return; }
	allocations_from kmem_cache_create "$tmp/fail" module "$SVCNAT_KO"
	note "loading takes $total allocations, ours from $first on"
	rmmod svcnat || fail "rmmod"
	for ((nth = first + RANDOM % step; nth <= total; nth += step)); do
		failing "$nth" "$tmp/fail" module "$SVCNAT_KO"
		status=$?
		[ "$left" != 0 ] || faults=$((faults + 1))
		if [ "$status" = 0 ]; then
			rmmod svcnat || fail "rmmod after allocation $nth"
		elif grep -q '^svcnat ' /proc/modules; then
			fail "it is there though it failed, allocation $nth"
		fi
	done
	note "$faults allocations failed"
	check_num "failures" "$faults * step > 40"
	insmod "$SVCNAT_KO" || bail_out "insmod"
	reset_state
	asked "afterwards" "$client" -n 4 "$vip:80"
}

# A packet that finds no memory comes again.  One of twenty allocations that cannot
# wait fails, of whomever: a connection may fail by chance, but not each that lost
# a packet here.  An endpoint without memory for its SYN, ACK once more forgets
# the half-open connection, and answers the ACK with a RST (reqsk_timer_handler()).
packets_without_memory()
{
	local dropped resets

	reset_state
	stream talk "$client" -n 8 "$vip:80"
	resets=$(snmp "$eps" TcpOutRsts)
	fault ignore-gfp-wait Y
	fault times -1
	fault probability 5
	ask "$client" -s 10.3.0.1 -i -n 200 -t 30000 "$vip:80" > "$tmp/asked"
	fault probability 0
	fault ignore-gfp-wait N
	# Who had no memory for a socket of his own has not asked.
	grep -v -e '^EADDRINUSE ' -e '^EADDRNOTAVAIL ' -e '^ENOBUFS ' \
		-e '^ENOMEM ' "$tmp/asked" > "$tmp/had"
	check_num "connections" "$(wc -l < "$tmp/had") > 150"
	check_num "failures" "$(grep -c '^ETIMEDOUT ' "$tmp/had") < 3"
	resets=$(($(snmp "$eps" TcpOutRsts) - resets))
	check_num "resets that are not the endpoint's" \
		"$(grep -c '^ECONNRESET ' "$tmp/had") <= resets && resets < 3"
	! grep -v -e '^ETIMEDOUT ' -e '^ECONNRESET ' "$tmp/had" | grep ' - ' ||
		fail "no connection"
	dropped=$(stat drop_memory)
	note "$dropped packets found no memory"
	check_num "drop_memory" "dropped > 0"
	asked "afterwards" "$client" -n 10 "$vip:80"
	stream_ends talk
}

[ -e /proc/self/fail-nth ] || skip_all "the kernel has no fault injection"
[ -n "${SVCNAT_KO-}" ] || skip_all "SVCNAT_KO does not name the module"
[ -n "${SVCNAT_STARVE-}" ] || skip_all "SVCNAT_STARVE is not set: see above"
starve=$SVCNAT_STARVE/svcnat_starve.ko
insmod "$starve" || bail_out "svcnat_starve"
tcc -shared -o "$tmp/fail.so" "${0%/*}/fail.c" || bail_out "fail.so"
tcc -o "$tmp/fail" "${0%/*}/fail.c" || bail_out "fail"
fault verbose 0
echo 0 > $control/fail_usercopy/verbose
fault ignore-gfp-wait N
echo N > "$control/fail_page_alloc/ignore-gfp-highmem"
echo 0 > "$control/fail_page_alloc/min-order"
faults=0
# For leaves_nothing_behind: here packets may be dropped for that.
# shellcheck disable=SC2034
memory_fails=yes
setup_topology
use_family 4
serve "$eps" 80
run_tests \
	whole_or_not_at_all \
	answers_whole_or_not_at_all \
	namespaces_are_made_or_not \
	packets_without_memory \
	loads_or_not
