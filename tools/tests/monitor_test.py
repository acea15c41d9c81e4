#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Events as svcctl prints them, and what it does when some are lost."""
import json
import os
import struct

from messages import (FAMILY, K, PAUSE, Run, addr, allow, attr, config,
                      done, endpoint, expect, frontend, full_service, keys,
                      main, message, nest, nodeport, port, service, shown, u32)

# What there is when it starts: as in a new netns.
START = config(), done()
LOST = b""
COMPLAINT = "svcctl: monitor: events came faster than they were read, and " \
    "some are lost: what they changed follows\n"


def event(kind, *attrs):
    return message(FAMILY, 0, struct.pack("=BBH", K[f"CMD_{kind}_NTF"], 1, 0) +
                   b"".join(attrs))


def counted(name, affinity=0, options=(0, 0, 0, 0)):
    """A service as events have it: with the number of its members."""
    return full_service(name, 6, affinity, u32(K["SERVICE_A_FRONTENDS"], 1),
                        u32(K["SERVICE_A_ENDPOINTS"], 2), options=options)


def place(address):
    return nest(K["A_ENDPOINT"], addr(K["ENDPOINT_A_ADDR4"], address),
                port(K["ENDPOINT_A_PORT"], 80))


WEB = service("web")
EVENTS = [
    event("ADD", counted("web", 60, (2, 0, 0, 1))),
    event("ADD", WEB, frontend("10.96.0.1", 80)),
    event("ADD", WEB, nodeport(30080)),
    event("ADD", WEB, endpoint("10.0.0.1", 80)),
    event("ADD", WEB, endpoint("10.0.0.2", 80, 3, 1, 1)),
    event("CHANGE", WEB, endpoint("10.0.0.1", 80)),
    event("CHANGE", WEB,
          frontend("10.96.0.1", 80, allow("10.0.0.0/8"), kind=2)),
    event("CHANGE", counted("web")),
    event("CHANGE", keys(TIMEOUT_UDP=31, pods=["fd00::/8", "10.0.0.0/8"])),
    event("DEL", WEB, place("10.0.0.1")),
    event("DEL", WEB, frontend("10.96.0.1", 80)),
    event("DEL", counted("web")),
]
LINES = [
    "add service web tcp affinity 1m scheduler lc on-removal reset",
    "add frontend web 10.96.0.1:80",
    "add frontend web nodeport 30080",
    "add endpoint web 10.0.0.1:80",
    "add endpoint web 10.0.0.2:80 weight 3 state terminating local",
    "change endpoint web 10.0.0.1:80 weight 1 state ready remote",
    "change frontend web 10.96.0.1:80 kind lb allow 10.0.0.0/8",
    "change service web tcp affinity off scheduler random internal-policy "
    "cluster external-policy cluster on-removal keep",
    "change config timeout-udp 31s",
    "change config pod-cidr 10.0.0.0/8,fd00::/8",
    "del endpoint web 10.0.0.1:80",
    "del frontend web 10.96.0.1:80",
    "del service web",
]


def text():
    ran = Run(["monitor"], *START, *EVENTS)
    expect((ran.code, ran.err), (0, ""))
    expect(ran.out.splitlines(), LINES)
    expect([ran.request(number)[1] for number in (0, 1)],
           [K["CMD_CONFIG_GET"], K["CMD_SERVICE_GET"]])
    expect(len(ran.requests), 2)
    # Several in one message, and times without any.
    ran = Run(["monitor"], *START, b"".join(EVENTS[:4]), PAUSE, PAUSE,
              b"".join(EVENTS[4:]))
    expect((ran.code, ran.err, ran.out.splitlines()), (0, "", LINES))
    ran = Run(["monitor"], *START)
    expect((ran.code, ran.out, ran.err), (0, "", ""))


def json_lines():
    ran = Run(["-j", "monitor"], *START, *EVENTS)
    expect((ran.code, ran.err), (0, ""))
    got = [json.loads(line) for line in ran.out.splitlines()]
    web = {"event": "add", "object": "service", "name": "web",
           "protocol": "tcp", "affinity": 60, "scheduler": "lc",
           "internal_policy": "cluster", "external_policy": "cluster",
           "on_removal": "reset", "frontends": None, "endpoints": None}
    plain = dict(web, affinity=0, scheduler="random", on_removal="keep")
    front = {"event": "add", "object": "frontend", "service": "web",
             "address": "10.96.0.1", "port": 80, "kind": "cluster",
             "allow": []}
    loud = dict(front, kind="lb", allow=["10.0.0.0/8"])
    end = {"event": "add", "object": "endpoint", "service": "web",
           "address": "10.0.0.1", "port": 80, "weight": 1, "state": "ready",
           "local": False, "local_only": False, "active": None}
    unknown = {key: None for key in ("weight", "state", "local",
                                     "local_only")}
    expect(got[:8], [
        web, front, dict(front, address=None, port=30080, kind="nodeport"),
        end, dict(end, address="10.0.0.2", weight=3, state="terminating",
                  local=True), dict(end, event="change"),
        dict(loud, event="change"), dict(plain, event="change")])
    expect(got[8]["timeout-udp"], 31)
    expect([got[8][key] for key in ("event", "object", "pod-cidr",
                                    "max-flows", "fastpath")],
           ["change", "config", ["10.0.0.0/8", "fd00::/8"], None, False])
    expect(got[9:], [dict(end, event="del", **unknown),
                     dict(front, event="del"), dict(plain, event="del")])
    expect([list(one)[:2] for one in got], [["event", "object"]] * 12)


THERE = shown("a", [frontend("10.96.0.1", 80)],
              [endpoint("10.0.0.1", 80), endpoint("10.0.0.2", 80)]) + \
    shown("b", [frontend("10.96.0.2", 80), nodeport(80)],
          [endpoint("10.0.0.1", 80)]) + shown("c")
NOW = shown("a", [frontend("10.96.0.1", 80, kind=1), frontend("fd00::1", 1)],
            [endpoint("10.0.0.2", 80, 5), endpoint("10.0.0.3", 80)]) + \
    shown("b", [nodeport(80)], [endpoint("10.0.0.1", 80)], affinity=60) + \
    shown("d", [frontend("10.96.0.2", 80)], [endpoint("10.0.0.9", 80)])
DIFFERENCE = [
    "change config timeout-udp 9s",
    "change frontend a 10.96.0.1:80 kind external",
    "add frontend a [fd00::1]:1",
    "del endpoint a 10.0.0.1:80",
    "change endpoint a 10.0.0.2:80 weight 5 state ready remote",
    "add endpoint a 10.0.0.3:80",
    "change service b tcp affinity 1m scheduler random internal-policy "
    "cluster external-policy cluster on-removal keep",
    "del frontend b 10.96.0.2:80",
    "del service c",
    "add service d tcp",
    "add frontend d 10.96.0.2:80",
    "add endpoint d 10.0.0.9:80",
]


def overrun():
    """What was lost shows, once; what leads there after that does not."""
    ran = Run(["monitor"], config(), THERE + done(), LOST, PAUSE,
              config(TIMEOUT_UDP=9), NOW + done(), PAUSE)
    expect((ran.code, ran.err), (0, COMPLAINT))
    expect(ran.out.splitlines(), DIFFERENCE)
    # What was not lost is not told again.
    seen = event("DEL", service("a"), place("10.0.0.1"))
    ran = Run(["monitor"], config(), THERE + done(), LOST, seen, PAUSE,
              config(TIMEOUT_UDP=9), NOW + done(),
              event("ADD", service("a"), endpoint("10.0.0.3", 80)),
              event("DEL", service("a"), place("10.0.0.1")),
              event("CHANGE", keys(TIMEOUT_UDP=9)),
              event("ADD", service("gone"), endpoint("10.0.0.7", 80)),
              event("DEL", service("gone"), frontend("10.96.0.7", 80)),
              event("DEL", counted("c")), event("ADD", counted("d")),
              event("ADD", service("d"), frontend("10.96.0.2", 80)),
              event("ADD", service("d"), endpoint("10.0.0.8", 80)), PAUSE,
              event("ADD", service("d"), endpoint("10.0.0.8", 80)))
    expect((ran.code, ran.err), (0, COMPLAINT))
    lines = DIFFERENCE.copy()
    lines.remove("del endpoint a 10.0.0.1:80")
    expect(ran.out.splitlines(),
           ["del endpoint a 10.0.0.1:80", *lines,
            *["add endpoint d 10.0.0.8:80"] * 2])
    # Again and again.
    ran = Run(["-j", "monitor"], config(), done(), LOST, LOST, PAUSE,
              config(), THERE + done(), LOST, PAUSE, config(), done(), PAUSE)
    expect((ran.code, ran.err), (0, COMPLAINT * 2))
    events = [json.loads(line) for line in ran.out.splitlines()]
    expect([(one["event"], one["object"]) for one in events],
           [("add", "service"), ("add", "frontend"), ("add", "endpoint"),
            ("add", "endpoint"), ("add", "service"), ("add", "frontend"),
            ("add", "frontend"), ("add", "endpoint"), ("add", "service")] +
           [("del", "service")] * 3)


def what_it_knows_is_kept_up():
    """Events make it know what there is: nothing is lost, nothing is told."""
    for there, events, now in [
            (b"", EVENTS[:5], shown(
                "web", [frontend("10.96.0.1", 80), nodeport(30080)],
                [endpoint("10.0.0.1", 80), endpoint("10.0.0.2", 80, 3, 1, 1)],
                affinity=60, options=(2, 0, 0, 1))),
            (b"", EVENTS, b""),
            (shown("web", [], [endpoint("10.0.0.3", 80)]), EVENTS[3:5] + [
                event("DEL", WEB, place("10.0.0.1")),
                event("ADD", WEB, endpoint("10.0.0.9", 80)),
                event("ADD", WEB, frontend("10.0.0.1", 1, allow("fd00::/8"),
                                           kind=2)),
                event("CHANGE", WEB, endpoint("10.0.0.3", 80, 9))],
             shown("web", [frontend("10.0.0.1", 1, allow("fd00::/8"),
                                    kind=2)],
                   [endpoint("10.0.0.2", 80, 3, 1, 1),
                    endpoint("10.0.0.3", 80, 9),
                    endpoint("10.0.0.9", 80)]))]:
        values = {"TIMEOUT_UDP": 31, "pods": ["fd00::/8", "10.0.0.0/8"]} \
            if len(events) > 9 else {}
        ran = Run(["monitor"], config(), there + done(), *events, LOST, PAUSE,
                  config(**values), now + done(), PAUSE)
        expect((ran.code, ran.err), (0, COMPLAINT))
        lines = ran.out.splitlines()
        expect(len(lines), len(events) + (1 if values else 0), lines)


def strange_events():
    """From a newer module, about what was lost, or malformed."""
    ran = Run(["monitor"], *START, event("ADD", service("x"),
                                         endpoint("10.0.0.1", 80)),
              message(FAMILY, 0, struct.pack("=BBH", 200, 1, 0)),
              event("ADD", attr(300, b"abc")), event("ADD"),
              event("DEL", WEB, place("10.0.0.1")), event("DEL", WEB))
    expect((ran.code, ran.err), (0, ""))
    expect(ran.out.splitlines(), [
        "add endpoint x 10.0.0.1:80", "del endpoint web 10.0.0.1:80",
        "del service web"])
    for bad in [event("ADD", service("a", attr(K["SERVICE_A_PROTO"]))),
                message(FAMILY, 0, b"")]:
        ran = Run(["monitor"], *START, bad)
        expect((ran.code, ran.out, ran.err),
               (2, "", "svcctl: an event of the module is malformed: svcctl "
                "and module do not fit\n"))


def the_module_goes():
    def gone(family):
        return message(16, 0, struct.pack("=BBH", 2, 2, 0) +
                       attr(1, struct.pack("=H", family)))

    ran = Run(["monitor"], *START, gone(0x21), EVENTS[0], gone(FAMILY))
    expect((ran.code, ran.out, ran.err),
           (3, LINES[0] + "\n", "svcctl: the svcnat module was unloaded\n"))


def nobody_reads():
    read, write = os.pipe()
    os.close(read)
    ran = Run(["monitor"], *START, *EVENTS, stdout=write)
    os.close(write)
    expect((ran.code, ran.err), (0, ""))
    with open("/dev/full", "w", encoding="ascii") as full:
        ran = Run(["monitor"], *START, *EVENTS, stdout=full)
    expect((ran.code, ran.err), (1, "svcctl: cannot write the output: No "
                                 "space left on device\n"))


if __name__ == "__main__":
    main(text, json_lines, overrun, what_it_knows_is_kept_up, strange_events,
         the_module_goes, nobody_reads)
