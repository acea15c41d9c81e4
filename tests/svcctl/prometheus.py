# SPDX-License-Identifier: GPL-2.0
"""Reads FILE, text for Prometheus, in two ways: strictly, with the reader of
svcctl's own tests, and as Prometheus' library for Python does.  Both must find
the same.  Prints the value of each SAMPLE, "NAME" or "NAME key=value...", that
stands on a line of stdin, or "-".

usage: prometheus.py FILE < SAMPLES
"""
import os
import sys

from prometheus_client.parser import text_string_to_metric_families

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../tools/tests"))
import exposition  # noqa: E402  pylint: disable=wrong-import-position


def main(path):
    with open(path, encoding="ascii") as file:
        text = file.read()
    strict = {(family.name, labels): value
              for family in exposition.read(text).values()
              for labels, value in family.samples.items()}
    loose = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            if key in loose:
                sys.exit(f"{key} is there twice")
            loose[key] = sample.value
    if {key: float(value) for key, value in strict.items()} != loose:
        sys.exit("two readers, two results")
    for line in sys.stdin:
        name, *labels = line.split()
        pairs = tuple(sorted(tuple(label.split("=", 1)) for label in labels))
        print(strict.get((name, pairs), "-"))


main(sys.argv[1])
