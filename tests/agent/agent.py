# SPDX-License-Identifier: GPL-2.0
"""svcnatd, its kernel played by files, against the API server of apiserver.py.

Cases are functions that take a Case; main() runs them, several at a time.
"""
import concurrent.futures
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

import apiserver

LIMIT = 60      # seconds that anything may take, on a busy machine
QUICK = ["--api-watch-period=2s", "--api-timeout=3s", "--api-backoff=40ms",
         "--api-backoff-max=300ms"]


def service(name, address, port=80, namespace="default", **spec):
    return {"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "namespace": namespace,
                         "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"type": "ClusterIP", "clusterIP": address,
                     "clusterIPs": [address], "ipFamilies": ["IPv4"],
                     "ports": [{"name": "http", "protocol": "TCP",
                                "port": port, "targetPort": 8080}], **spec}}


def slice_of(name, addresses, namespace="default", node="n2", suffix="a",
             annotations=None, **conditions):
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": f"{name}-{suffix}", "namespace": namespace,
                         "labels": {"kubernetes.io/service-name": name},
                         "annotations": annotations or {}},
            "addressType": "IPv4",
            "ports": [{"name": "http", "protocol": "TCP", "port": 8080}],
            "endpoints": [{"addresses": [one], "nodeName": node,
                           "conditions": {"ready": True, **conditions}}
                          for one in addresses]}


def node(name="n1", zone="z1", **spec):
    return {"apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name,
                         "labels": {"topology.kubernetes.io/zone": zone}},
            "spec": {"podCIDR": "10.244.1.0/24",
                     "podCIDRs": ["10.244.1.0/24"], **spec},
            "status": {"addresses": [{"type": "InternalIP",
                                      "address": "192.0.2.1"}]}}


def free_port():
    """One that the kernel gives to no client meanwhile."""
    while True:
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", random.randrange(10000, 30000)))
            except OSError:
                continue
            return sock.getsockname()[1]


def wait(what, condition, limit=LIMIT):
    """Until @condition() is true; returns what it returned."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit} s in vain for {what}")
        time.sleep(0.01)


def expect(got, want, about=""):
    assert got == want, f"{about}: got {got!r}, expected {want!r}"


def parse_log(line):
    """A line of the log as a dictionary, with "level"."""
    match = re.match(r"<(\d)>(.*)$", line)
    assert match, f"a line without a level: {line}"
    fields = {"level": int(match[1])}
    for key, quoted, plain in re.findall(
            r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))', match[2]):
        fields[key] = re.sub(r'\\(["\\])', r"\1", quoted or plain)
    return fields


class Case:
    """A directory, an API, and an agent that ends with it."""

    def __init__(self, binary):
        self.binary = binary
        self.dir = tempfile.mkdtemp(prefix="svcnatd-")
        self.fake = os.path.join(self.dir, "kernel")
        os.makedirs(os.path.join(self.fake, "services"))
        self.api = apiserver.Api()
        self.server = None
        self.agent = None
        self.healthz = free_port()
        self.metrics_port = free_port()
        self.runs = 0

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    # The cluster.

    def serve(self, port=0, **tls):
        self.server = apiserver.Server(self.api, port, **tls).start()
        return self.server

    def fill(self, services=3):
        """A small cluster."""
        self.api.put(node())
        for i in range(services):
            name = f"s{i}"
            self.api.put(service(name, f"10.96.{i // 250}.{i % 250 + 1}"))
            self.api.put(slice_of(name, [f"10.244.2.{i % 250 + 1}"]))

    def kubeconfig(self, cluster=None, user=None, name="kubeconfig"):
        """JSON is YAML."""
        return self.write(name, json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "contexts": [{"name": "here", "context": {
                "cluster": "this", "user": "me"}}],
            "clusters": [{"name": "this", "cluster": cluster or {
                "server": self.server.url}}],
            "users": [{"name": "me", "user": user or {}}]}))

    # The agent.

    def start(self, *args, env=None, kubeconfig=True, quick=True):
        if self.server is None:
            self.serve()
        words = [self.binary, "--node=n1",
                 f"--healthz-bind-address=127.0.0.1:{self.healthz}",
                 f"--metrics-bind-address=127.0.0.1:{self.metrics_port}"]
        if quick:
            words += QUICK
        if kubeconfig is True:
            kubeconfig = self.kubeconfig()
        if kubeconfig:
            words.append(f"--kubeconfig={kubeconfig}")
        self.runs += 1
        with open(self.path(f"log.{self.runs}"), "w",
                  encoding="utf-8") as log:
            self.agent = subprocess.Popen(
                words + list(args), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env={"PATH": os.environ["PATH"],
                                 "SVCNATD_FAKE": self.fake, **(env or {})})
        return self.agent

    def synced(self, *args, **kwargs):
        """Starts it and waits until all is equal, and watched."""
        self.start(*args, **kwargs)
        self.wait_log(msg="the kernel is equal to the cluster")
        self.wait_equal()
        self.wait_watches()

    def wait_watches(self):
        wait("all to be watched", lambda: self.ended() or
             self.api.open_watches() == set(apiserver.BY_NAME))

    def stop(self):
        self.agent.send_signal(signal.SIGTERM)
        code = self.agent.wait(LIMIT)
        self.agent = None
        expect(code, 0, "exit status")

    def log(self):
        with open(self.path(f"log.{self.runs}"), encoding="utf-8") as file:
            return [parse_log(line) for line in file.read().splitlines(True)
                    if line.endswith("\n")]

    def find_log(self, **fields):
        return [line for line in self.log()
                if all(line.get(k) == v for k, v in fields.items())]

    def wait_log(self, nr=1, **fields):
        return wait(f"{nr} lines of the log with {fields}", lambda:
                    self.ended() or len(self.find_log(**fields)) >= nr and
                    self.find_log(**fields))

    def ended(self):
        if self.agent.poll() is not None:
            raise AssertionError(f"svcnatd ended: {self.agent.returncode}")
        return False

    def get(self, path, port=None):
        """Status, headers and text."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", port or self.healthz, timeout=LIMIT)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def metrics(self):
        """Of name and labels, as they are written."""
        status, _, text = self.get("/metrics", self.metrics_port)
        expect(status, 200)
        values = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                assert name not in values, f"{name} twice"
                values[name] = float(value)
        return values

    def failures(self, resource, reason):
        return self.metrics()[
            f'svcnatd_api_failures_total{{resource="{resource}",'
            f'reason="{reason}"}}']

    # The kernel.

    def kernel(self):
        """Services as the kernel has them, by name."""
        services = {}
        directory = os.path.join(self.fake, "services")
        for name in os.listdir(directory):
            try:
                with open(os.path.join(directory, name),
                          encoding="utf-8") as file:
                    services[name.replace("%", "/")] = json.load(file)
            except FileNotFoundError:
                pass
        return services

    def asked(self):
        """What the kernel was asked, a line each."""
        try:
            with open(os.path.join(self.fake, "log"),
                      encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def places(self):
        """Of each service, where its frontends and endpoints are."""
        return {name: (sorted(one["place"] for one in state["frontends"]),
                       sorted(one["place"] for one in state["endpoints"]))
                for name, state in self.kernel().items()}

    def wanted(self):
        """The same, as the cluster wants it: plain Services alone."""
        wanted = {}
        with self.api.changed:
            slices = list(self.api.objects["endpointslices"].values())
            for (namespace, name), one in self.api.objects[
                    "services"].items():
                spec = one["spec"]
                for port in spec["ports"]:
                    places = sorted({
                        f"{address}:8080" for s in slices
                        if s["metadata"]["namespace"] == namespace and
                        s["metadata"]["labels"][
                            "kubernetes.io/service-name"] == name
                        for e in s["endpoints"] for address in e["addresses"]})
                    fronts = [f"{spec['clusterIP']}:{port['port']}"]
                    if "nodePort" in port:
                        fronts.append(f"nodeport:{port['nodePort']}")
                    wanted[f"{namespace}/{name}:{port['name']}"] = (
                        sorted(fronts), places)
        return wanted

    def wait_equal(self):
        try:
            wait("the kernel to be equal", lambda: self.ended() or
                 self.places() == self.wanted())
        except AssertionError as problem:
            raise AssertionError(
                f"{problem}: got {self.places()}, expected {self.wanted()}"
            ) from problem

    def change(self, name="s0", address=None):
        """Something that must reach the kernel."""
        self.runs_changed = getattr(self, "runs_changed", 0) + 1
        self.api.put(slice_of(
            name, [address or f"10.244.3.{self.runs_changed}"]))

    def close(self):
        """The end; what a sanitizer found is a failure."""
        code = 0
        if self.agent and self.agent.poll() is None:
            self.agent.send_signal(signal.SIGTERM)
            try:
                code = self.agent.wait(LIMIT)
            except subprocess.TimeoutExpired:
                self.agent.kill()
                self.agent.wait()
                code = "none: it hangs"
        if self.server:
            self.server.stop()
        said = ""
        for run in range(1, self.runs + 1):
            with open(self.path(f"log.{run}"), encoding="utf-8",
                      errors="replace") as file:
                said += file.read()
        shutil.rmtree(self.dir)
        assert not re.search("Sanitizer|runtime error", said), said[:3000]
        expect(code, 0, "exit status at the end")
        return said


def run_case(case, binary):
    """What went wrong, or nothing."""
    context = Case(binary)
    problem = ""
    try:
        case(context)
    except Exception as error:  # pylint: disable=broad-except
        where = traceback.extract_tb(error.__traceback__)
        lines = [f"line {f.lineno}: {f.line}" for f in where
                 if f.name == case.__name__]
        problem = f"{type(error).__name__}: {error}\n" + "\n".join(lines)
        if context.runs:
            with open(context.path(f"log.{context.runs}"),
                      encoding="utf-8", errors="replace") as file:
                problem += "\n" + file.read()[-1500:]
    try:
        context.close()
    except AssertionError as error:
        problem += str(error)
    return problem


def main(cases):
    """usage: TEST SVCNATD_FAKE [CASE]..."""
    binary = os.path.abspath(sys.argv[1])
    wanted = sys.argv[2:]
    cases = [c for c in cases if not wanted or c.__name__ in wanted]
    failed = 0
    print("KTAP version 1")
    # They wait most of the time.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = [pool.submit(run_case, c, binary) for c in cases]
        for number, (case, result) in enumerate(zip(cases, results), 1):
            problem = result.result()
            name = case.__name__.replace("_", " ")
            if problem:
                failed += 1
                print("# " + problem[:4000].replace("\n", "\n# "))
            print(f"{'not ' if problem else ''}ok {number} {name}",
                  flush=True)
    print(f"1..{len(cases)}")
    sys.exit(1 if failed or not cases else 0)
