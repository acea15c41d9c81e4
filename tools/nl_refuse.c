// SPDX-License-Identifier: GPL-2.0
/* Why the kernel refused: its sentence, and what of our message it is about. */
#include "nl_inside.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "nl_message.h"
#include "words.h"

int nl_fail(struct nl *nl, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(nl->sentence, sizeof(nl->sentence), format, args);
	va_end(args);
	return code;
}

int nl_not_loaded(struct nl *nl)
{
	return nl_fail(nl, NL_ABSENT,
		       "the svcnat module is not loaded; load it with \"modprobe svcnat\"");
}

int nl_lacks_permission(struct nl *nl)
{
	return nl_fail(nl, NL_ABSENT,
		       "no permission: CAP_NET_ADMIN in the initial user namespace is needed");
}

/* The attribute among @attrs that byte @finger of our message is in. */
static struct nlattr *find_attr(const struct nl_sent *sent, struct nlattr *attrs,
				int length, uint32_t finger)
{
	struct nlattr *attr;
	size_t start;
	int left;

	nla_for_each_attr(attr, attrs, length, left) {
		start = (size_t)((char *)attr - (char *)sent->hdr);
		if (finger >= start && finger < start + attr->nla_len)
			return attr;
	}
	return NULL;
}

/* What of our message a refusal is about, as far as it says. */
struct part {
	char name[ADDR_TEXT_SIZE + 16];
	bool seconds;
	bool has_range;
	uint64_t min;
	uint64_t max;
};

/* A frontend or endpoint is named by its address, the rest by its word. */
static void name_place(const struct reply *object, int type,
		       struct part *part)
{
	char addr[ADDR_TEXT_SIZE];

	if (type == SVCNAT_A_FRONTEND && !object->frontend.addr.family)
		snprintf(addr, sizeof(addr), "nodeport %u",
			 object->frontend.port);
	else if (type == SVCNAT_A_FRONTEND)
		format_addr_port(addr, &object->frontend.addr,
				 object->frontend.port);
	else
		format_addr_port(addr, &object->endpoint.addr,
				 object->endpoint.port);
	snprintf(part->name, sizeof(part->name), "%s %s",
		 object_types[type].word, addr);
}

static void name_field(const struct object_type *type, int attr,
		       struct part *part)
{
	const struct field *field;
	size_t i;

	for (i = 0; i < type->nr_fields; i++) {
		field = &type->fields[i];
		if (field->attr != attr || !field->word)
			continue;
		snprintf(part->name, sizeof(part->name), "%s", field->word);
		part->seconds = field->type == FIELD_SECONDS;
	}
}

/* Where the kernel's finger is; nothing if that is on all of our message. */
static void name_part(const struct nl_sent *sent, uint32_t finger, struct part *part)
{
	struct genlmsghdr *genl = genlmsg_hdr(sent->hdr);
	struct nlattr *attr, *inner;
	struct reply object;
	int type;

	attr = find_attr(sent, genlmsg_attrdata(genl, 0),
			 genlmsg_attrlen(genl, 0), finger);
	if (!attr)
		return;
	type = nla_type(attr);
	if (type == SVCNAT_A_FRONTEND || type == SVCNAT_A_ENDPOINT) {
		if (nl_message_object(attr, &object_types[type],
				      &object.head) < 0)
			return;
		name_place(&object, type, part);
		object_free_lists(&object_types[type], &object.head);
		return;
	}
	inner = find_attr(sent, nla_data(attr), nla_len(attr), finger);
	if (inner && object_types[type].size)
		name_field(&object_types[type], nla_type(inner), part);
}

static bool find_u64(const struct nlattr *nest, int attr, uint64_t *value)
{
	struct nlattr *found = nla_find(nla_data(nest), nla_len(nest), attr);

	if (!found || nla_len(found) != sizeof(*value))
		return false;
	*value = nla_get_u64(found);
	return true;
}

static void take_policy(const struct nlattr *policy, struct part *part)
{
	part->has_range = find_u64(policy, NL_POLICY_TYPE_ATTR_MIN_VALUE_U,
				   &part->min) &&
			  find_u64(policy, NL_POLICY_TYPE_ATTR_MAX_VALUE_U,
				   &part->max);
}

static const char *format_bound(char text[24], const struct part *part,
				uint64_t bound)
{
	if (part->seconds && bound <= UINT32_MAX)
		return format_duration(text, (uint32_t)bound);
	snprintf(text, 24, "%" PRIu64, bound);
	return text;
}

#define PART_TEXT_SIZE	160

/* " (NAME, expected MIN to MAX)", or what is known of that. */
static void format_part(char text[PART_TEXT_SIZE], const struct part *part)
{
	char min[24], max[24], range[80] = "";

	if (part->has_range)
		snprintf(range, sizeof(range), "%sexpected %s to %s",
			 *part->name ? ", " : "",
			 format_bound(min, part, part->min),
			 format_bound(max, part, part->max));
	*text = '\0';
	if (*part->name || *range)
		snprintf(text, PART_TEXT_SIZE, " (%s%s)", part->name, range);
}

/* Why the kernel refused, in a message that ends at @end. */
int nl_refuse(struct nl *nl, const struct nl_sent *sent, int error,
	      const char *tlvs, const char *end)
{
	const struct service *service = sent->req->service;
	const char *sentence = strerror(error);
	struct nlattr *attr = (struct nlattr *)tlvs;
	int left = tlvs && tlvs < end ? (int)(end - tlvs) : 0;
	struct part part = { .has_range = false };
	int length = INT_MAX;
	char text[PART_TEXT_SIZE];

	nl->error = error;
	if (error == EPERM)
		return nl_lacks_permission(nl);
	for (; nla_ok(attr, left); attr = nla_next(attr, &left)) {
		if (nla_type(attr) == NLMSGERR_ATTR_MSG && nla_len(attr)) {
			sentence = nla_data(attr);
			length = nla_len(attr);
		} else if (nla_type(attr) == NLMSGERR_ATTR_OFFS &&
			   nla_len(attr) == sizeof(uint32_t)) {
			name_part(sent, nla_get_u32(attr), &part);
		} else if (nla_type(attr) == NLMSGERR_ATTR_POLICY) {
			take_policy(attr, &part);
		}
	}
	/* The module says why; it is the kernel that knows no such family. */
	nl->stale = error == ENOENT && length == INT_MAX;
	if (nl->stale)
		return nl_not_loaded(nl);
	format_part(text, &part);
	if (service && service->head.service)
		return nl_fail(nl, NL_REFUSED, "service \"%s\": %.*s%s",
			       service->head.service, length, sentence, text);
	return nl_fail(nl, NL_REFUSED, "%s: %.*s%s", sent->req->subject,
		       length, sentence, text);
}

/* libnl has checked that the message holds all of *@err. */
int nl_refuse_ack(struct nl *nl, const struct nl_sent *sent,
		  struct nlmsgerr *err)
{
	struct nlmsghdr *hdr = (void *)((char *)err - NLMSG_HDRLEN);
	const char *end = (char *)hdr + hdr->nlmsg_len;
	const char *tlvs = NULL;
	size_t echo = 0;

	if (!(hdr->nlmsg_flags & NLM_F_CAPPED) &&
	    err->msg.nlmsg_len > sizeof(err->msg))
		echo = err->msg.nlmsg_len - sizeof(err->msg);
	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS &&
	    echo < (size_t)(end - (char *)(err + 1)))
		tlvs = (char *)(err + 1) + NLMSG_ALIGN(echo);
	return nl_refuse(nl, sent, -err->error, tlvs, end);
}
