# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The acceptance tests, driven by Kubernetes objects: what they tell svcctl goes
# to a netns where nothing passes, tests/agent/by_objects.py makes objects of what
# is there then, and svcnatd makes services of the node of these.  Each command
# ends when the node has what it shall have.  Sourced by lib/acceptance.sh if
# SVCNAT_BY_AGENT is set.
# shellcheck disable=SC2034,SC2154  # variables of and for those who source it

. "$lib_dir/lib/cluster.sh"

# An agent's services have no other.
scheduler=random
fair=random

# What no object can say: weights, on-removal other than keep, a list that hints
# have emptied.  Others say such words as well, but with these or without the
# same must come of it: an endpoint without weight is left out, and of schedulers,
# other weights and on-removal the objects know nothing.
left_out="UDP_stays_without_weight reset_resets_both_sides SCTP_is_reset_too"
left_out+=" local_only_endpoints"

# begin_by_agent: before anything else is asked of the node
begin_by_agent()
{
	setup_ns model
	mkfifo "$tmp/by-in" "$tmp/by-out"
	ip netns exec "$node" python3 -B "$repo/tests/agent/by_objects.py" \
		"$node" "$model" 6443 $((20 * slow)) \
		< "$tmp/by-in" > "$tmp/by-out" 2> "$tmp/by-err" &
	exec {by_in}> "$tmp/by-in" {by_out}< "$tmp/by-out"
	read -r -t $((30 * slow)) url <&"$by_out" ||
		bail_out "no API server: $(< "$tmp/by-err")"
	kubeconfig
	agent_flags=none
}

# by WORD...: a command of by_objects.py; prints the answer
by()
{
	local answer

	echo "$*" >&"$by_in"
	read -r -t $((60 * slow)) answer <&"$by_out" ||
		bail_out "by_objects.py: $(< "$tmp/by-err")"
	echo "$answer"
}

by_sync()
{
	local answer

	answer=$(by sync)
	[ "$answer" = ok ] || {
		fail "$answer, agent: $(tail -n 3 "$log")"
		return 1
	}
}

# by_flush OBJECT [SERVICE]: flows or pins on the node, whose services have
# other names
by_flush()
{
	local name

	[ $# = 2 ] || {
		svcctl -N "$node" "$1" flush
		return
	}
	for name in $(by names "$2"); do
		svcctl -N "$node" "$1" flush "$name"
	done
}

# by_batch: of stdin; what is flushed is flushed when all is as it shall be
by_batch()
{
	local object command name

	cat > "$tmp/batch"
	svcctl -N "$model" -b "$tmp/batch" || return
	by_sync || return
	while read -r object command name; do
		# shellcheck disable=SC2086  # none or one word
		[[ $object != @(flow|affinity) ]] ||
			by_flush "$object" $name
	done < "$tmp/batch"
}

# flags_of_config: what an agent must be told to leave the configuration as it is
flags_of_config()
{
	svcctl -N "$model" -j config show | jq -r '.[0] |
		(."pod-cidr" | select(length > 0) |
		 "--cluster-cidr=" + join(",")),
		(."nodeport-addresses" | select(length > 0) |
		 "--nodeport-addresses=" + join(",")),
		(."masquerade-all" | select(.) | "--masquerade-all")'
}

# by_config WORD...: the configuration is not in objects: the agent's part of it
# is in its flags
by_config()
{
	local flags

	svcctl -N "$model" "$@" || return
	svcctl -N "$node" "$@" || return
	flags=$(flags_of_config)
	[ "$flags" != "$agent_flags" ] || return 0
	[ "$agent_flags" = none ] || stop_agent
	agent_flags=$flags
	# shellcheck disable=SC2086  # several words
	start_agent $flags
}

ctl()
{
	case "${1-} ${2-}" in
	"-b -")
		by_batch
		;;
	"config set")
		by_config "$@"
		;;
	"flow flush" | "affinity flush")
		by_flush "$1" "${@:3}"
		;;
	*" show")
		svcctl -N "$node" "$@"
		;;
	"service "* | "frontend "* | "endpoint "*)
		svcctl -N "$model" "$@" && by_sync
		;;
	*)
		svcctl -N "$node" "$@"
		;;
	esac
}
