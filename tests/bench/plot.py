# SPDX-License-Identifier: GPL-2.0
"""Plots: cost against flows and against services, as SVG."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 420, 300
LEFT, RIGHT, TOP, BOTTOM = 60, 10, 30, 40
COLOURS = {
    "forward": "#999999", "forward-conntrack": "#555555",
    "svcnat": "#d62728", "svcnat-conntrack": "#ff9896",
    "svcnat-fastpath": "#7f0000", "ipvs": "#1f77b4",
    "ipvs-kubeproxy": "#aec7e8", "iptables": "#2ca02c",
    "nftables": "#9467bd", "nftables-flowtable": "#8c564b",
}
UNITS = {"k": 1000, "M": 10 ** 6}


def size(text):
    """1k is 1000."""
    if text[-1:] in UNITS:
        return int(text[:-1]) * UNITS[text[-1]]
    return int(text)


class Chart:
    """Both axes are logarithmic."""

    def __init__(self, title, below, unit, lines):
        self.title = title
        self.below = below
        self.unit = unit
        self.lines = lines
        points = [point for line in lines.values() for point in line]
        self.x = sorted({x for x, _ in points})
        low, high = min(y for _, y in points), max(y for _, y in points)
        self.low = math.log10(low) - 0.05
        self.high = math.log10(high) + 0.05

    def across(self, x):
        first, last = math.log10(self.x[0]), math.log10(self.x[-1])
        part = (math.log10(x) - first) / (last - first or 1)
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def down(self, y):
        part = (math.log10(y) - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)

    def ticks(self):
        """1, 2, 5, 10 and so on, where there are points."""
        for power in range(int(self.low) - 1, int(self.high) + 2):
            for digit in (1, 2, 5):
                value = digit * 10.0 ** power
                if self.low <= math.log10(value) <= self.high:
                    yield value

    def draw(self):
        yield text(LEFT, 16, self.title, weight="bold")
        yield text(LEFT, HEIGHT - 6, self.below)
        for value in self.ticks():
            y = self.down(value)
            yield '<path d="M%d %.1fH%d" stroke="#ddd"/>' % (LEFT, y,
                                                            WIDTH - RIGHT)
            yield text(LEFT - 4, y + 4, "%g" % value, anchor="end")
        for x in self.x:
            yield text(self.across(x), HEIGHT - BOTTOM + 14, "%g" % x if
                       x < 1000 else "%gk" % (x / 1000), anchor="middle")
        for name, line in self.lines.items():
            points = " ".join("%.1f,%.1f" % (self.across(x), self.down(y))
                              for x, y in sorted(line))
            yield '<polyline points="%s" fill="none" stroke="%s" ' \
                'stroke-width="2"/>' % (points, COLOURS[name])
            for x, y in line:
                yield '<circle cx="%.1f" cy="%.1f" r="3" fill="%s"><title>' \
                    '%s: %.0f %s</title></circle>' % (
                        self.across(x), self.down(y), COLOURS[name],
                        escape(name), y, escape(self.unit))


def text(x, y, what, anchor="start", weight="normal"):
    return '<text x="%.1f" y="%.1f" text-anchor="%s" font-weight="%s">%s' \
        '</text>' % (x, y, anchor, weight, escape(what))


def charts(results, instrument, prefixes, below):
    """One for each kind of workload that was measured."""
    for prefix in prefixes:
        lines = {}
        unit = ""
        for which, workload in results.workloads():
            if which != instrument or not workload.startswith(prefix):
                continue
            for name in results.systems(which, workload):
                key = which, workload, name
                unit = results.rows[key].unit
                lines.setdefault(name, []).append(
                    (size(workload[len(prefix):]), results.median(*key)))
        if lines:
            yield Chart("%s, %s, %s" % (prefix.rstrip("-"), unit, instrument),
                        below, unit, lines)


def page(made):
    """All of them, two in a row, and what the colours mean."""
    rows = (len(made) + 1) // 2
    names = list(dict.fromkeys(n for chart in made for n in chart.lines))
    height = rows * HEIGHT + 20 + 16 * ((len(names) + 3) // 4)
    yield '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" ' \
        'font-family="sans-serif" font-size="11">' % (2 * WIDTH, height)
    yield '<rect width="100%" height="100%" fill="white"/>'
    for n, chart in enumerate(made):
        yield '<g transform="translate(%d %d)">' % (n % 2 * WIDTH,
                                                    n // 2 * HEIGHT)
        yield from chart.draw()
        yield '</g>'
    for n, name in enumerate(names):
        x, y = 20 + n % 4 * 200, rows * HEIGHT + 16 + n // 4 * 16
        yield '<rect x="%d" y="%d" width="12" height="3" fill="%s"/>' % (
            x, y - 5, COLOURS[name])
        yield text(x + 18, y, name)
    yield '</svg>'


def write(results, path):
    """PATH-flows.svg and PATH-services.svg, if there is something in them."""
    sides = ["established-%s-%s-" % (side, proto) for proto in ("udp", "tcp")
             for side in ("request", "reply")]
    rooms = (("flows", sides, "flows"),
             ("services", ["new-udp-", "new-tcp-", "connection-tcp-"],
              "services"))
    for name, prefixes, below in rooms:
        made = list(charts(results, "uml-6.1", prefixes, below))
        if made:
            with open("%s-%s.svg" % (path, name), "w",
                      encoding="utf-8") as file:
                file.write("\n".join(page(made)) + "\n")
