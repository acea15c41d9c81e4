#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""svcctl and a module that is of another version, or of the same one."""
from messages import (EINVAL, ENOENT, K, Run, ack, expect, reply, nest,
                      sentence, service, u32, main)

EOPNOTSUPP, ERANGE = 95, 34
OURS = Run(["version"]).out.split()[1]


def version():
    ran = Run(["version"], module=OURS)
    expect((ran.code, ran.out, ran.err),
           (0, f"svcctl {OURS}\nmodule {OURS}\n", ""))
    expect(Run(["-j", "version"], module=OURS).json(),
           [{"svcctl": OURS, "module": OURS}])
    ran = Run(["-V"])
    expect((ran.code, ran.out, ran.err), (0, f"svcctl {OURS}\n", ""))


def version_differs():
    said = (f"svcctl: the module is version 0.0.1 and svcctl {OURS}: they "
            "work together, as far as both know what is asked for\n")
    ran = Run(["version"], module="0.0.1")
    expect((ran.code, ran.out, ran.err),
           (0, f"svcctl {OURS}\nmodule 0.0.1\n", said))
    ran = Run(["-j", "version"], module="0.0.1")
    expect((ran.code, ran.err), (0, said))
    expect(ran.out, f'[{{"svcctl":"{OURS}","module":"0.0.1"}}]\n')


def command_unknown_to_the_module():
    """The kernel says so without a sentence of its own."""
    ran = Run(["service", "flush"], ack(EOPNOTSUPP), module="0.0.1")
    expect((ran.code, ran.err),
           (2, "svcctl: service: Operation not supported; the module is "
               f"version 0.0.1, svcctl {OURS}\n"))


def attribute_unknown_to_the_module():
    for error in EINVAL, ERANGE:
        ran = Run(["config", "set", "fastpath", "on"],
                  ack(error, sentence("Unknown attribute type")),
                  module="9.9.9")
        expect((ran.code, ran.err),
               (2, "svcctl: config: Unknown attribute type; the module is "
                   f"version 9.9.9, svcctl {OURS}\n"))


def versions_are_not_to_blame():
    """They are the same, one is not known, or the reason is another one."""
    for module in OURS, None, "":
        ran = Run(["service", "flush"], ack(EINVAL), module=module)
        expect((ran.code, ran.err),
               (2, "svcctl: service: Invalid argument\n"))
    ran = Run(["service", "del", "a"], ack(ENOENT, sentence("no such")),
              module="0.0.1")
    expect((ran.code, ran.err), (2, 'svcctl: service "a": no such\n'))


def attribute_unknown_to_svcctl():
    """A newer module may say more: what else it says is taken."""
    values = nest(K["A_CONFIG"], u32(K["CONFIG_A_MAX_FLOWS"], 5),
                  u32(K["__CONFIG_A_MAX"] + 7, 1))
    ran = Run(["-j", "config", "show"],
              reply(u32(K["__A_MAX"] + 3, 1), service("a"), values, flags=0),
              ack(), module="9.9.9")
    expect(ran.json()[0]["max-flows"], 5)


main(version, version_differs, command_unknown_to_the_module,
     attribute_unknown_to_the_module, versions_are_not_to_blame,
     attribute_unknown_to_svcctl)
