/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel shall have, and what of it is not there yet. */
#ifndef _SVCNATD_WANTED_H
#define _SVCNATD_WANTED_H

#include "draft.h"
#include "store.h"

struct wanted;

/* @store stays the caller's, but nobody else takes from it. */
struct wanted *wanted_new(struct kube_store *store);
void wanted_free(struct wanted *wanted);

/* @look is called for each Service that wanted_update() looks at. */
void wanted_set_look(struct wanted *wanted,
		     void (*look)(const struct kube_entry *entry, void *arg),
		     void *arg);

/* Looks at what changed in the store.  Returns whether anything is to be sent. */
bool wanted_update(struct wanted *wanted);

/* All of it, as drafts, sorted by name. */
void wanted_all(struct wanted *wanted, struct list *drafts);

/*
 * Services that differ from what was settled, as drafts sorted by name: as they
 * were settled, if they were, and as they shall be, if they shall.
 */
void wanted_changes(struct wanted *wanted, struct list *before,
		    struct list *after);

/* The kernel has all of it, or what one service shall be. */
void wanted_settle(struct wanted *wanted);
void wanted_settle_one(struct wanted *wanted, const char *name);

/*
 * The kernel was found to have @found, sorted, and no others; or what one
 * service is, NULL if there is none.  What differs from what was settled is
 * settled so; @drifted is called for each that differs though it was all right.
 */
void wanted_found(struct wanted *wanted, const struct list *found,
		  void (*drifted)(const char *name, void *arg), void *arg);
void wanted_found_one(struct wanted *wanted, const char *name,
		      const struct draft *found);

/* How many services there shall be, and how many endpoints they have. */
size_t wanted_services(const struct wanted *wanted);

#endif /* _SVCNATD_WANTED_H */
