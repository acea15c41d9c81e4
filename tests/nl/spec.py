# SPDX-License-Identifier: GPL-2.0
"""Messages of the family as svcnat.yaml describes them, to bytes and back.

A message is a dict, name of an attribute to value: a number, a text for
strings, addresses and enums, a dict for a nest, a list for what is repeated,
True for a flag.  What comes from the kernel must be exactly as described.
"""
import os
import socket
import struct

import yaml

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "svcnat.yaml")
NESTED, BYTEORDER = 0x8000, 0x4000
NUMBERS = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q"}


class Wrong(Exception):
    """What the kernel sent is not what the specification says."""


class Raw:
    """In a request, instead of a value: these bytes, whatever they say."""

    def __init__(self, data, number=None):
        self.data, self.number = data, number


class Attribute:
    """One attribute of a set."""

    def __init__(self, spec, number, entry):
        self.spec, self.number, self.name = spec, number, entry["name"]
        self.type, self.hint = entry["type"], entry.get("display-hint")
        self.nested, self.enum = (entry.get("nested-attributes"),
                                  entry.get("enum"))
        self.multi = entry.get("multi-attr", False)
        self.order = ">" if "byte-order" in entry else "="
        self.checks = {key: spec.consts.get(value, value)
                       for key, value in entry.get("checks", {}).items()}
        if self.enum:
            self.checks["max"] = len(spec.enums[self.enum]) - 1

    def is_nest(self):
        return self.type in ("nest", "indexed-array")

    def to_bytes(self, value):
        if isinstance(value, Raw):
            return value.data
        if self.type == "nest":
            return self.spec.encode(self.nested, value)
        if self.type == "indexed-array":
            return b"".join(
                attribute(i | NESTED, self.spec.encode(self.nested, one))
                for i, one in enumerate(value, 1))
        if self.type == "string":
            return value.encode() + b"\0"
        if self.hint:
            family = (socket.AF_INET6 if self.hint == "ipv6"
                      else socket.AF_INET)
            return socket.inet_pton(family, value)
        if self.type == "flag":
            return b""
        if isinstance(value, str):
            value = self.spec.enums[self.enum].index(value)
        return struct.pack(self.order + NUMBERS[self.type], value)

    def from_bytes(self, data, path):
        if self.type == "nest":
            return self.spec.decode(self.nested, data, path)
        if self.type == "indexed-array":
            return [self.spec.decode(self.nested, one, f"{path}[{number}]")
                    for number, one in indexed(data, path)]
        if self.type == "string":
            if data[-1:] != b"\0" or b"\0" in data[:-1] or \
               len(data) - 1 > self.checks["max-len"]:
                raise Wrong(f"{path}: {data!r} is no string")
            return data[:-1].decode()
        size = self.checks.get("exact-len", 0)
        if self.type in NUMBERS:
            size = struct.calcsize("=" + NUMBERS[self.type])
        if len(data) != size:
            raise Wrong(f"{path}: {len(data)} bytes, not {size}")
        if self.hint:
            return socket.inet_ntop(socket.AF_INET6 if size == 16
                                    else socket.AF_INET, data)
        if self.type in ("flag", "pad"):
            return True
        return self.number_from(data, path)

    def number_from(self, data, path):
        value, = struct.unpack(self.order + NUMBERS[self.type], data)
        if not self.checks.get("min", 0) <= value <= \
           self.checks.get("max", value):
            raise Wrong(f"{path}: {value} is out of range")
        return self.spec.enums[self.enum][value] if self.enum else value


class Spec:
    """The specification."""

    def __init__(self, path=PATH):
        with open(path, encoding="ascii") as file:
            # The one in C takes a twentieth of the time.
            self.tree = yaml.load(file, getattr(yaml, "CSafeLoader",
                                                yaml.SafeLoader))
        definitions = self.tree["definitions"]
        self.consts = {one["name"]: one["value"] for one in definitions
                       if one["type"] == "const"}
        self.enums = {one["name"]: [entry["name"] for entry in one["entries"]]
                      for one in definitions if one["type"] == "enum"}
        self.sets = {
            one["name"]: {entry["name"]: Attribute(self, number, entry)
                          for number, entry in enumerate(one["attributes"], 1)}
            for one in self.tree["attribute-sets"]}
        self.operations = self.tree["operations"]["list"]
        self.commands = {one["name"]: number for number, one
                         in enumerate(self.operations, 1)}

    def operation(self, name):
        return self.operations[self.commands[name] - 1]

    def event(self, command):
        """The description of an event that came."""
        if not 0 < command <= len(self.operations) or \
           "event" not in self.operations[command - 1]:
            raise Wrong(f"command {command} is no event")
        return self.operations[command - 1]

    def encode(self, set_name, values):
        data = b""
        for name, value in values.items():
            one = self.sets[set_name][name]
            for each in value if one.multi else [value]:
                number = one.number | (NESTED if one.is_nest() else 0)
                if isinstance(each, Raw) and each.number is not None:
                    number = each.number
                data += attribute(number, one.to_bytes(each))
        return data

    def decode(self, set_name, data, path=""):
        by_number = {one.number: one for one in self.sets[set_name].values()}
        found = {}
        for number, flags, content in attributes(data, path):
            one = by_number.get(number)
            if not one or one.type == "unused":
                raise Wrong(f"{path}: unknown attribute {number}")
            here = f"{path}.{one.name}"
            if flags != (NESTED if one.is_nest() else 0):
                raise Wrong(f"{here}: flags {flags:#x}")
            value = one.from_bytes(content, here)
            if one.type == "pad":
                continue
            if one.name in found:
                raise Wrong(f"{here}: twice")
            found[one.name] = value
        return found

    def member(self, path, number):
        """The path of the attribute with that number in the nest at @path."""
        attrs = self.sets["main"]
        for name in path.split(".")[1:]:
            attrs = self.sets[attrs[name.split("[")[0]].nested]
        return path + "." + {one.number: name for name, one
                             in attrs.items()}.get(number, str(number))

    def locate(self, set_name, data, offset, path=""):
        """The path of the attribute at @offset, or None."""
        by_number = {one.number: one for one in self.sets[set_name].values()}
        at, seen = 0, {}
        while at + 4 <= len(data):
            size, number = struct.unpack("=HH", data[at:at + 4])
            number &= ~(NESTED | BYTEORDER)
            one = by_number.get(number)
            here = f"{path}.{one.name if one else number}"
            seen[here] = seen.get(here, 0) + 1
            if seen[here] > 1:
                here += f"[{seen[here]}]"
            if offset == at:
                return here
            if at < offset < at + size and one and one.is_nest():
                return self.locate_in(one, data[at + 4:at + size],
                                      offset - at - 4, here)
            if size < 4:
                break
            at += (size + 3) & ~3
        return None

    def locate_in(self, one, data, offset, path):
        if one.type == "nest":
            return self.locate(one.nested, data, offset, path)
        at, index = 0, 0
        while at + 4 <= len(data):
            size, = struct.unpack("=H", data[at:at + 2])
            index += 1
            if offset == at:
                return f"{path}[{index}]"
            if at < offset < at + size:
                return self.locate(one.nested, data[at + 4:at + size],
                                   offset - at - 4, f"{path}[{index}]")
            at += (size + 3) & ~3
        return None


def attribute(number, data):
    size = 4 + len(data)
    return struct.pack("=HH", size, number) + data + b"\0" * (-size % 4)


def attributes(data, path):
    """Number, flags and content of each; nothing may be left, or not zero."""
    at = 0
    while at < len(data):
        if len(data) - at < 4:
            raise Wrong(f"{path}: {len(data) - at} bytes are left")
        size, number = struct.unpack("=HH", data[at:at + 4])
        end = at + ((size + 3) & ~3)
        if size < 4 or end > len(data):
            raise Wrong(f"{path}: attribute {number:#x} of {size} bytes")
        if any(data[at + size:end]):
            raise Wrong(f"{path}: attribute {number:#x} is padded with "
                        f"{data[at + size:end]!r}")
        flags = number & (NESTED | BYTEORDER)
        yield number & ~(NESTED | BYTEORDER), flags, data[at + 4:at + size]
        at = end


def indexed(data, path):
    """The members of an array, which count from 1 up."""
    for index, (number, flags, content) in enumerate(attributes(data, path), 1):
        if number != index or flags != NESTED:
            raise Wrong(f"{path}: member {index} has number {number}, "
                        f"flags {flags:#x}")
        yield number, content
