// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which flows can be side by side.  A client C, services V1 and V2, an endpoint
 * E, a node N; all of it for both families.
 */
#include "flow_fixture.h"

#define C	0xc0000201
#define V1	0x0a60000a
#define V2	0x0a60000b
#define E	0x0af40001
#define N	0xac120001

/**
 * struct end - an address and port
 * @addr: IPv4; of an IPv6 flow the one it is made from
 * @port: the port
 */
struct end {
	u32	addr;
	u16	port;
};

/**
 * struct who - a flow
 * @client: its client
 * @service: its frontend
 * @endpoint: its endpoint
 * @node: what it is masqueraded to, or nothing
 * @shift: source port towards the endpoint, or 0
 */
struct who {
	struct end	client;
	struct end	service;
	struct end	endpoint;
	struct end	node;
	u16		shift;
};

static struct who plain(struct end client, struct end service,
			struct end endpoint)
{
	struct who who = {
		.client = client, .service = service, .endpoint = endpoint,
	};

	return who;
}

static struct who full(struct end client, struct end service,
		       struct end endpoint, struct end node)
{
	struct who who = {
		.client = client, .service = service, .endpoint = endpoint,
		.node = node,
	};

	return who;
}

static struct who shift(struct who who, u16 port)
{
	who.shift = port;
	return who;
}

static void set(const struct end *end, u8 family, union nf_inet_addr *addr,
		__be16 *port)
{
	*port = htons(end->port);
	if (family == AF_INET) {
		addr->ip = htonl(end->addr);
		return;
	}
	addr->ip6[0] = htonl(0x20010db8);
	addr->ip6[3] = htonl(end->addr);
}

static struct svcnat_flow_spec spec_of(struct flow_fixture *fx,
				       const struct who *who, u8 family)
{
	struct svcnat_flow_spec spec = {
		.tuple.family = family, .tuple.proto = IPPROTO_TCP,
		.shift = htons(who->shift), .masquerade = who->node.port,
		.endpoint = &fx->endpoint[0], .frontend = &fx->frontend,
	};

	set(&who->client, family, &spec.tuple.src, &spec.tuple.sport);
	set(&who->service, family, &spec.tuple.dst, &spec.tuple.dport);
	set(&who->endpoint, family, &spec.addr, &spec.port);
	set(&who->node, family, &spec.masq_addr, &spec.masq_port);
	return spec;
}

static int insert(struct flow_fixture *fx, const struct svcnat_flow_spec *spec)
{
	struct svcnat_hit hit;

	return svcnat_fixture_insert(fx, spec, &hit);
}

/* With @first there, @second has this outcome; neither harms the other. */
static void one_after_the_other(struct kunit *test,
				const struct svcnat_flow_spec *first,
				const struct svcnat_flow_spec *second, int want)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_hit hit;

	KUNIT_ASSERT_EQ(test, insert(fx, first), 0);
	KUNIT_EXPECT_EQ(test, insert(fx, second), want);
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, first));
	KUNIT_EXPECT_EQ(test, svcnat_fixture_has(fx, second), !want);
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), 1 + !want);
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_reply(fx, first, &hit));
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_kill(fx, &hit));
	if (want) {
		/* It left nothing behind, and it was the other that it met. */
		KUNIT_EXPECT_TRUE(test, svcnat_fixture_gone(fx, second));
		KUNIT_EXPECT_EQ(test, insert(fx, second), 0);
	}
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, second));
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_reply(fx, second, &hit));
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_kill(fx, &hit));
}

/* So for both families */
static void expect(struct kunit *test, struct who first, struct who second,
		   int want)
{
	static const u8 families[] = { AF_INET, AF_INET6 };
	struct svcnat_flow_spec one, two;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		one = spec_of(test->priv, &first, families[i]);
		two = spec_of(test->priv, &second, families[i]);
		one_after_the_other(test, &one, &two, want);
	}
}

static const struct end client = { C, 4000 };
static const struct end one = { V1, 80 };
static const struct end two = { V2, 80 };
static const struct end endpoint = { E, 8080 };
static const struct end node = { N, 6000 };
static const struct end node2 = { N, 6001 };

/* Two services, one endpoint, one client port */
static void answers_of_plain_flows_must_differ(struct kunit *test)
{
	struct who a = plain(client, one, endpoint);
	struct who b = plain(client, two, endpoint);
	struct who d = plain(client, endpoint, endpoint);

	expect(test, a, b, -EADDRINUSE);
	expect(test, shift(a, 5000), b, 0);
	expect(test, a, shift(b, 5000), 0);
	expect(test, shift(a, 5000), shift(b, 5000), -EADDRINUSE);
	/* The client and the endpoint without a service between them */
	expect(test, a, d, -EADDRINUSE);
	expect(test, a, shift(d, 5000), 0);
	expect(test, shift(d, 5000), a, 0);
}

/* The endpoint sees one end of the node's for two flows. */
static void answers_of_full_flows_must_differ(struct kunit *test)
{
	const struct end another = { C + 1, 4000 };
	struct who a = full(client, one, endpoint, node);

	expect(test, a, full(another, one, endpoint, node), -EADDRINUSE);
	expect(test, a, full(another, one, endpoint, node2), 0);
	expect(test, a, full(another, one, (struct end) { E, 8081 }, node),
	       0);
}

/* A process of the node itself has the port that masquerading would take. */
static void answers_must_differ_at_either_stage(struct kunit *test)
{
	struct who a = full(client, one, endpoint, node);
	struct who own = plain(node, two, endpoint);

	expect(test, a, own, -EADDRINUSE);
	expect(test, own, a, -EADDRINUSE);
	expect(test, a, shift(own, 6002), 0);
}

/* What conntrack sees of a masqueraded flow */
static void the_tuple_in_between_must_be_its_own(struct kunit *test)
{
	struct who a = plain(client, one, endpoint);
	struct who b = full(client, two, endpoint, node);
	struct who b1 = full(client, one, endpoint, node2);
	struct who d = plain(client, endpoint, endpoint);

	expect(test, a, b, -ENOTUNIQ);
	expect(test, a, shift(b, 5000), 0);
	expect(test, b, a, -EADDRINUSE);
	expect(test, b, shift(a, 5000), 0);
	expect(test, b1, b, -ENOTUNIQ);
	expect(test, b1, shift(b, 5000), 0);
	expect(test, shift(b1, 5000), shift(b, 5000), -ENOTUNIQ);
	/* The request of a shifted direct flow comes at the other stage. */
	expect(test, shift(d, 5001), b, -ENOTUNIQ);
	expect(test, b, shift(d, 5001), 0);
	/* What the endpoint sees comes first. */
	b1.node = node;
	expect(test, b1, b, -EADDRINUSE);
}

/* Is each key of the flow found at its own stage? */
static bool keys_are_there(struct flow_fixture *fx,
			   const struct svcnat_flow_spec *spec)
{
	unsigned int i, keys = spec->masquerade ? 4 : 2;
	struct svcnat_flow *flow = NULL;
	enum svcnat_stage stage;
	struct svcnat_tuple t;
	struct svcnat_hit hit;

	for (i = 0; i < keys; i++) {
		stage = svcnat_fixture_key(spec, i, &t);
		if (!svcnat_fixture_find(fx, &t, stage, &hit) ||
		    (flow && flow != svcnat_line_flow(hit.line)))
			return false;
		flow = svcnat_line_flow(hit.line);
	}
	return true;
}

/*
 * The client's end is a service too, and the endpoint a client of that; or the
 * endpoint's end is.  One tuple is a request at PRE and a key of @first at POST.
 */
static void expect_both(struct kunit *test, struct who first, struct who second)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec one = spec_of(fx, &first, AF_INET6);
	struct svcnat_flow_spec two = spec_of(fx, &second, AF_INET6);
	struct svcnat_hit hit;

	KUNIT_ASSERT_EQ(test, insert(fx, &one), 0);
	KUNIT_ASSERT_EQ(test, insert(fx, &two), 0);
	KUNIT_EXPECT_TRUE(test, keys_are_there(fx, &one));
	KUNIT_EXPECT_TRUE(test, keys_are_there(fx, &two));
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_reply(fx, &two, &hit));
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_kill(fx, &hit));
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &one));
	KUNIT_ASSERT_TRUE(test, svcnat_fixture_reply(fx, &one, &hit));
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_kill(fx, &hit));
}

static void a_request_may_look_like_what_we_send(struct kunit *test)
{
	const struct end other = { E + 1, 8080 };

	expect_both(test, plain(client, one, endpoint),
		    plain(endpoint, client, other));
	expect_both(test, full(client, one, endpoint, node),
		    plain(endpoint, client, other));
	expect_both(test, full(client, one, endpoint, node),
		    plain(client, endpoint, other));
}

/* At PRE it would find the flow that is there, and so it does now. */
static void a_request_that_is_an_answer_finds_that_flow(struct kunit *test)
{
	const struct who a = full(client, one, endpoint, node);
	const struct who b = plain(endpoint, node, one);
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec there = spec_of(fx, &a, AF_INET);
	struct svcnat_flow_spec new = spec_of(fx, &b, AF_INET);
	struct svcnat_hit hit;

	KUNIT_ASSERT_EQ(test, insert(fx, &there), 0);
	KUNIT_EXPECT_EQ(test, svcnat_fixture_insert(fx, &new, &hit), -EEXIST);
	KUNIT_EXPECT_EQ(test, (int)hit.direction, (int)SVCNAT_REPLY);
	KUNIT_EXPECT_TRUE(test, hit.rewrite.addr.ip == there.tuple.src.ip);
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &there));
}

static void alone(struct kunit *test, struct who who, u8 family, int want)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec = spec_of(fx, &who, family);
	struct svcnat_hit hit;

	KUNIT_EXPECT_EQ(test, insert(fx, &spec), want);
	KUNIT_EXPECT_EQ(test, svcnat_fixture_has(fx, &spec), !want);
	if (!want && svcnat_fixture_reply(fx, &spec, &hit))
		svcnat_fixture_kill(fx, &hit);
	KUNIT_EXPECT_TRUE(test, svcnat_fixture_gone(fx, &spec));
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), 0);
}

/* A client that is its own endpoint */
static void a_flow_must_not_clash_with_itself(struct kunit *test)
{
	static const u8 families[] = { AF_INET, AF_INET6 };
	struct who loop = full(endpoint, one, endpoint, node);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		const u8 f = families[i];

		alone(test, loop, f, -ENOTUNIQ);
		alone(test, shift(loop, 5000), f, 0);
		/* Through a frontend that is what it is masqueraded to */
		alone(test, full(endpoint, node, endpoint, node), f,
		      -EADDRINUSE);
		/* Masqueraded to what it is anyway: stages tell it apart. */
		alone(test, full(node, one, endpoint, node), f, 0);
	}
}

static void families_and_protocols_do_not_clash(struct kunit *test)
{
	const struct who who = full(client, one, endpoint, node);
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	unsigned int i, turn;

	for (turn = 0; turn < 2; turn++) {
		for (i = 0; i < 4; i++) {
			spec = spec_of(fx, &who, i & 1 ? AF_INET6 : AF_INET);
			spec.tuple.proto = i & 2 ? IPPROTO_UDP : IPPROTO_TCP;
			KUNIT_EXPECT_EQ(test, insert(fx, &spec),
					turn ? -EEXIST : 0);
			KUNIT_EXPECT_TRUE(test, svcnat_fixture_has(fx, &spec));
		}
	}
}

/* Ways for a connection to be over, or not quite */
enum end_of_it {
	END_FIN_FIN,
	END_ENDPOINT_RST,
	END_EXPIRED,
	ENDS,
	END_NONE = ENDS,
	END_FIN,
	END_CLIENT_RST,
	NO_ENDS
};

static void come_to(struct flow_fixture *fx,
		    const struct svcnat_flow_spec *spec, enum end_of_it end)
{
	const u8 fin = SVCNAT_TCP_FIN | SVCNAT_TCP_ACK;

	if (end == END_FIN_FIN || end == END_FIN)
		svcnat_fixture_packet(fx, spec, SVCNAT_REQUEST, fin, false);
	if (end == END_FIN_FIN)
		svcnat_fixture_packet(fx, spec, SVCNAT_REPLY, fin, false);
	if (end == END_ENDPOINT_RST)
		svcnat_fixture_packet(fx, spec, SVCNAT_REPLY, SVCNAT_TCP_RST,
				      false);
	if (end == END_CLIENT_RST)
		svcnat_fixture_packet(fx, spec, SVCNAT_REQUEST, SVCNAT_TCP_RST,
				      false);
	if (end == END_EXPIRED)
		svcnat_fixture_age(fx, spec, 0x70000000);
}

/* @first is in the way of @second, and gives way if it is over. */
static void gives_way(struct kunit *test, struct who first, struct who second,
		      int want)
{
	static const u8 families[] = { AF_INET, AF_INET6 };
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec there, new;
	unsigned int i, end;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		there = spec_of(fx, &first, families[i]);
		new = spec_of(fx, &second, families[i]);
		for (end = 0; end < NO_ENDS; end++) {
			const bool over = end < ENDS;
			struct svcnat_hit hit;

			svcnat_fixture_begin(test, &there, true);
			come_to(fx, &there, end);
			KUNIT_EXPECT_EQ_MSG(test, insert(fx, &new),
					    over ? 0 : want, "end %u", end);
			KUNIT_EXPECT_EQ(test, svcnat_fixture_has(fx, &new),
					over);
			KUNIT_EXPECT_EQ(test, svcnat_fixture_has(fx, &there),
					!over);
			KUNIT_ASSERT_TRUE(test,
					  svcnat_fixture_reply(fx, over ? &new :
							       &there, &hit));
			KUNIT_ASSERT_TRUE(test, svcnat_fixture_kill(fx, &hit));
			KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), 0);
		}
	}
}

static void who_is_over_gives_way(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct who a = plain(client, one, endpoint);
	struct who b = plain(client, two, endpoint);
	struct who full_a = full(client, one, endpoint, node);
	struct who full_b = full(client, two, endpoint, node2);

	gives_way(test, a, b, -EADDRINUSE);
	gives_way(test, a, full_b, -ENOTUNIQ);
	gives_way(test, full_a, full_b, -ENOTUNIQ);
	gives_way(test, full_a, b, -EADDRINUSE);
	/* Each of them in both families, by FIN and by RST */
	KUNIT_EXPECT_EQ(test, svcnat_fixture_stat(fx, SVCNAT_STAT_FLOW_EVICTED),
			4 * 2 * 2);
	KUNIT_EXPECT_EQ(test, svcnat_fixture_stat(fx, SVCNAT_STAT_FLOW_EXPIRED),
			4 * 2);
}

static struct kunit_case flow_clash_cases[] = {
	KUNIT_CASE(answers_of_plain_flows_must_differ),
	KUNIT_CASE(answers_of_full_flows_must_differ),
	KUNIT_CASE(answers_must_differ_at_either_stage),
	KUNIT_CASE(the_tuple_in_between_must_be_its_own),
	KUNIT_CASE(a_request_may_look_like_what_we_send),
	KUNIT_CASE(a_request_that_is_an_answer_finds_that_flow),
	KUNIT_CASE(a_flow_must_not_clash_with_itself),
	KUNIT_CASE(who_is_over_gives_way),
	KUNIT_CASE(families_and_protocols_do_not_clash),
	{}
};

static struct kunit_suite flow_clash_suite = {
	.name = "svcnat_flow_clash",
	.suite_init = svcnat_fixture_suite_init,
	.suite_exit = svcnat_fixture_suite_exit,
	.init = svcnat_fixture_init,
	.exit = svcnat_fixture_exit,
	.test_cases = flow_clash_cases,
};

kunit_test_suite(flow_clash_suite);
