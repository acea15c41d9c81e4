# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# svcctl on the node, and clients and servers, see net/peer.c; sourced by
# tests/lib.sh.
# shellcheck disable=SC2034,SC2154  # variables of and for those who source it

# ctl WORD...: svcctl on the node
ctl()
{
	svcctl -N "$node" "$@"
}

# must WORD...: a command of svcctl that must work
must()
{
	ctl "$@" || fail "svcctl $* failed"
}

# flush: no service, no flow, no pinned client
flush()
{
	ctl -b - <<- END || fail "cannot flush"
		service flush
		flow flush
		affinity flush
	END
}

# The programs in net/, built once for all scripts; gcc takes minutes.
programs=/run/svcnat-tests
peer=$programs/peer
probe=$programs/probe

# build_program NAME [DIR]: from DIR/NAME.c, DIR/NAME.h and, if it has parts,
# DIR/NAME_*.c; in net by default
build_program()
{
	local program=$programs/$1 source=$lib_dir/${2-net}/$1 file old=''
	local parts=()

	for file in "$lib_dir/net/tool.h" "$source".[ch] "$source"_*.c; do
		[ -e "$file" ] || continue
		[[ $program -nt $file ]] || old=yes
		[[ $file != *.c ]] || parts+=("$file")
	done
	[ -n "$old" ] || return 0
	mkdir -p "$programs"
	tcc -o "$program" "${parts[@]}" || bail_out "cannot build $1"
}

# build_probe: for those who need net/probe.c
build_probe()
{
	build_program probe
}

# serve NS PORT...: see net/peer.c
serve()
{
	"$peer" -N "$1" serve "${@:2}" > "$tmp/pid" ||
		bail_out "nothing serves in $1"
	pid_list+=("$(< "$tmp/pid")")
}

# ask NS WORD...: see net/peer.c
ask()
{
	"$peer" -N "$1" ask "${@:2}"
}

# What was asked last: lines as peer ask prints them, how often each endpoint
# answered, which endpoints those are, sorted.
answers=()
declare -A count
endpoints=

# asked WHO NS WORD...: asks; the test fails if one question has no answer.
asked()
{
	local who=$1 line
	shift

	endpoints=
	count=()
	mapfile -t answers < <(exec "$peer" -N "$1" ask "${@:2}")
	[ ${#answers[@]} -gt 0 ] || fail "$who: peer ask $*"
	for line in "${answers[@]}"; do
		[[ $line != *" - "* ]] || fail "$who: $line from peer ask $*"
		((count[${line%% *}]++)) || true
	done
	for line in 10.{1,2,4}.0.{1..4}:{53,80,81,5353,8080} \
		"[fd00:"{1,2,4}::{1..4}]:{53,80,81,5353,8080}; do
		[ -z "${count[$line]-}" ] || endpoints+=${endpoints:+ }$line
	done
}

# asks FROM ADDRESS OPTION...: the endpoint sees the client's own address and
# port, and the answer is the VIP's: the client's socket takes no other.
asks()
{
	local ns=$1 address=$2 answer
	shift 2

	asked "${ns%-*}" "$ns" -p 4000 -r "$@"
	answer=${answers[0]#* }
	check_is "${ns%-*}: peer ask $*" "${answer% *}" "$address:4000"
}

# seen_as ADDRESS NS WORD...: asks; the endpoint must see it come from there,
# which stands before :PORT.  Sets $port to the last port that it saw.
seen_as()
{
	local address=$1 answer source
	shift

	asked "${1%-*}" "$@"
	for answer in "${answers[@]}"; do
		source=${answer#* }
		source=${source% *}
		port=${source##*:}
		check_is "${1%-*}: peer ask ${*:2}" "${source%:*}" "$address"
	done
}

# bulk NS BYTES [OPTION]... ADDR:PORT: there and back, every byte is compared
bulk()
{
	"$peer" -N "$1" bulk "${@:3:$#-3}" "$2" "${!#}" > "$tmp/bulk" 2>&1 ||
		fail "${1%-*}: $(cat "$tmp/bulk")"
}

# refused WHO STATUS NS WORD...: asks once; must fail, with that errno's name
refused()
{
	local who=$1 wanted=$2 answer
	shift 2

	answer=$(ask "$@")
	check_is "$who: peer ask $*" "${answer%% *}" "$wanted"
	# What is left is how long it took.
	took=${answer##* }
}

# stream NAME NS WORD...: in the background; its report goes to $tmp/NAME.
declare -A stream_pids

stream()
{
	local name=$1 n=1
	shift

	[ "$2" != -n ] || n=$3
	# Not only when the peer begins: what was there before has ended.
	: > "$tmp/$name"
	"$peer" -N "$1" stream -t $((10000 * slow)) "${@:2}" \
		> "$tmp/$name" 2>&1 &
	stream_pids[$name]=$!
	busywait 10000 has " open " "$tmp/$name" "$n" ||
		fail "$name: $(cat "$tmp/$name")"
}

# streams_go_on: the streams of the test talk: packets are still translated
streams_go_on()
{
	local before

	before=$(stat translated)
	busywait 10000 stat_above translated $((before + 64)) ||
		fail "the streams are silent"
}

# stream_ends NAME: ends it; the test fails if one was not ok until then.
stream_ends()
{
	kill "${stream_pids[$1]}" 2> /dev/null
	wait "${stream_pids[$1]}" ||
		fail "$1: $(grep -v -e ' ok ' -e ' open ' "$tmp/$1")"
}

# was_reset NAME [COUNT]: so many of its connections, 1 by default, ended with a
# RST
was_reset()
{
	wait "${stream_pids[$1]}"
	[ "$(grep -c " ECONNRESET " "$tmp/$1")" = "${2:-1}" ] ||
		fail "$1: $(< "$tmp/$1")"
}
