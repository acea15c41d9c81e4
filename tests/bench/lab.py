# SPDX-License-Identifier: GPL-2.0
"""Network namespaces, commands and the packet generator, in the guest."""
import ctypes
import os
import subprocess
import time

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
bench = os.path.dirname(os.path.abspath(__file__))
HOME = os.open("/proc/self/ns/net", os.O_RDONLY)

# Clients and endpoints are behind one router each: so one neighbour is enough.
NETWORK = """\
link set lo up
addr add 10.0.0.1/30 dev gen0
addr add 10.0.1.1/30 dev gen1
link set gen0 up
link set gen1 up
neigh add 10.0.0.2 lladdr 02:00:00:00:00:11 dev gen0 nud permanent
neigh add 10.0.1.2 lladdr 02:00:00:00:00:21 dev gen1 nud permanent
route add 10.1.0.0/16 via 10.0.0.2
route add 10.200.0.0/15 via 10.0.1.2
"""


class Failed(Exception):
    """A command, or a run of the generator, failed."""


def call(function, *args):
    """A function of libc that returns a negative number when it fails."""
    if function(*args) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def run(words, text=""):
    """Runs a command with text for its input; returns what it printed."""
    if isinstance(words, str):
        words = words.split()
    done = subprocess.run(words, input=text, text=True, capture_output=True,
                          check=False)
    if done.returncode:
        said = (done.stderr + done.stdout).strip().splitlines()
        raise Failed("%s: status %d: %s" % (" ".join(words), done.returncode,
                                            " / ".join(said[:5])))
    return done.stdout


def timed(words, text=""):
    """Runs a command; returns how many seconds it took."""
    before = time.perf_counter()
    run(words, text)
    return time.perf_counter() - before


def put(path, value):
    """Writes a value to a file of the kernel's."""
    with open(path, "w", encoding="ascii") as file:
        file.write(str(value))


def get(path):
    """Reads a file of the kernel's."""
    with open(path, encoding="utf-8") as file:
        return file.read()


class Netns:
    """A network namespace with the generator's two devices; no name, so that
    it is gone as soon as nobody is in it.  As a context it is entered."""

    base = 0    # no client has the number of one that was there before

    def __init__(self):
        call(libc.unshare, CLONE_NEWNET)
        self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            self.network()
        finally:
            self.leave()

    def network(self):
        """What is in it from the beginning."""
        self.forward()
        self.command("devices")
        run("ip -batch -", NETWORK)

    @staticmethod
    def forward():
        """It forwards IPv4, and does not say anything by itself."""
        for which in ("all", "default"):
            put("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % which, 1)
        put("/proc/sys/net/ipv4/ip_forward", 1)
        # Nothing shall end while a run is on.
        for name in ("udp_timeout", "udp_timeout_stream"):
            put("/proc/sys/net/netfilter/nf_conntrack_" + name, 600)

    def enter(self):
        call(libc.setns, self.fd, CLONE_NEWNET)

    @staticmethod
    def leave():
        call(libc.setns, HOME, CLONE_NEWNET)

    def __enter__(self):
        self.enter()
        return self

    def __exit__(self, *error):
        self.leave()

    def close(self):
        """The kernel frees it, and what was in it, while we sleep."""
        os.close(self.fd)
        time.sleep(0.1)

    # The generator, when this netns has been entered.

    @staticmethod
    def command(text):
        """What the generator says to a command."""
        path = "/proc/thread-self/net/svcnat_gen"
        try:
            put(path, text)
        except OSError as error:
            answer = get(path).strip()
            raise Failed("generator: %s: %s" % (text, answer)) from error
        return get(path).strip()

    def flows(self, proto, count, services, endpoints, target):
        """From now on these flows, with clients that nobody had before."""
        self.command("flows %s %d %d %d %d %s" % (
            proto, count, Netns.base % 60000000, services, endpoints, target))
        Netns.base += count

    def shoot(self, items, shots):
        """Sends packets; returns ns per item: of the median batch."""
        words = self.command("run %d %s" % (items, shots)).split()
        return int(words[words.index("median_ps") + 1]) / 1000
