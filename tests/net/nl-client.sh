#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The netlink interface against its specification: what a strict client that
# was made from tests/nl/svcnat.yaml gets, see tests/nl/client_test.py.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

# holds CASE: nothing differs from what the specification says
holds()
{
	ip netns exec "$node" python3 "$lib_dir/nl/client_test.py" "$1" \
		> "$tmp/differs" 2>&1 || fail "status $?"
	[ ! -s "$tmp/differs" ] || fail "$(head -n 20 "$tmp/differs")"
}

policies_are_the_specification()
{
	holds policies_are_the_specification
}

replies_are_complete()
{
	holds replies_are_complete
}

traffic_is_shown()
{
	asked client "$client" -n 2 10.96.0.10:80
	asked masqueraded "$client" 10.96.0.30:80
	holds traffic_is_shown
}

replies_go_on_where_they_were()
{
	holds replies_go_on_where_they_were
}

refusals_name_the_attribute()
{
	must config set max-services 2 max-endpoints 7
	holds refusals_name_the_attribute
	must config set max-services 1000 max-endpoints 65535
}

events_tell_of_changes()
{
	holds events_tell_of_changes
}

setup_topology
serve "$eps" 80
ctl -b - <<- END || bail_out "no services"
	service add web tcp 10.96.0.10:80 frontend 10.96.0.30:80 kind lb allow 10.0.0.0/8 frontend nodeport 30080 affinity 3h endpoint 10.2.0.1:80 weight 7 endpoint 10.2.0.2:80 endpoint 10.2.0.3:80
	service add other tcp 10.96.0.20:80
END
run_tests \
	policies_are_the_specification \
	replies_are_complete \
	traffic_is_shown \
	replies_go_on_where_they_were \
	refusals_name_the_attribute \
	events_tell_of_changes
