// SPDX-License-Identifier: GPL-2.0-only
#include <linux/random.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/route.h>

#include "conntrack.h"
#include "snat.h"
#include "socket.h"

/*
 * Ports that are tried for one packet.  nf_nat tries as many before it narrows
 * its search (nf_nat_l4proto_unique_tuple(): more "risks soft lockup"); with
 * nine of ten ports in use, all fail once in 700 000.
 */
#define PORT_TRIES	128

#define FIRST_PORT	1024
#define LAST_PORT	65535

/* The packet that leaves for the endpoint, and its answer. */
static void outside(const struct svcnat_flow_spec *spec,
		    struct svcnat_tuple *sent, struct svcnat_tuple *answer)
{
	const struct svcnat_tuple *t = &spec->tuple;

	sent->src = spec->masquerade ? spec->masq_addr : t->src;
	sent->sport = spec->masquerade ? spec->masq_port :
		      spec->shift ? spec->shift : t->sport;
	sent->dst = spec->addr;
	sent->dport = spec->port;
	sent->family = t->family;
	sent->proto = t->proto;
	svcnat_tuple_reverse(answer, sent);
}

/*
 * Has somebody else a connection that looks the same?  A socket of the node is
 * in the way of what bears the node's address; the client's own socket still
 * has the frontend for its peer.  A server's socket that has such a connection
 * has it from a client who asked directly: this one's first packet is here.
 * But one of UDP may be connected for longer than a flow lasts.
 */
static bool in_use(const struct svcnat_flow_spec *spec,
		   const struct svcnat_snat_path *path)
{
	struct svcnat_tuple sent, answer;

	outside(spec, &sent, &answer);
	/* The other one may look so behind a NAT: then its answers tell. */
	if (svcnat_conntrack_taken(path->net, &sent) ||
	    svcnat_conntrack_taken(path->net, &answer))
		return true;
	if (sent.proto == IPPROTO_TCP &&
	    svcnat_socket_connected(path->net, path->dev, &sent))
		return true;
	return (path->local || spec->masquerade) &&
	       svcnat_socket_connected(path->net, path->dev, &answer);
}

/**
 * svcnat_snat_plain() - make a flow that keeps its source
 * @flows: where
 * @path: of its first packet
 * @spec: which
 * @hit: as of svcnat_flow_insert()
 *
 * Context: softirqs disabled, RCU read side.
 * Return: as svcnat_flow_insert(); -EADDRINUSE also if somebody else than us
 * has such a connection.
 */
int svcnat_snat_plain(struct svcnat_flows *flows,
		      const struct svcnat_snat_path *path,
		      const struct svcnat_flow_spec *spec,
		      struct svcnat_hit *hit)
{
	if (in_use(spec, path))
		return -EADDRINUSE;
	return svcnat_flow_insert(flows, spec, hit);
}

static __be16 random_port(u32 min, u32 max)
{
	return htons(min + reciprocal_scale(get_random_u32(), max - min + 1));
}

/**
 * svcnat_snat_shift() - make a flow with another source port
 * @flows: where
 * @path: of its first packet
 * @spec: which; its shift is written
 * @hit: as of svcnat_flow_insert()
 *
 * Context: softirqs disabled, RCU read side.
 * Return: as svcnat_flow_insert(); -EADDRINUSE if no port was free.
 */
int svcnat_snat_shift(struct svcnat_flows *flows,
		      const struct svcnat_snat_path *path,
		      struct svcnat_flow_spec *spec, struct svcnat_hit *hit)
{
	int err = -EADDRINUSE, tries = PORT_TRIES;

	while (err == -EADDRINUSE && tries--) {
		spec->shift = random_port(FIRST_PORT, LAST_PORT);
		if (spec->shift != spec->tuple.sport)
			err = svcnat_snat_plain(flows, path, spec, hit);
	}
	return err;
}

static int source_ipv4(const struct svcnat_snat_path *path,
		       struct svcnat_flow_spec *spec)
{
	struct flowi4 fl4 = {
		.daddr = spec->addr.ip,
		.flowi4_oif = path->oif,
		.flowi4_mark = path->mark,
		.flowi4_proto = spec->tuple.proto,
	};
	struct rtable *rt = ip_route_output_key(path->net, &fl4);

	if (IS_ERR(rt))
		return -ENETUNREACH;
	spec->masq_addr.ip = fl4.saddr;
	ip_rt_put(rt);
	return 0;
}

#if IS_ENABLED(CONFIG_IPV6)
static int source_ipv6(const struct svcnat_snat_path *path,
		       struct svcnat_flow_spec *spec)
{
	struct flowi6 fl6 = {
		.daddr = spec->addr.in6,
		.flowi6_oif = path->oif,
		.flowi6_mark = path->mark,
		.flowi6_proto = spec->tuple.proto,
	};
	struct dst_entry *dst = ip6_route_output(path->net, NULL, &fl6);
	struct inet6_dev *idev = ip6_dst_idev(dst);
	int err = dst->error;

	/* A device that is going away has none any more. */
	if (!err && !idev)
		err = -ENETUNREACH;
	if (!err)
		rt6_get_prefsrc(dst_rt6_info(dst), &spec->masq_addr.in6);
	/* The device of the address, should the route be the loopback's. */
	if (!err && ipv6_addr_any(&spec->masq_addr.in6))
		err = ipv6_dev_get_saddr(path->net, idev->dev, &fl6.daddr, 0,
					 &spec->masq_addr.in6);
	dst_release(dst);
	return err ? -ENETUNREACH : 0;
}
#else
static int source_ipv6(const struct svcnat_snat_path *path,
		       struct svcnat_flow_spec *spec)
{
	return -ENETUNREACH;
}
#endif

/* Any port at all, and not one of the node's own clients'. */
static __be16 choose_port(struct net *net,
			  const struct svcnat_snat_ports *ports)
{
	u32 n, range = READ_ONCE(ports->range);
	int low, high, below, above;

	if (range)
		return random_port(range >> 16, range & 0xffff);
	inet_get_local_port_range(net, &low, &high);
	below = max(low - FIRST_PORT, 0);
	above = LAST_PORT - max(high, FIRST_PORT - 1);
	if (below + above <= 0)
		return random_port(FIRST_PORT, LAST_PORT);
	n = reciprocal_scale(get_random_u32(), below + above);
	if (n < below)
		return htons(FIRST_PORT + n);
	return htons(LAST_PORT - (n - below));
}

/* What the insertion would find in the way, at a lower price. */
static bool is_ours(struct svcnat_flows *flows,
		    const struct svcnat_tuple *answer, enum svcnat_stage stage,
		    bool pressed)
{
	struct svcnat_hit hit;

	return svcnat_flow_find(flows, answer, stage, &hit) &&
	       !(pressed && (svcnat_flow_bury(flows, &hit) ||
			     svcnat_flow_yield(flows, &hit)));
}

static bool port_is_free(struct svcnat_flows *flows,
			 const struct svcnat_snat_path *path,
			 const struct svcnat_flow_spec *spec, bool pressed)
{
	struct svcnat_tuple sent, answer;

	outside(spec, &sent, &answer);
	return !path->reserved(path->net, sent.proto, sent.sport) &&
	       !is_ours(flows, &answer, SVCNAT_PRE, pressed) &&
	       !is_ours(flows, &answer, SVCNAT_POST, pressed) &&
	       !svcnat_socket_listens(path->net, path->dev, &answer) &&
	       !in_use(spec, path);
}

/* Between the two rewrites the client's own port may be another connection's */
static bool between_is_free(const struct svcnat_flow_spec *spec,
			    const struct svcnat_snat_path *path)
{
	struct svcnat_flow_spec inner = *spec;

	inner.masquerade = false;
	return !in_use(&inner, path);
}

/**
 * svcnat_snat_masquerade() - make a flow with a source of the node's
 * @flows: where
 * @path: of its first packet
 * @ports: where to choose from
 * @spec: which; its source is written
 * @hit: as of svcnat_flow_insert()
 *
 * The address is the one that the node would have for a connection of its own
 * to the endpoint, the port nobody's: not ours, not conntrack's, no socket's, no
 * nodeport.
 *
 * Context: softirqs disabled, RCU read side.
 * Return: as svcnat_flow_insert(); -ENETUNREACH: no route to the endpoint;
 * -EBUSY: no port was free.
 */
int svcnat_snat_masquerade(struct svcnat_flows *flows,
			   const struct svcnat_snat_path *path,
			   const struct svcnat_snat_ports *ports,
			   struct svcnat_flow_spec *spec,
			   struct svcnat_hit *hit)
{
	int err, tries = PORT_TRIES;
	bool shift;

	spec->masquerade = true;
	err = spec->tuple.family == AF_INET ? source_ipv4(path, spec) :
					      source_ipv6(path, spec);
	if (err)
		return err;
	shift = !between_is_free(spec, path);
	while (tries--) {
		if (shift) {
			spec->shift = random_port(FIRST_PORT, LAST_PORT);
			if (!between_is_free(spec, path))
				continue;
		}
		spec->masq_port = choose_port(path->net, ports);
		/* At first one that is not just being closed or opened. */
		if (!port_is_free(flows, path, spec, tries < PORT_TRIES / 2))
			continue;
		err = svcnat_flow_insert(flows, spec, hit);
		if (err != -EADDRINUSE && err != -ENOTUNIQ)
			return err;
		shift = err == -ENOTUNIQ;
	}
	return -EBUSY;
}
