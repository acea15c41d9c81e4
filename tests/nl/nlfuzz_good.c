// SPDX-License-Identifier: GPL-2.0
/* Requests that make sense, mostly: few names and places, to meet often. */
#define _GNU_SOURCE
#include "nlfuzz.h"

#define FEW_PLACES	12

static const char *const addresses[] = {
	"127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "10.77.0.255",
	"::", "::1", "ff02::1", "fe80::1", "::ffff:10.0.0.1",
};

static const char *any_name(const struct model *m)
{
	static char name[SVCNAT_NAME_MAX + 1];

	if (m->num && chance(2))
		return m->service[below(m->num)]->name;
	if (chance(30)) {
		memset(name, 'x', SVCNAT_NAME_MAX);
		name[0] = 'a' + below(3);
	} else {
		snprintf(name, sizeof(name), "ns-%u/web_%u:http", below(2),
			 below(7));
	}
	return name;
}

/* @type4: of the attribute for IPv4; that for IPv6 is the next one. */
struct node *good_address(uint16_t type4, uint8_t *family)
{
	uint8_t addr[16] = { 10, 0, 0, 1 + below(FEW_PLACES) };
	const char *text;
	bool v6 = chance(3);

	if (chance(80)) {
		text = addresses[below(ARRAY_SIZE(addresses))];
		v6 = strchr(text, ':');
		inet_pton(v6 ? AF_INET6 : AF_INET, text, addr);
	} else if (v6) {
		addr[0] = 0xfd;
		addr[15] = addr[3];
		addr[3] = 0;
	}
	*family = v6 ? AF_INET6 : AF_INET;
	return node_new(type4 + v6, addr, v6 ? 16 : 4);
}

static uint16_t any_port(void)
{
	if (chance(150))
		return chance(2) ? 0 : 65535;
	return 80 + below(3);
}

static void add_place(struct node *nest, uint16_t type4, uint16_t port,
		      const struct place *at)
{
	uint8_t family;

	if (!at) {
		node_add(nest, good_address(type4, &family));
		node_add(nest, node_port(port, any_port()));
		return;
	}
	if (at->family)
		node_add(nest, node_new(type4 + (at->family == AF_INET6),
					at->addr,
					at->family == AF_INET ? 4 : 16));
	node_add(nest, node_port(port, at->port));
}

static struct node *any_ranges(uint16_t type)
{
	struct node *list = node_nest(type), *range;
	uint32_t i, num = below(4), bits;
	uint8_t addr[16];

	if (chance(200))
		num = SVCNAT_RANGES_MAX - 1 + below(3);
	for (i = 0; i < num; i++) {
		range = node_add(list, node_nest(i + 1));
		memset(addr, 0, sizeof(addr));
		addr[0] = num < 10 ? 8 + below(4) : i / 2;
		addr[1] = i % 2 ? 0x80 : 0;
		bits = chance(30) ? below(130) : 9 + below(3);
		if (chance(4))
			node_add(range, node_new(SVCNAT_RANGE_A_ADDR6, addr,
						 16));
		else
			node_add(range, node_new(SVCNAT_RANGE_A_ADDR4, addr,
						 4));
		node_add(range, node_u8(SVCNAT_RANGE_A_PREFIX, bits));
	}
	return list;
}

static void add_front(struct request *r, const struct place *at, bool options)
{
	struct node *nest = node_nest(SVCNAT_A_FRONTEND);
	uint8_t kind = chance(2) ? below(SVCNAT_KIND_NODEPORT + 1) : 0;

	node_add(&r->top, nest);
	if (at ? !at->family : kind == SVCNAT_KIND_NODEPORT) {
		node_add(nest, node_port(SVCNAT_FRONTEND_A_PORT,
					 at ? at->port : any_port()));
		node_add(nest, node_u8(SVCNAT_FRONTEND_A_KIND,
				       SVCNAT_KIND_NODEPORT));
		return;
	}
	add_place(nest, SVCNAT_FRONTEND_A_ADDR4, SVCNAT_FRONTEND_A_PORT, at);
	if (!options)
		return;
	if (kind == SVCNAT_KIND_NODEPORT)
		kind = SVCNAT_KIND_LB;
	if (kind || chance(2))
		node_add(nest, node_u8(SVCNAT_FRONTEND_A_KIND, kind));
	if (kind == SVCNAT_KIND_LB && !chance(3))
		node_add(nest, any_ranges(SVCNAT_FRONTEND_A_ALLOW));
}

static struct node *add_end(struct request *r, const struct place *at,
			    bool options)
{
	struct node *nest = node_nest(SVCNAT_A_ENDPOINT);

	node_add(&r->top, nest);
	add_place(nest, SVCNAT_ENDPOINT_A_ADDR4, SVCNAT_ENDPOINT_A_PORT, at);
	if (options && chance(2))
		node_add(nest, node_u32(SVCNAT_ENDPOINT_A_WEIGHT,
					chance(4) ? below(65537) : below(4)));
	if (options && chance(3))
		node_add(nest, node_u8(SVCNAT_ENDPOINT_A_STATE, below(3)));
	if (options && chance(3))
		node_add(nest, node_u8(SVCNAT_ENDPOINT_A_PLACE, below(3)));
	return nest;
}

/* More than fit into one part of a dump. */
static void add_many(struct request *r)
{
	struct node *last = NULL, *nest;
	uint32_t i, num = 300 + below(400);
	struct place at = { .family = AF_INET, .addr = { 10, 9 } };
	struct request one = *r;

	for (i = 0; i < num; i++) {
		at.addr[2] = i >> 8;
		at.addr[3] = i;
		at.port = 80 + below(2);
		one.top.child = NULL;
		nest = add_end(&one, &at, true);
		if (last)
			last->next = nest;
		else
			node_add(&r->top, nest);
		last = nest;
	}
}

static void add_options(struct node *nest)
{
	unsigned int i;

	if (chance(4))
		node_add(nest, node_u32(SVCNAT_SERVICE_A_AFFINITY,
					chance(2) ? 0 : below(86402)));
	for (i = SVCNAT_SERVICE_A_SCHEDULER; i <= SVCNAT_SERVICE_A_ON_REMOVAL;
	     i++)
		if (chance(4))
			node_add(nest, node_u8(i, below(
				i == SVCNAT_SERVICE_A_SCHEDULER ? 4 : 2)));
}

static struct node *add_name(struct request *r, const char *name)
{
	struct node *nest = node_nest(SVCNAT_A_SERVICE);

	node_add(&r->top, nest);
	node_add(nest, node_new(SVCNAT_SERVICE_A_NAME, name,
				strlen(name) + 1));
	return nest;
}

static void good_service(struct request *r, const struct model *m)
{
	struct node *nest = add_name(r, any_name(m));
	static const uint8_t protos[] = {
		IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP,
	};
	uint32_t i;

	node_add(nest, node_u8(SVCNAT_SERVICE_A_PROTO,
			       chance(50) ? below(256) : protos[below(3)]));
	add_options(nest);
	for (i = below(4); i; i--)
		add_front(r, NULL, true);
	for (i = below(5); i; i--)
		add_end(r, NULL, true);
	if (chance(40))
		add_many(r);
}

/* One or more of the members that a service has, or might have. */
static void good_members(struct request *r, const struct model *m, bool fronts,
			 bool options, bool known)
{
	struct service *s = model_find(m, any_name(m));
	const char *name = s ? s->name : any_name(m);
	const struct place *at;
	uint32_t i;

	add_name(r, name);
	for (i = 1 + below(2); i; i--) {
		at = NULL;
		if (fronts && s && s->num_fronts && known != chance(8))
			at = &s->fronts[below(s->num_fronts)].at;
		if (!fronts && s && s->num_ends && known != chance(8))
			at = &s->ends[below(s->num_ends)].at;
		if (fronts)
			add_front(r, at, options);
		else
			add_end(r, at, options);
	}
}

static void good_config(struct request *r)
{
	struct node *nest = node_add(&r->top, node_nest(SVCNAT_A_CONFIG));
	uint32_t i, value;

	for (i = 1 + below(3); i; i--) {
		uint16_t type = 1 + below(SVCNAT_CONFIG_A_MAX);

		value = 1 + below(1000);
		/* Mostly without a limit, or nothing else happens. */
		if (type <= SVCNAT_CONFIG_A_MAX_ENDPOINTS)
			value = chance(4) ? below(4) : 1000 + below(20);
		else if (type == SVCNAT_CONFIG_A_SNAT_PORTS)
			value = below(3) << 16 | below(3);
		if (type >= SVCNAT_CONFIG_A_POD_CIDR &&
		    type < SVCNAT_CONFIG_A_POD_CIDR + ZONES)
			node_add(nest, any_ranges(type));
		else if (type == SVCNAT_CONFIG_A_MASQUERADE_ALL ||
			 type == SVCNAT_CONFIG_A_FASTPATH)
			node_add(nest, node_u8(type, below(2)));
		else
			node_add(nest, node_u32(type, value));
	}
}

static void good_query(struct request *r)
{
	struct node *nest = node_add(&r->top, node_nest(SVCNAT_A_QUERY));
	uint8_t family, other;

	node_add(nest, node_u8(SVCNAT_QUERY_A_PROTO, IPPROTO_TCP));
	node_add(nest, good_address(SVCNAT_QUERY_A_SRC4, &family));
	node_add(nest, node_port(SVCNAT_QUERY_A_SRC_PORT, any_port()));
	do {
		struct node *dst = good_address(SVCNAT_QUERY_A_DST4, &other);

		if (other == family || chance(20)) {
			node_add(nest, dst);
			break;
		}
	} while (true);
	node_add(nest, node_port(SVCNAT_QUERY_A_DST_PORT, any_port()));
	if (chance(10))
		node_add(nest, node_u32(SVCNAT_QUERY_A_IIF, 50 + below(9)));
	if (chance(4))
		node_add(nest, node_new(SVCNAT_QUERY_A_LOCAL, NULL, 0));
}

static void good_get(struct request *r, const struct model *m)
{
	static const uint16_t flags[] = {
		SVCNAT_A_WITH_STATS, SVCNAT_A_WITH_FRONTENDS,
		SVCNAT_A_WITH_ENDPOINTS,
	};
	unsigned int i, num = r->command == SVCNAT_CMD_SERVICE_GET ? 3 : 1;

	if (!(r->flags & NLM_F_ROOT) || chance(2))
		add_name(r, any_name(m));
	for (i = 0; i < num; i++)
		if (chance(r->flags & NLM_F_ROOT ? 2 : 8))
			node_add(&r->top, node_new(flags[i], NULL, 0));
}

/* By what the policy says alone. */
struct node *good_attr(const struct attr *attr, uint16_t type, int depth)
{
	uint64_t values[] = {
		attr->min, attr->max, attr->min - 1, attr->max + 1, 0, ~0ULL,
		attr->min + below(8),
	};
	uint64_t value = values[below(ARRAY_SIZE(values))];
	unsigned int size, i;
	struct node *node;
	uint8_t family;

	if (is_number(attr, &size))
		return node_new(type, &value, size);
	switch (attr->type) {
	case NL_ATTR_TYPE_NUL_STRING:
		return node_new(type, "ns-0/web_1:http", 16);
	case NL_ATTR_TYPE_BINARY:
		do {
			node = good_address(type, &family);
		} while (family == AF_INET);
		node->type = type;
		return node;
	case NL_ATTR_TYPE_NESTED:
	case NL_ATTR_TYPE_NESTED_ARRAY:
		node = node_nest(type);
		for (i = below(5); i && depth < 4; i--) {
			uint16_t inner = 1 + below(attr->last);

			if (attr->type == NL_ATTR_TYPE_NESTED_ARRAY)
				node_add(node, node_nest(i));
			else
				node_add(node, good_attr(
					&policies[attr->policy].attr[inner],
					inner, depth + 1));
		}
		return node;
	default:
		return node_new(type, NULL, 0);
	}
}

/* Whatever the policy of the command has. */
static void good_by_policy(struct request *r)
{
	const struct policy *p = &policies[operations[r->command].policy];
	uint32_t i;

	for (i = 1 + below(4); i; i--) {
		uint16_t type = 1 + below(last_attr);

		if (p->attr[type].type || chance(8))
			node_add(&r->top, good_attr(&p->attr[type], type, 0));
	}
}

static const uint8_t often[] = {
	SVCNAT_CMD_SERVICE_NEW, SVCNAT_CMD_SERVICE_NEW,
	SVCNAT_CMD_SERVICE_REPLACE, SVCNAT_CMD_SERVICE_REPLACE,
	SVCNAT_CMD_SERVICE_SET, SVCNAT_CMD_FRONTEND_NEW,
	SVCNAT_CMD_FRONTEND_DEL, SVCNAT_CMD_ENDPOINT_NEW,
	SVCNAT_CMD_ENDPOINT_SET, SVCNAT_CMD_ENDPOINT_DEL,
	SVCNAT_CMD_SERVICE_DEL,
};

static uint8_t any_command(const struct model *m)
{
	uint8_t command;

	if (m->num > MAX_SERVICES / 2)
		return SVCNAT_CMD_SERVICE_FLUSH;
	if (!chance(3))
		return often[below(ARRAY_SIZE(often))];
	do {
		command = 1 + below(SVCNAT_CMD_SIMULATE);
	} while (command == SVCNAT_CMD_SERVICE_FLUSH && !chance(10));
	return command;
}

void request_good(struct request *r, const struct model *m)
{
	const struct operation *o;

	request_new(r, any_command(m));
	o = &operations[r->command];
	if (o->has_dump && (!o->has_do || chance(2)))
		r->flags = NLM_F_REQUEST | NLM_F_DUMP;
	if (chance(16)) {
		good_by_policy(r);
		return;
	}
	switch (r->command) {
	case SVCNAT_CMD_SERVICE_NEW:
	case SVCNAT_CMD_SERVICE_REPLACE:
		good_service(r, m);
		return;
	case SVCNAT_CMD_SERVICE_SET:
		add_options(add_name(r, any_name(m)));
		return;
	case SVCNAT_CMD_SERVICE_DEL:
		/* Options are refused, here and below. */
		if (chance(8))
			add_options(add_name(r, any_name(m)));
		else
			add_name(r, any_name(m));
		return;
	case SVCNAT_CMD_FRONTEND_NEW:
	case SVCNAT_CMD_FRONTEND_DEL:
		good_members(r, m, true,
			     r->command == SVCNAT_CMD_FRONTEND_NEW ||
			     chance(8),
			     r->command == SVCNAT_CMD_FRONTEND_DEL);
		return;
	case SVCNAT_CMD_ENDPOINT_NEW:
	case SVCNAT_CMD_ENDPOINT_SET:
	case SVCNAT_CMD_ENDPOINT_DEL:
		good_members(r, m, false,
			     r->command != SVCNAT_CMD_ENDPOINT_DEL ||
			     chance(8),
			     r->command != SVCNAT_CMD_ENDPOINT_NEW);
		return;
	case SVCNAT_CMD_CONFIG_SET:
		good_config(r);
		return;
	case SVCNAT_CMD_SIMULATE:
		good_query(r);
		return;
	case SVCNAT_CMD_SERVICE_FLUSH:
	case SVCNAT_CMD_CONFIG_GET:
	case SVCNAT_CMD_STATS_GET:
		return;
	default:
		good_get(r, m);
	}
}
