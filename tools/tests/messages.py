#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Messages that svcctl sends, and what it makes of those that it gets.

usage: messages.py SVCCTL_FAKE

SVCCTL_FAKE is svcctl with fake.c for a kernel.  Prints KTAP.
"""
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile

UAPI = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "../../kmod/uapi/svcnat.h")
ERROR, DONE, FAMILY = 2, 3, 0x20
MULTI, INTR, CAPPED, TLVS = 2, 0x10, 0x100, 0x200
REQUEST, ACK, DUMP = 1, 4, 0x300
NESTED = 0x8000
EPERM, ENOENT, EEXIST, EINVAL = 1, 2, 17, 22


def constants():
    """The enums of the interface, each starting at 0, name to number."""
    text = re.sub(r"/\*.*?\*/", "", open(UAPI, encoding="ascii").read(),
                  flags=re.S)
    found = {}
    for body in re.findall(r"enum \w+ \{(.*?)\}", text, re.S):
        for number, name in enumerate(re.findall(r"\w+", body)):
            found[name.replace("SVCNAT_", "", 1)] = number
    return found


K = constants()


def attr(number, data=b""):
    size = 4 + len(data)
    return struct.pack("=HH", size, number) + data + b"\0" * (-size % 4)


def nest(number, *attrs):
    return attr(number | NESTED, b"".join(attrs))


def u8(number, value):
    return attr(number, struct.pack("=B", value))


def u32(number, value):
    return attr(number, struct.pack("=I", value))


def u64(number, value):
    return attr(number, struct.pack("=Q", value))


def port(number, value):
    return attr(number, struct.pack(">H", value))


def addr(number, text):
    """number: of the attribute for IPv4; that for IPv6 is the next one."""
    if ":" in text:
        return attr(number + 1, socket.inet_pton(socket.AF_INET6, text))
    return attr(number, socket.inet_pton(socket.AF_INET, text))


def message(kind, flags, data):
    return struct.pack("=IHHII", 16 + len(data), kind, flags, 0, 0) + \
        data + b"\0" * (-len(data) % 4)


def reply(*attrs, flags=MULTI):
    return message(FAMILY, flags,
                   struct.pack("=BBH", 0, 1, 0) + b"".join(attrs))


def done(error=0, *tlvs, flags=MULTI):
    return message(DONE, flags | (TLVS if tlvs else 0),
                   struct.pack("=i", error) + b"".join(tlvs))


def ack(error=0, *tlvs, echo=None):
    size = 5000 if echo is None else 16 + len(echo)
    header = struct.pack("=IHHII", size, FAMILY, 5, 0, 0)
    flags = (CAPPED if echo is None else 0) | (TLVS if tlvs else 0)
    return message(ERROR, flags, struct.pack("=i", -error) + header +
                   (echo or b"") + b"".join(tlvs))


def sentence(text):
    return attr(1, text.encode() + b"\0")


def counters(number, *values):
    return nest(number, *[u64(K["COUNTER_A_CONNECTIONS"] + i, v)
                          for i, v in enumerate(values)])


def service(name, *attrs):
    return nest(K["A_SERVICE"],
                attr(K["SERVICE_A_NAME"], name.encode() + b"\0"), *attrs)


def full_service(name, proto=6, affinity=0, *attrs, options=(0, 0, 0, 0)):
    """options: scheduler, internal and external policy, on removal"""
    return service(name, u8(K["SERVICE_A_PROTO"], proto),
                   u32(K["SERVICE_A_AFFINITY"], affinity),
                   *[u8(K["SERVICE_A_SCHEDULER"] + i, v)
                     for i, v in enumerate(options)], *attrs)


def shown_service(name, frontends, endpoints, *attrs, proto=17, affinity=0,
                  options=(0, 0, 0, 0)):
    """As the module sends it in a dump: with the number of its members."""
    return full_service(name, proto, affinity,
                        u32(K["SERVICE_A_FRONTENDS"], frontends),
                        u32(K["SERVICE_A_ENDPOINTS"], endpoints), *attrs,
                        options=options)


def range_list(number, *texts):
    """A nest of ranges that are numbered from 1 up."""
    def one(i, text):
        address, prefix = text.split("/")
        return nest(i, addr(K["RANGE_A_ADDR4"], address),
                    u8(K["RANGE_A_PREFIX"], int(prefix)))

    return nest(number, *[one(i, text) for i, text in enumerate(texts, 1)])


def allow(*texts):
    return range_list(K["FRONTEND_A_ALLOW"], *texts)


def frontend(address, number, *attrs, kind=0):
    return nest(K["A_FRONTEND"], addr(K["FRONTEND_A_ADDR4"], address),
                port(K["FRONTEND_A_PORT"], number),
                u8(K["FRONTEND_A_KIND"], kind), *attrs)


def nodeport(number, *attrs):
    return nest(K["A_FRONTEND"], port(K["FRONTEND_A_PORT"], number),
                u8(K["FRONTEND_A_KIND"], 3), *attrs)


def endpoint(address, number, weight=1, state=0, place=0, *attrs):
    return nest(K["A_ENDPOINT"], addr(K["ENDPOINT_A_ADDR4"], address),
                port(K["ENDPOINT_A_PORT"], number),
                u32(K["ENDPOINT_A_WEIGHT"], weight),
                u8(K["ENDPOINT_A_STATE"], state),
                u8(K["ENDPOINT_A_PLACE"], place), *attrs)


def generation(number):
    return u32(K["A_GENERATION"], number)


class Run:
    """svcctl with @words; the kernel answers one of @replies per read."""

    def __init__(self, words, *replies, stdin=None, stdout=None):
        self.requests = []
        with tempfile.TemporaryDirectory() as fake:
            for number, data in enumerate(replies):
                with open(f"{fake}/reply.{number}", "wb") as file:
                    file.write(data)
            env = dict(os.environ, SVCCTL_FAKE=fake)
            ran = subprocess.run([sys.argv[1], *words], env=env, input=stdin,
                                 stdout=stdout or subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True,
                                 timeout=60, check=False)
            while os.path.exists(f"{fake}/request.{len(self.requests)}"):
                path = f"{fake}/request.{len(self.requests)}"
                with open(path, "rb") as file:
                    self.requests.append(file.read())
        self.code, self.out, self.err = ran.returncode, ran.stdout, ran.stderr

    def json(self):
        expect(self.code, 0, self.err)
        expect(self.err, "")
        return json.loads(self.out)

    def request(self, number=0):
        """flags, command, attributes"""
        data = self.requests[number]
        size, kind, flags = struct.unpack("=IHH", data[:8])
        expect((size, kind, data[17]), (len(data), FAMILY, 1))
        return flags, data[16], data[20:]


def expect(got, want, note=""):
    if got != want:
        raise AssertionError(f"got {got!r}, expected {want!r} {note}")


def expect_request(ran, command, *attrs, number=0, flags=REQUEST | ACK):
    expect(ran.request(number), (flags, K[command], b"".join(attrs)))


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


def refusals():
    add = ["service", "add", "default/web", "tcp", "10.0.0.1:80"]

    def refused(words, code, text, *replies):
        ran = Run(words, *replies)
        expect((ran.code, ran.out, ran.err),
               (code, "", f"svcctl: {text}\n"))

    prefix = 'service "default/web": '
    refused(add, 2, prefix + "the service exists",
            ack(EEXIST, sentence("the service exists")))
    refused(add, 2, prefix + "the service exists",
            ack(EEXIST, sentence("the service exists"), echo=b"x" * 40))
    refused(add, 2, prefix + "File exists", ack(EEXIST))
    refused(add, 2, prefix + "two?lines", ack(EEXIST, sentence("two\nlines")))
    refused(add, 2, prefix + "no end", ack(EINVAL, attr(1, b"no end")))
    refused(add, 2, prefix + "Invalid argument", ack(EINVAL, attr(1)))
    refused(["service", "flush"], 2, "service: not now",
            ack(EINVAL, sentence("not now")))
    refused(["config", "set", "max-flows", "1"], 2, "config: too few",
            ack(EINVAL, sentence("too few")))
    refused(["endpoint", "show", "x"], 2, 'service "x": no such service',
            ack(ENOENT, sentence("no such service")))
    refused(["endpoint", "show", "x"], 2, 'service "x": no such service',
            done(-ENOENT, sentence("no such service")))
    refused(["flow", "show"], 2, "flow: Invalid argument", done(-EINVAL))
    refused(add, 3, "no permission: CAP_NET_ADMIN in the initial user "
            "namespace is needed", ack(EPERM))


def finger():
    """The kernel's offset, at or in an object of ours, names that object."""
    words = ["service", "add", "w", "tcp", "10.0.0.1:80", "endpoint",
             "10.1.1.1:81", "endpoint", "[fd00::1]:82"]
    data = Run(words, ack()).requests[0]
    sizes = {"": 20, " (frontend 10.0.0.1:80)": 20 + len(full_service("w"))}
    first = nest(K["A_FRONTEND"], addr(1, "10.0.0.1"), port(3, 80))
    sizes[" (endpoint 10.1.1.1:81)"] = \
        sizes[" (frontend 10.0.0.1:80)"] + len(first)
    sizes[" (endpoint [fd00::1]:82)"] = \
        sizes[" (endpoint 10.1.1.1:81)"] + len(first)
    for name, offset in sizes.items():
        for at in offset, offset + 4, offset + 8:
            ran = Run(words, ack(EINVAL, sentence("no"), u32(2, at)))
            expect(ran.err, f'svcctl: service "w": no{name}\n', at)
    words = ["service", "set", "w", "affinity", "25h"]
    at = 20 + 4 + len(attr(1, b"w\0"))
    ran = Run(words, ack(EINVAL, sentence("no"), u32(2, at)))
    expect(ran.err, 'svcctl: service "w": no (affinity)\n')
    words = ["config", "set", "timeout-udp", "9999h", "max-flows", "0"]
    for at, key in (24, "max-flows"), (32, "timeout-udp"):
        ran = Run(words, ack(EINVAL, sentence("no"), u32(2, at)))
        expect(ran.err, f"svcctl: config: no ({key})\n")
    words = ["service", "add", "w", "tcp", "10.96.0.1:0", "[fd00::1]:0"]
    for at, name in ((20 + len(full_service("w")), "10.96.0.1:0"),
                     (20 + len(full_service("w")) + len(first),
                      "[fd00::1]:0")):
        ran = Run(words, ack(EINVAL, sentence("no"), u32(2, at)))
        expect(ran.err, f'svcctl: service "w": no (frontend {name})\n')
    words = ["config", "set", "pod-cidr", "10.0.0.0/8,fd00::/8"]
    for at in 24, 28, 36, 48:
        ran = Run(words, ack(EINVAL, sentence("no"), u32(2, at)))
        expect(ran.err, "svcctl: config: no (pod-cidr)\n")
    words = ["service", "add", "w", "tcp", "frontend", "nodeport", "30080",
             "10.0.0.1:80", "allow", "10.0.0.0/8", "allow", "fd00::/8"]
    start = 20 + len(full_service("w"))
    for at, name in ((start, "nodeport 30080"),
                     (start + len(nodeport(1)), "10.0.0.1:80"),
                     (start + len(nodeport(1)) + 40, "10.0.0.1:80")):
        ran = Run(words, ack(EINVAL, sentence("no"), u32(2, at)))
        expect(ran.err, f'svcctl: service "w": no (frontend {name})\n')
    words = ["service", "add", "w", "tcp"]
    for at in 0, len(data), 2**32 - 1:
        ran = Run(words, ack(EINVAL, u32(2, at), sentence("no")))
        expect(ran.err, 'svcctl: service "w": no\n', at)


def policy(*attrs):
    return nest(4, *attrs)


def ranges():
    """The kernel's policy tells the range: in the words of the key."""
    def bounds(low, high):
        return policy(u64(4, low), u64(5, high), u32(1, 4))

    for words, subject, at, bound, want in [
            ("config set max-flows 0", "config", 24, (1, 134217728),
             "max-flows, expected 1 to 134217728"),
            ("config set timeout-udp 0", "config", 24, (1, 2678400),
             "timeout-udp, expected 1s to 744h"),
            ("service set w affinity 25h", 'service "w"',
             24 + len(attr(1, b"w\0")), (0, 86400),
             "affinity, expected 0s to 24h"),
            ("config set max-flows 0", "config", 0, (1, 2**64 - 1),
             "expected 1 to 18446744073709551615"),
            ("config set timeout-udp 0", "config", 24, (1, 2**64 - 1),
             "timeout-udp, expected 1s to 18446744073709551615")]:
        ran = Run(words.split(), ack(
            34, sentence("integer out of range"), u32(2, at), bounds(*bound)))
        expect((ran.code, ran.err),
               (2, f"svcctl: {subject}: integer out of range ({want})\n"))
    for broken in [policy(), policy(u64(4, 1)), policy(u64(5, 1)),
                   policy(u32(4, 1), u32(5, 1)), attr(4, b"\xff\xff\xff"),
                   policy(attr(4, b"1234567"), u64(5, 1))]:
        ran = Run(["config", "set", "max-flows", "0"],
                  ack(34, sentence("no"), u32(2, 24), broken))
        expect(ran.err, "svcctl: config: no (max-flows)\n")


def broken_acks():
    """TLVs that claim more than is there are not followed."""
    for tlv in [b"\xff\xff\x01\x00abcd", b"\x03\x00\x01\x00",
                b"\x00\x00\x01\x00", b"\x08\x00", b"\x09\x00\x01\x00abcd"]:
        ran = Run(["service", "del", "x"], ack(EINVAL, tlv))
        expect((ran.code, ran.err),
               (2, 'svcctl: service "x": Invalid argument\n'))
    ran = Run(["service", "del", "x"],
              message(ERROR, TLVS, struct.pack("=i", -EINVAL) +
                      struct.pack("=IHHII", 5000, FAMILY, 5, 0, 0)))
    expect((ran.code, ran.err),
           (2, 'svcctl: service "x": Invalid argument\n'))


SERVICE_B = {"name": "b", "protocol": "udp", "affinity": 0,
             "scheduler": "random", "internal_policy": "cluster",
             "external_policy": "cluster", "on_removal": "keep",
             "frontends": [], "endpoints": []}


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


def flow(state=2, proto=6):
    return nest(K["A_FLOW"], u8(K["FLOW_A_PROTO"], proto),
                u8(K["FLOW_A_STATE"], state), u32(K["FLOW_A_IDLE"], 3),
                addr(K["FLOW_A_CLIENT4"], "10.9.0.1"),
                port(K["FLOW_A_CLIENT_PORT"], 40000),
                addr(K["FLOW_A_VIP4"], "10.96.0.1"),
                port(K["FLOW_A_VIP_PORT"], 80),
                addr(K["FLOW_A_ENDPOINT4"], "10.1.1.1"),
                port(K["FLOW_A_ENDPOINT_PORT"], 8080))


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


def malformed_replies():
    text = "svcctl: the module's answer is malformed: svcctl and module " \
           "do not fit\n"
    for bad in [
            service("a", attr(K["SERVICE_A_PROTO"], b"")),
            service("a", attr(K["SERVICE_A_AFFINITY"], b"\0\0")),
            service("a", attr(K["SERVICE_A_AFFINITY"], b"\0" * 8)),
            nest(K["A_SERVICE"], attr(K["SERVICE_A_NAME"], b"abc")),
            nest(K["A_SERVICE"], attr(K["SERVICE_A_NAME"], b"a" * 200 +
                                      b"\0")),
            service("a", nest(K["SERVICE_A_COUNTERS"],
                              u32(K["COUNTER_A_CONNECTIONS"], 1))),
            attr(K["A_GENERATION"], b"\0")]:
        ran = Run(["service", "show"], reply(bad), done())
        expect((ran.code, ran.out, ran.err), (2, "", text), bad)
    for bad in [attr(K["FRONTEND_A_ADDR4"], b"\0" * 16),
                attr(K["FRONTEND_A_ADDR6"], b"\0" * 4),
                attr(K["FRONTEND_A_PORT"], b"\0"),
                allow("10.0.0.0/33"), allow("10.0.0.0/8", "fd00::/129"),
                nest(K["FRONTEND_A_ALLOW"], nest(1)),
                nest(K["FRONTEND_A_ALLOW"],
                     nest(1, addr(K["RANGE_A_ADDR4"], "10.0.0.0"))),
                nest(K["FRONTEND_A_ALLOW"],
                     nest(1, u8(K["RANGE_A_PREFIX"], 8))),
                nest(K["FRONTEND_A_ALLOW"],
                     nest(1, attr(K["RANGE_A_ADDR4"], b"\0"),
                          u8(K["RANGE_A_PREFIX"], 8)))]:
        ran = Run(["frontend", "show"],
                  reply(service("a"), nest(K["A_FRONTEND"], bad)), done())
        expect((ran.code, ran.out, ran.err), (2, "", text), bad)
    for bad in [range_list(K["CONFIG_A_POD_CIDR"], "10.0.0.0/33"),
                attr(K["CONFIG_A_MASQUERADE_ALL"], b"\0" * 4)]:
        ran = Run(["config", "show"], reply(nest(
            K["A_CONFIG"], range_list(K["CONFIG_A_SERVICE_CIDR"],
                                      "10.0.0.0/8"), bad), flags=0), ack())
        expect((ran.code, ran.out, ran.err), (2, "", text), bad)
    ran = Run(["service", "show"], message(FAMILY, MULTI, b""), done())
    expect(ran.code, 2)
    ran = Run(["service", "show"], b"")
    expect(ran.code, 2)


def newer_module():
    """What a newer module has more is passed over; its words are unknown."""
    ran = Run(["-j", "endpoint", "show"],
              reply(shown_service("a", 0, 1, u32(200, 1)), attr(300, b"abc")) +
              reply(service("a", u32(200, 1)), attr(300, b"abc"),
                    endpoint("10.0.0.1", 80, 1, 99, 0, u64(60, 1))) + done())
    expect(ran.json()[0]["state"], "unknown")


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
    expect(len(ran.requests), 2)


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


CASES = [service_add, other_requests, frontend_kinds, many_ranges,
         large_service, refusals, finger, ranges, broken_acks, service_show,
         service_show_one, service_show_options, service_show_none,
         show_kinds, consistency, never_still, with_stats,
         show_frontends_and_endpoints, affinity_show, flow_show, config_show,
         config_lists, simulate_requests, simulate_device, simulate,
         simulate_failures, stats_show, malformed_replies, newer_module,
         batch, colours, full_disk]


def main():
    failed = 0
    print("KTAP version 1")
    for number, case in enumerate(CASES, 1):
        name = case.__name__.replace("_", " ")
        try:
            case()
            print(f"ok {number} {name}", flush=True)
        except (AssertionError, ValueError, LookupError,
                subprocess.TimeoutExpired) as problem:
            failed += 1
            print(f"# {problem}"[:2000].replace("\n", "\n# "))
            print(f"not ok {number} {name}", flush=True)
    print(f"1..{len(CASES)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
