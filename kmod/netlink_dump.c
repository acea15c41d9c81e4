// SPDX-License-Identifier: GPL-2.0-only
/* What all dumps have in common, whatever they show. */
#include <net/netlink.h>
#include <net/sock.h>

#include "compat.h"
#include "netlink.h"

#define DUMP_MIN	(NLMSG_GOODSIZE + 32 * SVCNAT_RANGES_MAX)

/* Of all dumps: a service that was asked for must be there at the start. */
int svcnat_nl_dump_start(struct netlink_callback *cb)
{
	struct svcnat_net *sn = svcnat_pernet(sock_net(cb->skb->sk));
	struct nlattr **attrs = svcnat_dump_attrs(cb);
	struct svcnat_dump *at = svcnat_dump(cb);
	struct svcnat_service *s;
	const char *name;
	int err;

	memset(at, 0, sizeof(*at));
	/* A frontend with the longest list of ranges must fit. */
	cb->min_dump_alloc = DUMP_MIN;
	err = svcnat_request_name(attrs, &name, cb->extack);
	if (err || !name)
		return err;
	mutex_lock(&sn->services.lock);
	s = svcnat_service_find(&sn->services, name);
	if (s) {
		at->only = s->id;
		at->service = s->id;
	}
	mutex_unlock(&sn->services.lock);
	at->missing = !s;
	return 0;
}

/*
 * Of all dumps, their first step: 6.1 takes no sentence for a refusal from
 * svcnat_nl_dump_start().
 */
int svcnat_nl_dump_refuse(struct netlink_callback *cb)
{
	if (!svcnat_dump(cb)->missing)
		return 0;
	NL_SET_ERR_MSG(cb->extack, "there is no such service");
	return -ENOENT;
}

/**
 * svcnat_dump_begin() - begin a message of a dump
 * @skb: the part of the dump that it goes to
 * @cb: the dump; its seq tells the state that it shows
 * @cmd: of the message
 *
 * Who reads the dump learns from the message if that state is gone, as when a
 * resize between two parts has moved entries across the place where it was.
 *
 * Return: for svcnat_dump_end(); or NULL, the part is full.
 */
void *svcnat_dump_begin(struct sk_buff *skb, struct netlink_callback *cb,
			enum svcnat_cmd cmd)
{
	void *header;

	header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
			     cb->nlh->nlmsg_seq, &svcnat_family, NLM_F_MULTI,
			     cmd);
	if (header)
		genl_dump_check_consistent(cb, header);
	return header;
}

/**
 * svcnat_dump_end() - end a message, or take it back
 * @skb: that it is in
 * @header: where it began
 * @err: what became of its contents
 *
 * Return: @err.
 */
int svcnat_dump_end(struct sk_buff *skb, void *header, int err)
{
	if (err)
		genlmsg_cancel(skb, header);
	else
		genlmsg_end(skb, header);
	return err;
}
