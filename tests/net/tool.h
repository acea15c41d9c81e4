/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs of the tests have in common: netns, addresses of either
 * family, sockets, checksums.  Included first, behind _GNU_SOURCE: the headers
 * of the kernel know those of the C library, but not the other way round.
 */
#ifndef _TESTS_TOOL_H
#define _TESTS_TOOL_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

union address {
	struct sockaddr		any;
	struct sockaddr_in	v4;
	struct sockaddr_in6	v6;	/* the port is where that of v4 is */
};

/* Six bytes of padding behind the next header and the length */
static const uint8_t padding_header[8] = { 0, 0, 1, 4 };

static inline void die(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

static inline long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The words "-N NETNS" in front of all others: goes there, and skips them. */
static inline void enter(int *argc, char ***argv)
{
	char path[256];
	int fd;

	if (*argc < 3 || strcmp((*argv)[1], "-N"))
		return;
	snprintf(path, sizeof(path), "/run/netns/%s", (*argv)[2]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die("%s: %s", path, strerror(errno));
	close(fd);
	*argc -= 2;
	*argv += 2;
}

/* Prints the process that remains. */
static inline void go_to_background(void)
{
	pid_t child = fork();

	if (child < 0)
		die("fork: %s", strerror(errno));
	if (child) {
		printf("%d\n", child);
		exit(0);
	}
	setsid();
	if (!freopen("/dev/null", "w", stdout))
		exit(2);
	dup2(fileno(stdout), 2);
}

static inline bool is_v6(const union address *a)
{
	return a->any.sa_family == AF_INET6;
}

static inline socklen_t address_len(const union address *a)
{
	return is_v6(a) ? sizeof(a->v6) : sizeof(a->v4);
}

/* The address alone, and its length. */
static inline void *address_bytes(const union address *a, size_t *len)
{
	*len = is_v6(a) ? sizeof(a->v6.sin6_addr) : sizeof(a->v4.sin_addr);
	return is_v6(a) ? (void *)&a->v6.sin6_addr : (void *)&a->v4.sin_addr;
}

/* Without their ports. */
static inline bool same_address(const union address *a, const union address *b)
{
	const void *bytes;
	size_t len;

	bytes = address_bytes(b, &len);
	return a->any.sa_family == b->any.sa_family &&
	       !memcmp(address_bytes(a, &len), bytes, len);
}

static inline void address_parse(union address *a, const char *text)
{
	size_t len;

	a->any.sa_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(a->any.sa_family, text, address_bytes(a, &len)) != 1)
		die("%s is no address", text);
}

/* To INET6_ADDRSTRLEN bytes; without a port, and without a family a dash. */
static inline const char *address_text(char *to, const union address *a)
{
	size_t len;

	if (!inet_ntop(a->any.sa_family, address_bytes(a, &len), to,
		       INET6_ADDRSTRLEN))
		strcpy(to, "-");
	return to;
}

static inline void set(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		die("setsockopt %d %d: %s", level, option, strerror(errno));
}

/* Packets that have more than the plain header in front. */
static inline void more_headers(int fd, bool v6)
{
	static const uint8_t route[8] = { IPOPT_RR, 7, 4, 0, 0, 0, 0,
					  IPOPT_END };
	bool failed;

	if (v6)
		failed = setsockopt(fd, IPPROTO_IPV6, IPV6_HOPOPTS,
				    padding_header, sizeof(padding_header)) ||
			 setsockopt(fd, IPPROTO_IPV6, IPV6_DSTOPTS,
				    padding_header, sizeof(padding_header));
	else
		failed = setsockopt(fd, IPPROTO_IP, IP_OPTIONS, route,
				    sizeof(route));
	if (failed)
		die("no headers: %s", strerror(errno));
}

/* As it stands in a packet; over what has one already, 0 if that is right. */
static inline uint16_t checksum(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? data[i] : data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

#endif /* _TESTS_TOOL_H */
