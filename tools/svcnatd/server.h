/* SPDX-License-Identifier: GPL-2.0 */
/* Answers HTTP requests for a line of text.  The only file with libmicrohttpd. */
#ifndef _SVCNATD_SERVER_H
#define _SVCNATD_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "object.h"

/**
 * struct server_header - a line of an answer's head
 * @name: of the line, or NULL
 * @value: what it says
 */
struct server_header {
	const char *name;
	char value[64];
};

/**
 * struct server_answer - what somebody gets
 * @status: of HTTP
 * @type: of its content
 * @body: from malloc(), the server frees it
 * @size: of @body
 * @busy: NULL, or what is true from now on until @body is freed
 * @header: one more, if it is needed
 */
struct server_answer {
	unsigned int status;
	const char *type;
	char *body;
	size_t size;
	bool *busy;
	struct server_header header;
};

/*
 * Fills in the answer to a GET of @path at @port; false: there is no such path.
 */
typedef bool (*server_fn)(const char *path, uint16_t port,
			  struct server_answer *answer, void *arg);

struct server;

/* NULL, and it is logged. @name is for the log. */
struct server *server_alloc(sd_event *event, const char *name, server_fn fn,
			    void *arg);
void server_free(struct server *server);

/*
 * One more place to listen at; any address if that of @addr is all zeros, both
 * families if that is IPv6.  False, and why is logged.
 */
bool server_listen(struct server *server, const struct addr *addr,
		   uint16_t port);
bool server_is_listening(const struct server *server);
void server_close(struct server *server, uint16_t port);

/* Text that grows into @answer; false if there is no memory. */
bool server_printf(struct server_answer *answer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* _SVCNATD_SERVER_H */
