/* SPDX-License-Identifier: GPL-2.0 */
/* Objects of a dump, kept. */
#ifndef _SVCCTL_COLLECTION_H
#define _SVCCTL_COLLECTION_H

#include "object.h"

/**
 * struct collection - objects of a dump
 * @objects: the objects
 * @names: of their services, char * each
 */
struct collection {
	struct list objects;
	struct list names;
};

/* @attr: SVCNAT_A_SERVICE, _FRONTEND, _ENDPOINT or _AFFINITY. */
void collection_init(struct collection *coll, int attr);
void *collection_add(struct collection *coll, const struct head *object);
void collection_empty(struct collection *coll);
void collection_free(struct collection *coll);

#endif /* _SVCCTL_COLLECTION_H */
