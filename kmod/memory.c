// SPDX-License-Identifier: GPL-2.0-only
/* The memory of flows, and how it is written. */
#include "line.h"

/* IPv4 alone fits: lines of IPv6 flows want a cache of their own. */
static_assert(offsetof(struct svcnat_line, addr) + 3 * sizeof(__be32) <=
	      SVCNAT_LINE_SIZE);

/**
 * svcnat_flow_construct() - prepare memory for the flows it will hold
 * @memory: of a struct svcnat_flow
 *
 * Constructor of the cache: runs once per piece of memory, not per flow.
 */
void svcnat_flow_construct(void *memory)
{
	unsigned int i;

	memset(memory, 0, sizeof(struct svcnat_flow));
	for (i = 0; i < SVCNAT_LINES; i++) {
		struct svcnat_line *line = svcnat_flow_line(memory, i);

		atomic64_set(&line->word, svcnat_word(1, 0, 0));
		line->index = i;
	}
}

static void fill_line(struct svcnat_line *line, const struct svcnat_tuple *key,
		      enum svcnat_stage stage, const union nf_inet_addr *addr,
		      __be16 port, const struct svcnat_flow_spec *spec)
{
	const unsigned int words = svcnat_addr_words(key->family);

	WRITE_ONCE(line->family, key->family);
	WRITE_ONCE(line->proto, key->proto);
	WRITE_ONCE(line->stage, stage);
	WRITE_ONCE(line->sport, key->sport);
	WRITE_ONCE(line->dport, key->dport);
	WRITE_ONCE(line->nport, port);
	memcpy(line->addr, &key->src, words * sizeof(__be32));
	memcpy(line->addr + words, &key->dst, words * sizeof(__be32));
	memcpy(line->addr + 2 * words, addr, words * sizeof(__be32));
	WRITE_ONCE(line->endpoint, spec->endpoint);
	WRITE_ONCE(line->frontend, spec->frontend);
}

/**
 * svcnat_flow_fill() - write a flow into memory that is retired
 * @flow: the memory
 * @spec: the flow
 */
void svcnat_flow_fill(struct svcnat_flow *flow,
		      const struct svcnat_flow_spec *spec)
{
	struct svcnat_line *request = svcnat_flow_line(flow, SVCNAT_REQUEST);
	struct svcnat_line *reply = svcnat_flow_line(flow, SVCNAT_REPLY);
	const struct svcnat_tuple *t = &spec->tuple;
	struct svcnat_tuple answer = {
		.src = spec->addr, .sport = spec->port,
		.dst = t->src, .dport = t->sport,
		.family = t->family, .proto = t->proto,
	};

	/* Whoever sees any of this must see that the last flow has ended. */
	smp_wmb();
	WRITE_ONCE(request->direction, SVCNAT_REQUEST);
	fill_line(request, t, SVCNAT_PRE, &spec->addr, spec->port, spec);
	WRITE_ONCE(reply->direction, SVCNAT_REPLY);
	fill_line(reply, &answer, SVCNAT_POST, &t->dst, t->dport, spec);
}

static void begin_generation(struct svcnat_flow *flow)
{
	u64 word = atomic64_read(&svcnat_flow_line(flow, 0)->word);
	u32 generation = svcnat_word_generation(word) + 1;
	u32 now = svcnat_stamp_now();
	unsigned int i;

	for (i = 0; i < SVCNAT_LINES; i++)
		atomic64_set_release(&svcnat_flow_line(flow, i)->word,
				     svcnat_word(generation, 0, now));
}

/**
 * svcnat_flow_revive() - make readers believe what was filled in
 * @flow: retired and filled
 */
void svcnat_flow_revive(struct svcnat_flow *flow)
{
	begin_generation(flow);
}

/**
 * svcnat_flow_retire() - make readers doubt every copy they are taking
 * @flow: live; the stripes of its keys are locked
 */
void svcnat_flow_retire(struct svcnat_flow *flow)
{
	begin_generation(flow);
}
