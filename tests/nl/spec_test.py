#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Whether svcnat.yaml and kmod/uapi/svcnat.h say the same.

usage: spec_test.py [HEADER [SPEC]]

One line on stdout for each name or number in which they differ, or that only
one of them has; for each that contradicts the specification itself; and for
each that the description for syzkaller has wrong or lacks.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
from spec import PATH, Spec  # noqa: E402

UAPI = os.path.join(os.path.dirname(PATH), "../../kmod/uapi/svcnat.h")
SYZKALLER = os.path.join(os.path.dirname(PATH),
                         "socket_netlink_generic_svcnat.txt")
# What has no number of its own in a specification.
DERIVED = re.compile(r"SVCNAT_GENL_VERSION|SVCNAT_\w*UNSPEC|SVCNAT_\w*A_MAX|"
                     r"SVCNAT_STAT_MAX")
TYPES = ("unused", "pad", "flag", "binary", "u8", "u16", "u32", "u64",
         "string", "nest", "indexed-array")


def of_header(path):
    """Each constant of the header and its value, by name."""
    with open(path, encoding="ascii") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    found = {name: int(value) for name, value in
             re.findall(r"#define (SVCNAT_\w+)\s+(\d+)\s", text)}
    found |= {name: value for name, value in
              re.findall(r'#define (SVCNAT_\w+)\s+"(.*)"', text)}
    for body in re.findall(r"enum \w+ \{(.*?)\}", text, re.S):
        if "=" in body:
            raise ValueError(f"an enum counts in its own way: {body}")
        found |= {name: number for number, name
                  in enumerate(re.findall(r"\w+", body))
                  if not name.startswith("__")}
    return found


def upper(*words):
    return "".join(words).upper().replace("-", "_")


def of_spec(spec):
    """The same of the specification, as the kernel's own tools name them."""
    tree, found = spec.tree, {}
    family = tree["name"] + "-"
    found[upper(family, "genl-name")] = tree["name"]
    for group in tree["mcast-groups"]["list"]:
        found[upper(family, "genl-mcgrp-", group["name"])] = group["name"]
    for name, value in spec.consts.items():
        found[upper(family, name)] = value
    for enum, entries in spec.enums.items():
        for number, name in enumerate(entries):
            found[upper(family, enum, "-", name)] = number
    for one in tree["attribute-sets"]:
        for name, attr in spec.sets[one["name"]].items():
            found[upper(one["name-prefix"], name)] = attr.number
    for name, number in spec.commands.items():
        found[upper(tree["operations"]["name-prefix"], name)] = number
    return found


def lists_of(operation):
    """Each list of attributes that an operation has."""
    for kind in "do", "dump":
        for part in operation.get(kind, {}).values():
            yield part.get("attributes", [])
    yield operation.get("event", {}).get("attributes", [])


def contradictions(spec):
    """What the specification names and does not have, and the like."""
    groups = [one["name"] for one in spec.tree["mcast-groups"]["list"]]
    for name, attrs in spec.sets.items():
        for attr in attrs.values():
            if attr.type not in TYPES:
                yield f"{name}.{attr.name}: no type {attr.type}"
            if attr.is_nest() != (attr.nested in spec.sets):
                yield f"{name}.{attr.name}: no set {attr.nested}"
            for check, value in attr.checks.items():
                if not isinstance(value, int):
                    yield f"{name}.{attr.name}: {check} is {value}"
    for one in spec.operations:
        for attr in (attr for names in lists_of(one) for attr in names):
            if attr not in spec.sets[one["attribute-set"]]:
                yield f"{one['name']}: no attribute {attr}"
        if ("event" in one) != (one.get("mcgrp") in groups):
            yield f"{one['name']}: event and group do not match"
        if ("event" in one) == (one.get("flags") == ["admin-perm"]):
            yield f"{one['name']}: an operation needs admin-perm"


def reachable(spec, name, found):
    """The sets that are in a nest of a set, and those in these."""
    if name not in found:
        found.add(name)
        for attr in spec.sets[name].values():
            if attr.is_nest():
                reachable(spec, attr.nested, found)
    return found


def requested(spec):
    """Names of all that a request may have, as the header has them."""
    attrs, prefix = {}, {one["name"]: one["name-prefix"]
                         for one in spec.tree["attribute-sets"]}
    for one in spec.operations:
        if "event" in one:
            continue
        yield upper(spec.tree["operations"]["name-prefix"], one["name"])
        for kind in "do", "dump":
            for name in one.get(kind, {}).get("request", {}).get("attributes",
                                                                 []):
                attrs[name] = spec.sets["main"][name]
    yield from (upper(prefix["main"], name) for name in attrs)
    sets = set()
    for attr in attrs.values():
        if attr.is_nest():
            reachable(spec, attr.nested, sets)
    for one in spec.tree["attribute-sets"]:
        for entry in one["attributes"] if one["name"] in sets else []:
            # What is for replies alone says so.
            if "replies" not in entry["doc"] and entry["type"] != "pad" and \
               one["name"] != "counters":
                yield upper(one["name-prefix"], entry["name"])


def description(spec, header):
    """What is wrong with the description for syzkaller."""
    with open(SYZKALLER, encoding="ascii") as file:
        used = set(re.findall(r"\bSVCNAT_\w+", file.read()))
    with open(SYZKALLER + ".const", encoding="ascii") as file:
        consts = {name: int(value) for name, value in
                  re.findall(r"(\w+) = (\d+)", file.read())}
    for name in sorted(used):
        if consts.get(name) != header.get(name):
            yield f"syzkaller: {name} is {consts.get(name)}"
    for name in sorted({name for name in consts if name.startswith("SVCNAT_")}
                       - used):
        yield f"syzkaller: {name} is not used"
    for name in requested(spec):
        if name not in used:
            yield f"syzkaller: {name} is missing"


def main(header=UAPI, path=PATH):
    spec = Spec(path)
    one, other = of_header(header), of_spec(spec)
    if len(one) < 200:
        print(f"the header has {len(one)} constants, which cannot be all")
    for name in sorted(set(one) | set(other)):
        if one.get(name) != other.get(name) and not DERIVED.fullmatch(name):
            print(f"{name}: {one.get(name)} in the header, "
                  f"{other.get(name)} in the specification")
    for line in [*contradictions(spec), *description(spec, one)]:
        print(line)


if __name__ == "__main__":
    main(*sys.argv[1:])
