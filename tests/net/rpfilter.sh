#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Strict reverse path filtering everywhere: who answers must be where the route
# to him is.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/traffic.sh"

vip=10.96.0.10

from_everywhere()
{
	local ns

	for ns in "$client" "$pod" "$node"; do
		traffic "$ns" "$vip:80" 2000000
	done
}

to_a_pod()
{
	from_everywhere
}

to_the_node()
{
	ctl -b - <<- END || fail "svcctl"
		service replace tcp tcp $vip:80 endpoint 10.1.0.1:80
		service replace udp udp $vip:80 endpoint 10.1.0.1:80
	END
	from_everywhere
}

refused_everywhere()
{
	local ns

	for ns in "$client" "$pod" "$node"; do
		refused "${ns%-*}" ECONNREFUSED "$ns" "$vip:81"
		refused "${ns%-*}" ECONNREFUSED "$ns" -u "$vip:81"
	done
}

nothing_was_filtered()
{
	check_is "by the filter" "$(snmp "$node" TcpExtIPReversePathFilter)" 0
}

setup_topology
for ns in "$client" "$node" "$eps" "$pod"; do
	sysctl_in "$ns" net.ipv4.conf.all.rp_filter=1
done
serve "$eps" 80
serve "$node" 80
ctl -b - <<- END || bail_out "no services"
	service add tcp tcp $vip:80 endpoint 10.2.0.1:80 endpoint 10.2.0.2:80
	service add udp udp $vip:80 endpoint 10.2.0.1:80 endpoint 10.2.0.2:80
END
run_tests \
	to_a_pod \
	to_the_node \
	refused_everywhere \
	nothing_was_filtered
