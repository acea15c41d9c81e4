/* SPDX-License-Identifier: GPL-2.0-only */
/* The shortest ABORT of SCTP. */
#ifndef _SVCNAT_ABORT_H
#define _SVCNAT_ABORT_H

#include <linux/sctp.h>

#include "compat.h"

/**
 * struct svcnat_abort - an SCTP packet that has one chunk, the ABORT
 * @common: ports, verification tag, checksum
 * @chunk: of no more than a header
 */
struct svcnat_abort {
	struct sctphdr		common;
	struct sctp_chunkhdr	chunk;
};

/**
 * svcnat_abort_finish() - write the chunk, and the checksum
 * @abort: the packet, its ports and its verification tag written
 * @flags: of the chunk (RFC 9260 3.3.7)
 */
static inline void svcnat_abort_finish(struct svcnat_abort *abort, u8 flags)
{
	abort->chunk.type = SCTP_CID_ABORT;
	abort->chunk.flags = flags;
	abort->chunk.length = htons(sizeof(abort->chunk));
	abort->common.checksum = 0;
	abort->common.checksum = svcnat_crc32c(abort, sizeof(*abort));
}

#endif /* _SVCNAT_ABORT_H */
