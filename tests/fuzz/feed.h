/* SPDX-License-Identifier: GPL-2.0-only */
/* An input as a row of numbers; behind its end there are zeroes. */
#ifndef _FUZZ_FEED_H
#define _FUZZ_FEED_H

struct feed {
	const u8	*at;
	size_t		left;
};

static inline u8 feed_u8(struct feed *f)
{
	if (!f->left)
		return 0;
	f->left--;
	return *f->at++;
}

static inline u16 feed_u16(struct feed *f)
{
	u16 low = feed_u8(f);

	return low | feed_u8(f) << 8;
}

static inline u32 feed_u32(struct feed *f)
{
	u32 low = feed_u16(f);

	return low | (u32)feed_u16(f) << 16;
}

/* One of a few addresses that differ in their first or in their last byte */
static inline union nf_inet_addr feed_addr(struct feed *f, u8 family, u8 few)
{
	const u8 n = feed_u8(f) % few;
	union nf_inet_addr addr = {};
	u8 *b = (u8 *)&addr;

	b[0] = family == AF_INET ? 10 : 0xfd;
	b[family == AF_INET ? 3 : 15] = n >> 1;
	b[1] = n & 1;
	return addr;
}

#endif /* _FUZZ_FEED_H */
