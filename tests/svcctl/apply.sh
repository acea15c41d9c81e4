#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# svcctl save and svcctl apply: what is saved comes back, what is the same is
# not touched, and what is different changes whole.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
# shellcheck disable=SC2317  # run_tests calls the functions
# shellcheck disable=SC2119  # listen may do without words

. "$(dirname "$0")/../lib.sh"
. "$lib_dir/lib/listen.sh"

vip=10.96.0.10

# One of everything.
some_of_all()
{
	cat <<- END
		config set pod-cidr 10.4.0.0/16,fd00:4::/32 service-cidr 10.96.0.0/12
		config set nodeport-addresses 10.1.0.0/24 masquerade-all on snat-ports 2000-3000
		config set max-services 20000 max-endpoints 5000 max-flows 100000 max-affinity 5000
		config set timeout-tcp-established 3h timeout-tcp-transitory 61s timeout-tcp-closing 7s
		config set timeout-udp 29s timeout-udp-stream 5m timeout-sctp 1h fastpath on
		service add web tcp $vip:80 [fd00:96::a]:80 affinity 90m scheduler rr endpoint 10.2.0.1:80 endpoint 10.2.0.2:80 weight 7 local
		service add dns udp $vip:53 internal-policy local external-policy local endpoint [fd00:2::1]:53 local-only endpoint 10.2.0.1:53 state terminating
		service add sig sctp scheduler maglev on-removal reset endpoint 10.2.0.3:9 state unready weight 0
		service add lb tcp frontend 203.0.113.1:443 kind lb allow 198.51.100.0/24 allow 2001:db8::/32 frontend 203.0.113.2:443 kind external frontend nodeport 30443 scheduler lc
		service add empty udp
	END
}

usual_config="config set pod-cidr none service-cidr none nodeport-addresses 0.0.0.0/0,::/0 masquerade-all off snat-ports auto max-services 1048576 max-endpoints 65535 max-affinity 262144 timeout-tcp-established 24h timeout-tcp-transitory 2m timeout-tcp-closing 10s timeout-udp 30s timeout-udp-stream 2m timeout-sctp 24h fastpath off"

# What a new netns has depends on the machine's memory.
usual_flows()
{
	ctl -j config show | sed -n 's/.*"max-flows":\([0-9]*\).*/\1/p'
}

# start: no service, and the configuration of a new netns
start()
{
	must service flush
	ctl -b - <<< "$usual_config max-flows $flows" || fail "cannot begin"
}

# apply: stdin; sets $status and $changes, the lines that it prints
apply()
{
	status=0
	changes=$(ctl apply - 2> "$tmp/error") || status=$?
}

# applies WHAT [LINE]...: stdin is applied, and makes these changes
applies()
{
	local what=$1
	shift

	apply
	check_is "$what: status" "$status" 0
	check_is "$what: stderr" "$(< "$tmp/error")" ""
	check_is "$what: changes" "$changes" "$(IFS=$'\n'; echo "$*")"
}

a_new_netns_has_nothing_to_save()
{
	check_is "save" "$(ctl save)" ""
	applies "nothing" < /dev/null
}

what_is_saved_is_what_is_there()
{
	some_of_all | ctl -b - || fail "cannot make it"
	listen
	# The monitor itself is told with timeout-udp.
	ctl save > "$tmp/saved" || fail "save: status $?"
	applies "what was saved" < "$tmp/saved"
	applies "what is saved" < <(ctl save)
	check_is "heard" "$(heard)" ""
	stop_listening
}

what_was_saved_comes_back_whole()
{
	local services config

	services=$(ctl -j service show)
	config=$(ctl -j config show)
	ctl save > "$tmp/saved"
	start
	apply < "$tmp/saved"
	check_is "status" "$status" 0
	# All but timeout-udp, which start() and listen() have changed.
	check_is "changes" "$(sort <<< "$changes")" "$(sort "$tmp/saved")"
	check_is "services" "$(ctl -j service show)" "$services"
	check_is "config" "$(ctl -j config show)" "$config"
	applies "once more" < "$tmp/saved"
	ctl save | diff "$tmp/saved" - > "$tmp/diff" ||
		fail "$(< "$tmp/diff")"
	start
	ctl -b "$tmp/saved" || fail "-b: status $?"
	check_is "services after -b" "$(ctl -j service show)" "$services"
	start
}

# Its connections would be reset if it were touched.
unchanged_endpoints_keep_their_connections()
{
	local web="service add web tcp $vip:80 on-removal reset"
	local ep1="endpoint 10.2.0.1:80"

	applies "begin" "$web $ep1" <<< "$web $ep1"
	stream talk "$client" -n 3 "$vip:80"
	applies "one more" "endpoint add web 10.2.0.2:80" \
		<<< "$web $ep1 endpoint 10.2.0.2:80"
	applies "another weight" "endpoint set web 10.2.0.2:80 weight 9" \
		<<< "$web $ep1 endpoint 10.2.0.2:80 weight 9"
	stream other "$client" -n 20 "$vip:80"
	applies "another one" "endpoint add web 10.2.0.3:80" \
		"endpoint del web 10.2.0.2:80" \
		<<< "$web $ep1 endpoint 10.2.0.3:80"
	# Those that had it are told so: it is about something.
	busywait 10000 has ECONNRESET "$tmp/other" ||
		fail "no connection was reset"
	kill "${stream_pids[other]}" 2> /dev/null
	wait "${stream_pids[other]}"
	applies "one more frontend" "frontend add web $vip:81" \
		<<< "$web $vip:81 $ep1 endpoint 10.2.0.3:80"
	applies "other options" "frontend del web $vip:81" \
		"endpoint del web 10.2.0.3:80" \
		"service set web affinity 1h scheduler lc" \
		<<< "$web affinity 1h scheduler lc $ep1"
	applies "another service" "service add other udp" <<- END
		service add other udp
		$web affinity 1h scheduler lc $ep1
	END
	streams_go_on
	stream_ends talk
	start
}

frontends_swap()
{
	local one=$vip:80 two=$vip:81

	# there ONE TWO: which endpoint is behind either
	there()
	{
		asked "$one" "$client" -n 4 "$one"
		check_is "behind $one" "$endpoints" "$1"
		asked "$two" "$client" -n 4 "$two"
		check_is "behind $two" "$endpoints" "$2"
	}

	ctl -b - <<- END || fail "no services"
		service add a tcp $one endpoint 10.2.0.1:80
		service add b tcp $two endpoint 10.2.0.2:80
	END
	there 10.2.0.1:80 10.2.0.2:80
	applies "swap" "frontend del b $two" "frontend del a $one" \
		"frontend add a $two" "frontend add b $one" <<- END
		service add a tcp $two endpoint 10.2.0.1:80
		service add b tcp $one endpoint 10.2.0.2:80
	END
	there 10.2.0.2:80 10.2.0.1:80
	applies "to a new one" "service del a" \
		"service add c tcp $two endpoint 10.2.0.3:80" <<- END
		service add b tcp $one endpoint 10.2.0.2:80
		service add c tcp $two endpoint 10.2.0.3:80
	END
	there 10.2.0.2:80 10.2.0.3:80
	applies "both to one" "frontend del b $one" "frontend add c $one" <<- END
		service add b tcp endpoint 10.2.0.2:80
		service add c tcp $two $one endpoint 10.2.0.3:80
	END
	there 10.2.0.3:80 10.2.0.3:80
	applies "another protocol" \
		"service replace b udp $one endpoint 10.2.0.2:80" <<- END
		service add b udp $one endpoint 10.2.0.2:80
		service add c tcp $two $one endpoint 10.2.0.3:80
	END
	start
}

what_does_not_parse_changes_nothing()
{
	some_of_all | ctl -b - || fail "cannot make it"
	ctl save > "$tmp/saved"
	listen
	{ cat "$tmp/saved"; echo "service add x tcp 10.96.0.99"; } > "$tmp/bad"
	status=0
	ctl apply "$tmp/bad" > "$tmp/out" 2> "$tmp/error" || status=$?
	check_is "status" "$status" 1
	check_is "stdout" "$(< "$tmp/out")" ""
	check_is "stderr" "$(< "$tmp/error")" "$tmp/bad:$(wc -l < "$tmp/bad"): *"
	apply <<< "service del web"
	check_is "status" "$status" 1
	check_is "stderr" "$(< "$tmp/error")" '-:1: "service del" *'
	apply <<< "service add web tcp scheduler best"
	check_is "status" "$status" 1
	check_is "heard" "$(heard)" ""
	stop_listening
	must config set timeout-udp 29s
	ctl save | diff "$tmp/saved" - > "$tmp/diff" || fail "$(< "$tmp/diff")"
	start
}

# svcctl save | svcctl apply -, where save fails.
an_empty_pipe_changes_nothing()
{
	some_of_all | ctl -b - || fail "cannot make it"
	ctl save > "$tmp/saved"
	listen
	apply < <(:)
	check_is "status" "$status" 1
	check_is "stdout" "$changes" ""
	check_is "stderr" "$(< "$tmp/error")" \
		"svcctl: the pipe describes nothing, and nothing was changed; to remove all: svcctl service flush"
	check_is "heard" "$(heard)" ""
	stop_listening
	must config set timeout-udp 29s
	ctl save | diff "$tmp/saved" - > "$tmp/diff" || fail "$(< "$tmp/diff")"
	start
}

what_is_refused_is_named()
{
	cat > "$tmp/wish" <<- END
		service add a tcp endpoint 10.2.0.1:80

		service add b tcp endpoint 127.0.0.1:80
	END
	status=0
	ctl apply "$tmp/wish" > "$tmp/out" 2> "$tmp/error" || status=$?
	check_is "status" "$status" 2
	check_is "stdout" "$(< "$tmp/out")" \
		"service add a tcp endpoint 10.2.0.1:80"
	check_is "stderr" "$(< "$tmp/error")" \
		"$tmp/wish:3: service \"b\": a loopback address is not allowed (endpoint 127.0.0.1:80)
svcctl: changes made: 1, not made: 1"
	start
}

# What it prints are commands that do the same.
a_dry_run_changes_nothing()
{
	local wish="$tmp/wish" services before

	some_of_all | ctl -b - || fail "cannot make it"
	before=$(ctl -j service show)
	ctl save > "$tmp/saved"
	sed -e 's/ affinity 90m/ affinity 2h/' -e 's/ weight 7/ weight 8/' \
		-e 's/^service add lb tcp/& 10.96.0.10:80/' \
		-e 's/^service add web tcp [^ ]*/service add web tcp/' \
		-e '/^service add dns/d' -e '/^service add sig/s/sctp/udp/' \
		-e 's/timeout-sctp 1h/timeout-sctp 2h/' \
		-e 's/kind external/kind cluster/' "$tmp/saved" > "$wish"
	status=0
	ctl apply --dry-run "$wish" > "$tmp/dry" || status=$?
	check_is "status" "$status" 0
	check_num "lines" "$(wc -l < "$tmp/dry") >= 6"
	check_is "services" "$(ctl -j service show)" "$before"
	apply < "$wish"
	check_is "changes" "$changes" "$(< "$tmp/dry")"
	services=$(ctl -j service show)
	[ "$services" != "$before" ] || fail "nothing has changed"
	applies "once more" < "$wish"
	apply < "$tmp/saved"
	check_is "services again" "$(ctl -j service show)" "$before"
	ctl -b "$tmp/dry" || fail "-b: status $?"
	check_is "services by -b" "$(ctl -j service show)" "$services"
	start
}

# timed WORD...: sets $took to the milliseconds that svcctl WORD... took
timed()
{
	local begin

	milliseconds begin
	ctl "$@" > "$tmp/out" || fail "svcctl $*: status $?"
	milliseconds took
	took=$((took - begin))
}

many_services_take_seconds()
{
	local number=$((10000 / slow)) limit=30000

	service_lines ns/s "$number" > "$tmp/wish"
	timed apply "$tmp/wish"
	note "$number services: $took ms"
	check_num "first time, ms" "$took < $limit"
	sort "$tmp/wish" | diff - <(sort "$tmp/out") > "$tmp/diff" ||
		fail "changes: $(head "$tmp/diff")"
	timed save
	note "save: $took ms"
	sort "$tmp/wish" | diff - <(sort "$tmp/out") > "$tmp/diff" ||
		fail "saved: $(head "$tmp/diff")"
	listen
	timed apply "$tmp/wish"
	note "again: $took ms"
	check_num "second time, ms" "$took < $limit / 2"
	check_is "second time" "$(< "$tmp/out")" ""
	check_is "heard" "$(heard)" ""
	sed -i 's/^\(service add ns.s77 .*\) endpoint .*/\1/' "$tmp/wish"
	timed apply "$tmp/wish"
	check_is "changes" "$(< "$tmp/out")" \
		"endpoint del ns/s77 10.23.0.78:80"
	check_is "heard" "$(heard)" "del endpoint ns/s77 10.23.0.78:80"
	stop_listening
	# It has told the monitor with one of the keys.
	must config set timeout-udp 30
	timed apply - < /dev/null
	note "removal: $took ms"
	check_is "services" "$(ctl save)" ""
}

setup_topology
serve "$eps" 80
flows=$(usual_flows)
run_tests \
	a_new_netns_has_nothing_to_save \
	what_is_saved_is_what_is_there \
	what_was_saved_comes_back_whole \
	unchanged_endpoints_keep_their_connections \
	frontends_swap \
	what_does_not_parse_changes_nothing \
	an_empty_pipe_changes_nothing \
	what_is_refused_is_named \
	a_dry_run_changes_nothing \
	many_services_take_seconds
