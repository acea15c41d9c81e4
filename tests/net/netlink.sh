#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The netlink interface beyond what svcctl needs of it, and what svcctl shows
# while the configuration changes as fast as it can.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

# many NUMBER: endpoints 10.0.0.1:80 and so on
many()
{
	local i

	for ((i = 0; i < $1; i++)); do
		echo -n "endpoint 10.0.$((i / 200)).$((i % 200 + 1)):80 "
	done
}

promises_of_the_interface()
{
	ctl -b - <<- END || fail "no services"
		service add web tcp 10.96.0.1:80 10.96.0.1:81 endpoint 10.0.0.1:80 endpoint 10.0.0.2:80
		service add big tcp 10.96.0.2:80 $(many 1000)
	END
	ip netns exec "$node" python3 "$lib_dir/net/netlink.py" \
		> "$tmp/broken" 2>&1 || fail "status $?"
	[ ! -s "$tmp/broken" ] || fail "$(< "$tmp/broken")"
	flush
}

# churn: the lines on stdin over and over, as fast as one svcctl can
churn()
{
	local i

	cat > "$tmp/once"
	for i in {1..50}; do
		cat "$tmp/once"
	done > "$tmp/churn"
	touch "$tmp/churning"
	while [ -e "$tmp/churning" ] && svcctl -N "$node" -b "$tmp/churn"; do
		:
	done > /dev/null 2> "$tmp/churned" &
	churn=$!
}

churn_ends()
{
	rm "$tmp/churning"
	wait "$churn"
	check_is "changes" "$(< "$tmp/churned")" ""
}

first="service replace web tcp 10.96.0.1:80 endpoint 10.0.0.1:80 endpoint 10.0.0.2:80 weight 3"
second="service replace web udp 10.96.0.1:81 10.96.0.1:82 affinity 3h endpoint 10.0.0.3:80"

# shown_while_it_changes WHAT WORD...: always as it is after one of the lines
# in $tmp/once, and never with a complaint
shown_while_it_changes()
{
	local what=$1 line got i states=()
	shift

	while read -r line; do
		ctl -b - <<< "$line" || fail "$line"
		states+=("$(ctl -j "$@")")
	done < "$tmp/lines"
	churn < "$tmp/lines"
	for i in {1..30}; do
		got=$(ctl -j "$@" 2>&1) || fail "$what: status $?: $got"
		for line in "${states[@]}"; do
			[ "$got" != "$line" ] || continue 2
		done
		fail "$what: this is none of the states: $got"
		break
	done
	churn_ends
}

services_while_one_changes()
{
	ctl -b - <<- END || fail "no services"
		service add a udp 10.96.1.1:80 endpoint 10.0.0.1:80
		service add z tcp 10.96.1.2:80 $(many 40)
	END
	printf '%s\n' "$first" "$second" > "$tmp/lines"
	shown_while_it_changes "one" service show web
	shown_while_it_changes "all" service show
	shown_while_it_changes "endpoints" endpoint show
	shown_while_it_changes "frontends" frontend show web
}

services_while_one_comes_and_goes()
{
	printf '%s\n' "service del web" "${first/replace/add}" \
		"service del web" "${second/replace/add}" > "$tmp/lines"
	shown_while_it_changes "all" service show
	shown_while_it_changes "endpoints" endpoint show
}

# Too large to be sent at once, and never the same for long.
a_large_service_while_it_changes()
{
	local i status

	must -b - <<< "service add large tcp 10.96.1.3:80 $(many 1000)"
	churn <<- END
		endpoint set large 10.0.0.7:80 weight 2
		endpoint set large 10.0.0.7:80 weight 3
	END
	for i in 1 2; do
		status=0
		ctl endpoint show large > "$tmp/out" 2> "$tmp/err" || status=$?
		check_is "status" "$status" 0
		check_is "lines" "$(wc -l < "$tmp/out")" 1001
		check_is "stderr" "$(< "$tmp/err")" \
			'?(svcctl: service "large" changed each time it was read: *)'
	done
	churn_ends
}

setup_ns node
run_tests \
	promises_of_the_interface \
	services_while_one_changes \
	services_while_one_comes_and_goes \
	a_large_service_while_it_changes
