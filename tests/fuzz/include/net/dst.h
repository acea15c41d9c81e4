/* SPDX-License-Identifier: GPL-2.0-only */
/* What compat.h mentions and nothing here calls. */
#ifndef _FUZZ_NET_DST_H
#define _FUZZ_NET_DST_H

struct dst_entry {
	atomic_t	__refcnt;
};

#endif /* _FUZZ_NET_DST_H */
