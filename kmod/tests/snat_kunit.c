// SPDX-License-Identifier: GPL-2.0-only
/* Sources of our own: where they come from, and who else may have them. */
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/route.h>

#include "../conntrack.h"
#include "../socket.h"
#include "flow_fixture.h"

/*
 * The node, as far as snat.c asks for it.  There are no connections, no
 * sockets and no routes but these.
 */
static struct node {
	union nf_inet_addr	addr;
	bool			no_route;
	bool			no_addr;
	struct flowi4		fl4;
	struct flowi6		fl6;
	int			routes;
	struct rt6_info		rt6;
	struct svcnat_tuple	tracked;
	bool			all_tracked;
	struct svcnat_tuple	connected;
	__be16			listens;
	__be16			nodeport;
	bool			no_device;
	bool			all_listen;
	unsigned int		asked;
	int			low;
	int			high;
	u32			random[4];
	unsigned int		drawn;
} node;

static u32 next_random(void)
{
	return node.random[min_t(u32, node.drawn++, ARRAY_SIZE(node.random) - 1)];
}

static struct rtable *route4(struct net *net, struct flowi4 *fl4)
{
	node.fl4 = *fl4;
	if (node.no_route)
		return ERR_PTR(-EHOSTUNREACH);
	fl4->saddr = node.addr.ip;
	node.routes++;
	return NULL;
}

static struct dst_entry *route6(struct net *net, const struct sock *sk,
				struct flowi6 *fl6)
{
	node.fl6 = *fl6;
	node.rt6.dst.error = node.no_route ? -ENETUNREACH : 0;
	node.routes++;
	return &node.rt6.dst;
}

static int source6(struct net *net, const struct net_device *dev,
		   const struct in6_addr *daddr, unsigned int prefs,
		   struct in6_addr *saddr)
{
	if (node.no_addr || !ipv6_addr_equal(daddr, &node.fl6.daddr))
		return -EADDRNOTAVAIL;
	*saddr = node.addr.in6;
	return 0;
}

static void local_ports(struct net *net, int *low, int *high)
{
	*low = node.low;
	*high = node.high;
}

static bool tracks(struct net *net, const struct svcnat_tuple *tuple);
static bool connected(struct net *net, const struct net_device *dev,
		      const struct svcnat_tuple *tuple);
static bool listens(struct net *net, const struct net_device *dev,
		    const struct svcnat_tuple *tuple);

#define svcnat_conntrack_taken		tracks
#define svcnat_socket_connected		connected
#define svcnat_socket_listens		listens
#define get_random_u32			next_random
#define ip_route_output_key		route4
#define ip_rt_put(rt)			((void)(rt), (void)node.routes--)
#define ip6_route_output		route6
#define dst_release(dst)		((void)(dst), (void)node.routes--)
#define ip6_dst_idev(dst)		(node.no_device ? NULL : \
					 (struct inet6_dev *)&node)
#define ipv6_dev_get_saddr(net, dev, to, prefs, from) \
					source6(net, NULL, to, prefs, from)
#define inet_get_local_port_range	local_ports
#include "../snat.c"

static bool same(const struct svcnat_tuple *a, const struct svcnat_tuple *b)
{
	return !memcmp(a, b, offsetofend(struct svcnat_tuple, proto));
}

static bool tracks(struct net *net, const struct svcnat_tuple *tuple)
{
	return node.all_tracked || same(tuple, &node.tracked);
}

static bool connected(struct net *net, const struct net_device *dev,
		      const struct svcnat_tuple *tuple)
{
	return same(tuple, &node.connected);
}

static bool listens(struct net *net, const struct net_device *dev,
		    const struct svcnat_tuple *tuple)
{
	node.asked++;
	return node.all_listen || tuple->dport == node.listens;
}

/* Random bits that make the draw from a range of ports come out as @port */
static u32 bits_for(u16 port, u16 min, u16 max)
{
	return div_u64(((u64)(port - min) << 32) + (max - min),
		       max - min + 1);
}

static bool is_reserved(struct net *net, u8 proto, __be16 port)
{
	return port == node.nodeport;
}

static const struct svcnat_snat_path path = {
	.net = &init_net, .mark = 0x77, .oif = 5, .reserved = is_reserved,
};

static const struct svcnat_snat_path local_path = {
	.net = &init_net, .local = true,
};

/* Flow @n of this shape, to be made by the code under test */
static void make_spec(struct kunit *test, struct svcnat_flow_spec *spec, u32 n,
		      unsigned int shape)
{
	svcnat_fixture_spec(test->priv, spec, n, IPPROTO_TCP);
	svcnat_fixture_shape(spec, shape);
	node.addr = spec->masq_addr;
	memset(&spec->masq_addr, 0, sizeof(spec->masq_addr));
	spec->masq_port = 0;
	spec->masquerade = false;
}

static int plain(struct kunit *test, const struct svcnat_snat_path *where,
		 const struct svcnat_flow_spec *spec)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_hit hit;
	int err;

	local_bh_disable();
	rcu_read_lock();
	err = svcnat_snat_plain(&fx->flows, where, spec, &hit);
	if (!err)
		svcnat_flow_kill(&fx->flows, &hit, SVCNAT_STAT_FLOW_DELETED);
	rcu_read_unlock();
	local_bh_enable();
	return err;
}

static int shift(struct kunit *test, struct svcnat_flow_spec *spec)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_hit hit;
	int err;

	node.drawn = 0;
	local_bh_disable();
	rcu_read_lock();
	err = svcnat_snat_shift(&fx->flows, &path, spec, &hit);
	rcu_read_unlock();
	local_bh_enable();
	return err;
}

static int masquerade(struct kunit *test, u32 range,
		      struct svcnat_flow_spec *spec)
{
	const struct svcnat_snat_ports ports = { .range = range };
	struct flow_fixture *fx = test->priv;
	struct svcnat_hit hit;
	int err;

	node.drawn = 0;
	node.asked = 0;
	local_bh_disable();
	rcu_read_lock();
	err = svcnat_snat_masquerade(&fx->flows, &path, &ports, spec, &hit);
	rcu_read_unlock();
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, node.routes, 0);
	return err;
}

static int node_init(struct kunit *test)
{
	memset(&node, 0, sizeof(node));
	node.low = 32768;
	node.high = 60999;
	return svcnat_fixture_init(test);
}

/* Whoever looks like this flow on the way to the endpoint, or back from it */
static void who_else_has_it_is_asked_both_ways(struct kunit *test)
{
	struct svcnat_flow_spec spec;
	struct svcnat_tuple answer;
	unsigned int shape;

	for (shape = 0; shape <= (FIXTURE_IPV6 | FIXTURE_SHIFT); shape++) {
		make_spec(test, &spec, shape, shape);
		svcnat_fixture_answer(&spec, &answer);
		svcnat_tuple_reverse(&node.tracked, &answer);
		KUNIT_EXPECT_EQ(test, plain(test, &path, &spec), -EADDRINUSE);
		node.tracked = answer;
		KUNIT_EXPECT_EQ(test, plain(test, &path, &spec), -EADDRINUSE);
		/* To the frontend is another matter, and so is any other port. */
		node.tracked = spec.tuple;
		KUNIT_EXPECT_EQ(test, plain(test, &path, &spec), 0);
		node.tracked = answer;
		node.tracked.dport ^= htons(1);
		KUNIT_EXPECT_EQ(test, plain(test, &path, &spec), 0);
		/* A socket counts where it could have sent this. */
		node.connected = answer;
		KUNIT_EXPECT_EQ(test, plain(test, &path, &spec), 0);
		KUNIT_EXPECT_EQ(test, plain(test, &local_path, &spec),
				-EADDRINUSE);
		memset(&node.connected, 0, sizeof(node.connected));
		KUNIT_EXPECT_EQ(test, plain(test, &local_path, &spec), 0);
	}
}

static void a_shift_takes_a_port_that_is_free(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	struct svcnat_tuple answer;
	u16 own;

	make_spec(test, &spec, 1, 0);
	own = ntohs(spec.tuple.sport);
	/* Its own port, one that is tracked, and then the last there is */
	node.random[0] = bits_for(own, 1024, 65535);
	node.random[1] = bits_for(1024, 1024, 65535);
	node.random[2] = U32_MAX;
	spec.shift = htons(1024);
	svcnat_fixture_answer(&spec, &node.tracked);
	spec.shift = 0;
	KUNIT_EXPECT_EQ(test, shift(test, &spec), 0);
	KUNIT_EXPECT_EQ(test, ntohs(spec.shift), 65535);
	KUNIT_EXPECT_EQ(test, node.drawn, 3);
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
	/* Once more: somebody else was faster, and that is as good. */
	KUNIT_EXPECT_EQ(test, shift(test, &spec), -EEXIST);
	/* No port is free: there is an end to it. */
	make_spec(test, &spec, 2, FIXTURE_IPV6);
	svcnat_fixture_answer(&spec, &answer);
	node.all_tracked = true;
	KUNIT_EXPECT_EQ(test, shift(test, &spec), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, node.drawn, PORT_TRIES);
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), 1);
}

/* The address of a connection that the node itself would have */
static void the_route_says_the_address(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;

	make_spec(test, &spec, 1, FIXTURE_MASQUERADE);
	KUNIT_EXPECT_EQ(test, masquerade(test, 0, &spec), 0);
	KUNIT_EXPECT_TRUE(test, spec.masq_addr.ip == node.addr.ip);
	KUNIT_EXPECT_TRUE(test, node.fl4.daddr == spec.addr.ip);
	KUNIT_EXPECT_EQ(test, node.fl4.flowi4_oif, path.oif);
	KUNIT_EXPECT_EQ(test, node.fl4.flowi4_mark, path.mark);
	KUNIT_EXPECT_EQ(test, node.fl4.flowi4_proto, IPPROTO_TCP);
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
	make_spec(test, &spec, 2, FIXTURE_MASQUERADE | FIXTURE_IPV6);
	KUNIT_EXPECT_EQ(test, masquerade(test, 0, &spec), 0);
	KUNIT_EXPECT_TRUE(test, ipv6_addr_equal(&spec.masq_addr.in6,
						&node.addr.in6));
	KUNIT_EXPECT_TRUE(test, ipv6_addr_equal(&node.fl6.daddr,
						&spec.addr.in6));
	KUNIT_EXPECT_EQ(test, node.fl6.flowi6_oif, path.oif);
	KUNIT_EXPECT_EQ(test, node.fl6.flowi6_mark, path.mark);
	KUNIT_EXPECT_EQ(test, node.fl6.flowi6_proto, IPPROTO_TCP);
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
	/* No way there, or none from any address of ours */
	node.no_addr = true;
	make_spec(test, &spec, 3, FIXTURE_MASQUERADE | FIXTURE_IPV6);
	KUNIT_EXPECT_EQ(test, masquerade(test, 0, &spec), -ENETUNREACH);
	node.no_addr = false;
	/* or by a device that is going away */
	node.no_device = true;
	KUNIT_EXPECT_EQ(test, masquerade(test, 0, &spec), -ENETUNREACH);
	node.no_device = false;
	node.no_route = true;
	KUNIT_EXPECT_EQ(test, masquerade(test, 0, &spec), -ENETUNREACH);
	make_spec(test, &spec, 4, FIXTURE_MASQUERADE);
	KUNIT_EXPECT_EQ(test, masquerade(test, 0, &spec), -ENETUNREACH);
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), 2);
}

static u16 port_for(u32 range, u32 random)
{
	const struct svcnat_snat_ports ports = { .range = range };

	node.random[0] = random;
	node.drawn = 0;
	return ntohs(choose_port(&init_net, &ports));
}

/* Both ends of each range, and where two meet */
static void ports_are_those_of_the_range(struct kunit *test)
{
	const u32 most = 64512 - (60999 - 32768 + 1);

	KUNIT_EXPECT_EQ(test, port_for(40000 << 16 | 40003, 0), 40000);
	KUNIT_EXPECT_EQ(test, port_for(40000 << 16 | 40003, U32_MAX), 40003);
	KUNIT_EXPECT_EQ(test, port_for(40001 << 16 | 40001, U32_MAX), 40001);
	/* By itself, the node's own clients are left theirs. */
	KUNIT_EXPECT_EQ(test, port_for(0, 0), 1024);
	KUNIT_EXPECT_EQ(test, port_for(0, U32_MAX), 61000);
	KUNIT_EXPECT_EQ(test, port_for(0, bits_for(31743, 0, most - 1)), 32767);
	KUNIT_EXPECT_EQ(test, port_for(0, bits_for(31744, 0, most - 1)), 65535);
	/* They have the ports below, those above, all, or none of ours. */
	node.low = 500;
	node.high = 40000;
	KUNIT_EXPECT_EQ(test, port_for(0, 0), 65535);
	KUNIT_EXPECT_EQ(test, port_for(0, U32_MAX), 40001);
	node.low = 40000;
	node.high = 65535;
	KUNIT_EXPECT_EQ(test, port_for(0, 0), 1024);
	KUNIT_EXPECT_EQ(test, port_for(0, U32_MAX), 39999);
	node.low = 1024;
	KUNIT_EXPECT_EQ(test, port_for(0, 0), 1024);
	KUNIT_EXPECT_EQ(test, port_for(0, U32_MAX), 65535);
	node.low = 10;
	node.high = 20;
	KUNIT_EXPECT_EQ(test, port_for(0, 0), 65535);
	KUNIT_EXPECT_EQ(test, port_for(0, U32_MAX), 1024);
}

#define RANGE	(40000 << 16 | 40003)

/* The draws are 40000, 40001, and then 40003 for ever. */
static void draw_in_order(void)
{
	node.random[0] = bits_for(40000, 40000, 40003);
	node.random[1] = bits_for(40001, 40000, 40003);
	node.random[2] = U32_MAX;
	node.random[3] = U32_MAX;
}

/* Who has 40000 gets to keep it, whoever it is. */
static void a_port_is_nobody_elses(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec, other;
	struct svcnat_tuple answer;
	struct svcnat_hit hit;
	unsigned int i;

	draw_in_order();
	for (i = 0; i < 10; i++) {
		/* Each has another node. */
		make_spec(test, &spec, 50000 * i, FIXTURE_MASQUERADE |
			  (i & 1 ? FIXTURE_IPV6 : 0));
		other = spec;
		other.masquerade = true;
		other.masq_addr = node.addr;
		other.masq_port = htons(40000);
		svcnat_fixture_answer(&other, &answer);
		node.listens = i / 2 == 0 ? htons(40000) : 0;
		node.nodeport = i / 2 == 4 ? htons(40000) : 0;
		memset(&node.connected, 0, sizeof(node.connected));
		memset(&node.tracked, 0, sizeof(node.tracked));
		if (i / 2 == 1)
			node.connected = answer;
		if (i / 2 == 2)
			node.tracked = answer;
		if (i / 2 == 3) {
			/* another flow of ours */
			other.tuple.sport = htons(7);
			KUNIT_ASSERT_EQ(test, 0,
					svcnat_fixture_insert(fx, &other,
							      &hit));
		}
		KUNIT_EXPECT_EQ(test, masquerade(test, RANGE, &spec), 0);
		KUNIT_EXPECT_EQ_MSG(test, ntohs(spec.masq_port), 40001,
				    "turn %u", i);
		KUNIT_EXPECT_EQ(test, spec.shift, 0);
		KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
	}
	node.nodeport = 0;
	/* All of them are somebody's: there is an end to it. */
	node.all_listen = true;
	make_spec(test, &spec, 30, FIXTURE_MASQUERADE);
	KUNIT_EXPECT_EQ(test, masquerade(test, RANGE, &spec), -EBUSY);
	KUNIT_EXPECT_EQ(test, node.asked, PORT_TRIES);
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_gone(fx, &spec));
}

/* What conntrack will see between the rewrites is another connection's. */
static void the_client_is_shifted_where_it_must_be(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec, other;
	struct svcnat_hit hit;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		make_spec(test, &spec, i + 10, FIXTURE_MASQUERADE |
			  (i & 1 ? FIXTURE_IPV6 : 0));
		memset(&node.tracked, 0, sizeof(node.tracked));
		if (i < 2) {
			/* conntrack knows of it */
			svcnat_fixture_middle(&spec, &node.tracked);
		} else {
			/* or it is one of ours */
			other = spec;
			other.tuple.dport = htons(81);
			KUNIT_ASSERT_EQ(test, 0,
					svcnat_fixture_insert(fx, &other,
							      &hit));
		}
		draw_in_order();
		KUNIT_EXPECT_EQ(test, masquerade(test, RANGE, &spec), 0);
		KUNIT_EXPECT_NE(test, spec.shift, 0);
		KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
		KUNIT_EXPECT_TRUE(test, i < 2 ||
				  svcnat_fixture_has(fx, &other));
	}
}

/*
 * Its own endpoint, through a frontend at the node's address: the first port
 * drawn would make the answer look like the request, and without a shift they
 * would look the same in between.
 */
static void a_flow_that_is_in_its_own_way_moves(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;

	make_spec(test, &spec, 1, FIXTURE_MASQUERADE);
	spec.tuple.src = spec.addr;
	spec.tuple.sport = spec.port;
	spec.tuple.dst = node.addr;
	spec.tuple.dport = htons(40000);
	draw_in_order();
	KUNIT_EXPECT_EQ(test, masquerade(test, RANGE, &spec), 0);
	KUNIT_EXPECT_EQ(test, ntohs(spec.masq_port), 40003);
	KUNIT_EXPECT_NE(test, spec.shift, 0);
	KUNIT_EXPECT_EQ(test, node.asked, 3);
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
}

/* Any other failure is final, and said as it is. */
static void other_failures_are_told(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;

	make_spec(test, &spec, 1, FIXTURE_MASQUERADE);
	KUNIT_EXPECT_EQ(test, masquerade(test, RANGE, &spec), 0);
	KUNIT_EXPECT_EQ(test, masquerade(test, 50000 << 16 | 50001, &spec),
			-EEXIST);
	svcnat_quota_set(&fx->flows.quota, 0);
	make_spec(test, &spec, 2, FIXTURE_MASQUERADE);
	KUNIT_EXPECT_EQ(test, masquerade(test, RANGE, &spec), -ENOSPC);
	KUNIT_EXPECT_EQ(test, node.asked, 1);
	make_spec(test, &spec, 3, 0);
	KUNIT_EXPECT_EQ(test, shift(test, &spec), -ENOSPC);
	KUNIT_EXPECT_EQ(test, node.drawn, 1);
}

static struct kunit_case snat_cases[] = {
	KUNIT_CASE(who_else_has_it_is_asked_both_ways),
	KUNIT_CASE(a_shift_takes_a_port_that_is_free),
	KUNIT_CASE(the_route_says_the_address),
	KUNIT_CASE(ports_are_those_of_the_range),
	KUNIT_CASE(a_port_is_nobody_elses),
	KUNIT_CASE(the_client_is_shifted_where_it_must_be),
	KUNIT_CASE(a_flow_that_is_in_its_own_way_moves),
	KUNIT_CASE(other_failures_are_told),
	{}
};

static struct kunit_suite snat_suite = {
	.name = "svcnat_snat",
	.suite_init = svcnat_fixture_suite_init,
	.suite_exit = svcnat_fixture_suite_exit,
	.init = node_init,
	.exit = svcnat_fixture_exit,
	.test_cases = snat_cases,
};

kunit_test_suite(snat_suite);
