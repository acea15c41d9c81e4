// SPDX-License-Identifier: GPL-2.0
#include "health.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DATE_SIZE	48

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t health_now(void)
{
	return now(CLOCK_MONOTONIC);
}

uint64_t health_date(void)
{
	return now(CLOCK_REALTIME);
}

void health_queue(struct health *health)
{
	if (!health->queued)
		health->queued = health_now();
}

void health_update(struct health *health)
{
	health->queued = 0;
	health->updated = health_date();
}

/* As with kube-proxy, an agent that waits for its first list is no sick one. */
bool health_is_good(const struct health *health)
{
	return !health->queued ||
	       health_now() - health->queued < health->timeout;
}

/* The way Go prints a time. */
static const char *format_date(char text[DATE_SIZE], uint64_t date)
{
	time_t seconds = (time_t)(date / 1000000);
	char day[24];
	struct tm tm;

	if (!date)
		return strcpy(text, "0001-01-01 00:00:00 +0000 UTC");
	gmtime_r(&seconds, &tm);
	strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(text, DATE_SIZE, "%s.%06u +0000 UTC", day,
		 (unsigned int)(date % 1000000));
	return text;
}

static bool answer_as(struct health *health, struct server_answer *answer,
		      bool node)
{
	char updated[DATE_SIZE], current[DATE_SIZE];
	bool alive = health_is_good(health);
	bool good = alive && !(node && health->leaving);
	uint64_t date = health_date();

	/* What is up to date was updated now, whenever that was needed. */
	format_date(updated, alive ? date : health->updated);
	format_date(current, date);
	(node ? health->healthz : health->livez)[good]++;
	answer->type = "application/json";
	answer->status = good ? 200 : 503;
	return server_printf(answer,
			     "{\"lastUpdated\": \"%s\",\"currentTime\": \"%s\"%s}",
			     updated, current,
			     !node ? "" :
			     health->leaving ? ", \"nodeEligible\": false" :
					       ", \"nodeEligible\": true");
}

bool health_answer(const char *path, uint16_t port,
		   struct server_answer *answer, void *arg)
{
	(void)port;
	if (!strcmp(path, "/healthz"))
		return answer_as(arg, answer, true);
	if (!strcmp(path, "/livez"))
		return answer_as(arg, answer, false);
	return false;
}
