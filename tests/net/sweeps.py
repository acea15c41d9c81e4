# SPDX-License-Identifier: GPL-2.0
"""Packets for a connection of others, from who knows its addresses and ports
and nothing else; for tests/stress/floods.sh."""
import random
import struct

import wire
from packet import ACK, FIN, PSH, RST, SYN, TCP, Talk, icmp

FLAGS = (RST, RST | ACK, FIN | ACK, SYN, SYN | ACK, ACK, PSH | ACK)
ERRORS = {4: ((3, 1), (3, 3), (3, 4), (4, 0), (11, 0), (12, 0)),
          6: ((1, 0), (1, 4), (2, 0), (3, 0), (4, 0))}
# The smallest that a router may ask for, and less
REST = {4: struct.pack(">HH", 0, 68), 6: struct.pack(">I", 600)}


def both_ways(family, port):
    """As the client sees the connection, and as the endpoint does."""
    client, first = family.at(1, 2), family.at(2, 1)
    return ((wire.net.client,
             Talk(family, TCP, client, port, family.at(96, 10), 80)),
            (wire.net.eps, Talk(family, TCP, first, 80, client, port)))


def sweeps(family, port, count):
    """That many of each kind, from either side."""
    rand = random.Random(4100)
    for _ in range(int(count)):
        for begin, talk in both_ways(family, int(port)):
            talk.numbers = rand.randrange(1, 1 << 32), rand.randrange(1 << 32)
            for flags in FLAGS:
                begin.send(talk.packet(b"x" * (flags & PSH), flags))
            for kind, code in ERRORS[family.number]:
                # Quotes what the other side has sent.
                begin.send(icmp(family, talk.src, talk.dst, kind, code,
                                REST[family.number],
                                data=bytes(talk.back().packet(ttl=63))))


if __name__ == "__main__":
    wire.net = wire.Net()
    wire.serve(globals())
