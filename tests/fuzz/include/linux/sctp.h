/* SPDX-License-Identifier: GPL-2.0-only */
/* RFC 9260, 3.1 to 3.3; RFC 8260 has I-DATA. */
#ifndef _FUZZ_LINUX_SCTP_H
#define _FUZZ_LINUX_SCTP_H

struct sctphdr {
	__be16 source;
	__be16 dest;
	__be32 vtag;
	__le32 checksum;
};

struct sctp_chunkhdr {
	__u8 type;
	__u8 flags;
	__be16 length;
};

struct sctp_inithdr {
	__be32 init_tag;
	__be32 a_rwnd;
	__be16 num_outbound_streams;
	__be16 num_inbound_streams;
	__be32 initial_tsn;
};

struct sctp_init_chunk {
	struct sctp_chunkhdr chunk_hdr;
	struct sctp_inithdr init_hdr;
};

enum {
	SCTP_CID_DATA			= 0,
	SCTP_CID_INIT			= 1,
	SCTP_CID_INIT_ACK		= 2,
	SCTP_CID_ABORT			= 6,
	SCTP_CID_SHUTDOWN		= 7,
	SCTP_CID_SHUTDOWN_ACK		= 8,
	SCTP_CID_SHUTDOWN_COMPLETE	= 14,
	SCTP_CID_I_DATA			= 64,
};

#endif /* _FUZZ_LINUX_SCTP_H */
