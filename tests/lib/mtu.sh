# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Narrow links on the way to a service, and what hosts come to know about them;
# sourced behind tests/lib/routers.sh.
#
# A link is narrow by way of a route, so that it is in one direction only, and
# who is at its end does not know.
# shellcheck disable=SC2034,SC2154  # variables for and from those who source it

bytes=$((400000 / slow))
# -e: a datagram that arrives comes before those that are too long.
# only_tcp=yes: there are no datagrams.
exchange=
only_tcp=

# setup_mtu: the topology, and who serves
setup_mtu()
{
	build_probe
	setup_routers
	serve "$eps" 80
	serve "$pod" 80
}

# use_mtu: for family_begins
use_mtu()
{
	flush
	use_routers
	mtu=1480
	ctl -b - <<- END || fail "no services"
		service add tcp tcp $vip:80 endpoint $ep1:80
		service add udp udp $vip:80 endpoint $ep1:80
		service add back udp $vip:81 endpoint $ep1:81
		service add self tcp $vip2:80 endpoint $pod_at:80
		service add self-udp udp $vip2:80 endpoint $pod_at:80
	END
}

# narrow NS MTU TO [via ROUTER] dev DEVICE: what goes there from here
narrow()
{
	local lock=()

	# Else IPv6 does not heed it for what it forwards.
	[ "$family" = 4 ] || lock=(lock)
	ip -n "$1" route add "${@:3}" mtu "${lock[@]}" "$2" ||
		fail "no narrow route"
}

# widen NS TO
widen()
{
	ip -n "$1" route del "$2" || fail "no narrow route"
}

# forget_mtu NS...
forget_mtu()
{
	local ns

	for ns; do
		ip -n "$ns" "-$family" route flush cache
	done
}

# known NS ADDR MTU: what the host believes about packets to there; "": nothing
known()
{
	local words mtu=

	words=$(ip -n "$1" route get "$2")
	[[ ! $words =~ " mtu "(lock )?([0-9]+) ]] || mtu=${BASH_REMATCH[2]}
	check_is "${1%-*}: MTU towards $2" "$mtu" "$3"
}

# next_mtu: each is less than those that a host may know already; in IPv6 none
# may be less than 1280.
next_mtu()
{
	mtu=$((mtu - 4))
	[ $mtu -ge 1280 ] || bail_out "too many links"
}

# probe_to NS VIP FROM: a datagram that must not be cut; the error comes FROM
# there.
probe_to()
{
	# shellcheck disable=SC2086  # none or one word
	check_is "${1%-*}: mtu" \
		"$("$probe" -N "$1" mtu $exchange -l 1450 "$2" 80)" \
		"EMSGSIZE $3 $2 80 $mtu"$'\n'answered
}

# probe_back NS CLIENT FROM: the same from the endpoint, for a client whose port
# is closed when that arrives
probe_back()
{
	: > "$tmp/mtu"
	"$probe" -N "$eps" mtu -l 1450 -w "$ep_ip" 81 > "$tmp/mtu" &
	busywait 5000 has ready "$tmp/mtu" || fail "the server is not ready"
	ask "$1" -u -f -p 4000 "$vip:81"
	wait $!
	check_is "eps: mtu" "$(< "$tmp/mtu")" "ready
EMSGSIZE $3 $2 4000 $mtu
ECONNREFUSED $2 $2 4000 0"
}

# cut NS ADDR:PORT: datagrams that may be cut; in IPv6 only by who sends them,
# who learns from the first
cut()
{
	busywait 10000 ask "$1" -u -t 500 -l 5000 "$2" > /dev/null ||
		fail "${1%-*}: no answer to a long datagram"
}

# requests NS FROM: after the way towards the endpoint was made narrow
requests()
{
	bulk "$1" "$bytes" "$vip:80"
	known "$1" "$vip_ip" "$mtu"
	[ -z "$only_tcp" ] || return 0
	forget_mtu "$1"
	probe_to "$1" "$vip_ip" "$2"
	cut "$1" "$vip:80"
}

# replies NS ADDR FROM: after the way towards a client was made narrow
replies()
{
	bulk "$1" "$bytes" "$vip:80"
	known "$eps" "$2" "$mtu"
	[ -z "$only_tcp" ] || return 0
	forget_mtu "$eps"
	probe_back "$1" "$2" "$3"
	cut "$1" "$vip:80"
}

# The places where it is narrow; each is a test.

at_the_node()
{
	next_mtu
	narrow "$node" "$mtu" "$ep_ip" via "$far_ip" dev far
	requests "$client" "$node_near_ip"
	widen "$node" "$ep_ip"

	next_mtu
	narrow "$node" "$mtu" "$client_ip" via "$near_node_ip" dev near
	replies "$client" "$client_ip" "$node_far_ip"
	widen "$node" "$client_ip"
}

beyond_the_node()
{
	next_mtu
	narrow "$far" "$mtu" "$ep_ip" dev eps
	requests "$client" "$far_ip"
	widen "$far" "$ep_ip"

	next_mtu
	narrow "$near" "$mtu" "$client_ip" dev client
	replies "$client" "$client_ip" "$near_node_ip"
	widen "$near" "$client_ip"
}

# The node learns from others, and from itself: the way to the endpoint, which is
# not the one that its socket knows.
from_the_node()
{
	next_mtu
	narrow "$far" "$mtu" "$ep_ip" dev eps
	requests "$node" "$far_ip"
	widen "$far" "$ep_ip"

	next_mtu
	narrow "$node" "$mtu" "$ep_ip" via "$far_ip" dev far
	requests "$node" "*"
	widen "$node" "$ep_ip"
}

# It talks to the node, at both ends.
from_a_pod_to_itself()
{
	next_mtu
	narrow "$node" "$mtu" "$pod_ip" dev pod
	bulk "$pod" "$bytes" "$vip2:80"
	known "$pod" "$vip2_ip" "$mtu"
	known "$pod" "$node_pod_ip" "$mtu"
	[ -z "$only_tcp" ] || return 0
	forget_mtu "$pod"
	probe_to "$pod" "$vip2_ip" "$node_pod_ip"
	cut "$pod" "$vip2:80"
	widen "$node" "$pod_ip"
}
