# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For tests/net/accept-*.sh: what Kubernetes' own end-to-end tests ask of a
# Service, asked from everywhere.  Sourced behind tests/lib.sh.
#
#    client -------- near -------- node -------- eps	10.2.0.1 to .4: pods of
#    10.1.0.2  10.1.0.1 10.6.0.1 | 10.6.0.2  10.2.0.254	another node, one process
#    10.3.0.0/16                 |
#		     +-----------+-----------+
#		    pod        pod3        pod4		pods of this node, each
#		  10.4.0.2    10.4.0.3    10.4.0.4	on a wire of its own
#
# So who asks is a pod, the node, or outside, behind a router; each can be an
# endpoint, too, but the last.  The near end of a pod's wire is 10.4.0.1, of all
# of them.  What the node does not know it sends nowhere, as in topology.sh.  In
# IPv6 10.N.0.x is fd00:N::x.
# shellcheck disable=SC2034,SC2154  # variables for those who source it

. "$lib_dir/lib/routers.sh"
. "$lib_dir/lib/traffic.sh"

everyone="pod node outside"
# How they ask: by TCP, by UDP
ways=("" "-u")
# In turn, so that a few connections see every endpoint; those who want many
# draw at random.
fair=rr
scheduler=$fair
# see make()
keep=

[ -z "${SVCNAT_BY_AGENT-}" ] || . "$lib_dir/lib/by_agent.sh"

setup_acceptance()
{
	setup_ns client near node eps pod pod3 pod4
	cable client 2 near 1 1
	cable near 1 node 2 6
	cable node 254 eps 1 2
	ip_in "$client" <<- END
		link set lo up
		route add default via 10.1.0.1
		route add ::/0 via fd00:1::1
		route replace local 10.3.0.0/16 dev lo
		route replace local fd00:3::/64 dev lo
	END
	ip_in "$near" <<- END
		link set lo up
		route add default via 10.6.0.2
		route add 10.3.0.0/16 via 10.1.0.2
		route add ::/0 via fd00:6::2
		route add fd00:3::/64 via fd00:1::2
	END
	ip_in "$node" <<- END
		link set lo up
		link add nowhere type dummy
		link set nowhere up
		route add default dev nowhere src 10.6.0.2
		route add 10.1.0.0/24 via 10.6.0.1
		route add 10.3.0.0/16 via 10.6.0.1
		route add ::/0 dev nowhere src fd00:6::2
		route add fd00:1::/64 via fd00:6::1
		route add fd00:3::/64 via fd00:6::1
	END
	ip_in "$eps" <<- END
		link set lo up
		addr add 10.2.0.2/24 dev node
		addr add 10.2.0.3/24 dev node
		addr add 10.2.0.4/24 dev node
		addr add fd00:2::2/64 dev node nodad
		addr add fd00:2::3/64 dev node nodad
		addr add fd00:2::4/64 dev node nodad
		route add default via 10.2.0.254
		route add ::/0 via fd00:2::254
	END
	plug_pod pod 2
	plug_pod pod3 3
	plug_pod pod4 4
	sysctl_in "$near" net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	# Where nobody serves the node says so, each time.
	sysctl_in "$node" net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 \
		net.ipv6.icmp.ratelimit=0
	[ -z "${SVCNAT_BY_AGENT-}" ] || begin_by_agent
	configure
	for ns in "$eps" "$pod" "$pod3" "$pod4"; do
		serve "$ns" 80 81 8080
	done
	serve "$node" 8080
}

# plug_pod NAME NUMBER: as a CNI does it, with a wire and routes of its own
plug_pod()
{
	ip_in "" <<< "link add $1 netns $node type veth peer name eth0 netns ${!1}"
	ip_in "$node" <<- END
		link set $1 addrgenmode none
		addr add 10.4.0.1/32 dev $1
		addr add fd00:4::1/128 dev $1 nodad
		addr add fe80::1/64 dev $1 nodad
		link set $1 up
		route add 10.4.0.$2 dev $1
		route add fd00:4::$2 dev $1
	END
	ip_in "${!1}" <<- END
		link set lo up
		link set eth0 addrgenmode none
		addr add 10.4.0.$2/32 dev eth0
		addr add fd00:4::$2/128 dev eth0 nodad
		addr add fe80::2/64 dev eth0 nodad
		link set eth0 up
		route add 10.4.0.1 dev eth0
		route add default via 10.4.0.1
		route add ::/0 via fe80::1 dev eth0
	END
}

# configure: what the node has to know, and what the tests begin with
configure()
{
	must config set pod-cidr 10.4.0.0/24,fd00:4::/64 masquerade-all off \
		service-cidr none nodeport-addresses 0.0.0.0/0,::/0
}

# use_acceptance: for family_begins; nothing of the other family stays
use_acceptance()
{
	local l='' r='' p=10. s=.0.

	[ "$family" = 4 ] || { l=[ r=] p=fd00: s=::; }
	node_ip=${p}6${s}2
	node_at=$l$node_ip$r
	near_ip=${p}6${s}1
	near_at=$l${p}1${s}1$r
	client_at=$l$client_ip$r
	pod3_at=$l${p}4${s}3$r
	pod4_at=$l${p}4${s}4$r
	# How the node is seen by the other pods and by its own
	node_eps_at=$l$node_eps_ip$r
	node_pod_at=$l${p}4${s}1$r
	others=$l${p}2$s
	external=$l${p}98${s}10$r
	lb_ip=${p}98${s}20
	lb=$l$lb_ip$r
	nodeport=$node_at:30080
	flush
}

# make NAME WORD...: the services NAME of TCP and NAME-udp, just so
#
# A datagram from a port that has been used lately belongs to the flow of then,
# which a change may have left with an endpoint that new ones do not get: so the
# flows of NAME-udp are forgotten, here and below, unless $keep says no.
make()
{
	ctl -b - <<- END || fail "cannot make $*"
		service replace $1 tcp scheduler $scheduler ${*:2}
		service replace $1-udp udp scheduler $scheduler ${*:2}
		${keep:-flow flush $1-udp}
	END
}

# both OBJECT COMMAND NAME WORD...: to each of the two
both()
{
	ctl -b - <<- END || fail "cannot do $*"
		${keep:-flow flush $3-udp}
		$1 $2 $3 ${*:4}
		$1 $2 $3-udp ${*:4}
	END
}

# where WHO: sets its netns, $ns, and its address, $from and $at
where()
{
	case $1 in
	pod) ns=$pod at=$pod_at ;;
	pod3) ns=$pod3 at=$pod3_at ;;
	node) ns=$node at=$node_at ;;
	outside) ns=$client at=$client_at ;;
	esac
	from=${at//[][]/}
}

# in_turn WHO FUNCTION: calls it with the options of each way
in_turn()
{
	local way

	where "$1"
	for way in "${ways[@]}"; do
		# Of several addresses SCTP would tell all.
		[ "$way" != -S ] || way="-S -s $from"
		# shellcheck disable=SC2086  # several words or none
		"$2" $way
	done
}

# reaches WHO TO "ENDPOINT..." [kept|hidden]: each of those answers, and nobody
# else; and that is what they see of the address of the client.
reaches()
{
	local who=$1 to=$2 seen=${4-} wanted times

	read -ra wanted <<< "$3"
	times=$((${#wanted[@]} * 2))
	# One of two, or of three, is missed in one run of 5 or 2 * 10^8.
	[ "$scheduler" != random ] || [ "$times" = 2 ] ||
		times=$((times * 10 - 10))
	in_turn "$who" reaches_so
}

reaches_so()
{
	local what="$who to $to $*" endpoint line

	drew "$what" "$ns" "$@" -n "$times" "$to"
	for endpoint in "${wanted[@]}"; do
		[ -n "${count[$endpoint]-}" ] ||
			fail "$what: $endpoint did not answer"
	done
	[ ${#count[@]} = ${#wanted[@]} ] ||
		fail "$what: got to ${!count[*]}, expected ${wanted[*]}"
	[ -n "$seen" ] || return 0
	for line in "${answers[@]}"; do
		sees "$what" "$line"
	done
}

# drew WHO NS WORD...: asked of talk.sh, but for $endpoints, which takes
# longer than to ask.
drew()
{
	local line

	count=()
	mapfile -t answers < <(exec "$peer" -N "$2" ask "${@:3}")
	[ ${#answers[@]} -gt 0 ] || fail "$1: peer ask ${*:3}"
	for line in "${answers[@]}"; do
		((count[${line%% *}]++)) || true
		# The others will have failed likewise.
		[[ $line != *" - "* ]] || {
			fail "$1: $line from peer ask ${*:3}"
			break
		}
	done
}

# sees WHAT ANSWER: by $seen, and by $at of who asked
sees()
{
	local endpoint=${2%% *} source=${2#* } expected=$at

	source=${source%:* *}
	# A hairpin is hidden whatever the table says.
	if [ "$seen" = hidden ] || [ "${endpoint%:*}" = "$at" ]; then
		case $endpoint in
		"$others"*) expected=$node_eps_at ;;
		"$node_at"*) expected=$node_at ;;
		*) expected=$node_pod_at ;;
		esac
	fi
	[ "$source" = "$expected" ] ||
		fail "$1: $endpoint sees $source, expected $expected"
}

# all_reach TO "ENDPOINT..." [kept|hidden]: from everywhere
all_reach()
{
	local each

	for each in $everyone; do
		reaches "$each" "$@"
	done
}

# refuses WHO TO: "connection refused", within a second
refuses()
{
	local who=$1 to=$2

	in_turn "$who" refuses_so
}

refuses_so()
{
	refused "$who" ECONNREFUSED "$ns" "$@" -t $((3000 * slow)) "$to"
	check_num "$who to $to $*: refused after ms" "$took < 1000 * $slow"
}

# all_refused TO: everybody
all_refused()
{
	local each

	for each in $everyone; do
		refuses "$each" "$1"
	done
}

# silent "WHO..." TO: no answer at all
silent()
{
	local to=$2 each pids=() words=() i silence="ETIMEDOUT - *"

	for each in $1; do
		in_turn "$each" silent_so
	done
	for i in "${!pids[@]}"; do
		wait "${pids[i]}"
		# This is how a socket of the node's own learns of a drop.
		[[ ${words[i]} != "node: -u"* ]] ||
			silence="@(ETIMEDOUT|EPERM) - *"
		check_is "peer ask ${words[i]}" "$(< "$tmp/silent-$i")" \
			"$silence"
	done
}

# All wait at the same time.
silent_so()
{
	words+=("$each: $* $to")
	"$peer" -N "$ns" ask "$@" -t $((200 * slow)) "$to" \
		> "$tmp/silent-${#pids[@]}" &
	pids+=($!)
}

# now_from NAME ENDPOINT: for busywait: the last answer is from there
now_from()
{
	[[ $(tail -n 1 "$tmp/$1") == "$2 "* ]]
}

# Conntrack knows these connections, and judges; nobody drops what it finds
# INVALID.
watch_invalid()
{
	ip netns exec "$node" nft -f - <<- END || bail_out "nft"
		table inet watch {
			counter invalid { }
			chain forward {
				type filter hook forward priority 0
				ct state invalid counter name invalid
			}
			chain input {
				type filter hook input priority 0
				ct state invalid counter name invalid
			}
		}
	END
}
