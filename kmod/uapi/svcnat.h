/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * svcnat: generic netlink interface, family "svcnat", version 1.
 *
 * Every operation needs CAP_NET_ADMIN in the initial user namespace and acts
 * on the network namespace of the socket.  Integers are in host byte order
 * unless an attribute says __be; times are whole seconds.  An address is one
 * of a pair of attributes, ..4 (__be32) or ..6 (16 bytes): which of the two is
 * there is the address family, and never both are.
 *
 * Lists (frontends, endpoints of one service) are the same nested attribute
 * repeated at the top level of the message, so that no list is bound by the
 * 64 KiB of a nest.
 */
#ifndef _UAPI_SVCNAT_H
#define _UAPI_SVCNAT_H

#define SVCNAT_GENL_NAME		"svcnat"
#define SVCNAT_GENL_VERSION		1
#define SVCNAT_GENL_MCGRP_CONFIG	"config"

#define SVCNAT_NAME_MAX			127	/* bytes, without the NUL */
#define SVCNAT_WEIGHT_MAX		65535
#define SVCNAT_AFFINITY_MAX		86400	/* seconds */
#define SVCNAT_AFFINITY_DEFAULT		10800	/* seconds */
#define SVCNAT_ENDPOINTS_MAX		65535	/* of one service */
#define SVCNAT_FRONTENDS_MAX		65535	/* of one service */
#define SVCNAT_SERVICES_MAX		1048576	/* of one netns */
#define SVCNAT_TIMEOUT_MAX		2678400	/* seconds: 31 days */
#define SVCNAT_RANGES_MAX		512	/* of one list of ranges */

/**
 * enum svcnat_cmd - operations of the family
 * @SVCNAT_CMD_UNSPEC: not used
 * @SVCNAT_CMD_SERVICE_NEW: create a service, with its frontends and endpoints;
 *	refused with EEXIST if the name is taken
 * @SVCNAT_CMD_SERVICE_REPLACE: as NEW, but an existing service becomes exactly
 *	what the message says: what is not given has its default, as in NEW;
 *	what stays keeps its flows and affinity
 * @SVCNAT_CMD_SERVICE_SET: change options of a service (not its protocol)
 * @SVCNAT_CMD_SERVICE_DEL: remove a service
 * @SVCNAT_CMD_SERVICE_FLUSH: remove all services of the netns
 * @SVCNAT_CMD_SERVICE_GET: one service by name; or dump, of one service if
 *	SVCNAT_A_SERVICE names it.  In a dump the frontends and then the
 *	endpoints may follow their service, each in its own message
 * @SVCNAT_CMD_FRONTEND_NEW: add frontends to the service
 * @SVCNAT_CMD_FRONTEND_DEL: remove frontends of the service
 * @SVCNAT_CMD_FRONTEND_GET: dump; of one service if SVCNAT_A_SERVICE names it
 * @SVCNAT_CMD_ENDPOINT_NEW: add endpoints to the service
 * @SVCNAT_CMD_ENDPOINT_SET: change endpoints of the service
 * @SVCNAT_CMD_ENDPOINT_DEL: remove endpoints of the service
 * @SVCNAT_CMD_ENDPOINT_GET: dump; of one service if SVCNAT_A_SERVICE names it
 * @SVCNAT_CMD_AFFINITY_GET: dump; of one service if SVCNAT_A_SERVICE names it
 * @SVCNAT_CMD_AFFINITY_FLUSH: forget pinned clients, of one service or of all
 * @SVCNAT_CMD_FLOW_GET: dump; of one service if SVCNAT_A_SERVICE names it, or
 *	names one that was removed and has flows that go on
 * @SVCNAT_CMD_FLOW_FLUSH: forget flows, of one service or of all
 * @SVCNAT_CMD_CONFIG_GET: the configuration of the netns (no dump)
 * @SVCNAT_CMD_CONFIG_SET: change keys of the configuration; all or none
 * @SVCNAT_CMD_STATS_GET: the counters of the netns (no dump)
 * @SVCNAT_CMD_SIMULATE: dump: what would become of the packet in
 *	SVCNAT_A_QUERY.  The first message has SVCNAT_A_ANSWER and, if a
 *	frontend is met, SVCNAT_A_SERVICE; the endpoints that the draw would be
 *	made from follow, each in its own message.  Changes and counts nothing
 * @SVCNAT_CMD_ADD_NTF: multicast: an object was added
 * @SVCNAT_CMD_CHANGE_NTF: multicast: an object was changed
 * @SVCNAT_CMD_DEL_NTF: multicast: an object was removed; a service stands for
 *	all that it had, an endpoint is named and nothing more
 */
enum svcnat_cmd {
	SVCNAT_CMD_UNSPEC,
	SVCNAT_CMD_SERVICE_NEW,
	SVCNAT_CMD_SERVICE_REPLACE,
	SVCNAT_CMD_SERVICE_SET,
	SVCNAT_CMD_SERVICE_DEL,
	SVCNAT_CMD_SERVICE_FLUSH,
	SVCNAT_CMD_SERVICE_GET,
	SVCNAT_CMD_FRONTEND_NEW,
	SVCNAT_CMD_FRONTEND_DEL,
	SVCNAT_CMD_FRONTEND_GET,
	SVCNAT_CMD_ENDPOINT_NEW,
	SVCNAT_CMD_ENDPOINT_SET,
	SVCNAT_CMD_ENDPOINT_DEL,
	SVCNAT_CMD_ENDPOINT_GET,
	SVCNAT_CMD_AFFINITY_GET,
	SVCNAT_CMD_AFFINITY_FLUSH,
	SVCNAT_CMD_FLOW_GET,
	SVCNAT_CMD_FLOW_FLUSH,
	SVCNAT_CMD_CONFIG_GET,
	SVCNAT_CMD_CONFIG_SET,
	SVCNAT_CMD_STATS_GET,
	SVCNAT_CMD_SIMULATE,
	SVCNAT_CMD_ADD_NTF,
	SVCNAT_CMD_CHANGE_NTF,
	SVCNAT_CMD_DEL_NTF,
};

/**
 * enum svcnat_attr - attributes at the top level of every message
 * @SVCNAT_A_UNSPEC: not used
 * @SVCNAT_A_PAD: not used
 * @SVCNAT_A_SERVICE: nest of enum svcnat_service_attr.  Requests about objects
 *	of a service carry its name here; so does every reply
 * @SVCNAT_A_FRONTEND: nest of enum svcnat_frontend_attr, repeated
 * @SVCNAT_A_ENDPOINT: nest of enum svcnat_endpoint_attr, repeated
 * @SVCNAT_A_AFFINITY: nest of enum svcnat_affinity_attr
 * @SVCNAT_A_FLOW: nest of enum svcnat_flow_attr
 * @SVCNAT_A_CONFIG: nest of enum svcnat_config_attr
 * @SVCNAT_A_STATS: nest of enum svcnat_stat: each counter a u64
 * @SVCNAT_A_WITH_STATS: flag in GET requests: add ..._COUNTERS to the objects
 * @SVCNAT_A_GENERATION: u32 in replies of service, frontend and endpoint GET:
 *	changes with every change of the service, its frontends or endpoints;
 *	equal in several replies means that they show one state of it
 * @SVCNAT_A_WITH_FRONTENDS: flag in SERVICE_GET dumps: add the frontends
 * @SVCNAT_A_WITH_ENDPOINTS: flag in SERVICE_GET dumps: add the endpoints
 * @SVCNAT_A_QUERY: nest of enum svcnat_query_attr, in SIMULATE requests
 * @SVCNAT_A_ANSWER: nest of enum svcnat_answer_attr, in SIMULATE replies
 * @__SVCNAT_A_MAX: one past the last
 */
enum svcnat_attr {
	SVCNAT_A_UNSPEC,
	SVCNAT_A_PAD,
	SVCNAT_A_SERVICE,
	SVCNAT_A_FRONTEND,
	SVCNAT_A_ENDPOINT,
	SVCNAT_A_AFFINITY,
	SVCNAT_A_FLOW,
	SVCNAT_A_CONFIG,
	SVCNAT_A_STATS,
	SVCNAT_A_WITH_STATS,
	SVCNAT_A_GENERATION,
	SVCNAT_A_WITH_FRONTENDS,
	SVCNAT_A_WITH_ENDPOINTS,
	SVCNAT_A_QUERY,
	SVCNAT_A_ANSWER,
	__SVCNAT_A_MAX
};

#define SVCNAT_A_MAX (__SVCNAT_A_MAX - 1)

/**
 * enum svcnat_scheduler - how an endpoint is drawn
 * @SVCNAT_SCHEDULER_RANDOM: at random, in proportion to the weights
 * @SVCNAT_SCHEDULER_RR: in turn, as often as the weights say
 * @SVCNAT_SCHEDULER_LC: the one with the fewest flows for its weight
 * @SVCNAT_SCHEDULER_MAGLEV: by a hash of the client's address and port and the
 *	frontend's, with affinity on of the client's address alone: the same on
 *	every node
 */
enum svcnat_scheduler {
	SVCNAT_SCHEDULER_RANDOM,
	SVCNAT_SCHEDULER_RR,
	SVCNAT_SCHEDULER_LC,
	SVCNAT_SCHEDULER_MAGLEV,
};

/**
 * enum svcnat_policy - which endpoints may be drawn
 * @SVCNAT_POLICY_CLUSTER: those of the cluster list
 * @SVCNAT_POLICY_LOCAL: those of the local list
 */
enum svcnat_policy {
	SVCNAT_POLICY_CLUSTER,
	SVCNAT_POLICY_LOCAL,
};

/**
 * enum svcnat_on_removal - established TCP and SCTP flows of a removed endpoint
 *	or frontend
 * @SVCNAT_ON_REMOVAL_KEEP: go on until they end
 * @SVCNAT_ON_REMOVAL_RESET: end with their next packet, with a RST or ABORT to
 *	both sides
 */
enum svcnat_on_removal {
	SVCNAT_ON_REMOVAL_KEEP,
	SVCNAT_ON_REMOVAL_RESET,
};

/**
 * enum svcnat_service_attr - a service
 * @SVCNAT_SERVICE_A_UNSPEC: not used
 * @SVCNAT_SERVICE_A_NAME: string of 1 to SVCNAT_NAME_MAX bytes of
 *	[A-Za-z0-9._:/-]; the identity
 * @SVCNAT_SERVICE_A_PROTO: u8, IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 * @SVCNAT_SERVICE_A_AFFINITY: u32, seconds, 0 is off
 * @SVCNAT_SERVICE_A_SCHEDULER: u8, enum svcnat_scheduler
 * @SVCNAT_SERVICE_A_INTERNAL_POLICY: u8, enum svcnat_policy
 * @SVCNAT_SERVICE_A_EXTERNAL_POLICY: u8, enum svcnat_policy
 * @SVCNAT_SERVICE_A_ON_REMOVAL: u8, enum svcnat_on_removal
 * @SVCNAT_SERVICE_A_COUNTERS: nest of enum svcnat_counter_attr, in replies
 * @SVCNAT_SERVICE_A_FRONTENDS: u32, how many it has, in replies
 * @SVCNAT_SERVICE_A_ENDPOINTS: u32, how many it has, in replies
 * @__SVCNAT_SERVICE_A_MAX: one past the last
 */
enum svcnat_service_attr {
	SVCNAT_SERVICE_A_UNSPEC,
	SVCNAT_SERVICE_A_NAME,
	SVCNAT_SERVICE_A_PROTO,
	SVCNAT_SERVICE_A_AFFINITY,
	SVCNAT_SERVICE_A_SCHEDULER,
	SVCNAT_SERVICE_A_INTERNAL_POLICY,
	SVCNAT_SERVICE_A_EXTERNAL_POLICY,
	SVCNAT_SERVICE_A_ON_REMOVAL,
	SVCNAT_SERVICE_A_COUNTERS,
	SVCNAT_SERVICE_A_FRONTENDS,
	SVCNAT_SERVICE_A_ENDPOINTS,
	__SVCNAT_SERVICE_A_MAX
};

#define SVCNAT_SERVICE_A_MAX (__SVCNAT_SERVICE_A_MAX - 1)

/**
 * enum svcnat_range_attr - a range of addresses, as routes have them
 * @SVCNAT_RANGE_A_UNSPEC: not used
 * @SVCNAT_RANGE_A_ADDR4: __be32; bits behind the prefix are zero
 * @SVCNAT_RANGE_A_ADDR6: 16 bytes; likewise
 * @SVCNAT_RANGE_A_PREFIX: u8, length of the prefix in bits
 * @__SVCNAT_RANGE_A_MAX: one past the last
 *
 * A list of ranges is an attribute that holds any number of such nests, up to
 * SVCNAT_RANGES_MAX, whose own types mean nothing.
 */
enum svcnat_range_attr {
	SVCNAT_RANGE_A_UNSPEC,
	SVCNAT_RANGE_A_ADDR4,
	SVCNAT_RANGE_A_ADDR6,
	SVCNAT_RANGE_A_PREFIX,
	__SVCNAT_RANGE_A_MAX
};

#define SVCNAT_RANGE_A_MAX (__SVCNAT_RANGE_A_MAX - 1)

/**
 * enum svcnat_kind - what kind of address a frontend is
 * @SVCNAT_KIND_CLUSTER: an address of the cluster's own service range
 * @SVCNAT_KIND_EXTERNAL: an address that others route to the node
 * @SVCNAT_KIND_LB: the same, of a load balancer, perhaps with source ranges
 * @SVCNAT_KIND_NODEPORT: a port of the node's own addresses
 */
enum svcnat_kind {
	SVCNAT_KIND_CLUSTER,
	SVCNAT_KIND_EXTERNAL,
	SVCNAT_KIND_LB,
	SVCNAT_KIND_NODEPORT,
};

/**
 * enum svcnat_frontend_attr - a frontend
 * @SVCNAT_FRONTEND_A_UNSPEC: not used
 * @SVCNAT_FRONTEND_A_ADDR4: __be32; a nodeport has no address
 * @SVCNAT_FRONTEND_A_ADDR6: 16 bytes
 * @SVCNAT_FRONTEND_A_PORT: __be16
 * @SVCNAT_FRONTEND_A_KIND: u8, enum svcnat_kind; cluster if not given
 * @SVCNAT_FRONTEND_A_COUNTERS: nest of enum svcnat_counter_attr, in replies
 * @SVCNAT_FRONTEND_A_ALLOW: list of ranges, kind lb only: who may be its client;
 *	of the frontend's family none: anybody
 * @__SVCNAT_FRONTEND_A_MAX: one past the last
 */
enum svcnat_frontend_attr {
	SVCNAT_FRONTEND_A_UNSPEC,
	SVCNAT_FRONTEND_A_ADDR4,
	SVCNAT_FRONTEND_A_ADDR6,
	SVCNAT_FRONTEND_A_PORT,
	SVCNAT_FRONTEND_A_KIND,
	SVCNAT_FRONTEND_A_COUNTERS,
	SVCNAT_FRONTEND_A_ALLOW,
	__SVCNAT_FRONTEND_A_MAX
};

#define SVCNAT_FRONTEND_A_MAX (__SVCNAT_FRONTEND_A_MAX - 1)

/**
 * enum svcnat_state - state of an endpoint
 * @SVCNAT_STATE_READY: takes new connections
 * @SVCNAT_STATE_TERMINATING: takes new connections only if no endpoint is ready
 * @SVCNAT_STATE_UNREADY: takes none
 */
enum svcnat_state {
	SVCNAT_STATE_READY,
	SVCNAT_STATE_TERMINATING,
	SVCNAT_STATE_UNREADY,
};

/**
 * enum svcnat_place - where an endpoint is
 * @SVCNAT_PLACE_REMOTE: on another node: in the cluster list
 * @SVCNAT_PLACE_LOCAL: on this node: in the cluster and in the local list
 * @SVCNAT_PLACE_LOCAL_ONLY: on this node: in the local list alone
 */
enum svcnat_place {
	SVCNAT_PLACE_REMOTE,
	SVCNAT_PLACE_LOCAL,
	SVCNAT_PLACE_LOCAL_ONLY,
};

/**
 * enum svcnat_endpoint_attr - an endpoint
 * @SVCNAT_ENDPOINT_A_UNSPEC: not used
 * @SVCNAT_ENDPOINT_A_PAD: alignment
 * @SVCNAT_ENDPOINT_A_ADDR4: __be32
 * @SVCNAT_ENDPOINT_A_ADDR6: 16 bytes
 * @SVCNAT_ENDPOINT_A_PORT: __be16
 * @SVCNAT_ENDPOINT_A_WEIGHT: u32, 0 to SVCNAT_WEIGHT_MAX; NEW: 1 if not given
 * @SVCNAT_ENDPOINT_A_STATE: u8, enum svcnat_state; NEW: ready if not given
 * @SVCNAT_ENDPOINT_A_PLACE: u8, enum svcnat_place; NEW: remote if not given
 * @SVCNAT_ENDPOINT_A_ACTIVE: u64, flows now; in replies with COUNTERS
 * @SVCNAT_ENDPOINT_A_COUNTERS: nest of enum svcnat_counter_attr, in replies
 * @SVCNAT_ENDPOINT_A_MASQUERADE: u8, 0 or 1, in SIMULATE replies
 * @__SVCNAT_ENDPOINT_A_MAX: one past the last
 */
enum svcnat_endpoint_attr {
	SVCNAT_ENDPOINT_A_UNSPEC,
	SVCNAT_ENDPOINT_A_PAD,
	SVCNAT_ENDPOINT_A_ADDR4,
	SVCNAT_ENDPOINT_A_ADDR6,
	SVCNAT_ENDPOINT_A_PORT,
	SVCNAT_ENDPOINT_A_WEIGHT,
	SVCNAT_ENDPOINT_A_STATE,
	SVCNAT_ENDPOINT_A_PLACE,
	SVCNAT_ENDPOINT_A_ACTIVE,
	SVCNAT_ENDPOINT_A_COUNTERS,
	SVCNAT_ENDPOINT_A_MASQUERADE,
	__SVCNAT_ENDPOINT_A_MAX
};

#define SVCNAT_ENDPOINT_A_MAX (__SVCNAT_ENDPOINT_A_MAX - 1)

/**
 * enum svcnat_counter_attr - counters of a service, frontend or endpoint
 * @SVCNAT_COUNTER_A_UNSPEC: not used
 * @SVCNAT_COUNTER_A_PAD: alignment
 * @SVCNAT_COUNTER_A_CONNECTIONS: u64, flows made
 * @SVCNAT_COUNTER_A_REQUEST_PACKETS: u64, client to endpoint
 * @SVCNAT_COUNTER_A_REQUEST_BYTES: u64, network header and up
 * @SVCNAT_COUNTER_A_REPLY_PACKETS: u64, endpoint to client
 * @SVCNAT_COUNTER_A_REPLY_BYTES: u64, network header and up
 * @__SVCNAT_COUNTER_A_MAX: one past the last
 */
enum svcnat_counter_attr {
	SVCNAT_COUNTER_A_UNSPEC,
	SVCNAT_COUNTER_A_PAD,
	SVCNAT_COUNTER_A_CONNECTIONS,
	SVCNAT_COUNTER_A_REQUEST_PACKETS,
	SVCNAT_COUNTER_A_REQUEST_BYTES,
	SVCNAT_COUNTER_A_REPLY_PACKETS,
	SVCNAT_COUNTER_A_REPLY_BYTES,
	__SVCNAT_COUNTER_A_MAX
};

#define SVCNAT_COUNTER_A_MAX (__SVCNAT_COUNTER_A_MAX - 1)

/**
 * enum svcnat_affinity_attr - a pinned client
 * @SVCNAT_AFFINITY_A_UNSPEC: not used
 * @SVCNAT_AFFINITY_A_CLIENT4: __be32
 * @SVCNAT_AFFINITY_A_CLIENT6: 16 bytes
 * @SVCNAT_AFFINITY_A_ENDPOINT4: __be32; no endpoint at all if it was removed
 * @SVCNAT_AFFINITY_A_ENDPOINT6: 16 bytes
 * @SVCNAT_AFFINITY_A_ENDPOINT_PORT: __be16
 * @SVCNAT_AFFINITY_A_EXPIRES: u32, seconds left
 * @__SVCNAT_AFFINITY_A_MAX: one past the last
 */
enum svcnat_affinity_attr {
	SVCNAT_AFFINITY_A_UNSPEC,
	SVCNAT_AFFINITY_A_CLIENT4,
	SVCNAT_AFFINITY_A_CLIENT6,
	SVCNAT_AFFINITY_A_ENDPOINT4,
	SVCNAT_AFFINITY_A_ENDPOINT6,
	SVCNAT_AFFINITY_A_ENDPOINT_PORT,
	SVCNAT_AFFINITY_A_EXPIRES,
	__SVCNAT_AFFINITY_A_MAX
};

#define SVCNAT_AFFINITY_A_MAX (__SVCNAT_AFFINITY_A_MAX - 1)

/**
 * enum svcnat_flow_state - state of a flow
 * @SVCNAT_FLOW_SYN_SENT: TCP, SCTP: SYN or INIT from the client, nothing back yet
 * @SVCNAT_FLOW_SYN_RECV: TCP, SCTP: the endpoint answered, the client not yet
 * @SVCNAT_FLOW_ESTABLISHED: TCP, SCTP: both ways
 * @SVCNAT_FLOW_CLOSING: TCP, SCTP: a FIN or SHUTDOWN was seen
 * @SVCNAT_FLOW_CLOSED: TCP, SCTP: a RST, ABORT or SHUTDOWN COMPLETE was seen and
 *	nothing since
 * @SVCNAT_FLOW_UNREPLIED: UDP: nothing back yet
 * @SVCNAT_FLOW_REPLIED: UDP: one question, and an answer
 * @SVCNAT_FLOW_STREAM: UDP: more than one question, and an answer
 */
enum svcnat_flow_state {
	SVCNAT_FLOW_SYN_SENT,
	SVCNAT_FLOW_SYN_RECV,
	SVCNAT_FLOW_ESTABLISHED,
	SVCNAT_FLOW_CLOSING,
	SVCNAT_FLOW_CLOSED,
	SVCNAT_FLOW_UNREPLIED,
	SVCNAT_FLOW_REPLIED,
	SVCNAT_FLOW_STREAM,
};

/**
 * enum svcnat_flow_attr - a flow
 * @SVCNAT_FLOW_A_UNSPEC: not used
 * @SVCNAT_FLOW_A_PROTO: u8
 * @SVCNAT_FLOW_A_STATE: u8, enum svcnat_flow_state
 * @SVCNAT_FLOW_A_IDLE: u32, seconds since the last packet
 * @SVCNAT_FLOW_A_CLIENT4: __be32
 * @SVCNAT_FLOW_A_CLIENT6: 16 bytes
 * @SVCNAT_FLOW_A_CLIENT_PORT: __be16
 * @SVCNAT_FLOW_A_VIP4: __be32
 * @SVCNAT_FLOW_A_VIP6: 16 bytes
 * @SVCNAT_FLOW_A_VIP_PORT: __be16
 * @SVCNAT_FLOW_A_ENDPOINT4: __be32
 * @SVCNAT_FLOW_A_ENDPOINT6: 16 bytes
 * @SVCNAT_FLOW_A_ENDPOINT_PORT: __be16
 * @SVCNAT_FLOW_A_SNAT4: __be32, only if the source is rewritten
 * @SVCNAT_FLOW_A_SNAT6: 16 bytes, only if the source is rewritten
 * @SVCNAT_FLOW_A_SNAT_PORT: __be16, only if the source is rewritten
 * @__SVCNAT_FLOW_A_MAX: one past the last
 */
enum svcnat_flow_attr {
	SVCNAT_FLOW_A_UNSPEC,
	SVCNAT_FLOW_A_PROTO,
	SVCNAT_FLOW_A_STATE,
	SVCNAT_FLOW_A_IDLE,
	SVCNAT_FLOW_A_CLIENT4,
	SVCNAT_FLOW_A_CLIENT6,
	SVCNAT_FLOW_A_CLIENT_PORT,
	SVCNAT_FLOW_A_VIP4,
	SVCNAT_FLOW_A_VIP6,
	SVCNAT_FLOW_A_VIP_PORT,
	SVCNAT_FLOW_A_ENDPOINT4,
	SVCNAT_FLOW_A_ENDPOINT6,
	SVCNAT_FLOW_A_ENDPOINT_PORT,
	SVCNAT_FLOW_A_SNAT4,
	SVCNAT_FLOW_A_SNAT6,
	SVCNAT_FLOW_A_SNAT_PORT,
	__SVCNAT_FLOW_A_MAX
};

#define SVCNAT_FLOW_A_MAX (__SVCNAT_FLOW_A_MAX - 1)

/**
 * enum svcnat_config_attr - configuration of the netns; u32 unless said otherwise
 * @SVCNAT_CONFIG_A_UNSPEC: not used
 * @SVCNAT_CONFIG_A_MAX_SERVICES: services of this netns
 * @SVCNAT_CONFIG_A_MAX_ENDPOINTS: endpoints of one service
 * @SVCNAT_CONFIG_A_MAX_FLOWS: flows of this netns, up to 2^27
 * @SVCNAT_CONFIG_A_MAX_AFFINITY: pinned clients of this netns, up to 2^27
 * @SVCNAT_CONFIG_A_TIMEOUT_TCP_ESTABLISHED: seconds
 * @SVCNAT_CONFIG_A_TIMEOUT_TCP_TRANSITORY: seconds: opening, or a FIN was seen
 * @SVCNAT_CONFIG_A_TIMEOUT_TCP_CLOSING: seconds: a RST was seen
 * @SVCNAT_CONFIG_A_TIMEOUT_UDP: seconds: unreplied and replied
 * @SVCNAT_CONFIG_A_TIMEOUT_UDP_STREAM: seconds
 * @SVCNAT_CONFIG_A_TIMEOUT_SCTP: seconds: established; otherwise as TCP
 * @SVCNAT_CONFIG_A_SNAT_PORTS: lowest port << 16 | highest port that masquerade
 *	chooses from; 0: from 1024 up, outside the node's local port range
 * @SVCNAT_CONFIG_A_POD_CIDR: list of ranges: who is a pod
 * @SVCNAT_CONFIG_A_SERVICE_CIDR: list of ranges: what is dropped if it is no
 *	frontend's
 * @SVCNAT_CONFIG_A_NODEPORT_ADDRESSES: list of ranges: which of the node's
 *	addresses serve nodeports
 * @SVCNAT_CONFIG_A_MASQUERADE_ALL: u8, 0 or 1: hide every client of a cluster
 *	frontend
 * @SVCNAT_CONFIG_A_FASTPATH: u8, 0 or 1: packets of established flows may go
 *	past all that is between the ingress of one device and the output of
 *	another
 * @__SVCNAT_CONFIG_A_MAX: one past the last
 */
enum svcnat_config_attr {
	SVCNAT_CONFIG_A_UNSPEC,
	SVCNAT_CONFIG_A_MAX_SERVICES,
	SVCNAT_CONFIG_A_MAX_ENDPOINTS,
	SVCNAT_CONFIG_A_MAX_FLOWS,
	SVCNAT_CONFIG_A_MAX_AFFINITY,
	SVCNAT_CONFIG_A_TIMEOUT_TCP_ESTABLISHED,
	SVCNAT_CONFIG_A_TIMEOUT_TCP_TRANSITORY,
	SVCNAT_CONFIG_A_TIMEOUT_TCP_CLOSING,
	SVCNAT_CONFIG_A_TIMEOUT_UDP,
	SVCNAT_CONFIG_A_TIMEOUT_UDP_STREAM,
	SVCNAT_CONFIG_A_TIMEOUT_SCTP,
	SVCNAT_CONFIG_A_SNAT_PORTS,
	SVCNAT_CONFIG_A_POD_CIDR,
	SVCNAT_CONFIG_A_SERVICE_CIDR,
	SVCNAT_CONFIG_A_NODEPORT_ADDRESSES,
	SVCNAT_CONFIG_A_MASQUERADE_ALL,
	SVCNAT_CONFIG_A_FASTPATH,
	__SVCNAT_CONFIG_A_MAX
};

#define SVCNAT_CONFIG_A_MAX (__SVCNAT_CONFIG_A_MAX - 1)

/**
 * enum svcnat_query_attr - a packet to ask about
 * @SVCNAT_QUERY_A_UNSPEC: not used
 * @SVCNAT_QUERY_A_PROTO: u8
 * @SVCNAT_QUERY_A_SRC4: __be32
 * @SVCNAT_QUERY_A_SRC6: 16 bytes
 * @SVCNAT_QUERY_A_SRC_PORT: __be16
 * @SVCNAT_QUERY_A_DST4: __be32
 * @SVCNAT_QUERY_A_DST6: 16 bytes
 * @SVCNAT_QUERY_A_DST_PORT: __be16
 * @SVCNAT_QUERY_A_IIF: u32, index of the device that it comes in by
 * @SVCNAT_QUERY_A_LOCAL: flag: it comes from a socket of the node
 * @__SVCNAT_QUERY_A_MAX: one past the last
 */
enum svcnat_query_attr {
	SVCNAT_QUERY_A_UNSPEC,
	SVCNAT_QUERY_A_PROTO,
	SVCNAT_QUERY_A_SRC4,
	SVCNAT_QUERY_A_SRC6,
	SVCNAT_QUERY_A_SRC_PORT,
	SVCNAT_QUERY_A_DST4,
	SVCNAT_QUERY_A_DST6,
	SVCNAT_QUERY_A_DST_PORT,
	SVCNAT_QUERY_A_IIF,
	SVCNAT_QUERY_A_LOCAL,
	__SVCNAT_QUERY_A_MAX
};

#define SVCNAT_QUERY_A_MAX (__SVCNAT_QUERY_A_MAX - 1)

/**
 * enum svcnat_answer - what becomes of a packet
 * @SVCNAT_ANSWER_ACCEPT: it is left alone
 * @SVCNAT_ANSWER_DNAT: it goes to an endpoint
 * @SVCNAT_ANSWER_DROP: it is dropped
 * @SVCNAT_ANSWER_REJECT: it is answered with a refusal
 */
enum svcnat_answer {
	SVCNAT_ANSWER_ACCEPT,
	SVCNAT_ANSWER_DNAT,
	SVCNAT_ANSWER_DROP,
	SVCNAT_ANSWER_REJECT,
};

/**
 * enum svcnat_answer_attr - what becomes of it, and why
 * @SVCNAT_ANSWER_A_UNSPEC: not used
 * @SVCNAT_ANSWER_A_VERDICT: u8, enum svcnat_answer
 * @SVCNAT_ANSWER_A_REASON: u32, enum svcnat_stat that would count a drop or
 *	reject
 * @SVCNAT_ANSWER_A_POLICY: u8, enum svcnat_policy: the list in use, with dnat
 * @SVCNAT_ANSWER_A_AFFINITY_HIT: u8, 0 or 1: the client is pinned
 * @SVCNAT_ANSWER_A_MASQUERADE: u8, 0 or 1: for any of the endpoints
 * @__SVCNAT_ANSWER_A_MAX: one past the last
 */
enum svcnat_answer_attr {
	SVCNAT_ANSWER_A_UNSPEC,
	SVCNAT_ANSWER_A_VERDICT,
	SVCNAT_ANSWER_A_REASON,
	SVCNAT_ANSWER_A_POLICY,
	SVCNAT_ANSWER_A_AFFINITY_HIT,
	SVCNAT_ANSWER_A_MASQUERADE,
	__SVCNAT_ANSWER_A_MAX
};

#define SVCNAT_ANSWER_A_MAX (__SVCNAT_ANSWER_A_MAX - 1)

/**
 * enum svcnat_stat - counters of the netns, all u64
 * @SVCNAT_STAT_UNSPEC: not used
 * @SVCNAT_STAT_PAD: alignment
 * @SVCNAT_STAT_RX: packets found to be ours; each is then counted once more,
 *	as translated, untranslated, drop_* or reject_*
 * @SVCNAT_STAT_TRANSLATED: rewritten
 * @SVCNAT_STAT_FASTPATH: those of them that took the fast path
 * @SVCNAT_STAT_UNTRANSLATED: to a frontend, but passed as they were: fragments
 *	that nobody reassembled
 * @SVCNAT_STAT_DROP_MALFORMED: dropped: headers cut off or contradicting
 * @SVCNAT_STAT_DROP_MEMORY: dropped: no memory for the flow or to copy the
 *	packet's headers
 * @SVCNAT_STAT_DROP_FLOW_LIMIT: dropped: max-flows, nothing to evict
 * @SVCNAT_STAT_DROP_FLOW_CHAIN: dropped: hash chain at its bound
 * @SVCNAT_STAT_DROP_CLASH: dropped: every endpoint and source port tried would
 *	have made two connections one
 * @SVCNAT_STAT_DROP_SNAT: dropped: no source port was free for masquerade
 * @SVCNAT_STAT_DROP_ROUTE: dropped: no route to the endpoint (node clients, and
 *	whoever is masqueraded)
 * @SVCNAT_STAT_DROP_STALE: dropped: answer of a removed endpoint to a
 *	connection that was never established, or a packet that came while its
 *	service was being configured
 * @SVCNAT_STAT_DROP_SOURCE_RANGE: dropped: the client is in no source range of
 *	the frontend
 * @SVCNAT_STAT_DROP_NO_LOCAL_ENDPOINT: dropped: the policy is local and only
 *	other nodes have usable endpoints
 * @SVCNAT_STAT_DROP_POLICY: dropped: no policy of IPsec admits it to the node,
 *	or one that its new source has bars its way, or makes it too long for it
 * @SVCNAT_STAT_DROP_NO_SERVICE: dropped: an address of service-cidr that no
 *	frontend has
 * @SVCNAT_STAT_REJECT_NO_ENDPOINT: rejected: no usable endpoint
 * @SVCNAT_STAT_REJECT_NO_PORT: rejected: a cluster address, but no such port or
 *	protocol
 * @SVCNAT_STAT_REJECT_NO_FLOW: rejected: TCP without SYN or SCTP without INIT,
 *	and without flow
 * @SVCNAT_STAT_REJECT_LIMITED: dropped: should have been rejected, but too many
 *	were
 * @SVCNAT_STAT_ICMP_ERROR: ICMP errors about our flows, translated; those of
 *	masqueraded flows twice
 * @SVCNAT_STAT_ICMP_ODD: ICMP errors left alone: what they quote is cut off,
 *	nested, a fragment or not TCP, UDP or SCTP, or their checksum is wrong
 * @SVCNAT_STAT_ECHO_REPLY: echo requests to service addresses that were answered
 * @SVCNAT_STAT_ECHO_LIMITED: those that were not: too many
 * @SVCNAT_STAT_SERVICE_NEW: services made
 * @SVCNAT_STAT_SERVICE_LIVE: services now
 * @SVCNAT_STAT_SERVICE_DELETED: services removed
 * @SVCNAT_STAT_FRONTEND_NEW: frontends made
 * @SVCNAT_STAT_FRONTEND_LIVE: frontends now
 * @SVCNAT_STAT_FRONTEND_DELETED: frontends removed
 * @SVCNAT_STAT_ENDPOINT_NEW: endpoints made
 * @SVCNAT_STAT_ENDPOINT_LIVE: endpoints now
 * @SVCNAT_STAT_ENDPOINT_DELETED: endpoints removed
 * @SVCNAT_STAT_ENDPOINT_DRAINING: removed endpoints and frontends that still
 *	have flows
 * @SVCNAT_STAT_FLOW_NEW: flows made
 * @SVCNAT_STAT_FLOW_LIVE: flows now
 * @SVCNAT_STAT_FLOW_EXPIRED: flows that timed out
 * @SVCNAT_STAT_FLOW_EVICTED: half-open flows that made room for others, and
 *	closed ones that were in their way
 * @SVCNAT_STAT_FLOW_DELETED: flows removed for any other reason
 * @SVCNAT_STAT_FLOW_ORPHAN: flows now whose endpoint was removed
 * @SVCNAT_STAT_FLOW_RACED: two CPUs had the same first packet
 * @SVCNAT_STAT_FLOW_REUSED: TCP: SYN on a closing flow
 * @SVCNAT_STAT_FLOW_REPICKED: flow drew afresh because its endpoint was gone
 * @SVCNAT_STAT_FLOW_RESET: flow was reset because its endpoint or frontend was
 *	removed
 * @SVCNAT_STAT_AFFINITY_NEW: clients pinned
 * @SVCNAT_STAT_AFFINITY_LIVE: pinned clients now
 * @SVCNAT_STAT_AFFINITY_EXPIRED: pinned clients that timed out
 * @SVCNAT_STAT_AFFINITY_DELETED: pinned clients removed for any other reason
 * @SVCNAT_STAT_AFFINITY_FULL: picked without remembering
 * @__SVCNAT_STAT_MAX: one past the last
 */
enum svcnat_stat {
	SVCNAT_STAT_UNSPEC,
	SVCNAT_STAT_PAD,
	SVCNAT_STAT_RX,
	SVCNAT_STAT_TRANSLATED,
	SVCNAT_STAT_FASTPATH,
	SVCNAT_STAT_UNTRANSLATED,
	SVCNAT_STAT_DROP_MALFORMED,
	SVCNAT_STAT_DROP_MEMORY,
	SVCNAT_STAT_DROP_FLOW_LIMIT,
	SVCNAT_STAT_DROP_FLOW_CHAIN,
	SVCNAT_STAT_DROP_CLASH,
	SVCNAT_STAT_DROP_SNAT,
	SVCNAT_STAT_DROP_ROUTE,
	SVCNAT_STAT_DROP_STALE,
	SVCNAT_STAT_DROP_SOURCE_RANGE,
	SVCNAT_STAT_DROP_NO_LOCAL_ENDPOINT,
	SVCNAT_STAT_DROP_POLICY,
	SVCNAT_STAT_DROP_NO_SERVICE,
	SVCNAT_STAT_REJECT_NO_ENDPOINT,
	SVCNAT_STAT_REJECT_NO_PORT,
	SVCNAT_STAT_REJECT_NO_FLOW,
	SVCNAT_STAT_REJECT_LIMITED,
	SVCNAT_STAT_ICMP_ERROR,
	SVCNAT_STAT_ICMP_ODD,
	SVCNAT_STAT_ECHO_REPLY,
	SVCNAT_STAT_ECHO_LIMITED,
	SVCNAT_STAT_SERVICE_NEW,
	SVCNAT_STAT_SERVICE_LIVE,
	SVCNAT_STAT_SERVICE_DELETED,
	SVCNAT_STAT_FRONTEND_NEW,
	SVCNAT_STAT_FRONTEND_LIVE,
	SVCNAT_STAT_FRONTEND_DELETED,
	SVCNAT_STAT_ENDPOINT_NEW,
	SVCNAT_STAT_ENDPOINT_LIVE,
	SVCNAT_STAT_ENDPOINT_DELETED,
	SVCNAT_STAT_ENDPOINT_DRAINING,
	SVCNAT_STAT_FLOW_NEW,
	SVCNAT_STAT_FLOW_LIVE,
	SVCNAT_STAT_FLOW_EXPIRED,
	SVCNAT_STAT_FLOW_EVICTED,
	SVCNAT_STAT_FLOW_DELETED,
	SVCNAT_STAT_FLOW_ORPHAN,
	SVCNAT_STAT_FLOW_RACED,
	SVCNAT_STAT_FLOW_REUSED,
	SVCNAT_STAT_FLOW_REPICKED,
	SVCNAT_STAT_FLOW_RESET,
	SVCNAT_STAT_AFFINITY_NEW,
	SVCNAT_STAT_AFFINITY_LIVE,
	SVCNAT_STAT_AFFINITY_EXPIRED,
	SVCNAT_STAT_AFFINITY_DELETED,
	SVCNAT_STAT_AFFINITY_FULL,
	__SVCNAT_STAT_MAX
};

#define SVCNAT_STAT_MAX (__SVCNAT_STAT_MAX - 1)

#endif /* _UAPI_SVCNAT_H */
