/* SPDX-License-Identifier: GPL-2.0 */
/* What is left of a service that the kernel refused, and may be served. */
#ifndef _SVCNATD_REMAINDER_H
#define _SVCNATD_REMAINDER_H

#include <stdbool.h>

#include "draft.h"

/*
 * Takes from @draft the external addresses and those of load balancers that are
 * not in @found, which is what the kernel has of it, or NULL.  Both are settled.
 * False if there are none.
 */
bool remainder_make(struct draft *draft, const struct draft *found);

#endif /* _SVCNATD_REMAINDER_H */
