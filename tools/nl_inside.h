/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of nl.c share: nl.c itself, a request and its answer;
 * nl_pipeline.c, many requests; nl_event.c, what others change; nl_refuse.c,
 * why something was refused; nl_message.c.
 */
#ifndef _SVCCTL_NL_INSIDE_H
#define _SVCCTL_NL_INSIDE_H

#include "nl.h"

struct nl_cb;
struct nl_sock;
struct nlmsgerr;
struct nlmsghdr;

/**
 * struct nl - our way to the module
 * @netns_fd: of the netns, or negative for our own
 * @sock: for requests; NULL until there is one
 * @events: for events; NULL until somebody wants them
 * @family: number of the family
 * @error: errno of the last refusal
 * @stale: nobody has our family's number any more
 * @sentence: about what failed last
 */
struct nl {
	int netns_fd;
	struct nl_sock *sock;
	struct nl_sock *events;
	int family;
	int error;
	bool stale;
	char sentence[1024];
};

/**
 * struct nl_sent - a message that the kernel has got
 * @req: what it asks for
 * @hdr: the message
 */
struct nl_sent {
	const struct request *req;
	struct nlmsghdr *hdr;
};

/* These return the code that they are given, or that is theirs. */
int nl_fail(struct nl *nl, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int nl_not_loaded(struct nl *nl);
int nl_lacks_permission(struct nl *nl);
int nl_refuse(struct nl *nl, const struct nl_sent *sent, int error,
	      const char *tlvs, const char *end);
int nl_refuse_ack(struct nl *nl, const struct nl_sent *sent,
		  struct nlmsgerr *err);

/* Opens a socket of the family; returns enum nl_code. */
int nl_open_socket(struct nl *nl, struct nl_sock **sock);
void nl_close_socket(struct nl_sock **sock);

/* A message must fit into the send buffer whole; returns enum nl_code. */
int nl_make_room(struct nl *nl, size_t size);

#endif /* _SVCCTL_NL_INSIDE_H */
