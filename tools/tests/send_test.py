#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""What svcctl sends, in the words of a command."""

from messages import (DUMP, ENOENT, K, REQUEST, Run, ack, addr, allow, done,
                      endpoint, expect, expect_request, frontend,
                      full_service, nest, nodeport, port, range_list, reply,
                      sentence, service, shown_service, u32, u8, main)


def service_add():
    ran = Run(["service", "add", "default/web", "tcp", "10.96.0.10:80",
               "affinity", "3h", "endpoint", "10.1.1.1:8080", "weight", "3",
               "state", "terminating", "local-only", "endpoint",
               "[fd00::1]:80", "frontend", "[fd00::10]:80", "kind",
               "cluster"], ack())
    expect((ran.code, ran.out, ran.err), (0, "", ""))
    expect_request(
        ran, "CMD_SERVICE_NEW", full_service("default/web", 6, 10800),
        nest(K["A_FRONTEND"], addr(K["FRONTEND_A_ADDR4"], "10.96.0.10"),
             port(K["FRONTEND_A_PORT"], 80)),
        frontend("fd00::10", 80),
        endpoint("10.1.1.1", 8080, 3, 1, 2),
        nest(K["A_ENDPOINT"], addr(K["ENDPOINT_A_ADDR4"], "fd00::1"),
             port(K["ENDPOINT_A_PORT"], 80)))


def other_requests():
    name = service("a/b")
    for words, command, attrs in [
            ("service replace a/b udp", "CMD_SERVICE_REPLACE",
             [full_service("a/b", 17)]),
            ("service set a/b affinity off scheduler random",
             "CMD_SERVICE_SET",
             [service("a/b", u32(K["SERVICE_A_AFFINITY"], 0),
                      u8(K["SERVICE_A_SCHEDULER"], 0))]),
            ("service add a/b sctp scheduler lc internal-policy local",
             "CMD_SERVICE_NEW",
             [full_service("a/b", 132, options=(2, 1, 0, 0))]),
            ("service replace a/b tcp external-policy local "
             "scheduler maglev on-removal reset", "CMD_SERVICE_REPLACE",
             [full_service("a/b", 6, options=(3, 0, 1, 1))]),
            ("service set a/b on-removal reset scheduler rr "
             "external-policy local internal-policy cluster",
             "CMD_SERVICE_SET",
             [service("a/b", u8(K["SERVICE_A_SCHEDULER"], 1),
                      u8(K["SERVICE_A_INTERNAL_POLICY"], 0),
                      u8(K["SERVICE_A_EXTERNAL_POLICY"], 1),
                      u8(K["SERVICE_A_ON_REMOVAL"], 1))]),
            ("service del a/b", "CMD_SERVICE_DEL", [name]),
            ("service flush", "CMD_SERVICE_FLUSH", []),
            ("frontend add a/b 10.0.0.1:1 kind cluster", "CMD_FRONTEND_NEW",
             [name, frontend("10.0.0.1", 1)]),
            ("frontend del a/b [::2]:65535", "CMD_FRONTEND_DEL",
             [name, nest(K["A_FRONTEND"], addr(K["FRONTEND_A_ADDR4"], "::2"),
                         port(K["FRONTEND_A_PORT"], 65535))]),
            ("endpoint add a/b 10.0.0.1:1 weight 0 state ready local",
             "CMD_ENDPOINT_NEW", [name, endpoint("10.0.0.1", 1, 0, 0, 1)]),
            ("endpoint set a/b 10.0.0.1:1 state unready", "CMD_ENDPOINT_SET",
             [name, nest(K["A_ENDPOINT"],
                         addr(K["ENDPOINT_A_ADDR4"], "10.0.0.1"),
                         port(K["ENDPOINT_A_PORT"], 1),
                         u8(K["ENDPOINT_A_STATE"], 2))]),
            ("endpoint del a/b 10.0.0.1:1", "CMD_ENDPOINT_DEL",
             [name, nest(K["A_ENDPOINT"],
                         addr(K["ENDPOINT_A_ADDR4"], "10.0.0.1"),
                         port(K["ENDPOINT_A_PORT"], 1))]),
            ("affinity flush", "CMD_AFFINITY_FLUSH", []),
            ("affinity flush a/b", "CMD_AFFINITY_FLUSH", [name]),
            ("flow flush", "CMD_FLOW_FLUSH", []),
            ("flow flush a/b", "CMD_FLOW_FLUSH", [name]),
            ("config set timeout-udp 5m max-flows 4294967295",
             "CMD_CONFIG_SET",
             [nest(K["A_CONFIG"], u32(K["CONFIG_A_MAX_FLOWS"], 2**32 - 1),
                   u32(K["CONFIG_A_TIMEOUT_UDP"], 300))]),
            ("config set masquerade-all on timeout-sctp 2h pod-cidr "
             "10.244.0.0/16,fd00::/8,10.1.1.1", "CMD_CONFIG_SET",
             [nest(K["A_CONFIG"], u32(K["CONFIG_A_TIMEOUT_SCTP"], 7200),
                   range_list(K["CONFIG_A_POD_CIDR"], "10.244.0.0/16",
                              "fd00::/8", "10.1.1.1/32"),
                   u8(K["CONFIG_A_MASQUERADE_ALL"], 1))]),
            ("config set service-cidr none nodeport-addresses 10.0.0.0/8 "
             "masquerade-all off", "CMD_CONFIG_SET",
             [nest(K["A_CONFIG"], range_list(K["CONFIG_A_SERVICE_CIDR"]),
                   range_list(K["CONFIG_A_NODEPORT_ADDRESSES"],
                              "10.0.0.0/8"),
                   u8(K["CONFIG_A_MASQUERADE_ALL"], 0))])]:
        ran = Run(words.split(), ack())
        expect((ran.code, ran.out, ran.err), (0, "", ""), words)
        expect_request(ran, command, *attrs)


def frontend_kinds():
    ran = Run(["service", "add", "a/b", "tcp", "frontend", "nodeport",
               "30080", "10.0.0.1:80", "allow", "10.0.0.0/8", "kind", "lb",
               "allow", "fd00::/8", "frontend", "[fd00::1]:80", "kind",
               "external", "frontend", "nodeport", "0", "endpoint",
               "10.1.1.1:80", "local"], ack())
    expect((ran.code, ran.out, ran.err), (0, "", ""))
    expect_request(
        ran, "CMD_SERVICE_NEW", full_service("a/b"), nodeport(30080),
        frontend("10.0.0.1", 80, allow("10.0.0.0/8", "fd00::/8"), kind=2),
        frontend("fd00::1", 80, kind=1), nodeport(0),
        nest(K["A_ENDPOINT"], addr(K["ENDPOINT_A_ADDR4"], "10.1.1.1"),
             port(K["ENDPOINT_A_PORT"], 80), u8(K["ENDPOINT_A_PLACE"], 1)))
    name = service("a/b")
    for words, command, attrs in [
            ("frontend add a/b nodeport 30080", "CMD_FRONTEND_NEW",
             nodeport(30080)),
            ("frontend del a/b nodeport 65535", "CMD_FRONTEND_DEL",
             nodeport(65535)),
            ("frontend add a/b [fd00::1]:80 kind external",
             "CMD_FRONTEND_NEW", frontend("fd00::1", 80, kind=1)),
            ("frontend add a/b 10.0.0.1:80 kind lb allow 10.1.1.1 "
             "allow ::/0 allow fd00::1 allow 0.0.0.0/0", "CMD_FRONTEND_NEW",
             frontend("10.0.0.1", 80,
                      allow("10.1.1.1/32", "::/0", "fd00::1/128",
                            "0.0.0.0/0"), kind=2))]:
        ran = Run(words.split(), ack())
        expect((ran.code, ran.out, ran.err), (0, "", ""), words)
        expect_request(ran, command, name, attrs)


def many_ranges():
    """As many as there may be are sent and shown whole; not one more."""
    texts = [f"fd00:1111:2222:3333:4444:5555:6666:{i:x}/128"
             for i in range(0x1000, 0x1200)]
    words = ["frontend", "add", "a", "10.0.0.1:80", "kind", "lb"]
    for text in texts:
        words += ["allow", text]
    sent = frontend("10.0.0.1", 80, allow(*texts), kind=2)
    ran = Run(words, ack())
    expect((ran.code, ran.err), (0, ""))
    expect_request(ran, "CMD_FRONTEND_NEW", service("a"), sent)
    ran = Run(words + ["allow", "10.0.0.0/8"], ack())
    expect((ran.code, ran.err, ran.requests),
           (1, "svcctl: frontend add: allow has more than 512 ranges\n", []))
    shown = reply(shown_service("a", 1, 0)) + \
        reply(service("a"), sent) + done()
    expect(Run(["-j", "frontend", "show"], shown).json()[0]["allow"], texts)
    expect(Run(["frontend", "show"], shown).out.splitlines()[1].split(),
           ["a", "10.0.0.1:80", "lb", ",".join(texts)])
    ran = Run(["config", "set", "pod-cidr", ",".join(texts),
               "service-cidr", ",".join(texts), "nodeport-addresses",
               ",".join(texts)], ack())
    expect((ran.code, ran.err), (0, ""))
    values = nest(K["A_CONFIG"], *[
        range_list(K[f"CONFIG_A_{key}"], *texts)
        for key in ("POD_CIDR", "SERVICE_CIDR", "NODEPORT_ADDRESSES")])
    expect_request(ran, "CMD_CONFIG_SET", values)
    ran = Run(["config", "set", "pod-cidr",
               ",".join(texts) + ",10.0.0.0/8"], ack())
    expect((ran.code, ran.err, ran.requests),
           (1, "svcctl: config set: pod-cidr has more than 512 ranges\n",
            []))
    ran = Run(["config", "show"], reply(values, flags=0), ack())
    expect(ran.out.splitlines()[2].split(), ["service-cidr", ",".join(texts)])
    # Each frontend has its own.
    words = ["service", "add", "a", "tcp"]
    for i in range(100):
        words += ["frontend", f"10.0.0.{i}:80"]
        for text in texts[:20]:
            words += ["allow", text]
    ran = Run(words, ack())
    expect((ran.code, ran.err), (0, ""))
    expect_request(ran, "CMD_SERVICE_NEW", full_service("a"), *[
        nest(K["A_FRONTEND"], addr(K["FRONTEND_A_ADDR4"], f"10.0.0.{i}"),
             port(K["FRONTEND_A_PORT"], 80), allow(*texts[:20]))
        for i in range(100)])


def large_service():
    words = ["service", "replace", "big", "tcp"]
    want = [full_service("big")]
    for i in range(65535):
        words += ["endpoint", f"10.{i >> 8}.{i & 255}.1:80"]
        want.append(nest(K["A_ENDPOINT"],
                         addr(K["ENDPOINT_A_ADDR4"],
                              f"10.{i >> 8}.{i & 255}.1"),
                         port(K["ENDPOINT_A_PORT"], 80)))
    ran = Run(["-b", "-"], ack(), stdin=" ".join(words) + "\n")
    expect((ran.code, ran.err), (0, ""))
    expect_request(ran, "CMD_SERVICE_REPLACE", *want)


def batch():
    ran = Run(["-j", "-b", "-"], done(), ack(), done(),
              stdin="service show\n# nothing\n\n  service flush # all\n"
              'service "show"\n')
    expect((ran.code, ran.out, ran.err), (0, "[]\n[]\n", ""))
    expect(len(ran.requests), 3)
    ran = Run(["-b", "-"], ack(), ack(ENOENT, sentence("no such service")),
              stdin="service flush\n\nservice del x\nservice flush\n")
    expect((ran.code, ran.err),
           (2, '-:3: service "x": no such service\n'))
    # The last one asks whether another service was meant.
    expect(len(ran.requests), 3)
    expect_request(ran, "CMD_SERVICE_GET", number=2, flags=REQUEST | DUMP)


if __name__ == "__main__":
    main(service_add, other_requests, frontend_kinds, many_ranges,
         large_service, batch)
