// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes one allocation of the kernel fail: the FAIL_NTH-th of those that a
 * process causes.
 *
 * Preloaded (LD_PRELOAD), in what it sends to netlink and receives from there.
 * As a program, "fail module FILE" and "fail netns", in loading a module and in
 * making a network namespace.  How many were still to come at the end goes to
 * the file FAIL_LEFT: with 0 it has failed, else there were not so many.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int control = -1;
static int left = -1;

static void begin(void)
{
	const char *nth = getenv("FAIL_NTH");

	if (!nth || left != -1)
		return;
	left = atoi(nth);
	control = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
}

/* From here on they are counted. */
static void arm(void)
{
	char number[16];
	int n;

	begin();
	if (control < 0 || left <= 0)
		return;
	n = snprintf(number, sizeof(number), "%d", left);
	if (pwrite(control, number, n, 0) != n)
		perror("fail-nth");
}

static void report(void)
{
	const char *name = getenv("FAIL_LEFT");
	FILE *file;

	if (!name)
		return;
	file = fopen(name, "w");
	if (!file)
		return;
	fprintf(file, "%d\n", left);
	fclose(file);
}

static void disarm(void)
{
	char number[16] = "";
	int saved = errno;

	if (control >= 0 && left > 0) {
		if (pread(control, number, sizeof(number) - 1, 0) > 0)
			left = atoi(number);
		if (pwrite(control, "0", 1, 0) != 1)
			perror("fail-nth");
		report();
	}
	errno = saved;
}

static int is_netlink(int fd)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	return !getsockname(fd, (struct sockaddr *)&addr, &len) &&
	       addr.ss_family == AF_NETLINK;
}

static ssize_t counted(long call, int fd, const void *msg, int flags)
{
	const int ours = is_netlink(fd);
	ssize_t n;

	if (ours)
		arm();
	n = syscall(call, fd, msg, flags);
	if (ours)
		disarm();
	return n;
}

/* The libraries call them by these names. */
ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return counted(SYS_sendmsg, fd, msg, flags);
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	return counted(SYS_recvmsg, fd, msg, flags);
}

int main(int argc, char **argv)
{
	int err = 0, fd;

	if (argc == 3 && !strcmp(argv[1], "module")) {
		fd = open(argv[2], O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			perror(argv[2]);
			return 2;
		}
		arm();
		err = syscall(SYS_finit_module, fd, "", 0);
	} else if (argc == 2 && !strcmp(argv[1], "netns")) {
		arm();
		err = unshare(CLONE_NEWNET);
	} else {
		fprintf(stderr, "usage: fail module FILE | fail netns\n");
		return 2;
	}
	disarm();
	if (err)
		perror(argv[1]);
	return !!err;
}
