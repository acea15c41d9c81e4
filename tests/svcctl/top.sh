#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# svcctl top in a terminal: what it shows of traffic, and what keys do.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/traffic.sh"
. "$(dirname "$0")/../lib/screen.sh"

vip=10.96.0.10

services()
{
	ctl -b - <<- END || fail "no services"
		service add shop/web:http tcp $vip:80 scheduler rr endpoint 10.2.0.1:80 weight 3 endpoint 10.2.0.2:80
		service add shop/dns udp $vip:53 endpoint 10.2.0.3:53
		service add bank/idle tcp $vip:81 endpoint 10.2.0.4:80
		service add bank/none tcp $vip:82
	END
}

# begin [WORD]...: svcctl top in an empty terminal
begin()
{
	enter clear
	sees "^ready" 1
	enter "stty -g > $tmp/before; svcctl -N $node top $*"
	sees "q quit"
}

# has_ended STATUS: the shell waits again, on the screen that it had, and the
# terminal is as it was
has_ended()
{
	sees "^ready .*stty" 1
	enter "echo status \$?; stty -g > $tmp/after"
	sees "^status $1\$"
	check_is "cursor and alternate screen" "$(mux display-message -p \
		-t screen '#{cursor_flag} #{alternate_on}')" "1 0"
	cmp -s "$tmp/before" "$tmp/after" || fail "the terminal is not as it was"
}

# names: of the services that are shown, in their order
names()
{
	screen | sed -n '4,22s/^\([^ ][^ ]*\) .*/\1/p' | tr '\n' ' '
}

names_are()
{
	[ "$(names)" = "$1 " ]
}

# number TEXT: ten times what svcctl means by it, as an integer
number()
{
	awk -v text="$1" 'BEGIN {
		unit = index("kMGT", substr(text, length(text)))
		printf "%.0f\n", (text + 0) * 10 * 1000 ^ unit
	}'
}

# row NAME: sets cell to its columns
row()
{
	read -ra cell <<< "$(screen | grep "^$1 ")"
}

needs_a_terminal()
{
	local status=0

	svcctl -N "$node" top < /dev/null > "$tmp/out" 2> "$tmp/err" ||
		status=$?
	check_is "status" "$status $(< "$tmp/out")" "1 "
	check_is "sentence" "$(< "$tmp/err")" \
		"svcctl: top: it needs a terminal; *"
	enter "clear; TERM=nothing svcctl -N $node top; echo status \$?"
	sees '^svcctl: top: terminal "nothing" \(TERM\) is unknown'
	sees "^status 1$"
}

services_and_their_rates()
{
	asking web "$client" "$vip:80"
	asking dns "$client" -u "$vip:53"
	begin interval 1
	sees "^NAME +PROTO +READY +ACTIVE +CONN/S +REQ-b/s +REP-b/s" 3
	# Two services have traffic and are on top; the rest is in order.
	sees "^shop/web:http +tcp +2/2 +[0-9]+ +[1-9][^ ]* +[1-9][^ ]* +[1-9][^ ]*$"
	sees "^shop/dns +udp +1/1 +[0-9]+ +[1-9][^ ]* +[1-9][^ ]* +[1-9][^ ]*$"
	sees "^bank/idle +tcp +1/1 +0 +0 +0 +0$" 6
	sees "^bank/none +tcp +0/0 +0 +0 +0 +0$" 7
	sees "flows [1-9][0-9]* +new/s [1-9]" 1
	sees "^4 services +active [1-9][0-9]* +conn/s [1-9]" 2
	sees "^1 to 4 of 4 services, by CONN/S" 23
	# Each question has a connection of its own.
	row shop/web:http
	check_num "connections a second" "$(number "${cell[4]}") > 1"
	check_num "bits a second" \
		"$(number "${cell[5]}") > 100 * $(number "${cell[4]}")"
}

rejects_are_seen()
{
	sees "rejects/s 0 " 1
	"$peer" -N "$client" ask -n 1000000 -t 200 "$vip:82" > /dev/null 2>&1 &
	sees "rejects/s (<0\.1|[0-9.]*[1-9]) " 1
	kill $!
	wait $! 2> /dev/null
}

orders()
{
	press 1
	sees "by NAME" 23
	names_are "bank/idle bank/none shop/dns shop/web:http" ||
		fail "by name: $(names)"
	press r
	sees "by NAME, reversed" 23
	names_are "shop/web:http shop/dns bank/none bank/idle" ||
		fail "by name, reversed: $(names)"
	press Right Right
	sees "by READY" 23
	sees "^shop/web:http" 4
	sees "^bank/none" 7
	press '<' '<'
	sees "by NAME$" 23
}

endpoints_and_their_shares()
{
	press End
	press Enter
	sees "^shop/web:http: 2 endpoints" 2
	sees "^ADDRESS +STATE +WEIGHT +ACTIVE +CONN/S +REQ-b/s +REP-b/s +SHARE +DUE" 3
	sees "^10\.2\.0\.1:80 +ready +3 +[0-9]+ +[1-9][^ ]* +[1-9][^ ]* +[1-9][^ ]* +[0-9.]+% +75\.0%$" 4
	sees "^10\.2\.0\.2:80 +ready +1 +[0-9]+ +[0-9.<]+ .* [0-9.]+% +25\.0%$" 5
	row 10.2.0.1:80
	check_num "share of three quarters, in tenths of a percent" \
		"$(number "${cell[7]}") > 650 && $(number "${cell[7]}") < 850"
	must endpoint set shop/web:http 10.2.0.2:80 state terminating
	sees "^10\.2\.0\.2:80 +ter~ing +1 .* 0\.0%$" 5
	must endpoint add shop/web:http 10.2.0.4:80
	sees "^10\.2\.0\.4:80 +ready +1 .* 25\.0%$" 6
	must endpoint set shop/web:http 10.2.0.2:80 state ready
	press Escape
	sees "^4 services" 2
	press Enter
	sees "^shop/web:http: 3 endpoints" 2
	press q
	sees "^4 services" 2
}

filter()
{
	press /
	press -l "SHOP/"
	sees "^/SHOP/_" 24
	sees '^1 to 2 of 2 services with "SHOP/", by NAME' 23
	names_are "shop/dns shop/web:http" || fail "filter: $(names)"
	# A q is a letter here.
	press -l "q"
	sees '^no services with "SHOP/q"' 23
	press BSpace
	press Enter
	sees '^1 to 2 of 2 services with "SHOP/", by NAME' 23
	press Escape
	sees '^1 to 4 of 4 services, by NAME' 23
	press '?'
	sees "^Keys" 1
	sees "^Any key goes back"
	press x
	sees '^1 to 4 of 4 services' 23
}

other_sizes()
{
	resize_screen 100 30
	sees '^1 to 4 of 4 services' 29
	resize_screen 60 12
	sees '^1 to 4 of 4 services' 11
	sees "^NAME .*REP-b/s$|^NAME .*REQ-b/s" 3
	resize_screen 20 3
	sees '^NAME' 1
	resize_screen 80 24
	sees '^1 to 4 of 4 services' 23
}

# No rate is out of this world when counters begin anew.
removed_and_added_again()
{
	local i

	press 5
	sees "by CONN/S" 23
	for ((i = 0; i < 5; i++)); do
		must service del shop/dns
		must service add shop/dns udp "$vip:53" endpoint 10.2.0.3:53
		screen > "$tmp/screen"
		! grep -qE "[0-9](T|P|E)" "$tmp/screen" ||
			fail "a rate: $(< "$tmp/screen")"
		sleep 0.5
	done
	sees "^shop/dns +udp +1/1 +[0-9]+ +[1-9][^ ]* "
}

module_goes_and_comes()
{
	asking_ends web
	# While its service was gone nobody answered it.
	kill "${asking_pids[dns]}"
	wait "${asking_pids[dns]}" 2> /dev/null
	slowwait 10000 rmmod svcnat || fail "rmmod"
	sees '^the svcnat module is not loaded; load it with "modprobe svcnat"' 23
	# What was there is still to be seen.
	sees "^shop/web:http"
	insmod "$SVCNAT_KO" || bail_out "insmod"
	sees "^no services" 23
	services
	sees "^1 to 4 of 4 services" 23
	asking web "$client" "$vip:80"
	sees "^shop/web:http +tcp +2/2 +[0-9]+ +[1-9][^ ]* " 4
	asking_ends web
}

ends_with_q()
{
	press q
	has_ended 0
}

ends_with_a_signal()
{
	begin
	press C-c
	has_ended 130
	begin
	pkill -TERM -x svcctl
	has_ended 143
	begin
	pkill -HUP -x svcctl
	has_ended 129
}

stopped_and_continued()
{
	begin
	press C-z
	sees "Stopped"
	check_is "alternate screen" "$(mux display-message -p -t screen \
		'#{alternate_on}')" 0
	enter fg
	sees "^1 to 4 of 4 services" 23
	press q
	has_ended 0
}

# memory: of svcctl at its highest, in KiB
memory()
{
	sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' \
		"/proc/$(pgrep -nx svcctl)/status"
}

ten_thousand_services()
{
	local i early start now

	for ((i = 0; i < 10000; i++)); do
		echo "service add ns-$((i / 100))/service-$i:http tcp" \
			"10.97.$((i / 250)).$((i % 250 + 1)):80" \
			"endpoint 10.2.0.1:80 endpoint 10.2.0.2:80"
	done > "$tmp/many"
	ctl -b "$tmp/many" || fail "cannot add 10000 services"
	asking many "$client" 10.97.20.1:80
	begin
	sees "^1 to 19 of 10004 services, by CONN/S" 23
	sees "^ns-50/service-5000:http +tcp +2/2 +[0-9]+ +[1-9]" 4
	early=$(memory)
	press /
	press -l service-77
	press Enter
	sees '^1 to 19 of 111 services with "service-77"' 23
	press Escape
	milliseconds start
	press End
	sees "^9986 to 10004 of 10004" 23
	milliseconds now
	note "from a key to the screen: $((now - start)) ms"
	check_num "from a key to the screen" "$((now - start)) < 3000 * slow"
	press Home
	press Enter
	sees "^ns-50/service-5000:http: 2 endpoints" 2
	press q
	sees "^10004 services" 2
	sleep 6
	note "memory: $early KiB, then $(memory) KiB"
	check_num "memory in KiB" "$(memory) < early + 4096"
	check_num "memory in KiB" "$(memory) < 40000"
	press q
	has_ended 0
	asking_ends many
}

setup_topology
# A question takes a while, so that those who ask leave time for others.
tc -n "$client" qdisc add dev eth0 root netem delay 30ms ||
	bail_out "tc has no netem"
serve "$eps" 80 53
services
open_screen 80 24
run_tests \
	needs_a_terminal \
	services_and_their_rates \
	rejects_are_seen \
	orders \
	endpoints_and_their_shares \
	filter \
	other_sizes \
	removed_and_added_again \
	module_goes_and_comes \
	ends_with_q \
	ends_with_a_signal \
	stopped_and_continued \
	ten_thousand_services
