#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Runs a plan in the guest: guest.py FILE.  What it says to tests/bench/run
are lines on standard output that begin with @."""
import ctypes
import json
import os
import sys

# As Python's own does, in a file system that cannot be written to.
sys.dont_write_bytecode = True

import e2e          # noqa: E402
import lab          # noqa: E402
import scale        # noqa: E402
import workload     # noqa: E402

KINDS = {
    "established": workload.Established,
    "new": workload.New,
    "control": workload.Control,
    "memory": workload.Memory,
    "scale": scale.Scale,
    "e2e": e2e.EndToEnd,
}

# What makes each 100th packet a wrong one, or none.
FAULTS = ("drop", "ip ttl set 9 accept", "ip daddr set 10.200.255.9 accept",
          "udp dport set 81 accept", "@th,48,16 set 1 accept")
FAULT = """\
table ip fault {
	chain forward {
		type filter hook forward priority 0;
		numgen inc mod 100 == 99 %s
	}
}
"""

LINUX_REBOOT_CMD_POWER_OFF = 0x4321FEDC


def prepare(plan):
    """Modules, and what is for the whole machine."""
    for module in plan["modules"]:
        lab.run(module)
    # As many as there can be flows, so that the table need not be full.
    if plan["tuned"]:
        limit = 1 << 21
        lab.put("/sys/module/nf_conntrack/parameters/hashsize", limit)
        lab.put("/proc/sys/net/netfilter/nf_conntrack_max", limit)
    # Not there yet: svcctl says so.
    if "svcnat-fastpath" in plan["systems"]:
        try:
            with lab.Netns():
                lab.run("svcctl config set fastpath on")
        except lab.Failed as error:
            plan["systems"].remove("svcnat-fastpath")
            workload.say({"skipped": "svcnat-fastpath: %s" % error})


def distrust():
    """The generator must notice each single packet that goes astray."""
    for fault in FAULTS:
        node = lab.Netns()
        with node:
            node.flows("udp", 99, 1, 4, "direct")
            node.shoot(99, "request")
            lab.run("nft -f -", FAULT % fault)
            node.shoot(99, "request")
            try:
                node.shoot(1, "request")
            except lab.Failed:
                continue
            finally:
                node.close()
        raise lab.Failed("the generator did not notice: " + fault)


def main():
    if sys.argv[1:] == ["--halt"]:
        ctypes.CDLL(None).reboot(LINUX_REBOOT_CMD_POWER_OFF)
        return
    with open(sys.argv[1], encoding="utf-8") as file:
        plan = json.load(file)
    os.environ["PATH"] = plan["tools"] + ":" + os.environ["PATH"]
    prepare(plan)
    # Where there are two CPUs, each has flows of its own.
    scale.alone(distrust)
    workload.say({"steps": workload.steps(plan)})
    for group in plan["groups"]:
        KINDS[group["kind"]](plan, group).run()
    for module in reversed(plan["remove"]):
        lab.run("rmmod " + module)


main()
