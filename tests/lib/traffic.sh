# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What passes wherever a service works; sourced behind tests/lib.sh.
# shellcheck disable=SC2154  # variables from those who source it

# traffic NS ADDR:PORT BYTES: by TCP and UDP, little and BYTES, in fragments too
traffic()
{
	asked "${1%-*}, TCP" "$1" -n 4 "$2"
	asked "${1%-*}, UDP" "$1" -u -n 4 "$2"
	asked "${1%-*}, fragments" "$1" -u -n 2 -l 5000 "$2"
	bulk "$1" $(($3 / slow)) "$2"
}

# from_one_port NS SERVICE ENDPOINT: to the one, and at the same time past it
from_one_port()
{
	local way

	for way in "" "-u"; do
		# shellcheck disable=SC2086  # none or one word
		{
			stream ours "$1" $way -p 5000 "$2"
			stream direct "$1" $way -p 5000 "$3"
			stream_ends ours
			stream_ends direct
		}
	done
}

# asking NAME NS WORD...: in the background, without a pause, until asking_ends;
# the answers go to $tmp/NAME.
declare -A asking_pids

asking()
{
	"$peer" -N "$2" ask -n 1000000 "${@:3}" > "$tmp/$1" 2>&1 &
	asking_pids[$1]=$!
	busywait 10000 [ -s "$tmp/$1" ] || fail "$1: no answer"
}

# asking_ends NAME...: the test fails if one question had no answer.
asking_ends()
{
	local name

	for name; do
		kill "${asking_pids[$name]}" 2> /dev/null ||
			fail "$name: it was over before"
	done
	for name; do
		wait "${asking_pids[$name]}" 2> /dev/null
		! grep -q -e ' - ' -e peer: "$tmp/$name" ||
			fail "$name: $(grep -m 3 -e ' - ' -e peer: \
				"$tmp/$name"), of $(wc -l < "$tmp/$name")"
	done
}
