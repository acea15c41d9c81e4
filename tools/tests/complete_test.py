#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""What svcctl offers to shells that complete its words."""
import re
import time

from messages import (DUMP, EINVAL, EPERM, K, REQUEST, Run, ack, done,
                      endpoint, expect, expect_request, frontend, nodeport,
                      reply, service, main)


def offered(*words, replies=()):
    ran = Run(["complete", "--", *words], *replies)
    expect((ran.code, ran.err), (0, ""))
    return ran.out.split("\n")[:-1], ran


def offers(line, want, *replies):
    """@line is split at blanks; what is behind the last one is unfinished."""
    expect(offered(*line.split(" "), replies=replies)[0], sorted(want.split()),
           line)


def help_lines(*words):
    return Run(["help", *words]).out.splitlines()


def objects():
    """Whatever help names, and nothing else."""
    found = set(re.findall(r"^  ([a-z]+)", "\n".join(help_lines()), re.M))
    expect(set(offered("")[0]), found)
    offers("he", "help")
    expect(set(offered("help", "")[0]), found - {"help", "version"})
    offers("x", "")
    offers("nonsense ", "")
    expect(offered()[0], [])


def commands():
    for name in offered("help", "")[0]:
        lines = [line.split() for line in help_lines(name)]
        words = {line[1] for line in lines[1:] if line and line[0] == name and
                 len(line) > 1 and re.match("[a-z]+$", line[1])}
        if name in ("simulate", "apply", "save", "monitor", "top", "doctor"):
            continue
        expect(set(offered(name, "")[0]), words, name)
    offers("service fl", "flush")
    offers("service bogus ", "")


def options():
    text = "\n".join(help_lines())
    found = set(re.findall(r"^  (-.), ", text, re.M)) | \
        set(re.findall(r"^  -., (--[a-z]+)", text, re.M))
    expect({word for word in offered("-")[0] if "=" not in word}, found)
    offers("--ver", "--version")
    offers("-j -p stat", "stats")
    offers("-b ", ":file")
    offers("-jb ", ":file")
    offers("--batch x serv", "service")
    offers("-c=always serv", "service")
    offers("-N /nonsense serv", "")


def service_words():
    offers("service add a ", "tcp udp sctp")
    options = """affinity scheduler internal-policy external-policy on-removal
        frontend endpoint"""
    offers("service add a tcp ", options)
    offers("service add a tcp 10.0.0.1:80 ", options)
    offers("service replace a tcp [fd00::1]:80 ", options)
    offers("service add a tcp affinity ", "off")
    offers("service add a tcp scheduler ", "random rr lc maglev")
    offers("service set a internal-policy ", "cluster local")
    offers("service set a on-removal keep external-policy l", "local")
    offers("service set a on-removal ", "keep reset")
    offers("service add a tcp frontend ", "nodeport")
    offers("service add a tcp frontend 1.1.1.1:80 kind ",
           "cluster external lb")
    offers("service add a tcp frontend 1.1.1.1:80 kind lb allow 1.0.0.0/8 ",
           "allow kind frontend endpoint")
    offers("service add a tcp endpoint 1.1.1.1:80 ",
           "weight state local remote local-only endpoint")
    offers("service add a tcp endpoint 1.1.1.1:80 state terminating st",
           "state")
    offers("service add a tcp frontend 1.1.1.1:80 endpoint 1.1.1.1:8 state ",
           "ready terminating unready")


def names():
    services = reply(service("b/2:x")) + reply(service("a")) + \
        reply(service("b/1")) + done()
    for line in """service set:service del:service show:service replace:
            frontend add:frontend del:endpoint set:endpoint show:flow flush:
            affinity show""".split(":"):
        words = line.split()
        got, ran = offered(*words, "", replies=[services])
        expect([name for name in got if not name.startswith("-")][:3],
               ["a", "b/1", "b/2:x"], line)
        expect_request(ran, "CMD_SERVICE_GET", flags=REQUEST | DUMP)
    offers("service set b/", "b/1 b/2:x", services)
    offers("service add ", "", services)
    expect(offered("service", "add", "")[1].requests, [])


def members():
    ends = reply(service("a"), endpoint("10.0.0.1", 80)) + \
        reply(service("a"), endpoint("fd00::1", 443)) + done()
    offers("endpoint set a ", "10.0.0.1:80 [fd00::1]:443", ends)
    offers("endpoint del a [", "[fd00::1]:443", ends)
    _, ran = offered("endpoint", "set", "a", "", replies=[ends])
    expect_request(ran, "CMD_ENDPOINT_GET", service("a"),
                   flags=REQUEST | DUMP)
    expect(offered("endpoint", "add", "a", "")[1].requests, [])
    offers("endpoint set a 10.0.0.1:80 weight 3 ",
           "weight state local remote local-only")
    fronts = reply(service("a"), frontend("10.0.0.1", 80)) + \
        reply(service("a"), nodeport(30080)) + done()
    offers("frontend del a ", "10.0.0.1:80 nodeport", fronts)
    offers("frontend del a nodeport ", "30080", fronts)
    offers("simulate tcp 1.1.1.1:1 ", "10.0.0.1:80", fronts)
    offers("simulate tcp 1.1.1.1:1 1.1.1.1:2 ", "iif local")
    expect("lo" in offered("simulate", "tcp", "1.1.1.1:1", "1.1.1.1:2",
                           "iif", "")[0], True)


def config():
    keys = list(Run(["-j", "config", "show"], reply(flags=0),
                    ack()).json()[0])
    expect(offered("config", "set", "")[0], sorted(keys))
    offers("config set max-flows 7 max-", "max-affinity max-endpoints "
           "max-services")
    offers("config set fastpath ", "off on")
    offers("config set max-flows 7 snat-ports ", "auto")
    offers("config set pod-cidr ", "none")
    offers("config set max-flows ", "")
    offers("config set bogus ", "")


def grammar_has_no_unknown_word():
    """Each option that help explains is offered somewhere."""
    missing = []
    for name, line in (("service", "service set a"),
                       ("frontend", "frontend add a 1.1.1.1:80"),
                       ("endpoint", "endpoint set a 1.1.1.1:80")):
        notes = "\n".join(help_lines(name))
        notes = notes.split("OPTION is\n")[1]
        words = re.findall(r"^  ([a-z|-]+)", notes, re.M)
        for word in (w for many in words for w in many.split("|")):
            if word not in offered(*line.split(), "")[0]:
                missing.append(f"{line} {word}")
    expect(missing, [])


def says_nothing_of_errors():
    for answer in ack(EPERM), ack(EINVAL), done(-EINVAL), b"":
        offers("service set ", "", answer)


def many_names():
    """10 000 services within a blink."""
    data = [b"".join(reply(service(f"default/service-{i}:http"))
                     for i in range(start, start + 100))
            for start in range(0, 10000, 100)]
    start = time.monotonic()
    got, _ = offered("service", "set", "default/service-99",
                     replies=[*data, done()])
    expect(len(got), 111)
    # With sanitizers, on a machine that does other things as well.
    expect(time.monotonic() - start < 5, True)


def many_words():
    line = ["service", "add", "a", "tcp"] + \
        ["endpoint", "1.1.1.1:80", "weight", "3"] * 200
    start = time.monotonic()
    expect(offered(*line, "sta")[0], ["state"])
    expect(time.monotonic() - start < 5, True)
    expect(offered(*(line * 5), "sta")[0], [])


main(objects, commands, options, service_words, names, members, config,
     grammar_has_no_unknown_word, says_nothing_of_errors, many_names,
     many_words)
