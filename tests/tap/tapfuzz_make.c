// SPDX-License-Identifier: GPL-2.0
/* What is tried: packets of connections, of few, so that most of them exist. */
#define _GNU_SOURCE
#include "tapfuzz.h"

#define CLIENTS		8
#define PORTS		8

struct frame pieces[MAX_PIECES];
unsigned int marks[24], num_marks;
static uint16_t next_train;

static void set_addr(uint8_t *to, uint8_t family, const char *v4,
		     const char *v6)
{
	memset(to, 0, 16);
	inet_pton(family, is_ipv4(family) ? v4 : v6, to);
}

static unsigned int family_index(uint8_t family)
{
	return is_ipv4(family) ? 0 : 1;
}

/* Connection @n: from the client to the frontend */
static void flow_ends(struct ends *e, unsigned int n)
{
	*e = services[n % 2][n / 2 % 3];
	set_addr(e->src, e->family, "10.3.0.17", "fd00:3::11");
	e->src[addr_len(e->family) - 1] += n / 6 % CLIENTS * 29;
	e->sport = 4000 + 113 * (n / 6 / CLIENTS % PORTS);
}

/* The same as the endpoint sees it */
static void behind(struct ends *e)
{
	memcpy(e->dst, ep_addrs[family_index(e->family)], 16);
	e->dport = ep_ports[model_proto(e->proto)];
}

static unsigned int some_payload(void)
{
	switch (below(8)) {
	case 0:
		return 0;
	case 1:
		return below(1400);
	default:
		return below(64);
	}
}

static void begin(struct builder *p, struct trial *t, uint8_t family,
		  enum side from, const char *what)
{
	memset(p, 0, sizeof(*p));
	p->b = t->whole;
	t->family = family;
	t->from = from;
	t->what = what;
	t->mutated = false;
	t->broken_train = false;
	t->gso = false;
	t->num = 1;
}

static void end(struct builder *p, struct trial *t)
{
	build_finish(p, t->family);
	t->len = p->len;
	t->l4 = p->l4;
	t->payload = p->payload;
	t->proto = build_proto(p, t->family);
	num_marks = p->marks;
	memcpy(marks, p->mark, sizeof(marks));
}

/* A wrong checksum must stay as wrong as it is. */
static void spoil(struct trial *t, const struct builder *p, uint8_t proto)
{
	const int at = sum_offset(proto);

	if (at < 0 || t->len < p->l4 + at + 2)
		return;
	if (proto == IPPROTO_UDP && chance(4))
		put16(t->whole + p->l4 + at, 0);
	else if (chance(12))
		put16(t->whole + p->l4 + at, 1 + below(65534));
}

static void make_plain(struct trial *t, const struct ends *e, enum side from,
		       const char *what)
{
	bool opens = from == CLIENT_SIDE ? chance(3) : chance(20);
	unsigned int payload = some_payload();
	struct builder p;

	begin(&p, t, e->family, from, what);
	/* For the kernel to segment, or to cut */
	if (e->proto == IPPROTO_TCP && !opens && chance(3)) {
		t->gso = true;
		payload = chance(8) ? 50000 + below(15000) :
				      MTU + below(8000);
	} else if (e->proto == IPPROTO_UDP && chance(10)) {
		payload = MTU + below(4000);
	}
	build_network(&p, e, t->gso);
	if (t->gso && p.len + 60 + payload > MAX_PACKET)
		payload = MAX_PACKET - p.len - 60;
	build_transport(&p, e, opens, payload);
	end(&p, t);
	if (!t->gso)
		spoil(t, &p, e->proto);
}

static void icmp_head(struct builder *p, uint8_t family)
{
	static const uint8_t v4[] = { 3, 3, 11, 12, 4, 5 };
	static const uint8_t v6[] = { 1, 2, 3, 4, 1 };
	uint8_t *b = p->b + p->len;

	build_zero(p, 8);
	b[0] = is_ipv4(family) ? v4[below(sizeof(v4))] : v6[below(sizeof(v6))];
	b[1] = below(5);
	put32(b + 4, b[0] == 3 ? 1400 : 0);
	build_mark(p);
}

/*
 * An error about a packet that was seen as @e.  From a router on the way, or
 * from who was to get it.
 */
static void make_error(struct trial *t, const struct ends *e, enum side from,
		       const char *what)
{
	static uint8_t quoted[2048];
	struct builder p, q = { .b = quoted, .fragment = true };
	struct ends outer;
	unsigned int room, i;

	build_network(&q, e, false);
	build_transport(&q, e, chance(2), below(300));
	build_finish(&q, e->family);

	ends_reverse(&outer, e);
	outer.proto = icmp_of(e->family);
	if (chance(2))
		set_addr(outer.src, e->family,
			 from == EP_SIDE ? "10.2.0.77" : "10.3.9.9",
			 from == EP_SIDE ? "fd00:2::77" : "fd00:3::99");
	begin(&p, t, e->family, from, what);
	build_network(&p, &outer, false);
	icmp_head(&p, e->family);
	room = chance(3) ? q.l4 + 8 + below(16) : q.len;
	if (room > q.len)
		room = q.len;
	for (i = 0; i < q.marks && p.marks < ARRAY_SIZE(p.mark); i++)
		p.mark[p.marks++] = p.len + q.mark[i];
	memcpy(p.b + p.len, quoted, room);
	p.len += room;
	end(&p, t);
	if (chance(12))
		put16(t->whole + p.l4 + 2, below(65536));
}

static void make_echo(struct trial *t, const struct ends *e)
{
	struct ends echo = *e;
	struct builder p;

	echo.proto = icmp_of(e->family);
	begin(&p, t, e->family, CLIENT_SIDE, "echo");
	build_network(&p, &echo, false);
	build_random(&p, 8 + some_payload());
	p.b[p.l4] = is_ipv4(e->family) ? 8 : 128;
	p.b[p.l4 + 1] = 0;
	end(&p, t);
}

/* To an address of ours, and yet to no service */
static void make_stray(struct trial *t, struct ends *e)
{
	static const uint8_t protos[] = { IPPROTO_GRE, IPPROTO_ESP, 4, 254 };
	struct builder p;

	if (chance(2))
		e->dport += 7;
	else
		e->proto = protos[below(sizeof(protos))];
	begin(&p, t, e->family, CLIENT_SIDE, "stray");
	build_network(&p, e, false);
	build_transport(&p, e, chance(2), some_payload());
	end(&p, t);
}

/* A connection that is not ours */
static void make_foreign(struct trial *t, struct ends *e)
{
	enum side from = below(2);
	struct ends back;

	behind(e);
	e->sport = 9000 + below(50);
	ends_reverse(&back, e);
	make_plain(t, from == CLIENT_SIDE ? e : &back, from, "foreign");
}

/*
 * In pieces; those that do not fit together are of a connection of their own,
 * and some of one that is not ours.
 */
static void make_train(struct trial *t)
{
	const enum side from = below(2);
	struct ends e, back;
	struct builder p;

	flow_ends(&e, below(OPENERS / 6) * 6 + 2 + below(2));
	if (chance(4))
		e.sport = 60000 + below(4000);
	else if (chance(6))
		e.sport = 9000 + below(50);
	if (from == EP_SIDE || e.sport / 100 == 90)
		behind(&e);
	back = e;
	if (from == EP_SIDE)
		ends_reverse(&back, &e);
	begin(&p, t, e.family, from, "fragments");
	t->broken_train = back.sport >= 60000 || back.dport >= 60000;
	/*
	 * Nobody has made the headers of one linear that is not ours, and where
	 * they are cut ip6_fragment() does not find its way through them.
	 */
	build_network(&p, &back, is_ipv4(e.family) ||
				 (frags_mode && e.sport / 100 == 90));
	if (is_ipv4(e.family)) {
		p.b[6] = 0;
		/* What waits for its other fragments for ever has lower ones. */
		if (!t->broken_train)
			put16(p.b + 4, next_train++ | 0x8000);
	}
	build_transport(&p, &back, false, 100 + below(3000));
	end(&p, t);
	frag_split(t, p.l4);
}

static void frame_of(struct trial *t)
{
	struct frame *f = &pieces[0];

	memcpy(f->bytes + ETH_LEN, t->whole, t->len);
	f->len = ETH_LEN + t->len;
}

/* Destination and source: the devices' own and what is behind them */
static void ethernet(const struct trial *t, uint8_t *b)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 0 };

	memcpy(b, mac, 6);
	memcpy(b + 6, mac, 6);
	b[4] = t->from + 1;
	b[10] = t->from + 1;
	b[5] = 0xfe;
	b[11] = 2;
	put16(b + 12, is_ipv4(t->family) ? 0x0800 : 0x86dd);
}

static void choose_kind(struct trial *t)
{
	struct ends e, back;

	flow_ends(&e, below(OPENERS));
	back = e;
	switch (below(16)) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
		make_plain(t, &e, CLIENT_SIDE, "request");
		break;
	case 5:
	case 6:
	case 7:
		behind(&e);
		ends_reverse(&back, &e);
		make_plain(t, &back, EP_SIDE, "reply");
		break;
	case 8:
	case 9:
		ends_reverse(&back, &e);
		make_error(t, &back, CLIENT_SIDE, "error of the client");
		break;
	case 10:
	case 11:
	case 12:
		behind(&back);
		make_error(t, &back, EP_SIDE, "error of the endpoint");
		break;
	case 13:
		make_foreign(t, &e);
		break;
	case 14:
		make_stray(t, &e);
		break;
	default:
		make_echo(t, &e);
	}
}

void make_trial(struct trial *t)
{
	unsigned int i;

	if (chance(12)) {
		make_train(t);
	} else {
		choose_kind(t);
		if (chance(2))
			mutate(t);
		frame_of(t);
		choose_vnet(t);
	}
	for (i = 0; i < t->num; i++) {
		ethernet(t, pieces[i].bytes);
		choose_splits(t, &pieces[i]);
	}
}

/* The first packet of connection @n, of which there is no doubt */
void make_opener(struct trial *t, unsigned int n)
{
	struct builder p;
	struct ends e;

	flow_ends(&e, n);
	begin(&p, t, e.family, CLIENT_SIDE, "opener");
	build_network(&p, &e, true);
	p.b[is_ipv4(e.family) ? 8 : 7] = 64;
	build_transport(&p, &e, true, 10);
	end(&p, t);
	frame_of(t);
	memset(&pieces[0].vnet, 0, sizeof(pieces[0].vnet));
	pieces[0].num_splits = 0;
	ethernet(t, pieces[0].bytes);
	if (frags_mode)
		choose_splits(t, &pieces[0]);
}
