// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who talks to whom.  Services and endpoints have the addresses that
 * tests/bench/peers.py gives them.
 */
#include <linux/bitops.h>
#include <linux/jhash.h>
#include <linux/mm.h>

#include "gen.h"

#define CLIENTS		1000		/* hosts; each has so many ports */
#define CLIENT_HOST	0x0a010100	/* 10.1.1.0 */
#define CLIENT_PORT	1024
#define SERVICE_HOST	0xac100000	/* 172.16.0.0 */
#define ENDPOINT_HOST	0x0ac80000	/* 10.200.0.0 */
#define ENDPOINT_HOSTS	62000
#define STRANGER_HOST	0x0ac90001	/* 10.201.0.1 */

static u32 endpoint_host(const struct gen_shape *shape, u32 service, u32 n)
{
	return ENDPOINT_HOST + 2 +
	       (service * shape->endpoints + n) % ENDPOINT_HOSTS;
}

static void make(struct gen_flow *flow, const struct gen_shape *shape, u32 n)
{
	u32 client = shape->base + n;
	u32 random = jhash_1word(client, 0);
	u32 service = reciprocal_scale(random, shape->services);
	u32 host;

	flow->client = htonl(CLIENT_HOST + client % CLIENTS);
	flow->client_port = htons(CLIENT_PORT + client / CLIENTS);
	switch (shape->target) {
	case GEN_SERVICE:
		flow->target = htonl(SERVICE_HOST + service);
		flow->endpoint_port = 0;
		return;
	case GEN_DIRECT:
		host = endpoint_host(shape, service,
				     random % shape->endpoints);
		break;
	case GEN_STRANGER:
		host = STRANGER_HOST + service % ENDPOINT_HOSTS;
		break;
	}
	flow->target = htonl(host);
	flow->endpoint = flow->target;
	flow->endpoint_port = htons(GEN_PORT);
}

/**
 * gen_flows_make() - make a set of flows
 * @gen: forgets what it had
 * @shape: what they shall be
 *
 * Return: 0 or a negative errno.
 */
int gen_flows_make(struct gen *gen, const struct gen_shape *shape)
{
	u64 clients = (u64)shape->base + shape->count;
	u32 n;

	if (!shape->count || !shape->services || !shape->endpoints ||
	    shape->services > 1 << 20 ||
	    clients > (u64)CLIENTS * (U16_MAX - CLIENT_PORT))
		return -ERANGE;
	gen_flows_drop(gen);
	gen->flows = kvcalloc(shape->count, sizeof(*gen->flows), GFP_KERNEL);
	if (!gen->flows)
		return -ENOMEM;
	gen->shape = *shape;
	for (n = 0; n < shape->count; n++)
		make(&gen->flows[n], shape, n);
	return 0;
}

/**
 * gen_flows_drop() - forget the flows
 * @gen: has them or not
 */
void gen_flows_drop(struct gen *gen)
{
	kvfree(gen->flows);
	gen->flows = NULL;
	gen->shape.count = 0;
}

/**
 * gen_flows_has_endpoint() - may a flow go there?
 * @gen: has the flow
 * @flow: asks a service
 * @address: who is said to be its endpoint
 * @port: its port
 *
 * Return: is it one of the service's?
 */
bool gen_flows_has_endpoint(const struct gen *gen, const struct gen_flow *flow,
			    __be32 address, __be16 port)
{
	u32 service = ntohl(flow->target) - SERVICE_HOST;
	u32 n;

	for (n = 0; n < gen->shape.endpoints; n++) {
		if (address == htonl(endpoint_host(&gen->shape, service, n)))
			return port == htons(GEN_PORT);
	}
	return false;
}

/* A bijection of the numbers up to the mask. */
static u32 scatter(u32 x, u32 mask, u32 seed)
{
	int shift = (fls(mask) + 1) / 2;

	x = (x * (seed | 1)) & mask;
	x ^= x >> shift;
	x = (x * (seed >> 8 | 0x9e3779b1)) & mask;
	x ^= x >> shift;
	return (x + seed) & mask;
}

/**
 * gen_flows_permute() - the next number of a random order
 * @count: of the numbers from 0 up to this one
 * @seed: which order
 * @cursor: where in it; starts at 0
 *
 * Return: each number once in @count calls, then again in the same order.
 */
u32 gen_flows_permute(u32 count, u32 seed, u32 *cursor)
{
	u32 mask = count > 1 ? GENMASK(fls(count - 1) - 1, 0) : 0;
	u32 x;

	do {
		x = scatter((*cursor)++ & mask, mask, seed);
	} while (x >= count);
	return x;
}
