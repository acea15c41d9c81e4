#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Counters for Prometheus: names, labels, order, and that none is missing."""
import exposition
from messages import (DUMP, ENOENT, K, REQUEST, Run, ack, counters, done,
                      endpoint, expect, expect_request, frontend, generation,
                      nest, nodeport, reply, sentence, service, shown_service,
                      u32, u64, main)

STATS = nest(K["A_STATS"], *[u64(number, 1000 + number) for number in
                             range(K["STAT_RX"], K["__STAT_MAX"])])
LIMITS = nest(K["A_CONFIG"], u32(K["CONFIG_A_MAX_FLOWS"], 7),
              u32(K["CONFIG_A_MAX_SERVICES"], 8),
              u32(K["CONFIG_A_TIMEOUT_UDP"], 30))


def web(*members):
    """Service web with its members, each in a message of its own."""
    of_web = [generation(5), service("web")]
    return reply(generation(5), shown_service(
        "web", sum(b[2:3] == frontend("::1", 1)[2:3] for b in members),
        sum(b[2:3] == endpoint("::1", 1)[2:3] for b in members),
        counters(K["SERVICE_A_COUNTERS"], 1, 2, 3, 4, 5), proto=6)) + \
        b"".join(reply(*of_web, member) for member in members)


def metrics(*words, answers=None, node=None):
    ran = Run(["stats", "show", "--prometheus", *words], *answers,
              node=node or {})
    expect((ran.code, ran.err), (0, ""))
    return ran, exposition.read(ran.out)


def samples(families, name):
    return families["svcnat_" + name].samples


def labels(**pairs):
    return tuple(sorted(pairs.items()))


def netns():
    ran, got = metrics(answers=[done(), reply(STATS, flags=0), ack(),
                                reply(LIMITS, flags=0), ack()],
                       node={"/sys/module/svcnat/version": "0.9\n"})
    expect_request(ran, "CMD_STATS_GET", number=1)
    expect_request(ran, "CMD_CONFIG_GET", number=2)
    values = [value for family in got.values()
              for value in family.samples.values() if value > 1000]
    expect(sorted(values), [1000 + number for number in
                            range(K["STAT_RX"], K["__STAT_MAX"])])
    expect(samples(got, "packets_dropped_total")[labels(reason="snat")],
           1000 + K["STAT_DROP_SNAT"])
    expect(samples(got, "flows_ended_total")[labels(reason="evicted")],
           1000 + K["STAT_FLOW_EVICTED"])
    expect(got["svcnat_flows"].kind, "gauge")
    expect(samples(got, "flows_limit"), {(): 7})
    expect(samples(got, "services_limit"), {(): 8})
    expect("svcnat_affinity_entries_limit" in got, False)
    expect([(dict(pairs)["module"], value) for pairs, value in
            samples(got, "build_info").items()], [("0.9", 1)])


def older_module():
    """What it does not count is left out, and the head of what has none."""
    few = nest(K["A_STATS"], u64(K["STAT_DROP_CLASH"], 2**64 - 1),
               u64(K["STAT_FLOW_LIVE"], 0))
    _, got = metrics(answers=[done(), reply(few, flags=0), ack(),
                              reply(nest(K["A_CONFIG"]), flags=0), ack()])
    expect(list(got), ["svcnat_build_info", "svcnat_packets_dropped_total",
                       "svcnat_flows"])
    expect(samples(got, "packets_dropped_total"),
           {labels(reason="clash"): 2**64 - 1})
    expect("module" in dict(list(samples(got, "build_info"))[0]), False)


def of_a_service():
    ran, got = metrics("web", answers=[web(
        frontend("10.96.0.1", 80,
                 counters(K["FRONTEND_A_COUNTERS"], 11, 12, 13, 14, 15)),
        nodeport(30080, counters(K["FRONTEND_A_COUNTERS"], 0, 0, 0, 0, 0)),
        endpoint("fd00::1", 81, 3, 0, 0, u64(K["ENDPOINT_A_ACTIVE"], 9),
                 counters(K["ENDPOINT_A_COUNTERS"], 21, 22, 23, 24, 25)),
        endpoint("10.1.1.1", 82, 0, 2)), done()])
    expect_request(ran, "CMD_SERVICE_GET", service("web"),
                   *[b"\x04\0" + bytes([K[name], 0]) for name in
                     ("A_WITH_STATS", "A_WITH_FRONTENDS",
                      "A_WITH_ENDPOINTS")], flags=REQUEST | DUMP)
    expect(len(ran.requests), 1)
    one = labels(service="web")
    ways = [labels(service="web", direction=way) for way in
            ("request", "reply")]
    expect(samples(got, "service_info"), {labels(
        service="web", protocol="tcp", scheduler="random"): 1})
    expect(samples(got, "service_frontends"), {one: 2})
    expect(samples(got, "service_endpoints"), {
        labels(service="web", state="ready"): 1,
        labels(service="web", state="terminating"): 0,
        labels(service="web", state="unready"): 1})
    expect(samples(got, "service_connections_total"), {one: 1})
    expect(samples(got, "service_packets_total"), {ways[0]: 2, ways[1]: 4})
    expect(samples(got, "service_bytes_total"), {ways[0]: 3, ways[1]: 5})
    expect(samples(got, "frontend_connections_total"), {
        labels(service="web", frontend="10.96.0.1:80", kind="cluster"): 11,
        labels(service="web", frontend="nodeport:30080", kind="nodeport"): 0})
    first, second = (labels(service="web", endpoint=one) for one in
                     ("[fd00::1]:81", "10.1.1.1:82"))
    expect(samples(got, "endpoint_flows"), {first: 9})
    expect(samples(got, "endpoint_weight"), {first: 3, second: 0})
    expect(samples(got, "endpoint_ready"), {first: 1, second: 0})
    expect(samples(got, "endpoint_bytes_total"), {
        labels(service="web", endpoint="[fd00::1]:81", direction=way): value
        for way, value in (("request", 23), ("reply", 25))})


def quoting():
    """Whatever the module sends, one line stays one line."""
    odd = 'a"b\\c\n{}'
    _, got = metrics("web", answers=[
        reply(shown_service(odd, 0, 0, proto=6)), done()])
    expect(samples(got, "service_frontends"), {labels(service=odd): 0})


def many_services():
    """Each family once, for all of them."""
    parts = [b"".join(reply(shown_service(f"s{i}-{j}", 0, 0))
                      for j in range(100)) for i in range(100)]
    _, got = metrics(answers=[*parts, done(), reply(STATS, flags=0), ack(),
                              reply(LIMITS, flags=0), ack()])
    expect(len(samples(got, "service_info")), 10000)
    expect(len(samples(got, "service_endpoints")), 3 * 10000)


def in_a_batch():
    """What comes behind it prints as ever."""
    ran = Run(["-b", "-"], web(), done(), web(), done(),
              stdin="stats show --prometheus web\nservice show web\n")
    expect((ran.code, ran.err), (0, ""))
    expect("CONNECTIONS" in ran.out, False)


def refusals():
    ran = Run(["stats", "show", "--prometheus", "wb"],
              ack(ENOENT, sentence("there is no such service")), done())
    expect((ran.code, ran.out, ran.err), (2, "", 'svcctl: service "wb": '
                                          "there is no such service\n"))
    # Half of it would look like all of it.
    ran = Run(["stats", "show", "--prometheus"],
              web(), done(), reply(STATS, flags=0), ack())
    expect((ran.code, ran.out), (2, ""))
    with open("/dev/full", "w", encoding="ascii") as full:
        ran = Run(["stats", "show", "--prometheus", "web"], web(), done(),
                  stdout=full)
    expect((ran.code, ran.err), (1, "svcctl: cannot write the output: "
                                 "No space left on device\n"))


def the_reader():
    """It takes nothing that is not as it should be."""
    good = "# HELP a_total x\n# TYPE a_total counter\na_total 1\n"
    expect(exposition.read(good)["a_total"].samples, {(): 1})
    for bad in [good[:-1], good + good, good + "b_total 1\n",
                good.replace("counter", "gauge"), good + "a_total 2\n",
                good.replace("a_total", "a"), good[:-10], "a_total 1\n",
                good + "\n", good + 'a_total{x="1" 2\n',
                good.replace("a_total 1", 'a_total{x="1",x="2"} 2'),
                good.replace("a_total 1", 'a_total{x="\\t"} 2'),
                good.replace("a_total 1", "a_total -1"),
                good.replace("# HELP a_total x\n", "")]:
        try:
            exposition.read(bad)
        except ValueError:
            continue
        raise AssertionError(f"took {bad!r}")


if __name__ == "__main__":
    main(netns, older_module, of_a_service, quoting, many_services, in_a_batch,
         refusals, the_reader)
