// SPDX-License-Identifier: GPL-2.0
#include "near.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define LONGEST		127	/* of a word that is looked at */
#define SHORTEST	2	/* of a beginning that tells the word */
#define MOST_SLIPS	2	/* and no more than one in three letters */

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/*
 * A letter too many, too few or wrong, or two that changed places, is one slip.
 * A capital is none.
 */
static unsigned int slips(const char *a, const char *b)
{
	unsigned int rows[3][LONGEST + 1];
	unsigned int *before = rows[0], *above = rows[1], *row = rows[2];
	unsigned int *spare;
	size_t i, j, length = strlen(b);

	for (j = 0; j <= length; j++)
		row[j] = (unsigned int)j;
	for (i = 1; a[i - 1]; i++) {
		spare = before;
		before = above;
		above = row;
		row = spare;
		row[0] = (unsigned int)i;
		for (j = 1; j <= length; j++) {
			row[j] = above[j - 1] + !same(a[i - 1], b[j - 1]);
			row[j] = least(row[j], above[j] + 1);
			row[j] = least(row[j], row[j - 1] + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
			    same(a[i - 2], b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return row[length];
}

/* Does one of them, long enough to tell, begin the other? */
static bool is_beginning(const char *a, size_t a_length, const char *b,
			 size_t b_length)
{
	size_t length = a_length < b_length ? a_length : b_length;

	/* "delete" means "del", but "lbx" does not mean "lb". */
	if (length < (b_length < a_length ? SHORTEST + 1 : SHORTEST))
		return false;
	return !strncasecmp(a, b, length);
}

bool near_try(struct near *near, const char *candidate)
{
	size_t length = strlen(near->word), other = strlen(candidate);
	size_t longer = length > other ? length : other;
	unsigned int distance, most;

	if (longer > LONGEST)
		return false;
	most = least((unsigned int)longer / 3, MOST_SLIPS);
	distance = slips(near->word, candidate);
	if (distance > most) {
		if (!is_beginning(near->word, length, candidate, other))
			return false;
		distance = most;
	}
	if (near->best && distance + 1 >= near->distance)
		return false;
	near->distance = distance + 1;
	near->best = candidate;
	return true;
}
