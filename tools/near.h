/* SPDX-License-Identifier: GPL-2.0 */
/* Which word somebody meant who typed another. */
#ifndef _SVCCTL_NEAR_H
#define _SVCCTL_NEAR_H

#include <stdbool.h>

/**
 * struct near - the word that comes nearest to another
 * @word: what somebody typed
 * @distance: of the nearest so far; how many slips lie between, and one more
 * @best: that word if it is near enough, or NULL
 */
struct near {
	const char *word;
	unsigned int distance;
	const char *best;
};

/* Takes @candidate if it is near enough, and nearer than all before. */
bool near_try(struct near *near, const char *candidate);

#endif /* _SVCCTL_NEAR_H */
