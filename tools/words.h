/* SPDX-License-Identifier: GPL-2.0 */
/* The words of a command: addresses, ports, durations, options.  No libnl. */
#ifndef _SVCCTL_WORDS_H
#define _SVCCTL_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object.h"

#define WORDS_EXPECTED	32

/**
 * struct words - what is left of a command
 * @object: its object, for error sentences
 * @command: its command, for error sentences; NULL until known
 * @last: the word taken last
 * @next: the words to come, up to a NULL
 * @expected: words that could stand where the next one stands, or after a
 *	taker of any word where the last one stands
 * @nr_expected: how many of them; those that find no room are forgotten
 */
struct words {
	const char *object;
	const char *command;
	const char *last;
	char **next;
	const char *expected[WORDS_EXPECTED];
	size_t nr_expected;
};

/**
 * struct choice - one of several words
 * @word: the word; NULL ends an array of choices
 * @value: what it stands for in a message
 */
struct choice {
	const char *word;
	int value;
};

extern const struct choice choice_protocol[];
extern const struct choice choice_scheduler[];
extern const struct choice choice_policy[];
extern const struct choice choice_on_removal[];
extern const struct choice choice_kind[];
extern const struct choice choice_switch[];
extern const struct choice choice_state[];
extern const struct choice choice_place[];
extern const struct choice choice_flow_state[];
extern const struct choice choice_verdict[];

/* The word for @value; "unknown" if a newer module sent it. */
const char *choice_word(const struct choice *choices, int value);

/* Readers of one word: false if it is malformed. */
bool parse_number(const char *word, uint32_t max, uint32_t *value);
bool parse_duration(const char *word, uint32_t *seconds);
bool parse_addr_port(const char *word, struct addr *addr, uint16_t *port);
bool parse_service_name(const char *word);

#define ADDR_TEXT_SIZE	56	/* [IPv6]:port and the NUL */

/* The inverse; "-" for an address that is not there.  Return @text. */
const char *format_addr(char *text, const struct addr *addr);
const char *format_addr_port(char *text, const struct addr *addr,
			     uint16_t port);
const char *format_frontend(char *text, const struct frontend *frontend);
const char *format_duration(char text[16], uint32_t seconds);

/* Notes that @word could stand here, for words_unknown(). */
void words_expect(struct words *w, const char *word);

/*
 * Takers of words.  Those that return int complain and return EXIT_WORDS if
 * the next word will not do.
 */
const char *words_peek(const struct words *w);
bool words_match(struct words *w, const char *word);
int words_take(struct words *w, const char *what, const char **word);
int words_service_name(struct words *w, const char **name);
int words_optional_name(struct words *w, const char **name);
int words_addr_port(struct words *w, struct addr *addr, uint16_t *port);
int words_number(struct words *w, uint32_t max, uint32_t *value);
int words_duration(struct words *w, uint32_t *seconds);
int words_choice(struct words *w, const char *key,
		 const struct choice *choices, uint8_t *value);
int words_end(const struct words *w);

/*
 * Complain about the words, and return EXIT_WORDS.  A word that somebody typed
 * is printed with %.200s, lest it push the reason out.
 */
int words_bad(const struct words *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Asks whether one of those that could stand there was meant. */
int words_unknown(const struct words *w, const char *word);

/* Notes that @attr is given, or complains that the word stood twice. */
int words_once(const struct words *w, struct head *head, int attr,
	       const char *word);

/*
 * Splits a line of a batch file in place: blanks separate, "quotes" keep
 * together, # begins a comment where a word could.  @word has room for
 * strlen(@line) / 2 + 2.  Returns how many, or -1 if a quote is not closed.
 */
int words_split(char *line, char **word);

#endif /* _SVCCTL_WORDS_H */
