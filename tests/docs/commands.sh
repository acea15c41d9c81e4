#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every command that the pages tell to run: those in docs/, in "Using it" of the
# README and in the examples of svcctl(8).
#
#    client ------------ node ----------- pods	10.244.N.5 to .9, fd00:244::4
#    198.51.100.7	 |		all of them served by one process
#			node1, which has no service
#
# A page's blocks run in order, on that node; first-steps.md makes namespaces of
# its own.  The word behind the three backquotes says what a block is:
#
#   sh       commands; each must end with status 0
#   text     what those before print: blanks are one, "..." is anything, and
#            alone on a line any lines
#   sh host  commands for a real machine or cluster: bash and svcctl must
#            understand them
#   (none)   no commands: a drawing
#
# With SVCNAT_SHOW=1 it shows what each block prints, for those who write one.
# shellcheck disable=SC2317  # run_tests calls the functions
# shellcheck disable=SC2154  # setup_ns sets $nothing

. "$(dirname "$0")/../lib.sh"

repo=$(cd "$lib_dir/.." && pwd)
real=$(command -v svcctl)

# blocks FILE: each goes to a file in $tmp/blocks, NUMBER.code, with its line and
# word in NUMBER.info, and what it prints in NUMBER.shown
blocks()
{
	rm -rf "$tmp/blocks"
	mkdir "$tmp/blocks"
	awk -v base="$tmp/blocks/" '
		!/^```/ { if (file) print > file; next }
		file { close(file); file = ""; next }
		{
			word = substr($0, 4)
			ext = ".shown"
			if (word != "text" || last != "sh") {
				number = sprintf("%03d", ++n)
				print NR, word > (base number ".info")
				ext = ".code"
			}
			last = word
			file = base number ext
			printf "" > file
		}' "$1"
}

# end_the_endless: svcctl as the pages call it, but monitor and top end soon.
end_the_endless()
{
	mkdir "$tmp/bin"
	cat > "$tmp/bin/svcctl" <<- END
		#!/bin/bash
		case " \$* " in
		*" monitor "*) timeout --preserve-status -s INT 2 "$real" "\$@" ;;
		*" top "*)
			{ sleep 2; printf q; } |
				script -qec "$real \$*" "$tmp/screen" > "$tmp/top" ;;
		*) exec "$real" "\$@" ;;
		esac
	END
	chmod +x "$tmp/bin/svcctl"
	PATH=$tmp/bin:$repo/tools/svcnatd:$PATH
}

# run_in NS FILE: its commands, until the first that fails; what they print goes
# to $tmp/out.  An empty NS is the initial one.
run_in()
{
	local enter=()

	[ -z "$1" ] || enter=(nsenter "--net=/run/netns/$1")
	(cd "$tmp/work" && exec timeout $((120 * slow)) "${enter[@]}" \
		bash -euo pipefail "$2") > "$tmp/out" 2>&1
}

# shown_is FILE: has $tmp/out what FILE shows?
shown_is()
{
	local line skip='' i=0 got=()

	mapfile -t got < <(sed -E 's/[ \t]+/ /g; s/^ | $//g' "$tmp/out")
	while read -r line; do
		if [ "$line" = "*" ]; then
			skip=yes
			continue
		fi
		# shellcheck disable=SC2053  # a pattern
		until [[ ${got[i]-} == $line ]]; do
			[ -n "$skip" ] && [ "$i" -lt ${#got[@]} ] || return 1
			i=$((i + 1))
		done
		i=$((i + 1))
		skip=
	done < <(sed -E 's/[][*?\\]/\\&/g; s/\.\.\./*/g; s/[ \t]+/ /g' "$1")
	[ -n "$skip" ] || [ "$i" = ${#got[@]} ]
}

# run_block NS PAGE NUMBER: false if those that follow make no sense any more
run_block()
{
	local code=$tmp/blocks/$3.code line

	read -r line _ < "${code%.code}.info"
	commands=$((commands + $(grep -c . "$code")))
	run_in "$1" "$code" || {
		fail "$2:$line: exit status $?: $(tail -n 20 "$tmp/out")"
		return 1
	}
	[ -z "${SVCNAT_SHOW-}" ] || note "$2:$line: $(< "$tmp/out")"
	[ ! -e "${code%.code}.shown" ] || shown_is "${code%.code}.shown" ||
		fail "$2:$line: prints $(< "$tmp/out")"
}

# understood PAGE LINE WORD...: words of svcctl must not be malformed.
# What it is told to do it does in a namespace that has nothing.
understood()
{
	local page=$1:$2 status=0
	shift 2

	(cd "$tmp/work" && exec timeout $((30 * slow)) svcctl -N "$nothing" "$@") \
		> "$tmp/out" 2>&1 < /dev/null || status=$?
	case $status in
	0 | 2) ;;
	*) fail "$page: svcctl $*: exit status $status: $(< "$tmp/out")" ;;
	esac
}

# words_of FILE PROGRAM: its commands in a block, one a line, without what the
# shell does with them
words_of()
{
	sed -e ':a; /\\$/ { N; s/\\\n//; ba }' -e 's/ #.*//' "$1" |
		grep -oE "(^|[ (])$2 [^|<>;&)]*" | sed 's/^[ (]*[^ ]* //'
}

# check_block PAGE NUMBER: what cannot be run here
check_block()
{
	local code=$tmp/blocks/$2.code line command

	read -r line _ < "${code%.code}.info"
	elsewhere=$((elsewhere + $(grep -c . "$code")))
	bash -n "$code" 2> "$tmp/out" || fail "$1:$line: $(< "$tmp/out")"
	while read -r command; do
		# shellcheck disable=SC2086  # words of a command
		understood "$1" "$line" $command
	done < <(words_of "$code" svcctl)
	while read -r command; do
		# To help is the last task, and the only one.
		# shellcheck disable=SC2086  # words of a command
		svcnatd $command --help > "$tmp/out" 2>&1 ||
			fail "$1:$line: svcnatd $command: $(< "$tmp/out")"
	done < <(words_of "$code" svcnatd)
}

# take_blocks NS PAGE: of $tmp/blocks
take_blocks()
{
	local info number line word commands=0 elsewhere=0

	for info in "$tmp"/blocks/*.info; do
		number=${info##*/}
		number=${number%.info}
		read -r line word < "$info"
		case $word in
		"") ;;
		sh) run_block "$1" "$2" "$number" || break ;;
		"sh host") check_block "$2" "$number" ;;
		*) fail "$2:$line: what is a block of \"$word\"?" ;;
		esac
	done
	note "$2: $commands lines were run, $elsewhere are for elsewhere"
	check_num "commands of $2" "$commands > 0"
}

# spans FILE PROGRAM: what the text, not a block, has as `PROGRAM ...`
spans()
{
	awk '/^```/ { inside = !inside } !inside' "$1" |
		grep -oE "\`$2 [^\`]*\`" | tr -d '`'
}

# mentioned PAGE WORD...: in the text, without all that a command needs: the
# last word must be one that may stand there; else it is a whole command.
mentioned()
{
	"$real" complete -- "${@:2}" 2> "$tmp/out" | grep -qxF -- "${!#}" ||
		understood "$1" "" "${@:2}"
}

# take_page NS PAGE: page of docs/, and the commands that its text mentions
take_page()
{
	local page=docs/$2.md command

	pages+=("$repo/$page")
	flush
	blocks "$repo/$page"
	take_blocks "$1" "$page"
	while read -r command; do
		command=${command#svcctl }
		# shellcheck disable=SC2086  # words of a command
		mentioned "$page" ${command%%[|<>]*}
	done < <(spans "$repo/$page" svcctl)
}

first_steps()
{
	local ns pids before

	before=$(ip netns list | sort)
	take_page "" first-steps
	for ns in $(ip netns list | sort | comm -13 <(echo "$before") - |
		    cut -d ' ' -f 1); do
		fail "it leaves $ns behind"
		mapfile -t pids < <(ip netns pids "$ns")
		[ ${#pids[@]} = 0 ] || kill "${pids[@]}"
		ip netns del "$ns"
	done
}

from_ipvs()
{
	take_page "$node" from-ipvs
	asked "who changed over" "$client" -n 4 10.96.0.10:80
}

from_kube_proxy()
{
	take_page "$node" from-kube-proxy
}

architecture()
{
	take_page "$node" architecture
}

# column N PROGRAM: what the tables of the page have there, one command a line
column()
{
	awk -F '|' -v n="$1" '/^\|/ { print $(n + 1) }' \
		"$repo/docs/from-ipvs.md" | grep -oE "\`$2[ -][^\`]*\`" |
		tr -d '`'
}

# run_column NS N PROGRAM: runs these, as one page
run_column()
{
	local command n=0

	while read -r command; do
		echo "$command" > "$tmp/command"
		run_in "$1" "$tmp/command" ||
			fail "$command: exit status $?: $(< "$tmp/out")"
		n=$((n + 1))
	done < <(column "$2" "$3")
	check_num "commands of $3" "$n > 10"
}

ipvsadm_and_svcctl_right()
{
	flush
	run_column "$node" 2 svcctl
	check_is "what is left" "$(ctl service show | tail -n +2)" ""
}

ipvsadm_and_svcctl_left()
{
	if ! modprobe -q ip_vs; then
		RET=$ksft_skip
		return
	fi
	run_column "$nothing" 1 ipvsadm
	check_is "what is left" \
		"$(ip netns exec "$nothing" ipvsadm -Ln | grep -c -e '->')" 1
}

readme()
{
	flush
	awk '/^## / { on = $0 == "## Using it" } { print on ? $0 : "" }' \
		"$repo/README.md" > "$tmp/page"
	blocks "$tmp/page"
	take_blocks "$node" README.md
}

manual_page()
{
	flush
	awk '
		/^\.SH/ { on = $2 == "EXAMPLES" }
		on && /^\.EX/ { print "```sh"; inside = 1; next }
		on && /^\.EE/ { print "```"; inside = 0; next }
		{
			sub(/^# /, "")
			gsub(/\\e/, "\\")
			gsub(/\\-/, "-")
			print inside ? $0 : ""
		}' "$repo/tools/svcctl.8" > "$tmp/page"
	blocks "$tmp/page"
	take_blocks "$node" svcctl.8
}

no_page_is_left_out()
{
	check_is "pages" "$(printf '%s\n' "${pages[@]}" | sort)" \
		"$(printf '%s\n' "$repo"/docs/*.md | sort)"
}

setup_world()
{
	setup_ns client node pods nothing
	ip_in "" <<- END
		link add client netns $node type veth peer name eth0 netns $client
		link add pods netns $node type veth peer name eth0 netns $pods
	END
	ip_in "$node" <<- END
		link set lo up
		addr add 198.51.100.1/24 dev client
		addr add fd00:c::1/64 dev client nodad
		addr add 10.244.0.1/24 dev pods
		addr add fd00:244::1/64 dev pods nodad
		link set client up
		link set pods up
		route add 10.244.0.0/16 dev pods
		route add default via 198.51.100.7
		route add ::/0 via fd00:c::7
	END
	ip_in "$client" <<- END
		link set lo up
		addr add 198.51.100.7/24 dev eth0
		addr add fd00:c::7/64 dev eth0 nodad
		link set eth0 up
		route add default via 198.51.100.1
		route add ::/0 via fd00:c::1
	END
	ip_in "$pods" <<- END
		link set lo up
		link set eth0 up
		addr add 10.244.1.5/16 dev eth0
		addr add 10.244.2.7/16 dev eth0
		addr add 10.244.3.9/16 dev eth0
		addr add 10.244.4.4/16 dev eth0
		addr add fd00:244::4/64 dev eth0 nodad
		route add default via 10.244.0.1
		route add ::/0 via fd00:244::1
	END
	ip_in "$nothing" <<< "link set lo up"
	sysctl_in "$node" net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip netns add node1 || bail_out "cannot add node1"
	ns_list+=(node1)
}

pages=()
mkdir "$tmp/work"
setup_world
serve "$pods" 8080
end_the_endless
run_tests \
	first_steps \
	ipvsadm_and_svcctl_left \
	ipvsadm_and_svcctl_right \
	from_ipvs \
	from_kube_proxy \
	architecture \
	readme \
	manual_page \
	no_page_is_left_out
