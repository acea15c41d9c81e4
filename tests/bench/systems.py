# SPDX-License-Identifier: GPL-2.0
"""The systems that are compared: how each gets its services, how one of its
endpoints changes, how it forgets its flows."""
import time

from lab import put, run, timed
from peers import endpoint as peers_endpoint
from peers import rules, vip

FIREWALL = """\
table ip filter {
	chain forward {
		type filter hook forward priority 0; policy accept;
		ct state invalid drop
		ct state established,related accept
	}
}
"""
FLOWTABLE = """\
table ip fast {
	flowtable f {
		hook ingress priority 0
		devices = { gen0, gen1 }
	}
	chain forward {
		type filter hook forward priority 1;
		ct state established flow add @f
	}
}
"""
# One more endpoint than it had, at an address that no service has.
SPARE = "10.200.255.1"
ENDPOINTS = 4


def peers(mode, services, proto):
    """What tests/bench/peers.py prints."""
    return rules(mode, services, ENDPOINTS, proto)


def endpoint(i, j):
    """The address of an endpoint."""
    return peers_endpoint(i, j, ENDPOINTS)


class System:
    """Plain forwarding; the others differ from it."""

    target = "direct"       # what clients ask, see gen/command.c
    conntrack = False
    limit = 10 ** 9         # so many services at most
    costly = 0              # ns that each service adds to a new connection

    def __init__(self, name):
        self.name = name

    def words(self, services, proto):
        """Commands that make the services, each with its input.  They are
        made before the clock runs."""
        return []

    def prepare(self):
        """What must be there before the services."""

    def finish(self):
        """What comes after them."""

    def setup(self, services, proto):
        """Makes everything; returns the seconds that the services took."""
        words = self.words(services, proto)
        self.prepare()
        took = sum(timed(*command) for command in words)
        self.finish()
        return took

    def settle(self):
        """Waits until it does with flows what it will do."""

    def change(self, i, proto, there):
        """The command that takes the spare endpoint of a service away, if it
        is there, or adds it."""
        raise NotImplementedError

    def nothing(self):
        """The command that changes, with nothing to change."""
        raise NotImplementedError

    def flush(self, lab, count, rest):
        """Forgets the flows.  If the lab's last count items were the first
        packets of flows, rest are the ones that would come next."""
        if self.conntrack:
            run("conntrack -F")


class Forward(System):
    def prepare(self):
        if self.conntrack:
            run("nft -f -", FIREWALL)


class ForwardConntrack(Forward):
    conntrack = True


class Svcnat(Forward):
    target = "service"
    fastpath = False

    def prepare(self):
        super().prepare()
        config = "config set max-flows 2000000 timeout-udp 600 " \
                 "timeout-udp-stream 600\n"
        if self.fastpath:
            config += "config set fastpath on\n"
        run("svcctl -b -", config)

    def words(self, services, proto):
        return [("svcctl apply -", "".join(
            "service add s%d %s %s:80%s\n" % (i, proto, vip(i), "".join(
                " endpoint %s:80" % endpoint(i, j) for j in range(ENDPOINTS)))
            for i in range(services)))]

    def change(self, i, proto, there):
        return "svcctl endpoint %s s%d %s:80" % (
            "del" if there else "add", i, SPARE), ""

    def nothing(self):
        return "svcctl -b -", ""

    def batch(self, count, services):
        """So many changes in one process."""
        lines = ((i // 2 * 7919) % services for i in range(count))
        return "svcctl -b -", "".join(
            "endpoint %s s%d %s:80\n" % ("del" if n % 2 else "add", i, SPARE)
            for n, i in enumerate(lines))

    def flush(self, lab, count, rest):
        run("svcctl flow flush")
        super().flush(lab, count, rest)


class SvcnatConntrack(Svcnat):
    conntrack = True


class SvcnatFastpath(Svcnat):
    fastpath = True

    def settle(self):
        """Its hooks come a moment after the first flow that could use them."""
        time.sleep(0.5)


class Ipvs(System):
    target = "service"

    def prepare(self):
        # All virtual addresses are the node's: its packets pass LOCAL_IN.
        run("ip route add local 172.16.0.0/12 dev lo")
        put("/proc/sys/net/ipv4/vs/conntrack", int(self.conntrack))

    def words(self, services, proto):
        return [("ipvsadm -R", peers("ipvs", services, proto))]

    def change(self, i, proto, there):
        service = "-%s %s:80 -r %s:80" % (proto[0], vip(i), SPARE)
        return "ipvsadm " + ("-d %s" if there else "-a %s -m") % service, ""

    def nothing(self):
        return "ipvsadm -R", ""

    def finish(self):
        run("ipvsadm --set 900 120 600")

    def flush(self, lab, count, rest):
        # Nobody can tell IPVS to forget: so it gets one second.
        if rest:
            run("ipvsadm --set 1 1 1")
            lab.shoot(count, rest)
            run("ipvsadm --set 900 120 600")
        super().flush(lab, count, rest)


class IpvsKubeproxy(Ipvs):
    conntrack = True

    def words(self, services, proto):
        return [("ipset restore", peers("ipset", services, proto)),
                ("iptables-legacy-restore --noflush",
                 peers("ipvs-iptables", services, proto))] + \
            super().words(services, proto)


class Iptables(System):
    target = "service"
    conntrack = True
    limit = 10000
    costly = 10

    def words(self, services, proto):
        return [("iptables-legacy-restore", peers("iptables", services, proto))]

    def change(self, i, proto, there):
        """The chains of one service, as kube-proxy writes them when nothing
        else has changed."""
        ends = [endpoint(i, j) for j in range(ENDPOINTS)]
        if not there:
            ends.append(SPARE)
        jumps, chains = [], ["*nat", ":KUBE-SVC-%d - [0:0]" % i]
        for j, address in enumerate(ends):
            chain, left = "KUBE-SEP-%d-%d" % (i, j), len(ends) - j
            chains.append(":%s - [0:0]" % chain)
            odds = "" if left == 1 else "-m statistic --mode random " \
                "--probability %.10f " % (1 / left)
            jumps += ["-A KUBE-SVC-%d %s-j %s" % (i, odds, chain),
                      "-A %s -s %s -j KUBE-MARK-MASQ" % (chain, address),
                      "-A %s -m %s -p %s -j DNAT --to-destination %s:80" % (
                          chain, proto, proto, address)]
        if there:
            chain = "KUBE-SEP-%d-%d" % (i, ENDPOINTS)
            chains.append(":%s - [0:0]" % chain)
            jumps.append("-X " + chain)
        return "iptables-legacy-restore --noflush", \
            "\n".join(chains + jumps + ["COMMIT", ""])

    def nothing(self):
        return "iptables-legacy-restore --noflush", ""


class Nftables(System):
    target = "service"
    conntrack = True
    limit = 10000

    def words(self, services, proto):
        return [("nft -f -", peers("nft", services, proto))]

    def change(self, i, proto, there):
        chain, last = "ip kube-proxy service-%d" % i, ENDPOINTS - 1
        spare = "endpoint-%d-%d" % (i, ENDPOINTS)
        lines = ["flush chain " + chain]
        if not there:
            last += 1
            lines += ["add chain ip kube-proxy " + spare,
                      "add rule ip kube-proxy %s ip saddr %s jump "
                      "mark-for-masquerade" % (spare, SPARE),
                      "add rule ip kube-proxy %s meta l4proto %s dnat to %s:80"
                      % (spare, proto, SPARE)]
        lines += ["add rule %s ip daddr %s ip saddr != 10.0.0.0/8 jump "
                  "mark-for-masquerade" % (chain, vip(i)),
                  "add rule %s numgen random mod %d vmap { %s }" % (
                      chain, last + 1, " , ".join(
                          "%d : goto endpoint-%d-%d" % (j, i, j)
                          for j in range(last + 1)))]
        if there:
            lines += ["flush chain ip kube-proxy " + spare,
                      "delete chain ip kube-proxy " + spare]
        return "nft -f -", "\n".join(lines) + "\n"

    def nothing(self):
        return "nft -f -", ""


class NftablesFlowtable(Nftables):
    def finish(self):
        run("nft -f -", FLOWTABLE)


KINDS = {
    "forward": Forward,
    "forward-conntrack": ForwardConntrack,
    "svcnat": Svcnat,
    "svcnat-conntrack": SvcnatConntrack,
    "svcnat-fastpath": SvcnatFastpath,
    "ipvs": Ipvs,
    "ipvs-kubeproxy": IpvsKubeproxy,
    "iptables": Iptables,
    "nftables": Nftables,
    "nftables-flowtable": NftablesFlowtable,
}


def system(name):
    return KINDS[name](name)
