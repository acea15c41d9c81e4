#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets that are too long, and are many in one while the hosts hand them on, or
# are not.
#
#    client ---- near ---- node ---- far ---- eps	see tests/lib/routers.sh
#			   |
#			  pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/routers.sh"
. "$(dirname "$0")/../lib/mtu.sh"

family_begins()
{
	use_mtu
}

# offload_all NS on|off DEVICE...
offload_all()
{
	local device

	for device in "${@:3}"; do
		offload "$1" "$device" tx "$2" sg "$2" tso "$2" gso "$2"
	done
}

merged_on_the_node()
{
	offload "$node" near gro on
	offload "$node" far gro on
	at_the_node
	beyond_the_node
	offload "$node" near gro off
	offload "$node" far gro off
}

without_offload()
{
	offload_all "$client" off near
	offload_all "$eps" off far
	offload_all "$pod" off node
	at_the_node
	beyond_the_node
	offload_all "$node" off near far pod
	at_the_node
	from_a_pod_to_itself
	offload_all "$client" on near
	offload_all "$eps" on far
	offload_all "$pod" on node
	offload_all "$node" on near far pod
}

only_tcp=yes
setup_mtu
run_tests_for "4 6" \
	merged_on_the_node \
	without_offload
