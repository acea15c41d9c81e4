#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What a client made from svcnat.yaml gets from the module.

usage: client_test.py CASE...

For tests/net/nl-client.sh, which made the service web and its flows.  One line
on stdout for each difference.
"""
import sys

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
from client import Client, Refused  # noqa: E402
from refusals import refusals  # noqa: E402
from spec import Spec, Wrong  # noqa: E402

# Of the kernel's description of a policy: NL_ATTR_TYPE_, NL_POLICY_TYPE_ATTR_
TYPES = {1: "flag", 2: "u8", 3: "u16", 4: "u32", 5: "u64", 10: "binary",
         12: "string", 13: "nest", 14: "indexed-array"}
TYPE, MIN_U, MAX_U, MIN_LEN, MAX_LEN, INDEX, MAXTYPE = 1, 4, 5, 6, 7, 8, 9
ADMIN, DO, DUMP, POLICY = 1, 2, 4, 8


def expect(got, want, what):
    if got != want:
        print(f"{what}: got {got!r}, expected {want!r}")


# What the kernel says that the module accepts.

def check_range(accepted, path, got, want):
    """Some operations accept less than others, and none more."""
    if not want[0] <= got[0] <= got[1] <= want[1]:
        print(f"{path}: accepts {got}, not {want}")
    path = path.split(".", 1)[1]
    low, high, _ = accepted.get(path, (*got, want))
    accepted[path] = min(low, got[0]), max(high, got[1]), want


def check_policy(spec, policies, index, attrs, path, accepted):
    """All that a policy accepts is in the set, and as it is there."""
    by_number = {one.number: one for one in attrs.values()}
    for number, about in policies[index].items():
        one = by_number.get(number)
        if not one:
            print(f"{path}: accepts {number}, which is no attribute")
            continue
        here = f"{path}.{one.name}"
        expect(TYPES.get(about[TYPE]), one.type, f"type of {here}")
        if one.is_nest():
            nested = spec.sets[one.nested]
            # Its last ones may be for replies alone, but it knows of them.
            expect(about[MAXTYPE], len(nested), f"last of {here}")
            check_policy(spec, policies, about[INDEX], nested, here, accepted)
        elif one.type == "string":
            expect(about.get(MAX_LEN), one.checks["max-len"], here)
        elif one.type == "binary":
            size = one.checks["exact-len"]
            expect((about.get(MIN_LEN), about.get(MAX_LEN)), (size, size),
                   here)
        elif one.type != "flag":
            most = (1 << 8 * {"u8": 1, "u16": 2, "u32": 4, "u64": 8}[one.type])
            check_range(accepted, here, (about[MIN_U], about[MAX_U]),
                        (one.checks.get("min", 0),
                         one.checks.get("max", most - 1)))


def policies_are_the_specification(client):
    spec = client.spec
    commands, policies = client.policy()
    accepted = {}
    expect(client.version, 1, "version")
    expect(client.maxattr, len(spec.sets["main"]), "last attribute")
    expect(set(client.groups), {"config"}, "groups")
    wanted = {one["name"]: (one.get("do"), one.get("dump"))
              for one in spec.operations if "event" not in one}
    expect(set(client.flags), {spec.commands[name] for name in wanted},
           "commands")
    for name, (do, dump) in wanted.items():
        number = spec.commands[name]
        flags = ADMIN | POLICY | (DO if do else 0) | (DUMP if dump else 0)
        expect(client.flags.get(number), flags, f"flags of {name}")
        attrs = (do or dump)["request"].get("attributes", [])
        if name == "service-get":
            expect(dump["request"]["attributes"], attrs, name)
        for index in commands.get(number, ()):
            expect(set(policies.setdefault(index, {})),
                   {spec.sets["main"][attr].number for attr in attrs},
                   f"attributes of {name}")
            check_policy(spec, policies, index, spec.sets["main"], name,
                         accepted)
    for path, (low, high, want) in accepted.items():
        expect((low, high), want, f"range of {path}")


# What it sends.

SERVICE = {"name", "proto", "affinity", "scheduler", "internal-policy",
           "external-policy", "on-removal", "frontends", "endpoints"}
ENDPOINT = {"addr4", "port", "weight", "state", "place"}


def keys(replies, name):
    """Which attributes the nests of that name have."""
    return {frozenset(reply[name]) for reply in replies if name in reply}


def complete(replies, name, *wanted):
    expect(keys(replies, name), {frozenset(one) for one in wanted}, name)


def replies_are_complete(client):
    about = {"service": {"name": "web"}}
    reply = client.do("service-get", **about)
    expect(set(reply), {"service", "generation"}, "service-get")
    complete([reply], "service", SERVICE)
    reply = client.do("service-get", **about, **{"with-stats": True})
    complete([reply], "service", SERVICE | {"counters"})
    complete([reply["service"]], "counters", client.spec.sets["counters"].keys()
             - {"pad"})
    everything = {"with-frontends": True, "with-endpoints": True}
    for stats in {}, {"with-stats": True}:
        more = {"counters"} if stats else set()
        found, _ = client.dump("service-get", **everything, **stats)
        complete([one for one in found if len(one) == 2], "service",
                 SERVICE | more)
        complete(found, "frontend", {"addr4", "port", "kind"} | more,
                 {"addr4", "port", "kind", "allow"} | more,
                 {"port", "kind"} | more)
        complete(found, "endpoint",
                 ENDPOINT | (more | {"active"} if stats else more))
        for name in "frontend", "endpoint":
            alone, _ = client.dump(f"{name}-get", **about, **stats)
            expect(alone, [one for one in found if name in one and
                           one["service"]["name"] == "web"], name)
    expect([one["endpoint"] for one in found if "endpoint" in one and
            one["endpoint"]["weight"] == 7][0]["state"], "ready", "state")
    complete([client.do("config-get")], "config",
             client.spec.sets["config"].keys())
    complete([client.do("stats-get")], "stats",
             client.spec.sets["stats"].keys() - {"pad"})


def traffic_is_shown(client):
    flows, _ = client.dump("flow-get")
    flow = {"proto", "state", "idle", "client4", "client-port", "vip4",
            "vip-port", "endpoint4", "endpoint-port"}
    complete(flows, "flow", flow, flow | {"snat4", "snat-port"})
    expect({one["service"]["name"] for one in flows}, {"web"}, "flows of")
    pins, _ = client.dump("affinity-get", service={"name": "web"})
    complete(pins, "affinity", {"client4", "endpoint4", "endpoint-port",
                                "expires"})
    packet = {"proto": 6, "src4": "10.3.0.9", "src-port": 9, "dst-port": 80}
    found, _ = client.dump("simulate",
                           query=packet | {"dst4": "10.96.0.10"})
    expect(set(found[0]), {"service", "answer"}, "first message")
    complete(found, "answer", {"verdict", "policy", "affinity-hit",
                               "masquerade"})
    complete(found, "endpoint", {"addr4", "port", "masquerade"})
    expect(len(found), 4, "messages")
    found, _ = client.dump("simulate", query=packet | {"dst4": "10.96.0.99"})
    complete(found, "answer", {"verdict", "affinity-hit", "masquerade"})
    expect((len(found), found[0]["answer"]["verdict"]), (1, "accept"), "other")


def replies_go_on_where_they_were(client):
    """A dump that does not fit one read has everything once."""
    many = [{"addr4": f"10.8.{i // 250}.{i % 250 + 1}", "port": 80 + i,
             "weight": i} for i in range(1500)]
    client.sock.setsockopt(1, 32, 1 << 20)      # SO_SNDBUFFORCE
    client.do("service-new", service={"name": "many", "proto": 6},
              frontend=[{"addr4": "10.97.0.1", "port": 1 + i}
                        for i in range(700)], endpoint=many)
    found, interrupted = client.dump("service-get",
                                     service={"name": "many"},
                                     **{"with-frontends": True,
                                        "with-endpoints": True})
    expect(interrupted, False, "interrupted")
    expect([one["frontend"]["port"] for one in found if "frontend" in one],
           list(range(1, 701)), "frontends")
    expect([(one["endpoint"]["port"], one["endpoint"]["weight"])
            for one in found if "endpoint" in one],
           [(80 + i, i) for i in range(1500)], "endpoints")
    expect({one["generation"] for one in found}, {found[0]["generation"]},
           "generations")
    client.do("service-del", service={"name": "many"})


def refusals_name_the_attribute(client):
    def shown():
        found, _ = client.dump("service-get", **{"with-frontends": True,
                                                 "with-endpoints": True})
        return found, client.do("config-get")

    before = shown()
    for name, attrs, errno, text, where, missing in refusals(client.spec):
        operation = client.spec.operation(name)
        try:
            if "do" in operation:
                client.do(name, **attrs)
            else:
                client.dump(name, **attrs)
            print(f"{name} {attrs}: is accepted")
        except Refused as refused:
            expect((refused.errno, refused.text), (errno, text),
                   f"{name} {attrs}")
            # In 6.1 the end of a dump has no place for an attribute.
            if "do" in operation:
                # Of two that are the same either may be meant.
                if refused.where not in (where if isinstance(where, set)
                                         else {where}):
                    expect(refused.where, where, f"{name} {attrs}")
                expect(refused.missing, missing, f"{name} {attrs}")
        expect(shown() == before, True, f"nothing changed by {name} {attrs}")


def events_tell_of_changes(client):
    listener = Client(client.spec)
    listener.listen()
    about = {"name": "new"}
    service = {"name": "new", "proto": 17, "affinity": 0,
               "scheduler": "random", "internal-policy": "cluster",
               "external-policy": "cluster", "on-removal": "keep",
               "frontends": 1, "endpoints": 1}
    front = {"addr4": "10.96.1.1", "port": 53}
    end = {"addr6": "fd00:2::9", "port": 53}
    kind, values = {"kind": "cluster"}, {"weight": 1, "state": "ready",
                                         "place": "remote"}

    def changed(name, attrs, *wanted):
        client.do(name, **attrs)
        expect(listener.events(), list(wanted), f"events of {name} {attrs}")

    changed("service-new", {"service": about | {"proto": 17},
                            "frontend": [front], "endpoint": [end]},
            ("add-ntf", {"service": service}),
            ("add-ntf", {"service": about, "frontend": front | kind}),
            ("add-ntf", {"service": about, "endpoint": end | values}))
    changed("service-set", {"service": about | {"affinity": 9}},
            ("change-ntf", {"service": service | {"affinity": 9}}))
    changed("service-set", {"service": about | {"affinity": 9}})
    changed("endpoint-set", {"service": about,
                             "endpoint": [end | {"weight": 3}]},
            ("change-ntf", {"service": about,
                            "endpoint": end | values | {"weight": 3}}))
    changed("endpoint-del", {"service": about, "endpoint": [end]},
            ("del-ntf", {"service": about, "endpoint": end}))
    changed("frontend-del", {"service": about, "frontend": [front]},
            ("del-ntf", {"service": about, "frontend": front | kind}))
    changed("service-del", {"service": about},
            ("del-ntf", {"service": service | {"affinity": 9, "frontends": 0,
                                               "endpoints": 0}}))
    config = client.do("config-get")["config"]
    ranges = [{"addr4": "10.4.0.0", "prefix": 16},
              {"addr6": "fd00:4::", "prefix": 64}]
    changed("config-set", {"config": {"pod-cidr": ranges}},
            ("change-ntf", {"config": config | {"pod-cidr": ranges}}))
    changed("config-set", {"config": {"pod-cidr": []}},
            ("change-ntf", {"config": config}))


CASES = (policies_are_the_specification, replies_are_complete,
         traffic_is_shown, replies_go_on_where_they_were,
         refusals_name_the_attribute, events_tell_of_changes)


def main(*names):
    client = Client(Spec())
    for case in CASES:
        if case.__name__ not in names:
            continue
        try:
            case(client)
        except (Wrong, Refused) as problem:
            print(f"{type(problem).__name__}: {problem}")


if __name__ == "__main__":
    main(*sys.argv[1:])
