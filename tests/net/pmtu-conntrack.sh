#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets that are too long, beside conntrack: the errors about them belong to
# the connections that it knows, and nothing is INVALID.
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

# Behind all others, in the order of the tests
nothing_is_invalid()
{
	nothing_invalid
	no_conntrack
}

# The errors are about connections that conntrack knows already: a packet of each
# has arrived.
conntrack_is_there()
{
	drop_invalid
	exchange=-e
	bulk "$client" 1000 "$vip:80"
	[ "$(ip netns exec "$node" conntrack -C)" -gt 0 ] ||
		fail "conntrack knows nothing"
}

setup_mtu
run_tests_for "4 6" \
	conntrack_is_there \
	at_the_node \
	beyond_the_node \
	from_the_node \
	from_a_pod_to_itself \
	nothing_is_invalid
