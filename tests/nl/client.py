# SPDX-License-Identifier: GPL-2.0
"""A client of the family that takes nothing from the kernel on trust.

Every message must be what svcnat.yaml says, and have the header that it should
have; a refusal must say why, and where in the request.
"""
import socket
import struct

from spec import Spec, Wrong, attribute

SOL_NETLINK, ADD_MEMBERSHIP, CAP_ACK, EXT_ACK = 270, 1, 10, 11
REQUEST, MULTI, ACK, INTR, DUMP = 1, 2, 4, 0x10, 0x300
CAPPED, TLVS = 0x100, 0x200
ERROR, DONE, CTRL, GETFAMILY, GETPOLICY = 2, 3, 16, 3, 10
HEADER = 20     # of netlink and of generic netlink


def tlvs(data):
    """Number and content of attributes that are not of the family."""
    at, found = 0, []
    while at + 4 <= len(data):
        size, number = struct.unpack("=HH", data[at:at + 4])
        found.append((number & 0x3fff, data[at + 4:at + size]))
        at += (size + 3) & ~3
    return found


def integer(data):
    return int.from_bytes(data, "little")


class Refused(Exception):
    """The kernel's refusal of a request."""

    def __init__(self, client, request, error, found):
        self.errno, found = error, dict(found)
        self.text = found.get(1, b"\0")[:-1].decode()
        self.where, self.missing = None, None
        if 2 in found:
            self.where = client.path(request, integer(found[2]))
        if 5 in found:
            nest = ""
            if 6 in found:
                nest = client.path(request, integer(found[6]))
            self.missing = client.spec.member(nest, integer(found[5]))
        super().__init__(f"errno {error}: {self.text} at {self.where}, "
                         f"missing {self.missing}")


class Client:
    """A socket of the family."""

    def __init__(self, spec=None):
        self.spec = spec or Spec()
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.sock.settimeout(60)
        for option in CAP_ACK, EXT_ACK:
            self.sock.setsockopt(SOL_NETLINK, option, 1)
        self.sock.bind((0, 0))
        self.port, self.seq, self.queue = self.sock.getsockname()[0], 0, []
        self.family, self.groups = CTRL, {}
        self.resolve()

    def resolve(self):
        name = self.spec.tree["name"].encode() + b"\0"
        self.send(GETFAMILY, attribute(2, name), REQUEST | ACK)
        _, _, data = self.receive()
        found = dict(tlvs(data[4:]))
        self.receive()
        self.version = integer(found[3])
        self.maxattr = integer(found[5])
        self.flags = {}
        for _, operation in tlvs(found[6]):
            operation = dict(tlvs(operation))
            self.flags[integer(operation[1])] = integer(operation[2])
        for _, group in tlvs(found[7]):
            group = dict(tlvs(group))
            self.groups[group[1][:-1].decode()] = integer(group[2])
        self.family = integer(found[1])

    def policy(self):
        """Of each command its policy's number; and all policies, by number:
        of each attribute what is said of it."""
        family, self.family = self.family, CTRL
        self.send(GETPOLICY, attribute(1, struct.pack("=H", family)),
                  REQUEST | DUMP)
        self.family = family
        commands, policies = {}, {}
        while (message := self.receive())[0] != DONE:
            found = dict(tlvs(message[2][4:]))
            for command, numbers in tlvs(found.get(9, b"")):
                commands[command] = {integer(number) for _, number
                                     in tlvs(numbers)}
            for policy, attrs in tlvs(found.get(8, b"")):
                for number, about in tlvs(attrs):
                    policies.setdefault(policy, {})[number] = {
                        key: integer(value) for key, value in tlvs(about)
                        if value}
        return commands, policies

    # The two directions.

    def send(self, command, data, flags):
        """Gives the request, as the kernel sees it."""
        self.seq += 1
        request = struct.pack("=IHHIIBBH", HEADER + len(data), self.family,
                              flags, self.seq, self.port, command, 1, 0) + data
        self.sock.send(request)
        return request

    def receive(self):
        """Kind, flags, contents of the next message: it must be for us."""
        if not self.queue:
            data, _, flags, sender = self.sock.recvmsg(1 << 17)
            if flags & socket.MSG_TRUNC or sender[0] != 0:
                raise Wrong(f"flags {flags:#x}, from {sender}")
            self.split(data)
        kind, flags, seq, port, data = self.queue.pop(0)
        if (seq, port) != (self.seq, self.port):
            raise Wrong(f"seq {seq} and port {port} for {self.seq} and "
                        f"{self.port}")
        return kind, flags, data

    def split(self, data):
        while data:
            if len(data) < 16:
                raise Wrong(f"{len(data)} bytes are no message")
            size, kind, flags, seq, port = struct.unpack("=IHHII", data[:16])
            if not 16 <= size <= len(data):
                raise Wrong(f"a message of {size} bytes in {len(data)}")
            self.queue.append((kind, flags, seq, port, data[16:size]))
            data = data[(size + 3) & ~3:]

    def path(self, request, offset):
        """The attribute at an offset of a request, by name."""
        found = self.spec.locate("main", request[HEADER:], offset - HEADER)
        if found is None:
            raise Wrong(f"offset {offset} is no attribute of the request")
        return found

    def contents(self, data, command, allowed):
        """Of a message of the family: its attributes."""
        got, version, reserved = struct.unpack("=BBH", data[:4])
        if (got, version, reserved) != (command, 1, 0):
            raise Wrong(f"command {got}, version {version}, {reserved}")
        found = self.spec.decode("main", data[4:])
        if not set(found) <= set(allowed):
            raise Wrong(f"{set(found)} where only {allowed} may be")
        return found

    def end(self, request, flags, data):
        """Of an answer: a refusal, or nothing."""
        error, = struct.unpack("=i", data[:4])
        if data[4:20] != request[:16]:
            raise Wrong("an answer to another request")
        if not flags & CAPPED or flags & ~(CAPPED | TLVS):
            raise Wrong(f"an answer with flags {flags:#x}")
        found = tlvs(data[20:])
        if bool(flags & TLVS) != bool(found):
            raise Wrong(f"an answer with flags {flags:#x} and {found}")
        if error:
            raise Refused(self, request, -error, found)
        if found:
            raise Wrong(f"a good answer with {found}")

    # What is asked for.

    def do(self, name, flags=REQUEST | ACK, **attrs):
        """The attributes of the reply; None if the operation has none."""
        operation = self.spec.operation(name)
        request = self.send(self.spec.commands[name],
                            self.spec.encode("main", attrs), flags)
        reply = None
        while True:
            kind, flags, data = self.receive()
            if kind == ERROR:
                self.end(request, flags, data)
                break
            if kind != self.family or flags or reply is not None:
                raise Wrong(f"a reply of kind {kind} with flags {flags:#x}")
            reply = self.contents(data, self.spec.commands[name],
                                  operation["do"]["reply"]["attributes"])
        if (reply is None) == ("reply" in operation.get("do", {})):
            raise Wrong(f"the reply of {name} is {reply}")
        return reply

    def dump(self, name, **attrs):
        """The attributes of each message; and whether it was interrupted."""
        request = self.start(name, **attrs)
        return self.rest(name, request)

    def start(self, name, **attrs):
        return self.send(self.spec.commands[name],
                         self.spec.encode("main", attrs), REQUEST | DUMP)

    def rest(self, name, request):
        allowed = self.spec.operation(name)["dump"]["reply"]["attributes"]
        found, interrupted = [], False
        while True:
            kind, flags, data = self.receive()
            if kind == ERROR:
                self.end(request, flags, data)
                raise Wrong("a dump was only acknowledged")
            if not flags & MULTI or flags & ~(MULTI | INTR | TLVS):
                raise Wrong(f"a message of a dump with flags {flags:#x}")
            interrupted |= bool(flags & INTR)
            if kind == DONE:
                break
            if kind != self.family or flags & TLVS:
                raise Wrong(f"a message of a dump of kind {kind}")
            found.append(self.contents(data, self.spec.commands[name],
                                       allowed))
        error, = struct.unpack("=i", data[:4])
        if error:
            raise Refused(self, request, -error, tlvs(data[4:]))
        if len(data) != 4:
            raise Wrong(f"the end of a dump has {len(data)} bytes")
        return found, interrupted

    # Events.

    def listen(self):
        for number in self.groups.values():
            self.sock.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, number)

    def events(self):
        """Name and attributes of each event that there is."""
        self.sock.settimeout(0)
        found = []
        try:
            while True:
                data, _, _, sender = self.sock.recvmsg(1 << 17)
                if sender[0] != 0:
                    raise Wrong(f"an event from {sender}")
                self.split(data)
        except BlockingIOError:
            pass
        while self.queue:
            kind, flags, seq, port, data = self.queue.pop(0)
            if (kind, flags, seq, port) != (self.family, 0, 0, 0):
                raise Wrong(f"an event of kind {kind}, flags {flags}, "
                            f"seq {seq}, port {port}")
            about = self.spec.event(data[0])
            found.append((about["name"],
                          self.contents(data, data[0],
                                        about["event"]["attributes"])))
        return found
