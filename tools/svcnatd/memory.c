// SPDX-License-Identifier: GPL-2.0
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void memory_end(void)
{
	fputs("svcnatd: out of memory\n", stderr);
	exit(EXIT_FAILURE);
}

void *memory_new(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		memory_end();
	return memory;
}

char *memory_copy(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		memory_end();
	return copy;
}

void memory_fit(struct list *list)
{
	char *item;

	if (!list->nr) {
		list_free(list);
		return;
	}
	item = reallocarray(list->item, list->nr, list->size);
	if (item) {
		list->item = item;
		list->room = list->nr;
	}
}
