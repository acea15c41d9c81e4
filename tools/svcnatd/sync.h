/* SPDX-License-Identifier: GPL-2.0 */
/* Makes the kernel equal to the store, a change at a time. */
#ifndef _SVCNATD_SYNC_H
#define _SVCNATD_SYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel.h"
#include "options.h"
#include "store.h"

/**
 * struct sync_counts - what happened so far
 * @full: how often all of the kernel was read
 * @failed: how often the kernel could not be asked
 * @changed: services that were sent to it
 * @refused: of those, how many it refused
 * @drifted: services that it was found to have otherwise than it was told
 */
struct sync_counts {
	uint64_t full;
	uint64_t failed;
	uint64_t changed;
	uint64_t refused;
	uint64_t drifted;
};

/* Told of each Service that was looked at; @entry may have no Service now. */
typedef void (*sync_look_fn)(const struct kube_entry *entry, void *arg);

struct sync;

/* All of the arguments stay the caller's. */
struct sync *sync_new(const struct agent_options *options,
		      struct kube_store *store, struct kernel *kernel,
		      sync_look_fn look, void *arg);
void sync_free(struct sync *sync);

/*
 * Makes what changed in the store true in the kernel; @full: and looks whether
 * all else is true there, and tries again what was refused.  The first time is
 * always so.  False, and why is logged, if the kernel could not be asked.
 */
bool sync_run(struct sync *sync, bool full);

/* How many services there shall be; how many of them are refused. */
size_t sync_services(const struct sync *sync);
size_t sync_refused(const struct sync *sync);

const struct sync_counts *sync_counts(const struct sync *sync);

/* Whether we would give a service of the kernel such a name. */
bool sync_is_ours(const char *service);

#endif /* _SVCNATD_SYNC_H */
