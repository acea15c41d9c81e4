// SPDX-License-Identifier: GPL-2.0
/*
 * Prints how many thousand times a second this machine's time stamp counter
 * counts.  The guest sees the same counter, but has nothing exact to measure
 * it with.
 */
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

int main(void)
{
	const struct timespec wait = { .tv_nsec = 50 * 1000 * 1000 };
	unsigned long long first, last;
	struct timespec from, to;
	double ns;

	clock_gettime(CLOCK_MONOTONIC_RAW, &from);
	first = __rdtsc();
	nanosleep(&wait, NULL);
	clock_gettime(CLOCK_MONOTONIC_RAW, &to);
	last = __rdtsc();

	ns = (to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec);
	printf("%.0f\n", (last - first) * 1e6 / ns);
	return 0;
}
