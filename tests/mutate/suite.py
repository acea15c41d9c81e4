# SPDX-License-Identifier: GPL-2.0
"""The suites that notice faults: how they are run, and what they find.

    kunit SUITE: CASE...        unit tests, debug kernel; SUITE without svcnat_
    net SCRIPT: TEST...         tests/net/SCRIPT.sh, stock kernel, only TESTs
    net-debug SCRIPT: TEST...   the same on the debug kernel
    tool: CASE                  make -C tools check, without a machine

A case is known by its suite and its name.  What else is wrong, as the gate of
the machine finds it or because the machine came to an end, is a line of text.
"""
import os
import re
import subprocess

KINDS = "tool", "kunit", "net", "net-debug"

LINE = re.compile(r"(    )?(not )?ok [0-9]+ (?:- )?(.*)")
SUBTEST = re.compile(r"    # Subtest: (.*)")

# Where the cases of a suite are, and what a case looks like there
SOURCES = {
    "kunit": ("kmod/tests/{}_kunit.c", r"KUNIT_CASE\w*\({}\b"),
    "net": ("tests/net/{}.sh", r"^{}\(\)"),
    "net-debug": ("tests/net/{}.sh", r"^{}\(\)"),
}


def missing(fault, read):
    """The first of its cases that the suite does not have, or None."""
    if fault.kind not in KINDS:
        return fault.kind
    path, pattern = SOURCES.get(fault.kind, ("", ""))
    for case in fault.cases if path else ():
        name = re.escape(case.partition("@")[0])
        if not re.search(pattern.format(name), read(path.format(fault.suite)),
                         re.MULTILINE):
            return case
    return None


def case_of(fault):
    """The case that must fail, as an outcome knows it."""
    case = fault.cases[0]
    if fault.kind == "kunit":
        return f"svcnat_{fault.suite}", case
    if fault.kind == "tool":
        return "", case
    name, _, family = case.partition("@")
    name = name.replace("_", " ")
    return fault.suite, f"{name} (IPv{family})" if family else name


def cases_of(faults):
    """All cases of some faults, by their suite."""
    cases = {}
    for fault in faults:
        for case in fault.cases:
            if case not in cases.setdefault(fault.suite, []):
                cases[fault.suite].append(case)
    return cases


class Outcome:
    """What a run said: cases by their suite and name, and complaints."""

    def __init__(self):
        self.passed = set()
        self.failed = []
        self.said = []
        self.built = True

    def read_ktap(self, lines):
        suite, failed = "", False
        for line in lines:
            if SUBTEST.fullmatch(line):
                suite, failed = SUBTEST.fullmatch(line)[1], False
            result = LINE.fullmatch(line)
            if not result:
                continue
            indent, bad, name = result.groups()
            name, _, about = (part.strip() for part in name.partition("#"))
            if indent or not suite:
                if bad:
                    failed = True
                    self.failed.append((suite, name))
                else:
                    self.passed.add((suite, name))
            else:
                # The suite itself: it may fail beside all of its cases.
                if bad and not failed:
                    self.said.append(f"{name} {about}".strip())
                suite = ""

    def read_machine(self, lines):
        for line in lines:
            if line.startswith("vm/run: the end of the kernel log"):
                break
            if line.startswith("vm/run: "):
                self.said.append(line[8:])

    def findings(self):
        return [": ".join(filter(None, f)) for f in self.failed] + self.said


class Suites:
    """Runs suites of a tree."""

    def __init__(self, tree, wrap, logs):
        self.tree = tree
        self.wrap = wrap
        self.logs = logs

    def run(self, command, log, env=()):
        """Run a command in the tree: its exit status, stdout and stderr.

        What it says can be read in the log while it runs.
        """
        # What make(1) that runs us tells its like is not for ours.
        env = {**{name: value for name, value in os.environ.items()
                  if not name.startswith(("MAKE", "MFLAGS"))}, **dict(env)}
        names = [os.path.join(self.logs, f"{log}.{what}")
                 for what in ("out", "err")]
        with open(names[0], "wb") as out, open(names[1], "wb") as err:
            status = subprocess.run(
                command, cwd=self.tree, env=env, check=False,
                stdin=subprocess.DEVNULL, stdout=out, stderr=err).returncode
        texts = []
        for name in names:
            with open(name, encoding="utf-8", errors="replace") as file:
                texts.append(file.read())
        return status, *texts

    def machine(self, kind, seconds):
        flavour = "stock" if kind == "net" else "debug"
        return [*self.wrap, "tests/vm/run", "-k", flavour, "-t", str(seconds)]

    def alone(self, kind, cases, log):
        """Run cases of a kind in a machine that nothing else is done in."""
        command, env = ["make", "-s", "-C", "tools", "check"], {}
        if kind != "tool":
            command = self.machine(kind, 600 + 60 * len(cases))
        if kind == "kunit":
            command += ["tests/kunit.sh", *(f"svcnat_{name}" for name in cases)]
        elif kind != "tool":
            command += ["tests/net/run-all",
                        *(f"tests/net/{name}.sh" for name in cases)]
            env = {"SVCNAT_TESTS": " ".join(
                       f"{name}:{test}" for name in cases
                       for test in cases[name]),
                   "SVCNAT_TEST_LIMIT": "600" if kind == "net-debug" else "120"}
        status, out, err = self.run(command, log, env)
        outcome = Outcome()
        outcome.read_ktap(out.splitlines())
        outcome.read_machine(err.splitlines())
        if status and not outcome.passed and not outcome.findings():
            outcome.built = "not build" not in err
        if status and not outcome.findings():
            outcome.said.append(f"exit status {status}")
        return outcome
