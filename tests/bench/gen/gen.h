/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet generator for benchmarks, in the kernel.
 *
 *	clients ──► gen0  this netns, as its rules are  gen1 ──► endpoints
 *	        ◄──                                          ◄──
 *
 * Packets are made in batches, outside the clock, and received by one device
 * inside it; the other one records and frees them.  Then every one of them is
 * looked at: one that is missing or wrong makes the run an error.
 */
#ifndef _SVCNAT_GEN_H
#define _SVCNAT_GEN_H

#include <linux/if_ether.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/types.h>

#define GEN_BATCH	128
#define GEN_FRAME	60	/* the shortest that Ethernet has */
#define GEN_LANES	2	/* CPUs that can be busy at the same time */

/* The two devices, and so the two directions: where a packet comes in. */
enum gen_side {
	GEN_CLIENT,
	GEN_ENDPOINT,
	GEN_SIDES,
};

/**
 * struct gen_flow - a connection
 * @client: its address
 * @target: the address that it asks: of a service, or of a host
 * @endpoint: who answers, as the other device has seen it
 * @client_port: its port
 * @endpoint_port: 0 until the first packet has come out
 *
 * What is asked has port GEN_PORT.
 */
struct gen_flow {
	__be32 client;
	__be32 target;
	__be32 endpoint;
	__be16 client_port;
	__be16 endpoint_port;
};

#define GEN_PORT	80

/**
 * enum gen_target - what clients ask
 * @GEN_SERVICE: a service
 * @GEN_DIRECT: an endpoint of it
 * @GEN_STRANGER: a host that has nothing to do with any service
 */
enum gen_target {
	GEN_SERVICE,
	GEN_DIRECT,
	GEN_STRANGER,
};

/**
 * struct gen_shape - a set of flows
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @target: what they ask
 * @count: how many there are
 * @base: the first client, by number
 * @services: among so many services
 * @endpoints: so many endpoints has each
 */
struct gen_shape {
	u8 proto;
	enum gen_target target;
	u32 count;
	u32 base;
	u32 services;
	u32 endpoints;
};

/**
 * struct gen_shot - a kind of packet
 * @name: its name
 * @side: where it comes in
 * @flags: of TCP
 * @payload: has it any?  UDP always has
 * @seq: sequence number, from the first of its side
 * @ack: the same of the other side
 */
struct gen_shot {
	const char *name;
	enum gen_side side;
	u8 flags;
	bool payload;
	u32 seq;
	u32 ack;
};

/**
 * struct gen_record - a packet that came out
 * @side: of which device
 * @len: of the frame
 * @frame: it
 */
struct gen_record {
	u16 side;
	u16 len;
	u8 frame[GEN_FRAME];
};

/**
 * struct gen - the generator of a netns, as one CPU has it
 * @lock: one command at a time
 * @dev: the devices, if there are any
 * @shape: what @flows are
 * @flows: they
 * @armed: packets are recorded
 * @caught: how many came out since
 * @records: they, up to GEN_BATCH
 * @skbs: the packets of the batch
 * @order: where in @flows they belong
 * @count: how many these are
 * @serial: number of the batch
 * @answer: what the last command said
 */
struct gen {
	struct mutex lock;	/* protects everything here but @caught */
	struct net_device *dev[GEN_SIDES];
	struct gen_shape shape;
	struct gen_flow *flows;
	bool armed;
	u32 caught;
	struct gen_record records[GEN_BATCH];
	struct sk_buff *skbs[GEN_BATCH];
	u32 order[GEN_BATCH];
	u32 count;
	u32 serial;
	char answer[256];
} ____cacheline_aligned;

/**
 * struct gen_net - the generator of a netns
 * @lane: for each CPU its own; devices are all lanes'
 */
struct gen_net {
	struct gen lane[GEN_LANES];
};

/* device.c */
int gen_device_make(struct gen_net *gn, struct net *net);
void gen_device_drop(struct gen_net *gn);
struct gen *gen_device_lane(struct gen_net *gn);
extern const u8 gen_device_mac[GEN_SIDES][ETH_ALEN];
extern const u8 gen_device_gateway[GEN_SIDES][ETH_ALEN];

/* flows.c */
int gen_flows_make(struct gen *gen, const struct gen_shape *shape);
void gen_flows_drop(struct gen *gen);
bool gen_flows_has_endpoint(const struct gen *gen, const struct gen_flow *flow,
			    __be32 address, __be16 port);
u32 gen_flows_permute(u32 count, u32 seed, u32 *cursor);

/* packet.c */
const struct gen_shot *gen_packet_shot(u8 proto, const char *name);
int gen_packet_fill(struct gen *gen, const struct gen_shot *shot);
bool gen_packet_check(struct gen *gen, const struct gen_shot *shot);

/* run.c */
int gen_run(struct gen *gen, u32 items, char *shots);

#endif
