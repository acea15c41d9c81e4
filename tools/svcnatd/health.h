/* SPDX-License-Identifier: GPL-2.0 */
/* Whether the agent keeps up, as kube-proxy tells it: /healthz and /livez. */
#ifndef _SVCNATD_HEALTH_H
#define _SVCNATD_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "server.h"

/**
 * struct health - how it is
 * @timeout: microseconds after which what was not done yet is late
 * @queued: since when something waits, or 0; of the monotonic clock
 * @updated: when the kernel was made equal last, or 0; of the wall clock
 * @leaving: the node is about to go, so that no load balancer should use it
 * @healthz: how often /healthz was answered, well and not
 * @livez: the same of /livez
 */
struct health {
	uint64_t timeout;
	uint64_t queued;
	uint64_t updated;
	bool leaving;
	uint64_t healthz[2];
	uint64_t livez[2];
};

/* Something changed that the kernel does not know yet; and now it does. */
void health_queue(struct health *health);
void health_update(struct health *health);

bool health_is_good(const struct health *health);

/* A server_fn; @arg: struct health. */
bool health_answer(const char *path, uint16_t port,
		   struct server_answer *answer, void *arg);

/* Microseconds of the monotonic clock, and since 1970. */
uint64_t health_now(void);
uint64_t health_date(void);

#endif /* _SVCNATD_HEALTH_H */
