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
[ ! -e /sys/kernel/debug/kmemleak ] || slow=8

# Reporting.

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

# run_tests FUNCTION[@4|@6]...: each is a test with the name of the function,
# with the variables of a family if it names one.  At the end the counters must
# add up and everything must go.
run_tests()
{
	local number=0 failed=0 test name

	set -- "$@" leaves_nothing_behind
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

# Namespaces.

# setup_ns NAME...: makes a netns for each and sets $NAME to its name.
setup_ns()
{
	local name

	for name; do
		printf -v "$name" '%s-%04x' "$name" $RANDOM
		ip netns add "${!name}" || bail_out "cannot add ${!name}"
		ns_list+=("${!name}")
	done
}

# ip_in NS: lines for ip -batch from stdin; an empty NS is the initial one
ip_in()
{
	ip ${1:+-n "$1"} -batch - || bail_out "cannot set up ${1:-the links}"
}

# sysctl_in NS KEY=VALUE...
sysctl_in()
{
	ip netns exec "$1" sysctl -qw "${@:2}" || bail_out "cannot set ${*:2}"
}

# offload NS DEVICE WORD...: see ethtool -K
offload()
{
	ip netns exec "$1" ethtool -K "${@:2}" > /dev/null 2>&1 ||
		fail "ethtool -K ${*:2} in $1"
}

# nft_node: rules for nft from stdin, on the node
nft_node()
{
	ip netns exec "$node" nft -f - || bail_out "nft"
}

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

# The topology that most tests use; sets $client, $node, $eps and $pod.
#
#    client ---------- node ---------- eps	10.2.0.1 to .4: endpoints,
#    10.1.0.2   10.1.0.1 | 10.2.0.254		served by one process
#    10.3.0.0/16         | 10.4.0.1
#			 |
#			pod 10.4.0.2
#
# The client has all of 10.3.0.0/16, to be many.  What the node does not know it
# sends nowhere, by its default route; so it has one, for its own clients.  In
# IPv6 10.N.0.x is fd00:N::x, the networks are /64.
#
# Link-local addresses are given by hand, because those that the kernel makes
# can be used a second later only.
setup_topology()
{
	setup_ns client node eps pod
	link_topology
}

link_topology()
{
	ip_in "" <<- END
		link add client netns $node address 02:00:00:00:01:fe type veth peer name eth0 netns $client address 02:00:00:00:01:02
		link add eps netns $node address 02:00:00:00:02:fe type veth peer name eth0 netns $eps address 02:00:00:00:02:02
		link add pod netns $node address 02:00:00:00:04:fe type veth peer name eth0 netns $pod address 02:00:00:00:04:02
	END
	ip_in "$node" <<- END
		link set lo up
		addr add 10.1.0.1/24 dev client
		addr add 10.2.0.254/24 dev eps
		addr add 10.4.0.1/24 dev pod
		link set client addrgenmode none
		link set eps addrgenmode none
		link set pod addrgenmode none
		addr add fd00:1::1/64 dev client nodad
		addr add fd00:2::254/64 dev eps nodad
		addr add fd00:4::1/64 dev pod nodad
		addr add fe80::1/64 dev client nodad
		addr add fe80::1/64 dev eps nodad
		addr add fe80::1/64 dev pod nodad
		link set client up
		link set eps up
		link set pod up
		link add nowhere type dummy
		link set nowhere up
		route add default dev nowhere
		route add 10.3.0.0/16 via 10.1.0.2
		route add ::/0 dev nowhere
		route add fd00:3::/64 via fd00:1::2
	END
	ip_in "$client" <<- END
		link set lo up
		link set eth0 addrgenmode none
		addr add 10.1.0.2/24 dev eth0
		addr add fd00:1::2/64 dev eth0 nodad
		addr add fe80::2/64 dev eth0 nodad
		link set eth0 up
		route add default via 10.1.0.1
		route add ::/0 via fd00:1::1
		route replace local 10.3.0.0/16 dev lo
		route replace local fd00:3::/64 dev lo
	END
	ip_in "$eps" <<- END
		link set lo up
		link set eth0 addrgenmode none
		addr add 10.2.0.1/24 dev eth0
		addr add 10.2.0.2/24 dev eth0
		addr add 10.2.0.3/24 dev eth0
		addr add 10.2.0.4/24 dev eth0
		addr add fd00:2::1/64 dev eth0 nodad
		addr add fd00:2::2/64 dev eth0 nodad
		addr add fd00:2::3/64 dev eth0 nodad
		addr add fd00:2::4/64 dev eth0 nodad
		addr add fe80::2/64 dev eth0 nodad
		link set eth0 up
		route add default via 10.2.0.254
		route add ::/0 via fd00:2::254
	END
	ip_in "$pod" <<- END
		link set lo up
		link set eth0 addrgenmode none
		addr add 10.4.0.2/24 dev eth0
		addr add fd00:4::2/64 dev eth0 nodad
		addr add fe80::2/64 dev eth0 nodad
		link set eth0 up
		route add default via 10.4.0.1
		route add ::/0 via fd00:4::1
	END
	sysctl_in "$node" net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# use_family 4|6: sets the variables below for a family.  Then it calls
# family_begins, if the script has one, unless that family is in use already.
#
#    $family $ip_word		4 or 6, ip or ip6
#    $pods			the range of the pods' addresses
#    $client_ip $pod_ip		plain addresses
#    $node_ip $node_eps_ip	the node as the client, the endpoints and the
#    $node_pod_ip		pod see it
#    $ep_ip $vip_ip $vip2_ip	those of $ep1, $vip and $vip2
#    $vip $vip2 $ep1 ... $ep4	as they stand before :PORT
#    $client_at $pod_at
#    $node_at $node_eps_at
#    $node_pod_at
#    $many			the client's others: ${many}1 and so on
#    $wire_vip $wire_ep		for tests/net/wire.py; nobody has the endpoint
#    $wire_client		and this client, a plain address
family=
use_family()
{
	local l='' r='' p=10. s=.0.

	[ "$1" != "$family" ] || return 0
	family=$1
	ip_word=ip
	pods=10.4.0.0/16
	[ "$family" = 4 ] || {
		l=[ r=] p=fd00: s=::
		ip_word=ip6
		pods=fd00:4::/64
	}
	client_ip=${p}1${s}2
	node_ip=${p}1${s}1
	node_eps_ip=${p}2${s}254
	node_pod_ip=${p}4${s}1
	pod_ip=${p}4${s}2
	ep_ip=${p}2${s}1
	vip_ip=${p}96${s}10
	vip2_ip=${p}96${s}11
	many=${p}3${s}
	vip=$l$vip_ip$r
	vip2=$l$vip2_ip$r
	ep1=$l$ep_ip$r
	ep2=$l${p}2${s}2$r
	ep3=$l${p}2${s}3$r
	ep4=$l${p}2${s}4$r
	client_at=$l$client_ip$r
	pod_at=$l$pod_ip$r
	node_at=$l$node_ip$r
	node_eps_at=$l$node_eps_ip$r
	node_pod_at=$l$node_pod_ip$r
	wire_client=${p}5${s}2
	wire_vip=$l${p}96${s}20$r
	wire_ep=$l${p}2${s}9$r
	[ "$(type -t family_begins)" != function ] || family_begins
}

# Talking.

# ctl WORD...: svcctl on the node
ctl()
{
	svcctl -N "$node" "$@"
}

# must WORD...: a command of svcctl that must work
must()
{
	ctl "$@" || fail "svcctl $* failed"
}

# flush: no service, no flow, no pinned client
flush()
{
	ctl -b - <<- END || fail "cannot flush"
		service flush
		flow flush
		affinity flush
	END
}

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

# The programs in net/, built once for all scripts; gcc takes minutes.
programs=/run/svcnat-tests
peer=$programs/peer
probe=$programs/probe

# build_program NAME: from net/NAME.c
build_program()
{
	local program=$programs/$1 source=$lib_dir/net/$1.c

	[[ ! $program -nt $source || ! $program -nt $lib_dir/net/tool.h ]] ||
		return 0
	mkdir -p "$programs"
	tcc -o "$program" "$source" || bail_out "cannot build $1"
}

# build_probe: for those who need net/probe.c
build_probe()
{
	build_program probe
}

# serve NS PORT...: see net/peer.c
serve()
{
	"$peer" -N "$1" serve "${@:2}" > "$tmp/pid" ||
		bail_out "nothing serves in $1"
	pid_list+=("$(< "$tmp/pid")")
}

# ask NS WORD...: see net/peer.c
ask()
{
	"$peer" -N "$1" ask "${@:2}"
}

# What was asked last: lines as peer ask prints them, how often each endpoint
# answered, which endpoints those are, sorted.
answers=()
declare -A count
endpoints=

# asked WHO NS WORD...: asks; the test fails if one question has no answer.
asked()
{
	local who=$1 line
	shift

	endpoints=
	count=()
	mapfile -t answers < <(exec "$peer" -N "$1" ask "${@:2}")
	[ ${#answers[@]} -gt 0 ] || fail "$who: peer ask $*"
	for line in "${answers[@]}"; do
		[[ $line != *" - "* ]] || fail "$who: $line from peer ask $*"
		((count[${line%% *}]++)) || true
	done
	for line in 10.{1,2,4}.0.{1..4}:{53,80,81,5353,8080} \
		"[fd00:"{1,2,4}::{1..4}]:{53,80,81,5353,8080}; do
		[ -z "${count[$line]-}" ] || endpoints+=${endpoints:+ }$line
	done
}

# asks FROM ADDRESS OPTION...: the endpoint sees the client's own address and
# port, and the answer is the VIP's: the client's socket takes no other.
asks()
{
	local ns=$1 address=$2 answer
	shift 2

	asked "${ns%-*}" "$ns" -p 4000 -r "$@"
	answer=${answers[0]#* }
	check_is "${ns%-*}: peer ask $*" "${answer% *}" "$address:4000"
}

# seen_as ADDRESS NS WORD...: asks; the endpoint must see it come from there,
# which stands before :PORT.  Sets $port to the last port that it saw.
seen_as()
{
	local address=$1 answer source
	shift

	asked "${1%-*}" "$@"
	for answer in "${answers[@]}"; do
		source=${answer#* }
		source=${source% *}
		port=${source##*:}
		check_is "${1%-*}: peer ask ${*:2}" "${source%:*}" "$address"
	done
}

# bulk NS BYTES [OPTION]... ADDR:PORT: there and back, every byte is compared
bulk()
{
	"$peer" -N "$1" bulk "${@:3:$#-3}" "$2" "${!#}" > "$tmp/bulk" 2>&1 ||
		fail "${1%-*}: $(cat "$tmp/bulk")"
}

# refused WHO STATUS NS WORD...: asks once; must fail, with that errno's name
refused()
{
	local who=$1 wanted=$2 answer
	shift 2

	answer=$(ask "$@")
	check_is "$who: peer ask $*" "${answer%% *}" "$wanted"
	# What is left is how long it took.
	took=${answer##* }
}

# stream NAME NS WORD...: in the background; its report goes to $tmp/NAME.
declare -A stream_pids

stream()
{
	local name=$1 n=1
	shift

	[ "$2" != -n ] || n=$3
	"$peer" -N "$1" stream "${@:2}" > "$tmp/$name" 2>&1 &
	stream_pids[$name]=$!
	busywait 10000 has " open " "$tmp/$name" "$n" ||
		fail "$name: $(cat "$tmp/$name")"
}

# stream_ends NAME: ends it; the test fails if one was not ok until then.
stream_ends()
{
	kill "${stream_pids[$1]}" 2> /dev/null
	wait "${stream_pids[$1]}" ||
		fail "$1: $(grep -v -e ' ok ' -e ' open ' "$tmp/$1")"
}

# Beside conntrack.

# drop_invalid: what conntrack calls INVALID is counted and dropped on the node,
# but for redirects: they quote packets that it has not confirmed yet.
drop_invalid()
{
	nft_node <<- END
		table inet guard {
			counter invalid { }
			chain forward {
				type filter hook forward priority 0
				ct state invalid counter name invalid drop
			}
			chain input {
				type filter hook input priority 0
				ct state invalid counter name invalid drop
			}
			chain output {
				type filter hook output priority 0
				icmp type redirect accept
				icmpv6 type nd-redirect accept
				ct state invalid counter name invalid drop
			}
		}
	END
}

# nothing_invalid: the test fails if there was such a packet since it was asked
# last.
nothing_invalid()
{
	local line

	while read -r line; do
		[[ $line != *packets* || $line == "packets 0 "* ]] ||
			fail "invalid: $line"
	done < <(ip netns exec "$node" nft reset counters table inet guard)
}

# no_conntrack: without the rules above the node tracks nothing.
no_conntrack()
{
	nft_node <<< "delete table inet guard"
}

# The packets of tests/net/wire.py.

# wire_start FILE: a program that knows functions, for wire() to call
wire_start()
{
	local line

	ip_in "$node" <<- END
		route add 10.5.0.0/24 via 10.1.0.2
		route add fd00:5::/64 via fd00:1::2
		neigh add 10.2.0.9 lladdr 02:00:00:00:02:02 dev eps nud permanent
		neigh add fd00:2::9 lladdr 02:00:00:00:02:02 dev eps nud permanent
	END
	coproc WIRE {
		exec /usr/bin/python3 -S -u -B "$lib_dir/net/$1" "$client" \
			"$node" "$eps" "$pod" 2>&1
	}
	pid_list+=("$WIRE_PID")
	read -r -t $((30 * slow)) line <&"${WIRE[0]}"
	[ "${line-}" = ready ] || bail_out "$1: ${line-}"
}

# wire FUNCTION WORD...: the test fails if it prints something.
wire()
{
	local line

	echo "$family $*" >&"${WIRE[1]}"
	while read -r -t $((60 * slow)) line <&"${WIRE[0]}"; do
		[ "$line" != . ] || return 0
		fail "$1: $line"
	done
	bail_out "wire $*: no answer"
}

# both FUNCTION WORD...: wire, by TCP and by UDP
both()
{
	wire "$1" tcp "${@:2}"
	wire "$1" udp "${@:2}"
}

# The last test.

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
	flush
	slowwait 15000 nothing_live || fail "something is live after a flush"
}

build_program peer
