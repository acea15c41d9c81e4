/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Services whose local endpoints somebody asks for: load balancers at their
 * healthCheckNodePort, and those who look after the cluster.
 */
#ifndef _SVCNATD_CHECKS_H
#define _SVCNATD_CHECKS_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "store.h"

struct checks;

/* @healthy tells whether the agent is.  NULL, and why is logged. */
struct checks *checks_new(sd_event *event, bool (*healthy)(void *arg),
			  void *arg);
void checks_free(struct checks *checks);

/* A Service as it is now, or is no more. */
void checks_look(struct checks *checks, const struct kube_entry *entry);

/* Listens where that was not possible before. */
void checks_retry(struct checks *checks);

/* How many Services have a policy that only a local endpoint would fulfil. */
size_t checks_internal_lost(const struct checks *checks);
size_t checks_external_lost(const struct checks *checks);

#endif /* _SVCNATD_CHECKS_H */
