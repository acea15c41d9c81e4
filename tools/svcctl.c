// SPDX-License-Identifier: GPL-2.0
#include "cmd.h"
#include "lines.h"
#include "near.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options options;

static struct nl *nl;

struct nl *cmd_nl(void)
{
	return nl;
}

int cmd_try(const struct request *req, nl_reply_fn fn, void *arg)
{
	return nl_request(nl, req, fn, arg);
}

int cmd_complain(int code)
{
	char doubt[VERSION_DOUBT_SIZE];
	int error = code == NL_REFUSED ? nl_error(nl) : 0;

	complain("%s%s", nl_sentence(nl), version_doubt(doubt, error));
	return code;
}

/* How many services are looked at for a name that somebody may have meant. */
#define NAMES_MAX	16384

struct meant {
	struct near near;
	char name[SVCNAT_NAME_MAX + 1];
	unsigned int names;
};

static int try_name(const struct reply *reply, void *arg)
{
	const char *name = reply->service.head.service;
	struct meant *meant = arg;

	if (name && near_try(&meant->near, name)) {
		snprintf(meant->name, sizeof(meant->name), "%s", name);
		meant->near.best = meant->name;
	}
	return ++meant->names == NAMES_MAX;
}

/* No name if there is a service @name: then something else was not found. */
static void find_meant(const char *name, struct meant *meant)
{
	const struct request req = {
		.cmd = SVCNAT_CMD_SERVICE_GET,
		.dump = true,
		.subject = "service",
	};

	memset(meant, 0, sizeof(*meant));
	meant->near.word = name;
	nl_request(nl, &req, try_name, meant);
	if (!strcmp(meant->name, name))
		*meant->name = '\0';
}

int cmd_complain_about(int code, const char *name)
{
	char sentence[1024];
	struct meant meant;

	if (!name || !cmd_is_gone(code))
		return cmd_complain(code);
	snprintf(sentence, sizeof(sentence), "%s", nl_sentence(nl));
	find_meant(name, &meant);
	if (*meant.name)
		complain("%s, did you mean \"%s\"?", sentence, meant.name);
	else
		complain("%s", sentence);
	return code;
}

int cmd_device(const char *name, uint32_t *index)
{
	int code = nl_device(nl, name, index);

	return code ? cmd_complain(code) : 0;
}

bool cmd_is_gone(int code)
{
	return code == NL_REFUSED && nl_error(nl) == ENOENT;
}

static int run_line(char **words, unsigned long number, void *arg)
{
	(void)number;
	(void)arg;
	return cmd_run(words);
}

/* Options. */

struct arguments {
	const char *netns;
	const char *batch;
	bool help;
	bool version;
};

enum { COLOUR_LONG = 256 };

static const struct option longs[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "pretty", no_argument, NULL, 'p' },
	{ "stats", no_argument, NULL, 's' },
	{ "netns", required_argument, NULL, 'N' },
	{ "batch", required_argument, NULL, 'b' },
	{ "color", optional_argument, NULL, COLOUR_LONG },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

static int set_colours(const char *when)
{
	const char *no_color = getenv("NO_COLOR");

	if (!strcmp(when, "always"))
		print_colours(true);
	else if (!strcmp(when, "never"))
		print_colours(false);
	else if (!strcmp(when, "auto"))
		print_colours(isatty(STDOUT_FILENO) &&
			      !(no_color && *no_color));
	else
		return -1;
	return 0;
}

/* -c has its value behind a "=", which getopt leaves there. */
static int colour_option(const char *when, bool is_short)
{
	if (!when)
		return set_colours("always");
	if (!is_short || *when == '=') {
		if (!set_colours(when + is_short))
			return 0;
	}
	complain("unknown word \"%.200s\" for the colour, expected -c=auto, -c=always or -c=never",
		 when);
	return EXIT_WORDS;
}

static int unknown_option(const char *word)
{
	struct near near = { .word = word + strspn(word, "-") };
	const struct option *option;

	for (option = longs; option->name; option++)
		near_try(&near, option->name);
	if (near.best)
		complain("unknown option \"%.200s\", did you mean \"--%s\"?",
			 word, near.best);
	else
		complain("unknown option \"%.200s\"", word);
	return EXIT_WORDS;
}

static int bad_option(int c, char **argv)
{
	const char *word = argv[optind - 1];

	if (c == ':')
		complain("expected an argument after \"%.200s\"", word);
	else if (optopt && !strncmp(word, "--", 2))
		complain("unexpected argument in \"%.200s\"", word);
	else if (optopt)
		complain("unknown option \"-%c\"", optopt);
	else
		return unknown_option(word);
	return EXIT_WORDS;
}

static int take_option(int c, struct arguments *args, char **argv)
{
	switch (c) {
	case 'j':
		options.json = true;
		return 0;
	case 'p':
		json_pretty(true);
		return 0;
	case 's':
		options.stats = true;
		return 0;
	case 'N':
		args->netns = optarg;
		return 0;
	case 'b':
		args->batch = optarg;
		return 0;
	case 'c':
		return colour_option(optarg, true);
	case COLOUR_LONG:
		return colour_option(optarg, false);
	case 'h':
		args->help = true;
		return 0;
	case 'V':
		args->version = true;
		return 0;
	default:
		return bad_option(c, argv);
	}
}

static int take_options(int argc, char **argv, struct arguments *args)
{
	int c, err = 0;

	set_colours("auto");
	while (!err && (c = getopt_long(argc, argv, "+:jpsN:b:c::hV", longs,
					NULL)) != -1)
		err = take_option(c, args, argv);
	return err;
}

/* A name, as "ip netns" has them, or a path. */
static int open_netns(const char *name)
{
	static const char *const dirs[] = { "", "/run/netns/",
					    "/var/run/netns/" };
	bool is_path = strchr(name, '/');
	char path[4096];
	int fd = -1;
	size_t i;

	for (i = is_path ? 0 : 1; fd < 0 && i < (is_path ? 1 : 3); i++) {
		if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
			break;
		if (snprintf(path, sizeof(path), "%s%s", dirs[i], name) <
		    (int)sizeof(path))
			fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	return fd;
}

static int netns = -1;

bool cmd_enter(const char *name)
{
	int fd = open_netns(name);
	struct nl *there;

	if (fd < 0)
		return false;
	there = nl_alloc(fd);
	if (!there) {
		close(fd);
		return false;
	}
	nl_free(nl);
	if (netns >= 0)
		close(netns);
	nl = there;
	netns = fd;
	return true;
}

static int run_all(const struct arguments *args, char **words)
{
	static char *help_words[] = { "help", NULL };
	static char *version_words[] = { "version", NULL };

	if (args->help)
		return cmd_run(help_words);
	if (args->version)
		return cmd_run(version_words);
	if (args->batch && *words) {
		complain("unknown word \"%.200s\" after -b \"%.200s\"", *words,
			 args->batch);
		return EXIT_WORDS;
	}
	if (args->batch)
		return lines_read(args->batch, run_line, NULL);
	if (*words)
		return cmd_run(words);
	complain("expected an object, see \"svcctl help\"");
	return EXIT_WORDS;
}

static int run_there(const struct arguments *args, char **words)
{
	if (args->netns && !cmd_enter(args->netns)) {
		complain("unknown network namespace \"%.200s\"", args->netns);
		return EXIT_WORDS;
	}
	return run_all(args, words);
}

/* A socket that became our stdout would get the output. */
static void hold_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct arguments args = { .netns = NULL };
	int code;

	hold_standard_files();
	signal(SIGPIPE, SIG_IGN);
	code = take_options(argc, argv, &args);
	if (code)
		return code;
	nl = nl_alloc(netns);
	if (!nl) {
		complain("out of memory");
		return EXIT_WORDS;
	}
	code = run_there(&args, argv + optind);
	nl_free(nl);
	if (netns >= 0)
		close(netns);
	return code ? code : print_flush();
}
