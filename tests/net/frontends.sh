#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Frontends of every kind: who may use them, what becomes of their other ports,
# which addresses of the node serve nodeports.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

family_begins()
{
	external=$vip2
	lb=${vip2/11/12}
	vacant=${vip2/11/14}
	net=10.96.0.0/24
	loopback=127.0.0.1
	pod_gate_ip=10.4.0.1
	pod_gate=$pod_gate_ip
	[ "$family" = 4 ] || {
		net=fd00:96::/64
		loopback='[::1]'
		pod_gate_ip=fd00:4::1
		pod_gate=[$pod_gate_ip]
	}
	ctl service flush
	must config set service-cidr none nodeport-addresses 0.0.0.0/0,::/0
	must service add web tcp "$vip:80" \
		frontend "$external:80" kind external \
		frontend "$lb:80" kind lb \
		frontend nodeport 30080 \
		endpoint "$ep1:80"
	must service add dns udp "$vip:80" frontend nodeport 30080 \
		endpoint "$ep1:80"
}

every_kind_serves()
{
	local to

	for to in "$vip:80" "$external:80" "$lb:80" "$node_at:30080"; do
		asked outside "$client" -n 2 "$to"
		asked pod "$pod" -n 2 "$to"
		asked node "$node" -n 2 "$to"
	done
	asked UDP "$client" -u -n 2 "$node_at:30080"
	asked UDP "$pod" -u -n 2 "$node_at:30080"
	asked UDP "$node" -u -n 2 "$node_at:30080"
	bulk "$client" $((4000000 / slow)) "$node_at:30080"
	bulk "$node" $((1000000 / slow)) "$node_at:30080"
}

# counted ADDRESS: connections to a frontend of web so far
counted()
{
	local line

	while read -r line; do
		[[ $line != "web "*"$1"* ]] || echo "$line"
	done < <(ctl -s frontend show web)
}

# Connections, and packets and bytes either way
each_frontend_counts()
{
	local to i before after grown

	for to in "$vip:80" "$external:80" "$lb:80" nodeport; do
		read -ra before <<< "$(counted "$to")"
		asked counted "$client" -n 2 "${to/nodeport/$node_at:30080}"
		read -ra after <<< "$(counted "$to")"
		grown=0
		for i in "${!after[@]}"; do
			[[ ${after[i]} == *[!0-9]* ]] ||
				grown=$((grown + (after[i] > before[i])))
		done
		check_is "$to: counters that have grown" "$grown" 5
	done
}

other_ports()
{
	refused cluster ECONNREFUSED "$client" "$vip:81"
	refused cluster ECONNREFUSED "$pod" "$vip:81"
	refused cluster ECONNREFUSED "$node" "$vip:81"
	# Nobody has these: they go where the node's routes say.
	refused external ETIMEDOUT "$client" -t 300 "$external:81"
	refused lb ETIMEDOUT "$client" -t 300 "$lb:81"
	# The node's own answer
	refused nodeport ECONNREFUSED "$client" "$node_at:30081"
	asked "a server of the node" "$client" "$node_at:8080"
}

# It is one rewrite, and not two in a row.
an_endpoint_may_be_another_frontend()
{
	local ns how

	must service add chain tcp "$vip:82" endpoint "$ep3:80"
	must service add chain-udp udp "$vip:82" endpoint "$ep3:80"
	must service add end tcp frontend "$ep3:80" kind external \
		endpoint "$ep4:80"
	must service add end-udp udp frontend "$ep3:80" kind external \
		endpoint "$ep4:80"
	for ns in "$client" "$pod" "$node"; do
		for how in "-r" "-u"; do
			asked "${ns%-*} $how" "$ns" "$how" -n 3 "$vip:82"
			check_is "${ns%-*} $how" "$endpoints" "$ep3:80"
			asked "${ns%-*} $how, itself" "$ns" "$how" -n 3 \
				"$ep3:80"
			check_is "${ns%-*} $how, itself" "$endpoints" "$ep4:80"
		done
	done
	for how in chain chain-udp end end-udp; do
		must service del "$how"
	done
}

# The answers come to a port that is served, too.
a_client_on_the_node_may_have_the_port()
{
	asked TCP "$node" -p 30080 -r "$vip:80"
	check_is TCP "${answers[0]% *}" "* ?*:30080"
	asked UDP "$node" -u -p 30080 -n 3 "$vip:80"
	check_is UDP "${answers[0]% *}" "* ?*:30080"
	stream old "$node" -p 30080 "$vip:80"
	asked "others" "$client" -n 3 "$node_at:30080"
	stream_ends old
}

only_cluster_addresses_answer_echo()
{
	ip netns exec "$client" ping -qc 1 -W 2 "$vip_ip" > /dev/null ||
		fail "a cluster address does not answer"
	ip netns exec "$client" ping -qc 1 -W 1 "${external//[][]/}" \
		> /dev/null && fail "an external address answers"
	ip netns exec "$client" ping -qc 1 -W 2 "$node_ip" > /dev/null ||
		fail "the node does not answer"
}

source_ranges()
{
	local far=${many}7 before

	must service replace web tcp "$vip:80" \
		frontend "$external:80" kind external \
		frontend "$lb:80" kind lb allow "$client_ip" \
		frontend nodeport 30080 endpoint "$ep1:80"
	before=$(stat drop_source_range)
	asked "in range" "$client" -s "$client_ip" "$lb:80"
	refused "not in range" ETIMEDOUT "$client" -s "$far" \
		-t $((300 * slow)) "$lb:80"
	refused "a pod" ETIMEDOUT "$pod" -t $((300 * slow)) "$lb:80"
	check_num "drop_source_range" "$(stat drop_source_range) > $before"
	asked "another frontend" "$client" -s "$far" "$external:80"
	asked "another frontend" "$client" -s "$far" "$node_at:30080"
	# An open connection of somebody who is not in range any more
	stream old "$client" -s "$client_ip" "$lb:80"
	must service replace web tcp "$vip:80" \
		frontend "$external:80" kind external \
		frontend "$lb:80" kind lb allow "$far" \
		frontend nodeport 30080 endpoint "$ep1:80"
	asked "in range" "$client" -s "$far" "$lb:80"
	refused "not in range" ETIMEDOUT "$client" -s "$client_ip" \
		-t $((300 * slow)) "$lb:80"
	stream_ends old
}

ranges_of_another_family()
{
	local other=fd00:99::/64

	[ "$family" = 4 ] || other=10.99.0.0/16
	must service replace web tcp frontend "$lb:80" kind lb \
		allow "$other" frontend nodeport 30080 \
		frontend "$vip:80" frontend "$external:80" kind external \
		endpoint "$ep1:80"
	asked "nothing for this family" "$client" "$lb:80"
}

a_barred_client_is_dropped_first()
{
	must service replace web tcp frontend "$lb:80" kind lb \
		allow "$pod_ip" frontend nodeport 30080 \
		frontend "$vip:80" frontend "$external:80" kind external
	refused "nobody there" ECONNREFUSED "$pod" "$lb:80"
	refused "barred" ETIMEDOUT "$client" -t $((300 * slow)) "$lb:80"
	must endpoint add web "$ep1:80"
}

service_cidr()
{
	local before

	before=$(stat drop_no_service)
	must config set service-cidr "$net"
	refused vacant ETIMEDOUT "$client" -t $((300 * slow)) "$vacant:80"
	refused vacant ETIMEDOUT "$node" -t $((300 * slow)) "$vacant:80"
	ip netns exec "$client" ping -qc 1 -W 1 "${vacant//[][]/}" > /dev/null &&
		fail "a vacant address answers"
	check_num "drop_no_service" "$(stat drop_no_service) >= $before + 3"
	asked "not vacant" "$client" "$vip:80"
	must config set service-cidr none
}

nodeport_addresses()
{
	must config set nodeport-addresses "$pod_gate_ip"
	asked "the other address" "$client" "$pod_gate:30080"
	refused "this one" ECONNREFUSED "$client" "$node_at:30080"
	must config set nodeport-addresses none
	refused "none" ECONNREFUSED "$client" "$pod_gate:30080"
	must config set nodeport-addresses 0.0.0.0/0,::/0
	asked "all" "$client" "$node_at:30080"
}

nodeports_follow_addresses()
{
	local new=${node_ip%1}77 at answer

	at=$new
	[ "$family" = 4 ] || at=[$new]
	ip_in "$node" <<- END
		addr add $new/${net#*/} dev client
	END
	# An address of IPv6 cannot be used before it is known to be unique.
	busywait 5000 ask "$client" -t 300 "$at:30080" > /dev/null ||
		fail "a new address does not serve"
	ip_in "$node" <<- END
		addr del $new/${net#*/} dev client
	END
	answer=$(ask "$client" -t 300 "$at:30080")
	[[ $answer == *" - "* ]] || fail "an old address serves: $answer"
}

never_loopback()
{
	refused loopback ECONNREFUSED "$node" "$loopback:30080"
	refused loopback ECONNREFUSED "$node" -u "$loopback:30080"
	check_is route_localnet "$(ip netns exec "$node" \
		sysctl -n net.ipv4.conf.all.route_localnet)" 0
}

# The node's own connection from a port that is a nodeport too
connections_of_the_node_are_left_alone()
{
	local answer options

	must frontend add web nodeport 30090
	must frontend add dns nodeport 30090
	for options in "" -u; do
		# shellcheck disable=SC2086  # an option or none
		answer=$(ask "$node" $options -s "$node_ip" -p 30090 -n 1 \
			"${ep2}:80")
		check_is "from a nodeport $options" "${answer% *}" \
			"$ep2:80 $node_at:30090"
	done
}

ports_are_taken_and_released()
{
	ctl service add thief tcp frontend nodeport 30080 \
		endpoint "$ep1:80" 2> "$tmp/err"
	check_is "exit status" $? 2
	has "another service has this frontend" "$tmp/err" ||
		fail "$(< "$tmp/err")"
	must frontend del web nodeport 30080
	must service add thief tcp frontend nodeport 30080 endpoint "$ep2:80"
	asked "its new owner" "$client" "$node_at:30080"
	check_is "its new owner" "$endpoints" "$ep2:80"
	must service del thief
	refused "nobody" ECONNREFUSED "$client" "$node_at:30080"
}

# With the last nodeport nobody looks at ports any more.
flows_outlive_the_last_nodeport()
{
	must service flush
	must service add one tcp frontend nodeport 30080 endpoint "$ep1:80"
	stream talk "$client" -n 2 "$node_at:30080"
	must service del one
	streams_go_on
	stream_ends talk
}

setup_topology
serve "$eps" 80
serve "$node" 8080
run_tests_for "4 6" \
	every_kind_serves \
	each_frontend_counts \
	other_ports \
	an_endpoint_may_be_another_frontend \
	a_client_on_the_node_may_have_the_port \
	only_cluster_addresses_answer_echo \
	source_ranges \
	ranges_of_another_family \
	a_barred_client_is_dropped_first \
	service_cidr \
	nodeport_addresses \
	nodeports_follow_addresses \
	never_loopback \
	connections_of_the_node_are_left_alone \
	ports_are_taken_and_released \
	flows_outlive_the_last_nodeport
