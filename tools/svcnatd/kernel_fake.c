// SPDX-License-Identifier: GPL-2.0
/*
 * Plays the module to the agent, for tests, in directory $SVCNATD_FAKE:
 *
 *	services/NAME	what there is of one, in JSON; a / in NAME is a %
 *	config		the configuration, in JSON
 *	log		what was asked, a line each before it is done: new, replace,
 *			del, config
 *	refuse		names of services to be refused, a line each, or where
 *			frontends are that are
 *	endpoints	what is said about endpoints, if it is there
 *	absent		if it is there, the module is not
 *	quiet		if it is there, nobody else has changed anything
 */
#include "kernel.h"

#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel_file.h"
#include "memory.h"
#include "packed.h"
#include "words.h"

struct kernel {
	const char *dir;
	char sentence[256];
};

static struct kernel *open_kernel(void)
{
	struct kernel *kernel = memory_new(sizeof(*kernel));

	kernel->dir = getenv("SVCNATD_FAKE");
	if (!kernel->dir)
		abort();
	return kernel;
}

static void close_kernel(struct kernel *kernel)
{
	free(kernel);
}

static const char *sentence(const struct kernel *kernel)
{
	return kernel->sentence;
}

static FILE *open_file(const struct kernel *kernel, const char *name,
		       const char *mode)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", kernel->dir, name);
	return fopen(path, mode);
}

static const char *file_name(char path[512], const char *service)
{
	char *c;

	snprintf(path, 512, "services/%s", service);
	for (c = path + 9; *c; c++)
		if (*c == '/')
			*c = '%';
	return path;
}

static bool is_absent(struct kernel *kernel)
{
	FILE *file = open_file(kernel, "absent", "r");

	if (!file)
		return false;
	fclose(file);
	strcpy(kernel->sentence, "the svcnat module is not loaded");
	return true;
}

__attribute__((format(printf, 2, 3)))
static void note(const struct kernel *kernel, const char *format, ...)
{
	FILE *file = open_file(kernel, "log", "a");
	va_list args;

	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	putc('\n', file);
	fclose(file);
}

static void load_file(struct kernel *kernel, const char *name,
		      struct list *drafts)
{
	char path[512];
	FILE *file = open_file(kernel, file_name(path, name), "r");
	json_t *root;

	if (!file)
		return;
	root = json_loadf(file, 0, NULL);
	fclose(file);
	kernel_file_read(drafts, name, root);
	json_decref(root);
}

static void load_all(struct kernel *kernel, struct list *drafts)
{
	const struct dirent *entry;
	char path[4096], name[512];
	DIR *dir;
	char *c;

	snprintf(path, sizeof(path), "%s/services", kernel->dir);
	dir = opendir(path);
	while ((entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(name, sizeof(name), "%s", entry->d_name);
		for (c = name; *c; c++)
			if (*c == '%')
				*c = '/';
		load_file(kernel, name, drafts);
	}
	closedir(dir);
	drafts_sort(drafts);
}

static int read_services(struct kernel *kernel, const char *name,
			 struct list *drafts)
{
	if (is_absent(kernel))
		return KERNEL_ABSENT;
	if (name)
		load_file(kernel, name, drafts);
	else
		load_all(kernel, drafts);
	return KERNEL_DONE;
}

/* Changes. */

static bool is_named(const struct draft *draft, const char *line)
{
	char text[ADDR_TEXT_SIZE];
	size_t i;

	if (!strcmp(line, draft->service.head.service))
		return true;
	for (i = 0; i < draft->frontends.nr; i++)
		if (!strcmp(line, format_frontend(text,
						  list_at(&draft->frontends,
							  i))))
			return true;
	return false;
}

static bool is_refused(const struct kernel *kernel, const struct draft *draft)
{
	FILE *file = open_file(kernel, "refuse", "r");
	bool refused = false;
	char line[256];

	while (file && !refused && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		refused = is_named(draft, line);
	}
	if (file)
		fclose(file);
	return refused;
}

static void save(struct kernel *kernel, const struct draft *draft)
{
	char path[512], to[4096], from[4096];
	FILE *file = open_file(kernel, "next", "w");
	json_t *root = kernel_file_write(draft);

	json_dumpf(root, file, JSON_COMPACT);
	fclose(file);
	json_decref(root);
	snprintf(from, sizeof(from), "%s/next", kernel->dir);
	snprintf(to, sizeof(to), "%s/%s", kernel->dir,
		 file_name(path, draft->service.head.service));
	if (rename(from, to))
		abort();
}

static void delete(struct kernel *kernel, const char *name)
{
	char path[512], full[4096];

	snprintf(full, sizeof(full), "%s/%s", kernel->dir,
		 file_name(path, name));
	note(kernel, "del %s", name);
	unlink(full);
}

static bool are_equal(const struct draft *a, const struct draft *b)
{
	struct packed *x = packed_make(a), *y = packed_make(b);
	bool equal = packed_equal(x, y);

	free(x);
	free(y);
	return equal;
}

static void make(struct kernel *kernel, const struct draft *old,
		 const struct draft *wanted, kernel_refused_fn refused,
		 void *arg)
{
	const char *name = wanted->service.head.service;

	if (old && are_equal(old, wanted))
		return;
	if (is_refused(kernel, wanted)) {
		refused(name, "refused, as asked", arg);
		return;
	}
	note(kernel, "%s %s", old ? "replace" : "new", name);
	save(kernel, wanted);
}

static int apply(struct kernel *kernel, const struct list *old,
		 const struct list *wanted, kernel_refused_fn refused,
		 void *arg)
{
	const struct draft *draft;
	const char *name;
	size_t i;

	if (is_absent(kernel))
		return KERNEL_ABSENT;
	for (i = 0; i < old->nr; i++) {
		draft = list_at(old, i);
		name = draft->service.head.service;
		if (!drafts_find(wanted, name))
			delete(kernel, name);
	}
	for (i = 0; i < wanted->nr; i++) {
		draft = list_at(wanted, i);
		name = draft->service.head.service;
		make(kernel, drafts_find(old, name), draft, refused, arg);
	}
	return KERNEL_DONE;
}

/* The configuration. */

static json_t *ranges_of(const struct list *ranges)
{
	json_t *all = json_array();
	char text[KERNEL_RANGE_SIZE];
	size_t i;

	for (i = 0; i < ranges->nr; i++) {
		kernel_file_range(text, list_at(ranges, i));
		json_array_append_new(all, json_string(text));
	}
	return all;
}

static json_t *load_config(const struct kernel *kernel)
{
	FILE *file = open_file(kernel, "config", "r");
	json_t *root = NULL;

	if (file) {
		root = json_loadf(file, 0, NULL);
		fclose(file);
	}
	return root ? root : json_object();
}

static int config_set(struct kernel *kernel, const struct config *config)
{
	static const struct {
		int attr;
		const char *word;
	} keys[] = {
		{ SVCNAT_CONFIG_A_POD_CIDR, "pod-cidr" },
		{ SVCNAT_CONFIG_A_NODEPORT_ADDRESSES, "nodeport-addresses" },
	};
	const struct list *ranges;
	json_t *now, *next;
	uint32_t all;
	FILE *file;
	size_t i;

	if (is_absent(kernel))
		return KERNEL_ABSENT;
	now = load_config(kernel);
	next = json_deep_copy(now);
	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		ranges = &config->ranges[keys[i].attr];
		if (has(config, keys[i].attr))
			json_object_set_new(next, keys[i].word,
					    ranges_of(ranges));
	}
	all = config->value[SVCNAT_CONFIG_A_MASQUERADE_ALL];
	if (has(config, SVCNAT_CONFIG_A_MASQUERADE_ALL))
		json_object_set_new(next, "masquerade-all", json_boolean(all));
	if (!json_equal(now, next)) {
		note(kernel, "config");
		file = open_file(kernel, "config", "w");
		json_dumpf(next, file, JSON_COMPACT | JSON_SORT_KEYS);
		fclose(file);
	}
	json_decref(now);
	json_decref(next);
	return KERNEL_DONE;
}

static bool meddled(struct kernel *kernel)
{
	FILE *file = open_file(kernel, "quiet", "r");

	if (file)
		fclose(file);
	return !file;
}

static void stats(struct kernel *kernel, FILE *out)
{
	(void)kernel;
	fputs("svcnat_fake 1\n", out);
}

static void endpoint_stats(struct kernel *kernel, FILE *out)
{
	FILE *file = open_file(kernel, "endpoints", "r");
	int c;

	if (!file) {
		stats(kernel, out);
		return;
	}
	while ((c = getc(file)) != EOF)
		putc(c, out);
	fclose(file);
}

const struct kernel_ops kernel_ops = {
	.open = open_kernel,
	.close = close_kernel,
	.read = read_services,
	.apply = apply,
	.config_set = config_set,
	.meddled = meddled,
	.stats = stats,
	.endpoint_stats = endpoint_stats,
	.sentence = sentence,
};
