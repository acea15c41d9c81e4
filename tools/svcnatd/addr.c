// SPDX-License-Identifier: GPL-2.0
#include "addr.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "range.h"

bool addr_parse(const char *text, struct addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	addr->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(addr->family, text, addr->byte) == 1;
}

static const char *ipv4_fault(const uint8_t *byte)
{
	if (byte[0] == 127)
		return "a loopback address";
	if (byte[0] == 0)
		return "an unspecified address";
	if (byte[0] >= 224 && byte[0] < 240)
		return "a multicast address";
	return memcmp(byte, "\xff\xff\xff\xff", 4) ? NULL :
	       "the broadcast address";
}

static const char *ipv6_fault(const struct in6_addr *addr)
{
	if (IN6_IS_ADDR_UNSPECIFIED(addr))
		return "an unspecified address";
	if (IN6_IS_ADDR_LOOPBACK(addr))
		return "a loopback address";
	if (IN6_IS_ADDR_MULTICAST(addr))
		return "a multicast address";
	if (IN6_IS_ADDR_LINKLOCAL(addr))
		return "a link-local address";
	return IN6_IS_ADDR_V4MAPPED(addr) ?
	       "an IPv4 address in IPv6 notation" : NULL;
}

const char *addr_fault(const struct addr *addr)
{
	struct in6_addr ipv6;

	if (addr->family == AF_INET)
		return ipv4_fault(addr->byte);
	memcpy(&ipv6, addr->byte, sizeof(ipv6));
	return ipv6_fault(&ipv6);
}

bool addr_range(const char *text, struct range *range)
{
	size_t length = strlen(text);
	char word[64];

	while (isspace((unsigned char)*text)) {
		text++;
		length--;
	}
	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	if (length >= sizeof(word))
		return false;
	memcpy(word, text, length);
	word[length] = '\0';
	/* A bare address is a range to svcctl, but not to Kubernetes. */
	if (!strchr(word, '/') || !parse_range(word, range))
		return false;
	range_trim(range);
	return true;
}

void addr_host_range(const struct addr *addr, struct range *range)
{
	memset(range, 0, sizeof(*range));
	range->head.given = GIVEN(SVCNAT_RANGE_A_ADDR4) |
			    GIVEN(SVCNAT_RANGE_A_PREFIX);
	range->addr = *addr;
	range->prefix = addr->family == AF_INET ? 32 : 128;
}

bool addr_has_family(const struct list *addresses, uint16_t family)
{
	const struct addr *addr;
	size_t i;

	for (i = 0; i < addresses->nr; i++) {
		addr = list_at(addresses, i);
		if (addr->family == family)
			return true;
	}
	return false;
}
