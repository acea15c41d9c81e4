#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""svcctl top on a terminal, which is played by this program."""
import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

from messages import (DUMP, EINVAL, ENOENT, EPERM, K, REQUEST, ack, attr,
                      counters, done, endpoint, expect, main, nest, reply,
                      sentence, service, shown_service, u64)

# It can place text and say what it is like, no more.
TERMINFO = r"""svcnat-test|terminal of this test,
    am, cols#80, lines#24, clear=\E[H\E[2J, cup=\E[%i%p1%d;%p2%dH,
    smcup=\E[?1049h, rmcup=\E[?1049l, rev=\E[7m, bold=\E[1m, sgr0=\E[m,
    kcud1=\E[B, kcuu1=\E[A, kend=\E[F, kbs=\177,
svcnat-dumb|one that cannot, am, cols#80,
"""
PATIENCE = 120          # seconds: a machine may be busy
TOKEN = re.compile(rb"\x1b\[\??[0-9;]*[A-Za-z]|[\x20-\x7e]|[\r\n]")


def counted(number, connections):
    return counters(K[number], connections, connections * 5,
                    connections * 250, connections * 5, connections * 2500)


def services(*connections, active=3, first=0, end=True):
    """A dump: web-0, web-1 and so on, each with an endpoint."""
    parts = []
    for i, number in enumerate(connections, first):
        parts.append(reply(shown_service(
            f"ns/web-{i}", 0, 1, counted("SERVICE_A_COUNTERS", number),
            proto=6)))
        parts.append(reply(service(f"ns/web-{i}"), endpoint(
            "10.0.0.1", 80, 1, 0, 0, u64(K["ENDPOINT_A_ACTIVE"], active))))
    return b"".join(parts) + (done() if end else b"")


def endpoints(name, *connections):
    parts = [reply(shown_service(name, 0, len(connections), proto=6))]
    parts += [reply(service(name), endpoint(
        f"10.0.0.{i}", 80, i, 0, 0, u64(K["ENDPOINT_A_ACTIVE"], 3),
        counted("ENDPOINT_A_COUNTERS", number)))
        for i, number in enumerate(connections, 1)]
    return b"".join(parts) + done()


def stats(rejects=0):
    return reply(nest(K["A_STATS"], u64(K["STAT_FLOW_LIVE"], 7),
                      u64(K["STAT_FLOW_NEW"], 7),
                      u64(K["STAT_REJECT_NO_ENDPOINT"], rejects)),
                 flags=0) + ack()


class Later(bytes):
    """A reply that the kernel keeps back until Top.give()."""


class Top:
    """svcctl top @words on a terminal; the kernel answers as in Run.

    Without an answer, None, a look fails.
    """

    def __init__(self, *words, replies, term="svcnat-test", nohup=False):
        self.dir = tempfile.TemporaryDirectory()
        fake = self.dir.name
        self.replies = replies
        for number, data in enumerate(replies):
            if isinstance(data, Later):
                os.mkfifo(f"{fake}/reply.{number}")
            elif data:
                with open(f"{fake}/reply.{number}", "wb") as file:
                    file.write(data)
        subprocess.run(["tic", "-x", "-o", fake, "-"], input=TERMINFO,
                       text=True, check=True, stderr=subprocess.DEVNULL)
        env = dict(os.environ, SVCCTL_FAKE=fake, TERMINFO=fake, TERM=term,
                   ASAN_OPTIONS="quarantine_size_mb=0:"
                   "thread_local_quarantine_size_kb=0")
        for name in ("LINES", "COLUMNS", "NO_COLOR"):
            env.pop(name, None)
        self.clear(24, 80)
        self.alternate = False
        self.data = b""
        # The other end stays open, to see what became of it.
        master, slave = pty.openpty()
        self.fd, self.slave = master, slave
        self.resize(24, 80, wait=False)
        self.before = termios.tcgetattr(slave)
        self.pid = os.fork()
        if not self.pid:
            os.setsid()
            if nohup:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(slave, fd)
            os.execve(sys.argv[1], [sys.argv[1], "top", *words], env)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)
        os.close(self.slave)
        self.dir.cleanup()

    def clear(self, lines, columns):
        self.size = lines, columns
        self.cells = [[" "] * columns for _ in range(lines)]
        self.at = [0, 0]

    def resize(self, lines, columns, wait=True):
        if wait:
            self.clear(lines, columns)
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", lines, columns, 0, 0))

    def take(self, token):
        """One step of the terminal."""
        lines, columns = self.size
        if token.endswith(b"H") and len(token) > 1:
            place = token[2:-1].split(b";")
            self.at = [int(part) - 1 for part in place] \
                if len(place) == 2 else [0, 0]
        elif token == b"\x1b[2J":
            self.clear(lines, columns)
        elif token in (b"\x1b[?1049h", b"\x1b[?1049l"):
            self.alternate = token.endswith(b"h")
        elif token == b"\r":
            self.at[1] = 0
        elif token == b"\n":
            self.at[0] = min(self.at[0] + 1, lines - 1)
        elif len(token) == 1:
            if self.at[1] == columns:
                self.at = [min(self.at[0] + 1, lines - 1), 0]
            if self.at[0] < lines:
                self.cells[self.at[0]][self.at[1]] = token.decode()
            self.at[1] += 1

    def read(self, timeout):
        if not select.select([self.fd], [], [], timeout)[0]:
            return
        self.data += os.read(self.fd, 65536)
        end = 0
        for found in TOKEN.finditer(self.data):
            # The rest of what is cut off is still to come.
            if b"\x1b" in self.data[end:found.start()]:
                break
            self.take(found.group())
            end = found.end()
        self.data = self.data[end:]

    @property
    def lines(self):
        return ["".join(line).rstrip() for line in self.cells]

    def wait(self, what, line=None):
        """Until @what, a regular expression, is on the screen, or the line."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            text = "\n".join(self.lines) if line is None else self.lines[line]
            found = re.search(what, text)
            if found:
                return found
            self.read(0.1)
        raise AssertionError(f"no {what!r} on\n" + "\n".join(self.lines))

    def give(self, number):
        """When it waits for that reply."""
        path = f"{self.dir.name}/reply.{number}"
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.read(0.02)
            try:
                fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as problem:
                expect(problem.errno, errno.ENXIO)
                continue
            with open(fd, "wb") as file:
                file.write(self.replies[number])
            return
        raise AssertionError(f"it does not ask for reply {number}")

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def end(self):
        """Its status, as the shell has it, when the terminal is as it was."""
        pid = 0
        end = time.monotonic() + PATIENCE
        while not pid and time.monotonic() < end:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
        expect(pid, self.pid, "it does not end")
        self.pid = 0
        self.read(0)
        expect(self.alternate, False)
        expect(termios.tcgetattr(self.slave), self.before)
        return os.waitstatus_to_exitcode(status)

    def most_memory(self):
        """In KiB, once it has ended."""
        with open(f"{self.dir.name}/memory", encoding="ascii") as file:
            return int(file.read())

    def request(self, number):
        with open(f"{self.dir.name}/request.{number}", "rb") as file:
            data = file.read()
        return struct.unpack("=H", data[6:8])[0], data[16], data[20:]


def rates():
    """Looks come by themselves, one an interval."""
    with Top("interval", "1", replies=[
            services(0, 0, 0), stats(),
            Later(services(9000, 4000, 0)), stats(500),
            Later(services(0, 0, 0)), stats(), Later()]) as top:
        top.wait(r"web-0 +tcp +1/1 +3 +- +- +-$", 3)
        top.wait(r"new/s - +rejects/s - +drops/s -$", 0)
        top.give(2)
        top.wait(r"^ns/web-0 +tcp +1/1 +3 +[1-9]\S* +[1-9]\S* +[1-9]\S*$", 3)
        top.wait(r"^ns/web-1 +tcp +1/1 +3 +[1-9]\S* +[1-9]\S* +[1-9]\S*$", 4)
        top.wait(r"^ns/web-2 +tcp +1/1 +3 +0 +0 +0$", 5)
        top.wait(r"rejects/s [1-9]\S* +drops/s 0$", 0)
        top.wait(r"^3 services +active 9 +conn/s [1-9]", 1)
        top.give(4)
        # All counters are below: made again, nothing is counted yet.
        top.wait(r"^ns/web-0 +tcp +1/1 +3 +0 +0 +0$", 3)
        top.wait(r"rejects/s 0 +drops/s 0$", 0)
        top.give(6)
        top.type("q")
        expect(top.end(), 0)
    flags, command, data = top_request(0)
    expect((flags, command), (REQUEST | DUMP, K["CMD_SERVICE_GET"]))
    expect(data, attr(K["A_WITH_STATS"]) + attr(K["A_WITH_ENDPOINTS"]))


def top_request(number):
    """Of a look that succeeded."""
    with Top("interval", "1h", replies=[services(0), stats()]) as top:
        top.wait("web-0")
        found = top.request(number)
        top.type("q")
        expect(top.end(), 0)
    return found


def into_a_service_and_back():
    with Top("interval", "1h", replies=[
            services(9, 9, 9), stats(),
            endpoints("ns/web-1", 10, 20), stats(),
            services(10, 10, 10), stats()]) as top:
        top.wait(r"ns/web-2")
        top.type("\x1b[B\r")
        top.wait(r"^ns/web-1: 2 endpoints", 1)
        top.wait(r"^10\.0\.0\.1:80 +ready +1 +3 +- +- +- +- +33\.3%$", 3)
        top.wait(r"^10\.0\.0\.2:80 +ready +2 +3 +- +- +- +- +66\.7%$", 4)
        expect(top.request(2)[2], service("ns/web-1") +
               attr(K["A_WITH_STATS"]) + attr(K["A_WITH_ENDPOINTS"]))
        top.type("q")
        top.wait(r"^3 services", 1)
        # An hour has not gone by: he who comes back sees what is now.
        top.wait(r"^ns/web-\d +tcp +1/1 +3 +\d", 3)
        top.type("q")
        expect(top.end(), 0)
        # Keys alone ask for nothing: two requests a look.
        expect(os.path.exists(f"{top.dir.name}/request.5"), True)
        expect(os.path.exists(f"{top.dir.name}/request.6"), False)


def service_that_goes():
    with Top("interval", "1", replies=[
            services(1), stats(), endpoints("ns/web-0", 10), stats(),
            Later(done(-ENOENT, sentence("there is no such service"))),
            Later(endpoints("ns/web-0", 10)), stats(), Later()]) as top:
        top.wait("web-0")
        top.type("\n")
        top.wait(r"^10\.0\.0\.1:80", 3)
        top.give(4)
        top.wait(r'^service "ns/web-0": there is no such service', 22)
        expect(top.lines[3], "")
        top.give(5)
        top.wait(r"^10\.0\.0\.1:80", 3)
        top.wait(r"^1 to 1 of 1 endpoints", 22)
        top.give(7)
        top.type("q")
        top.wait(r"q quit")
        top.type("q")
        expect(top.end(), 0)


def filter_and_sort():
    with Top("interval", "1h", replies=[
            services(*range(30)), stats()]) as top:
        top.wait(r"^1 to 19 of 30 services, by CONN/S", 22)
        top.type("/B-2")
        top.wait(r"^/B-2_$", 23)
        top.wait(r"^ns/web-20 ", 4)
        expect([line.split(" ")[0] for line in top.lines[3:15]],
               ["ns/web-2", *[f"ns/web-2{i}" for i in range(10)], ""])
        top.type("\n1r")
        top.wait(r'^1 to 11 of 11 services with "B-2", by NAME, reversed', 22)
        top.wait(r"^ns/web-29 ", 3)
        top.type("\x1b")
        top.wait(r"^1 to 19 of 30 services, by NAME, reversed", 22)
        top.type("\x1b[F")
        top.wait(r"^12 to 30 of 30 services", 22)
        top.wait(r"^ns/web-0 ", 21)
        top.type("?")
        top.wait(r"^Keys", 0)
        top.type("x")
        top.wait(r"^12 to 30 of 30 services", 22)
        top.type("q")
        expect(top.end(), 0)


def other_sizes():
    with Top("interval", "1h", replies=[
            services(*range(30)), stats()]) as top:
        top.wait(r"^1 to 19 of 30 services", 22)
        top.resize(12, 100)
        top.wait(r"^1 to 7 of 30 services", 10)
        top.wait(r"^NAME +PROTO +READY +ACTIVE +CONN/S +REQ-b/s +REP-b/s$", 2)
        expect(len(top.lines[2]), 100)
        top.resize(2, 10)
        top.wait(r"^ns/web-0", 1)
        top.resize(40, 80)
        top.wait(r"^1 to 30 of 30 services", 38)
        top.type("?")
        top.wait(r"^Keys", 0)
        top.resize(30, 70)
        top.wait(r"^Keys", 0)
        top.type("x")
        top.wait(r"^1 to 25 of 30 services", 28)
        top.type("q")
        expect(top.end(), 0)


def answers_that_fail():
    """A line says so, what was seen stays, and it goes on trying."""
    with Top("interval", "1", replies=[
            services(1, 2), stats(), Later(done(-EINVAL)),
            Later(services(3, 2)), None, Later(services(5, 2)), stats(),
            Later()]) as top:
        top.wait(r"^1 to 2 of 2 services", 22)
        top.give(2)
        top.wait(r"^service: Invalid argument", 22)
        expect(top.lines[3].split()[0], "ns/web-0")
        # Half of one that succeeds is none.
        top.give(3)
        top.give(5)
        top.wait(r"^1 to 2 of 2 services", 22)
        top.give(7)
        top.type("q")
        expect(top.end(), 0)


def ten_thousand_services():
    """Looks take no more memory, however many they are."""
    look = [services(*range(i, i + 100), first=i, end=False)
            for i in range(0, 10000, 100)] + [done(), stats(1)]
    used = []
    for looks in (3, 8):
        with Top("interval", "1", replies=look * looks) as top:
            top.wait(r"^1 to 19 of 10000 services", 22)
            top.wait(r"answer is lost", 22)
            top.type("q")
            expect(top.end(), 0)
            used.append(top.most_memory())
    expect(used[1] < used[0] + 512, True, f"{used} KiB")
    expect(used[1] < 32 * 1024, True, f"{used} KiB")


def no_screen_without_an_answer():
    with Top(replies=[done(-EPERM)]) as top:
        expect(top.end(), 3)
        expect("\n".join(top.lines).strip(), "svcctl: no permission: "
               "CAP_NET_ADMIN in the initial user namespace is needed")


def unfit_terminals():
    for term in ("svcnat-none", "svcnat-dumb"):
        with Top(replies=[services(1), stats()], term=term) as top:
            expect(top.end(), 1)
            expect("\n".join(top.lines).strip(), f'svcctl: top: terminal '
                   f'"{term}" (TERM) is unknown or cannot place text')


def signals():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT,
                   signal.SIGQUIT, signal.SIGUSR1):
        with Top("interval", "1h", replies=[services(1), stats()]) as top:
            top.wait("web-0")
            expect(top.alternate, True)
            os.kill(top.pid, number)
            expect(top.end(), -number)
    for key, number in (("\x03", signal.SIGINT), ("\x1c", signal.SIGQUIT)):
        with Top("interval", "1h", replies=[services(1), stats()]) as top:
            top.wait("web-0")
            top.type(key)
            expect(top.end(), -number)


def terminal_that_goes():
    """Nobody tells it, and it does not stay behind."""
    with Top("interval", "1h", replies=[services(1), stats()],
             nohup=True) as top:
        top.wait("web-0")
        os.close(top.fd)
        top.fd = os.open("/dev/null", os.O_RDONLY)
        end = time.monotonic() + PATIENCE
        pid = 0
        while not pid and time.monotonic() < end:
            time.sleep(0.05)
            pid, status = os.waitpid(top.pid, os.WNOHANG)
        expect(pid, top.pid, "it does not end")
        top.pid = 0
        expect(os.waitstatus_to_exitcode(status) in (0, 1), True)


def stopped_and_continued():
    with Top("interval", "1h", replies=[services(1), stats()]) as top:
        top.wait("web-0")
        # Of a session's leader nobody is told: it stops itself.
        os.kill(top.pid, signal.SIGTSTP)
        time.sleep(0.3)
        os.kill(top.pid, signal.SIGCONT)
        top.wait("web-0")
        top.type("q")
        expect(top.end(), 0)


if __name__ == "__main__":
    main(rates, into_a_service_and_back, service_that_goes, filter_and_sort,
         other_sizes, answers_that_fail,
         ten_thousand_services, no_screen_without_an_answer, unfit_terminals, signals,
         terminal_that_goes, stopped_and_continued)
