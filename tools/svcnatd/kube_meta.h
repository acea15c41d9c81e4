/* SPDX-License-Identifier: GPL-2.0 */
/* What the parsers of all kinds of objects begin and end with. */
#ifndef _SVCNATD_KUBE_META_H
#define _SVCNATD_KUBE_META_H

#include "kube.h"
#include "spot.h"

/**
 * struct kube_reading - an object that is being parsed
 * @subject: for the log
 * @root: the object
 * @metadata: its metadata
 * @labels: theirs; without a value if there are none
 */
struct kube_reading {
	struct subject subject;
	struct spot root;
	struct spot metadata;
	struct spot labels;
};

/*
 * False, and it is logged, if the object has no good name.  @meta is all there
 * then or not at all.
 */
bool kube_begin(struct kube_reading *r, const char *kind, bool namespaced,
		const json_t *object, struct kube_meta *meta);

/* Whether KUBE_SELECTOR would leave it out. */
bool kube_is_anothers(const struct kube_reading *r);

/*
 * The name of a port, empty if it has none; NULL, and it is logged, if that is
 * malformed.
 */
const char *kube_port_name(const struct spot *port);

/* TCP if it does not say; 0, and it is logged, if it is none that we know. */
uint8_t kube_proto(const struct spot *port);

void kube_meta_free(struct kube_meta *meta);
bool kube_meta_equal(const struct kube_meta *a, const struct kube_meta *b);

bool kube_list_equal(const struct list *a, const struct list *b);

#endif /* _SVCNATD_KUBE_META_H */
