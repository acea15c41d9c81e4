// SPDX-License-Identifier: GPL-2.0-only
/* Pinned clients against a list of them, while the table grows and shrinks. */
#include "shim.h"

#include "affinity.h"
#include "feed.h"

#define MOST		512
#define SERVICES	4
#define TURN		20	/* slices that make a full turn of expiry */

/**
 * struct pinned - a client that was pinned
 * @client: who
 * @endpoint: where to
 * @timeout: of the service then
 * @stamp: when
 */
struct pinned {
	struct svcnat_client	client;
	u32			endpoint;
	u32			timeout;
	u64			stamp;
};

/**
 * struct trial - an input at work
 * @affinity: the table
 * @pinned: who must be in it
 * @num: how many
 * @timeout: of the services by id, for expiry; 0: there is no such one
 * @weak: the hash is so bad that chains may be full
 */
struct trial {
	struct svcnat_affinity	affinity;
	struct pinned		pinned[MOST];
	u32			num;
	u32			timeout[SERVICES + 1];
	bool			weak;
};

static struct trial t;

static bool is_over(const struct pinned *p, u32 timeout)
{
	return shim_jiffies - p->stamp >= (u64)timeout * HZ;
}

static struct pinned *find(const struct svcnat_client *client)
{
	u32 i;

	for (i = 0; i < t.num; i++)
		if (!memcmp(&t.pinned[i].client, client, sizeof(*client)))
			return &t.pinned[i];
	return NULL;
}

static void take_client(struct feed *f, struct svcnat_client *client)
{
	const u8 kind = feed_u8(f);

	memset(client, 0, sizeof(*client));
	client->service = 1 + (kind & 3);
	client->family = kind & 4 ? AF_INET6 : AF_INET;
	client->addr = feed_addr(f, client->family, 255);
}

static u64 stat(enum svcnat_stat which)
{
	return svcnat_stat_sum(t.affinity.stats, which);
}

static void check_balance(void)
{
	u64 gone = stat(SVCNAT_STAT_AFFINITY_EXPIRED) +
		   stat(SVCNAT_STAT_AFFINITY_DELETED);

	fuzz_check((u32)atomic_read(&t.affinity.live) == t.num, "live: %d",
		   atomic_read(&t.affinity.live));
	fuzz_check(stat(SVCNAT_STAT_AFFINITY_NEW) == t.num + gone, "balance");
}

static void check_find(const struct svcnat_client *client, u32 timeout)
{
	const struct pinned *p = find(client);
	u32 endpoint = svcnat_affinity_find(&t.affinity, client, timeout);

	fuzz_check(endpoint == (p && !is_over(p, timeout) ? p->endpoint : 0),
		   "found %u", endpoint);
}

/* A client that is not there yet */
static void pin_new(const struct svcnat_client *client, u32 endpoint,
		    u32 timeout, u64 full)
{
	struct pinned *p = &t.pinned[t.num];

	if (stat(SVCNAT_STAT_AFFINITY_FULL) != full) {
		fuzz_check(t.num >= t.affinity.max || !shim_memory || t.weak,
			   "there was room");
		return;
	}
	fuzz_check(t.num < t.affinity.max, "above the limit");
	*p = (struct pinned){
		.client = *client, .endpoint = endpoint, .timeout = timeout,
		.stamp = shim_jiffies,
	};
	t.num++;
}

static void pin(struct feed *f)
{
	const u64 full = stat(SVCNAT_STAT_AFFINITY_FULL);
	struct svcnat_client client;
	u32 endpoint, stale, timeout, got, wanted;
	struct pinned *p;

	take_client(f, &client);
	endpoint = 1 + feed_u8(f) % 5;
	stale = feed_u8(f) % 6;
	timeout = 1 + feed_u8(f) % 8;
	p = find(&client);
	if (!p && t.num == MOST)
		return;
	wanted = p && !is_over(p, timeout) && p->endpoint != stale ?
		 p->endpoint : endpoint;
	local_bh_disable();
	got = svcnat_affinity_pin(&t.affinity, &client, endpoint, stale,
				  timeout);
	local_bh_enable();
	fuzz_check(got == wanted, "pinned to %u, not %u", got, wanted);
	if (!p) {
		pin_new(&client, endpoint, timeout, full);
		return;
	}
	fuzz_check(stat(SVCNAT_STAT_AFFINITY_FULL) == full, "full");
	p->endpoint = wanted;
	p->timeout = timeout;
	p->stamp = shim_jiffies;
}

static u32 timeout_of(u32 service, u32 stored, void *arg)
{
	fuzz_check(arg == &t, "argument");
	return t.timeout[service] == 1 ? stored : t.timeout[service];
}

static bool must_go(const struct pinned *p)
{
	const u32 timeout = timeout_of(p->client.service, p->timeout, &t);

	return !timeout || is_over(p, timeout);
}

static void forget(u32 i)
{
	t.pinned[i] = t.pinned[--t.num];
}

static void expire(struct feed *f)
{
	u32 i;

	for (i = 1; i <= SERVICES; i++)
		t.timeout[i] = feed_u8(f) % 8;
	for (i = 0; i < 2 * TURN; i++)
		svcnat_affinity_expire(&t.affinity, timeout_of, &t);
	for (i = t.num; i--;)
		if (must_go(&t.pinned[i]))
			forget(i);
	shim_grace_period();
}

static void flush(struct feed *f)
{
	const u32 service = feed_u8(f) % (SERVICES + 1);
	u32 i;

	svcnat_affinity_flush(&t.affinity, service);
	for (i = t.num; i--;)
		if (!service || t.pinned[i].client.service == service)
			forget(i);
	shim_grace_period();
}

/* Another size, and perhaps only a part of the way there */
static void resize(struct feed *f)
{
	const u32 entries = 1U << (feed_u8(f) & 15);

	if (!svcnat_table_drain(&t.affinity.table, 0))
		return;
	svcnat_table_resize(&t.affinity.table, entries);
}

static void drain(struct feed *f)
{
	svcnat_table_drain(&t.affinity.table, 8 * feed_u8(f));
}

struct visits {
	u32	left;
	u32	num;
	bool	seen[MOST];
};

static bool visit(const struct svcnat_pin *pin, void *arg)
{
	const struct pinned *p = find(&pin->client);
	struct visits *v = arg;

	if (!v->left--)
		return false;
	fuzz_check(p && !v->seen[p - t.pinned], "visited twice, or a ghost");
	v->seen[p - t.pinned] = true;
	v->num++;
	fuzz_check(pin->endpoint == p->endpoint && pin->timeout == p->timeout,
		   "what is told to a visitor");
	return true;
}

/* All of them, each once, even if it stops on the way */
static void walk(struct feed *f)
{
	const u32 step = 1 + feed_u8(f);
	struct visits v = { .left = step };
	u32 bucket = 0, skip = 0;

	while (!svcnat_affinity_walk(&t.affinity, &bucket, &skip, visit, &v))
		v.left = step;
	fuzz_check(v.num == t.num, "visited %u", v.num);
}

static void step(struct feed *f)
{
	struct svcnat_client client;
	u8 what = feed_u8(f);

	switch (what & 15) {
	case 8:
		expire(f);
		break;
	case 9:
		flush(f);
		break;
	case 10:
		resize(f);
		break;
	case 11:
		drain(f);
		break;
	case 12:
		walk(f);
		break;
	case 13:
		shim_jiffies += feed_u8(f) * HZ / 16;
		break;
	case 14:
		t.affinity.max = feed_u8(f);
		break;
	case 15:
		shim_memory = what & 0x80 ? 0 : -1;
		break;
	default:
		pin(f);
	}
	take_client(f, &client);
	rcu_read_lock();
	check_find(&client, 1 + (what >> 4) % 8);
	rcu_read_unlock();
	check_balance();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct feed f = { .at = data, .left = size };
	struct svcnat_client client;
	u8 kind;

	memset(&t, 0, sizeof(t));
	kind = feed_u8(&f);
	shim_reset(1);
	t.weak = kind & 0x80;
	shim_hash_mask = t.weak ? 3 : U32_MAX;
	svcnat_affinity_init(&t.affinity,
			     alloc_percpu_gfp(struct svcnat_stats, 0));
	take_client(&f, &client);
	check_find(&client, 1);
	shim_memory = kind & 3;
	if (svcnat_affinity_start(&t.affinity)) {
		fuzz_check((kind & 3) < 2, "not started");
		check_find(&client, 1);
	}
	shim_memory = -1;
	fuzz_check(!svcnat_affinity_start(&t.affinity), "not started");
	while (f.left) {
		shim_cpu = !shim_cpu;
		step(&f);
	}
	shim_memory = -1;
	svcnat_affinity_exit(&t.affinity);
	free_percpu(t.affinity.stats);
	shim_end();
	return 0;
}
