// SPDX-License-Identifier: GPL-2.0
#include "metric.h"

static void add_bound(struct histogram *h, double bound)
{
	if (h->nr < METRIC_BUCKETS_MAX)
		h->bound[h->nr++] = bound;
}

void histogram_exponential(struct histogram *h, double first, double factor,
			   unsigned int nr)
{
	for (; nr; nr--, first *= factor)
		add_bound(h, first);
}

void histogram_linear(struct histogram *h, double first, double step,
		      unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		add_bound(h, first + step * i);
}

void histogram_observe(struct histogram *h, double seconds)
{
	unsigned int i = 0;

	while (i < h->nr && seconds > h->bound[i])
		i++;
	h->count[i]++;
	h->sum += seconds;
}

void metric_head(FILE *out, const char *name, const char *type,
		 const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_label(FILE *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", out);
		else if (*value == '"' || *value == '\\')
			fprintf(out, "\\%c", *value);
		else
			putc(*value, out);
	}
}

void metric_value(FILE *out, const char *name, const char *const *labels,
		  double value)
{
	const char *separator = "{";
	bool any = labels && *labels;

	fputs(name, out);
	for (; labels && *labels; labels += 2) {
		fprintf(out, "%s%s=\"", separator, labels[0]);
		put_label(out, labels[1]);
		putc('"', out);
		separator = ",";
	}
	/* As many digits as make up an integer below 2^53. */
	fprintf(out, "%s %.17g\n", any ? "}" : "", value);
}

void metric_histogram(FILE *out, const char *name, const char *help,
		      const struct histogram *h)
{
	uint64_t sum = 0;
	unsigned int i;

	metric_head(out, name, "histogram", help);
	for (i = 0; i < h->nr; i++) {
		sum += h->count[i];
		fprintf(out, "%s_bucket{le=\"%g\"} %llu\n", name, h->bound[i],
			(unsigned long long)sum);
	}
	sum += h->count[h->nr];
	fprintf(out, "%s_bucket{le=\"+Inf\"} %llu\n", name,
		(unsigned long long)sum);
	fprintf(out, "%s_sum %.9g\n%s_count %llu\n", name, h->sum, name,
		(unsigned long long)sum);
}

void metric_one(FILE *out, const char *name, const char *type,
		const char *help, double value)
{
	metric_head(out, name, type, help);
	metric_value(out, name, NULL, value);
}
