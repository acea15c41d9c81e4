#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What packets do behind Services of each kind: whom they reach, by which
# address, and as whom.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |			the Node n2
#		    pod			on the Node n1, which is ours
# shellcheck disable=SC2119,SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/traffic.sh"
. "$(dirname "$0")/../lib/cluster.sh"

vip=10.96.0.10
balancer=203.0.113.9
external=192.0.2.80
local_pod=10.4.0.2:80
remote_pods="10.2.0.1:80 10.2.0.2:80"

# web_object [MEMBER]...: the Service; MEMBERs are more of its spec, in JSON
web_object()
{
	local more=

	[ $# = 0 ] || printf -v more ', %s' "$@"
	echo '{"kind": "Service", "metadata": {"name": "web",
		"namespace": "default"}, "spec": {"type": "LoadBalancer",
		"clusterIP": "'"$vip"'", "clusterIPs": ["'"$vip"'"],
		"externalIPs": ["'"$external"'"], "ports": [{"name": "http",
		"protocol": "TCP", "port": 80, "nodePort": 30080}]'"$more"'},
		"status": {"loadBalancer": {"ingress": [
		{"ip": "'"$balancer"'"}]}}}' | tr -d '\n\t'
	echo
}

# pods [ADDRESS NODE ZONE]...: its EndpointSlice; each has a hint for its zone
pods()
{
	local endpoints=

	while [ $# -gt 0 ]; do
		endpoints+=${endpoints:+, }'{"addresses": ["'"$1"'"],
			"nodeName": "'"$2"'", "zone": "'"$3"'",
			"hints": {"forZones": [{"name": "'"$3"'"}]}}'
		shift 3
	done
	echo '{"kind": "EndpointSlice", "metadata": {"name": "web-a",
		"namespace": "default", "labels": {
		"kubernetes.io/service-name": "web"}}, "addressType": "IPv4",
		"ports": [{"name": "http", "protocol": "TCP", "port": 80}],
		"endpoints": ['"$endpoints"']}' | tr -d '\n\t'
	echo
}

all_pods()
{
	pods 10.2.0.1 n2 b 10.2.0.2 n2 b "${local_pod%:*}" n1 b
}

far_pods()
{
	pods 10.2.0.1 n2 b 10.2.0.2 n2 b
}

says()
{
	ctl save | grep -qE -- "$1"
}

# comes_to PATTERN: once the objects from stdin are with the module
comes_to()
{
	put_objects
	busywait 10000 says "$1" ||
		fail "not \"$1\": $(ctl save; tail -n 5 "$log")"
}

# reach ENDPOINTS NS ADDR:PORT...: exactly these, by each of them
reach()
{
	local to

	for to in "${@:3}"; do
		asked "${2%-*}" "$2" -n 30 "$to"
		check_is "${2%-*} by $to" "$endpoints" "$1"
	done
}

health_code()
{
	ip netns exec "$node" curl -s -o "$tmp/health" -w '%{http_code}' \
		http://10.1.0.1:30090/healthz
}

health_is()
{
	[ "$(health_code)" = "$1" ]
}

by_each_of_its_addresses()
{
	start_agent
	{ web_object; far_pods; } | comes_to "endpoint 10.2.0.2:80"
	reach "$remote_pods" "$client" "$vip:80" "$balancer:80" \
		"$external:80" 10.1.0.1:30080
	reach "$remote_pods" "$pod" "$vip:80" "$balancer:80" 10.1.0.1:30080
	reach "$remote_pods" "$node" "$vip:80" 10.1.0.1:30080
	# Who is no pod is hidden from them.
	seen_as 10.4.0.2 "$pod" "$vip:80"
	seen_as 10.2.0.254 "$client" "$vip:80"
	seen_as 10.2.0.254 "$client" "$balancer:80"
	# The Node has one address for nodeports.
	refused "another address" ECONNREFUSED "$client" 10.2.0.254:30080
}

source_ranges()
{
	web_object '"loadBalancerSourceRanges": ["10.3.0.0/16"]' |
		comes_to "allow 10.3.0.0/16"
	refused "out of range" ETIMEDOUT "$client" -t 300 "$balancer:80"
	asked "in range" "$client" -s 10.3.0.7 "$balancer:80"
	# They are the load balancer's alone.
	asked "by another address" "$client" "$external:80"
	web_object | comes_to "$balancer:80 kind lb (frontend|endpoint)"
	asked "without ranges" "$client" "$balancer:80"
}

external_policy_local()
{
	web_object '"externalTrafficPolicy": "Local"' \
		'"healthCheckNodePort": 30090' |
		comes_to "external-policy local"
	busywait 10000 health_is 503 || fail "health: $(health_code)"
	refused "nobody here" ETIMEDOUT "$client" -t 300 "$balancer:80"
	reach "$remote_pods" "$pod" "$balancer:80"
	reach "$remote_pods" "$client" "$vip:80"
	all_pods | comes_to "endpoint $local_pod local"
	reach "$local_pod" "$client" "$balancer:80" 10.1.0.1:30080
	seen_as 10.1.0.2 "$client" "$balancer:80"
	busywait 10000 health_is 200 || fail "health: $(health_code)"
}

internal_policy_local()
{
	web_object '"internalTrafficPolicy": "Local"' |
		comes_to "internal-policy local"
	reach "$local_pod" "$client" "$vip:80"
	reach "$remote_pods $local_pod" "$client" "$balancer:80"
	far_pods | comes_to "endpoint 10.2.0.2:80$"
	refused "nobody here" ETIMEDOUT "$client" -t 300 "$vip:80"
}

affinity()
{
	local first

	web_object '"sessionAffinity": "ClientIP"' \
		'"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 100}}' |
		comes_to "affinity 100s"
	asked client "$client" "$vip:80"
	first=$endpoints
	reach "$first" "$client" "$vip:80" "$balancer:80" 10.1.0.1:30080
	asked "many" "$client" -s 10.3.0.1 -i -n 30 "$vip:80"
	check_is "many clients" "$endpoints" "$remote_pods"
}

# The Node's zone is a.
hints()
{
	{ web_object; pods 10.2.0.1 n2 a 10.2.0.2 n2 b; } |
		comes_to "endpoint 10.2.0.1:80$"
	reach 10.2.0.1:80 "$client" "$vip:80"
	pods 10.2.0.1 n2 b 10.2.0.2 n2 b | comes_to "endpoint 10.2.0.2:80"
	reach "$remote_pods" "$client" "$vip:80"
}

nobody_is_there()
{
	pods | comes_to "frontend nodeport 30080$"
	refused "cluster" ECONNREFUSED "$client" "$vip:80"
	refused "load balancer" ECONNREFUSED "$client" "$balancer:80"
	refused "nodeport" ECONNREFUSED "$client" 10.1.0.1:30080
	refused "pod" ECONNREFUSED "$pod" "$vip:80"
	refused "node" ECONNREFUSED "$node" "$vip:80"
	stop_agent
}

setup_topology
serve "$eps" 80
serve "$pod" 80
start_api
node_object n1 10.4.0.0/24 |
	sed 's/"name": "n1"/&, "labels": {"topology.kubernetes.io\/zone": "a"}/' |
	put_objects
run_tests \
	by_each_of_its_addresses \
	source_ranges \
	external_policy_local \
	internal_policy_local \
	affinity \
	hints \
	nobody_is_there
