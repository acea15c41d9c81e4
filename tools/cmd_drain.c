// SPDX-License-Identifier: GPL-2.0
/* "endpoint drain": takes an endpoint out of service and sees its flows end. */
#include "cmd.h"

#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#define FIRST_PAUSE	50	/* milliseconds */
#define LONGEST_PAUSE	1000	/* milliseconds */

/**
 * struct drain - what is waited for
 * @service: its name
 * @endpoint: address and port; the rest is what was heard of it last
 * @found: it is there
 * @limited: wait no longer than @end
 * @end: in milliseconds
 * @shows: somebody watches
 */
struct drain {
	const char *service;
	struct endpoint endpoint;
	bool found;
	bool limited;
	int64_t end;
	bool shows;
};

static int look(const struct reply *reply, void *arg)
{
	struct drain *drain = arg;

	if (reply->attr != SVCNAT_A_ENDPOINT ||
	    reply->endpoint.port != drain->endpoint.port ||
	    addr_compare(&reply->endpoint.addr, &drain->endpoint.addr))
		return 0;
	drain->found = true;
	drain->endpoint.state = reply->endpoint.state;
	drain->endpoint.active = reply->endpoint.active;
	return 0;
}

/* A dump that was interrupted may have left it out. */
static int ask(struct drain *drain)
{
	struct patience patience = { .pause = 0 };
	struct service service;
	struct request req = cmd_about(SVCNAT_CMD_ENDPOINT_GET, "endpoint",
				       &service, drain->service);
	int code;

	req.dump = true;
	req.stats = true;
	do {
		drain->found = false;
		code = cmd_try(&req, look, drain);
	} while (code == NL_INTERRUPTED && !drain->found &&
		 patience_wait(&patience));
	return code == NL_INTERRUPTED ? 0 : code;
}

static const char *plural(const struct drain *drain)
{
	return drain->endpoint.active == 1 ? "" : "s";
}

static void show(struct drain *drain)
{
	if (drain->shows)
		fprintf(stderr, "\r\033[K%" PRIu64 " active flow%s",
			drain->endpoint.active, plural(drain));
}

static void clear(struct drain *drain)
{
	if (drain->shows)
		fputs("\r\033[K", stderr);
}

__attribute__((format(printf, 2, 3)))
static int give_up(struct drain *drain, const char *format, ...)
{
	char text[256], addr[ADDR_TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	clear(drain);
	complain("service \"%.200s\": endpoint %s %s", drain->service,
		 format_addr_port(addr, &drain->endpoint.addr,
				  drain->endpoint.port), text);
	return EXIT_REFUSED;
}

static void pause_for(unsigned int *pause, const struct drain *drain)
{
	unsigned int wait = *pause;
	struct timespec time;
	int64_t left;

	*pause = *pause * 2 > LONGEST_PAUSE ? LONGEST_PAUSE : *pause * 2;
	if (drain->limited) {
		left = drain->end - milliseconds();
		if (left < (int64_t)wait)
			wait = left > 0 ? (unsigned int)left : 0;
	}
	time.tv_sec = wait / 1000;
	time.tv_nsec = wait % 1000 * 1000000L;
	nanosleep(&time, NULL);
}

static int wait_until_idle(struct drain *drain)
{
	unsigned int pause = FIRST_PAUSE;
	bool late;
	int code;

	for (;;) {
		late = drain->limited && milliseconds() >= drain->end;
		code = ask(drain);
		if (code) {
			clear(drain);
			return cmd_complain(code);
		}
		if (!drain->found)
			return give_up(drain, "was removed while it drained");
		if (drain->endpoint.state == SVCNAT_STATE_READY)
			return give_up(drain, "was made ready while it drained");
		if (!drain->endpoint.active)
			break;
		if (late)
			return give_up(drain, "still has %" PRIu64 " active flow%s",
				       drain->endpoint.active, plural(drain));
		show(drain);
		pause_for(&pause, drain);
	}
	clear(drain);
	return 0;
}

static int take_limit(struct words *w, struct drain *drain)
{
	uint32_t seconds;
	int err;

	if (!words_match(w, "wait"))
		return words_end(w);
	err = words_duration(w, &seconds);
	if (!err)
		err = words_end(w);
	drain->limited = true;
	drain->end = milliseconds() + (int64_t)seconds * 1000;
	return err;
}

/*
 * One that is unready gets no connections; while it terminates it would, where
 * no endpoint is ready.
 */
static int terminate(struct drain *drain)
{
	struct endpoint endpoint = drain->endpoint;
	struct service service;
	struct request req;
	int code = ask(drain);

	if (code)
		return cmd_complain_about(code, drain->service);
	if (drain->found && drain->endpoint.state == SVCNAT_STATE_UNREADY)
		return 0;
	endpoint.head.given |= GIVEN(SVCNAT_ENDPOINT_A_STATE);
	endpoint.state = SVCNAT_STATE_TERMINATING;
	req = cmd_about(SVCNAT_CMD_ENDPOINT_SET, "endpoint", &service,
			drain->service);
	req.endpoints = &endpoint;
	req.nr_endpoints = 1;
	return cmd_request(&req, NULL, NULL);
}

int endpoint_drain(struct words *w)
{
	struct drain drain = { .shows = isatty(STDERR_FILENO) };
	int err;

	err = words_service_name(w, &drain.service);
	if (!err)
		err = endpoint_address(w, &drain.endpoint);
	if (!err)
		err = take_limit(w, &drain);
	if (!err)
		err = terminate(&drain);
	return err ? err : wait_until_idle(&drain);
}
