#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Counters for Prometheus: that they are the module's, that 10000 services are no
# burden, and what the timer's unit does with them.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

vip=10.96.0.10
unit=$lib_dir/../tools/systemd/svcnat-metrics.service
collector=/var/lib/prometheus/node-exporter

expose()
{
	ctl stats show --prometheus "$@" > "$tmp/metrics" ||
		fail "svcctl stats show --prometheus $*"
}

# samples_are: lines "VALUE NAME [KEY=VALUE]..." from stdin; see prometheus.py
samples_are()
{
	local value sample got

	cat > "$tmp/wanted"
	cut -d ' ' -f 2- "$tmp/wanted" |
		python3 -B "$(dirname "$0")/prometheus.py" "$tmp/metrics" \
		> "$tmp/got" 2>&1 || fail "$(< "$tmp/got")"
	while read -r value sample && read -r -u 3 got; do
		check_is "$sample" "$got" "$value"
	done < "$tmp/wanted" 3< "$tmp/got"
}

what_the_module_counts()
{
	asked client "$client" -n 6 "$vip:80"
	refused client ECONNREFUSED "$client" "$vip:81"
	must endpoint set web 10.2.0.2:80 state terminating weight 3
	must config set max-flows 200000
	# The last packets of the connections are on their way.
	slowwait 5000 nothing_moves || fail "there are packets without end"
	expose
	read_stats
	samples_are <<- END
		1 svcnat_services
		2 svcnat_endpoints
		200000 svcnat_flows_limit
		${stats[rx]} svcnat_packets_received_total
		${stats[translated]} svcnat_packets_translated_total
		1 svcnat_packets_rejected_total reason=no_port
		0 svcnat_packets_dropped_total reason=clash
		6 svcnat_flows_created_total
		${stats[flow_live]} svcnat_flows
		6 svcnat_service_connections_total service=web
		6 svcnat_frontend_connections_total service=web frontend=$vip:80 kind=cluster
		1 svcnat_service_endpoints service=web state=ready
		1 svcnat_service_endpoints service=web state=terminating
		1 svcnat_endpoint_ready service=web endpoint=10.2.0.1:80
		0 svcnat_endpoint_ready service=web endpoint=10.2.0.2:80
		3 svcnat_endpoint_weight service=web endpoint=10.2.0.2:80
		${stats[drop_snat]} svcnat_packets_dropped_total reason=snat
	END
	expose web
	samples_are <<- END
		6 svcnat_service_connections_total service=web
		- svcnat_services
	END
}

# nothing_moves: not a packet in a while
nothing_moves()
{
	local before

	before=$(stat rx)
	sleep 0.5
	[ "$(stat rx)" = "$before" ]
}

# In 200 MB of memory, whatever else a process needs.
ten_thousand_services()
{
	local i start end

	for ((i = 0; i < 10000; i++)); do
		echo "service add s$i tcp 10.97.$((i / 250)).$((i % 250)):80" \
		     "endpoint 10.2.0.1:$((i + 1)) endpoint 10.2.0.2:80" \
		     "endpoint 10.2.0.3:80 endpoint 10.2.0.4:80"
	done | ctl -b - || fail "no services"
	milliseconds start
	(ulimit -v 200000; expose) || fail "it takes too much"
	milliseconds end
	note "10001 services exposed in $((end - start)) ms," \
	     "$(wc -c < "$tmp/metrics") bytes"
	check_is "services" "$(grep -c '^svcnat_service_info{' \
		"$tmp/metrics")" 10001
	check_is "endpoints" "$(grep -c '^svcnat_endpoint_bytes_total{' \
		"$tmp/metrics")" $((2 * 40002))
	check_is "families twice" "$(grep '^# TYPE' "$tmp/metrics" |
		sort | uniq -d)" ""
	for ((i = 0; i < 10000; i++)); do
		echo "service del s$i"
	done | ctl -b - || fail "cannot remove them"
}

# run_unit: what the unit runs, in the network namespace of the node
run_unit()
{
	local script

	script=$(sed -n "/^ExecStart=/,/'\$/p" "$unit")
	script=${script#*\'}
	script=${script%\'*}
	ip netns exec "$node" sh -c "$script"
}

the_unit()
{
	mkdir -p "$collector"
	run_unit || fail "the unit failed"
	cp "$collector/svcnat.prom" "$tmp/metrics" || fail "no file"
	samples_are <<< "1 svcnat_services"
	check_is "files" "$(ls "$collector")" svcnat.prom
	# Nothing is left that tells of what was.
	mkdir "$tmp/bin"
	printf '#!/bin/sh\necho half\nexit 2\n' > "$tmp/bin/svcctl"
	chmod +x "$tmp/bin/svcctl"
	(PATH=$tmp/bin:$PATH run_unit)
	check_fail $? "the unit, with a svcctl that fails"
	check_is "files" "$(ls "$collector")" ""
	run_unit || fail "the unit failed again"
	rm -r "$collector"
}

setup_topology
serve "$eps" 80
must service add web tcp "$vip:80" endpoint 10.2.0.1:80 endpoint 10.2.0.2:80
run_tests \
	what_the_module_counts \
	ten_thousand_services \
	the_unit
