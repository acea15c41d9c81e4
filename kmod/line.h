/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keys of a flow, and the memory it lives in.
 *
 * A flow that a client C:cp has through the frontend V:vp with the endpoint
 * E:ep has a line for each direction, in cache lines of its own, with the key
 * that a packet has at its first stage.  The endpoint sees the source port sp,
 * mostly cp itself:
 *
 *	plain		stage	key			becomes
 *	request line	PRE	C:cp -> V:vp		C:sp -> E:ep
 *	reply line	POST	E:ep -> C:sp		V:vp -> C:cp
 *
 * In a masqueraded flow the endpoint sees N:np.  Each direction is rewritten
 * once more, and has a stub for that:
 *
 *	full		stage	key			becomes
 *	request line	PRE	C:cp -> V:vp		C:sp -> E:ep
 *	reply line	PRE	E:ep -> N:np		E:ep -> C:sp
 *	request stub	POST	C:sp -> E:ep		N:np -> E:ep
 *	reply stub	POST	E:ep -> C:sp		V:vp -> C:cp
 *
 * The memory comes from SLAB_TYPESAFE_BY_RCU caches: under a reader it may
 * become another flow of its kind at any time.  So every line carries a
 * generation in the word that also holds its time stamp and the packets seen
 * (state.h), odd while it belongs to no flow.  A reader copies what it needs
 * from line and stub between two reads of the generation, and writes the word
 * with a compare-and-exchange of the whole: what was meant for one flow can
 * never reach another.
 *
 * The caches serve all netns.  Which one a flow is of, its account tells.
 */
#ifndef _SVCNAT_LINE_H
#define _SVCNAT_LINE_H

#include <linux/atomic.h>
#include <linux/siphash.h>

#include "state.h"
#include "stats.h"
#include "table.h"
#include "tuple.h"

/**
 * enum svcnat_stage - where on the packet path a key applies
 * @SVCNAT_PRE: PRE_ROUTING and LOCAL_OUT, -250: the destination is rewritten
 * @SVCNAT_POST: POST_ROUTING and LOCAL_IN, 150: the source is rewritten
 */
enum svcnat_stage {
	SVCNAT_PRE,
	SVCNAT_POST,
};

/* svcnat_key.role: what a key is; a property of the memory */
#define SVCNAT_ROLE_REPLY	0x1	/* of replies, else of requests */
#define SVCNAT_ROLE_POST	0x2	/* at SVCNAT_POST, else SVCNAT_PRE */
#define SVCNAT_ROLE_STUB	0x4	/* a stub, else a line */
#define SVCNAT_ROLE_FULL	0x8	/* its flow has stubs */
#define SVCNAT_ROLE_IPV6	0x10	/* of IPv6, else of IPv4 */

/**
 * struct svcnat_key - head of every line and stub
 * @node: in the table of flows
 * @role: SVCNAT_ROLE_...; a property of the memory
 * @proto: key
 * @way: of a line: where its packets leave (way.h), 0 if that is not known;
 *	written under the lock of the stripe of the flow's request
 * @sport: key
 * @dport: key
 *
 * The stage is part of the key, but not of the hash: what could be taken for
 * one another at different stages is in one chain.
 */
struct svcnat_key {
	struct svcnat_node	node;
	u8			role;
	u8			proto;
	u16			way;
	__be16			sport;
	__be16			dport;
};

/**
 * struct svcnat_line - one direction of a flow, with the key at its first stage
 * @key: what packets of this direction look for first
 * @word: generation, packets seen, time stamp: see state.h
 * @endpoint: what the flow is charged to
 * @frontend: what the flow is charged to; the same as @endpoint if it is direct
 * @nport: the port that replaces the destination's (PRE) or the source's (POST)
 * @mport: the port that replaces the other end's; equal to it if that stays
 * @addr: source (key), destination (key), replacement: one word each for IPv4,
 *	four each for IPv6; of a request, what svcnat_flow_offer() gives
 */
struct svcnat_line {
	struct svcnat_key	key;
	atomic64_t		word;
	struct svcnat_account	*endpoint;
	struct svcnat_account	*frontend;
	__be16			nport;
	__be16			mport;
	__be32			addr[];
};

/**
 * struct svcnat_stub - the same direction's key at its second stage
 * @key: what packets of this direction look for next.  Its addresses are those
 *	of the line: its source, and what replaced its destination
 * @nport: the port that replaces the source's
 * @mport: the port that replaces the destination's; equal to it if that stays
 * @addr: what replaces the source: one word for IPv4, four for IPv6
 */
struct svcnat_stub {
	struct svcnat_key	key;
	__be16			nport;
	__be16			mport;
	__be32			addr[];
};

/**
 * struct svcnat_hit - a copy of what a packet found, and how to write back
 * @line: of the packet's direction; may have become another flow's
 * @word: its word at the time of the copy
 * @rewrite: what becomes of the packet at this stage
 * @direction: which way the packet goes
 * @way: svcnat_key.way of @line
 * @second: it was marked and charged at its first stage already
 * @endpoint: stays valid for this RCU read side, as does @frontend
 * @frontend: see @endpoint
 */
struct svcnat_hit {
	struct svcnat_line	*line;
	u64			word;
	struct svcnat_rewrite	rewrite;
	u8			direction;
	bool			second;
	u16			way;
	struct svcnat_account	*endpoint;
	struct svcnat_account	*frontend;
};

/**
 * svcnat_hit_flags() - what holds for the endpoint or the frontend
 * @hit: of their flow
 *
 * Context: the RCU read side that @hit is of.
 * Return: SVCNAT_ACCOUNT_... of either.
 */
static inline u8 svcnat_hit_flags(const struct svcnat_hit *hit)
{
	return READ_ONCE(hit->endpoint->flags) |
	       READ_ONCE(hit->frontend->flags);
}

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
 * @shift: source port towards the endpoint, network order; 0: the client's own
 * @masquerade: the source that the endpoint sees is @masq_addr and @masq_port
 * @masq_addr: of the node
 * @masq_port: network order
 * @endpoint: what it is charged to
 * @frontend: what it is charged to; the same as @endpoint if it is direct
 */
struct svcnat_flow_spec {
	struct svcnat_tuple	tuple;
	union nf_inet_addr	addr;
	__be16			port;
	__be16			shift;
	bool			masquerade;
	union nf_inet_addr	masq_addr;
	__be16			masq_port;
	struct svcnat_account	*endpoint;
	struct svcnat_account	*frontend;
};

/**
 * enum svcnat_layout - the kinds of memory that a flow may live in
 * @SVCNAT_PLAIN4: two keys, IPv4
 * @SVCNAT_FULL4: four keys, IPv4
 * @SVCNAT_PLAIN6: two keys, IPv6
 * @SVCNAT_FULL6: four keys, IPv6
 * @SVCNAT_LAYOUTS: how many there are
 */
enum svcnat_layout {
	SVCNAT_PLAIN4,
	SVCNAT_FULL4,
	SVCNAT_PLAIN6,
	SVCNAT_FULL6,
	SVCNAT_LAYOUTS
};

/*
 * Where the lines are: the request's first, the reply's in a cache line that
 * the request's is not in.  Then the stubs: that of the request, and behind it
 * that of the reply.
 */
#define SVCNAT_FLOW_ALIGN	64
#define SVCNAT_FLOW4_REPLY	64
#define SVCNAT_FLOW6_REPLY	128
#define SVCNAT_FLOW4_STUB	128
#define SVCNAT_FLOW6_STUB	224
#define SVCNAT_FLOW4_STUB_SIZE	24
#define SVCNAT_FLOW6_STUB_SIZE	40

/**
 * struct svcnat_flow - the memory of a flow: the line of the request comes first
 * @request: head of that line
 */
struct svcnat_flow {
	struct svcnat_key	request;
};

/**
 * svcnat_role_offset() - where a key is in its flow
 * @role: of the key
 *
 * Return: bytes.
 */
static inline size_t svcnat_role_offset(u8 role)
{
	const bool reply = role & SVCNAT_ROLE_REPLY;

	if (role & SVCNAT_ROLE_STUB)
		return role & SVCNAT_ROLE_IPV6 ?
		       SVCNAT_FLOW6_STUB + reply * SVCNAT_FLOW6_STUB_SIZE :
		       SVCNAT_FLOW4_STUB + reply * SVCNAT_FLOW4_STUB_SIZE;
	return reply * (role & SVCNAT_ROLE_IPV6 ? SVCNAT_FLOW6_REPLY :
						  SVCNAT_FLOW4_REPLY);
}

/**
 * svcnat_key_family() - the address family of a key
 * @key: the key
 *
 * Return: AF_INET or AF_INET6.
 */
static inline u8 svcnat_key_family(const struct svcnat_key *key)
{
	return key->role & SVCNAT_ROLE_IPV6 ? AF_INET6 : AF_INET;
}

/**
 * svcnat_key_words() - the length of an address of a key
 * @key: the key
 *
 * Return: in units of 4 bytes.
 */
static inline unsigned int svcnat_key_words(const struct svcnat_key *key)
{
	return svcnat_addr_words(svcnat_key_family(key));
}

/**
 * svcnat_key_flow() - the flow of a key
 * @key: the key
 *
 * Return: the flow.
 */
static inline struct svcnat_flow *svcnat_key_flow(const struct svcnat_key *key)
{
	return (struct svcnat_flow *)((u8 *)key - svcnat_role_offset(key->role));
}

/**
 * svcnat_line_flow() - the flow of a line
 * @line: the line
 *
 * Return: the flow.
 */
static inline struct svcnat_flow *svcnat_line_flow(struct svcnat_line *line)
{
	return svcnat_key_flow(&line->key);
}

/**
 * svcnat_flow_line() - a line of a flow
 * @flow: the flow
 * @direction: whose line
 *
 * Return: the line.
 */
static inline struct svcnat_line *
svcnat_flow_line(struct svcnat_flow *flow, enum svcnat_direction direction)
{
	u8 role = flow->request.role;

	if (direction == SVCNAT_REPLY)
		role |= SVCNAT_ROLE_REPLY;
	return (struct svcnat_line *)((u8 *)flow + svcnat_role_offset(role));
}

/**
 * svcnat_key_line() - the line of the same direction
 * @key: head of a line or stub
 *
 * Looks at nothing but the key: the other direction has other cache lines.
 *
 * Return: the line.
 */
static inline struct svcnat_line *svcnat_key_line(const struct svcnat_key *key)
{
	const u8 role = key->role & ~SVCNAT_ROLE_STUB;

	if (likely(role == key->role))
		return container_of(key, struct svcnat_line, key);
	return (struct svcnat_line *)((u8 *)svcnat_key_flow(key) +
				      svcnat_role_offset(role));
}

/**
 * svcnat_key_source() - the source address of a key
 * @key: head of a line or stub; a stub borrows those of the line
 *
 * Return: its words.
 */
static inline const __be32 *svcnat_key_source(const struct svcnat_key *key)
{
	return svcnat_key_line(key)->addr;
}

/**
 * svcnat_key_destination() - the destination address of a key
 * @key: head of a line or stub
 *
 * Return: its words.
 */
static inline const __be32 *svcnat_key_destination(const struct svcnat_key *key)
{
	const unsigned int i = key->role & SVCNAT_ROLE_STUB ? 2 : 1;

	return svcnat_key_line(key)->addr + i * svcnat_key_words(key);
}

/**
 * svcnat_line_sibling() - the line of the other direction
 * @line: the line
 *
 * Return: the other.
 */
static inline struct svcnat_line *svcnat_line_sibling(struct svcnat_line *line)
{
	const u8 role = line->key.role ^ SVCNAT_ROLE_REPLY;

	return (struct svcnat_line *)((u8 *)svcnat_line_flow(line) +
				      svcnat_role_offset(role));
}

/**
 * svcnat_flow_offer() - where a flow keeps what its client must know
 * @flow: the flow
 *
 * svcnat_packet.proof of the endpoint's last SYN, ACK or INIT ACK: valid while
 * SVCNAT_SEEN_OFFER is in the reply's word.  Where the memory becomes another
 * flow's at this very moment, that one may get it: its client then has to wait
 * for the endpoint's word.
 *
 * Return: in the line of the request, because that of the reply is full.
 */
static inline u32 *svcnat_flow_offer(struct svcnat_flow *flow)
{
	struct svcnat_line *request = svcnat_flow_line(flow, SVCNAT_REQUEST);

	return (__force u32 *)request->addr +
	       3 * svcnat_key_words(&request->key);
}

/**
 * svcnat_flow_layout() - the layout of a flow's memory
 * @flow: the flow
 *
 * Return: the layout.
 */
static inline enum svcnat_layout
svcnat_flow_layout(const struct svcnat_flow *flow)
{
	const u8 role = flow->request.role;

	if (role & SVCNAT_ROLE_IPV6)
		return role & SVCNAT_ROLE_FULL ? SVCNAT_FULL6 : SVCNAT_PLAIN6;
	return role & SVCNAT_ROLE_FULL ? SVCNAT_FULL4 : SVCNAT_PLAIN4;
}

/**
 * svcnat_flow_keys() - how many keys a flow has
 * @flow: the flow
 *
 * Return: 2 or 4.
 */
static inline unsigned int svcnat_flow_keys(const struct svcnat_flow *flow)
{
	return flow->request.role & SVCNAT_ROLE_FULL ? 4 : 2;
}

/* memory.c: the memory of flows and what is written there */
size_t svcnat_memory_size(enum svcnat_layout layout);
void svcnat_memory_construct(void *memory, enum svcnat_layout layout);
struct svcnat_key *svcnat_flow_key(struct svcnat_flow *flow, unsigned int i);
void svcnat_flow_fill(struct svcnat_flow *flow,
		      const struct svcnat_flow_spec *spec);
void svcnat_flow_revive(struct svcnat_flow *flow);
bool svcnat_flow_retire(struct svcnat_flow *flow,
			const u64 word[SVCNAT_DIRECTIONS]);

/* flow_find.c: what readers copy of it */
bool svcnat_key_copy(struct svcnat_key *key, const struct net *net,
		     struct svcnat_hit *hit);
bool svcnat_key_match(struct svcnat_key *key, const struct net *net,
		      const struct svcnat_tuple *tuple,
		      enum svcnat_stage stage, struct svcnat_hit *hit);

/* line.c: what it says */
u32 svcnat_key_hash(const struct svcnat_key *key, const hsiphash_key_t *secret);
void svcnat_line_tuple(const struct svcnat_line *line,
		       struct svcnat_tuple *tuple);
u32 svcnat_tuple_hash(const struct svcnat_tuple *tuple,
		      const hsiphash_key_t *secret);
bool svcnat_key_same(const struct svcnat_key *a, const struct svcnat_key *b);
void svcnat_words_life(const u64 word[SVCNAT_DIRECTIONS],
		       struct svcnat_life *life);
void svcnat_line_life(const struct svcnat_hit *hit, struct svcnat_life *life);
u8 svcnat_line_update(struct svcnat_line *line, u32 generation, u8 set,
		      u8 clear);

#endif /* _SVCNAT_LINE_H */
