/* SPDX-License-Identifier: GPL-2.0 */
/* Talks to the module.  nl*.c are the only files with libnl; print nothing. */
#ifndef _SVCCTL_NL_H
#define _SVCCTL_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object.h"

/* What requests return. */
enum nl_code {
	NL_DONE = 0,
	NL_FAILED = 1,		/* before the kernel was asked */
	NL_REFUSED = 2,		/* by the kernel */
	NL_ABSENT = 3,		/* no module, or no permission */
	NL_INTERRUPTED = 4,	/* a dump of what changed meanwhile */
	NL_OVERRUN = 6,		/* events that did not fit were dropped */
};

/**
 * struct request - a message to the module
 * @cmd: enum svcnat_cmd
 * @dump: ask for all objects, not for one
 * @subject: what it is about, for error sentences, if it names no service
 * @service: or NULL
 * @frontends: array of @nr_frontends
 * @endpoints: array of @nr_endpoints
 * @config: or NULL
 * @query: or NULL
 * @stats: ask for counters
 * @with_frontends: ask for those of each service
 * @with_endpoints: ask for those of each service
 */
struct request {
	int cmd;
	bool dump;
	const char *subject;
	const struct service *service;
	const struct frontend *frontends;
	size_t nr_frontends;
	const struct endpoint *endpoints;
	size_t nr_endpoints;
	const struct config *config;
	const struct query *query;
	bool stats;
	bool with_frontends;
	bool with_endpoints;
};

/**
 * struct reply - one object that the module sent
 * @cmd: enum svcnat_cmd of the message
 * @attr: enum svcnat_attr: which object; SVCNAT_A_SERVICE if the message has
 *	nothing else, 0 if it has not even that
 * @generation: of the service
 * @service: that the object is or belongs to, as far as the message says
 *
 * Strings and lists last until the callback returns.
 */
struct reply {
	int cmd;
	int attr;
	uint32_t generation;
	struct service service;
	union {
		struct head head;
		struct frontend frontend;
		struct endpoint endpoint;
		struct affinity affinity;
		struct flow flow;
		struct config config;
		struct answer answer;
		struct stats stats;
	};
};

/* Called for every object; anything but 0 ends the request and is returned. */
typedef int (*nl_reply_fn)(const struct reply *reply, void *arg);

struct nl;

/* In the netns of @netns_fd, or in our own if that is negative. */
struct nl *nl_alloc(int netns_fd);
void nl_free(struct nl *nl);

/* Returns enum nl_code, or what @fn did. */
int nl_request(struct nl *nl, const struct request *req, nl_reply_fn fn,
	       void *arg);

/* Called for request number @i, with the enum nl_code that became of it. */
typedef int (*nl_answer_fn)(size_t i, int code, void *arg);

/*
 * Sends @requests, a list of structures that begin with a struct request, in
 * their order and many at once: one after the other, each waiting for its
 * answer, would take several times as long.  No dumps.
 *
 * @fn is called for each that was answered, in order; nl_sentence() and
 * nl_error() are then about it.  Once it has returned anything but 0 no more are
 * sent; those that are on their way come to @fn yet.
 *
 * Returns what @fn did first, or enum nl_code if they cannot be sent, or the
 * rest of the answers is lost.
 */
int nl_pipeline(struct nl *nl, const struct list *requests, nl_answer_fn fn,
		void *arg);

/*
 * Hears of every change of the configuration from now on, ours too.  *@fd
 * becomes readable when there is one.  Returns enum nl_code.
 */
int nl_subscribe(struct nl *nl, int *fd);

/*
 * Calls @fn for all that has come; does not wait.  Returns what @fn did;
 * NL_OVERRUN if some has not come, for we were too slow: what is there now must
 * be read afresh; NL_ABSENT if the module is gone; 0 otherwise.
 */
int nl_events(struct nl *nl, nl_reply_fn fn, void *arg);

/* The index of a network device there; returns enum nl_code. */
int nl_device(struct nl *nl, const char *name, uint32_t *index);

/* The errno of the last NL_REFUSED, if it was the kernel's; else 0. */
int nl_error(const struct nl *nl);

/* The sentence about what either returned last; not if @fn did. */
const char *nl_sentence(const struct nl *nl);

#endif /* _SVCCTL_NL_H */
