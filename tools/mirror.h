/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The services as events tell of them: what was lost shows in the difference to
 * what is there.
 */
#ifndef _SVCCTL_MIRROR_H
#define _SVCCTL_MIRROR_H

#include "nl.h"
#include "snapshot.h"

/**
 * struct mirror - services
 * @root: of a tree of drafts, by name
 */
struct mirror {
	void *root;
};

void mirror_init(struct mirror *mirror);
void mirror_free(struct mirror *mirror);

/* What an event says about services; false if that was known already. */
bool mirror_event(struct mirror *mirror, const struct reply *event);

/*
 * Becomes as @snap is, and calls @fn, if it is not NULL, with the events that
 * would have told so.  What @fn returns does not matter.
 */
void mirror_catch_up(struct mirror *mirror, const struct snapshot *snap,
		     nl_reply_fn fn, void *arg);

#endif /* _SVCCTL_MIRROR_H */
