// SPDX-License-Identifier: GPL-2.0
/* Unit tests of kernel_version.c; prints KTAP. */
#include <stdio.h>
#include <string.h>

#include "kernel_version.h"
#include "unit.h"

#define TODAY	"#1 SMP PREEMPT_DYNAMIC Sat Nov 28 06:00:00 UTC 2026"
#define DEBIAN	"#1 SMP PREEMPT_DYNAMIC Debian "

/* @want: "none" if they do not tell */
static bool is(const char *release, const char *build, const char *want)
{
	char text[64] = "none";
	struct kernel_version kernel;

	if (kernel_version_parse(release, build, &kernel))
		snprintf(text, sizeof(text), "%u.%u.%u", kernel.version,
			 kernel.patchlevel, kernel.sublevel);
	if (strcmp(text, want))
		printf("# got %s for \"%s\", \"%s\"\n", text, release, build);
	return !strcmp(text, want);
}

static void releases(void)
{
	EXPECT(is("6.1.195", TODAY, "6.1.195"));
	EXPECT(is("6.1.192-svcnat-debug", TODAY, "6.1.192"));
	EXPECT(is("6.1.160+", TODAY, "6.1.160"));
	EXPECT(is("4.9.337", TODAY, "4.9.337"));
	EXPECT(is("6.1.170-201.322.amzn2023.x86_64", TODAY, "6.1.170"));
	EXPECT(is("6.8.0-60-generic", "#63-Ubuntu SMP PREEMPT_DYNAMIC",
		  "6.8.0"));
	EXPECT(is("7.2-rc1", TODAY, "7.2.0"));
	EXPECT(is("7.2", "", "7.2.0"));
	EXPECT(is("6.1.0", "", "6.1.0"));
}

/* Which hides it in 6.1, but not in what is newer. */
static void debian(void)
{
	EXPECT(is("6.1.0-56-amd64", DEBIAN "6.1.192-2 (2026-11-01)",
		  "6.1.192"));
	EXPECT(is("6.1.0-9-cloud-amd64", DEBIAN "6.1.27-1 (2023-05-08)",
		  "6.1.27"));
	EXPECT(is("6.1.0-56-rt-amd64",
		  "#1 SMP PREEMPT_RT Debian 6.1.192-2 (2026-11-01)",
		  "6.1.192"));
	EXPECT(is("5.10.0-30-amd64", "#1 SMP Debian 5.10.218-1 (2024-06-01)",
		  "5.10.218"));
	EXPECT(is("6.12.95+deb12-amd64", DEBIAN "6.12.95-1~bpo12+1 (2026-",
		  "6.12.95"));
	EXPECT(is("7.2-rc1-amd64", DEBIAN "7.2~rc1-1~exp1 (2026-11-01)",
		  "7.2.0"));
	/* Cut off: what uname(2) says has room for 64 bytes. */
	EXPECT(is("6.1.0-56-amd64", DEBIAN "6.1.192", "6.1.192"));
}

/* It is heard only where the release leaves something open. */
static void another_debian(void)
{
	EXPECT(is("6.1.0-56-amd64", TODAY, "6.1.0"));
	EXPECT(is("6.1.0-56-amd64", "", "6.1.0"));
	EXPECT(is("6.1.0-56-amd64", DEBIAN, "6.1.0"));
	EXPECT(is("6.1.0-56-amd64", DEBIAN "6.1", "6.1.0"));
	EXPECT(is("6.1.0-56-amd64", DEBIAN "6.1.", "6.1.0"));
	EXPECT(is("6.1.0-56-amd64", DEBIAN "6.1.x", "6.1.0"));
	EXPECT(is("6.1.0-56-amd64", DEBIAN "6.12.95-1", "6.1.0"));
	EXPECT(is("6.1.0-56-amd64", DEBIAN "7.1.192-1", "6.1.0"));
	EXPECT(is("6.1.0-56-amd64", DEBIAN "6.1.192192-2", "6.1.0"));
	EXPECT(is("6.1.0-56-amd64", DEBIAN " 6.1.192-2", "6.1.0"));
	EXPECT(is("6.1.0-56-amd64", "NotDebian 6.1.192-2", "6.1.0"));
	EXPECT(is("6.1.0-56-amd64", "#1 Debian-6.1.192-2", "6.1.0"));
	EXPECT(is("6.1.190", DEBIAN "6.1.192-2 (2026-11-01)", "6.1.190"));
	EXPECT(is("none", DEBIAN "6.1.192-2 (2026-11-01)", "none"));
}

static void hostile(void)
{
	static const char *const bad[] = {
		"", ".", "..", "6", "6.", "6..1", ".6.1", "6.1.", "6.1..2",
		"6.x", "6,1", "6.1.x", "six.one", "-6.1", "+6.1.2", " 6.1.2",
		"6. 1.2", "6.-1.2", "6.+1.2", "6.1.-2", "6.1. 2", "0x6.1.2",
		"v6.1.2", "\t6.1.2", "\x1b[2J6.1.2", "\xff.\xff", "%s.%n",
		"4294967302.1.0", "6.4294967297.0", "6.1.4294967487",
		"18446744073709551622.1.0", "6.1.18446744073709551807",
		"000006.1.0",
		"99999999999999999999999999999999999999999999999999999999999",
	};
	char text[65];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect(is(bad[i], TODAY, "none"), bad[i], __LINE__);
	EXPECT(is("99999.99999.99999", "", "99999.99999.99999"));
	EXPECT(is("6.1.192\x1b[2J", "", "6.1.192"));
	EXPECT(is("6.1.192.99999999999999999999", "", "6.1.192"));
	/* As long as they may be. */
	memset(text, '9', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text, "6.1.", 4);
	EXPECT(is(text, "", "none"));
	EXPECT(is("6.1.0", text, "6.1.0"));
	memcpy(text + sizeof(text) - 9, " Debian ", 8);
	EXPECT(is("6.1.0", text, "6.1.0"));
}

static void order(void)
{
	static const struct kernel_version sorted[] = {
		{ 0, 0, 0 }, { 5, 19, 99999 }, { 6, 0, 255 }, { 6, 1, 0 },
		{ 6, 1, 190 }, { 6, 1, 191 }, { 6, 1, 1000 }, { 6, 2, 0 },
		{ 6, 12, 95 }, { 10, 0, 0 },
	};
	size_t i, k, nr = sizeof(sorted) / sizeof(*sorted);

	for (i = 0; i < nr; i++)
		for (k = 0; k < nr; k++)
			EXPECT(kernel_version_compare(&sorted[i], &sorted[k]) ==
			       (i > k) - (i < k));
}

int main(void)
{
	puts("KTAP version 1");
	run("releases", releases);
	run("Debian's packages", debian);
	run("a package that is not the kernel's", another_debian);
	run("hostile releases", hostile);
	run("order", order);
	printf("1..%d\n", count);
	return failures != 0;
}
