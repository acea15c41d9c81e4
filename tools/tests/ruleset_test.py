#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Which rules of nft and iptables drop what goes to endpoints."""
import itertools
import json

from doctor_test import HEALTHY, finds, route, with_members
from messages import endpoint, expect, frontend, main

NFT = "nft -j list ruleset"
MODULES = {**HEALTHY, "/proc/modules": "x 1 0\nnf_tables 1 0 - Live\n"}
LEGACY = {**HEALTHY, "/proc/net/ip_tables_names": "filter\n"}
SUBJECT = 'service "web" endpoint 10.2.0.1:8080'
DROPS = ("firewall", "problem", SUBJECT)
MAY = ("firewall", "note", SUBJECT)
ACCEPT, DROP, RETURN = {"accept": None}, {"drop": None}, {"return": None}
TCP = with_members("web", frontend("10.96.0.1", 80),
                   endpoint("10.2.0.1", 8080))
UDP = with_members("web", frontend("10.96.0.1", 80),
                   endpoint("10.2.0.1", 8080), proto=17)


def chain(name, hook=None, policy="accept", family="inet", kind="filter"):
    base = {"type": kind, "hook": hook, "prio": 0, "policy": policy}
    return {"chain": {"family": family, "table": "t", "name": name,
                      "handle": 1, **(base if hook else {})}}


NUMBERS = itertools.count(10)


def rule(name, *expr, family="inet"):
    return {"rule": {"family": family, "table": "t", "chain": name,
                     "handle": next(NUMBERS), "expr": list(expr)}}


def match(left, right, op="=="):
    return {"match": {"op": op, "left": left, "right": right}}


def meta(key):
    return {"meta": {"key": key}}


def header(protocol, field):
    return {"payload": {"protocol": protocol, "field": field}}


STATE = {"ct": {"key": "state"}}
DADDR, DPORT = header("ip", "daddr"), header("tcp", "dport")


def nft(*items, **more):
    text = json.dumps({"nftables": [{"metainfo": {"version": "1"}}, *items]})
    return {**MODULES, NFT: text, **more}


def judged(*wanted, node, service=TCP, routes=(route(3), route(2))):
    return finds(*wanted, node=node, services=[service], routes=routes)


def ruled(wanted, *rules, policy="accept", service=TCP):
    """What rules of a base chain make of it: a finding, or None."""
    judged(*[wanted] if wanted else [], service=service,
           node=nft(chain("f", "forward", policy), chain("g"),
                    *[rule("f", *one) for one in rules]))


def policy():
    ruled(None)
    ruled(DROPS, policy="drop")
    got = judged(DROPS, node=nft(chain("f", "forward", "drop")))
    expect(got[DROPS]["message"], "new connections are dropped by nft chain "
           "inet t f by its policy")
    expect("nft insert rule inet t f ip daddr 10.2.0.1 tcp dport 8080 accept"
           in got[DROPS]["advice"], True)
    ruled(None, [ACCEPT], policy="drop")
    for other in [chain("f", "input", "drop"), chain("f", "output", "drop"),
                  chain("f", "forward", "drop", "ip6"),
                  chain("f", "forward", "drop", "bridge"),
                  chain("f", "forward", "drop", kind="nat"), chain("f")]:
        judged(node=nft(other))
    judged(DROPS, node=nft(chain("f", "forward", "drop", "ip")))
    # One that accepts does not help against another that does not.
    judged(DROPS, node=nft(chain("e", "forward"), rule("e", ACCEPT),
                           chain("f", "forward", "drop")))


def to_the_node():
    local = [route(1, kind=2), route(2)]
    judged(routes=local, node=nft(chain("f", "forward", "drop")))
    judged(DROPS, routes=local, node=nft(chain("f", "input", "drop")))
    # Nobody from outside comes by the loopback device.
    lo = rule("f", match(meta("iifname"), "lo"), ACCEPT)
    judged(DROPS, routes=local, node=nft(chain("f", "input", "drop"), lo))
    other = rule("f", match(meta("iifname"), "eth0"), ACCEPT)
    judged(MAY, routes=local, node=nft(chain("f", "input", "drop"), other))


def conditions():
    """What holds, what does not, and what cannot be told."""
    holds = [
        match(meta("l4proto"), "tcp"), match(meta("l4proto"), 6),
        match(meta("nfproto"), "ipv4"), match(meta("oifname"), "eth1"),
        match(meta("oif"), "eth1"), match(meta("oifname"), "eth*"),
        match(meta("oifname"), "eth0", "!="),
        match(meta("oifname"), {"set": ["eth0", "eth1"]}),
        match(DADDR, "10.2.0.1"), match(DADDR, "10.2.0.2", "!="),
        match(DADDR, {"prefix": {"addr": "10.2.0.0", "len": 16}}),
        match(DADDR, {"prefix": {"addr": "0.0.0.0", "len": 0}}),
        match(DADDR, {"range": ["10.1.0.9", "10.2.0.1"]}),
        match(DADDR, {"set": ["10.9.0.1", {"prefix": {
            "addr": "10.2.0.0", "len": 31}}]}),
        match(DADDR, {"set": [{"elem": {"val": "10.2.0.1", "timeout": 9}}]}),
        match(DPORT, 8080), match(header("th", "dport"), 8080),
        match(DPORT, {"set": [22, {"range": [8000, 9000]}]}),
        match(DPORT, 80, "!="), match(header("ip", "protocol"), "tcp"),
        match(STATE, "new"), match(STATE, ["established", "new"], "in"),
        match(STATE, {"set": ["new", "related"]}),
        match(STATE, "invalid", "!="),
        match({"ct": {"key": "status"}}, "dnat", "!="),
    ]
    fails = [
        match(meta("l4proto"), "udp"), match(meta("l4proto"), "icmp"),
        match(meta("l4proto"), {"set": ["icmp", "ipv6-icmp"]}),
        match(meta("nfproto"), "ipv6"), match(meta("oifname"), "eth0"),
        match(meta("oifname"), "eth1", "!="), match(meta("iifname"), "lo"),
        match(DADDR, "10.2.0.2"), match(DADDR, "10.2.0.1", "!="),
        match(DADDR, {"prefix": {"addr": "10.2.0.2", "len": 31}}),
        match(DADDR, {"range": ["10.2.0.2", "10.3.0.0"]}),
        match(header("ip6", "daddr"), "fd00::1", "!="),
        match(DPORT, 80), match(DPORT, {"set": [22, 8081]}),
        match(header("udp", "dport"), 8080),
        match(header("udp", "dport"), 80, "!="),
        match(header("icmp", "type"), "echo-request"),
        match(STATE, ["established", "related"], "in"),
        match(STATE, "invalid"), match({"ct": {"key": "status"}}, "dnat"),
        match({"ct": {"key": "status"}}, ["dnat", "snat"], "in"),
    ]
    unknown = [
        match(meta("iifname"), "eth0"), match(meta("iifname"), "eth0", "!="),
        match(meta("mark"), 1), match(header("ip", "saddr"), "10.0.0.0"),
        match(DADDR, "@set"), match(DPORT, "@ports"),
        match(DPORT, {"concat": [1, 2]}), match(DADDR, 8), match(DPORT, 1, "<"),
        match(DPORT, "no-number"), match(DPORT, 70000), match(DPORT, None),
        match({"&": [meta("mark"), 1]}, 1), {"limit": {"rate": 1}},
        {"quota": {"val": 1}}, {"xt": None}, {"what": "ever"},
        match(header("tcp", "flags"), "syn"),
        match({"fib": {"result": "type", "flags": ["daddr"]}}, "local"),
    ]
    # Together, for each run takes a while.
    ruled(DROPS, [*holds, DROP])
    ruled(None, [*holds, ACCEPT], policy="drop")
    ruled(None, *[[one, DROP] for one in fails])
    ruled(DROPS, *[[one, ACCEPT] for one in fails], policy="drop")
    for one in unknown:
        ruled(MAY, [one, ACCEPT], policy="drop")
    ruled(MAY, *[[one, DROP] for one in unknown])
    ruled(None, [match(DPORT, 8080), DROP], service=UDP)
    ruled(DROPS, [match(header("th", "dport"), 8080), DROP], service=UDP)


def order():
    maybe = match(meta("mark"), 1)
    ruled(None, [ACCEPT], [DROP])
    ruled(DROPS, [DROP], [ACCEPT])
    ruled(MAY, [maybe, ACCEPT], [DROP])
    ruled(MAY, [maybe, DROP], [ACCEPT])
    ruled(DROPS, [{"counter": None}, {"log": {}}], [DROP])
    ruled(DROPS, [{"reject": {"type": "tcp reset"}}])
    ruled(MAY, [{"queue": {"num": 0}}])
    ruled(None, [RETURN], [DROP])
    ruled(DROPS, [RETURN], policy="drop")
    ruled(MAY, [maybe, RETURN], [DROP])


def jumps():
    def chains(wanted, first, *second, name="f"):
        judged(*[wanted] if wanted else [], node=nft(
            chain("f", "forward"), chain("g"), chain("h"),
            *[rule("f", *one) for one in first],
            *[rule("g", *one) for one in second], rule("h", DROP)))

    to_g, go_g = {"jump": {"target": "g"}}, {"goto": {"target": "g"}}
    maybe = match(meta("mark"), 1)
    chains(DROPS, [[to_g]], [DROP])
    chains(None, [[to_g]], [ACCEPT])
    chains(None, [[to_g], [ACCEPT]], [RETURN], [DROP])
    chains(DROPS, [[to_g], [DROP]], [RETURN], [ACCEPT])
    chains(MAY, [[to_g], [ACCEPT]], [maybe, RETURN], [DROP])
    chains(MAY, [[maybe, to_g], [ACCEPT]], [DROP])
    chains(None, [[match(DPORT, 80), to_g]], [DROP])
    chains(None, [[go_g], [DROP]])
    chains(DROPS, [[to_g], [DROP]])
    chains(MAY, [[maybe, go_g], [DROP]])
    chains(DROPS, [[to_g]], [{"jump": {"target": "h"}}])
    chains(None, [[{"jump": {"target": "none"}}]], [DROP])
    # Round in circles, and an end all the same.
    chains(None, [[to_g]], [to_g])
    chains(None, [[to_g]] * 5, *[[to_g]] * 5)


def maps():
    def vmap(key, *pairs):
        return {"vmap": {"key": key, "data": {"set": [list(pair) for pair in
                                                      pairs]}}}

    states = vmap(STATE, ("established", ACCEPT), ("invalid", DROP))
    ruled(None, [states])
    ruled(DROPS, [states], policy="drop")
    ruled(DROPS, [vmap(STATE, ("established", ACCEPT), ("new", DROP))])
    ruled(None, [vmap(STATE, ("new", ACCEPT))], policy="drop")
    ruled(None, [match(DPORT, 80), vmap(STATE, ("new", DROP))])
    ruled(DROPS, [match(DPORT, 8080), vmap(STATE, ("new", DROP))])
    ruled(DROPS, [vmap(meta("oifname"), ("eth0", ACCEPT), ("eth1", DROP))])
    ruled(MAY, [{"vmap": {"key": DADDR, "data": "@map"}}])
    ruled(MAY, [vmap(meta("mark"), (1, DROP))])
    judged(DROPS, node=nft(
        chain("f", "forward"), chain("g"), rule("f", vmap(
            STATE, ("new", {"jump": {"target": "g"}}))), rule("g", DROP)))


def iptables():
    def saved(wanted, *lines, forward="ACCEPT", service=TCP, own=()):
        text = "\n".join(["# made by hand", "*filter", ":INPUT ACCEPT [0:0]",
                          f":FORWARD {forward} [5:9]", *own, *lines,
                          "COMMIT", ""])
        return judged(*[wanted] if wanted else [], service=service,
                      node={**LEGACY, "iptables-legacy-save": text})

    saved(None)
    got = saved(DROPS, forward="DROP")
    expect(got[DROPS]["message"], "new connections are dropped by "
           "iptables-legacy -t filter chain FORWARD by its policy")
    expect("iptables-legacy -t filter -I FORWARD -d 10.2.0.1 -p tcp --dport "
           "8080 -j ACCEPT" in got[DROPS]["advice"], True)
    holds = ["-d 10.2.0.0/16", "-o eth1", "-o eth+", "! -o eth0",
             "-p tcp", "! -p udp", "-p tcp -m tcp --dport 8080",
             "-p tcp -m tcp --dport 8000:9000", "-p tcp --dport 8000:",
             "-p tcp -m multiport --dports 22,8080,9:10",
             "-m conntrack --ctstate NEW,RELATED", "-m state --state NEW",
             "-m conntrack ! --ctstate INVALID",
             '-m comment --comment "to \\"all\\" -j ACCEPT # x"',
             "-m comment --comment x ! -d 10.3.0.0/16"]
    fails = ["-d 10.3.0.0/16", "-o eth0", "! -o eth+", "-i lo", "-p udp",
             "-p tcp -m tcp --dport 80", "-p icmp", "! -d 10.2.0.0/16",
             "-m conntrack --ctstate RELATED,ESTABLISHED",
             "-m conntrack --ctstate DNAT", "-m conntrack --ctstatus DNAT"]
    saved(None, f"-A FORWARD {' '.join(holds)} -j ACCEPT", forward="DROP")
    got = saved(DROPS, f"-A FORWARD {' '.join(holds)} -j DROP")
    expect("FORWARD rule 1" in got[DROPS]["message"], True)
    saved(DROPS, "-A FORWARD -j REJECT --reject-with tcp-reset")
    saved(DROPS, *[f"-A FORWARD {words} -j ACCEPT" for words in fails],
          forward="DROP")
    saved(None, *[f"-A FORWARD {words} -j DROP" for words in fails])
    for words in ["-i eth0", "-s 10.0.0.0/8", "-m mark --mark 0x1/0x1",
                  "-m set --match-set pods dst", "--syn", "-p all",
                  "-m addrtype --dst-type LOCAL", "-m tcp --sport 80",
                  "! -i eth0 -o eth1", "-d no-address", "--dport 99999",
                  "-m physdev --physdev-is-bridged -o eth1"]:
        saved(MAY, f"-A FORWARD {words} -j ACCEPT", forward="DROP")
    own = [":MINE - [0:0]"]
    saved(DROPS, "-A FORWARD -j MINE", "-A MINE -j DROP", own=own)
    saved(None, "-A FORWARD -j MINE", "-A MINE -j RETURN", "-A MINE -j DROP",
          own=own)
    saved(None, "-A FORWARD -g MINE", "-A FORWARD -j DROP", own=own)
    saved(DROPS, "-A FORWARD -j LOG --log-prefix x", "-A FORWARD -j DROP")
    saved(MAY, "-A FORWARD -j NFQUEUE --queue-num 1")
    saved(None, "-A INPUT -j DROP", "-A OUTPUT -j DROP", "-A NONE -j DROP",
          "-A FORWARD", "-A", "-A FORWARD -j", '-A FORWARD "')


def which_tool():
    """Who knows best is asked, and only where the kernel loads nothing."""
    drops = "*filter\n:FORWARD DROP [0:0]\nCOMMIT\n"
    everything = {NFT: json.dumps({"nftables": [
        chain("f", "forward", "drop")]}), "iptables-legacy-save": drops,
        "iptables-nft-save": drops}
    judged(node={**HEALTHY, **everything})
    judged(node={**HEALTHY, **everything, "/proc/modules": "nf_tables_x 1\n"})
    judged(DROPS, node={**HEALTHY, **everything,
                        "/proc/modules": "nf_tables 1\n"})
    judged(node={**LEGACY, **everything, "/proc/net/ip_tables_names": ""})
    judged(DROPS, node={**LEGACY, **everything})
    judged(DROPS, node={**LEGACY, "iptables-save": drops})
    missing = ("firewall", "note", None)
    got = judged(missing, node=LEGACY)
    expect("install iptables-legacy" in got[missing]["advice"], True)
    judged(missing, node=MODULES)
    judged(missing, node={**MODULES, NFT: '{"nftables": ['})
    for odd in ["{}", "[]", '{"nftables": {}}', '{"nftables": [1, null, []]}',
                '{"nftables": [{"chain": 1}, {"rule": []}]}']:
        judged(node={**MODULES, NFT: odd})
    # Of rules of iptables nft shows only a part.
    table = [{"chain": {**chain("FORWARD", "forward", "drop", "ip")["chain"],
                        "table": "filter"}},
             {"rule": {"family": "ip", "table": "filter", "chain": "FORWARD",
                       "handle": 1, "expr": [{"xt": None}, ACCEPT]}}]
    judged(MAY, missing, node=nft(*table))
    accepts = "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m conntrack " \
        "--ctstate NEW -j ACCEPT\nCOMMIT\n"
    judged(node=nft(*table, **{"iptables-nft-save": accepts}))
    got = judged(DROPS, node=nft(*table, **{"iptables-nft-save": drops}))
    expect("iptables -t filter chain FORWARD" in got[DROPS]["message"], True)


def invalid():
    note = ("firewall", "note", "ct state invalid")
    stat = {"/proc/net/stat/nf_conntrack": "entries  found  invalid  drop\n"
            "00000001  00000000 0000000a 00000000\n"
            "00000001  00000000 00000007 00000000\n"}
    rules = [chain("f", "forward"), rule("f", match(STATE, "invalid"), DROP)]
    got = judged(note, node=nft(*rules, **stat))
    expect(" 17 packets" in got[note]["message"], True)
    judged(node=nft(*rules))
    judged(node=nft(chain("f", "forward"), **stat))


def together():
    """Endpoints that share a fate share a finding."""
    web = with_members("web", frontend("10.96.0.1", 80),
                       *[endpoint(f"10.2.0.{i}", 8080) for i in
                         range(1, 4)])
    got = judged(DROPS, service=web, routes=[route(3)] * 3 + [route(2)],
                 node=nft(chain("f", "forward", "drop")))
    expect("new connections, and those to 2 others, are dropped" in
           got[DROPS]["message"], True)


if __name__ == "__main__":
    main(policy, to_the_node, conditions, order, jumps, maps, iptables,
         which_tool, invalid, together)
