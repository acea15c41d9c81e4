#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets that are too long, and are many in one while the hosts hand them on, or
# are not.
#
#    client ---- near ---- node ---- far ---- eps	see tests/routers.sh
#			   |
#			  pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../routers.sh"
. "$(dirname "$0")/../mtu.sh"

family_begins()
{
	use_mtu
}

# offload NS on|off DEVICE...
offload()
{
	local device

	for device in "${@:3}"; do
		ip netns exec "$1" ethtool -K "$device" tx "$2" sg "$2" \
			tso "$2" gso "$2" > /dev/null 2>&1 ||
			fail "ethtool $2 $device"
	done
}

merged_on_the_node()
{
	ip netns exec "$node" ethtool -K near gro on > /dev/null
	ip netns exec "$node" ethtool -K far gro on > /dev/null
	at_the_node
	beyond_the_node
	ip netns exec "$node" ethtool -K near gro off > /dev/null
	ip netns exec "$node" ethtool -K far gro off > /dev/null
}

without_offload()
{
	offload "$client" off near
	offload "$eps" off far
	offload "$pod" off node
	at_the_node
	beyond_the_node
	offload "$node" off near far pod
	at_the_node
	from_a_pod_to_itself
	offload "$client" on near
	offload "$eps" on far
	offload "$pod" on node
	offload "$node" on near far pod
}

only_tcp=yes
setup_mtu
run_tests_for "4 6" \
	merged_on_the_node \
	without_offload
