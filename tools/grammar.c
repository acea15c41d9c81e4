// SPDX-License-Identifier: GPL-2.0
/*
 * Follows the words of a command through its grammar as "help" prints it:
 *
 *	word		itself
 *	SYMBOL		see symbol.c
 *	a|b		one of these words
 *	a b | c d	one of these sequences
 *	[a b]		or nothing
 *	a...		any number of them, [a]...: or nothing
 *
 * A set of places in the line stands for all ways to read what is before them.
 * Where the last word is among them, what the grammar has there is offered.
 */
#include "complete.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct walk {
	struct line *line;
	size_t size;	/* of a set */
};

static void alternatives(struct walk *walk, const char **at, bool *set);

static bool *set_copy(const struct walk *walk, const bool *set)
{
	bool *copy = calloc(walk->size, sizeof(*copy));

	if (!copy) {
		complain("out of memory");
		exit(EXIT_FAILURE);
	}
	if (set)
		memcpy(copy, set, walk->size * sizeof(*copy));
	return copy;
}

/* Whether @set has become larger. */
static bool set_merge(const struct walk *walk, bool *set, const bool *more)
{
	bool grown = false;
	size_t i;

	for (i = 0; i < walk->size; i++) {
		grown |= more[i] && !set[i];
		set[i] |= more[i];
	}
	return grown;
}

static const char *skip_blanks(const char *at)
{
	while (isspace((unsigned char)*at))
		at++;
	return at;
}

static bool is_literal(const struct line *line, size_t i, const char *word,
		       size_t length)
{
	return !strncmp(line->words[i], word, length) &&
	       !line->words[i][length];
}

static void offer_literal(struct line *line, const char *word, size_t length)
{
	char text[64];

	if (length >= sizeof(text))
		return;
	memcpy(text, word, length);
	text[length] = '\0';
	line_offer(line, text);
}

static void literal(struct walk *walk, const char *word, size_t length,
		    const bool *from, bool *to)
{
	size_t i;

	for (i = 0; i < walk->line->last; i++)
		to[i + 1] |= from[i] && is_literal(walk->line, i, word, length);
	if (from[i])
		offer_literal(walk->line, word, length);
}

static bool is_choice(const struct symbol *symbol, const char *word)
{
	const struct choice *choice;

	for (choice = symbol->choices; choice->word; choice++)
		if (!strcmp(choice->word, word))
			return true;
	return false;
}

/* What nobody knows may be anything. */
static bool fits(const struct walk *walk, const struct symbol *symbol,
		 size_t i)
{
	if (!symbol)
		return true;
	if (symbol->choices)
		return is_choice(symbol, walk->line->words[i]);
	return !symbol->fits || symbol->fits(walk->line, i);
}

static void offer(struct walk *walk, const struct symbol *symbol, size_t i)
{
	const struct choice *choice;

	if (!symbol)
		return;
	for (choice = symbol->choices; choice && choice->word; choice++)
		line_offer(walk->line, choice->word);
	if (symbol->offer)
		symbol->offer(walk->line, i);
}

static void expand(struct walk *walk, const char *grammar, const bool *from,
		   bool *to)
{
	bool *set = set_copy(walk, from);

	alternatives(walk, &grammar, set);
	set_merge(walk, to, set);
	free(set);
}

static void symbol(struct walk *walk, const char *word, size_t length,
		   const bool *from, bool *to)
{
	const struct symbol *found = symbol_find(word, length);
	size_t i;

	if (found && found->grammar) {
		expand(walk, found->grammar, from, to);
		return;
	}
	for (i = 0; i < walk->line->last; i++)
		to[i + 1] |= from[i] && fits(walk, found, i);
	if (from[i])
		offer(walk, found, i);
}

/* Up to what ends it; brackets inside a word, as in ADDR[:PORT], are its. */
static size_t word_length(const char *at)
{
	size_t length = 0;

	while (at[length] && !strchr(" \t\n|]", at[length]) &&
	       strncmp(at + length, "...", 3)) {
		if (at[length] == '[')
			length += strcspn(at + length, "]");
		if (at[length])
			length++;
	}
	return length;
}

/* Words with | between them, and no blanks. */
static void word(struct walk *walk, const char **at, bool *set)
{
	bool *to = set_copy(walk, NULL);
	size_t length;

	for (;;) {
		length = word_length(*at);
		if (isupper((unsigned char)**at))
			symbol(walk, *at, length, set, to);
		else
			literal(walk, *at, length, set, to);
		*at += length;
		if (**at != '|')
			break;
		++*at;
	}
	memcpy(set, to, walk->size * sizeof(*set));
	free(to);
}

static void unit(struct walk *walk, const char **at, bool *set)
{
	bool *inside;

	if (**at != '[') {
		word(walk, at, set);
		return;
	}
	++*at;
	inside = set_copy(walk, set);
	alternatives(walk, at, inside);
	if (**at == ']')
		++*at;
	set_merge(walk, set, inside);
	free(inside);
}

/* As often as that leads anywhere. */
static void repeat(struct walk *walk, const char *start, bool *set)
{
	const char *at;
	bool *next, grown;

	do {
		at = start;
		next = set_copy(walk, set);
		unit(walk, &at, next);
		grown = set_merge(walk, set, next);
		free(next);
	} while (grown);
}

static void sequence(struct walk *walk, const char **at, bool *set)
{
	const char *start;

	for (;;) {
		*at = skip_blanks(*at);
		if (!**at || strchr("|]", **at))
			return;
		start = *at;
		unit(walk, at, set);
		if (!strncmp(*at, "...", 3)) {
			repeat(walk, start, set);
			*at += 3;
		} else if (*at == start) {
			++*at;	/* nothing that we know */
		}
	}
}

static void alternatives(struct walk *walk, const char **at, bool *set)
{
	bool *all = set_copy(walk, NULL), *one;

	for (;;) {
		one = set_copy(walk, set);
		sequence(walk, at, one);
		set_merge(walk, all, one);
		free(one);
		if (**at != '|')
			break;
		++*at;
	}
	memcpy(set, all, walk->size * sizeof(*set));
	free(all);
}

void grammar_walk(struct line *line, const char *grammar, size_t from)
{
	struct walk walk = { .line = line, .size = line->last + 2 };
	bool *set = set_copy(&walk, NULL);

	set[from] = true;
	alternatives(&walk, &grammar, set);
	free(set);
}
