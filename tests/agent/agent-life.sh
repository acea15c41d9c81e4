#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Fifty clients ask without end while a cluster and its node agent live, and
# each of them is answered each time.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
# shellcheck disable=SC2119,SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib/traffic.sh"
. "$(dirname "$0")/../lib/cluster.sh"

vip=10.96.0.10
ep1=10.2.0.1
ep2=10.2.0.2
ep3=10.2.0.3
ep4=10.2.0.4
many=10.3.0.

# clients_begin: fifty, outside, in the pod and on the node
clients_begin()
{
	clients=()
	crowd_begins tcp "$client" 20 -s "$many%" "$vip:80"
	crowd_begins udp "$client" 10 -u -s "$many%" "$vip:80"
	crowd_begins pod "$pod" 10 "$vip:80"
	crowd_begins node "$node" 5 "$vip:80"
	crowd_begins node-udp "$node" 5 -u "$vip:80"
	check_num clients "${#clients[@]} == 50"
}

clients_end()
{
	note "$(answered) answers"
	asking_ends "${clients[@]}"
}

# endpoints_are ADDRESS[/terminating]...: of web, soon
endpoints_are()
{
	local list

	slice_object web "$@" | put_objects
	printf -v list '%s:80 ' "${@%/*}"
	comes web "${list% }"
}

# is_shown NAME TEXT, is_not_shown NAME TEXT: with the service
is_shown()
{
	ctl service show "default/$1:http" > "$tmp/show" 2>&1 &&
		has "$2" "$tmp/show"
}

is_not_shown()
{
	! is_shown "$@"
}

services_are_created()
{
	local i

	for i in {1..9}; do
		service_object "more$i" "10.96.1.$i"
		slice_object "more$i" "$ep1" "$ep2"
	done | put_objects
	comes more9 "$ep1:80 $ep2:80"
	for i in {1..9}; do
		asked "more$i" "$client" "10.96.1.$i:80"
		asked "more$i" "$pod" -u "10.96.1.$i:80"
	done
}

services_are_changed()
{
	service_object web "$vip" '"sessionAffinity": "ClientIP"' \
		'"externalIPs": ["10.99.0.1"]' | put_objects
	busywait 10000 is_shown web " 3h " || fail "$(< "$tmp/show")"
	asked "an external address" "$client" -n 4 10.99.0.1:80
	service_object web "$vip" | put_objects
	busywait 10000 is_not_shown web " 3h " || fail "$(< "$tmp/show")"
}

# As a Deployment does it: who is to go ends first.
services_are_scaled()
{
	endpoints_are "$ep1" "$ep2" "$ep3" "$ep4"
	endpoints_are "$ep1" "$ep2/terminating" "$ep3/terminating" "$ep4/terminating"
	asked "what remains" "$client" -n 4 "$vip:80"
	check_is "what remains" "$endpoints" "$ep1:80"
	endpoints_are "$ep1"
	endpoints_are "$ep1" "$ep2"
}

services_are_rolled_over()
{
	endpoints_are "$ep1" "$ep2" "$ep3"
	endpoints_are "$ep1/terminating" "$ep2" "$ep3"
	endpoints_are "$ep2" "$ep3" "$ep4"
	endpoints_are "$ep2/terminating" "$ep3" "$ep4"
	endpoints_are "$ep3" "$ep4"
	asked "what is new" "$client" -n 8 "$vip:80"
	check_is "what is new" "$endpoints" "$ep3:80 $ep4:80"
}

services_are_deleted()
{
	local i

	delete_services more{1..9}
	for i in {1..9}; do
		busywait 10000 is_gone "more$i" || fail "more$i is there"
	done
	ask "$client" -t 500 10.96.1.1:80 > "$tmp/nobody"
	check_fail $? "a deleted Service is served"
}

services_live()
{
	endpoints_are "$ep1"
	clients_begin
	services_are_created
	services_are_changed
	services_are_scaled
	services_are_rolled_over
	services_are_deleted
	clients_end
}

agent_is_killed()
{
	local round made

	endpoints_are "$ep1" "$ep2"
	clients_begin
	for round in 1 2 3; do
		made=$(stat service_new)
		# It may have seen that, or half of it.
		slice_object web "$ep1" "$ep2" "10.2.0.$((round % 2 + 3))" |
			put_objects
		kill_agent
		service_object "while$round" "10.96.2.$round" | put_objects
		asked "no agent" "$client" -n 4 "$vip:80"
		start_agent
		comes web "$ep1:80 $ep2:80 10.2.0.$((round % 2 + 3)):80"
		comes "while$round" ""
		check_is "services made" "$(stat service_new)" $((made + 2))
	done
	clients_end
	delete_services while{1..3}
}

# world: all objects, as the next API server finds them
world()
{
	node_object n1 10.4.0.0/24
	service_object web "$vip"
	slice_object web "$ep3" "$ep4"
	service_object after 10.96.3.2
	slice_object after "$ep1"
}

api_is_gone_for_a_minute()
{
	local asked_before

	service_object before 10.96.3.1 | put_objects
	comes before ""
	endpoints_are "$ep1" "$ep2"
	clients_begin
	stop_api
	slowwait 10000 has reason=network "$log" || fail "nobody noticed"
	asked_before=$(answered)
	sleep 60
	check_num "answers without an API server" \
		"$(answered) > $asked_before + 50"
	comes web "$ep1:80 $ep2:80"
	ip netns exec "$node" curl -sSf http://127.0.0.1:10256/livez \
		> "$tmp/livez" || fail "/livez: $(< "$tmp/livez")"
	world | objects_file > "$tmp/world"
	start_api --version 900000 --load "$tmp/world"
	comes web "$ep3:80 $ep4:80"
	comes after "$ep1:80"
	busywait 10000 is_gone before || fail "a deleted Service is served"
	# And so it goes on.
	endpoints_are "$ep1"
	clients_end
}

setup_topology
serve "$eps" 80
start_api
{
	node_object n1 10.4.0.0/24
	service_object web "$vip"
	slice_object web "$ep1"
} | put_objects
start_agent
run_tests \
	services_live \
	agent_is_killed \
	api_is_gone_for_a_minute
