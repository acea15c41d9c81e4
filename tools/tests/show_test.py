#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""All else that svcctl shows, and how it prints."""
import os

from messages import (DUMP, EINVAL, INTR, K, MULTI, REQUEST, Run, ack, addr,
                      done, endpoint, expect, expect_request, flow, nest,
                      port, range_list, reply, service, shown_service, u32,
                      u64, u8, main)


def affinity_show():
    def entry(client, *attrs):
        return nest(K["A_AFFINITY"],
                    addr(K["AFFINITY_A_CLIENT4"], client),
                    u32(K["AFFINITY_A_EXPIRES"], 60), *attrs)

    ran = Run(["-j", "-s", "affinity", "show"],
              reply(service("b"), entry("10.9.0.1")) +
              reply(service("a"), entry("10.9.0.10")) +
              reply(service("a"), entry(
                  "10.9.0.2", addr(K["AFFINITY_A_ENDPOINT4"], "10.1.1.1"),
                  port(K["AFFINITY_A_ENDPOINT_PORT"], 80))), done())
    expect(ran.json(), [
        {"service": "a", "client": "10.9.0.2", "endpoint": "10.1.1.1",
         "endpoint_port": 80, "expires": 60},
        {"service": "a", "client": "10.9.0.10", "endpoint": None,
         "endpoint_port": None, "expires": 60},
        {"service": "b", "client": "10.9.0.1", "endpoint": None,
         "endpoint_port": None, "expires": 60}])
    expect_request(ran, "CMD_AFFINITY_GET", flags=REQUEST | DUMP)
    # The table moved while it was read.
    ran = Run(["-j", "affinity", "show"],
              reply(service("a"), entry("10.9.0.1"), flags=MULTI | INTR),
              done(flags=MULTI | INTR),
              reply(service("a"), entry("10.9.0.2")), done())
    expect([one["client"] for one in ran.json()], ["10.9.0.2"])


def flow_show():
    ran = Run(["-j", "flow", "show", "a"],
              reply(service("a"), flow(), flow(7, 17), flow(3, 132)), done())
    tcp = {"service": "a", "protocol": "tcp", "client": "10.9.0.1",
           "client_port": 40000, "vip": "10.96.0.1", "vip_port": 80,
           "endpoint": "10.1.1.1", "endpoint_port": 8080, "snat": None,
           "snat_port": None, "state": "established", "idle": 3}
    expect(ran.json(), [tcp, dict(tcp, protocol="udp", state="stream"),
                        dict(tcp, protocol="sctp", state="closing")])
    expect_request(ran, "CMD_FLOW_GET", service("a"), flags=REQUEST | DUMP)
    expect(Run(["-j", "flow", "show"], done()).json(), [])
    ran = Run(["-j", "flow", "show"], reply(flow(), flags=MULTI | INTR),
              done(flags=MULTI | INTR))
    expect(ran.json(), [dict(tcp, service=None)])
    ran = Run(["flow", "show"], reply(service("a"), flow()), done())
    expect([line.split() for line in ran.out.splitlines()],
           [["PROTO", "CLIENT", "VIP", "ENDPOINT", "SNAT", "STATE", "IDLE",
             "SERVICE"],
            ["tcp", "10.9.0.1:40000", "10.96.0.1:80", "10.1.1.1:8080", "-",
             "established", "3s", "a"]])
    ran = Run(["-j", "flow", "show"], reply(flow()), done(-EINVAL))
    expect((ran.code, ran.err), (2, "svcctl: flow: Invalid argument\n"))


def config_show():
    values = nest(K["A_CONFIG"], u32(K["CONFIG_A_MAX_FLOWS"], 262144),
                  u32(K["CONFIG_A_TIMEOUT_TCP_ESTABLISHED"], 86400),
                  u32(K["CONFIG_A_TIMEOUT_UDP"], 30))
    got = Run(["-j", "config", "show"], reply(values, flags=0), ack()).json()
    expect(list(got[0]), """pod-cidr service-cidr nodeport-addresses
        masquerade-all snat-ports max-services max-endpoints max-flows
        max-affinity timeout-tcp-established timeout-tcp-transitory
        timeout-tcp-closing timeout-udp timeout-udp-stream timeout-sctp
        fastpath""".split())
    expect({key: value for key, value in got[0].items()
            if value is not None},
           {"max-flows": 262144, "timeout-tcp-established": 86400,
            "timeout-udp": 30})
    out = Run(["config", "show"], reply(values, flags=0), ack()).out
    expect([line.split()[1] for line in out.splitlines()],
           "VALUE - - - - - - - 262144 - 24h - - 30s - - -".split())


def config_lists():
    """An empty list is not one that the module does not have."""
    values = nest(K["A_CONFIG"],
                  range_list(K["CONFIG_A_POD_CIDR"], "fd00::/8",
                             "10.0.0.0/8"),
                  range_list(K["CONFIG_A_SERVICE_CIDR"]),
                  u8(K["CONFIG_A_MASQUERADE_ALL"], 1),
                  u32(K["CONFIG_A_TIMEOUT_SCTP"], 7200))
    got = Run(["-j", "config", "show"], reply(values, flags=0), ack()).json()
    expect(got[0]["masquerade-all"] is True, True)
    expect({key: value for key, value in got[0].items()
            if value is not None},
           {"pod-cidr": ["10.0.0.0/8", "fd00::/8"], "service-cidr": [],
            "masquerade-all": True, "timeout-sctp": 7200})
    out = Run(["config", "show"], reply(values, flags=0), ack()).out
    shown = dict(line.split() for line in out.splitlines())
    expect([shown[key] for key in ("pod-cidr", "service-cidr",
                                   "nodeport-addresses", "masquerade-all",
                                   "timeout-sctp")],
           ["10.0.0.0/8,fd00::/8", "none", "-", "on", "2h"])
    off = nest(K["A_CONFIG"], u8(K["CONFIG_A_MASQUERADE_ALL"], 0))
    # The last one counts.
    ran = Run(["-j", "config", "show"], reply(values, flags=0) +
              reply(off, flags=0), ack())
    expect(ran.json()[0]["masquerade-all"] is False, True)
    expect(ran.json()[0]["pod-cidr"], None)
    ran = Run(["config", "show"], reply(off, flags=0), ack())
    expect(ran.out.splitlines()[4].split(), ["masquerade-all", "off"])


def stats_show():
    ran = Run(["-j", "stats", "show"],
              reply(nest(K["A_STATS"], u64(K["STAT_RX"], 5),
                         u64(K["STAT_AFFINITY_FULL"], 6),
                         u64(K["__STAT_MAX"], 7)), flags=0), ack())
    names = [name[len("STAT_"):].lower() for name in K
             if name.startswith("STAT_")][2:]
    got = ran.json()[0]
    expect(list(got), names)
    expect((got["rx"], got["affinity_full"], got["flow_live"]), (5, 6, None))
    expect_request(ran, "CMD_STATS_GET")


def colours():
    """On a terminal, unless the user would not have them."""
    def coloured(*options, terminal=True, no_color=None):
        if no_color is not None:
            os.environ["NO_COLOR"] = no_color
        master, slave = os.openpty()
        replies = [reply(shown_service("a", 0, 1)) +
                   reply(service("a"), endpoint("10.0.0.1", 80)) + done()]
        ran = Run([*options, "endpoint", "show"], *replies,
                  stdout=slave if terminal else None)
        os.environ.pop("NO_COLOR", None)
        expect((ran.code, ran.err), (0, ""))
        out = os.read(master, 4096).decode() if terminal else ran.out
        os.close(master)
        os.close(slave)
        return "\033[1m" in out and "\033[32mready\033[0m" in out

    os.environ.pop("NO_COLOR", None)
    expect(coloured(), True)
    expect(coloured(terminal=False), False)
    expect(coloured(no_color="1"), False)
    expect(coloured(no_color=""), True)
    expect(coloured("-c=auto"), True)
    expect(coloured("-c=auto", terminal=False), False)
    expect(coloured("-c=never"), False)
    expect(coloured("--color=never"), False)
    expect(coloured("-c=always", no_color="1"), True)
    expect(coloured("-c", terminal=False), True)
    expect(coloured("--color", terminal=False), True)


def full_disk():
    with open("/dev/full", "w", encoding="ascii") as full:
        for words in [["service", "show"], ["-j", "flow", "show"]]:
            ran = Run(words, done(), stdout=full)
            expect((ran.code, ran.err),
                   (1, "svcctl: cannot write the output: "
                       "No space left on device\n"))
        ran = Run(["flow", "show"], *[reply(*[flow()] * 50)] * 100,
                  stdout=full)
        expect(ran.code, 1)
        expect(len(ran.err.splitlines()), 1, ran.err)


if __name__ == "__main__":
    main(affinity_show, flow_show, config_show, config_lists, stats_show,
         colours, full_disk)
