// SPDX-License-Identifier: GPL-2.0
#include "kernel_version.h"

#include <stdlib.h>
#include <string.h>

/* Whatever is longer is no part of a version. */
#define DIGITS_MAX	5

static bool take_number(const char **at, unsigned int *number)
{
	size_t digits = strspn(*at, "0123456789");

	if (!digits || digits > DIGITS_MAX)
		return false;
	*number = (unsigned int)strtoul(*at, NULL, 10);
	*at += digits;
	return true;
}

/* "6.1.192", "6.1" or one of them with something else behind. */
static bool take_version(const char *at, struct kernel_version *kernel)
{
	kernel->sublevel = 0;
	if (!take_number(&at, &kernel->version) || *at != '.')
		return false;
	at++;
	if (!take_number(&at, &kernel->patchlevel))
		return false;
	if (*at != '.')
		return true;
	at++;
	return take_number(&at, &kernel->sublevel);
}

/*
 * Debian's 6.1 is 6.1.0 by its release, with the number of its ABI behind
 * (6.1.0-56-amd64); the version of its package is in what tells of its build.
 */
static void ask_debian(const char *build, struct kernel_version *kernel)
{
	static const char word[] = " Debian ";
	struct kernel_version package;
	const char *at = strstr(build, word);

	if (at && take_version(at + strlen(word), &package) &&
	    package.version == kernel->version &&
	    package.patchlevel == kernel->patchlevel)
		*kernel = package;
}

bool kernel_version_parse(const char *release, const char *build,
			  struct kernel_version *kernel)
{
	if (!take_version(release, kernel))
		return false;
	if (!kernel->sublevel)
		ask_debian(build, kernel);
	return true;
}

static int compare(unsigned int a, unsigned int b)
{
	return (a > b) - (a < b);
}

int kernel_version_compare(const struct kernel_version *a,
			   const struct kernel_version *b)
{
	int order = compare(a->version, b->version);

	if (!order)
		order = compare(a->patchlevel, b->patchlevel);
	return order ? order : compare(a->sublevel, b->sublevel);
}
