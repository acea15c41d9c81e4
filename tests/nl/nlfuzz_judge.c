// SPDX-License-Identifier: GPL-2.0
/* What a request must be answered with, as far as its form tells. */
#define _GNU_SOURCE
#include "nlfuzz.h"

#include <ctype.h>

/* False at the end; then @left tells whether something is behind it. */
bool next_part(const uint8_t **at, int *left, struct part *part)
{
	struct nlattr header;

	if (*left < NLA_HDRLEN)
		return false;
	memcpy(&header, *at, sizeof(header));
	if (header.nla_len < NLA_HDRLEN || header.nla_len > *left)
		return false;
	*part = (struct part) {
		.type = header.nla_type & NLA_TYPE_MASK,
		.data = *at + NLA_HDRLEN, .len = header.nla_len - NLA_HDRLEN,
	};
	*at += NLA_ALIGN(header.nla_len);
	*left -= NLA_ALIGN(header.nla_len);
	return true;
}

/* Of several of one type the last. */
void parts_by_type(const uint8_t *data, int len, struct part *by, int last)
{
	struct part part;

	memset(by, 0, (last + 1) * sizeof(*by));
	while (next_part(&data, &len, &part))
		if (part.type <= last)
			by[part.type] = part;
}

/* As the sender has it. */
uint64_t number_of(const struct part *part)
{
	uint64_t value = 0;

	if (part->len)
		memcpy(&value, part->data, part->len < 8 ? part->len : 8);
	return value;
}

uint64_t port_of(const struct part *part)
{
	return part->data[0] << 8 | part->data[1];
}

static bool is_flagged(const struct part *part)
{
	struct nlattr header;

	memcpy(&header, part->data - NLA_HDRLEN, sizeof(header));
	return header.nla_type & NLA_F_NESTED;
}

bool name_is_good(const uint8_t *data, int len)
{
	int i;

	if (len && !data[len - 1])
		len--;
	if (len < 1 || len > SVCNAT_NAME_MAX)
		return false;
	for (i = 0; i < len; i++)
		if (!data[i] || data[i] > 126 ||
		    (!isalnum(data[i]) && !strchr("._:/-", data[i])))
			return false;
	return true;
}

/* What a nest holds: a name has rules that no policy shows. */
enum nest {
	NEST_TOP,
	NEST_SERVICE,
	NEST_OTHER,
};

static enum nest nest_below(enum nest nest, uint16_t type)
{
	return nest == NEST_TOP && type == SVCNAT_A_SERVICE ? NEST_SERVICE :
							      NEST_OTHER;
}

static errors judge_number(const struct attr *attr, const struct part *part,
			   unsigned int size)
{
	uint64_t value = number_of(part);

	if (part->len != (int)size)
		return error_bit(EINVAL);
	if (value < attr->min || value > attr->max)
		return error_bit(ERANGE);
	return 0;
}

static errors judge_string(const struct attr *attr, const struct part *part,
			   enum nest nest)
{
	int most = attr->max + 1, len = part->len;

	if (!len || !memchr(part->data, 0, len < most ? len : most))
		return error_bit(EINVAL);
	if (!part->data[len - 1])
		len--;
	if (len > (int)attr->max)
		return error_bit(ERANGE);
	return nest != NEST_SERVICE || part->type != SVCNAT_SERVICE_A_NAME ||
	       name_is_good(part->data, part->len) ? 0 : error_bit(EINVAL);
}

static errors judge_parts(uint32_t policy, uint32_t last, const uint8_t *data,
			  int len, enum nest nest);

/* The members of an array have no types of their own. */
static errors judge_array(const struct attr *attr, const struct part *part)
{
	const uint8_t *at = part->data;
	int left = part->len;
	struct part member;
	errors broken = 0;

	while (next_part(&at, &left, &member)) {
		if (member.len && member.len < NLA_HDRLEN)
			broken |= error_bit(ERANGE);
		else
			broken |= judge_parts(attr->policy, attr->last,
					      member.data, member.len,
					      NEST_OTHER);
	}
	return broken;
}

static errors judge_part(const struct attr *attr, const struct part *part,
			 enum nest nest)
{
	bool is_nest = attr->type == NL_ATTR_TYPE_NESTED ||
		       attr->type == NL_ATTR_TYPE_NESTED_ARRAY;
	unsigned int size;
	errors broken = 0;

	if (!attr->type)
		return error_bit(EINVAL);
	if (is_nest != is_flagged(part))
		broken |= error_bit(EINVAL);
	if (is_number(attr, &size))
		return broken | judge_number(attr, part, size);
	switch (attr->type) {
	case NL_ATTR_TYPE_FLAG:
		return broken | (part->len ? error_bit(ERANGE) : 0);
	case NL_ATTR_TYPE_NUL_STRING:
		return broken | judge_string(attr, part, nest);
	case NL_ATTR_TYPE_BINARY:
		if (part->len < (int)attr->min || part->len > (int)attr->max)
			broken |= error_bit(ERANGE);
		return broken;
	}
	if (!is_nest)
		die("a policy has type %u", attr->type);
	if (part->len && part->len < NLA_HDRLEN)
		return broken | error_bit(ERANGE);
	if (attr->type == NL_ATTR_TYPE_NESTED_ARRAY)
		return broken | judge_array(attr, part);
	return broken | judge_parts(attr->policy, attr->last, part->data,
				    part->len, nest_below(nest, part->type));
}

static errors judge_parts(uint32_t policy, uint32_t last, const uint8_t *data,
			  int len, enum nest nest)
{
	struct part part;
	errors broken = 0;

	while (next_part(&data, &len, &part)) {
		if (!part.type || part.type > last)
			broken |= error_bit(EINVAL);
		else
			broken |= judge_part(&policies[policy].attr[part.type],
					     &part, nest);
	}
	return broken | (len > 0 ? error_bit(EINVAL) : 0);
}

static errors judge_header(struct verdict *v, const struct nlmsghdr *h)
{
	const struct genlmsghdr *genl = NLMSG_DATA(h);
	const uint16_t good = NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO;
	const struct operation *o;
	uint16_t flags = h->nlmsg_flags;
	errors broken = 0;

	v->dump = (flags & NLM_F_DUMP) == NLM_F_DUMP;
	v->ack = flags & NLM_F_ACK;
	v->ignored = !(flags & NLM_F_REQUEST);
	/* The kernel's own refusals of headers have no sentences. */
	v->silent = true;
	if (h->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
		return error_bit(EINVAL);
	v->command = genl->cmd;
	if (v->dump)
		flags &= ~NLM_F_DUMP;
	if (flags & ~good || genl->reserved)
		broken |= error_bit(EINVAL);
	o = &operations[genl->cmd];
	if (v->dump ? !o->has_dump : !o->has_do)
		broken |= error_bit(EOPNOTSUPP);
	return broken;
}

/*
 * @may: whoever sends it may use the family.  If it is accepted, @m is then
 * what there is.
 */
void judge(struct verdict *v, const uint8_t *bytes, unsigned int len,
	   struct model *m, bool may)
{
	const unsigned int head = NLMSG_HDRLEN + GENL_HDRLEN;
	const struct operation *o;

	memset(v, 0, sizeof(*v));
	v->errors = judge_header(v, (const struct nlmsghdr *)bytes);
	if (v->ignored)
		return;
	o = &operations[v->command];
	if (!may) {
		/* 6.1 asks who it is before what it wants; 6.12 behind that. */
		if ((o->has_do || o->has_dump) &&
		    !(v->errors & ~error_bit(EOPNOTSUPP)))
			v->errors |= error_bit(EPERM);
		return;
	}
	if (v->errors)
		return;
	v->silent = false;
	v->errors = judge_parts(o->policy, last_attr, bytes + head, len - head,
				NEST_TOP);
	if (!v->errors)
		v->errors = judge_wish(v, bytes + head, len - head, m);
}
