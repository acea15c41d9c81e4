// SPDX-License-Identifier: GPL-2.0
#include "prometheus.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

/* The family, what has been printed of it, and of its next sample. */
static struct {
	enum metric_type type;
	const char *name;
	const char *suffix;
	const char *help;
	bool begun;
	bool labels;
} family;

void metric_family(enum metric_type type, const char *name, const char *suffix,
		   const char *help)
{
	family.type = type;
	family.name = name;
	family.suffix = suffix;
	family.help = help;
	family.begun = false;
	family.labels = false;
}

static void print_name(void)
{
	printf("svcnat_%s%s", family.name, family.suffix);
}

static void print_head(void)
{
	fputs("# HELP ", stdout);
	print_name();
	printf(" %s\n# TYPE ", family.help);
	print_name();
	puts(family.type == METRIC_COUNTER ? " counter" : " gauge");
}

/* Before the first label, or the value if there is none. */
static void begin_sample(void)
{
	if (!family.begun)
		print_head();
	family.begun = true;
	print_name();
}

void metric_label(const char *name, const char *value)
{
	if (!family.labels)
		begin_sample();
	printf("%c%s=\"", family.labels ? ',' : '{', name);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", stdout);
		else if (*value == '"' || *value == '\\')
			printf("\\%c", *value);
		else
			putchar(*value);
	}
	putchar('"');
	family.labels = true;
}

void metric_value(uint64_t value)
{
	if (family.labels)
		putchar('}');
	else
		begin_sample();
	printf(" %" PRIu64 "\n", value);
	family.labels = false;
}
