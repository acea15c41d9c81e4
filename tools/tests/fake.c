// SPDX-License-Identifier: GPL-2.0
/*
 * Linked into svcctl, plays the kernel to it, on hosts without the module.
 * Each message that svcctl sends goes into $SVCCTL_FAKE/request.N; what it
 * receives comes out of $SVCCTL_FAKE/reply.N, with sequence number and port
 * filled in: those of the first message of the last send, up to an ACK or the
 * end of a dump, then those of the next one.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <netlink/genl/ctrl.h>

#define WINDOW	1024

static struct nlmsghdr sent[WINDOW];
static int nr_sent, answered;
static int requests, replies;

int genl_ctrl_resolve(struct nl_sock *sock, const char *name)
{
	(void)sock;
	return strcmp(name, "svcnat") ? -1 : 0x20;
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
	return size;
}

static void address(struct nlmsghdr *hdr)
{
	hdr->nlmsg_seq = sent[answered].nlmsg_seq;
	hdr->nlmsg_pid = sent[answered].nlmsg_pid;
	if ((hdr->nlmsg_type == NLMSG_ERROR ||
	     hdr->nlmsg_type == NLMSG_DONE) && answered < nr_sent - 1)
		answered++;
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct sockaddr_nl *from = msg->msg_name;
	FILE *file = numbered("reply", replies++, "r");
	struct nlmsghdr *hdr = msg->msg_iov[0].iov_base;
	size_t size, at;

	(void)fd;
	(void)flags;
	if (!file) {
		errno = ECONNRESET;
		return -1;
	}
	size = fread(hdr, 1, msg->msg_iov[0].iov_len, file);
	fclose(file);
	for (at = 0; at + sizeof(*hdr) <= size;
	     at += NLMSG_ALIGN(hdr->nlmsg_len)) {
		hdr = (void *)((char *)msg->msg_iov[0].iov_base + at);
		address(hdr);
		if (hdr->nlmsg_len < sizeof(*hdr))
			break;
	}
	memset(from, 0, sizeof(*from));
	from->nl_family = AF_NETLINK;
	msg->msg_namelen = sizeof(*from);
	msg->msg_controllen = 0;
	msg->msg_flags = 0;
	return (ssize_t)size;
}
