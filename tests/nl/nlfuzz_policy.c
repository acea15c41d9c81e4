// SPDX-License-Identifier: GPL-2.0
/* What the kernel says that the family accepts: so it cannot drift. */
#define _GNU_SOURCE
#include "nlfuzz.h"

uint16_t family_id = GENL_ID_CTRL, last_attr;
uint32_t group;
struct operation operations[256];
struct policy policies[64];

static void read_operation(const struct part *part)
{
	struct part by[CTRL_ATTR_OP_MAX + 1];
	struct operation *o;
	uint32_t flags;

	parts_by_type(part->data, part->len, by, CTRL_ATTR_OP_MAX);
	o = &operations[number_of(&by[CTRL_ATTR_OP_ID]) & 0xff];
	flags = number_of(&by[CTRL_ATTR_OP_FLAGS]);
	o->has_do = flags & GENL_CMD_CAP_DO;
	o->has_dump = flags & GENL_CMD_CAP_DUMP;
}

static void read_group(const struct part *part)
{
	struct part by[CTRL_ATTR_MCAST_GRP_MAX + 1];

	parts_by_type(part->data, part->len, by, CTRL_ATTR_MCAST_GRP_MAX);
	group = number_of(&by[CTRL_ATTR_MCAST_GRP_ID]);
}

static void each(const struct part *nest, void (*fn)(const struct part *))
{
	const uint8_t *at = nest->data;
	int left = nest->len;
	struct part part;

	while (next_part(&at, &left, &part))
		fn(&part);
}

static void read_family(const uint8_t *data, int len, uint8_t command,
			void *arg)
{
	struct part by[CTRL_ATTR_MAX + 1];

	parts_by_type(data, len, by, CTRL_ATTR_MAX);
	family_id = number_of(&by[CTRL_ATTR_FAMILY_ID]);
	last_attr = number_of(&by[CTRL_ATTR_MAXATTR]);
	each(&by[CTRL_ATTR_OPS], read_operation);
	each(&by[CTRL_ATTR_MCAST_GROUPS], read_group);
}

/*
 * 6.12 calls every operation that is a dump alone by the number 0: they come in
 * the order of their own.
 */
static struct operation *next_dump_alone(void)
{
	struct operation *o = operations;

	while (o < &operations[ARRAY_SIZE(operations) - 1] &&
	       (!o->has_dump || o->has_do || o->has_policy))
		o++;
	return o;
}

static void read_op_policy(const struct part *part)
{
	struct operation *o = part->type ? &operations[part->type & 0xff] :
					   next_dump_alone();
	struct part by[CTRL_ATTR_POLICY_DUMP + 1];
	const struct part *which;

	parts_by_type(part->data, part->len, by, CTRL_ATTR_POLICY_DUMP);
	which = by[CTRL_ATTR_POLICY_DO].data ? &by[CTRL_ATTR_POLICY_DO] :
					       &by[CTRL_ATTR_POLICY_DUMP];
	o->policy = number_of(which);
	o->has_policy = true;
}

static void read_attr(struct attr *attr, const struct part *part)
{
	struct part by[NL_POLICY_TYPE_ATTR_MASK + 1];

	parts_by_type(part->data, part->len, by, NL_POLICY_TYPE_ATTR_MASK);
	attr->type = number_of(&by[NL_POLICY_TYPE_ATTR_TYPE]);
	attr->policy = number_of(&by[NL_POLICY_TYPE_ATTR_POLICY_IDX]);
	attr->last = number_of(&by[NL_POLICY_TYPE_ATTR_POLICY_MAXTYPE]);
	attr->max = UINT16_MAX;
	if (by[NL_POLICY_TYPE_ATTR_MAX_VALUE_U].data) {
		attr->min = number_of(&by[NL_POLICY_TYPE_ATTR_MIN_VALUE_U]);
		attr->max = number_of(&by[NL_POLICY_TYPE_ATTR_MAX_VALUE_U]);
	}
	if (by[NL_POLICY_TYPE_ATTR_MIN_LENGTH].data)
		attr->min = number_of(&by[NL_POLICY_TYPE_ATTR_MIN_LENGTH]);
	if (by[NL_POLICY_TYPE_ATTR_MAX_LENGTH].data)
		attr->max = number_of(&by[NL_POLICY_TYPE_ATTR_MAX_LENGTH]);
}

static void read_policy(const struct part *part)
{
	const uint8_t *at = part->data;
	int left = part->len;
	struct part one;

	if (part->type >= ARRAY_SIZE(policies))
		die("the family has more policies than %zu",
		    ARRAY_SIZE(policies));
	while (next_part(&at, &left, &one)) {
		if (one.type >= MAX_ATTRS)
			die("a policy has attribute %u", one.type);
		read_attr(&policies[part->type].attr[one.type], &one);
	}
}

static void read_message(const uint8_t *data, int len, uint8_t command,
			 void *arg)
{
	struct part by[CTRL_ATTR_OP_POLICY + 1];

	parts_by_type(data, len, by, CTRL_ATTR_OP_POLICY);
	each(&by[CTRL_ATTR_OP_POLICY], read_op_policy);
	each(&by[CTRL_ATTR_POLICY], read_policy);
}

/* Sets all of the above; must be called before anything else. */
void read_policies(void)
{
	struct node top = { .nest = true };
	static uint8_t bytes[256];
	struct reply reply;
	unsigned int len;
	int fd = link_open();

	node_add(&top, node_new(CTRL_ATTR_FAMILY_NAME, SVCNAT_GENL_NAME,
				sizeof(SVCNAT_GENL_NAME)));
	len = link_request(bytes, CTRL_CMD_GETFAMILY, NLM_F_REQUEST | NLM_F_ACK,
			   &top);
	link_ask(fd, bytes, len, false, &reply, read_family, NULL);
	if (reply.error || family_id == GENL_ID_CTRL)
		die("there is no family " SVCNAT_GENL_NAME);
	/* Asked of the controller. */
	len = link_request(bytes, CTRL_CMD_GETPOLICY,
			   NLM_F_REQUEST | NLM_F_DUMP, &top);
	((struct nlmsghdr *)bytes)->nlmsg_type = GENL_ID_CTRL;
	link_ask(fd, bytes, len, true, &reply, read_message, NULL);
	if (reply.error)
		die("no policies: %s", strerror(reply.error));
	close(fd);
}

/* And how many bytes it has. */
bool is_number(const struct attr *attr, unsigned int *size)
{
	switch (attr->type) {
	case NL_ATTR_TYPE_U8:
		*size = 1;
		return true;
	case NL_ATTR_TYPE_U16:
		*size = 2;
		return true;
	case NL_ATTR_TYPE_U32:
		*size = 4;
		return true;
	case NL_ATTR_TYPE_U64:
		*size = 8;
		return true;
	default:
		return false;
	}
}
