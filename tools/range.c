// SPDX-License-Identifier: GPL-2.0
#include "range.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static unsigned int bits_of(const struct addr *addr)
{
	return addr->family == AF_INET ? 32 : 128;
}

/* inet_pton() takes no octal, no short forms and no scope. */
bool parse_range(const char *word, struct range *range)
{
	size_t length = strcspn(word, "/");
	struct addr *addr = &range->addr;
	char text[INET6_ADDRSTRLEN];
	uint32_t prefix;

	if (length >= sizeof(text))
		return false;
	memcpy(text, word, length);
	text[length] = '\0';
	memset(range, 0, sizeof(*range));
	range->head.given = GIVEN(SVCNAT_RANGE_A_ADDR4) |
			    GIVEN(SVCNAT_RANGE_A_PREFIX);
	addr->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(addr->family, text, addr->byte) != 1)
		return false;
	prefix = bits_of(addr);
	if (word[length] && !parse_number(word + length + 1, prefix, &prefix))
		return false;
	range->prefix = (uint8_t)prefix;
	return true;
}

bool range_trim(struct range *range)
{
	unsigned int bit, bits = bits_of(&range->addr);
	bool trimmed = false;
	uint8_t *byte, mask;

	for (bit = range->prefix; bit < bits; bit++) {
		byte = &range->addr.byte[bit / 8];
		mask = (uint8_t)(0x80 >> bit % 8);
		trimmed |= *byte & mask;
		*byte &= (uint8_t)~mask;
	}
	return trimmed;
}

bool range_holds(const struct range *range, const struct addr *addr)
{
	unsigned int whole = range->prefix / 8, rest = range->prefix % 8;
	const uint8_t *x = range->addr.byte, *y = addr->byte;

	if (range->addr.family != addr->family || memcmp(x, y, whole))
		return false;
	return !rest || !((x[whole] ^ y[whole]) >> (8 - rest));
}

const char *format_range(char text[RANGE_TEXT_SIZE],
			 const struct range *range)
{
	char bare[ADDR_TEXT_SIZE];

	snprintf(text, RANGE_TEXT_SIZE, "%.45s/%u",
		 format_addr(bare, &range->addr), range->prefix);
	return text;
}

static int add_range(const struct words *w, const char *key, const char *word,
		     struct list *ranges)
{
	char text[RANGE_TEXT_SIZE];
	struct range range;

	if (!parse_range(word, &range))
		return words_bad(w, "\"%.200s\" is no range of addresses for %s, expected 192.0.2.0/24 or 2001:db8::/32",
				 word, key);
	if (range_trim(&range))
		return words_bad(w, "\"%.200s\" has bits set behind its prefix, expected %s",
				 word, format_range(text, &range));
	if (ranges->nr == SVCNAT_RANGES_MAX)
		return words_bad(w, "%s has more than %d ranges", key,
				 SVCNAT_RANGES_MAX);
	ranges->size = sizeof(range);
	list_copy(ranges, &range);
	return 0;
}

int words_range(struct words *w, const char *key, struct list *ranges)
{
	const char *word;
	int err = words_take(w, "a range of addresses", &word);

	return err ? err : add_range(w, key, word, ranges);
}

/* A piece that does not fit is no range even without its end. */
int words_ranges(struct words *w, const char *key, struct list *ranges)
{
	char piece[256];
	const char *word;
	size_t length;
	int err = words_take(w, "ranges of addresses or none", &word);

	if (err || !strcmp(word, "none"))
		return err;
	for (;;) {
		length = strcspn(word, ",");
		snprintf(piece, sizeof(piece), "%.*s",
			 length < sizeof(piece) ? (int)length : 255, word);
		err = add_range(w, key, piece, ranges);
		if (err || !word[length])
			return err;
		word += length + 1;
	}
}

void json_ranges(const char *key, const struct list *ranges)
{
	char text[RANGE_TEXT_SIZE];
	size_t i;

	json_array(key);
	for (i = 0; i < ranges->nr; i++)
		json_string(NULL, format_range(text, list_at(ranges, i)));
	json_end();
}

void table_ranges(struct table *table, const struct list *ranges,
		  const char *none)
{
	struct list line = { .size = 1 };
	char text[RANGE_TEXT_SIZE];
	size_t i, length;

	for (i = 0; i < ranges->nr; i++) {
		length = strlen(format_range(text, list_at(ranges, i)));
		/* The comma takes the place of the NUL. */
		if (i)
			*(char *)list_at(&line, line.nr - 1) = ',';
		memcpy(list_grow(&line, length + 1), text, length + 1);
	}
	table_cell(table, COLOUR_NONE, "%s", line.nr ? line.item : none);
	list_free(&line);
}
