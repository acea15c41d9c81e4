// SPDX-License-Identifier: GPL-2.0
/* One command: finds its object and runs it; help and version. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

static const struct object *const objects[] = {
	&object_service,
	&object_frontend,
	&object_endpoint,
	&object_affinity,
	&object_flow,
	&object_config,
	&object_stats,
	&object_simulate,
	&object_save,
	&object_apply,
	&object_monitor,
	&object_top,
	&object_doctor,
};

#define NR_OBJECTS	(sizeof(objects) / sizeof(*objects))

static void print_grammar(FILE *out, const struct object *object)
{
	const struct command *cmd;

	for (cmd = object->commands; cmd->word; cmd++)
		fprintf(out, "  %s%s%s%s%s\n", object->word,
			*cmd->word ? " " : "", cmd->word,
			*cmd->grammar ? " " : "", cmd->grammar);
}

void cmd_usage(FILE *out)
{
	size_t i;

	fputs("usage: svcctl [OPTION]... OBJECT COMMAND ...\n"
	      "       svcctl [OPTION]... -b FILE\n"
	      "\n", out);
	for (i = 0; i < NR_OBJECTS; i++)
		print_grammar(out, objects[i]);
	fputs("  version\n"
	      "  help [OBJECT]\n"
	      "\n"
	      "  -j, --json          print JSON\n"
	      "  -p, --pretty        indent it\n"
	      "  -s, --stats         show counters as well\n"
	      "  -N, --netns NETNS   act there: a name, or the path of a file\n"
	      "  -b, --batch FILE    run the commands in FILE, - for stdin\n"
	      "  -c, --color[=WHEN]  always (the default of -c), never, auto\n"
	      "  -h, --help          print this\n"
	      "  -V, --version       print versions\n"
	      "\n"
	      "exit status: 0, 1 malformed words or unknown network namespace,\n"
	      "2 refused by the kernel, 3 module not loaded or no permission\n",
	      out);
}

static const struct object *find_object(const char *word)
{
	size_t i;

	for (i = 0; i < NR_OBJECTS; i++)
		if (!strcmp(objects[i]->word, word))
			return objects[i];
	return NULL;
}

const struct object *cmd_object(size_t i)
{
	return i < NR_OBJECTS ? objects[i] : NULL;
}

static int no_object(struct words *w, const char *word)
{
	size_t i;

	for (i = 0; i < NR_OBJECTS; i++)
		words_expect(w, objects[i]->word);
	return words_unknown(w, word);
}

static int help(struct words *w)
{
	const struct object *object;
	const char *word;
	int err;

	if (!words_peek(w)) {
		cmd_usage(stdout);
		return 0;
	}
	err = words_take(w, "an object", &word);
	if (!err)
		err = words_end(w);
	if (err)
		return err;
	object = find_object(word);
	if (!object)
		return words_unknown(w, word);
	fputs("usage: svcctl [OPTION]...\n", stdout);
	print_grammar(stdout, object);
	printf("\n%s", object->notes);
	return 0;
}

static int run_command(const struct object *object, struct words *w)
{
	const struct command *cmd;
	const char *word;
	int err;

	if (!*object->commands->word)
		return object->commands->run(w);
	err = words_take(w, "a command", &word);
	if (err)
		return err;
	for (cmd = object->commands; cmd->word; cmd++) {
		if (!strcmp(cmd->word, word)) {
			w->command = cmd->word;
			w->nr_expected = 0;
			return cmd->run(w);
		}
		words_expect(w, cmd->word);
	}
	return words_unknown(w, word);
}

int cmd_run(char **words)
{
	struct words w = { .last = *words, .next = words + 1 };
	const struct object *object = find_object(*words);
	int code;

	if (object) {
		w.object = object->word;
		code = run_command(object, &w);
	} else if (!strcmp(*words, "help")) {
		w.object = "help";
		code = help(&w);
	} else if (!strcmp(*words, "version")) {
		w.object = "version";
		code = cmd_version(&w);
	} else if (!strcmp(*words, "complete")) {
		w.object = "complete";
		code = cmd_complete(&w);
	} else {
		words_expect(&w, "help");
		words_expect(&w, "version");
		code = no_object(&w, *words);
	}
	return code ? code : print_flush();
}
