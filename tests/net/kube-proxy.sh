#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Beside kube-proxy in iptables mode, which has other services: each serves its
# own, also when they share an endpoint, or one is the other's endpoint.
#
#    client ------- node ------- eps	see setup_topology() in lib/topology.sh
#		 8080 |
#		     |
#		    pod 8080
#
# Theirs are 10.97.0.10 to .13 (fd00:97::), and node ports.
# shellcheck disable=SC2317  # run_tests calls the functions

. "$(dirname "$0")/../lib.sh"

# plain ADDRESS: without brackets
plain()
{
	echo "${1//[][]/}"
}

family_begins()
{
	local p=10.97.0. l='' r=''

	iptables=${ip_word}tables-nft
	icmp=icmp
	[ "$family" = 4 ] || {
		p=fd00:97:: l=[ r=]
		icmp=icmp6
	}
	their_web=$l${p}10$r
	their_same=$l${p}11$r
	their_pod=$l${p}12$r
	their_none=$l${p}13$r
	flush
	ctl -b - <<- END || fail "no services"
		service add web tcp $vip:80 endpoint $ep1:80 endpoint $ep2:80
		service add web-udp udp $vip:80 endpoint $ep1:80 endpoint $ep2:80
		service add own tcp $vip:8080 endpoint $node_at:8080
		service add hairpin tcp $vip2:8080 endpoint $pod_at:8080
		service add same tcp $vip2:81 endpoint $ep1:80
		service add chain tcp $vip2:82 endpoint $their_web:80
		service add chain-udp udp $vip2:82 endpoint $their_web:80
	END
	kube_proxy
}

# In the shape that kube-proxy writes: its_service NAME ADDRESS PROTO PORT
# ENDPOINT...
its_service()
{
	local svc="KUBE-SVC-$1" note="-m comment --comment default/$1"
	local n=0 left=$(($# - 4)) to endpoint sep

	to="-d $(plain "$2") -p $3 -m $3 --dport $4"
	echo ":$svc - [0:0]"
	echo "-A KUBE-SERVICES $to $note -j $svc"
	echo "-A $svc ! -s $pods $to $note -j KUBE-MARK-MASQ"
	for endpoint in "${@:5}"; do
		n=$((n + 1))
		sep=KUBE-SEP-$1-$n
		echo ":$sep - [0:0]"
		if [ "$left" -gt 1 ]; then
			echo "-A $svc $note -m statistic --mode random" \
			     "--probability 0.5 -j $sep"
		else
			echo "-A $svc $note -j $sep"
		fi
		echo "-A $sep -s $(plain "${endpoint%:*}") $note -j KUBE-MARK-MASQ"
		echo "-A $sep -p $3 $note -m $3 -j DNAT --to-destination $endpoint"
		left=$((left - 1))
	done
}

kube_proxy()
{
	ip netns exec "$node" "$iptables-restore" <<- END || fail "restore"
		*nat
		:KUBE-SERVICES - [0:0]
		:KUBE-NODEPORTS - [0:0]
		:KUBE-POSTROUTING - [0:0]
		:KUBE-MARK-MASQ - [0:0]
		-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
		-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
		-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
		-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
		-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
		-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
		-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
		$(its_service web "$their_web" tcp 80 "$ep3:80" "$ep4:80")
		$(its_service web-udp "$their_web" udp 80 "$ep3:80" "$ep4:80")
		$(its_service same "$their_same" tcp 80 "$ep1:80")
		$(its_service hairpin "$their_pod" tcp 80 "$pod_at:8080")
		-A KUBE-NODEPORTS -p tcp -m tcp --dport 30080 -j KUBE-MARK-MASQ
		-A KUBE-NODEPORTS -p tcp -m tcp --dport 30080 -j KUBE-SVC-web
		-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
		COMMIT
		*filter
		:KUBE-SERVICES - [0:0]
		:KUBE-FORWARD - [0:0]
		-A FORWARD -m conntrack --ctstate NEW -j KUBE-SERVICES
		-A OUTPUT -m conntrack --ctstate NEW -j KUBE-SERVICES
		-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
		-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
		-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
		-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A KUBE-SERVICES -d $(plain "$their_none") -p tcp -m comment --comment "default/none has no endpoints" -m tcp --dport 80 -j REJECT --reject-with $icmp-port-unreachable
		COMMIT
	END
}

each_serves_its_own()
{
	local ns ep3_4="$ep3:80 $ep4:80"

	for ns in "$client" "$pod" "$node"; do
		asked "${ns%-*}, ours" "$ns" -n 20 "$vip:80"
		check_is "${ns%-*}, ours" "$endpoints" "$ep1:80 $ep2:80"
		asked "${ns%-*}, ours" "$ns" -u -n 20 "$vip:80"
		check_is "${ns%-*}, ours" "$endpoints" "$ep1:80 $ep2:80"
		asked "${ns%-*}, theirs" "$ns" -n 20 "$their_web:80"
		check_is "${ns%-*}, theirs" "$endpoints" "$ep3_4"
		asked "${ns%-*}, theirs" "$ns" -u -n 20 "$their_web:80"
		check_is "${ns%-*}, theirs" "$endpoints" "$ep3_4"
		asked "${ns%-*}, ours, fragments" "$ns" -u -l 5000 "$vip:80"
		asked "${ns%-*}, ours, the node" "$ns" -n 2 "$vip:8080"
		asked "${ns%-*}, ours, the pod" "$ns" -n 2 "$vip2:8080"
		asked "${ns%-*}, theirs, the pod" "$ns" -n 2 "$their_pod:80"
		asked "${ns%-*}, direct" "$ns" "$ep1:80"
		bulk "$ns" $((1000000 / slow)) "$vip:80"
		bulk "$ns" $((1000000 / slow)) "$their_web:80"
		refused "${ns%-*}, theirs" ECONNREFUSED "$ns" "$their_none:80"
		refused "${ns%-*}, ours" ECONNREFUSED "$ns" "$vip:99"
	done
	asked "their node port" "$client" -n 2 "$node_at:30080"
	# Theirs hides those outside, ours does not.
	seen_as "$client_at" "$client" "$vip:80"
	seen_as "$node_eps_at" "$client" "$their_web:80"
	seen_as "$pod_at" "$pod" "$their_web:80"
	nothing_invalid
}

# One port, and one endpoint behind both frontends: one connection for it.
the_same_port_and_endpoint()
{
	stream ours "$pod" -p 4200 "$vip2:81"
	stream theirs "$pod" -p 4200 "$their_same:80"
	stream theirs-too "$pod" -p 4201 "$their_same:80"
	stream ours-too "$pod" -p 4201 "$vip2:81"
	stream_ends ours
	stream_ends theirs
	stream_ends theirs-too
	stream_ends ours-too
	nothing_invalid
}

# Their frontend is an endpoint of ours: both rewrite the same packets.
one_behind_the_other()
{
	local ns

	for ns in "$client" "$pod" "$node"; do
		asked "${ns%-*}" "$ns" -n 20 "$vip2:82"
		check_is "${ns%-*}" "$endpoints" "$ep3:80 $ep4:80"
		asked "${ns%-*}" "$ns" -u -n 3 "$vip2:82"
		asked "${ns%-*}" "$ns" -u -l 5000 "$vip2:82"
		stream chain "$ns" "$vip2:82"
		bulk "$ns" $((1000000 / slow)) "$vip2:82"
		stream_ends chain
	done
	nothing_invalid
}

setup_topology
drop_invalid
serve "$eps" 80
serve "$pod" 8080
serve "$node" 8080
run_tests_for "4 6" \
	each_serves_its_own \
	the_same_port_and_endpoint \
	one_behind_the_other
