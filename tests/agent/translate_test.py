#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""What svcnatd makes of objects of Kubernetes.

usage: tests/agent/translate_test.py SVCNATD [CASE]...
       tests/agent/translate_test.py --write DIR

With --write the objects of each case go to DIR/CASE.json.

Each file in cases/ is YAML: a first document says what is expected, the others
are objects, as kubectl prints them.  Of the first:

  about     the rule that is shown
  args      what svcnatd is told besides --node n1; CASES stands for the directory
  commands  what is printed, without the lines of the config
  config    the lines of the config; not compared if it is not there
  log       what is said on stderr; nothing if it is not there
  input     what is read instead of a List of the objects
  status    of svcnatd, if it is not 0

Without a Node there is the one below, unless the case says "node: none".
"""
import json
import os
import subprocess
import sys
from collections import Counter

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(HERE, "cases")
KEYS = {"about", "args", "commands", "config", "log", "input", "status",
        "node"}

NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "n1",
                 "labels": {"topology.kubernetes.io/zone": "z1"}},
    "spec": {"podCIDR": "10.244.1.0/24", "podCIDRs": ["10.244.1.0/24"]},
    "status": {"addresses": [{"type": "InternalIP",
                              "address": "192.0.2.1"}]},
}


class Loader(yaml.SafeLoader):
    """Times are strings in JSON."""


Loader.yaml_implicit_resolvers = {
    first: [one for one in rules if not one[0].endswith(":timestamp")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def lines(text):
    return (text or "").splitlines()


def text_of(case, objects):
    if "input" in case:
        return case["input"]
    kinds = [one.get("kind") for one in objects if isinstance(one, dict)]
    if "Node" not in kinds and case.get("node") != "none":
        objects = [*objects, NODE]
    # In kubectl's order, items before their kind.
    return json.dumps({"apiVersion": "v1", "items": objects, "kind": "List",
                       "metadata": {"resourceVersion": ""}}, indent=4)


def differences(what, got, want):
    for line in (Counter(got) - Counter(want)).elements():
        yield f"{what}: got      {line}"
    for line in (Counter(want) - Counter(got)).elements():
        yield f"{what}: expected {line}"
    if Counter(got) == Counter(want) and got != want:
        yield f"{what}: the order differs: {got}"


def read(name):
    with open(os.path.join(CASES, name), encoding="utf-8") as file:
        case, *objects = yaml.load_all(file, Loader)
    return case, objects


def write(where):
    for name in sorted(os.listdir(CASES)):
        if not name.endswith(".yaml"):
            continue
        case, objects = read(name)
        if objects:
            path = os.path.join(where, name[:-5] + ".json")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text_of(case, objects))


def run(svcnatd, name):
    """Lines that say what is wrong."""
    case, objects = read(name)
    for key in set(case) - KEYS:
        yield f"unknown key {key}"
    args = [word.replace("CASES", CASES)
            for word in case.get("args", "").split()]
    ran = subprocess.run([svcnatd, "--node", "n1", "--from-file", "-",
                          "--print", *args], input=text_of(case, objects),
                         capture_output=True, text=True, check=False,
                         timeout=60)
    if ran.returncode != case.get("status", 0):
        yield f"status {ran.returncode}"
    config = [one for one in lines(ran.stdout) if one.startswith("config ")]
    commands = [one for one in lines(ran.stdout) if one not in config]
    yield from differences("commands", commands, lines(case.get("commands")))
    if "config" in case:
        yield from differences("config", config, lines(case["config"]))
    log = [line.removeprefix("<4>").replace(CASES, "CASES")
           for line in lines(ran.stderr)]
    yield from differences("log", log, lines(case.get("log")))


def main():
    if sys.argv[1:2] == ["--write"]:
        return write(sys.argv[2])
    svcnatd, *names = sys.argv[1:]
    names = names or sorted(os.listdir(CASES))
    names = [name for name in names if name.endswith(".yaml")]
    failed = 0
    for number, name in enumerate(names, 1):
        wrong = list(run(svcnatd, name))
        for line in wrong:
            print(f"# {line}")
        print(f"{'not ok' if wrong else 'ok'} {number} {name[:-5]}")
        failed += bool(wrong)
    print(f"1..{len(names)}")
    return failed > 0 or not names


if __name__ == "__main__":
    sys.exit(main())
