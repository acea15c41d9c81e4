# SPDX-License-Identifier: GPL-2.0
"""Connections whose endpoint goes while they begin; for
tests/net/handshake.sh."""
import struct

import wire
from packet import ACK, RST, SYN, TCP, parse
from wire import Flow, fail

# What is kept from one line of the test to the next
kept = []


def begins(family):
    """A SYN that the endpoint has not answered yet."""
    flow = Flow(family, TCP)
    flow.learn()
    kept.append(flow)


def is_reset_of(ip, talk):
    """What ends the connection for who has sent a SYN-ACK."""
    sport, dport, seq, _, bits = struct.unpack(">HHIIH", ip.data[:14])
    return (ip.src, ip.dst, ip.proto, sport, dport, seq, bits & 0x3f) == \
        (talk.src, talk.dst, TCP, talk.sport, talk.dport, talk.numbers[0],
         RST)


def answered_too_late(family):
    """By an endpoint that was removed: it is told, and the client is not."""
    flow = kept.pop()
    begin, seen, to, _ = flow.way("reply")
    while to.read():
        pass
    found = wire.net.exchange([(begin, seen.packet(b"", SYN | ACK))], begin,
                              family)
    if len(found) != 1 or not is_reset_of(parse(family, found[0]), flow.ep):
        fail(f"the endpoint gets {len(found)} packets, expected a RST: " +
             " ".join(raw[:80].hex() for raw in found))
    if to.read():
        fail("the client gets an answer")
    # Its next SYN
    kept.append(flow)


def goes_on(family):
    """With whom the SYN that the client sends again is for."""
    kept.pop().open(True)
    del family


if __name__ == "__main__":
    wire.net = wire.Net()
    wire.serve(globals())
