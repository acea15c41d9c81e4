#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""What svcctl saves, and what it sends to make a file true."""
import os
import tempfile

from messages import (ACK, DUMP, EEXIST, ENOENT, K, PAUSE, REQUEST, Run, ack,
                      addr, allow, config, done, endpoint, expect,
                      expect_request, frontend, full_service, generation, main,
                      nest, nodeport, port, range_list, reply, sentence,
                      service, shown, shown_service, u32, u8)


WEB = shown("web", [frontend("10.96.0.1", 80)],
            [endpoint("10.0.0.1", 80), endpoint("10.0.0.2", 80)])
WEB_LINE = "service add web tcp 10.96.0.1:80 endpoint 10.0.0.1:80 " \
           "endpoint 10.0.0.2:80\n"
ALL = shown("z", [nodeport(30080),
                  frontend("10.0.0.1", 80, allow("fd00::/8", "10.0.0.0/8"),
                           kind=2),
                  frontend("fd00::1", 81), frontend("10.9.0.1", 81, kind=1),
                  frontend("10.0.0.9", 1)],
            [endpoint("fd00::2", 1), endpoint("10.1.0.1", 1, 0, 1, 1),
             endpoint("10.1.0.2", 1, 7, 2, 2)],
            proto=132, affinity=5400, options=(3, 1, 1, 1))
ALL_LINE = "service add z sctp 10.0.0.9:1 [fd00::1]:81 affinity 90m " \
    "scheduler maglev internal-policy local external-policy local " \
    "on-removal reset frontend 10.0.0.1:80 kind lb allow 10.0.0.0/8 " \
    "allow fd00::/8 frontend 10.9.0.1:81 kind external frontend " \
    "nodeport 30080 endpoint 10.1.0.1:1 weight 0 state terminating local " \
    "endpoint 10.1.0.2:1 weight 7 state unready local-only " \
    "endpoint [fd00::2]:1\n"


def save():
    ran = Run(["save"], config(), done())
    expect((ran.code, ran.out, ran.err), (0, "", ""))
    ran = Run(["save"], config(), ALL + WEB + done())
    expect((ran.code, ran.out, ran.err), (0, WEB_LINE + ALL_LINE, ""))
    expect_request(ran, "CMD_CONFIG_GET")
    expect(ran.request(1)[:2], (REQUEST | DUMP, K["CMD_SERVICE_GET"]))
    ran = Run(["save"], config(
        [], ["fd00::/8", "10.0.0.0/8"], 1, 1, MAX_FLOWS=7, TIMEOUT_UDP=31,
        SNAT_PORTS=1024 << 16 | 65535, TIMEOUT_SCTP=3600), done())
    expect(ran.out.splitlines(), [
        "config set max-flows 7", "config set timeout-udp 31s",
        "config set timeout-sctp 1h", "config set snat-ports 1024-65535",
        "config set pod-cidr 10.0.0.0/8,fd00::/8",
        "config set nodeport-addresses none",
        "config set masquerade-all on", "config set fastpath on"])


def save_knows_all_or_prints_nothing():
    for strange in [shown("a", options=(9, 0, 0, 0)),
                    shown("a", options=(0, 0, 0, 9)),
                    shown("a", [frontend("10.0.0.1", 1, kind=9)]),
                    shown("a", [], [endpoint("10.0.0.1", 1, 1, 9)]),
                    shown("a", [], [endpoint("10.0.0.1", 1, 1, 0, 9)])]:
        ran = Run(["save"], config(), WEB + strange + done())
        expect((ran.code, ran.out, ran.err),
               (2, "", 'svcctl: service "a" has an option that this svcctl '
                "has no word for; use that of the module's version\n"))


def applied(text, *replies, code=0, err="", dry=False):
    """What it prints; the requests behind those that read are compared."""
    words = ["apply", "--dry-run", "-"] if dry else ["apply", "-"]
    ran = Run(words, *replies, stdin=text)
    expect((ran.code, ran.err), (code, err), text)
    return ran


def nothing_to_do():
    for text, now in [("", done()), (WEB_LINE, WEB + done()),
                      (ALL_LINE + WEB_LINE, WEB + ALL + done()),
                      ("service replace web tcp endpoint 10.0.0.2:80 # x\n\n"
                       "endpoint add web 10.0.0.1:80 weight 1 remote\n"
                       "frontend add web 10.96.0.1:80 kind cluster\n"
                       "config set timeout-udp 30 max-services 1048576\n",
                       WEB + done()),
                      ("service add a tcp\nfrontend add a 10.0.0.1:1 kind lb "
                       "allow 10.0.0.0/8 allow 9.0.0.0/8 allow 10.0.0.0/8",
                       shown("a", [frontend("10.0.0.1", 1, allow(
                           "9.0.0.0/8", "10.0.0.0/8"), kind=2)]) + done()),
                      ("config set pod-cidr 10.0.0.0/8,9.0.0.0/8,10.0.0.0/8",
                       done())]:
        ran = applied(text, config(pods=("9.0.0.0/8", "10.0.0.0/8")), now)
        expect((ran.out, len(ran.requests)), ("", 2), text)


def one_service():
    """Each case: lines, what is there, what is printed, what is sent."""
    name = service("web")
    at = nest(K["A_ENDPOINT"], addr(K["ENDPOINT_A_ADDR4"], "10.0.0.2"),
              port(K["ENDPOINT_A_PORT"], 80))
    both = [endpoint("10.0.0.1", 80), endpoint("10.0.0.2", 80)]
    front = frontend("10.96.0.1", 80)
    options = u32(K["SERVICE_A_AFFINITY"], 60), \
        u8(K["SERVICE_A_SCHEDULER"], 2)
    whole = [front, *both]
    for text, now, lines, command, attrs in [
            (WEB_LINE, b"", WEB_LINE, "SERVICE_NEW",
             [full_service("web"), *whole]),
            ("config set timeout-udp 30\n", WEB, "service del web\n",
             "SERVICE_DEL", [name]),
            (WEB_LINE, shown("web", [front], both[:1]),
             "endpoint add web 10.0.0.2:80\n", "ENDPOINT_NEW", [name, at]),
            (WEB_LINE.replace("0.2:80", "0.2:80 weight 3 local"),
             shown("web", [front], both[:1]),
             "endpoint add web 10.0.0.2:80 weight 3 local\n", "ENDPOINT_NEW",
             [name, nest(K["A_ENDPOINT"],
                         addr(K["ENDPOINT_A_ADDR4"], "10.0.0.2"),
                         port(K["ENDPOINT_A_PORT"], 80),
                         u32(K["ENDPOINT_A_WEIGHT"], 3),
                         u8(K["ENDPOINT_A_PLACE"], 1))]),
            (WEB_LINE[:-len("endpoint 10.0.0.2:80\n")], WEB,
             "endpoint del web 10.0.0.2:80\n", "ENDPOINT_DEL", [name, at]),
            (WEB_LINE.replace("0.2:80", "0.2:80 state unready"), WEB,
             "endpoint set web 10.0.0.2:80 state unready\n", "ENDPOINT_SET",
             [name, nest(K["A_ENDPOINT"],
                         addr(K["ENDPOINT_A_ADDR4"], "10.0.0.2"),
                         port(K["ENDPOINT_A_PORT"], 80),
                         u8(K["ENDPOINT_A_STATE"], 2))]),
            (WEB_LINE, shown("web", [front], [
                both[0], endpoint("10.0.0.2", 80, 2, 1, 1)]),
             "endpoint set web 10.0.0.2:80 weight 1 state ready remote\n",
             "ENDPOINT_SET", [name, both[1]]),
            (WEB_LINE, shown("web", [], both),
             "frontend add web 10.96.0.1:80\n", "FRONTEND_NEW",
             [name, front]),
            (WEB_LINE, shown("web", [front, nodeport(30080)], both),
             "frontend del web nodeport 30080\n", "FRONTEND_DEL",
             [name, nodeport(30080)]),
            (WEB_LINE, shown("web", [front, frontend(
                "10.96.0.2", 80, allow("10.0.0.0/8"), kind=2)], both),
             "frontend del web 10.96.0.2:80\n", "FRONTEND_DEL",
             [name, nest(K["A_FRONTEND"],
                         addr(K["FRONTEND_A_ADDR4"], "10.96.0.2"),
                         port(K["FRONTEND_A_PORT"], 80))]),
            (WEB_LINE.replace("tcp", "tcp affinity 1m scheduler lc"), WEB,
             "service set web affinity 1m scheduler lc\n", "SERVICE_SET",
             [service("web", *options)]),
            (WEB_LINE, shown("web", [front], both, affinity=9,
                             options=(0, 1, 0, 1)),
             "service set web affinity off internal-policy cluster "
             "on-removal keep\n", "SERVICE_SET",
             [service("web", u32(K["SERVICE_A_AFFINITY"], 0),
                      u8(K["SERVICE_A_INTERNAL_POLICY"], 0),
                      u8(K["SERVICE_A_ON_REMOVAL"], 0))]),
            # More than one kind: all at once.
            (WEB_LINE, shown("web", [frontend("10.96.0.2", 80)], [
                both[0], endpoint("10.0.0.3", 80)], affinity=1),
             "frontend del web 10.96.0.2:80\nendpoint add web 10.0.0.2:80\n"
             "endpoint del web 10.0.0.3:80\nfrontend add web 10.96.0.1:80\n"
             "service set web affinity off\n", "SERVICE_REPLACE",
             [full_service("web"), *whole]),
            # What no other words can do.
            (WEB_LINE, shown("web", [frontend("10.96.0.1", 80, kind=1)], both),
             WEB_LINE.replace("add", "replace"), "SERVICE_REPLACE",
             [full_service("web"), *whole]),
            (WEB_LINE, shown("web", [front], both, proto=17),
             WEB_LINE.replace("add", "replace"), "SERVICE_REPLACE",
             [full_service("web"), *whole])]:
        ran = applied(text, config(), now + done(), ack())
        expect(ran.out, lines, text)
        expect(len(ran.requests), 3, text)
        expect_request(ran, f"CMD_{command}", *attrs, number=2)
        dry = applied(text, config(), now + done(), dry=True)
        expect((dry.out, len(dry.requests)), (lines, 2))


def nothing_on_stdin():
    """Whoever should have written has failed; an empty file is a wish."""
    for words, text in [(["apply", "-"], ""), (["apply", "-"], "# none\n"),
                        (["apply", "--dry-run", "-"], "")]:
        ran = Run(words, config(), WEB + done(), ack(), stdin=text)
        expect((ran.code, ran.out, ran.err, len(ran.requests)),
               (1, "", "svcctl: the pipe describes nothing, and nothing "
                "was changed; to remove all: svcctl service flush\n", 2))
    ran = Run(["apply", "/dev/null"], config(), WEB + done(), ack())
    expect((ran.code, ran.out, ran.err), (0, "service del web\n", ""))


def configuration():
    text = "config set timeout-udp 20s max-flows 5\n" \
           "config set pod-cidr none masquerade-all off\n"
    now = config(pods=["10.0.0.0/8"])
    ran = applied(text, now, done(), ack())
    expect(ran.out, "config set max-flows 5\nconfig set timeout-udp 20s\n"
           "config set pod-cidr none\n")
    expect_request(ran, "CMD_CONFIG_SET", nest(
        K["A_CONFIG"], u32(K["CONFIG_A_MAX_FLOWS"], 5),
        u32(K["CONFIG_A_TIMEOUT_UDP"], 20),
        range_list(K["CONFIG_A_POD_CIDR"])), number=2)
    ran = applied("config set timeout-udp 20s\n" + WEB_LINE, now, done(),
                  ack() + ack())
    expect(ran.out, "config set timeout-udp 20s\n" + WEB_LINE)


def moves():
    """The old service gives a frontend up right before the new one gets it."""
    one, two, three = [frontend(f"10.96.0.{i}", 80) for i in (1, 2, 3)]
    a, b = shown("a", [one]), shown("b", [two])
    for text, now, steps, lines in [
            ("service add a tcp 10.96.0.2:80\nservice add b tcp 10.96.0.1:80",
             a + b, 3,
             ["frontend del b 10.96.0.2:80", "frontend del a 10.96.0.1:80",
              "frontend add a 10.96.0.2:80", "frontend add b 10.96.0.1:80"]),
            ("service add b tcp 10.96.0.1:80", a + b, 2,
             ["service del a", "frontend del b 10.96.0.2:80",
              "frontend add b 10.96.0.1:80"]),
            ("service add c tcp 10.96.0.1:80 10.96.0.2:80", a + b, 3,
             ["service del a", "service del b",
              "service add c tcp 10.96.0.1:80 10.96.0.2:80"]),
            ("service add a tcp\nservice add b tcp\n"
             "service add c tcp 10.96.0.1:80 10.96.0.2:80 10.96.0.3:80",
             shown("a", [one, three]) + b, 3,
             ["frontend del a 10.96.0.1:80", "frontend del a 10.96.0.3:80",
              "frontend del b 10.96.0.2:80",
              "service add c tcp 10.96.0.1:80 10.96.0.2:80 10.96.0.3:80"]),
            ("service add c tcp\nservice add d tcp 10.96.0.1:80", a, 3,
             ["service add c tcp", "service del a",
              "service add d tcp 10.96.0.1:80"]),
            # The same address and port with another protocol is another one.
            ("service add a udp 10.96.0.1:80\nservice add b tcp 10.96.0.1:80",
             a + b, 2,
             ["service replace a udp 10.96.0.1:80",
              "frontend del b 10.96.0.2:80", "frontend add b 10.96.0.1:80"]),
            ("service add a tcp 10.96.0.1:80\nservice add d udp 10.96.0.1:80",
             a, 1, ["service add d udp 10.96.0.1:80"]),
            ("service add a tcp frontend nodeport 80\n"
             "service add b tcp 10.96.0.2:80",
             shown("a") + shown("b", [two, nodeport(80)]), 2,
             ["frontend del b nodeport 80", "frontend add a nodeport 80"])]:
        ran = applied(text, config(), now + done(), ack() * steps)
        expect(len(ran.requests), 2 + steps, text)
        expect(ran.out.splitlines(), lines, text)
    # One message for all that a service gives up to another one.
    ran = applied("service add a tcp\nservice add c tcp 10.96.0.1:80 "
                  "10.96.0.3:80", config(),
                  shown("a", [one, three]) + done(), ack() + ack())
    expect(len(ran.requests), 4)


# Behind a first line that is good; which line is bad, and what is said.
BAD = [
    ("service add a tcp\nservice add a udp", 2, 'service add: service "a" is '
     "described already, on line 2"),
    ("service add a tcp 10.0.0.1:1\n\nservice add b tcp 10.0.0.1:1", 3,
     'service add: frontend 10.0.0.1:1 of service "b" is named already, for '
     'service "a" on line 2'),
    ("service add a tcp 10.0.0.1:1\nfrontend add a 10.0.0.1:1 kind lb", 2,
     'frontend add: frontend 10.0.0.1:1 of service "a" is named already, for '
     'service "a" on line 2'),
    ("service add a tcp frontend nodeport 1\nservice add b tcp frontend "
     "nodeport 1", 2, 'service add: frontend nodeport:1 of service "b" is '
     'named already, for service "a" on line 2'),
    ("service add a tcp endpoint [::2]:1\nendpoint add a [::2]:1", 2,
     'endpoint add: endpoint [::2]:1 of service "a" is named already, on '
     "line 2"),
    ("service add a tcp endpoint 10.0.0.1:1 endpoint 10.0.0.1:1", 1,
     'service add: endpoint 10.0.0.1:1 of service "a" is named already, on '
     "line 2"),
    ("endpoint add a 10.0.0.1:1\nservice add a tcp", 1, 'endpoint add: '
     'service "a" is described by no line before this one'),
    ("config set max-flows 1\nconfig set max-flows 1", 2,
     'config set: "max-flows" is given twice'),
    ("config set max-flow 1", 1, "*"),
    ("service add a tcp 10.0.0.1", 1, "*"),
    ("service add a tcp scheduler", 1, "*"),
    ("service add a tcp\nfrontend add a 10.0.0.1:1 weight 1", 2, "*"),
    ("service add a tcp\nendpoint add a 10.0.0.1:1 kind lb", 2, "*"),
    ("service add a tcp\nendpoint add a 10.0.0.1", 2, "*"),
    ("service add a tcp\nfrontend add", 2, "*"),
    ('service add a tcp "', 1, "a quote is not closed"),
] + [(words, 1, f'"{shown}" describes nothing, expected "service add", '
      '"service replace", "frontend add", "endpoint add" or "config set"')
     for words, shown in [
         ("service del a", "service del"), ("service", "service"),
         ("service flush", "service flush"), ("endpoint set a 10.0.0.1:1",
                                              "endpoint set"),
         ("flow flush", "flow flush"), ("save", "save"),
         ("apply -", "apply -"), ("nonsense", "nonsense")]]


def files_that_do_not_parse():
    for text, line, want in BAD:
        ran = Run(["apply", "-"], stdin=WEB_LINE + text)
        expect((ran.code, ran.out, ran.requests), (1, "", []), text)
        where = f"-:{line + 1}: "
        expect(ran.err.startswith(where), True, ran.err)
        expect(ran.err.count("\n"), 1)
        if want != "*":
            expect(ran.err, f"{where}{want}\n", text)
    ran = Run(["apply", "/nonexistent"])
    expect((ran.code, ran.err, ran.requests),
           (1, 'svcctl: cannot open "/nonexistent": No such file or directory'
            "\n", []))
    # Nothing in its name is for the terminal.
    with tempfile.TemporaryDirectory() as tmp:
        name = os.path.join(tmp, "a\x1b[2J\udc9b\x7f\nb")
        with open(name, "w", encoding="ascii") as file:
            file.write("nonsense\n")
        ran = Run(["apply", name])
        expect(ran.err.startswith(f"{tmp}/a?[2J???b:1: "), True, ran.err)
    for words in (["apply"], ["apply", "--dry-run"], ["apply", "-", "x"],
                  ["save", "x"]):
        ran = Run(words)
        expect((ran.code, ran.requests), (1, []), words)


def refused():
    """The first refusal ends it; who asked for what is refused is named."""
    with tempfile.TemporaryDirectory() as tmp:
        name = os.path.join(tmp, "wish")
        with open(name, "w", encoding="ascii") as file:
            file.write("# comment\nservice add a tcp\nservice add b tcp\n"
                       "service add c tcp\n")
        no = ack(EEXIST, sentence("no"))
        ran = Run(["apply", name], config(), done(), ack() + no + ack())
        expect((ran.code, ran.out, ran.err),
               (2, "service add a tcp\nservice add c tcp\n",
                f'{name}:3: service "b": no\n'
                "svcctl: changes made: 2, not made: 1\n"))
        ran = Run(["apply", name], config(), done(), no + no + no)
        expect((ran.code, ran.out, ran.err),
               (2, "", f'{name}:2: service "a": no\n'
                "svcctl: changes made: 0, not made: 3\n"))
    ran = Run(["apply", "/dev/null"], config(), WEB + done(),
              ack(ENOENT, sentence("gone")))
    expect((ran.code, ran.out, ran.err),
           (2, "", 'svcctl: service "web": gone\n'
            "svcctl: changes made: 0, not made: 1\n"))
    lost = "svcctl: the kernel's answer is lost, and with it whether it " \
        "was done: "
    ran = Run(["apply", "-"], config(), done(), ack(),
              stdin="service add a tcp\nservice add b tcp\n")
    expect((ran.code, ran.out), (2, ""))
    expect((ran.err.startswith(lost), ran.err.splitlines()[1]),
           (True, "svcctl: changes made: 0, not made: 2"))
    ran = Run(["apply", "-"], config(), done(-1), stdin=WEB_LINE)
    expect((ran.code, ran.out), (3, ""))
    # The module has gone since it was asked what there is.
    ran = Run(["apply", "-"], config(), done(), ack(ENOENT), stdin=WEB_LINE)
    expect((ran.code, ran.err.splitlines()[0]),
           (3, "-:1: the svcnat module is not loaded; load it with "
            '"modprobe svcnat"'))


def windows():
    """More than fit into one send, and none after a refusal."""
    text = "".join(f"service add s{i:04} tcp\n" for i in range(1000))
    ran = applied(text, config(), done(), *[ack()] * 1000)
    expect(ran.out, text)
    expect(len(ran.requests), 1002)
    for number in (0, 63, 64, 999):
        expect_request(ran, "CMD_SERVICE_NEW", full_service(f"s{number:04}"),
                       number=2 + number, flags=REQUEST |
                       (ACK if number in (63, 999) else 0))
    ran = Run(["apply", "-"], config(), done(), *[ack()] * 70,
              *[ack(EEXIST, sentence("no"))] * 2, *[ack()] * 930, stdin=text)
    expect((ran.code, len(ran.requests) < 200), (2, True))
    made = len(ran.requests) - 2 - 2
    expect(ran.out.count("\n"), made)
    expect(ran.err, '-:71: service "s0070": no\n'
           f"svcctl: changes made: {made}, not made: {1000 - made}\n")


def strange_answers():
    """An answer that is nobody's, or malformed."""
    ran = Run(["apply", "-"], config(), done(), done(),
              stdin="service add a tcp\n")
    expect((ran.code, ran.out), (2, ""))
    ran = Run(["apply", "-"], config(), done(), b"\xff" * 20,
              stdin="service add a tcp\n")
    expect((ran.code, ran.out), (2, ""))


def restless():
    """What is never of one moment can be neither compared nor saved."""
    mixed = reply(shown_service("a", 0, 2), generation(1)) + \
        reply(service("a"), endpoint("10.0.0.1", 1), generation(2)) + done()
    ran = Run(["apply", "-"], config(), *[mixed] * 200, stdin=WEB_LINE)
    expect((ran.code, ran.out, ran.err),
           (2, "", 'svcctl: service "a" changed each time it was read, and '
            "nothing was changed\n"))
    ran = Run(["save"], config(), *[WEB + mixed] * 200)
    expect((ran.code, ran.out, ran.err),
           (2, "", 'svcctl: service "a" changed each time it was read, and '
            "nothing was saved\n"))


def warnings():
    text = "service add a tcp endpoint 169.254.1.1:80\n"
    warning = "svcctl: warning: endpoint 169.254.1.1 is link-local, " \
        "clients may reach what only this node should\n"
    there = shown("a", [], [endpoint("169.254.1.1", 80)])
    applied(text, config(), done(), ack(), err=warning)
    applied(text, config(), shown("a") + done(), ack(), err=warning)
    applied(text, config(), there + done())


def progress():
    """On a terminal, where nothing else is, after a second."""
    text = "".join(f"service add s{i} tcp\n" for i in range(3))

    def shown_after(*answers, terminal=True):
        master, slave = os.openpty()
        ran = Run(["apply", "-"], config(), done(), *answers, stdin=text,
                  stdout=None if terminal else slave, stderr=slave)
        os.write(slave, b"end")
        said = os.read(master, 4096).decode()
        os.close(master)
        os.close(slave)
        expect(ran.code, 0)
        return said.removesuffix("end")

    expect(shown_after(ack(), PAUSE, ack(), ack()),
           "\r1 of 3 changes\r\033[K")
    expect(shown_after(ack(), ack(), ack()), "")
    expect(shown_after(ack(), PAUSE, ack(), ack(), terminal=False),
           text.replace("\n", "\r\n"))
    ran = Run(["apply", "-"], config(), done(), ack(), PAUSE, ack(), ack(),
              stdin=text)
    expect((ran.code, ran.out, ran.err), (0, text, ""))


def in_a_batch():
    """The rest of stdin is the file; complaints name the right lines."""
    ran = Run(["-b", "-"], config(), done(), ack(), stdin="apply -\n" +
              WEB_LINE)
    expect((ran.code, ran.out, ran.err), (0, WEB_LINE, ""))
    ran = Run(["-b", "-"], stdin="\napply /dev/null x\n")
    expect(ran.err, '-:2: apply: unknown word "x"\n')
    ran = Run(["-b", "-"], ack(EEXIST, sentence("no")),
              stdin="\nservice flush\n")
    expect(ran.err, "-:2: service: no\n")


if __name__ == "__main__":
    main(save, save_knows_all_or_prints_nothing, nothing_to_do, one_service,
         nothing_on_stdin, configuration, moves, files_that_do_not_parse,
         refused, windows, strange_answers, restless, warnings, progress,
         in_a_batch)
