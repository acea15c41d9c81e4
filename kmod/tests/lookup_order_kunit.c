// SPDX-License-Identifier: GPL-2.0-only
/* Which frontend a packet meets, if any: the order of the look-up. */
#include "../ranges.h"
#include "lookup_desk.h"

static const u8 families[] = { AF_INET, AF_INET6 };

static void expect(struct kunit *test, enum svcnat_verdict verdict,
		   enum svcnat_stat reason, const char *what)
{
	struct desk *desk = test->priv;
	struct svcnat_decision d;

	desk_ask(desk, NULL, &d);
	KUNIT_EXPECT_EQ_MSG(test, d.verdict, verdict, "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, d.reason, reason, "%s", what);
}

static void use(struct kunit *test, u8 family, u8 kind)
{
	desk_use(test, family, kind);
	desk_publish(test, DESK_ENDPOINTS);
}

/* Ports that no frontend has: a cluster address' own, and nobody else's */
static void other_ports(struct kunit *test)
{
	struct desk *desk = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		use(test, families[i], SVCNAT_KIND_CLUSTER);
		desk->tuple.dport = htons(81);
		expect(test, SVCNAT_REJECT, SVCNAT_STAT_REJECT_NO_PORT, "port");
		desk->tuple.dport = htons(80);
		desk->tuple.proto = IPPROTO_UDP;
		expect(test, SVCNAT_REJECT, SVCNAT_STAT_REJECT_NO_PORT,
		       "protocol");
		use(test, families[i], SVCNAT_KIND_EXTERNAL);
		desk->tuple.dport = htons(81);
		expect(test, SVCNAT_PASS, 0, "external");
		use(test, families[i], SVCNAT_KIND_LB);
		desk->tuple.dport = htons(81);
		expect(test, SVCNAT_PASS, 0, "lb");
	}
}

static void nodeports_belong_to_the_node(struct kunit *test)
{
	struct desk *desk = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		use(test, families[i], SVCNAT_KIND_NODEPORT);
		expect(test, SVCNAT_TRANSLATE, 0, "nodeport");
		desk->tuple.dport = htons(81);
		expect(test, SVCNAT_PASS, 0, "other port");
		desk->tuple.dport = htons(80);
		desk->tuple.dst = desk_addr(families[i], DESK_OUTSIDE + 1);
		expect(test, SVCNAT_PASS, 0, "other address");
	}
}

static void nodeports_have_addresses(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		use(test, families[i], SVCNAT_KIND_NODEPORT);
		desk_zone(test, SVCNAT_ZONE_NODEPORTS,
			  desk_range(test, families[i], DESK_NODE, 0));
		expect(test, SVCNAT_TRANSLATE, 0, "this address");
		desk_zone(test, SVCNAT_ZONE_NODEPORTS,
			  desk_range(test, families[i], DESK_NODE + 1, 0));
		expect(test, SVCNAT_PASS, 0, "another address");
		desk_zone(test, SVCNAT_ZONE_NODEPORTS, NULL);
		expect(test, SVCNAT_PASS, 0, "none");
		desk_zone(test, SVCNAT_ZONE_NODEPORTS, &svcnat_ranges_all);
	}
}

/* A client of the node's own that happens to have that port */
static void nodeports_leave_connections_alone(struct kunit *test)
{
	use(test, AF_INET, SVCNAT_KIND_NODEPORT);
	desk_socket_connected = true;
	expect(test, SVCNAT_PASS, 0, "socket");
	desk_socket_connected = false;
	desk_conntrack_live = true;
	expect(test, SVCNAT_PASS, 0, "conntrack");
	use(test, AF_INET, SVCNAT_KIND_CLUSTER);
	expect(test, SVCNAT_TRANSLATE, 0, "a cluster frontend does not");
}

/* What kube-proxy has begun goes on, with endpoints of ours or without. */
static void another_nat_keeps_what_it_has(struct kunit *test)
{
	struct desk *desk = test->priv;

	use(test, AF_INET, SVCNAT_KIND_CLUSTER);
	desk->goes_on = true;
	expect(test, SVCNAT_REJECT, SVCNAT_STAT_REJECT_NO_FLOW, "nobody's");
	desk_conntrack_rewrites = true;
	expect(test, SVCNAT_PASS, 0, "another's");
	desk_publish(test, 0);
	expect(test, SVCNAT_PASS, 0, "another's, without endpoints");
	desk->goes_on = false;
	expect(test, SVCNAT_REJECT, SVCNAT_STAT_REJECT_NO_ENDPOINT, "a new one");
	desk_publish(test, DESK_ENDPOINTS);
	expect(test, SVCNAT_TRANSLATE, 0, "a new one, with endpoints");
}

static void service_cidr(struct kunit *test)
{
	struct desk *desk = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		use(test, families[i], SVCNAT_KIND_EXTERNAL);
		desk->tuple.dst = desk_addr(families[i], DESK_VIP + 1);
		expect(test, SVCNAT_PASS, 0, "no range");
		desk_zone(test, SVCNAT_ZONE_SERVICES,
			  desk_range(test, families[i], DESK_VIP, 8));
		expect(test, SVCNAT_DROP, SVCNAT_STAT_DROP_NO_SERVICE,
		       "no frontend");
		desk->tuple.dst = desk_addr(families[i], DESK_VIP);
		desk->tuple.dport = htons(81);
		expect(test, SVCNAT_PASS, 0, "a frontend at another port");
		desk_zone(test, SVCNAT_ZONE_SERVICES,
			  desk_range(test, families[i], DESK_NODE, 8));
		desk->tuple.dst = desk_addr(families[i], DESK_NODE);
		expect(test, SVCNAT_PASS, 0, "the node itself");
		desk_zone(test, SVCNAT_ZONE_SERVICES, NULL);
	}
}

static void allow(struct kunit *test, u8 family, u16 who)
{
	struct svcnat_frontend_spec spec = {
		.kind = SVCNAT_KIND_LB,
		.allow = desk_range(test, family, who, 0),
	};
	struct desk *desk = test->priv;

	svcnat_frontend_change(desk->frontend, &spec);
}

static void source_ranges(struct kunit *test)
{
	struct desk *desk = test->priv;
	u8 other, family;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		family = families[i];
		other = families[!i];
		use(test, family, SVCNAT_KIND_LB);
		allow(test, family, DESK_OUTSIDE);
		expect(test, SVCNAT_TRANSLATE, 0, "in range");
		allow(test, other, DESK_OUTSIDE);
		expect(test, SVCNAT_TRANSLATE, 0, "none of this family");
		allow(test, family, DESK_OUTSIDE + 1);
		expect(test, SVCNAT_DROP, SVCNAT_STAT_DROP_SOURCE_RANGE,
		       "not in range");
		desk_publish(test, 0);
		expect(test, SVCNAT_DROP, SVCNAT_STAT_DROP_SOURCE_RANGE,
		       "before it is known that there is no endpoint");
		desk_publish(test, DESK_ENDPOINTS);
		desk->tuple.src = desk->tuple.dst;
		expect(test, SVCNAT_DROP, SVCNAT_STAT_DROP_SOURCE_RANGE,
		       "the address to itself");
		allow(test, family, DESK_NODE);
		expect(test, SVCNAT_TRANSLATE, 0,
		       "the address to itself, the node in range");
	}
}

/* A frontend may change its kind; its address counts accordingly. */
static void a_kind_can_change(struct kunit *test)
{
	struct svcnat_frontend_spec spec = { .kind = SVCNAT_KIND_EXTERNAL };
	struct desk *desk = test->priv;

	use(test, AF_INET, SVCNAT_KIND_CLUSTER);
	desk->tuple.dport = htons(81);
	expect(test, SVCNAT_REJECT, SVCNAT_STAT_REJECT_NO_PORT, "cluster");
	svcnat_frontend_change(desk->frontend, &spec);
	expect(test, SVCNAT_PASS, 0, "external");
	spec.kind = SVCNAT_KIND_CLUSTER;
	svcnat_frontend_change(desk->frontend, &spec);
	expect(test, SVCNAT_REJECT, SVCNAT_STAT_REJECT_NO_PORT, "again");
}

static struct kunit_case lookup_order_cases[] = {
	KUNIT_CASE(other_ports),
	KUNIT_CASE(nodeports_belong_to_the_node),
	KUNIT_CASE(nodeports_have_addresses),
	KUNIT_CASE(nodeports_leave_connections_alone),
	KUNIT_CASE(another_nat_keeps_what_it_has),
	KUNIT_CASE(service_cidr),
	KUNIT_CASE(source_ranges),
	KUNIT_CASE(a_kind_can_change),
	{}
};

static struct kunit_suite lookup_order_suite = {
	.name = "svcnat_lookup_order",
	.init = desk_init,
	.exit = desk_exit,
	.test_cases = lookup_order_cases,
};

kunit_test_suite(lookup_order_suite);
