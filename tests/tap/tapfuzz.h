/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fuzzer of the packet path: it is the wire on both sides of a node.
 *
 *	tapfuzz.c		one trial after the other
 *	tapfuzz_report.c	what is said of them
 *	tapfuzz_wire.c		the two devices, and who listens there
 *	tapfuzz_stats.c		the module's counters
 *	tapfuzz_count.c		whether they tell what has happened
 *	tapfuzz_build.c		packets, layer by layer
 *	tapfuzz_make.c		what is tried: packets that make sense
 *	tapfuzz_mutate.c	and less so
 *	tapfuzz_stack.c		what IP does before the module sees them
 *	tapfuzz_model.c		what the module must do then
 *	tapfuzz_sum.c		checksums
 *	tapfuzz_check.c		whether what leaves is what came
 *	tapfuzz_gso.c		likewise, of what the kernel segments
 *	tapfuzz_frag.c		fragments
 *
 *	client side --- tap0, node, tap1 --- endpoint side
 *
 * All of a packet's way is gone when the write() that injects it returns: what
 * came out, and how the counters have changed, is due to it alone.
 *
 * What IP drops, in front of the module or behind it, is not always known
 * (options of IPv6, changed headers): a packet of which that is so may also
 * vanish without a trace, but do nothing else.
 */
#ifndef _TESTS_TAPFUZZ_H
#define _TESTS_TAPFUZZ_H

#include "../net/tool.h"

#include "../fuzz/judge.h"
#include "../../kmod/uapi/svcnat.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define ETH_LEN		14
#define MAX_PACKET	65535
#define MAX_FRAME	(ETH_LEN + MAX_PACKET + 1)
#define MAX_SPLITS	17
#define MAX_PIECES	48
#define MTU		1500
#define MAX_STATS	128		/* more than there are */

/* struct virtio_net_hdr, without what its header needs */
struct vnet {
	uint8_t		flags, gso_type;
	uint16_t	hdr_len, gso_size, csum_start, csum_offset;
};

#define VNET_NEEDS_CSUM		1
#define VNET_GSO_NONE		0
#define VNET_GSO_TCPV4		1
#define VNET_GSO_UDP		3
#define VNET_GSO_TCPV6		4
#define VNET_GSO_UDP_L4		5
#define VNET_GSO_ECN		0x80

enum side {
	CLIENT_SIDE,
	EP_SIDE,
	SIDES
};

/* What is written to a device, or read from it */
struct frame {
	struct vnet	vnet;
	unsigned int	len;
	unsigned int	num_splits;		/* lengths of the first pieces */
	unsigned int	split[MAX_SPLITS];
	uint8_t		bytes[MAX_FRAME];
};

/* A packet that the node is sent, and in how many pieces */
struct trial {
	enum side	from;
	uint8_t		family;			/* AF_INET, AF_INET6 */
	bool		mutated;
	bool		broken_train;		/* of fragments */
	bool		gso;			/* as it should be */
	unsigned int	num;
	const char	*what;
	/* As it was built */
	unsigned int	l4, payload;
	uint8_t		proto;
	/* As it would arrive in one piece */
	unsigned int	len;
	uint8_t		whole[MAX_PACKET + 1];
};

extern struct frame pieces[MAX_PIECES];

/* tapfuzz.c */
extern struct trial trial;
extern struct frame out;

uint32_t below(uint32_t limit);
bool chance(uint32_t in);

/* tapfuzz_report.c */
struct tally {
	unsigned long	number, written, by_fate[16], came_out, answers;
	unsigned long	vanished, refused, dropped_early, segmented, trains;
	unsigned long	overwritten, overwritten_foreign;
};

extern struct tally tally;
extern uint64_t seed, first_stats[MAX_STATS], before[MAX_STATS];
extern uint64_t after[MAX_STATS];
extern bool replaying;

void wrong(const char *format, ...);
void report_trial(void);
void report_all(long began);

/* Bytes */
static inline uint32_t get16(const uint8_t *b)
{
	return b[0] << 8 | b[1];
}

static inline uint32_t get32(const uint8_t *b)
{
	return get16(b) << 16 | get16(b + 2);
}

static inline void put16(uint8_t *b, uint32_t v)
{
	b[0] = v >> 8;
	b[1] = v;
}

static inline void put32(uint8_t *b, uint32_t v)
{
	put16(b, v >> 16);
	put16(b + 2, v);
}

static inline bool is_ipv4(uint8_t family)
{
	return family == AF_INET;
}

static inline unsigned int addr_len(uint8_t family)
{
	return is_ipv4(family) ? 4 : 16;
}

/* Where a packet has its source; the destination is behind it. */
static inline unsigned int addr_at(uint8_t family)
{
	return is_ipv4(family) ? 12 : 8;
}

static inline uint8_t icmp_of(uint8_t family)
{
	return is_ipv4(family) ? IPPROTO_ICMP : IPPROTO_ICMPV6;
}

/* tapfuzz_wire.c */
extern bool frags_mode;
extern unsigned long gso_seen;

void wire_open(void);
void wire_listen(bool on);
void wire_offload(bool on);
bool wire_inject(enum side side, const struct frame *f);
bool wire_read(enum side side, struct frame *f);
void wire_check_clones(enum side side, const struct frame *f);
void wire_leaves(const struct frame *f);
void wire_settle(void);
bool wire_is_noise(const struct frame *f);

/* tapfuzz_stats.c */
void stats_open(void);
void stats_read(uint64_t *to);
void stats_flush_flows(void);

/* tapfuzz_count.c */
void count_check(unsigned int outs, unsigned int errors_seen);

/* tapfuzz_sum.c: sums are modulo 65535 */
uint32_t sum_of(const uint8_t *b, unsigned int len);
uint32_t sum_minus(uint32_t a, uint32_t b);
uint32_t sum_addrs(const uint8_t *l3, uint8_t family);
uint32_t sum_pseudo(const uint8_t *l3, uint8_t family, uint8_t proto,
		    unsigned int len);
uint16_t sum_field(uint32_t sum);
uint32_t crc32c(const uint8_t *b, unsigned int len, uint32_t crc);
int sum_offset(uint8_t proto);
void sum_ipv4(uint8_t *l3);
void sum_transport(uint8_t *l3, uint8_t family, unsigned int l4,
		   unsigned int len, uint8_t proto);
void sum_complete(struct frame *f);
bool sum_is_right(const uint8_t *l3, unsigned int len, uint8_t family,
		  unsigned int l4, uint8_t proto);

/* tapfuzz_build.c */
struct ends {
	uint8_t		family, proto;
	uint8_t		src[16], dst[16];
	uint32_t	sport, dport;
};

struct builder {
	uint8_t		*b;
	unsigned int	len, l3, l4, payload;
	unsigned int	mark[24], marks;	/* where headers begin */
	bool		fragment;		/* an IPv6 header for that */
};

void ends_reverse(struct ends *to, const struct ends *from);
void build_network(struct builder *p, const struct ends *e, bool plain);
void build_transport(struct builder *p, const struct ends *e, bool opens,
		     unsigned int payload);
void build_finish(struct builder *p, uint8_t family);
uint8_t build_proto(const struct builder *p, uint8_t family);
void build_mark(struct builder *p);
void build_zero(struct builder *p, unsigned int len);
void build_random(struct builder *p, unsigned int len);

/* tapfuzz_make.c */
extern unsigned int marks[24], num_marks;

void make_trial(struct trial *t);
void make_opener(struct trial *t, unsigned int n);
#define OPENERS		384

/* tapfuzz_mutate.c */
void mutate(struct trial *t);
void choose_vnet(struct trial *t);
void choose_splits(const struct trial *t, struct frame *f);

/* tapfuzz_frag.c */
void frag_split(struct trial *t, unsigned int room);
bool frag_gather(const struct frame *f, uint8_t *to, unsigned int *len);
void frag_forget(void);
unsigned int frag_later(const struct frame *f);

/* tapfuzz_stack.c */
enum arrival {
	ARRIVES,
	ARRIVES_PERHAPS,
	ARRIVES_NEVER,
	ARRIVES_SOMEHOW,		/* fragments by chance */
};

enum arrival stack_receive(const struct trial *t, unsigned int *len);
bool stack_is_atomic(const uint8_t *b, unsigned int len);
bool stack_forwards(const struct trial *t, const uint8_t *b, unsigned int len);

/* tapfuzz_model.c */
enum fate {
	FATE_NONE,			/* it is not ours */
	FATE_REQUEST,			/* translated in front */
	FATE_REPLY,			/* and behind */
	FATE_ERROR_IN,			/* of a client, or its routers */
	FATE_ERROR_OUT,			/* of an endpoint, or its routers */
	FATE_ODD,
	FATE_UNSOUND_OUT,		/* such an error, checked behind */
	FATE_ECHO,
	FATE_REJECT,
	FATE_MALFORMED,
	FATE_PASSED,			/* ours, and left as it is */
	FATE_UNKNOWN,			/* not even we know */
	FATES
};

struct forecast {
	enum fate		fate;
	enum arrival		arrival;
	bool			forwarded;	/* for sure */
	unsigned int		len;		/* of what arrives */
	struct judgement	j;
	bool			flow_opens;
	/* Whose place the new address takes: outside, and in a quote */
	bool			to_source, outer;
	uint8_t			addr[16], port[2];
};

extern struct forecast forecast;
extern const char *const fate_names[FATES];
extern struct ends services[2][3];	/* by family and protocol: frontend */
extern uint8_t ep_addrs[2][16];
extern uint32_t ep_ports[3];
extern unsigned long flows_known;

bool model_predict(const struct trial *t, struct forecast *f);
void model_remember(const struct forecast *f);
void model_forget(void);
int model_proto(uint8_t proto);
bool is_pending(const struct trial *t, const struct forecast *f);
bool is_odd_pending(const struct trial *t, const struct forecast *f);

/* tapfuzz_check.c */
bool check_addrs(const struct trial *t, const struct forecast *f,
		 const uint8_t *out);
bool check_is_blurred(const struct trial *t, const struct forecast *f);
bool check_is_it(const struct trial *t, const struct forecast *f,
		 const uint8_t *out, unsigned int len);
void check_same(const struct trial *t, const struct forecast *f, uint8_t *out,
		unsigned int len);
void check_answer(const struct trial *t, const struct forecast *f,
		  const uint8_t *out, unsigned int len, bool *about_flow);
void check_expected(const struct trial *t, const struct forecast *f,
		    uint8_t *to);

/* tapfuzz_gso.c */
bool gso_is_it(const struct trial *t, const struct forecast *f,
	       const uint8_t *out, unsigned int len);
void gso_begin(void);
void gso_take(const struct trial *t, const struct forecast *f,
	      const struct frame *out);
void gso_end(const struct trial *t, const struct forecast *f);

#endif /* _TESTS_TAPFUZZ_H */
