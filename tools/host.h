/* SPDX-License-Identifier: GPL-2.0 */
/* What the node says of itself, in files and through programs; read only. */
#ifndef _SVCCTL_HOST_H
#define _SVCCTL_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct utsname;

/* NULL if there is no such file.  Those below /proc are of our netns. */
FILE *host_open(const char *path);

/*
 * The output of a program in one of the usual directories, which takes nothing
 * from stdin and whose complaints go nowhere; NULL if it is not installed or
 * failed.  Ends with fclose().
 */
FILE *host_program(char *const argv[]);

/* What uname(2) says. */
void host_kernel(struct utsname *kernel);

/* The first line, without its end; or NULL. */
char *host_line(const char *path, char *text, size_t size);

/* Its first word is a number. */
bool host_number(const char *path, uint64_t *number);

#endif /* _SVCCTL_HOST_H */
