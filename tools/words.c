// SPDX-License-Identifier: GPL-2.0
#include "words.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "near.h"
#include "print.h"

const struct choice choice_protocol[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "sctp", IPPROTO_SCTP },
	{ NULL, 0 }
};

const struct choice choice_scheduler[] = {
	{ "random", SVCNAT_SCHEDULER_RANDOM },
	{ "rr", SVCNAT_SCHEDULER_RR },
	{ "lc", SVCNAT_SCHEDULER_LC },
	{ "maglev", SVCNAT_SCHEDULER_MAGLEV },
	{ NULL, 0 }
};

const struct choice choice_policy[] = {
	{ "cluster", SVCNAT_POLICY_CLUSTER },
	{ "local", SVCNAT_POLICY_LOCAL },
	{ NULL, 0 }
};

const struct choice choice_on_removal[] = {
	{ "keep", SVCNAT_ON_REMOVAL_KEEP },
	{ "reset", SVCNAT_ON_REMOVAL_RESET },
	{ NULL, 0 }
};

const struct choice choice_kind[] = {
	{ "cluster", SVCNAT_KIND_CLUSTER },
	{ "external", SVCNAT_KIND_EXTERNAL },
	{ "lb", SVCNAT_KIND_LB },
	{ "nodeport", SVCNAT_KIND_NODEPORT },
	{ NULL, 0 }
};

const struct choice choice_switch[] = {
	{ "off", 0 },
	{ "on", 1 },
	{ NULL, 0 }
};

const struct choice choice_state[] = {
	{ "ready", SVCNAT_STATE_READY },
	{ "terminating", SVCNAT_STATE_TERMINATING },
	{ "unready", SVCNAT_STATE_UNREADY },
	{ NULL, 0 }
};

const struct choice choice_place[] = {
	{ "remote", SVCNAT_PLACE_REMOTE },
	{ "local", SVCNAT_PLACE_LOCAL },
	{ "local-only", SVCNAT_PLACE_LOCAL_ONLY },
	{ NULL, 0 }
};

const struct choice choice_flow_state[] = {
	{ "syn-sent", SVCNAT_FLOW_SYN_SENT },
	{ "syn-recv", SVCNAT_FLOW_SYN_RECV },
	{ "established", SVCNAT_FLOW_ESTABLISHED },
	{ "closing", SVCNAT_FLOW_CLOSING },
	{ "closed", SVCNAT_FLOW_CLOSED },
	{ "unreplied", SVCNAT_FLOW_UNREPLIED },
	{ "replied", SVCNAT_FLOW_REPLIED },
	{ "stream", SVCNAT_FLOW_STREAM },
	{ NULL, 0 }
};

const struct choice choice_verdict[] = {
	{ "accept", SVCNAT_ANSWER_ACCEPT },
	{ "dnat", SVCNAT_ANSWER_DNAT },
	{ "drop", SVCNAT_ANSWER_DROP },
	{ "reject", SVCNAT_ANSWER_REJECT },
	{ NULL, 0 }
};

static const struct choice *find_choice(const struct choice *choices,
					const char *word)
{
	for (; choices->word; choices++)
		if (!strcmp(choices->word, word))
			return choices;
	return NULL;
}

const char *choice_word(const struct choice *choices, int value)
{
	for (; choices->word; choices++)
		if (choices->value == value)
			return choices->word;
	return "unknown";
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A decimal number at *@at, which is moved behind it; no leading zeros. */
static bool scan_number(const char **at, uint32_t max, uint32_t *value)
{
	const char *c = *at;
	uint64_t sum = 0;

	/* It is in a text. */
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	if (!is_digit(*c) || (*c == '0' && is_digit(c[1])))
		return false;
	for (; is_digit(*c); c++) {
		sum = sum * 10 + (uint64_t)(*c - '0');
		if (sum > max)
			return false;
	}
	*at = c;
	*value = (uint32_t)sum;
	return true;
}

bool parse_number(const char *word, uint32_t max, uint32_t *value)
{
	return scan_number(&word, max, value) && !*word;
}

bool parse_duration(const char *word, uint32_t *seconds)
{
	uint32_t unit = 1;
	uint64_t product;

	if (!scan_number(&word, UINT32_MAX, seconds))
		return false;
	if (*word && word[1])
		return false;
	switch (*word) {
	case 'h':
		unit = 3600;
		break;
	case 'm':
		unit = 60;
		break;
	case 's':
	case '\0':
		break;
	default:
		return false;
	}
	product = (uint64_t)*seconds * unit;
	*seconds = (uint32_t)product;
	return product <= UINT32_MAX;
}

/* inet_pton() takes no octal, no short forms and no scope. */
bool parse_addr_port(const char *word, struct addr *addr, uint16_t *port)
{
	const char *colon = strrchr(word, ':');
	char text[INET6_ADDRSTRLEN];
	uint32_t number;
	size_t length;

	if (!colon || !parse_number(colon + 1, UINT16_MAX, &number))
		return false;
	length = (size_t)(colon - word);
	memset(addr, 0, sizeof(*addr));
	addr->family = AF_INET;
	if (*word == '[') {
		if (length < 2 || word[length - 1] != ']')
			return false;
		addr->family = AF_INET6;
		word++;
		length -= 2;
	}
	if (length >= sizeof(text))
		return false;
	memcpy(text, word, length);
	text[length] = '\0';
	*port = (uint16_t)number;
	return inet_pton(addr->family, text, addr->byte) == 1;
}

bool parse_service_name(const char *word)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz"
		"0123456789._:/-";
	size_t length = strlen(word);

	return length >= 1 && length <= SVCNAT_NAME_MAX &&
	       strspn(word, allowed) == length;
}

const char *format_addr(char *text, const struct addr *addr)
{
	if (!inet_ntop(addr->family, addr->byte, text, ADDR_TEXT_SIZE))
		strcpy(text, "-");
	return text;
}

const char *format_addr_port(char *text, const struct addr *addr,
			     uint16_t port)
{
	char bare[ADDR_TEXT_SIZE];

	format_addr(bare, addr);
	if (!addr->family)
		strcpy(text, bare);
	else if (addr->family == AF_INET6)
		snprintf(text, ADDR_TEXT_SIZE, "[%.45s]:%u", bare, port);
	else
		snprintf(text, ADDR_TEXT_SIZE, "%.45s:%u", bare, port);
	return text;
}

/* In tables, where no cell has a blank. */
const char *format_frontend(char *text, const struct frontend *frontend)
{
	if (frontend->addr.family)
		return format_addr_port(text, &frontend->addr, frontend->port);
	snprintf(text, ADDR_TEXT_SIZE, "nodeport:%u", frontend->port);
	return text;
}

const char *format_duration(char text[16], uint32_t seconds)
{
	uint32_t value = seconds;
	char unit = 's';

	if (seconds && seconds % 3600 == 0) {
		value = seconds / 3600;
		unit = 'h';
	} else if (seconds && seconds % 60 == 0) {
		value = seconds / 60;
		unit = 'm';
	}
	snprintf(text, 16, "%u%c", value, unit);
	return text;
}

const char *words_peek(const struct words *w)
{
	return *w->next;
}

void words_expect(struct words *w, const char *word)
{
	if (w->nr_expected < WORDS_EXPECTED)
		w->expected[w->nr_expected++] = word;
}

static void advance(struct words *w)
{
	w->last = *w->next++;
	w->nr_expected = 0;
}

bool words_match(struct words *w, const char *word)
{
	if (!*w->next || strcmp(*w->next, word)) {
		words_expect(w, word);
		return false;
	}
	advance(w);
	return true;
}

int words_take(struct words *w, const char *what, const char **word)
{
	*word = *w->next;
	if (!*word)
		return words_bad(w, "expected %s after \"%.200s\"", what, w->last);
	advance(w);
	return 0;
}

int words_service_name(struct words *w, const char **name)
{
	int err = words_take(w, "the name of a service", name);

	if (err)
		return err;
	if (!parse_service_name(*name))
		return words_bad(w, "\"%.200s\" is no service name, expected 1 to %d of A-Z a-z 0-9 . _ : / -",
				 *name, SVCNAT_NAME_MAX);
	return 0;
}

int words_optional_name(struct words *w, const char **name)
{
	int err;

	*name = NULL;
	if (!words_peek(w))
		return 0;
	err = words_service_name(w, name);
	return err ? err : words_end(w);
}

int words_addr_port(struct words *w, struct addr *addr, uint16_t *port)
{
	const char *word;
	int err;

	err = words_take(w, "ADDR:PORT", &word);
	if (err)
		return err;
	if (!parse_addr_port(word, addr, port))
		return words_bad(w, "\"%.200s\" is no address and port, expected 192.0.2.1:80 or [2001:db8::1]:80",
				 word);
	return 0;
}

int words_number(struct words *w, uint32_t max, uint32_t *value)
{
	const char *key = w->last, *word;
	int err;

	err = words_take(w, "a number", &word);
	if (err)
		return err;
	if (!parse_number(word, max, value))
		return words_bad(w, "\"%.200s\" is no value for %s, expected a number from 0 to %u",
				 word, key, max);
	return 0;
}

int words_duration(struct words *w, uint32_t *seconds)
{
	const char *key = w->last, *word;
	int err;

	err = words_take(w, "a duration", &word);
	if (err)
		return err;
	if (!parse_duration(word, seconds))
		return words_bad(w, "\"%.200s\" is no value for %s, expected a duration such as 90s, 30m or 3h",
				 word, key);
	return 0;
}

/* "a, b or c" */
static void list_choices(char text[256], const struct choice *choices)
{
	const char *separator = "";
	size_t length = 0;

	for (; choices->word && length < 256; choices++) {
		length += (size_t)snprintf(text + length, 256 - length, "%s%s",
					   separator, choices->word);
		separator = choices[1].word && !choices[2].word ? " or " : ", ";
	}
}

static int unknown_choice(const struct words *w, const char *key,
			  const struct choice *choices, const char *word)
{
	struct near near = { .word = word };
	const struct choice *choice;
	char list[256];

	for (choice = choices; choice->word; choice++)
		near_try(&near, choice->word);
	if (near.best)
		return words_bad(w, "unknown word \"%.200s\" for %s, did you mean \"%s\"?",
				 word, key, near.best);
	list_choices(list, choices);
	return words_bad(w, "unknown word \"%.200s\" for %s, expected %s",
			 word, key, list);
}

int words_choice(struct words *w, const char *key,
		 const struct choice *choices, uint8_t *value)
{
	const struct choice *choice;
	const char *word;
	int err;

	err = words_take(w, key, &word);
	if (err)
		return err;
	choice = find_choice(choices, word);
	if (!choice)
		return unknown_choice(w, key, choices, word);
	*value = (uint8_t)choice->value;
	return 0;
}

int words_end(const struct words *w)
{
	return words_peek(w) ? words_unknown(w, words_peek(w)) : 0;
}

int words_bad(const struct words *w, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!w->object)
		complain("%s", text);
	else if (!w->command)
		complain("%s: %s", w->object, text);
	else
		complain("%s %s: %s", w->object, w->command, text);
	return EXIT_WORDS;
}

int words_unknown(const struct words *w, const char *word)
{
	struct near near = { .word = word };
	size_t i;

	for (i = 0; i < w->nr_expected; i++)
		near_try(&near, w->expected[i]);
	if (near.best)
		return words_bad(w, "unknown word \"%.200s\", did you mean \"%s\"?",
				 word, near.best);
	return words_bad(w, "unknown word \"%.200s\"", word);
}

int words_once(const struct words *w, struct head *head, int attr,
	       const char *word)
{
	if (head->given & GIVEN(attr))
		return words_bad(w, "\"%.200s\" is given twice", word);
	head->given |= GIVEN(attr);
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One word, moved left over its quotes; NULL if a quote is not closed. */
static char *unquote(char *from)
{
	char *to = from;
	bool quoted = false;

	for (; *from && (quoted || !is_blank(*from)); from++) {
		if (*from == '"')
			quoted = !quoted;
		else
			*to++ = *from;
	}
	if (quoted)
		return NULL;
	if (*from)
		from++;
	*to = '\0';
	return from;
}

int words_split(char *line, char **word)
{
	int nr = 0;

	for (;;) {
		while (is_blank(*line))
			line++;
		if (!*line || *line == '#')
			break;
		word[nr++] = line;
		line = unquote(line);
		if (!line)
			return -1;
	}
	word[nr] = NULL;
	return nr;
}
