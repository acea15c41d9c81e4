# SPDX-License-Identifier: GPL-2.0
"""What was measured: results.json, the table, and the targets."""
import json
import statistics
import sys

import target


# Units of which more is better.
MORE = ("1/s", "Gbit/s", "times")


class Row:
    """Figures of one instrument, workload and system."""

    def __init__(self, unit, median=None, least=None, most=None, runs=0):
        self.unit = unit
        self.median = median
        self.min = least
        self.max = most
        self.runs = runs
        self.values = []

    def add(self, value):
        """One run's figure.  What came from a file is then gone."""
        self.values.append(value)
        self.median = statistics.median(self.values)
        self.min = min(self.values)
        self.max = max(self.values)
        self.runs = len(self.values)


class Results:
    """Rows by instrument, workload and system."""

    def __init__(self, settings):
        self.settings = settings
        self.rows = {}
        self.failed = []
        self.skipped = []

    def add(self, instrument, said):
        """One run's figure."""
        key = instrument, said["workload"], said["system"]
        if key not in self.rows:
            self.rows[key] = Row(said["unit"])
        self.rows[key].add(said["value"])

    def keep(self, path):
        """What the file has of workloads that were not measured now; never
        of those that were, because figures of two boots make no ratio."""
        measured = self.workloads()
        with open(path, encoding="utf-8") as file:
            for row in json.load(file):
                key = row["instrument"], row["workload"], row["system"]
                if key[:2] not in measured:
                    self.rows[key] = Row(row["unit"], row["median"],
                                         row["min"], row["max"], row["runs"])

    def median(self, instrument, workload, system):
        """Or None."""
        row = self.rows.get((instrument, workload, system))
        return row.median if row else None

    def workloads(self):
        """Instruments and workloads, in the order in which they ran."""
        return list(dict.fromkeys(key[:2] for key in self.rows))

    def systems(self, instrument, workload):
        return [key[2] for key in self.rows
                if key[:2] == (instrument, workload)]

    def write(self, path):
        """As the contract for the benchmark has it."""
        rows = []
        for key, row in self.rows.items():
            rows.append(json.dumps({
                "instrument": key[0], "workload": key[1], "system": key[2],
                "unit": row.unit, "median": round(row.median, 3),
                "min": round(row.min, 3), "max": round(row.max, 3),
                "runs": row.runs}))
        with open(path, "w", encoding="utf-8") as file:
            file.write("[\n" + ",\n".join(rows) + "\n]\n")

    def print(self):
        """For people: absolute figures, then what they are relative to."""
        said = self.settings
        print("Tables %s; median (smallest - largest) of the runs; packets in "
              "random order." % ("tuned" if said["tuned"] else
                                 "of default sizes"))
        if said["quick"]:
            print("QUICK: few runs, few packets.  Not for quoting.")
        for instrument, workload in self.workloads():
            self.block(instrument, workload)
        for text in self.skipped:
            print("left out: " + text)
        for text in self.failed:
            print("FAILED: " + text)
        print("\nTargets")
        for line in target.lines(self):
            print(line)
        sys.stdout.flush()

    def block(self, instrument, workload):
        systems = self.systems(instrument, workload)
        first = self.rows[instrument, workload, systems[0]]
        ours = self.median(instrument, workload, "svcnat")
        floor = self.median(instrument, workload, "forward")
        more = first.unit in MORE
        print("\n%s, %s%s, %s, %d runs" % (
            workload, first.unit, " (more is better)" if more else "",
            instrument, first.runs))
        print("  %-20s %10s %23s %14s %16s" % (
            "", "median", "", "other/svcnat", "above forward"))
        for system in systems:
            row = self.rows[instrument, workload, system]
            ratio = "%.2f" % (row.median / ours) if ours else ""
            above = "%+.0f" % (row.median - floor) \
                if floor and system != "forward" and not more else ""
            print("  %-20s %10s %23s %14s %16s" % (
                system, number(row.median),
                "(%s - %s)" % (number(row.min), number(row.max)),
                "" if system == "svcnat" else ratio, above))


def number(value):
    """Three digits at least."""
    if value >= 100:
        return "%.0f" % value
    return "%.1f" % value if value >= 10 else "%.3f" % value
