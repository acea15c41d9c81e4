// SPDX-License-Identifier: GPL-2.0
/* Unit tests of what "svcctl top" shows and does for a key; prints KTAP. */
#include "top_unit.h"

#include "top_keys.h"

/* Panels. */

static void show_services(struct top_panel *panel, const uint64_t *connections,
			  int64_t when)
{
	static const char *const names[] = { "a/One", "b/two", "c/three",
					     "d/four" };
	struct top_sample next;
	size_t i;

	top_sample_init(&next, false);
	for (i = 0; i < 4; i++)
		if (connections[i] != UINT64_MAX)
			take_service(&next, names[i], connections[i],
				     1000 * i, 0, when);
	top_sample_finish(&next, &panel->sample);
	top_panel_show(panel, &next);
	top_sample_free(&next);
}

/* The first letters of the names, in the order they are shown. */
static const char *order(const struct top_panel *panel)
{
	static char letters[16];
	size_t i;

	for (i = 0; i < panel->order.nr; i++)
		letters[i] = *top_sample_name(&panel->sample,
					      top_panel_row(panel, i));
	letters[i] = '\0';
	return letters;
}

static void sorting(void)
{
	static const uint64_t before[] = { 0, 0, 0, 0 };
	static const uint64_t now[] = { 5, 7, 5, 9 };
	struct top_panel panel;
	size_t i;

	top_panel_init(&panel, &top_services, false);
	show_services(&panel, before, SECOND);
	EXPECT_TEXT(order(&panel), "abcd");
	show_services(&panel, now, 2 * SECOND);
	EXPECT_TEXT(order(&panel), "dbac");
	top_panel_reverse(&panel);
	EXPECT_TEXT(order(&panel), "acbd");
	top_panel_sort(&panel, 0);
	EXPECT_TEXT(order(&panel), "abcd");
	top_panel_reverse(&panel);
	EXPECT_TEXT(order(&panel), "dcba");
	for (i = 1; i < top_services.nr; i++)
		top_panel_sort(&panel, i);
	top_panel_sort(&panel, 99);
	EXPECT(panel.column == top_services.nr - 1);
	top_panel_free(&panel);
}

/* At the top the cursor stays there, elsewhere on its row. */
static void cursor(void)
{
	static const uint64_t first[] = { 10, 20, 30, 40 };
	static const uint64_t second[] = { 50, 20, 30, 40 };
	static const uint64_t third[] = { 50, 99, 99, 99 };
	static const uint64_t fourth[] = { 50, UINT64_MAX, 99, 99 };
	struct top_panel panel;

	top_panel_init(&panel, &top_services, false);
	top_panel_resize(&panel, 2);
	show_services(&panel, first, SECOND);
	show_services(&panel, second, 2 * SECOND);
	EXPECT_TEXT(order(&panel), "abcd");
	EXPECT(panel.cursor == 0);
	top_panel_move(&panel, 1);
	show_services(&panel, third, 3 * SECOND);
	EXPECT_TEXT(order(&panel), "bcda");
	EXPECT(panel.cursor == 0);
	top_panel_move(&panel, 3);
	EXPECT(panel.cursor == 3 && panel.first == 2);
	show_services(&panel, fourth, 4 * SECOND);
	EXPECT_TEXT(order(&panel), "acd");
	EXPECT(panel.cursor == 0 && panel.first == 0);
	top_panel_move(&panel, 100);
	EXPECT(panel.cursor == 2 && panel.first == 1);
	/* Its row is gone. */
	show_services(&panel, (const uint64_t[]){ 1, 1, 1, UINT64_MAX },
		      5 * SECOND);
	EXPECT(panel.cursor == 2);
	top_panel_move(&panel, -100);
	EXPECT(panel.cursor == 0 && panel.first == 0);
	top_panel_free(&panel);
}

static void filters(void)
{
	static const uint64_t counts[] = { 1, 2, 3, 4 };
	struct top_panel panel;

	top_panel_init(&panel, &top_services, false);
	show_services(&panel, counts, SECOND);
	top_panel_filter(&panel, "o");
	EXPECT_TEXT(order(&panel), "abd");
	top_panel_filter(&panel, "one");
	EXPECT_TEXT(order(&panel), "a");
	top_panel_filter(&panel, "nothing");
	EXPECT_TEXT(order(&panel), "");
	EXPECT(!top_panel_row(&panel, 0));
	top_panel_move(&panel, 1);
	show_services(&panel, counts, 2 * SECOND);
	top_panel_filter(&panel, "");
	EXPECT_TEXT(order(&panel), "abcd");
	top_panel_free(&panel);
}

/* The screen. */

#define LINES_MAX	100

static struct {
	char text[LINES_MAX][TOP_WIDTH_MAX + 1];
	enum top_look look[LINES_MAX];
	int puts;
} shown;

static void put(int line, enum top_look look_of, const char *text, void *arg)
{
	const int *size = arg;

	EXPECT(line >= 0 && line < size[1]);
	EXPECT((int)strlen(text) <= size[0]);
	strcpy(shown.text[line], text);
	shown.look[line] = look_of;
	shown.puts++;
}

static void draw(struct top_screen *screen, int width, int height)
{
	int size[] = { width, height };

	memset(&shown, 0, sizeof(shown));
	top_screen_draw(screen, width, height, put, size);
}

/* Without the blanks that a bar has behind it. */
static const char *bar(int line)
{
	char *end = shown.text[line] + strlen(shown.text[line]);

	EXPECT(strlen(shown.text[line]) == 80);
	while (end > shown.text[line] && end[-1] == ' ')
		*--end = '\0';
	return shown.text[line];
}

static void press(struct top_screen *screen, const char *keys)
{
	for (; *keys; keys++)
		EXPECT(top_keys_press(screen, *keys) == TOP_GO_ON);
}

/* Ten thousand services, each with a connection more a second than the last. */
static void look_at_many(struct top_screen *screen, int64_t second)
{
	struct endpoint e = like(1, SVCNAT_STATE_READY, SVCNAT_PLACE_REMOTE);
	struct top_sample next;
	char name[32];
	uint64_t i;

	e.active = 2;
	top_sample_init(&next, false);
	for (i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "ns-%02u/service-%04u:http",
			 (unsigned int)i / 100, (unsigned int)i);
		take_service(&next, name, i * (uint64_t)second,
			     125 * i * (uint64_t)second,
			     12500 * i * (uint64_t)second, second * SECOND);
		take_endpoint(&next, name, "10.0.0.1:80", &e, 0, SECOND);
		e.state = SVCNAT_STATE_UNREADY;
		take_endpoint(&next, name, "10.0.0.2:80", &e, 0, SECOND);
		e.state = SVCNAT_STATE_READY;
	}
	top_sample_finish(&next, &screen->services.sample);
	top_panel_show(&screen->services, &next);
	top_sample_free(&next);
}

static void list_of_services(void)
{
	struct top_screen screen;

	top_screen_init(&screen, 2);
	strcpy(screen.clock, "12:34:56");
	look_at_many(&screen, 1);
	draw(&screen, 80, 24);
	EXPECT_TEXT(bar(3), "ns-00/service-0000:http        tcp        1/2        4       -        -        -");
	look_at_many(&screen, 2);
	draw(&screen, 80, 24);
	EXPECT_TEXT(shown.text[0], "12:34:56  every 2s  flows 0  new/s -  rejects/s -  drops/s -");
	EXPECT_TEXT(shown.text[1], "10000 services  active 40000  conn/s 50.0M  req-b/s 50.0G  rep-b/s 5.00T");
	EXPECT_TEXT(bar(2), "NAME                           PROTO    READY   ACTIVE  CONN/S  REQ-b/s  REP-b/s");
	EXPECT(shown.look[2] == TOP_HEAD && shown.look[3] == TOP_CHOSEN);
	EXPECT_TEXT(bar(3), "ns-99/service-9999:http        tcp        1/2        4   10.0k    10.0M    1.00G");
	EXPECT_TEXT(shown.text[21], "ns-99/service-9981:http        tcp        1/2        4   9.98k    9.98M     998M");
	EXPECT_TEXT(shown.text[22], "1 to 19 of 10000 services, by CONN/S");
	EXPECT(strlen(shown.text[23]) > 0 && strlen(shown.text[23]) <= 80);
	/* What is not on the screen is not drawn. */
	EXPECT(shown.puts == 24);
	press(&screen, "/service-12\n");
	draw(&screen, 80, 24);
	EXPECT_TEXT(bar(3), "ns-12/service-1299:http        tcp        1/2        4   1.30k    1.30M     130M");
	EXPECT_TEXT(shown.text[22], "1 to 19 of 100 services with \"service-12\", by CONN/S");
	draw(&screen, 120, 30);
	EXPECT_TEXT(shown.text[28], "1 to 25 of 100 services with \"service-12\", by CONN/S");
	screen.totals.rate[TOP_REJECTS] = 1.5;
	strcpy(screen.problem, "the svcnat module is not loaded");
	draw(&screen, 80, 24);
	EXPECT_TEXT(shown.text[0], "12:34:56  every 2s  flows 0  new/s -  rejects/s 1.5  drops/s -");
	EXPECT(shown.look[0] == TOP_FAIR);
	EXPECT_TEXT(shown.text[22], "the svcnat module is not loaded");
	top_screen_free(&screen);
}

static void list_of_endpoints(void)
{
	struct endpoint e = like(3, SVCNAT_STATE_READY, SVCNAT_PLACE_REMOTE);
	struct top_screen screen;
	struct top_sample next;

	top_screen_init(&screen, 2);
	look_at_many(&screen, 1);
	press(&screen, "jj");
	EXPECT(top_keys_press(&screen, TOP_KEY_ENTER) == TOP_TURN);
	EXPECT_TEXT(screen.name, "ns-00/service-0002:http");
	draw(&screen, 80, 24);
	EXPECT_TEXT(shown.text[22], "no endpoints");
	/* There is nothing to go into. */
	EXPECT(top_keys_press(&screen, TOP_KEY_ENTER) == TOP_GO_ON);
	top_sample_init(&next, true);
	next.lists = CLUSTER;
	e.active = 1000000;
	take_endpoint(&next, screen.name, "10.0.0.1:80", &e, 0, SECOND);
	e.weight = 1;
	take_endpoint(&next, screen.name, "[2001:db8:1111:2222:3333:4444:5555:6666]:65535",
		      &e, 0, SECOND);
	e.state = SVCNAT_STATE_TERMINATING;
	take_endpoint(&next, screen.name, "10.0.0.2:80", &e, 0, SECOND);
	top_sample_finish(&next, &screen.endpoints.sample);
	top_panel_show(&screen.endpoints, &next);
	draw(&screen, 80, 24);
	EXPECT_TEXT(shown.text[1], "ns-00/service-0002:http: 3 endpoints  active 3000000  conn/s -  req-b/s -  rep-b");
	EXPECT_TEXT(bar(2), "ADDRESS               STATE   WEIGHT ACTIVE CONN/S REQ-b/s REP-b/s  SHARE    DUE");
	EXPECT_TEXT(bar(3), "10.0.0.1:80           ready        3  1.00M      -       -       -      - 100.0%");
	EXPECT_TEXT(shown.text[4], "10.0.0.2:80           ter~ing      1  1.00M      -       -       -      -   0.0%");
	EXPECT(shown.look[4] == TOP_FAIR);
	EXPECT_TEXT(shown.text[5], "[2001:db8:~666]:65535 ready        1  1.00M      -       -       -      - 100.0%");
	draw(&screen, 130, 24);
	EXPECT_TEXT(shown.text[5], "[2001:db8:1111:2222:3333:4444:5555:6666]:65535   ready             1    1.00M       -        -        -       -  100.0%");
	press(&screen, "/db8\n");
	draw(&screen, 80, 24);
	EXPECT_TEXT(shown.text[22], "1 to 1 of 1 endpoints with \"db8\", by ADDRESS");
	/* Escape first undoes the filter, then goes back to where one was. */
	EXPECT(top_keys_press(&screen, TOP_KEY_ESCAPE) == TOP_GO_ON);
	EXPECT(screen.inside && screen.endpoints.order.nr == 3);
	EXPECT(top_keys_press(&screen, TOP_KEY_ESCAPE) == TOP_TURN);
	EXPECT(!screen.inside && screen.services.cursor == 2);
	EXPECT(top_keys_press(&screen, TOP_KEY_ENTER) == TOP_TURN);
	EXPECT(!screen.endpoints.sample.rows.nr);
	EXPECT(top_keys_press(&screen, 'q') == TOP_TURN && !screen.inside);
	EXPECT(top_keys_press(&screen, 'q') == TOP_QUIT);
	top_sample_free(&next);
	top_screen_free(&screen);
}

static void typing(void)
{
	struct top_screen screen;

	top_screen_init(&screen, 2);
	look_at_many(&screen, 1);
	press(&screen, "/qr1?");
	EXPECT_TEXT(screen.services.filter, "qr1?");
	draw(&screen, 80, 24);
	EXPECT_TEXT(shown.text[23], "/qr1?_");
	press(&screen, "\177\177\177\177");
	EXPECT(screen.typing && screen.services.order.nr == 10000);
	press(&screen, "\177");
	EXPECT(!screen.typing);
	press(&screen, "/0042\n");
	EXPECT(!screen.typing && screen.services.order.nr == 1);
	press(&screen, "/x\033");
	EXPECT_TEXT(screen.services.filter, "0042");
	EXPECT(top_keys_press(&screen, TOP_KEY_ESCAPE) == TOP_GO_ON);
	EXPECT_TEXT(screen.services.filter, "");
	/* Nothing is left to undo, and it does not end. */
	EXPECT(top_keys_press(&screen, TOP_KEY_ESCAPE) == TOP_GO_ON);
	press(&screen, "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	EXPECT(strlen(screen.services.filter) == TOP_FILTER_SIZE - 1);
	EXPECT(top_keys_press(&screen, TOP_KEY_ENTER) == TOP_GO_ON);
	/* There is no row to go into. */
	EXPECT(top_keys_press(&screen, TOP_KEY_ENTER) == TOP_GO_ON);
	EXPECT(!screen.inside);
	top_screen_free(&screen);
}

static void keys(void)
{
	struct top_screen screen;

	top_screen_init(&screen, 2);
	look_at_many(&screen, 1);
	draw(&screen, 80, 24);
	press(&screen, "G");
	EXPECT(screen.services.cursor == 9999 && screen.services.first == 9981);
	/* A higher screen is full, too. */
	draw(&screen, 80, 40);
	EXPECT(screen.services.cursor == 9999 && screen.services.first == 9965);
	draw(&screen, 80, 24);
	press(&screen, "kg j");
	EXPECT(screen.services.cursor == 20 && screen.services.first == 2);
	EXPECT(top_keys_press(&screen, TOP_KEY_PAGE_UP) == TOP_GO_ON);
	EXPECT(screen.services.cursor == 1);
	press(&screen, "?");
	draw(&screen, 80, 24);
	EXPECT_TEXT(shown.text[0], "Keys");
	/* All of it fits, and nothing is cut off. */
	EXPECT(shown.text[23][0] == '\0' && strchr(shown.text[20], '.'));
	press(&screen, "q");
	draw(&screen, 80, 24);
	EXPECT(shown.look[2] == TOP_HEAD);
	press(&screen, ">");
	EXPECT(screen.services.column == 5);
	press(&screen, ">>");
	EXPECT(screen.services.column == 0);
	press(&screen, "<r");
	EXPECT(screen.services.column == 6 && screen.services.reverse);
	press(&screen, "49");
	EXPECT(screen.services.column == 3 && !screen.services.reverse);
	draw(&screen, 80, 24);
	EXPECT_TEXT(shown.text[22], "2 to 20 of 10000 services, by ACTIVE");
	top_screen_free(&screen);
}

/* Whatever keys come, and whatever the size is, the cursor is to be seen. */
static void anything(void)
{
	static const int some[] = {
		'q', '?', '/', 'r', '1', '3', '9', 'j', 'k', 'g', 'G', ' ',
		'0', 'x', TOP_KEY_ENTER, TOP_KEY_ESCAPE, TOP_KEY_BACKSPACE,
		TOP_KEY_UP, TOP_KEY_DOWN, TOP_KEY_PAGE_UP, TOP_KEY_PAGE_DOWN,
		TOP_KEY_HOME, TOP_KEY_END, TOP_KEY_LEFT, TOP_KEY_RIGHT, 0,
		0x7e, 1000,
	};
	const struct top_panel *panel;
	struct top_screen screen;
	uint64_t counts[4];
	int i;

	srand(1);
	top_screen_init(&screen, 2);
	for (i = 0; i < 20000; i++) {
		top_keys_press(&screen, some[rand() % 28]);
		counts[0] = (uint64_t)rand() % 9;
		counts[1] = rand() % 3 ? 4 : UINT64_MAX;
		counts[2] = rand() % 3 ? (uint64_t)i : UINT64_MAX;
		counts[3] = rand() % 3 ? 0 : UINT64_MAX;
		if (!(rand() % 4))
			show_services(&screen.services, counts, i * SECOND);
		draw(&screen, 1 + rand() % (rand() % 2 ? 10 : 200),
		     1 + rand() % (rand() % 2 ? 8 : 60));
		panel = top_screen_panel(&screen);
		EXPECT(panel->first <= panel->cursor);
		EXPECT(panel->cursor < panel->first + panel->height);
		EXPECT(panel->cursor < panel->order.nr ||
		       (!panel->order.nr && !panel->cursor));
	}
	draw(&screen, 1, 1);
	draw(&screen, 10000, 90);
	top_screen_free(&screen);
}

int main(void)
{
	puts("KTAP version 1");
	run("sorting", sorting);
	run("the cursor", cursor);
	run("filters", filters);
	run("list of services", list_of_services);
	run("list of endpoints", list_of_endpoints);
	run("typing", typing);
	run("keys", keys);
	run("any keys, any size", anything);
	printf("1..%d\n", count);
	return failures != 0;
}
