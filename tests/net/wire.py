# SPDX-License-Identifier: GPL-2.0
"""Wires with packets on them, for what wire_start() of lib/wire.sh runs.

Every packet that is expected is made from scratch, its checksums too, and
compared byte by byte.

Everything runs on one CPU, whose queue of packets is first in, first out: what
has not come when a packet that was sent later has, does not come.
"""
import ctypes
import itertools
import os
import select
import socket
import struct
import sys
import time
import traceback

from packet import ACK, FAMILIES, HOP, SYN, UDP, Talk, parse

PATIENCE = 40 if any(os.path.exists(f"/sys/kernel/debug/{detector}")
                     for detector in ("kmemleak", "kcsan")) else 5


def fail(text):
    """The test fails; it goes on."""
    print(str(text).replace("\n", " | "))


def enter(netns):
    """For all sockets from here on; they stay where they were made."""
    with open(f"/run/netns/{netns}", "rb") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0):
            raise OSError(ctypes.get_errno(), "setns")


class Wire:
    """One end of a wire, the node has the other; or a device of the node."""

    def __init__(self, netns, device, number=None):
        enter(netns)
        self.outgoing = number is None
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                  socket.htons(3))
        # SO_RCVBUFFORCE
        self.sock.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)
        self.sock.bind((device, 3))
        self.sock.setblocking(False)
        if number:
            self.macs = bytes([2, 0, 0, 0, number, 0xfe,
                               2, 0, 0, 0, number, 2])

    def send(self, ip):
        self.sock.send(self.macs + struct.pack(">H", ip.family.ether) +
                       bytes(ip))

    def read(self):
        """The next packet that is there, or None."""
        while True:
            try:
                frame, address = self.sock.recvfrom(1 << 17)
            except BlockingIOError:
                return None
            if (address[2] == 4) == self.outgoing and is_of_interest(frame):
                return frame[14:]

    def wait(self, wanted, seconds):
        """Up to the first packet that is @wanted: all of them, or None."""
        end, found = time.monotonic() + seconds, []
        while True:
            raw = self.read()
            if raw:
                found.append(raw)
                if wanted(raw):
                    return found
                continue
            left = end - time.monotonic()
            if left <= 0:
                return None
            select.select([self.sock], [], [], left)


def is_of_interest(frame):
    """Not what keeps a link of Ethernet going."""
    kind, = struct.unpack(">H", frame[12:14])
    if kind == 0x0800:
        return frame[14 + 9] != 2
    if kind != 0x86dd:
        return False
    proto, at = frame[14 + 6], 54
    if proto == HOP:
        proto, at = frame[at], at + frame[at + 1] * 8 + 8
    return proto != 58 or frame[at] not in (*range(130, 138), 143)


class Net:
    """The wires, by the namespaces in the arguments."""

    def __init__(self):
        client, node, eps, pod = sys.argv[1:5]
        self.netns = node
        self.client = Wire(client, "eth0", 1)
        self.eps = Wire(eps, "eth0", 2)
        self.pod = Wire(pod, "eth0", 4)
        self.nowhere = Wire(node, "nowhere")

    def exchange(self, sent, to, family):
        """What comes out at @to when pairs of a wire and a packet are sent."""
        while to.read():
            pass
        # Nothing of ours, and looked at by nobody.
        src, address, via = family.client, family.ep, self.client
        if to is self.client:
            src, address, via = family.ep, family.client, self.eps
        elif to is self.pod:
            address = family.pod
        elif to is self.nowhere:
            address = family.unknown
        last = Talk(family, UDP, src, 9, address, 9).packet(os.urandom(8))
        for wire, ip in sent:
            wire.send(ip)
        via.send(last)
        found = to.wait(lambda raw: raw == bytes(last.routed()), PATIENCE)
        if found is None:
            fail("the packets get stuck")
            return []
        return found[:-1]


net = Net()
ports = itertools.count(20000)


def differ(what, got, wanted):
    """Compares two packets; says where they differ."""
    got, wanted = bytes(got), bytes(wanted)
    if got == wanted:
        return
    at = next((i for i, pair in enumerate(zip(got, wanted))
               if pair[0] != pair[1]), min(len(got), len(wanted)))
    fail(f"{what}: from byte {at}: got {got[:120].hex()} ({len(got)}), "
         f"expected {wanted[:120].hex()} ({len(wanted)})")


def expect_all(family, cases, to):
    """All are sent at once; each comes out at @to as it should, if it should.

    A case is what it is about, a wire, what is sent there, and what comes out.
    """
    cases = list(cases)
    found = net.exchange([case[1:3] for case in cases], to, family)
    wanted = [(what, bytes(ip)) for what, _, _, ip in cases if ip]
    if len(found) == len(wanted):
        for got, (what, want) in zip(found, wanted):
            differ(what, got, want)
        return
    what = next((what for what, want in wanted if want not in found),
                cases[0][0] if cases else "nothing")
    fail(f"{what}: {len(found)} packets, expected {len(wanted)}: " +
         " ".join(raw[:80].hex() for raw in found[:4]))


def expect(what, family, sent, to, *wanted):
    """Those packets come out at @to, and no other."""
    wanted += (None,) * (len(sent) - len(wanted))
    expect_all(family, [(what, *pair, want)
                        for pair, want in zip(sent, wanted)], to)


def join(what, fragments, limit):
    """The packet whose fragments these are, in order, none above the limit."""
    at, data = 0, b""
    for n, ip in enumerate(fragments):
        first = fragments[0]
        if len(bytes(ip)) > limit:
            fail(f"{what}: a fragment has {len(bytes(ip))} bytes")
        if not ip.fragment or ip.offset != at or \
                ip.more != (n < len(fragments) - 1):
            fail(f"{what}: fragment {n} from {ip.offset}, expected {at}")
        if (ip.ident, ip.ttl, ip.proto) != (first.ident, first.ttl,
                                            first.proto):
            fail(f"{what}: fragment {n} is not like the first")
        at += len(ip.data)
        data += ip.data
    return fragments[0].but(fragment=False, offset=0, more=False, data=data)


def whole(what, sent, to, wanted, limit=1500):
    """The packet comes out at @to as fragments up to that size."""
    family = wanted.family
    found = net.exchange(sent, to, family)
    fragments = [parse(family, raw) for raw in found]
    for raw, ip in zip(found, fragments):
        # That of its header is made anew.
        differ(f"{what}, its header", raw, ip)
    if not fragments:
        fail(f"{what}: nothing comes out")
    elif not any(ip.fragment for ip in fragments):
        fail(f"{what}: {len(found)} packets, none is a fragment")
    else:
        differ(what, join(what, fragments, limit), wanted)


class Flow:
    """A connection through a service: @client is the Talk that the client
    sees, @ep the one that the endpoint sees, both from the client on."""

    def __init__(self, family, proto, port=None, vip=None, vip_port=80,
                 client=None, ep=None, client_wire=None, ep_wire=None):
        port = port or next(ports)
        client = client or family.client
        self.family = family
        self.client_wire = client_wire or net.client
        self.ep_wire = ep_wire or net.eps
        self.client = Talk(family, proto, client, port, vip or family.vip,
                           vip_port)
        self.ep = Talk(family, proto, client, port, ep or family.ep, 8080)

    def way(self, name):
        """Where a request, or a reply, begins, and where it comes out."""
        if name == "request":
            return self.client_wire, self.client, self.ep_wire, self.ep
        return (self.ep_wire, self.ep.back(), self.client_wire,
                self.client.back())

    def send(self, name, *args, **more):
        """Send a packet one way; it must come out."""
        begin, seen, to, as_seen = self.way(name)
        expect(name, self.family, [(begin, seen.packet(*args, **more))], to,
               as_seen.packet(*args, **more).routed())

    def learn(self):
        """See as whom the endpoint knows the client."""
        found = net.exchange([(self.client_wire, self.client.packet(
            b"", SYN))], self.ep_wire, self.family)
        if len(found) != 1:
            fail(f"the first packet became {len(found)}")
            return
        ip = parse(self.family, found[0])
        self.ep.src = ip.src
        self.ep.sport, = struct.unpack(">H", ip.data[:2])

    def open(self, learn=False):
        if learn:
            self.learn()
        if self.client.proto == UDP:
            self.send("request")
            self.send("reply")
        else:
            self.send("request", b"", SYN)
            self.send("reply", b"", SYN | ACK)
            self.send("request", b"", ACK)
        return self


def serve(functions):
    """Does what tests/lib/wire.sh asks for until it asks no more."""
    os.sched_setaffinity(0, {0})
    print("ready")
    for line in sys.stdin:
        number, name, *words = line.split()
        try:
            functions[name](FAMILIES[number], *words)
        except Exception:  # pylint: disable=broad-except
            fail(traceback.format_exc())
        print(".")
