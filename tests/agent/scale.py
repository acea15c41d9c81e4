#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""How svcnatd fares with many Services, and with changes that do not end.

usage: tests/agent/scale.py [--services N] [--endpoints N] [--rate N]
                            [--seconds N] [--module] [--slow N] SVCNATD

The kernel is played, by files: what the module takes is not in the figures,
and nobody else changes it.  With --module it is the module, and svcctl tells
when it has a change.  The API server's share is in them: it is Python, and has
the other CPU, if there is one.  --slow is how many times longer all may take.
"""
import argparse
import collections
import gc
import os
import re
import subprocess
import sys
import threading
import time

import agent

FIRST_MAX = 10          # seconds until the kernel is equal to the cluster
MEMORY_MAX = 400        # MB
CHANGE_MAX = 0.05       # seconds until it has a change, 99 of 100 times
GROWTH_MAX = 1.02       # from the middle of all changes to their end
SETTLE = 3              # seconds after which a change is looked for
KEEP = 20000            # changes that the API server remembers


def address(number):
    return f"10.{128 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


class Files:
    """When services were changed, if the kernel is played."""

    def __init__(self, case):
        self.fake = case.fake
        case.write("kernel/quiet", "")

    def changed_at(self, i):
        return os.stat(os.path.join(
            self.fake, "services", f"default%s{i}:http")).st_mtime

    def close(self):
        pass


class Module:
    """The same of the module."""

    EVENT = re.compile(rb'endpoint default/s(\d+):http ')

    def __init__(self, cluster):
        self.times = {}
        self.monitor = subprocess.Popen(["svcctl", "monitor"],
                                        stdout=subprocess.PIPE)
        self.hears = threading.Event()
        threading.Thread(target=self.listen, daemon=True).start()
        # It reads what there is first.
        for turn in range(60):
            cluster.put_slice(0, turn + 1)
            if self.hears.wait(1):
                cluster.put_slice(0, 0)
                return
        raise AssertionError("svcctl monitor hears nothing")

    def listen(self):
        for line in self.monitor.stdout:
            match = self.EVENT.search(line)
            if match:
                self.times[int(match[1])] = time.time()
                self.hears.set()

    def changed_at(self, i):
        return self.times.get(i, 0)

    def close(self):
        self.monitor.kill()
        self.monitor.wait()


class Cluster:
    def __init__(self, case, services, endpoints):
        self.case = case
        self.services = services
        self.endpoints = endpoints
        # As a real one it has the changes of the last minutes, and says now
        # and then where the others are.
        case.api.keep = KEEP
        # To look for garbage among millions of objects would stop it for
        # seconds, and there is none.
        gc.disable()
        case.api.put(agent.node())
        for i in range(services):
            case.api.put(agent.service(
                f"s{i}", f"10.96.{i // 250}.{i % 250 + 1}"))
            self.put_slice(i, 0)

    def say_where(self):
        for resource in ("services", "nodes"):
            self.case.api.bookmark(resource)

    def put_slice(self, i, turn):
        """All of its endpoints, of which the first one is another each turn."""
        first = i * self.endpoints
        spare = self.services * self.endpoints + i
        self.case.api.put(agent.slice_of(f"s{i}", [
            address(spare if turn % 2 and not e else first + e)
            for e in range(self.endpoints)]))


def memory(pid, what):
    """In MB, as the kernel has it."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        for line in file:
            if line.startswith(what + ":"):
                return int(line.split()[1]) * 1024 / 1e6
    raise AssertionError(f"no {what}")


def cpu(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def first_sync(case):
    begin = time.monotonic()
    case.start(quick=False)
    case.wait_log(msg="the kernel is equal to the cluster")
    took = time.monotonic() - begin
    case.wait_watches()
    return took


def changes(cluster, kernel, rate, seconds, settle):
    """Of each change how long it took, and the memory in the middle."""
    pending = collections.deque()
    took = []
    middle = 0
    begin = time.time()
    for n in range(rate * seconds):
        time.sleep(max(0, begin + n / rate - time.time()))
        i = n % cluster.services
        pending.append((i, kernel.changed_at(i), time.time()))
        cluster.put_slice(i, n // cluster.services + 1)
        # Not the one that was made just now, however long that took.
        while len(pending) > 1 and pending[0][2] < time.time() - settle:
            took.append(late(kernel, *pending.popleft()))
        if n % (rate * 60) == 0:
            cluster.say_where()
        if n == rate * seconds // 2:
            middle = memory(cluster.case.agent.pid, "VmRSS")
    time.sleep(settle)
    took += [late(kernel, *one) for one in pending]
    return sorted(took), middle


def late(kernel, i, before, at):
    """Files have the time of the last tick, which can be before the change."""
    changed = kernel.changed_at(i)
    if changed == before:
        raise AssertionError(f"the change of s{i} did not arrive")
    return max(0, changed - at)


class Report:
    def __init__(self):
        self.number = self.failed = 0
        print("KTAP version 1")

    def result(self, good, text):
        self.number += 1
        self.failed += not good
        print(f"{'' if good else 'not '}ok {self.number} {text}", flush=True)

    def end(self):
        print(f"1..{self.number}")
        return self.failed > 0


def measure(case, args, report):
    files = Files(case)
    cluster = Cluster(case, args.services, args.endpoints)
    took = first_sync(case)
    pid = case.agent.pid
    most = memory(pid, "VmHWM")
    report.result(took < FIRST_MAX * args.slow,
                  f"first sync of {args.services} Services "
                  f"with {args.endpoints} endpoints: {took:.1f} s, "
                  f"{cpu(pid):.1f} s of CPU")
    report.result(most < MEMORY_MAX, f"memory until then: {most:.0f} MB")
    before = cpu(pid)
    kernel = Module(cluster) if args.module else files
    try:
        took, middle = changes(cluster, kernel, args.rate, args.seconds,
                               SETTLE * args.slow)
    finally:
        kernel.close()
    used = (cpu(pid) - before) / len(took) * 1000
    p99 = took[len(took) * 99 // 100]
    report.result(p99 < CHANGE_MAX * args.slow,
                  f"{len(took)} changes, {args.rate} a second: "
                  f"median {took[len(took) // 2] * 1000:.1f} ms, "
                  f"99 of 100 in {p99 * 1000:.1f} ms, "
                  f"last {took[-1] * 1000:.0f} ms, {used:.2f} ms of CPU each")
    end = memory(pid, "VmRSS")
    report.result(end < middle * GROWTH_MAX, f"memory in the middle "
                  f"{middle:.1f} MB, at the end {end:.1f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--services", type=int, default=10000)
    parser.add_argument("--endpoints", type=int, default=20)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--module", action="store_true")
    parser.add_argument("--slow", type=int, default=1)
    parser.add_argument("svcnatd")
    args = parser.parse_args()
    report = Report()
    case = agent.Case(os.path.abspath(args.svcnatd))
    try:
        measure(case, args, report)
    finally:
        case.close()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
