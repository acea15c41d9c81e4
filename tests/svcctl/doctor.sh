#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What svcctl doctor finds on a node that is ill in one way after the other, and
# no more once it is mended; where it tells a command, by that.  It never makes
# the kernel load anything.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		     |
#		    pod
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

vip=10.96.0.10

modules()
{
	cut -d ' ' -f 1 /proc/modules
}

# look [OPTION]...: what it says goes to $tmp/doctor, its exit status to $status
look()
{
	local before

	before=$(modules)
	status=0
	ctl "$@" doctor > "$tmp/doctor" 2> "$tmp/complaints" || status=$?
	[ "$(modules)" = "$before" ] || fail "it loaded a module"
	[ ! -s "$tmp/complaints" ] || fail "$(< "$tmp/complaints")"
}

# finds LEVEL CHECK TEXT: such a finding, and the exit status of that
finds()
{
	local want=0

	[ "$1" != problem ] || want=2
	look
	grep -Eq "^$1 +$2 +.*$3" "$tmp/doctor" ||
		fail "no $1 of $2 with \"$3\": $(< "$tmp/doctor")"
	check_is "status with $1 of $2" "$status" "$want"
}

# fine CHECK: nothing to say about it any more
fine()
{
	look
	grep -Eq "^ok +$1 " "$tmp/doctor" ||
		fail "$1: $(grep -A 1 " $1 " "$tmp/doctor")"
	check_is "status" "$status" 0
}

# follow PATTERN: what it tells to do, on the node
follow()
{
	local command

	command=$(grep -Eo -- "$1" "$tmp/doctor")
	# shellcheck disable=SC2086  # words of a command
	ip netns exec "$node" $command || fail "cannot follow \"$command\""
}

# unheard: the client gets no answer
unheard()
{
	! ask "$client" -t 300 "$vip:80" > /dev/null ||
		fail "it works, whatever the doctor says"
}

answered()
{
	asked client "$client" "$vip:80"
}

health()
{
	look
	check_is "status" "$status" 0
	check_is "not ok" "$(grep -Ev '^(LEVEL|ok) ' "$tmp/doctor")" ""
	check_is "checks" "$(grep -c '^ok ' "$tmp/doctor")" 16
	look -j
	check_is "JSON" "$(jq -r 'map(.level) | unique[]' "$tmp/doctor")" ok
	answered
}

forwarding()
{
	sysctl_in "$node" net.ipv4.ip_forward=0
	finds problem forwarding "IPv4: packets are not forwarded"
	unheard
	follow "sysctl -w [a-z0-9_.]*=1"
	fine forwarding
	answered
	sysctl_in "$node" net/ipv4/conf/eps/forwarding=0
	finds problem forwarding "eps: answers of endpoints come in by it"
	unheard
	follow "sysctl -w [a-z0-9_/]*=1"
	fine forwarding
	answered
	sysctl_in "$node" net.ipv6.conf.all.forwarding=0
	fine forwarding
	must frontend add web "[fd00:96::10]:80"
	must endpoint add web "[fd00:2::1]:80"
	finds problem forwarding "IPv6: packets are not forwarded"
	sysctl_in "$node" net.ipv6.conf.all.forwarding=1
	fine forwarding
	must endpoint del web "[fd00:2::1]:80"
	must frontend del web "[fd00:96::10]:80"
}

# The client sends from an address that is routed elsewhere.
reverse_path()
{
	ip_in "$client" <<< "addr add 10.99.0.1/32 dev lo"
	sysctl_in "$node" net/ipv4/conf/client/rp_filter=1
	fine rp-filter
	! ask "$client" -s 10.99.0.1 -t 300 "$vip:80" > /dev/null ||
		fail "the filter let it through"
	finds note rp-filter "client: takes packets only from where"
	follow "sysctl -w [a-z0-9_/]*rp_filter=2"
	fine rp-filter
	ip_in "$client" <<< "addr del 10.99.0.1/32 dev lo"
}

conntrack_fills_up()
{
	local max used

	drop_invalid
	asked client "$client" -n 20 "$vip:80"
	fine conntrack
	max=$(sysctl -n net.netfilter.nf_conntrack_max)
	used=$(ip netns exec "$node" sysctl -n \
		net.netfilter.nf_conntrack_count)
	sysctl -qw "net.netfilter.nf_conntrack_max=$used"
	finds problem conntrack "its table is nearly full"
	sysctl -qw "net.netfilter.nf_conntrack_max=$max"
	fine conntrack
	no_conntrack
}

nft_drops()
{
	nft_node <<- END
		table inet filter {
			chain forward {
				type filter hook forward priority 0; policy drop
				ct state vmap { established : accept, invalid : drop }
				iifname "lo" accept
				ip daddr 10.9.0.0/16 accept
				oifname "eps" udp dport 80 accept
			}
		}
	END
	finds problem firewall "dropped by nft chain inet filter forward by its"
	unheard
	follow "nft insert rule .* accept"
	finds problem firewall "10.2.0.2:80: new connections are dropped"
	follow "nft insert rule .* accept"
	fine firewall
	answered
	# Who is it that may not?
	nft_node <<- END
		flush chain inet filter forward
		add rule inet filter forward ip saddr 10.9.0.0/16 drop
		add rule inet filter forward accept
	END
	finds note firewall "may be dropped by nft chain inet filter forward ru"
	nft_node <<< "delete table inet filter"
	fine firewall
}

# rules TOOL: all of them, without counters
rules()
{
	ip netns exec "$node" "$1-save" | sed '/^#/d; s/\[.*//'
}

# iptables_drops TOOL: iptables-nft or iptables-legacy
iptables_drops()
{
	local tool=$1 before

	ip netns exec "$node" "$tool-restore" <<- END || fail "$tool"
		*filter
		:FORWARD DROP [0:0]
		:MINE - [0:0]
		-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A FORWARD -j MINE
		-A MINE -d 10.9.0.0/16 -p tcp -m tcp --dport 80 -j ACCEPT
		-A MINE -m comment --comment "not \"ours\"" -j RETURN
		COMMIT
	END
	before=$(rules "$tool")
	finds problem firewall "-t filter chain FORWARD by its policy"
	[ "$(rules "$tool")" = "$before" ] || fail "it changed the rules"
	unheard
	ip netns exec "$node" "$tool" -A FORWARD -d 10.2.0.0/24 -j ACCEPT
	fine firewall
	answered
	ip netns exec "$node" "$tool" -I MINE -o eps -j DROP
	finds problem firewall "chain MINE rule 1"
	ip netns exec "$node" "$tool" -F
	ip netns exec "$node" "$tool" -P FORWARD ACCEPT
	fine firewall
}

iptables_nft_drops()
{
	iptables_drops iptables-nft
	nft_node <<< "delete table ip filter"
}

iptables_legacy_drops()
{
	iptables_drops iptables-legacy
}

kube_proxy_was_here()
{
	nft_node <<- END
		table ip kube-proxy {
			chain services { }
		}
	END
	finds note kube-proxy "1 chains of kube-proxy"
	nft_node <<< "delete table ip kube-proxy"
	fine kube-proxy
	ip netns exec "$node" iptables-nft-restore <<- END || fail "restore"
		*nat
		:KUBE-SERVICES - [0:0]
		:KUBE-SVC-ABC - [0:0]
		-A PREROUTING -j KUBE-SERVICES
		-A KUBE-SERVICES -d 10.97.0.1/32 -p tcp -m comment --comment "default/x" -j KUBE-SVC-ABC
		COMMIT
	END
	finds note kube-proxy "2 chains of kube-proxy"
	nft_node <<< "delete table ip nat"
	fine kube-proxy
}

ipvs_was_here()
{
	if modprobe -q ip_vs; then
		ip netns exec "$node" ipvsadm -A -t 10.97.0.1:80
		finds note ipvs "1 virtual services, such as 10.97.0.1:80"
		ip netns exec "$node" ipvsadm -A -t "$vip:80"
		finds note ipvs "service \"web\" frontend $vip:80"
		follow "ipvsadm --clear"
		fine ipvs
	fi
	ip_in "$node" <<< "link add kube-ipvs0 type dummy"
	finds note ipvs "kube-ipvs0: addresses of services"
	follow "ip link del kube-ipvs0"
	fine ipvs
}

bridge_hides()
{
	ip_in "$node" <<- END
		link add lan type bridge
		link add port1 type dummy
		link add port2 type dummy
		link set port1 master lan
		link set port2 master lan
		link set port1 up
		link set port2 up
		link set lan up
		addr add 10.5.0.1/24 dev lan
	END
	[ ! -e /proc/sys/net/bridge ] ||
		sysctl_in "$node" net.bridge.bridge-nf-call-iptables=0
	must service add bridged tcp 10.96.0.11:80 endpoint 10.5.0.2:80
	finds problem bridge "clients on bridge lan, too, get no answer"
	modprobe -q br_netfilter
	sysctl_in "$node" net.bridge.bridge-nf-call-iptables=0
	finds problem bridge "clients on bridge lan, too, get no answer"
	follow "sysctl -w [a-z0-9.-]*=1"
	fine bridge
	must service del bridged
	ip_in "$node" <<- END
		link del lan
		link del port1
		link del port2
	END
}

ports_are_shared()
{
	must frontend add web nodeport 40000
	finds note ports "nodeport 40000: the port may be in use by a client"
	sysctl_in "$node" net.ipv4.ip_local_reserved_ports=40000
	fine ports
	must frontend del web nodeport 40000
	must config set snat-ports 39000-41000
	finds note ports "snat-ports: .* share 2000 ports of 39000-41000"
	follow_config=$(grep -Eo "config set snat-ports auto" "$tmp/doctor")
	# shellcheck disable=SC2086  # words of a command
	must $follow_config
	fine ports
	must frontend add web nodeport 30080
	fine ports
	serve "$node" 30080
	finds note ports "nodeport 30080: a program on this node waits"
	must frontend del web nodeport 30080
	fine ports
}

services_without_endpoints()
{
	must service add empty tcp 10.96.0.11:80
	finds problem endpoints "\"empty\": connections are refused: there are"
	refused client ECONNREFUSED "$client" 10.96.0.11:80
	must endpoint add empty 10.2.0.3:80 state unready
	finds problem endpoints "\"empty\": connections are refused: none of"
	must endpoint set empty 10.2.0.3:80 state terminating
	finds note endpoints "\"empty\": all IPv4 endpoints that take"
	must endpoint set empty 10.2.0.3:80 state ready
	fine endpoints
	must service set empty internal-policy local
	finds problem policies "\"empty\": internal-policy is local and no"
	follow_config=$(grep -Eo "service set empty internal-policy cluster" \
		"$tmp/doctor")
	# shellcheck disable=SC2086  # words of a command
	must $follow_config
	fine policies
	must service set empty external-policy local
	must frontend add empty nodeport 30081
	finds note policies "\"empty\": external-policy is local and no"
	must endpoint set empty 10.2.0.3:80 local
	fine policies
	must service del empty
}

no_way_to_an_endpoint()
{
	ip_in "$node" <<< "route add unreachable 10.77.0.0/24"
	must service add far tcp 10.96.0.11:80 endpoint 10.77.0.1:80
	finds problem routes "10.77.0.1:80: the node has no route to it"
	ip_in "$node" <<- END
		route del unreachable 10.77.0.0/24
		route add 10.77.0.0/24 via 10.2.0.1
	END
	fine routes
	must service del far
	ip_in "$eps" <<< "link set eth0 down"
	finds problem routes "10.2.0.1:80: its route leads to eps, which is wi"
	ip_in "$eps" <<- END
		link set eth0 up
		route add default via 10.2.0.254
	END
	busywait 5000 carrier || fail "no carrier"
	fine routes
	answered
	ip_in "$node" <<< "route del default"
	finds note routes "frontend $vip:80: programs on this node cannot"
	check_fail "$(ask "$node" -t 300 "$vip:80" > /dev/null; echo $?)" \
		"programs on the node can"
	follow "ip route add $vip dev lo"
	fine routes
	asked node "$node" "$vip:80"
	ip_in "$node" <<- END
		route del $vip dev lo
		route add default dev nowhere
	END
}

carrier()
{
	ip -n "$node" -o link show dev eps | grep -q LOWER_UP
}

narrow_way()
{
	ip_in "$node" <<< "link set eps mtu 1400"
	finds note mtu "may have 1400 bytes by eps, but clients who come by"
	ip_in "$node" <<< "link set eps mtu 1500"
	fine mtu
}

nobody_answers_for_it()
{
	must frontend add web 10.1.0.99:80 kind external
	finds note external "10.1.0.99:80: .* neighbours on client look for"
	ip_in "$node" <<< "addr add 10.1.0.99/32 dev client"
	fine external
	ip_in "$node" <<< "addr del 10.1.0.99/32 dev client"
	finds note external "10.1.0.99:80"
	# Somebody sends it here after all.
	ip_in "$client" <<< "route add 10.1.0.99 via 10.1.0.1"
	asked client "$client" 10.1.0.99:80
	fine external
	must frontend del web 10.1.0.99:80
	ip_in "$node" <<< "route add 203.0.113.0/24 via 10.1.0.2"
	must frontend add web 203.0.113.9:80 kind lb
	finds note external "203.0.113.9:80: .* routers must send it here"
	must frontend del web 203.0.113.9:80
	fine external
}

tables_fill_up()
{
	local flows

	asked client "$client" -n 20 "$vip:80"
	flows=$(stat flow_live)
	must config set max-flows "$flows"
	finds problem limits "max-flows: there are $flows flows of at most"
	must config set max-flows 262144
	fine limits
}

# The rest needs no module, and is checked.
without_the_module()
{
	flush
	rmmod svcnat
	sysctl_in "$node" net.ipv4.ip_forward=0
	look
	check_is "status" "$status" 3
	grep -Eq "^problem +module +the svcnat module is not loaded" \
		"$tmp/doctor" || fail "$(< "$tmp/doctor")"
	grep -Eq "^note +forwarding +IPv4" "$tmp/doctor" ||
		fail "$(< "$tmp/doctor")"
	sysctl_in "$node" net.ipv4.ip_forward=1
	follow "modprobe svcnat"
	look
	check_is "status" "$status" 0
}

without_permission()
{
	setpriv --reuid 65534 --clear-groups --inh-caps=-all \
		--bounding-set=-all svcctl doctor > "$tmp/doctor"
	check_is "status" "$?" 3
	grep -Eq -- "-> run svcctl as root" "$tmp/doctor" ||
		fail "$(< "$tmp/doctor")"
}

setup_topology
serve "$eps" 80
must service add web tcp "$vip:80" endpoint 10.2.0.1:80 endpoint 10.2.0.2:80
run_tests \
	health \
	forwarding \
	reverse_path \
	conntrack_fills_up \
	nft_drops \
	iptables_nft_drops \
	iptables_legacy_drops \
	kube_proxy_was_here \
	ipvs_was_here \
	bridge_hides \
	ports_are_shared \
	services_without_endpoints \
	no_way_to_an_endpoint \
	narrow_way \
	nobody_answers_for_it \
	tables_fill_up \
	without_the_module \
	without_permission
