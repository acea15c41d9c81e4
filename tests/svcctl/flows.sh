#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# svcctl flow show with conditions: it shows those flows and no others.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

# Nobody is at $wire_ep.
family_begins()
{
	[ -z "${stream_pids[talk]-}" ] || stream_ends talk
	flush
	ctl -b - <<- END || bail_out "no services"
		service add web tcp $vip:80 endpoint $ep1:80
		service add dns udp $vip:53 endpoint $ep2:53
		service add state udp $vip:54 endpoint $ep2:53
		service add dead udp $vip:55 endpoint $wire_ep:53
	END
	stream talk "$client" "$vip:80"
	asked dns "$client" -u "$vip:53"
	asked dns "$client" -u -s "${many}1" "$vip:53"
	asked state "$client" -u -s "${many}2" "$vip:54"
	ask "$client" -u -f "$vip:55"
	from1=$(at "${many}1")
	from2=$(at "${many}2")
	range=10.3.0.0/16
	[ "$family" = 4 ] || range=fd00:3::/64
}

# at ADDRESS: as it stands before a port
at()
{
	case $1 in
	*:*) echo "[$1]" ;;
	*) echo "$1" ;;
	esac
}

# flows WORD...: "SERVICE CLIENT ENDPOINT" of each in the table, sorted, with
# commas between them
flows()
{
	ctl flow show "$@" | sed 1d | while read -r _ from _ to _ _ _ name; do
		echo "$name ${from%:*} $to"
	done | sort | paste -sd,
}

# shows "WORD..." [FLOW]...: flow show with those words shows them, and as many
# in JSON
shows()
{
	local words
	read -ra words <<< "$1"
	shift

	check_is "flow show ${words[*]}" "$(flows "${words[@]}")" \
		"$(IFS=,; echo "$*")"
	check_is "flow show ${words[*]}, JSON" "$(ctl -j flow show \
		"${words[@]}" | grep -o '"service":' | wc -l)" $#
}

by_service()
{
	shows web "web $client_at $ep1:80"
	shows dns "dns $client_at $ep2:53" "dns $from1 $ep2:53"
	# One that is called as a condition is.
	shows state "state $from2 $ep2:53"
	shows "" "dead $client_at $wire_ep:53" "dns $client_at $ep2:53" \
		"dns $from1 $ep2:53" "state $from2 $ep2:53" \
		"web $client_at $ep1:80"
}

by_client()
{
	shows "client ${many}1" "dns $from1 $ep2:53"
	shows "client $range" "dns $from1 $ep2:53" "state $from2 $ep2:53"
	shows "state client $range" "state $from2 $ep2:53"
	shows "client ${many}3"
	shows "client 10.5.0.0/16"
	shows "client fd00:5::/64"
}

by_endpoint()
{
	shows "endpoint $ep_ip" "web $client_at $ep1:80"
	shows "endpoint $ep2:53" "dns $client_at $ep2:53" \
		"dns $from1 $ep2:53" "state $from2 $ep2:53"
	shows "endpoint $ep2:80"
	shows "dns endpoint $ep1:80"
	shows "endpoint $ep2:53 client $client_ip" "dns $client_at $ep2:53"
}

by_state()
{
	shows "state established" "web $client_at $ep1:80"
	shows "state unreplied" "dead $client_at $wire_ep:53"
	shows "state replied" "dns $client_at $ep2:53" "dns $from1 $ep2:53" \
		"state $from2 $ep2:53"
	shows "dns state replied client $range" "dns $from1 $ep2:53"
	shows "state state replied" "state $from2 $ep2:53"
	shows "state closed"
}

# is_refused STATUS SENTENCE WORD...
is_refused()
{
	local status=0

	ctl flow show "${@:3}" > "$tmp/out" 2> "$tmp/err" || status=$?
	check_is "flow show ${*:3}" "$status $(< "$tmp/out")$(< "$tmp/err")" \
		"$1 svcctl: $2"
}

what_is_refused()
{
	is_refused 1 'flow show: unknown word "open" for state*' state open
	is_refused 1 'flow show: "10.0.0.1:80" is no range of addresses *' \
		client 10.0.0.1:80
	is_refused 2 'service "no": there is no such service' \
		no state established
}

# More than fit into what svcctl may have if it kept them.
many_flows()
{
	local live

	flush
	must service add many udp "$vip:56" endpoint "$wire_ep:53"
	ask "$client" -u -f -n 30000 -i -s "${many}1" "$vip:56"
	busywait 10000 stat_above flow_live 25000 || fail "there are few flows"
	live=$(stat flow_live)
	(
		ulimit -v 40000
		ctl flow show state unreplied > "$tmp/flows"
	)
	check_err $? "flow show in little memory"
	check_is "flows" "$(sed 1d "$tmp/flows" | wc -l)" "$live"
}

setup_topology
serve "$eps" 80 53
ctl config set timeout-udp 1h
use_family 4
tests=(by_service by_client by_endpoint by_state what_is_refused)
run_tests "${tests[@]/%/@4}" "${tests[@]/%/@6}" many_flows@4
