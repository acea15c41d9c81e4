/* SPDX-License-Identifier: GPL-2.0 */
/* Objects from a file, as kubectl get -o json prints them. */
#ifndef _SVCNATD_FILE_H
#define _SVCNATD_FILE_H

#include <stdbool.h>

#include "store.h"

/*
 * All of what @path says, "-" for stdin: Lists, and objects alone, one after the
 * other.  False, with a sentence on stderr, if it is not JSON or none of that.
 */
bool file_read(struct kube_store *store, const char *path);

#endif /* _SVCNATD_FILE_H */
