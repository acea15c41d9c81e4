#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""What the doctor makes of a node: each ill state, and that health is seen."""
import json
import socket
import struct

from messages import (ENOENT, EPERM, K, MULTI, Run, ack, attr,
                      counters, done, endpoint, expect, frontend, generation,
                      message, nest, nodeport, reply, service, shown_service,
                      u32, u64, u8, main)

NEWLINK, NEWADDR, NEWROUTE = 16, 20, 24
UP, LOOPBACK, LOWER_UP = 1, 8, 0x10000
ENETUNREACH = 101
OURS = Run(["version"]).out.split()[1]
# Debian's, of which "uname -r" does not tell all.
KERNEL = {"uname -r": "6.1.0-56-amd64\n",
          "uname -v": "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-01)\n"}
LOADED = {**KERNEL, "/sys/module/svcnat/version": f"{OURS}\n",
          "modinfo -F version svcnat": f"{OURS}\n"}
FORWARDS = {"/proc/sys/net/ipv4/conf/all/forwarding": "1\n",
            "/proc/sys/net/ipv6/conf/all/forwarding": "1\n",
            "/proc/sys/net/ipv4/conf/eth0/forwarding": "1\n",
            "/proc/sys/net/ipv4/conf/eth1/forwarding": "1\n",
            "/proc/sys/net/ipv4/conf/br0/forwarding": "1\n",
            "/proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n"}
HEALTHY = {**LOADED, **FORWARDS}


def device(index, name, mtu=1500, flags=UP | LOWER_UP, *more):
    return message(NEWLINK, MULTI, struct.pack("=BBHiII", 0, 0, 1, index,
                                               flags, 0) +
                   attr(3, name.encode() + b"\0") + u32(4, mtu) +
                   b"".join(more))


def bridge(index, name, *options):
    return device(index, name, 1500, UP | LOWER_UP,
                  nest(18, attr(1, b"bridge\0"), nest(2, *options)))


def ip(text):
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return family, socket.inet_pton(family, text)


def device_addr(index, text, scope=0):
    family, data = ip(text)
    return message(NEWADDR, MULTI, struct.pack("=BBBBI", family, 24, 0, scope,
                                               index) + attr(1, data))


def route(index, *more, kind=1):
    return message(NEWROUTE, 0, struct.pack("=BBBBBBBBI", 2, 32, 0, 0, 254, 0,
                                            0, kind, 0) + u32(4, index) +
                   b"".join(more)) + ack()


GATEWAY = attr(5, b"\x0a\0\0\1")
DEVICES = [device(1, "lo", 65536, UP | LOOPBACK | LOWER_UP),
           device(2, "eth0"), device(3, "eth1")]
ADDRS = [device_addr(1, "127.0.0.1", 254), device_addr(2, "10.0.0.1"),
         device_addr(2, "fd00::1")]


def with_members(name, *members, options=(0, 0, 0, 0), proto=6):
    kinds = [struct.unpack("=H", one[2:4])[0] & 0x7fff for one in members]
    head = [generation(1), service(name)]
    return reply(generation(1), shown_service(
        name, kinds.count(K["A_FRONTEND"]), kinds.count(K["A_ENDPOINT"]),
        proto=proto, options=options)) + \
        b"".join(reply(*head, one) for one in members)


def fe_counters(packets):
    return counters(K["FRONTEND_A_COUNTERS"], 1, packets, 0, 0, 0)


WEB = with_members("web", frontend("10.96.0.1", 80),
                   endpoint("10.2.0.1", 8080))


def findings(services=(WEB,), node=None, routes=(route(3), route(2)),
             devices=None, addrs=None, config=(), stats=(), code=None):
    """All that are not ok, as (check, level, subject) to the finding."""
    ran = Run(["-j", "doctor"],
              reply(nest(K["A_CONFIG"], *config), flags=0), ack(),
              reply(nest(K["A_STATS"], *stats), flags=0), ack(),
              b"".join(services) + done(),
              b"".join(devices or DEVICES) + done(),
              b"".join(addrs or ADDRS) + done(), *routes,
              node=HEALTHY if node is None else node)
    expect(ran.err, "")
    got = json.loads(ran.out)
    for one in got:
        expect(list(one), ["check", "level", "subject", "message", "advice"])
        expect((one["level"] == "ok") == (one["advice"] is None), True, one)
    levels = [one["level"] for one in got]
    expect(ran.code, (2 if "problem" in levels else 0) if code is None
           else code)
    return {(one["check"], one["level"], one["subject"]): one for one in got
            if one["level"] != "ok"}


def finds(*wanted, **words):
    got = findings(**words)
    expect(sorted(got, key=str), sorted(wanted, key=str),
           [one["message"] for one in got.values()])
    return got


def health():
    finds()
    ran = Run(["-j", "doctor"], reply(nest(K["A_CONFIG"]), flags=0), ack(),
              reply(nest(K["A_STATS"]), flags=0), ack(), done(),
              b"".join(DEVICES) + done(), b"".join(ADDRS) + done(),
              node=LOADED)
    expect((ran.code, {one["level"] for one in ran.json()}), (0, {"ok"}))
    expect([one["check"] for one in ran.json()], """module kernel forwarding
        rp-filter conntrack firewall kube-proxy ipvs bridge ports endpoints
        policies routes mtu external limits""".split())


def no_module():
    """Then what can be checked is checked, and exit status 3 says so."""
    ran = Run(["-j", "doctor"], ack(ENOENT), ack(ENOENT),
              b"".join(DEVICES) + done(), b"".join(ADDRS) + done(),
              node={**KERNEL,
                    "/proc/sys/net/ipv6/conf/all/forwarding": "1\n"})
    expect((ran.code, ran.err), (3, ""))
    got = [one for one in json.loads(ran.out) if one["level"] != "ok"]
    expect([(one["check"], one["level"], one["subject"]) for one in got],
           [("module", "problem", None), ("forwarding", "note", "IPv4")])
    expect("dkms autoinstall" in got[0]["advice"], True)
    expect("6.1.0-56-amd64" in got[0]["advice"], True)
    ran = Run(["-j", "doctor"], ack(ENOENT), ack(ENOENT),
              node={"modinfo -F version svcnat": f"{OURS}\n"})
    expect(json.loads(ran.out)[0]["advice"], "load it: modprobe svcnat")
    ran = Run(["-j", "doctor"], ack(EPERM), node=HEALTHY)
    expect(ran.code, 3)
    expect("as root" in json.loads(ran.out)[0]["advice"], True)


def versions():
    other = {"/sys/module/svcnat/version": "0.9.9\n"}
    got = findings(node={**HEALTHY, **other})
    expect([key[:2] for key in got], [("module", "note")])
    got = findings(node={**HEALTHY, "modinfo -F version svcnat": "0.2.0\n"})
    expect([one["message"] for one in got.values()],
           [f"version {OURS} of the module is loaded, but 0.2.0 is "
            "installed"])
    expect([one["advice"] for one in got.values()],
           ["load the new one when connections may break: systemctl stop "
            "svcnat, modprobe -r svcnat, systemctl start svcnat"])
    finds(node={**KERNEL, **FORWARDS,
                "/sys/module/svcnat/version": f"{OURS}\n"})


def kernels():
    """The module needs 6.1, and is not to be removed before 6.1.191."""
    def one(level, words, release, build="#1 SMP PREEMPT_DYNAMIC"):
        wanted = [("kernel", level, None)] if level else []
        got = finds(*wanted, node={**HEALTHY, "uname -r": f"{release}\n",
                                   "uname -v": f"{build}\n"})
        for finding in got.values():
            expect(words in finding["message"], True, finding)
        return got

    debian = KERNEL["uname -v"].strip()
    got = one("problem", "Linux 6.0.19, and", "6.0.19")
    expect("upgrade" in list(got.values())[0]["advice"], True)
    one("problem", "Linux 5.10.218, and", "5.10.0-30-amd64",
        "#1 SMP Debian 5.10.218-1 (2024-06-01)")
    got = one("note", "Linux 6.1.190: before 6.1.191", "6.1.190")
    advice = list(got.values())[0]["advice"]
    expect("upgrade" in advice and "leave the module" in advice, True)
    one("note", "Linux 6.1.190: before", "6.1.0-55-amd64",
        debian.replace("192-2", "190-1"))
    one("note", "Linux 6.1.0: before", "6.1.0-rc3")
    for release in "6.1.191", "6.2.0", "6.12.95+deb12-amd64", "7.2-rc1":
        one(None, "", release)
    one("note", '"strange", which tells no version', "strange", debian)
    one("note", '"", which tells no version', "")


def forwarding():
    four, six = (f"/proc/sys/net/ipv{n}/conf/all/forwarding" for n in (4, 6))
    finds(("forwarding", "problem", "IPv4"), node={**HEALTHY, four: "0\n"})
    # Nobody uses the other family.
    finds(node={**HEALTHY, six: "0\n"})
    web6 = with_members("web", frontend("fd00:96::1", 80),
                        endpoint("fd00:2::1", 8080))
    finds(("forwarding", "problem", "IPv6"), services=[web6],
          node={**HEALTHY, four: "0\n", six: "0\n"})
    finds(("forwarding", "problem", "eth1"), node={
        **HEALTHY, "/proc/sys/net/ipv4/conf/eth1/forwarding": "0\n"})
    finds(node={**HEALTHY, "/proc/sys/net/ipv4/conf/eth0/forwarding": "0\n"})


def rp_filter():
    def netstat(value):
        return {"/proc/net/netstat":
                "TcpExt: SyncookiesSent IPReversePathFilter TW\n"
                f"TcpExt: 1 {value} 3\nIpExt: InNoRoutes\nIpExt: 4\n"}

    path = "/proc/sys/net/ipv4/conf/{}/rp_filter"
    strict = {**HEALTHY, path.format("eth0"): "1\n",
              path.format("eth1"): "2\n", path.format("lo"): "1\n"}
    got = finds(("rp-filter", "note", "eth0"), node={**strict, **netstat(7)})
    expect(" 7 " in list(got.values())[0]["message"], True)
    finds(node={**strict, **netstat(0)})
    finds(node=strict)
    # The greater one counts.
    finds(node={**strict, **netstat(7), path.format("all"): "2\n"})
    finds(("rp-filter", "note", "eth0"), ("rp-filter", "note", "eth1"),
          node={**HEALTHY, **netstat(7), path.format("all"): "1\n"})


def conntrack():
    def table(count, most):
        return {**HEALTHY, "/proc/sys/net/netfilter/nf_conntrack_count":
                f"{count}\n", "/proc/sys/net/netfilter/nf_conntrack_max":
                f"{most}\n"}

    finds(node=table(899, 1000))
    got = finds(("conntrack", "problem", None), node=table(900, 1000))
    expect("nf_conntrack_max=2000" in list(got.values())[0]["advice"], True)


def bridges():
    web = with_members("web", frontend("10.96.0.1", 80),
                       endpoint("10.4.0.2", 80), endpoint("10.4.0.3", 80))
    master = u32(10, 4)

    def on_bridge(node, *options, ports=2, routes=(route(4), route(4))):
        return dict(services=[web], routes=[*routes, route(2)], node=node,
                    devices=[*DEVICES, bridge(4, "br0", *options),
                             *[device(10 + i, f"p{i}", 1500, UP | LOWER_UP,
                                      master) for i in range(ports)]])

    first = ("bridge", "problem", 'service "web" endpoint 10.4.0.2:80')
    got = finds(first, **on_bridge(HEALTHY))
    expect("modprobe br_netfilter" in got[first]["advice"], True)
    path = "/proc/sys/net/bridge/bridge-nf-call-iptables"
    got = finds(first, **on_bridge({**HEALTHY, path: "0\n"}))
    expect("modprobe" in got[first]["advice"], False)
    finds(**on_bridge({**HEALTHY, path: "1\n"}))
    finds(**on_bridge({**HEALTHY, path: "0\n"}, u8(36, 1)))
    finds(first, **on_bridge({**HEALTHY, path: "0\n"}, u8(37, 1)))
    finds(**on_bridge(HEALTHY, ports=1))
    second = ("bridge", "problem", 'service "web" endpoint 10.4.0.3:80')
    finds(second, **on_bridge(HEALTHY, routes=(route(4, GATEWAY), route(4))))


def ports():
    web = with_members("web", nodeport(32767), nodeport(32768),
                       nodeport(40000), nodeport(60999), nodeport(61000),
                       endpoint("10.2.0.1", 80))
    reserved = "/proc/sys/net/ipv4/ip_local_reserved_ports"
    notes = [("ports", "note", f'service "web" nodeport {port}')
             for port in (32768, 40000, 60999)]
    finds(*notes, services=[web])
    finds(*notes, services=[web], node={**HEALTHY, reserved: "\n"})
    finds(notes[2], services=[web],
          node={**HEALTHY, reserved: "1,30000-32768,40000\n"})
    snat = ("ports", "note", "snat-ports")
    both = 60990 << 16 | 61010
    got = finds(snat, config=[u32(K["CONFIG_A_SNAT_PORTS"], both)])
    expect("share 10 ports" in got[snat]["message"], True)
    finds(config=[u32(K["CONFIG_A_SNAT_PORTS"], both)],
          node={**HEALTHY, reserved: "60000-60999\n"})
    auto = [u32(K["CONFIG_A_SNAT_PORTS"], 0)]
    finds(config=auto)
    finds(snat, config=auto, node={
        **HEALTHY, "/proc/sys/net/ipv4/ip_local_port_range": "1024 65535\n"})


def listeners():
    def table(*lines):
        return "  sl  local_address rem_address   st\n" + "".join(
            f"   0: {local} {remote} {state} 00000000:00000000 00:0 0 0\n"
            for local, remote, state in lines)

    none4, none6 = "00000000:0000", "0" * 32 + ":0000"
    port = f"{30080:04X}"
    web = with_members("web", nodeport(30080), endpoint("10.2.0.1", 80))
    dns = with_members("dns", nodeport(30080), endpoint("10.2.0.1", 80),
                       proto=17)
    tcp = ("ports", "note", 'service "web" nodeport 30080')
    udp = ("ports", "note", 'service "dns" nodeport 30080')
    for path, line, wanted in [
            ("tcp", (f"00000000:{port}", none4, "0A"), [tcp]),
            ("tcp", (f"00000000:{port}", none4, "01"), []),
            ("tcp", (f"0100007F:{port}", none4, "0A"), []),
            ("tcp", ("00000000:7581", none4, "0A"), []),
            ("tcp6", ("0" * 32 + f":{port}", none6, "0A"), [tcp]),
            ("tcp6", ("0" * 24 + f"01000000:{port}", none6, "0A"), []),
            ("udp", (f"0100000A:{port}", none4, "07"), [udp])]:
        finds(*wanted, services=[dns, web], routes=[route(3)] * 9,
              node={**HEALTHY, f"/proc/net/{path}": table(line)})


def usable_endpoints():
    subject = 'service "web"'

    def one(*members, options=(0, 0, 0, 0), wanted=()):
        return finds(*wanted, routes=[route(3)] * 9, services=[
            with_members("web", *members, options=options)])

    four, six = frontend("10.96.0.1", 80), frontend("fd00:96::1", 80)
    problem = [("endpoints", "problem", subject)]
    note = [("endpoints", "note", subject)]
    got = one(four, wanted=problem)[problem[0]]
    expect((got["message"], got["advice"]), (
        "connections are refused: there are no IPv4 endpoints",
        "add one: svcctl endpoint add web ADDR:PORT"))
    one(wanted=[])
    one(four, endpoint("10.2.0.1", 80, 1, 2), wanted=problem)
    one(four, endpoint("10.2.0.1", 80, 0, 0), wanted=problem)
    one(four, endpoint("10.2.0.1", 80, 1, 1), wanted=note)
    one(four, endpoint("10.2.0.1", 80, 1, 1), endpoint("10.2.0.2", 80))
    one(four, endpoint("fd00:2::1", 80), wanted=problem)
    one(four, six, endpoint("10.2.0.1", 80), wanted=problem)
    one(four, six, endpoint("10.2.0.1", 80), endpoint("fd00:2::1", 80))
    one(nodeport(30080), endpoint("fd00:2::1", 80))
    one(nodeport(30080), wanted=problem)
    # local-only: of no use without a policy that asks for it
    one(four, endpoint("10.2.0.1", 80, 1, 0, 2), wanted=problem)
    one(four, endpoint("10.2.0.1", 80, 1, 0, 2), options=(0, 1, 0, 0))


def policies():
    inside, outside = frontend("10.96.0.1", 80), nodeport(30080)

    def one(*members, options, level=None):
        wanted = [("policies", level, 'service "web"')] if level else []
        finds(*wanted, routes=[route(3)] * 9, services=[
            with_members("web", *members, options=options)])

    remote, local = endpoint("10.2.0.1", 80), endpoint("10.2.0.2", 80, 1, 0, 1)
    one(inside, remote, options=(0, 1, 0, 0), level="problem")
    one(inside, remote, options=(0, 0, 1, 0))
    one(outside, remote, options=(0, 0, 1, 0), level="note")
    one(outside, remote, options=(0, 1, 0, 0))
    one(inside, remote, local, options=(0, 1, 0, 0))
    one(outside, remote, local, options=(0, 0, 1, 0))
    one(inside, remote, endpoint("10.2.0.2", 80, 1, 2, 1),
        options=(0, 1, 0, 0), level="problem")


def routes():
    subject = 'service "web" endpoint 10.2.0.1:8080'
    got = finds(("routes", "problem", subject),
                routes=[ack(ENETUNREACH), route(2)])
    expect(list(got.values())[0]["message"],
           "the node has no route to it: Network is unreachable")
    finds(("routes", "note", 'service "web" frontend 10.96.0.1:80'),
          routes=[route(3), ack(ENETUNREACH)])
    for flags, word in (UP, "without carrier"), (0, "down"):
        got = finds(("routes", "problem", subject), devices=[
            *DEVICES[:2], device(3, "eth1", 1500, flags)])
        expect(word in list(got.values())[0]["message"], True)
    finds(routes=[route(1, kind=2), route(2)])
    # An endpoint that takes no connections needs no route.
    gone = with_members("web", frontend("10.96.0.1", 80),
                        endpoint("10.2.0.1", 8080),
                        endpoint("10.2.0.2", 8080, 1, 2))
    finds(services=[gone])


def mtu():
    subject = ("mtu", "note", 'service "web" endpoint 10.2.0.1:8080')
    narrow = [*DEVICES[:2], device(3, "eth1", 1450)]
    got = finds(subject, devices=narrow)
    expect("1450 bytes by eth1, but clients who come by eth0 may send 1500"
           in got[subject]["message"], True)
    finds(devices=narrow, addrs=ADDRS[:1])
    metric = nest(8, u32(2, 1400))
    finds(subject, routes=[route(3, metric), route(2)])
    finds(routes=[route(3, nest(8, u32(2, 1600))), route(2)])
    finds(routes=[route(1, kind=2), route(2)], devices=narrow)


def external():
    def one(packets, *answers, address="203.0.113.9", kind=2):
        return dict(services=[with_members(
            "web", frontend(address, 80, fe_counters(packets), kind=kind),
            endpoint("10.2.0.1", 8080))],
            routes=[route(3), route(2), *answers])

    subject = ("external", "note", 'service "web" frontend 203.0.113.9:80')
    got = finds(subject, **one(0, route(2)))
    expect("neighbours on eth0" in got[subject]["message"], True)
    got = finds(subject, **one(0, route(2, GATEWAY)))
    expect("routers must send it here" in got[subject]["message"], True)
    finds(subject, **one(0, route(2), kind=1))
    finds(**one(5, route(2)))
    finds(**one(0, route(2), kind=0))
    finds(**one(0, route(1, kind=2)))
    finds(**one(0, route(2), address="10.0.0.1"))


def limits():
    def one(live, most):
        return dict(stats=[u64(K["STAT_FLOW_LIVE"], live)],
                    config=[u32(K["CONFIG_A_MAX_FLOWS"], most)])

    finds(**one(899, 1000))
    finds(("limits", "problem", "max-flows"), **one(900, 1000))
    finds(("limits", "note", "max-affinity"),
          stats=[u64(K["STAT_AFFINITY_LIVE"], 10)],
          config=[u32(K["CONFIG_A_MAX_AFFINITY"], 10)])


def rivals():
    modules = {**HEALTHY, "/proc/net/ip_tables_names": "nat\n"}
    save = "*nat\n:PREROUTING ACCEPT [0:0]\n:{} - [0:0]\nCOMMIT\n"
    finds(node={**modules, "iptables-legacy-save":
                save.format("KUBE-KUBELET-CANARY")})
    finds(("kube-proxy", "note", None), node={
        **modules, "iptables-legacy-save": save.format("KUBE-SVC-ABC")})
    finds(("kube-proxy", "note", None), node={
        **modules, "iptables-save": save.format("KUBE-SERVICES")})
    head = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress" \
        ":Port Scheduler Flags\n  -> RemoteAddress:Port\n"
    ipvs = ("ipvs", "note", None)
    finds(node={**HEALTHY, "/proc/net/ip_vs": head})
    got = finds(ipvs, node={**HEALTHY, "/proc/net/ip_vs": head +
                            "TCP  0A600002:0050 rr\n  -> 0A020001:1F90\n"
                            "UDP  [fd00:0000::0001]:0035 rr\n"})
    expect("2 virtual services, such as 10.96.0.2:80" in
           got[ipvs]["message"], True)
    got = finds(ipvs, node={**HEALTHY, "/proc/net/ip_vs": head +
                            "TCP  0A600001:0050 rr\n"})
    expect('service "web" frontend 10.96.0.1:80, too' in
           got[ipvs]["message"], True)
    finds(("ipvs", "note", "kube-ipvs0"), devices=[
        *DEVICES, device(9, "kube-ipvs0", 1500, 0)])


def for_people():
    """The worst first, and of many only some."""
    many = [with_members(f"s{i:02}", frontend(f"10.96.0.{i}", 80))
            for i in range(30)]
    ran = Run(["-c", "doctor"], reply(nest(K["A_CONFIG"]), flags=0), ack(),
              reply(nest(K["A_STATS"]), flags=0), ack(),
              b"".join(many) + done(), b"".join(DEVICES) + done(),
              b"".join(ADDRS) + done(), *[route(2)] * 30,
              node={**LOADED, **FORWARDS,
                    "/proc/net/ip_vs": "TCP 0A600001:0050 rr\n"})
    lines = ran.out.replace("\033[0m", "").splitlines()
    expect((ran.code, ran.err), (2, ""))
    expect(lines[1].split()[0], "\033[31mproblem")
    expect(sum("connections are refused" in line for line in lines), 10)
    expect(sum("and 20 more, see svcctl -j doctor" in line
               for line in lines), 1)
    order = [line.split()[0] for line in lines
             if line.startswith("\033[3")]
    expect(order, ["\033[31mproblem"] * 11 + ["\033[33mnote"] +
           ["\033[32mok"] * 14)


def nothing_for_the_terminal():
    """What others have written is shown in a table."""
    node = {**HEALTHY, "/sys/module/svcnat/version": "0.9\x1b[2J\x7f\n"}
    ran = Run(["doctor"], reply(nest(K["A_CONFIG"]), flags=0), ack(),
              reply(nest(K["A_STATS"]), flags=0), ack(), WEB + done(),
              b"".join(DEVICES) + done(), b"".join(ADDRS) + done(), node=node)
    expect("the module is version 0.9?[2J? and svcctl" in ran.out, True,
           ran.out)


def no_routes():
    """Whatever the kernel does not tell, there is an end."""
    for broken in [(), (b"\0" * 8,), (message(NEWLINK, MULTI, b"\0\0"),
                                      done()),
                   (b"".join(DEVICES) + done(), message(NEWADDR, MULTI, b""),
                    done())]:
        ran = Run(["-j", "doctor"], reply(nest(K["A_CONFIG"]), flags=0),
                  ack(), reply(nest(K["A_STATS"]), flags=0), ack(),
                  WEB + done(), *broken, node=HEALTHY)
        expect(ran.err, "")
        json.loads(ran.out)


if __name__ == "__main__":
    main(health, no_module, versions, kernels, forwarding, rp_filter,
         conntrack, bridges, ports, listeners, usable_endpoints, policies,
         routes, mtu, external, limits, rivals, for_people,
         nothing_for_the_terminal, no_routes)
