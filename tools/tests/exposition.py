# SPDX-License-Identifier: GPL-2.0
"""A strict reader of Prometheus' text format, version 0.0.4.

Takes less than Prometheus does: what svcctl prints is to be in order, and
named as is the custom.
"""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? ([0-9]+)")
HEAD = re.compile(rf"# (HELP|TYPE) ({NAME}) (.+)")
ESCAPE = {r"\n": "\n", r"\"": '"', r"\\": "\\"}


def unescape(text):
    return re.sub(r"\\.", lambda found: ESCAPE[found[0]], text)


class Family:
    """samples: labels, as a sorted tuple of pairs, to value"""

    def __init__(self, name, text):
        self.name, self.help, self.kind = name, text, None
        self.keys, self.samples = None, {}

    def set_type(self, kind):
        if self.kind or self.samples:
            raise ValueError(f"TYPE of {self.name} comes late")
        if kind not in ("counter", "gauge"):
            raise ValueError(f"{self.name} is a {kind}")
        if (kind == "counter") != self.name.endswith("_total"):
            raise ValueError(f"{self.name} is no name for a {kind}")
        self.kind = kind

    def add(self, labels, value):
        if not self.kind:
            raise ValueError(f"{self.name} has no TYPE")
        pairs = [(pair.split("=", 1)[0], unescape(pair.split("=", 1)[1][1:-1]))
                 for pair in re.findall(LABEL, labels or "")]
        keys = [key for key, _ in pairs]
        if len(set(keys)) != len(keys) or keys != (self.keys or keys):
            raise ValueError(f"labels {keys} of {self.name}")
        self.keys = keys
        pairs = tuple(sorted(pairs))
        if pairs in self.samples:
            raise ValueError(f"{self.name} {pairs} is there twice")
        self.samples[pairs] = int(value)


def read(text):
    """Families by name; raises ValueError if anything is not as it should."""
    families, family = {}, None
    if text and not text.endswith("\n"):
        raise ValueError("the last line has no end")
    for line in text.splitlines():
        head, sample = HEAD.fullmatch(line), SAMPLE.fullmatch(line)
        if head and head[1] == "HELP":
            if head[2] in families or (family and not family.samples):
                raise ValueError(f"{line} follows {family and family.name}")
            family = families[head[2]] = Family(head[2], head[3])
        elif head and family and head[2] == family.name:
            family.set_type(head[3])
        elif sample and family and sample[1] == family.name:
            family.add(sample[2], sample[3])
        else:
            raise ValueError(f"malformed, or out of its place: {line}")
    if family and not family.samples:
        raise ValueError(f"{family.name} has no samples")
    return families
