/* SPDX-License-Identifier: GPL-2.0 */
/* A part of kernel_fake.c: services in JSON. */
#ifndef _SVCNATD_KERNEL_FILE_H
#define _SVCNATD_KERNEL_FILE_H

#include <jansson.h>

#include "draft.h"
#include "words.h"

#define KERNEL_RANGE_SIZE	(ADDR_TEXT_SIZE + 4)

const char *kernel_file_range(char text[KERNEL_RANGE_SIZE],
			      const struct range *range);

json_t *kernel_file_write(const struct draft *draft);

/* Appends service @name, which @root is what the above made of. */
void kernel_file_read(struct list *drafts, const char *name,
		      const json_t *root);

#endif /* _SVCNATD_KERNEL_FILE_H */
