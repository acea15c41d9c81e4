#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Which flows svcctl shows, and in how much memory."""
import os
import subprocess
import sys
import tempfile

from messages import (DUMP, ENOENT, K, REQUEST, Run, addr, done, expect,
                      expect_request, main, nest, port, reply, sentence,
                      service, u32, u8)


def flow(client, endpoint, state=2, number=8080):
    vip = "fd00:96::1" if ":" in client else "10.96.0.1"
    return nest(K["A_FLOW"], u8(K["FLOW_A_PROTO"], 6),
                u8(K["FLOW_A_STATE"], state), u32(K["FLOW_A_IDLE"], 3),
                addr(K["FLOW_A_CLIENT4"], client),
                port(K["FLOW_A_CLIENT_PORT"], 40000),
                addr(K["FLOW_A_VIP4"], vip), port(K["FLOW_A_VIP_PORT"], 80),
                addr(K["FLOW_A_ENDPOINT4"], endpoint),
                port(K["FLOW_A_ENDPOINT_PORT"], number))


FLOWS = [reply(service("web"), one) for one in (
    flow("10.9.0.1", "10.1.1.1"),
    flow("10.9.0.2", "10.1.1.2", state=3),
    flow("10.9.1.1", "10.1.1.1", number=81),
    flow("10.10.0.1", "10.1.1.1", state=4),
    flow("fd00:9::1", "fd00:1::1"),
    flow("fd00:9::2", "fd00:1::2", state=4),
    flow("fd00:9:8000::", "fd00:1::1", number=81))]


def shown(*words, name=None):
    """Which of FLOWS are left, and that the kernel was asked for @name."""
    ran = Run(["-j", "flow", "show", *words], b"".join(FLOWS), done())
    expect_request(ran, "CMD_FLOW_GET", *[service(name)] if name else [],
                   flags=REQUEST | DUMP)
    return [one["client"] for one in ran.json()]


def filters():
    expect(len(shown()), 7)
    expect(shown("client", "10.9.0.1"), ["10.9.0.1"])
    expect(shown("client", "10.9.0.0/24"), ["10.9.0.1", "10.9.0.2"])
    expect(shown("client", "10.9.0.0/23"), ["10.9.0.1", "10.9.0.2",
                                            "10.9.1.1"])
    expect(shown("client", "10.8.0.0/14"), ["10.9.0.1", "10.9.0.2",
                                            "10.9.1.1", "10.10.0.1"])
    expect(len(shown("client", "0.0.0.0/0")), 4)
    expect(len(shown("client", "::/0")), 3)
    expect(shown("client", "fd00:9::/33"), ["fd00:9::1", "fd00:9::2"])
    expect(shown("client", "fd00:9::2"), ["fd00:9::2"])
    expect(shown("client", "10.9.0.3"), [])
    expect(shown("endpoint", "10.1.1.1"), ["10.9.0.1", "10.9.1.1",
                                           "10.10.0.1"])
    expect(shown("endpoint", "10.1.1.1:81"), ["10.9.1.1"])
    expect(shown("endpoint", "fd00:1::1"), ["fd00:9::1", "fd00:9:8000::"])
    expect(shown("endpoint", "[fd00:1::1]:81"), ["fd00:9:8000::"])
    expect(shown("state", "closing"), ["10.9.0.2"])
    expect(shown("state", "closed"), ["10.10.0.1", "fd00:9::2"])
    expect(shown("state", "closed", "client", "10.0.0.0/8"), ["10.10.0.1"])
    expect(shown("web", "endpoint", "10.1.1.1", "client", "10.9.0.0/16",
                 "state", "established", name="web"),
           ["10.9.0.1", "10.9.1.1"])


def names_that_are_words():
    expect(shown("client", "state", "closing", name="client"), ["10.9.0.2"])
    expect(shown("state", "state", "closing", name="state"), ["10.9.0.2"])
    expect(len(shown("endpoint", name="endpoint")), 7)


def refused():
    ran = Run(["flow", "show", "no", "state", "closed"],
              done(-ENOENT, sentence("there is no such service")))
    expect((ran.code, ran.out, ran.err),
           (2, "", 'svcctl: service "no": there is no such service\n'))


def table():
    ran = Run(["flow", "show"], b"".join(FLOWS), done())
    lines = ran.out.splitlines()
    expect(len(lines), 8)
    # The columns stand below one another, also with long addresses.
    expect({line.index("10.96.0.1:80") for line in lines[1:5]} |
           {line.index("[fd00:96::1]:80") for line in lines[5:]},
           {lines[0].index("VIP")})


def most_memory(words, files):
    """In KiB, and how many lines it printed."""
    part = b"".join(FLOWS) * 60
    with tempfile.TemporaryDirectory() as fake:
        with open(f"{fake}/part", "wb") as file:
            file.write(part)
        with open(f"{fake}/reply.{files}", "wb") as file:
            file.write(done())
        for number in range(files):
            os.link(f"{fake}/part", f"{fake}/reply.{number}")
        # What a sanitizer keeps of freed memory would count as well.
        env = dict(os.environ, SVCCTL_FAKE=fake,
                   ASAN_OPTIONS="quarantine_size_mb=0:"
                   "thread_local_quarantine_size_kb=0")
        with subprocess.Popen([sys.argv[1], *words], env=env,
                              stdout=subprocess.PIPE) as ran:
            mark = b"{" if "-j" in words else b"\n"
            found = sum(part.count(mark) for part in
                        iter(lambda: ran.stdout.read(1 << 20), b""))
        expect(ran.returncode, 0)
        with open(f"{fake}/memory", encoding="ascii") as file:
            return int(file.read()), found


def million_flows():
    """In as much memory as a few thousand."""
    for words in (["flow", "show"], ["-j", "flow", "show"]):
        few, _ = most_memory(words, 10)
        many, found = most_memory(words, 2400)
        expect(found - ("-j" not in words), 2400 * 420)
        expect(many < few + 512, True, f"{few} KiB, then {many} KiB")


if __name__ == "__main__":
    main(filters, names_that_are_words, refused, table, million_flows)
