// SPDX-License-Identifier: GPL-2.0
#include "trigger.h"

#include <stdlib.h>
#include <time.h>

#include "health.h"

#define ANNOTATION	"endpoints.kubernetes.io/last-change-trigger-time"
/* More than so many wait only when the kernel cannot be asked. */
#define TRIGGERS_MAX	10000

void trigger_init(struct list *triggers)
{
	*triggers = (struct list){ .size = sizeof(uint64_t) };
}

/* Microseconds since 1970 of 2006-01-02T15:04:05.999Z; 0 if it is malformed. */
static uint64_t parse_date(const char *text)
{
	struct tm tm = { .tm_isdst = 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	double fraction = 0;
	char *rest;
	time_t date;

	if (!end)
		return 0;
	if (*end == '.') {
		fraction = strtod(end, &rest);
		end = rest;
	}
	date = timegm(&tm);
	if (*end != 'Z' || date < 0 || fraction < 0 || fraction >= 1)
		return 0;
	return (uint64_t)date * 1000000 + (uint64_t)(fraction * 1000000);
}

void trigger_note(struct list *triggers, const json_t *slice)
{
	const json_t *metadata = json_object_get(slice, "metadata");
	const json_t *notes = json_object_get(metadata, "annotations");
	const char *text = json_string_value(json_object_get(notes,
							     ANNOTATION));
	uint64_t date = text ? parse_date(text) : 0;

	if (date && triggers->nr < TRIGGERS_MAX)
		list_copy(triggers, &date);
}

void trigger_observe(struct list *triggers, struct histogram *histogram)
{
	uint64_t now = health_date(), date;
	size_t i;

	for (i = 0; i < triggers->nr; i++) {
		date = *(uint64_t *)list_at(triggers, i);
		/* Clocks of two machines. */
		if (date <= now)
			histogram_observe(histogram,
					  (double)(now - date) / 1e6);
	}
	triggers->nr = 0;
}
