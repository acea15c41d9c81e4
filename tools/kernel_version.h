/* SPDX-License-Identifier: GPL-2.0 */
/* Which Linux a kernel is, by what uname(2) says of it.  No libnl. */
#ifndef _SVCCTL_KERNEL_VERSION_H
#define _SVCCTL_KERNEL_VERSION_H

#include <stdbool.h>

/* As the kernel's own Makefile calls them: 6.1.192 is 6, 1 and 192. */
struct kernel_version {
	unsigned int version;
	unsigned int patchlevel;
	unsigned int sublevel;
};

/*
 * @release and @build are what "uname -r" and "uname -v" print.  False if they
 * do not tell.
 */
bool kernel_version_parse(const char *release, const char *build,
			  struct kernel_version *kernel);

/* Below, equal to or above 0, as strcmp(). */
int kernel_version_compare(const struct kernel_version *a,
			   const struct kernel_version *b);

#endif /* _SVCCTL_KERNEL_VERSION_H */
