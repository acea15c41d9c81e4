// SPDX-License-Identifier: GPL-2.0
#include "options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "setting.h"

#define SETTINGS_MAX	64
#define FIRST		256	/* of getopt's values, behind all letters */

bool setting_refuse(const char *format, ...)
{
	char text[1024], *c;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* One line, whatever somebody's word put in. */
	for (c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == '\x7f')
			*c = '?';
	fprintf(stderr, "svcnatd: %s\n", text);
	return false;
}

static const struct setting *find(const char *word)
{
	const struct setting *setting = settings;

	while (setting->word && strcmp(setting->word, word))
		setting++;
	return setting;
}

/* The words as getopt_long() wants them. */
static void list_words(struct option words[SETTINGS_MAX])
{
	size_t i;

	memset(words, 0, SETTINGS_MAX * sizeof(*words));
	for (i = 0; i < SETTINGS_MAX - 1 && settings[i].word; i++) {
		words[i].name = settings[i].word;
		words[i].has_arg = settings[i].value ? required_argument :
						       optional_argument;
		words[i].val = FIRST + (int)i;
	}
}

/*
 * getopt_long() takes any beginning of a word that is of one word alone.  We do
 * not, lest a later word change what an old one meant.
 */
static bool is_whole(const struct setting *setting, const char *typed)
{
	size_t length = strcspn(typed, "=");

	return strlen(setting->word) == length &&
	       !strncmp(setting->word, typed, length);
}

static bool take(struct agent_options *options, const struct setting *setting,
		 const char *typed)
{
	const char *value = optarg ? optarg : "true";

	if (!strncmp(typed, "--", 2) && !is_whole(setting, typed + 2))
		return setting_refuse("unknown option \"%.200s\"", typed);
	if (setting->set(options, value))
		return true;
	return setting_refuse("--%s: expected %s, not \"%.200s\"",
			      setting->word, setting->expected, value);
}

static bool refuse_word(int value, const char *typed)
{
	if (value == ':')
		return setting_refuse("\"%.200s\" wants a value", typed);
	return setting_refuse("unknown option \"%.200s\"", typed);
}

/* @only: the one setting that is wanted yet, or NULL for all. */
static bool take_words(struct agent_options *options, int argc, char **argv,
		       const struct setting *only)
{
	const struct setting *setting;
	struct option words[SETTINGS_MAX];
	const char *typed;
	int value, at;

	list_words(words);
	optind = 0;
	opterr = 0;
	for (;;) {
		at = optind ? optind : 1;
		value = getopt_long(argc, argv, "+:hVv:", words, NULL);
		typed = at < argc ? argv[at] : "";
		if (value == -1)
			break;
		if (value == 'v')
			setting = find("v");
		else if (value == 'h' || value == 'V')
			setting = find(value == 'h' ? "help" : "version");
		else if (value >= FIRST)
			setting = &settings[value - FIRST];
		else
			return refuse_word(value, typed);
		if ((!only || only == setting) &&
		    !take(options, setting, typed))
			return false;
	}
	if (optind < argc)
		return setting_refuse("unknown word \"%.200s\"", argv[optind]);
	return true;
}

static void set_defaults(struct agent_options *options)
{
	char name[256] = "";

	memset(options, 0, sizeof(*options));
	options->cluster_cidr.size = sizeof(struct range);
	options->nodeport_addresses.size = sizeof(struct range);
	options->sync_period = 30000;
	options->api_watch = 300000;
	options->api_timeout = 60000;
	options->api_backoff = 500;
	options->api_backoff_max = 30000;
	find("healthz-bind-address")->set(options, "0.0.0.0");
	find("metrics-bind-address")->set(options, "127.0.0.1");
	if (!gethostname(name, sizeof(name) - 1))
		find("node")->set(options, name);
}

static bool check(const struct agent_options *options)
{
	if (options->task == TASK_HELP || options->task == TASK_VERSION)
		return true;
	if (!options->node)
		return setting_refuse("expected --node NAME, for the hostname is no name of a Node");
	if (options->from_file && options->task == TASK_RUN)
		return setting_refuse("expected --print or --once with --from-file");
	if (options->from_file || options->task != TASK_PRINT)
		return true;
	return setting_refuse("expected --from-file FILE with --print");
}

bool options_read(struct agent_options *options, int argc, char **argv)
{
	set_defaults(options);
	if (!take_words(options, argc, argv, find("config")))
		return false;
	if (options->config && !setting_read_file(options, options->config))
		return false;
	return take_words(options, argc, argv, NULL) && check(options);
}

void options_free(struct agent_options *options)
{
	free((char *)options->from_file);
	free((char *)options->node);
	free((char *)options->kubeconfig);
	free((char *)options->context);
	free((char *)options->master);
	free((char *)options->config);
	list_free(&options->cluster_cidr);
	list_free(&options->nodeport_addresses);
}

void options_help(void)
{
	const struct setting *setting;
	char word[48];

	puts("svcnatd [OPTION]...\n"
	     "The node agent of svcnat: keeps the kernel equal to what the cluster's\n"
	     "Services and EndpointSlices say.  OPTION is");
	for (setting = settings; setting->word; setting++) {
		if (!setting->help)
			continue;
		snprintf(word, sizeof(word), "%s%s%s%s",
			 setting->word[1] ? "--" : "-", setting->word,
			 setting->value ? " " : "",
			 setting->value ? setting->value : "");
		printf("  %-35s %s\n", word, setting->help);
	}
	puts("LIST is ranges of addresses with commas between them, 192.0.2.0/24 or\n"
	     "2001:db8::/32.  DURATION is 30s, 500ms or 1m30s.");
}
