#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Clients and endpoints that rewrite their packets while these pass the node, see
# pages.c.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#        '== VXLAN ==''=== VXLAN =='
#
# SVCNAT_SEED and SVCNAT_SECONDS say where it begins and how long each part takes.
# shellcheck disable=SC2317,SC2154,SC2034  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

seed=${SVCNAT_SEED:-$RANDOM$RANDOM}
seconds=${SVCNAT_SECONDS:-12}

# What is no more what it was parsed as is dropped, and counted as if there were
# no memory for it.
memory_fails=yes

# pages [WORD]...; nobody serves: answers are not what this is about.
pages()
{
	local status=0 before others

	before=$(stat drop_memory)
	"$programs/pages" "$@" -s "$seed" -t "$seconds" "$client" "$eps" \
		> "$tmp/pages" 2>&1 || status=$?
	note "$(sed 's/^# *//' "$tmp/pages")"
	[ "$status" != "$ksft_skip" ] || { RET=$ksft_skip; return; }
	check_err "$status" "it ended with status $status"
	others=$(($(stat drop_memory) - before))
	note "$others packets were other ones when they had been copied"
	check_num "packets that changed meanwhile" "$others > 0"
}

requests_that_change()
{
	pages
}

replies_that_change()
{
	pages -r
}

setup_topology
modprobe vxlan 2> /dev/null
# Who puts packets together would copy their headers first.
ip_in "$node" <<- END
	link add vx address 02:00:00:00:00:fe type vxlan id 7 dstport 4789 local 10.1.0.1 nolearning
	link set vx addrgenmode none
	addr add 10.9.0.1/24 dev vx
	addr add fd00:9::1/64 dev vx nodad
	link set vx up
END
offload "$node" vx gro off
build_program pages tap
ctl -b - <<- END || bail_out "no services"
	service add web tcp 10.96.0.10:80 [fd00:96::10]:80 endpoint 10.2.0.1:8080 endpoint [fd00:2::1]:8080
	service add dns udp 10.96.0.10:53 [fd00:96::10]:53 endpoint 10.2.0.1:5353 endpoint [fd00:2::1]:5353
	service add s1 sctp 10.96.0.10:36 [fd00:96::10]:36 endpoint 10.2.0.1:3600 endpoint [fd00:2::1]:3600
END
run_tests requests_that_change replies_that_change
