/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A draft in as few bytes as it takes, for those that are kept: two that are the
 * same byte by byte say the same.
 */
#ifndef _SVCNATD_PACKED_H
#define _SVCNATD_PACKED_H

#include "draft.h"

struct packed;

/* @draft is settled.  To be freed with free(). */
struct packed *packed_make(const struct draft *draft);

/* NULL is the same as NULL alone. */
bool packed_equal(const struct packed *a, const struct packed *b);

/* Into a draft that was just begun, and is settled then. */
void packed_open(const struct packed *packed, const char *name,
		 struct draft *draft);

#endif /* _SVCNATD_PACKED_H */
