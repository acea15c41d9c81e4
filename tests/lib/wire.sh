# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The packets of tests/net/wire.py; sourced by tests/lib.sh.
# shellcheck disable=SC2154  # variables from those who source it

# wire_start FILE: a program that knows functions, for wire() to call
wire_start()
{
	local line

	ip_in "$node" <<- END
		route add 10.5.0.0/24 via 10.1.0.2
		route add fd00:5::/64 via fd00:1::2
		neigh add 10.2.0.9 lladdr 02:00:00:00:02:02 dev eps nud permanent
		neigh add fd00:2::9 lladdr 02:00:00:00:02:02 dev eps nud permanent
	END
	coproc WIRE {
		exec /usr/bin/python3 -S -u -B "$lib_dir/net/$1" "$client" \
			"$node" "$eps" "$pod" 2>&1
	}
	pid_list+=("$WIRE_PID")
	read -r -t $((30 * slow)) line <&"${WIRE[0]}"
	[ "${line-}" = ready ] || bail_out "$1: ${line-}"
}

# wire FUNCTION WORD...: the test fails if it prints something.
wire()
{
	local line

	echo "$family $*" >&"${WIRE[1]}"
	while read -r -t $((60 * slow)) line <&"${WIRE[0]}"; do
		[ "$line" != . ] || return 0
		fail "$1: $line"
	done
	bail_out "wire $*: no answer"
}

# both FUNCTION WORD...: wire, by TCP and by UDP
both()
{
	wire "$1" tcp "${@:2}"
	wire "$1" udp "${@:2}"
}
