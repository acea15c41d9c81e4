/* SPDX-License-Identifier: GPL-2.0 */
/* What certificates and keys are wrapped in. */
#ifndef _SVCNATD_BASE64_H
#define _SVCNATD_BASE64_H

#include <stddef.h>

/* NULL if it is malformed or there is no memory; the caller frees it. */
void *base64_decode(const char *text, size_t *size);

#endif /* _SVCNATD_BASE64_H */
