# SPDX-License-Identifier: GPL-2.0
"""The workloads: each is a group, which makes its systems, measures them in
turn and says what came of it.  The plan names groups, see tests/bench/run."""
import json
import os
import subprocess
import time

from lab import Failed, Netns, get, timed
from systems import system

HANDSHAKE = {"udp": "request,reply", "tcp": "syn,synack,ack"}
FIRST = {"udp": "request", "tcp": "syn"}
REST = {"udp": "reply", "tcp": "synack,ack"}
CONNECTION = "syn,synack,ack,request,replyfin,fin,last"
# How many services there are while it is not they that count.
SERVICES = 100
# Seconds in which a netns that was left is gone, and kvfree_rcu() has freed what
# it was given: it collects for five.
OUTGROWN = 12


def say(what):
    """A line of JSON for tests/bench/run."""
    print("@" + json.dumps(what), flush=True)


def short(number):
    """1, 1k, 50k, 1M, as in the names of workloads."""
    for unit, letter in ((10 ** 6, "M"), (1000, "k")):
        if number >= unit and number % unit == 0:
            return "%d%s" % (number // unit, letter)
    return str(number)


class Group:
    """What they have in common.  step() is called when one of the steps that
    the plan counts is done."""

    def __init__(self, plan, group):
        self.plan = plan
        self.group = group
        self.proto = group.get("proto", "udp")
        self.systems = [system(name) for name in plan["systems"]
                        if name in group.get("systems", plan["systems"])]

    def rounds(self):
        """Number of the round, and its systems, in another order each time."""
        for number in range(self.group.get("runs", self.plan["runs"])):
            turn = number % len(self.systems)
            yield number, self.systems[turn:] + self.systems[:turn]

    def result(self, workload, it, value, unit):
        if self.plan["instructions"] and unit.startswith("ns/"):
            unit = "instructions/" + unit[3:]
        say({"workload": workload, "system": it.name, "unit": unit,
             "value": value})

    def step(self, text):
        say({"step": "%s %s" % (self.group["kind"], text)})

    def lost(self, it, error):
        """A system fell out of a round: no figure is better than a wrong
        one."""
        say({"failed": "%s %s: %s" % (self.group["kind"], it.name,
                                           error)})


class Fresh(Group):
    """Each system is made anew for each round: measure() is called with it in
    a netns of its own."""

    def run(self):
        for number, systems in self.rounds():
            for it in systems:
                lab = Netns()
                try:
                    with lab:
                        it.setup(SERVICES, self.proto)
                        self.measure(lab, it)
                except (Failed, OSError) as error:
                    self.lost(it, error)
                lab.close()
                self.step("%s, round %d, %s" % (self.proto, number + 1,
                                                it.name))

    def establish(self, lab, count):
        """So many flows, which are named already."""
        lab.shoot(count, HANDSHAKE[self.proto])
        # Some offload a flow only after it has been seen for a while.
        lab.shoot(count, "request,reply")


class Established(Fresh):
    """Packets of flows that there are; first those that are nobody's."""

    def measure(self, lab, it):
        if self.proto == "udp":
            self.directions(lab, it, 1000, "stranger",
                            {"request": "unrelated-udp-1k"})
        for count in self.group["flows"]:
            self.directions(lab, it, count, it.target, {
                side: "established-%s-%s-%s" % (side, self.proto, short(count))
                for side in ("request", "reply")})

    def directions(self, lab, it, count, target, names):
        lab.flows(self.proto, count, SERVICES, 4, target)
        self.establish(lab, count)
        it.settle()
        for side, name in names.items():
            self.result(name, it, lab.shoot(self.plan["packets"], side),
                        "ns/packet")


class New(Group):
    """First packets, whole connections; then changes, with as many services
    as these had."""

    def run(self):
        services = self.group["services"]
        ready = []
        for it in self.systems:
            if services > it.limit:
                say({"skipped": "%s with %s services" % (
                    it.name, short(services))})
                continue
            lab = Netns()
            try:
                with lab:
                    it.setup(services, self.proto)
                    ready.append(it)
            except (Failed, OSError) as error:
                self.lost(it, error)
            it.lab = lab
            self.step("%s, %s services, %s" % (self.proto, short(services),
                                               it.name))
        for number, systems in self.rounds():
            for it in systems:
                if it not in ready:
                    continue
                try:
                    with it.lab:
                        self.measure(it.lab, it, services)
                except (Failed, OSError) as error:
                    self.lost(it, error)
                self.step("%s, %s services, round %d, %s" % (
                    self.proto, short(services), number + 1, it.name))
        for it in ready:
            it.lab.close()

    def measure(self, lab, it, services):
        count = self.plan["new"]
        if it.costly:
            # No more than two seconds for one run.
            count = max(256, min(count, 2 * 10 ** 9 // (it.costly * services)))
        lab.flows(self.proto, count, services, 4, it.target)
        self.result("new-%s-%s" % (self.proto, short(services)), it,
                    lab.shoot(count, FIRST[self.proto]), "ns/packet")
        it.flush(lab, count, REST[self.proto])
        if self.group.get("connections"):
            count //= 4
            lab.flows(self.proto, count, services, 4, it.target)
            self.result("connection-%s-%s" % (self.proto, short(services)), it,
                        lab.shoot(count, CONNECTION), "ns/connection")
            it.flush(lab, count, "")


class Control(Group):
    """Bulk load, then changes of single endpoints, a process for each."""

    def run(self):
        services = self.group["services"]
        for number, systems in self.rounds():
            for it in systems:
                if services <= it.limit:
                    lab = Netns()
                    try:
                        with lab:
                            self.measure(it, services)
                    except (Failed, OSError) as error:
                        self.lost(it, error)
                    lab.close()
                self.step("%s services, round %d, %s" % (
                    short(services), number + 1, it.name))

    def measure(self, it, services):
        size = short(services)
        self.result("load-" + size, it, it.setup(services, self.proto), "s")
        count = 2 * self.group["changes"]
        self.each("update-" + size, it, (
            it.change(n // 2 * 7919 % services, self.proto, n % 2)
            for n in range(count)))
        # What it takes to start the process.
        self.each("update-nothing", it, (it.nothing() for _ in range(count)))
        if hasattr(it, "batch"):
            count = 2000
            batch = timed(*it.batch(count, services)) - timed(*it.batch(2, 1))
            self.result("update-batch-" + size, it, batch * 10 ** 6 / count,
                        "us")

    def each(self, workload, it, commands):
        """The median of what single commands take."""
        took = sorted(timed(*words) for words in commands)
        self.result(workload, it, took[len(took) // 2] * 10 ** 6, "us")


def slab():
    """Bytes of all slabs."""
    total = 0
    for line in get("/proc/slabinfo").splitlines()[2:]:
        # name active objects size per-slab pages : tunables... : slabdata
        # active-slabs slabs shared
        words = line.split()
        total += int(words[5]) * int(words[14]) * 4096
    return total


def large():
    """Bytes of what is too large for a slab: in one piece, or not."""
    pieces = sum(int(line.split()[1])
                 for line in get("/proc/vmallocinfo").splitlines()
                 if " vmalloc" in line)
    for line in get("/proc/meminfo").splitlines():
        if line.startswith("Slab:"):
            # The kernel counts whole pages of kmalloc() among these.
            return pieces + int(line.split()[1]) * 1024 - slab()
    raise Failed("/proc/meminfo has no Slab")


def shown(words):
    """What a command prints: lines; and its seconds, and its MB at most."""
    before = time.perf_counter()
    lines = 0
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        for piece in iter(lambda: process.stdout.read(1 << 16), b""):
            lines += piece.count(b"\n")
        _, process.returncode, usage = os.wait4(process.pid, 0)
    if process.returncode:
        raise Failed("%s: status %d" % (" ".join(words), process.returncode))
    return lines, time.perf_counter() - before, usage.ru_maxrss * 1024 / 1e6


class Memory(Fresh):
    """Bytes of slab and of tables that flows take, and what it takes to list
    them."""

    def measure(self, lab, it):
        count = self.group["flows"]
        end = "-tcp" if self.proto == "tcp" else ""
        lab.flows(self.proto, count, SERVICES, 4, it.target)
        # The flows of who was there before, and their tables, go meanwhile.
        time.sleep(OUTGROWN)
        before, tables = slab(), large()
        self.establish(lab, count)
        self.result("memory-flow" + end, it, (slab() - before) / count,
                    "bytes")
        # Tables that were outgrown are freed when nobody can read them.
        time.sleep(OUTGROWN)
        self.result("memory-flow-tables" + end, it,
                    (large() - tables) / count, "bytes")
        if it.name == "svcnat" and not end:
            self.list_flows(it, count)

    def list_flows(self, it, count):
        lines, seconds, most = shown(["svcctl", "flow", "show"])
        if lines < count:
            raise Failed("svcctl shows %d flows of %d" % (lines, count))
        self.result("flow-show-" + short(count), it, seconds, "s")
        self.result("flow-show-memory-" + short(count), it, most, "MB")


def steps(plan):
    """How often step() will be called, in all."""
    total = 0
    for group in plan["groups"]:
        rounds = group.get("runs", plan["runs"])
        if group["kind"] == "new":
            rounds += 1
        total += rounds * len([
            name for name in plan["systems"]
            if name in group.get("systems", plan["systems"])])
    return total
