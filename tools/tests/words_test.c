// SPDX-License-Identifier: GPL-2.0
/* Unit tests of words.c, range.c, print.c and object.c; prints KTAP. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "near.h"
#include "object.h"
#include "print.h"
#include "range.h"
#include "unit.h"
#include "words.h"

static bool round_trip(const char *word)
{
	char text[ADDR_TEXT_SIZE];
	struct addr addr;
	uint16_t port;

	return parse_addr_port(word, &addr, &port) &&
	       !strcmp(format_addr_port(text, &addr, port), word);
}

static void addresses(void)
{
	static const char *const good[] = {
		"10.96.0.10:80", "0.0.0.0:1", "255.255.255.255:65535",
		"10.96.0.10:0", "[fd00::10]:0",
		"[::]:1", "[fd00::10]:80", "[::ffff:1.2.3.4]:53",
		"[2001:db8:1111:2222:3333:4444:5555:6666]:65535",
	};
	static const char *const bad[] = {
		"", ":", ":80", "10.96.0.10", "10.96.0.10:", "10.96.0.10:00",
		"10.96.0.10:65536", "10.96.0.10:080", "10.96.0.10:+80",
		"10.96.0.10: 80", "10.96.0.10:80x", " 10.96.0.10:80",
		"10.1:80", "10.96.0.010:80", "0x0a.96.0.10:80", "256.0.0.1:80",
		"10.96.0.10.1:80", "1.2.3:80", "fd00::10:80", "[fd00::10]80",
		"[fd00::10]", "[fd00::10]:", "[fd00::10:80", "fd00::10]:80",
		"[fe80::1%eth0]:80", "[10.96.0.10]:80", "[]:80", "[:80", "[",
		"[[::1]]:80", "[::1]]:80", "[12345::]:80",
		"10.96.0.10:99999999999999999999",
		"[11111111111111111111111111111111111111111111111111]:80",
		"1111111111111111111111111111111111111111111111111111:80",
	};
	struct addr addr;
	uint16_t port;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		expect(round_trip(good[i]), good[i], __LINE__);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect(!parse_addr_port(bad[i], &addr, &port), bad[i],
		       __LINE__);
}

/* @want: the range in full; "!" for one with bits behind its prefix. */
static bool is_range(const char *word, const char *want)
{
	char text[RANGE_TEXT_SIZE];
	struct range range;

	if (!parse_range(word, &range))
		return false;
	if (range_trim(&range) != (*want == '!'))
		return false;
	return !strcmp(format_range(text, &range), want + (*want == '!'));
}

static void ranges(void)
{
	static const char *const good[][2] = {
		{ "10.0.0.0/8", "10.0.0.0/8" }, { "0.0.0.0/0", "0.0.0.0/0" },
		{ "10.1.2.3", "10.1.2.3/32" }, { "10.1.2.3/32", "10.1.2.3/32" },
		{ "10.1.2.2/31", "10.1.2.2/31" }, { "::/0", "::/0" },
		{ "fd00::/8", "fd00::/8" }, { "FD00:0::1", "fd00::1/128" },
		{ "fd00::1/128", "fd00::1/128" }, { "fd00::/127", "fd00::/127" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127" },
		{ "0:0:0:0:0:ffff:255.255.255.255",
		  "::ffff:255.255.255.255/128" },
		{ "10.0.0.1/8", "!10.0.0.0/8" }, { "10.1.2.3/0", "!0.0.0.0/0" },
		{ "10.1.2.3/31", "!10.1.2.2/31" },
		{ "10.1.127.0/17", "!10.1.0.0/17" },
		{ "10.1.128.0/17", "10.1.128.0/17" },
		{ "fd00::1/8", "!fd00::/8" }, { "fdff::/9", "!fd80::/9" },
		{ "fd00::1/127", "!fd00::/127" }, { "::1/0", "!::/0" },
	};
	static const char *const bad[] = {
		"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08",
		"10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/ 8", "10.0.0.0/8 ",
		" 10.0.0.0/8", "10.0.0.0/8/8", "10/8", "10.0.0/24",
		"010.0.0.0/8", "0x0a.0.0.0/8", "10.0.0.0/255.0.0.0",
		"10.0.0.0:80", "10.0.0.0/4294967304", "fd00::/129", "fd00::/",
		"[fd00::]/8", "fd00::/8x", "fe80::%lo/64", "fd00:/8", "none",
		"10.0.0.0/8,10.0.0.0/8", "fd00::1:2:3:4:5:6:7:8",
		"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/1",
	};
	struct range range;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		expect(is_range(good[i][0], good[i][1]), good[i][0],
		       __LINE__);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect(!parse_range(bad[i], &range), bad[i], __LINE__);
}

static void range_order(void)
{
	static const char *const sorted[] = {
		"9.0.0.0/8", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.1/32",
		"::/0", "fd00::/8",
	};
	struct range low, high;
	size_t i;

	for (i = 0; i + 1 < sizeof(sorted) / sizeof(*sorted); i++) {
		EXPECT(parse_range(sorted[i], &low));
		EXPECT(parse_range(sorted[i + 1], &high));
		expect(range_compare(&low, &high) < 0, sorted[i], __LINE__);
		expect(range_compare(&high, &low) > 0, sorted[i], __LINE__);
		EXPECT(range_compare(&low, &low) == 0);
	}
}

static void address_order(void)
{
	struct addr low, high, six, none = { 0 };
	uint16_t port;

	EXPECT(parse_addr_port("9.0.0.1:1", &low, &port));
	EXPECT(parse_addr_port("10.0.0.1:1", &high, &port));
	EXPECT(parse_addr_port("[::1]:1", &six, &port));
	EXPECT(addr_compare(&low, &high) < 0);
	EXPECT(addr_compare(&high, &low) > 0);
	EXPECT(addr_compare(&high, &high) == 0);
	EXPECT(addr_compare(&high, &six) < 0);
	EXPECT(addr_compare(&none, &six) > 0);
}

/* Frontends: by service, family, address, port; those without address last. */
static void frontend_order(void)
{
	static const char *const sorted[] = {
		"9.0.0.1:82", "10.0.0.1:80", "10.0.0.1:81", "[::1]:1",
		"[fd00::1]:1",
	};
	struct frontend list[2 * 7] = { { .port = 0 } }, *f;
	struct list sort = {
		.item = (char *)list, .nr = 2 * 7, .size = sizeof(*list),
	};
	char text[ADDR_TEXT_SIZE];
	size_t i, k;

	/* Back to front, those of the first service and the nodeports first. */
	for (i = 0; i < 2 * 7; i++) {
		f = &list[i];
		f->head.service = i < 7 ? "b" : "a";
		k = 6 - i % 7;
		if (k < 5)
			EXPECT(parse_addr_port(sorted[k], &f->addr, &f->port));
		else
			f->port = (uint16_t)(30000 + k);
	}
	list_sort(&sort, frontend_compare);
	for (i = 0; i < 2 * 7; i++) {
		f = &list[i];
		EXPECT(*f->head.service == (i < 7 ? 'a' : 'b'));
		format_addr_port(text, &f->addr, f->port);
		if (i % 7 < 5)
			expect(!strcmp(text, sorted[i % 7]), text, __LINE__);
		else
			EXPECT(!f->addr.family && f->port == 30000 + i % 7);
	}
}

static bool duration(const char *word, uint32_t want)
{
	uint32_t seconds;

	return parse_duration(word, &seconds) && seconds == want;
}

static void durations(void)
{
	static const char *const bad[] = {
		"", "s", "-1", "+1", "1d", "1S", "1h30m", "1 s", "1.5h",
		"01s", "4294967296", "71582789m", "1193047h", "0x10", "off",
		"18446744073709551617s",
	};
	char text[16];
	uint32_t seconds;
	size_t i;

	EXPECT(duration("0", 0));
	EXPECT(duration("90", 90));
	EXPECT(duration("90s", 90));
	EXPECT(duration("30m", 1800));
	EXPECT(duration("3h", 10800));
	EXPECT(duration("4294967295", UINT32_MAX));
	EXPECT(duration("71582788m", 4294967280));
	EXPECT(duration("1193046h", 4294965600));
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect(!parse_duration(bad[i], &seconds), bad[i], __LINE__);
	EXPECT(!strcmp(format_duration(text, 86400), "24h"));
	EXPECT(!strcmp(format_duration(text, 120), "2m"));
	EXPECT(!strcmp(format_duration(text, 90), "90s"));
	EXPECT(!strcmp(format_duration(text, 0), "0s"));
	EXPECT(!strcmp(format_duration(text, UINT32_MAX), "4294967295s"));
}

static void numbers(void)
{
	uint32_t value = 0;

	EXPECT(parse_number("0", 65535, &value) && value == 0);
	EXPECT(parse_number("65535", 65535, &value) && value == 65535);
	EXPECT(!parse_number("65536", 65535, &value));
	EXPECT(parse_number("4294967295", UINT32_MAX, &value));
	EXPECT(!parse_number("4294967296", UINT32_MAX, &value));
	EXPECT(!parse_number("", 1, &value));
	EXPECT(!parse_number("00", 1, &value));
	EXPECT(!parse_number("1 ", 1, &value));
	EXPECT(!parse_number("-0", 1, &value));
}

static void names(void)
{
	char name[130];

	memset(name, 'a', sizeof(name));
	name[127] = '\0';
	EXPECT(parse_service_name(name));
	name[127] = 'a';
	name[128] = '\0';
	EXPECT(!parse_service_name(name));
	EXPECT(parse_service_name("default/web:http"));
	EXPECT(parse_service_name("A-Z_0.9"));
	EXPECT(!parse_service_name(""));
	EXPECT(!parse_service_name("a b"));
	EXPECT(!parse_service_name("a\nb"));
	EXPECT(!parse_service_name("\xc3\xa4"));
	EXPECT(!parse_service_name("a#"));
}

/* The words of @line, joined by '|'; "!" if it is refused. */
static bool splits(const char *line, const char *want)
{
	char copy[128], joined[128] = "", *word[66];
	int i, nr;

	strcpy(copy, line);
	nr = words_split(copy, word);
	if (nr < 0)
		return !strcmp(want, "!");
	for (i = 0; i < nr; i++) {
		strcat(joined, i ? "|" : "");
		strcat(joined, word[i]);
	}
	return !word[nr] && !strcmp(joined, want);
}

static void lines(void)
{
	EXPECT(splits("", ""));
	EXPECT(splits(" \t\n", ""));
	EXPECT(splits("# all of it", ""));
	EXPECT(splits("a b\n", "a|b"));
	EXPECT(splits("  a\t b  # c\r\n", "a|b"));
	EXPECT(splits("a#b #c", "a#b"));
	EXPECT(splits("\"a b\" c", "a b|c"));
	EXPECT(splits("x\"a # b\"y", "xa # by"));
	EXPECT(splits("\"\" a", "|a"));
	EXPECT(splits("a \"\"", "a|"));
	EXPECT(splits("\"\"\"\"", ""));
	EXPECT(splits("\"a", "!"));
	EXPECT(splits("a \"", "!"));
	EXPECT(splits("a b c d e f g", "a|b|c|d|e|f|g"));
}

/* What @print prints, which goes into a file instead of stdout. */
static bool prints(void (*print)(void), const char *want)
{
	FILE *saved = stdout;
	char *text = NULL;
	size_t size;
	bool same;

	stdout = open_memstream(&text, &size);
	print();
	fclose(stdout);
	stdout = saved;
	same = !strcmp(text, want);
	if (!same)
		printf("# printed: %s\n", text);
	free(text);
	return same;
}

static void document(void)
{
	json_array(NULL);
	json_object(NULL);
	json_string("name", "a\"b\\c\n\x7f\xff");
	json_string("none", NULL);
	json_number("max", UINT64_MAX);
	json_bool("yes", true);
	json_bool("no", false);
	json_array("empty");
	json_end();
	json_array("list");
	json_object(NULL);
	json_end();
	json_object(NULL);
	json_number("x", 1);
	json_end();
	json_end();
	json_end();
	json_end();
}

static void empty_document(void)
{
	json_array(NULL);
	json_end();
}

static void json(void)
{
	EXPECT(prints(document,
		      "[{\"name\":\"a\\\"b\\\\c\\u000a\\u007f\\u00ff\","
		      "\"none\":null,\"max\":18446744073709551615,"
		      "\"yes\":true,\"no\":false,\"empty\":[],"
		      "\"list\":[{},{\"x\":1}]}]\n"));
	EXPECT(prints(empty_document, "[]\n"));
	json_pretty(true);
	EXPECT(prints(document,
		      "[\n  {\n"
		      "    \"name\": \"a\\\"b\\\\c\\u000a\\u007f\\u00ff\",\n"
		      "    \"none\": null,\n"
		      "    \"max\": 18446744073709551615,\n"
		      "    \"yes\": true,\n    \"no\": false,\n"
		      "    \"empty\": [],\n    \"list\": [\n      {},\n"
		      "      {\n        \"x\": 1\n      }\n    ]\n  }\n]\n"));
	json_pretty(false);
}

static const struct column columns[] = {
	{ .head = "NAME", .width = 6 },
	{ .head = "N", .width = 3, .right = true },
	{ .head = "LAST" },
};

static void print_table(bool streams)
{
	struct table table;

	table_begin(&table, columns, 3, streams);
	table_cell(&table, COLOUR_NONE, "a");
	table_cell(&table, COLOUR_NONE, "%d", 1);
	table_cell(&table, COLOUR_GOOD, "x");
	table_cell(&table, COLOUR_NONE, "abcdefgh");
	table_cell(&table, COLOUR_NONE, "%d", 100);
	table_cell(&table, COLOUR_NONE, "xyz");
	table_end(&table);
}

static void kept_table(void)
{
	print_table(false);
}

static void streamed_table(void)
{
	print_table(true);
}

static void long_table(void)
{
	struct table table;
	int i;

	table_begin(&table, columns, 3, true);
	for (i = 1; i <= 1000; i++) {
		table_cell(&table, COLOUR_NONE, i == 200 ? "abcdefgh" :
						i == 300 ? "abcdefghij" : "a");
		table_cell(&table, COLOUR_NONE, "%d", i);
		table_cell(&table, COLOUR_NONE, "x");
	}
	table_end(&table);
}

/* The first rows make the columns, no row is lost. */
static bool streams_late(void)
{
	size_t size = 1 << 16;
	char *text = calloc(1, size), *c;
	FILE *out = stdout;
	int lines = 0;
	bool ok;

	stdout = fmemopen(text, size, "w");
	long_table();
	fclose(stdout);
	stdout = out;
	for (c = text; *c; c++)
		lines += *c == '\n';
	ok = lines == 1001 &&
	     strstr(text, "NAME        N  LAST\na           1  x\n") &&
	     strstr(text, "\nabcdefgh  200  x\n") &&
	     strstr(text, "\na         256  x\na         257  x\n") &&
	     strstr(text, "\nabcdefghij  300  x\na         301  x\n") &&
	     strstr(text, "\na         1000  x\n");
	free(text);
	return ok;
}

static void tables(void)
{
	EXPECT(prints(kept_table, "NAME        N  LAST\n"
				  "a           1  x\n"
				  "abcdefgh  100  xyz\n"));
	EXPECT(prints(streamed_table, "NAME        N  LAST\n"
				      "a           1  x\n"
				      "abcdefgh  100  xyz\n"));
	EXPECT(streams_late());
	print_colours(true);
	EXPECT(prints(kept_table,
		      "\033[1mNAME\033[0m        \033[1mN\033[0m  "
		      "\033[1mLAST\033[0m\n"
		      "a           1  \033[32mx\033[0m\n"
		      "abcdefgh  100  xyz\n"));
	print_colours(false);
}

/* @best: "" if none is near */
static bool nearest(const char *word, const char *candidates, const char *best)
{
	struct near near = { .word = word };
	char copy[64], *candidate, *rest;

	snprintf(copy, sizeof(copy), "%s", candidates);
	rest = copy;
	while ((candidate = strsep(&rest, " ")))
		near_try(&near, candidate);
	return !strcmp(near.best ? near.best : "", best);
}

static void nearest_words(void)
{
	static const char all[] = "service frontend endpoint flow config stats";
	static const struct {
		const char *word, *candidates, *best;
	} cases[] = {
		{ "servcie", all, "service" }, { "srevice", all, "service" },
		{ "services", all, "service" }, { "ervice", all, "service" },
		{ "xervixe", all, "service" }, { "xerxixe", all, "" },
		{ "SERVICE", all, "service" }, { "SERV", all, "service" },
		{ "se", all, "service" }, { "s", all, "" }, { "", all, "" },
		{ "fow", all, "flow" }, { "foww", all, "" },
		{ "state", all, "stats" }, { "configuration", all, "config" },
		{ "ad", "add del", "add" }, { "dle", "add del", "del" },
		{ "delete", "add del", "del" }, { "deadline", "add del", "" },
		{ "lbx", "lb", "lb" }, { "lbxyz", "lb", "" },
		{ "no", "off on", "" }, { "abcd", "abce abcd", "abcd" },
		{ "abcd", "abcx abcy", "abcx" }, { "ca", "abc", "" },
		{ "caab", "abc", "" }, { "abcdef", "badcef", "badcef" },
	};
	char text[300];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect(nearest(cases[i].word, cases[i].candidates,
			       cases[i].best), cases[i].word, __LINE__);
	memset(text, 'a', sizeof(text));
	text[127] = '\0';
	EXPECT(near_try(&(struct near){ .word = text }, text + 1));
	text[127] = 'a';
	text[128] = '\0';
	EXPECT(!near_try(&(struct near){ .word = text }, text));
	EXPECT(!near_try(&(struct near){ .word = "a" }, text));
}

int main(void)
{
	puts("KTAP version 1");
	run("addresses", addresses);
	run("ranges", ranges);
	run("range order", range_order);
	run("address order", address_order);
	run("frontend order", frontend_order);
	run("durations", durations);
	run("numbers", numbers);
	run("names", names);
	run("batch lines", lines);
	run("JSON", json);
	run("tables", tables);
	run("nearest words", nearest_words);
	printf("1..%d\n", count);
	return failures != 0;
}
