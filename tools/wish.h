/* SPDX-License-Identifier: GPL-2.0 */
/* The configuration that a file describes. */
#ifndef _SVCCTL_WISH_H
#define _SVCCTL_WISH_H

#include "draft.h"

/**
 * struct wish - all of a file
 * @drafts: the services that there shall be; settled and sorted
 * @config: the keys that it names
 * @mentions: root of a tree, what was named in which line
 */
struct wish {
	struct list drafts;
	struct config config;
	void *mentions;
};

void wish_init(struct wish *wish);
void wish_free(struct wish *wish);

/*
 * Reads it whole, "-" is stdin; or complains about the first line that will not
 * do.  Returns the exit code.
 */
int wish_read(struct wish *wish, const char *file);

#endif /* _SVCCTL_WISH_H */
