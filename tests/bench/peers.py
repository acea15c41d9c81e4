#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: peers.py MODE SERVICES ENDPOINTS [tcp|udp]

Prints the rules that kube-proxy would install for so many ClusterIP services,
172.16.0.0 and up, port 80, with so many endpoints each, in 10.200.0.0/16.

  nft            for nft -f -
  iptables       for iptables-restore
  ipvs           for ipvsadm -R
  ipset          for ipset restore: the sets of ipvs mode
  ipvs-iptables  for iptables-restore --noflush: what it adds beside them
"""
import sys

TABLE = "ip kube-proxy"
THREE = "ipv4_addr . inet_proto . inet_service : verdict"
TWO = "inet_proto . inet_service : verdict"
SETS = ("cluster-ips", "nodeport-ips")
MAPS = (("firewall-ips", THREE), ("no-endpoint-nodeports", TWO),
        ("no-endpoint-services", THREE), ("service-ips", THREE),
        ("service-nodeports", TWO))
BASES = (("filter-prerouting-pre-dnat", "filter hook prerouting priority -110"),
         ("filter-output-pre-dnat", "filter hook output priority -110"),
         ("filter-forward", "filter hook forward priority 0"),
         ("filter-input", "filter hook input priority 0"),
         ("filter-output", "filter hook output priority 0"),
         ("nat-output", "nat hook output priority -100"),
         ("nat-postrouting", "nat hook postrouting priority 100"),
         ("nat-prerouting", "nat hook prerouting priority -100"))
CHAINS = ("cluster-ips-check", "firewall-check", "mark-for-masquerade",
          "masquerading", "nodeport-endpoints-check", "reject-chain",
          "services", "service-endpoints-check")
RULES = """\
cluster-ips-check ip daddr @cluster-ips reject
cluster-ips-check ip daddr { 172.16.0.0/12 } drop
filter-prerouting-pre-dnat ct state new jump firewall-check
filter-forward ct state new jump service-endpoints-check
filter-forward ct state new jump cluster-ips-check
filter-input ct state new jump nodeport-endpoints-check
filter-input ct state new jump service-endpoints-check
filter-output ct state new jump service-endpoints-check
filter-output-pre-dnat ct state new jump firewall-check
filter-output ct state new jump cluster-ips-check
firewall-check ip daddr . meta l4proto . th dport vmap @firewall-ips
mark-for-masquerade mark set mark or 0x4000
masquerading mark and 0x4000 == 0 return
masquerading mark set mark xor 0x4000
masquerading masquerade fully-random
nat-output jump services
nat-postrouting jump masquerading
nat-prerouting jump services
nodeport-endpoints-check ip daddr @nodeport-ips meta l4proto . th dport vmap \
@no-endpoint-nodeports
reject-chain reject
services ip daddr . meta l4proto . th dport vmap @service-ips
services ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
service-endpoints-check ip daddr . meta l4proto . th dport vmap \
@no-endpoint-services
"""

NAT_CHAINS = """\
COMMIT
*nat
:KUBE-MARK-MASQ - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-SERVICES - [0:0]
"""
# C stands for the words that make a comment.
FILTER_RULES = """\
-A KUBE-FIREWALL C "block incoming localnet connections" -d 127.0.0.0/8 \
! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD C "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 \
-j ACCEPT
-A KUBE-FORWARD C "kubernetes forwarding conntrack rule" -m conntrack \
--ctstate RELATED,ESTABLISHED -j ACCEPT
"""
NAT_RULES = """\
-A PREROUTING C "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT C "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING C "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
-A KUBE-POSTROUTING C "kubernetes service traffic requiring SNAT" -j MASQUERADE \
--random-fully
"""
IPVS_RULES = """\
*nat
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-SERVICES - [0:0]
-A PREROUTING -j KUBE-SERVICES
-A OUTPUT -j KUBE-SERVICES
-A POSTROUTING -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
-A KUBE-POSTROUTING -m set --match-set KUBE-LOOP-BACK dst,dst,src -j MASQUERADE
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
-A KUBE-POSTROUTING -j MASQUERADE --random-fully
-A KUBE-SERVICES ! -s 10.0.0.0/8 -m set --match-set KUBE-CLUSTER-IP dst,dst \
-j KUBE-MARK-MASQ
-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT
COMMIT
"""


def vip(i):
    """The address of a service."""
    return "172.%d.%d.%d" % (16 + (i >> 16), (i >> 8) & 255, i & 255)


def endpoint(i, j, each):
    """That of one of its endpoints, if each service has so many."""
    k = 2 + (i * each + j) % 62000
    return "10.200.%d.%d" % (k >> 8, k & 255)


def nft(services, each, proto):
    """kube-proxy 1.33 in nftables mode."""
    yield 'add table %s { comment "rules for kube-proxy" ; }' % TABLE
    for name in SETS:
        yield "add set %s %s { type ipv4_addr ; }" % (TABLE, name)
    for name, kind in MAPS:
        yield "add map %s %s { type %s ; }" % (TABLE, name, kind)
    for name, hook in BASES:
        yield "add chain %s %s { type %s ; }" % (TABLE, name, hook)
    for name in CHAINS:
        yield "add chain %s %s" % (TABLE, name)
    for rule in RULES.splitlines():
        yield "add rule %s %s" % (TABLE, rule)
    for i in range(services):
        yield from nft_service(i, each, proto)


def nft_service(i, each, proto):
    for j in range(each):
        chain, address = "endpoint-%d-%d" % (i, j), endpoint(i, j, each)
        yield "add chain %s %s" % (TABLE, chain)
        yield "add rule %s %s ip saddr %s jump mark-for-masquerade" % (
            TABLE, chain, address)
        yield "add rule %s %s meta l4proto %s dnat to %s:80" % (
            TABLE, chain, proto, address)
    service, address = "service-%d" % i, vip(i)
    yield "add chain %s %s" % (TABLE, service)
    yield "add rule %s %s ip daddr %s ip saddr != 10.0.0.0/8 jump " \
        "mark-for-masquerade" % (TABLE, service, address)
    yield "add rule %s %s numgen random mod %d vmap { %s }" % (
        TABLE, service, each, " , ".join(
            "%d : goto endpoint-%d-%d" % (j, i, j) for j in range(each)))
    yield "add element %s cluster-ips { %s }" % (TABLE, address)
    yield "add element %s service-ips { %s . %s . 80 : goto %s }" % (
        TABLE, address, proto, service)


def iptables_filter():
    state = "-m conntrack --ctstate NEW"
    yield "*filter"
    for chain in ("EXTERNAL-SERVICES", "FIREWALL", "FORWARD", "NODEPORTS",
                  "PROXY-FIREWALL", "SERVICES"):
        yield ":KUBE-%s - [0:0]" % chain
    for hook in ("INPUT", "FORWARD", "OUTPUT"):
        yield '-A %s %s C "kubernetes load balancer firewall" -j ' \
            "KUBE-PROXY-FIREWALL" % (hook, state)
        if hook == "INPUT":
            yield '-A INPUT C "kubernetes health check service ports" -j ' \
                "KUBE-NODEPORTS"
        if hook == "FORWARD":
            yield '-A FORWARD C "kubernetes forwarding rules" -j KUBE-FORWARD'
        if hook != "INPUT":
            yield '-A %s %s C "kubernetes service portals" -j ' \
                "KUBE-SERVICES" % (hook, state)
        if hook != "OUTPUT":
            yield '-A %s %s C "kubernetes externally-visible service ' \
                'portals" -j KUBE-EXTERNAL-SERVICES' % (hook, state)
        if hook != "FORWARD":
            yield "-A %s -j KUBE-FIREWALL" % hook
    yield FILTER_RULES.rstrip()


def iptables_service(i, each, proto):
    words = '-m %s -p %s' % (proto, proto)
    service, address = "KUBE-SVC-%d" % i, vip(i)
    yield '-A KUBE-SERVICES C "ns/svc%d cluster IP" %s -d %s --dport 80 -j %s' \
        % (i, words, address, service)
    yield '-A %s C "ns/svc%d cluster IP" %s -d %s --dport 80 ! -s 10.0.0.0/8 ' \
        "-j KUBE-MARK-MASQ" % (service, i, words, address)
    for j in range(each):
        chain, address = "KUBE-SEP-%d-%d" % (i, j), endpoint(i, j, each)
        odds = "-m statistic --mode random --probability %.10f " % (
            1 / (each - j)) if j < each - 1 else ""
        yield '-A %s C "ns/svc%d -> %s:80" %s-j %s' % (service, i, address,
                                                      odds, chain)
        yield "-A %s C ns/svc%d -s %s -j KUBE-MARK-MASQ" % (chain, i, address)
        yield "-A %s C ns/svc%d %s -j DNAT --to-destination %s:80" % (
            chain, i, words, address)


def iptables(services, each, proto):
    """kube-proxy 1.33 in iptables mode."""
    yield from iptables_filter()
    yield NAT_CHAINS.rstrip()
    for i in range(services):
        yield ":KUBE-SVC-%d - [0:0]" % i
        for j in range(each):
            yield ":KUBE-SEP-%d-%d - [0:0]" % (i, j)
    yield NAT_RULES.rstrip()
    for i in range(services):
        yield from iptables_service(i, each, proto)
    yield '-A KUBE-SERVICES C "kubernetes service nodeports; NOTE: this must ' \
        'be the last rule in this chain" -m addrtype --dst-type LOCAL -j ' \
        "KUBE-NODEPORTS"
    yield "COMMIT"


def ipvs(services, each, proto):
    flag = "-" + proto[0]
    for i in range(services):
        yield "-A %s %s:80 -s rr" % (flag, vip(i))
        for j in range(each):
            yield "-a %s %s:80 -r %s:80 -m -w 1" % (flag, vip(i),
                                                   endpoint(i, j, each))


def ipset(services, each, proto):
    yield "create KUBE-CLUSTER-IP hash:ip,port maxelem %d" % max(services, 65536)
    yield "create KUBE-LOOP-BACK hash:ip,port,ip maxelem %d" % max(
        services * each, 65536)
    seen = set()
    for i in range(services):
        yield "add KUBE-CLUSTER-IP %s,%s:80" % (vip(i), proto)
        for address in (endpoint(i, j, each) for j in range(each)):
            if address not in seen:
                seen.add(address)
                yield "add KUBE-LOOP-BACK %s,%s:80,%s" % (address, proto,
                                                         address)


def ipvs_iptables(services, each, proto):
    yield IPVS_RULES.rstrip()


def rules(mode, services, each, proto):
    """All of them, as one text."""
    text = "\n".join(MODES[mode](services, each, proto)) + "\n"
    return text.replace(" C ", " -m comment --comment ")


MODES = {"nft": nft, "iptables": iptables, "ipvs": ipvs, "ipset": ipset,
         "ipvs-iptables": ipvs_iptables}

if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] not in MODES:
        sys.exit(__doc__.strip())
    sys.stdout.write(rules(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]),
                           (sys.argv[4:5] or ["tcp"])[0]))
