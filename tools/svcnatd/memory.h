/* SPDX-License-Identifier: GPL-2.0 */
/* Memory, without which there is no agent: each of these ends the program. */
#ifndef _SVCNATD_MEMORY_H
#define _SVCNATD_MEMORY_H

#include <stddef.h>

#include "object.h"

_Noreturn void memory_end(void);

/* Zeroed. */
void *memory_new(size_t size);

char *memory_copy(const char *text);

/* Gives back what @list has no use for: there are many, and few of them grow. */
void memory_fit(struct list *list);

#endif /* _SVCNATD_MEMORY_H */
