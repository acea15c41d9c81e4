# SPDX-License-Identifier: GPL-2.0
"""ICMP and ICMPv6 errors about connections; for tests/net/icmp.sh."""
import struct

import wire
from packet import DEST, MORE, NO_OPTIONS, PROTOS, TCP, UDP, Talk, icmp
from wire import Flow, expect, expect_all, whole

POINTER = b"\0\0\0\x10"
MTU = 1300

# Type, code and what is behind the checksum
KINDS = {
    4: [(3, code, b"\0\0\0\0") for code in (0, 1, 2, 3, 5, 10, 13)] +
       [(3, 4, struct.pack(">HH", 0, MTU)), (4, 0, b"\0\0\0\0"),
        (11, 0, b"\0\0\0\0"), (11, 1, b"\0\0\0\0"), (12, 0, b"\x14\0\0\0"),
        (12, 1, b"\0\0\0\0")],
    6: [(1, code, b"\0\0\0\0") for code in range(7)] +
       [(2, 0, struct.pack(">I", MTU)), (3, 0, b"\0\0\0\0"),
        (3, 1, b"\0\0\0\0"), (4, 0, POINTER), (4, 1, POINTER),
        (4, 2, POINTER)]}
EXCEEDED = {4: (11, 0), 6: (3, 0)}

# What is kept from one line of the test to the next
kept = {}


class Error:
    """Who tells of a packet of a flow, and as what that comes out.

    @way is that of the packet, and it had been translated if it had to be.
    @here is its Talk where the error comes from, @there where it goes to.
    """

    def __init__(self, flow, way, who):
        if way == "request":
            self.begin, self.to = flow.ep_wire, flow.client_wire
            self.here, self.there = flow.ep, flow.client
            router = flow.family.ep_router
        else:
            self.begin, self.to = flow.client_wire, flow.ep_wire
            self.here, self.there = flow.client.back(), flow.ep.back()
            router = flow.family.client_router
        self.family = flow.family
        self.what = f"about a {way}, from the {who}"
        self.src = (router, router) if who == "router" else \
            (self.here.dst, self.there.dst)

    def sent(self, quote, kind=None, **more):
        kind, code, *rest = kind or EXCEEDED[self.family.number]
        return icmp(self.family, self.src[0], self.here.src, kind, code, *rest,
                    data=quote, **more)

    def seen(self, quote, kind=None, **more):
        kind, code, *rest = kind or EXCEEDED[self.family.number]
        return icmp(self.family, self.src[1], self.there.src, kind, code,
                    *rest, data=quote, **more).routed()

    def case(self, what, quote=lambda talk: talk.packet(ttl=63), kind=None,
             **more):
        """For expect_all(): @quote gives what is quoted of a Talk."""
        return (f"{what} {self.what}", self.begin,
                self.sent(bytes(quote(self.here)), kind, **more),
                self.seen(bytes(quote(self.there)), kind, **more))


def errors(flow):
    for way in "request", "reply":
        for who in "router", "end":
            yield Error(flow, way, who)


def translated(flow, cases):
    """The cases that @cases() makes of each error"""
    for error in errors(flow):
        expect_all(flow.family, cases(error), error.to)


def all_kinds(error):
    for kind in KINDS[error.family.number]:
        yield error.case(f"{kind[:2]}", kind=kind)


def every_kind(family, proto):
    translated(Flow(family, PROTOS[proto]).open(), all_kinds)


def any_length(error):
    """Of half a checksum nothing can be said."""
    at = 16 if error.here.proto == TCP else 6
    old = error.here.packet().data[at:at + 1]

    def quote(length, talk):
        ip = talk.packet(ttl=63)
        data = ip.data[:at] + old if length == at + 1 else ip.data[:length]
        return bytes(ip)[:talk.family.header] + data

    for length in (*range(8, 22), 28):
        yield error.case(f"{length} bytes of transport",
                         lambda talk, length=length: quote(length, talk))


def quotes_of_any_length(family, proto):
    translated(Flow(family, PROTOS[proto]).open(), any_length)


def odd_but_ours(error):
    """What is wrong in a quote is as wrong as before."""
    data, more = b"123" * 400, MORE[error.family.number]
    for wrong in 1, 0x8000, 0xfffe:
        yield error.case("a wrong checksum in", lambda talk, wrong=wrong:
                         talk.packet(ttl=63, wrong=wrong))
    if error.family.number == 4:
        yield error.case("no checksum in",
                         lambda talk: talk.packet(ttl=63, summed=False))
    yield error.case("a long one", lambda talk: talk.packet(data))
    yield error.case("a first fragment in",
                     lambda talk: talk.packet(data).cut(800)[0])
    yield error.case("more headers in",
                     lambda talk: talk.packet(ttl=63, **more))
    yield error.case("more headers around", **more)
    yield error.case("more headers in and around",
                     lambda talk: talk.packet(ttl=63, **more), **more)
    # RFC 4884: 128 bytes of it, and what the router adds.
    yield error.case("an extension behind", lambda talk: bytes(talk.packet(
        b"x" * 200))[:128] + b"\x20\0\0\0\0\x08\1\1abcd")


def odd_quotes(family, proto):
    translated(Flow(family, PROTOS[proto]).open(), odd_but_ours)


def in_fragments(family, proto):
    """An error that is itself in fragments."""
    flow = Flow(family, PROTOS[proto]).open()
    data = b"567" * 400
    for error in errors(flow):
        for order in list, reversed:
            parts = order(error.sent(bytes(error.here.packet(data))).cut(256))
            whole(f"{error.what}, in fragments",
                  [(error.begin, part) for part in parts], error.to,
                  error.seen(bytes(error.there.packet(data))), 1280)


def redirects(family):
    """Are for the host next to the router: left alone."""
    flow = Flow(family, UDP).open()
    error = Error(flow, "request", "router")
    sent = error.sent(bytes(flow.ep.packet()), (5, 1, family.ep_router))
    expect("a redirect", family, [(error.begin, sent)], error.to,
           sent.routed())


def cut_short(error):
    """What an error may hold that quotes too little, or nothing of ours."""
    family, talk = error.family, error.here
    packet = talk.packet(ttl=63)
    raw, header = bytes(packet), family.header
    ask = 8 if family.number == 4 else 128
    for length in 0, 1, header - 1, header, header + 1, header + 7:
        yield f"{length} bytes", raw[:length]
    yield "another error", bytes(icmp(family, talk.src, talk.dst,
                                      *EXCEEDED[family.number], data=raw))
    yield "a ping", bytes(icmp(family, talk.src, talk.dst, ask))
    yield "a later fragment", bytes(talk.packet(b"8" * 1000).cut(512)[1])
    for proto in 33, 47, 253:
        yield f"protocol {proto}", bytes(packet.but(proto=proto))
    yield "another version", bytes([raw[0] ^ 0x20]) + raw[1:]
    if family.number == 4:
        yield "a short header", b"\x44" + raw[1:]
        yield "a longer header", b"\x4f" + raw[1:28]
    else:
        yield "too many headers", bytes(packet.but(
            headers=((DEST, NO_OPTIONS),) * 9))
        yield "half a header", bytes(packet.but(
            headers=((DEST, NO_OPTIONS),)))[:44]
        yield "a longer header", bytes(packet.but(
            headers=((DEST, b"\0\x20\1\4\0\0\0\0"),)))
        yield "no next header", bytes(packet.but(proto=59))


def left_alone(flow, cases, what):
    """Nothing of them is changed; those to a service go where it is not."""
    number = 0
    for error in errors(flow):
        to = error.to if error.to is flow.client_wire else wire.net.nowhere
        all_of_them = [(f"{what}: {name} {error.what}", error.begin, sent,
                        sent.routed()) for name, sent in cases(error)]
        expect_all(flow.family, all_of_them, to)
        number += len(all_of_them)
    return number


def odd(family, proto, count):
    """Counted, every one of them: their number is put into a file."""
    flow = Flow(family, PROTOS[proto]).open()

    def cases(error):
        raw = bytes(error.here.packet(ttl=63))
        for name, quote in cut_short(error):
            yield name, error.sent(quote)
        for wrong in 1, 0x8000, 0xfffe:
            yield "a wrong checksum", error.sent(raw, wrong=wrong)

    number = left_alone(flow, cases, "odd")
    flow.send("request")
    with open(count, "w", encoding="ascii") as file:
        print(number, file=file)


def forged(family, proto):
    """They quote what nobody has sent, or tell it to somebody else."""
    flow = Flow(family, PROTOS[proto]).open()
    other = UDP if proto == "tcp" else TCP

    def cases(error):
        here = error.here
        about = here.src, here.sport, here.dst, here.dport
        for name, proto, src, sport, dst, dport in [
                ("another client's port", here.proto, *about[:1],
                 here.sport ^ 1, *about[2:]),
                ("another port", here.proto, *about[:3], here.dport ^ 1),
                ("another protocol", other, *about),
                ("another peer", here.proto, *about[:2], family.unknown,
                 here.dport)]:
            talk = Talk(family, proto, src, sport, dst, dport)
            yield name, error.sent(bytes(talk.packet(ttl=63)))
        # Of whom is not told.
        talk = Talk(family, here.proto, family.unknown, *about[1:])
        yield "another source", error.sent(bytes(talk.packet(ttl=63)))
        # Against the way, told to him whom it would be sent to.
        yield "backwards", error.sent(bytes(here.back().packet(ttl=63)))

    left_alone(flow, cases, "forged")
    # Told to somebody else: here to another client, or another service.
    for error in errors(flow):
        quote = bytes(error.here.packet(ttl=63))
        for address, to in [(family.client_router, wire.net.client),
                            (family.unknown, wire.net.nowhere)]:
            sent = icmp(family, error.src[0], address,
                        *EXCEEDED[family.number], data=quote)
            expect(f"told to another {error.what}", family,
                   [(error.begin, sent)], to, sent.routed())
    flow.send("request")


def flow_opens(family, proto):
    kept["flow"] = Flow(family, PROTOS[proto]).open()


def one_more(family):
    """An error of each sort, about the flow that was opened."""
    translated(kept["flow"], lambda error: [error.case("one more")])


def tell(family):
    """The same, and who cares."""
    for error in errors(kept["flow"]):
        error.begin.send(error.sent(bytes(error.here.packet(ttl=63))))


def gone(family):
    """Those that are about a flow that is no more are left alone."""
    left_alone(kept.pop("flow"), lambda error: [
        ("gone", error.sent(bytes(error.here.packet(ttl=63))))], "gone")


if __name__ == "__main__":
    wire.net = wire.Net()
    wire.serve(globals())
