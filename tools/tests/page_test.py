#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Whatever svcctl or the interface knows stands in the manual pages."""
import os
import re
import sys

from messages import K, Run, ack, expect, reply, main

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def plain(line):
    """A line of roff without its macro, fonts and escapes."""
    line = re.sub(r"^\.(\w+)( |$)", lambda m: "" if m[1] != "SH" else ".SH ",
                  line)
    line = re.sub(r"\\f.|\\[&c]", "", line)
    return line.replace("\\-", "-").replace('"', "").replace("\\e", "\\")


def page(name):
    with open(os.path.join(TOOLS, name), encoding="ascii") as file:
        return [plain(line) for line in file.read().splitlines()]


def sections(lines):
    found, name = {}, ""
    for line in lines:
        if line.startswith(".SH "):
            name = line[4:]
        else:
            found.setdefault(name, []).append(line)
    return {name: " ".join(lines) for name, lines in found.items()}


TOOL, MODULE = page("svcctl.8"), page("svcnat.4")


def lacks(lines, *words):
    """Which of @words are nowhere in @lines as a whole word."""
    text = lines if isinstance(lines, str) else " ".join(lines)
    return [word for word in words if not re.search(
        rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)]


def help_text(*words):
    return Run(["help", *words]).out


def objects():
    return [word for word in re.findall(r"^  ([a-z]+)", help_text(), re.M)
            if word not in ("help", "version")]


def names(prefix, but=()):
    """Of the interface, as svcctl spells them."""
    return [name[len(prefix):].lower().replace("_", "-") for name in K
            if name.startswith(prefix) and name[len(prefix):] not in but]


def every_object_and_command():
    synopsis = " ".join(sections(TOOL)["SYNOPSIS"].split())
    found = re.findall(r"^  ([a-z]+(?: [a-z]+\b(?!-))?)", help_text(), re.M)
    expect(len(found) > 20, True, found)
    expect(lacks(synopsis, *[f"svcctl {words}" for words in found]), [])
    # And each is explained: it begins a paragraph.
    commands = sections(TOOL)["COMMANDS"]
    expect(lacks(commands, *found), [])


def every_word_of_the_grammar():
    missing = []
    for name in objects():
        grammar = help_text(name).split("\n\n")[0].split("\n", 1)[1]
        words = re.findall(r"(?<![A-Za-z.:/_-])-{0,2}[a-z][a-z-]+", grammar)
        missing += lacks(TOOL, *words)
    expect(missing, [])


def every_option_of_a_service_and_its_members():
    for name, known in (("service", 5), ("frontend", 2), ("endpoint", 3)):
        notes = help_text(name).split("OPTION is\n")[1]
        words = [word for line in re.findall(r"^  ([a-z|-]+(?: [a-z|-]+)?)",
                                             notes, re.M)
                 for word in re.split("[ |]", line)]
        expect(len(words) >= known, True, words)
        expect(lacks(sections(TOOL)["WORDS"], *words), [], name)
    for prefix in ("SCHEDULER_", "POLICY_", "ON_REMOVAL_", "STATE_",
                   "PLACE_"):
        expect(lacks(sections(TOOL)["WORDS"], *names(prefix)), [])


def every_option():
    options = re.findall(r"^  (-.), (--[a-z]+)", help_text(), re.M)
    expect(len(options) > 7, True)
    expect(lacks(sections(TOOL)["OPTIONS"], *sum(options, ())), [])


def every_key():
    keys = list(Run(["-j", "config", "show"], reply(flags=0),
                    ack()).json()[0])
    expect(len(keys), len(names("CONFIG_A_", ("UNSPEC",))))
    expect(lacks(sections(TOOL)["COMMANDS"], *keys), [])
    expect(lacks(sections(MODULE)["PARAMETERS"], *keys), [])


def every_state_of_a_flow():
    states = [name for name in names("FLOW_")
              if not name.startswith("a-")]
    expect(len(states), 8)
    expect(lacks(sections(TOOL)["COMMANDS"], *states), [])


def every_counter():
    stats = [name.replace("-", "_")
             for name in names("STAT_", ("UNSPEC", "PAD"))]
    shown = list(Run(["-j", "stats", "show"], reply(flags=0),
                     ack()).json()[0])
    expect(shown, stats)
    expect(lacks(sections(MODULE)["COUNTERS"], *stats), [])
    members = [name.replace("-", "_")
               for name in names("COUNTER_A_", ("UNSPEC", "PAD"))]
    expect(lacks(sections(MODULE)["COUNTERS"], *members), [])
    expect(lacks(sections(TOOL)["JSON"], *members), [])


def every_drop_reason():
    reasons = [name.replace("-", "_") for name in names("STAT_")
               if name.startswith(("drop-", "reject-"))]
    expect(len(reasons) >= 16, True, reasons)
    expect(lacks(sections(MODULE)["WHY A PACKET WAS DROPPED"], *reasons), [])


def every_tracepoint():
    path = os.path.join(TOOLS, "../kmod/trace.h")
    with open(path, encoding="ascii") as file:
        points = re.findall(r"^(?:TRACE_EVENT\(|DEFINE_EVENT\(\w+, )(\w+)",
                            file.read(), re.M)
    expect(len(points) >= 4, True, points)
    expect(lacks(sections(MODULE)["TRACEPOINTS"], *points), [])


def examples():
    for lines in TOOL, MODULE:
        expect("# " in sections(lines)["EXAMPLES"], True)


assert sys.argv[1:], "expected svcctl"
main(every_object_and_command, every_word_of_the_grammar,
     every_option_of_a_service_and_its_members, every_option, every_key,
     every_state_of_a_flow, every_counter, every_drop_reason,
     every_tracepoint, examples)
