/* SPDX-License-Identifier: GPL-2.0 */
/* Configuration files in YAML, as JSON.  The only file with libyaml. */
#ifndef _SVCNATD_DOCUMENT_H
#define _SVCNATD_DOCUMENT_H

#include <jansson.h>
#include <stddef.h>

/*
 * The first document of @path: every scalar is a string, an empty or null one
 * is null.  NULL with a sentence in @error, which does not name @path.
 */
json_t *document_load(const char *path, char *error, size_t size);

#endif /* _SVCNATD_DOCUMENT_H */
