#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What Kubernetes' own end-to-end tests ask of a Service: that it serves, on
# whatever it is called by, and goes on while it is changed.
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
	vip3=${vip2/11/12}
}

basic_endpoint()
{
	local scheduler=random

	make web "$vip:80"
	all_refused "$vip:80"
	both endpoint add web "$pod3_at:80"
	all_reach "$vip:80" "$pod3_at:80"
	both endpoint add web "$ep1:80"
	all_reach "$vip:80" "$ep1:80 $pod3_at:80"
	both endpoint del web "$pod3_at:80"
	all_reach "$vip:80" "$ep1:80"
	both endpoint add web "$ep2:8080"
	both endpoint add web "$pod4_at:81"
	all_reach "$vip:80" "$ep1:80 $ep2:8080 $pod4_at:81"
	both service del web
}

# A port of a Service is a service here, with endpoints of its own.
multiport()
{
	make one "$vip:80" endpoint "$pod3_at:80"
	make two "$vip:81" endpoint "$ep1:8080"
	all_reach "$vip:80" "$pod3_at:80"
	all_reach "$vip:81" "$ep1:8080"
	both endpoint add one "$ep2:80"
	both endpoint add two "$ep2:8080"
	all_reach "$vip:80" "$ep2:80 $pod3_at:80"
	all_reach "$vip:81" "$ep1:8080 $ep2:8080"
	both endpoint del one "$pod3_at:80"
	both endpoint del two "$ep1:8080"
	all_reach "$vip:80" "$ep2:80"
	all_reach "$vip:81" "$ep2:8080"
	both service del one
	both service del two
}

ports_added_and_deleted()
{
	make one "$vip:80" endpoint "$pod3_at:80" endpoint "$ep1:80"
	all_reach "$vip:80" "$ep1:80 $pod3_at:80"
	all_refused "$vip:81"
	stream stays "$client" -n 4 "$vip:80"
	make two "$vip:81" endpoint "$pod3_at:81" endpoint "$ep1:81"
	all_reach "$vip:80" "$ep1:80 $pod3_at:80"
	all_reach "$vip:81" "$ep1:81 $pod3_at:81"
	# Another port for what there is already
	both frontend add one "$vip:443"
	all_reach "$vip:443" "$ep1:80 $pod3_at:80"
	both frontend del one "$vip:443"
	all_refused "$vip:443"
	both service del two
	all_refused "$vip:81"
	all_reach "$vip:80" "$ep1:80 $pod3_at:80"
	stream_ends stays
	both service del one
}

source_address_preserved()
{
	make web "$vip:80" endpoint "$ep1:80" endpoint "$pod3_at:80" \
		endpoint "$pod4_at:80"
	reaches pod "$vip:80" "$ep1:80 $pod3_at:80 $pod4_at:80" kept
	reaches pod3 "$vip:80" "$ep1:80 $pod3_at:80 $pod4_at:80" kept
	# But for pods it is lost, as the endpoint may be on another node.
	reaches node "$vip:80" "$ep1:80 $pod3_at:80 $pod4_at:80" hidden
	reaches outside "$vip:80" "$ep1:80 $pod3_at:80 $pod4_at:80" hidden
	both service del web
}

hairpin()
{
	local to

	make web "$vip:80" frontend "$external:80" kind external \
		frontend "$lb:80" kind lb frontend nodeport 30080 \
		endpoint "$pod_at:80"
	for to in "$vip:80" "$external:80" "$lb:80" "$nodeport"; do
		reaches pod "$to" "$pod_at:80" hidden
	done
	bulk "$pod" $((400000 / slow)) "$vip:80"
	both service set web external-policy local internal-policy local
	both endpoint set web "$pod_at:80" local
	for to in "$vip:80" "$external:80" "$lb:80" "$nodeport"; do
		reaches pod "$to" "$pod_at:80" hidden
	done
	make web "$vip:80" endpoint "$pod_at:80" endpoint "$pod3_at:80" \
		endpoint "$ep1:80"
	reaches pod "$vip:80" "$ep1:80 $pod_at:80 $pod3_at:80" kept
	make web "$vip:80" frontend nodeport 30080 endpoint "$node_at:8080"
	reaches node "$vip:80" "$node_at:8080" hidden
	reaches node "$nodeport" "$node_at:8080" hidden
	both service del web
}

service_up_and_down()
{
	make one "$vip:80" endpoint "$pod3_at:80" endpoint "$ep1:80"
	make two "$vip2:80" endpoint "$pod4_at:80" endpoint "$ep2:80"
	all_reach "$vip:80" "$ep1:80 $pod3_at:80"
	all_reach "$vip2:80" "$ep2:80 $pod4_at:80"
	both service del one
	silent "$everyone" "$vip:80"
	all_reach "$vip2:80" "$ep2:80 $pod4_at:80"
	make three "$vip3:80" endpoint "$pod3_at:81" endpoint "$ep3:81"
	all_reach "$vip2:80" "$ep2:80 $pod4_at:80"
	all_reach "$vip3:80" "$ep3:81 $pod3_at:81"
	both service del two
	both service del three
}

# The same address again, by the same name and by another
recreated()
{
	local name

	for name in web web other; do
		make "$name" "$vip:80" frontend nodeport 30080 \
			endpoint "$pod3_at:80" endpoint "$ep1:80"
		all_reach "$vip:80" "$ep1:80 $pod3_at:80"
		all_reach "$nodeport" "$ep1:80 $pod3_at:80"
		both service del "$name"
		silent outside "$vip:80"
		refuses outside "$nodeport"
	done
	# Adding it again, unchanged, breaks nothing.
	make web "$vip:80" endpoint "$pod3_at:80" endpoint "$ep1:80"
	stream pod "$pod" -n 4 "$vip:80"
	stream outside "$client" -n 4 "$vip:80"
	both service del web
	make web "$vip:80" endpoint "$pod3_at:80" endpoint "$ep1:80"
	all_reach "$vip:80" "$ep1:80 $pod3_at:80"
	stream_ends pod
	stream_ends outside
	both service del web
}

restart()
{
	rmmod svcnat || fail "rmmod"
	[ $# = 0 ] || "$@"
	insmod "$SVCNAT_KO" || bail_out "insmod"
	configure
}

proxy_restarted()
{
	local list="$vip:80 frontend nodeport 30080 endpoint $pod3_at:80"

	list+=" endpoint $ep1:80"
	# shellcheck disable=SC2086  # several words
	make web $list
	all_reach "$vip:80" "$ep1:80 $pod3_at:80"
	drew "UDP before" "$pod" -u -p 5001 "$vip:80"
	stream lost "$client" -t 60000 "$vip:80"
	restart silent outside "$vip:80"
	# shellcheck disable=SC2086
	make web $list
	# Who talks on is told at once that his connection is unknown.
	busywait 10000 has " ECONNRESET " "$tmp/lost" ||
		fail "an old connection: $(< "$tmp/lost")"
	kill "${stream_pids[lost]}" 2> /dev/null
	drew "UDP afterwards" "$pod" -u -p 5001 "$vip:80"
	all_reach "$vip:80" "$ep1:80 $pod3_at:80"
	all_reach "$nodeport" "$ep1:80 $pod3_at:80"
	# What changed meanwhile is what is true.
	restart
	make web "$vip:80" frontend nodeport 30080 endpoint "$ep2:80"
	all_reach "$vip:80" "$ep2:80"
	all_reach "$nodeport" "$ep2:80"
	both service del web
}

nodeport()
{
	local address

	make web "$vip:80" frontend nodeport 30080 endpoint "$pod3_at:80" \
		endpoint "$ep1:80"
	for address in "$node_at" "$node_eps_at" "$node_pod_at"; do
		all_reach "$address:30080" "$ep1:80 $pod3_at:80"
	done
	reaches pod "$nodeport" "$ep1:80 $pod3_at:80" hidden
	reaches node "$nodeport" "$ep1:80 $pod3_at:80" hidden
	reaches outside "$nodeport" "$ep1:80 $pod3_at:80" hidden
	all_refused "$node_at:30081"
	# A nodeport is none on other addresses.
	all_refused "$vip:30080"
	both frontend del web nodeport 30080
	all_refused "$nodeport"
	all_reach "$vip:80" "$ep1:80 $pod3_at:80"
	both service del web
}

external_address()
{
	make web "$vip:80" frontend "$external:8080" kind external \
		frontend "$lb:443" kind lb endpoint "$pod3_at:80" \
		endpoint "$ep1:80"
	all_reach "$external:8080" "$ep1:80 $pod3_at:80" hidden
	all_reach "$lb:443" "$ep1:80 $pod3_at:80" hidden
	# Its other ports are not ours.
	silent "$everyone" "$external:80"
	both frontend del web "$external:8080"
	silent outside "$external:8080"
	all_reach "$lb:443" "$ep1:80 $pod3_at:80"
	# One of the node's own, and what the node serves there itself
	both frontend add web "$node_at:80" kind external
	all_reach "$node_at:80" "$ep1:80 $pod3_at:80"
	drew "the node's server" "$client" -n 2 "$node_at:8080"
	check_is "the node's server" "${!count[*]}" "$node_at:8080"
	all_refused "$node_at:81"
	both service del web
}

same_port_for_two_protocols()
{
	local to

	must service add tcp tcp "$vip:53" scheduler rr frontend nodeport 30053 \
		frontend "$external:53" kind external \
		endpoint "$pod3_at:80" endpoint "$ep1:80"
	must service add udp udp "$vip:53" scheduler rr frontend nodeport 30053 \
		frontend "$external:53" kind external \
		endpoint "$pod4_at:81" endpoint "$ep2:81"
	for to in "$vip:53" "$external:53" "$node_at:30053"; do
		ways=("")
		all_reach "$to" "$ep1:80 $pod3_at:80"
		ways=("-u")
		all_reach "$to" "$ep2:81 $pod4_at:81"
	done
	# One of the two goes.
	must service del udp
	all_refused "$vip:53"
	all_refused "$node_at:30053"
	ways=("")
	all_reach "$vip:53" "$ep1:80 $pod3_at:80"
	ways=("" "-u")
	must service del tcp
}

# collides WORD...: it is refused, with a reason
collides()
{
	ctl "$@" 2> "$tmp/err"
	check_is "exit status of $*" $? 2
	has frontend "$tmp/err" || fail "$*: \"$(< "$tmp/err")\""
}

nodeport_collision()
{
	make one "$vip:80" frontend nodeport 30080 endpoint "$pod3_at:80"
	collides service add two tcp "$vip2:80" frontend nodeport 30080 \
		endpoint "$ep1:80"
	# It was refused as a whole.
	silent outside "$vip2:80"
	make two "$vip2:80" endpoint "$ep1:80"
	collides frontend add two nodeport 30080
	collides frontend add two-udp nodeport 30080
	collides frontend add two "$vip:80"
	all_reach "$nodeport" "$pod3_at:80"
	all_reach "$vip2:80" "$ep1:80"
	ctl frontend add two nodeport 0 2> /dev/null
	check_fail $? "nodeport 0"
	ctl frontend add two nodeport 65536 2> /dev/null
	check_fail $? "nodeport 65536"
	both service del one
	both service del two
}

nodeport_release()
{
	make one "$vip:80" frontend nodeport 30080 endpoint "$pod3_at:80"
	all_reach "$nodeport" "$pod3_at:80"
	both service del one
	all_refused "$nodeport"
	make two "$vip2:80" frontend nodeport 30080 endpoint "$ep1:80"
	all_reach "$nodeport" "$ep1:80"
	# Not only with its service
	both frontend del two nodeport 30080
	make one "$vip:80" frontend nodeport 30080 endpoint "$pod3_at:80"
	all_reach "$nodeport" "$pod3_at:80"
	# And from one to the other, by what was left out
	make one "$vip:80" endpoint "$pod3_at:80"
	both frontend add two nodeport 30080
	all_reach "$nodeport" "$ep1:80"
	both service del one
	both service del two
}

[ -n "${SVCNAT_KO-}" ] || skip_all "SVCNAT_KO does not name the module"
setup_acceptance
run_tests_for "4 6" \
	basic_endpoint \
	multiport \
	ports_added_and_deleted \
	source_address_preserved \
	hairpin \
	service_up_and_down \
	recreated \
	proxy_restarted \
	nodeport \
	external_address \
	same_port_for_two_protocols \
	nodeport_collision \
	nodeport_release
