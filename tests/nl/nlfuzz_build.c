// SPDX-License-Identifier: GPL-2.0
/* Requests as trees, and as bytes. */
#define _GNU_SOURCE
#include "nlfuzz.h"

/* All of one request; nothing of it outlives request_new(). */
static struct node pool[16384];
static unsigned int used;

static struct node *node_any(uint16_t type)
{
	struct node *node;

	if (used == ARRAY_SIZE(pool))
		die("a request has too many attributes");
	node = &pool[used++];
	memset(node, 0, sizeof(*node));
	node->type = type;
	node->claim = -1;
	return node;
}

struct node *node_new(uint16_t type, const void *data, int len)
{
	struct node *node = node_any(type);

	node->len = len;
	if (len)
		memcpy(node->data, data, len);
	return node;
}

struct node *node_u8(uint16_t type, uint8_t value)
{
	return node_new(type, &value, sizeof(value));
}

struct node *node_u32(uint16_t type, uint32_t value)
{
	return node_new(type, &value, sizeof(value));
}

struct node *node_port(uint16_t type, uint16_t value)
{
	value = htons(value);
	return node_new(type, &value, sizeof(value));
}

struct node *node_nest(uint16_t type)
{
	struct node *node = node_any(type | NLA_F_NESTED);

	node->nest = true;
	return node;
}

/* Behind those that are there; gives @child. */
struct node *node_add(struct node *parent, struct node *child)
{
	struct node **at = &parent->child;

	while (*at)
		at = &(*at)->next;
	*at = child;
	return child;
}

/* With all that is in it, without what follows it. */
struct node *node_copy(const struct node *node)
{
	struct node *copy = node_any(node->type), **at = &copy->child;
	const struct node *child;

	*copy = *node;
	copy->child = NULL;
	copy->next = NULL;
	for (child = node->child; child; child = child->next) {
		*at = node_copy(child);
		at = &(*at)->next;
	}
	return copy;
}

void request_new(struct request *r, uint8_t command)
{
	used = 0;
	memset(r, 0, sizeof(*r));
	r->command = command;
	r->version = SVCNAT_GENL_VERSION;
	r->flags = NLM_F_REQUEST | NLM_F_ACK;
	r->top.nest = true;
	r->top.claim = -1;
}

static uint8_t *write_all(const struct node *node, uint8_t *to);

static uint8_t *write_node(const struct node *node, uint8_t *to)
{
	struct nlattr *header = (struct nlattr *)to;
	uint8_t *end = to + NLA_HDRLEN;
	unsigned int len;

	if (node->nest) {
		end = write_all(node->child, end);
		len = end - to;
	} else {
		memcpy(end, node->data, node->len);
		len = NLA_HDRLEN + node->len;
		end += node->len;
	}
	while ((end - to) % NLA_ALIGNTO)
		*end++ = 0;
	header->nla_type = node->type;
	header->nla_len = node->claim < 0 ? (int)len : node->claim;
	return end;
}

static uint8_t *write_all(const struct node *node, uint8_t *to)
{
	for (; node; node = node->next)
		to = write_node(node, to);
	return to;
}

/* Gives their number. */
unsigned int request_bytes(const struct request *r, uint8_t *to)
{
	unsigned int len = link_request(to, r->command, r->flags, &r->top);
	struct genlmsghdr *genl = NLMSG_DATA(to);

	genl->version = r->version;
	genl->reserved = r->reserved;
	if (r->cut < len - NLMSG_HDRLEN)
		len -= r->cut;
	((struct nlmsghdr *)to)->nlmsg_len = len;
	return len;
}

/* A request without anything odd. */
unsigned int link_request(uint8_t *to, uint8_t command, uint16_t flags,
			  const struct node *attrs)
{
	struct nlmsghdr *header = (struct nlmsghdr *)to;
	struct genlmsghdr *genl = NLMSG_DATA(header);
	static uint32_t seq;
	uint8_t *end;

	*header = (struct nlmsghdr) {
		.nlmsg_type = family_id, .nlmsg_flags = flags, .nlmsg_seq = ++seq,
	};
	*genl = (struct genlmsghdr) {
		.cmd = command, .version = SVCNAT_GENL_VERSION,
	};
	end = write_all(attrs ? attrs->child : NULL,
			to + NLMSG_HDRLEN + GENL_HDRLEN);
	header->nlmsg_len = end - to;
	return header->nlmsg_len;
}
