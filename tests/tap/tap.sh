#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: tests/tap/run [-k debug] [-t SECONDS]
#
# Packets of all kinds, half of them wrong, from both sides: the kernel must
# survive them, and the module do with each what tests/tap/tapfuzz.h says.
#
#    client side --- tap0, node, tap1 --- endpoint side	all in one program
#    10.1.0.2     10.1.0.1 | 10.2.0.254      10.2.0.1
#    10.3.0.0/16
#
# SVCNAT_JUDGE is the parser to compare with, as a library.  SVCNAT_SEED and
# SVCNAT_SECONDS say where it begins and how long each part takes;
# SVCNAT_REPLAY has what a failure has printed, -f in front if it was cut.
# shellcheck disable=SC2317,SC2154  # run_tests calls the functions, setup_ns

. "$(dirname "$0")/../lib.sh"

judge=${SVCNAT_JUDGE-}
seed=${SVCNAT_SEED:-$RANDOM$RANDOM}
seconds=${SVCNAT_SECONDS:-12}

# Link-local addresses and what the kernel says of itself would only disturb.
setup_taps()
{
	modprobe tun 2> /dev/null
	ip -n "$node" tuntap add tap0 mode tap || bail_out "no TAP"
	ip -n "$node" tuntap add tap1 mode tap || bail_out "no TAP"
	sysctl_in "$node" net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 \
		net.ipv4.icmp_msgs_per_sec=1000000 \
		net.ipv4.icmp_msgs_burst=1000000 net.ipv6.icmp.ratelimit=0 \
		net.ipv4.conf.all.send_redirects=0 \
		net.ipv4.conf.default.send_redirects=0 \
		net.ipv4.conf.tap0.send_redirects=0 \
		net.ipv4.conf.tap1.send_redirects=0 \
		net.ipv4.conf.all.accept_source_route=0 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tap0.rp_filter=0 \
		net.ipv4.conf.tap1.rp_filter=0
	# What is never put together shall be told to nobody, nor be in anybody's
	# way; and nobody be looked for, to say later that he was not there.
	sysctl_in "$node" net.ipv4.ipfrag_time=86400 \
		net.ipv4.ipfrag_high_thresh=1000000000 \
		net.netfilter.nf_conntrack_frag6_timeout=86400 \
		net.netfilter.nf_conntrack_frag6_high_thresh=1000000000
	ip_in "$node" <<- END
		link set lo up
		link set tap0 address 02:00:00:00:01:fe txqueuelen 4000 arp off
		link set tap1 address 02:00:00:00:02:fe txqueuelen 4000 arp off
		link set tap0 addrgenmode none
		link set tap1 addrgenmode none
		addr add 10.1.0.1/24 dev tap0
		addr add 10.2.0.254/24 dev tap1
		addr add fd00:1::1/64 dev tap0 nodad
		addr add fd00:2::254/64 dev tap1 nodad
		link set tap0 up
		link set tap1 up
		link add nowhere type dummy
		link set nowhere addrgenmode none
		link set nowhere up
		route add default dev nowhere
		route add ::/0 dev nowhere
		route add 10.3.0.0/16 via 10.1.0.2
		route add fd00:3::/64 via fd00:1::2
	END
}

# One endpoint each: nobody needs to guess where a packet goes.
setup_services()
{
	ctl -b - <<- END || bail_out "no services"
		config set max-flows 1000000 timeout-udp 86400 timeout-udp-stream 86400
		config set timeout-tcp-transitory 86400 timeout-tcp-closing 86400
		service add web tcp 10.96.0.10:80 [fd00:96::10]:80 endpoint 10.2.0.1:8080 endpoint [fd00:2::1]:8080
		service add dns udp 10.96.0.10:53 [fd00:96::10]:53 endpoint 10.2.0.1:5353 endpoint [fd00:2::1]:5353
		service add s1 sctp 10.96.0.10:36 [fd00:96::10]:36 endpoint 10.2.0.1:3600 endpoint [fd00:2::1]:3600
	END
}

# fuzz WORD...: the test fails if it prints more than what it has done
fuzz()
{
	local status=0

	"$programs/tapfuzz" -N "$node" "$@" > "$tmp/fuzz" 2>&1 || status=$?
	check_err "$status" "the fuzzer ended with status $status"
	note "$(sed 's/^# *//' "$tmp/fuzz")"
}

in_one_piece()
{
	fuzz -s "$seed" -t "$seconds" "$judge"
	note "IP dropped $(snmp "$node" IpInHdrErrors Ip6InHdrErrors) for their headers, $(snmp "$node" IpReasmOKs Ip6ReasmOKs) were put together"
}

cut_at_headers()
{
	fuzz -f -s "$seed" -t "$seconds" "$judge"
}

what_failed_before()
{
	local words=()

	read -r -a words <<< "$SVCNAT_REPLAY"
	if [ "${words[0]}" = -f ]; then
		fuzz -f -r "$judge" "${words[@]:1}"
	else
		fuzz -r "$judge" "${words[@]}"
	fi
}

[ -n "$judge" ] || skip_all "tests/tap/run says what to compare with"
[ -r "$judge" ] || bail_out "there is no $judge"
setup_ns node
build_program tapfuzz tap
setup_taps
setup_services
if [ -n "${SVCNAT_REPLAY-}" ]; then
	run_tests what_failed_before
else
	run_tests in_one_piece cut_at_headers
fi
