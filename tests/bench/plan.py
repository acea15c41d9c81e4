# SPDX-License-Identifier: GPL-2.0
"""What is measured, and how often."""

PARTS = ("established", "new", "control", "memory", "icount", "scale", "e2e")
SYSTEMS = ["forward", "forward-conntrack", "svcnat", "svcnat-conntrack",
           "svcnat-fastpath", "ipvs", "ipvs-kubeproxy", "iptables", "nftables",
           "nftables-flowtable"]


def parts(quick):
    """Those that run if nobody asks for others."""
    return PARTS[:4] if quick else PARTS


def settings(quick, tuned):
    """For all groups alike."""
    return {
        "systems": list(SYSTEMS),
        "quick": quick,
        "tuned": tuned,
        "runs": 5 if quick else 15,
        "packets": 60000 if quick else 500000,
        "new": 20000 if quick else 50000,
        "memory": "4G" if quick else "8G",
    }


def new(quick, proto, services):
    """First packets, and connections."""
    group = {"kind": "new", "proto": proto, "services": services,
             "connections": proto == "tcp" and services in (1, 10000)}
    if quick and services > 1000:
        # To load the others' rules takes minutes.
        group["systems"] = ["forward", "svcnat", "svcnat-conntrack", "ipvs"]
        if proto == "udp":
            group["systems"].append("nftables")
    return group


def control(quick, fixed, services):
    """Load, and changes."""
    systems = ["svcnat", "ipvs", "ipvs-kubeproxy", "iptables", "nftables"]
    runs = 1 if quick else fixed["runs"]
    if services > 1000:
        # The others take minutes to load, each time.
        runs = min(runs, 3)
        if quick:
            systems = ["svcnat", "nftables"]
    return {"kind": "control", "services": services, "systems": systems,
            "changes": 3 if quick else 10, "runs": runs}


def groups(quick, parts, fixed, flows, services):
    """The groups of tests/bench/workload.py, in order."""
    flows = flows or [1, 1000, 50000] + ([] if quick else [1000000])
    loads = services or [1000, 10000] + ([] if quick else [100000])
    services = services or [1, 100, 10000] + ([] if quick else [100000])
    made = []
    if "established" in parts:
        made += [{"kind": "established", "proto": proto, "flows": flows}
                 for proto in ("udp", "tcp")]
    if "new" in parts:
        made += [new(quick, proto, number)
                 for number in services for proto in ("udp", "tcp")]
    if "control" in parts:
        made += [control(quick, fixed, number)
                 for number in loads]
    if "memory" in parts:
        made += [{"kind": "memory", "proto": proto,
                  "runs": 1 if quick else 3,
                  "flows": 100000 if quick else 1000000}
                 for proto in ("udp", "tcp")]
    return made


def machine(part, fixed):
    """The same for what runs in a virtual machine, and its settings."""
    fixed = dict(fixed)
    if fixed["quick"]:
        fixed["runs"] = min(fixed["runs"], 3)
    if part == "e2e":
        return [{"kind": "e2e", "seconds": 3,
                 "systems": ["forward", "svcnat", "ipvs", "ipvs-kubeproxy",
                             "iptables", "nftables"]}], fixed
    if part == "scale":
        fixed.update(packets=30000, new=10000)
        return [{"kind": "scale", "proto": proto}
                for proto in ("udp", "tcp")], fixed
    # Instructions are the same each time, or nearly.
    fixed.update(runs=3, packets=5000, new=1000)
    made = []
    for proto in ("udp", "tcp"):
        made.append({"kind": "established", "proto": proto, "flows": [1000]})
        made += [{"kind": "new", "proto": proto, "services": services}
                 for services in (1, 100)]
    return made, fixed
