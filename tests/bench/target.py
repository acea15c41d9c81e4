# SPDX-License-Identifier: GPL-2.0
"""What svcnat promises, held against what was measured."""

UML = "uml-6.1"
ESTABLISHED = ["established-%s-%s-" % (side, proto)
               for proto in ("udp", "tcp") for side in ("request", "reply")]


class Judge:
    """Collects the lines, and counts what was not measured."""

    def __init__(self, results):
        self.results = results
        self.lines = []
        self.missing = 0

    def get(self, workload, system):
        return self.results.median(UML, workload, system)

    def less(self, workload, nothing, system):
        """What is left without what takes as long with nothing to do; None
        if that is lost in the noise."""
        pair = self.get(workload, system), self.get(nothing, system)
        return None if None in pair or pair[0] <= pair[1] else pair[0] - pair[1]

    def line(self, text, value, limit, least=False, unit=""):
        if value is None:
            self.missing += 1
            return
        good = value >= limit if least else value <= limit
        self.lines.append("  %-66s %9.2f%s, %s %s%s: %s" % (
            text, value, unit, "at least" if least else "at most", limit, unit,
            "met" if good else "MISSED"))

    def ratio(self, text, over, under, limit, least=False, floor=None):
        """over and under are a workload and a system each; floor is taken
        from both."""
        pair = [self.get(*over), self.get(*under)]
        if floor:
            below = self.get(*floor)
            pair = [None if below is None or value is None else value - below
                    for value in pair]
        value = None
        if None not in pair and pair[1] > 0:
            value = pair[0] / pair[1]
        self.line(text, value, limit, least)

    def largest(self, name, system):
        """The workload of this kind with the most services there is for the
        system."""
        for size in ("100k", "10k"):
            if self.get(name + size, system) is not None:
                return name + size
        return name + "100k"


def established(judge, sizes):
    for name in ESTABLISHED:
        for size, limit in sizes:
            row = name + size
            judge.ratio(row + ": (svcnat - forward) / (ipvs - forward)",
                        (row, "svcnat"), (row, "ipvs"), limit,
                        floor=(row, "forward"))
            ours = row, "svcnat-conntrack"
            judge.ratio(row + ": svcnat-conntrack / forward-conntrack", ours,
                        (row, "forward-conntrack"), 1.15)
            for other in ("ipvs-kubeproxy", "nftables"):
                judge.ratio("%s: %s / svcnat-conntrack" % (row, other),
                            (row, other), ours, 1.25, least=True)
            fast = row, "svcnat-fastpath"
            if judge.get(*fast) is None:
                continue
            judge.ratio(row + ": nftables-flowtable / svcnat-fastpath",
                        (row, "nftables-flowtable"), fast, 1.1, least=True)
            judge.ratio(row + ": svcnat-fastpath / forward", fast,
                        (row, "forward"), 1)


def new(judge):
    for name in ("new-udp-", "new-tcp-"):
        ours = judge.largest(name, "svcnat")
        judge.ratio("svcnat: %s / %s1" % (ours, name), (ours, "svcnat"),
                    (name + "1", "svcnat"), 1.15)
        theirs = judge.largest(name, "nftables")
        judge.ratio("%s: nftables / svcnat" % theirs, (theirs, "nftables"),
                    (theirs, "svcnat"), 2, least=True)


def update(judge):
    """A change is from request to answer: starting the process is none of
    it, and takes more than that in UML."""
    ours, theirs = (judge.less("update-10k", "update-nothing", name)
                    for name in ("svcnat", "nftables"))
    judge.line("update-10k - update-nothing: svcnat", ours, 1000, unit=" us")
    batch = judge.get("update-batch-10k", "svcnat")
    judge.line("update-batch-10k: svcnat", batch, 1000, unit=" us")
    for text, value in (("", ours), (" by update-batch-10k", batch)):
        ratio = theirs / value if theirs and value else None
        judge.line("the same: nftables / svcnat" + text, ratio, 100,
                   least=True)


def memory(judge, quick):
    rows = ("memory-flow", 128), ("memory-flow-tables", 16)
    values = [judge.get(row, "svcnat") for row, _ in rows]
    for (row, limit), value in zip(rows, values):
        # The last page of each slab is not full.
        judge.line(row + ": svcnat, rounded", None if value is None else
                   round(value), limit, unit=" B")
    # As many bytes for each of a million flows as megabytes for all.
    if not quick:
        judge.line("1M flows: svcnat", None if None in values else
                   sum(values), 150, unit=" MB")


def lines(results):
    """One for each target."""
    judge = Judge(results)
    sizes = [("1k", 0.4), ("50k", 0.5)]
    if not results.settings["quick"]:
        sizes.append(("1M", 0.5))
    established(judge, sizes)
    new(judge)
    row = "unrelated-udp-1k"
    judge.ratio(row + ": svcnat / forward", (row, "svcnat"), (row, "forward"),
                1.05)
    update(judge)
    judge.line("load-100k: svcnat", judge.get("load-100k", "svcnat"), 3,
               unit=" s")
    memory(judge, results.settings["quick"])
    if judge.missing:
        judge.lines.append("  %d more were not measured" % judge.missing)
    return judge.lines
