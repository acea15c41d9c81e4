// SPDX-License-Identifier: GPL-2.0
/* What can be wrong with a request. */
#define _GNU_SOURCE
#include "nlfuzz.h"

/* Where a node hangs, and so where it can be taken out. */
struct spot {
	struct node	**at;
	struct node	*parent;
	uint32_t	seen;
};

/* The deeper, the sooner: there are few lists of ranges, and many ways in. */
static void pick(struct spot *spot, struct node *parent, int depth)
{
	struct node **at;

	for (at = &parent->child; *at; at = &(*at)->next) {
		spot->seen += depth * depth;
		if (below(spot->seen) < (uint32_t)(depth * depth)) {
			spot->at = at;
			spot->parent = parent;
		}
		pick(spot, *at, depth + 1);
	}
}

static void twice(struct spot *spot)
{
	struct node *copy = node_copy(*spot->at);

	if (chance(2)) {
		copy->next = (*spot->at)->next;
		(*spot->at)->next = copy;
	} else {
		node_add(spot->parent, copy);
	}
}

static void resize(struct node *node, int by)
{
	if (node->nest || node->len + by < 0 ||
	    node->len + by > (int)sizeof(node->data))
		return;
	node->len += by;
	if (by > 0)
		node->data[node->len - 1] = below(3) ? 0 : below(256);
}

/* What it says of its length is not true. */
static void lie(struct node *node)
{
	static const int lies[] = { 0, 1, 3, 4, 5, 65535, 65532, 32768 };

	if (chance(2))
		node->claim = lies[below(ARRAY_SIZE(lies))];
	else if (!node->nest)
		node->claim = NLA_HDRLEN + node->len + (chance(2) ? 1 : -1);
	else
		node->claim = NLA_HDRLEN + below(40);
}

static void retype(struct node *node)
{
	static const uint16_t types[] = { 0, 0x3fff, 0x3ffe, 63, 64 };
	uint16_t flags = node->type & ~NLA_TYPE_MASK;

	if (chance(3))
		node->type = flags | types[below(ARRAY_SIZE(types))];
	else
		node->type = flags | below(24);
}

/* In nests of its own type, ten deep. */
static void bury(struct spot *spot)
{
	struct node *node = *spot->at, *next = node->next, *nest;
	int depth;

	node->next = NULL;
	for (depth = 0; depth < 10; depth++) {
		nest = node_nest(node->type & NLA_TYPE_MASK);
		nest->child = node;
		node = nest;
	}
	node->next = next;
	*spot->at = node;
}

static void edge(struct node *node)
{
	static const uint64_t values[] = {
		0, 1, 2, 3, 4, 5, 127, 128, 255, 256, 32767, 32768, 65535,
		65536, 86400, 86401, 1048576, 1048577, 1 << 27, (1 << 27) + 1,
		2678400, 2678401, 0x7fffffff, 0x80000000, 0xffffffff,
	};
	uint64_t value = values[below(ARRAY_SIZE(values))];
	int i;

	if (node->nest)
		return;
	for (i = 0; i < node->len; i++)
		node->data[i] = i < 8 ? value >> 8 * i : 0;
}

static void spoil(struct node *node)
{
	if (!node->nest && node->len)
		node->data[below(node->len)] ^= 1 << below(8);
}

static void readdress(struct node *node)
{
	uint8_t family;
	struct node *addr;

	if (node->nest || (node->len != 4 && node->len != 16))
		return;
	do {
		addr = good_address(node->type, &family);
	} while (addr->len != node->len && chance(2));
	/* Perhaps with the other family's bytes. */
	node->len = addr->len;
	memcpy(node->data, addr->data, addr->len);
}

/* Something that the policies know, where it does not belong. */
static void insert(struct spot *spot)
{
	const struct attr *attr;
	struct node *node;
	uint16_t type;

	do {
		type = 1 + below(24);
		attr = &policies[below(ARRAY_SIZE(policies))].attr[type];
	} while (!attr->type && !chance(200));
	node = good_attr(attr, type, 2);
	node->next = *spot->at;
	*spot->at = node;
}

static void swap(struct spot *spot)
{
	struct node *first = *spot->at, *second = first->next;

	if (!second)
		return;
	first->next = second->next;
	second->next = first;
	*spot->at = second;
}

static void mutate_header(struct request *r)
{
	static const uint16_t flags[] = {
		NLM_F_REQUEST, NLM_F_MULTI, NLM_F_ACK, NLM_F_ECHO,
		NLM_F_DUMP_INTR, NLM_F_ROOT, NLM_F_MATCH, NLM_F_ATOMIC,
		NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE, NLM_F_APPEND,
		NLM_F_DUMP, 0x8000,
	};

	switch (below(6)) {
	case 0:
	case 1:
		r->flags ^= flags[below(ARRAY_SIZE(flags))];
		break;
	case 2:
		r->command = chance(4) ? below(256) :
					 below(SVCNAT_CMD_DEL_NTF + 2);
		break;
	case 3:
		r->reserved = 1 << below(16);
		break;
	case 4:
		r->version = below(256);
		break;
	default:
		r->cut = 1 + below(24);
	}
}

void request_mutate(struct request *r)
{
	struct spot spot = { .seen = 0 };

	pick(&spot, &r->top, 1);
	if (!spot.at || chance(8)) {
		mutate_header(r);
		return;
	}
	switch (below(16)) {
	case 0:
	case 1:
		*spot.at = (*spot.at)->next;
		break;
	case 2:
		twice(&spot);
		break;
	case 3:
		resize(*spot.at, -1 - (int)below(3));
		break;
	case 4:
		resize(*spot.at, 1);
		break;
	case 5:
		resize(*spot.at, -(*spot.at)->len);
		break;
	case 6:
		lie(*spot.at);
		break;
	case 7:
		retype(*spot.at);
		break;
	case 8:
		(*spot.at)->type ^= chance(3) ? NLA_F_NET_BYTEORDER :
						NLA_F_NESTED;
		break;
	case 9:
		if (chance(4))
			bury(&spot);
		break;
	case 10:
	case 11:
		edge(*spot.at);
		break;
	case 12:
		spoil(*spot.at);
		break;
	case 13:
		readdress(*spot.at);
		break;
	case 14:
		insert(&spot);
		break;
	default:
		swap(&spot);
	}
}
