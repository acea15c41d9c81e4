#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# svcnatd with the module: Kubernetes' objects decide what packets do.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
# shellcheck disable=SC2119,SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/traffic.sh"
. "$(dirname "$0")/../lib/cluster.sh"

vip=10.96.0.10

# put KIND JSON: an object, of which JSON is all but what kind it is
put()
{
	api '{"do": "put", "obj": {"kind": "'"$1"'", '"$2"'}}'
}

# put_service NAME ADDRESS
put_service()
{
	put Service '"metadata": {"name": "'"$1"'", "namespace": "default"},
		"spec": {"type": "ClusterIP", "clusterIP": "'"$2"'",
		"clusterIPs": ["'"$2"'"], "ports": [{"name": "http",
		"protocol": "TCP", "port": 80}]}'
}

# put_slice SERVICE PORT ADDRESS...
put_slice()
{
	local endpoints

	printf -v endpoints '{"addresses": ["%s"], "nodeName": "n2"}, ' "${@:3}"
	put EndpointSlice '"metadata": {"name": "'"$1-a"'",
		"namespace": "default", "labels": {
		"kubernetes.io/service-name": "'"$1"'"}},
		"addressType": "IPv4", "ports": [{"name": "http",
		"protocol": "TCP", "port": '"$2"'}],
		"endpoints": ['"${endpoints%, }"']'
}

first_list_is_served()
{
	start_agent
	comes web "10.2.0.1:80 10.2.0.2:80"
	asked web "$client" -n 25 "$vip:80"
	check_is endpoints "$endpoints" "10.2.0.1:80 10.2.0.2:80"
	check_is pod-cidr "$(ctl -j config show | jq -r '.[]["pod-cidr"][]')" \
		10.4.0.0/24
}

changes_arrive()
{
	put_slice web 8080 10.2.0.3
	comes web 10.2.0.3:8080
	asked web "$client" -n 3 "$vip:80"
	check_is endpoints "$endpoints" 10.2.0.3:8080
	put_service more 10.96.0.11
	put_slice more 80 10.2.0.4
	comes more 10.2.0.4:80
	asked more "$client" 10.96.0.11:80
	api '{"do": "delete", "kind": "Service", "name": "more",
		"namespace": "default"}'
	busywait 10000 is_gone more || fail "a deleted Service is served"
}

restart_changes_nothing()
{
	local made before

	before=$(ctl -j service show)
	made=$(stat service_new)
	stop_agent
	[ "$(ctl -j service show)" = "$before" ] ||
		fail "there are others without an agent"
	start_agent
	[ "$(ctl -j service show)" = "$before" ] ||
		fail "there are others with the next agent"
	check_is "services made" "$(stat service_new)" "$made"
}

# times COUNTER: how often the kernel was made equal: "proxy", or all of it was
# read for that: "full_proxy"
times()
{
	ip netns exec "$node" curl -sSf http://127.0.0.1:10249/metrics |
		sed -n "s/^kubeproxy_sync_$1_rules_duration_seconds_count //p"
}

more_times_than()
{
	(($(times proxy) > $1))
}

own_changes_are_not_read_again()
{
	local read

	read=$(times full_proxy)
	put_service more 10.96.0.11
	put_slice more 80 10.2.0.4
	comes more 10.2.0.4:80
	api '{"do": "delete", "kind": "Service", "name": "more",
		"namespace": "default"}'
	busywait 10000 is_gone more || fail "a deleted Service is served"
	# Nothing but the end of each sync period makes it look now.
	slowwait 20000 more_times_than $(($(times proxy) + 1)) ||
		fail "no sync period ends"
	check_is "readings of the kernel" "$(times full_proxy)" "$read"
}

what_others_change_is_repaired()
{
	must service del default/web:http
	must service add byhand tcp 10.96.0.99:80 endpoint 10.2.0.1:80
	comes web 10.2.0.3:8080
	has "somebody else changed" "$log" || fail "nothing is said of it"
	must service del byhand
}

one_refusal_stops_nobody()
{
	must service add byhand tcp 10.96.0.12:80 endpoint 10.2.0.1:80
	put_service late 10.96.0.12
	put_service more 10.96.0.13
	put_slice more 80 10.2.0.4
	comes more 10.2.0.4:80
	slowwait 10000 has "refused a service" "$log" ||
		fail "nothing is said of the refusal"
	must service del byhand
	slowwait 20000 is_served late "" || fail "it is not tried again"
}

metrics_of_the_module()
{
	ip netns exec "$node" curl -sSf http://127.0.0.1:10249/metrics \
		> "$tmp/metrics" || fail "no metrics"
	has 'svcnat_service_connections_total{service="default/web:http"}' \
		"$tmp/metrics" || fail "no connections of web"
	has svcnat_flow_live "$tmp/metrics" || fail "no flows"
	ip netns exec "$node" curl -sSf \
		http://127.0.0.1:10249/metrics/endpoints > "$tmp/metrics" ||
		fail "no metrics of endpoints"
	has 'service="default/web:http",endpoint="10.2.0.3:8080"' \
		"$tmp/metrics" || fail "no endpoint of web"
}

module_loaded_again()
{
	ctl service flush
	ctl flow flush
	comes web 10.2.0.3:8080
}

cleanup_leaves_what_others_made()
{
	stop_agent
	must service add byhand tcp 10.96.0.99:80
	ip netns exec "$node" "$svcnatd" --cleanup 2> "$tmp/log" ||
		fail "svcnatd --cleanup: $(cat "$tmp/log")"
	check_is services "$(ctl -j service show | jq -r '.[].name')" byhand
	check_is pod-cidr "$(ctl -j config show | jq -c '.[]["pod-cidr"]')" '[]'
	must service del byhand
}

setup_topology
serve "$eps" 80 8080
start_api
put Node '"metadata": {"name": "n1"}, "spec": {"podCIDR": "10.4.0.0/24",
	"podCIDRs": ["10.4.0.0/24"]}, "status": {"addresses": [{
	"type": "InternalIP", "address": "10.1.0.1"}]}'
put_service web $vip
put_slice web 80 10.2.0.1 10.2.0.2
run_tests \
	first_list_is_served \
	changes_arrive \
	restart_changes_nothing \
	own_changes_are_not_read_again \
	what_others_change_is_repaired \
	one_refusal_stops_nobody \
	metrics_of_the_module \
	module_loaded_again \
	cleanup_leaves_what_others_made
