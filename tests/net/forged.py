# SPDX-License-Identifier: GPL-2.0
"""Connections whose client hears no answer, because it is not where it says;
for tests/net/forged.sh."""
import wire
from packet import ACK, FIN, PSH, RST, SYN, TCP
from wire import Flow

# From one line of the test to the next
kept = []


def begins(family):
    """The endpoint answers, to somebody who never asked."""
    flow = Flow(family, TCP)
    flow.learn()
    flow.send("reply", b"", SYN | ACK)
    kept[:] = [flow]


def guesses(family):
    """Whatever goes on, it is translated: it may be right."""
    for flow in kept:
        right = flow.client.numbers
        flow.client.numbers = flow.ep.numbers = (right[0], right[1] + 1)
        flow.send("request", b"", ACK)
        flow.send("request", b"data", PSH | ACK)
        flow.send("request", b"data", PSH)
        flow.send("request", b"", FIN | ACK)
        flow.client.numbers = flow.ep.numbers = right
    del family


def floods(family, count):
    """Many, one after the other."""
    for _ in range(int(count)):
        begins(family)
        guesses(family)


def hears(family):
    for flow in kept:
        flow.send("request", b"", ACK)
    del family


def endpoint(family, what):
    """It says something itself."""
    for flow in kept:
        flow.send("reply", *{"nothing": (b"", ACK), "data": (b"data", ACK),
                             "reset": (b"", RST | ACK)}[what])
    del family


if __name__ == "__main__":
    wire.net = wire.Net()
    wire.serve(globals())
