// SPDX-License-Identifier: GPL-2.0
/*
 * "complete [--] WORD...": prints what the last WORD, which may be empty, can
 * become, one candidate a line, and ":file" if that is the name of a file.
 * Says nothing of what goes wrong: somebody is typing.
 */
#include "complete.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX	1024

void line_offer(struct line *line, const char *word)
{
	const char *begun = line->words[line->last];
	char *copy;

	if (strncmp(word, begun, strlen(begun)))
		return;
	copy = strdup(word);
	if (copy)
		*(char **)list_add(&line->found) = copy;
}

void line_offer_files(struct line *line)
{
	char *copy = strdup(":file");

	if (copy)
		*(char **)list_add(&line->found) = copy;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The same may have been found on several ways. */
static void print_found(struct list *found)
{
	const char *last = NULL;
	char *word;
	size_t i;

	list_sort(found, compare);
	for (i = 0; i < found->nr; i++) {
		word = *(char **)list_at(found, i);
		if (!last || strcmp(last, word))
			puts(word);
		last = word;
	}
	for (i = 0; i < found->nr; i++)
		free(*(char **)list_at(found, i));
	list_free(found);
}

/* Options. */

static void offer_options(struct line *line)
{
	static const char *const words[] = {
		"-j", "--json", "-p", "--pretty", "-s", "--stats",
		"-N", "--netns", "-b", "--batch", "-c", "-c=always",
		"-c=never", "-c=auto", "--color", "--color=always",
		"--color=never", "--color=auto", "-h", "--help", "-V",
		"--version",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		line_offer(line, words[i]);
}

static void offer_netns(struct line *line)
{
	DIR *dir = opendir("/run/netns");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (*entry->d_name != '.')
			line_offer(line, entry->d_name);
	if (dir)
		closedir(dir);
	if (strchr(line->words[line->last], '/'))
		line_offer_files(line);
}

/* Whether the next word belongs to @option, of which only the last letter. */
static bool takes_word(const char *option, char letter, const char *name)
{
	if (option[1] == '-')
		return !strcmp(option + 2, name);
	return option[strlen(option) - 1] == letter && option[1] != 'c';
}

static void offer_value(struct line *line, bool netns)
{
	if (netns)
		offer_netns(line);
	else
		line_offer_files(line);
}

static const char *line_take(struct line *line)
{
	line->last--;
	return *line->words++;
}

/*
 * Behind one option, in its netns; false if the last word is its own, or there
 * is no such netns.
 */
static bool skip_option(struct line *line)
{
	const char *option = line_take(line);
	bool netns = takes_word(option, 'N', "netns");

	if (!strncmp(option, "--netns=", 8))
		return cmd_enter(option + 8);
	if (!netns && !takes_word(option, 'b', "batch"))
		return true;
	if (!line->last) {
		offer_value(line, netns);
		return false;
	}
	option = line_take(line);
	return !netns || cmd_enter(option);
}

static bool skip_options(struct line *line)
{
	while (*line->words[0] == '-') {
		if (!line->last) {
			offer_options(line);
			return false;
		}
		if (!skip_option(line))
			return false;
	}
	return true;
}

/* Objects and commands. */

static const struct command *find_command(const struct object *object,
					  const char *word, size_t length)
{
	const struct command *cmd;

	for (cmd = object->commands; cmd->word; cmd++)
		if (strlen(cmd->word) == length &&
		    !strncmp(cmd->word, word, length))
			return cmd;
	return NULL;
}

/* Some say that theirs is "(as OTHER)". */
static const char *grammar_of(const struct object *object,
			      const struct command *cmd)
{
	const char *as = strstr(cmd->grammar, "(as ");

	if (!as)
		return cmd->grammar;
	as += strlen("(as ");
	cmd = find_command(object, as, strcspn(as, ")"));
	return cmd ? cmd->grammar : "";
}

static void complete_object(struct line *line)
{
	const struct object *object = line->object;
	const struct command *cmd = object->commands;
	size_t from = *cmd->word ? 2 : 1;

	if (from == 2 && line->last == 1) {
		for (; cmd->word; cmd++)
			line_offer(line, cmd->word);
		return;
	}
	if (from == 2)
		cmd = find_command(object, line->words[1],
				   strlen(line->words[1]));
	line->command = cmd;
	if (cmd)
		grammar_walk(line, grammar_of(object, cmd), from);
}

static const struct object *find_object(const char *word)
{
	const struct object *object;
	size_t i;

	for (i = 0; (object = cmd_object(i)); i++)
		if (!strcmp(object->word, word))
			return object;
	return NULL;
}

static void complete_line(struct line *line)
{
	if (!line->last) {
		grammar_walk(line, "OBJECT|version|help", 0);
		return;
	}
	line->object = find_object(line->words[0]);
	if (line->object)
		complete_object(line);
	else if (!strcmp(line->words[0], "help"))
		grammar_walk(line, "OBJECT", 1);
}

int cmd_complete(struct words *w)
{
	struct line line = { .found.size = sizeof(char *) };

	words_match(w, "--");
	line.words = w->next;
	while (w->next[line.last])
		line.last++;
	if (!line.last || line.last > WORDS_MAX)
		return 0;
	line.last--;
	if (skip_options(&line))
		complete_line(&line);
	print_found(&line.found);
	return 0;
}
