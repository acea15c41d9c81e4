# SPDX-License-Identifier: GPL-2.0
"""Fragments through a service; for tests/net/fragments.sh."""
import itertools
import os
import struct
import time

import wire
from packet import (ACK, MORE, PROTOS, SYN, TCP, UDP, Talk, as_made, icmp,
                    parse)
from wire import Flow, differ, expect, fail, join, whole


def data_of(size):
    return os.urandom(size)


def through(what, flow, way, order=list, sizes=1400, size=4000, limit=1500,
            **more):
    """A packet of the flow in fragments, in this order."""
    begin, seen, to, as_seen = flow.way(way)
    data = data_of(size)
    fragments = order(seen.packet(data, **more).cut(sizes))
    whole(f"{what}, {way}", [(begin, ip) for ip in fragments], to,
          as_seen.packet(data, **more).routed(), limit)


def both_ways(what, flow, **more):
    for way in "request", "reply":
        through(what, flow, way, **more)


def in_any_order(family, proto):
    flow = Flow(family, PROTOS[proto]).open()
    for order in itertools.permutations(range(3)):
        both_ways(f"in the order {order}", flow,
                  order=lambda parts, order=order: [parts[i] for i in order])


def begins_in_fragments(family, proto):
    """The very first packet of a connection, and the very first answer."""
    for order in list, reversed:
        flow = Flow(family, PROTOS[proto])
        through("first packet", flow, "request", order=order, flags=SYN)
        through("first answer", flow, "reply", order=order, flags=SYN | ACK)


def of_any_size(family, proto):
    flow = Flow(family, PROTOS[proto]).open()
    for size, sizes in [(100, 8), (101, 16), (300, 24), (500, [24, 8]),
                        (2000, [1400, 8]), (3000, [64, 1400]),
                        (1001, [1000]), (20000, 1400), (60000, 1448)]:
        # The first must have the headers in IPv6.
        if family.number == 6 and sizes in (8, 16):
            sizes = [24, sizes]
        both_ways(f"{size} bytes in {sizes}", flow, size=size, sizes=sizes)
    # The longest that there is.
    header = 8 if proto == "udp" else 20
    longest = 65535 - header - (20 if family.number == 4 else 0)
    both_ways("the longest", flow, size=longest, sizes=1448)


def tiny_first(family):
    """So short that not all of the transport header is in it."""
    for proto in TCP, UDP:
        flow = Flow(family, proto).open()
        if family.number == 4:
            both_ways("8 bytes first", flow, sizes=[8, 1400])
            both_ways("8 bytes first, last", flow, sizes=[8, 1400],
                      order=reversed)
        elif proto == UDP:
            both_ways("8 bytes first", flow, sizes=[8, 1400])


def tiny_first_is_left_alone(family):
    """IPv6: such a one is nothing that the kernel puts together (RFC 8200)."""
    flow = Flow(family, TCP).open()
    first, second = flow.client.packet(data_of(100), ident=77).cut([8, 1400])
    expect("a tiny first fragment", family, [(wire.net.client, first)],
           wire.net.nowhere, first.routed())
    expect("and the second", family, [(wire.net.client, second)],
           wire.net.eps)


def with_more_headers(family, proto):
    flow = Flow(family, PROTOS[proto]).open()
    for order in list, reversed:
        both_ways("more headers", flow, order=order, **MORE[family.number])


def overlapping(family, proto):
    """Never what one thinks it is: all of it is dropped."""
    flow = Flow(family, PROTOS[proto]).open()
    for way in "request", "reply":
        begin, seen, to, _ = flow.way(way)
        for n, (start, stop) in enumerate([(0, 24), (0, 792), (800, 1592),
                                           (1592, 2400), (792, 1616)]):
            parts = seen.packet(data_of(2400), ident=1000 + n).cut(800)
            overlap = parts[1].but(data=data_of(stop - start), offset=start)
            # The last covers a hole, and more than that.
            sent = parts[0], parts[2 if start == 792 else 1], overlap
            expect(f"{way}, {start} to {stop} again", family,
                   [(begin, part) for part in sent], to)
            through("the next", flow, way, ident=2000 + n)


def twice(family, proto):
    """The same fragment again is no overlap."""
    flow = Flow(family, PROTOS[proto]).open()
    both_ways("twice", flow,
              order=lambda parts: [part for part in parts[:-1]
                                   for _ in range(2)] + parts[-1:])


def missing(family, proto):
    """Nothing passes until the last is there."""
    flow = Flow(family, PROTOS[proto]).open()
    for way in "request", "reply":
        begin, seen, to, as_seen = flow.way(way)
        for n in range(3):
            data = data_of(3000)
            parts = seen.packet(data, ident=3000 + n).cut(1024)
            last = parts.pop(n)
            expect(f"{way} without {n}", family,
                   [(begin, part) for part in parts], to)
            whole(f"{way} with {n}", [(begin, last)], to,
                  as_seen.packet(data, ident=3000 + n).routed())


def mixed(family, proto):
    """Two connections whose fragments have the same identification."""
    flows = [Flow(family, PROTOS[proto]).open() for _ in range(2)]
    for way in "request", "reply":
        begin, _, to, _ = flows[0].way(way)
        data = [data_of(2000) for _ in flows]
        sides = [flow.way(way) for flow in flows]
        parts = [side[1].packet(text, ident=4000 + n).cut(1400)
                 for n, (side, text) in enumerate(zip(sides, data))]
        found = wire.net.exchange([(begin, part) for pair in zip(*parts)
                                   for part in pair], to, family)
        found = [parse(family, raw) for raw in found]
        for n, (side, text) in enumerate(zip(sides, data)):
            differ(f"{way}, mixed {n}", join("mixed", found[2 * n:2 * n + 2],
                                             1500),
                   side[3].packet(text, ident=4000 + n).routed())


def checksums(family, proto):
    """A wrong one is as wrong as before, none is none, and 0 is ones."""
    flow = Flow(family, PROTOS[proto]).open()
    for wrong in 1, 0x8000, 0xfffe, 0x1234:
        both_ways(f"off by {wrong:x}", flow, wrong=wrong)
    if proto == "tcp":
        return
    if family.number == 4:
        both_ways("no checksum", flow, summed=False)
    for way in "request", "reply":
        begin, seen, to, as_seen = flow.way(way)
        # With these two bytes the new checksum would be 0.
        text = data_of(3998)
        old = as_seen.packet(text + b"\0\0").data[6:8]
        text += old
        ip = as_seen.packet(text).routed()
        if ip.data[6:8] != b"\xff\xff":
            fail(f"the checksum is {ip.data[6:8].hex()}")
        whole(f"{way}, ones", [(begin, part) for part in
                               seen.packet(text).cut(1400)], to, ip)


def counted(family):
    """Three requests in fragments and two replies, of 2000 bytes each."""
    flow = Flow(family, UDP)
    size = 2000 - 8 - family.header
    for _ in range(3):
        through("counted", flow, "request", size=size)
    for _ in range(2):
        through("counted", flow, "reply", size=size)


def too_big(ip, to, src, mtu):
    """What the node says of a packet, as whom it is told knows it."""
    family = ip.family
    if family.number == 4:
        kind, code, rest, room = 3, 4, struct.pack(">HH", 0, mtu), 576
    else:
        kind, code, rest, room = 2, 0, struct.pack(">I", mtu), 1280
    return icmp(family, src, to, kind, code, rest,
                bytes(ip)[:room - family.header - 8])


def smaller_mtu(family, way, mtu):
    """So much is what the device has by which a packet goes that way."""
    mtu = int(mtu)
    for proto in TCP, UDP:
        flow = Flow(family, proto).open()
        if family.number == 4:
            for order in list, reversed:
                through("larger fragments", flow, way, sizes=1480,
                        order=order, limit=mtu)
            larger_packet(flow, way, mtu)
        # The least that there is in IPv6.
        through("smaller fragments", flow, way, sizes=1000,
                limit=1020 if family.number == 4 else 1280)
        told_of_the_mtu(flow, way, mtu)


def larger_packet(flow, way, mtu):
    """In one piece, and may be fragmented: then it is."""
    begin, seen, to, as_seen = flow.way(way)
    data = data_of(1400)
    whole("a larger packet", [(begin, seen.packet(data))], to,
          as_seen.packet(data).routed(), mtu)


def told_of_the_mtu(flow, way, mtu):
    """Fragments that may not be fragmented again, and are too large."""
    family = flow.family
    begin, seen, _, _ = flow.way(way)
    ip = seen.packet(data_of(4000), df=family.number == 4)
    found = wire.net.exchange([(begin, part) for part in ip.cut(1440)], begin,
                              family)
    if len(found) != 1:
        fail(f"{way}, told of the MTU: {len(found)} packets")
        return
    src = family.node if way == "request" else family.node_eps
    differ(f"{way}, told of the MTU", as_made(parse(family, found[0])),
           too_big(ip, ip.src, src, mtu))


def echo(family):
    """The node answers for the service, in fragments as well."""
    ask, answer = (8, 0) if family.number == 4 else (128, 129)
    for size in 100, 1400, 4000, 20000:
        data = data_of(size)
        rest = struct.pack(">HH", 7, size)
        sent = icmp(family, family.client, family.vip, ask, 0, rest, data)
        want = icmp(family, family.vip, family.client, answer, 0, rest, data)
        for order in list, reversed:
            parts = order(sent.cut(1400)) if size > 1400 else [sent]
            found = wire.net.exchange([(wire.net.client, part) for part in
                                       parts], wire.net.client, family)
            found = [parse(family, raw) for raw in found]
            if not found:
                fail(f"{size} bytes: no answer")
                continue
            got = join("answer", found, 1500) if len(found) > 1 else found[0]
            differ(f"answer of {size} bytes",
                   got.but(ident=0, df=False), want.but(ident=0))


def refused(family):
    """No such port: told once, of the whole."""
    talk = Talk(family, UDP, family.client, 4000, family.vip, 99)
    ip = talk.packet(data_of(3000))
    found = wire.net.exchange([(wire.net.client, part) for part in
                               ip.cut(1400)], wire.net.client, family)
    if len(found) != 1:
        fail(f"{len(found)} packets")
        return
    kind, code = (3, 3) if family.number == 4 else (1, 4)
    room = (576 if family.number == 4 else 1280) - family.header - 8
    differ("refused", as_made(parse(family, found[0])),
           icmp(family, family.node, family.client, kind, code,
                data=bytes(ip)[:room]))


def timeouts():
    """How often the node has given up on a packet of IPv4."""
    with open("/proc/thread-self/net/snmp", encoding="ascii") as file:
        names, values = [line.split() for line in file
                         if line.startswith("Ip:")]
    return int(values[names.index("ReasmTimeout")])


def never_whole(family):
    """After a second the node gives up; IPv6 tells the client, of the VIP."""
    flow = Flow(family, UDP)
    part = flow.client.packet(data_of(4000)).cut(1400)[0]
    before = timeouts()
    expect("never whole", family, [(wire.net.client, part)], wire.net.eps)
    end = time.monotonic() + 2 * wire.PATIENCE
    if family.number == 4:
        while timeouts() == before and time.monotonic() < end:
            time.sleep(0.02)
        if timeouts() != before + 1:
            fail("the node does not give up")
        expect("given up", family, [], wire.net.eps)
        return
    found = wire.net.client.wait(lambda raw: raw[6] == 58, 2 * wire.PATIENCE)
    if not found:
        fail("the client is not told")
        return
    differ("told", as_made(parse(family, found[-1])),
           icmp(family, family.node, family.client, 3, 1,
                data=bytes(part)[:1280 - 48]))


if __name__ == "__main__":
    wire.net = wire.Net()
    wire.serve(globals())
