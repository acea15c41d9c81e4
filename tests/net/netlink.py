#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the netlink interface promises and svcctl does not use, or hides.

For tests/net/netlink.sh, which made the services web and big.  One line on
stdout for each promise that is not kept.
"""
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../tools/tests"))
sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
from messages import (K, attr, nest, u8, u32, addr, port, service,  # noqa: E402
                      REQUEST, ACK, DUMP, INTR, EINVAL)

ERROR, DONE, CTRL = 2, 3, 16
ENOSPC = 28


def attrs_of(data):
    found = []
    while len(data) >= 4:
        size, number = struct.unpack("=HH", data[:4])
        found.append((number & 0x3fff, data[4:size]))
        data = data[(size + 3) & ~3:]
    return found


class Client:
    """A socket of the family."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.sock.settimeout(60)
        for option in 10, 11:     # NETLINK_CAP_ACK, NETLINK_EXT_ACK
            self.sock.setsockopt(270, option, 1)
        self.family = CTRL
        self.send(3, attr(2, b"svcnat\0"))
        found = dict(attrs_of(self.receive()[0][2][4:]))
        self.family = struct.unpack("=H", found[1])[0]
        self.groups = [dict(attrs_of(group))
                       for _, group in attrs_of(found[7])]
        self.receive()

    def send(self, command, data, flags=REQUEST | ACK):
        data = struct.pack("=BBH", command, 1, 0) + data
        self.sock.send(struct.pack("=IHHII", 16 + len(data), self.family,
                                   flags, 1, 0) + data)

    def receive(self):
        """The messages of one read: kind, flags, what is in them."""
        data, found = self.sock.recv(1 << 16), []
        while len(data) >= 16:
            size, kind, flags = struct.unpack("=IHH", data[:8])
            found.append((kind, flags, data[16:size]))
            data = data[(size + 3) & ~3:]
        return found

    def rest(self):
        """What else there is, up to the end: errno, sentence, messages."""
        found = []
        while True:
            for kind, flags, data in self.receive():
                if kind not in (ERROR, DONE):
                    found.append((flags, attrs_of(data[4:])))
                    continue
                tlvs = dict(attrs_of(data[20 if kind == ERROR else 4:]))
                found.append((flags, []))
                return (-struct.unpack("=i", data[:4])[0],
                        tlvs.get(1, b"\0")[:-1].decode(), found)

    def listen(self):
        """To the changes of the configuration."""
        group, = self.groups
        expect(group[1], b"config\0", "the group")
        self.sock.setsockopt(270, 1, struct.unpack("=I", group[2])[0])

    def event(self):
        """Command and contents of the next one."""
        (_, _, data), = self.receive()
        return data[0], dict(attrs_of(data[4:]))

    def ask(self, command, *attrs, flags=REQUEST | ACK):
        self.send(K[command], b"".join(attrs), flags)
        return self.rest()

    def dump(self, command, *attrs):
        return self.ask(command, *attrs, flags=REQUEST | DUMP)


def expect(got, want, what):
    if got != want:
        print(f"{what}: got {got!r}, expected {want!r}")


def frontend(*attrs):
    return nest(K["A_FRONTEND"], addr(K["FRONTEND_A_ADDR4"], "10.96.0.1"),
                port(K["FRONTEND_A_PORT"], 80), *attrs)


def endpoint(*attrs):
    return nest(K["A_ENDPOINT"], addr(K["ENDPOINT_A_ADDR4"], "10.0.0.1"),
                port(K["ENDPOINT_A_PORT"], 80), *attrs)


def shown(client, command="CMD_SERVICE_GET", *attrs):
    """Of each message, sorted: service, its generation, what else it has."""
    error, text, found = client.dump(command, *attrs)
    expect(error, 0, f"{command}: {text}")
    triples = []
    for _, content in found[:-1]:
        content = dict(content)
        name = dict(attrs_of(content[K["A_SERVICE"]]))[K["SERVICE_A_NAME"]]
        kind = set(content) & {K["A_FRONTEND"], K["A_ENDPOINT"]}
        triples.append((name[:-1].decode(),
                        struct.unpack("=I", content[K["A_GENERATION"]])[0],
                        kind.pop() if kind else K["A_SERVICE"]))
    return sorted(triples)


def generations(client):
    return {name: number for name, number, _ in shown(client)}


def removal_takes_no_options(client):
    for command, member, option in [
            ("CMD_FRONTEND_DEL", frontend, u8(K["FRONTEND_A_ALLOW"], 0)),
            ("CMD_ENDPOINT_DEL", endpoint, u32(K["ENDPOINT_A_WEIGHT"], 1)),
            ("CMD_ENDPOINT_DEL", endpoint, u8(K["ENDPOINT_A_STATE"], 0)),
            ("CMD_ENDPOINT_DEL", endpoint, u8(K["ENDPOINT_A_PLACE"], 0))]:
        before = generations(client)
        error, text, _ = client.ask(command, service("web"), member(option))
        expect((error, text), (EINVAL, "Unsupported attribute"), command)
        expect(generations(client), before, f"after {command}")
    for command, member in [("CMD_ENDPOINT_DEL", endpoint),
                            ("CMD_ENDPOINT_NEW", endpoint),
                            ("CMD_FRONTEND_DEL", frontend),
                            ("CMD_FRONTEND_NEW", frontend)]:
        expect(client.ask(command, service("web"), member())[0], 0, command)


def generation_of_a_service(client):
    before = generations(client)
    for command, *member in [
            ("CMD_ENDPOINT_SET", endpoint(u32(K["ENDPOINT_A_WEIGHT"], 7))),
            ("CMD_SERVICE_SET", ),
            ("CMD_FRONTEND_DEL", frontend()),
            ("CMD_FRONTEND_NEW", frontend())]:
        options = u32(K["SERVICE_A_AFFINITY"], 60) if not member else b""
        error, text, _ = client.ask(command, service("web", options), *member)
        after = generations(client)
        expect(error, 0, f"{command}: {text}")
        expect(after["big"], before["big"], f"the other after {command}")
        if after["web"] == before["web"]:
            print(f"{command} is no change")
        before = after
    # What is as it was is no change.
    client.ask("CMD_ENDPOINT_SET", service("web"),
               endpoint(u32(K["ENDPOINT_A_WEIGHT"], 7)))
    expect(generations(client), before, "after the same again")


def dumps_agree(client):
    services = shown(client)
    frontends = shown(client, "CMD_FRONTEND_GET")
    endpoints = shown(client, "CMD_ENDPOINT_GET")
    expect((len(services), len(frontends), len(endpoints)), (2, 3, 1002),
           "numbers")
    with_frontends, with_endpoints = (attr(K["A_WITH_FRONTENDS"]),
                                      attr(K["A_WITH_ENDPOINTS"]))
    for attrs, want in [
            ((with_frontends,), services + frontends),
            ((with_endpoints,), services + endpoints),
            ((with_frontends, with_endpoints),
             services + frontends + endpoints)]:
        expect(shown(client, "CMD_SERVICE_GET", *attrs) == sorted(want), True,
               f"as from dumps of their own, {len(want)}")
    want = [one for one in services + frontends + endpoints
            if one[0] == "web"]
    expect(shown(client, "CMD_SERVICE_GET", service("web"), with_frontends,
                 with_endpoints), sorted(want), "of one service")
    for flag in with_frontends, with_endpoints:
        error, text, _ = client.ask("CMD_SERVICE_GET", service("web"), flag)
        expect((error, text),
               (EINVAL, "only a dump can show frontends and endpoints"),
               "without a dump")
        for command in "CMD_FRONTEND_GET", "CMD_FLOW_GET":
            expect(client.dump(command, flag)[0], EINVAL, command)


def event(listener, command, kind, *attrs):
    """The next one is about a frontend or endpoint of web, with all that."""
    got, content = listener.event()
    expect((got, content.get(kind)), (K[command], b"".join(attrs)),
           f"event {command}")
    expect(dict(attrs_of(content[K["A_SERVICE"]])),
           {K["SERVICE_A_NAME"]: b"web\0"}, f"service of event {command}")


def events(client):
    listener, where = Client(), (addr(K["ENDPOINT_A_ADDR4"], "10.0.9.9"),
                                 port(K["ENDPOINT_A_PORT"], 9))
    listener.listen()

    def change(command, *attrs):
        error, text, _ = client.ask(command, service("web"), *attrs)
        expect(error, 0, f"{command}: {text}")

    for command, weight, what in [("CMD_ENDPOINT_NEW", 7, "CMD_ADD_NTF"),
                                  ("CMD_ENDPOINT_SET", 7, None),
                                  ("CMD_ENDPOINT_SET", 8, "CMD_CHANGE_NTF")]:
        options = (u32(K["ENDPOINT_A_WEIGHT"], weight),
                   u8(K["ENDPOINT_A_STATE"], 1), u8(K["ENDPOINT_A_PLACE"], 2))
        change(command, nest(K["A_ENDPOINT"], *where, *options))
        if what:
            event(listener, what, K["A_ENDPOINT"], *where, *options)
    # What is gone has a name and no values.
    change("CMD_ENDPOINT_DEL", nest(K["A_ENDPOINT"], *where))
    event(listener, "CMD_DEL_NTF", K["A_ENDPOINT"], *where)
    change("CMD_FRONTEND_DEL", frontend())
    expect(listener.event()[0], K["CMD_DEL_NTF"], "event of a frontend")
    change("CMD_FRONTEND_NEW", frontend())
    expect(listener.event()[0], K["CMD_ADD_NTF"], "event of a frontend")


def listening_takes_a_right(_client):
    sys.stdout.flush()
    child = os.fork()
    if not child:
        os.setresuid(65534, 65534, 65534)
        joined = True
        try:
            Client().listen()
        except PermissionError:
            joined = False
        expect(joined, False, "somebody without rights listens")
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)


def too_many(client):
    before = generations(client)
    client.sock.setsockopt(socket.SOL_SOCKET, 32, 1 << 20)  # SO_SNDBUFFORCE
    for kind in "frontend", "endpoint":
        error, text, _ = client.ask(f"CMD_{kind.upper()}_NEW", service("web"),
                                    nest(K["A_" + kind.upper()]) * 65536)
        expect((error, text),
               (ENOSPC, f"a service has at most 65535 {kind}s"), kind)
    expect(generations(client), before, "after too many")


def interrupted(client, other, changed, *about):
    """Whether a dump of @about is, when @changed changes in its middle."""
    client.send(K["CMD_ENDPOINT_GET"], b"".join(about), REQUEST | DUMP)
    client.receive()
    for weight in 1, 2:
        error, text, _ = other.ask(
            "CMD_ENDPOINT_SET", service(changed),
            endpoint(u32(K["ENDPOINT_A_WEIGHT"], weight)))
        expect(error, 0, f"in the middle: {text}")
    return any(flags & INTR for flags, _ in client.rest()[2])


def interruption(client):
    other = Client()
    expect(interrupted(client, other, "web", service("big")), False,
           "interrupted by another service")
    expect(interrupted(client, other, "big", service("big")), True,
           "interrupted by its service")
    expect(interrupted(client, other, "web"), True, "interrupted by any")
    # By its end, too.
    client.send(K["CMD_ENDPOINT_GET"], service("big"), REQUEST | DUMP)
    client.receive()
    other.ask("CMD_SERVICE_DEL", service("big"))
    expect(any(flags & INTR for flags, _ in client.rest()[2]), True,
           "interrupted by the end of its service")


def main():
    client = Client()
    for case in (removal_takes_no_options, generation_of_a_service,
                 dumps_agree, events, listening_takes_a_right, too_many,
                 interruption):
        case(client)


if __name__ == "__main__":
    main()
