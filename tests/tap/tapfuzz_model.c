// SPDX-License-Identifier: GPL-2.0
/*
 * What the module must do with a packet: its own parser, as a library, says
 * what is in it, and the rest is simple, with one endpoint for each service.
 */
#define _GNU_SOURCE
#include "tapfuzz.h"

struct flow {
	uint8_t		family, proto;		/* family 0: none here */
	uint8_t		addr[16], port[2];	/* of the client */
};

#define FLOWS	(1 << 17)

const char *const fate_names[FATES] = {
	"not ours", "request", "reply", "error inwards", "error outwards",
	"odd error", "unsound error", "echo", "refused", "malformed", "passed",
	"unknown",
};
struct ends services[2][3];
uint8_t ep_addrs[2][16];
uint32_t ep_ports[3];
unsigned long flows_known;

static struct flow flows[FLOWS];

/* As the services are ordered, or -1 */
int model_proto(uint8_t proto)
{
	return proto == IPPROTO_TCP ? 0 : proto == IPPROTO_UDP ? 1 :
	       proto == IPPROTO_SCTP ? 2 : -1;
}

static struct flow *flow_at(uint8_t family, uint8_t proto, const uint8_t *addr,
			    const uint8_t *port)
{
	uint32_t at = 2166136261U;
	struct flow want = { .family = family, .proto = proto };
	unsigned int i;

	memcpy(want.addr, addr, 16);
	memcpy(want.port, port, 2);
	for (i = 0; i < sizeof(want); i++)
		at = (at ^ ((uint8_t *)&want)[i]) * 16777619;
	for (at %= FLOWS; flows[at].family; at = (at + 1) % FLOWS)
		if (!memcmp(&flows[at], &want, sizeof(want)))
			break;
	return &flows[at];
}

static bool is_known(uint8_t family, uint8_t proto, const uint8_t *addr,
		     const uint8_t *port)
{
	return flow_at(family, proto, addr, port)->family;
}

void model_remember(const struct forecast *f)
{
	const struct judge_tuple *t = &f->j.tuple;
	struct flow *flow;

	if (!f->flow_opens)
		return;
	flow = flow_at(t->family, t->proto, t->src, t->sport);
	flow->family = t->family;
	flow->proto = t->proto;
	memcpy(flow->addr, t->src, 16);
	memcpy(flow->port, t->sport, 2);
	flows_known++;
}

void model_forget(void)
{
	memset(flows, 0, sizeof(flows));
	flows_known = 0;
}

static const struct ends *service_of(uint8_t family, uint8_t proto)
{
	int i = model_proto(proto);

	return i < 0 ? NULL : &services[!is_ipv4(family)][i];
}

static bool is_vip(uint8_t family, const uint8_t *addr)
{
	return !memcmp(addr, services[!is_ipv4(family)][0].dst, 16);
}

static bool is_ep(uint8_t family, const uint8_t *addr)
{
	return !memcmp(addr, ep_addrs[!is_ipv4(family)], 16);
}

static bool is_frontend(uint8_t family, uint8_t proto, const uint8_t *addr,
			const uint8_t *port)
{
	return model_proto(proto) >= 0 && is_vip(family, addr) &&
	       get16(port) == service_of(family, proto)->dport;
}

static bool is_endpoint(uint8_t family, uint8_t proto, const uint8_t *addr,
			const uint8_t *port)
{
	return model_proto(proto) >= 0 && is_ep(family, addr) &&
	       get16(port) == ep_ports[model_proto(proto)];
}

static void becomes_endpoint(struct forecast *f, uint8_t family, uint8_t proto)
{
	memcpy(f->addr, ep_addrs[!is_ipv4(family)], 16);
	put16(f->port, ep_ports[model_proto(proto)]);
}

static void becomes_frontend(struct forecast *f, uint8_t family, uint8_t proto)
{
	memcpy(f->addr, service_of(family, proto)->dst, 16);
	put16(f->port, service_of(family, proto)->dport);
}

/*
 * False: it would be masqueraded, or meet a connection that is not ours; that
 * is not what this is about.
 */
static bool predict_ports(struct forecast *f)
{
	const struct judge_tuple *t = &f->j.tuple;
	bool known = is_known(t->family, t->proto, t->src, t->sport);

	if (is_vip(t->family, t->dst) &&
	    (is_vip(t->family, t->src) || is_ep(t->family, t->src)))
		return false;
	if (is_frontend(t->family, t->proto, t->dst, t->dport)) {
		f->fate = known || f->j.opens ? FATE_REQUEST : FATE_REJECT;
		f->flow_opens = !known && f->j.opens;
		becomes_endpoint(f, t->family, t->proto);
		return true;
	}
	if (is_vip(t->family, t->dst)) {
		f->fate = FATE_REJECT;
		return true;
	}
	if (is_endpoint(t->family, t->proto, t->dst, t->dport) && known)
		return false;
	if (is_endpoint(t->family, t->proto, t->src, t->sport) &&
	    is_known(t->family, t->proto, t->dst, t->dport)) {
		f->fate = FATE_REPLY;
		f->to_source = true;
		becomes_frontend(f, t->family, t->proto);
	}
	return true;
}

static bool is_sound(const struct trial *t, const struct forecast *f)
{
	const uint32_t len = f->len - f->j.l4;
	uint32_t sum;

	if (t->num == 1 && pieces[0].vnet.flags & VNET_NEEDS_CSUM)
		return true;
	sum = sum_of(t->whole + f->j.l4, len) +
	      sum_pseudo(t->whole, t->family, icmp_of(t->family), len);
	return sum % 65535 == 0;
}

static void predict_error(const struct trial *t, struct forecast *f)
{
	const struct judge_tuple *q = &f->j.quoted, *o = &f->j.tuple;

	if (memcmp(o->dst, q->src, 16))
		return;
	if (is_frontend(q->family, q->proto, q->src, q->sport) &&
	    is_known(q->family, q->proto, q->dst, q->dport)) {
		f->fate = is_sound(t, f) ? FATE_ERROR_IN : FATE_ODD;
		f->outer = true;
		becomes_endpoint(f, q->family, q->proto);
	} else if (is_endpoint(q->family, q->proto, q->dst, q->dport) &&
		   is_known(q->family, q->proto, q->src, q->sport)) {
		f->fate = is_sound(t, f) ? FATE_ERROR_OUT : FATE_UNSOUND_OUT;
		f->to_source = true;
		f->outer = !memcmp(o->src, q->dst, 16);
		becomes_frontend(f, q->family, q->proto);
	}
}

static bool predict_fate(const struct trial *t, struct forecast *f)
{
	const struct judge_tuple *o = &f->j.tuple;
	bool vip = o->family && is_vip(o->family, o->dst);

	switch (f->j.parsed) {
	case JUDGE_PORTS:
		return predict_ports(f);
	case JUDGE_ERROR:
		predict_error(t, f);
		break;
	case JUDGE_ODD:
		f->fate = FATE_ODD;
		break;
	case JUDGE_ECHO:
		if (vip)
			f->fate = FATE_ECHO;
		break;
	case JUDGE_OTHER:
		if (vip && o->proto != IPPROTO_ICMP &&
		    o->proto != IPPROTO_ICMPV6)
			f->fate = FATE_REJECT;
		break;
	case JUDGE_FRAGMENT:
		if (vip)
			f->fate = FATE_PASSED;
		break;
	case JUDGE_BROKEN:
		if (vip)
			f->fate = FATE_MALFORMED;
		break;
	}
	return true;
}

/* A checksum is left to the device, and that is the packet's own. */
bool is_pending(const struct trial *t, const struct forecast *f)
{
	const struct vnet *v = &pieces[0].vnet;

	return t->num == 1 && v->flags & VNET_NEEDS_CSUM &&
	       v->csum_start == ETH_LEN + f->j.l4 &&
	       v->csum_offset == sum_offset(f->j.tuple.proto);
}

bool is_odd_pending(const struct trial *t, const struct forecast *f)
{
	return t->num == 1 && pieces[0].vnet.flags & VNET_NEEDS_CSUM &&
	       !is_pending(t, f);
}

static bool goes_on(const struct forecast *f)
{
	switch (f->fate) {
	case FATE_REQUEST:
	case FATE_REPLY:
	case FATE_ERROR_IN:
	case FATE_ERROR_OUT:
		return true;
	case FATE_NONE:
	case FATE_ODD:
	case FATE_UNSOUND_OUT:
		return f->j.tuple.family &&
		       !is_vip(f->j.tuple.family, f->j.tuple.dst);
	default:
		return false;
	}
}

/* False: do not try it. */
bool model_predict(const struct trial *t, struct forecast *f)
{
	const bool gso = t->num == 1 &&
			 pieces[0].vnet.gso_type != VNET_GSO_NONE;
	const bool v4 = is_ipv4(t->family);

	memset(f, 0, sizeof(*f));
	f->arrival = stack_receive(t, &f->len);
	if (f->arrival == ARRIVES_NEVER)
		return true;
	if (f->arrival == ARRIVES_SOMEHOW) {
		f->fate = FATE_UNKNOWN;
		return t->broken_train || v4 ||
		       !stack_is_atomic(t->whole, f->len);
	}
	/* Is it a jumbogram?  Only where there is little to be segmented. */
	if (!v4 && gso && !get16(t->whole + 4) && !t->whole[6])
		return false;
	judge(t->whole, f->len, t->family, gso, below(160), &f->j);
	if (!predict_fate(t, f))
		return false;
	f->forwarded = f->arrival == ARRIVES && goes_on(f) &&
		       stack_forwards(t, t->whole, f->len) &&
		       !is_odd_pending(t, f) && gso == t->gso;
	return true;
}
