// SPDX-License-Identifier: GPL-2.0-only
/*
 * A run: batch by batch.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/sort.h>
#include <linux/timekeeping.h>

#include "gen.h"

#define SHOTS	8

/**
 * struct run - a run
 * @items: so many flows have their turn, all again if there are fewer
 * @shots: each of them with these packets
 * @shot_count: how many these are
 * @seed: of the order
 * @cursor: where in it
 * @total: nanoseconds
 * @packets: how many packets
 * @times: of each batch of full size, nanoseconds
 * @batches: how many these are
 */
struct run {
	u32 items;
	const struct gen_shot *shots[SHOTS];
	unsigned int shot_count;
	u32 seed;
	u32 cursor;
	u64 total;
	u64 packets;
	u32 *times;
	u32 batches;
};

static int parse(struct run *run, u8 proto, char *words)
{
	char *word;

	while ((word = strsep(&words, ","))) {
		const struct gen_shot *shot = gen_packet_shot(proto, word);

		if (!shot || run->shot_count == SHOTS)
			return -EINVAL;
		run->shots[run->shot_count++] = shot;
	}
	return 0;
}

/* How many are in each batch but the last. */
static u32 batch_size(const struct gen *gen, const struct run *run)
{
	/* A connection's second packet comes after its first has come out. */
	if (run->shot_count > 1 || run->items <= gen->shape.count)
		return min_t(u32, GEN_BATCH, gen->shape.count);
	return GEN_BATCH;
}

/* What is measured. */
static u64 receive(struct gen *gen)
{
	u64 before, after;
	u32 n;

	gen->caught = 0;
	WRITE_ONCE(gen->armed, true);
	local_bh_disable();
	before = ktime_get_ns();
	for (n = 0; n < gen->count; n++)
		netif_receive_skb(gen->skbs[n]);
	after = ktime_get_ns();
	local_bh_enable();
	WRITE_ONCE(gen->armed, false);
	return after - before;
}

static int batch(struct gen *gen, struct run *run, u64 *time)
{
	unsigned int shot;
	u32 n;
	int err;

	for (n = 0; n < gen->count; n++)
		gen->order[n] = gen_flows_permute(gen->shape.count, run->seed,
						  &run->cursor);
	for (shot = 0; shot < run->shot_count; shot++) {
		err = gen_packet_fill(gen, run->shots[shot]);
		if (err)
			return err;
		*time += receive(gen);
		run->packets += gen->count;
		if (!gen_packet_check(gen, run->shots[shot]))
			return -EIO;
	}
	return 0;
}

static int batches(struct gen *gen, struct run *run)
{
	u32 size = batch_size(gen, run);
	u32 left = run->items;
	u64 time;
	int err;

	while (left) {
		gen->count = min(size, left);
		time = 0;
		err = batch(gen, run, &time);
		if (err)
			return err;
		if (gen->count == size)
			run->times[run->batches++] = min_t(u64, time, U32_MAX);
		run->total += time;
		left -= gen->count;
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	u32 left = *(const u32 *)a;
	u32 right = *(const u32 *)b;

	return left < right ? -1 : left > right;
}

static void report(struct gen *gen, struct run *run)
{
	u32 size = batch_size(gen, run);
	u64 median = run->total;
	u32 items = run->items;

	if (run->batches) {
		sort(run->times, run->batches, sizeof(*run->times), compare,
		     NULL);
		median = run->times[run->batches / 2];
		items = size;
	}
	/* Per item, in ps: there are no fractions here. */
	snprintf(gen->answer, sizeof(gen->answer),
		 "ok packets %llu total_ns %llu mean_ps %llu median_ps %llu",
		 run->packets, run->total,
		 div64_u64(run->total * 1000, run->items),
		 div64_u64(median * 1000, items));
}

/**
 * gen_run() - send packets, and measure
 * @gen: has devices and flows
 * @items: so many flows have their turn, in random order
 * @shots: names of packets, with commas between them
 *
 * Return: 0, and @gen->answer has the figures; or a negative errno, and it has
 * a sentence after -EIO.
 */
int gen_run(struct gen *gen, u32 items, char *shots)
{
	struct run run = { .items = items, .seed = get_random_u32() };
	int err;

	if (!gen->dev[GEN_CLIENT] || !gen->shape.count || !items)
		return -EINVAL;
	err = parse(&run, gen->shape.proto, shots);
	if (err)
		return err;
	run.times = kvcalloc(items / batch_size(gen, &run) + 1,
			     sizeof(*run.times), GFP_KERNEL);
	if (!run.times)
		return -ENOMEM;
	err = batches(gen, &run);
	if (!err)
		report(gen, &run);
	kvfree(run.times);
	return err;
}
