/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's parser as a library, for programs that are not compiled against
 * the shim: see ../tap/tapfuzz.h.
 */
#ifndef _FUZZ_JUDGE_H
#define _FUZZ_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

/* enum svcnat_parsed */
enum judge_parsed {
	JUDGE_PORTS,
	JUDGE_ERROR,
	JUDGE_ODD,
	JUDGE_ECHO,
	JUDGE_FRAGMENT,
	JUDGE_OTHER,
	JUDGE_BROKEN,
};

/* struct svcnat_tuple */
struct judge_tuple {
	uint8_t		src[16], dst[16];
	uint8_t		sport[2], dport[2];
	uint8_t		family, proto;
};

/* struct svcnat_packet */
struct judgement {
	enum judge_parsed	parsed;
	bool			opens;
	struct judge_tuple	tuple;
	uint32_t		l4, l4_len;
	struct judge_tuple	quoted;
	uint32_t		q_l3, q_l4, q_l4_len, q_len;
};

/*
 * The packet of @family that begins at @bytes, of which no more than @head are
 * in the head; @gso: it is to be segmented
 */
void judge(const uint8_t *bytes, uint32_t len, uint8_t family, bool gso,
	   uint32_t head, struct judgement *to);

#endif /* _FUZZ_JUDGE_H */
