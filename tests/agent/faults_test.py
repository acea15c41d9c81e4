#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Whatever the API does, what is programmed stays, and becomes right again.

usage: tests/agent/faults_test.py SVCNATD_FAKE [CASE]...
"""
import json
import os
import time

from agent import expect, main, service, slice_of, wait

CASES = []


def case(function):
    CASES.append(function)
    return function


def recovers(c, reason, resource="endpointslices", doing="watch", nr=1):
    """What is said of a fault that was just injected, and how it ends."""
    lines = c.wait_log(nr, reason=reason, resource=resource, doing=doing)
    for line in lines:
        expect(line["level"], 4)
        assert int(line["retry_ms"]) >= 0 and line["next"] in (
            "list", "watch"), line
    expect([one for one in c.asked() if one.startswith("del")], [])
    c.change()
    c.wait_equal()
    assert c.failures(resource, reason) >= nr
    wait("all to be well again", lambda: c.metrics()[
        f'svcnatd_api_current{{resource="{resource}"}}'] == 1)
    return lines


def break_watch(c, kind, *args, **details):
    """In the middle of one."""
    c.fill()
    c.synced(*args)
    c.api.fault(kind, verb="open", resource="endpointslices", **details)


def refuse_watch(c, kind, **details):
    """The next one, as soon as the present one ends."""
    c.fill()
    c.synced()
    with c.api.changed:
        c.api.fault(kind, verb="watch", resource="endpointslices", **details)
        c.api.end_watches()


def refuse_list(c, kind, *args, verb="list", services=3, **details):
    """The first one."""
    c.fill(services)
    c.api.fault(kind, verb=verb, resource="endpointslices", **details)
    c.synced(*args)


def lists_of(c, resource="endpointslices"):
    return c.api.asked("list", resource)


# Lists.


@case
def list_is_paged(c):
    c.fill(1201)
    c.synced()
    pages = [one["params"] for one in lists_of(c)]
    expect([one["limit"] for one in pages], ["500"] * 3)
    expect(["continue" in one for one in pages], [False, True, True])
    metrics = c.metrics()
    expect(metrics['svcnatd_api_lists_total{resource="services"}'], 1)
    expect(metrics["svcnatd_services"], 1201)


@case
def selectors(c):
    c.fill()
    ours = "service.kubernetes.io/service-proxy-name"
    other = service("other", "10.96.9.1")
    other["metadata"]["labels"] = {ours: "else"}
    c.api.put(other)
    c.start()
    c.wait_log(msg="the kernel is equal to the cluster")
    assert "default/other:http" not in c.kernel()
    for resource in "services", "endpointslices":
        for one in c.api.asked(resource=resource):
            expect(one["params"]["labelSelector"],
                   "!service.kubernetes.io/service-proxy-name,"
                   "!service.kubernetes.io/headless")
    for one in c.api.asked(resource="nodes"):
        expect(one["params"]["fieldSelector"], "metadata.name=n1")
    expect(len([one for one in c.asked() if one.startswith("new")]), 3)


@case
def list_gone_in_its_middle(c):
    refuse_list(c, "status", verb="page", services=700, code=410,
                reason="Expired")
    lines = recovers(c, "expired", doing="list")
    expect(lines[0]["status"], "410")
    pages = ["continue" in one["params"] for one in lists_of(c)]
    expect(pages, [False, True, False, True])


@case
def list_status_500(c):
    refuse_list(c, "status", code=500, count=3)
    recovers(c, "status", doing="list", nr=3)


@case
def list_status_503_with_retry_after(c):
    refuse_list(c, "status", code=503, retry_after=1)
    recovers(c, "status", doing="list")
    first, second = lists_of(c)[:2]
    assert second["time"] - first["time"] >= 1, "not waited as asked"


@case
def list_throttled(c):
    refuse_list(c, "status", code=429, retry_after=1)
    lines = recovers(c, "throttled", doing="list")
    assert int(lines[0]["retry_ms"]) >= 1000
    first, second = lists_of(c)[:2]
    assert second["time"] - first["time"] >= 1, "not waited as asked"


@case
def list_forbidden(c):
    refuse_list(c, "status", code=403, message="no list for you")
    lines = recovers(c, "unauthorized", doing="list")
    assert "no list for you" in lines[0]["error"], lines


@case
def list_truncated(c):
    refuse_list(c, "truncate", bytes=100)
    recovers(c, "truncated", doing="list")


@case
def list_malformed(c):
    refuse_list(c, "text", text='{"kind": "EndpointSliceList", }', end=True)
    recovers(c, "malformed", doing="list")


@case
def list_of_others(c):
    refuse_list(c, "text", text=json.dumps(
        {"kind": "PodList", "metadata": {"resourceVersion": "1"},
         "items": []}), end=True)
    recovers(c, "malformed", doing="list")


@case
def list_without_version(c):
    refuse_list(c, "text", text=json.dumps(
        {"kind": "EndpointSliceList", "metadata": {}, "items": []}),
        end=True)
    recovers(c, "malformed", doing="list")


@case
def list_with_items_that_are_none(c):
    refuse_list(c, "text", text=json.dumps(
        {"kind": "EndpointSliceList", "metadata": {"resourceVersion": "1"},
         "items": [{"metadata": "x"}]}), end=True)
    recovers(c, "malformed", doing="list")


@case
def list_turns_in_circles(c):
    c.fill()
    c.api.fault("loop", verb="list", resource="endpointslices")
    c.api.fault("loop", verb="page", resource="endpointslices")
    c.synced()
    recovers(c, "malformed", doing="list")


@case
def list_without_end(c):
    # It takes its time on a busy machine.
    refuse_list(c, "endless", "--api-timeout=60s", bytes=70 << 20)
    recovers(c, "too_long", doing="list")
    # What is too much may fit in more pages.
    limits = [one["params"]["limit"] for one in lists_of(c)]
    expect(limits, ["500", "125"])


@case
def list_without_answer(c):
    refuse_list(c, "silence")
    recovers(c, "timeout", doing="list")


@case
def list_without_body(c):
    refuse_list(c, "silence", headers=True)
    recovers(c, "timeout", doing="list")


@case
def list_closed(c):
    refuse_list(c, "close")
    recovers(c, "network", doing="list")


# Watches.


def watched_again(c):
    """A bookmark comes, then the watches end; what is asked next."""
    c.api.bookmark("endpointslices")
    # The next watch, which may begin meanwhile, has it once more.
    wait("the bookmark", lambda: c.metrics()[
        'svcnatd_api_bookmarks_total{resource="endpointslices"}'] >= 1)
    before = len(c.api.asked("watch", "endpointslices"))
    c.api.end_watches()
    wait("the next watch", lambda: len(
        c.api.asked("watch", "endpointslices")) > before)
    return c.api.asked("watch", "endpointslices")[before]


@case
def watch_goes_on_where_it_was(c):
    c.fill()
    c.synced()
    c.change()
    c.wait_equal()
    c.api.put(node_of_others())
    version = str(c.api.version)
    params = watched_again(c)["params"]
    expect(params["resourceVersion"], version)
    expect(params["allowWatchBookmarks"], "true")
    assert 2 <= int(params["timeoutSeconds"]) <= 4, params
    c.change()
    c.wait_equal()
    expect(len(lists_of(c)), 1)
    expect(c.find_log(level=4, resource="endpointslices"), [])


def node_of_others():
    return {"kind": "Node", "apiVersion": "v1", "metadata": {"name": "n9"},
            "spec": {}, "status": {}}


@case
def watch_gone_as_status(c):
    refuse_watch(c, "status", code=410, reason="Expired")
    lines = recovers(c, "expired")
    expect(lines[0]["next"], "list")
    expect(len(lists_of(c)), 2)


@case
def watch_gone_in_the_stream(c):
    break_watch(c, "error", code=410, reason="Expired")
    lines = recovers(c, "expired")
    expect(lines[0]["next"], "list")
    expect(len(lists_of(c)), 2)


@case
def watch_of_a_past_that_is_forgotten(c):
    """What happened meanwhile shows in the list alone."""
    c.fill()
    c.synced()
    with c.api.changed:
        for resource in "services", "endpointslices":
            c.api.fault("close", verb="watch", resource=resource, count=1000)
        c.api.end_watches()
    c.wait_log(reason="network", resource="services")
    c.wait_log(reason="network", resource="endpointslices")
    c.api.delete("Service", "s1", "default")
    c.api.delete("EndpointSlice", "s1-a", "default")
    c.api.put(service("s9", "10.96.0.99"))
    c.api.compact()
    c.api.clear_faults()
    c.wait_equal()
    c.wait_log(reason="expired", resource="services")
    assert "default/s1:http" not in c.kernel()
    assert "default/s9:http" in c.kernel()


@case
def watch_error_in_the_stream(c):
    break_watch(c, "error", code=500, message="etcd is tired")
    lines = recovers(c, "status")
    assert "etcd is tired" in lines[0]["error"], lines
    expect(lines[0]["next"], "watch")


@case
def watch_of_the_future(c):
    """etcd was restored from a backup: our resource version is not yet."""
    c.fill()
    c.synced()
    c.api.restore(500)
    c.api.end_watches()
    recovers(c, "expired")
    expect(len(lists_of(c)), 2)


@case
def watch_throttled(c):
    refuse_watch(c, "status", code=429, retry_after=1)
    lines = recovers(c, "throttled")
    assert int(lines[0]["retry_ms"]) >= 1000
    expect(len(lists_of(c)), 1)


@case
def watch_status_500(c):
    refuse_watch(c, "status", code=500)
    recovers(c, "status")
    expect(len(lists_of(c)), 1)


@case
def watch_truncated_in_a_line(c):
    refuse_watch(c, "truncate", bytes=50)
    wait("the next watch", lambda: not c.api.pending())
    c.change()
    recovers(c, "truncated")
    expect(len(lists_of(c)), 1)


@case
def watch_ends_well_within_a_line(c):
    refuse_watch(c, "text", text='{"type": "ADDED"', end=True)
    recovers(c, "truncated")


@case
def watch_malformed(c):
    break_watch(c, "text", text="}nonsense{\n")
    recovers(c, "malformed")


@case
def watch_event_of_another_kind(c):
    break_watch(c, "text", text=json.dumps(
        {"type": "ADDED", "object": {
            "kind": "Pod", "metadata": {"resourceVersion": "9"}}}) + "\n")
    recovers(c, "malformed")


@case
def watch_event_without_version(c):
    break_watch(c, "text", text=json.dumps(
        {"type": "ADDED", "object": {
            "kind": "EndpointSlice", "metadata": {}}}) + "\n")
    recovers(c, "malformed")


@case
def watch_event_of_unknown_type(c):
    break_watch(c, "text", text=json.dumps(
        {"type": "PERHAPS", "object": {
            "kind": "EndpointSlice",
            "metadata": {"resourceVersion": "9"}}}) + "\n")
    recovers(c, "malformed")


@case
def watch_stuck_is_stepped_over(c):
    """An event that is malformed each time: a list knows as much."""
    refuse_watch(c, "text", text="nonsense\n", count=3)
    recovers(c, "malformed", nr=3)
    expect(len(lists_of(c)), 2)


@case
def watch_line_without_end(c):
    break_watch(c, "endless", "--api-timeout=60s", bytes=17 << 20)
    recovers(c, "too_long")


@case
def watch_reset(c):
    break_watch(c, "reset")
    recovers(c, "truncated")


@case
def watch_refused_by_hangup(c):
    # If the connection was used before, libcurl tries once more by itself.
    refuse_watch(c, "close", count=2)
    recovers(c, "network")


@case
def watch_half_open(c):
    """The server is there, and says nothing for ever."""
    break_watch(c, "silence")
    recovers(c, "timeout")


@case
def watch_half_open_where_bookmarks_came(c):
    """Its silence is noticed long before it would have ended."""
    c.fill()
    c.synced("--api-watch-period=2m", "--api-timeout=1s")
    watched_again(c)
    c.wait_watches()
    c.api.fault("silence", verb="open", resource="endpointslices")
    with c.api.changed:
        c.api.changed.notify_all()
    wait("the silence", lambda: not c.api.pending())
    c.change()
    c.wait_equal()
    assert c.failures("endpointslices", "timeout") >= 1
    # Of others nobody knows that they are alive.
    expect(c.failures("services", "timeout"), 0)


@case
def watch_without_head(c):
    refuse_watch(c, "silence")
    recovers(c, "timeout")


@case
def watch_that_ends_at_once(c):
    refuse_watch(c, "short", count=3)
    lines = recovers(c, "short", nr=3)
    assert int(lines[2]["retry_ms"]) > int(lines[0]["retry_ms"]) / 2
    asked = c.api.asked("watch", "endpointslices")[-3:]
    assert asked[2]["time"] - asked[0]["time"] > 0.03, "no wait between them"


@case
def connection_is_kept_alive(c):
    """What the kernel is told to notice a peer that vanished."""
    c.fill()
    c.synced()
    out = os.popen("ss -tnop 2>&1").read()
    lines = [one for one in out.splitlines()
             if f"pid={c.agent.pid}," in one and
             one.split()[4] == c.server.url.split("//")[1]]
    assert len(lines) >= 3, out
    for one in lines:
        assert "timer:(keepalive" in one, one


# The whole server.


@case
def outage_and_another_past(c):
    """It is gone for a while, and comes back with other versions."""
    c.fill()
    c.synced()
    port = c.server.server_address[1]
    c.server.stop()
    c.wait_log(3, reason="network", resource="services")
    asked = c.asked()
    assert c.kernel() and c.get("/livez")[0] == 200
    time.sleep(1)
    waits = [int(one["retry_ms"]) for one in
             c.find_log(reason="network", resource="services")]
    assert max(waits) <= 300, waits
    expect(c.asked(), asked)
    c.api.version = 50000
    c.api.delete("Service", "s2", "default")
    c.api.delete("EndpointSlice", "s2-a", "default")
    c.api.compact()
    c.serve(port)
    c.wait_equal()
    c.change()
    c.wait_equal()
    assert "default/s2:http" not in c.kernel()


@case
def outage_changes_nothing(c):
    """The same with nothing that changed: nothing is sent to the kernel."""
    c.fill()
    c.synced()
    port = c.server.server_address[1]
    asked = c.asked()
    c.server.stop()
    c.wait_log(3, reason="network", resource="services")
    c.api.compact()
    c.serve(port)
    c.wait_log(2, msg="listed", resource="services")
    c.wait_log(2, msg="listed", resource="endpointslices")
    c.change("s1", "10.244.2.2")
    time.sleep(0.3)
    expect(c.asked(), asked)


@case
def server_is_not_there_yet(c):
    c.serve()
    port = c.server.server_address[1]
    c.server.stop()
    c.fill()
    c.start(kubeconfig=c.kubeconfig())
    c.wait_log(2, reason="network", resource="services")
    expect(c.kernel(), {})
    c.serve(port)
    c.wait_log(msg="the kernel is equal to the cluster")
    c.wait_equal()


@case
def slices_come_in_two(c):
    c.fill()
    c.api.put(slice_of("s0", ["10.244.7.1", "10.244.2.1"], suffix="b"))
    c.synced()
    c.api.delete("EndpointSlice", "s0-a", "default")
    c.wait_equal()


if __name__ == "__main__":
    main(CASES)
