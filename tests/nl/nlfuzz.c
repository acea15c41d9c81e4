// SPDX-License-Identifier: GPL-2.0
/*
 * A fuzzer of the netlink family, see nlfuzz.h.
 *
 * usage: nlfuzz [-s SEED] [-n COUNT] [-t SECONDS] [-v]
 *
 * Sends COUNT requests, or as many as there is time for, in this netns and in
 * another one, and compares.  Expects nothing of ours in this netns, and that
 * 10.77.0.255 is a broadcast address in it.  The same SEED is the same
 * requests: the last of COUNT is the one that was wrong.  -v prints all.
 */
#define _GNU_SOURCE
#include "nlfuzz.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK	270
#endif

struct world worlds[2] = { { .name = "one" }, { .name = "two" } };
static uint8_t bytes[MAX_MESSAGE];
static unsigned int len;
static struct verdict verdict;
static struct reply reply;
static const char *who = "nobody yet";
static uint64_t seed, state;
static unsigned long number, accepted, refused, changed;
static unsigned long by_error[256];

static uint64_t next(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}

uint32_t below(uint32_t limit)
{
	return (next() >> 32) % limit;
}

bool chance(uint32_t in)
{
	return !below(in);
}

static void print_request(void)
{
	const struct nlmsghdr *h = (struct nlmsghdr *)bytes;
	unsigned int i;

	printf("# %lu: %s sends command %u with flags %#x, %u bytes; may be refused with %#llx, got %d\n#",
	       number, who, bytes[NLMSG_HDRLEN], h->nlmsg_flags, len,
	       (unsigned long long)verdict.errors,
	       reply.answered ? reply.error : -1);
	for (i = NLMSG_HDRLEN; i < len && i < 600; i++)
		printf("%s%02x", i % 4 ? "" : " ", bytes[i]);
	printf("\n");
}

void wrong(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	print_request();
	printf("# again: nlfuzz -s %llu -n %lu\n", (unsigned long long)seed,
	       number);
	fflush(stdout);
	_exit(1);
}

static void open_world(struct world *w)
{
	int i;

	w->netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	for (i = 0; i < SOCKETS; i++)
		w->fd[i] = link_open();
	w->listener = link_open();
	set(w->listener, SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24);
	set(w->listener, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
	show_config(w->fd[0], &w->model.config);
	show_compare(w->fd[0], &w->model, false);
	w->digest = show_digest(w->fd[0]);
}

/* A socket stays in the netns that it was opened in. */
static void open_worlds(void)
{
	worlds[0].model.has_broadcast = true;
	open_world(&worlds[0]);
	if (unshare(CLONE_NEWNET))
		die("unshare: %s", strerror(errno));
	open_world(&worlds[1]);
	if (setns(worlds[0].netns, CLONE_NEWNET))
		die("setns: %s", strerror(errno));
}

/* Gives whether it was accepted. */
static bool check_reply(void)
{
	const struct verdict *v = &verdict;
	bool shows = !v->dump && (v->command == SVCNAT_CMD_SERVICE_GET ||
				  v->command == SVCNAT_CMD_CONFIG_GET ||
				  v->command == SVCNAT_CMD_STATS_GET);

	if (v->ignored) {
		if (reply.answered != v->ack || reply.error || reply.messages)
			wrong("no request, and an answer");
		return false;
	}
	if (reply.error && !(error_bit(reply.error) & v->errors))
		wrong("refused with errno %d (%s)", reply.error,
		      strerror(reply.error));
	if (reply.error) {
		if (!reply.sentence && !v->silent)
			wrong("refused without a sentence");
		if (reply.messages)
			wrong("refused with %u messages", reply.messages);
		refused++;
		by_error[reply.error & 0xff]++;
		return false;
	}
	if (v->errors && !v->unsure)
		wrong("accepted");
	if (reply.answered != (v->dump || v->ack))
		wrong("%s answer", reply.answered ? "an" : "no");
	if (!v->dump && reply.messages != shows)
		wrong("%u messages", reply.messages);
	accepted++;
	return true;
}

/* What has become of it. */
static void check_world(struct world *w, bool made)
{
	unsigned int events = link_events(w->listener);
	bool of_config = verdict.command == SVCNAT_CMD_CONFIG_SET;
	uint64_t digest;

	if (made != (events > 0))
		wrong("%u events", events);
	if (made) {
		changed++;
		w->changes += !of_config;
		show_compare(w->fd[0], &w->model, !of_config &&
			     verdict.command != SVCNAT_CMD_SERVICE_DEL &&
			     verdict.command != SVCNAT_CMD_SERVICE_FLUSH);
		w->digest = show_digest(w->fd[0]);
		if (chance(8))
			show_stats(w->fd[0], &w->model);
		return;
	}
	digest = show_digest(w->fd[0]);
	if (digest != w->digest)
		wrong("world %s has changed", w->name);
}

static void make_request(struct world *w)
{
	uint32_t how = below(10);
	struct request r;

	request_good(&r, &w->model);
	for (how = how < 4 ? 0 : how < 8 ? 1 : 2 + below(2); how; how--)
		request_mutate(&r);
	len = request_bytes(&r, bytes);
	memset(&reply, 0, sizeof(reply));
}

static void ask(struct world *w)
{
	who = "root";
	make_request(w);
	judge(&verdict, bytes, len, &w->model, true);
	link_ask(w->fd[below(SOCKETS)], bytes, len, verdict.dump, &reply, NULL,
		 NULL);
	check_world(w, check_reply() && verdict.change == CHANGE_MADE);
	/* Nobody else has noticed. */
	w = w == &worlds[0] ? &worlds[1] : &worlds[0];
	if (chance(16))
		check_world(w, false);
}

static void ask_as_other(void)
{
	unsigned int caller = below(CALLERS);

	who = caller_name(caller);
	make_request(&worlds[0]);
	judge(&verdict, bytes, len, NULL, false);
	caller_ask(caller, bytes, len, verdict.dump, &reply);
	if (check_reply())
		wrong("%s may do that", who);
	check_world(&worlds[0], false);
}

static void summary(void)
{
	unsigned int i;

	printf("# seed %llu: %lu requests, %lu accepted, of these %lu changes, %lu refused; %lu dumps interrupted, %lu given up\n",
	       (unsigned long long)seed, number, accepted, changed, refused,
	       slow_interrupted, slow_given_up);
	printf("# refused:");
	for (i = 0; i < ARRAY_SIZE(by_error); i++)
		if (by_error[i])
			printf(" %lu with %s,", by_error[i],
			       strerrorname_np(i));
	printf("\n");
}

static void flush(struct world *w)
{
	len = link_request(bytes, SVCNAT_CMD_SERVICE_FLUSH,
			   NLM_F_REQUEST | NLM_F_ACK, NULL);
	judge(&verdict, bytes, len, &w->model, true);
	link_ask(w->fd[0], bytes, len, false, &reply, NULL, NULL);
	check_world(w, check_reply() && verdict.change == CHANGE_MADE);
	show_stats(w->fd[0], &w->model);
}

static void step(void)
{
	switch (below(16)) {
	case 0:
		ask_as_other();
		break;
	case 1:
		who = "somebody slow";
		len = 0;
		slow_step();
		break;
	case 2:
	case 3:
	case 4:
		ask(&worlds[1]);
		break;
	default:
		ask(&worlds[0]);
	}
}

int main(int argc, char **argv)
{
	unsigned long count = 0;
	bool verbose = false;
	long end = 0;
	int opt;

	seed = now();
	while ((opt = getopt(argc, argv, "s:n:t:v")) != -1) {
		switch (opt) {
		case 's':
			seed = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			count = strtoul(optarg, NULL, 10);
			break;
		case 't':
			end = now() + 1000 * strtol(optarg, NULL, 10);
			break;
		case 'v':
			verbose = true;
			break;
		default:
			return 2;
		}
	}
	printf("# seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	state = seed * 0x9e3779b97f4a7c15ULL + 1;
	read_policies();
	callers_start();
	open_worlds();
	slow_noise();
	while ((!count || number < count) && (!end || now() < end)) {
		number++;
		step();
		if (verbose && len)
			print_request();
	}
	slow_end();
	flush(&worlds[0]);
	flush(&worlds[1]);
	summary();
	return 0;
}
