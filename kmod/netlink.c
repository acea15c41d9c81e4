// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <net/genetlink.h>

#include "compat.h"
#include "netlink.h"

enum group {
	GROUP_CONFIG,
};

static const struct genl_multicast_group groups[] = {
	[GROUP_CONFIG] = {
		.name	= SVCNAT_GENL_MCGRP_CONFIG,
		.flags	= SVCNAT_MCAST_ADMIN,
	},
};

/* Reading shows who talks to whom: as privileged as changing. */
#define DO(_cmd, _policy, _op)						\
	{								\
		.cmd		= SVCNAT_CMD_##_cmd,			\
		.flags		= GENL_ADMIN_PERM,			\
		.policy		= svcnat_policy_##_policy,		\
		.maxattr	= SVCNAT_A_MAX,				\
		.doit		= svcnat_nl_##_op##_doit,		\
	}

#define DUMP(_cmd, _kind, _op)						\
	{								\
		.cmd		= SVCNAT_CMD_##_cmd,			\
		.flags		= GENL_ADMIN_PERM,			\
		.policy		= svcnat_policy_get,			\
		.maxattr	= SVCNAT_A_MAX,				\
		.start		= svcnat_nl_##_kind##_start,		\
		.dumpit		= svcnat_nl_##_op##_dumpit,		\
	}

static const struct genl_ops ops[] = {
	DO(SERVICE_NEW, service, service_new),
	DO(SERVICE_REPLACE, service, service_replace),
	DO(SERVICE_SET, set, service_set),
	DO(SERVICE_DEL, name, service_del),
	DO(SERVICE_FLUSH, none, service_flush),
	{
		.cmd		= SVCNAT_CMD_SERVICE_GET,
		.flags		= GENL_ADMIN_PERM,
		.policy		= svcnat_policy_get_service,
		.maxattr	= SVCNAT_A_MAX,
		.doit		= svcnat_nl_service_get_doit,
		.start		= svcnat_nl_dump_start,
		.dumpit		= svcnat_nl_service_get_dumpit,
	},
	DO(FRONTEND_NEW, frontends, frontend_new),
	DO(FRONTEND_DEL, frontend_places, frontend_del),
	DUMP(FRONTEND_GET, dump, frontend_get),
	DO(ENDPOINT_NEW, endpoints, endpoint_new),
	DO(ENDPOINT_SET, endpoints, endpoint_set),
	DO(ENDPOINT_DEL, endpoint_places, endpoint_del),
	DUMP(ENDPOINT_GET, dump, endpoint_get),
	DUMP(AFFINITY_GET, dump, affinity_get),
	DO(AFFINITY_FLUSH, name, affinity_flush),
	DUMP(FLOW_GET, flow_dump, flow_get),
	DO(FLOW_FLUSH, name, flow_flush),
	DO(CONFIG_GET, none, config_get),
	DO(CONFIG_SET, config, config_set),
	DO(STATS_GET, none, stats_get),
	{
		.cmd		= SVCNAT_CMD_SIMULATE,
		.flags		= GENL_ADMIN_PERM,
		.policy		= svcnat_policy_query,
		.maxattr	= SVCNAT_A_MAX,
		.start		= svcnat_nl_dump_start,
		.dumpit		= svcnat_nl_simulate_dumpit,
	},
};

struct genl_family svcnat_family __ro_after_init = {
	.name		= SVCNAT_GENL_NAME,
	.version	= SVCNAT_GENL_VERSION,
	.maxattr	= SVCNAT_A_MAX,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
};

static int fill_event(struct sk_buff *skb, const struct svcnat_event *event)
{
	int err;

	if (!event->frontend && !event->entry && !event->removed)
		return svcnat_fill_service(skb, event->service, NULL);
	err = svcnat_fill_name(skb, event->service);
	if (!err && event->frontend)
		err = svcnat_fill_frontend(skb, event->frontend, false);
	if (!err && event->entry)
		err = svcnat_fill_endpoint(skb, event->entry, false);
	if (!err && event->removed)
		err = svcnat_fill_removed(skb, event->removed);
	return err;
}

/* The longest thing that an object may have is a list of ranges. */
static size_t event_size(const struct svcnat_event *event)
{
	const struct svcnat_ranges *allow;
	size_t size = 0;

	rcu_read_lock();
	if (event->frontend) {
		allow = rcu_dereference(event->frontend->allow);
		size = svcnat_fill_ranges_size(allow);
	}
	rcu_read_unlock();
	return size;
}

/* Whoever listens has missed something, and reads everything again. */
static void lost(struct svcnat_net *sn)
{
	genl_set_err(&svcnat_family, sn->net, 0, GROUP_CONFIG, -ENOBUFS);
}

static void *begin(struct svcnat_net *sn, enum svcnat_cmd cmd, size_t more,
		   struct sk_buff **skb)
{
	void *header = NULL;

	if (!genl_has_listeners(&svcnat_family, sn->net, GROUP_CONFIG))
		return NULL;
	*skb = genlmsg_new(GENLMSG_DEFAULT_SIZE + more, GFP_KERNEL);
	if (*skb)
		header = genlmsg_put(*skb, 0, 0, &svcnat_family, 0, cmd);
	if (!header) {
		nlmsg_free(*skb);
		lost(sn);
	}
	return header;
}

static void end(struct svcnat_net *sn, struct sk_buff *skb, void *header,
		int err)
{
	if (err) {
		nlmsg_free(skb);
		lost(sn);
		return;
	}
	genlmsg_end(skb, header);
	genlmsg_multicast_netns(&svcnat_family, sn->net, skb, 0, GROUP_CONFIG,
				GFP_KERNEL);
}

/**
 * svcnat_notify() - tell who listens that an object has changed
 * @sn: of the netns
 * @cmd: SVCNAT_CMD_..._NTF
 * @event: what has changed
 *
 * Without memory listeners get ENOBUFS, as after any other loss.
 *
 * Context: process, the writer lock, so that events keep their order.
 */
void svcnat_notify(struct svcnat_net *sn, enum svcnat_cmd cmd,
		   const struct svcnat_event *event)
{
	struct sk_buff *skb;
	void *header;

	header = begin(sn, cmd, event_size(event), &skb);
	if (header)
		end(sn, skb, header, fill_event(skb, event));
}

/**
 * svcnat_notify_config() - tell who listens that the configuration has changed
 * @sn: of the netns
 *
 * Context: as svcnat_notify().
 */
void svcnat_notify_config(struct svcnat_net *sn)
{
	struct sk_buff *skb;
	void *header;

	header = begin(sn, SVCNAT_CMD_CHANGE_NTF, svcnat_fill_config_size(sn),
		       &skb);
	if (header)
		end(sn, skb, header, svcnat_fill_config(skb, sn));
}

/**
 * svcnat_nl_answer() - answer a question without a dump
 * @info: of the request
 * @cmd: of the answer
 * @more: room that @fill needs beyond that of a plain message
 * @fill: puts the answer, 0 or an errno
 *
 * Context: process; the writer lock, if @fill needs it.
 * Return: 0 or an errno.
 */
int svcnat_nl_answer(struct genl_info *info, enum svcnat_cmd cmd, size_t more,
		     int (*fill)(struct sk_buff *skb, struct svcnat_net *sn))
{
	struct sk_buff *skb;
	void *header;
	int err;

	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE + more, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	header = genlmsg_put_reply(skb, info, &svcnat_family, 0, cmd);
	err = header ? fill(skb, svcnat_pernet(genl_info_net(info))) :
		       -EMSGSIZE;
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

/**
 * svcnat_netlink_init() - register the family
 *
 * Return: 0 or an errno.
 */
int svcnat_netlink_init(void)
{
	return genl_register_family(&svcnat_family);
}

/**
 * svcnat_netlink_exit() - unregister the family
 */
void svcnat_netlink_exit(void)
{
	genl_unregister_family(&svcnat_family);
}
