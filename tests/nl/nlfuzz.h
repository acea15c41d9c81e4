/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fuzzer of the netlink family that knows what each request must do.
 *
 *	nlfuzz.c		what is done in which order, and compared
 *	nlfuzz_policy.c		what the kernel says that the family accepts
 *	nlfuzz_build.c		requests as trees, and as bytes
 *	nlfuzz_good.c		requests that make sense
 *	nlfuzz_mutate.c		and less so
 *	nlfuzz_judge.c		what a request must be answered with: its form
 *	nlfuzz_wish.c		what it asks for
 *	nlfuzz_model.c		and what there is then
 *	nlfuzz_edit.c		of one service
 *	nlfuzz_show.c		whether the kernel shows that
 *	nlfuzz_link.c		sockets
 *	nlfuzz_slow.c		those who read slowly
 *	nlfuzz_callers.c	those who may nothing
 *
 * The judge reads the bytes of the request, so it does not matter how they came
 * about.  It names every rule that the request breaks: the kernel must refuse
 * it for one of them, or accept it if there is none.
 */
#ifndef _TESTS_NLFUZZ_H
#define _TESTS_NLFUZZ_H

#include "../net/tool.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "../../kmod/uapi/svcnat.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MAX_MESSAGE	(1 << 18)
#define MAX_SERVICES	64

/* A set of errnos: what may be answered.  None: it must be accepted. */
typedef uint64_t errors;

static inline errors error_bit(int error)
{
	if (error == EOPNOTSUPP)
		return 1ULL << 63;
	if (error == EPROTONOSUPPORT)
		return 1ULL << 62;
	return error < 62 ? 1ULL << error : 0;
}

/* nlfuzz.c */
uint32_t below(uint32_t limit);
bool chance(uint32_t in);
void wrong(const char *format, ...);

/* What the kernel says of an attribute, nlfuzz_policy.c */
struct attr {
	uint8_t		type;		/* NL_ATTR_TYPE_..., 0: refused */
	uint64_t	min, max;	/* of a number, or of a length */
	uint32_t	policy, last;	/* of a nest */
};

#define MAX_ATTRS	64

struct policy {
	struct attr	attr[MAX_ATTRS];
};

struct operation {
	bool	has_do, has_dump, has_policy;
	int	policy;
};

extern uint16_t family_id, last_attr;
extern uint32_t group;
extern struct operation operations[256];
extern struct policy policies[64];

void read_policies(void);
bool is_number(const struct attr *attr, unsigned int *size);

/* A request, nlfuzz_build.c */
struct node {
	uint16_t	type;		/* with its flags */
	bool		nest;
	int		claim;		/* length that it claims, or -1 */
	int		len;		/* of data */
	uint8_t		data[160];
	struct node	*child, *next;
};

struct request {
	uint16_t	flags;
	uint8_t		command, version;
	uint16_t	reserved;
	unsigned int	cut;		/* bytes missing at the end */
	struct node	top;
};

struct node *node_new(uint16_t type, const void *data, int len);
struct node *node_u8(uint16_t type, uint8_t value);
struct node *node_u32(uint16_t type, uint32_t value);
struct node *node_port(uint16_t type, uint16_t value);
struct node *node_nest(uint16_t type);
struct node *node_add(struct node *parent, struct node *child);
struct node *node_copy(const struct node *node);
void request_new(struct request *r, uint8_t command);
unsigned int request_bytes(const struct request *r, uint8_t *to);

/* What there is, nlfuzz_model.c */
struct place {
	uint8_t		family;		/* 0: a nodeport */
	uint8_t		addr[16];
	uint16_t	port;
};

/* A list of ranges, in its order and without doubles */
struct list {
	uint32_t	num;
	uint64_t	hash;
};

struct front {
	struct place	at;
	uint8_t		kind;
	struct list	allow;
};

struct end {
	struct place	at;
	uint32_t	weight;
	uint8_t		state, place;
	uint8_t		given;		/* bits of the three; in a wish */
};

struct service {
	char		name[SVCNAT_NAME_MAX + 1];
	uint8_t		proto;
	uint32_t	affinity;
	uint8_t		option[4];	/* as the attributes are ordered */
	uint8_t		given;		/* bits 0 to 4; in a wish */
	uint32_t	num_fronts, num_ends, generation;
	struct front	*fronts;
	struct end	*ends;
};

#define ZONES	3

struct config {
	uint32_t	number[SVCNAT_CONFIG_A_MAX + 1];
	struct list	zone[ZONES];
	uint32_t	given;		/* bits by attribute; in a wish */
};

struct model {
	bool		has_broadcast;	/* 10.77.0.255 is one */
	unsigned int	num;
	struct service	*service[MAX_SERVICES];
	struct config	config;
};

enum change {
	CHANGE_NONE,		/* it must be as it was */
	CHANGE_SAME,		/* the same was asked for again */
	CHANGE_MADE,
};

/* What the list in a wish means */
enum edit {
	EDIT_NONE,
	EDIT_ADD,
	EDIT_SET,
	EDIT_DEL,
	EDIT_REPLACE,
};

struct service *model_find(const struct model *m, const char *name);
errors model_apply(struct model *m, uint8_t command, struct service *wish,
		   enum change *change);
errors model_config(struct model *m, const struct config *wish,
		    enum change *change);
bool model_is_bad(const struct model *m, const struct place *at);
int place_compare(const struct place *a, const struct place *b);
void name_use(const char *name);
bool name_was_used(const char *name);
errors service_edit(struct model *m, struct service **at, struct service *wish,
		    enum edit fronts, enum edit ends, enum change *change);
void service_free(struct service *s);

/* What a request makes sense for, nlfuzz_good.c, and less so */
void request_good(struct request *r, const struct model *m);
struct node *good_address(uint16_t type4, uint8_t *family);
struct node *good_attr(const struct attr *attr, uint16_t type, int depth);
void request_mutate(struct request *r);

/* What a request must be answered with */
struct verdict {
	errors		errors;
	bool		ignored;	/* it is no request */
	bool		dump, ack;
	bool		unsure;		/* or it is accepted */
	bool		silent;		/* a refusal needs no sentence */
	uint8_t		command;
	enum change	change;
};

struct part {		/* an attribute */
	uint16_t	type;
	const uint8_t	*data;
	int		len;
};

bool next_part(const uint8_t **at, int *left, struct part *part);
void parts_by_type(const uint8_t *data, int len, struct part *by, int last);
uint64_t number_of(const struct part *part);
uint64_t port_of(const struct part *part);

void judge(struct verdict *v, const uint8_t *bytes, unsigned int len,
	   struct model *m, bool may);
errors judge_wish(struct verdict *v, const uint8_t *data, int len,
		  struct model *m);
errors parse_ranges(const struct part *part, struct list *list);
/* Where a place is in a nest of a frontend, or of an endpoint */
extern const int front_types[3], end_types[3];
errors parse_place(const struct part *by, const int *types, struct place *at);
bool name_is_good(const uint8_t *data, int len);

/* Sockets, nlfuzz_link.c */
struct reply {
	bool		answered;	/* by an errno, or by an end */
	int		error;
	bool		sentence, interrupted;
	unsigned int	messages;	/* of the family */
	uint64_t	digest;		/* of them */
};

typedef void (*message_fn)(const uint8_t *data, int len, uint8_t command,
			   void *arg);

int link_open(void);
bool link_send(int fd, const uint8_t *bytes, unsigned int len);
int link_receive(int fd, bool dump, struct reply *reply, message_fn fn,
		 void *arg);
void link_ask(int fd, const uint8_t *bytes, unsigned int len, bool dump,
	      struct reply *reply, message_fn fn, void *arg);
unsigned int link_request(uint8_t *to, uint8_t command, uint16_t flags,
			  const struct node *attrs);
unsigned int link_events(int fd);

/* Whether the kernel shows what the model has, nlfuzz_show.c */
uint64_t show_digest(int fd);
void show_compare(int fd, struct model *m, bool changed);
void show_config(int fd, struct config *to);
void show_stats(int fd, const struct model *m);

/* A netns, nlfuzz.c */
#define SOCKETS	4

struct world {
	const char	*name;
	struct model	model;
	int		netns, fd[SOCKETS], listener;
	uint64_t	digest;
	unsigned long	changes;	/* of services */
};

extern struct world worlds[2];

/* Those who read slowly, nlfuzz_slow.c */
extern unsigned long slow_interrupted, slow_given_up;

void slow_step(void);
void slow_noise(void);
void slow_end(void);

/* Those who may nothing, nlfuzz_callers.c */
#define CALLERS	5

void callers_start(void);
const char *caller_name(unsigned int caller);
void caller_ask(unsigned int caller, const uint8_t *bytes, unsigned int len,
		bool dump, struct reply *reply);

#endif /* _TESTS_NLFUZZ_H */
