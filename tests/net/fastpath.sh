#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The fast path: who takes it, who must not, and what changes under it.
#
#    client ------- node ======= eps	see setup_topology() in lib/topology.sh
#		     |    other
#		    pod
#
# By the device "other" the endpoints have 10.6.0.1 and fd00:6::1.  What passes
# the node's firewall has not taken the fast path.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

family_begins()
{
	flush
	other_ip=10.6.0.1
	[ "$family" = 4 ] || other_ip=fd00:6::1
	ctl -b - <<- END || fail "no services"
		config set fastpath on masquerade-all off
		service add web tcp $vip:80 endpoint $ep1:80
		service add dns udp $vip:80 endpoint $ep1:80
	END
}

# packets TABLE COUNTER: prints how many the node's firewall has counted
packets()
{
	ip netns exec "$node" nft -j list counter inet "$@" |
		jq '.nftables[] | .counter.packets // empty'
}

# passed: prints how many packets have been forwarded by the normal path
passed()
{
	packets watch normal
}

# goes_fast [WHAT]: most of what is translated takes the fast path.
goes_fast()
{
	busywait 8000 is_fast || fail "${1-streams}: $(<"$tmp/fast")"
}

is_fast()
{
	local fast normal

	normal=$(passed)
	fast=$(stat fastpath)
	busywait 1000 stat_above fastpath $((fast + 200))
	fast=$(($(stat fastpath) - fast))
	normal=$(($(passed) - normal))
	echo "$fast packets by the fast path, $normal by the normal one" \
		> "$tmp/fast"
	((fast > 100 && fast > 4 * normal))
}

# goes_slow [WHAT]: nothing does.
goes_slow()
{
	local before after

	streams_go_on
	before=$(stat fastpath)
	streams_go_on
	after=$(stat fastpath)
	check_is "${1-streams}: fastpath" "$after" "$before"
}

talk()
{
	stream tcp "$@" -n 3 -t 60000 "$vip:80"
	stream udp "$@" -n 3 -t 60000 -u "$vip:80"
}

talk_ends()
{
	stream_ends tcp
	stream_ends udp
}

established_flows_take_it()
{
	talk "$client"
	goes_fast
	talk_ends
	bulk "$client" $((20000000 / slow)) "$vip:80"
	asked "new ones" "$client" -n 5 "$vip:80"
	must config set fastpath off
	talk "$client"
	goes_slow "switched off"
	must config set fastpath on
	goes_fast "on again"
	talk_ends
}

masqueraded()
{
	must config set masquerade-all on
	established_flows_take_it
	must config set masquerade-all off
}

# Its own clients and servers are not where the fast path is.
the_node_does_not()
{
	talk "$node"
	goes_slow "the node's"
	talk_ends
}

late_sees()
{
	(($(packets late seen) >= 12))
}

# Not when their next review is due, of which there is one in four seconds: who
# comes late sees each of the six in both directions, each time.  That all twelve
# reviews fall into two seconds by chance happens once in 4096 times, three times
# in a row never.
late_hooks_are_met_at_once()
{
	local n

	talk "$client"
	for n in 1 2 3; do
		goes_fast "$n"
		nft_node <<- END
			table inet late {
				counter seen { }
				chain forward {
					type filter hook forward priority 0
					counter name seen
				}
			}
		END
		busywait 2000 late_sees ||
			fail "$n: it has seen $(packets late seen) packets"
		nft_node <<< "delete table inet late"
	done
	talk_ends
}

# What they end with is seen by all that the beginning was seen by.
ends_are_seen()
{
	ctl flow flush
	nft_node <<- END
		table inet ends {
			counter seen { }
			chain forward {
				type filter hook forward priority 0
				tcp flags & (fin | rst) != 0 counter name seen
			}
		}
	END
	talk "$client"
	goes_fast
	talk_ends
	busywait 2000 all_are closing ||
		fail "states: $(ctl flow show web)"
	check_num "ends in the forward chain" "$(packets ends seen) >= 3"
	nft_node <<< "delete table inet ends"
}

# all_are STATE: the flows of web
all_are()
{
	[ "$(ctl -j flow show web | jq -r '[.[].state] | unique | join(" ")')" = "$1" ]
}

# Nobody is INVALID to a stateful firewall, and it is asked again.
firewalls_are_asked()
{
	local before

	nft_node <<- END
		table inet state {
			counter invalid { }
			chain forward {
				type filter hook forward priority 0; policy drop
				ct state invalid counter name invalid drop
				ct state established,related accept
				ct state new accept
			}
		}
	END
	stream tcp "$client" -n 6 -t 60000 "$vip:80"
	goes_fast
	bulk "$client" $((8000000 / slow)) "$vip:80"
	slowwait 9000 reviewed || fail "nothing is asked again"
	goes_fast "after a review"
	check_is "invalid" "$(packets state invalid)" 0
	nft_node <<< "insert rule inet state forward ct state established drop"
	slowwait 20000 nothing_passes || fail "a firewall is not asked again"
	nft_node <<< "delete table inet state"
	goes_fast "let through again"
	stream_ends tcp
}

# Five seconds later, more have taken the normal path.
reviewed()
{
	local before

	before=$(passed)
	sleep 5
	[ "$(passed)" -gt "$before" ]
}

nothing_passes()
{
	local before

	before=$(stat fastpath)
	sleep 1
	[ "$(stat fastpath)" = "$before" ]
}

# Who rewrites as well is not passed by.
other_nats_are_not_passed_by()
{
	nft_node <<- END
		table ip$([ "$family" = 4 ] || echo 6) nat {
			chain postrouting {
				type nat hook postrouting priority 100
				oifname eps masquerade
			}
		}
	END
	talk "$client"
	goes_slow "masqueraded by others"
	talk_ends
	nft_node <<< "delete table ip$([ "$family" = 4 ] || echo 6) nat"
}

a_narrow_way()
{
	local before mtu

	talk "$client"
	goes_fast
	# IPv6 asks about the one where it forwards, and where it sends about both.
	for mtu in "lock 1300" 1300; do
		ip_in "$node" <<< "route add $ep_ip dev eps mtu $mtu"
		before=$(stat icmp_error)
		bulk "$client" $((4000000 / slow)) "$vip:80"
		check_num "icmp_error, mtu $mtu" \
			"$(stat icmp_error) > $before"
		goes_fast "mtu $mtu"
		ip_in "$node" <<< "route del $ep_ip dev eps"
		ip -n "$client" route flush cache
		ip -n "$client" -6 route flush cache
	done
	bulk "$client" $((4000000 / slow)) "$vip:80"
	talk_ends
}

# by_other: packets that have left by the other device
by_other()
{
	ip netns exec "$node" cat /sys/class/net/other/statistics/tx_packets
}

routes_change()
{
	local before

	talk "$client"
	goes_fast
	before=$(by_other)
	ip_in "$node" <<< "route add $ep_ip via $other_ip dev other"
	goes_fast "a new route"
	check_num "packets by the other device" "$(by_other) - before > 50"
	ip_in "$node" <<< "route del $ep_ip via $other_ip dev other"
	before=$(by_other)
	goes_fast "the old route"
	check_num "packets by the other device" "$(by_other) - before < 10"
	talk_ends
}

neighbours_change()
{
	# A datagram that is lost does not come again.
	stream tcp "$client" -n 6 -t 60000 "$vip:80"
	goes_fast
	ip_in "$eps" <<- END
		link set eth0 down
		link set eth0 address 02:00:00:00:02:33
		link set eth0 up
		route add default via 10.2.0.254
		addr add fd00:2::1/64 dev eth0 nodad
		addr add fd00:2::2/64 dev eth0 nodad
		addr add fd00:2::3/64 dev eth0 nodad
		addr add fd00:2::4/64 dev eth0 nodad
		addr add fe80::2/64 dev eth0 nodad
		route add ::/0 via fd00:2::254
	END
	ip_in "$node" <<< "neigh flush dev eps"
	goes_fast "another neighbour"
	stream_ends tcp
}

devices_go()
{
	stream tcp "$client" -n 6 -t 60000 "$vip:80"
	goes_fast
	ip_in "$node" <<- END
		route add $ep_ip via $other_ip dev other
	END
	goes_fast "by the other device"
	ip_in "$node" <<< "link set other down"
	goes_fast "when it is down"
	ip_in "$node" <<< "link del other"
	goes_fast "when it is gone"
	stream_ends tcp
	other_device
}

endpoints_go()
{
	must service set web on-removal reset
	talk "$client"
	goes_fast
	must endpoint add web "$ep2:80"
	must endpoint del web "$ep1:80"
	was_reset tcp 3
	stream_ends udp
	must service set web on-removal keep
	must endpoint add web "$ep1:80"
	must endpoint del web "$ep2:80"
}

watch()
{
	nft_node <<- END
		table inet watch {
			counter normal { }
			chain forward {
				type filter hook forward priority -1
				meta l4proto { tcp, udp } counter name normal
			}
		}
	END
}

other_device()
{
	ip_in "" <<- END
		link add other netns $node type veth peer name other netns $eps
	END
	ip_in "$node" <<- END
		addr add 10.6.0.254/24 dev other
		addr add fd00:6::254/64 dev other nodad
		link set other up
	END
	ip_in "$eps" <<- END
		addr add 10.6.0.1/24 dev other
		addr add fd00:6::1/64 dev other nodad
		link set other up
	END
	sysctl_in "$eps" net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.other.rp_filter=0
}

setup_topology
other_device
watch
serve "$eps" 80
run_tests_for "4 6" \
	established_flows_take_it \
	masqueraded \
	the_node_does_not \
	ends_are_seen \
	firewalls_are_asked \
	late_hooks_are_met_at_once \
	other_nats_are_not_passed_by \
	a_narrow_way \
	routes_change \
	neighbours_change \
	devices_go \
	endpoints_go
