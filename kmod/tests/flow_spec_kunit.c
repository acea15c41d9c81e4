// SPDX-License-Identifier: GPL-2.0-only
/* Flows to be made, and what their packets look like on the way. */
#include "flow_fixture.h"

/**
 * svcnat_fixture_spec() - the flow with a number
 * @fx: the fixture
 * @spec: written
 * @n: number; other numbers are other clients
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 */
void svcnat_fixture_spec(struct flow_fixture *fx, struct svcnat_flow_spec *spec,
			 u32 n, u8 proto)
{
	const unsigned int i = n % FIXTURE_ENDPOINTS;

	memset(spec, 0, sizeof(*spec));
	spec->tuple.family = AF_INET;
	spec->tuple.proto = proto;
	spec->tuple.src.ip = htonl(0xc6120000 + n / 50000);
	spec->tuple.sport = htons(1024 + n % 50000);
	spec->tuple.dst.ip = htonl(0x0a60000a);
	spec->tuple.dport = htons(80);
	spec->addr.ip = htonl(0x0af40001 + i);
	spec->port = htons(8080);
	spec->endpoint = &fx->endpoint[i];
	spec->frontend = &fx->frontend;
}

/* Every word of an IPv6 address depends on the IPv4 address it stands for. */
static void to_ipv6(union nf_inet_addr *addr)
{
	addr->ip6[3] = addr->ip;
	addr->ip6[2] = ~addr->ip;
	addr->ip6[1] = htonl(ntohl(addr->ip) * 7);
	addr->ip6[0] = htonl(0x20010db8);
}

/**
 * svcnat_fixture_shape() - give a flow another shape
 * @spec: of a plain IPv4 flow; changed
 * @shape: FIXTURE_... bits
 */
void svcnat_fixture_shape(struct svcnat_flow_spec *spec, unsigned int shape)
{
	const u16 port = ntohs(spec->tuple.sport);

	if (shape & FIXTURE_SHIFT)
		spec->shift = htons(port ^ 0x8000);
	if (shape & FIXTURE_MASQUERADE) {
		/* Another node for each client address, its port kept */
		spec->masquerade = true;
		spec->masq_addr.ip = spec->tuple.src.ip ^ htonl(0x00800000);
		spec->masq_port = htons(port);
	}
	if (!(shape & FIXTURE_IPV6))
		return;
	spec->tuple.family = AF_INET6;
	to_ipv6(&spec->tuple.src);
	to_ipv6(&spec->tuple.dst);
	to_ipv6(&spec->addr);
	if (spec->masquerade)
		to_ipv6(&spec->masq_addr);
}

/**
 * svcnat_fixture_middle() - what conntrack sees of a request
 * @spec: of the flow
 * @middle: the request's tuple between the stages
 */
void svcnat_fixture_middle(const struct svcnat_flow_spec *spec,
			   struct svcnat_tuple *middle)
{
	*middle = spec->tuple;
	middle->dst = spec->addr;
	middle->dport = spec->port;
	if (spec->shift)
		middle->sport = spec->shift;
}

/**
 * svcnat_fixture_answer() - what the endpoint sends
 * @spec: of the flow
 * @answer: its tuple
 */
void svcnat_fixture_answer(const struct svcnat_flow_spec *spec,
			   struct svcnat_tuple *answer)
{
	struct svcnat_tuple request;

	svcnat_fixture_middle(spec, &request);
	if (spec->masquerade) {
		request.src = spec->masq_addr;
		request.sport = spec->masq_port;
	}
	svcnat_tuple_reverse(answer, &request);
}

/**
 * svcnat_fixture_key() - what finds a key of a flow
 * @spec: of the flow
 * @i: which key: svcnat_flow_key()
 * @t: the tuple that a packet has then
 *
 * Return: where the packet is then.
 */
enum svcnat_stage svcnat_fixture_key(const struct svcnat_flow_spec *spec,
				     unsigned int i, struct svcnat_tuple *t)
{
	struct svcnat_tuple middle;

	svcnat_fixture_middle(spec, &middle);
	switch (i) {
	case 0:
		*t = spec->tuple;
		return SVCNAT_PRE;
	case 1:
		svcnat_fixture_answer(spec, t);
		return spec->masquerade ? SVCNAT_PRE : SVCNAT_POST;
	case 2:
		*t = middle;
		return SVCNAT_POST;
	default:
		svcnat_tuple_reverse(t, &middle);
		return SVCNAT_POST;
	}
}

/**
 * svcnat_fixture_neighbour() - a flow that is hashed near to another
 * @fx: the fixture
 * @n: number of the other; TCP
 * @from: the least number that will do
 *
 * Return: a number whose request has the same bucket of 1024.
 */
u32 svcnat_fixture_neighbour(struct flow_fixture *fx, u32 n, u32 from)
{
	struct svcnat_flow_spec spec, other;
	u32 hash, near, i;

	svcnat_fixture_spec(fx, &spec, n, IPPROTO_TCP);
	hash = svcnat_tuple_hash(&spec.tuple, &fx->flows.key);
	for (i = from;; i++) {
		svcnat_fixture_spec(fx, &other, i, IPPROTO_TCP);
		near = svcnat_tuple_hash(&other.tuple, &fx->flows.key);
		if (!((hash ^ near) & 1023))
			return i;
	}
}
