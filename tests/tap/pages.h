/* SPDX-License-Identifier: GPL-2.0 */
/* Packets for pages.c, and where they are worth being written to. */
#ifndef _TESTS_PAGES_H
#define _TESTS_PAGES_H

#include "../net/tool.h"

#include <linux/if_ether.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct place {
	unsigned int	at;
	uint8_t		other;		/* what is written there, or 0: noise */
};

/* A packet, and where it is worth being written to */
struct template {
	unsigned int	len, places;
	struct place	place[24];
	uint8_t		bytes[512];
};

extern struct template templates[16];
extern unsigned int num_templates;
extern bool reverse;			/* it is the endpoint that sends */

/* By protocol, those of frontends and of endpoints; by family */
extern const uint8_t protos[3];
extern const uint16_t ports[3], ep_ports[3];
extern const char *const vips[2], *const eps[2];

static inline uint32_t get16(const uint8_t *b)
{
	return b[0] << 8 | b[1];
}

void make_request(bool v6, unsigned int i, bool tunnel);
void make_all(void);

#endif /* _TESTS_PAGES_H */
