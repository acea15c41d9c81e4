# SPDX-License-Identifier: GPL-2.0
"""Many faults in one machine, each with modules of its own.

To start a machine and to look for damage takes ten times as long as most cases
do.  So all faults that a case notices share one: tests/mutate/guest loads the
modules of one after the other.  At the end come those without a fault: if
their cases pass, none of the others has left anything behind that matters.
"""
import glob
import os
import shutil

from suite import Outcome, cases_of

NOTHING = "no-fault"


class Batch:
    def __init__(self, kind, suites, directory):
        self.kind = kind
        self.suites = suites
        self.dir = os.path.join(directory, kind)
        self.kernel = None
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)

    def build(self, name, faults):
        """Keep the modules of the tree as it is; whether it compiles.

        Of the unit tests those alone that some faults are for.
        """
        if not self.kernel:
            flavour = "stock" if self.kind == "net" else "debug"
            self.kernel = self.suites.run(["tests/vm/kernel", flavour],
                                          name)[1].strip()
        status, built, _ = self.suites.run(
            ["tests/vm/module", self.kernel, self.suites.tree], name)
        if status:
            return False
        kept = os.path.join(self.dir, name)
        os.mkdir(kept)
        for module in glob.glob(built.strip() + "/*.ko"):
            shutil.copy(module, kept)
        if self.kind != "kunit":
            return True
        return not self.suites.run(
            ["tests/kunit-pick", os.path.join(kept, "svcnat_kunit.ko"),
             *(f"svcnat_{suite}" for suite in cases_of(faults))],
            f"{name}-pick")[0]

    def run(self, faults, cases):
        """What became of each fault, by its name, as far as it came.

        And what became of the cases of these faults without any.
        """
        plan = os.path.join(self.dir, "plan")
        with open(plan, "w", encoding="utf-8") as file:
            for fault in faults:
                file.write(self.line(fault.name, {fault.suite: fault.cases}))
            file.write(self.line(NOTHING, cases_of(cases)))
        limit = 600 + 60 * len(faults)
        _, said, _ = self.suites.run(
            [*self.suites.machine(self.kind, limit),
             "tests/mutate/guest", self.kind, plan], f"batch-{self.kind}")
        return self.outcomes(said.splitlines())

    @staticmethod
    def line(name, cases):
        return " ".join([name, *(f"{suite}:{case}" for suite in cases
                                 for case in cases[suite])]) + "\n"

    @staticmethod
    def outcomes(lines):
        outcomes, name, said = {}, None, []
        for line in lines:
            if line.startswith("# begins: "):
                name, said = line[10:], []
            elif line == f"# ends: {name}":
                outcomes[name] = Outcome()
                outcomes[name].read_ktap(said)
            else:
                said.append(line)
        return outcomes
