#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""An API server for tests: list, watch, bookmarks, paging, TLS, and faults.

usage: apiserver.py [--port PORT] [--tls CERT KEY [--client-ca CA]]
                    [--token TOKEN] [--version NUMBER] [--load FILE]

Prints its URL.  A test imports it, or sends it commands: POST /control with a
JSON object whose "do" is one of the public methods of Api and whose other
members are its arguments.  The answer is what the method returned.
"""

import argparse
import base64
import collections
import copy
import http.server
import json
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
import urllib.parse

Resource = collections.namedtuple("Resource", "name kind version path")

RESOURCES = [
    Resource("services", "Service", "v1", "/api/v1/services"),
    Resource("endpointslices", "EndpointSlice", "discovery.k8s.io/v1",
             "/apis/discovery.k8s.io/v1/endpointslices"),
    Resource("nodes", "Node", "v1", "/api/v1/nodes"),
]
BY_NAME = {r.name: r for r in RESOURCES}
BY_PATH = {r.path: r for r in RESOURCES}
BY_KIND = {r.kind: r for r in RESOURCES}

# What kubectl is told of: those, and what there is in the manifests.
Known = collections.namedtuple("Known", "version name kind namespaced")

KNOWN = [
    Known("v1", "configmaps", "ConfigMap", True),
    Known("v1", "nodes", "Node", False),
    Known("v1", "serviceaccounts", "ServiceAccount", True),
    Known("v1", "services", "Service", True),
    Known("apps/v1", "daemonsets", "DaemonSet", True),
    Known("discovery.k8s.io/v1", "endpointslices", "EndpointSlice", True),
    Known("rbac.authorization.k8s.io/v1", "clusterrolebindings",
          "ClusterRoleBinding", False),
    Known("rbac.authorization.k8s.io/v1", "clusterroles", "ClusterRole",
          False),
]


def discovery():
    """The answers that say what there is, by path."""
    versions = sorted({one.version for one in KNOWN})
    answers = {
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
            {"name": version.split("/")[0],
             "versions": [{"groupVersion": version,
                           "version": version.split("/")[1]}]}
            for version in versions if "/" in version]},
    }
    for version in versions:
        root = "/apis/" if "/" in version else "/api/"
        answers[root + version] = {
            "kind": "APIResourceList", "apiVersion": "v1",
            "groupVersion": version, "resources": [
                {"name": one.name, "singularName": one.kind.lower(),
                 "kind": one.kind, "namespaced": one.namespaced,
                 "verbs": ["create", "get", "list", "watch"]}
                for one in KNOWN if one.version == version]}
    return answers


DISCOVERY = discovery()


class Gone(Exception):
    """A resource version that is too old, or of the future."""

    def __init__(self, code, reason, message):
        super().__init__(message)
        self.status = status(code, reason, message)


def status(code, reason, message):
    return {"kind": "Status", "apiVersion": "v1", "metadata": {},
            "status": "Failure", "message": message, "reason": reason,
            "code": code}


def expired():
    return Gone(410, "Expired", "The resourceVersion is too old")


def selected(obj, params):
    """Whether the selectors that the agent uses take an object."""
    meta = obj["metadata"]
    labels = meta.get("labels") or {}
    for term in filter(None, params.get("labelSelector", "").split(",")):
        if not term.startswith("!"):
            raise ValueError(f"selector {term}")
        if term[1:] in labels:
            return False
    field = params.get("fieldSelector", "")
    if field:
        key, _, value = field.partition("=")
        if key != "metadata.name":
            raise ValueError(f"selector {field}")
        return meta["name"] == value
    return True


class Api:
    """Objects, what happened to them, and what is to go wrong."""

    def __init__(self, token=None, version=1000):
        self.token = token          # or a list of those that are good
        self.changed = threading.Condition()
        self.version = version
        self.objects = {r.name: {} for r in RESOURCES}
        self.events = []            # (version, resource, type, object)
        self.oldest = self.version  # before this one all is forgotten
        self.keep = None            # so many events at least, or all
        self.dropped = 0            # of all events, so many
        self.kept_from = 0          # version of the last of them
        self.faults = []
        self.requests = []
        self.lists = {}             # of a continue token: version, objects
        self.watches = collections.Counter()
        self.generation = 0         # raised to end all watches

    # What happens in the cluster.

    def _record(self, name, what, obj):
        self.events.append((self.version, name, what, obj))
        if self.keep and len(self.events) > 2 * self.keep:
            self._drop(len(self.events) - self.keep)
        self.changed.notify_all()

    def _drop(self, number):
        """Forgets the oldest events; who watches and has seen them goes on."""
        if number:
            self.kept_from = self.events[number - 1][0]
        del self.events[:number]
        self.dropped += number

    def put(self, obj):
        """Creates or changes an object; returns its resource version."""
        resource = BY_KIND[obj["kind"]]
        obj = copy.deepcopy(obj)
        meta = obj["metadata"]
        key = meta.get("namespace", ""), meta["name"]
        with self.changed:
            self.version += 1
            meta["resourceVersion"] = str(self.version)
            known = key in self.objects[resource.name]
            self.objects[resource.name][key] = obj
            self._record(resource.name, "MODIFIED" if known else "ADDED", obj)
            return self.version

    def delete(self, kind, name, namespace=""):
        resource = BY_KIND[kind]
        with self.changed:
            self.version += 1
            obj = copy.deepcopy(self.objects[resource.name]
                                .pop((namespace, name)))
            obj["metadata"]["resourceVersion"] = str(self.version)
            self._record(resource.name, "DELETED", obj)
            return self.version

    def bookmark(self, resource):
        with self.changed:
            self._record(resource, "BOOKMARK", {
                "kind": BY_NAME[resource].kind,
                "apiVersion": BY_NAME[resource].version,
                "metadata": {"resourceVersion": str(self.version),
                             "creationTimestamp": None}})

    def load(self, path):
        with open(path, encoding="utf-8") as file:
            for obj in json.load(file)["items"]:
                self.put(obj)

    def compact(self):
        """Forgets the past: watches of it, and lists begun in it, are gone."""
        with self.changed:
            self.version += 1
            self.oldest = self.version
            self._drop(len(self.events))
            self.lists.clear()

    def restore(self, version):
        """Goes on with a lower resource version, as after a restored etcd."""
        with self.changed:
            self.version = version
            self.oldest = version
            self._drop(len(self.events))
            self.kept_from = 0
            self.lists.clear()

    def end_watches(self):
        """All of them end now, as they do when their time is up.

        With @changed held from a fault() of verb "watch" until this, one that
        fails is none of those that end.
        """
        with self.changed:
            self.generation += 1
            self.changed.notify_all()

    # What goes wrong.

    def fault(self, kind, verb=None, resource=None, count=1, **details):
        """The next @count requests that fit fail so; see Handler.fault_*."""
        with self.changed:
            self.faults.append({"kind": kind, "verb": verb,
                                "resource": resource, "count": count,
                                **details})
            self.changed.notify_all()

    def clear_faults(self):
        with self.changed:
            self.faults.clear()

    def pending(self):
        """How many faults are still to come."""
        with self.changed:
            return sum(f["count"] for f in self.faults)

    def open_watches(self):
        """The resources that are watched at the moment."""
        with self.changed:
            return {name for name, nr in self.watches.items() if nr}

    def take_fault(self, verb, resource):
        with self.changed:
            for fault in self.faults:
                if (fault["verb"] in (None, verb) and
                        fault["resource"] in (None, resource)):
                    fault["count"] -= 1
                    if not fault["count"]:
                        self.faults.remove(fault)
                    return fault
        return None

    # What the agent asks.

    def log(self, entry):
        with self.changed:
            self.requests.append(entry)
            self.changed.notify_all()

    def asked(self, verb=None, resource=None):
        """The requests so far that fit."""
        with self.changed:
            return [r for r in self.requests
                    if verb in (None, r["verb"]) and
                    resource in (None, r["resource"])]

    def check_version(self, text):
        if not text.isdigit():
            raise Gone(400, "BadRequest", f"Invalid value: {text}")
        version = int(text)
        if version > self.version:
            raise Gone(504, "Timeout",
                       f"Timeout: Too large resource version: {version}, "
                       f"current: {self.version}")
        return version

    def first_page(self, resource, params):
        if params.get("resourceVersion"):
            self.check_version(params["resourceVersion"])
        objects = [o for k, o in sorted(self.objects[resource.name].items())
                   if selected(o, params)]
        return self.version, objects, 0

    def next_page(self, token):
        try:
            where = json.loads(base64.urlsafe_b64decode(token))
        except ValueError as err:
            raise Gone(400, "BadRequest", f"continue: {err}") from err
        if where["list"] not in self.lists:
            raise expired()
        version, objects = self.lists[where["list"]]
        return version, objects, where["start"]

    def page(self, resource, params):
        with self.changed:
            token = params.get("continue", "")
            if token:
                version, objects, start = self.next_page(token)
            else:
                version, objects, start = self.first_page(resource, params)
            limit = int(params.get("limit") or 0) or len(objects) or 1
            items = objects[start:start + limit]
            meta = {"resourceVersion": str(version)}
            if start + limit < len(objects):
                key = f"{resource.name}-{version}"
                self.lists[key] = version, objects
                meta["continue"] = base64.urlsafe_b64encode(json.dumps(
                    {"list": key, "start": start + limit}).encode()).decode()
                meta["remainingItemCount"] = len(objects) - start - limit
        # As the real one: items of a list say neither kind nor apiVersion.
        return {"kind": resource.kind + "List",
                "apiVersion": resource.version, "metadata": meta,
                "items": [{k: v for k, v in o.items()
                           if k not in ("kind", "apiVersion")}
                          for o in items]}


class Hangup(Exception):
    """The connection is to end without another word."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    api = None

    def log_message(self, *_):
        pass

    # Answers.

    def answer(self, code, body, headers=()):
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def begin_stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def end_stream(self):
        self.wfile.write(b"0\r\n\r\n")

    def send_event(self, what, obj):
        self.chunk(json.dumps({"type": what, "object": obj}).encode() + b"\n")

    # Faults: each returns True if the request is dealt with.

    def fault_status(self, fault):
        """code, reason, message; retry_after in seconds"""
        code = fault["code"]
        headers = []
        if "retry_after" in fault:
            headers.append(("Retry-After", str(fault["retry_after"])))
        self.answer(code, status(code, fault.get("reason", "Fault"),
                                 fault.get("message", "as asked")), headers)
        return True

    def fault_close(self, _):
        """The connection ends before the answer."""
        raise Hangup

    def fault_reset(self, _):
        """The same, by a RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        raise Hangup

    def fault_silence(self, fault):
        """No answer for so many seconds; headers: behind a good head."""
        if fault.get("headers"):
            self.begin_stream()
        self.server.stopping.wait(fault.get("seconds", 3600))
        raise Hangup

    def fault_text(self, fault):
        """A good head, then this text; ends well if "end" is given."""
        self.begin_stream()
        self.chunk(fault["text"].encode("utf-8", "surrogateescape"))
        if fault.get("end"):
            self.end_stream()
            return True
        raise Hangup

    def fault_endless(self, fault):
        """So many bytes without a newline."""
        self.begin_stream()
        piece = b"x" * (1 << 16)
        self.chunk(b'{"type":"')
        for _ in range(fault["bytes"] // len(piece)):
            self.chunk(piece)
        raise Hangup

    def fault_truncate(self, fault):
        """The real answer, cut after so many bytes of its body."""
        self.cut = fault["bytes"]
        return False

    def fault_error(self, fault):
        """An ERROR event at the head of a watch."""
        self.begin_stream()
        code = fault["code"]
        self.send_event("ERROR", status(code, fault.get("reason", "Fault"),
                                        fault.get("message", "as asked")))
        self.end_stream()
        return True

    def fault_short(self, _):
        """A watch that ends well and at once."""
        self.begin_stream()
        self.end_stream()
        return True

    def fault_loop(self, _):
        """A list whose continue token leads back to itself."""
        self.answer(200, {"kind": BY_PATH[self.where].kind + "List",
                          "metadata": {"resourceVersion": "1",
                                       "continue": "again"}, "items": []})
        return True

    # Requests.

    def serve_list(self, resource, params):
        body = self.api.page(resource, params)
        if self.cut is None:
            self.answer(200, body)
            return
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[:self.cut])
        raise Hangup

    def next_events(self, resource, params, version, end):
        """The events after @version, or None at the end of the watch."""
        api = self.api
        with api.changed:
            while True:
                if resource and (version < api.oldest or
                                 self.seen < api.dropped):
                    raise expired()
                if self.server.stopping.is_set():
                    raise Hangup
                for fault in api.faults:
                    if fault["verb"] == "open" and fault["resource"] in (
                            None, resource.name):
                        return [api.take_fault("open", resource.name)]
                new = [e for e in api.events[self.seen - api.dropped:]
                       if e[1] == resource.name and
                       (e[0] > version or e[2] == "BOOKMARK") and
                       (e[2] == "BOOKMARK" or selected(e[3], params))]
                self.seen = api.dropped + len(api.events)
                if new:
                    return new
                left = end - time.monotonic()
                if left <= 0 or api.generation != self.generation:
                    return None
                api.changed.wait(min(left, 1))

    def mid_fault(self, fault):
        """A fault of a watch that is open already."""
        if fault["kind"] == "text":
            self.chunk(fault["text"].encode("utf-8", "surrogateescape"))
        elif fault["kind"] == "endless":
            for _ in range(fault["bytes"] >> 16):
                self.chunk(b"x" * (1 << 16))
        elif fault["kind"] == "error":
            self.send_event("ERROR", status(
                fault["code"], fault.get("reason", "Fault"),
                fault.get("message", "as asked")))
            return
        elif fault["kind"] == "silence":
            self.server.stopping.wait(fault.get("seconds", 3600))
        elif fault["kind"] == "reset":
            self.fault_reset(fault)
        raise Hangup

    def serve_watch(self, resource, params):
        api = self.api
        with api.changed:
            version = api.check_version(params.get("resourceVersion", "0"))
            if version < max(api.oldest, api.kept_from):
                raise expired()
            self.seen = api.dropped
        end = time.monotonic() + float(params.get("timeoutSeconds", 60))
        self.begin_stream()
        with api.changed:
            api.watches[resource.name] += 1
            api.changed.notify_all()
        try:
            self.stream(resource, params, version, end)
        finally:
            with api.changed:
                api.watches[resource.name] -= 1
                api.changed.notify_all()
        self.end_stream()

    def stream(self, resource, params, version, end):
        sent = 0
        while True:
            try:
                events = self.next_events(resource, params, version, end)
            except Gone as gone:
                self.send_event("ERROR", gone.status)
                return
            if events is None:
                return
            for event in events:
                if isinstance(event, dict):
                    self.mid_fault(event)
                    return
                version = max(version, event[0])
                data = json.dumps({"type": event[2],
                                   "object": event[3]}).encode() + b"\n"
                if self.cut is not None and sent + len(data) > self.cut:
                    self.chunk(data[:self.cut - sent])
                    raise Hangup
                sent += len(data)
                self.chunk(data)

    def serve(self, resource, params):
        verb = "watch" if params.get("watch") else "list"
        self.cut = None
        self.api.log({"verb": verb, "resource": resource.name,
                      "params": params, "time": time.monotonic(),
                      "auth": self.headers.get("Authorization")})
        tokens = self.api.token
        if isinstance(tokens, str):
            tokens = [tokens]
        if tokens and self.headers.get("Authorization") not in [
                f"Bearer {token}" for token in tokens]:
            self.answer(401, status(401, "Unauthorized", "Unauthorized"))
            return
        kind = "page" if params.get("continue") else verb
        with self.api.changed:
            fault = self.api.take_fault(kind, resource.name)
            self.generation = self.api.generation
        if fault and getattr(self, "fault_" + fault["kind"])(fault):
            return
        try:
            if verb == "watch":
                self.serve_watch(resource, params)
            else:
                self.serve_list(resource, params)
        except Gone as gone:
            self.answer(gone.status["code"], gone.status)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        self.where = url.path
        params = dict(urllib.parse.parse_qsl(url.query,
                                             keep_blank_values=True))
        try:
            if url.path in BY_PATH:
                self.serve(BY_PATH[url.path], params)
            elif url.path in DISCOVERY:
                self.answer(200, DISCOVERY[url.path])
            else:
                self.answer(404, status(404, "NotFound", url.path))
        except (Hangup, ConnectionError, ssl.SSLError):
            self.close_connection = True

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        command = json.loads(self.rfile.read(length))
        what = command.pop("do")
        if self.path != "/control" or what.startswith("_"):
            self.answer(404, status(404, "NotFound", self.path))
            return
        self.answer(200, getattr(self.api, what)(**command))


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, api, port=0, tls=None, client_ca=None):
        self.stopping = threading.Event()
        self.tls = None
        self.open = set()
        if tls:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*tls)
            if client_ca:
                self.tls.load_verify_locations(client_ca)
                self.tls.verify_mode = ssl.CERT_REQUIRED
        super().__init__(("127.0.0.1", port),
                         type("Bound", (Handler,), {"api": api}))
        self.url = "%s://127.0.0.1:%d" % ("https" if tls else "http",
                                          self.server_address[1])
        self.thread = threading.Thread(target=self.serve_forever,
                                       kwargs={"poll_interval": 0.05},
                                       daemon=True)

    def start(self):
        self.thread.start()
        return self

    def finish_request(self, request, client_address):
        """In the connection's thread, so that no handshake holds up others."""
        self.open.add(request)
        if self.tls:
            try:
                request.settimeout(10)
                request = self.tls.wrap_socket(request, server_side=True)
                request.settimeout(None)
            except OSError:
                return
            self.open.add(request)
        self.RequestHandlerClass(request, client_address, self)

    def shutdown_request(self, request):
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        error = sys.exc_info()[1]
        if not isinstance(error, (OSError, ValueError)):
            super().handle_error(request, client_address)

    def stop(self):
        """Gone, with all its connections."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        for request in list(self.open):
            try:
                request.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("--client-ca", metavar="CA")
    parser.add_argument("--token")
    parser.add_argument("--version", metavar="NUMBER", type=int,
                        default=1000)
    parser.add_argument("--load", metavar="FILE")
    args = parser.parse_args()
    api = Api(args.token, args.version)
    if args.load:
        api.load(args.load)
    server = Server(api, args.port, args.tls, args.client_ca).start()
    print(server.url, flush=True)
    server.thread.join()


if __name__ == "__main__":
    sys.exit(main())
