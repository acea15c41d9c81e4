// SPDX-License-Identifier: GPL-2.0
#include "nl_message.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#define ATTRS_MAX	63	/* of one nest: struct head has bits for them */

static int put_addr(struct nl_msg *msg, int attr, const struct addr *addr)
{
	if (addr->family == AF_INET)
		return nla_put(msg, attr, 4, addr->byte);
	return nla_put(msg, attr + 1, 16, addr->byte);
}

static int put_range(struct nl_msg *msg, int attr, const struct range *range)
{
	struct nlattr *nest = nla_nest_start(msg, NLA_F_NESTED | attr);
	int err;

	if (!nest)
		return -NLE_NOMEM;
	err = put_addr(msg, SVCNAT_RANGE_A_ADDR4, &range->addr);
	if (err >= 0)
		err = nla_put_u8(msg, SVCNAT_RANGE_A_PREFIX, range->prefix);
	return err < 0 ? err : nla_nest_end(msg, nest);
}

/* An empty list is sent as well: it empties the one that is there. */
static int put_ranges(struct nl_msg *msg, int attr, const struct list *ranges)
{
	struct nlattr *nest = nla_nest_start(msg, NLA_F_NESTED | attr);
	size_t i;
	int err;

	if (!nest)
		return -NLE_NOMEM;
	for (i = 0; i < ranges->nr; i++) {
		err = put_range(msg, (int)i + 1, list_at(ranges, i));
		if (err < 0)
			return err;
	}
	return nla_nest_end_keep_empty(msg, nest);
}

static int put_field(struct nl_msg *msg, const struct field *field,
		     const void *object)
{
	const char *at = (const char *)object + field->offset;

	switch ((enum field_type)field->type) {
	case FIELD_U8:
		return nla_put_u8(msg, field->attr, *(const uint8_t *)at);
	case FIELD_U32:
	case FIELD_SECONDS:
		return nla_put_u32(msg, field->attr, *(const uint32_t *)at);
	case FIELD_SWITCH:
		return nla_put_u8(msg, field->attr,
				  *(const uint32_t *)at != 0);
	case FIELD_FLAG:
		return nla_put_flag(msg, field->attr);
	case FIELD_PORT:
		return nla_put_u16(msg, field->attr,
				   htons(*(const uint16_t *)at));
	case FIELD_ADDR:
		return put_addr(msg, field->attr, (const void *)at);
	case FIELD_STRING:
		return nla_put_string(msg, field->attr,
				      *(const char *const *)at);
	case FIELD_RANGES:
		return put_ranges(msg, field->attr, (const void *)at);
	case FIELD_U64:
	case FIELD_COUNTERS:
		break;		/* only in replies */
	}
	return -NLE_INVAL;
}

static int put_object(struct nl_msg *msg, int attr, const void *object)
{
	const struct object_type *type = &object_types[attr];
	struct nlattr *nest;
	size_t i;
	int err;

	nest = nla_nest_start(msg, NLA_F_NESTED | attr);
	if (!nest)
		return -NLE_NOMEM;
	for (i = 0; i < type->nr_fields; i++) {
		if (!has(object, type->fields[i].attr))
			continue;
		err = put_field(msg, &type->fields[i], object);
		if (err < 0)
			return err;
	}
	return nla_nest_end(msg, nest);
}

static struct nla_policy field_policy(const struct field *field)
{
	switch ((enum field_type)field->type) {
	case FIELD_U8:
	case FIELD_SWITCH:
		return (struct nla_policy){ .type = NLA_U8, .maxlen = 1 };
	case FIELD_U32:
	case FIELD_SECONDS:
		return (struct nla_policy){ .type = NLA_U32, .maxlen = 4 };
	case FIELD_U64:
		return (struct nla_policy){ .type = NLA_U64, .maxlen = 8 };
	case FIELD_FLAG:
		return (struct nla_policy){ .type = NLA_FLAG };
	case FIELD_PORT:
		return (struct nla_policy){ .type = NLA_U16, .maxlen = 2 };
	case FIELD_ADDR:
		return (struct nla_policy){ .minlen = 4, .maxlen = 4 };
	case FIELD_STRING:
		return (struct nla_policy){ .type = NLA_STRING,
					    .maxlen = SVCNAT_NAME_MAX + 1 };
	case FIELD_COUNTERS:
	case FIELD_RANGES:
		break;
	}
	return (struct nla_policy){ .type = NLA_NESTED };
}

static void fill_policy(struct nla_policy *policy,
			const struct object_type *type)
{
	const struct field *field;
	size_t i;
	int attr;

	memset(policy, 0, (ATTRS_MAX + 1) * sizeof(*policy));
	if (type->values)
		for (attr = 2; attr <= type->max; attr++)
			policy[attr] = (struct nla_policy){ .type = NLA_U64,
							    .maxlen = 8 };
	for (i = 0; i < type->nr_fields; i++) {
		field = &type->fields[i];
		policy[field->attr] = field_policy(field);
		if (field->type == FIELD_ADDR)
			policy[field->attr + 1] = (struct nla_policy){
				.minlen = 16, .maxlen = 16 };
	}
}

static int get_range(struct nlattr *nest, struct range *range)
{
	int err = nl_message_object(nest, &range_type, range);

	if (err < 0)
		return err;
	if (!has(range, SVCNAT_RANGE_A_ADDR4) ||
	    !has(range, SVCNAT_RANGE_A_PREFIX) ||
	    range->prefix > (range->addr.family == AF_INET ? 32 : 128))
		return -NLE_INVAL;
	return 0;
}

static int get_ranges(struct nlattr *attr, struct list *ranges)
{
	struct nlattr *nest;
	int err, left;

	ranges->size = sizeof(struct range);
	nla_for_each_nested(nest, attr, left) {
		err = get_range(nest, list_add(ranges));
		if (err < 0)
			return err;
	}
	list_sort(ranges, range_compare);
	return 0;
}

static int get_field(struct nlattr **attrs, const struct field *field,
		     void *object)
{
	struct nlattr *attr = attrs[field->attr];
	char *at = (char *)object + field->offset;
	struct addr *addr = (struct addr *)at;

	if (field->type == FIELD_ADDR && !attr)
		attr = attrs[field->attr + 1];
	if (!attr)
		return 0;
	((struct head *)object)->given |= GIVEN(field->attr);
	switch ((enum field_type)field->type) {
	case FIELD_U8:
		*(uint8_t *)at = nla_get_u8(attr);
		break;
	case FIELD_U32:
	case FIELD_SECONDS:
		*(uint32_t *)at = nla_get_u32(attr);
		break;
	case FIELD_SWITCH:
		*(uint32_t *)at = nla_get_u8(attr);
		break;
	case FIELD_U64:
		*(uint64_t *)at = nla_get_u64(attr);
		break;
	case FIELD_FLAG:
		break;
	case FIELD_PORT:
		*(uint16_t *)at = ntohs(nla_get_u16(attr));
		break;
	case FIELD_ADDR:
		addr->family = nla_len(attr) == 4 ? AF_INET : AF_INET6;
		memcpy(addr->byte, nla_data(attr), (size_t)nla_len(attr));
		break;
	case FIELD_STRING:
		*(const char **)at = nla_get_string(attr);
		break;
	case FIELD_COUNTERS:
		return nl_message_object(attr, &counters_type, at);
	case FIELD_RANGES:
		return get_ranges(attr, (struct list *)at);
	}
	return 0;
}

int nl_message_object(struct nlattr *nest, const struct object_type *type,
		      void *object)
{
	struct nla_policy policy[ATTRS_MAX + 1];
	struct nlattr *attrs[ATTRS_MAX + 1];
	uint64_t *values = (uint64_t *)((char *)object + type->values);
	struct head *head = object;
	size_t i;
	int attr, err;

	memset(object, 0, type->size);
	fill_policy(policy, type);
	err = nla_parse_nested(attrs, type->max, nest, policy);
	for (i = 0; i < type->nr_fields && err >= 0; i++)
		err = get_field(attrs, &type->fields[i], object);
	if (err < 0)
		object_free_lists(type, object);
	if (err < 0 || !type->values)
		return err;
	for (attr = 2; attr <= type->max; attr++) {
		if (!attrs[attr])
			continue;
		head->given |= GIVEN(attr);
		values[attr] = nla_get_u64(attrs[attr]);
	}
	return 0;
}

static int put_request(struct nl_msg *msg, const struct request *req)
{
	size_t i;
	int err = 0;

	if (req->service)
		err = put_object(msg, SVCNAT_A_SERVICE, req->service);
	for (i = 0; i < req->nr_frontends && err >= 0; i++)
		err = put_object(msg, SVCNAT_A_FRONTEND, &req->frontends[i]);
	for (i = 0; i < req->nr_endpoints && err >= 0; i++)
		err = put_object(msg, SVCNAT_A_ENDPOINT, &req->endpoints[i]);
	if (req->config && err >= 0)
		err = put_object(msg, SVCNAT_A_CONFIG, req->config);
	if (req->query && err >= 0)
		err = put_object(msg, SVCNAT_A_QUERY, req->query);
	if (req->stats && err >= 0)
		err = nla_put_flag(msg, SVCNAT_A_WITH_STATS);
	if (req->with_frontends && err >= 0)
		err = nla_put_flag(msg, SVCNAT_A_WITH_FRONTENDS);
	if (req->with_endpoints && err >= 0)
		err = nla_put_flag(msg, SVCNAT_A_WITH_ENDPOINTS);
	return err;
}

/* More than enough: no field takes more than an IPv6 address does. */
static size_t request_size(const struct request *req)
{
	size_t fields = 16 + SVCNAT_SERVICE_A_MAX + SVCNAT_CONFIG_A_MAX +
			SVCNAT_QUERY_A_MAX +
			req->nr_frontends * (1 + SVCNAT_FRONTEND_A_MAX) +
			req->nr_endpoints * (1 + SVCNAT_ENDPOINT_A_MAX);
	size_t i, ranges = 0;

	for (i = 0; i < req->nr_frontends; i++)
		ranges += req->frontends[i].allow.nr;
	for (i = 0; req->config && i <= SVCNAT_CONFIG_A_MAX; i++)
		ranges += req->config->ranges[i].nr;
	fields += ranges * (1 + SVCNAT_RANGE_A_MAX);
	return NLMSG_HDRLEN + GENL_HDRLEN + SVCNAT_NAME_MAX + 1 +
	       fields * (size_t)nla_total_size(16);
}

struct nl_msg *nl_message_build(const struct request *req, int family,
				int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(request_size(req));

	if (!msg)
		return NULL;
	if (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags,
			 (uint8_t)req->cmd, SVCNAT_GENL_VERSION))
		goto out_free;
	if (put_request(msg, req) < 0)
		goto out_free;
	return msg;

out_free:
	nlmsg_free(msg);
	return NULL;
}

/* What all objects of a message share. */
static int get_common(struct genlmsghdr *hdr, struct reply *reply)
{
	struct nlattr *attr;

	memset(reply, 0, sizeof(*reply));
	reply->cmd = hdr->cmd;
	attr = genlmsg_attrdata(hdr, 0);
	attr = nla_find(attr, genlmsg_attrlen(hdr, 0), SVCNAT_A_GENERATION);
	if (attr) {
		if (nla_len(attr) != sizeof(uint32_t))
			return -NLE_INVAL;
		reply->generation = nla_get_u32(attr);
	}
	attr = genlmsg_attrdata(hdr, 0);
	attr = nla_find(attr, genlmsg_attrlen(hdr, 0), SVCNAT_A_SERVICE);
	if (!attr)
		return 0;
	reply->attr = SVCNAT_A_SERVICE;
	return nl_message_object(attr, &object_types[SVCNAT_A_SERVICE],
			  &reply->service);
}

int nl_message_read(struct genlmsghdr *hdr, nl_reply_fn fn, void *arg)
{
	const struct object_type *type;
	struct nlattr *attr;
	struct reply reply;
	bool alone = true;
	int code, left;

	if (get_common(hdr, &reply) < 0)
		return NL_GARBLED;
	nla_for_each_attr(attr, genlmsg_attrdata(hdr, 0),
			  genlmsg_attrlen(hdr, 0), left) {
		if (nla_type(attr) > SVCNAT_A_MAX)
			continue;
		type = &object_types[nla_type(attr)];
		if (!type->size || nla_type(attr) == SVCNAT_A_SERVICE)
			continue;
		if (nl_message_object(attr, type, &reply.head) < 0)
			return NL_GARBLED;
		reply.attr = nla_type(attr);
		reply.head.service = reply.service.head.service;
		alone = false;
		code = fn(&reply, arg);
		object_free_lists(type, &reply.head);
		if (code)
			return code;
	}
	return alone ? fn(&reply, arg) : 0;
}
