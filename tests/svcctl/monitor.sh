#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# svcctl monitor: it tells all that changes, and what changed when it was too
# slow; and it ends when it shall.
# shellcheck disable=SC2317  # run_tests calls the functions
# shellcheck disable=SC2119  # listen may do without words

. "$(dirname "$0")/../lib.sh"
. "$lib_dir/lib/listen.sh"

all_changes_in_words()
{
	listen
	ctl -b - <<- END || fail "no changes"
		service add web tcp 10.96.0.1:80 affinity 1m frontend nodeport 30080 endpoint 10.2.0.1:80 endpoint [fd00:2::1]:80 weight 5 local
		service set web affinity off scheduler lc
		endpoint set web 10.2.0.1:80 state terminating
		endpoint add web 10.2.0.2:80
		endpoint del web 10.2.0.1:80
		frontend del web nodeport 30080
		service replace web tcp frontend 10.96.0.1:80 kind lb allow 10.0.0.0/8 scheduler lc endpoint 10.2.0.2:80
		service replace web tcp frontend 10.96.0.1:80 kind lb allow 10.0.0.0/8 scheduler lc endpoint 10.2.0.2:80
		config set masquerade-all on max-endpoints 9
		config set masquerade-all on max-endpoints 9
		service del web
		service add a udp
		service flush
	END
	check_is "heard" "$(heard)" "$(cat <<- END
		add service web tcp affinity 1m
		add frontend web nodeport 30080
		add frontend web 10.96.0.1:80
		add endpoint web 10.2.0.1:80
		add endpoint web [fd00:2::1]:80 weight 5 local
		change service web tcp affinity off scheduler lc internal-policy cluster external-policy cluster on-removal keep
		change endpoint web 10.2.0.1:80 weight 1 state terminating remote
		add endpoint web 10.2.0.2:80
		del endpoint web 10.2.0.1:80
		del frontend web nodeport 30080
		del endpoint web [fd00:2::1]:80
		change frontend web 10.96.0.1:80 kind lb allow 10.0.0.0/8
		change config max-endpoints 9
		change config masquerade-all on
		del service web
		add service a udp
		del service a
	END
	)"
	must config set masquerade-all off max-endpoints 65535
	check_is "lost" "$(< "$tmp/lost")" ""
	stop_listening
	check_is "status" "$ended" 0
}

# Each line by itself, and with the keys of "show".
json_lines()
{
	listen -j
	ctl -b - <<- END || fail "no changes"
		service add web tcp 10.96.0.1:80 endpoint 10.2.0.1:80
		config set masquerade-all on
		endpoint del web 10.2.0.1:80
	END
	ctl -j endpoint show web > "$tmp/none"
	# masquerade-all is in a line that heard() takes for its own.
	check_is "config" "$(grep -c '"masquerade-all":true' "$tmp/events")" 1
	check_is "heard" "$(heard)" "$(cat <<- END
		{"event":"add","object":"service","name":"web","protocol":"tcp","affinity":0,"scheduler":"random","internal_policy":"cluster","external_policy":"cluster","on_removal":"keep","frontends":null,"endpoints":null}
		{"event":"add","object":"frontend","service":"web","address":"10.96.0.1","port":80,"kind":"cluster","allow":[]}
		{"event":"add","object":"endpoint","service":"web","address":"10.2.0.1","port":80,"weight":1,"state":"ready","local":false,"local_only":false,"active":null}
		{"event":"del","object":"endpoint","service":"web","address":"10.2.0.1","port":80,"weight":null,"state":null,"local":null,"local_only":null,"active":null}
	END
	)"
	must service flush
	must config set masquerade-all off
	stop_listening INT
	check_is "status" "$ended" 0
}

# As soon as nobody reads, not with the next event.
it_ends_with_its_reader()
{
	local begin now reader

	mkfifo "$tmp/fifo"
	svcctl -N "$node" monitor > "$tmp/fifo" 2> "$tmp/lost" &
	monitor=$!
	exec {reader}< "$tmp/fifo"
	sleep 1
	milliseconds begin
	exec {reader}<&-
	ended=0
	wait "$monitor" || ended=$?
	milliseconds now
	check_is "status" "$ended" 0
	check_is "stderr" "$(< "$tmp/lost")" ""
	check_num "ms" "$((now - begin)) < 5000 * slow"
}

# kinds: how many lines of each kind are in $tmp/changes, sorted
kinds()
{
	cut -d ' ' -f 1,2 "$tmp/changes" | sort | uniq -c |
		while read -r count what; do
			echo "$what: $count"
		done | paste -sd,
}

# Stopped for so long that not all fits; it goes on from there.
what_was_lost_follows()
{
	local number=3000

	must service add old tcp 10.96.0.1:80 endpoint 10.2.0.1:80
	must service add kept tcp 10.96.0.2:80 endpoint 10.2.0.1:80
	service_lines s "$number" > "$tmp/wish"
	echo "service add kept tcp 10.96.0.2:80 endpoint 10.2.0.1:80 weight 2" \
		>> "$tmp/wish"
	listen
	kill -STOP "$monitor"
	ctl apply "$tmp/wish" > /dev/null || fail "apply: status $?"
	kill -CONT "$monitor"
	busywait 30000 has "some are lost" "$tmp/lost" || fail "nothing is lost"
	must service add last tcp
	busywait 30000 has "add service last" "$tmp/events" ||
		fail "the monitor hears nothing any more"
	sed '/ last /d; / config /d' "$tmp/events" > "$tmp/changes"
	# As many as there are, each once.
	check_is "heard" "$(kinds)" "$(IFS=,
		echo "add endpoint: $((4 * number)),add frontend: $number,add service: $number,change endpoint: 1,del service: 1")"
	check_is "twice" "$(sort "$tmp/changes" | uniq -d)" ""
	check_is "complaints" "$(wc -l < "$tmp/lost")" 1
	: > "$tmp/events"
	must endpoint del s1 10.20.0.2:80
	busywait 10000 has "del endpoint s1 10.20.0.2:80" "$tmp/events" ||
		fail "the monitor hears nothing any more"
	stop_listening
	check_is "status" "$ended" 0
	must service flush
}

setup_ns node
run_tests \
	all_changes_in_words \
	json_lines \
	it_ends_with_its_reader \
	what_was_lost_follows
