#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""usage: tests/coverage/report.py BUILD COUNTS

Of the sources below kmod: how many lines there are, how many of them ran, and
which did not.  COUNTS has the .gcda files of the modules that were built in
BUILD.  Fails if too little of the packets' path ran.

The unit tests include what they test: a line ran if it did in any object.
"""
import collections
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys

# What a packet may meet; the rest is configuration.
PACKETS = """affinity connect conntrack evict fastpath filter flow flow_cache
    flow_find flow_life flows glance hook icmp ipsec line lookup
    maglev memo memory nat nat_abort node packet packet_plain packet_sctp
    packet_writable passage quota ranges refuse reject reset
    schedule snat socket state table tuple way""".split()
ENOUGH = 85     # per cent of the lines

# Nothing else begins in the first column and goes on with a parenthesis.
FUNCTION = re.compile(r"(?=[a-z])(?:.*?\W)?(\w+)\((?!.*;$)")


def gcov(build, counts):
    """For each source its lines, and how often each ran."""
    ran = collections.defaultdict(collections.Counter)
    for dirpath, _, names in os.walk(counts):
        for name in fnmatch.filter(names, "*.gcda"):
            notes = os.path.join(os.path.relpath(dirpath, counts),
                                 name.removesuffix(".gcda") + ".gcno")
            shutil.copy(os.path.join(build, notes), dirpath)
            said = subprocess.run(
                ["gcov", "--json-format", "--stdout", name], cwd=dirpath,
                check=True, stdout=subprocess.PIPE, text=True).stdout
            said = json.loads(said)
            for unit in said["files"]:
                source = os.path.relpath(os.path.join(
                    said["current_working_directory"], unit["file"]), build)
                for line in unit["lines"]:
                    ran[source][line["line_number"]] += line["count"]
    return ran


def functions(path):
    """The function that each line of a source is in."""
    where, name = {}, "?"
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if FUNCTION.match(line):
                name = FUNCTION.match(line)[1]
            where[number] = name
    return where


def gaps(lines):
    """Ranges of lines that did not run, without a line that ran between."""
    first = last = None
    for number in sorted(lines):
        if not lines[number]:
            first, last = first or number, number
        elif first:
            yield first, last
            first = None
    if first:
        yield first, last


def row(name, lines, covered):
    print(f"{name:24}{lines:7}{covered:7}{100 * covered / lines:8.1f} %")


def main():
    build, counts = sys.argv[1:]
    ran = {source.removeprefix("kmod/"): lines
           for source, lines in gcov(build, counts).items()
           # What trace.h defines is for the kernel to run.
           if re.fullmatch(r"kmod/\w+\.[ch]", source) and "trace" not in source}
    total = collections.defaultdict(lambda: [0, 0])
    print(f"{'file':24}{'lines':>7}{'ran':>7}")
    for source, lines in sorted(ran.items()):
        covered = sum(map(bool, lines.values()))
        row(source, len(lines), covered)
        part = "packets" if source[:-2] in PACKETS else "configuration"
        for name in part, "all":
            total[name][0] += len(lines)
            total[name][1] += covered
    for name in "packets", "configuration", "all":
        row(name, *total[name])

    print("\nlines that did not run:")
    for source, lines in sorted(ran.items()):
        where = functions(os.path.join(build, "kmod", source))
        inside = collections.defaultdict(dict)
        for number in sorted(lines):
            inside[where[number]][number] = lines[number]
        for name, part in inside.items():
            ranges = [str(first) if first == last else f"{first}-{last}"
                      for first, last in gaps(part)]
            if ranges:
                print(f"{source} {name}: {', '.join(ranges)}")

    lines, covered = total["packets"]
    if 100 * covered < ENOUGH * lines:
        sys.exit(f"less than {ENOUGH} % of the packets' path ran")


main()
