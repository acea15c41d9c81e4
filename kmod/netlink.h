/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generic netlink family: the only code that knows attributes.
 *
 *	netlink.c		the family, its operations, notifications
 *	netlink_policy.c	what a request may look like
 *	netlink_parse.c		attributes to what somebody asks for
 *	netlink_fill.c		objects to attributes
 *	netlink_ranges.c	both for lists of address ranges
 *	netlink_dump.c		what all dumps have in common
 *	netlink_service.c	changes of services, frontends, endpoints
 *	netlink_show.c		services, frontends, endpoints shown
 *	netlink_affinity.c	operations on pinned clients
 *	netlink_flow.c		operations on flows
 *	netlink_config.c	operations on the configuration
 *	netlink_stats.c		the counters shown
 *	netlink_simulate.c	what would become of a packet
 */
#ifndef _SVCNAT_NETLINK_H
#define _SVCNAT_NETLINK_H

#include <net/genetlink.h>

#include "edit.h"
#include "pernet.h"

int svcnat_netlink_init(void);
void svcnat_netlink_exit(void);

extern struct genl_family svcnat_family;

/* Policies of the operations, at the top level of the message */
extern const struct nla_policy svcnat_policy_none[SVCNAT_A_MAX + 1];
extern const struct nla_policy svcnat_policy_service[SVCNAT_A_MAX + 1];
extern const struct nla_policy svcnat_policy_name[SVCNAT_A_MAX + 1];
extern const struct nla_policy svcnat_policy_set[SVCNAT_A_MAX + 1];
extern const struct nla_policy svcnat_policy_get[SVCNAT_A_MAX + 1];
extern const struct nla_policy svcnat_policy_get_service[SVCNAT_A_MAX + 1];
extern const struct nla_policy svcnat_policy_frontends[SVCNAT_A_MAX + 1];
extern const struct nla_policy svcnat_policy_frontend_places[SVCNAT_A_MAX + 1];
extern const struct nla_policy svcnat_policy_endpoints[SVCNAT_A_MAX + 1];
extern const struct nla_policy svcnat_policy_endpoint_places[SVCNAT_A_MAX + 1];
extern const struct nla_policy svcnat_policy_config[SVCNAT_A_MAX + 1];
extern const struct nla_policy
svcnat_policy_config_nest[SVCNAT_CONFIG_A_MAX + 1];

extern const struct nla_policy svcnat_policy_query[SVCNAT_A_MAX + 1];
extern const struct nla_policy
svcnat_policy_query_nest[SVCNAT_QUERY_A_MAX + 1];
/* Policies of nests, for those who parse them */
extern const struct nla_policy svcnat_nest_service[SVCNAT_SERVICE_A_MAX + 1];
extern const struct nla_policy svcnat_nest_name[SVCNAT_SERVICE_A_MAX + 1];
extern const struct nla_policy svcnat_nest_frontend[SVCNAT_FRONTEND_A_MAX + 1];
extern const struct nla_policy svcnat_nest_endpoint[SVCNAT_ENDPOINT_A_MAX + 1];
extern const struct nla_policy svcnat_policy_range[SVCNAT_RANGE_A_MAX + 1];

/**
 * struct svcnat_request - a request, parsed
 * @spec: what it asks for; owns its lists
 */
struct svcnat_request {
	struct svcnat_service_spec	spec;
};

int svcnat_request_parse(struct svcnat_request *request,
			 struct genl_info *info);
int svcnat_request_name(struct nlattr *const *attrs, const char **name,
			struct netlink_ext_ack *extack);
int svcnat_request_proto(const struct nlattr *attr, u8 *proto,
			 struct netlink_ext_ack *extack);
int svcnat_request_no_service(struct genl_info *info);
int svcnat_request_ranges(const struct nlattr *list,
			  struct svcnat_ranges **ranges,
			  struct netlink_ext_ack *extack);
void svcnat_request_free(struct svcnat_request *request);
int svcnat_request_missing(struct netlink_ext_ack *extack,
			   const struct nlattr *nest, u32 type,
			   const char *message);

/* Parts of a message; all give 0 or -EMSGSIZE, and leave nothing half put */
int svcnat_fill_service(struct sk_buff *skb, const struct svcnat_service *s,
			const struct svcnat_sums *sums);
int svcnat_fill_name(struct sk_buff *skb, const struct svcnat_service *s);
int svcnat_fill_frontend(struct sk_buff *skb, const struct svcnat_frontend *f,
			 bool counters);
int svcnat_fill_endpoint(struct sk_buff *skb, const struct svcnat_entry *e,
			 bool counters);
int svcnat_fill_removed(struct sk_buff *skb, const struct svcnat_endpoint *e);
int svcnat_fill_ranges(struct sk_buff *skb, int type,
		       const struct svcnat_ranges *ranges);
size_t svcnat_fill_ranges_size(const struct svcnat_ranges *ranges);
int svcnat_fill_addr(struct sk_buff *skb, int type4, int type6, u8 family,
		     const union nf_inet_addr *addr);

/**
 * struct svcnat_event - a change of the configuration, for the notification
 * @service: changed itself, or the owner of what did
 * @frontend: changed, or NULL
 * @entry: changed, or NULL
 * @removed: an endpoint that was removed, or NULL
 */
struct svcnat_event {
	const struct svcnat_service	*service;
	const struct svcnat_frontend	*frontend;
	const struct svcnat_entry	*entry;
	const struct svcnat_endpoint	*removed;
};

void svcnat_notify(struct svcnat_net *sn, enum svcnat_cmd cmd,
		   const struct svcnat_event *event);
void svcnat_notify_config(struct svcnat_net *sn);
int svcnat_fill_config(struct sk_buff *skb, struct svcnat_net *sn);
size_t svcnat_fill_config_size(const struct svcnat_net *sn);
int svcnat_nl_answer(struct genl_info *info, enum svcnat_cmd cmd, size_t more,
		     int (*fill)(struct sk_buff *skb, struct svcnat_net *sn));

/* Operations */
int svcnat_nl_service_new_doit(struct sk_buff *skb, struct genl_info *info);
int svcnat_nl_service_replace_doit(struct sk_buff *skb,
				   struct genl_info *info);
int svcnat_nl_service_set_doit(struct sk_buff *skb, struct genl_info *info);
int svcnat_nl_service_del_doit(struct sk_buff *skb, struct genl_info *info);
int svcnat_nl_service_flush_doit(struct sk_buff *skb, struct genl_info *info);
int svcnat_nl_frontend_new_doit(struct sk_buff *skb, struct genl_info *info);
int svcnat_nl_frontend_del_doit(struct sk_buff *skb, struct genl_info *info);
int svcnat_nl_endpoint_new_doit(struct sk_buff *skb, struct genl_info *info);
int svcnat_nl_endpoint_set_doit(struct sk_buff *skb, struct genl_info *info);
int svcnat_nl_endpoint_del_doit(struct sk_buff *skb, struct genl_info *info);
int svcnat_nl_service_get_doit(struct sk_buff *skb, struct genl_info *info);
int svcnat_nl_service_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int svcnat_nl_frontend_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int svcnat_nl_endpoint_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int svcnat_nl_affinity_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int svcnat_nl_affinity_flush_doit(struct sk_buff *skb, struct genl_info *info);
int svcnat_nl_flow_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int svcnat_nl_flow_flush_doit(struct sk_buff *skb, struct genl_info *info);
int svcnat_nl_config_get_doit(struct sk_buff *skb, struct genl_info *info);
int svcnat_nl_config_set_doit(struct sk_buff *skb, struct genl_info *info);
int svcnat_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int svcnat_nl_simulate_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

/**
 * struct svcnat_dump - where a dump is, in netlink_callback.ctx
 * @service: id of the service to go on with
 * @at: position in it; or bucket of a table
 * @skip: entries of the bucket to leave out
 * @only: id of the one service that was asked for, or 0
 * @missing: there is no such service
 */
struct svcnat_dump {
	u32	service;
	u32	at;
	u32	skip;
	u32	only;
	bool	missing;
};

/**
 * svcnat_dump() - where a dump is
 * @cb: the dump
 *
 * Return: it.
 */
static inline struct svcnat_dump *svcnat_dump(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct svcnat_dump) > sizeof(cb->ctx));
	return (struct svcnat_dump *)cb->ctx;
}

int svcnat_nl_dump_start(struct netlink_callback *cb);
int svcnat_nl_flow_dump_start(struct netlink_callback *cb);
int svcnat_nl_dump_refuse(struct netlink_callback *cb);
void *svcnat_dump_begin(struct sk_buff *skb, struct netlink_callback *cb,
			enum svcnat_cmd cmd);
int svcnat_dump_end(struct sk_buff *skb, void *header, int err);

#endif /* _SVCNAT_NETLINK_H */
