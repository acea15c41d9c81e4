// SPDX-License-Identifier: GPL-2.0-only
/*
 * Endpoints and schedulers: whoever is drawn is on the list, in the share that
 * its scheduler promises.
 */
#include "shim.h"

#include "maglev.h"
#include "schedule.h"
#include "feed.h"

#define MOST	400
#define LOOK	128	/* README: lc takes the best of so many */
#define TURNS	5000	/* cycles that are followed to their end */

/**
 * struct trial - an input at work
 * @entry: the endpoints, none twice, in the order of the input
 * @endpoint: theirs
 * @num: how many
 * @scheduler: enum svcnat_scheduler
 * @eps: the array
 * @other: the same on another node, or NULL
 * @service: whose it is
 * @on: which of the endpoints are on a list
 */
struct trial {
	struct svcnat_entry	entry[MOST];
	struct svcnat_endpoint	endpoint[MOST];
	u32			num;
	u8			scheduler;
	struct svcnat_endpoints	*eps;
	struct svcnat_endpoints	*other;
	struct svcnat_service	service;
	bool			on[2][SVCNAT_LISTS][MOST];
};

static struct trial t;

static bool same(const struct svcnat_entry *a, const struct svcnat_entry *b)
{
	return a->family == b->family && a->port == b->port &&
	       !memcmp(&a->addr, &b->addr, 16);
}

static void take_entry(struct feed *f, u32 n)
{
	struct svcnat_entry *e = &t.entry[t.num];
	const u8 kind = feed_u8(f), weight = feed_u8(f);
	u32 i;

	memset(e, 0, sizeof(*e));
	e->family = kind & 1 ? AF_INET6 : AF_INET;
	e->state = (kind >> 1 & 3) % 3;
	e->place = (kind >> 3 & 3) % 3;
	e->addr = feed_addr(f, e->family, 32);
	e->port = htons(1 + (feed_u8(f) & 7) + n / 8);
	/* Mostly small; the largest, too */
	e->weight = weight < 0xf0 ? weight & 7 : 0xffff >> (weight & 15);
	e->endpoint = &t.endpoint[t.num];
	for (i = 0; i < t.num; i++)
		if (same(e, &t.entry[i]))
			return;
	memset(e->endpoint, 0, sizeof(*e->endpoint));
	/* Ids come in any order: none is 0, none is there twice. */
	e->endpoint->id = 1 + (t.num * 167 + 5) % 401;
	atomic_set(&e->endpoint->active, (int)(kind >> 5) - 1);
	t.num++;
}

/* May an entry be drawn, if those in @state are? */
static bool has_place(const struct svcnat_entry *e, u8 family,
		      enum svcnat_list list, u8 state)
{
	return e->family == family && e->weight && e->state == state &&
	       e->place != (list == SVCNAT_LIST_LOCAL ?
			    SVCNAT_PLACE_REMOTE : SVCNAT_PLACE_LOCAL_ONLY);
}

/* The ready ones, or else the terminating ones */
static void find_eligible(u8 family, enum svcnat_list list)
{
	bool *on = t.on[family == AF_INET6][list];
	u32 i, n = 0;

	for (i = 0; i < t.num; i++)
		n += on[i] = has_place(&t.entry[i], family, list,
				       SVCNAT_STATE_READY);
	for (i = 0; i < t.num && !n; i++)
		on[i] = has_place(&t.entry[i], family, list,
				  SVCNAT_STATE_TERMINATING);
}

/* May an entry of the input be drawn? */
static bool eligible(const struct svcnat_entry *e, u8 family,
		     enum svcnat_list list)
{
	return t.on[family == AF_INET6][list][e - t.entry];
}

static void take(struct feed *f)
{
	u32 i, num;

	t.num = 0;
	/* Those that cost most least often */
	t.scheduler = feed_u8(f) % 7 / 2;
	num = feed_u8(f);
	num = num < 0xf0 ? 1 + num % 20 : 130 + (num & 15) * 16;
	for (i = 0; i < num; i++)
		take_entry(f, i);
	memset(&t.service, 0, sizeof(t.service));
	find_eligible(AF_INET, SVCNAT_LIST_CLUSTER);
	find_eligible(AF_INET, SVCNAT_LIST_LOCAL);
	find_eligible(AF_INET6, SVCNAT_LIST_CLUSTER);
	find_eligible(AF_INET6, SVCNAT_LIST_LOCAL);
}

/* The entries of the input that are on a list */
static u32 list_of(u8 family, enum svcnat_list list,
		   const struct svcnat_entry **on)
{
	u32 i, n = 0;

	for (i = 0; i < t.num; i++)
		if (eligible(&t.entry[i], family, list))
			on[n++] = &t.entry[i];
	return n;
}

static struct svcnat_endpoints *build(bool turned)
{
	static struct svcnat_entry other[MOST];
	struct svcnat_endpoints *eps;
	u32 i;

	for (i = 0; i < t.num; i++)
		other[i] = t.entry[turned ? t.num - 1 - i : i];
	eps = svcnat_endpoints_build(other, t.num);
	if (!eps)
		return NULL;
	if (!svcnat_schedule_prepare(eps, t.scheduler))
		return eps;
	svcnat_endpoints_free(eps);
	return NULL;
}

static void check_found(void)
{
	const struct svcnat_entry *e, *found;
	union nf_inet_addr nobody = {};
	u32 i;

	for (i = 0; i < t.num; i++) {
		e = &t.entry[i];
		found = svcnat_endpoints_find(t.eps, e->family, &e->addr,
					      e->port);
		fuzz_check(found && found->endpoint == e->endpoint,
			   "not found by address");
		found = svcnat_endpoints_find_id(t.eps, e->endpoint->id);
		fuzz_check(found && found->endpoint == e->endpoint,
			   "not found by id");
		fuzz_check(svcnat_entry_in(found, SVCNAT_LIST_CLUSTER) ==
			   eligible(e, e->family, SVCNAT_LIST_CLUSTER) &&
			   svcnat_entry_in(found, SVCNAT_LIST_LOCAL) ==
			   eligible(e, e->family, SVCNAT_LIST_LOCAL), "lists");
	}
	fuzz_check(!svcnat_endpoints_find_id(t.eps, 0), "id 0");
	fuzz_check(!svcnat_endpoints_find_id(t.eps, 402), "id 402");
	fuzz_check(!svcnat_endpoints_find(t.eps, AF_INET, &nobody, htons(1)),
		   "nobody's address");
}

static void take_tuple(struct feed *f, u8 family, struct svcnat_tuple *tuple)
{
	memset(tuple, 0, sizeof(*tuple));
	tuple->family = family;
	tuple->proto = IPPROTO_TCP;
	tuple->src = feed_addr(f, family, 255);
	tuple->dst = feed_addr(f, family, 4);
	tuple->sport = feed_u16(f);
	tuple->dport = htons(80);
}

static const struct svcnat_entry *drawn(u8 family, enum svcnat_list list,
					u32 where)
{
	const struct svcnat_entry *e;

	e = svcnat_schedule_at(t.eps, family, list, where);
	fuzz_check(e >= t.eps->entry && e < t.eps->entry + t.num,
		   "outside the array");
	fuzz_check(e->weight && eligible(&t.entry[e->endpoint - t.endpoint],
					 family, list), "not on the list");
	return e;
}

/* Whom would a whole cycle of draws give how much? */
static void check_cycle(u8 family, enum svcnat_list list)
{
	const struct svcnat_eligible *l;
	static u32 turns[402];
	u32 i, unit = 0, sum = 0;

	l = &t.eps->list[svcnat_family_index(family)][list];
	for (i = 0; i < t.num; i++) {
		if (!eligible(&t.entry[i], family, list))
			continue;
		unit = gcd(t.entry[i].weight, unit);
		sum += t.entry[i].weight;
	}
	fuzz_check(l->total == sum, "sum of weights");
	if (t.scheduler != SVCNAT_SCHEDULER_RR)
		unit = 1;
	if (sum / unit > TURNS)
		return;
	memset(turns, 0, sizeof(turns));
	for (i = 0; i < sum / unit; i++) {
		u32 slot = t.scheduler == SVCNAT_SCHEDULER_RR ?
			   svcnat_schedule_take(&t.service, t.eps, family,
						list, 0) :
			   svcnat_endpoints_weighed(t.eps, l, i);

		turns[svcnat_endpoints_at(t.eps, family, list,
					  slot)->endpoint->id]++;
	}
	for (i = 0; i < t.num; i++)
		fuzz_check(!eligible(&t.entry[i], family, list) ||
			   turns[t.entry[i].endpoint->id] * unit ==
			   t.entry[i].weight, "share of a cycle");
}

/* Nobody on the list has fewer flows for its weight. */
static void check_least(u8 family, enum svcnat_list list,
			const struct svcnat_entry *e)
{
	const u64 mine = max(atomic_read(&e->endpoint->active), 0);
	const struct svcnat_entry *on[MOST];
	u32 i, n = list_of(family, list, on);

	if (n > LOOK)
		return;
	for (i = 0; i < n; i++) {
		u64 theirs = max(atomic_read(&on[i]->endpoint->active), 0);

		fuzz_check(mine * on[i]->weight <= theirs * e->weight,
			   "not the least");
	}
}

static u64 sum_of(u8 family, enum svcnat_list list)
{
	const struct svcnat_entry *on[MOST];
	u32 n = list_of(family, list, on);
	u64 sum = 0;

	while (n--)
		sum += on[n]->weight;
	return sum;
}

/*
 * As many places as the weight says, give or take one, and one at least.  What
 * is given or taken is missing, or left over, for all in the same shares.
 */
static void check_places(u8 family, enum svcnat_list list)
{
	const u32 num = svcnat_endpoints_count(t.eps, family, list);
	const u64 sum = sum_of(family, list);
	static u32 places[MOST], where[MOST];
	const struct svcnat_maglev *m;
	u32 i;

	m = t.eps->list[svcnat_family_index(family)][list].maglev;
	memset(places, 0, sizeof(places));
	for (i = 0; i < m->size; i++) {
		fuzz_check(m->owner[i] < num, "nobody's place");
		where[m->owner[i]] = i;
		places[m->owner[i]]++;
	}
	for (i = 0; i < num; i++) {
		u64 weight, most, has = places[i];

		fuzz_check(has, "no place");
		weight = drawn(family, list, where[i])->weight;
		most = sum + num * weight;
		fuzz_check(has * sum + most >= m->size * weight &&
			   has * sum <= m->size * weight + most,
			   "%llu places for %llu of %llu", has, weight, sum);
	}
}

/* Another node, told of the endpoints in another order, draws the same. */
static void check_maglev(struct feed *f, u8 family, enum svcnat_list list)
{
	const struct svcnat_endpoints *mine = t.eps, *other = t.other;
	struct svcnat_tuple tuple, same_client;
	u32 i, where, there;

	for (i = 0; i < 8; i++) {
		take_tuple(f, family, &tuple);
		t.service.options.affinity = i & 1;
		where = svcnat_schedule(&t.service, mine, list, &tuple, i);
		there = svcnat_schedule(&t.service, other, list, &tuple, ~i);
		fuzz_check(same(svcnat_schedule_at(mine, family, list, where),
				svcnat_schedule_at(other, family, list, there)),
			   "the nodes do not agree");
		take_tuple(f, family, &same_client);
		same_client.src = tuple.src;
		fuzz_check(!t.service.options.affinity ||
			   where == svcnat_schedule(&t.service, mine, list,
						    &same_client, 0),
			   "affinity: more than the client counts");
	}
	check_places(family, list);
}

static void check_draws(struct feed *f, u8 family, enum svcnat_list list)
{
	const struct svcnat_entry *e, *next;
	struct svcnat_tuple tuple;
	u32 i, where, num;

	num = svcnat_endpoints_count(t.eps, family, list);
	for (i = 0; i < 16; i++) {
		take_tuple(f, family, &tuple);
		t.service.options.affinity = i & 1;
		where = svcnat_schedule(&t.service, t.eps, list, &tuple,
					feed_u32(f));
		e = drawn(family, list, where);
		if (t.scheduler == SVCNAT_SCHEDULER_LC)
			check_least(family, list, e);
		/* Who asked before hears the same. */
		fuzz_check(svcnat_schedule_take(&t.service, t.eps, family,
						list, where) == where,
			   "not what was told");
		where = svcnat_schedule_next(t.eps, family, list, where);
		next = drawn(family, list, where);
		fuzz_check(num < 2 || next != e ||
			   t.scheduler == SVCNAT_SCHEDULER_MAGLEV,
			   "the next is the same");
	}
	check_cycle(family, list);
}

static void check_list(struct feed *f, u8 family, enum svcnat_list list)
{
	const struct svcnat_entry *on[MOST];
	u32 num = list_of(family, list, on);

	fuzz_check(svcnat_endpoints_count(t.eps, family, list) == num,
		   "length of a list");
	if (!num)
		return;
	atomic64_set(&t.service.turn[svcnat_family_index(family)][list],
		     (u64)feed_u32(f) << 3);
	check_draws(f, family, list);
	if (t.scheduler == SVCNAT_SCHEDULER_MAGLEV)
		check_maglev(f, family, list);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct feed f = { .at = data, .left = size };

	shim_reset(1);
	take(&f);
	shim_memory = feed_u8(&f) & 7;
	t.eps = build(false);
	shim_memory = -1;
	if (!t.eps)
		t.eps = build(false);
	t.other = t.scheduler == SVCNAT_SCHEDULER_MAGLEV ? build(true) : NULL;
	check_found();
	check_list(&f, AF_INET, SVCNAT_LIST_CLUSTER);
	check_list(&f, AF_INET, SVCNAT_LIST_LOCAL);
	check_list(&f, AF_INET6, SVCNAT_LIST_CLUSTER);
	check_list(&f, AF_INET6, SVCNAT_LIST_LOCAL);
	svcnat_endpoints_free(t.eps);
	svcnat_endpoints_free(t.other);
	shim_end();
	return 0;
}
