// SPDX-License-Identifier: GPL-2.0-only
/* Lists of ranges against one look at every range. */
#include "shim.h"

#include "ranges.h"
#include "feed.h"

#define MOST	24

static u32 bits_of(u8 family)
{
	return family == AF_INET ? 32 : 128;
}

/* The first @bits of two addresses, one after the other */
static bool same_bits(const union nf_inet_addr *a, const union nf_inet_addr *b,
		      u32 bits)
{
	const u8 *x = (const u8 *)a, *y = (const u8 *)b;
	u32 i;

	for (i = 0; i < bits; i++)
		if ((x[i / 8] ^ y[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

static bool in_any(const struct svcnat_range *range, u32 num, u8 family,
		   const union nf_inet_addr *addr)
{
	u32 i;

	for (i = 0; i < num; i++)
		if (range[i].family == family &&
		    same_bits(&range[i].addr, addr, range[i].prefix))
			return true;
	return false;
}

static void clear_behind(struct svcnat_range *r)
{
	u8 *b = (u8 *)&r->addr;
	u32 i;

	for (i = r->prefix; i < bits_of(r->family); i++)
		b[i / 8] &= ~(0x80 >> i % 8);
}

static void take(struct feed *f, union nf_inet_addr *addr, u8 family)
{
	const u32 len = bits_of(family) / 8;
	u8 *b = (u8 *)addr;

	memset(addr, 0, sizeof(*addr));
	b[0] = feed_u8(f);
	b[1] = feed_u8(f);
	b[len - 2] = feed_u8(f);
	b[len - 1] = feed_u8(f);
}

static void take_range(struct feed *f, struct svcnat_range *r)
{
	const u8 kind = feed_u8(f);

	memset(r, 0, sizeof(*r));
	r->family = kind & 0x80 ? AF_INET6 : AF_INET;
	r->prefix = (kind & 0x7f) * 129 / 127 % (bits_of(r->family) + 1);
	take(f, &r->addr, r->family);
	clear_behind(r);
}

static u32 distinct(const struct svcnat_range *range, u32 num)
{
	u32 i, j, n = 0;

	for (i = 0; i < num; i++) {
		for (j = 0; j < i; j++)
			if (range[i].family == range[j].family &&
			    range[i].prefix == range[j].prefix &&
			    !memcmp(&range[i].addr, &range[j].addr, 16))
				break;
		n += i == j;
	}
	return n;
}

static void check(const struct svcnat_ranges *ranges,
		  const struct svcnat_range *range, u32 num, u8 family,
		  const union nf_inet_addr *addr)
{
	fuzz_check(svcnat_ranges_contain(ranges, family, addr) ==
		   in_any(range, num, family, addr), "contained or not");
	fuzz_check(svcnat_ranges_contain(&svcnat_ranges_all, family, addr),
		   "all has everything");
	fuzz_check(!svcnat_ranges_contain(NULL, family, addr),
		   "none has something");
}

/* The ends of a range, and what is next to them */
static void check_ends(const struct svcnat_ranges *ranges,
		       const struct svcnat_range *range, u32 num, u32 i)
{
	const u32 bits = bits_of(range[i].family);
	union nf_inet_addr addr = range[i].addr;
	u8 *b = (u8 *)&addr;
	u32 at;

	check(ranges, range, num, range[i].family, &addr);
	for (at = range[i].prefix; at < bits; at++)
		b[at / 8] |= 0x80 >> at % 8;
	check(ranges, range, num, range[i].family, &addr);
	for (at = bits / 8; at-- && !++b[at];)
		;
	check(ranges, range, num, range[i].family, &addr);
	addr = range[i].addr;
	for (at = bits / 8; at-- && !b[at]--;)
		;
	check(ranges, range, num, range[i].family, &addr);
}

static void check_order(const struct svcnat_ranges *ranges,
			const struct svcnat_range *range, u32 num)
{
	struct svcnat_range turned[MOST];
	struct svcnat_ranges *other;
	u32 i;

	for (i = 0; i < num; i++)
		turned[i] = range[num - 1 - i];
	other = svcnat_ranges_build(turned, num);
	fuzz_check(svcnat_ranges_equal(ranges, other), "order matters");
	svcnat_ranges_free(other);
	if (distinct(range, num - 1) == ranges->num || num < 2)
		return;
	other = svcnat_ranges_build(range, num - 1);
	fuzz_check(!svcnat_ranges_equal(ranges, other), "equal to less");
	svcnat_ranges_free(other);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct feed f = { .at = data, .left = size };
	struct svcnat_range range[MOST];
	struct svcnat_ranges *ranges;
	union nf_inet_addr addr;
	u32 i, num, ipv4 = 0;

	shim_reset(1);
	num = 1 + feed_u8(&f) % MOST;
	shim_memory = 0;
	for (i = 0; i < num; i++) {
		take_range(&f, &range[i]);
		ipv4 += range[i].family == AF_INET;
	}
	fuzz_check(!svcnat_ranges_build(range, num), "without memory");
	shim_memory = -1;
	ranges = svcnat_ranges_build(range, num);
	fuzz_check(ranges->num == distinct(range, num), "%u", ranges->num);
	fuzz_check(svcnat_ranges_have(ranges, AF_INET) == !!ipv4 &&
		   svcnat_ranges_have(ranges, AF_INET6) == (ipv4 < num),
		   "families");
	for (i = 0; i < num; i++)
		check_ends(ranges, range, num, i);
	for (i = 0; i < 8; i++) {
		const u8 family = i & 1 ? AF_INET6 : AF_INET;

		take(&f, &addr, family);
		check(ranges, range, num, family, &addr);
	}
	check_order(ranges, range, num);
	svcnat_ranges_free(ranges);
	shim_end();
	return 0;
}
