# SPDX-License-Identifier: GPL-2.0
"""Packets as bytes, made from scratch and taken apart; for wire.py and others.

Nothing is known here of how the module works.
"""
import copy
import socket
import struct

TCP, UDP = 6, 17
PROTOS = {"tcp": TCP, "udp": UDP}
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
HOP, ROUTING, FRAGMENT, DEST = 0, 43, 44, 60

# What a header of options may hold: nothing, in as many bytes as it takes.
NO_OPTIONS = b"\0\0\1\4\0\0\0\0"
MORE = {4: {"options": b"\x94\4\0\0\1\1\1\0"},
        6: {"headers": ((HOP, NO_OPTIONS),), "inner": ((DEST, NO_OPTIONS),)}}


class Family:
    """IPv4 or IPv6, and the addresses of tests/lib/topology.sh; see use_family()."""

    def __init__(self, number):
        self.number = number
        self.af = socket.AF_INET if number == 4 else socket.AF_INET6
        self.ether = 0x0800 if number == 4 else 0x86dd
        self.icmp = 1 if number == 4 else 58
        self.header = 20 if number == 4 else 40
        self.client, self.client_router = self.at(5, 2), self.at(5, 1)
        self.ep, self.ep_router = self.at(2, 9), self.at(2, 7)
        self.vip, self.vip2 = self.at(96, 20), self.at(96, 21)
        self.pod, self.unknown = self.at(4, 9), self.at(99, 9)
        self.node, self.node_eps = self.at(1, 1), self.at(2, 254)

    def at(self, network, host):
        text = f"10.{network}.0.{host}" if self.number == 4 else \
            f"fd00:{network}::{host}"
        return socket.inet_pton(self.af, text)

    def pseudo(self, src, dst, size, proto):
        if self.number == 4:
            return src + dst + struct.pack(">HH", proto, size)
        return src + dst + struct.pack(">II", size, proto)


FAMILIES = {"4": Family(4), "6": Family(6)}


def add(*numbers):
    """The sum of 16-bit numbers in one's complement."""
    total = sum(numbers)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def checksum(data):
    if len(data) & 1:
        data += b"\0"
    return ~add(*struct.unpack(f">{len(data) // 2}H", data)) & 0xffff


class Ip:
    """A packet, or a fragment of one.

    @options are those of IPv4.  @headers are the extension headers of IPv6 in
    front of a fragment header, @inner those behind it: pairs of a number and
    the bytes, of which the first will be the next header's number.
    """

    def __init__(self, family, src, dst, proto, data, **more):
        self.family, self.src, self.dst = family, src, dst
        self.proto, self.data = proto, data
        self.ttl, self.ident, self.df, self.tos = 64, 0x1234, False, 0
        self.fragment, self.offset, self.more = False, 0, False
        self.options, self.headers, self.inner = b"", (), ()
        self.__dict__.update(more)

    def but(self, **changes):
        other = copy.copy(self)
        other.__dict__.update(changes)
        return other

    def routed(self):
        """As it is behind a router."""
        return self.but(ttl=self.ttl - 1)

    def chain(self, headers, data):
        """The number of the first of them, and all of them."""
        proto = self.proto
        for number, body in reversed(headers):
            data = bytes([proto]) + body[1:] + data
            proto = number
        return proto, data

    def __bytes__(self):
        if self.family.number == 4:
            return self.ipv4()
        proto, data = self.chain(self.inner, self.data)
        if self.fragment:
            data = struct.pack(">BBHI", proto, 0, self.offset | self.more,
                               self.ident) + data
            proto = FRAGMENT
        proto, data = self.but(proto=proto).chain(self.headers, data)
        return struct.pack(">IHBB", 6 << 28 | self.tos << 20, len(data), proto,
                           self.ttl) + self.src + self.dst + data

    def ipv4(self):
        size = 20 + len(self.options)
        head = struct.pack(">BBHHHBBH", 0x40 | size // 4, self.tos,
                           size + len(self.data), self.ident,
                           self.df << 14 | self.more << 13 | self.offset // 8,
                           self.ttl, self.proto, 0)
        tail = self.src + self.dst + self.options
        return head[:10] + struct.pack(">H", checksum(head + tail)) + tail + \
            self.data

    def cut(self, sizes):
        """Fragments with so many bytes of data; the last number counts on."""
        proto, data = self.chain(self.inner, self.data)
        parts, at, size = [], 0, 0
        sizes = iter([sizes] if isinstance(sizes, int) else sizes)
        while at < len(data):
            size = next(sizes, size)
            parts.append(self.but(
                proto=proto, inner=(), fragment=True, data=data[at:at + size],
                offset=at, more=at + size < len(data)))
            at += size
        return parts


def parse(family, raw):
    """The Ip of these bytes; IPv6 headers in front of a fragment's are told
    apart, else they are data of the first one's protocol."""
    if family.number == 4:
        size = (raw[0] & 15) * 4
        total, ident, bits = struct.unpack(">HHH", raw[2:8])
        return Ip(family, raw[12:16], raw[16:20], raw[9], raw[size:total],
                  ttl=raw[8], tos=raw[1], ident=ident, df=bool(bits >> 14 & 1),
                  more=bool(bits >> 13 & 1), offset=(bits & 0x1fff) * 8,
                  fragment=bool(bits & 0x3fff), options=raw[20:size])
    first, size, proto, ttl = struct.unpack(">IHBB", raw[:8])
    ip = Ip(family, raw[8:24], raw[24:40], proto, raw[40:40 + size], ttl=ttl,
            tos=first >> 20 & 255)
    headers, data = [], ip.data
    while proto in (HOP, ROUTING, DEST):
        size = data[1] * 8 + 8
        headers.append((proto, data[:size]))
        proto, data = data[0], data[size:]
    if proto != FRAGMENT:
        return ip
    proto, _, bits, ident = struct.unpack(">BBHI", data[:8])
    return ip.but(headers=tuple(headers), proto=proto, data=data[8:],
                  fragment=True, ident=ident, offset=bits & ~7,
                  more=bool(bits & 1))


class Talk:
    """One direction of a connection, as somebody sees it."""

    def __init__(self, family, proto, src, sport, dst, dport,
                 numbers=(1001, 5001)):
        self.family, self.proto, self.numbers = family, proto, numbers
        self.src, self.sport, self.dst, self.dport = src, sport, dst, dport

    def back(self):
        return Talk(self.family, self.proto, self.dst, self.dport, self.src,
                    self.sport, self.numbers[::-1])

    def transport(self, data, flags, wrong, summed):
        ports = struct.pack(">HH", self.sport, self.dport)
        if self.proto == TCP:
            seq, ack = self.numbers
            head = ports + struct.pack(">IIHHHH", seq - bool(flags & SYN),
                                       ack if flags & ACK else 0,
                                       5 << 12 | flags, 60000, 0, 0)
            at = 16
        else:
            head = ports + struct.pack(">HH", 8 + len(data), 0)
            at = 6
        whole = head + data
        value = checksum(self.family.pseudo(self.src, self.dst, len(whole),
                                            self.proto) + whole)
        value = add(value, wrong)
        if self.proto == UDP:
            value = (value or 0xffff) if summed else 0
        return whole[:at] + struct.pack(">H", value) + whole[at + 2:]

    def packet(self, data=b"some data", flags=PSH | ACK, wrong=0, summed=True,
               **more):
        """@wrong is by how much its checksum is."""
        return Ip(self.family, self.src, self.dst, self.proto,
                  self.transport(data, flags, wrong, summed), **more)


def icmp(family, src, dst, kind, code=0, rest=b"\0\0\0\0", data=b"", wrong=0,
         **more):
    """A message of ICMP or ICMPv6."""
    whole = struct.pack(">BBH", kind, code, 0) + rest + data
    value = checksum((b"" if family.number == 4 else family.pseudo(
        src, dst, len(whole), family.icmp)) + whole)
    whole = whole[:2] + struct.pack(">H", add(value, wrong)) + whole[4:]
    return Ip(family, src, dst, family.icmp, whole, **more)


def as_made(ip):
    """Without what the kernel makes of the headers of its own packets."""
    return ip.but(ttl=64, tos=0, ident=0x1234, df=False)
