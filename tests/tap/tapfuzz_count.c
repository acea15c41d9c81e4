// SPDX-License-Identifier: GPL-2.0
/* Does what the module has counted agree with what it had to do? */
#define _GNU_SOURCE
#include "tapfuzz.h"

/* What has changed since the packet before */
static int64_t more(unsigned int id)
{
	return after[id] - before[id];
}

static int64_t more_between(unsigned int first, unsigned int last)
{
	int64_t sum = 0;

	for (; first <= last; first++)
		sum += more(first);
	return sum;
}

static void must(const char *what, int64_t is, int64_t should)
{
	if (is != should)
		wrong("%s: %lld more, not %lld", what, (long long)is,
		      (long long)should);
}

static bool is_error_fate(enum fate fate)
{
	return fate == FATE_ERROR_IN || fate == FATE_ERROR_OUT;
}

static bool is_translated(enum fate fate)
{
	return fate == FATE_REQUEST || fate == FATE_REPLY ||
	       is_error_fate(fate);
}

/*
 * Nobody has seen it, and that may be.  What IP says of it may quote anything,
 * unless it is about an error: of those there is none.
 */
static bool has_vanished(unsigned int outs)
{
	const enum fate fate = forecast.fate;
	bool behind = fate == FATE_REPLY || fate == FATE_ERROR_OUT ||
		      fate == FATE_UNSOUND_OUT;

	return !outs && (forecast.arrival == ARRIVES_PERHAPS ||
			 (behind && !forecast.forwarded)) &&
	       !more(SVCNAT_STAT_RX) &&
	       more(SVCNAT_STAT_ICMP_ODD) <= (fate != FATE_ODD && !behind) &&
	       !more(SVCNAT_STAT_ECHO_REPLY) && !more(SVCNAT_STAT_ECHO_LIMITED);
}

/*
 * The node's own errors about a request that it does not forward; those to who
 * does not exist nobody sees.
 */
static int64_t own_errors(unsigned int seen)
{
	int64_t errors = more(SVCNAT_STAT_ICMP_ERROR) -
			 is_error_fate(forecast.fate);

	if (errors < 0 || errors > 1 || errors < seen)
		wrong("icmp_error: %lld more, and %u seen",
		      (long long)more(SVCNAT_STAT_ICMP_ERROR), seen);
	if (errors && (forecast.fate != FATE_REQUEST || forecast.forwarded))
		wrong("an error of the node's own is about this");
	return errors;
}

void count_check(unsigned int outs, unsigned int errors_seen)
{
	const enum fate fate = forecast.fate;
	const bool request = fate == FATE_REQUEST;
	int64_t errors, odd;

	if (fate == FATE_UNKNOWN) {
		must("rx", more(SVCNAT_STAT_RX), more(SVCNAT_STAT_TRANSLATED) +
		     more(SVCNAT_STAT_UNTRANSLATED) +
		     more_between(SVCNAT_STAT_DROP_MALFORMED,
				  SVCNAT_STAT_REJECT_LIMITED));
		return;
	}
	if (has_vanished(outs)) {
		tally.vanished++;
		forecast.flow_opens = false;
		must("flow_new", more(SVCNAT_STAT_FLOW_NEW), 0);
		return;
	}
	errors = own_errors(errors_seen);
	must("translated", more(SVCNAT_STAT_TRANSLATED),
	     is_translated(fate) + errors);
	must("untranslated", more(SVCNAT_STAT_UNTRANSLATED),
	     fate == FATE_PASSED);
	must("drop_malformed", more(SVCNAT_STAT_DROP_MALFORMED),
	     fate == FATE_MALFORMED);
	must("other drops", more_between(SVCNAT_STAT_DROP_MEMORY,
					 SVCNAT_STAT_DROP_NO_SERVICE), 0);
	must("rejects", more_between(SVCNAT_STAT_REJECT_NO_ENDPOINT,
				     SVCNAT_STAT_REJECT_LIMITED),
	     fate == FATE_REJECT);
	must("rx", more(SVCNAT_STAT_RX), is_translated(fate) + errors +
	     (fate == FATE_PASSED) + (fate == FATE_MALFORMED) +
	     (fate == FATE_REJECT));
	must("echo", more_between(SVCNAT_STAT_ECHO_REPLY,
				  SVCNAT_STAT_ECHO_LIMITED),
	     fate == FATE_ECHO);
	must("flow_new", more(SVCNAT_STAT_FLOW_NEW),
	     request && forecast.flow_opens);
	/* The node's own errors may quote anything. */
	odd = more(SVCNAT_STAT_ICMP_ODD) -
	      (fate == FATE_ODD || fate == FATE_UNSOUND_OUT);
	if (odd && (odd != 1 || forecast.forwarded))
		must("icmp_odd", odd, 0);
}
