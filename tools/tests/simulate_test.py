#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""svcctl simulate: what it asks, and what it makes of the answer."""
import json
import socket
import subprocess

from messages import (DUMP, EINVAL, INTR, K, MULTI, REQUEST, Run, ack, addr,
                      attr, done, endpoint, expect, expect_request, nest,
                      port, reply, sentence, service, u32, u8, main)


def query(proto, source, source_port, to, to_port, *attrs):
    return nest(K["A_QUERY"], u8(K["QUERY_A_PROTO"], proto),
                addr(K["QUERY_A_SRC4"], source),
                port(K["QUERY_A_SRC_PORT"], source_port),
                addr(K["QUERY_A_DST4"], to),
                port(K["QUERY_A_DST_PORT"], to_port), *attrs)


def answer(verdict, reason=0, policy=None, hit=0, masquerade=0):
    verdict = ["accept", "dnat", "drop", "reject"].index(verdict)
    return nest(K["A_ANSWER"], u8(K["ANSWER_A_VERDICT"], verdict),
                u32(K["ANSWER_A_REASON"], reason),
                *([] if policy is None else
                  [u8(K["ANSWER_A_POLICY"], policy)]),
                u8(K["ANSWER_A_AFFINITY_HIT"], hit),
                u8(K["ANSWER_A_MASQUERADE"], masquerade))


def simulate_requests():
    for words, want in [
            ("tcp 10.9.0.1:40000 10.96.0.1:80",
             query(6, "10.9.0.1", 40000, "10.96.0.1", 80)),
            ("udp [fd00::1]:0 [fd00::2]:53 local",
             query(17, "fd00::1", 0, "fd00::2", 53,
                   attr(K["QUERY_A_LOCAL"]))),
            ("sctp 10.9.0.1:1 10.96.0.1:2 iif lo",
             query(132, "10.9.0.1", 1, "10.96.0.1", 2,
                   u32(K["QUERY_A_IIF"], socket.if_nametoindex("lo"))))]:
        ran = Run(["simulate", *words.split()],
                  reply(answer("accept")) + done())
        expect((ran.code, ran.err), (0, ""), words)
        expect_request(ran, "CMD_SIMULATE", want, flags=REQUEST | DUMP)


def simulate_device():
    """Its name is of the network namespace that the question is about."""
    words = ["simulate", "tcp", "10.9.0.1:1", "10.96.0.1:2", "iif"]
    for device in "no-such-device", "", "x" * 3000:
        ran = Run([*words, device])
        expect((ran.code, ran.out, ran.err, ran.requests),
               (1, "", f'svcctl: unknown network device "{device[:200]}"\n',
                []))
    with subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; read -r _"],
                          text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as other:
        entered = other.stdout.readline()
        ran = Run(["-N", f"/proc/{other.pid}/ns/net", *words, "lo"],
                  reply(answer("accept")) + done())
        away = [Run(["-N", f"/proc/{other.pid}/ns/net", *words, name])
                for _, name in socket.if_nameindex() if name != "lo"]
        other.stdin.close()
    if not entered:
        return      # for want of permission
    expect((ran.code, ran.err), (0, ""))
    expect([one.code for one in away], [1] * len(away))


def simulate():
    words = ["simulate", "tcp", "10.9.0.1:40000", "10.96.0.1:80"]

    def verdict(*replies, name=None):
        """Without the endpoints."""
        ran = Run(["-j", *words], *replies)
        got, = ran.json()
        expect(list(got), ["verdict", "reason", "service", "endpoints",
                           "affinity_hit", "masquerade"])
        expect(got.pop("service"), name)
        expect(got.pop("endpoints"), [])
        expect((type(got.pop("affinity_hit")), type(got.pop("masquerade"))),
               (bool, bool))
        return got["verdict"], got["reason"]

    expect(verdict(reply(answer("accept")) + done()),
           ("accept", "no-frontend"))
    for stat, number in K.items():
        kind, _, reason = stat.removeprefix("STAT_").lower().partition("_")
        if stat.startswith("STAT_") and kind in ("drop", "reject"):
            expect(verdict(reply(service("a"), answer(kind, number)), done(),
                           name="a"),
                   (kind, reason.replace("_", "-")))
    for number in 0, K["STAT_RX"], K["STAT_FLOW_LIVE"], K["__STAT_MAX"], \
            2**32 - 1:
        expect(verdict(reply(answer("drop", number)), done()),
               ("drop", "unknown"))

    def to(address, number, masquerade):
        return nest(K["A_ENDPOINT"], addr(K["ENDPOINT_A_ADDR4"], address),
                    port(K["ENDPOINT_A_PORT"], number),
                    u8(K["ENDPOINT_A_MASQUERADE"], masquerade))

    def drawn(**kwargs):
        return reply(service("a/b"), answer("dnat", 0, **kwargs)) + \
            reply(service("a/b"), to("10.1.1.10", 80, 0)) + \
            reply(service("a/b"), to("10.1.1.9", 80, 1)) + done()

    endpoints = [{"address": "10.1.1.9", "port": 80, "masquerade": True},
                 {"address": "10.1.1.10", "port": 80, "masquerade": False}]
    for kwargs, reason, hit, masquerade in [
            ({"policy": 0, "masquerade": 1}, "cluster-list", False, True),
            ({"policy": 1}, "local-list", False, False),
            ({"policy": 0, "hit": 1}, "affinity", True, False),
            ({"policy": 1, "hit": 1}, "affinity", True, False)]:
        ran = Run(["-j", *words], drawn(**kwargs))
        expect(json.dumps(ran.json()), json.dumps([
            {"verdict": "dnat", "reason": reason, "service": "a/b",
             "endpoints": endpoints, "affinity_hit": hit,
             "masquerade": masquerade}]))
    # All in one message.
    ran = Run(["-j", *words], reply(service("a"), answer("dnat", policy=1),
                                    to("fd00::1", 1, 0)) + done())
    expect(ran.json()[0]["endpoints"],
           [{"address": "fd00::1", "port": 1, "masquerade": False}])
    ran = Run(words, drawn(policy=1))
    expect([line.split() for line in ran.out.splitlines()],
           [["VERDICT", "REASON", "SERVICE", "ENDPOINT", "MASQUERADE"],
            ["dnat", "local-list", "a/b", "10.1.1.9:80", "yes"],
            ["dnat", "local-list", "a/b", "10.1.1.10:80", "no"]])
    ran = Run(words, reply(service("a"), answer(
        "reject", K["STAT_REJECT_NO_ENDPOINT"])) + done())
    expect(ran.out.splitlines()[1].split(),
           ["reject", "no-endpoint", "a", "-", "-"])
    ran = Run(words, reply(answer("accept")) + done())
    expect(ran.out.splitlines()[1].split(),
           ["accept", "no-frontend", "-", "-", "-"])


def simulate_failures():
    words = ["-j", "simulate", "tcp", "10.9.0.1:40000", "10.96.0.1:80"]
    text = "svcctl: the module gave no answer: svcctl and module do not fit\n"
    for none in [done(), reply(service("a")) + done(),
                 reply(nest(K["A_ANSWER"], u8(K["ANSWER_A_POLICY"], 0))) +
                 done(),
                 reply(service("a"), endpoint("10.0.0.1", 80)) + done()]:
        ran = Run(words, none)
        expect((ran.code, ran.out, ran.err), (2, "", text))
    for at, name in (24, "protocol"), (32, "source"), (40, "source port"), \
            (48, "destination"), (56, "destination port"):
        ran = Run(words, ack(EINVAL, sentence("no"), u32(2, at)))
        expect((ran.code, ran.err), (2, f"svcctl: simulate: no ({name})\n"))
    ran = Run(words + ["local"], ack(EINVAL, sentence("no"), u32(2, 64)))
    expect(ran.err, "svcctl: simulate: no (local)\n")
    # What changed meanwhile is asked again.
    broken = reply(answer("accept"), endpoint("10.0.0.1", 80),
                   flags=MULTI | INTR) + done(flags=MULTI | INTR)
    got = Run(words, broken, reply(answer("drop", K["STAT_DROP_ROUTE"])) +
              done()).json()[0]
    expect((got["verdict"], got["endpoints"]), ("drop", []))
    ran = Run(words, broken, done())
    expect((ran.code, ran.out, ran.err), (2, "", text))
    # But not for ever.
    ran = Run(words, *[broken] * 200)
    expect((ran.code, json.loads(ran.out)[0]["verdict"], ran.err),
           (0, "accept", "svcctl: the service changed each time it was asked "
            "about: the answer is of several moments\n"))
    if not 20 < len(ran.requests) < 60:
        raise AssertionError(f"tried {len(ran.requests)} times")


if __name__ == "__main__":
    main(simulate_requests, simulate_device, simulate, simulate_failures)
