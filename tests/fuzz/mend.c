// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes to packets: most that libFuzzer makes would end at the first length
 * or checksum, so these are mended afterwards, more often than not.
 */
#include "shim.h"

#include "input.h"

size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max);

static void put16(u8 *b, u32 v)
{
	b[0] = v >> 8;
	b[1] = v;
}

static u32 add(const u8 *b, u32 len, u32 sum)
{
	u32 i;

	for (i = 0; i < len; i++)
		sum += b[i] << (i & 1 ? 0 : 8);
	return sum;
}

static u32 fold(u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static void mend_crc(u8 *b, u32 len)
{
	u32 crc;

	memset(b + 8, 0, 4);
	crc = ~__crc32c_le(~0U, b, len);
	memcpy(b + 8, &crc, 4);
}

/* @pseudo: the sum of the addresses */
static void mend_transport(u8 *b, u32 len, u8 proto, u32 pseudo)
{
	const u32 at = proto == 6 ? 16 : proto == 17 ? 6 : 2;

	if (proto == 132 && len >= 12)
		mend_crc(b, len);
	if (proto == 132 || len < at + 2)
		return;
	if (proto == 17) {
		put16(b + 4, len);
		if (!b[6] && !b[7])
			return;
	}
	pseudo = proto == 1 ? 0 : pseudo + proto + len;
	put16(b + at, 0);
	put16(b + at, fold(add(b, len, pseudo)));
	if (proto == 17 && !b[6] && !b[7])
		put16(b + 6, 0xffff);
}

static bool is_extension(u8 n)
{
	return n == 0 || n == 43 || n == 44 || n == 51 || n == 60;
}

static u32 extension_len(u8 number, const u8 *b)
{
	return number == 44 ? 8 : number == 51 ? 4 * (b[1] + 2) :
						 8 * (b[1] + 1);
}

static u32 mend_ipv4(u8 *b, u32 len, u8 *proto, u32 *pseudo)
{
	if ((b[0] & 15) < 5 || 4U * (b[0] & 15) > len)
		b[0] = 0x45;
	b[0] = 0x40 | (b[0] & 15);
	put16(b + 2, len);
	put16(b + 10, 0);
	put16(b + 10, fold(add(b, 4 * (b[0] & 15), 0)));
	*proto = b[9];
	*pseudo = add(b + 12, 8, 0);
	return 4 * (b[0] & 15);
}

static u32 mend_ipv6(u8 *b, u32 len, u8 *proto, u32 *pseudo)
{
	u32 at = 40;

	b[0] = 0x60 | (b[0] & 15);
	put16(b + 4, len - 40);
	*proto = b[6];
	*pseudo = add(b + 8, 32, 0);
	while (is_extension(*proto) && at + 8 <= len) {
		const u8 number = *proto;

		*proto = b[at];
		at += extension_len(number, b + at);
	}
	return at;
}

static bool mend(u8 *b, u32 len, bool v6, bool inner)
{
	u32 at, pseudo;
	u8 proto;

	if (len < (v6 ? 40 : 20))
		return false;
	at = v6 ? mend_ipv6(b, len, &proto, &pseudo) :
		  mend_ipv4(b, len, &proto, &pseudo);
	if (at > len)
		return false;
	if (proto == (v6 ? 58 : 1) && !inner && at + 8 <= len)
		mend(b + at + 8, len - at - 8, v6, true);
	mend_transport(b + at, len - at, proto, pseudo);
	return true;
}

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max, u32 seed)
{
	struct input *in = (struct input *)data;

	size = LLVMFuzzerMutate(data, size, max);
	if (size < sizeof(*in) || !(seed & 3))
		return size;
	in->unused[0] = 0;
	in->unused[1] = 0;
	mend(in->bytes, size - sizeof(*in), in->flags & INPUT_IPV6, false);
	return size;
}
