#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Makes of services of svcnat the objects that mean the same.

usage: tests/agent/by_objects.py NODE MODEL PORT PATIENCE

The services are those of the netns MODEL, where nothing passes.  An API server
at PORT, in our netns, has their objects, and a node agent makes of these
services of the netns NODE, with other names.  Commands are read from stdin, a
line each, and answered with a line:

    sync           once NODE has what MODEL has: "ok", or what it lacks; in
                   PATIENCE seconds
    names SERVICE  what SERVICE of MODEL is called in NODE
"""
import ipaddress
import itertools
import json
import subprocess
import sys
import time

import apiserver

ZONE = "topology.kubernetes.io/zone"
HERE, ELSEWHERE = "n1", "n2"
NODE = {"kind": "Node", "metadata": {"name": HERE, "labels": {ZONE: "a"}}}
# Of no service; a Service cannot be without one, which tells its family.
UNUSED = {4: ipaddress.ip_address("10.254.0.1"),
          6: ipaddress.ip_address("fd00:fe::1")}
# Ready, serving and terminating, as a pod is
CONDITIONS = {"ready": (True, True, False), "unready": (False, False, False),
              "terminating": (False, True, True)}


def services_of(netns):
    ran = subprocess.run(["svcctl", "-N", netns, "-j", "service", "show"],
                         stdout=subprocess.PIPE, check=True)
    return json.loads(ran.stdout)


def groups_of(service):
    """Its frontends by their port: those of a port of a Service.  A nodeport is
    one of those with cluster addresses."""
    groups = {}
    nodeports = []
    for frontend in service["frontends"]:
        if frontend["kind"] == "nodeport":
            nodeports.append(frontend)
        else:
            groups.setdefault(frontend["port"], []).append(frontend)
    if nodeports:
        ports = [port for port, group in groups.items() if any(
            frontend["kind"] == "cluster" for frontend in group)]
        first = (ports or list(groups) or [1])[0]
        groups.setdefault(first, []).extend(nodeports)
    return groups


def addresses(frontends, kind):
    return [frontend["address"] for frontend in frontends
            if frontend["kind"] == kind]


def service_object(name, service, port, frontends, unused):
    cluster = addresses(frontends, "cluster") or [unused]
    balancers = addresses(frontends, "lb")
    nodeports = [frontend["port"] for frontend in frontends
                 if frontend["kind"] == "nodeport"]
    kind = "LoadBalancer" if balancers else \
        "NodePort" if nodeports else "ClusterIP"
    spec = {"type": kind, "clusterIP": cluster[0], "clusterIPs": cluster,
            "externalIPs": addresses(frontends, "external"),
            "internalTrafficPolicy": service["internal_policy"].title(),
            "externalTrafficPolicy": service["external_policy"].title(),
            "ports": [{"name": "p", "port": port,
                       "protocol": service["protocol"].upper()}]}
    if nodeports:
        spec["ports"][0]["nodePort"] = nodeports[0]
    ranges = [one for frontend in frontends for one in frontend["allow"] or []]
    if ranges:
        spec["loadBalancerSourceRanges"] = sorted(set(ranges))
    if service["affinity"]:
        spec["sessionAffinity"] = "ClientIP"
        spec["sessionAffinityConfig"] = {
            "clientIP": {"timeoutSeconds": service["affinity"]}}
    return {"kind": "Service",
            "metadata": {"name": name, "namespace": "default"}, "spec": spec,
            "status": {"loadBalancer": {
                "ingress": [{"ip": one} for one in balancers]}}}


def endpoint_object(endpoint, hinted):
    ready, serving, terminating = CONDITIONS[endpoint["state"]]
    made = {"addresses": [endpoint["address"]],
            "nodeName": HERE if endpoint["local"] else ELSEWHERE,
            "conditions": {"ready": ready, "serving": serving,
                           "terminating": terminating}}
    if hinted:
        zone = "b" if endpoint["local_only"] else "a"
        made["hints"] = {"forZones": [{"name": zone}]}
    return made


def slice_objects(name, service):
    """One for each family and port of its endpoints."""
    endpoints = [one for one in service["endpoints"] if one["weight"]]
    hinted = any(endpoint["local_only"] for endpoint in endpoints)
    slices = {}
    for endpoint in endpoints:
        version = ipaddress.ip_address(endpoint["address"]).version
        slices.setdefault((version, endpoint["port"]), []).append(
            endpoint_object(endpoint, hinted))
    for (version, port), members in slices.items():
        yield {"kind": "EndpointSlice",
               "metadata": {"name": f"{name}-{version}-{port}",
                            "namespace": "default",
                            "labels": {"kubernetes.io/service-name": name}},
               "addressType": f"IPv{version}", "endpoints": members,
               "ports": [{"name": "p", "port": port,
                          "protocol": service["protocol"].upper()}]}


def frontend_key(frontend):
    """Ranges of the other family are nothing to it."""
    address = frontend["address"]
    allow = [one for one in frontend["allow"] or [] if address and
             ipaddress.ip_network(one).version ==
             ipaddress.ip_address(address).version]
    return (frontend["kind"], address, frontend["port"], sorted(allow))


def endpoint_key(endpoint):
    return (endpoint["address"], endpoint["port"], endpoint["state"],
            endpoint["local"], endpoint["local_only"])


def meaning(service, frontends):
    """What an object can say of it."""
    outer = any(frontend["kind"] != "cluster" for frontend in frontends)
    return (service["protocol"], service["affinity"] or 0,
            service["internal_policy"],
            service["external_policy"] if outer else "cluster",
            sorted(map(frontend_key, frontends), key=str),
            sorted(endpoint_key(endpoint) for endpoint in service["endpoints"]
                   if endpoint["weight"]))


class Cluster:
    """What the API server has, and why."""

    def __init__(self, node, model, port, patience):
        self.node = node
        self.model = model
        self.patience = patience
        self.api = apiserver.Api()
        self.server = apiserver.Server(self.api, port).start()
        self.objects = {}
        self.unused = {}
        self.names = {}
        self.api.put(NODE)

    def unused_for(self, name, frontends):
        """An address that is the same each time."""
        versions = [ipaddress.ip_address(frontend["address"]).version
                    for frontend in frontends if frontend["address"]]
        version = (versions or [4])[0]
        return self.unused.setdefault((name, version), str(
            UNUSED[version] + len(self.unused)))

    def wish(self):
        """Objects, and what is then in the node."""
        objects, wanted = {}, {}
        self.names = {}
        for service in services_of(self.model):
            for port, frontends in groups_of(service).items():
                name = f"{service['name']}-{port}"
                self.names.setdefault(service["name"], []).append(
                    f"default/{name}:p")
                wanted[f"default/{name}:p"] = meaning(service, frontends)
                # Endpoints first: nobody shall be refused meanwhile.
                for one in itertools.chain(
                        slice_objects(name, service),
                        [service_object(name, service, port, frontends,
                                        self.unused_for(name, frontends))]):
                    objects[one["kind"], one["metadata"]["name"]] = one
        return objects, wanted

    def there(self):
        unused = set(self.unused.values())
        return {service["name"]: meaning(service, [
            frontend for frontend in service["frontends"]
            if frontend["address"] not in unused])
                for service in services_of(self.node)}

    def delete(self, objects, which):
        for kind, name in self.objects.keys() - objects.keys():
            if kind == which:
                self.api.delete(kind, name, "default")

    def sync(self):
        objects, wanted = self.wish()
        # Who takes an address comes after who gives it back, and endpoints go
        # when others are there.
        self.delete(objects, "Service")
        for key, one in objects.items():
            if self.objects.get(key) != one:
                self.api.put(one)
        self.delete(objects, "EndpointSlice")
        self.objects = objects
        end = time.monotonic() + self.patience
        while True:
            there = self.there()
            if there == wanted:
                return "ok"
            if time.monotonic() > end:
                return f"the node has {there}, and should have {wanted}"
            time.sleep(0.02)


def main():
    node, model, port, patience = sys.argv[1:]
    cluster = Cluster(node, model, int(port), float(patience))
    print(cluster.server.url, flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "sync":
            print(cluster.sync(), flush=True)
        elif words[0] == "names":
            print(*cluster.names.get(words[1], []), flush=True)


main()
