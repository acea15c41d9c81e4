/* SPDX-License-Identifier: GPL-2.0 */
/* What unit tests share: cases, and what they expect; each prints KTAP. */
#ifndef _SVCCTL_UNIT_H
#define _SVCCTL_UNIT_H

#include <stdbool.h>
#include <stdio.h>

static int count, failures;
static bool case_ok;

#define EXPECT(condition) \
	expect((condition), #condition, __LINE__)

static void expect(bool ok, const char *what, int line)
{
	if (ok)
		return;
	printf("# line %d: expected %s\n", line, what);
	case_ok = false;
}

static void run(const char *name, void (*test)(void))
{
	case_ok = true;
	test();
	failures += !case_ok;
	printf("%sok %d %s\n", case_ok ? "" : "not ", ++count, name);
}

#endif /* _SVCCTL_UNIT_H */
