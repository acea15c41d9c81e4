/* SPDX-License-Identifier: GPL-2.0-only */
/* What is in a packet, read once more by somebody else. */
#ifndef _FUZZ_MODEL_H
#define _FUZZ_MODEL_H

#include "packet.h"

/**
 * struct model - a packet in one piece
 * @b: its bytes
 * @len: how many
 * @gso: it is to be segmented
 */
struct model {
	const u8	*b;
	u32		len;
	bool		gso;
};

enum svcnat_parsed model_parse(const struct model *m, int l3, u8 family,
			       struct svcnat_packet *p);

#endif /* _FUZZ_MODEL_H */
