#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""svcnatd as a citizen of its node: who asks, gets an answer.

usage: tests/agent/health_test.py SVCNATD_FAKE [CASE]...
"""
import datetime
import http.client
import json
import os
import re
import socket
import time

from agent import expect, free_port, main, node, service, slice_of, wait

CASES = []
TAINT = {"key": "ToBeDeletedByClusterAutoscaler", "value": "1",
         "effect": "NoSchedule"}


def case(function):
    CASES.append(function)
    return function


def answer(c, path, port=None):
    status, headers, text = c.get(path, port)
    expect(headers["Content-Type"], "application/json")
    expect(headers["X-Content-Type-Options"], "nosniff")
    return status, json.loads(text)


def date(text):
    match = re.fullmatch(r"(\d+-\d+-\d+ \d+:\d+:\d+\.\d+) \+0000 UTC", text)
    assert match, text
    return datetime.datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S.%f")


def local_service(c, port, local=("10.244.1.1", "10.244.1.2"), name="lb"):
    c.api.put(service(name, "10.96.5.5", type="LoadBalancer",
                      externalTrafficPolicy="Local",
                      healthCheckNodePort=port,
                      ports=[{"name": "http", "protocol": "TCP", "port": 80,
                              "nodePort": 30080}]))
    c.api.put(slice_of(name, ["10.244.2.9"], suffix="far"))
    c.api.put(slice_of(name, local, node="n1", suffix="near"))


@case
def healthy(c):
    c.fill()
    c.synced()
    status, body = answer(c, "/healthz")
    expect(status, 200)
    expect(set(body), {"lastUpdated", "currentTime", "nodeEligible"})
    expect(body["nodeEligible"], True)
    expect(body["lastUpdated"], body["currentTime"])
    age = datetime.datetime.utcnow() - date(body["currentTime"])
    assert abs(age.total_seconds()) < 10, age
    status, body = answer(c, "/livez")
    expect(status, 200)
    expect(set(body), {"lastUpdated", "currentTime"})
    metrics = c.metrics()
    expect(metrics['kubeproxy_proxy_healthz_total{code="200"}'], 1)
    expect(metrics['kubeproxy_proxy_livez_total{code="200"}'], 1)


@case
def node_that_is_to_be_deleted(c):
    c.fill()
    c.synced()
    c.api.put(node(taints=[TAINT]))
    wait("503", lambda: c.get("/healthz")[0] == 503)
    expect(answer(c, "/healthz")[1]["nodeEligible"], False)
    expect(answer(c, "/livez")[0], 200)
    c.api.put(node())
    wait("200", lambda: c.get("/healthz")[0] == 200)


@case
def node_that_is_deleted(c):
    c.fill()
    c.synced()
    c.api.delete("Node", "n1")
    wait("503", lambda: c.get("/healthz")[0] == 503)
    expect(answer(c, "/livez")[0], 200)
    c.wait_equal()


@case
def stale(c):
    c.fill()
    local_service(c, 0)
    c.start("--sync-period=1s")
    c.wait_log(msg="the kernel is equal to the cluster")
    time.sleep(0.2)
    c.write("kernel/absent", "")
    c.change("s0")
    expect(answer(c, "/healthz")[0], 200)
    wait("503", lambda: c.get("/livez")[0] == 503)
    status, body = answer(c, "/healthz")
    expect(status, 503)
    expect(body["nodeEligible"], True)
    assert date(body["currentTime"]) - date(body["lastUpdated"]) > \
        datetime.timedelta(seconds=1), body
    os.unlink(c.path("kernel/absent"))
    wait("200", lambda: c.get("/healthz")[0] == 200)


@case
def outage_is_no_illness(c):
    c.fill()
    c.synced("--sync-period=1s")
    c.server.stop()
    c.wait_log(3, reason="network", resource="services")
    time.sleep(2.5)
    expect(answer(c, "/healthz")[0], 200)
    expect(answer(c, "/livez")[0], 200)


@case
def waiting_is_no_illness(c):
    """Who was never told anything is late with nothing."""
    c.fill()
    c.api.fault("close", verb="list", resource="services", count=1000)
    c.start("--sync-period=1s")
    c.wait_log(msg="listed", resource="nodes")
    c.wait_log(msg="listed", resource="endpointslices")
    time.sleep(2.5)
    expect(answer(c, "/livez")[0], 200)


@case
def checks_of_a_service(c):
    port = free_port()
    c.fill()
    local_service(c, port)
    c.start("--sync-period=1s")
    c.wait_log(msg="the kernel is equal to the cluster")
    status, headers, text = c.get("/", port)
    expect(status, 200)
    expect(json.loads(text), {
        "service": {"namespace": "default", "name": "lb"},
        "localEndpoints": 2, "serviceProxyHealthy": True})
    expect(headers["Content-Type"], "application/json")
    expect(headers["X-Content-Type-Options"], "nosniff")
    expect(headers["X-Load-Balancing-Endpoint-Weight"], "2")
    # One of them in two slices, and one that is not ready.
    c.api.put(slice_of("lb", ["10.244.1.1"], node="n1", suffix="twice"))
    c.api.put(slice_of("lb", ["10.244.1.7"], node="n1", suffix="unready",
                       ready=False))
    for suffix, ports in ("portless", []), ("portbad", [{"port": 0}]):
        c.api.put({**slice_of("lb", ["10.244.1.8"], node="n1", suffix=suffix),
                   "ports": ports})
    c.api.put(slice_of("lb", ["10.244.1.1"], node="n1", suffix="near"))
    wait("one", lambda: json.loads(
        c.get("/", port)[2])["localEndpoints"] == 1)
    c.api.put(slice_of("lb", [], node="n1", suffix="near"))
    c.api.delete("EndpointSlice", "lb-twice", "default")
    wait("none", lambda: c.get("/", port)[0] == 503)
    status, headers, text = c.get("/", port)
    expect(json.loads(text)["localEndpoints"], 0)
    expect(headers["X-Load-Balancing-Endpoint-Weight"], "0")
    expect(c.metrics()["kubeproxy_sync_proxy_rules_no_local_endpoints_total"
                       '{traffic_policy="external"}'], 1)


@case
def checks_while_the_agent_is_stale(c):
    port = free_port()
    c.fill()
    local_service(c, port)
    c.start("--sync-period=1s")
    c.wait_log(msg="the kernel is equal to the cluster")
    c.write("kernel/absent", "")
    c.change("s0")
    wait("503", lambda: c.get("/", port)[0] == 503)
    body = json.loads(c.get("/", port)[2])
    expect((body["localEndpoints"], body["serviceProxyHealthy"]), (2, False))


@case
def checks_come_and_go(c):
    first, second = free_port(), free_port()
    c.fill()
    local_service(c, first)
    c.start()
    c.wait_log(msg="the kernel is equal to the cluster")
    expect(c.get("/", first)[0], 200)
    local_service(c, second)

    def is_closed(port):
        try:
            c.get("/", port)
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:
            pass    # It was waiting to be accepted when the socket closed.
        return False

    wait("the old one to close", lambda: is_closed(first))
    expect(c.get("/", second)[0], 200)
    c.api.delete("Service", "lb", "default")
    wait("the new one to close", lambda: is_closed(second))


@case
def checks_whose_port_is_taken(c):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        c.fill()
        local_service(c, port)
        c.start("--sync-period=1s")
        c.wait_log(msg="the kernel is equal to the cluster")
        c.wait_log(msg="cannot listen", port=str(port))
    wait("the port", lambda: not c.ended() and is_open(c, port))


def is_open(c, port, path="/"):
    try:
        return c.get(path, port)[0] == 200
    except OSError:
        return False


@case
def metrics(c):
    c.fill()
    c.synced()
    before = time.time()
    stamp = datetime.datetime.utcfromtimestamp(before - 2)
    c.api.put(slice_of("s0", ["10.244.9.9"], annotations={
        "endpoints.kubernetes.io/last-change-trigger-time":
        stamp.isoformat() + "Z"}))
    c.wait_equal()
    wait("the change to count", lambda: c.metrics()[
        "kubeproxy_network_programming_duration_seconds_count"] == 1)
    values = c.metrics()
    took = values["kubeproxy_network_programming_duration_seconds_sum"]
    assert 2 <= took < 8, took
    expect(values["kubeproxy_network_programming_duration_seconds_bucket"
                  '{le="1"}'], 0)
    expect(values["kubeproxy_network_programming_duration_seconds_bucket"
                  '{le="+Inf"}'], 1)
    name = "kubeproxy_sync_proxy_rules_"
    assert values[name + "duration_seconds_count"] >= 2
    expect(values["kubeproxy_sync_full_proxy_rules_duration_seconds_count"],
           1)
    assert before - 10 < values[name + "last_timestamp_seconds"] < \
        time.time() + 1
    assert before - 10 < values[name + "last_queued_timestamp_seconds"]
    expect(values[name + "endpoint_changes_pending"], 0)
    assert values[name + "endpoint_changes_total"] >= 2
    expect(values[f'rest_client_requests_total{{code="200",'
                  f'host="{c.server.url}",method="GET"}}'] >= 3, True)
    expect(values['svcnatd_api_current{resource="services"}'], 1)
    expect(values["svcnat_fake"], 1)
    assert values["process_resident_memory_bytes"] > 1e6
    status, _, text = c.get("/metrics/endpoints", c.metrics_port)
    expect((status, text), (200, "svcnat_fake 1\n"))


@case
def metrics_of_endpoints_one_at_a_time(c):
    """Nobody is sent so much memory as he has connections."""
    c.fill()
    c.write("kernel/endpoints", "x" * (16 << 20))
    c.synced()
    path = "/metrics/endpoints"
    with socket.create_connection(("127.0.0.1", c.metrics_port)) as slow:
        slow.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        expect(slow.recv(12), b"HTTP/1.1 200")
        status, _, text = c.get(path, c.metrics_port)
        expect(status, 503)
        assert "try again" in text, text[:100]
        c.metrics()
    wait("another turn",
         lambda: len(c.get(path, c.metrics_port)[2]) == 16 << 20)


@case
def proxy_mode(c):
    c.fill()
    c.synced()
    status, headers, text = c.get("/proxyMode", c.metrics_port)
    expect((status, text), (200, "svcnat"))
    assert headers["Content-Type"].startswith("text/plain")


@case
def requests_that_are_odd(c):
    c.fill()
    c.synced()
    expect(c.get("/nowhere")[0], 404)
    expect(c.get("/metrics")[0], 404)
    expect(c.get("/healthz", c.metrics_port)[0], 404)
    connection = http.client.HTTPConnection("127.0.0.1", c.healthz)
    connection.request("POST", "/healthz", "x" * 100000)
    expect(connection.getresponse().status, 405)
    connection.close()
    connection = http.client.HTTPConnection("127.0.0.1", c.healthz)
    connection.request("HEAD", "/healthz")
    got = connection.getresponse()
    expect((got.status, got.read()), (200, b""))
    connection.close()
    with socket.create_connection(("127.0.0.1", c.healthz)) as sock:
        sock.sendall(b"\0\xff nonsense\r\n\r\n")
    # Those who say nothing do not keep others out.
    idle = [socket.create_connection(("127.0.0.1", c.healthz))
            for _ in range(20)]
    expect(c.get("/healthz")[0], 200)
    for one in idle:
        one.close()
    c.change()
    c.wait_equal()


@case
def servers_that_nobody_wants(c):
    c.fill()
    c.synced("--healthz-bind-address=", "--metrics-bind-address=")
    for port in c.healthz, c.metrics_port:
        try:
            c.get("/healthz", port)
        except ConnectionRefusedError:
            continue
        raise AssertionError("it listens")


@case
def servers_that_cannot_listen(c):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        c.fill()
        c.start(f"--healthz-bind-address=127.0.0.1:{port}",
                "--bind-address-hard-fail")
        expect(c.agent.wait(20), 1)
        c.agent = None
        assert c.find_log(msg="cannot listen", port=str(port))
        c.synced(f"--healthz-bind-address=127.0.0.1:{port}")
    wait("the port", lambda: not c.ended() and is_open(c, port, "/healthz"))
    # The other one stayed as it was.
    expect(c.find_log(msg="cannot listen", server="metrics"), [])
    expect(c.get("/proxyMode", c.metrics_port)[0], 200)


@case
def manager_is_told(c):
    path = c.path("notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(20)
        c.fill()
        c.api.fault("close", verb="list", resource="services", count=1000)
        c.start(env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"})
        c.wait_log(3, reason="network", resource="services")
        heard = set()
        manager.setblocking(False)
        try:
            while True:
                heard.add(manager.recv(4096).decode().split("\n")[0])
        except BlockingIOError:
            pass
        assert "READY=1" not in heard, heard
        manager.settimeout(20)
        c.api.clear_faults()
        while "READY=1" not in heard:
            heard.add(manager.recv(4096).decode().split("\n")[0])
        expect(c.places(), c.wanted())
        heard.clear()
        for _ in range(4):
            heard.add(manager.recv(4096).decode().split("\n")[0])
        expect(heard, {"WATCHDOG=1"})
        c.stop()
        while "STOPPING=1" not in heard:
            heard.add(manager.recv(4096).decode().split("\n")[0])


def capabilities(c):
    with open(f"/proc/{c.agent.pid}/status", encoding="utf-8") as file:
        return dict(re.findall(r"^(Cap\w+|NoNewPrivs):\s+(\w+)", file.read(),
                               re.M))


@case
def capabilities_are_few(c):
    c.fill()
    c.synced()
    got = capabilities(c)
    net_admin = f"{1 << 12:016x}" if os.geteuid() == 0 else "0" * 16
    expect(got["CapEff"], net_admin)
    expect(got["CapPrm"], net_admin)
    for one in "CapInh", "CapAmb":
        expect(got[one], "0" * 16, one)
    if os.geteuid() == 0:
        assert int(got["CapBnd"], 16) in (0, 1 << 12), got
    expect(got["NoNewPrivs"], "1")


@case
def capability_for_low_ports(c):
    if os.geteuid():
        return
    c.fill()
    c.synced("--healthz-bind-address=127.0.0.1:1023")
    expect(capabilities(c)["CapEff"], f"{1 << 12 | 1 << 10:016x}")


def limit_files(c, limit):
    """@limit is what ulimit is told."""
    path = c.write("svcnatd", f'#!/bin/sh\nulimit {limit}\n'
                   f'exec {c.binary} "$@"\n')
    os.chmod(path, 0o700)
    c.binary = path


@case
def files_are_as_many_as_may_be(c):
    c.fill()
    limit_files(c, "-Sn 64")
    c.synced()
    with open(f"/proc/{c.agent.pid}/limits", encoding="utf-8") as file:
        soft, hard = re.search(r"Max open files\s+(\d+)\s+(\d+)",
                               file.read()).groups()
    assert soft == hard != "64", (soft, hard)


def seconds_of(c):
    """Of the processor, that the agent took."""
    with open(f"/proc/{c.agent.pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@case
def files_that_run_out(c):
    c.fill()
    limit_files(c, "-n 40")
    c.synced("--api-watch-period=1m")
    idle = [socket.create_connection(("127.0.0.1", c.healthz))
            for _ in range(40)]
    wait("all files", lambda: len(
        os.listdir(f"/proc/{c.agent.pid}/fd")) == 40)
    before = seconds_of(c)
    time.sleep(2)
    took = seconds_of(c) - before
    for one in idle:
        one.close()
    assert took < .5, took
    expect(c.get("/healthz")[0], 200)
    c.change()
    c.wait_equal()


@case
def log_of_strange_words(c):
    """Nobody in the cluster writes lines of our log."""
    c.fill()
    c.api.fault("status", verb="list", resource="services", code=500,
                message='x"\n<0>msg="all is lost" \x1b[31m')
    c.synced()
    expect(c.find_log(level=0), [])
    lines = c.find_log(reason="status", resource="services")
    assert "\\x0a" in lines[0]["error"], lines


if __name__ == "__main__":
    main(CASES)
