// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "cleanup.h"
#include "describe.h"
#include "file.h"
#include "kernel.h"
#include "log.h"
#include "options.h"
#include "setting.h"
#include "sync.h"
#include "translate.h"
#include "version.h"
#include "wanted.h"

static bool flush(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return true;
	return setting_refuse("cannot write the output");
}

static void print_config(const struct agent_options *options,
			 const struct kube_node *node)
{
	struct config config;
	int attr;

	if (!node)
		log_line(LOG_WARNING, "our Node is not there, its ranges and addresses are not known",
			 LOG_TEXT("node", options->node));
	translate_config(options, node, &config);
	for (attr = 0; attr <= SVCNAT_CONFIG_A_MAX; attr++) {
		if (!has(&config, attr))
			continue;
		fputs("config set ", stdout);
		describe_key(stdout, &config, attr);
		putchar('\n');
	}
	object_free_lists(&object_types[SVCNAT_A_CONFIG], &config);
}

static void print_service(const struct draft *draft)
{
	fputs("service add ", stdout);
	describe_service(stdout, &draft->service,
			 (struct array){ draft->frontends.item,
					 draft->frontends.nr },
			 (struct array){ draft->endpoints.item,
					 draft->endpoints.nr });
	putchar('\n');
}

static bool print_all(const struct agent_options *options,
		      struct kube_store *store)
{
	struct wanted *wanted = wanted_new(store);
	struct list drafts;
	size_t i;

	drafts_init(&drafts);
	print_config(options, kube_store_node(store));
	wanted_update(wanted);
	wanted_all(wanted, &drafts);
	for (i = 0; i < drafts.nr; i++)
		print_service(list_at(&drafts, i));
	drafts_free(&drafts);
	wanted_free(wanted);
	return flush();
}

static bool print_file(const struct agent_options *options)
{
	struct kube_store *store = kube_store_new(options->node);
	bool good = file_read(store, options->from_file) &&
		    print_all(options, store);

	kube_store_free(store);
	return good;
}

static void ignore(const struct kube_entry *entry, void *arg)
{
	(void)entry;
	(void)arg;
}

static bool apply(const struct agent_options *options,
		  struct kube_store *store, struct kernel *kernel)
{
	struct sync *sync = sync_new(options, store, kernel, ignore, NULL);
	bool good = sync_run(sync, true) && !sync_refused(sync);

	sync_free(sync);
	return good;
}

static bool apply_file(const struct agent_options *options)
{
	struct kube_store *store = kube_store_new(options->node);
	struct kernel *kernel = kernel_ops.open();
	bool good = kernel && file_read(store, options->from_file) &&
		    apply(options, store, kernel);

	if (kernel)
		kernel_ops.close(kernel);
	kube_store_free(store);
	return good;
}

static bool clean_up(void)
{
	struct kernel *kernel = kernel_ops.open();
	bool good = kernel && cleanup(kernel);

	if (kernel)
		kernel_ops.close(kernel);
	return good;
}

static bool run(const struct agent_options *options)
{
	switch (options->task) {
	case TASK_HELP:
		options_help();
		return flush();
	case TASK_VERSION:
		puts("svcnatd " SVCNAT_VERSION);
		return flush();
	case TASK_PRINT:
		return print_file(options);
	case TASK_CLEANUP:
		return clean_up();
	case TASK_ONCE:
		if (options->from_file)
			return apply_file(options);
		return agent_run(options);
	case TASK_RUN:
		return agent_run(options);
	}
	return false;
}

int main(int argc, char **argv)
{
	struct agent_options options;
	bool good = options_read(&options, argc, argv);

	if (options.verbosity)
		log_level = LOG_DEBUG;
	good = good && run(&options);
	options_free(&options);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
