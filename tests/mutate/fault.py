# SPDX-License-Identifier: GPL-2.0
"""Faults: what tests/mutate/faults/* say, and how they get into a tree.

A fault is a paragraph:

    fault NAME
    why SENTENCE            what is wrong with it; may have several lines
    suite KIND [NAME]: CASE [CASE]...
                            the first is that which notices, the others are
                            what it cannot do without
    catch TEXT              if no case notices but the machine: see suite.py
    file PATH
     a line that stays
    -a line that goes
    +a line that comes

The lines behind "file" must be in that file exactly once, one behind the
other: a fault that means nothing any more is an error, as is one that means
two places.  There may be several files.  Lines that begin with # are comments.
"""
import os


class Broken(Exception):
    """The fault cannot be what it was meant to be."""


class Edit:
    """One "file" of a fault."""

    def __init__(self, path):
        self.path = path
        self.old, self.new = [], []

    def take(self, line):
        if line[0] in " -":
            self.old.append(line[1:])
        if line[0] in " +":
            self.new.append(line[1:])

    def apply(self, text):
        if self.old == self.new:
            raise Broken(f"nothing changes in {self.path}")
        lines, size = text.split("\n"), len(self.old)
        places = [at for at in range(len(lines) - size + 1)
                  if lines[at:at + size] == self.old]
        if len(places) != 1:
            raise Broken(f"{self.path} has these lines {len(places)} times")
        lines[places[0]:places[0] + size] = self.new
        return "\n".join(lines)


class Fault:
    def __init__(self, name):
        self.name = name
        self.why = self.kind = self.suite = self.catch = ""
        self.cases = []
        self.edits = []

    def take(self, line):
        """A line of its paragraph; whether that means anything."""
        word, _, rest = line.partition(" ")
        if self.edits and line[0] in " -+":
            self.edits[-1].take(line)
        elif word == "why":
            self.why += rest
        elif word == "suite":
            where, _, cases = rest.partition(":")
            self.kind, _, self.suite = where.partition(" ")
            # The names of the tool's cases have blanks.
            self.cases = ([cases.strip()] if self.kind == "tool" else
                          cases.split())
        elif word == "catch":
            self.catch = rest
        elif word == "file":
            self.edits.append(Edit(rest))
        else:
            return False
        return True

    def apply(self, read):
        """What its files become: by path, of what read(path) gives."""
        text = {}
        for edit in self.edits:
            path = edit.path
            try:
                text[path] = edit.apply(text.get(path) or read(path))
            except OSError:
                raise Broken(f"there is no {path}") from None
        if not text or not self.cases or not self.why:
            raise Broken("something of it is missing")
        return text


def read_file(path):
    """The faults of a file, in their order."""
    faults = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line or line[0] == "#":
                continue
            if line.startswith("fault "):
                faults.append(Fault(line[6:]))
            elif not faults or not faults[-1].take(line):
                raise SystemExit(f"{path}:{number}: {line}")
    return faults


def read_all(directory):
    faults = []
    for name in sorted(os.listdir(directory)):
        faults += read_file(os.path.join(directory, name))
    names = [fault.name for fault in faults]
    if len(set(names)) != len(names):
        raise SystemExit(f"{directory}: two faults have one name")
    return faults
