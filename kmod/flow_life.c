// SPDX-License-Identifier: GPL-2.0-only
/* The life of a flow: what its packets make of it, and when it ends. */
#include "flow.h"

/*
 * Does the packet count for more than that it came?  Asked until the client of
 * a connection has proven itself.
 */
static bool counts(const struct svcnat_hit *hit,
		   const struct svcnat_packet *packet)
{
	struct svcnat_flow *flow = svcnat_line_flow(hit->line);
	u64 reply;

	if (hit->direction == SVCNAT_REPLY ||
	    svcnat_word_seen(hit->word) & SVCNAT_SEEN_ACK ||
	    !svcnat_proto_connects(packet->tuple.proto) ||
	    packet->tcp & (SVCNAT_TCP_SYN | SVCNAT_TCP_RST))
		return true;
	reply = atomic64_read(&svcnat_flow_line(flow, SVCNAT_REPLY)->word);
	smp_rmb();	/* pairs with the update of that word: see learn() */
	return svcnat_word_generation(reply) ==
	       svcnat_word_generation(hit->word) &&
	       svcnat_state_heard(svcnat_word_seen(reply),
				  READ_ONCE(*svcnat_flow_offer(flow)), packet);
}

/* Remember what the client will know; its word says so afterwards. */
static void learn(const struct svcnat_hit *hit,
		  const struct svcnat_packet *packet)
{
	if (hit->direction == SVCNAT_REPLY && svcnat_state_offers(packet))
		WRITE_ONCE(*svcnat_flow_offer(svcnat_line_flow(hit->line)),
			   packet->proof);
}

/**
 * svcnat_flow_mark() - a packet of a flow has passed
 * @hit: from the lookup at its first stage (not svcnat_hit.second)
 * @packet: its facts
 *
 * Writes only what changes: in an established flow the stamp, once a second.
 */
void svcnat_flow_mark(const struct svcnat_hit *hit,
		      const struct svcnat_packet *packet)
{
	u32 generation = svcnat_word_generation(hit->word);
	u8 seen = svcnat_word_seen(hit->word);
	u32 age = svcnat_stamp_now() - svcnat_word_stamp(hit->word);
	u8 after;

	if (likely(age < SVCNAT_STAMP_STEP && svcnat_state_stays(seen, packet)))
		return;
	after = counts(hit, packet) ? svcnat_state_after(seen, packet) :
				      seen | SVCNAT_SEEN;
	learn(hit, packet);
	/* Told to both sides, so that traffic of either can take it back. */
	if (packet->tcp & SVCNAT_TCP_RST)
		svcnat_line_update(svcnat_line_sibling(hit->line), generation,
				   SVCNAT_SEEN_RST, 0);
	if (after == seen && age < SVCNAT_STAMP_STEP)
		return;
	svcnat_line_update(hit->line, generation, after & ~seen, seen & ~after);
}

/**
 * svcnat_flow_reset() - we end a flow ourselves
 * @hit: from the lookup at its first stage
 *
 * The request's word decides who was first: packets of both directions may be
 * ended at the same time.
 *
 * Return: true if it has not been ended before.
 */
bool svcnat_flow_reset(const struct svcnat_hit *hit)
{
	struct svcnat_line *request =
		svcnat_flow_line(svcnat_line_flow(hit->line), SVCNAT_REQUEST);

	return svcnat_line_update(request, svcnat_word_generation(hit->word),
				  SVCNAT_SEEN_RST, 0);
}

/**
 * svcnat_flow_review() - does a flow still count for this packet?
 * @hit: from the lookup
 * @packet: its facts
 *
 * Called when something is out of the ordinary: the endpoint or the frontend
 * is removed or unready, or the packet is a SYN.  To be direct is nothing out
 * of the ordinary.
 *
 * Return: what to do.
 */
enum svcnat_review svcnat_flow_review(const struct svcnat_hit *hit,
				      const struct svcnat_packet *packet)
{
	u8 flags = svcnat_hit_flags(hit);
	const u8 proto = packet->tuple.proto;
	struct svcnat_life life;
	bool opens;

	flags &= SVCNAT_ACCOUNT_REMOVED | SVCNAT_ACCOUNT_UNREADY |
		 SVCNAT_ACCOUNT_RESET;
	if (proto == IPPROTO_UDP)
		return flags && hit->direction == SVCNAT_REQUEST ?
		       SVCNAT_REVIEW_FORGET : SVCNAT_REVIEW_KEEP;
	svcnat_line_life(hit, &life);
	opens = hit->direction == SVCNAT_REQUEST && svcnat_packet_opens(packet);
	/*
	 * An unready endpoint may still answer what it has; a SYN is nothing.
	 * Nor is a SYN that a removed one never answered.  But once an answer
	 * was let through, the client may take itself to be connected, with
	 * that very workload: its ACK is under way.
	 */
	if (flags && opens &&
	    svcnat_state_half_open(proto, life.request, life.reply))
		return SVCNAT_REVIEW_FORGET;
	/* All but a new beginning gets its RST behind conntrack: reset.c. */
	if (flags & SVCNAT_ACCOUNT_RESET && opens)
		return SVCNAT_REVIEW_FORGET;
	if (flags & SVCNAT_ACCOUNT_REMOVED && !(life.reply & SVCNAT_SEEN))
		return SVCNAT_REVIEW_FORGET;
	/*
	 * The workload of an established flow never answers another SYN with
	 * one of its own: this is somebody else, who inherited the address.
	 * With SCTP it may be the same one, whose client begins anew (RFC 9260
	 * 5.2.2), and whom nobody can tell from others: it does so elsewhere.
	 */
	if (flags & SVCNAT_ACCOUNT_REMOVED && packet->tcp & SVCNAT_TCP_SYN &&
	    hit->direction == SVCNAT_REPLY && life.request & SVCNAT_SEEN_SYN)
		return SVCNAT_REVIEW_FORGET;
	if (opens && svcnat_state_closing(life.request, life.reply))
		return SVCNAT_REVIEW_REOPEN;
	if (opens && svcnat_state_aborted(life.request, life.reply))
		return SVCNAT_REVIEW_RECONSIDER;
	return SVCNAT_REVIEW_KEEP;
}

/* One connection has ended, another has begun; as many flows as before. */
static void charge_again(struct svcnat_account *account)
{
	svcnat_account_open(account);
	svcnat_account_close(account);
}

/**
 * svcnat_flow_reopen() - a flow's tuple begins a new connection
 * @flows: where it is
 * @hit: the request's
 *
 * It is charged as one that was made, and the one before as one that ended.
 *
 * Context: softirqs disabled, RCU read side.
 * Return: false if the flow is gone.
 */
bool svcnat_flow_reopen(struct svcnat_flows *flows, struct svcnat_hit *hit)
{
	u32 generation = svcnat_word_generation(hit->word);
	u64 word;

	svcnat_line_update(svcnat_line_sibling(hit->line), generation, 0, 0xff);
	svcnat_line_update(hit->line, generation, SVCNAT_SEEN,
			   0xff & ~SVCNAT_SEEN);
	word = atomic64_read(&hit->line->word);
	if (svcnat_word_generation(word) != generation)
		return false;
	hit->word = word;
	charge_again(hit->endpoint);
	if (hit->frontend != hit->endpoint)
		charge_again(hit->frontend);
	svcnat_stat_inc(flows->stats, SVCNAT_STAT_FLOW_REUSED);
	return true;
}

static u32 timeout_stamps(const struct svcnat_flows *flows, u8 proto,
			  const struct svcnat_life *life)
{
	enum svcnat_flow_state state;
	enum svcnat_timeout which;
	u32 seconds;

	state = svcnat_state_of(proto, life->request, life->reply);
	which = svcnat_state_timeout(proto, state);
	seconds = READ_ONCE(flows->timeout[which]);
	/* Never early: round up, and a stamp may lag behind by a step. */
	return (((u64)seconds * HZ) >> SVCNAT_STAMP_SHIFT) + 1 +
	       SVCNAT_STAMP_STEP;
}

/**
 * svcnat_flow_expired() - is a flow's time over?
 * @flows: where it is
 * @hit: any of its lines
 * @life: from svcnat_line_life()
 *
 * Return: true if so.
 */
bool svcnat_flow_expired(const struct svcnat_flows *flows,
			 const struct svcnat_hit *hit,
			 const struct svcnat_life *life)
{
	u8 proto = READ_ONCE(hit->line->key.proto);
	s32 age = svcnat_stamp_now() - life->stamp;

	return age > 0 && age > (s32)timeout_stamps(flows, proto, life);
}

static void view_addr(union nf_inet_addr *to, const __be32 *addr, u8 family)
{
	memcpy(to, addr, svcnat_addr_words(family) * sizeof(__be32));
}

/* What the endpoint sees instead of the client's own address and port */
static void view_source(const struct svcnat_line *line,
			struct svcnat_flow_view *view)
{
	struct svcnat_flow *flow = svcnat_key_flow(&line->key);
	const u8 family = svcnat_key_family(&line->key);
	const struct svcnat_stub *stub;

	view->snat = view->tuple.src;
	view->snat_port = line->mport;
	if (svcnat_flow_keys(flow) > 2) {
		stub = container_of(svcnat_flow_key(flow, 2),
				    struct svcnat_stub, key);
		view_addr(&view->snat, stub->addr, family);
		view->snat_port = stub->nport;
	}
	view->masquerade = view->snat_port != view->tuple.sport ||
			   !svcnat_addr_equal(family, &view->snat,
					      &view->tuple.src);
}

/**
 * svcnat_flow_view() - describe a flow
 * @hit: of its request
 * @view: written
 *
 * Context: RCU read side.
 * Return: false if the flow is gone.
 */
bool svcnat_flow_view(const struct svcnat_hit *hit,
		      struct svcnat_flow_view *view)
{
	const struct svcnat_line *line = hit->line;
	const struct svcnat_key *key = &line->key;
	struct svcnat_life life;

	memset(view, 0, sizeof(*view));
	svcnat_line_tuple(line, &view->tuple);
	view->addr = hit->rewrite.addr;
	view->port = hit->rewrite.port;
	view_source(line, view);
	view->endpoint = hit->endpoint;
	view->direct = hit->endpoint->flags & SVCNAT_ACCOUNT_DIRECT;
	svcnat_line_life(hit, &life);
	view->state = svcnat_state_of(key->proto, life.request, life.reply);
	view->idle = svcnat_stamp_seconds(svcnat_stamp_now() - life.stamp);
	smp_rmb();	/* all of the above, then: was it of this flow? */
	return svcnat_word_generation(hit->word) ==
	       svcnat_word_generation(atomic64_read(&line->word));
}
