/* SPDX-License-Identifier: GPL-2.0 */
/* What the unit tests of top_*.c share; each prints KTAP. */
#ifndef _SVCCTL_TOP_UNIT_H
#define _SVCCTL_TOP_UNIT_H

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top_screen.h"
#include "unit.h"
#include "words.h"

#define SECOND	INT64_C(1000000000)

#define CLUSTER	(1U << SVCNAT_POLICY_CLUSTER)
#define LOCAL	(1U << SVCNAT_POLICY_LOCAL)

static void expect_text(const char *got, const char *want, int line)
{
	if (!strcmp(got, want))
		return;
	printf("# line %d: got \"%s\", expected \"%s\"\n", line, got, want);
	case_ok = false;
}

#define EXPECT_TEXT(got, want) \
	expect_text((got), (want), __LINE__)

/* Replies as nl.c makes them. */

static void set_counters(struct counters *counters, uint64_t connections,
			 uint64_t request, uint64_t reply)
{
	counters->value[SVCNAT_COUNTER_A_CONNECTIONS] = connections;
	counters->value[SVCNAT_COUNTER_A_REQUEST_BYTES] = request;
	counters->value[SVCNAT_COUNTER_A_REPLY_BYTES] = reply;
}

static void take_service(struct top_sample *sample, const char *name,
			 uint64_t connections, uint64_t request,
			 uint64_t bytes, int64_t now)
{
	struct reply reply = { .attr = SVCNAT_A_SERVICE };

	reply.service.head.service = name;
	reply.service.proto = IPPROTO_TCP;
	set_counters(&reply.service.counters, connections, request, bytes);
	top_sample_take(sample, &reply, now);
}

static void take_endpoint(struct top_sample *sample, const char *name,
			  const char *at, const struct endpoint *like,
			  uint64_t connections, int64_t now)
{
	struct reply reply = { .attr = SVCNAT_A_ENDPOINT };

	reply.service.head.service = name;
	reply.endpoint = *like;
	parse_addr_port(at, &reply.endpoint.addr, &reply.endpoint.port);
	set_counters(&reply.endpoint.counters, connections, 0, 0);
	top_sample_take(sample, &reply, now);
}

static struct endpoint like(uint32_t weight, uint8_t state, uint8_t place)
{
	return (struct endpoint){
		.weight = weight, .state = state, .place = place,
	};
}

#endif /* _SVCCTL_TOP_UNIT_H */
