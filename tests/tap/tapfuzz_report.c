// SPDX-License-Identifier: GPL-2.0
/* What has happened, to the last packet and to all of them. */
#define _GNU_SOURCE
#include "tapfuzz.h"

struct tally tally;
uint64_t seed, first_stats[MAX_STATS], before[MAX_STATS], after[MAX_STATS];
bool replaying;

static void print_hex(const void *bytes, unsigned int len)
{
	const uint8_t *b = bytes;

	while (len--)
		printf("%02x", *b++);
}

/* As -r reads it */
static void print_piece(const struct frame *f)
{
	unsigned int i;

	printf("#  %u:", trial.from);
	print_hex(&f->vnet, sizeof(f->vnet));
	printf(":");
	for (i = 0; i < f->num_splits; i++)
		printf("%s%u", i ? "," : "", f->split[i]);
	printf(":");
	print_hex(f->bytes, f->len);
	printf("\n");
}

void report_trial(void)
{
	unsigned int i;

	printf("# %lu: %s, IPv%u, %s%s%s; parsed %u, protocol %u; fate: %s%s%s\n",
	       tally.number, trial.what, is_ipv4(trial.family) ? 4 : 6,
	       trial.mutated ? "changed" : "as it should be",
	       trial.gso ? ", to be segmented" : "",
	       trial.broken_train ? ", broken" : "", forecast.j.parsed,
	       forecast.j.tuple.proto, fate_names[forecast.fate],
	       forecast.forwarded ? ", forwarded" : "",
	       forecast.flow_opens ? ", new" : "");
	for (i = 0; i < trial.num; i++)
		print_piece(&pieces[i]);
	for (i = 0; i < MAX_STATS; i++)
		if (after[i] != before[i])
			printf("# counter %u: %lld more\n", i,
			       (long long)(after[i] - before[i]));
	if (out.len) {
		printf("# came out last: ");
		print_hex(out.bytes, out.len);
		printf("\n");
	}
}

void wrong(const char *format, ...)
{
	va_list args;

	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	report_trial();
	if (!replaying)
		printf("# again: tapfuzz%s -s %llu -n %lu\n",
		       frags_mode ? " -f" : "", (unsigned long long)seed,
		       tally.number);
	fflush(stdout);
	_exit(1);
}

static uint64_t rejects(const uint64_t *stats)
{
	return stats[SVCNAT_STAT_REJECT_NO_PORT] +
	       stats[SVCNAT_STAT_REJECT_NO_FLOW] +
	       stats[SVCNAT_STAT_REJECT_LIMITED];
}

void report_all(long began)
{
	unsigned int i;

	printf("# seed %llu%s: %lu packets in %lu writes, %lu of them in fragments, %lu to be segmented (%lu left in one), %ld s\n",
	       (unsigned long long)seed, frags_mode ? ", cut" : "", tally.number,
	       tally.written, tally.trains, tally.segmented, gso_seen,
	       (now() - began) / 1000);
	printf("# the device refused %lu, IP dropped %lu in front and %lu elsewhere; %lu came out alone, %lu answers\n#",
	       tally.refused, tally.dropped_early, tally.vanished,
	       tally.came_out, tally.answers);
	printf(" who listened heard of %lu fragments how they leave, %lu of these not ours\n#",
	       tally.overwritten, tally.overwritten_foreign);
	for (i = 0; i < FATES; i++)
		printf(" %s %lu%s", fate_names[i], tally.by_fate[i],
		       i + 1 < FATES ? "," : "\n#");
	printf(" rx %llu, translated %llu, malformed %llu, rejected %llu, icmp_error %llu, icmp_odd %llu, flow_new %llu\n",
	       (unsigned long long)(after[SVCNAT_STAT_RX] -
				    first_stats[SVCNAT_STAT_RX]),
	       (unsigned long long)(after[SVCNAT_STAT_TRANSLATED] -
				    first_stats[SVCNAT_STAT_TRANSLATED]),
	       (unsigned long long)(after[SVCNAT_STAT_DROP_MALFORMED] -
				    first_stats[SVCNAT_STAT_DROP_MALFORMED]),
	       (unsigned long long)(rejects(after) - rejects(first_stats)),
	       (unsigned long long)(after[SVCNAT_STAT_ICMP_ERROR] -
				    first_stats[SVCNAT_STAT_ICMP_ERROR]),
	       (unsigned long long)(after[SVCNAT_STAT_ICMP_ODD] -
				    first_stats[SVCNAT_STAT_ICMP_ODD]),
	       (unsigned long long)(after[SVCNAT_STAT_FLOW_NEW] -
				    first_stats[SVCNAT_STAT_FLOW_NEW]));
}
