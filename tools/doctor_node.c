// SPDX-License-Identifier: GPL-2.0
/* What the kernel is told to do with packets: forward, filter, track. */
#include "doctor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host.h"

/* A switch of IPv4 or IPv6 for a device, or "all"; 0 if there is none. */
static uint64_t conf(int family, const char *device, const char *word)
{
	uint64_t value = 0;
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv%d/conf/%s/%s",
		 family == AF_INET ? 4 : 6, device, word);
	host_number(path, &value);
	return value;
}

/* Without the module we cannot know which family is needed. */
static bool is_used(const struct doctor *d, bool family)
{
	return family || d->code;
}

static void not_forwarded(struct doctor *d, const char *family,
			  const char *name)
{
	doctor_find(d, d->code ? LEVEL_NOTE : LEVEL_PROBLEM, family,
		    "packets are not forwarded: %s is 0", name);
	doctor_advise(d, "let the node forward: sysctl -w %s=1, and in /etc/sysctl.d for the next boot",
		      name);
}

static bool leads_to_endpoint(const struct doctor *d,
			      const struct device *device, int family)
{
	const struct way *way;
	size_t i;

	for (i = 0; i < d->ways.nr; i++) {
		way = list_at(&d->ways, i);
		if (way->device == device && !way->route.local &&
		    way->endpoint->addr.family == family)
			return true;
	}
	return false;
}

/* Each device has its own switch for what comes in by it. */
static void devices_forward(struct doctor *d)
{
	const struct device *device;
	size_t i;

	for (i = 0; i < d->devices.nr; i++) {
		device = list_at(&d->devices, i);
		if (!device->up || device->loopback ||
		    conf(AF_INET, device->name, "forwarding") ||
		    !leads_to_endpoint(d, device, AF_INET))
			continue;
		doctor_find(d, LEVEL_PROBLEM, device->name,
			    "answers of endpoints come in by it and are not forwarded");
		doctor_advise(d, "let it forward: sysctl -w net/ipv4/conf/%s/forwarding=1",
			      device->name);
	}
}

void doctor_forwarding(struct doctor *d)
{
	if (is_used(d, d->ipv4)) {
		if (conf(AF_INET, "all", "forwarding"))
			devices_forward(d);
		else
			not_forwarded(d, "IPv4", "net.ipv4.ip_forward");
	}
	if (is_used(d, d->ipv6) && !conf(AF_INET6, "all", "forwarding"))
		not_forwarded(d, "IPv6", "net.ipv6.conf.all.forwarding");
}

/* The word at *@line, which is moved behind it; NULL at the end. */
static const char *next_word(char **line)
{
	const char *word;

	do {
		word = strsep(line, " \t\n");
	} while (word && !*word);
	return word;
}

/* Of two lines, of which one has names and the other numbers in @base. */
static bool find_number(char *names, char *numbers, const char *name, int base,
			uint64_t *value)
{
	const char *word, *number;

	do {
		word = next_word(&names);
		number = next_word(&numbers);
		if (!word || !number)
			return false;
	} while (strcmp(word, name));
	*value = strtoull(number, NULL, base);
	return true;
}

/* How many packets strict or loose filters have dropped. */
static uint64_t filtered(void)
{
	FILE *file = host_open("/proc/net/netstat");
	char names[8192], numbers[8192];
	uint64_t value = 0;

	while (file && fgets(names, sizeof(names), file) &&
	       fgets(numbers, sizeof(numbers), file)) {
		if (find_number(names, numbers, "IPReversePathFilter", 10,
				&value))
			break;
	}
	if (file)
		fclose(file);
	return value;
}

/*
 * Strict is no harm where packets come in by the device that leads back to who
 * sent them.  We cannot know by which they come; but the kernel counts.
 */
void doctor_rp_filter(struct doctor *d)
{
	uint64_t all = conf(AF_INET, "all", "rp_filter"), own, dropped;
	const struct device *device;
	size_t i;

	dropped = is_used(d, d->ipv4) ? filtered() : 0;
	for (i = 0; dropped && i < d->devices.nr; i++) {
		device = list_at(&d->devices, i);
		own = conf(AF_INET, device->name, "rp_filter");
		if (!device->up || device->loopback ||
		    (own > all ? own : all) != 1)
			continue;
		doctor_find(d, LEVEL_NOTE, device->name,
			    "takes packets only from where the route back leads, and the node has dropped %" PRIu64 " that came by another device",
			    dropped);
		doctor_advise(d, "if clients or endpoints come by it who are routed elsewhere: sysctl -w net/ipv4/conf/%s/rp_filter=2",
			      device->name);
	}
}

/* The sum over all CPUs of a counter of conntrack in this netns. */
static uint64_t conntrack_counter(const char *name)
{
	FILE *file = host_open("/proc/net/stat/nf_conntrack");
	char names[1024], copy[1024], numbers[1024];
	uint64_t value, sum = 0;

	if (!file)
		return 0;
	if (!fgets(names, sizeof(names), file))
		names[0] = '\0';
	while (fgets(numbers, sizeof(numbers), file)) {
		memcpy(copy, names, sizeof(copy));
		if (find_number(copy, numbers, name, 16, &value))
			sum += value;
	}
	fclose(file);
	return sum;
}

uint64_t doctor_invalid_packets(void)
{
	return conntrack_counter("invalid");
}

void doctor_conntrack(struct doctor *d)
{
	uint64_t count, max;

	if (!host_number("/proc/sys/net/netfilter/nf_conntrack_count",
			 &count) ||
	    !host_number("/proc/sys/net/netfilter/nf_conntrack_max", &max)) {
		doctor_find(d, LEVEL_OK, NULL,
			    "conntrack is not loaded, and not needed");
		return;
	}
	if (!max || count < max - max / 10)
		return;
	doctor_find(d, LEVEL_PROBLEM, NULL,
		    "its table is nearly full, %" PRIu64 " of %" PRIu64 " entries: the node drops new connections of any kind when it is",
		    count, max);
	doctor_advise(d, "make room: sysctl -w net.netfilter.nf_conntrack_max=%" PRIu64,
		      2 * max);
}
