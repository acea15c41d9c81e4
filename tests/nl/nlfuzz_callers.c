// SPDX-License-Identifier: GPL-2.0
/* Those who may not use the family: each is a process with a socket. */
#define _GNU_SOURCE
#include "nlfuzz.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK	270
#endif

#define NOBODY	65534

enum caller {
	CALLER_USER,		/* with a socket of his own */
	CALLER_HEIR,		/* a user with a socket that root opened */
	CALLER_TRAP,		/* root with a socket that a user opened */
	CALLER_ROOTLET,		/* root of a user namespace */
	CALLER_ALONE,		/* and that in a netns that is his */
};

static const char *const names[CALLERS] = {
	"a user", "a user with root's socket", "root with a user's socket",
	"root of a user namespace", "root of a user and network namespace",
};

static int channels[CALLERS];

const char *caller_name(unsigned int caller)
{
	return names[caller];
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

static void enter_namespaces(int flags)
{
	if (unshare(flags))
		die("unshare: %s", strerror(errno));
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", "0 0 1");
	write_file("/proc/self/gid_map", "0 0 1");
}

/* Gives its socket. */
static int become(enum caller caller)
{
	int fd = -1;

	switch (caller) {
	case CALLER_HEIR:
		fd = link_open();
		/* fall through */
	case CALLER_USER:
		if (setresuid(NOBODY, NOBODY, NOBODY))
			die("setresuid: %s", strerror(errno));
		break;
	case CALLER_TRAP:
		if (seteuid(NOBODY))
			die("seteuid: %s", strerror(errno));
		fd = link_open();
		if (seteuid(0))
			die("seteuid: %s", strerror(errno));
		break;
	case CALLER_ROOTLET:
		enter_namespaces(CLONE_NEWUSER);
		break;
	case CALLER_ALONE:
		enter_namespaces(CLONE_NEWUSER | CLONE_NEWNET);
		break;
	}
	return fd < 0 ? link_open() : fd;
}

/* Who listens learns what every change is. */
static void try_group(enum caller caller, int fd)
{
	bool may = caller == CALLER_TRAP || caller == CALLER_ALONE;
	int error = 0;

	if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		       sizeof(group)))
		error = errno;
	if (error != (may ? 0 : EPERM))
		wrong("%s joins the group with errno %d", names[caller],
		      error);
	setsockopt(fd, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &group,
		   sizeof(group));
}

/* Until whoever asks is gone. */
static void serve(enum caller caller, int channel)
{
	static uint8_t bytes[MAX_MESSAGE];
	struct reply reply;
	int len, fd = become(caller);

	try_group(caller, fd);
	while ((len = recv(channel, bytes, sizeof(bytes), 0)) > 1) {
		link_ask(fd, bytes + 1, len - 1, bytes[0], &reply, NULL, NULL);
		if (send(channel, &reply, sizeof(reply), 0) < 0)
			break;
	}
	_exit(0);
}

void callers_start(void)
{
	int pair[2];
	unsigned int i;

	for (i = 0; i < CALLERS; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
			die("socketpair: %s", strerror(errno));
		switch (fork()) {
		case -1:
			die("fork: %s", strerror(errno));
			break;
		case 0:
			close(pair[0]);
			serve(i, pair[1]);
			break;
		default:
			close(pair[1]);
			channels[i] = pair[0];
		}
	}
}

void caller_ask(unsigned int caller, const uint8_t *bytes, unsigned int len,
		bool dump, struct reply *reply)
{
	static uint8_t message[MAX_MESSAGE];

	message[0] = dump;
	memcpy(message + 1, bytes, len);
	if (send(channels[caller], message, len + 1, 0) < 0 ||
	    recv(channels[caller], reply, sizeof(*reply), 0) !=
	    sizeof(*reply))
		die("%s is gone", names[caller]);
}
