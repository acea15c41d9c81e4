/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers in the text format of Prometheus. */
#ifndef _SVCNATD_METRIC_H
#define _SVCNATD_METRIC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define METRIC_BUCKETS_MAX	96

/**
 * struct histogram - how often something took how long
 * @bound: upper ends of the buckets, in seconds, growing
 * @nr: how many buckets, without the one that has no end
 * @count: in each, and in the one without end
 * @sum: of all, in seconds
 */
struct histogram {
	double bound[METRIC_BUCKETS_MAX];
	unsigned int nr;
	uint64_t count[METRIC_BUCKETS_MAX + 1];
	double sum;
};

/* Buckets that grow from @first by @factor, or by @step. */
void histogram_exponential(struct histogram *h, double first, double factor,
			   unsigned int nr);
void histogram_linear(struct histogram *h, double first, double step,
		      unsigned int nr);

void histogram_observe(struct histogram *h, double seconds);

/* What a metric is, before its values; @type as Prometheus names it. */
void metric_head(FILE *out, const char *name, const char *type,
		 const char *help);

/*
 * A value: @labels are pairs of name and value, up to a NULL; none if it is NULL.
 */
void metric_value(FILE *out, const char *name, const char *const *labels,
		  double value);
void metric_histogram(FILE *out, const char *name, const char *help,
		      const struct histogram *h);

/* Head and value of one that has no labels. */
void metric_one(FILE *out, const char *name, const char *type,
		const char *help, double value);

#endif /* _SVCNATD_METRIC_H */
