// SPDX-License-Identifier: GPL-2.0
#include "cmd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "describe.h"
#include "mirror.h"

/**
 * struct monitor - what is heard, and what is known already
 * @mirror: the services
 * @config: the keys
 * @late: we have read what there is, and events that led there may be to come
 * @behind: some were lost
 * @ended: nobody reads what we print
 */
struct monitor {
	struct mirror mirror;
	struct config config;
	bool late;
	bool behind;
	bool ended;
};

static const char *event_word(int cmd)
{
	switch (cmd) {
	case SVCNAT_CMD_ADD_NTF:
		return "add";
	case SVCNAT_CMD_CHANGE_NTF:
		return "change";
	case SVCNAT_CMD_DEL_NTF:
		return "del";
	default:
		return NULL;
	}
}

/* Members come in events of their own. */
static void print_members(const struct reply *event)
{
	switch (event->attr) {
	case SVCNAT_A_SERVICE:
		service_json(&event->service);
		json_null("frontends");
		json_null("endpoints");
		break;
	case SVCNAT_A_FRONTEND:
		json_string("service", event->head.service);
		frontend_json(&event->frontend);
		break;
	case SVCNAT_A_ENDPOINT:
		json_string("service", event->head.service);
		endpoint_json(&event->endpoint);
		break;
	case SVCNAT_A_CONFIG:
		config_json(&event->config);
		break;
	}
}

static void print_json(const struct reply *event)
{
	json_object(NULL);
	json_string("event", event_word(event->cmd));
	json_string("object", object_types[event->attr].word);
	print_members(event);
	json_end();
}

/* What was added has its options where they are not the default. */
static void print_service(const struct reply *event)
{
	const struct service *service = &event->service;
	static const struct service usual;
	uint64_t given = 0;

	if (event->cmd == SVCNAT_CMD_ADD_NTF)
		given = service_differs(service, &usual);
	else if (event->cmd == SVCNAT_CMD_CHANGE_NTF)
		given = service->head.given;
	printf("%s service %s", event_word(event->cmd), service->head.service);
	if (event->cmd != SVCNAT_CMD_DEL_NTF)
		printf(" %s", choice_word(choice_protocol, service->proto));
	describe_options(stdout, service, given);
	putchar('\n');
}

static void print_frontend(const struct reply *event)
{
	printf("%s frontend %s ", event_word(event->cmd), event->head.service);
	if (event->cmd == SVCNAT_CMD_DEL_NTF)
		describe_place(stdout, &event->frontend);
	else
		describe_frontend(stdout, &event->frontend);
	putchar('\n');
}

static void print_endpoint(const struct reply *event)
{
	const struct endpoint *endpoint = &event->endpoint;
	uint64_t given = 0;

	if (event->cmd == SVCNAT_CMD_ADD_NTF)
		given = endpoint_unusual(endpoint);
	else if (event->cmd == SVCNAT_CMD_CHANGE_NTF)
		given = endpoint->head.given;
	printf("%s endpoint %s ", event_word(event->cmd), event->head.service);
	describe_endpoint(stdout, endpoint, given);
	putchar('\n');
}

/* The module tells all keys. */
static void print_config(const struct config *config,
			 const struct config *known)
{
	uint64_t differs = config_differs(config, known);
	int attr;

	for (attr = 1; attr <= SVCNAT_CONFIG_A_MAX; attr++) {
		if (!(differs & GIVEN(attr)))
			continue;
		fputs("change config ", stdout);
		describe_key(stdout, config, attr);
		putchar('\n');
	}
}

static void print_text(const struct monitor *monitor,
		       const struct reply *event)
{
	switch (event->attr) {
	case SVCNAT_A_SERVICE:
		print_service(event);
		break;
	case SVCNAT_A_FRONTEND:
		print_frontend(event);
		break;
	case SVCNAT_A_ENDPOINT:
		print_endpoint(event);
		break;
	case SVCNAT_A_CONFIG:
		print_config(&event->config, &monitor->config);
		break;
	}
}

static int print_event(const struct reply *event, void *arg)
{
	/* From a newer module. */
	if (!event_word(event->cmd) ||
	    (event->attr != SVCNAT_A_CONFIG && !event->service.head.service))
		return 0;
	if (options.json)
		print_json(event);
	else
		print_text(arg, event);
	return 0;
}

static bool config_event(struct monitor *monitor, const struct reply *event)
{
	return config_differs(&event->config, &monitor->config);
}

static void keep_config(struct monitor *monitor, const struct config *config)
{
	config_free(&monitor->config);
	monitor->config = *config;
	object_own_lists(&object_types[SVCNAT_A_CONFIG], &monitor->config);
}

static int on_event(const struct reply *event, void *arg)
{
	struct monitor *monitor = arg;
	bool news;

	if (event->attr == SVCNAT_A_CONFIG)
		news = config_event(monitor, event);
	else
		news = mirror_event(&monitor->mirror, event);
	if (news || !monitor->late)
		print_event(event, monitor);
	if (event->attr == SVCNAT_A_CONFIG)
		keep_config(monitor, &event->config);
	return print_flush_or_end(&monitor->ended);
}

/* Reads what there is; prints how it differs from what was known. */
static int catch_up(struct monitor *monitor, nl_reply_fn fn)
{
	struct reply event = {
		.cmd = SVCNAT_CMD_CHANGE_NTF, .attr = SVCNAT_A_CONFIG,
	};
	struct snapshot snap;
	int code;

	snapshot_init(&snap, true, true);
	code = config_read(&event.config);
	if (!code)
		code = cmd_snapshot(&snap, NULL);
	if (!code) {
		if (fn && config_event(monitor, &event))
			fn(&event, monitor);
		keep_config(monitor, &event.config);
		mirror_catch_up(&monitor->mirror, &snap, fn, monitor);
	}
	config_free(&event.config);
	snapshot_free(&snap);
	return code ? code : print_flush_or_end(&monitor->ended);
}

/*
 * What was lost comes last: until all that is left is read the kernel may drop
 * more.
 */
static int hear(struct monitor *monitor, bool more)
{
	int code = 0;

	if (more) {
		code = nl_events(cmd_nl(), on_event, monitor);
		if (code == NL_OVERRUN)
			monitor->behind = true;
		else if (code)
			return ferror(stdout) || monitor->ended ?
			       EXIT_WORDS : cmd_complain(code);
		return 0;
	}
	monitor->late = false;
	if (!monitor->behind)
		return 0;
	complain("monitor: events came faster than they were read, and some are lost: what they changed follows");
	monitor->behind = false;
	monitor->late = true;
	return catch_up(monitor, print_event);
}

/* Until a signal comes, or nobody reads what we print.  Returns the exit code. */
static int watch(struct monitor *monitor, int events, int signals)
{
	struct pollfd fds[] = {
		{ .fd = events, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};
	int code = 0;

	while (!code) {
		/* Nothing to wait for as long as something is left to do. */
		if (poll(fds, 3, monitor->behind || monitor->late ? 0 : -1) < 0)
			return errno == EINTR ? 0 : EXIT_WORDS;
		if (fds[1].revents || (fds[2].revents && print_ended()))
			return 0;
		code = hear(monitor, fds[0].revents);
	}
	return monitor->ended ? 0 : code;
}

static int run(struct monitor *monitor, int signals)
{
	int events, code = nl_subscribe(cmd_nl(), &events);

	if (code)
		return cmd_complain(code);
	code = catch_up(monitor, NULL);
	return code ? code : watch(monitor, events, signals);
}

static int monitor(struct words *w)
{
	struct monitor monitor = { .late = false };
	int signals, code = words_end(w);
	struct signalfd_siginfo info;
	sigset_t set, before;

	if (code)
		return code;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0) {
		complain("cannot wait for signals: %s", strerror(errno));
		return EXIT_WORDS;
	}
	mirror_init(&monitor.mirror);
	code = run(&monitor, signals);
	mirror_free(&monitor.mirror);
	config_free(&monitor.config);
	/* They have done what they came for. */
	while (read(signals, &info, sizeof(info)) > 0)
		;
	close(signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return code;
}

static const struct command commands[] = {
	{ "", monitor, "" },
	{ NULL, NULL, NULL }
};

const struct object object_monitor = {
	.word = "monitor",
	.commands = commands,
	.notes =
	"Prints each change of the configuration as it happens, until it is\n"
	"interrupted; with -j one JSON object a line.\n"
};
