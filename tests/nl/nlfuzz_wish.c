// SPDX-License-Identifier: GPL-2.0
/* What a request of good form asks for. */
#define _GNU_SOURCE
#include "nlfuzz.h"

#define FAULT		error_bit(EINVAL)
#define MAX_PARTS	32

const int front_types[] = {
	SVCNAT_FRONTEND_A_ADDR4, SVCNAT_FRONTEND_A_ADDR6,
	SVCNAT_FRONTEND_A_PORT,
};

const int end_types[] = {
	SVCNAT_ENDPOINT_A_ADDR4, SVCNAT_ENDPOINT_A_ADDR6,
	SVCNAT_ENDPOINT_A_PORT,
};

struct range {
	uint8_t	family, addr[16], prefix;
};

static int range_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct range));
}

/* Bits behind the prefix? */
static bool is_dirty(const struct range *r)
{
	int bit, bits = r->family == AF_INET ? 32 : 128;

	for (bit = r->prefix; bit < bits; bit++)
		if (r->addr[bit / 8] & 0x80 >> bit % 8)
			return true;
	return false;
}

static errors parse_range(const struct part *part, struct range *r)
{
	struct part by[SVCNAT_RANGE_A_MAX + 1];
	const struct part *addr;
	struct nlattr header;

	memcpy(&header, part->data - NLA_HDRLEN, sizeof(header));
	if (!(header.nla_type & NLA_F_NESTED))
		return FAULT;
	parts_by_type(part->data, part->len, by, SVCNAT_RANGE_A_MAX);
	if (!by[SVCNAT_RANGE_A_PREFIX].data ||
	    !by[SVCNAT_RANGE_A_ADDR4].data == !by[SVCNAT_RANGE_A_ADDR6].data)
		return FAULT;
	memset(r, 0, sizeof(*r));
	r->prefix = number_of(&by[SVCNAT_RANGE_A_PREFIX]);
	r->family = by[SVCNAT_RANGE_A_ADDR4].data ? AF_INET : AF_INET6;
	addr = by[SVCNAT_RANGE_A_ADDR4].data ? &by[SVCNAT_RANGE_A_ADDR4] :
					       &by[SVCNAT_RANGE_A_ADDR6];
	memcpy(r->addr, addr->data, addr->len);
	if (r->family == AF_INET && r->prefix > 32)
		return error_bit(ERANGE);
	return is_dirty(r) ? FAULT : 0;
}

/* Nothing may be left behind the last, or the list would be shorter. */
errors parse_ranges(const struct part *part, struct list *list)
{
	static struct range range[MAX_MESSAGE / 16];
	const uint8_t *at = part->data, *byte;
	uint32_t i, size, num = 0;
	int left = part->len;
	struct part one;
	errors broken = 0;

	memset(list, 0, sizeof(*list));
	while (next_part(&at, &left, &one))
		broken |= parse_range(&one, &range[num++]);
	if (left > 0)
		broken |= FAULT;
	if (num > SVCNAT_RANGES_MAX)
		broken |= error_bit(ENOSPC);
	if (broken)
		return broken;
	qsort(range, num, sizeof(*range), range_compare);
	for (i = 0; i < num; i++) {
		if (i && !range_compare(&range[i - 1], &range[i]))
			continue;
		list->num++;
		byte = (const uint8_t *)&range[i];
		for (size = 0; size < sizeof(*range); size++)
			list->hash = (list->hash ^ byte[size] ^ 0x9e) *
				     0x100000001b3ULL;
	}
	return 0;
}

/* @types: of the two addresses and the port */
errors parse_place(const struct part *by, const int *types, struct place *at)
{
	const struct part *v4 = &by[types[0]], *v6 = &by[types[1]];

	memset(at, 0, sizeof(*at));
	if (!v4->data == !v6->data || !by[types[2]].data)
		return FAULT;
	at->family = v4->data ? AF_INET : AF_INET6;
	memcpy(at->addr, v4->data ? v4->data : v6->data, v4->data ? 4 : 16);
	at->port = port_of(&by[types[2]]);
	return 0;
}

static errors parse_front(const struct part *part, struct front *f)
{
	struct part by[SVCNAT_FRONTEND_A_MAX + 1];
	const struct part *allow = &by[SVCNAT_FRONTEND_A_ALLOW];
	errors broken = 0;

	parts_by_type(part->data, part->len, by, SVCNAT_FRONTEND_A_MAX);
	memset(f, 0, sizeof(*f));
	/* This and the like: whatever the policies say. */
	if (by[SVCNAT_FRONTEND_A_COUNTERS].data)
		return FAULT;
	if (by[SVCNAT_FRONTEND_A_KIND].data)
		f->kind = number_of(&by[SVCNAT_FRONTEND_A_KIND]);
	if (allow->data && f->kind == SVCNAT_KIND_LB)
		broken |= parse_ranges(allow, &f->allow);
	else if (allow->data)
		broken |= FAULT;
	if (f->kind != SVCNAT_KIND_NODEPORT)
		return broken | parse_place(by, front_types, &f->at);
	if (by[SVCNAT_FRONTEND_A_ADDR4].data ||
	    by[SVCNAT_FRONTEND_A_ADDR6].data ||
	    !by[SVCNAT_FRONTEND_A_PORT].data)
		return FAULT;
	f->at.port = port_of(&by[SVCNAT_FRONTEND_A_PORT]);
	return broken;
}

static errors parse_end(const struct part *part, struct end *e)
{
	struct part by[SVCNAT_ENDPOINT_A_MAX + 1];

	parts_by_type(part->data, part->len, by, SVCNAT_ENDPOINT_A_MAX);
	memset(e, 0, sizeof(*e));
	if (by[SVCNAT_ENDPOINT_A_ACTIVE].data ||
	    by[SVCNAT_ENDPOINT_A_COUNTERS].data ||
	    by[SVCNAT_ENDPOINT_A_MASQUERADE].data)
		return FAULT;
	e->weight = 1;
	if (by[SVCNAT_ENDPOINT_A_WEIGHT].data) {
		e->weight = number_of(&by[SVCNAT_ENDPOINT_A_WEIGHT]);
		e->given |= 1;
	}
	if (by[SVCNAT_ENDPOINT_A_STATE].data) {
		e->state = number_of(&by[SVCNAT_ENDPOINT_A_STATE]);
		e->given |= 2;
	}
	if (by[SVCNAT_ENDPOINT_A_PLACE].data) {
		e->place = number_of(&by[SVCNAT_ENDPOINT_A_PLACE]);
		e->given |= 4;
	}
	if (e->weight > SVCNAT_WEIGHT_MAX ||
	    e->state > SVCNAT_STATE_UNREADY ||
	    e->place > SVCNAT_PLACE_LOCAL_ONLY)
		return error_bit(ERANGE);
	return parse_place(by, end_types, &e->at);
}

static errors parse_lists(const uint8_t *data, int len, struct service *wish)
{
	struct part part;
	errors broken = 0;

	while (next_part(&data, &len, &part)) {
		if (part.type == SVCNAT_A_FRONTEND) {
			wish->fronts = realloc(wish->fronts,
					       (wish->num_fronts + 1) *
					       sizeof(*wish->fronts));
			broken |= parse_front(&part,
				&wish->fronts[wish->num_fronts++]);
		} else if (part.type == SVCNAT_A_ENDPOINT) {
			wish->ends = realloc(wish->ends, (wish->num_ends + 1) *
					     sizeof(*wish->ends));
			broken |= parse_end(&part,
					    &wish->ends[wish->num_ends++]);
		}
	}
	return broken;
}

static errors check_proto(const struct part *part)
{
	uint64_t proto = number_of(part);

	return !part->data || proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_SCTP ? 0 : error_bit(EPROTONOSUPPORT);
}

static errors parse_options(const struct part *by, struct service *wish)
{
	static const uint8_t most[] = {
		SVCNAT_SCHEDULER_MAGLEV, SVCNAT_POLICY_LOCAL,
		SVCNAT_POLICY_LOCAL, SVCNAT_ON_REMOVAL_RESET,
	};
	unsigned int i;

	wish->proto = number_of(&by[SVCNAT_SERVICE_A_PROTO]);
	wish->affinity = number_of(&by[SVCNAT_SERVICE_A_AFFINITY]);
	if (by[SVCNAT_SERVICE_A_AFFINITY].data)
		wish->given |= 1;
	for (i = 0; i < ARRAY_SIZE(most); i++) {
		if (!by[SVCNAT_SERVICE_A_SCHEDULER + i].data)
			continue;
		wish->option[i] = number_of(&by[SVCNAT_SERVICE_A_SCHEDULER +
						i]);
		wish->given |= 2 << i;
		if (wish->option[i] > most[i])
			return error_bit(ERANGE);
	}
	if (wish->affinity > SVCNAT_AFFINITY_MAX)
		return error_bit(ERANGE);
	return check_proto(&by[SVCNAT_SERVICE_A_PROTO]);
}

/* The name, and for those who take them the options */
static errors parse_service(const struct part *top, struct service *wish)
{
	struct part by[SVCNAT_SERVICE_A_MAX + 1];
	const struct part *name = &by[SVCNAT_SERVICE_A_NAME];

	parts_by_type(top->data, top->len, by, SVCNAT_SERVICE_A_MAX);
	if (!name->data || !name_is_good(name->data, name->len) ||
	    by[SVCNAT_SERVICE_A_COUNTERS].data ||
	    by[SVCNAT_SERVICE_A_FRONTENDS].data ||
	    by[SVCNAT_SERVICE_A_ENDPOINTS].data)
		return FAULT;
	memset(wish->name, 0, sizeof(wish->name));
	memcpy(wish->name, name->data, strlen((const char *)name->data));
	return parse_options(by, wish);
}

/* 0, or two ports in their order */
static errors check_ports(uint32_t range)
{
	uint32_t low = range >> 16, high = range & 0xffff;

	return !range || (low && low <= high) ? 0 : FAULT;
}

static errors judge_config(struct verdict *v, const struct part *top,
			   struct model *m)
{
	struct part by[SVCNAT_CONFIG_A_MAX + 1];
	struct config wish = { .given = 0 };
	errors broken = 0;
	int i;

	if (!top->data)
		return FAULT;
	parts_by_type(top->data, top->len, by, SVCNAT_CONFIG_A_MAX);
	for (i = 1; i <= SVCNAT_CONFIG_A_MAX; i++) {
		if (!by[i].data)
			continue;
		wish.given |= 1 << i;
		if (i >= SVCNAT_CONFIG_A_POD_CIDR &&
		    i < SVCNAT_CONFIG_A_POD_CIDR + ZONES)
			broken |= parse_ranges(&by[i],
				&wish.zone[i - SVCNAT_CONFIG_A_POD_CIDR]);
		else
			wish.number[i] = number_of(&by[i]);
	}
	broken |= check_ports(wish.number[SVCNAT_CONFIG_A_SNAT_PORTS]);
	return broken ? broken : model_config(m, &wish, &v->change);
}

/* An address of each end, of one family */
static bool has_ends(const struct part *by)
{
	bool src4 = by[SVCNAT_QUERY_A_SRC4].data;
	bool src6 = by[SVCNAT_QUERY_A_SRC6].data;
	bool dst4 = by[SVCNAT_QUERY_A_DST4].data;
	bool dst6 = by[SVCNAT_QUERY_A_DST6].data;

	return src4 != src6 && dst4 != dst6 && src4 == dst4;
}

static errors judge_query(struct verdict *v, const struct part *top)
{
	struct part by[SVCNAT_QUERY_A_MAX + 1];
	const struct part *iif = &by[SVCNAT_QUERY_A_IIF];
	errors broken;

	if (!top->data)
		return FAULT;
	parts_by_type(top->data, top->len, by, SVCNAT_QUERY_A_MAX);
	broken = check_proto(&by[SVCNAT_QUERY_A_PROTO]);
	if (!by[SVCNAT_QUERY_A_PROTO].data ||
	    !by[SVCNAT_QUERY_A_SRC_PORT].data ||
	    !by[SVCNAT_QUERY_A_DST_PORT].data || !has_ends(by))
		broken |= FAULT;
	if (iif->data && by[SVCNAT_QUERY_A_LOCAL].data)
		broken |= FAULT;
	/* lo is the first; whether there are others the model does not know. */
	if (!iif->data || number_of(iif) == 1)
		return broken;
	v->unsure = !broken && number_of(iif) && number_of(iif) < 16;
	return broken | error_bit(ENODEV);
}

/* Operations that may name a service, and those that must */
static errors judge_named(struct verdict *v, const struct part *top,
			  struct model *m, bool must)
{
	struct service wish = { .num_ends = 0 };
	errors broken;

	if (!top->data)
		return must ? FAULT : 0;
	/* 6.1 has no place for a sentence before the first part. */
	v->silent = v->dump;
	broken = parse_service(top, &wish);
	if (broken)
		return broken;
	v->silent = false;
	if (model_find(m, wish.name))
		return 0;
	/* The flows of a removed one may still end. */
	v->unsure = (v->command == SVCNAT_CMD_FLOW_GET ||
		     v->command == SVCNAT_CMD_FLOW_FLUSH) &&
		    name_was_used(wish.name);
	return error_bit(ENOENT);
}

static errors judge_change(struct verdict *v, const uint8_t *data, int len,
			   const struct part *top, struct model *m)
{
	struct service wish = { .num_ends = 0 };
	errors broken = FAULT;

	if (top->data) {
		broken = parse_service(top, &wish);
		broken |= parse_lists(data, len, &wish);
	}
	if (!broken)
		broken = model_apply(m, v->command, &wish, &v->change);
	free(wish.fronts);
	free(wish.ends);
	return broken;
}

static errors judge_get(struct verdict *v, const struct part *by,
			struct model *m)
{
	errors broken = judge_named(v, &by[SVCNAT_A_SERVICE], m, !v->dump);

	if (!v->dump && (by[SVCNAT_A_WITH_FRONTENDS].data ||
			 by[SVCNAT_A_WITH_ENDPOINTS].data))
		broken |= FAULT;
	return broken;
}

errors judge_wish(struct verdict *v, const uint8_t *data, int len,
		  struct model *m)
{
	struct part by[MAX_PARTS];

	parts_by_type(data, len, by, MAX_PARTS - 1);
	switch (v->command) {
	case SVCNAT_CMD_SERVICE_FLUSH:
		return model_apply(m, v->command, NULL, &v->change);
	case SVCNAT_CMD_CONFIG_GET:
	case SVCNAT_CMD_STATS_GET:
		return 0;
	case SVCNAT_CMD_CONFIG_SET:
		return judge_config(v, &by[SVCNAT_A_CONFIG], m);
	case SVCNAT_CMD_SIMULATE:
		return judge_query(v, &by[SVCNAT_A_QUERY]);
	case SVCNAT_CMD_SERVICE_GET:
		return judge_get(v, by, m);
	case SVCNAT_CMD_FRONTEND_GET:
	case SVCNAT_CMD_ENDPOINT_GET:
	case SVCNAT_CMD_AFFINITY_GET:
	case SVCNAT_CMD_AFFINITY_FLUSH:
	case SVCNAT_CMD_FLOW_GET:
	case SVCNAT_CMD_FLOW_FLUSH:
		return judge_named(v, &by[SVCNAT_A_SERVICE], m, false);
	default:
		return judge_change(v, data, len, &by[SVCNAT_A_SERVICE], m);
	}
}
