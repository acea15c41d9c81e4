#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a service promises, by IPv6; basics.sh and its like say it for IPv4.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		 8080 |
#		     |
#		    pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

from_everywhere()
{
	local way

	for way in "" "-u" "-U"; do
		# shellcheck disable=SC2086  # none or one word
		{
			asks "$client" "$client_at" $way "$vip:80"
			asks "$pod" "$pod_at" $way "$vip:80"
			asks "$node" "$node_at" -s "$node_ip" $way "$vip:80"
		}
	done
}

every_size()
{
	local ns

	for ns in "$client" "$pod" "$node"; do
		bulk "$ns" $((2000000 / slow)) "$vip:80"
		asked "${ns%-*}, fragments" "$ns" -u -n 3 -l 20000 "$vip:80"
	done
}

every_endpoint()
{
	asked web "$client" -n 25 "$vip:80"
	check_is "TCP" "$endpoints" "$ep1:80 $ep2:8080"
	asked web "$client" -u -n 25 "$vip2:53"
	check_is "UDP" "$endpoints" "$ep3:53 $ep4:5353"
}

more_headers()
{
	local ns way

	for ns in "$client" "$pod" "$node"; do
		for way in "" "-u" "-u -l 4000"; do
			# shellcheck disable=SC2086  # several words
			asked "${ns%-*} $way" "$ns" -x -n 2 $way "$vip:80"
		done
	done
}

without_checksum()
{
	must service add zero udp "$vip:81" endpoint "$ep1:81"
	asked client "$client" -u -z -n 2 "$vip:81"
	asked node "$node" -u -z -n 2 "$vip:81"
	must service del zero
}

to_the_node()
{
	must service add own tcp "$vip:8080" endpoint "$node_at:8080"
	must service add own-udp udp "$vip:8080" endpoint "$node_at:8080"
	asked client "$client" -n 2 "$vip:8080"
	asked pod "$pod" -u -n 2 "$vip:8080"
	bulk "$client" $((1000000 / slow)) "$vip:8080"
	must service del own
	must service del own-udp
}

affinity()
{
	local first

	must service set web affinity 60
	asked client "$client" -n 10 "$vip:80"
	first=$endpoints
	check_is "one of the endpoints" "${count[$first]-0}" 10
	ctl -j affinity show web > "$tmp/json"
	check_is "affinity show" "$(< "$tmp/json")" \
		"*\"client\":*\"$client_ip\"*"
	# Forty others do not all get the same.
	asked others "$client" -i -s "${many}1" -n 40 "$vip:80"
	check_is "others" "$endpoints" "$ep1:80 $ep2:8080"
	asked client "$client" -n 2 "$vip:80"
	check_is "still" "$endpoints" "$first"
	# The key is the whole address.
	check_is "entries" "$(stat affinity_live)" 41
	must service set web affinity off
}

refused_at_once()
{
	local ns

	must service add empty tcp "$vip:90"
	must service add empty-udp udp "$vip:90"
	for ns in "$client" "$pod" "$node"; do
		refused "${ns%-*}" ECONNREFUSED "$ns" "$vip:90"
		check_num "${ns%-*}: ms" "$took < 1000 * $slow"
		refused "${ns%-*}" ECONNREFUSED "$ns" -u "$vip:90"
		check_num "${ns%-*}: ms" "$took < 1000 * $slow"
	done
	refused "other port" ECONNREFUSED "$client" "$vip:99"
	refused "other port" ECONNREFUSED "$client" -u "$vip:99"
	must service del empty
	must service del empty-udp
}

gets_only_its_own_family()
{
	must service add both tcp "$vip:70" 10.96.0.10:70 \
		endpoint "$ep1:80" endpoint 10.2.0.2:80
	asked IPv6 "$client" -n 8 "$vip:70"
	check_is "IPv6" "$endpoints" "$ep1:80"
	asked IPv4 "$client" -n 8 10.96.0.10:70
	check_is "IPv4" "$endpoints" 10.2.0.2:80
	must endpoint del both "$ep1:80"
	refused IPv6 ECONNREFUSED "$client" "$vip:70"
	asked IPv4 "$client" 10.96.0.10:70
	must service del both
}

shown()
{
	must flow flush
	asked client "$client" -u -p 4001 "$vip2:53"
	ctl service show web > "$tmp/out"
	has "$vip:80" "$tmp/out" || fail "$(< "$tmp/out")"
	ctl endpoint show web > "$tmp/out"
	has "$ep1:80" "$tmp/out" || fail "$(< "$tmp/out")"
	ctl flow show > "$tmp/out"
	has "$client_at:4001" "$tmp/out" || fail "$(< "$tmp/out")"
	{
		ctl -j service show dns
		ctl -j flow show dns
	} > "$tmp/json"
	jq -es --arg vip "$vip2_ip" --arg client "$client_ip" '
		.[0][0].frontends == [{address: $vip, port: 53, kind: "cluster",
				       allow: []}] and
		(.[0][0].endpoints | map([.address, .port])) ==
			[["fd00:2::3", 53], ["fd00:2::4", 5353]] and
		(.[1] | length) == 1 and
		(.[1][0] | .client == $client and .client_port == 4001 and
		 .vip == $vip and .vip_port == 53 and .snat == null)' \
		"$tmp/json" > /dev/null || fail "$(< "$tmp/json")"
}

what_is_not_allowed()
{
	local address

	for address in ::1 :: ff02::1 ff0e::5; do
		ctl frontend add web "[$address]:80" 2> "$tmp/err"
		check_is "status for a frontend $address" $? 2
		ctl endpoint add web "[$address]:80" 2> "$tmp/err"
		check_is "status for an endpoint $address" $? 2
	done
	ctl frontend add web "$ep1:80" 2> "$tmp/err"
	check_is "status for an endpoint as frontend" $? 2
}

hooks_come_and_go()
{
	flush
	must service add later tcp endpoint "$ep1:80"
	must frontend add later "$vip:80"
	asked later "$client" "$vip:80"
	must service del later
	ask "$client" -t 300 "$vip:80" > /dev/null
	check_fail $? "a removed service answers"
}

setup_topology
use_family 6
serve "$eps" 80 8080 53 5353 81/nocheck
serve "$node" 8080
ctl -b - <<- END || bail_out "no services"
	service add web tcp $vip:80 endpoint $ep1:80 endpoint $ep2:8080
	service add web-udp udp $vip:80 endpoint $ep1:80
	service add dns udp $vip2:53 endpoint $ep3:53 endpoint $ep4:5353
END
run_tests \
	from_everywhere \
	every_size \
	every_endpoint \
	more_headers \
	without_checksum \
	to_the_node \
	affinity \
	refused_at_once \
	gets_only_its_own_family \
	shown \
	what_is_not_allowed \
	hooks_come_and_go
