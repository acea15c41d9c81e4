#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a service promises: an address that answers, from wherever one asks.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

vip=10.96.0.10

tcp_and_udp_from_another_host()
{
	asks "$client" 10.1.0.2 "$vip:80"
	asks "$client" 10.1.0.2 -u "$vip:53"
	asks "$client" 10.1.0.2 -U "$vip:53"
}

tcp_and_udp_from_a_pod()
{
	asks "$pod" 10.4.0.2 "$vip:80"
	asks "$pod" 10.4.0.2 -u "$vip:53"
}

tcp_and_udp_from_the_node()
{
	asks "$node" 10.1.0.1 "$vip:80"
	asks "$node" 10.1.0.1 -u "$vip:53"
}

every_frontend_answers()
{
	local to

	for to in "$vip:80" "$vip:8080" 10.96.0.11:80; do
		# One of two is missed in one run of 16 millions.
		asked web "$client" -n 25 "$to"
		check_is "$to" "$endpoints" "10.2.0.1:80 10.2.0.2:8080"
	done
}

one_port_for_two_protocols()
{
	asked TCP "$client" -n 5 "$vip:53"
	check_is "TCP" "$endpoints" 10.2.0.3:53
	asked UDP "$client" -n 5 -u "$vip:53"
	check_is "UDP" "$endpoints" 10.2.0.4:5353
}

# To ask twice takes longer than the last packets of a connection do.
rx_rests()
{
	[ "$(stat rx)" = "$(stat rx)" ]
}

other_addresses_are_untouched()
{
	local before

	busywait 5000 rx_rests || fail "connections do not end"
	before=$(stat rx)
	asked direct "$client" -n 2 10.2.0.1:80
	asked direct "$node" -n 2 10.2.0.1:80
	asked direct "$pod" -n 2 -u 10.2.0.1:5353
	ip netns exec "$client" ping -qc 1 10.2.0.1 > /dev/null
	check_err $? "ping"
	check_is "packets of ours" "$(stat rx)" "$before"
}

added_and_removed()
{
	must service add new tcp endpoint 10.2.0.1:80
	ask "$client" -t 300 10.96.0.12:80 > /dev/null
	check_fail $? "a frontend that was never added answers"
	must frontend add new 10.96.0.12:80
	asked "new frontend" "$client" 10.96.0.12:80
	must frontend del new 10.96.0.12:80
	ask "$client" -t 300 10.96.0.12:80 > /dev/null
	check_fail $? "a removed frontend answers"
	must frontend add new 10.96.0.12:80
	must endpoint add new 10.2.0.2:8080
	must endpoint del new 10.2.0.1:80
	asked "new endpoint" "$client" -n 5 10.96.0.12:80
	check_is "new endpoint" "$endpoints" 10.2.0.2:8080
	must service del new
	ask "$client" -t 300 10.96.0.12:80 > /dev/null
	check_fail $? "a removed service answers"
}

two_network_namespaces()
{
	# The pod translates for itself, and the packet is the node's no more.
	svcctl -N "$pod" service add mine tcp "$vip:53" endpoint 10.2.0.1:80
	check_err $? "svcctl -N"
	asked pod "$pod" -n 3 "$vip:53"
	check_is "from the pod" "$endpoints" 10.2.0.1:80
	asked client "$client" -n 3 "$vip:53"
	check_is "from the client" "$endpoints" 10.2.0.3:53
	check_is "services of the pod" "$(svcctl -N "$pod" service show)" \
		"NAME *mine*"
	check_is "services of the node" "$(ctl service show)" \
		"NAME *dns-tcp *dns-udp *web *"
	svcctl -N "$pod" -b - <<- END
		service flush
		flow flush
	END
	asked pod "$pod" -n 3 "$vip:53"
	check_is "from the pod, by the node" "$endpoints" 10.2.0.3:53
}

# As svcctl prints them, in the order of what() below
# shellcheck disable=SC2016  # the dollars are jq's
json_contract='
def keys_are($what; $words):
	[.[] | keys] | unique | if . == [$words | split(" ") | sort] then empty
	else "\($what) has the keys \(.)" end;
def values_are($what; $values):
	if . == $values then empty else "\($what) is \(.)" end;
def counters: "connections request_packets request_bytes reply_packets reply_bytes";
def service: "name protocol affinity scheduler internal_policy external_policy on_removal frontends endpoints";
def frontend: "address port kind allow";
def endpoint: "address port weight state local local_only active";
.[0] as $services | .[1] as $counted | .[2] as $flows | .[3] as $pins |
.[4] as $config | .[5] as $stats |
($services |
 keys_are("service"; service),
 (map(.frontends[]) | keys_are("frontend"; frontend)),
 (map(.endpoints[]) | keys_are("endpoint"; endpoint)),
 values_are("service"; [{name: "one", protocol: "udp", affinity: 60,
	scheduler: "random", internal_policy: "cluster",
	external_policy: "cluster", on_removal: "keep",
	frontends: [{address: "10.96.0.20", port: 53, kind: "cluster",
		     allow: []}],
	endpoints: [{address: "10.2.0.4", port: 5353, weight: 1,
		     state: "ready", local: false, local_only: false,
		     active: null},
		    {address: "10.2.0.4", port: 5354, weight: 7,
		     state: "unready", local: true, local_only: false,
		     active: null},
		    {address: "10.2.0.4", port: 5355, weight: 0,
		     state: "terminating", local: true, local_only: true,
		     active: null}]}])),
($counted |
 keys_are("service"; service + " stats"),
 (map(.frontends[]) | keys_are("frontend"; frontend + " stats")),
 (map(.endpoints[]) | keys_are("endpoint"; endpoint + " stats")),
 ([.[0].stats, .[0].frontends[0].stats, .[0].endpoints[0].stats] |
  keys_are("stats of an object"; counters),
  (.[] | values_are("stats of an object"; {connections: 3,
	request_packets: 3, request_bytes: 384, reply_packets: 3,
	reply_bytes: .reply_bytes}),
	if .reply_bytes > 384 then empty else "reply_bytes \(.)" end)),
 (map(.endpoints[].active) | values_are("active"; [3, 0, 0]))),
($flows |
 keys_are("flow"; "service protocol client client_port vip vip_port endpoint endpoint_port snat snat_port state idle"),
 (.[0] | del(.client_port, .idle) |
  values_are("flow"; {service: "one", protocol: "udp", client: "10.1.0.2",
	vip: "10.96.0.20", vip_port: 53, endpoint: "10.2.0.4",
	endpoint_port: 5353, snat: null, snat_port: null, state: .state}),
  if .state | type == "string" then empty else "state \(.)" end)),
($pins |
 keys_are("affinity"; "service client endpoint endpoint_port expires"),
 (.[0] | values_are("affinity"; {service: "one", client: "10.1.0.2",
	endpoint: "10.2.0.4", endpoint_port: 5353, expires: .expires}),
  if .expires > 30 and .expires <= 60 then empty else "expires \(.)" end)),
($config |
 keys_are("config"; "max-services max-endpoints max-flows max-affinity timeout-tcp-established timeout-tcp-transitory timeout-tcp-closing timeout-udp timeout-udp-stream timeout-sctp pod-cidr service-cidr nodeport-addresses masquerade-all snat-ports fastpath"),
 (.[0] | [.["max-services", "max-endpoints", "timeout-tcp-established",
	    "timeout-tcp-transitory", "timeout-tcp-closing", "timeout-udp",
	    "timeout-udp-stream"]] |
  values_are("config"; [1048576, 65535, 86400, 120, 10, 30, 120]))),
($stats | length | values_are("number of stats objects"; 1)),
($stats[0] | [.[] | type] | unique | values_are("type of stats"; ["number"]))'

json()
{
	must service flush
	must service add one udp 10.96.0.20:53 affinity 60 \
		endpoint 10.2.0.4:5355 local-only state terminating weight 0 \
		endpoint 10.2.0.4:5354 local weight 7 state unready \
		endpoint 10.2.0.4:5353
	must flow flush
	asked udp "$client" -n 3 -u -l 100 10.96.0.20:53
	{
		ctl -j service show
		ctl -j -s service show
		ctl -j flow show one
		ctl -j affinity show one
		ctl -j config show
		ctl -j stats show
	} > "$tmp/json"
	jq -rs "$json_contract" "$tmp/json" > "$tmp/wrong" ||
		fail "$(cat "$tmp/json")"
	[ ! -s "$tmp/wrong" ] || fail "$(cat "$tmp/wrong")"
	must flow flush one
	ctl -j -s endpoint show one > "$tmp/json"
	has '"active":0,' "$tmp/json" || fail "active: $(cat "$tmp/json")"
}

# Fragments are put together on the node for as long as our hooks are there.
node_reassembles()
{
	local before

	before=$(snmp "$node" IpReasmReqds)
	asked "in fragments" "$client" -u -l 3000 10.2.0.1:5353
	[ "$(snmp "$node" IpReasmReqds)" -gt "$before" ]
}

has_no_hooks()
{
	! node_reassembles
}

hooks_come_and_go()
{
	flush
	slowwait 5000 has_no_hooks || fail "there are hooks without services"
	must service add later tcp endpoint 10.2.0.1:80
	node_reassembles && fail "there are hooks without frontends"
	must frontend add later "$vip:80"
	node_reassembles || fail "there are no hooks"
	asked later "$client" "$vip:80"
	must service del later
	must flow flush
	slowwait 5000 has_no_hooks || fail "the hooks did not go"
}

setup_topology
serve "$eps" 80 8080 53 5353
ctl -b - <<- END || bail_out "no services"
	service add web tcp $vip:80 $vip:8080 10.96.0.11:80 endpoint 10.2.0.1:80 endpoint 10.2.0.2:8080
	service add dns-tcp tcp $vip:53 endpoint 10.2.0.3:53
	service add dns-udp udp $vip:53 endpoint 10.2.0.4:5353
END
run_tests \
	tcp_and_udp_from_another_host \
	tcp_and_udp_from_a_pod \
	tcp_and_udp_from_the_node \
	every_frontend_answers \
	one_port_for_two_protocols \
	other_addresses_are_untouched \
	added_and_removed \
	two_network_namespaces \
	json \
	hooks_come_and_go
