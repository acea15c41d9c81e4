#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""When and what the kernel is told.

usage: tests/agent/sync_test.py SVCNATD_FAKE [CASE]...
"""
import json
import os
import shutil
import subprocess
import time

from agent import expect, main, node, service, slice_of, wait

CASES = []


def case(function):
    CASES.append(function)
    return function


def settled(c, seconds=0.4):
    """For things that must not happen."""
    time.sleep(seconds)
    return c.asked()


@case
def nothing_before_all_is_listed(c):
    c.fill()
    c.api.fault("close", verb="list", resource="endpointslices", count=1000)
    c.start()
    c.wait_log(msg="listed", resource="services")
    c.wait_log(msg="listed", resource="nodes")
    expect(settled(c), [])
    c.api.clear_faults()
    c.wait_equal()
    # Each of them whole, at once.
    expect(sorted(c.asked()), ["config"] + [
        f"new default/s{i}:http" for i in range(3)])


@case
def nothing_before_services_are_listed(c):
    c.fill()
    c.api.fault("close", verb="list", resource="services", count=1000)
    c.start()
    c.wait_log(msg="listed", resource="endpointslices")
    expect(settled(c), [])
    c.api.clear_faults()
    c.wait_equal()


@case
def nodes_are_waited_for_but_not_for_ever(c):
    c.fill()
    c.api.fault("status", verb="list", resource="nodes", code=403,
                count=1000)
    c.start()
    c.wait_log(msg="listed", resource="services")
    begin = time.monotonic()
    expect(settled(c, 2), [])
    # What happens meanwhile does not make it longer.
    while not c.asked() and time.monotonic() < begin + 25:
        c.change("s0")
        time.sleep(1)
    c.wait_equal()
    assert time.monotonic() < begin + 20, "others made it wait"
    assert [one for one in c.find_log(level=4)
            if "Node does not come" in one["msg"]]


@case
def node_that_nobody_knows(c):
    c.fill()
    c.synced()
    expect(c.find_log(level=4), [])
    c.stop()
    c.api.delete("Node", "n1")
    c.synced()
    lines = c.find_log(level=4)
    expect([one["node"] for one in lines], ["n1"])
    assert "there is no Node of that name" in lines[0]["msg"], lines


@case
def order_of_config_and_services(c):
    c.fill()
    c.synced()
    expect(c.asked()[0], "config")


@case
def changes_are_one_command_each(c):
    c.fill(20)
    c.synced()
    before = c.asked()
    c.change("s7")
    c.wait_equal()
    expect(c.asked()[len(before):], ["replace default/s7:http"])
    # The same object once more, with another resource version.
    with c.api.changed:
        same = c.api.objects["endpointslices"]["default", "s7-a"]
    c.api.put(same)
    expect(len(settled(c)), len(before) + 1)
    c.api.delete("Service", "s8", "default")
    c.wait_equal()
    # What was its slice's comes by another watch, which may be the faster one:
    # not before the service is gone.
    c.api.delete("EndpointSlice", "s8-a", "default")
    expect(settled(c)[len(before) + 1:], ["del default/s8:http"])
    c.api.put(service("new", "10.96.7.7"))
    c.wait_equal()
    expect(settled(c)[len(before) + 2:], ["new default/new:http"])


@case
def restart_sends_the_difference(c):
    c.fill()
    c.synced()
    before = c.asked()
    c.stop()
    c.synced()
    expect(settled(c), before)
    c.stop()
    # Meanwhile somebody was busy.
    c.change("s1")
    c.api.delete("Service", "s2", "default")
    c.api.delete("EndpointSlice", "s2-a", "default")
    c.synced()
    expect(sorted(c.asked()[len(before):]),
           ["del default/s2:http", "replace default/s1:http"])
    expect(c.metrics()["svcnatd_services_drifted_total"], 0)


@case
def what_was_found_and_is_no_services_goes(c):
    """Of a Service that was deleted while nobody looked; others' stay."""
    c.fill()
    c.synced()
    c.stop()
    services = os.path.join(c.fake, "services")
    for name in "default%gone:http", "byhand":
        shutil.copy(os.path.join(services, "default%s0:http"),
                    os.path.join(services, name))
    c.start()
    wait("the kernel to be right", lambda: set(c.kernel()) == {
        "byhand", "default/s0:http", "default/s1:http", "default/s2:http"})
    expect(c.asked()[-1], "del default/gone:http")


@case
def drift_is_repaired(c):
    c.fill()
    c.synced("--sync-period=1s")
    os.unlink(os.path.join(c.fake, "services", "default%s1:http"))
    c.wait_log(service="default/s1:http", level=4)
    c.wait_equal()
    expect(c.asked()[-1], "new default/s1:http")
    expect(c.metrics()["svcnatd_services_drifted_total"], 1)
    before = c.asked()
    expect(settled(c, 1.5), before)


@case
def all_is_read_only_if_others_meddled(c):
    c.fill()
    c.write("kernel/quiet", "")
    c.synced("--sync-period=200ms")
    name = "kubeproxy_sync_full_proxy_rules_duration_seconds_count"
    read = c.metrics()[name]
    os.unlink(os.path.join(c.fake, "services", "default%s1:http"))
    before = c.asked()
    expect(settled(c, 1.5), before)
    expect(c.metrics()[name], read)
    os.unlink(os.path.join(c.fake, "quiet"))
    c.wait_equal()
    assert c.metrics()[name] > read


@case
def module_that_comes_back_empty(c):
    c.fill()
    c.synced("--sync-period=1s")
    services = os.path.join(c.fake, "services")
    for name in os.listdir(services):
        os.unlink(os.path.join(services, name))
    os.unlink(os.path.join(c.fake, "config"))
    c.wait_equal()
    wait("the config", lambda: os.path.exists(os.path.join(c.fake,
                                                           "config")))


@case
def refusal_stops_nobody_else(c):
    c.fill()
    c.write("kernel/refuse", "default/s1:http\n")
    c.start()
    c.wait_log(service="default/s1:http", level=4)
    wait("the others", lambda: set(c.kernel()) == {
        "default/s0:http", "default/s2:http"})
    metrics = c.metrics()
    expect(metrics["svcnatd_services_refused"], 1)
    assert metrics["svcnatd_services_refused_total"] >= 1
    # It is in nobody's way afterwards either, and not asked for each time.
    refused = len(c.find_log(service="default/s1:http"))
    for _ in range(10):
        c.change("s0")
        wait("a change", lambda: c.places()["default/s0:http"] ==
             c.wanted()["default/s0:http"])
    assert len(c.find_log(service="default/s1:http")) <= refused + 4
    os.unlink(c.path("kernel/refuse"))
    c.wait_equal()
    wait("none to be refused", lambda: c.metrics()[
        "svcnatd_services_refused"] == 0)


@case
def refusals_among_others(c):
    """What is refused is left out, wherever it stands among the others."""
    c.fill(12)
    c.synced()
    was = c.places()
    evens = [f"default/s{i}:http" for i in range(0, 12, 2)]
    c.write("kernel/refuse", "".join(f"{name}\n" for name in evens))
    for i in range(12):
        c.change(f"s{i}", f"10.244.4.{i + 1}")
    c.wait_log(len(evens), level=4)
    for i in range(1, 12, 2):
        c.change(f"s{i}", f"10.244.5.{i}")
    c.api.delete("Service", "s3", "default")
    c.api.delete("EndpointSlice", "s3-a", "default")
    want = {**c.wanted(), **{name: was[name] for name in evens}}
    wait("the others", lambda: c.places() == want)
    expect([one for one in c.asked() if one.startswith("del")],
           ["del default/s3:http"])
    expect(c.metrics()["svcnatd_services_refused"], len(evens))
    os.unlink(c.path("kernel/refuse"))
    c.wait_equal()


@case
def refusals_of_many_are_not_all_named(c):
    c.fill(100)
    c.write("kernel/refuse", "".join(
        f"default/s{i}:http\n" for i in range(100)))
    c.start()
    lines = c.wait_log(services="100", level=4)
    assert "many" in lines[0]["msg"], lines
    assert 20 <= len(c.find_log(level=4)) <= 63
    os.unlink(c.path("kernel/refuse"))
    c.wait_equal()


@case
def refusal_ends_with_another_wish(c):
    """What is another wish is not waited with."""
    c.fill()
    c.write("kernel/refuse", "default/s1:http\n")
    c.start()
    c.wait_log(4, service="default/s1:http", level=4)
    os.unlink(c.path("kernel/refuse"))
    c.change("s1")
    wait("the change", lambda: "default/s1:http" in c.kernel(), 1)
    c.wait_equal()


@case
def refused_change_keeps_what_was(c):
    c.fill()
    c.synced()
    was = c.places()["default/s1:http"]
    c.write("kernel/refuse", "default/s1:http\n")
    c.change("s1")
    c.wait_log(service="default/s1:http", level=4)
    expect(c.places()["default/s1:http"], was)
    os.unlink(c.path("kernel/refuse"))
    c.wait_equal()


@case
def refused_address_stops_nothing_else(c):
    """One from outside that only the kernel knows to be no good."""
    c.fill()
    c.api.put(service("s2", "10.96.0.3", externalIPs=["198.51.100.1"]))
    c.write("kernel/refuse", "10.0.0.255:80\n10.0.0.254:80\n")
    c.api.put(service("s1", "10.96.0.2", externalIPs=["10.0.0.255"]))
    c.start()
    c.wait_log(service="default/s1:http", level=4)
    fronts = {"default/s0:http": ["10.96.0.1:80"],
              "default/s1:http": ["10.96.0.2:80"],
              "default/s2:http": ["10.96.0.3:80", "198.51.100.1:80"]}

    def is_right():
        return c.places() == {
            name: (fronts[name], places)
            for name, (_, places) in c.wanted().items()}

    wait("the rest of it", is_right)
    expect(c.metrics()["svcnatd_services_refused"], 1)
    # What the kernel took before stays, and endpoints change with others.
    c.api.put(service("s2", "10.96.0.3",
                      externalIPs=["198.51.100.1", "10.0.0.254"]))
    c.wait_log(service="default/s2:http", level=4)
    c.change("s1")
    c.change("s2")
    wait("their endpoints", is_right)
    expect(c.metrics()["svcnatd_services_refused"], 2)
    expect(c.find_log(msg="somebody else changed a service in the kernel"),
           [])
    os.unlink(c.path("kernel/refuse"))
    fronts["default/s1:http"] = ["10.0.0.255:80", "10.96.0.2:80"]
    fronts["default/s2:http"] = ["10.0.0.254:80", "10.96.0.3:80",
                                 "198.51.100.1:80"]
    wait("all of it", is_right)
    expect(c.metrics()["svcnatd_services_refused"], 0)


@case
def refused_service_is_left_alone(c):
    """What is refused with and without its addresses from outside."""
    c.fill()
    c.synced()
    was = c.places()["default/s1:http"]
    c.write("kernel/refuse", "default/s1:http\n")
    c.api.put(service("s1", "10.96.0.2", externalIPs=["198.51.100.1"]))
    lines = c.wait_log(2, service="default/s1:http", level=4)
    assert all("as asked" in one["error"] for one in lines), lines
    expect(c.places()["default/s1:http"], was)
    expect(c.metrics()["svcnatd_services_refused"], 1)
    os.unlink(c.path("kernel/refuse"))
    wait("it", lambda: c.places()["default/s1:http"][0] == [
        "10.96.0.2:80", "198.51.100.1:80"])


@case
def refusals_of_both_kinds_at_once(c):
    """What is refused whole stays as it was when a part of another is not."""
    c.fill()
    c.synced()
    was = c.places()
    before = c.asked()
    c.stop()
    c.write("kernel/refuse", "default/s0:http\n10.0.0.255:80\n")
    c.change("s0")
    c.change("s1")
    c.api.put(service("s1", "10.96.0.2", externalIPs=["10.0.0.255"]))
    c.start()
    wait("a part of it", lambda: c.ended() or c.places() == {
        **was, "default/s1:http": (["10.96.0.2:80"], ["10.244.3.2:8080"])})
    expect(c.asked()[len(before):], ["replace default/s1:http"])
    expect(c.metrics()["svcnatd_services_refused"], 2)
    os.unlink(c.path("kernel/refuse"))
    wait("all of it", lambda: c.metrics()["svcnatd_services_refused"] == 0)


@case
def module_missing_at_first(c):
    c.fill()
    c.write("kernel/absent", "")
    c.start()
    c.wait_log(level=3, doing="read")
    expect(c.metrics()["svcnatd_services"], 3)
    assert c.metrics()["svcnatd_kernel_failures_total"] >= 1
    os.unlink(c.path("kernel/absent"))
    c.wait_equal()


@case
def module_missing_for_a_while(c):
    c.fill()
    c.synced()
    c.write("kernel/absent", "")
    c.change("s1")
    c.wait_log(level=3, doing="apply")
    for _ in range(20):
        c.change("s2")
        time.sleep(0.02)
    assert len(c.find_log(level=3)) <= 2, "it does not wait"
    os.unlink(c.path("kernel/absent"))
    c.wait_equal()


@case
def address_goes_from_one_to_another(c):
    c.fill()
    c.synced()
    c.api.delete("Service", "s1", "default")
    c.api.delete("EndpointSlice", "s1-a", "default")
    c.api.put(service("heir", "10.96.0.2"))
    c.wait_equal()


@case
def changes_are_gathered(c):
    c.fill()
    c.synced("--min-sync-period=1s")
    time.sleep(1)
    before = len(c.asked())
    c.change("s0")
    c.wait_equal()
    for _ in range(20):
        c.change("s0")
        time.sleep(0.01)
    c.wait_equal()
    assert len(c.asked()) - before == 2, c.asked()[before:]


@case
def zone_of_the_node_counts(c):
    c.fill(1)
    with c.api.changed:
        one = c.api.objects["endpointslices"]["default", "s0-a"]
    one["endpoints"] = [
        {"addresses": [f"10.244.2.{i}"], "conditions": {"ready": True},
         "hints": {"forZones": [{"name": f"z{i}"}]}} for i in (1, 2)]
    c.api.put(one)
    c.start()

    def endpoints():
        state = c.kernel().get("default/s0:http", {"endpoints": []})
        return [e["place"] for e in state["endpoints"]]

    wait("zone 1", lambda: endpoints() == ["10.244.2.1:8080"])
    c.api.put(node(zone="z2"))
    wait("zone 2", lambda: endpoints() == ["10.244.2.2:8080"])


@case
def ranges_of_the_node_count(c):
    c.fill()
    c.synced()

    def config():
        with open(os.path.join(c.fake, "config"), encoding="utf-8") as file:
            return file.read()

    assert "10.244.1.0/24" in config(), config()
    c.api.put(node(podCIDR="10.250.0.0/24", podCIDRs=["10.250.0.0/24"]))
    wait("the new range", lambda: "10.250.0.0/24" in config())
    expect(c.asked().count("config"), 2)


@case
def cleanup_removes_ours(c):
    c.fill()
    c.synced()
    c.stop()
    services = os.path.join(c.fake, "services")
    shutil.copy(os.path.join(services, "default%s0:http"),
                os.path.join(services, "byhand"))
    done = subprocess.run([c.binary, "--cleanup"], check=False, timeout=20,
                          env={"SVCNATD_FAKE": c.fake},
                          capture_output=True, text=True)
    expect(done.returncode, 0, done.stderr)
    expect(set(c.kernel()), {"byhand"})
    with open(os.path.join(c.fake, "config"), encoding="utf-8") as file:
        expect(file.read(), '{"masquerade-all":false,"nodeport-addresses":'
               '["0.0.0.0/0","::/0"],"pod-cidr":[]}')


@case
def cleanup_without_module(c):
    c.write("kernel/absent", "")
    done = subprocess.run([c.binary, "--cleanup"], check=False, timeout=20,
                          env={"SVCNATD_FAKE": c.fake},
                          capture_output=True, text=True)
    expect(done.returncode, 1)
    assert "not loaded" in done.stderr, done.stderr


@case
def once_and_no_longer(c):
    c.fill()
    c.start("--once")
    expect(c.agent.wait(20), 0)
    c.agent = None
    expect(c.places(), c.wanted())


@case
def end_keeps_what_is_programmed(c):
    c.fill()
    c.synced()
    before = c.asked()
    c.stop()
    expect(c.asked(), before)
    expect(c.places(), c.wanted())


@case
def objects_that_are_odd(c):
    """One that is malformed does not hide the others."""
    c.fill()
    odd = service("odd", "010.96.0.1")
    odd["metadata"]["annotations"] = {"x": "\0"}
    c.api.put(odd)
    c.api.put({"kind": "Service", "apiVersion": "v1",
               "metadata": {"name": "worse", "namespace": "default"},
               "spec": "none"})
    c.start()
    c.wait_log(msg="the kernel is equal to the cluster")
    assert {"default/s0:http", "default/s1:http",
            "default/s2:http"} <= set(c.kernel())


@case
def ranges_of_many_frontends_are_bounded(c):
    """Ports, addresses of load balancers and their ranges multiply."""
    big = service("big", "10.96.0.1", type="LoadBalancer",
                  loadBalancerSourceRanges=[
                      f"10.{i // 256}.{i % 256}.0/24"
                      for i in range(0, 1024, 2)])
    big["spec"]["ports"] = [{"name": f"p{i}", "port": i}
                            for i in range(1, 31)]
    big["status"] = {"loadBalancer": {"ingress": [
        {"ip": f"203.0.113.{i}"} for i in range(200)]}}
    path = c.write("list", json.dumps(
        {"apiVersion": "v1", "kind": "List",
         "items": [big, service("small", "10.96.0.2")]}))
    done = subprocess.run([c.binary, "--node=n1", "--print",
                           f"--from-file={path}"], check=True, timeout=60,
                          capture_output=True, text=True)
    expect([line.split()[2] for line in done.stdout.splitlines()
            if line.startswith("service add ")],
           [f"default/big:p{i}" for i in range(1, 5)] +
           ["default/small:http"])
    assert "too many ports" in done.stderr, done.stderr


@case
def churn(c):
    """Much at a time, with faults in it; all is right in the end."""
    c.fill(60)
    c.synced()
    for i in range(300):
        name = f"s{i % 60}"
        c.api.put(slice_of(name, [f"10.244.{i % 9}.{i % 200 + 1}"]))
        if i % 40 == 0:
            c.api.fault(("reset", "error", "text")[i // 40 % 3],
                        verb="open", resource="endpointslices", code=410,
                        text="nonsense\n")
        if i % 100 == 50:
            c.api.compact()
        if i % 10 == 0:
            time.sleep(0.02)
    c.wait_equal()


if __name__ == "__main__":
    main(CASES)
