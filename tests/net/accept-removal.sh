#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What becomes of open connections when their endpoint, frontend or service goes
# or changes, on every kind of frontend, from everywhere.
#
#    client ---- near ---- node ---- eps	see tests/lib/acceptance.sh
#			    |
#		      pod pod3 pod4
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/acceptance.sh"

family_begins()
{
	use_acceptance
	outer="$external:80 $lb:80 $nodeport"
	all="$vip:80 $outer"
	# Packets to there vanish.
	dead=10.2.9.9
	[ "$family" = 4 ] || dead="[fd00:2:9::9]"
}

# begin WORD...: the service on all frontends, with what WORD... says
begin()
{
	make web "$vip:80" frontend nodeport 30080 \
		frontend "$external:80" kind external \
		frontend "$lb:80" kind lb "$@"
}

# udp WHO TO ENDPOINT: where the flow of one port is
udp()
{
	where "$1"
	drew "$1 to $2" "$ns" -u -p 5030 "$2"
	check_is "$1 to $2: UDP, $now" "${!count[*]}" "$3"
}

# udp_after "ADDRESS..." WORD...: of each on each; the very next packet
udp_after()
{
	local who to change="${*:3}"

	for to in $1; do
		for who in $everyone; do
			now=before
			begin endpoint "$ep1:80"
			udp "$who" "$to" "$ep1:80"
			ctl -b - <<- END || fail "cannot $*"
				endpoint add web-udp $pod3_at:80
				endpoint $2 web-udp $ep1:80 $change
			END
			now="after $2 $change"
			udp "$who" "$to" "$goes_to"
			udp "$who" "$to" "$goes_to"
		done
	done
}

UDP_draws_afresh_at_once()
{
	goes_to=$pod3_at:80
	udp_after "$all" del
	udp_after "$vip:80 $nodeport" set state unready
}

UDP_stays_with_who_terminates()
{
	goes_to=$ep1:80
	udp_after "$vip:80 $nodeport" set state terminating
}

UDP_stays_without_weight()
{
	goes_to=$ep1:80
	udp_after "$nodeport" set weight 0
}

# With affinity the entry of who is gone counts no more, either.
UDP_of_a_pinned_client()
{
	local who

	for who in $everyone; do
		now=pinned
		must affinity flush
		begin affinity 3h endpoint "$ep1:80"
		udp "$who" "$nodeport" "$ep1:80"
		must endpoint add web-udp "$pod3_at:80"
		must endpoint set web-udp "$ep1:80" state unready
		now="unready"
		udp "$who" "$nodeport" "$pod3_at:80"
		must endpoint set web-udp "$ep1:80" state ready
		now="ready again"
		udp "$who" "$nodeport" "$pod3_at:80"
		ways=("-u")
		reaches "$who" "$vip:80" "$pod3_at:80"
		ways=("" "-u")
	done
}

# streams NAME: one of each on each
streams()
{
	local who

	for who in $everyone; do
		where "$who"
		# shellcheck disable=SC2086  # several words
		stream "$1-$who" "$ns" -n 2 $all
		# The first of them is open; so must all be.
		busywait 10000 has " open " "$tmp/$1-$who" 8 ||
			fail "$1-$who: $(< "$tmp/$1-$who")"
	done
}

all_go_on()
{
	local who

	for who in $everyone; do
		stream_ends "$1-$who"
	done
}

# were_reset NAME COUNT: so many of each of them, and no more
were_reset()
{
	local who

	for who in $everyone; do
		busywait 5000 has " ECONNRESET " "$tmp/$1-$who" "$2" ||
			fail "$1-$who, $2 resets: $(< "$tmp/$1-$who")"
		check_is "$1-$who: resets" \
			"$(grep -c " ECONNRESET " "$tmp/$1-$who")" "$2"
	done
}

# none_open_in NS ENDPOINT: nobody has a connection there
none_open_in()
{
	[ -z "$(ip netns exec "$1" ss -Hnt state established src "$2")" ]
}

# Whatever else changes
established_ones_go_on()
{
	begin endpoint "$ep1:80"
	streams stay
	both endpoint add web "$pod3_at:80"
	both endpoint set web "$ep1:80" state terminating
	both endpoint set web "$ep1:80" state unready
	both endpoint set web "$ep1:80" weight 0
	both service set web external-policy local
	both service set web internal-policy local
	both service set web affinity 3h
	both service set web scheduler maglev
	both service set web on-removal reset
	must config set masquerade-all on
	must config set pod-cidr none nodeport-addresses none
	both service set web on-removal keep
	all_go_on stay
	configure
	begin endpoint "$pod3_at:80"
	all_reach "$nodeport" "$pod3_at:80"
}

keep_keeps_who_is_removed()
{
	local to

	begin on-removal keep endpoint "$ep1:80"
	streams stay
	both endpoint add web "$pod3_at:80"
	both endpoint del web "$ep1:80"
	for to in $all; do
		all_reach "$to" "$pod3_at:80"
	done
	# Their frontends, too, one after the other
	both frontend del web nodeport 30080
	both frontend del web "$external:80"
	all_refused "$nodeport"
	silent outside "$external:80"
	both service del web
	silent outside "$vip:80"
	# And what is there again is new, but breaks none.
	begin endpoint "$pod3_at:80"
	all_reach "$nodeport" "$pod3_at:80"
	all_go_on stay
}

reset_resets_both_sides()
{
	begin on-removal reset endpoint "$ep1:80"
	streams gone
	both endpoint add web "$pod3_at:80"
	both endpoint del web "$ep1:80"
	were_reset gone 8
	busywait 2000 none_open_in "$eps" "$ep1" || fail "$ep1 is not told"
	all_reach "$nodeport" "$pod3_at:80"
	# With a frontend: its connections, and no other
	streams gone
	both frontend del web nodeport 30080
	were_reset gone 2
	both frontend del web "$external:80"
	were_reset gone 4
	both service del web
	were_reset gone 8
	busywait 2000 none_open_in "$pod3" "$pod3_at" ||
		fail "$pod3_at is not told"
}

# half_open WHO TO: a SYN that nobody answers, and sent again it is for another
half_open()
{
	local pid

	where "$1"
	must flow flush
	begin endpoint "$dead:80"
	ask "$ns" -t $((10000 * slow)) "$2" > "$tmp/half" &
	pid=$!
	busywait 3000 stat_is flow_live 1 || fail "$1 to $2: no flow"
	both endpoint add web "$ep1:80"
	both endpoint del web "$dead:80"
	wait "$pid"
	check_is "$1 to $2, the half-open one" "$(< "$tmp/half")" "$ep1:80 *"
}

half_open_ones_are_forgotten()
{
	half_open pod "$vip:80"
	half_open node "$nodeport"
	half_open outside "$nodeport"
}

# again WHO TO ENDPOINT: from the same port, right after the last, without delay
again()
{
	local line

	where "$1"
	drew "$1 to $2" "$ns" -p 5031 -e -n 3 "$2"
	check_is "$1 to $2, one port" "${!count[*]}" "$3"
	for line in "${answers[@]}"; do
		check_num "$1 to $2, ms" "${line##* } < 900 * $slow"
	done
}

# Port 82 of an endpoint ends its connections itself, so that the client's is in
# no TIME_WAIT.
ports_are_used_again()
{
	local who to

	for to in "$vip:80" "$nodeport"; do
		for who in $everyone; do
			begin endpoint "$ep1:82"
			again "$who" "$to" "$ep1:82"
			both endpoint add web "$pod3_at:82"
			both endpoint set web "$ep1:82" state terminating
			again "$who" "$to" "$pod3_at:82"
			both endpoint set web "$ep1:82" state ready
			both endpoint del web "$pod3_at:82"
			again "$who" "$to" "$ep1:82"
		done
	done
}

# After a flush, or in time, a connection is nobody's: it is told so at once.
without_a_flow()
{
	local before

	begin endpoint "$ep1:80"
	streams gone
	before=$(stat reject_no_flow)
	must flow flush
	were_reset gone 8
	check_num "counted" "$(stat reject_no_flow) - $before >= 24"
	check_is "flows" "$(stat flow_live)" 0
}

# associations: one of each on two of them
associations()
{
	local who

	for who in $everyone; do
		where "$who"
		stream "sctp-$who" "$ns" -S -s "$from" "$vip:80" "$nodeport"
		busywait 10000 has " open " "$tmp/sctp-$who" 2 ||
			fail "sctp-$who: $(< "$tmp/sctp-$who")"
	done
}

no_association_in()
{
	[ "$(ip netns exec "$1" cat /proc/net/sctp/assocs | wc -l)" = 1 ]
}

SCTP_is_reset_too()
{
	must service replace sctp sctp "$vip:80" frontend nodeport 30080 \
		on-removal reset endpoint "$ep1:5353"
	associations
	must endpoint add sctp "$pod3_at:5353"
	must endpoint del sctp "$ep1:5353"
	were_reset sctp 2
	busywait 2000 no_association_in "$eps" || fail "$ep1 is not told"
	ways=("-S")
	all_reach "$nodeport" "$pod3_at:5353"
	ways=("" "-u")
	must service del sctp
}

SCTP_is_kept_too()
{
	must service replace sctp sctp "$vip:80" frontend nodeport 30080 \
		on-removal keep endpoint "$ep1:5353"
	associations
	must endpoint add sctp "$pod3_at:5353"
	must endpoint del sctp "$ep1:5353"
	must service del sctp
	all_go_on sctp
}

setup_acceptance
modprobe sctp || skip_all "no sctp"
for ns in "$eps" "$pod3"; do
	serve "$ns" 82/close
done
serve "$eps" {10.2.0.1,[fd00:2::1]}:5353/sctp
serve "$pod3" {10.4.0.3,[fd00:4::3]}:5353/sctp
ip_in "$node" <<- END
	route add 10.2.9.9 dev nowhere
	route add fd00:2:9::9 dev nowhere
END
run_tests_for "4 6" \
	UDP_draws_afresh_at_once \
	UDP_stays_with_who_terminates \
	UDP_stays_without_weight \
	UDP_of_a_pinned_client \
	established_ones_go_on \
	keep_keeps_who_is_removed \
	reset_resets_both_sides \
	half_open_ones_are_forgotten \
	ports_are_used_again \
	without_a_flow \
	SCTP_is_reset_too \
	SCTP_is_kept_too
