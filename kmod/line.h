/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One key of a flow, and the memory it lives in.
 *
 * A flow is SVCNAT_LINES lines, one behind the other, each a cache line.  Their
 * memory comes from a SLAB_TYPESAFE_BY_RCU cache: under a reader it may become
 * another flow at any time.  So every line carries a generation in the word
 * that also holds its time stamp and the packets seen (state.h), odd while the
 * line belongs to no flow.  A reader copies what it needs between two reads of
 * the generation, and writes the word with a compare-and-exchange of the whole:
 * what was meant for one flow can never reach another.
 *
 * The cache serves all netns.  Which one a flow is of, its account tells.
 */
#ifndef _SVCNAT_LINE_H
#define _SVCNAT_LINE_H

#include <linux/atomic.h>
#include <linux/siphash.h>

#include "state.h"
#include "stats.h"
#include "table.h"
#include "tuple.h"

#define SVCNAT_LINES		2	/* of a plain flow: request, reply */
#define SVCNAT_LINE_SIZE	64	/* IPv4 */

/**
 * enum svcnat_stage - where on the packet path a key applies
 * @SVCNAT_PRE: PRE_ROUTING and LOCAL_OUT, -250: the destination is rewritten
 * @SVCNAT_POST: POST_ROUTING and LOCAL_IN, 150: the source is rewritten
 */
enum svcnat_stage {
	SVCNAT_PRE,
	SVCNAT_POST,
};

/**
 * struct svcnat_line - one key of a flow and what happens to its packets
 * @node: in the table of flows
 * @word: generation, packets seen, time stamp: see state.h
 * @endpoint: what the flow is charged to
 * @frontend: what the flow is charged to
 * @sport: key
 * @dport: key
 * @nport: the port that replaces @dport (PRE) or @sport (POST)
 * @family: key: AF_INET or AF_INET6
 * @proto: key
 * @stage: key: enum svcnat_stage
 * @direction: enum svcnat_direction
 * @index: which line of its flow this is; a property of the memory
 * @addr: source (key), destination (key), replacement: one word each for IPv4,
 *	four each for IPv6
 */
struct svcnat_line {
	struct svcnat_node	node;
	atomic64_t		word;
	struct svcnat_account	*endpoint;
	struct svcnat_account	*frontend;
	__be16			sport;
	__be16			dport;
	__be16			nport;
	u8			family;
	u8			proto;
	u8			stage;
	u8			direction;
	u8			index;
	__be32			addr[];
};

/**
 * struct svcnat_hit - a copy of a line, and how to write back
 * @line: the line; may have become another flow's
 * @word: its word at the time of the copy
 * @addr: the address that replaces destination (PRE) or source (POST)
 * @port: the port likewise
 * @direction: which way the packet goes
 * @endpoint: stays valid for this RCU read side, as does @frontend
 * @frontend: see @endpoint
 */
struct svcnat_hit {
	struct svcnat_line	*line;
	u64			word;
	union nf_inet_addr	addr;
	__be16			port;
	u8			direction;
	struct svcnat_account	*endpoint;
	struct svcnat_account	*frontend;
};

/**
 * struct svcnat_life - what both directions of a flow have sent, and when
 * @request: SVCNAT_SEEN... bits of the client
 * @reply: SVCNAT_SEEN... bits of the endpoint
 * @stamp: of the last packet of either
 */
struct svcnat_life {
	u8	request;
	u8	reply;
	u32	stamp;
};

/**
 * struct svcnat_flow_spec - a flow to be made
 * @tuple: of the first packet: client to frontend
 * @addr: of the endpoint
 * @port: of the endpoint
 * @endpoint: what it is charged to
 * @frontend: what it is charged to
 */
struct svcnat_flow_spec {
	struct svcnat_tuple	tuple;
	union nf_inet_addr	addr;
	__be16			port;
	struct svcnat_account	*endpoint;
	struct svcnat_account	*frontend;
};

/**
 * struct svcnat_flow - the memory of a flow
 * @line: by enum svcnat_direction for a plain flow
 */
struct svcnat_flow {
	u8	line[SVCNAT_LINES][SVCNAT_LINE_SIZE];
};

/**
 * svcnat_flow_line() - a line of a flow
 * @flow: the flow
 * @i: which
 *
 * Return: the line.
 */
static inline struct svcnat_line *svcnat_flow_line(struct svcnat_flow *flow,
						   unsigned int i)
{
	return (struct svcnat_line *)flow->line[i];
}

/**
 * svcnat_line_flow() - the flow of a line
 * @line: the line
 *
 * Return: the flow.
 */
static inline struct svcnat_flow *svcnat_line_flow(struct svcnat_line *line)
{
	return (struct svcnat_flow *)((u8 *)line -
				      line->index * SVCNAT_LINE_SIZE);
}

/* memory.c: the memory of flows and what is written there */
void svcnat_flow_construct(void *memory);
void svcnat_flow_fill(struct svcnat_flow *flow,
		      const struct svcnat_flow_spec *spec);
void svcnat_flow_revive(struct svcnat_flow *flow);
void svcnat_flow_retire(struct svcnat_flow *flow);

/* line.c: what readers make of it */
u32 svcnat_line_hash(const struct svcnat_line *line,
		     const hsiphash_key_t *key);
u32 svcnat_tuple_hash(const struct svcnat_tuple *tuple,
		      enum svcnat_stage stage, const hsiphash_key_t *key);
bool svcnat_line_same(const struct svcnat_line *a, const struct svcnat_line *b);
bool svcnat_line_copy(struct svcnat_line *line, const struct net *net,
		      struct svcnat_hit *hit);
bool svcnat_line_match(struct svcnat_line *line, const struct net *net,
		       const struct svcnat_tuple *tuple,
		       enum svcnat_stage stage, struct svcnat_hit *hit);
void svcnat_line_life(const struct svcnat_hit *hit, struct svcnat_life *life);
void svcnat_line_update(struct svcnat_line *line, u32 generation, u8 set,
			u8 clear);
struct svcnat_line *svcnat_line_sibling(struct svcnat_line *line);

#endif /* _SVCNAT_LINE_H */
