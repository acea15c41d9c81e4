// SPDX-License-Identifier: GPL-2.0
/* Unit tests of what "svcctl top" makes of counters; prints KTAP. */
#include "top_unit.h"

#include <math.h>

static bool near(double x, double y)
{
	return fabs(x - y) < 1e-6;
}

static const struct top_row *row_of(const struct top_sample *sample, size_t i)
{
	return list_at(&sample->rows, i);
}

/* Rates. */

/* Two looks at one service, a second and a half from one to the other. */
static struct top_row rated(uint64_t connections, uint64_t request,
			    uint64_t reply)
{
	struct top_sample before, now;
	struct top_row row;

	top_sample_init(&before, false);
	top_sample_init(&now, false);
	take_service(&before, "web", 100, 1000, 2000, 5 * SECOND);
	top_sample_finish(&before, &now);
	EXPECT(row_of(&before, 0)->rate[TOP_CONNECTIONS] == TOP_UNKNOWN);
	take_service(&now, "web", connections, request, reply,
		     6 * SECOND + SECOND / 2);
	top_sample_finish(&now, &before);
	row = *row_of(&now, 0);
	top_sample_free(&before);
	top_sample_free(&now);
	return row;
}

static void rates(void)
{
	struct top_row row = rated(103, 1003, 2030);

	EXPECT(near(row.rate[TOP_CONNECTIONS], 2));
	EXPECT(near(row.rate[TOP_REQUEST], 16));
	EXPECT(near(row.rate[TOP_REPLY], 160));
	row = rated(100, 1000, 2000);
	EXPECT(row.rate[TOP_CONNECTIONS] == 0 && row.rate[TOP_REPLY] == 0);
	/* One counter is below: all began anew. */
	row = rated(3, 3000, 6000);
	EXPECT(near(row.rate[TOP_CONNECTIONS], 2));
	EXPECT(near(row.rate[TOP_REQUEST], 16000));
	EXPECT(near(row.rate[TOP_REPLY], 32000));
	row = rated(0, 0, 0);
	EXPECT(row.rate[TOP_CONNECTIONS] == 0 && row.rate[TOP_REQUEST] == 0);
	row = rated(UINT64_MAX, UINT64_MAX, UINT64_MAX);
	EXPECT(row.rate[TOP_REPLY] > 1e19);
}

/* Services come and go, and one comes twice. */
static void other_rows(void)
{
	struct top_sample before, now;

	top_sample_init(&before, false);
	top_sample_init(&now, false);
	take_service(&before, "a", 1, 0, 0, SECOND);
	take_service(&before, "c", 1, 0, 0, SECOND);
	take_service(&before, "d", 1, 0, 0, SECOND);
	take_service(&before, "gone", 1, 0, 0, SECOND);
	top_sample_finish(&before, &now);
	take_service(&now, "new", 1000, 0, 0, 2 * SECOND);
	take_service(&now, "d", 5, 0, 0, 2 * SECOND);
	take_service(&now, "a", 3, 0, 0, 2 * SECOND);
	take_service(&now, "b", 1000, 0, 0, 2 * SECOND);
	((struct top_row *)list_at(&now.rows, 1))->generation = UINT32_MAX;
	take_service(&now, "d", 8, 0, 0, 2 * SECOND);
	top_sample_finish(&now, &before);
	EXPECT(now.rows.nr == 4);
	EXPECT_TEXT(top_sample_name(&now, row_of(&now, 0)), "a");
	EXPECT(near(row_of(&now, 0)->rate[TOP_CONNECTIONS], 2));
	EXPECT_TEXT(top_sample_name(&now, row_of(&now, 1)), "b");
	EXPECT(row_of(&now, 1)->rate[TOP_CONNECTIONS] == TOP_UNKNOWN);
	/* Of the two the one that was made later. */
	EXPECT_TEXT(top_sample_name(&now, row_of(&now, 2)), "d");
	EXPECT(near(row_of(&now, 2)->rate[TOP_CONNECTIONS], 7));
	EXPECT_TEXT(top_sample_name(&now, row_of(&now, 3)), "new");
	top_sample_free(&before);
	top_sample_free(&now);
}

static void totals(void)
{
	struct stats stats = { .head.given = 0 };
	struct top_totals all;

	top_totals_init(&all);
	stats.value[SVCNAT_STAT_FLOW_NEW] = 10;
	stats.value[SVCNAT_STAT_REJECT_NO_ENDPOINT] = 3;
	stats.value[SVCNAT_STAT_DROP_MEMORY] = 1;
	top_totals_take(&all, &stats, SECOND);
	EXPECT(all.rate[TOP_FLOWS] == TOP_UNKNOWN);
	stats.value[SVCNAT_STAT_FLOW_NEW] = 30;
	stats.value[SVCNAT_STAT_FLOW_LIVE] = 7;
	stats.value[SVCNAT_STAT_REJECT_LIMITED] = 4;
	stats.value[SVCNAT_STAT_DROP_NO_SERVICE] = 8;
	top_totals_take(&all, &stats, 3 * SECOND);
	EXPECT(near(all.rate[TOP_FLOWS], 10) && all.live == 7);
	EXPECT(near(all.rate[TOP_REJECTS], 2));
	EXPECT(near(all.rate[TOP_DROPS], 4));
	/* The module was loaded again. */
	memset(&stats, 0, sizeof(stats));
	stats.value[SVCNAT_STAT_FLOW_NEW] = 500;
	top_totals_take(&all, &stats, 5 * SECOND);
	EXPECT(near(all.rate[TOP_FLOWS], 250) && all.rate[TOP_DROPS] == 0);
}

/* Shares. */

/* Has @due of the endpoints that @sample got under the policies @lists. */
static void expect_due(struct top_sample *sample, unsigned int lists,
		       const double *want, int line)
{
	struct top_sample before;
	size_t i;

	top_sample_init(&before, true);
	sample->lists = lists;
	top_sample_finish(sample, &before);
	for (i = 0; i < sample->rows.nr; i++) {
		if (near(row_of(sample, i)->due, want[i]))
			continue;
		printf("# line %d: row %zu: got %f, expected %f\n", line, i,
		       row_of(sample, i)->due, want[i]);
		case_ok = false;
	}
	top_sample_free(&before);
}

static void dues(void)
{
	static const double cluster[] = { .25, .75, 0, 0, 0, 0, 1 };
	static const double local[] = { 0, .6, 0, .4, 0, 0, 0 };
	static const double both[] = { -1, -1, 0, -1, 0, 0, -1 };
	static const double leaving[] = { 0, 2 / 3., 1 / 3. };
	struct endpoint e[] = {
		like(1, SVCNAT_STATE_READY, SVCNAT_PLACE_REMOTE),
		like(3, SVCNAT_STATE_READY, SVCNAT_PLACE_LOCAL),
		like(4, SVCNAT_STATE_UNREADY, SVCNAT_PLACE_LOCAL),
		like(2, SVCNAT_STATE_READY, SVCNAT_PLACE_LOCAL_ONLY),
		like(7, SVCNAT_STATE_TERMINATING, SVCNAT_PLACE_LOCAL),
		like(0, SVCNAT_STATE_READY, SVCNAT_PLACE_LOCAL),
	};
	struct top_sample sample;
	char at[] = "10.0.0.1:80";
	size_t i;

	top_sample_init(&sample, true);
	for (i = 0; i < 6; i++, at[7]++)
		take_endpoint(&sample, "web", at, &e[i], 0, SECOND);
	take_endpoint(&sample, "web", "[fd00::1]:80", &e[0], 0, SECOND);
	expect_due(&sample, CLUSTER, cluster, __LINE__);
	expect_due(&sample, LOCAL, local, __LINE__);
	expect_due(&sample, CLUSTER | LOCAL, both, __LINE__);
	/* None is ready: those that terminate are drawn. */
	top_sample_empty(&sample);
	e[0].weight = 0;
	e[2].state = SVCNAT_STATE_TERMINATING;
	e[4].weight = 2;
	take_endpoint(&sample, "web", "10.0.0.1:80", &e[0], 0, SECOND);
	take_endpoint(&sample, "web", "10.0.0.2:80", &e[2], 0, SECOND);
	take_endpoint(&sample, "web", "10.0.0.3:80", &e[4], 0, SECOND);
	expect_due(&sample, CLUSTER, leaving, __LINE__);
	expect_due(&sample, LOCAL, leaving, __LINE__);
	expect_due(&sample, CLUSTER | LOCAL, leaving, __LINE__);
	top_sample_free(&sample);
}

static void look(struct top_sample *now, struct top_sample *before,
		 uint64_t one, uint64_t two, uint64_t six, int64_t when)
{
	struct endpoint e = like(1, SVCNAT_STATE_READY, SVCNAT_PLACE_REMOTE);
	struct top_sample old = *before;

	*before = *now;
	*now = old;
	top_sample_empty(now);
	take_endpoint(now, "web", "10.0.0.1:80", &e, one, when);
	take_endpoint(now, "web", "10.0.0.2:80", &e, two, when);
	take_endpoint(now, "web", "[fd00::1]:80", &e, six, when);
	top_sample_finish(now, before);
}

static void shares(void)
{
	struct top_sample now, before;
	int i;

	top_sample_init(&now, true);
	top_sample_init(&before, true);
	look(&now, &before, 1000, 1, 0, SECOND);
	EXPECT(row_of(&now, 0)->share == TOP_UNKNOWN);
	look(&now, &before, 1003, 2, 5, 2 * SECOND);
	EXPECT(near(row_of(&now, 0)->share, .75));
	EXPECT(near(row_of(&now, 1)->share, .25));
	EXPECT(near(row_of(&now, 2)->share, 1));
	/* What was fades. */
	look(&now, &before, 1003, 102, 5, 3 * SECOND);
	EXPECT(near(row_of(&now, 0)->share, 2.7 / 103.6));
	for (i = 4; i < 100; i++)
		look(&now, &before, 1003, 102, 5, i * SECOND);
	EXPECT(row_of(&now, 0)->share == TOP_UNKNOWN);
	top_sample_free(&now);
	top_sample_free(&before);
}

/* Cells. */

static void numbers(void)
{
	static const struct {
		double rate;
		const char *text;
	} cases[] = {
		{ TOP_UNKNOWN, "-" }, { 0, "0" }, { 0.01, "<0.1" },
		{ 0.05, "0.1" }, { 0.5, "0.5" }, { 1, "1.0" }, { 9.94, "9.9" },
		{ 9.96, "10" }, { 99.4, "99" }, { 999.4, "999" },
		{ 999.5, "1.00k" }, { 1000, "1.00k" }, { 9994, "9.99k" },
		{ 9996, "10.0k" }, { 99940, "99.9k" }, { 99960, "100k" },
		{ 999499, "999k" }, { 999500, "1.00M" }, { 1.5e9, "1.50G" },
		{ 1e12, "1.00T" }, { 1e15, "1.00P" }, { 1.8e19, "18.0E" },
		{ 1.2e21, "1.20Z" }, { 1e24, "999Z" }, { 1e300, "999Z" },
	};
	char text[TOP_NUMBER_SIZE];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		EXPECT_TEXT(top_format_rate(text, cases[i].rate),
			    cases[i].text);
	for (i = 1; i < 1000000; i += 7)
		if (strlen(top_format_rate(text, (double)i / 10)) > 5)
			expect_text(text, "five characters", __LINE__);
}

static const char *fit(const char *from, int width)
{
	static char text[64];

	strcpy(text, from);
	top_fit(text, width);
	return text;
}

static void fitting(void)
{
	EXPECT_TEXT(fit("abcdefgh", 8), "abcdefgh");
	EXPECT_TEXT(fit("abcdefgh", 7), "abc~fgh");
	EXPECT_TEXT(fit("abcdefgh", 6), "abc~gh");
	EXPECT_TEXT(fit("abcdefgh", 3), "a~h");
	EXPECT_TEXT(fit("abcdefgh", 2), "ab");
	EXPECT_TEXT(fit("abcdefgh", 0), "");
	EXPECT_TEXT(fit("", 0), "");
	EXPECT_TEXT(fit("a\033[1m\xff\x7f", 9), "a?[1m??");
	EXPECT_TEXT(fit("kube-system/kube-dns:dns-tcp", 20),
		    "kube-syste~s:dns-tcp");
}

int main(void)
{
	puts("KTAP version 1");
	run("rates", rates);
	run("rows that come and go", other_rows);
	run("totals", totals);
	run("what weights stand for", dues);
	run("shares", shares);
	run("numbers", numbers);
	run("text that does not fit", fitting);
	printf("1..%d\n", count);
	return failures != 0;
}
