/* SPDX-License-Identifier: GPL-2.0 */
/* The module, as the agent sees it; in tests it is a file. */
#ifndef _SVCNATD_KERNEL_H
#define _SVCNATD_KERNEL_H

#include <stdbool.h>
#include <stdio.h>

#include "draft.h"

/**
 * enum kernel_code - what became of it
 * @KERNEL_DONE: it is so now
 * @KERNEL_REFUSED: it is as it was, or partly: only reading it tells
 * @KERNEL_ABSENT: there is no module, or no permission; nothing will work
 */
enum kernel_code {
	KERNEL_DONE,
	KERNEL_REFUSED,
	KERNEL_ABSENT,
};

/* A service that was refused, and why, in a sentence. */
typedef void (*kernel_refused_fn)(const char *name, const char *sentence,
				  void *arg);

struct kernel;

/**
 * struct kernel_ops - what can be asked of it
 * @open: before all else; NULL if there is no memory
 * @close: after all else
 * @read: append service @name, if there is one, or all if that is NULL, to
 *	@drafts, settled
 * @apply: make services that are as in @old as they are in @wanted; those of
 *	@old that @wanted does not name go.  Both are settled and sorted.  Calls
 *	@refused for each that is not so then, and goes on with the others
 * @config_set: give the keys that @config gives its values, those of them that
 *	have others
 * @meddled: has anybody else changed something since all was read last?  True
 *	where that is not known
 * @stats: write its counters and those of services as metrics
 * @endpoint_stats: write those of endpoints, of which there may be very many
 * @sentence: about the last thing that failed
 *
 * Those that return int return enum kernel_code; @apply something else than
 * KERNEL_DONE if it could not go on.
 */
struct kernel_ops {
	struct kernel *(*open)(void);
	void (*close)(struct kernel *kernel);
	int (*read)(struct kernel *kernel, const char *name,
		    struct list *drafts);
	int (*apply)(struct kernel *kernel, const struct list *old,
		     const struct list *wanted, kernel_refused_fn refused,
		     void *arg);
	int (*config_set)(struct kernel *kernel, const struct config *config);
	bool (*meddled)(struct kernel *kernel);
	void (*stats)(struct kernel *kernel, FILE *out);
	void (*endpoint_stats)(struct kernel *kernel, FILE *out);
	const char *(*sentence)(const struct kernel *kernel);
};

/* The one that is linked in. */
extern const struct kernel_ops kernel_ops;

#endif /* _SVCNATD_KERNEL_H */
