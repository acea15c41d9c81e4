// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>
#include <net/net_namespace.h>

#include "../lookup.c"

#define ENDPOINTS	3
#define TIMEOUT		60

/**
 * struct desk - a service, and a client that asks for it
 * @services: of the netns
 * @service: the only one
 * @frontend: its frontend
 * @endpoint: what may be its endpoints
 * @entry: what they are
 * @tuple: of the client's packet
 */
struct desk {
	struct svcnat_services	services;
	struct svcnat_service	service;
	struct svcnat_frontend	*frontend;
	struct svcnat_endpoint	endpoint[ENDPOINTS];
	struct svcnat_entry	entry[ENDPOINTS];
	struct svcnat_tuple	tuple;
};

static void make_endpoint(struct desk *desk, unsigned int i)
{
	struct svcnat_endpoint *e = &desk->endpoint[i];

	e->id = i + 1;
	e->family = AF_INET;
	e->addr.ip = htonl(0x0af40001 + i);
	e->port = htons(8080);
	desk->entry[i] = (struct svcnat_entry) {
		.endpoint = e, .family = AF_INET, .addr = e->addr,
		.port = e->port, .weight = 1, .state = SVCNAT_STATE_READY,
	};
}

static int desk_init(struct kunit *test)
{
	struct desk *desk = kunit_kzalloc(test, sizeof(*desk), GFP_KERNEL);
	struct svcnat_frontend_spec spec = {
		.addr.ip = htonl(0x0a60000a), .port = htons(80),
		.family = AF_INET,
	};
	unsigned int i;
	int err;

	if (!desk)
		return -ENOMEM;
	test->priv = desk;
	desk->services.net = &init_net;
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
	desk->frontend = svcnat_frontend_alloc(&spec, IPPROTO_TCP,
					       &desk->service, &init_net);
	if (!desk->frontend)
		return -ENOMEM;
	svcnat_frontend_link(&desk->services.frontends, desk->frontend);
	for (i = 0; i < ENDPOINTS; i++)
		make_endpoint(desk, i);
	desk->tuple = (struct svcnat_tuple) {
		.src.ip = htonl(0xc0000201), .sport = htons(4000),
		.dst = spec.addr, .dport = spec.port,
		.family = AF_INET, .proto = IPPROTO_TCP,
	};
	return 0;
}

static void set_endpoints(struct desk *desk, struct svcnat_endpoints *new)
{
	struct svcnat_endpoints *old;

	old = rcu_replace_pointer(desk->service.endpoints, new, true);
	svcnat_endpoints_free(old);
}

static void desk_exit(struct kunit *test)
{
	struct desk *desk = test->priv;

	if (!desk || !desk->services.stats)
		return;
	if (desk->frontend) {
		svcnat_frontend_unlink(&desk->services.frontends,
				       desk->frontend);
		svcnat_frontend_free(desk->frontend);
	}
	set_endpoints(desk, NULL);
	svcnat_affinity_exit(&desk->services.affinity);
	svcnat_frontends_exit(&desk->services.frontends);
	free_percpu(desk->services.stats);
}

/* The service has the first @num endpoints as they are now. */
static void publish(struct kunit *test, unsigned int num)
{
	struct desk *desk = test->priv;
	struct svcnat_endpoints *eps;

	eps = svcnat_endpoints_build(desk->entry, num);
	KUNIT_ASSERT_NOT_NULL(test, eps);
	set_endpoints(desk, eps);
}

/* Ask for the client, whose flow has @prefer; gives the endpoint's index. */
static int ask(struct desk *desk, const struct svcnat_endpoint *prefer,
	       bool *stands)
{
	struct svcnat_query query = {
		.tuple = &desk->tuple, .opens = true, .prefer = prefer,
	};
	struct svcnat_decision d;
	int i = -1;

	rcu_read_lock();
	svcnat_lookup(&desk->services, &query, &d);
	if (d.verdict == SVCNAT_TRANSLATE)
		i = d.entry->endpoint - desk->endpoint;
	*stands = d.prefer_stands;
	rcu_read_unlock();
	return i;
}

/* The client belongs to an endpoint. */
static void pin(struct desk *desk, const struct svcnat_endpoint *endpoint)
{
	const struct svcnat_client client = {
		.service = desk->service.id, .family = AF_INET,
		.addr = desk->tuple.src,
	};

	desk->service.options.affinity = TIMEOUT;
	local_bh_disable();
	rcu_read_lock();
	svcnat_affinity_pin(&desk->services.affinity, &client, endpoint->id, 0,
			    TIMEOUT);
	rcu_read_unlock();
	local_bh_enable();
}

/* What becomes of the last endpoint, and whether it can then be drawn */
static const struct {
	u16	weight;
	u8	state;
	bool	gone;
	bool	stands;
} fates[] = {
	{ 1, SVCNAT_STATE_READY, false, true },
	{ 0, SVCNAT_STATE_READY, false, false },
	{ 1, SVCNAT_STATE_TERMINATING, false, false },
	{ 1, SVCNAT_STATE_UNREADY, false, false },
	{ 1, SVCNAT_STATE_READY, true, false },
};

static void suffer(struct kunit *test, unsigned int fate)
{
	struct desk *desk = test->priv;
	struct svcnat_entry *last = &desk->entry[ENDPOINTS - 1];

	last->weight = fates[fate].weight;
	last->state = fates[fate].state;
	publish(test, ENDPOINTS - fates[fate].gone);
}

static void a_preferred_endpoint_stands_if_drawable(struct kunit *test)
{
	struct desk *desk = test->priv;
	const struct svcnat_endpoint *last = &desk->endpoint[ENDPOINTS - 1];
	unsigned int i, turn;
	bool stands;
	int got;

	for (i = 0; i < ARRAY_SIZE(fates); i++) {
		suffer(test, i);
		for (turn = 0; turn < 20; turn++) {
			got = ask(desk, last, &stands);
			KUNIT_EXPECT_EQ(test, stands, fates[i].stands);
			KUNIT_EXPECT_EQ(test, got == ENDPOINTS - 1,
					fates[i].stands);
			KUNIT_EXPECT_GE(test, got, 0);
			KUNIT_EXPECT_GE(test, ask(desk, NULL, &stands), 0);
			KUNIT_EXPECT_FALSE(test, stands);
		}
	}
}

/* Whether it stands does not depend on where the client belongs now. */
static void affinity_wins_over_a_preferred_endpoint(struct kunit *test)
{
	struct desk *desk = test->priv;
	const struct svcnat_endpoint *last = &desk->endpoint[ENDPOINTS - 1];
	unsigned int i;
	bool stands;

	pin(desk, &desk->endpoint[0]);
	for (i = 0; i < ARRAY_SIZE(fates); i++) {
		suffer(test, i);
		KUNIT_EXPECT_EQ(test, ask(desk, last, &stands), 0);
		KUNIT_EXPECT_EQ(test, stands, fates[i].stands);
	}
}

static struct kunit_case lookup_cases[] = {
	KUNIT_CASE(a_preferred_endpoint_stands_if_drawable),
	KUNIT_CASE(affinity_wins_over_a_preferred_endpoint),
	{}
};

static struct kunit_suite lookup_suite = {
	.name = "svcnat_lookup",
	.init = desk_init,
	.exit = desk_exit,
	.test_cases = lookup_cases,
};

kunit_test_suite(lookup_suite);
