# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# svcnatd as its package brings it: installed on the only node of a cluster, of
# which tests/agent/apiserver.py is all, and run by systemd in the sandbox of
# its unit.  Sourced by tests/deb/guest, where same(), works() and the rest are.
# shellcheck disable=SC2154  # variables of guest

unit=svcnatd.service
# Of the service in the cluster.
shop=10.96.0.20

# Nothing runs that nobody has asked for.
agent_installs()
{
	export DEBIAN_FRONTEND=noninteractive

	set -e
	apt-get -q install -y --no-install-recommends \
		/root/later/svcnatd_*.deb
	same "$(svcnatd --version)" "svcnatd $later"
	same "$(systemctl is-enabled $unit) $(systemctl is-active $unit)" \
	     "disabled inactive"
}

objects()
{
	cat <<- END
	{"items": [{"kind": "Node", "metadata": {"name": "$(hostname)"},
		"spec": {"podCIDR": "10.244.0.0/16",
			"podCIDRs": ["10.244.0.0/16"]},
		"status": {"addresses": [{"type": "InternalIP",
			"address": "10.244.1.1"}]}},
	{"kind": "Service",
		"metadata": {"name": "shop", "namespace": "default"},
		"spec": {"type": "ClusterIP", "clusterIP": "$shop",
			"clusterIPs": ["$shop"], "ports": [{"name": "http",
				"protocol": "TCP", "port": 80}]}},
	{"kind": "EndpointSlice",
		"metadata": {"name": "shop-a", "namespace": "default",
			"labels": {"kubernetes.io/service-name": "shop"}},
		"addressType": "IPv4", "ports": [{"name": "http",
			"protocol": "TCP", "port": 8080}],
		"endpoints": [{"addresses": ["10.244.1.2"],
				"nodeName": "$(hostname)"},
			{"addresses": ["10.244.2.2"],
				"nodeName": "$(hostname)"}]}]}
	END
}

# cluster: its API server, which takes a while to begin, and the way there
cluster()
{
	local api=/run/api.txt _

	mkdir -p /etc/svcnatd
	cp /root/tls.crt /etc/svcnatd/ca.crt
	cat > /etc/svcnatd/kubeconfig <<- 'END'
		current-context: here
		contexts: [{name: here, context: {cluster: this}}]
		clusters: [{name: this, cluster: {certificate-authority: ca.crt,
		  server: "https://127.0.0.1:6443"}}]
	END
	chmod 600 /etc/svcnatd/kubeconfig
	echo 'SVCNATD_OPTIONS="--kubeconfig=/etc/svcnatd/kubeconfig"' \
		> /etc/default/svcnatd
	objects > /run/objects.json
	: > $api
	python3 -B /root/apiserver.py --port 6443 --load /run/objects.json \
		--tls /root/tls.crt /root/tls.key > $api 2>&1 &
	for _ in {1..120}; do
		! grep -q https $api || return 0
		sleep 1
	done
	cat $api
	return 1
}

# begin WORD...: has systemctl start it, which waits for it to be ready, for
# however long; we do not
begin()
{
	timeout 300 systemctl "$@" $unit && return
	journalctl -b -q -n 20 -u $unit
	return 1
}

# The status is what it has told systemd with its being ready.
agent_begins()
{
	set -e
	cluster
	begin enable --now
	same "$(systemctl is-active $unit)" active
	same "$(systemctl show -P StatusText $unit)" \
	     "The kernel is equal to the cluster."
}

# The cluster's service, in the place of the one that it does not know.
programmed()
{
	local wanted="service add default/shop:http tcp $shop:80"

	set -e
	wanted+=" endpoint 10.244.1.2:8080 local"
	wanted+=" endpoint 10.244.2.2:8080 local"
	same "$(svcctl save | sed -n '/^service /p')" "$wanted"
	works
}

agent_pid()
{
	systemctl show -P MainPID $unit
}

# CAP_NET_ADMIN alone, no way to another one, and a filter of system calls.
confined()
{
	same "$(sed -n 's/^\(CapPrm\|CapEff\|NoNewPrivs\|Seccomp\):\t//p' \
		"/proc/$(agent_pid)/status" | xargs)" \
	     "0000000000001000 0000000000001000 1 2"
}

healthy()
{
	timeout 60 busybox wget -q -O - http://127.0.0.1:10256/healthz |
		grep '"nodeEligible": true'
}

# Longer than the watchdog waits for a word of it.
lives_on()
{
	local pid usec

	set -e
	pid=$(agent_pid)
	usec=$(tr '\0' '\n' < "/proc/$pid/environ" |
	       sed -n 's/^WATCHDOG_USEC=//p')
	[ -n "$usec" ] || { echo "there is no watchdog"; return 1; }
	sleep $((usec / 1000000 + 10))
	same "$(agent_pid)" "$pid"
	quiet_journal $unit
}

agent_ends()
{
	set -e
	systemctl stop $unit
	same "$(systemctl is-active $unit)" inactive
	programmed
}
