# SPDX-License-Identifier: GPL-2.0
"""Requests that the module refuses, each for one reason.

With what they must be answered: errno, sentence, the attribute that is wrong,
the attribute that is missing.  They are about the service web, which
tests/net/nl-client.sh made, and change nothing.
"""
from errno import (EEXIST, EINVAL, ENODEV, ENOENT, ENOSPC, EPROTONOSUPPORT,
                   ERANGE)

from spec import NESTED, Raw, attribute

WEB, PROTO = {"name": "web"}, {"proto": 6}
NEW = {"name": "new", "proto": 6}
FRONT = {"addr4": "10.96.0.77", "port": 80}
END = {"addr4": "10.2.0.77", "port": 80}
POLICY = "Attribute failed policy validation"
RANGE, LENGTH = "integer out of range", "invalid attribute length"
SIZE = "binary attribute size out of range"
UNSUPPORTED, UNKNOWN = "Unsupported attribute", "Unknown attribute type"

BAD_ADDRESSES = {
    "127.0.0.1": "a loopback address is not allowed",
    "0.0.0.0": "an unspecified address is not allowed",
    "224.0.0.1": "a multicast address is not allowed",
    "255.255.255.255": "a broadcast address is not allowed",
    "10.2.0.255": "a broadcast address is not allowed",
    "::": "an unspecified address is not allowed",
    "::1": "a loopback address is not allowed",
    "ff02::1": "a multicast address is not allowed",
    "fe80::1": "a link-local IPv6 address needs a device, and is not allowed",
    "::ffff:10.0.0.1": "an IPv4 address in IPv6 notation is not allowed",
}


def without(attrs, name):
    return {key: value for key, value in attrs.items() if key != name}


def names():
    """Names that no service can have."""
    size = "a service name has 1 to 127 bytes"
    made = "a service name is made of A-Z a-z 0-9 . _ : / -"
    for data, errno, text in [
            (b"\0", EINVAL, size), (b"", EINVAL, POLICY),
            (b"web", EINVAL, POLICY), (b"a" * 128 + b"\0", EINVAL, POLICY),
            (b"a" * 127 + b"\0\0", ERANGE, POLICY),
            (b"a b\0", EINVAL, made), (b"a\0b\0", EINVAL, made),
            (b"web\0\0", EINVAL, made), (b"\xc3\xa4\0", EINVAL, made)]:
        for name in "service-new", "service-del", "service-get":
            yield (name, {"service": {"name": Raw(data)}}, errno, text,
                   ".service.name", None)


def services():
    taken = "a service of this name exists already"
    yield ("service-new", {"service": WEB | PROTO}, EEXIST, taken, ".service",
           None)
    # The limit of the netns is 2: there is another one.
    yield ("service-new", {"service": NEW}, ENOSPC,
           "the limit max-services is reached", ".service", None)
    yield ("service-new", {"service": {"name": "new"}}, EINVAL,
           "the protocol is missing", None, ".service.proto")
    for name in ("service-new", "service-set", "service-del", "service-get",
                 "frontend-new", "endpoint-del"):
        yield (name, {}, EINVAL, "the service is missing", None, ".service")
        yield (name, {"service": {}}, EINVAL, "the service's name is missing",
               None, ".service.name")
    for name in "affinity-flush", "flow-flush":
        yield (name, {"service": {}}, EINVAL, "the service's name is missing",
               None, ".service.name")
    for name, attrs in [("service-set", {}), ("service-del", {}),
                        ("service-get", {}), ("affinity-flush", {}),
                        ("flow-flush", {}), ("frontend-del",
                                             {"frontend": [FRONT]}),
                        ("frontend-get", {}), ("endpoint-get", {}),
                        ("flow-get", {}), ("affinity-get", {}),
                        ("endpoint-set", {"endpoint": [END]})]:
        yield (name, {"service": {"name": "nobody"}} | attrs, ENOENT,
               "there is no such service", ".service", None)
    for option in "with-frontends", "with-endpoints":
        yield ("service-get", {"service": WEB, option: True}, EINVAL,
               "only a dump can show frontends and endpoints", "." + option,
               None)
    for option, value, errno, text in [
            ("proto", 1, EPROTONOSUPPORT,
             "the protocol is not TCP, UDP or SCTP"),
            ("affinity", 86401, ERANGE, RANGE), ("scheduler", 4, ERANGE, RANGE),
            ("internal-policy", 2, ERANGE, RANGE),
            ("external-policy", 255, ERANGE, RANGE),
            ("on-removal", 2, ERANGE, RANGE),
            ("affinity", Raw(b"\1\0"), EINVAL, LENGTH),
            ("scheduler", Raw(b"\1\0"), EINVAL, LENGTH),
            ("scheduler", Raw(b""), EINVAL, LENGTH),
            ("counters", {}, EINVAL, UNSUPPORTED),
            ("frontends", 1, EINVAL, UNSUPPORTED)]:
        yield ("service-new", {"service": NEW | {option: value}}, errno, text,
               f".service.{option}", None)
    for name, attrs in [("service-set", PROTO), ("service-del", PROTO),
                        ("flow-flush", {"affinity": 1})]:
        yield (name, {"service": WEB | attrs}, EINVAL, UNSUPPORTED,
               ".service." + next(iter(attrs)), None)


def places(name, member, attr):
    """Of frontends and endpoints alike."""
    def one(attrs, errno, text, where=None, missing=None):
        return (name, {"service": WEB, member: [attr, attrs]}, errno, text,
                None if where is None else f".{member}[2]{where}",
                missing and f".{member}[2]{missing}")

    yield one({"port": 1}, EINVAL, "the address is missing", None, ".addr4")
    yield one({"addr4": "10.0.0.1"}, EINVAL, "the port is missing", None,
              ".port")
    yield one(attr | {"addr6": "fd00::1"}, EINVAL, "there are two addresses",
              ".addr6")
    yield one(attr | {"port": Raw(b"\0\0\1")}, EINVAL, LENGTH, ".port")
    yield one(attr | {"addr4": Raw(b"\1\2\3")}, EINVAL, LENGTH, ".addr4")
    yield one({"addr6": Raw(b"\xfd" * 15), "port": 1}, ERANGE, SIZE, ".addr6")
    yield one({"addr6": Raw(b"\xfd" * 17), "port": 1}, ERANGE, SIZE, ".addr6")
    yield one(attr | {"port": Raw(b"\0\1", 99)}, EINVAL, UNKNOWN, ".99")
    yield one(attr | {"counters": {}}, EINVAL, UNSUPPORTED, ".counters")
    yield one({"addr4": "10.96.0.78", "port": 0}, EINVAL,
              "port 0 is not allowed", "")
    for address, text in BAD_ADDRESSES.items():
        family = "addr6" if ":" in address else "addr4"
        yield one({family: address, "port": 80}, EINVAL, text, "")
    yield (name, {"service": WEB, member: [attr, attr]}, EINVAL,
           f"the {member} is named twice", {f".{member}", f".{member}[2]"},
           None)
    yield (name, {"service": WEB}, EINVAL, f"the {member} is missing", None,
           f".{member}")
    yield (name, {"service": WEB, member: [Raw(b"\0" * 12, 4 if member ==
                                               "endpoint" else 3)]},
           EINVAL, "NLA_F_NESTED is missing", f".{member}", None)


def frontends():
    yield from places("frontend-new", "frontend", FRONT)

    def one(attrs, errno, text, where=None, missing=None,
            name="frontend-new"):
        return (name, {"service": WEB, "frontend": [attrs]}, errno, text,
                where and ".frontend" + where.replace("/", ""),
                missing and f".frontend{missing}")

    nodeport = {"port": 30001, "kind": "nodeport"}
    ranges = [{"addr4": "10.0.0.0", "prefix": 8}]
    yield one(FRONT | {"kind": 4}, ERANGE, RANGE, ".kind")
    yield one(nodeport | {"addr4": "10.0.0.1"}, EINVAL,
              "a nodeport has no address", ".addr4")
    yield one(without(nodeport, "port"), EINVAL, "the port is missing", None,
              ".port")
    yield one(FRONT | {"allow": ranges}, EINVAL,
              "only a frontend of kind lb has source ranges", ".allow")
    yield one({"addr4": "10.96.0.10", "port": 80}, EEXIST,
              "the service has this frontend already", "/")
    yield one({"addr4": "10.96.0.20", "port": 80}, EEXIST,
              "another service has this frontend", "/")
    yield one(FRONT, ENOENT, "the service has no such frontend", "/",
              name="frontend-del")
    yield one({"addr4": "10.96.0.20", "port": 80}, ENOENT,
              "the service has no such frontend", "/", name="frontend-del")
    yield one(FRONT | {"kind": "cluster"}, ERANGE, RANGE, ".kind",
              name="frontend-del")
    yield one(FRONT | {"allow": []}, EINVAL, UNSUPPORTED, ".allow",
              name="frontend-del")
    yield one({"addr4": "10.2.0.1", "port": 80}, EINVAL,
              "an endpoint may not be a frontend of its own service", "/")
    for bad, errno, text, where in range_lists():
        yield one(FRONT | {"kind": "lb", "allow": bad}, errno, text,
                  ".allow" + where)
    yield one(FRONT | {"kind": "lb",
                       "allow": [{"addr4": "10.0.0.0"}]}, EINVAL,
              "the length of the prefix is missing", None,
              ".allow[1].prefix")


def range_lists():
    """Lists of ranges that are none."""
    good = {"addr4": "10.0.0.0", "prefix": 8}
    yield ([good, {"prefix": 8}], EINVAL, "a range has one address", "[2]")
    yield ([good | {"addr6": "fd00::"}], EINVAL, "a range has one address",
           "[1]")
    yield ([good | {"prefix": 33}], ERANGE,
           "a prefix of IPv4 has at most 32 bits", "[1].prefix")
    yield ([good | {"prefix": 129}], ERANGE, RANGE, "[1].prefix")
    yield ([{"addr6": "fd00::1", "prefix": 127}], EINVAL,
           "the address of a range has bits behind its prefix", "[1]")
    yield ([good, {"addr4": "10.1.0.0", "prefix": 15}], EINVAL,
           "the address of a range has bits behind its prefix", "[2]")
    yield ([good] * 513, ENOSPC, "a list has at most 512 ranges", "")
    one = attribute(1 | NESTED, attribute(1, b"\x0a\0\0\0") +
                    attribute(3, b"\x08"))
    left = "bytes are left behind the last range"
    yield Raw(one + b"\0"), EINVAL, left, ""
    for rest in b"\0\0\0\0", b"\x15\0\x02\x80" + one[4:]:
        for data in rest, one + rest:
            yield Raw(data), EINVAL, left, ""


def endpoints():
    yield from places("endpoint-new", "endpoint", END)

    def one(attrs, errno, text, where="", name="endpoint-new"):
        return (name, {"service": WEB, "endpoint": [attrs]}, errno, text,
                ".endpoint" + where, None)

    yield one(END | {"weight": 65536}, ERANGE, RANGE, ".weight")
    yield one(END | {"state": 3}, ERANGE, RANGE, ".state")
    yield one(END | {"place": 3}, ERANGE, RANGE, ".place")
    for option, value in ("active", 1), ("masquerade", 1):
        yield one(END | {option: value}, EINVAL, UNSUPPORTED, "." + option)
    there = {"addr4": "10.2.0.1", "port": 80}
    yield one(there, EEXIST, "the service has this endpoint already")
    yield one({"addr4": "10.96.0.10", "port": 80}, EINVAL,
              "an endpoint may not be a frontend of its own service")
    for name in "endpoint-set", "endpoint-del":
        yield one(END, ENOENT, "the service has no such endpoint", name=name)
    yield one(there | {"weight": 1}, EINVAL, UNSUPPORTED, ".weight",
              "endpoint-del")
    # The limit of the netns is 7, and web has 3.
    yield ("endpoint-new", {"service": WEB, "endpoint": [
        END | {"port": port} for port in range(1, 6)]}, ENOSPC,
           "the limit max-endpoints is reached", ".service", None)


def config():
    def one(attrs, errno, text, where):
        return ("config-set", {"config": attrs}, errno, text,
                ".config" + where, None)

    yield ("config-set", {}, EINVAL, "the configuration is missing", None,
           ".config")
    for key, value in [("max-services", 1048577), ("max-endpoints", 65536),
                       ("max-flows", (1 << 27) + 1), ("timeout-udp", 0),
                       ("max-affinity", (1 << 27) + 1), ("timeout-sctp",
                                                         2678401),
                       ("masquerade-all", 2), ("fastpath", 2)]:
        # What is good in front of it changes nothing either.
        yield one({"timeout-tcp-closing": 77, key: value}, ERANGE, RANGE,
                  "." + key)
    for value in 1, 0x10000, 0x20001:
        yield one({"snat-ports": value}, EINVAL,
                  "the range of ports has no port, or begins at 0",
                  ".snat-ports")
    for bad, errno, text, where in range_lists():
        yield one({"max-flows": 77, "service-cidr": bad}, errno, text,
                  ".service-cidr" + where)


def simulate():
    query = {"proto": 6, "src4": "10.1.0.2", "src-port": 1,
             "dst4": "10.96.0.10", "dst-port": 80}

    def one(attrs, errno, text):
        return "simulate", {"query": attrs}, errno, text, None, None

    yield "simulate", {}, EINVAL, "the packet is missing", None, None
    for name, text in [("proto", "the protocol is missing"),
                       ("src-port", "a port is missing"),
                       ("dst-port", "a port is missing"),
                       ("src4", "an address is missing"),
                       ("dst4", "an address is missing")]:
        yield one(without(query, name), EINVAL, text)
    for more in "src6", "dst6":
        yield one(query | {more: "fd00::1"}, EINVAL,
                  "the addresses are not of one family")
    yield one(query | {"iif": 1 << 30}, ENODEV, "there is no such device")
    yield one(query | {"iif": 1, "local": True}, EINVAL,
              "a packet of the node's own comes in by no device")


def headers(spec):
    """Attributes where none of the kind may be."""
    for name in "service-flush", "config-get", "stats-get":
        yield (name, {"with-stats": True}, EINVAL, UNSUPPORTED, ".with-stats",
               None)
    for one in "generation", "pad", "answer", "affinity":
        number = spec.sets["main"][one].number
        yield ("service-new", {"service": NEW, "frontend": [
            Raw(b"", number)]}, EINVAL, UNSUPPORTED, "." + one, None)
    for number in 0, 15, 0x3fff:
        yield ("service-new", {"service": NEW, "endpoint": [
            Raw(b"", number)]}, EINVAL, UNKNOWN, f".{number}", None)
    yield ("service-new", {"service": Raw(b"\0\0", 2)}, EINVAL,
           "NLA_F_NESTED is missing", ".service", None)
    yield ("service-get", {"service": WEB, "with-stats": Raw(b"", 0x8009)},
           EINVAL, "NLA_F_NESTED not expected", ".with-stats", None)


def refusals(spec):
    for part in (names(), services(), frontends(), endpoints(), config(),
                 simulate(), headers(spec)):
        yield from part
