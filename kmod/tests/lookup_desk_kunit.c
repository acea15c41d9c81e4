// SPDX-License-Identifier: GPL-2.0-only
#include <net/net_namespace.h>

#include "../conntrack.h"
#include "../node.h"
#include "../schedule.h"
#include "../socket.h"
#include "lookup_desk.h"

bool desk_socket_connected;
bool desk_conntrack_live;
bool desk_conntrack_rewrites;

/* 10.0.x.y, or fd00::xxyy */
union nf_inet_addr desk_addr(u8 family, u16 who)
{
	union nf_inet_addr addr = {};

	if (family == AF_INET) {
		addr.ip = htonl(0x0a000000 | who);
	} else {
		addr.in6.s6_addr[0] = 0xfd;
		addr.in6.s6_addr16[7] = htons(who);
	}
	return addr;
}

/* Around an address of desk_addr(); its low bits must be clear. */
struct svcnat_ranges *desk_range(struct kunit *test, u8 family, u16 who,
				 u8 host_bits)
{
	struct svcnat_range range = {
		.addr = desk_addr(family, who >> host_bits << host_bits),
		.family = family,
		.prefix = (family == AF_INET ? 32 : 128) - host_bits,
	};
	struct svcnat_ranges *ranges = svcnat_ranges_build(&range, 1);

	KUNIT_ASSERT_NOT_NULL(test, ranges);
	return ranges;
}

/* The node as lookup.c finds it here: the real ones would ask the machine. */
bool svcnat_node_owns(struct net *net, const struct net_device *dev, u8 family,
		      const union nf_inet_addr *addr)
{
	union nf_inet_addr own = desk_addr(family, DESK_NODE);

	return svcnat_addr_equal(family, &own, addr);
}

bool svcnat_node_serves(struct net *net, const struct net_device *dev,
			u8 family, const union nf_inet_addr *addr)
{
	return svcnat_node_owns(net, dev, family, addr);
}

bool svcnat_node_is_in(struct net *net, u8 family,
		       const struct svcnat_ranges *ranges)
{
	union nf_inet_addr own = desk_addr(family, DESK_NODE);

	return svcnat_ranges_contain(ranges, family, &own);
}

bool svcnat_socket_connected(struct net *net, const struct net_device *dev,
			     const struct svcnat_tuple *tuple)
{
	return desk_socket_connected;
}

bool svcnat_conntrack_live(struct net *net, const struct svcnat_tuple *tuple)
{
	return desk_conntrack_live;
}

bool svcnat_conntrack_rewrites(struct net *net,
			       const struct svcnat_tuple *tuple)
{
	return desk_conntrack_rewrites;
}

int desk_init(struct kunit *test)
{
	struct desk *desk = kunit_kzalloc(test, sizeof(*desk), GFP_KERNEL);
	int err;

	if (!desk)
		return -ENOMEM;
	test->priv = desk;
	desk_socket_connected = false;
	desk_conntrack_live = false;
	desk_conntrack_rewrites = false;
	desk->services.net = &init_net;
	desk->services.frontends.filter = &desk->filter;
	RCU_INIT_POINTER(desk->services.zone[SVCNAT_ZONE_NODEPORTS],
			 &svcnat_ranges_all);
	desk->services.stats = alloc_percpu(struct svcnat_stats);
	if (!desk->services.stats)
		return -ENOMEM;
	svcnat_affinity_init(&desk->services.affinity, desk->services.stats);
	err = svcnat_affinity_start(&desk->services.affinity);
	if (!err)
		err = svcnat_frontends_start(&desk->services.frontends);
	if (err)
		return err;
	desk->service.id = 1;
	desk->service.proto = IPPROTO_TCP;
	desk_use(test, AF_INET, SVCNAT_KIND_CLUSTER);
	return desk->frontend ? 0 : -ENOMEM;
}

static void set_endpoints(struct desk *desk, struct svcnat_endpoints *new)
{
	struct svcnat_endpoints *old;

	old = rcu_replace_pointer(desk->service.endpoints, new, true);
	svcnat_endpoints_free(old);
}

static void drop_frontend(struct desk *desk)
{
	if (!desk->frontend)
		return;
	svcnat_frontend_unlink(&desk->services.frontends, desk->frontend);
	svcnat_frontend_free(desk->frontend);
	desk->frontend = NULL;
}

void desk_exit(struct kunit *test)
{
	struct desk *desk = test->priv;
	enum svcnat_zone zone;

	if (!desk || !desk->services.stats)
		return;
	for (zone = 0; zone < SVCNAT_ZONES; zone++)
		desk_zone(test, zone, NULL);
	drop_frontend(desk);
	set_endpoints(desk, NULL);
	svcnat_affinity_exit(&desk->services.affinity);
	svcnat_frontends_exit(&desk->services.frontends);
	svcnat_filter_exit(&desk->filter);
	free_percpu(desk->services.stats);
}

void desk_zone(struct kunit *test, enum svcnat_zone zone,
	       struct svcnat_ranges *ranges)
{
	struct desk *desk = test->priv;

	svcnat_ranges_free(rcu_replace_pointer(desk->services.zone[zone],
					       ranges, true));
}

static void make_endpoint(struct desk *desk, unsigned int i, u8 family)
{
	struct svcnat_endpoint *e = &desk->endpoint[i];

	e->id = i + 1;
	e->family = family;
	e->addr = desk_addr(family, DESK_ENDPOINT + i);
	e->port = htons(8080);
	desk->entry[i] = (struct svcnat_entry) {
		.endpoint = e, .family = family, .addr = e->addr,
		.port = e->port, .weight = 1, .state = SVCNAT_STATE_READY,
	};
}

/*
 * From now on the service has one frontend, at DESK_VIP or, a nodeport, at
 * DESK_NODE, of that kind and family; the client is DESK_OUTSIDE.
 */
void desk_use(struct kunit *test, u8 family, u8 kind)
{
	bool nodeport = kind == SVCNAT_KIND_NODEPORT;
	struct desk *desk = test->priv;
	struct svcnat_frontend_spec spec = {
		.family = nodeport ? AF_UNSPEC : family, .kind = kind,
		.port = htons(80),
	};
	unsigned int i;

	if (!nodeport)
		spec.addr = desk_addr(family, DESK_VIP);
	drop_frontend(desk);
	desk->frontend = svcnat_frontend_alloc(&spec, IPPROTO_TCP,
					       &desk->service, &init_net);
	KUNIT_ASSERT_NOT_NULL(test, desk->frontend);
	svcnat_frontend_link(&desk->services.frontends, desk->frontend);
	for (i = 0; i < DESK_ENDPOINTS; i++)
		make_endpoint(desk, i, family);
	desk->tuple = (struct svcnat_tuple) {
		.src = desk_addr(family, DESK_OUTSIDE), .sport = htons(4000),
		.dst = desk_addr(family, nodeport ? DESK_NODE : DESK_VIP),
		.dport = spec.port, .family = family, .proto = IPPROTO_TCP,
	};
	desk->local = false;
}

/* The service has the first @num endpoints as they are now. */
void desk_publish(struct kunit *test, unsigned int num)
{
	struct desk *desk = test->priv;
	struct svcnat_endpoints *eps;

	eps = svcnat_endpoints_build(desk->entry, num);
	KUNIT_ASSERT_NOT_NULL(test, eps);
	KUNIT_ASSERT_EQ(test, 0, svcnat_schedule_prepare(eps, desk->scheduler));
	set_endpoints(desk, eps);
}

/* Ask for the client, whose flow has @prefer. */
void desk_ask(struct desk *desk, const struct svcnat_endpoint *prefer,
	      struct svcnat_decision *d)
{
	struct svcnat_query query = {
		.tuple = &desk->tuple, .opens = !desk->goes_on,
		.local = desk->local, .prefer = prefer,
	};

	rcu_read_lock();
	svcnat_lookup(&desk->services, &query, d);
	rcu_read_unlock();
}
