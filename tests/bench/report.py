# SPDX-License-Identifier: GPL-2.0
"""What was measured: results.json, the table, and the targets."""
import json
import statistics
import sys

import target


# Units of which more is better.
MORE = ("1/s", "Gbit/s", "times")


class Results:
    """Figures by instrument, workload and system."""

    def __init__(self, settings):
        self.settings = settings
        self.values = {}
        self.units = {}
        self.failed = []
        self.skipped = []

    def add(self, instrument, said):
        """One run's figure."""
        key = instrument, said["workload"], said["system"]
        self.values.setdefault(key, []).append(said["value"])
        self.units[key] = said["unit"]

    def median(self, instrument, workload, system):
        """Or None."""
        values = self.values.get((instrument, workload, system))
        return statistics.median(values) if values else None

    def workloads(self):
        """Instruments and workloads, in the order in which they ran."""
        return list(dict.fromkeys(key[:2] for key in self.values))

    def systems(self, instrument, workload):
        return [key[2] for key in self.values
                if key[:2] == (instrument, workload)]

    def write(self, path):
        """As the contract for the benchmark has it."""
        rows = []
        for key, values in self.values.items():
            rows.append(json.dumps({
                "instrument": key[0], "workload": key[1], "system": key[2],
                "unit": self.units[key],
                "median": round(statistics.median(values), 3),
                "min": round(min(values), 3), "max": round(max(values), 3),
                "runs": len(values)}))
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
        key = instrument, workload, systems[0]
        unit = self.units[key]
        ours = self.median(instrument, workload, "svcnat")
        floor = self.median(instrument, workload, "forward")
        more = unit in MORE
        print("\n%s, %s%s, %s, %d runs" % (
            workload, unit, " (more is better)" if more else "", instrument,
            len(self.values[key])))
        print("  %-20s %10s %23s %14s %16s" % (
            "", "median", "", "other/svcnat", "above forward"))
        for system in systems:
            values = self.values[instrument, workload, system]
            median = statistics.median(values)
            ratio = "%.2f" % (median / ours) if ours else ""
            above = "%+.0f" % (median - floor) \
                if floor and system != "forward" and not more else ""
            print("  %-20s %10s %23s %14s %16s" % (
                system, number(median),
                "(%s - %s)" % (number(min(values)), number(max(values))),
                "" if system == "svcnat" else ratio, above))


def number(value):
    """Three digits at least."""
    if value >= 100:
        return "%.0f" % value
    return "%.1f" % value if value >= 10 else "%.3f" % value
