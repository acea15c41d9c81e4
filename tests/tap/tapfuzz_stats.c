// SPDX-License-Identifier: GPL-2.0
/* The module's counters, and the end of all flows. */
#define _GNU_SOURCE
#include "tapfuzz.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>

static int fd;
static uint16_t family;
static uint8_t buffer[1 << 15];

static struct nlattr *next_attr(struct nlattr *a)
{
	return (void *)((uint8_t *)a + NLA_ALIGN(a->nla_len));
}

/* Gives the first attribute of the answer, of which @end is set to the end. */
static struct nlattr *ask(uint16_t type, uint8_t command, uint16_t flags,
			  const char *name, uint8_t **end)
{
	struct {
		struct nlmsghdr		h;
		struct genlmsghdr	g;
		struct nlattr		a;
		char			name[GENL_NAMSIZ];
	} r = {
		.h.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN), .h.nlmsg_type = type,
		.h.nlmsg_flags = NLM_F_REQUEST | flags,
		.g.cmd = command, .g.version = 1,
	};
	struct nlmsghdr *h = (struct nlmsghdr *)buffer;
	int len;

	if (name) {
		r.a.nla_type = CTRL_ATTR_FAMILY_NAME;
		r.a.nla_len = NLA_HDRLEN + strlen(name) + 1;
		strcpy(r.name, name);
		r.h.nlmsg_len += NLA_ALIGN(r.a.nla_len);
	}
	if (send(fd, &r, r.h.nlmsg_len, 0) != (ssize_t)r.h.nlmsg_len)
		die("netlink: %s", strerror(errno));
	len = recv(fd, buffer, sizeof(buffer), 0);
	if (len < (int)NLMSG_HDRLEN || !NLMSG_OK(h, (unsigned int)len))
		die("netlink: no answer to command %u", command);
	if (h->nlmsg_type == NLMSG_ERROR && *(int *)NLMSG_DATA(h))
		die("netlink: command %u: %s", command,
		    strerror(-*(int *)NLMSG_DATA(h)));
	*end = (uint8_t *)h + h->nlmsg_len;
	return (void *)((uint8_t *)NLMSG_DATA(h) + GENL_HDRLEN);
}

void stats_open(void)
{
	struct nlattr *a;
	uint8_t *end;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		die("socket: %s", strerror(errno));
	a = ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0, SVCNAT_GENL_NAME, &end);
	for (; (uint8_t *)a < end; a = next_attr(a))
		if (a->nla_type == CTRL_ATTR_FAMILY_ID)
			family = *(uint16_t *)(a + 1);
}

void stats_read(uint64_t *to)
{
	struct nlattr *nest, *a;
	uint8_t *end;

	memset(to, 0, MAX_STATS * sizeof(*to));
	nest = ask(family, SVCNAT_CMD_STATS_GET, 0, NULL, &end);
	if ((nest->nla_type & NLA_TYPE_MASK) != SVCNAT_A_STATS)
		die("netlink: attribute %u", nest->nla_type);
	for (a = nest + 1; (uint8_t *)a < end; a = next_attr(a))
		if (a->nla_type < MAX_STATS && a->nla_len == NLA_HDRLEN + 8)
			memcpy(&to[a->nla_type], a + 1, 8);
}

void stats_flush_flows(void)
{
	uint8_t *end;

	ask(family, SVCNAT_CMD_FLOW_FLUSH, NLM_F_ACK, NULL, &end);
}
