#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""What svcctl makes of refusals, and of answers that are malformed."""
import struct

from messages import (DUMP, EEXIST, EINVAL, ENOENT, EPERM, ERROR, FAMILY, K,
                      MULTI, REQUEST, Run, TLVS, ack, addr, allow, attr, done,
                      endpoint, expect, expect_request, full_service, message,
                      nest, nodeport, port, range_list, reply, sentence,
                      service, shown_service, u32, u64, u8, main)


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


def other_names():
    """A service that the kernel does not know may be another."""
    gone = ack(ENOENT, sentence("there is no such service"))

    def refused(words, meant, *replies):
        ran = Run(words, *replies)
        text = f'svcctl: service "{words[2]}": there is no such service'
        expect((ran.code, ran.out, ran.err),
               (2, "", text + (f', did you mean "{meant}"?' if meant else "")
                + "\n"))
        return ran

    have = [reply(full_service(name)) for name in
            ("default/web:http", "webb", "web", "x")]
    for words in [["service", "del", "wb"], ["service", "show", "wb"],
                  ["endpoint", "show", "wb"], ["affinity", "show", "wb"],
                  ["stats", "show", "wb"]]:
        ran = refused(words, "web", gone, b"".join(have), done())
        expect_request(ran, "CMD_SERVICE_GET", number=1,
                       flags=REQUEST | DUMP)
    refused(["service", "del", "default/wbe:http"], "default/web:http", gone,
            b"".join(have), done())
    refused(["service", "del", "default/api:http"], None, gone,
            b"".join(have), done())
    # That one is there: what is missing is something else.
    refused(["service", "del", "web"], None, gone, b"".join(have), done())
    refused(["service", "del", "wb"], None, gone, done())
    refused(["service", "del", "wb"], None, gone, done(-EINVAL))
    # Of very many, only some are looked at.
    many = [b"".join(have[:1] * 200)] * 90
    refused(["service", "del", "wb"], None, gone, *many, have[2], done())
    ran = Run(["service", "del", "wb"], ack(EEXIST, sentence("no")))
    expect((len(ran.requests), ran.err), (1, 'svcctl: service "wb": no\n'))


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


if __name__ == "__main__":
    main(refusals, other_names, finger, ranges, broken_acks, malformed_replies,
         newer_module)
