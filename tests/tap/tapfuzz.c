// SPDX-License-Identifier: GPL-2.0
/*
 * A fuzzer of the packet path, see tapfuzz.h.
 *
 * usage: tapfuzz [-N NETNS] [-f] [-s SEED] [-n COUNT] [-t SECONDS] JUDGE
 *        tapfuzz [-N NETNS] [-f] -r JUDGE PIECE...
 *
 * Sends COUNT packets, or as many as there is time for.  Expects the devices
 * tap0 and tap1, and the services, as tap.sh has them; JUDGE is what
 * tests/fuzz makes of the module's parser.  -f has the device cut packets into
 * fragments of memory.  The same SEED is the same packets: the last of COUNT is
 * the one that was wrong.  -r sends what a failure has printed, once all
 * connections are there.
 */
#define _GNU_SOURCE
#include "tapfuzz.h"

#include <dlfcn.h>

#define EPOCH	8192		/* packets until all connections end */

static void (*judge_it)(const uint8_t *bytes, uint32_t len, uint8_t family,
			bool gso, uint32_t head, struct judgement *to);
struct trial trial;
struct forecast forecast;
struct frame out;
static uint8_t gathered[MAX_PACKET + 1];
static uint64_t state;

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

void judge(const uint8_t *bytes, uint32_t len, uint8_t family, bool gso,
	   uint32_t head, struct judgement *to)
{
	judge_it(bytes, len, family, gso, head, to);
}

/* One frame that has come out; gives whether it is the packet. */
static bool take_out(unsigned int *errors)
{
	const bool gso = trial.num == 1 &&
			 pieces[0].vnet.gso_type != VNET_GSO_NONE;
	const uint8_t *l3 = out.bytes + ETH_LEN;
	unsigned int len = out.len - ETH_LEN;
	bool about = false;

	if (out.vnet.gso_type == VNET_GSO_NONE)
		sum_complete(&out);
	if (forecast.fate == FATE_UNKNOWN ||
	    check_is_blurred(&trial, &forecast))
		return false;
	if (gso && gso_is_it(&trial, &forecast, l3, len)) {
		gso_take(&trial, &forecast, &out);
		return false;
	}
	if (out.vnet.gso_type != VNET_GSO_NONE)
		wrong("what came in segments leaves in one");
	if (!frag_gather(&out, gathered, &len))
		return false;
	if (check_is_it(&trial, &forecast, gathered, len)) {
		check_same(&trial, &forecast, gathered, len);
		return true;
	}
	check_answer(&trial, &forecast, gathered, len, &about);
	tally.answers++;
	*errors += about;
	return false;
}

static void collect(void)
{
	unsigned int outs = 0, errors = 0, side;

	frag_forget();
	gso_begin();
	out.len = 0;
	for (side = 0; side < SIDES; side++)
		while (wire_read(side, &out))
			if (!wire_is_noise(&out)) {
				wire_leaves(&out);
				outs += take_out(&errors);
			}
	stats_read(after);
	wire_settle();
	if (outs > 1)
		wrong("it came out %u times", outs);
	gso_end(&trial, &forecast);
	if (forecast.forwarded && !outs && !trial.gso)
		wrong("it did not come out");
	count_check(outs, errors);
	tally.came_out += outs;
	tally.by_fate[forecast.fate]++;
	model_remember(&forecast);
	memcpy(before, after, sizeof(before));
}

static void try(void)
{
	bool taken = false;
	unsigned int i;

	for (i = 0; i < trial.num; i++) {
		taken = wire_inject(trial.from, &pieces[i]);
		tally.written++;
		if (taken)
			wire_check_clones(trial.from, &pieces[i]);
	}
	/* What the device refuses has never been there. */
	if (!taken && trial.num == 1) {
		memset(&forecast, 0, sizeof(forecast));
		forecast.arrival = ARRIVES_NEVER;
		tally.refused++;
	} else if (forecast.arrival == ARRIVES_NEVER) {
		tally.dropped_early++;
	}
	tally.segmented += taken && pieces[0].vnet.gso_type != VNET_GSO_NONE;
	tally.trains += trial.num > 1;
	collect();
}

static void open_all(void)
{
	unsigned int i;

	stats_flush_flows();
	model_forget();
	stats_read(before);
	for (i = 0; i < OPENERS; i++) {
		make_opener(&trial, i);
		if (model_predict(&trial, &forecast))
			try();
	}
}

static void step(void)
{
	if (tally.number % EPOCH == 1)
		open_all();
	if (tally.number % 512 == 1) {
		wire_offload(chance(2));
		wire_listen(chance(2));
	}
	do {
		make_trial(&trial);
	} while (!model_predict(&trial, &forecast));
	try();
}

static void set_ends(struct ends *e, uint8_t family, uint8_t proto,
		     const char *vip, uint32_t port)
{
	e->family = family;
	e->proto = proto;
	e->dport = port;
	inet_pton(family, vip, e->dst);
}

/* As tap.sh configures them */
static void set_services(void)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
					  IPPROTO_SCTP };
	static const uint16_t ports[] = { 80, 53, 36 }, eps[] = { 8080, 5353,
								  3600 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(protos); i++) {
		set_ends(&services[0][i], AF_INET, protos[i], "10.96.0.10",
			 ports[i]);
		set_ends(&services[1][i], AF_INET6, protos[i], "fd00:96::10",
			 ports[i]);
		ep_ports[i] = eps[i];
	}
	inet_pton(AF_INET, "10.2.0.1", ep_addrs[0]);
	inet_pton(AF_INET6, "fd00:2::1", ep_addrs[1]);
}

static unsigned int from_hex(const char *text, void *to, unsigned int room)
{
	unsigned int n, byte;

	for (n = 0; n < room && sscanf(text + 2 * n, "%2x", &byte) == 1; n++)
		((uint8_t *)to)[n] = byte;
	return n;
}

/* SIDE:VNET:SPLIT,...:FRAME */
static void read_piece(char *text, struct frame *f)
{
	char *word = strsep(&text, ":"), *splits, *split;

	memset(&f->vnet, 0, sizeof(f->vnet));
	f->num_splits = 0;
	trial.from = *word - '0';
	word = strsep(&text, ":");
	splits = strsep(&text, ":");
	if (!word || !splits || !text)
		die("no piece");
	from_hex(word, &f->vnet, sizeof(f->vnet));
	while ((split = strsep(&splits, ",")))
		if (*split)
			f->split[f->num_splits++] = atoi(split);
	f->len = from_hex(text, f->bytes, sizeof(f->bytes));
}

static void replay(char **words, unsigned int n)
{
	unsigned int i;

	replaying = true;
	open_all();
	memset(&trial, 0, sizeof(trial));
	trial.what = "once more";
	trial.mutated = true;
	trial.broken_train = n > 1;
	trial.num = n;
	for (i = 0; i < n; i++)
		read_piece(words[i], &pieces[i]);
	trial.family = get16(pieces[0].bytes + 12) == 0x0800 ? AF_INET :
							       AF_INET6;
	trial.len = pieces[0].len - ETH_LEN;
	memcpy(trial.whole, pieces[0].bytes + ETH_LEN, trial.len);
	if (!model_predict(&trial, &forecast))
		die("nobody knows what is to become of it");
	try();
	report_trial();
}

static void load_judge(const char *file)
{
	void *library = dlopen(file, RTLD_NOW);

	if (!library)
		die("%s", dlerror());
	judge_it = dlsym(library, "judge");
	if (!judge_it)
		die("%s", dlerror());
}

int main(int argc, char **argv)
{
	unsigned long count = 0;
	bool again = false;
	long limit = 0, began;
	int opt;

	enter(&argc, &argv);
	seed = now();
	while ((opt = getopt(argc, argv, "fs:n:t:r")) != -1) {
		switch (opt) {
		case 'f':
			frags_mode = true;
			break;
		case 's':
			seed = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			count = strtoul(optarg, NULL, 10);
			break;
		case 't':
			limit = 1000 * strtol(optarg, NULL, 10);
			break;
		case 'r':
			again = true;
			break;
		default:
			return 2;
		}
	}
	if (optind >= argc)
		die("where is the judge?");
	printf("# seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	state = seed * 0x9e3779b97f4a7c15ULL + 1;
	load_judge(argv[optind]);
	set_services();
	wire_open();
	stats_open();
	stats_read(first_stats);
	began = now();
	if (again) {
		replay(argv + optind + 1, argc - optind - 1);
		return 0;
	}
	while ((!count || tally.number < count) &&
	       (!limit || now() < began + limit)) {
		tally.number++;
		step();
	}
	report_all(began);
	return 0;
}
