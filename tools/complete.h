/* SPDX-License-Identifier: GPL-2.0 */
/* What may stand next on a command line, for the shells' completion. */
#ifndef _SVCCTL_COMPLETE_H
#define _SVCCTL_COMPLETE_H

#include "cmd.h"

/**
 * struct line - a command line that is being typed
 * @words: its words, behind the options; the last one is not finished, perhaps
 *	empty
 * @last: which one that is
 * @object: what the first word names, or NULL
 * @command: what the second word names, or NULL
 * @found: what may stand there, char * each
 */
struct line {
	char **words;
	size_t last;
	const struct object *object;
	const struct command *command;
	struct list found;
};

/* Offers @word if it begins as the last word does; or the names of files. */
void line_offer(struct line *line, const char *word);
void line_offer_files(struct line *line);

/* Offers what may stand behind the words @from on, as @grammar says. */
void grammar_walk(struct line *line, const char *grammar, size_t from);

/**
 * struct symbol - a word in capitals in a grammar
 * @name: the word
 * @grammar: what it stands for, or NULL if that is one word:
 * @choices: one of these, or NULL
 * @fits: whether it can be this one; NULL: it always can
 * @offer: offers what is known of it; NULL: nothing is
 */
struct symbol {
	const char *name;
	const char *grammar;
	const struct choice *choices;
	bool (*fits)(const struct line *line, size_t i);
	void (*offer)(struct line *line, size_t i);
};

/* NULL if there is no such symbol. */
const struct symbol *symbol_find(const char *name, size_t length);

#endif /* _SVCCTL_COMPLETE_H */
