/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel refused, so that it is not asked the same all the time. */
#ifndef _SVCNATD_REFUSALS_H
#define _SVCNATD_REFUSALS_H

#include <stdbool.h>

#include "draft.h"
#include "index.h"

/**
 * struct refusals - services that were refused; none, if it is zeroed
 * @index: of them, by name
 * @nr: how many
 */
struct refusals {
	struct index index;
	size_t nr;
};

/* @wanted: what it was to be, or NULL if it was to go. */
void refusals_add(struct refusals *refusals, const char *name,
		  const struct draft *wanted);
void refusals_del(struct refusals *refusals, const char *name);
void refusals_clear(struct refusals *refusals);

/* Whether the very same was refused. */
bool refusals_have(const struct refusals *refusals, const char *name,
		   const struct draft *wanted);

#endif /* _SVCNATD_REFUSALS_H */
