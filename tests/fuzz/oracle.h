/* SPDX-License-Identifier: GPL-2.0-only */
/* What a rewrite may do to a packet. */
#ifndef _FUZZ_ORACLE_H
#define _FUZZ_ORACLE_H

#include <linux/skbuff.h>

#include "packet.h"

/**
 * struct oracle - a packet before and after
 * @before: its bytes when it had become writable
 * @after: its bytes now
 * @len: how many
 * @packet: its facts before
 * @to: the rewrite
 * @ip_summed: CHECKSUM_...
 * @pending: a pending checksum is that of its transport
 * @segmented: so is that of the tunnel around the packet that has it
 * @csum_before: of CHECKSUM_COMPLETE
 * @csum_after: of CHECKSUM_COMPLETE
 * @may: which bytes may differ
 */
struct oracle {
	u8			*before;
	u8			*after;
	u32			len;
	struct svcnat_packet	packet;
	struct svcnat_rewrite	to;
	u8			ip_summed;
	bool			pending;
	bool			segmented;
	__wsum			csum_before;
	__wsum			csum_after;
	bool			*may;
};

void oracle_check(struct oracle *o);
void oracle_check_error(struct oracle *o);
void oracle_check_abort(struct oracle *o);
bool oracle_sound(const u8 *bytes, u32 len, const struct svcnat_packet *p);
void oracle_check_back(const struct oracle *o, const u8 *back);

#endif /* _FUZZ_ORACLE_H */
