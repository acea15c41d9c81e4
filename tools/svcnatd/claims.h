/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose an address and port is if several services want it: the module gives a
 * frontend to one of them alone.
 */
#ifndef _SVCNATD_CLAIMS_H
#define _SVCNATD_CLAIMS_H

#include "draft.h"

/**
 * struct claimant - a service that wants frontends
 * @name: of it
 * @arg: for the callback
 * @claims: what it wants; none, if it is zeroed
 */
struct claimant {
	const char *name;
	void *arg;
	struct list claims;
};

/**
 * struct claims - who wants what
 * @root: of a tree
 * @moved: what another one did gives @claimant a frontend, or takes one
 *
 * None, if all but @moved is zeroed.
 */
struct claims {
	void *root;
	void (*moved)(struct claimant *claimant);
};

/*
 * It wants the frontends of @draft, and no others any more; of those it gets the
 * ones that stay in the draft.  A cluster address goes before others, because
 * the API server gave it; then the older object goes first, of which @created
 * is the time; then the name that is first in the alphabet.
 */
void claims_take(struct claims *claims, struct claimant *claimant,
		 struct draft *draft, int64_t created);

/* It wants nothing any more. */
void claims_drop(struct claims *claims, struct claimant *claimant);

#endif /* _SVCNATD_CLAIMS_H */
