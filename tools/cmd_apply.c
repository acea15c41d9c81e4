// SPDX-License-Identifier: GPL-2.0
#include "cmd.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan.h"
#include "wish.h"

#define PROGRESS_AFTER	1000	/* milliseconds */
#define PROGRESS_EVERY	200	/* milliseconds */

/**
 * struct sending - how far the changes are
 * @plan: of them
 * @file: that asked for them
 * @made: how many changes were made
 * @code: of the first step that was refused
 * @shows: progress is for somebody who sees nothing else
 * @shown: some is on the terminal
 * @next: when to show it next, in milliseconds
 */
struct sending {
	const struct plan *plan;
	const char *file;
	size_t made;
	int code;
	bool shows;
	bool shown;
	int64_t next;
};

static void show_progress(struct sending *sending)
{
	int64_t now;

	if (!sending->shows)
		return;
	now = milliseconds();
	if (now < sending->next)
		return;
	fprintf(stderr, "\r%zu of %zu changes", sending->made,
		sending->plan->changes.nr);
	sending->shown = true;
	sending->next = now + PROGRESS_EVERY;
}

static void clear_progress(struct sending *sending)
{
	if (sending->shown)
		fputs("\r\033[K", stderr);
	sending->shown = false;
}

static void warn(const struct list *endpoints)
{
	size_t i;

	for (i = 0; i < endpoints->nr; i++)
		endpoint_warn(list_at(endpoints, i));
}

/* Of endpoints that were not there before. */
static void warn_of(const struct plan *plan, const struct step *step)
{
	const struct change *change;
	const struct draft *draft;
	size_t i;

	for (i = 0; i < step->nr_changes; i++) {
		change = list_at(&plan->changes, step->change + i);
		if (change->cmd == SVCNAT_CMD_ENDPOINT_NEW) {
			endpoint_warn(change->object);
		} else if (change->cmd == SVCNAT_CMD_SERVICE_NEW ||
			   change->cmd == SVCNAT_CMD_SERVICE_REPLACE) {
			draft = change->object;
			warn(&draft->endpoints);
		}
	}
}

static void complain_about(const struct sending *sending,
			   const struct step *step, int code)
{
	struct place place = { .file = NULL };

	if (step->draft && step->draft->line) {
		place.file = sending->file;
		place.line = step->draft->line;
	}
	place = complain_at(place);
	cmd_complain(code);
	complain_at(place);
}

static int on_answer(size_t i, int code, void *arg)
{
	struct sending *sending = arg;
	const struct step *step = list_at(&sending->plan->steps, i);

	if (!code) {
		step_describe(sending->plan, step, stdout);
		sending->made += step->nr_changes;
		show_progress(sending);
		return 0;
	}
	if (!sending->code) {
		clear_progress(sending);
		complain_about(sending, step, code);
		sending->code = code;
	}
	return code;
}

static int send_plan(const struct plan *plan, const char *file)
{
	struct sending sending = {
		.plan = plan,
		.file = file,
		.shows = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO),
		.next = milliseconds() + PROGRESS_AFTER,
	};
	int code = nl_pipeline(cmd_nl(), &plan->steps, on_answer, &sending);

	clear_progress(&sending);
	if (!code)
		return 0;
	if (!sending.code)
		cmd_complain(code);
	complain("changes made: %zu, not made: %zu", sending.made,
		 plan->changes.nr - sending.made);
	return code;
}

static void warn_of_all(const struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->steps.nr; i++)
		warn_of(plan, list_at(&plan->steps, i));
}

static int run_plan(const struct plan *plan, const char *file, bool dry_run)
{
	size_t i;

	warn_of_all(plan);
	if (!dry_run)
		return send_plan(plan, file);
	for (i = 0; i < plan->steps.nr; i++)
		step_describe(plan, list_at(&plan->steps, i), stdout);
	return 0;
}

/* What is there now; a service that is not of one moment cannot be compared. */
static int read_now(struct snapshot *snap, struct config *config)
{
	int code = config_read(config);

	return code ? code : cmd_settled_snapshot(snap, "changed");
}

static bool stdin_is_a_pipe(void)
{
	struct stat st;

	return !fstat(STDIN_FILENO, &st) &&
	       (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

/* From a pipe nothing comes if what should have written has failed. */
static int check_wish(const struct wish *wish, const char *file,
		      const struct snapshot *snap)
{
	if (strcmp(file, "-") || wish->drafts.nr || wish->config.head.given ||
	    !snap->services.objects.nr || !stdin_is_a_pipe())
		return 0;
	complain("the pipe describes nothing, and nothing was changed; to remove all: svcctl service flush");
	return EXIT_WORDS;
}

static int fulfil(const struct wish *wish, const char *file, bool dry_run)
{
	struct snapshot snap;
	struct config config;
	struct plan plan;
	int code;

	snapshot_init(&snap, true, true);
	plan_init(&plan);
	code = read_now(&snap, &config);
	if (!code)
		code = check_wish(wish, file, &snap);
	if (!code) {
		plan_config(&plan, &wish->config, &config);
		plan_services(&plan, &wish->drafts, &snap);
		code = run_plan(&plan, file, dry_run);
	}
	plan_free(&plan);
	snapshot_free(&snap);
	config_free(&config);
	return code;
}

static int apply(struct words *w)
{
	bool dry_run = words_match(w, "--dry-run");
	struct wish wish;
	const char *file;
	int code = words_take(w, "a file, or - for standard input", &file);

	if (!code)
		code = words_end(w);
	if (code)
		return code;
	wish_init(&wish);
	code = wish_read(&wish, file);
	if (!code)
		code = fulfil(&wish, file, dry_run);
	wish_free(&wish);
	return code;
}

static const struct command commands[] = {
	{ "", apply, "[--dry-run] FILE|-" },
	{ NULL, NULL, NULL }
};

const struct object object_apply = {
	.word = "apply",
	.commands = commands,
	.notes =
	"Makes the services exactly those that FILE describes, with lines of\n"
	"  service add, service replace, frontend add, endpoint add\n"
	"and keys of the config what lines of config set say.  Prints each change\n"
	"that it makes, and with --dry-run those that it would make.  What is not\n"
	"different is not touched.  A pipe that brings nothing changes nothing\n"
	"where there are services.\n"
};
