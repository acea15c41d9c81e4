// SPDX-License-Identifier: GPL-2.0
#include "cmd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "top_keys.h"
#include "top_screen.h"
#include "top_view.h"

#define INTERVAL	2	/* seconds */
#define PATIENCE	512	/* objects between two looks at the keys */
#define ABANDONED	100	/* no enum nl_code */
#define SECOND		INT64_C(1000000000)

/**
 * struct loop - a run of the command
 * @screen: what is shown
 * @next: the rows that come, services and endpoints
 * @taken: objects of the dump that is going on
 * @signals: where signals are read from
 * @open: the terminal is ours
 * @quit: it is over
 * @turn: other rows are wanted
 * @signal: that ends the program, or 0
 */
struct loop {
	struct top_screen screen;
	struct top_sample next[2];
	unsigned int taken;
	int signals;
	bool open;
	bool quit;
	bool turn;
	int signal;
};

static const int fatal_signals[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU,
};

static int64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

static void note_time(struct top_screen *screen)
{
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(screen->clock, sizeof(screen->clock), "%H:%M:%S",
			 &tm);
}

/* Signals, which come as something to read: no handler interrupts us. */

/* By whoever started us, and so by us. */
static bool is_ignored(int number)
{
	struct sigaction action;

	return !sigaction(number, NULL, &action) &&
	       action.sa_handler == SIG_IGN;
}

static void take_signals(struct loop *loop, sigset_t *old)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(fatal_signals) / sizeof(*fatal_signals); i++)
		if (!is_ignored(fatal_signals[i]))
			sigaddset(&set, fatal_signals[i]);
	/* Nothing is done about it but to draw again. */
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, old);
	loop->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (loop->signals < 0)
		sigprocmask(SIG_SETMASK, old, NULL);
}

static void read_signal(struct loop *loop)
{
	struct signalfd_siginfo info;

	if (read(loop->signals, &info, sizeof(info)) != sizeof(info) ||
	    info.ssi_signo == SIGWINCH)
		return;
	loop->signal = (int)info.ssi_signo;
	loop->quit = true;
}

static void read_keys(struct loop *loop)
{
	int key;

	while (!loop->quit && (key = top_view_key()) != TOP_KEY_NONE) {
		switch (top_keys_press(&loop->screen, key)) {
		case TOP_QUIT:
			loop->quit = true;
			break;
		case TOP_TURN:
			loop->turn = true;
			break;
		case TOP_GO_ON:
			break;
		}
	}
}

/* For so many milliseconds at most; returns whether anything happened. */
static bool watch(struct loop *loop, int timeout)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = loop->signals, .events = POLLIN },
	};

	if (poll(fds, 2, timeout) <= 0)
		return false;
	if (fds[1].revents)
		read_signal(loop);
	if (fds[0].revents & ~POLLIN)
		loop->quit = true;	/* the terminal is gone */
	else if (fds[0].revents)
		read_keys(loop);
	return true;
}

/* Looking. */

static struct top_sample *next_sample(struct loop *loop)
{
	return &loop->next[loop->screen.inside];
}

/* A dump may take long: keys are heard meanwhile. */
static int take_row(const struct reply *reply, void *arg)
{
	struct loop *loop = arg;

	top_sample_take(next_sample(loop), reply, nanoseconds());
	if (++loop->taken % PATIENCE || !loop->open || !watch(loop, 0))
		return 0;
	if (loop->quit || loop->turn)
		return ABANDONED;
	top_view_draw(&loop->screen);
	return 0;
}

static int take_totals(const struct reply *reply, void *arg)
{
	struct top_screen *screen = arg;

	if (reply->attr == SVCNAT_A_STATS)
		top_totals_take(&screen->totals, &reply->stats, nanoseconds());
	return 0;
}

static int read_totals(struct loop *loop)
{
	struct request req = {
		.cmd = SVCNAT_CMD_STATS_GET,
		.subject = "stats",
	};

	return cmd_try(&req, take_totals, &loop->screen);
}

static int read_rows(struct loop *loop)
{
	const char *name = loop->screen.inside ? loop->screen.name : NULL;
	struct service service;
	struct request req = cmd_about(SVCNAT_CMD_SERVICE_GET, "service",
				       &service, name);
	int code;

	req.dump = true;
	req.stats = true;
	req.with_endpoints = true;
	loop->taken = 0;
	top_sample_empty(next_sample(loop));
	code = cmd_try(&req, take_row, loop);
	/* As good as any: each row is of a moment of its own. */
	return code == NL_INTERRUPTED ? 0 : code;
}

static void show_rows(struct loop *loop)
{
	struct top_panel *panel = top_screen_panel(&loop->screen);
	struct top_sample *next = next_sample(loop);

	top_sample_finish(next, &panel->sample);
	top_panel_show(panel, next);
}

/* What failed is said on the screen, and tried again. */
static int look(struct loop *loop)
{
	struct top_screen *screen = &loop->screen;
	int code;

	loop->turn = false;
	code = read_rows(loop);
	if (code == ABANDONED)
		return 0;
	if (!code || (screen->inside && cmd_is_gone(code)))
		show_rows(loop);
	snprintf(screen->problem, sizeof(screen->problem), "%s",
		 code ? nl_sentence(cmd_nl()) : "");
	if (code)
		return code;
	code = read_totals(loop);
	if (code)
		snprintf(screen->problem, sizeof(screen->problem), "%s",
			 nl_sentence(cmd_nl()));
	else
		note_time(screen);
	return code;
}

/* At most half of the time goes into looking. */
static int64_t next_look(int64_t begun, int64_t interval)
{
	int64_t now = nanoseconds(), took = now - begun;

	return took > interval / 2 ? now + took : begun + interval;
}

static void run(struct loop *loop)
{
	int64_t interval = loop->screen.interval * SECOND;
	int64_t begun = nanoseconds(), next = begun + interval, left;

	while (!loop->quit) {
		top_view_draw(&loop->screen);
		left = next - nanoseconds();
		if (left > 0)
			watch(loop, (int)((left > 60 * SECOND ? 60 * SECOND
							      : left) /
					  1000000 + 1));
		if (loop->quit || (!loop->turn && nanoseconds() < next))
			continue;
		begun = nanoseconds();
		look(loop);
		next = next_look(begun, interval);
	}
}

/* Words. */

static int take_words(struct words *w, uint32_t *interval)
{
	int err = 0;

	*interval = INTERVAL;
	if (words_match(w, "interval"))
		err = words_duration(w, interval);
	if (!err && !*interval)
		err = words_bad(w, "\"%.200s\" is no value for interval, expected at least 1s",
				w->last);
	if (!err)
		err = words_end(w);
	if (!err && options.json)
		err = words_bad(w, "it prints no JSON");
	if (!err && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)))
		err = words_bad(w, "it needs a terminal; \"svcctl -s service show\" prints counters anywhere");
	return err;
}

static int run_on_terminal(struct loop *loop, const struct words *w)
{
	const char *type = getenv("TERM");

	loop->open = top_view_open(print_has_colours());
	if (!loop->open)
		return words_bad(w, "terminal \"%.200s\" (TERM) is unknown or cannot place text",
				 type ? type : "");
	run(loop);
	top_view_close();
	return 0;
}

/* As if we had never caught it; ncurses has a handler of its own. */
static void die_of(int number)
{
	signal(number, SIG_DFL);
	raise(number);
}

static int top(struct words *w)
{
	struct loop loop = { .signals = -1 };
	uint32_t interval;
	sigset_t old;
	int code = take_words(w, &interval);

	if (code)
		return code;
	top_screen_init(&loop.screen, interval);
	top_sample_init(&loop.next[0], false);
	top_sample_init(&loop.next[1], true);
	take_signals(&loop, &old);
	code = look(&loop);
	code = code ? cmd_complain(code) : run_on_terminal(&loop, w);
	close(loop.signals);
	sigprocmask(SIG_SETMASK, &old, NULL);
	top_sample_free(&loop.next[0]);
	top_sample_free(&loop.next[1]);
	top_screen_free(&loop.screen);
	if (loop.signal)
		die_of(loop.signal);
	return code;
}

static const struct command commands[] = {
	{ "", top, "[interval DURATION]" },
	{ NULL, NULL, NULL }
};

const struct object object_top = {
	.word = "top",
	.commands = commands,
	.notes =
	"Shows services and their rates on the terminal, anew every DURATION (2s);\n"
	"press ? for its keys.\n"
};
