/* SPDX-License-Identifier: GPL-2.0 */
/* One look at all services, or at the endpoints of one, and its rates. */
#ifndef _SVCCTL_TOP_SAMPLE_H
#define _SVCCTL_TOP_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nl.h"
#include "object.h"

enum top_rate {
	TOP_CONNECTIONS,	/* a second */
	TOP_REQUEST,		/* bits a second, client to endpoint */
	TOP_REPLY,		/* bits a second, endpoint to client */
	NR_TOP_RATES
};

/* Of a rate or share that is not known, or not yet. */
#define TOP_UNKNOWN	(-1.0)

/**
 * struct top_row - a service or an endpoint
 * @name: where the name of its service begins in the text of the sample
 * @generation: of its service
 * @addr: of an endpoint
 * @port: of an endpoint
 * @proto: of a service
 * @state: of an endpoint, enum svcnat_state
 * @place: of an endpoint, enum svcnat_place
 * @weight: of an endpoint
 * @ready: how many endpoints of a service are
 * @endpoints: how many a service has
 * @active: flows now
 * @when: its counters were read, in nanoseconds
 * @counter: indexed by enum svcnat_counter_attr
 * @rate: since the sample before, or TOP_UNKNOWN
 * @recent: its new connections, the older the less
 * @share: of an endpoint in those of its service, up to 1, or TOP_UNKNOWN
 * @due: of an endpoint, what its weight gives it, or TOP_UNKNOWN
 */
struct top_row {
	size_t name;
	uint32_t generation;
	struct addr addr;
	uint16_t port;
	uint8_t proto;
	uint8_t state;
	uint8_t place;
	uint32_t weight;
	uint32_t ready;
	uint32_t endpoints;
	uint64_t active;
	int64_t when;
	uint64_t counter[SVCNAT_COUNTER_A_MAX + 1];
	double rate[NR_TOP_RATES];
	double recent;
	double share;
	double due;
};

/**
 * struct top_sample - rows of one kind
 * @rows: struct top_row; when finished sorted, each once
 * @text: names, each with its NUL
 * @members: they are endpoints of one service, not services
 * @lists: which lists that service draws from, a bit for each enum svcnat_policy
 */
struct top_sample {
	struct list rows;
	struct list text;
	bool members;
	unsigned int lists;
};

void top_sample_init(struct top_sample *sample, bool members);
void top_sample_empty(struct top_sample *sample);
void top_sample_free(struct top_sample *sample);

/* Adds what a dump of services with endpoints and counters sent at @now. */
void top_sample_take(struct top_sample *sample, const struct reply *reply,
		     int64_t now);

/* All has come: what became of it since @before? */
void top_sample_finish(struct top_sample *sample,
		       const struct top_sample *before);

const char *top_sample_name(const struct top_sample *sample,
			    const struct top_row *row);

/* Which is first by name or address; 0 if it is the same object. */
int top_row_compare(const struct top_sample *a, const struct top_row *x,
		    const struct top_sample *b, const struct top_row *y);

/* What all rows have together. */
void top_sample_sum(const struct top_sample *sample, struct top_row *sum);

#endif /* _SVCCTL_TOP_SAMPLE_H */
