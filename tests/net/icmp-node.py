# SPDX-License-Identifier: GPL-2.0
"""ICMP and ICMPv6 errors by the node and to it, and about connections that look
different on both sides; for tests/net/icmp-node.sh."""
import itertools
import socket
import struct

import wire
from icmp import EXCEEDED, KINDS, all_kinds, translated
from packet import PROTOS, SYN, UDP, Talk, as_made, icmp, parse
from wire import Flow, differ, fail

# Clients that were not used yet
hosts = itertools.count(10)

# What is kept from one line of the test to the next
kept = {}


def made(ip, src, kind, quoted=None):
    """What the node says of a packet, which may have changed since."""
    family = ip.family
    room = (576 if family.number == 4 else 1280) - family.header - 8
    return icmp(family, src, ip.src, *kind, data=bytes(quoted or ip)[:room])


def node_tells(what, begin, ip, src, kind):
    """A packet that the node does not pass on; it tells who has sent it."""
    found = wire.net.exchange([(begin, ip)], begin, ip.family)
    if len(found) != 1:
        fail(f"{what}: {len(found)} packets, expected one")
        return
    differ(what, as_made(parse(ip.family, found[0])), made(ip, src, kind))


def exceeded_both_ways(flow, *nodes):
    for way, node in zip(("request", "reply"), nodes):
        for size in 10, 1400:
            begin, seen, _, _ = flow.way(way)
            node_tells(way, begin, seen.packet(b"9" * size, ttl=1), node,
                       EXCEEDED[flow.family.number])


def time_exceeded(family, proto):
    exceeded_both_ways(Flow(family, PROTOS[proto]).open(), family.node,
                       family.node_eps)
    # The first of a connection, as traceroute does.
    flow = Flow(family, PROTOS[proto])
    node_tells("first", wire.net.client, flow.client.packet(b"", SYN, ttl=1),
               family.node, EXCEEDED[family.number])


def too_big(family, proto, mtu):
    """Neither way is larger; in IPv4 it may not be fragmented."""
    mtu = int(mtu)
    flow = Flow(family, PROTOS[proto]).open()
    kind = (3, 4, struct.pack(">HH", 0, mtu)) if family.number == 4 else \
        (2, 0, struct.pack(">I", mtu))
    ip = flow.client.packet(b"0" * 1400, df=family.number == 4)
    node_tells("request", wire.net.client, ip, family.node, kind)


def no_route(family, proto, *kind):
    """There is no way to the endpoint any more."""
    flow = kept.get(proto)
    if not flow:
        # The node is not asked by one client often: it would say no more.
        kept[proto] = Flow(family, PROTOS[proto], client=family.at(
            5, next(hosts))).open()
        return
    node_tells("no route", wire.net.client, flow.client.packet(), family.node,
               tuple(map(int, kind)))
    del kept[proto]


def neighbours(family, proto, way="none"):
    """Two connections; and who does not answer when asked for his MAC."""
    if way == "none":
        kept["apart", proto] = [
            Flow(family, PROTOS[proto]).open(),
            Flow(family, PROTOS[proto], client=family.at(1, 77)).open()]
        return
    kind = (3, 1) if family.number == 4 else (1, 3)
    begin, seen, _, _ = kept["apart", proto][way == "reply"].way(way)
    ip = seen.packet()
    begin.send(ip)
    found = begin.wait(lambda raw: parse(family, raw).proto == family.icmp,
                       2 * wire.PATIENCE)
    if not found:
        fail(f"{way}: the node tells nobody")
        return
    got = as_made(parse(family, found[-1]))
    if got.src not in (family.node, family.node_eps, family.at(4, 1)):
        fail(f"{way}: told by {got.src.hex()}")
    # It has left its sender, and has aged.
    differ(f"{way}: no neighbour", got, made(ip, got.src, kind, ip.routed()))


def node_is_endpoint(family):
    """And nobody listens there."""
    talk = Talk(family, UDP, family.client, next(wire.ports), family.vip, 81)
    kind = (3, 3) if family.number == 4 else (1, 4)
    node_tells("node", wire.net.client, talk.packet(), family.vip, kind)


def shifted(family, proto):
    """One port of the client for two services of one endpoint."""
    first = Flow(family, PROTOS[proto]).open()
    port = first.client.sport
    second = Flow(family, PROTOS[proto], port, vip=family.vip2).open(True)
    direct = Flow(family, PROTOS[proto], port, vip=family.ep,
                  vip_port=8080).open(True)
    if len({flow.ep.sport for flow in (first, second, direct)}) != 3:
        fail("two connections look the same")
    for flow in first, second, direct:
        translated(flow, all_kinds)
        exceeded_both_ways(flow, family.node, family.node_eps)


def masqueraded(family, proto):
    """A client that is its own endpoint sees the service, and the node."""
    node = family.at(4, 1)
    flow = Flow(family, PROTOS[proto], vip=family.vip2, vip_port=82,
                client=family.pod, ep=family.pod, client_wire=wire.net.pod,
                ep_wire=wire.net.pod).open(True)
    if flow.ep.src != node:
        fail(f"the source is {flow.ep.src.hex()}")
    translated(flow, all_kinds)
    exceeded_both_ways(flow, node, node)


def socket_of_the_node(family):
    """It learns of an error about what it has sent, to the service."""
    sock = socket.socket(family.af, socket.SOCK_DGRAM)
    sock.setblocking(False)
    level, option = (0, 11) if family.number == 4 else (41, 25)
    sock.setsockopt(level, option, 1)                # IP_RECVERR
    sock.bind((socket.inet_ntop(family.af, family.node_eps), 0))
    vip = socket.inet_ntop(family.af, family.vip)
    sock.connect((vip, 80))
    sock.send(b"hello")
    port = sock.getsockname()[1]
    seen = Talk(family, UDP, family.node_eps, port, family.ep, 8080)
    for src in family.ep_router, family.ep:
        for kind in KINDS[family.number]:
            error = icmp(family, src, family.node_eps, *kind[:2],
                         kind[2], bytes(seen.packet(b"hello", ttl=63)))
            wire.net.exchange([(wire.net.eps, error)], wire.net.eps, family)
            told = told_by(sock)
            # Who says so and where to, of which type and code
            want = (family.vip if src == family.ep else src, vip, 80,
                    kind[0], kind[1])
            # No socket learns of a source quench, nor that fragments of it
            # waited in vain.
            if family.number == 4 and kind[:2] in ((4, 0), (11, 1)):
                want = None
            if told != want:
                fail(f"{kind[:2]}: told {told}, expected {want}")
    # A reply to a socket that is gone.
    sock.close()
    node_tells("gone", wire.net.eps, seen.back().packet(), family.node_eps,
               (3, 3) if family.number == 4 else (1, 4))


def told_by(sock):
    """The error in the queue of a socket."""
    try:
        _, control, _, peer = sock.recvmsg(2000, 200, 0x2000)  # MSG_ERRQUEUE
    except BlockingIOError:
        return None
    data = control[0][2]
    kind, code = data[5], data[6]
    # errno, origin, type, code, pad, info, data, then a socket address
    src = data[20:24] if len(data) < 40 else data[24:40]
    return src, peer[0], peer[1], kind, code


if __name__ == "__main__":
    wire.net = wire.Net()
    wire.serve(globals())
