#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Many Services, and changes that do not end, with the module: none is lost,
# and the agent's memory does not grow.  What it says of time is an emulated
# CPU's, and is no figure.
# shellcheck disable=SC2119,SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/cluster.sh"

changes_reach_the_module()
{
	local status=0

	ip netns exec "$node" python3 -B "$repo/tests/agent/scale.py" \
		--module --slow 20 --services 1000 --rate 10 --seconds 90 \
		"$svcnatd" > "$tmp/scale" 2>&1 || status=$?
	sed 's/^/# /' "$tmp/scale"
	[ "$status" = 0 ] || fail "a limit was missed"
}

setup_topology
run_tests changes_reach_the_module
