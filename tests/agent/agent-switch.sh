#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A node goes from kube-proxy to svcnat and back, while fifty clients ask.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |			and 10.200.0.4 and .5, behind rules of
#		    pod			kube-proxy
# shellcheck disable=SC2119,SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/traffic.sh"
. "$(dirname "$0")/../lib/cluster.sh"

vip=172.16.0.1		# the second of those that peers.py makes
many=10.3.0.

# kube_proxy: its rules, with a service of its own
kube_proxy()
{
	python3 -B "$repo/tests/bench/peers.py" nft 2 2 | nft_node
}

# unanswered: prints what became of questions that had no answer
unanswered()
{
	cat "${clients[@]/#/$tmp/}" | grep -e ' - ' -e peer:
}

# theirs: what the rules still translate
theirs()
{
	ip netns exec "$node" conntrack -L -p tcp --dst-nat \
		--state ESTABLISHED 2> /dev/null
}

only_one_is_theirs()
{
	[ "$(theirs | wc -l)" = 1 ]
}

# Both may be there for a while: what svcnat has rewritten is no concern of the
# rules, and a connection that they have made goes on, for which they have to
# stay.
from_kube_proxy_to_svcnat()
{
	local translated

	kube_proxy
	translated=$(stat translated)
	crowd_begins tcp "$client" 30 -s "$many%" "$vip:80"
	crowd_begins pod "$pod" 20 "$vip:80"
	stream theirs "$client" "$vip:80"
	check_is "translated by svcnat" "$(stat translated)" "$translated"
	{
		service_object kube "$vip"
		slice_object kube 10.200.0.4 10.200.0.5
	} | put_objects
	start_agent
	asked "beside the rules" "$client" -n 4 "$vip:80"
	slowwait 10000 only_one_is_theirs || fail "$(theirs)"
	stream_ends theirs
	nft_node <<< "delete table ip kube-proxy"
	asked "without the rules" "$client" -n 4 "$vip:80"
	check_num "translated by svcnat" "$(stat translated) > $translated"
	note "$(answered) questions"
	check_is "questions without answer" "$(unanswered)" ""
}

from_svcnat_to_kube_proxy()
{
	local i

	stream ours "$client" "$vip:80"
	kube_proxy
	stop_agent
	ip netns exec "$node" "$svcnatd" --cleanup 2> "$tmp/cleanup" ||
		fail "svcnatd --cleanup: $(< "$tmp/cleanup")"
	check_is services "$(ctl -j service show | jq length)" 0
	streams_go_on
	asked "with the rules" "$client" -n 8 "$vip:80"
	asked "with the rules" "$pod" -n 8 "$vip:80"
	check_is "questions without answer" "$(unanswered)" ""
	stream_ends ours
	for i in "${clients[@]}"; do
		kill "${asking_pids[$i]}" || fail "$i was over before"
	done
	nft_node <<< "delete table ip kube-proxy"
}

setup_topology
for last in 4 5; do
	ip_in "$eps" <<< "addr add 10.200.0.$last/32 dev eth0"
done
ip_in "$node" <<< "route add 10.200.0.0/24 via 10.2.0.1"
serve "$eps" 80
start_api
node_object n1 10.4.0.0/24 | put_objects
run_tests \
	from_kube_proxy_to_svcnat \
	from_svcnat_to_kube_proxy
