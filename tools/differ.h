/* SPDX-License-Identifier: GPL-2.0 */
/* What is different between two states of the same objects. */
#ifndef _SVCCTL_DIFFER_H
#define _SVCCTL_DIFFER_H

#include "object.h"

/**
 * struct array - objects that somebody else owns
 * @item: the first one
 * @nr: how many
 */
struct array {
	const void *item;
	size_t nr;
};

/* Called for each object that there is; NULL where it is missing. */
typedef void (*differ_fn)(const void *old, const void *new, void *arg);

/* Both arrays are sorted by @compare, and have nothing twice. */
void differ(struct array old, struct array new, size_t size,
	    int (*compare)(const void *, const void *), differ_fn fn,
	    void *arg);

/* Which attributes have another value, among those that can be set. */
uint64_t service_differs(const struct service *a, const struct service *b);
uint64_t frontend_differs(const struct frontend *a, const struct frontend *b);
uint64_t endpoint_differs(const struct endpoint *a, const struct endpoint *b);

/* The same, among the keys that @a gives; lists are sorted. */
uint64_t config_differs(const struct config *a, const struct config *b);

#endif /* _SVCCTL_DIFFER_H */
