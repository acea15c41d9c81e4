// SPDX-License-Identifier: GPL-2.0
#include "host.h"

#include <inttypes.h>
#include <string.h>

char *host_line(const char *path, char *text, size_t size)
{
	FILE *file = host_open(path);
	char *line;

	if (!file)
		return NULL;
	line = fgets(text, (int)size, file);
	fclose(file);
	if (line)
		line[strcspn(line, "\n")] = '\0';
	return line;
}

bool host_number(const char *path, uint64_t *number)
{
	char text[64];

	return host_line(path, text, sizeof(text)) &&
	       sscanf(text, "%" SCNu64, number) == 1;
}
