// SPDX-License-Identifier: GPL-2.0
/*
 * Linked into svcctl, plays the kernel to it, on hosts without the module.
 * What svcctl sends goes into $SVCCTL_FAKE/request.N; what it receives comes
 * out of $SVCCTL_FAKE/reply.N, with sequence number and port filled in.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <netlink/genl/ctrl.h>

static struct nlmsghdr request;
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

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	FILE *file = numbered("request", requests++, "w");

	(void)fd;
	(void)flags;
	memcpy(&request, msg->msg_iov[0].iov_base, sizeof(request));
	fwrite(msg->msg_iov[0].iov_base, 1, msg->msg_iov[0].iov_len, file);
	fclose(file);
	return (ssize_t)msg->msg_iov[0].iov_len;
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
		hdr->nlmsg_seq = request.nlmsg_seq;
		hdr->nlmsg_pid = request.nlmsg_pid;
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
