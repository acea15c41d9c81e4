# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# svcnatd on the node, an API server with the objects of a cluster, and its
# clients; sourced behind tests/lib.sh and lib/traffic.sh.
# shellcheck disable=SC2034,SC2154  # variables of and for those who source it

repo=$(cd "$lib_dir/.." && pwd)
svcnatd=$repo/tools/svcnatd/svcnatd
# What its sanitizers find they say on stderr, and it ends.
[ "${SVCNAT_CHECKED:-0}" != 1 ] || {
	svcnatd=$repo/tools/svcnatd/checked/svcnatd
	export UBSAN_OPTIONS=print_stacktrace=1
	last_tests=(sanitizers_find_nothing "${last_tests[@]}")
}

# start_api [OPTION]...: tests/agent/apiserver.py, in the node's namespace
start_api()
{
	: > "$tmp/api"
	ip netns exec "$node" python3 -B "$repo/tests/agent/apiserver.py" \
		--port 6443 "$@" > "$tmp/api" 2>&1 &
	api_pid=$!
	slowwait 30000 has http "$tmp/api" ||
		bail_out "no API server: $(< "$tmp/api")"
	read -r url < "$tmp/api"
	kubeconfig
}

# kubeconfig: for the API server at $url
kubeconfig()
{
	cat > "$tmp/kubeconfig" <<- END
		current-context: here
		contexts: [{name: here, context: {cluster: this}}]
		clusters: [{name: this, cluster: {server: "$url"}}]
	END
}

# stop_api: with all that it knows
stop_api()
{
	kill "$api_pid"
	wait "$api_pid" 2> /dev/null
}

# api JSON: a command for the API server
api()
{
	ip netns exec "$node" curl -sSf -o "$tmp/answer" -d "$1" \
		"$url/control" || fail "the API server refused $1"
}

# Objects of Kubernetes, a line each.

# node_object NAME RANGE
node_object()
{
	echo '{"kind": "Node", "metadata": {"name": "'"$1"'"},
		"spec": {"podCIDR": "'"$2"'", "podCIDRs": ["'"$2"'"]},
		"status": {"addresses": [{"type": "InternalIP",
		"address": "10.1.0.1"}]}}' | tr -d '\n\t'
	echo
}

# service_object NAME ADDRESS [MEMBER]...: port 80 of TCP and of UDP; MEMBERs
# are more of its spec, in JSON
service_object()
{
	local more

	printf -v more ', %s' "${@:3}"
	[ $# -gt 2 ] || more=
	echo '{"kind": "Service", "metadata": {"name": "'"$1"'",
		"namespace": "default"}, "spec": {"type": "ClusterIP",
		"clusterIP": "'"$2"'", "clusterIPs": ["'"$2"'"], "ports": [
		{"name": "http", "protocol": "TCP", "port": 80},
		{"name": "udp", "protocol": "UDP", "port": 80}]'"$more"'}}' |
		tr -d '\n\t'
	echo
}

# slice_object NAME ADDRESS[/terminating]...: its endpoints, port 80
slice_object()
{
	local one endpoints=''

	for one in "${@:2}"; do
		endpoints+=${endpoints:+, }'{"addresses": ["'${one%/*}'"],'
		endpoints+=' "nodeName": "n2", "conditions": '
		case $one in
		*/terminating)
			endpoints+='{"ready": false, "serving": true, "terminating": true}}'
			;;
		*)
			endpoints+='{"ready": true}}'
			;;
		esac
	done
	echo '{"kind": "EndpointSlice", "metadata": {"name": "'"$1-a"'",
		"namespace": "default", "labels": {
		"kubernetes.io/service-name": "'"$1"'"}},
		"addressType": "IPv4", "ports": [
		{"name": "http", "protocol": "TCP", "port": 80},
		{"name": "udp", "protocol": "UDP", "port": 80}],
		"endpoints": ['"$endpoints"']}' | tr -d '\n\t'
	echo
}

# put_objects: those from stdin are new or changed
put_objects()
{
	objects_file > "$tmp/objects"
	api '{"do": "load", "path": "'"$tmp/objects"'"}'
}

# objects_file: what --load takes, of those from stdin
objects_file()
{
	echo '{"items": ['
	paste -sd ,
	echo ']}'
}

# delete_services NAME...: whether they have slices or not
delete_services()
{
	local name

	for name; do
		api '{"do": "delete", "kind": "Service", "name": "'"$name"'",
			"namespace": "default"}'
	done
}

# start_agent [FLAG]...: the agent; $log is what it says
agent=
agent_runs=0

start_agent()
{
	log=$tmp/agent.$((++agent_runs))
	ip netns exec "$node" "$svcnatd" --kubeconfig "$tmp/kubeconfig" \
		--node n1 --sync-period 3s --api-backoff 100ms \
		--api-backoff-max 1s "$@" 2> "$log" &
	agent=$!
	slowwait 30000 has "equal to the cluster" "$log" ||
		fail "the agent does not begin: $(tail -n 20 "$log")"
}

stop_agent()
{
	kill "$agent"
	wait "$agent" || fail "svcnatd ended with $?: $(tail -n 20 "$log")"
	agent=
}

kill_agent()
{
	kill -KILL "$agent"
	wait "$agent" 2> /dev/null
	agent=
}

# sanitizers_find_nothing: in what start_agent has started; what is lost they find
# when it ends.  Who runs one otherwise looks at its status, which is not 0 then.
sanitizers_find_nothing()
{
	local file found

	[ -z "$agent" ] || stop_agent
	for file in "$tmp"/agent.[0-9]*; do
		[ -e "$file" ] || continue
		found=$(grep -m 1 -A 60 -E "Sanitizer|runtime error" "$file")
		[ -z "$found" ] || fail "$found"
	done
	# And they are there to find something.
	ASAN_OPTIONS=help=1 "$svcnatd" --version > "$tmp/help" 2>&1
	has "flags for AddressSanitizer" "$tmp/help" ||
		fail "$svcnatd has no sanitizers"
}

# is_served NAME ENDPOINTS: exactly so, by TCP
is_served()
{
	local got

	got=$(ctl -j endpoint show "default/$1:http" 2> /dev/null |
		jq -r '[.[] | "\(.address):\(.port)"] | join(" ")') || return
	[ "$got" = "$2" ]
}

is_gone()
{
	! ctl service show "default/$1:http" > "$tmp/show" 2>&1
}

# comes NAME ENDPOINTS
comes()
{
	busywait 10000 is_served "$@" ||
		fail "$1 is not served by $2: $(tail -n 20 "$log")"
}

# Clients, and their names.
clients=()

# begins WHO NS WORD...: one more client
begins()
{
	clients+=("$1")
	asking "$1" "$2" -w 200 "${@:3}"
}

# crowd_begins NAME NS COUNT WORD...: so many more; % in a word is the number
crowd_begins()
{
	local words=("${@:4}") i

	for ((i = 1; i <= $3; i++)); do
		begins "$1$i" "$2" "${words[@]//%/$i}"
	done
}

# answered: how many answers they have had
answered()
{
	cat "${clients[@]/#/$tmp/}" | wc -l
}
