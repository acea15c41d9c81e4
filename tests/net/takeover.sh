#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Addresses that were served by IPVS, as kube-proxy sets it up, become frontends.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

ipvs()
{
	ip netns exec "$node" ipvsadm "$@" || fail "ipvsadm $*"
}

family_begins()
{
	flush
	ip_in "$node" <<- END
		link add kube-ipvs0 type dummy
		addr add $vip_ip dev kube-ipvs0
	END
	# Who asks for states, as kube-proxy's rules do, has conntrack at work.
	nft_node <<- END
		table inet states {
			chain forward {
				type filter hook forward priority 0
				ct state invalid drop
			}
		}
	END
	sysctl_in "$node" net.ipv4.vs.conntrack=1
	ipvs -A -t "$vip:80" -s rr
	ipvs -a -t "$vip:80" -r "$ep1:80" -m
}

family_ends()
{
	ipvs -C
	ip_in "$node" <<< "link del kube-ipvs0"
}

# Conntrack knows them: they are IPVS' until they end.
what_ipvs_has_begun_goes_on()
{
	local before refused

	before=$(stat translated)
	refused=$(stat reject_no_flow)
	stream theirs "$client" -n 3 "$vip:80"
	check_is "packets of ours" "$(stat translated)" "$before"
	must service add web tcp "$vip:80" endpoint "$ep2:80"
	asked client "$client" -n 4 "$vip:80"
	check_is "new ones" "$endpoints" "$ep2:80"
	stream_ends theirs
	check_is "refused" "$(stat reject_no_flow)" "$refused"
}

# Not even conntrack.
what_nobody_knows_is_reset()
{
	must service del web
	nft_node <<< "delete table inet states"
	sysctl_in "$node" net.ipv4.vs.conntrack=0
	stream theirs "$client" -n 3 "$vip:80"
	must service add web tcp "$vip:80" endpoint "$ep2:80"
	was_reset theirs 3
	family_ends
}

modprobe -q ip_vs || skip_all "the kernel has no IPVS"
setup_topology
serve "$eps" 80
run_tests \
	{what_ipvs_has_begun_goes_on,what_nobody_knows_is_reset}@4 \
	{what_ipvs_has_begun_goes_on,what_nobody_knows_is_reset}@6
