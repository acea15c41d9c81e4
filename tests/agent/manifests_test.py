#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""What operators are given: manifests, and units of systemd.

usage: tests/agent/manifests_test.py SVCNATD_FAKE [CASE]...
"""
import glob
import json
import os
import re
import shutil
import subprocess

import yaml

import apiserver
from agent import LIMIT, expect, main, wait

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                    "tools", "svcnatd")
CASES = []


def case(function):
    CASES.append(function)
    return function


def load(name):
    with open(os.path.join(ROOT, "manifests", name),
              encoding="utf-8") as file:
        return {one["kind"]: one for one in yaml.safe_load_all(file) if one}


def manifests():
    """Their names."""
    names = sorted(os.listdir(os.path.join(ROOT, "manifests")))
    assert names
    return names


def kubectl(c, *args):
    """What it prints; what it keeps goes with the case."""
    if c.server is None:
        c.serve()
    done = subprocess.run(
        ["kubectl", "--kubeconfig", c.kubeconfig(), *args],
        env={"PATH": os.environ["PATH"], "HOME": c.path("home")},
        check=False, capture_output=True, text=True, timeout=LIMIT)
    expect(done.returncode, 0, f"kubectl {args}: {done.stderr}")
    return done.stdout


def lost(given, got):
    """The paths of what was given and is not in what was got."""
    if isinstance(given, dict) and isinstance(got, dict):
        return [f".{key}{path}" for key, value in given.items()
                for path in lost(value, got.get(key))]
    if isinstance(given, list) and isinstance(got, list) and \
            len(given) == len(got):
        return [f"[{at}]{path}" for at, pair in enumerate(zip(given, got))
                for path in lost(*pair)]
    return [] if given == got else [f": {given!r}, not {got!r}"]


@case
def kubectl_applies_manifests(c):
    """The server has no schema for it: fields are those of the next case."""
    for name in manifests():
        said = kubectl(c, "apply", "--dry-run=client", "--validate=false",
                       "-f", os.path.join(ROOT, "manifests", name))
        expect(said.splitlines(), [
            ".".join([one["kind"].lower(), *one["apiVersion"].split("/")[:-1]])
            + f"/{one['metadata']['name']} created (dry run)"
            for one in load(name).values()], name)


@case
def kubectl_knows_fields_of_manifests(c):
    """It reads all of them as what it was compiled with, and so finds a value
    of another type; it drops what it does not know of those that it prints.
    """
    printed, objects = [], {}
    for name in manifests():
        objects.update(load(name))
        printed.append(kubectl(
            c, "auth", "reconcile", "--dry-run=client", "-o", "yaml", "-f",
            os.path.join(ROOT, "manifests", name)))
    pods = objects["DaemonSet"]
    # Nothing is printed of an object that stays as it is.
    file = c.write("pods", json.dumps(pods))
    container = pods["spec"]["template"]["spec"]["containers"][0]
    container["image"] = "another"
    printed.append(kubectl(
        c, "set", "image", "--local", "-o", "yaml", "-f", file,
        container["name"] + "=another"))
    kinds = set()
    for one in yaml.safe_load_all("\n---\n".join(printed)):
        if one:
            kinds.add(one["kind"])
            expect(lost(objects[one["kind"]], one), [], one["kind"])
    expect(kinds, {"ClusterRole", "ClusterRoleBinding", "DaemonSet"})
    for kind in "ConfigMap", "ServiceAccount":
        expect(objects[kind]["metadata"], pods["metadata"], kind)


@case
def role_allows_what_is_asked_and_no_more(c):
    c.fill()
    c.synced()
    for resource in apiserver.BY_NAME:
        wait("a watch", lambda one=resource: c.api.asked("watch", one))
    asked = set()
    for one in c.api.asked():
        path = apiserver.BY_NAME[one["resource"]].version
        group = path.split("/")[0] if "/" in path else ""
        asked.add((group, one["resource"], one["verb"]))
    allowed = {(group, resource, verb)
               for rule in load("rbac.yaml")["ClusterRole"]["rules"]
               for group in rule["apiGroups"]
               for resource in rule["resources"] for verb in rule["verbs"]}
    expect(asked, allowed)


@case
def role_is_that_of_the_pods(c):
    rbac, pods = load("rbac.yaml"), load("daemonset.yaml")["DaemonSet"]
    account = rbac["ServiceAccount"]["metadata"]
    subject = rbac["ClusterRoleBinding"]["subjects"][0]
    expect((subject["name"], subject["namespace"]),
           (account["name"], account["namespace"]))
    expect(rbac["ClusterRoleBinding"]["roleRef"]["name"],
           rbac["ClusterRole"]["metadata"]["name"])
    spec = pods["spec"]["template"]["spec"]
    expect(spec["serviceAccountName"], account["name"])
    expect(pods["metadata"]["namespace"], account["namespace"])
    expect(pods["spec"]["selector"]["matchLabels"],
           pods["spec"]["template"]["metadata"]["labels"])
    expect(c.runs, 0)


@case
def pods_begin_as_their_manifest_says(c):
    """Its files, and its words, with the API server put in."""
    c.serve()
    c.fill()
    c.api.token = "pod"
    manifest = load("daemonset.yaml")
    account = "/var/run/secrets/kubernetes.io/serviceaccount"
    files = manifest["ConfigMap"]["data"]
    # Without TLS a token would be refused, and is tried elsewhere.
    kubeconfig = yaml.safe_load(files["kubeconfig"])
    expect(kubeconfig["users"][0]["user"], {"tokenFile": account + "/token"})
    cluster = kubeconfig["clusters"][0]["cluster"]
    expect(cluster["certificate-authority"], account + "/ca.crt")
    cluster.clear()
    cluster["server"] = c.server.url
    kubeconfig["users"][0]["user"] = {}
    c.api.token = None
    c.write("kubeconfig", yaml.safe_dump(kubeconfig))
    config = files["config"].replace("/etc/svcnatd", c.dir)
    spec = manifest["DaemonSet"]["spec"]["template"]["spec"]
    container = spec["containers"][0]
    words = [one.replace("/etc/svcnatd/config", c.write("config", config))
             .replace("$(NODE_NAME)", "n1") for one in container["command"]]
    expect(words[0], "/usr/sbin/svcnatd")
    c.synced(*words[1:], kubeconfig=None)
    expect(container["livenessProbe"]["httpGet"]["path"], "/livez")
    expect(c.get("/livez")[0], 200)
    expect(container["securityContext"]["capabilities"],
           {"drop": ["ALL"], "add": ["NET_ADMIN"]})
    expect(c.find_log(level=4), [])


def put_units(c):
    """Our units, with programs and pages that there are: name to text."""
    units = {}
    for path in [os.path.join(ROOT, "svcnatd.service"),
                 *glob.glob(os.path.join(ROOT, "..", "systemd", "*"))]:
        name = os.path.basename(path).removesuffix(".in")
        if not name.endswith((".service", ".timer")):
            shutil.copy(path, c.path(name))
            continue
        with open(path, encoding="utf-8") as file:
            units[name] = file.read()
        c.write(name, re.sub(
            r"man:\S+\(\d\)", "https://example.org", units[name]
            .replace("/usr/sbin/svcnatd", c.path("svcnatd"))
            .replace("@LIBEXECDIR@", c.dir)))
    shutil.copy(c.binary, c.path("svcnatd"))
    return units


@case
def units_are_understood(c):
    units = put_units(c)
    expect(set(units), {"svcnat.service", "svcnatd.service",
                        "svcnat-metrics.service", "svcnat-metrics.timer"})
    done = subprocess.run(
        ["systemd-analyze", "verify", *[c.path(name) for name in units]],
        check=False, capture_output=True, text=True, timeout=60)
    said = [line for line in done.stderr.splitlines()
            if any(name in line for name in units)]
    expect((done.returncode, said), (0, []), done.stderr)
    for line in "Type=notify", "WatchdogSec=", "CapabilityBoundingSet=CAP_NET":
        assert line in units["svcnatd.service"], line


if __name__ == "__main__":
    main(CASES)
