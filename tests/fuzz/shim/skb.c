// SPDX-License-Identifier: GPL-2.0-only
/* Packets: see linux/skbuff.h */
#include "shim.h"

#include <linux/skbuff.h>

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, len)	((void)(p))
#define ASAN_UNPOISON_MEMORY_REGION(p, len)	((void)(p))
#endif

/*
 * A head that ends where its memory does.  A network header is aligned to 4
 * bytes, as drivers see to; what that leaves in front is nobody's.
 */
static void new_head(struct sk_buff *skb, u32 len)
{
	const unsigned int pad = -skb->network & 3;

	skb->memory = malloc(len + pad);
	skb->data = skb->memory + pad;
	skb->headlen = len;
	ASAN_POISON_MEMORY_REGION(skb->memory, pad);
}

static void free_head(struct sk_buff *skb)
{
	if (skb->memory != skb->clone)
		free(skb->memory);
}

static void new_frag(struct shim_frag *frag, const u8 *bytes, u32 len)
{
	frag->bytes = malloc(len);
	frag->len = len;
	memcpy(frag->bytes, bytes, len);
}

/* All bytes in the head */
void shim_skb_make(struct sk_buff *skb, const u8 *bytes, u32 len, int network)
{
	memset(skb, 0, sizeof(*skb));
	skb->network = network;
	skb->len = len;
	new_head(skb, len);
	if (len)
		memcpy(skb->data, bytes, len);
}

/* No more than @head bytes in the head, the rest in @n fragments and one more */
void shim_skb_split(struct sk_buff *skb, u32 head, const u8 *frags,
		    unsigned int n)
{
	u8 *memory = skb->memory, *bytes = skb->data;
	u32 at, len;

	if (head >= skb->len)
		return;
	new_head(skb, head);
	memcpy(skb->data, bytes, head);
	for (at = head; at < skb->len; at += len) {
		len = skb->len - at;
		if (skb->nr_frags < n && frags[skb->nr_frags] &&
		    frags[skb->nr_frags] < len)
			len = frags[skb->nr_frags];
		else
			n = 0;
		new_frag(&skb->frags[skb->nr_frags++], bytes + at, len);
	}
	free(memory);
}

/* From now on the head is somebody else's as well, who must not notice. */
void shim_skb_share(struct sk_buff *skb)
{
	skb->clone = skb->memory;
	skb->clone_is = malloc(skb->headlen);
	memcpy(skb->clone_is, skb->data, skb->headlen);
	skb->clone_len = skb->headlen;
}

static void check_clone(const struct sk_buff *skb)
{
	const unsigned int pad = -skb->network & 3;

	fuzz_check(!memcmp(skb->clone + pad, skb->clone_is, skb->clone_len),
		   "a clone was written to");
}

static void read_frags(const struct sk_buff *skb, u8 *to)
{
	unsigned int i;

	for (i = 0; i < skb->nr_frags; i++) {
		memcpy(to, skb->frags[i].bytes, skb->frags[i].len);
		to += skb->frags[i].len;
	}
}

/* What it says, changing nothing */
void shim_skb_read(const struct sk_buff *skb, u8 *to)
{
	if (skb->headlen)
		memcpy(to, skb->data, skb->headlen);
	read_frags(skb, to + skb->headlen);
}

/* Whoever owns the pages writes to them: a bit here and there. */
static void stir(const struct sk_buff *skb)
{
	unsigned int i;

	for (i = 0; i < skb->nr_frags; i++) {
		u32 r = get_random_u32();

		if (r & 3)
			skb->frags[i].bytes[r % skb->frags[i].len] ^= r >> 24;
	}
}

void *skb_header_pointer(const struct sk_buff *skb, int offset, int len,
			 void *buffer)
{
	u8 *all;

	((struct sk_buff *)skb)->fetches++;
	fuzz_check(offset >= 0 && len >= 0, "negative");
	if (len > (int)skb->len - offset)
		return NULL;
	if (offset + len <= (int)skb->headlen && !skb->copies)
		return skb->data + offset;
	if (skb->restless)
		stir(skb);
	all = malloc(skb->len);
	shim_skb_read(skb, all);
	memcpy(buffer, all + offset, len);
	free(all);
	return buffer;
}

static bool fails(struct sk_buff *skb)
{
	return skb->fail && !--skb->fail;
}

static void drop_frags(struct sk_buff *skb, u32 bytes)
{
	unsigned int i;
	u8 *old;

	for (i = 0; i < skb->nr_frags && bytes; i++) {
		u32 n = min(bytes, skb->frags[i].len);

		old = skb->frags[i].bytes;
		skb->frags[i].len -= n;
		bytes -= n;
		if (skb->frags[i].len)
			new_frag(&skb->frags[i], old + n, skb->frags[i].len);
		else
			skb->frags[i].bytes = NULL;
		free(old);
	}
	for (i = 0; skb->nr_frags && !skb->frags[0].bytes; i++) {
		skb->nr_frags--;
		memmove(skb->frags, skb->frags + 1,
			skb->nr_frags * sizeof(skb->frags[0]));
	}
}

/* Another head, of @len bytes at least, and the old one is no more. */
static void move_head(struct sk_buff *skb, u32 len)
{
	struct sk_buff old = *skb;
	u8 *all;

	len = max(len, skb->headlen);
	all = malloc(skb->len + 1);
	shim_skb_read(skb, all);
	new_head(skb, len);
	if (len)
		memcpy(skb->data, all, len);
	free(all);
	drop_frags(skb, len - old.headlen);
	free_head(&old);
	if (skb->pulled)
		shim_skb_read(skb, skb->pulled);
}

/* Its clones may be anybody's: also those that nobody here has. */
bool skb_cloned(const struct sk_buff *skb)
{
	return skb->clone || get_random_u32() & 1;
}

int skb_ensure_writable(struct sk_buff *skb, unsigned int len)
{
	if (len > skb->len || fails(skb))
		return -ENOMEM;
	if (skb->restless)
		stir(skb);
	move_head(skb, len);
	return 0;
}

int pskb_expand_head(struct sk_buff *skb, int headroom, int tailroom,
		     gfp_t gfp)
{
	if (fails(skb))
		return -ENOMEM;
	move_head(skb, skb->headlen);
	return 0;
}

int pskb_trim(struct sk_buff *skb, unsigned int len)
{
	u8 *all;

	if (len >= skb->len)
		return 0;
	if (fails(skb))
		return -ENOMEM;
	/* Fragments first; then the head may be too long as well. */
	all = malloc(skb->len);
	shim_skb_read(skb, all);
	drop_frags(skb, skb->len - skb->headlen);
	free_head(skb);
	skb->len = len;
	new_head(skb, len);
	memcpy(skb->data, all, len);
	free(all);
	return 0;
}

__wsum skb_checksum(const struct sk_buff *skb, int offset, int len, __wsum sum)
{
	u8 *all = malloc(skb->len + 1);

	fuzz_check(offset >= 0 && len >= 0 && offset + len <= (int)skb->len,
		   "sums what is not there");
	shim_skb_read(skb, all);
	sum = csum_partial(all + offset, len, sum);
	free(all);
	return sum;
}

void shim_skb_free(struct sk_buff *skb)
{
	if (skb->clone) {
		check_clone(skb);
		free_head(skb);
		free(skb->clone);
		free(skb->clone_is);
	} else {
		free(skb->memory);
	}
	drop_frags(skb, skb->len - skb->headlen);
	memset(skb, 0, sizeof(*skb));
}
