// SPDX-License-Identifier: GPL-2.0
/* Our version and the module's, which need not be the same. */
#include "cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "version.h"

/* NULL if the module is not loaded, or does not say. */
static const char *module_version(char *text, size_t size)
{
	char *line = host_line("/sys/module/svcnat/version", text, size);

	return line && *line ? line : NULL;
}

/* Whoever is older knows fewer commands, attributes and values. */
const char *version_doubt(char text[VERSION_DOUBT_SIZE], int error)
{
	const char *module;
	char version[64];

	*text = '\0';
	if (error != EOPNOTSUPP && error != EINVAL && error != ERANGE)
		return text;
	module = module_version(version, sizeof(version));
	if (module && strcmp(module, SVCNAT_VERSION))
		snprintf(text, VERSION_DOUBT_SIZE,
			 "; the module is version %s, svcctl %.64s", module,
			 SVCNAT_VERSION);
	return text;
}

static void print_json(const char *module)
{
	json_array(NULL);
	json_object(NULL);
	json_string("svcctl", SVCNAT_VERSION);
	json_string("module", module);
	json_end();
	json_end();
}

int cmd_version(struct words *w)
{
	const char *module;
	char text[64];
	int err = words_end(w);

	if (err)
		return err;
	module = module_version(text, sizeof(text));
	if (options.json) {
		print_json(module);
	} else {
		puts("svcctl " SVCNAT_VERSION);
		if (module)
			printf("module %s\n", module);
	}
	if (module && strcmp(module, SVCNAT_VERSION))
		complain("the module is version %s and svcctl %s: they work together, as far as both know what is asked for",
			 module, SVCNAT_VERSION);
	return 0;
}
