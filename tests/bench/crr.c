// SPDX-License-Identifier: GPL-2.0
/*
 * Both ends of short connections.
 *
 * crr serve PORT
 *
 *	Goes to the background once it listens, and prints its process.  Answers
 *	every byte with a byte; behind an e it ends the connection.
 *
 * crr crr SECONDS ADDR:PORT
 *
 *	Connects, asks, hears the answer and the end, and closes, again and
 *	again; prints how often in a second.  The server is who ends it: a client
 *	would soon look for ports that are not waiting for late packets.
 *
 * crr rr SECONDS ADDR:PORT
 *
 *	Asks and hears the answer on one connection; prints the median of the
 *	microseconds that took.
 */
#define _GNU_SOURCE
#include "../net/tool.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>

#define SAMPLES	1000000

static void nodelay(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void answer(int fd)
{
	char byte;

	if (read(fd, &byte, 1) == 1 && write(fd, &byte, 1) == 1 && byte != 'e')
		return;
	/* Leaves the epoll, too. */
	close(fd);
}

static void welcome(int epoll, int listener)
{
	struct epoll_event event = { .events = EPOLLIN };

	event.data.fd = accept(listener, NULL, NULL);
	if (event.data.fd < 0)
		return;
	nodelay(event.data.fd);
	epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
}

static void serve(int port)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(0), on = 1;
	pid_t pid;

	event.data.fd = socket(AF_INET, SOCK_STREAM, 0);
	any.sin_port = htons(port);
	setsockopt(event.data.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(event.data.fd, (void *)&any, sizeof(any)) ||
	    listen(event.data.fd, 1024) ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event))
		die("cannot listen: %s", strerror(errno));
	on = event.data.fd;
	pid = fork();
	if (pid) {
		printf("%d\n", pid);
		return;
	}
	/* Whoever reads what we print waits for the end of it. */
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	while (epoll_wait(epoll, &event, 1, -1) == 1) {
		if (event.data.fd == on)
			welcome(epoll, on);
		else
			answer(event.data.fd);
	}
}

static int dial(const struct sockaddr_in *to)
{
	struct timeval patience = { .tv_sec = 10 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (fd < 0 || connect(fd, (void *)to, sizeof(*to)))
		die("cannot connect: %s", strerror(errno));
	nodelay(fd);
	return fd;
}

static void talk(int fd, char byte)
{
	if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
		die("no answer: %s", strerror(errno));
}

static void connections(const struct sockaddr_in *to, int seconds)
{
	long start = now(), end = start + seconds * 1000L, count = 0;
	char byte;

	while (now() < end) {
		int fd = dial(to);

		talk(fd, 'e');
		if (read(fd, &byte, 1))
			die("no end");
		close(fd);
		count++;
	}
	printf("%f\n", count * 1000.0 / (now() - start));
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static double microseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void round_trips(const struct sockaddr_in *to, int seconds)
{
	double *took = malloc(SAMPLES * sizeof(*took)), before;
	long end = now() + seconds * 1000L, count = 0;
	int fd = dial(to);

	while (now() < end && count < SAMPLES) {
		before = microseconds();
		talk(fd, 'x');
		took[count++] = microseconds() - before;
	}
	close(fd);
	qsort(took, count, sizeof(*took), compare);
	printf("%f\n", took[count / 2]);
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	char *port;

	if (argc == 3 && !strcmp(argv[1], "serve")) {
		serve(atoi(argv[2]));
		return 0;
	}
	port = argc == 4 ? strchr(argv[3], ':') : NULL;
	if (!port)
		die("expected serve, crr or rr");
	*port++ = '\0';
	to.sin_port = htons(atoi(port));
	if (inet_pton(AF_INET, argv[3], &to.sin_addr) != 1)
		die("%s is no address", argv[3]);
	if (!strcmp(argv[1], "crr"))
		connections(&to, atoi(argv[2]));
	else
		round_trips(&to, atoi(argv[2]));
	return 0;
}
