#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""How svcnatd finds the API server, knows it, and is known to it.

usage: tests/agent/access_test.py SVCNATD_FAKE [CASE]...
"""
import base64
import json
import os
import subprocess

from agent import expect, main, wait

CASES = []


def case(function):
    CASES.append(function)
    return function


def openssl(c, *words):
    subprocess.run(["openssl", *words], cwd=c.dir, check=True,
                   stdin=subprocess.DEVNULL, capture_output=True)


def make_ca(c, name):
    openssl(c, "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", f"{name}.key",
            "-out", f"{name}.crt")


def make_cert(c, name, authority, names="IP:127.0.0.1"):
    openssl(c, "req", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            f"/O=system:node-proxier/CN={name}", "-keyout", f"{name}.key",
            "-out", f"{name}.csr")
    c.write(f"{name}.ext", f"subjectAltName={names}\n")
    openssl(c, "x509", "-req", "-in", f"{name}.csr", "-CA",
            f"{authority}.crt", "-CAkey", f"{authority}.key", "-days", "2",
            "-extfile", f"{name}.ext", "-out", f"{name}.crt")


def serve_tls(c, names="IP:127.0.0.1", client_ca=None):
    make_ca(c, "ca")
    make_cert(c, "server", "ca", names)
    c.serve(tls=(c.path("server.crt"), c.path("server.key")),
            client_ca=client_ca and c.path(f"{client_ca}.crt"))


def inline(c, name):
    with open(c.path(name), "rb") as file:
        return base64.b64encode(file.read()).decode()


def cluster(c, **members):
    return {"server": c.server.url, **members}


def never_connects(c, reason, error=None):
    lines = c.wait_log(reason=reason, doing="list")
    if error:
        assert error in lines[0]["error"], lines
    expect(c.api.asked(), [])
    expect(c.kernel(), {})
    assert c.failures(lines[0]["resource"], reason) >= 1


def refuses(c, sentence, text=None, **parts):
    """A kubeconfig that will not do ends it with that sentence."""
    if c.server is None:
        c.serve()
    path = c.write("bad", text) if text else c.kubeconfig(**parts)
    c.start(kubeconfig=path)
    expect(c.agent.wait(20), 1, "exit status")
    c.agent = None
    said = [line for line in c.log() if line["level"] <= 3]
    expect(len(said), 1, "lines")
    assert sentence in said[0]["msg"], said[0]["msg"]
    assert path in said[0]["msg"] or "server" in said[0]["msg"]


@case
def tls_with_ca_by_file(c):
    serve_tls(c)
    c.fill()
    # A path in a kubeconfig is relative to it.
    c.synced(kubeconfig=c.kubeconfig(cluster(
        c, **{"certificate-authority": "ca.crt"})))


@case
def tls_with_ca_inline(c):
    serve_tls(c)
    c.fill()
    c.synced(kubeconfig=c.kubeconfig(cluster(
        c, **{"certificate-authority-data": inline(c, "ca.crt")})))


@case
def tls_with_another_ca(c):
    serve_tls(c)
    make_ca(c, "other")
    c.fill()
    c.start(kubeconfig=c.kubeconfig(cluster(
        c, **{"certificate-authority": "other.crt"})))
    never_connects(c, "tls", "certificate")


@case
def tls_with_no_ca(c):
    """Those whom the host trusts do not include ours."""
    serve_tls(c)
    c.fill()
    c.start(kubeconfig=c.kubeconfig(cluster(c)))
    never_connects(c, "tls", "certificate")


@case
def tls_with_a_certificate_of_another_host(c):
    serve_tls(c, "DNS:elsewhere.example")
    c.fill()
    c.start(kubeconfig=c.kubeconfig(cluster(
        c, **{"certificate-authority": "ca.crt"})))
    never_connects(c, "tls")


@case
def tls_with_a_server_name(c):
    serve_tls(c, "DNS:elsewhere.example")
    c.fill()
    c.synced(kubeconfig=c.kubeconfig(cluster(
        c, **{"certificate-authority": "ca.crt",
              "tls-server-name": "elsewhere.example"})))


@case
def tls_unverified_if_one_wants_it(c):
    serve_tls(c, "DNS:elsewhere.example")
    c.fill()
    c.synced(kubeconfig=c.kubeconfig(cluster(
        c, **{"insecure-skip-tls-verify": True})))
    assert [one for one in c.find_log(level=4)
            if "not verified" in one["msg"]]


@case
def client_certificate_by_file(c):
    make_ca(c, "clients")
    make_cert(c, "me", "clients")
    serve_tls(c, client_ca="clients")
    c.fill()
    c.synced(kubeconfig=c.kubeconfig(
        cluster(c, **{"certificate-authority": "ca.crt"}),
        {"client-certificate": "me.crt", "client-key": "me.key"}))


@case
def client_certificate_inline(c):
    make_ca(c, "clients")
    make_cert(c, "me", "clients")
    serve_tls(c, client_ca="clients")
    c.fill()
    c.synced(kubeconfig=c.kubeconfig(
        cluster(c, **{"certificate-authority": "ca.crt"}),
        {"client-certificate-data": inline(c, "me.crt"),
         "client-key-data": inline(c, "me.key")}))


@case
def client_certificate_missing(c):
    make_ca(c, "clients")
    serve_tls(c, client_ca="clients")
    c.fill()
    c.start(kubeconfig=c.kubeconfig(cluster(
        c, **{"certificate-authority": "ca.crt"})))
    lines = c.wait_log(2, resource="services", doing="list")
    assert lines[0]["reason"] in ("tls", "network"), lines
    expect(c.kernel(), {})


@case
def token_inline(c):
    serve_tls(c)
    c.api.token = "sesame"
    c.fill()
    c.synced(kubeconfig=c.kubeconfig(
        cluster(c, **{"certificate-authority": "ca.crt"}),
        {"token": "sesame"}))


@case
def token_that_is_wrong(c):
    serve_tls(c)
    c.api.token = "sesame"
    c.fill()
    c.start(kubeconfig=c.kubeconfig(
        cluster(c, **{"certificate-authority": "ca.crt"}),
        {"token": "simsim"}))
    c.wait_log(2, reason="unauthorized", resource="services")
    expect(c.kernel(), {})
    with open(c.path("log.1"), encoding="utf-8") as file:
        assert "simsim" not in file.read(), "the token is in the log"


@case
def token_file_that_rotates(c):
    serve_tls(c)
    c.api.token = "old"
    token = c.write("token", "old\n")
    c.fill()
    c.synced(kubeconfig=c.kubeconfig(
        cluster(c, **{"certificate-authority": "ca.crt"}),
        {"tokenFile": token}))
    c.api.token = "new"
    c.api.end_watches()
    c.wait_log(reason="unauthorized", doing="watch",
               resource="endpointslices")
    c.change()
    c.write("token.next", "new\n")
    os.rename(c.path("token.next"), token)
    c.wait_equal()
    expect(len(c.api.asked("list", "endpointslices")), 1)
    assert c.failures("endpointslices", "unauthorized") >= 1


@case
def token_file_that_rotates_in_time(c):
    """Each request has the token of its time: nobody is ever refused."""
    serve_tls(c)
    c.api.token = "old"
    token = c.write("token", "old\n")
    c.fill()
    c.synced(kubeconfig=c.kubeconfig(
        cluster(c, **{"certificate-authority": "ca.crt"}),
        {"tokenFile": token}))
    c.api.token = ["old", "new"]
    c.write("token.next", "new")
    os.rename(c.path("token.next"), token)
    before = len(c.api.asked("watch"))
    wait("new watches", lambda: len(c.api.asked("watch")) >= before + 6)
    expect({one["auth"] for one in c.api.asked("watch")[before + 3:]},
           {"Bearer new"})
    expect(c.find_log(reason="unauthorized"), [])


@case
def in_a_pod(c):
    serve_tls(c)
    c.api.token = "pod"
    c.write("token", "pod")
    c.fill()
    port = c.server.server_address[1]
    c.synced(kubeconfig=None, env={
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "KUBERNETES_SERVICE_PORT": str(port),
        "SVCNATD_SERVICE_ACCOUNT": c.dir})


@case
def not_in_a_pod(c):
    c.start(kubeconfig=None)
    expect(c.agent.wait(20), 1)
    c.agent = None
    assert "--kubeconfig" in c.log()[-1]["msg"]


@case
def in_a_pod_without_a_token(c):
    c.start(kubeconfig=None, env={
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "KUBERNETES_SERVICE_PORT": "443", "SVCNATD_SERVICE_ACCOUNT": c.dir})
    expect(c.agent.wait(20), 1)
    c.agent = None
    assert c.dir in c.log()[-1]["msg"]


@case
def in_yaml(c):
    """As people write it, with another context than the current one."""
    c.serve()
    c.fill()
    c.synced("--context=that", kubeconfig=c.write("kubeconfig", f"""\
# of the cluster
apiVersion: v1
kind: Config
current-context: none
clusters:
- cluster:
    server: {c.server.url}/
  name: "this"
contexts:
- context: {{cluster: this, user: 'me'}}
  name: that
users:
- name: me
  user: {{}}
"""))


@case
def kubeconfig_missing(c):
    c.serve()
    c.start(kubeconfig="/nowhere/at-all")
    expect(c.agent.wait(20), 1)
    c.agent = None
    assert "/nowhere/at-all" in c.log()[-1]["msg"]
    assert "No such file" in c.log()[-1]["msg"]


@case
def kubeconfig_malformed(c):
    refuses(c, "line 2", text="a: [b\n}: c")


@case
def kubeconfig_with_aliases(c):
    refuses(c, "aliases", text="a: &a [x]\nb: *a\n")


@case
def kubeconfig_that_is_deep(c):
    refuses(c, "too deep", text="[" * 40 + "]" * 40)


@case
def kubeconfig_of_nothing(c):
    refuses(c, "nothing in it", text="# nothing\n")


@case
def kubeconfig_that_is_none(c):
    refuses(c, "no kubeconfig", text="- a\n")


@case
def kubeconfig_without_context(c):
    refuses(c, "no current context", text="kind: Config\n")


@case
def kubeconfig_with_exec(c):
    refuses(c, "wants a program run (exec)",
            user={"exec": {"command": "aws"}})


@case
def kubeconfig_with_auth_provider(c):
    refuses(c, "auth-provider", user={"auth-provider": {"name": "gcp"}})


@case
def kubeconfig_with_password(c):
    refuses(c, "password", user={"password": "x"})


@case
def kubeconfig_with_bad_base64(c):
    refuses(c, "client-certificate-data is not base64",
            user={"client-certificate-data": "!!!!"})


@case
def kubeconfig_with_half_a_pair(c):
    refuses(c, "belong together", user={"client-certificate": "x.crt"})


@case
def kubeconfig_with_a_token_in_the_clear(c):
    refuses(c, "without TLS", user={"token": "x"})


@case
def kubeconfig_with_another_scheme(c):
    refuses(c, "https://", cluster={"server": "ftp://127.0.0.1"})


@case
def kubeconfig_without_server(c):
    refuses(c, "has no server", cluster={"proxy-url": "x"})


@case
def kubeconfig_with_an_odd_switch(c):
    c.serve()
    refuses(c, "expected true or false", cluster={
        "server": c.server.url, "insecure-skip-tls-verify": "perhaps"})


@case
def kubeconfig_with_unknown_user(c):
    refuses(c, 'no user "me"', text=json.dumps({
        "current-context": "a", "contexts": [{"name": "a", "context": {
            "cluster": "b", "user": "me"}}],
        "clusters": [{"name": "b", "cluster": {"server": "https://x"}}]}))


if __name__ == "__main__":
    main(CASES)
