/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints: picks, the life of flows, drops with their reason. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM svcnat

#if !defined(_SVCNAT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _SVCNAT_TRACE_H

#include <linux/tracepoint.h>
#include <net/net_namespace.h>

#include "stats.h"
#include "tuple.h"

#define SVCNAT_TRACE_TUPLE						\
	__field(unsigned int, netns)					\
	__field(u16, family)						\
	__field(u8, proto)						\
	__field(u16, sport)						\
	__field(u16, dport)						\
	__array(u8, src, sizeof(struct sockaddr_in6))			\
	__array(u8, dst, sizeof(struct sockaddr_in6))

#ifndef _SVCNAT_TRACE_HELPERS
#define _SVCNAT_TRACE_HELPERS
/**
 * svcnat_trace_sockaddr() - an address and port as %pISpc prints them
 * @to: memory of a struct sockaddr_in6
 * @family: AF_INET or AF_INET6
 * @addr: address
 * @port: port, network byte order
 */
static inline void svcnat_trace_sockaddr(void *to, u8 family,
					 const union nf_inet_addr *addr,
					 __be16 port)
{
	struct sockaddr_in6 *in6 = to;
	struct sockaddr_in *in = to;

	memset(to, 0, sizeof(*in6));
	if (family == AF_INET) {
		in->sin_family = AF_INET;
		in->sin_addr = addr->in;
		in->sin_port = port;
	} else {
		in6->sin6_family = AF_INET6;
		in6->sin6_addr = addr->in6;
		in6->sin6_port = port;
	}
}
#endif

#define svcnat_trace_tuple(net, tuple)					\
	do {								\
		__entry->netns = (net)->ns.inum;			\
		__entry->family = (tuple)->family;			\
		__entry->proto = (tuple)->proto;			\
		__entry->sport = ntohs((tuple)->sport);			\
		__entry->dport = ntohs((tuple)->dport);			\
		svcnat_trace_sockaddr(__entry->src, (tuple)->family,	\
				      &(tuple)->src, (tuple)->sport);	\
		svcnat_trace_sockaddr(__entry->dst, (tuple)->family,	\
				      &(tuple)->dst, (tuple)->dport);	\
	} while (0)

TRACE_EVENT(svcnat_drop,
	TP_PROTO(const struct net *net, const struct svcnat_tuple *tuple,
		 enum svcnat_stat reason),
	TP_ARGS(net, tuple, reason),
	TP_STRUCT__entry(
		SVCNAT_TRACE_TUPLE
		__field(int, reason)
	),
	TP_fast_assign(
		svcnat_trace_tuple(net, tuple);
		__entry->reason = reason;
	),
	TP_printk("netns=%u proto=%u %pISpc > %pISpc reason=%s",
		  __entry->netns, __entry->proto, __entry->src, __entry->dst,
		  __print_symbolic(__entry->reason,
			{ SVCNAT_STAT_DROP_MALFORMED, "drop_malformed" },
			{ SVCNAT_STAT_DROP_MEMORY, "drop_memory" },
			{ SVCNAT_STAT_DROP_FLOW_LIMIT, "drop_flow_limit" },
			{ SVCNAT_STAT_DROP_FLOW_CHAIN, "drop_flow_chain" },
			{ SVCNAT_STAT_DROP_CLASH, "drop_clash" },
			{ SVCNAT_STAT_DROP_SNAT, "drop_snat" },
			{ SVCNAT_STAT_DROP_ROUTE, "drop_route" },
			{ SVCNAT_STAT_DROP_STALE, "drop_stale" },
			{ SVCNAT_STAT_DROP_SOURCE_RANGE, "drop_source_range" },
			{ SVCNAT_STAT_DROP_NO_LOCAL_ENDPOINT, "drop_no_local_endpoint" },
			{ SVCNAT_STAT_DROP_POLICY, "drop_policy" },
			{ SVCNAT_STAT_DROP_NO_SERVICE, "drop_no_service" },
			{ SVCNAT_STAT_REJECT_NO_ENDPOINT, "reject_no_endpoint" },
			{ SVCNAT_STAT_REJECT_NO_PORT, "reject_no_port" },
			{ SVCNAT_STAT_REJECT_NO_FLOW, "reject_no_flow" },
			{ SVCNAT_STAT_REJECT_LIMITED, "reject_limited" }))
);

TRACE_EVENT(svcnat_pick,
	TP_PROTO(const struct net *net, const struct svcnat_tuple *tuple,
		 const union nf_inet_addr *addr, __be16 port, bool affinity),
	TP_ARGS(net, tuple, addr, port, affinity),
	TP_STRUCT__entry(
		SVCNAT_TRACE_TUPLE
		__array(u8, endpoint, sizeof(struct sockaddr_in6))
		__field(bool, affinity)
	),
	TP_fast_assign(
		svcnat_trace_tuple(net, tuple);
		svcnat_trace_sockaddr(__entry->endpoint, tuple->family, addr,
				      port);
		__entry->affinity = affinity;
	),
	TP_printk("netns=%u proto=%u %pISpc > %pISpc endpoint=%pISpc affinity=%d",
		  __entry->netns, __entry->proto, __entry->src, __entry->dst,
		  __entry->endpoint, __entry->affinity)
);

DECLARE_EVENT_CLASS(svcnat_flow,
	TP_PROTO(const struct net *net, const struct svcnat_tuple *tuple,
		 enum svcnat_stat why),
	TP_ARGS(net, tuple, why),
	TP_STRUCT__entry(
		SVCNAT_TRACE_TUPLE
		__field(int, why)
	),
	TP_fast_assign(
		svcnat_trace_tuple(net, tuple);
		__entry->why = why;
	),
	TP_printk("netns=%u proto=%u %pISpc > %pISpc why=%s",
		  __entry->netns, __entry->proto, __entry->src, __entry->dst,
		  __print_symbolic(__entry->why,
			{ SVCNAT_STAT_FLOW_NEW, "new" },
			{ SVCNAT_STAT_FLOW_EXPIRED, "expired" },
			{ SVCNAT_STAT_FLOW_EVICTED, "evicted" },
			{ SVCNAT_STAT_FLOW_DELETED, "deleted" }))
);

DEFINE_EVENT(svcnat_flow, svcnat_flow_new,
	TP_PROTO(const struct net *net, const struct svcnat_tuple *tuple,
		 enum svcnat_stat why),
	TP_ARGS(net, tuple, why)
);

DEFINE_EVENT(svcnat_flow, svcnat_flow_end,
	TP_PROTO(const struct net *net, const struct svcnat_tuple *tuple,
		 enum svcnat_stat why),
	TP_ARGS(net, tuple, why)
);

#endif /* _SVCNAT_TRACE_H */

/* Found through the include path that Kbuild adds for trace.c. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
