#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Requests of all kinds, most of them wrong, from all kinds of senders: the
# module must answer and do what tests/nl/nlfuzz.h says.
#
# SVCNAT_SEED and SVCNAT_FUZZ_SECONDS say where it begins and how long it takes.
# shellcheck disable=SC2317,SC2154  # run_tests calls the functions, setup_ns

. "$(dirname "$0")/../lib.sh"

seed=${SVCNAT_SEED:-$RANDOM$RANDOM}
seconds=${SVCNAT_FUZZ_SECONDS:-40}

# fuzz NS SEED
fuzz()
{
	ip netns exec "$1" "$programs/nlfuzz" -s "$2" -t "$seconds"
}

# On both CPUs, each with two netns of its own
every_answer_is_right()
{
	fuzz "$other" "1$seed" > "$tmp/other" 2>&1 &
	fuzz "$node" "$seed" > "$tmp/node" 2>&1 || fail "$(< "$tmp/node")"
	wait $! || fail "$(< "$tmp/other")"
	note "$(grep -h "requests,\|refused:" "$tmp/node" "$tmp/other")"
}

setup_ns node other
build_program nlfuzz nl
for ns in "$node" "$other"; do
	ip_in "$ns" <<- END
		link set lo up
		link add d0 type dummy
		addr add 10.77.0.1/24 dev d0
		link set d0 up
	END
done
run_tests every_answer_is_right
