#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Completion in real shells, on a terminal, with a tab.

A line is typed into a shell and completed; then "echo" is put in front of it,
so that the shell itself tells what the line has become.
"""
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

from messages import (done, endpoint, expect, frontend, nodeport, reply,
                      service, main)

HERE = os.path.dirname(os.path.abspath(__file__))
COMPLETIONS = os.path.join(HERE, "../completions")
FAKE = os.path.abspath(sys.argv[1])

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"],
             f"source {COMPLETIONS}/bash/svcctl\n"),
    "zsh": (["zsh", "-f", "-i"],
            f"fpath=({COMPLETIONS}/zsh $fpath); autoload -U compinit; "
            "compinit -u -D; bindkey -e; unsetopt promptcr promptsp\n"),
    "fish": (["fish", "--no-config", "-i"],
             f"source {COMPLETIONS}/fish/svcctl.fish\n"),
}

NAMES = reply(service("default/web:http")) + reply(service("default/dns:u")) \
    + reply(service("a")) + done()
ENDPOINTS = reply(service("a"), endpoint("10.0.0.1", 80)) + \
    reply(service("a"), endpoint("fd00::1", 443)) + done()
FRONTENDS = reply(service("a"), frontend("10.96.0.10", 80)) + \
    reply(service("a"), nodeport(30080)) + done()

# What the kernel answers; what is typed, and what becomes of it: <TAB> is
# wherever a line ends, and what nothing is known of stays as it is.
CASES = [
    (NAMES, "svcctl serv", "svcctl service"),
    (NAMES, "svcctl service repl", "svcctl service replace"),
    (NAMES, "svcctl service show default/w",
     "svcctl service show default/web:http"),
    (NAMES, "svcctl -j service show default/web:h",
     "svcctl -j service show default/web:http"),
    (NAMES, "svcctl service show d", "svcctl service show default/"),
    (ENDPOINTS, "svcctl endpoint set a 10",
     "svcctl endpoint set a 10.0.0.1:80"),
    (ENDPOINTS, "svcctl endpoint set a 10.0.0.1:",
     "svcctl endpoint set a 10.0.0.1:80"),
    (ENDPOINTS, "svcctl endpoint del a [fd00:",
     "svcctl endpoint del a [fd00::1]:443"),
    (FRONTENDS, "svcctl frontend del a nodeport ",
     "svcctl frontend del a nodeport 30080"),
    (b"", "svcctl config set fastpath on max-fl",
     "svcctl config set fastpath on max-flows"),
    (b"", "svcctl --js", "svcctl --json"),
    (b"", "svcctl service show x", "svcctl service show x"),
    (b"", "svcctl -b some-f", "svcctl -b some-file"),
]


class Shell:
    """A shell on a terminal."""

    def __init__(self, name, home):
        argv, setup = SHELLS[name]
        master, slave = pty.openpty()
        env = dict(os.environ, HOME=home, PATH=f"{home}/bin:" +
                   os.environ["PATH"], TERM="dumb", PS1="$ ", LC_ALL="C.UTF-8",
                   ASAN_OPTIONS="detect_leaks=0")
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *argv], cwd=home, env=env, stdin=slave,
            stdout=slave, stderr=slave)
        os.close(slave)
        self.terminal = master
        self.read = ""
        self.type(setup)
        self.ask("echo rea''dy\n", "ready")

    def type(self, text):
        os.write(self.terminal, text.encode())

    def wait(self, pattern, seconds=60):
        """The last match of @pattern since the last time."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.read, re.S):
            if not select.select([self.terminal], [], [],
                                 max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"no {pattern!r} in {self.read!r}")
            data = os.read(self.terminal, 65536)
            self.read += data.decode(errors="replace")
        found = re.search(pattern, self.read, re.S)
        self.read = ""
        return found

    def ask(self, text, pattern):
        self.type(text)
        return self.wait(pattern)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


def prepare(home):
    """svcctl with fake.c for a kernel; says when it has been asked."""
    os.mkdir(f"{home}/bin")
    os.mkdir(f"{home}/fake")
    with open(f"{home}/some-file", "w", encoding="ascii"):
        pass
    path = f"{home}/bin/svcctl"
    with open(path, "w", encoding="ascii") as file:
        file.write(f"#!/bin/sh\n{FAKE} \"$@\"\n")
        file.write(f"echo >> {home}/asked\n")
    os.chmod(path, 0o755)
    os.environ["SVCCTL_FAKE"] = f"{home}/fake"


def asked(home):
    try:
        return os.path.getsize(f"{home}/asked")
    except FileNotFoundError:
        return 0


def complete(shell, home, line):
    """What @line becomes: the shell has asked svcctl and then done so."""
    before = asked(home)
    shell.type(line + "\t")
    end = time.monotonic() + 30
    while asked(home) == before and time.monotonic() < end:
        time.sleep(0.01)
    expect(asked(home) > before, True, f"{line}: svcctl was not asked")
    # Keys are taken in turn: these after the tab is done with.
    shell.type("\x01echo '<'\x05'>'\n")
    found = shell.wait(r"\n<? ?(?:\x1b[^\n]*?)?< ?(svcctl[^\n]*?) ?>\r?\n")
    return found[1].rstrip()


def run(name):
    if not shutil.which(name):
        raise AssertionError(f"{name} is not installed")
    with tempfile.TemporaryDirectory() as home:
        prepare(home)
        shell = Shell(name, home)
        try:
            for answer, line, want in CASES:
                # To zsh a bracket begins a pattern, which has no end here.
                line = line.replace("[", "\\[" if name == "zsh" else "[")
                with open(f"{home}/fake/reply.0", "wb") as file:
                    file.write(answer)
                expect(complete(shell, home, line), want, f"{name}: {line}")
        finally:
            shell.close()


def in_bash():
    run("bash")


def in_zsh():
    run("zsh")


def in_fish():
    run("fish")


main(in_bash, in_zsh, in_fish)
