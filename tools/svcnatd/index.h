/* SPDX-License-Identifier: GPL-2.0 */
/* Things in the order of their namespace and name. */
#ifndef _SVCNATD_INDEX_H
#define _SVCNATD_INDEX_H

/**
 * struct key - what each of them begins with
 * @namespace: first
 * @name: within it
 *
 * Must not change while it is in an index.
 */
struct key {
	const char *namespace;
	const char *name;
};

/**
 * struct index - which there are; none, if it is zeroed
 * @root: of a tree
 */
struct index {
	void *root;
};

typedef void (*index_fn)(void *item, void *arg);

/* NULL if it is not there. */
void *index_find(const struct index *index, const char *namespace,
		 const char *name);

/* Ends the program if there is no memory. */
void index_add(struct index *index, void *item);

void index_del(struct index *index, void *item);

/* In their order; none may be added or removed meanwhile. */
void index_each(const struct index *index, index_fn fn, void *arg);

void index_free(struct index *index, void (*fn)(void *item));

#endif /* _SVCNATD_INDEX_H */
