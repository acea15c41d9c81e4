// SPDX-License-Identifier: GPL-2.0-only
#include <net/net_namespace.h>

#include "flow_fixture.h"

/**
 * svcnat_fixture_suite_init() - before a suite
 * @suite: which
 *
 * Return: 0 or -ENOMEM.
 */
int svcnat_fixture_suite_init(struct kunit_suite *suite)
{
	return svcnat_flows_module_init();
}

/**
 * svcnat_fixture_suite_exit() - after a suite
 * @suite: which
 */
void svcnat_fixture_suite_exit(struct kunit_suite *suite)
{
	svcnat_flows_module_exit();
}

static void wake(struct work_struct *work)
{
	struct flow_fixture *fx;

	fx = container_of(to_delayed_work(work), struct flow_fixture, worker);
	atomic_inc(&fx->woken);
}

/**
 * svcnat_fixture_init() - before a case: an empty table in its priv
 * @test: the case
 *
 * Return: 0 or -ENOMEM.
 */
int svcnat_fixture_init(struct kunit *test)
{
	struct flow_fixture *fx = kunit_kzalloc(test, sizeof(*fx), GFP_KERNEL);
	int i, err;

	if (!fx)
		return -ENOMEM;
	test->priv = fx;
	INIT_DELAYED_WORK(&fx->worker, wake);
	fx->stats = alloc_percpu(struct svcnat_stats);
	if (!fx->stats)
		return -ENOMEM;
	err = svcnat_account_init(&fx->frontend, &init_net);
	for (i = 0; !err && i < FIXTURE_ENDPOINTS; i++)
		err = svcnat_account_init(&fx->endpoint[i], &init_net);
	if (!err)
		err = svcnat_flows_init(&fx->flows, &init_net, &fx->filter,
					fx->stats, &fx->worker);
	/* The same chains every time */
	memset(&fx->flows.key, 0x42, sizeof(fx->flows.key));
	return err ?: svcnat_flows_start(&fx->flows);
}

static void expect_closed(struct kunit *test,
			  const struct svcnat_account *account, u64 *opened)
{
	struct svcnat_sums sums = {};

	if (!account->counters)
		return;
	svcnat_account_sum(account, &sums);
	KUNIT_EXPECT_EQ(test, sums.opened, sums.closed);
	*opened += sums.opened;
}

/**
 * svcnat_fixture_exit() - after a case: everything must balance
 * @test: the case
 */
void svcnat_fixture_exit(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	u64 made, reused, ended, opened = 0, charged = 0;
	int i;

	if (!fx || !fx->stats)
		return;
	cancel_delayed_work_sync(&fx->worker);
	svcnat_flows_exit(&fx->flows);
	svcnat_filter_exit(&fx->filter);
	made = svcnat_fixture_stat(fx, SVCNAT_STAT_FLOW_NEW);
	ended = svcnat_fixture_stat(fx, SVCNAT_STAT_FLOW_EXPIRED) +
		svcnat_fixture_stat(fx, SVCNAT_STAT_FLOW_EVICTED) +
		svcnat_fixture_stat(fx, SVCNAT_STAT_FLOW_DELETED);
	KUNIT_EXPECT_EQ(test, made, ended);
	/* A new connection with an old one's flow is charged like any other. */
	reused = svcnat_fixture_stat(fx, SVCNAT_STAT_FLOW_REUSED);
	expect_closed(test, &fx->frontend, &opened);
	for (i = 0; i < FIXTURE_ENDPOINTS; i++)
		expect_closed(test, &fx->endpoint[i], &charged);
	KUNIT_EXPECT_EQ(test, opened + fx->direct, made + reused);
	KUNIT_EXPECT_EQ(test, charged + fx->direct, made + reused);
	svcnat_account_exit(&fx->frontend);
	for (i = 0; i < FIXTURE_ENDPOINTS; i++)
		svcnat_account_exit(&fx->endpoint[i]);
	free_percpu(fx->stats);
}

/**
 * svcnat_fixture_find() - svcnat_flow_find() for a process
 * @fx: the fixture
 * @tuple: as there
 * @stage: as there
 * @hit: as there
 *
 * Return: as there.
 */
bool svcnat_fixture_find(struct flow_fixture *fx,
			 const struct svcnat_tuple *tuple,
			 enum svcnat_stage stage, struct svcnat_hit *hit)
{
	bool found;

	rcu_read_lock();
	found = svcnat_flow_find(&fx->flows, tuple, stage, hit);
	rcu_read_unlock();
	return found;
}

/**
 * svcnat_fixture_reply() - find what an answer finds first
 * @fx: the fixture
 * @spec: the flow
 * @hit: the line of its replies
 *
 * Return: as svcnat_flow_find().
 */
bool svcnat_fixture_reply(struct flow_fixture *fx,
			  const struct svcnat_flow_spec *spec,
			  struct svcnat_hit *hit)
{
	enum svcnat_stage stage;
	struct svcnat_tuple answer;

	stage = svcnat_fixture_key(spec, SVCNAT_REPLY, &answer);
	return svcnat_fixture_find(fx, &answer, stage, hit);
}

/* What the packet wing does */
static void rewrite(struct svcnat_tuple *t, const struct svcnat_rewrite *to)
{
	bool source = to->side == SVCNAT_SOURCE;

	*(source ? &t->src : &t->dst) = to->addr;
	t->sport = source ? to->port : to->other_port;
	t->dport = source ? to->other_port : to->port;
}

static bool same(const struct svcnat_tuple *a, const struct svcnat_tuple *b)
{
	return !memcmp(&a->src, &b->src, sizeof(a->src)) &&
	       !memcmp(&a->dst, &b->dst, sizeof(a->dst)) &&
	       a->sport == b->sport && a->dport == b->dport &&
	       a->family == b->family && a->proto == b->proto;
}

/* What is to be found on the way, one by one */
struct journey {
	struct flow_fixture		*fx;
	const struct svcnat_flow_spec	*spec;
	enum svcnat_direction		direction;
	unsigned int			hits;
	struct svcnat_flow		*flow;
	struct svcnat_tuple		at;
};

/* One stage: is it rewritten, if so the right way, and what is it then? */
static bool stage(struct journey *j, enum svcnat_stage stage, bool rewritten,
		  const struct svcnat_tuple *then)
{
	struct svcnat_hit hit;

	if (svcnat_fixture_find(j->fx, &j->at, stage, &hit) != rewritten)
		return false;
	if (!rewritten)
		return same(&j->at, then);
	if (j->flow && j->flow != svcnat_line_flow(hit.line))
		return false;
	j->flow = svcnat_line_flow(hit.line);
	rewrite(&j->at, &hit.rewrite);
	return hit.direction == j->direction && hit.second == !!j->hits++ &&
	       hit.line == svcnat_flow_line(j->flow, j->direction) &&
	       hit.endpoint == j->spec->endpoint &&
	       hit.frontend == j->spec->frontend &&
	       hit.rewrite.side == (stage == SVCNAT_PRE ? SVCNAT_DESTINATION :
							  SVCNAT_SOURCE) &&
	       same(&j->at, then);
}

/**
 * svcnat_fixture_has() - is the flow there, by all keys and as it was made?
 * @fx: the fixture
 * @spec: the flow
 *
 * Both ways: what the client and what the endpoint sends become what the other
 * is to see, and in between what conntrack is to see.
 *
 * Return: true if so.
 */
bool svcnat_fixture_has(struct flow_fixture *fx,
			const struct svcnat_flow_spec *spec)
{
	struct journey there = {
		.fx = fx, .spec = spec, .direction = SVCNAT_REQUEST,
		.at = spec->tuple,
	}, back = {
		.fx = fx, .spec = spec, .direction = SVCNAT_REPLY,
	};
	struct svcnat_tuple forth, middle, half, end;

	svcnat_fixture_middle(spec, &middle);
	svcnat_fixture_answer(spec, &back.at);
	svcnat_tuple_reverse(&forth, &back.at);
	svcnat_tuple_reverse(&half, &middle);
	svcnat_tuple_reverse(&end, &spec->tuple);
	return stage(&there, SVCNAT_PRE, true, &middle) &&
	       stage(&there, SVCNAT_POST, spec->masquerade, &forth) &&
	       stage(&back, SVCNAT_PRE, spec->masquerade, &half) &&
	       stage(&back, SVCNAT_POST, true, &end) &&
	       there.flow == back.flow;
}

/**
 * svcnat_fixture_gone() - is no key of the flow there?
 * @fx: the fixture
 * @spec: the flow
 *
 * Return: true if so.
 */
bool svcnat_fixture_gone(struct flow_fixture *fx,
			 const struct svcnat_flow_spec *spec)
{
	enum svcnat_stage stage;
	struct svcnat_tuple t;
	struct svcnat_hit hit;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		stage = svcnat_fixture_key(spec, i, &t);
		if (svcnat_fixture_find(fx, &t, stage, &hit))
			return false;
	}
	return true;
}

/**
 * svcnat_fixture_insert() - svcnat_flow_insert() for a process
 * @fx: the fixture
 * @spec: as there
 * @hit: as there
 *
 * Return: as there.
 */
int svcnat_fixture_insert(struct flow_fixture *fx,
			  const struct svcnat_flow_spec *spec,
			  struct svcnat_hit *hit)
{
	int err;

	local_bh_disable();
	rcu_read_lock();
	err = svcnat_flow_insert(&fx->flows, spec, hit);
	rcu_read_unlock();
	local_bh_enable();
	return err;
}

/**
 * svcnat_fixture_end() - svcnat_flow_kill() for a process
 * @fx: the fixture
 * @hit: as there
 * @why: as there
 *
 * Return: as there.
 */
bool svcnat_fixture_end(struct flow_fixture *fx, const struct svcnat_hit *hit,
			enum svcnat_stat why)
{
	bool killed;

	local_bh_disable();
	rcu_read_lock();
	killed = svcnat_flow_kill(&fx->flows, hit, why);
	rcu_read_unlock();
	local_bh_enable();
	return killed;
}

/**
 * svcnat_fixture_kill() - remove a flow for no reason of its own
 * @fx: the fixture
 * @hit: any of its keys
 *
 * Return: as svcnat_flow_kill().
 */
bool svcnat_fixture_kill(struct flow_fixture *fx, const struct svcnat_hit *hit)
{
	return svcnat_fixture_end(fx, hit, SVCNAT_STAT_FLOW_DELETED);
}

/**
 * svcnat_fixture_state() - the state of a flow
 * @fx: the fixture
 * @spec: which flow
 *
 * Return: enum svcnat_flow_state, or -ENOENT.
 */
int svcnat_fixture_state(struct flow_fixture *fx,
			 const struct svcnat_flow_spec *spec)
{
	struct svcnat_flow_view view;
	struct svcnat_hit hit;
	int state = -ENOENT;

	rcu_read_lock();
	if (svcnat_flow_find(&fx->flows, &spec->tuple, SVCNAT_PRE, &hit) &&
	    svcnat_flow_view(&hit, &view))
		state = view.state;
	rcu_read_unlock();
	return state;
}

/**
 * svcnat_fixture_review() - svcnat_flow_review() of a packet of a flow
 * @fx: the fixture
 * @spec: which flow
 * @direction: of the packet
 * @tcp: SVCNAT_TCP_... bits of the packet
 *
 * Return: enum svcnat_review, or -ENOENT.
 */
int svcnat_fixture_review(struct flow_fixture *fx,
			  const struct svcnat_flow_spec *spec,
			  enum svcnat_direction direction, u8 tcp)
{
	struct svcnat_packet packet = { .tuple = spec->tuple, .tcp = tcp };
	struct svcnat_hit hit;
	int what = -ENOENT;

	rcu_read_lock();
	if (direction == SVCNAT_REPLY ?
	    svcnat_fixture_reply(fx, spec, &hit) :
	    svcnat_fixture_find(fx, &spec->tuple, SVCNAT_PRE, &hit))
		what = svcnat_flow_review(&hit, &packet);
	rcu_read_unlock();
	return what;
}

/**
 * svcnat_fixture_packet() - a packet of a flow passes, if it is there
 * @fx: the fixture
 * @spec: the flow
 * @direction: which way it goes
 * @tcp: SVCNAT_TCP_... bits
 * @payload: it has data
 */
void svcnat_fixture_packet(struct flow_fixture *fx,
			   const struct svcnat_flow_spec *spec,
			   enum svcnat_direction direction, u8 tcp,
			   bool payload)
{
	struct svcnat_packet packet = {
		.tcp = tcp, .payload = payload, .proof = fx->proof,
	};
	enum svcnat_stage stage;
	struct svcnat_hit hit;

	packet.tuple = spec->tuple;
	if (direction == SVCNAT_REPLY)
		svcnat_fixture_answer(spec, &packet.tuple);
	local_bh_disable();
	rcu_read_lock();
	for (stage = SVCNAT_PRE; stage <= SVCNAT_POST; stage++) {
		if (!svcnat_flow_find(&fx->flows, &packet.tuple, stage, &hit))
			continue;
		if (!hit.second)
			svcnat_flow_mark(&hit, &packet);
		rewrite(&packet.tuple, &hit.rewrite);
	}
	rcu_read_unlock();
	local_bh_enable();
}

/**
 * svcnat_fixture_begin() - make a flow and let its first packets pass
 * @test: the case
 * @spec: the flow
 * @established: until both sides have spoken; else only the first
 */
void svcnat_fixture_begin(struct kunit *test,
			  const struct svcnat_flow_spec *spec,
			  bool established)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_hit hit;

	KUNIT_ASSERT_EQ(test, svcnat_fixture_insert(fx, spec, &hit), 0);
	svcnat_fixture_packet(fx, spec, SVCNAT_REQUEST, SVCNAT_TCP_SYN, false);
	if (!established)
		return;
	svcnat_fixture_packet(fx, spec, SVCNAT_REPLY,
			      SVCNAT_TCP_SYN | SVCNAT_TCP_ACK, false);
	svcnat_fixture_packet(fx, spec, SVCNAT_REQUEST, SVCNAT_TCP_ACK, false);
}

/**
 * svcnat_fixture_open() - svcnat_fixture_begin() for a plain IPv4 flow
 * @test: the case
 * @n: number of the flow
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @established: until both sides have spoken; else only the first
 * @spec: written
 */
void svcnat_fixture_open(struct kunit *test, u32 n, u8 proto,
			 bool established, struct svcnat_flow_spec *spec)
{
	svcnat_fixture_spec(test->priv, spec, n, proto);
	svcnat_fixture_begin(test, spec, established);
}

/**
 * svcnat_fixture_age() - pretend that a flow's last packet was long ago
 * @fx: the fixture
 * @spec: the flow; it is there
 * @stamps: how long, in units of a stamp; negative is the future
 */
void svcnat_fixture_age(struct flow_fixture *fx,
			const struct svcnat_flow_spec *spec, u32 stamps)
{
	u32 stamp = svcnat_stamp_now() - stamps;
	struct svcnat_hit hit;
	unsigned int i;

	if (!svcnat_fixture_find(fx, &spec->tuple, SVCNAT_PRE, &hit))
		return;
	for (i = 0; i < SVCNAT_DIRECTIONS; i++) {
		struct svcnat_line *line;
		u64 word;

		line = svcnat_flow_line(svcnat_line_flow(hit.line), i);
		word = atomic64_read(&line->word);
		atomic64_set(&line->word,
			     svcnat_word(svcnat_word_generation(word),
					 svcnat_word_seen(word), stamp));
	}
}

/**
 * svcnat_fixture_upkeep() - a full turn of expiry
 * @fx: the fixture
 */
void svcnat_fixture_upkeep(struct flow_fixture *fx)
{
	fx->flows.cursor = 0;
	do
		cond_resched();
	while (!svcnat_flows_expire(&fx->flows) || fx->flows.cursor);
}

/**
 * svcnat_fixture_stat() - read a counter
 * @fx: the fixture
 * @id: which
 *
 * Return: its value.
 */
u64 svcnat_fixture_stat(struct flow_fixture *fx, enum svcnat_stat id)
{
	return svcnat_stat_sum(fx->stats, id);
}
