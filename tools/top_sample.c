// SPDX-License-Identifier: GPL-2.0
#include "top_sample.h"

#include <stdlib.h>
#include <string.h>

#include "top_share.h"

/* What a connection weighs in a share, an interval later. */
#define FADE		0.9

void top_sample_init(struct top_sample *sample, bool members)
{
	memset(sample, 0, sizeof(*sample));
	sample->rows.size = sizeof(struct top_row);
	sample->text.size = 1;
	sample->members = members;
}

void top_sample_empty(struct top_sample *sample)
{
	sample->rows.nr = 0;
	sample->text.nr = 0;
	sample->lists = 0;
}

void top_sample_free(struct top_sample *sample)
{
	list_free(&sample->rows);
	list_free(&sample->text);
}

const char *top_sample_name(const struct top_sample *sample,
			    const struct top_row *row)
{
	return list_at(&sample->text, row->name);
}

static struct top_row *last_row(const struct top_sample *sample)
{
	return sample->rows.nr ? list_at(&sample->rows, sample->rows.nr - 1)
			       : NULL;
}

/* Often it is the last name again. */
static size_t keep_name(struct top_sample *sample, const char *name)
{
	const struct top_row *last = last_row(sample);
	size_t length = strlen(name) + 1, at = sample->text.nr;

	if (last && !strcmp(top_sample_name(sample, last), name))
		return last->name;
	memcpy(list_grow(&sample->text, length), name, length);
	return at;
}

static struct top_row *add_row(struct top_sample *sample,
			       const struct reply *reply,
			       const struct counters *counters, int64_t now)
{
	size_t name = keep_name(sample, reply->service.head.service);
	struct top_row *row = list_add(&sample->rows);

	row->name = name;
	row->generation = reply->generation;
	row->when = now;
	memcpy(row->counter, counters->value, sizeof(row->counter));
	return row;
}

static void take_service(struct top_sample *sample, const struct reply *reply,
			 int64_t now)
{
	const struct service *service = &reply->service;
	struct top_row *row;

	sample->lists = 1U << (service->internal_policy & 1) |
			1U << (service->external_policy & 1);
	if (sample->members)
		return;
	row = add_row(sample, reply, &service->counters, now);
	row->proto = service->proto;
}

static void count_endpoint(struct top_sample *sample,
			   const struct reply *reply)
{
	struct top_row *row = last_row(sample);

	if (!row || strcmp(top_sample_name(sample, row),
			   reply->service.head.service))
		return;
	row->endpoints++;
	row->ready += reply->endpoint.state == SVCNAT_STATE_READY;
	row->active += reply->endpoint.active;
}

static void take_endpoint(struct top_sample *sample,
			  const struct reply *reply, int64_t now)
{
	const struct endpoint *endpoint = &reply->endpoint;
	struct top_row *row;

	if (!sample->members) {
		count_endpoint(sample, reply);
		return;
	}
	row = add_row(sample, reply, &endpoint->counters, now);
	row->addr = endpoint->addr;
	row->port = endpoint->port;
	row->state = endpoint->state;
	row->place = endpoint->place;
	row->weight = endpoint->weight;
	row->active = endpoint->active;
}

void top_sample_take(struct top_sample *sample, const struct reply *reply,
		     int64_t now)
{
	if (!reply->service.head.service)
		return;
	if (reply->attr == SVCNAT_A_SERVICE)
		take_service(sample, reply, now);
	else if (reply->attr == SVCNAT_A_ENDPOINT)
		take_endpoint(sample, reply, now);
}

int top_row_compare(const struct top_sample *a, const struct top_row *x,
		    const struct top_sample *b, const struct top_row *y)
{
	int diff = strcmp(top_sample_name(a, x), top_sample_name(b, y));

	if (!diff)
		diff = addr_compare(&x->addr, &y->addr);
	return diff ? diff : x->port - y->port;
}

static int newest_first(const void *a, const void *b, void *arg)
{
	const struct top_row *x = a, *y = b;
	int diff = top_row_compare(arg, x, arg, y);

	return diff ? diff : (int32_t)(y->generation - x->generation);
}

/* One that was removed and made again while we looked came twice. */
static void sort(struct top_sample *sample)
{
	struct list *rows = &sample->rows;
	struct top_row *row, *kept = NULL;
	size_t i, nr = 0;

	if (rows->nr)
		qsort_r(rows->item, rows->nr, rows->size, newest_first,
			sample);
	for (i = 0; i < rows->nr; i++) {
		row = list_at(rows, i);
		if (kept && !top_row_compare(sample, kept, sample, row))
			continue;
		kept = list_at(rows, nr++);
		*kept = *row;
	}
	rows->nr = nr;
}

/* It was made again, or the module was loaded again, if one is below. */
static bool began_anew(const struct top_row *row,
		       const struct top_row *before)
{
	int i;

	for (i = SVCNAT_COUNTER_A_CONNECTIONS; i <= SVCNAT_COUNTER_A_MAX; i++)
		if (row->counter[i] < before->counter[i])
			return true;
	return false;
}

/* What began anew did so since then: all that it has counted is new. */
static void rate(struct top_row *row, const struct top_row *before)
{
	uint64_t new[SVCNAT_COUNTER_A_MAX + 1];
	bool anew = began_anew(row, before);
	double seconds = (double)(row->when - before->when) / 1e9;
	int i;

	for (i = 0; i <= SVCNAT_COUNTER_A_MAX; i++)
		new[i] = row->counter[i] - (anew ? 0 : before->counter[i]);
	row->recent = FADE * before->recent +
		      (double)new[SVCNAT_COUNTER_A_CONNECTIONS];
	if (seconds <= 0)
		return;
	row->rate[TOP_CONNECTIONS] =
		(double)new[SVCNAT_COUNTER_A_CONNECTIONS] / seconds;
	row->rate[TOP_REQUEST] =
		(double)new[SVCNAT_COUNTER_A_REQUEST_BYTES] * 8 / seconds;
	row->rate[TOP_REPLY] =
		(double)new[SVCNAT_COUNTER_A_REPLY_BYTES] * 8 / seconds;
}

/*
 * A row that was not there before may have been left out by a dump that the
 * configuration moved under: it has rates when it was seen twice.
 */
static void rate_all(struct top_sample *sample,
		     const struct top_sample *before)
{
	const struct top_row *old;
	struct top_row *row;
	size_t i, at = 0;
	int diff, j;

	for (i = 0; i < sample->rows.nr; i++) {
		row = list_at(&sample->rows, i);
		for (j = 0; j < NR_TOP_RATES; j++)
			row->rate[j] = TOP_UNKNOWN;
		row->share = TOP_UNKNOWN;
		row->due = TOP_UNKNOWN;
		for (diff = -1; diff < 0 && at < before->rows.nr; at++) {
			old = list_at(&before->rows, at);
			diff = top_row_compare(before, old, sample, row);
			if (!diff)
				rate(row, old);
			else if (diff > 0)
				break;
		}
	}
}

void top_sample_finish(struct top_sample *sample,
		       const struct top_sample *before)
{
	sort(sample);
	rate_all(sample, before);
	if (sample->members)
		top_share_all(sample);
}

void top_sample_sum(const struct top_sample *sample, struct top_row *sum)
{
	const struct top_row *row;
	size_t i;
	int j;

	memset(sum, 0, sizeof(*sum));
	for (j = 0; j < NR_TOP_RATES; j++)
		sum->rate[j] = sample->rows.nr ? TOP_UNKNOWN : 0;
	for (i = 0; i < sample->rows.nr; i++) {
		row = list_at(&sample->rows, i);
		sum->active += row->active;
		sum->ready += row->state == SVCNAT_STATE_READY;
		for (j = 0; j < NR_TOP_RATES; j++) {
			if (row->rate[j] < 0)
				continue;
			if (sum->rate[j] < 0)
				sum->rate[j] = 0;
			sum->rate[j] += row->rate[j];
		}
	}
}
