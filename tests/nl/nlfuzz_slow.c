// SPDX-License-Identifier: GPL-2.0
/* Those who read dumps slowly, or not to their end. */
#define _GNU_SOURCE
#include "nlfuzz.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define SLOW	32

/* Somebody who reads a dump slowly */
struct slow {
	struct world	*world;
	int		fd;
	unsigned long	changes;
	bool		busy;		/* asked for another one meanwhile */
};

static struct slow slows[SLOW];
static pid_t noise;
unsigned long slow_interrupted, slow_given_up;

/* Bytes of a dump of all services with their endpoints */
static unsigned int dump_request(uint8_t *to)
{
	struct request r;

	request_new(&r, SVCNAT_CMD_SERVICE_GET);
	node_add(&r.top, node_new(SVCNAT_A_WITH_ENDPOINTS, NULL, 0));
	return link_request(to, r.command, NLM_F_REQUEST | NLM_F_DUMP, &r.top);
}

static int open_in(const struct world *w)
{
	int fd;

	if (setns(w->netns, CLONE_NEWNET))
		die("setns: %s", strerror(errno));
	fd = link_open();
	if (setns(worlds[0].netns, CLONE_NEWNET))
		die("setns: %s", strerror(errno));
	return fd;
}

/* Reads one part, and the kernel makes the next. */
static void begin_dump(struct slow *s)
{
	struct reply part = { .answered = false };
	uint8_t request[64];

	s->world = &worlds[below(2)];
	s->changes = s->world->changes;
	s->busy = false;
	s->fd = open_in(s->world);
	link_send(s->fd, request, dump_request(request));
	link_receive(s->fd, true, &part, NULL, NULL);
	if (part.answered) {
		close(s->fd);
		s->world = NULL;
	} else if (chance(4)) {
		s->busy = true;
		link_send(s->fd, request, dump_request(request));
	}
}

/* What was read before a change and what after it is no state at all. */
static void end_dump(struct slow *s)
{
	unsigned int parts = 0, answers = 1 + s->busy;
	bool stale = s->changes != s->world->changes, interrupted = false;
	struct reply part;

	while (answers) {
		part = (struct reply) { .answered = false };
		if (link_receive(s->fd, true, &part, NULL, NULL) < 0)
			wrong("a slow dump does not end");
		parts += !!part.messages;
		interrupted |= part.interrupted;
		answers -= part.answered;
		if (part.error && !(s->busy && part.error == EBUSY))
			wrong("a slow dump ends with errno %d", part.error);
	}
	if (interrupted && !stale)
		wrong("a dump was interrupted by nothing");
	if (!interrupted && stale && parts > 1 && !s->busy)
		wrong("a dump was not interrupted by a change");
	slow_interrupted += interrupted;
	close(s->fd);
	s->world = NULL;
}

void slow_step(void)
{
	struct slow *s = &slows[below(SLOW)];

	if (!s->world) {
		begin_dump(s);
	} else if (chance(2)) {
		end_dump(s);
	} else {
		slow_given_up++;
		close(s->fd);
		s->world = NULL;
	}
}

/* On another CPU somebody reads, and does not wait for the end. */
void slow_noise(void)
{
	struct reply part;
	uint8_t request[64];
	int fd, parts;

	noise = fork();
	switch (noise) {
	case -1:
		die("fork: %s", strerror(errno));
		break;
	case 0:
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		break;
	default:
		return;
	}
	while (getppid() != 1) {
		fd = link_open();
		link_send(fd, request, dump_request(request));
		part = (struct reply) { .answered = false };
		for (parts = below(5); parts && !part.answered; parts--)
			link_receive(fd, true, &part, NULL, NULL);
		close(fd);
	}
	_exit(0);
}

/* It must have found nothing either. */
void slow_end(void)
{
	if (waitpid(noise, NULL, WNOHANG))
		wrong("who made noise has ended");
	kill(noise, SIGKILL);
	waitpid(noise, NULL, 0);
}
