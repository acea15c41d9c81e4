// SPDX-License-Identifier: GPL-2.0
#include "server.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"

/* How many may ask at the same time, in all and from one address. */
#define CONNECTIONS_MAX	128
#define CONNECTIONS_EACH 32
/* Seconds that somebody may be silent. */
#define PATIENCE	15
#define BACKLOG		64
/* Microseconds until anybody is let in again when there was no room. */
#define PAUSE		1000000

struct listener {
	struct listener *next;
	struct server *server;
	uint16_t port;
	int fd;
	sd_event_source *io;
};

struct server {
	sd_event *event;
	const char *name;
	server_fn fn;
	void *arg;
	struct MHD_Daemon *daemon;
	struct listener *listeners;
	sd_event_source *io;
	sd_event_source *timer;
	sd_event_source *pause;
};

bool server_printf(struct server_answer *answer, const char *format, ...)
{
	va_list args;
	char *body;
	int length;

	va_start(args, format);
	length = vasprintf(&body, format, args);
	va_end(args);
	if (length < 0)
		return false;
	free(answer->body);
	answer->body = body;
	answer->size = (size_t)length;
	return true;
}

/* One request. */

static uint16_t port_of(struct MHD_Connection *connection)
{
	struct sockaddr_in6 addr = { .sin6_port = 0 };
	const union MHD_ConnectionInfo *info;
	socklen_t size = sizeof(addr);

	info = MHD_get_connection_info(connection,
				       MHD_CONNECTION_INFO_CONNECTION_FD);
	/* Both families have the port at the same place. */
	if (!info || getsockname(info->connect_fd, (struct sockaddr *)&addr,
				 &size))
		return 0;
	return ntohs(addr.sin6_port);
}

/* A body until it is sent, or nobody wants it any more. */
struct body {
	char *text;
	bool *busy;
};

static void free_body(void *arg)
{
	struct body *body = arg;

	if (body->busy)
		*body->busy = false;
	free(body->text);
	free(body);
}

/* NULL: there is no memory, and the text is freed. */
static struct MHD_Response *make_response(const struct server_answer *answer)
{
	struct body *body = malloc(sizeof(*body));
	struct MHD_Response *response;

	if (!body) {
		free(answer->body);
		return NULL;
	}
	body->text = answer->body;
	body->busy = answer->busy;
	if (body->busy)
		*body->busy = true;
	response = MHD_create_response_from_buffer_with_free_callback_cls(answer->size,
									  body->text,
									  free_body,
									  body);
	if (!response)
		free_body(body);
	return response;
}

static enum MHD_Result send_answer(struct MHD_Connection *connection,
				   const struct server_answer *answer)
{
	struct MHD_Response *response = make_response(answer);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", answer->type);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (answer->header.name)
		MHD_add_response_header(response, answer->header.name,
					answer->header.value);
	result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

static void refuse(struct server_answer *answer, unsigned int status,
		   const char *sentence)
{
	answer->status = status;
	answer->type = "text/plain; charset=utf-8";
	server_printf(answer, "%s\n", sentence);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection,
				  const char *url, const char *method,
				  const char *version, const char *upload,
				  size_t *upload_size, void **context)
{
	struct server_answer answer = {
		.status = MHD_HTTP_OK, .type = "text/plain; charset=utf-8",
	};
	struct server *server = arg;

	(void)version;
	(void)upload;
	(void)context;
	/* What they send with a request is of no interest. */
	*upload_size = 0;
	if (strcmp(method, "GET") && strcmp(method, "HEAD"))
		refuse(&answer, MHD_HTTP_METHOD_NOT_ALLOWED,
		       "only GET is known here");
	else if (!server->fn(url, port_of(connection), &answer, server->arg))
		refuse(&answer, MHD_HTTP_NOT_FOUND, "there is no such path");
	return send_answer(connection, &answer);
}

/* The daemon in our loop. */

static void run(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG milliseconds;

	MHD_run(server->daemon);
	if (MHD_get_timeout(server->daemon, &milliseconds) != MHD_YES) {
		sd_event_source_set_enabled(server->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time_relative(server->timer, milliseconds * 1000);
	sd_event_source_set_enabled(server->timer, SD_EVENT_ONESHOT);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	(void)source;
	(void)fd;
	(void)events;
	run(arg);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)source;
	(void)usec;
	run(arg);
	return 0;
}

/* Only what is normal among strangers: they hang up, they send nonsense. */
static void ignore_log(void *arg, const char *format, va_list args)
{
	(void)arg;
	(void)format;
	(void)args;
}

static bool is_full(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOBUFS ||
	       err == ENOMEM;
}

/* Whoever knocks goes on doing so, and we would do nothing but look. */
static void pause_listener(struct listener *listener)
{
	sd_event_source *timer = listener->server->pause;

	sd_event_source_set_enabled(listener->io, SD_EVENT_OFF);
	sd_event_source_set_time_relative(timer, PAUSE);
	sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static int on_pause(sd_event_source *source, uint64_t usec, void *arg)
{
	const struct server *server = arg;
	struct listener *listener;

	(void)source;
	(void)usec;
	for (listener = server->listeners; listener; listener = listener->next)
		sd_event_source_set_enabled(listener->io, SD_EVENT_ON);
	return 0;
}

static int on_knock(sd_event_source *source, int fd, uint32_t events,
		    void *arg)
{
	struct listener *listener = arg;
	struct sockaddr_storage addr;
	socklen_t size = sizeof(addr);
	int peer;

	(void)source;
	(void)events;
	peer = accept4(fd, (struct sockaddr *)&addr, &size,
		       SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (peer < 0) {
		if (is_full(errno))
			pause_listener(listener);
		return 0;
	}
	/* It closes those that are too many. */
	MHD_add_connection(listener->server->daemon, peer,
			   (struct sockaddr *)&addr, size);
	run(listener->server);
	return 0;
}

/* Where it listens. */

static bool is_any(const struct addr *addr)
{
	static const uint8_t zeros[16];

	return !memcmp(addr->byte, zeros, sizeof(zeros));
}

static socklen_t fill_address(struct sockaddr_storage *to,
			      const struct addr *addr, uint16_t port)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;
	struct sockaddr_in *in = (struct sockaddr_in *)to;

	memset(to, 0, sizeof(*to));
	to->ss_family = addr->family;
	if (addr->family == AF_INET6) {
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, addr->byte, 16);
		return sizeof(*in6);
	}
	in->sin_port = htons(port);
	memcpy(&in->sin_addr, addr->byte, 4);
	return sizeof(*in);
}

static int open_listener(const struct addr *addr, uint16_t port)
{
	int fd = socket(addr->family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, only = addr->family == AF_INET6 && !is_any(addr);
	struct sockaddr_storage place;
	socklen_t size = fill_address(&place, addr, port);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (addr->family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	if (bind(fd, (struct sockaddr *)&place, size) ||
	    listen(fd, BACKLOG)) {
		on = -errno;
		close(fd);
		return on;
	}
	return fd;
}

static int open_any(const struct addr *addr, uint16_t port)
{
	const struct addr any4 = { .family = AF_INET };
	int fd = open_listener(addr, port);

	/* Some nodes have no IPv6. */
	if ((fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL) &&
	    addr->family == AF_INET6 && is_any(addr))
		fd = open_listener(&any4, port);
	return fd;
}

static void free_listener(struct listener *listener)
{
	sd_event_source_disable_unref(listener->io);
	if (listener->fd >= 0)
		close(listener->fd);
	free(listener);
}

bool server_listen(struct server *server, const struct addr *addr,
		   uint16_t port)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	int err;

	if (!listener)
		return false;
	listener->server = server;
	listener->port = port;
	listener->fd = open_any(addr, port);
	err = listener->fd;
	if (err >= 0)
		err = sd_event_add_io(server->event, &listener->io,
				      listener->fd, EPOLLIN, on_knock,
				      listener);
	if (err < 0) {
		log_line(LOG_ERR, "cannot listen",
			 LOG_TEXT("server", server->name),
			 LOG_NUMBER("port", port),
			 LOG_TEXT("error", strerror(-err)));
		free_listener(listener);
		return false;
	}
	listener->next = server->listeners;
	server->listeners = listener;
	return true;
}

bool server_is_listening(const struct server *server)
{
	return server->listeners;
}

void server_close(struct server *server, uint16_t port)
{
	struct listener **at = &server->listeners, *listener;

	while ((listener = *at)) {
		if (listener->port != port) {
			at = &listener->next;
			continue;
		}
		*at = listener->next;
		free_listener(listener);
	}
}

void server_free(struct server *server)
{
	struct listener *listener;

	if (!server)
		return;
	while ((listener = server->listeners)) {
		server->listeners = listener->next;
		free_listener(listener);
	}
	sd_event_source_disable_unref(server->io);
	sd_event_source_disable_unref(server->timer);
	sd_event_source_disable_unref(server->pause);
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	free(server);
}

static bool start(struct server *server)
{
	const unsigned int flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
				   MHD_USE_ERROR_LOG;
	const union MHD_DaemonInfo *info;

	server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request,
					  server, MHD_OPTION_EXTERNAL_LOGGER,
					  ignore_log, NULL,
					  MHD_OPTION_CONNECTION_LIMIT,
					  CONNECTIONS_MAX,
					  MHD_OPTION_PER_IP_CONNECTION_LIMIT,
					  CONNECTIONS_EACH,
					  MHD_OPTION_CONNECTION_TIMEOUT,
					  PATIENCE, MHD_OPTION_END);
	if (!server->daemon)
		return false;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	return info && sd_event_add_io(server->event, &server->io,
				       info->epoll_fd, EPOLLIN, on_io,
				       server) >= 0 &&
	       sd_event_add_time_relative(server->event, &server->timer,
					  CLOCK_MONOTONIC, 0, 1, on_timer,
					  server) >= 0 &&
	       sd_event_add_time_relative(server->event, &server->pause,
					  CLOCK_MONOTONIC, 0, 1, on_pause,
					  server) >= 0;
}

struct server *server_alloc(sd_event *event, const char *name, server_fn fn,
			    void *arg)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		return NULL;
	server->event = event;
	server->name = name;
	server->fn = fn;
	server->arg = arg;
	if (start(server))
		return server;
	log_line(LOG_ERR, "cannot start an HTTP server",
		 LOG_TEXT("server", name));
	server_free(server);
	return NULL;
}
