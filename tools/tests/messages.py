# SPDX-License-Identifier: GPL-2.0
"""Messages between svcctl and the module, and svcctl run with them.

Each of the tests that use it is run as "NAME_test.py SVCCTL_FAKE", which is
svcctl with fake.c for a kernel, and prints KTAP.
"""
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile

UAPI = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "../../kmod/uapi/svcnat.h")
ERROR, DONE, FAMILY = 2, 3, 0x20
MULTI, INTR, CAPPED, TLVS = 2, 0x10, 0x100, 0x200
REQUEST, ACK, DUMP = 1, 4, 0x300
NESTED = 0x8000
EPERM, ENOENT, EEXIST, EINVAL = 1, 2, 17, 22


def constants():
    """The enums of the interface, each starting at 0, name to number."""
    text = re.sub(r"/\*.*?\*/", "", open(UAPI, encoding="ascii").read(),
                  flags=re.S)
    found = {}
    for body in re.findall(r"enum \w+ \{(.*?)\}", text, re.S):
        for number, name in enumerate(re.findall(r"\w+", body)):
            found[name.replace("SVCNAT_", "", 1)] = number
    return found


K = constants()


def attr(number, data=b""):
    size = 4 + len(data)
    return struct.pack("=HH", size, number) + data + b"\0" * (-size % 4)


def nest(number, *attrs):
    return attr(number | NESTED, b"".join(attrs))


def u8(number, value):
    return attr(number, struct.pack("=B", value))


def u32(number, value):
    return attr(number, struct.pack("=I", value))


def u64(number, value):
    return attr(number, struct.pack("=Q", value))


def port(number, value):
    return attr(number, struct.pack(">H", value))


def addr(number, text):
    """number: of the attribute for IPv4; that for IPv6 is the next one."""
    if ":" in text:
        return attr(number + 1, socket.inet_pton(socket.AF_INET6, text))
    return attr(number, socket.inet_pton(socket.AF_INET, text))


def message(kind, flags, data):
    return struct.pack("=IHHII", 16 + len(data), kind, flags, 0, 0) + \
        data + b"\0" * (-len(data) % 4)


def reply(*attrs, flags=MULTI):
    return message(FAMILY, flags,
                   struct.pack("=BBH", 0, 1, 0) + b"".join(attrs))


def done(error=0, *tlvs, flags=MULTI):
    return message(DONE, flags | (TLVS if tlvs else 0),
                   struct.pack("=i", error) + b"".join(tlvs))


def ack(error=0, *tlvs, echo=None):
    size = 5000 if echo is None else 16 + len(echo)
    header = struct.pack("=IHHII", size, FAMILY, 5, 0, 0)
    flags = (CAPPED if echo is None else 0) | (TLVS if tlvs else 0)
    return message(ERROR, flags, struct.pack("=i", -error) + header +
                   (echo or b"") + b"".join(tlvs))


def sentence(text):
    return attr(1, text.encode() + b"\0")


def counters(number, *values):
    return nest(number, *[u64(K["COUNTER_A_CONNECTIONS"] + i, v)
                          for i, v in enumerate(values)])


def service(name, *attrs):
    return nest(K["A_SERVICE"],
                attr(K["SERVICE_A_NAME"], name.encode() + b"\0"), *attrs)


def full_service(name, proto=6, affinity=0, *attrs, options=(0, 0, 0, 0)):
    """options: scheduler, internal and external policy, on removal"""
    return service(name, u8(K["SERVICE_A_PROTO"], proto),
                   u32(K["SERVICE_A_AFFINITY"], affinity),
                   *[u8(K["SERVICE_A_SCHEDULER"] + i, v)
                     for i, v in enumerate(options)], *attrs)


def shown_service(name, frontends, endpoints, *attrs, proto=17, affinity=0,
                  options=(0, 0, 0, 0)):
    """As the module sends it in a dump: with the number of its members."""
    return full_service(name, proto, affinity,
                        u32(K["SERVICE_A_FRONTENDS"], frontends),
                        u32(K["SERVICE_A_ENDPOINTS"], endpoints), *attrs,
                        options=options)


def range_list(number, *texts):
    """A nest of ranges that are numbered from 1 up."""
    def one(i, text):
        address, prefix = text.split("/")
        return nest(i, addr(K["RANGE_A_ADDR4"], address),
                    u8(K["RANGE_A_PREFIX"], int(prefix)))

    return nest(number, *[one(i, text) for i, text in enumerate(texts, 1)])


def allow(*texts):
    return range_list(K["FRONTEND_A_ALLOW"], *texts)


def frontend(address, number, *attrs, kind=0):
    return nest(K["A_FRONTEND"], addr(K["FRONTEND_A_ADDR4"], address),
                port(K["FRONTEND_A_PORT"], number),
                u8(K["FRONTEND_A_KIND"], kind), *attrs)


def nodeport(number, *attrs):
    return nest(K["A_FRONTEND"], port(K["FRONTEND_A_PORT"], number),
                u8(K["FRONTEND_A_KIND"], 3), *attrs)


def endpoint(address, number, weight=1, state=0, place=0, *attrs):
    return nest(K["A_ENDPOINT"], addr(K["ENDPOINT_A_ADDR4"], address),
                port(K["ENDPOINT_A_PORT"], number),
                u32(K["ENDPOINT_A_WEIGHT"], weight),
                u8(K["ENDPOINT_A_STATE"], state),
                u8(K["ENDPOINT_A_PLACE"], place), *attrs)


def generation(number):
    return u32(K["A_GENERATION"], number)


def shown(name, frontends=(), endpoints=(), **options):
    """A service and its members as a dump has them."""
    text = reply(shown_service(name, len(frontends), len(endpoints),
                               **{"proto": 6, **options}), generation(1))
    for member in [*frontends, *endpoints]:
        text += reply(service(name), member, generation(1))
    return text


USUAL = {"MAX_SERVICES": 1048576, "MAX_ENDPOINTS": 65535,
         "MAX_AFFINITY": 262144, "TIMEOUT_TCP_ESTABLISHED": 86400,
         "TIMEOUT_TCP_TRANSITORY": 120, "TIMEOUT_TCP_CLOSING": 10,
         "TIMEOUT_UDP": 30, "TIMEOUT_UDP_STREAM": 120,
         "TIMEOUT_SCTP": 86400, "SNAT_PORTS": 0}


def keys(nodeports=("0.0.0.0/0", "::/0"), pods=(), masquerade=0, fastpath=0,
         **numbers):
    """A configuration; without max-flows, of which the default varies."""
    return nest(
        K["A_CONFIG"],
        *[u32(K[f"CONFIG_A_{key}"], value)
          for key, value in {**USUAL, **numbers}.items()],
        range_list(K["CONFIG_A_POD_CIDR"], *pods),
        range_list(K["CONFIG_A_SERVICE_CIDR"]),
        range_list(K["CONFIG_A_NODEPORT_ADDRESSES"], *nodeports),
        u8(K["CONFIG_A_MASQUERADE_ALL"], masquerade),
        u8(K["CONFIG_A_FASTPATH"], fastpath))


def config(*lists, **values):
    """The answer to CONFIG_GET, of keys()."""
    return reply(keys(*lists, **values), flags=0) + ack()


SERVICE_B = {"name": "b", "protocol": "udp", "affinity": 0,
             "scheduler": "random", "internal_policy": "cluster",
             "external_policy": "cluster", "on_removal": "keep",
             "frontends": [], "endpoints": []}


def flow(state=2, proto=6):
    return nest(K["A_FLOW"], u8(K["FLOW_A_PROTO"], proto),
                u8(K["FLOW_A_STATE"], state), u32(K["FLOW_A_IDLE"], 3),
                addr(K["FLOW_A_CLIENT4"], "10.9.0.1"),
                port(K["FLOW_A_CLIENT_PORT"], 40000),
                addr(K["FLOW_A_VIP4"], "10.96.0.1"),
                port(K["FLOW_A_VIP_PORT"], 80),
                addr(K["FLOW_A_ENDPOINT4"], "10.1.1.1"),
                port(K["FLOW_A_ENDPOINT_PORT"], 8080))


# An answer that takes a while, or a time without events: see fake.c.
PAUSE = b"pause"


class Run:
    """svcctl with @words; the kernel answers one of @replies per read.

    @node has what stands in files, and what programs print: path, or words of
    the command, to text; @module is the version of the module, if that can be
    read.
    """

    def __init__(self, words, *replies, stdin=None, stdout=None,
                 stderr=None, module=None, node=()):
        self.requests = []
        with tempfile.TemporaryDirectory() as fake:
            os.mkdir(f"{fake}/node")
            node = dict(node)
            if module is not None:
                node["/sys/module/svcnat/version"] = module + "\n"
            for path, text in node.items():
                name = path.replace("/", "_").replace(" ", "_")
                with open(f"{fake}/node/{name}", "w",
                          encoding="ascii") as file:
                    file.write(text)
            for number, data in enumerate(replies):
                with open(f"{fake}/reply.{number}", "wb") as file:
                    file.write(data)
            env = dict(os.environ, SVCCTL_FAKE=fake)
            ran = subprocess.run([sys.argv[1], *words], env=env, input=stdin,
                                 stdout=stdout or subprocess.PIPE,
                                 stderr=stderr or subprocess.PIPE, text=True,
                                 timeout=60, check=False)
            while os.path.exists(f"{fake}/request.{len(self.requests)}"):
                path = f"{fake}/request.{len(self.requests)}"
                with open(path, "rb") as file:
                    self.requests.append(file.read())
        self.code, self.out, self.err = ran.returncode, ran.stdout, ran.stderr

    def json(self):
        expect(self.code, 0, self.err)
        expect(self.err, "")
        return json.loads(self.out)

    def request(self, number=0):
        """flags, command, attributes"""
        data = self.requests[number]
        size, kind, flags = struct.unpack("=IHH", data[:8])
        expect((size, kind, data[17]), (len(data), FAMILY, 1))
        return flags, data[16], data[20:]


def expect(got, want, note=""):
    if got != want:
        raise AssertionError(f"got {got!r}, expected {want!r} {note}")


def expect_request(ran, command, *attrs, number=0, flags=REQUEST | ACK):
    expect(ran.request(number), (flags, K[command], b"".join(attrs)))


def main(*cases):
    failed = 0
    print("KTAP version 1")
    for number, case in enumerate(cases, 1):
        name = case.__name__.replace("_", " ")
        try:
            case()
            print(f"ok {number} {name}", flush=True)
        except (AssertionError, ValueError, LookupError,
                subprocess.TimeoutExpired) as problem:
            failed += 1
            print(f"# {problem}"[:2000].replace("\n", "\n# "))
            print(f"not ok {number} {name}", flush=True)
    print(f"1..{len(cases)}")
    sys.exit(1 if failed else 0)
