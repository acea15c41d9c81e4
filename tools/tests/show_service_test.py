#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Services, frontends and endpoints as svcctl shows them."""
import json

from messages import (DUMP, ENOENT, INTR, K, MULTI, REQUEST, Run, SERVICE_B,
                      ack, allow, attr, counters, done, endpoint, expect,
                      expect_request, frontend, full_service, generation,
                      nodeport, reply, sentence, service, shown_service, u64,
                      main)


WITH_FRONTENDS = attr(K["A_WITH_FRONTENDS"])
WITH_ENDPOINTS = attr(K["A_WITH_ENDPOINTS"])
WITH_BOTH = WITH_FRONTENDS + WITH_ENDPOINTS


def service_show():
    replies = [
        reply(shown_service("b", 0, 0), generation(7)) +
        reply(shown_service("a", 4, 2, proto=6, affinity=10800),
              generation(3)) +
        reply(service("a"), frontend("fd00::1", 80), generation(3)) +
        reply(service("a"), frontend("10.0.0.1", 81), generation(3)),
        reply(service("a"), frontend("9.0.0.1", 81), generation(3)) +
        reply(service("a"), frontend("10.0.0.1", 80), generation(3)) +
        reply(service("a"), endpoint("10.1.1.10", 80, 5, 1, 2),
              generation(3)),
        reply(service("a"), endpoint("10.1.1.9", 80, 0, 2, 1),
              generation(3)) + done()]
    ran = Run(["-j", "service", "show"], *replies)
    a = dict(SERVICE_B, name="a", protocol="tcp", affinity=10800)
    a["frontends"] = [
        {"address": address, "port": number, "kind": "cluster", "allow": []}
        for address, number in [("9.0.0.1", 81), ("10.0.0.1", 80),
                                ("10.0.0.1", 81), ("fd00::1", 80)]]
    a["endpoints"] = [
        {"address": "10.1.1.9", "port": 80, "weight": 0, "state": "unready",
         "local": True, "local_only": False, "active": None},
        {"address": "10.1.1.10", "port": 80, "weight": 5,
         "state": "terminating", "local": True, "local_only": True,
         "active": None}]
    expect(ran.json(), [a, SERVICE_B])
    expect_request(ran, "CMD_SERVICE_GET", WITH_BOTH, flags=REQUEST | DUMP)
    expect(len(ran.requests), 1)
    ran = Run(["-c=always", "service", "show"], *replies)
    expect(ran.out.count("\033[1m"), 9)
    ran = Run(["service", "show"], *replies)
    expect([line.split() for line in ran.out.splitlines()],
           [["NAME", "PROTO", "AFFINITY", "SCHEDULER", "INTERNAL", "EXTERNAL",
             "ON-REMOVAL", "READY", "FRONTENDS"],
            ["a", "tcp", "3h", "random", "cluster", "cluster", "keep", "0/2",
             "9.0.0.1:81,10.0.0.1:80,10.0.0.1:81,+1"],
            ["b", "udp", "off", "random", "cluster", "cluster", "keep",
             "0/0", "-"]])


def service_show_one():
    ran = Run(["-j", "service", "show", "b"],
              reply(shown_service("b", 0, 0), generation(1)) + done())
    expect(ran.json(), [SERVICE_B])
    expect_request(ran, "CMD_SERVICE_GET", service("b"), WITH_BOTH,
                   flags=REQUEST | DUMP)
    ran = Run(["service", "show", "b"],
              done(-ENOENT, sentence("no such service")))
    expect((ran.code, ran.out, ran.err),
           (2, "", 'svcctl: service "b": no such service\n'))


def show_kinds():
    """Nodeports last; ranges sorted; each with its own."""
    of_b = reply(shown_service("b", 1, 0), generation(2)) + \
        reply(service("b"), frontend("10.0.0.9", 80, allow("10.9.0.0/16"),
                                     kind=2), generation(2))
    of_a = reply(shown_service("a", 5, 0), generation(1)) + \
        reply(service("a"), nodeport(30081), generation(1)) + \
        reply(service("a"), nodeport(30080, allow()), generation(1)) + \
        reply(service("a"), frontend("fd00::1", 80, kind=1),
              generation(1)) + \
        reply(service("a"), frontend("10.0.0.1", 80, allow(
            "fd00::/8", "10.2.0.0/16", "9.0.0.0/8", "10.2.0.0/24"), kind=2),
              generation(1)) + \
        reply(service("a"), frontend("10.0.0.1", 70), generation(1))
    replies = of_b + of_a + done()

    def shown(address, number, kind, *ranges):
        return {"address": address, "port": number, "kind": kind,
                "allow": list(ranges)}

    a = [shown("10.0.0.1", 70, "cluster"),
         shown("10.0.0.1", 80, "lb", "9.0.0.0/8", "10.2.0.0/16",
               "10.2.0.0/24", "fd00::/8"),
         shown("fd00::1", 80, "external"), shown(None, 30080, "nodeport"),
         shown(None, 30081, "nodeport")]
    b = [shown("10.0.0.9", 80, "lb", "10.9.0.0/16")]
    expect(Run(["-j", "service", "show"], replies).json(),
           [dict(SERVICE_B, name="a", frontends=a),
            dict(SERVICE_B, frontends=b)])
    expect(Run(["-j", "frontend", "show"], replies).json(),
           [dict(one, service="a") for one in a] +
           [dict(one, service="b") for one in b])
    out = Run(["frontend", "show"], replies).out
    expect([line.split() for line in out.splitlines()],
           [["SERVICE", "ADDRESS", "KIND", "ALLOW"],
            ["a", "10.0.0.1:70", "cluster", "-"],
            ["a", "10.0.0.1:80", "lb",
             "9.0.0.0/8,10.2.0.0/16,10.2.0.0/24,fd00::/8"],
            ["a", "[fd00::1]:80", "external", "-"],
            ["a", "nodeport:30080", "nodeport", "-"],
            ["a", "nodeport:30081", "nodeport", "-"],
            ["b", "10.0.0.9:80", "lb", "10.9.0.0/16"]])
    out = Run(["-s", "frontend", "show"], replies).out
    expect([(len(line.split()), line.split()[-1])
            for line in out.splitlines()[:2]], [(9, "ALLOW"), (9, "-")])
    out = Run(["service", "show"], replies).out
    expect([line.split()[8] for line in out.splitlines()[1:]],
           ["10.0.0.1:70,10.0.0.1:80,[fd00::1]:80,+2", "10.0.0.9:80"])
    ran = Run(["service", "show"], reply(shown_service("a", 1, 0)) +
              reply(service("a"), nodeport(65535)) + done())
    expect(ran.out.splitlines()[1].split()[8], "nodeport:65535")
    # One that is read again, after its ranges were.
    ran = Run(["-j", "frontend", "show"],
              of_b + of_a.replace(generation(1), generation(3), 1) + done(),
              of_a + done())
    expect([one["allow"] for one in ran.json()],
           [one["allow"] for one in a + b])


def service_show_options():
    replies = reply(shown_service("a", 0, 0, options=(1, 1, 0, 1))) + \
        reply(shown_service("b", 0, 0, proto=132, options=(2, 0, 1, 0))) + \
        reply(shown_service("c", 0, 0, options=(3, 1, 1, 1))) + done()
    rest = {"internal_policy": "local", "external_policy": "local",
            "on_removal": "reset"}
    expect(Run(["-j", "service", "show"], replies).json(), [
        dict(SERVICE_B, name="a", scheduler="rr", internal_policy="local",
             on_removal="reset"),
        dict(SERVICE_B, protocol="sctp", scheduler="lc",
             external_policy="local"),
        dict(SERVICE_B, name="c", scheduler="maglev", **rest)])
    out = Run(["service", "show"], replies).out
    expect([line.split()[:7] for line in out.splitlines()[1:]],
           [["a", "udp", "off", "rr", "local", "cluster", "reset"],
            ["b", "sctp", "off", "lc", "cluster", "local", "keep"],
            ["c", "udp", "off", "maglev", "local", "local", "reset"]])


def service_show_none():
    expect(Run(["-j", "service", "show"], done()).json(), [])
    ran = Run(["service", "show"], done())
    expect((ran.code, len(ran.out.splitlines())), (0, 1))


def of_one_state(name, number, *ports):
    """A service with an endpoint for each port, and its JSON."""
    data = reply(shown_service(name, 0, len(ports)), generation(number))
    for to in ports:
        data += reply(service(name), endpoint("10.0.0.1", to),
                      generation(number))
    return data, dict(SERVICE_B, name=name, endpoints=[
        {"address": "10.0.0.1", "port": to, "weight": 1, "state": "ready",
         "local": False, "local_only": False, "active": None}
        for to in ports])


def of_two_states(name, number, *ports):
    """The last endpoint is already of the next state."""
    data = of_one_state(name, number, *ports)[0]
    last = len(generation(0))
    return data[:-last] + generation(number + 1)


def too_few(name, number, *ports):
    """It was removed before all endpoints had come."""
    data = of_one_state(name, number, *ports)[0]
    return data[:-len(of_one_state(name, number, 1)[0]) +
                len(of_one_state(name, number)[0])]


def consistency():
    """One state of each service: what changed meanwhile is read again."""
    gone = done(-ENOENT, sentence("no such service"))
    a, a_json = of_one_state("a", 5, 80, 81)
    for broken in of_two_states, too_few:
        b, b_json = of_one_state("b", 11, 82)
        ran = Run(["-j", "service", "show"],
                  broken("b", 7, 80, 81) + a + done(), b + done())
        expect(ran.json(), [a_json, b_json])
        expect_request(ran, "CMD_SERVICE_GET", service("b"), WITH_BOTH,
                       number=1, flags=REQUEST | DUMP)
        # The flag is about all of them, and not asked.
        ran = Run(["-j", "service", "show"],
                  reply(shown_service("b", 0, 0), generation(1),
                        flags=MULTI | INTR), done(flags=MULTI | INTR))
        expect(ran.json(), [SERVICE_B])
        # More than once, and two of them.
        ran = Run(["-j", "service", "show"],
                  broken("b", 7, 80, 81) + broken("a", 9, 1) + done(),
                  broken("b", 12, 80, 81) + done(),
                  broken("b", 14, 80, 81) + done(), b + done(), a + done())
        expect(ran.json(), [a_json, b_json])
        # Removed: not in a list, an error if it was asked for.
        ran = Run(["-j", "service", "show"],
                  broken("b", 7, 80, 81) + a + done(), gone)
        expect(ran.json(), [a_json])
        ran = Run(["service", "show", "b"],
                  broken("b", 7, 80, 81) + done(), gone)
        expect((ran.code, ran.err),
               (2, 'svcctl: service "b": no such service\n'))
    # Removed before the first part of the dump.
    ran = Run(["service", "show", "b"], done(), gone)
    expect((ran.code, ran.err), (2, 'svcctl: service "b": no such service\n'))
    # Removed and made again: the later one is what is there.
    ran = Run(["-j", "service", "show"],
              of_one_state("b", 3, 70, 71, 72)[0] + a + b + done())
    expect(ran.json(), [a_json, b_json])
    ran = Run(["-j", "endpoint", "show"],
              of_one_state("b", 3, 70, 71, 72)[0] + a + b + done())
    expect([one["port"] for one in ran.json()], [80, 81, 82])
    ran = Run(["-j", "endpoint", "show"],
              of_one_state("b", 3, 70)[0] + a + of_one_state("b", 4)[0] +
              done())
    expect([one["port"] for one in ran.json()], [80, 81])


def never_still():
    """For some seconds it tries, then prints what it got last."""
    dumps = [of_two_states("b", 2 * i, 80, 81) + done() for i in range(200)]
    ran = Run(["-j", "service", "show"], *dumps)
    expect(ran.code, 0)
    expect(ran.err, 'svcctl: service "b" changed each time it was read: '
           "what is shown is of several moments\n")
    expect(json.loads(ran.out), [of_one_state("b", 0, 80, 81)[1]])
    if not 20 < len(ran.requests) < 60:
        raise AssertionError(f"tried {len(ran.requests)} times")


STATS = {"connections": 1, "request_packets": 2, "request_bytes": 3,
         "reply_packets": 4, "reply_bytes": 2**64 - 1}


def with_stats():
    numbers = list(STATS.values())
    flag = attr(K["A_WITH_STATS"])
    ran = Run(["-j", "-s", "service", "show"],
              reply(shown_service("a", 1, 1,
                                  counters(K["SERVICE_A_COUNTERS"],
                                           *numbers)), generation(1)) +
              reply(service("a"), frontend(
                  "10.0.0.1", 80, counters(K["FRONTEND_A_COUNTERS"],
                                           *numbers)), generation(1)) +
              reply(service("a"), endpoint(
                  "10.1.1.1", 80, 1, 0, 0, u64(K["ENDPOINT_A_ACTIVE"], 9),
                  counters(K["ENDPOINT_A_COUNTERS"], *numbers)),
                    generation(1)) + done())
    got = ran.json()[0]
    expect(got["stats"], STATS)
    expect(got["frontends"][0]["stats"], STATS)
    expect(got["endpoints"][0]["stats"], STATS)
    expect(got["endpoints"][0]["active"], 9)
    expect(ran.request()[2], flag + WITH_BOTH)
    ran = Run(["-j", "stats", "show", "a"],
              reply(full_service("a", 6, 0, counters(
                  K["SERVICE_A_COUNTERS"], *numbers)), flags=0), ack())
    expect(ran.json(), [STATS])
    expect_request(ran, "CMD_SERVICE_GET", service("a"), flag)


def show_frontends_and_endpoints():
    ran = Run(["-j", "frontend", "show", "a"],
              reply(shown_service("a", 1, 9)) +
              reply(service("a"), frontend("10.0.0.1", 80)) + done())
    expect(ran.json(), [{"service": "a", "address": "10.0.0.1", "port": 80,
                         "kind": "cluster", "allow": []}])
    expect_request(ran, "CMD_SERVICE_GET", service("a"), WITH_FRONTENDS,
                   flags=REQUEST | DUMP)
    ran = Run(["endpoint", "show"],
              reply(shown_service("b", 9, 1)) +
              reply(service("b"), endpoint("10.0.0.1", 80)) +
              reply(shown_service("a", 9, 1)) +
              reply(service("a"), endpoint("fd00::1", 80, 7, 2, 2)) + done())
    expect([line.split() for line in ran.out.splitlines()],
           [["SERVICE", "ADDRESS", "WEIGHT", "STATE", "PLACE"],
            ["a", "[fd00::1]:80", "7", "unready", "local-only"],
            ["b", "10.0.0.1:80", "1", "ready", "remote"]])
    expect_request(ran, "CMD_SERVICE_GET", WITH_ENDPOINTS,
                   flags=REQUEST | DUMP)


if __name__ == "__main__":
    main(service_show, service_show_one, show_kinds, service_show_options,
         service_show_none, consistency, never_still, with_stats,
         show_frontends_and_endpoints)
