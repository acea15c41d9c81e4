// SPDX-License-Identifier: GPL-2.0
/*
 * An address that only the kernel refuses, such as a broadcast address or one
 * that somebody else has, is no reason to keep the rest of its service as it
 * was.  What the API server gave is not at fault; what somebody wrote may be.
 */
#include "remainder.h"

#include <stdlib.h>
#include <string.h>

static bool has_frontend(const struct draft *draft,
			 const struct frontend *frontend)
{
	return draft && draft->frontends.nr &&
	       bsearch(frontend, draft->frontends.item, draft->frontends.nr,
		       draft->frontends.size, frontend_compare);
}

static bool is_foreign(const struct frontend *frontend)
{
	return frontend->kind == SVCNAT_KIND_EXTERNAL ||
	       frontend->kind == SVCNAT_KIND_LB;
}

bool remainder_make(struct draft *draft, const struct draft *found)
{
	struct list *frontends = &draft->frontends;
	struct frontend *frontend;
	size_t i, nr = 0, all = frontends->nr;

	for (i = 0; i < all; i++) {
		frontend = list_at(frontends, i);
		if (is_foreign(frontend) && !has_frontend(found, frontend))
			list_free(&frontend->allow);
		else
			memmove(list_at(frontends, nr++), frontend,
				frontends->size);
	}
	frontends->nr = nr;
	return nr < all;
}
