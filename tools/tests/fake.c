// SPDX-License-Identifier: GPL-2.0
/*
 * Linked into svcctl, plays the kernel to it, on hosts without the module.
 * Each message that svcctl sends goes into $SVCCTL_FAKE/request.N; what it
 * receives comes out of $SVCCTL_FAKE/reply.N, with sequence number and port
 * filled in: those of the first message of the last send, up to an ACK or the
 * end of a dump, then those of the next one.  An ACK of success that the message
 * did not ask for is left out.
 *
 * Events come out of the same files.  One that is empty stands for events that
 * were lost, one with "pause" for a time without any; when there are no more,
 * somebody interrupts svcctl.  An answer after a "pause" takes more than a second.
 *
 * The node's files and the output of its programs are in $SVCCTL_FAKE/node, where
 * slashes and blanks are underscores; "uname -r" and "uname -v" are its kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <netlink/genl/ctrl.h>
#include <netlink/socket.h>

#include "host.h"

#define WINDOW	1024
#define SLOW	1100000	/* microseconds */

static struct nlmsghdr sent[WINDOW];
static int nr_sent, answered;
static int requests, replies;

int genl_ctrl_resolve(struct nl_sock *sock, const char *name)
{
	(void)sock;
	return strcmp(name, "svcnat") ? -1 : 0x20;
}

int genl_ctrl_resolve_grp(struct nl_sock *sock, const char *family,
			  const char *group)
{
	(void)sock;
	return strcmp(family, "svcnat") || strcmp(group, "config") ? -1 : 0x10;
}

int nl_socket_add_memberships(struct nl_sock *sock, int group, ...)
{
	(void)sock;
	return group == 0x10 ? 0 : -NLE_PERM;
}

static FILE *numbered(const char *what, int number, const char *mode)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s.%d", getenv("SVCCTL_FAKE"), what,
		 number);
	return fopen(path, mode);
}

static void take(const struct nlmsghdr *hdr)
{
	FILE *file = numbered("request", requests++, "w");

	sent[nr_sent++] = *hdr;
	fwrite(hdr, 1, hdr->nlmsg_len, file);
	fclose(file);
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	ssize_t size = 0;
	size_t i;

	(void)fd;
	(void)flags;
	nr_sent = 0;
	answered = 0;
	for (i = 0; i < msg->msg_iovlen; i++) {
		take(msg->msg_iov[i].iov_base);
		size += (ssize_t)msg->msg_iov[i].iov_len;
	}
	return (ssize_t)size;
}

static void address(struct nlmsghdr *hdr)
{
	hdr->nlmsg_seq = sent[answered].nlmsg_seq;
	hdr->nlmsg_pid = sent[answered].nlmsg_pid;
	if ((hdr->nlmsg_type == NLMSG_ERROR ||
	     hdr->nlmsg_type == NLMSG_DONE) && answered < nr_sent - 1)
		answered++;
}

static bool is_silent(const struct nlmsghdr *hdr)
{
	const struct nlmsgerr *err = NLMSG_DATA(hdr);

	return hdr->nlmsg_type == NLMSG_ERROR && !err->error &&
	       !(sent[answered].nlmsg_flags & NLM_F_ACK);
}

/* What there is to hear of @size bytes: of how many. */
static ssize_t deliver(char *buffer, ssize_t size)
{
	struct nlmsghdr *hdr;
	ssize_t at = 0, end;
	bool silent;

	while (at + (ssize_t)sizeof(*hdr) <= size) {
		hdr = (void *)(buffer + at);
		silent = is_silent(hdr);
		address(hdr);
		if (hdr->nlmsg_len < sizeof(*hdr) ||
		    hdr->nlmsg_len > (size_t)(size - at))
			break;
		end = at + (ssize_t)NLMSG_ALIGN(hdr->nlmsg_len);
		if (silent) {
			memmove(hdr, buffer + end, (size_t)(size - end));
			size -= end - at;
		} else {
			at = end;
		}
	}
	return size;
}

/* The next thing that comes, up to @size bytes; negative if nothing does. */
static ssize_t next(void *buffer, size_t size)
{
	FILE *file = numbered("reply", replies, "r");
	size_t got;

	if (!file)
		return -1;
	got = fread(buffer, 1, size, file);
	fclose(file);
	return (ssize_t)got;
}

static bool is_pause(const char *data, ssize_t size)
{
	return size == 5 && !memcmp(data, "pause", 5);
}

static bool is_netlink(int fd)
{
	int domain = 0;
	socklen_t length = sizeof(domain);

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length);
	return domain == AF_NETLINK;
}

/* The socket of events first, then who interrupts; all else is as it is. */
int poll(struct pollfd *fds, nfds_t nr, int timeout)
{
	const struct timespec span = {
		.tv_sec = timeout / 1000,
		.tv_nsec = timeout % 1000 * 1000000L,
	};
	const struct pollfd *volatile asked = fds;
	char data[8];
	ssize_t size;
	nfds_t i;

	/* Volatile, because glibc declares that poll() reads none of it. */
	if (!is_netlink(asked->fd))
		return ppoll(fds, nr, timeout < 0 ? NULL : &span, NULL);
	size = next(data, sizeof(data));
	for (i = 0; i < nr; i++)
		fds[i].revents = 0;
	if (is_pause(data, size)) {
		replies++;
		return 0;
	}
	fds[size < 0].revents = POLLIN;
	return 1;
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct sockaddr_nl *from = msg->msg_name;
	char *buffer = msg->msg_iov[0].iov_base;
	ssize_t size = next(buffer, msg->msg_iov[0].iov_len);
	bool waits = !(fcntl(fd, F_GETFL) & O_NONBLOCK);

	(void)flags;
	if (!waits && (size < 0 || is_pause(buffer, size))) {
		errno = EAGAIN;
		return -1;
	}
	replies++;
	if (is_pause(buffer, size)) {
		usleep(SLOW);
		return recvmsg(fd, msg, flags);
	}
	if (size <= 0) {
		errno = waits ? ECONNRESET : ENOBUFS;
		return -1;
	}
	size = deliver(buffer, size);
	if (!size)
		return recvmsg(fd, msg, flags);
	memset(from, 0, sizeof(*from));
	from->nl_family = AF_NETLINK;
	msg->msg_namelen = sizeof(*from);
	msg->msg_controllen = 0;
	msg->msg_flags = 0;
	return (ssize_t)size;
}

FILE *host_open(const char *path)
{
	char name[4096], *c;
	int start;

	start = snprintf(name, sizeof(name), "%s/node/", getenv("SVCCTL_FAKE"));
	snprintf(name + start, sizeof(name) - (size_t)start, "%s", path);
	for (c = name + start; *c; c++)
		if (*c == '/' || *c == ' ')
			*c = '_';
	return fopen(name, "r");
}

FILE *host_program(char *const argv[])
{
	char words[1024] = "";
	size_t length = 0;

	for (; *argv; argv++)
		length += (size_t)snprintf(words + length,
					   sizeof(words) - length, "%s%s",
					   length ? " " : "", *argv);
	return host_open(words);
}

void host_kernel(struct utsname *kernel)
{
	memset(kernel, 0, sizeof(*kernel));
	host_line("uname -r", kernel->release, sizeof(kernel->release));
	host_line("uname -v", kernel->version, sizeof(kernel->version));
}
