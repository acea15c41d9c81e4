# SPDX-License-Identifier: GPL-2.0
"""End to end, over veth:

	client ---------- node ---------- server	all of 10.200.0.0/16
	10.0.0.2   10.0.0.1 | 10.0.1.1    10.0.1.2
"""
import json
import os
import re
import signal
import subprocess
import time

from lab import Failed, Netns, bench, get, put, run
from systems import endpoint, vip
from workload import SERVICES, Group

# The node's devices have the names that rules know, see FLOWTABLE.
LINKS = """\
link add gen0 type veth peer name eth0 netns %s
link add gen1 type veth peer name eth0 netns %s
link set lo up
addr add 10.0.0.1/30 dev gen0
addr add 10.0.1.1/30 dev gen1
link set gen0 up
link set gen1 up
route add 10.200.0.0/16 via 10.0.1.2
"""
HOST = """\
link set lo up
addr add %s/30 dev eth0
link set eth0 up
route add default via %s
route add local 10.200.0.0/16 dev lo
"""
PROGRAM = "/run/svcnat-crr"
LISTENS = re.compile(r":0050 0+:0000 0A")


def wait_listening(wanted):
    """Waits until somebody listens on the services' port, in this netns, or
    nobody does any more."""
    end = time.monotonic() + 30
    while wanted != bool(LISTENS.search(get("/proc/net/tcp") +
                                        get("/proc/net/tcp6"))):
        if time.monotonic() > end:
            raise Failed("the server does not come, or go")
        time.sleep(0.05)


class Host(Netns):
    """A netns without the generator's devices."""

    def network(self):
        self.forward()
        put("/proc/sys/net/ipv4/ip_local_port_range", "1024 65535")

    def path(self):
        return "/proc/%d/fd/%d" % (os.getpid(), self.fd)


class EndToEnd(Group):
    """Short connections, round trips, bulk."""

    def run(self):
        run(["tcc", "-o", PROGRAM, os.path.join(bench, "crr.c")])
        for number, systems in self.rounds():
            for it in systems:
                hosts = [Host() for _ in range(3)]
                try:
                    self.measure(it, *hosts)
                except (Failed, OSError) as error:
                    self.lost(it, error)
                for host in hosts:
                    host.close()
                self.step("round %d, %s" % (number + 1, it.name))

    def measure(self, it, client, node, server):
        with node:
            run("ip -batch -", LINKS % (client.path(), server.path()))
            it.setup(SERVICES, "tcp")
        with client:
            lines = HOST % ("10.0.0.2", "10.0.0.1")
            run("ip -batch -", "\n".join(lines.splitlines()[:-1]) + "\n")
        with server:
            run("ip -batch -", HOST % ("10.0.1.2", "10.0.1.1"))
            pid = int(run([PROGRAM, "serve", "80"]))
        try:
            with client:
                self.short(it)
        finally:
            os.kill(pid, signal.SIGTERM)
        with server:
            wait_listening(False)
            iperf = subprocess.Popen(["iperf3", "-s", "-p", "80"],
                                     stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL)
            wait_listening(True)
        try:
            with client:
                self.bulk(it)
        finally:
            iperf.kill()
            iperf.wait()

    def address(self, it):
        return vip(0) if it.target == "service" else endpoint(0, 0)

    def short(self, it):
        seconds = str(self.group["seconds"])
        to = self.address(it) + ":80"
        # Not the first packets ever.
        run([PROGRAM, "crr", "1", to])
        self.result("e2e-crr", it, float(run([PROGRAM, "crr", seconds, to])),
                    "1/s")
        self.result("e2e-rr-latency", it,
                    float(run([PROGRAM, "rr", seconds, to])), "us")

    def bulk(self, it):
        said = json.loads(run("iperf3 -J -p 80 -t %d -c %s" % (
            self.group["seconds"], self.address(it))))
        self.result("e2e-iperf3", it,
                    said["end"]["sum_received"]["bits_per_second"] / 1e9,
                    "Gbit/s")
