// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may use a frontend, which list the connection draws from, who is hidden:
 * the tables of what Kubernetes promises, row by row, for both families.
 */
#include "../ranges.h"
#include "lookup_desk.h"

static const u8 families[] = { AF_INET, AF_INET6 };

static const u16 clients[] = { DESK_POD, DESK_NODE, DESK_OUTSIDE };

enum {
	LOCAL	= BIT(0),	/* the local list, not the cluster's */
	HIDDEN	= BIT(1),	/* masqueraded */
};

/* What holds for a pod, the node and anybody else */
static const struct policy {
	u8	kind;
	u8	internal;
	u8	external;
	u8	pods_unknown;
	u8	masquerade_all;
	u8	expect[ARRAY_SIZE(clients)];
} policies[] = {
	/* Cluster frontends: the external policy does not matter. */
	{ SVCNAT_KIND_CLUSTER, 0, 0, 0, 0, { 0, HIDDEN, HIDDEN } },
	{ SVCNAT_KIND_CLUSTER, 0, 1, 0, 0, { 0, HIDDEN, HIDDEN } },
	{ SVCNAT_KIND_CLUSTER, 1, 0, 0, 0,
	  { LOCAL, LOCAL | HIDDEN, LOCAL | HIDDEN } },
	{ SVCNAT_KIND_CLUSTER, 1, 1, 0, 0,
	  { LOCAL, LOCAL | HIDDEN, LOCAL | HIDDEN } },
	/* Nobody is a pod. */
	{ SVCNAT_KIND_CLUSTER, 0, 0, 1, 0, { 0, 0, 0 } },
	{ SVCNAT_KIND_CLUSTER, 1, 0, 1, 0, { LOCAL, LOCAL, LOCAL } },
	{ SVCNAT_KIND_CLUSTER, 0, 0, 1, 1, { HIDDEN, HIDDEN, HIDDEN } },
	{ SVCNAT_KIND_CLUSTER, 0, 0, 0, 1, { HIDDEN, HIDDEN, HIDDEN } },
	{ SVCNAT_KIND_CLUSTER, 1, 0, 0, 1,
	  { LOCAL | HIDDEN, LOCAL | HIDDEN, LOCAL | HIDDEN } },
	/* All others: the internal policy does not matter, nor does -all. */
	{ SVCNAT_KIND_EXTERNAL, 0, 0, 0, 0, { HIDDEN, HIDDEN, HIDDEN } },
	{ SVCNAT_KIND_EXTERNAL, 1, 0, 0, 1, { HIDDEN, HIDDEN, HIDDEN } },
	{ SVCNAT_KIND_EXTERNAL, 0, 1, 0, 0, { 0, HIDDEN, LOCAL } },
	{ SVCNAT_KIND_EXTERNAL, 1, 1, 0, 1, { 0, HIDDEN, LOCAL } },
	{ SVCNAT_KIND_EXTERNAL, 0, 1, 1, 0, { LOCAL, HIDDEN, LOCAL } },
	{ SVCNAT_KIND_LB, 0, 0, 0, 0, { HIDDEN, HIDDEN, HIDDEN } },
	{ SVCNAT_KIND_LB, 0, 1, 0, 0, { 0, HIDDEN, LOCAL } },
	{ SVCNAT_KIND_LB, 1, 1, 0, 0, { 0, HIDDEN, LOCAL } },
	{ SVCNAT_KIND_NODEPORT, 0, 0, 0, 0, { HIDDEN, HIDDEN, HIDDEN } },
	{ SVCNAT_KIND_NODEPORT, 1, 0, 0, 0, { HIDDEN, HIDDEN, HIDDEN } },
	{ SVCNAT_KIND_NODEPORT, 0, 1, 0, 0, { 0, HIDDEN, LOCAL } },
	{ SVCNAT_KIND_NODEPORT, 1, 1, 0, 1, { 0, HIDDEN, LOCAL } },
};

static void set_policy(struct kunit *test, const struct policy *p, u8 family)
{
	struct desk *desk = test->priv;

	desk_use(test, family, p->kind);
	desk->service.options.internal_policy = p->internal;
	desk->service.options.external_policy = p->external;
	desk->services.masquerade_all = p->masquerade_all;
	desk_zone(test, SVCNAT_ZONE_PODS, p->pods_unknown ? NULL :
		  desk_range(test, family, DESK_POD, 8));
	/* Some of each, so that the lists differ. */
	desk->entry[0].place = SVCNAT_PLACE_LOCAL;
	desk->entry[1].place = SVCNAT_PLACE_REMOTE;
	desk->entry[2].place = SVCNAT_PLACE_LOCAL_ONLY;
	desk_publish(test, DESK_ENDPOINTS);
}

static void the_table_of_policies(struct kunit *test)
{
	struct desk *desk = test->priv;
	struct svcnat_decision d;
	unsigned int i, f, c;

	for (i = 0; i < ARRAY_SIZE(policies) * ARRAY_SIZE(families); i++) {
		const struct policy *p = &policies[i / ARRAY_SIZE(families)];

		f = i % ARRAY_SIZE(families);
		set_policy(test, p, families[f]);
		for (c = 0; c < ARRAY_SIZE(clients); c++) {
			desk->tuple.src = desk_addr(families[f], clients[c]);
			desk_ask(desk, NULL, &d);
			KUNIT_EXPECT_EQ(test, d.verdict, SVCNAT_TRANSLATE);
			KUNIT_EXPECT_EQ_MSG(test, d.list,
					    p->expect[c] & LOCAL ?
					    SVCNAT_LIST_LOCAL :
					    SVCNAT_LIST_CLUSTER,
					    "row %u client %u", i, c);
			KUNIT_EXPECT_EQ_MSG(test, d.masquerade,
					    !!(p->expect[c] & HIDDEN),
					    "row %u client %u", i, c);
		}
	}
}

/* A packet of the node's own is the node's, whatever its source. */
static void the_nodes_own_packets(struct kunit *test)
{
	static const struct policy local = { SVCNAT_KIND_EXTERNAL, 0, 1 };
	struct desk *desk = test->priv;
	struct svcnat_decision d;

	set_policy(test, &local, AF_INET);
	desk->local = true;
	desk_ask(desk, NULL, &d);
	KUNIT_EXPECT_EQ(test, d.list, SVCNAT_LIST_CLUSTER);
	KUNIT_EXPECT_TRUE(test, d.masquerade);
}

/* A pod that is the endpoint, and who comes from a service's address */
static void some_are_always_hidden(struct kunit *test)
{
	static const struct policy plain = { .pods_unknown = 1 };
	struct desk *desk = test->priv;
	struct svcnat_decision d;
	unsigned int f;

	for (f = 0; f < ARRAY_SIZE(families); f++) {
		set_policy(test, &plain, families[f]);
		desk_publish(test, 1);
		desk->tuple.src = desk_addr(families[f], DESK_ENDPOINT);
		desk_ask(desk, NULL, &d);
		KUNIT_EXPECT_TRUE(test, d.masquerade);
		desk->tuple.src = desk_addr(families[f], DESK_ENDPOINT + 1);
		desk_ask(desk, NULL, &d);
		KUNIT_EXPECT_FALSE(test, d.masquerade);
		desk->tuple.src = desk_addr(families[f], DESK_VIP);
		desk_ask(desk, NULL, &d);
		KUNIT_EXPECT_TRUE(test, d.masquerade);
	}
}

/* Who is usable, and what becomes of a packet then */
static const struct emptiness {
	u8			kind;
	u8			internal;
	u8			external;
	u16			client;
	u8			place[2];	/* of the only endpoints */
	u8			state[2];
	struct {
		enum svcnat_verdict	verdict;
		enum svcnat_stat	reason;
	} then;
} empties[] = {
#define REMOTES { SVCNAT_PLACE_REMOTE, SVCNAT_PLACE_REMOTE }
#define ONE_LOCAL { SVCNAT_PLACE_REMOTE, SVCNAT_PLACE_LOCAL }
#define READY { SVCNAT_STATE_READY, SVCNAT_STATE_READY }
#define UNREADY { SVCNAT_STATE_UNREADY, SVCNAT_STATE_UNREADY }
#define DYING { SVCNAT_STATE_READY, SVCNAT_STATE_TERMINATING }
#define NO_ENDPOINT { SVCNAT_REJECT, SVCNAT_STAT_REJECT_NO_ENDPOINT }
#define NO_LOCAL { SVCNAT_DROP, SVCNAT_STAT_DROP_NO_LOCAL_ENDPOINT }
#define GOES_ON { SVCNAT_TRANSLATE, 0 }
	{ SVCNAT_KIND_CLUSTER, 0, 0, DESK_POD, REMOTES, UNREADY, NO_ENDPOINT },
	{ SVCNAT_KIND_CLUSTER, 1, 0, DESK_POD, REMOTES, UNREADY, NO_ENDPOINT },
	{ SVCNAT_KIND_LB, 0, 1, DESK_OUTSIDE, REMOTES, UNREADY, NO_ENDPOINT },
	{ SVCNAT_KIND_NODEPORT, 0, 1, DESK_OUTSIDE, ONE_LOCAL, UNREADY,
	  NO_ENDPOINT },
	{ SVCNAT_KIND_CLUSTER, 1, 0, DESK_POD, REMOTES, READY, NO_LOCAL },
	{ SVCNAT_KIND_CLUSTER, 1, 0, DESK_NODE, REMOTES, READY, NO_LOCAL },
	{ SVCNAT_KIND_CLUSTER, 1, 0, DESK_OUTSIDE, REMOTES, READY, NO_LOCAL },
	{ SVCNAT_KIND_CLUSTER, 0, 1, DESK_OUTSIDE, REMOTES, READY, GOES_ON },
	{ SVCNAT_KIND_EXTERNAL, 0, 1, DESK_OUTSIDE, REMOTES, READY, NO_LOCAL },
	{ SVCNAT_KIND_LB, 0, 1, DESK_OUTSIDE, REMOTES, READY, NO_LOCAL },
	{ SVCNAT_KIND_NODEPORT, 1, 1, DESK_OUTSIDE, REMOTES, READY, NO_LOCAL },
	{ SVCNAT_KIND_LB, 1, 1, DESK_POD, REMOTES, READY, GOES_ON },
	{ SVCNAT_KIND_LB, 1, 1, DESK_NODE, REMOTES, READY, GOES_ON },
	{ SVCNAT_KIND_LB, 1, 0, DESK_OUTSIDE, REMOTES, READY, GOES_ON },
	/* Each list falls back by itself. */
	{ SVCNAT_KIND_LB, 0, 1, DESK_OUTSIDE, ONE_LOCAL, DYING, GOES_ON },
	{ SVCNAT_KIND_CLUSTER, 1, 0, DESK_POD, ONE_LOCAL, DYING, GOES_ON },
};

static void the_table_of_empty_lists(struct kunit *test)
{
	struct desk *desk = test->priv;
	struct svcnat_decision d;
	unsigned int i, e;

	for (i = 0; i < ARRAY_SIZE(empties) * ARRAY_SIZE(families); i++) {
		const struct emptiness *row;
		struct policy policy = {};
		u8 family;

		row = &empties[i / ARRAY_SIZE(families)];
		family = families[i % ARRAY_SIZE(families)];
		policy.kind = row->kind;
		policy.internal = row->internal;
		policy.external = row->external;
		set_policy(test, &policy, family);
		for (e = 0; e < ARRAY_SIZE(row->place); e++) {
			desk->entry[e].place = row->place[e];
			desk->entry[e].state = row->state[e];
		}
		desk_publish(test, ARRAY_SIZE(row->place));
		desk->tuple.src = desk_addr(family, row->client);
		desk_ask(desk, NULL, &d);
		KUNIT_EXPECT_EQ_MSG(test, d.verdict, row->then.verdict,
				    "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, d.reason, row->then.reason,
				    "row %u", i);
	}
}

/* While a ready one is remote, the local list has its terminating one. */
static void lists_fall_back_apart(struct kunit *test)
{
	static const struct policy local = { SVCNAT_KIND_LB, 0, 1 };
	struct desk *desk = test->priv;
	struct svcnat_decision d;
	int i;

	set_policy(test, &local, AF_INET);
	desk->entry[0].state = SVCNAT_STATE_TERMINATING;
	desk_publish(test, 2);
	for (i = 0; i < 20; i++) {
		desk->tuple.src = desk_addr(AF_INET, DESK_OUTSIDE);
		desk_ask(desk, NULL, &d);
		KUNIT_EXPECT_PTR_EQ(test, d.entry->endpoint,
				    &desk->endpoint[0]);
		desk->tuple.src = desk_addr(AF_INET, DESK_POD);
		desk_ask(desk, NULL, &d);
		KUNIT_EXPECT_PTR_EQ(test, d.entry->endpoint,
				    &desk->endpoint[1]);
	}
}

static struct kunit_case lookup_policy_cases[] = {
	KUNIT_CASE(the_table_of_policies),
	KUNIT_CASE(the_nodes_own_packets),
	KUNIT_CASE(some_are_always_hidden),
	KUNIT_CASE(the_table_of_empty_lists),
	KUNIT_CASE(lists_fall_back_apart),
	{}
};

static struct kunit_suite lookup_policy_suite = {
	.name = "svcnat_lookup_policy",
	.init = desk_init,
	.exit = desk_exit,
	.test_cases = lookup_policy_cases,
};

kunit_test_suite(lookup_policy_suite);
