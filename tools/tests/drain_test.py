#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""How an endpoint is drained."""
import time

from messages import (DUMP, ENOENT, K, REQUEST, Run, ack, addr, attr, done,
                      endpoint, expect, expect_request, main, nest, port,
                      reply, sentence, service, u64, u8)

DRAIN = ["endpoint", "drain", "web", "10.0.0.1:80"]


def active(number, state=1):
    """What there is: others, and the one that is drained."""
    def one(address, count, its=0):
        return reply(service("web"),
                     endpoint(address, 80, 1, its, 0,
                              u64(K["ENDPOINT_A_ACTIVE"], count)))

    return one("10.0.0.2", 7) + one("10.0.0.1", number, state) + \
        one("fd00::1", 9) + done()


def drained():
    for replies in [[active(0)], [active(2), active(1), active(0)],
                    [active(1), active(1, 2), active(0, 2)]]:
        ran = Run(DRAIN, active(3, 0), ack(), *replies)
        expect((ran.code, ran.out, ran.err), (0, "", ""))
        expect(len(ran.requests), 2 + len(replies))
        expect_request(ran, "CMD_ENDPOINT_SET", service("web"), nest(
            K["A_ENDPOINT"], addr(K["ENDPOINT_A_ADDR4"], "10.0.0.1"),
            port(K["ENDPOINT_A_PORT"], 80), u8(K["ENDPOINT_A_STATE"], 1)),
            number=1)
        expect_request(ran, "CMD_ENDPOINT_GET", service("web"),
                       attr(K["A_WITH_STATS"]), number=2,
                       flags=REQUEST | DUMP)


def unready():
    """It gets no connections, and must not get any while it terminates."""
    ran = Run(DRAIN, active(2, 2), active(1, 2), active(0, 2))
    expect((ran.code, ran.out, ran.err, len(ran.requests)), (0, "", "", 3))
    for number in range(3):
        expect_request(ran, "CMD_ENDPOINT_GET", service("web"),
                       attr(K["A_WITH_STATS"]), number=number,
                       flags=REQUEST | DUMP)


def not_drained():
    for wait, replies, why in [
            ("0", [active(3)], "still has 3 active flows"),
            ("1s", [active(3)] * 99, "still has 3 active flows"),
            ("1h", [active(3), done()], "was removed while it drained"),
            ("1h", [active(3), active(3, 0)],
             "was made ready while it drained")]:
        start = time.monotonic()
        ran = Run([*DRAIN, "wait", wait], active(3, 0), ack(), *replies)
        took = time.monotonic() - start
        expect((ran.code, ran.out, ran.err),
               (2, "", f'svcctl: service "web": endpoint 10.0.0.1:80 {why}\n'))
        expect(took >= (1 if wait == "1s" else 0), True)


def refused():
    # The last answer says which services there are: was another one meant?
    ran = Run(DRAIN, done(), ack(ENOENT, sentence("no such endpoint")), done())
    expect((ran.code, ran.err, len(ran.requests)),
           (2, 'svcctl: service "web": no such endpoint\n', 3))
    ran = Run(DRAIN, done(-ENOENT, sentence("no such service")), done())
    expect((ran.code, ran.err, len(ran.requests)),
           (2, 'svcctl: service "web": no such service\n', 2))
    ran = Run(DRAIN, active(1, 0), ack(), active(1),
              done(-ENOENT, sentence("gone")), done())
    expect((ran.code, ran.err), (2, 'svcctl: service "web": gone\n'))


if __name__ == "__main__":
    main(drained, unready, not_drained, refused)
