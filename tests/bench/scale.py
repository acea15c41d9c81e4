# SPDX-License-Identifier: GPL-2.0
"""How much more two CPUs do than one.  Each has a generator and clients of its
own; the devices, the services and the tables are the same."""
import os
import threading

from lab import Failed
from workload import FIRST, SERVICES, Fresh, short

FLOWS = 1000


def on(cpu, function, start=None):
    """Runs a function on a CPU, in a thread; returns how to wait for what it
    returns.  A thread has the netns of who made it."""
    said = []

    def work():
        os.sched_setaffinity(0, {cpu})
        try:
            if start:
                start.wait(60)
            said.append(function())
        except (Failed, OSError, threading.BrokenBarrierError) as error:
            if start:
                start.abort()
            said.append(error)

    thread = threading.Thread(target=work)
    thread.start()

    def wait():
        thread.join()
        if isinstance(said[0], Exception):
            raise Failed("CPU %d: %s" % (cpu, said[0]))
        return said[0]

    return wait


def alone(function):
    return on(0, function)()


def together(function):
    """The mean of both."""
    start = threading.Barrier(2)
    waits = [on(cpu, function, start) for cpu in (0, 1)]
    return sum([wait() for wait in waits]) / 2


class Scale(Fresh):
    """Established flows, then first packets."""

    def measure(self, lab, it):
        self.established(lab, it)
        self.new(lab, it)

    def compare(self, name, it, one, both):
        self.result(name + "-one", it, one, "ns/packet")
        self.result(name, it, 2 * one / both, "times")

    def established(self, lab, it):
        def begin():
            lab.flows(self.proto, FLOWS, SERVICES, 4, it.target)
            self.establish(lab, FLOWS)

        for cpu in (0, 1):
            on(cpu, begin)()
        it.settle()

        def ask():
            return lab.shoot(self.plan["packets"], "request")

        self.compare("scale-established-%s-%s" % (self.proto, short(FLOWS)),
                     it, alone(ask), together(ask))

    def new(self, lab, it):
        count = self.plan["new"]

        def first():
            return lab.shoot(count, FIRST[self.proto])

        # One after the other: clients are counted.
        def begin():
            lab.flows(self.proto, count, SERVICES, 4, it.target)

        on(0, begin)()
        one = alone(first)
        for cpu in (0, 1):
            on(cpu, begin)()
        self.compare("scale-new-%s-%s" % (self.proto, short(SERVICES)), it,
                     one, together(first))
