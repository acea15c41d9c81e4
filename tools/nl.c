// SPDX-License-Identifier: GPL-2.0
#include "nl.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "nl_message.h"
#include "words.h"

#define RECEIVE_BUFFER	(1 << 20)
#define MESSAGE_BUFFER	(64 << 10)

struct nl {
	int netns_fd;
	struct nl_sock *sock;
	int family;
	int error;
	char sentence[1024];
};

/* A request on its way. */
struct exchange {
	struct nl *nl;
	const struct request *req;
	struct nl_msg *msg;
	nl_reply_fn fn;
	void *arg;
	int code;
	bool done;
	bool interrupted;
	bool stale;	/* nobody has our family's number any more */
};

__attribute__((format(printf, 3, 4)))
static int fail(struct nl *nl, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(nl->sentence, sizeof(nl->sentence), format, args);
	va_end(args);
	return code;
}

static int not_loaded(struct nl *nl)
{
	return fail(nl, NL_ABSENT,
		    "the svcnat module is not loaded; load it with \"modprobe svcnat\"");
}

static int lacks_permission(struct nl *nl)
{
	return fail(nl, NL_ABSENT,
		    "no permission: CAP_NET_ADMIN in the initial user namespace is needed");
}

/* The kernel's answers. */

static int finish(struct exchange *x, int code)
{
	x->code = code;
	x->done = true;
	return NL_STOP;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct exchange *x = arg;
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	int code = 0;

	if (!genlmsg_valid_hdr(hdr, 0))
		code = NL_GARBLED;
	else if (x->fn)
		code = nl_message_read(genlmsg_hdr(hdr), x->fn, x->arg);
	if (code == NL_GARBLED)
		code = fail(x->nl, NL_REFUSED,
			    "the module's answer is malformed: svcctl and module do not fit");
	return code ? finish(x, code) : NL_OK;
}

/* The attribute among @attrs that byte @finger of our message is in. */
static struct nlattr *find_attr(struct exchange *x, struct nlattr *attrs,
				int length, uint32_t finger)
{
	struct nlattr *attr;
	size_t start;
	int left;

	nla_for_each_attr(attr, attrs, length, left) {
		start = (size_t)((char *)attr - (char *)nlmsg_hdr(x->msg));
		if (finger >= start && finger < start + attr->nla_len)
			return attr;
	}
	return NULL;
}

/* What of our message a refusal is about, as far as it says. */
struct part {
	char name[ADDR_TEXT_SIZE + 16];
	bool seconds;
	bool has_range;
	uint64_t min;
	uint64_t max;
};

/* A frontend or endpoint is named by its address, the rest by its word. */
static void name_place(const struct reply *object, int type,
		       struct part *part)
{
	char addr[ADDR_TEXT_SIZE];

	if (type == SVCNAT_A_FRONTEND && !object->frontend.addr.family)
		snprintf(addr, sizeof(addr), "nodeport %u",
			 object->frontend.port);
	else if (type == SVCNAT_A_FRONTEND)
		format_addr_port(addr, &object->frontend.addr,
				 object->frontend.port);
	else
		format_addr_port(addr, &object->endpoint.addr,
				 object->endpoint.port);
	snprintf(part->name, sizeof(part->name), "%s %s",
		 object_types[type].word, addr);
}

static void name_field(const struct object_type *type, int attr,
		       struct part *part)
{
	const struct field *field;
	size_t i;

	for (i = 0; i < type->nr_fields; i++) {
		field = &type->fields[i];
		if (field->attr != attr || !field->word)
			continue;
		snprintf(part->name, sizeof(part->name), "%s", field->word);
		part->seconds = field->type == FIELD_SECONDS;
	}
}

/* Where the kernel's finger is; nothing if that is on all of our message. */
static void name_part(struct exchange *x, uint32_t finger, struct part *part)
{
	struct genlmsghdr *genl = genlmsg_hdr(nlmsg_hdr(x->msg));
	struct nlattr *attr, *inner;
	struct reply object;
	int type;

	attr = find_attr(x, genlmsg_attrdata(genl, 0),
			 genlmsg_attrlen(genl, 0), finger);
	if (!attr)
		return;
	type = nla_type(attr);
	if (type == SVCNAT_A_FRONTEND || type == SVCNAT_A_ENDPOINT) {
		if (nl_message_object(attr, &object_types[type],
				      &object.head) < 0)
			return;
		name_place(&object, type, part);
		object_free_lists(&object_types[type], &object.head);
		return;
	}
	inner = find_attr(x, nla_data(attr), nla_len(attr), finger);
	if (inner && object_types[type].size)
		name_field(&object_types[type], nla_type(inner), part);
}

static bool find_u64(const struct nlattr *nest, int attr, uint64_t *value)
{
	struct nlattr *found = nla_find(nla_data(nest), nla_len(nest), attr);

	if (!found || nla_len(found) != sizeof(*value))
		return false;
	*value = nla_get_u64(found);
	return true;
}

static void take_policy(const struct nlattr *policy, struct part *part)
{
	part->has_range = find_u64(policy, NL_POLICY_TYPE_ATTR_MIN_VALUE_U,
				   &part->min) &&
			  find_u64(policy, NL_POLICY_TYPE_ATTR_MAX_VALUE_U,
				   &part->max);
}

static const char *format_bound(char text[24], const struct part *part,
				uint64_t bound)
{
	if (part->seconds && bound <= UINT32_MAX)
		return format_duration(text, (uint32_t)bound);
	snprintf(text, 24, "%" PRIu64, bound);
	return text;
}

#define PART_TEXT_SIZE	160

/* " (NAME, expected MIN to MAX)", or what is known of that. */
static void format_part(char text[PART_TEXT_SIZE], const struct part *part)
{
	char min[24], max[24], range[80] = "";

	if (part->has_range)
		snprintf(range, sizeof(range), "%sexpected %s to %s",
			 *part->name ? ", " : "",
			 format_bound(min, part, part->min),
			 format_bound(max, part, part->max));
	*text = '\0';
	if (*part->name || *range)
		snprintf(text, PART_TEXT_SIZE, " (%s%s)", part->name, range);
}

/* @tlvs: what extended ACKs append, in a message that ends at @end. */
static int refused(struct exchange *x, int error, const char *tlvs,
		   const char *end)
{
	const struct service *service = x->req->service;
	const char *sentence = strerror(error);
	struct nlattr *attr = (struct nlattr *)tlvs;
	int left = tlvs && tlvs < end ? (int)(end - tlvs) : 0;
	struct part part = { .has_range = false };
	int length = INT_MAX;
	char text[PART_TEXT_SIZE];

	x->nl->error = error;
	if (error == EPERM)
		return lacks_permission(x->nl);
	for (; nla_ok(attr, left); attr = nla_next(attr, &left)) {
		if (nla_type(attr) == NLMSGERR_ATTR_MSG && nla_len(attr)) {
			sentence = nla_data(attr);
			length = nla_len(attr);
		} else if (nla_type(attr) == NLMSGERR_ATTR_OFFS &&
			   nla_len(attr) == sizeof(uint32_t)) {
			name_part(x, nla_get_u32(attr), &part);
		} else if (nla_type(attr) == NLMSGERR_ATTR_POLICY) {
			take_policy(attr, &part);
		}
	}
	/* The module says why; it is the kernel that knows no such family. */
	x->stale = error == ENOENT && length == INT_MAX;
	if (x->stale)
		return not_loaded(x->nl);
	format_part(text, &part);
	if (service && service->head.service)
		return fail(x->nl, NL_REFUSED, "service \"%s\": %.*s%s",
			    service->head.service, length, sentence, text);
	return fail(x->nl, NL_REFUSED, "%s: %.*s%s", x->req->subject, length,
		    sentence, text);
}

/* libnl has checked that the message holds all of *@err. */
static int on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *arg)
{
	struct exchange *x = arg;
	struct nlmsghdr *hdr = (void *)((char *)err - NLMSG_HDRLEN);
	const char *end = (char *)hdr + hdr->nlmsg_len;
	const char *tlvs = NULL;
	size_t echo = 0;

	(void)from;
	if (!(hdr->nlmsg_flags & NLM_F_CAPPED) &&
	    err->msg.nlmsg_len > sizeof(err->msg))
		echo = err->msg.nlmsg_len - sizeof(err->msg);
	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS &&
	    echo < (size_t)(end - (char *)(err + 1)))
		tlvs = (char *)(err + 1) + NLMSG_ALIGN(echo);
	return finish(x, refused(x, -err->error, tlvs, end));
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	(void)msg;
	return finish(arg, NL_DONE);
}

/* A dump that fails half-way says so in its last message. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	struct exchange *x = arg;
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	const char *tlvs = NULL;
	int error = 0;

	if (nlmsg_datalen(hdr) >= (int)sizeof(error))
		memcpy(&error, nlmsg_data(hdr), sizeof(error));
	if (error >= 0)
		return finish(x, x->interrupted ? NL_INTERRUPTED : NL_DONE);
	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS)
		tlvs = (char *)nlmsg_data(hdr) + NLMSG_ALIGN(sizeof(error));
	return finish(x, refused(x, -error, tlvs,
				 (char *)hdr + hdr->nlmsg_len));
}

static int on_interrupted(struct nl_msg *msg, void *arg)
{
	struct exchange *x = arg;

	(void)msg;
	x->interrupted = true;
	return NL_OK;
}

/* The socket. */

static void close_socket(struct nl *nl)
{
	nl_socket_free(nl->sock);
	nl->sock = NULL;
}

static int set_options(struct nl *nl)
{
	int fd = nl_socket_get_fd(nl->sock), on = 1, size = RECEIVE_BUFFER;

	nl_socket_disable_auto_ack(nl->sock);
	nl_socket_set_msg_buf_size(nl->sock, MESSAGE_BUFFER);
	/* Without permission we live with the default. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)))
		return fail(nl, NL_ABSENT,
			    "the kernel has no extended ACKs: %s",
			    strerror(errno));
	return 0;
}

static int enter_netns(struct nl *nl)
{
	if (nl->netns_fd < 0 || !setns(nl->netns_fd, CLONE_NEWNET))
		return 0;
	if (errno == EPERM)
		return lacks_permission(nl);
	return fail(nl, NL_FAILED, "cannot enter the network namespace: %s",
		    strerror(errno));
}

static int connect_family(struct nl *nl)
{
	int err = genl_connect(nl->sock);

	if (err < 0)
		return fail(nl, NL_ABSENT,
			    "cannot open a generic netlink socket: %s",
			    nl_geterror(err));
	nl->family = genl_ctrl_resolve(nl->sock, SVCNAT_GENL_NAME);
	if (nl->family < 0)
		return not_loaded(nl);
	return set_options(nl);
}

static int open_socket(struct nl *nl)
{
	int code;

	if (nl->sock)
		return 0;
	code = enter_netns(nl);
	if (code)
		return code;
	nl->sock = nl_socket_alloc();
	if (!nl->sock)
		return fail(nl, NL_FAILED, "out of memory");
	code = connect_family(nl);
	if (code)
		close_socket(nl);
	return code;
}

/* A message must fit into the send buffer whole. */
static int make_room(struct nl *nl, size_t size)
{
	int fd = nl_socket_get_fd(nl->sock), room = 0, want = (int)size + 4096;
	socklen_t length = sizeof(room);

	getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &length);
	if (room >= want || !setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &want,
					sizeof(want)))
		return 0;
	if (errno == EPERM)
		return lacks_permission(nl);
	return fail(nl, NL_REFUSED, "cannot send a message of %zu bytes: %s",
		    size, strerror(errno));
}

static int send_and_receive(struct exchange *x, struct nl_cb *cb)
{
	struct nl *nl = x->nl;
	int err;

	err = nl_send_auto(nl->sock, x->msg);
	if (err < 0)
		return fail(nl, NL_REFUSED, "cannot send a message: %s",
			    nl_geterror(err));
	while (!x->done) {
		err = nl_recvmsgs(nl->sock, cb);
		if (err < 0 && !x->done)
			return fail(nl, NL_REFUSED,
				    "the kernel's answer is lost, and with it whether it was done: %s",
				    nl_geterror(err));
	}
	return x->code;
}

static int exchange(struct exchange *x)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int code;

	if (!cb)
		return fail(x->nl, NL_FAILED, "out of memory");
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, x);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, x);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, x);
	nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, x);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, x);
	code = send_and_receive(x, cb);
	nl_cb_put(cb);
	/* More of this answer may be on its way. */
	if (code && code != NL_INTERRUPTED)
		close_socket(x->nl);
	return code;
}

struct nl *nl_alloc(int netns_fd)
{
	struct nl *nl = calloc(1, sizeof(*nl));

	if (nl)
		nl->netns_fd = netns_fd;
	return nl;
}

void nl_free(struct nl *nl)
{
	if (!nl)
		return;
	close_socket(nl);
	free(nl);
}

static int try_request(struct exchange *x)
{
	const struct request *req = x->req;
	int code = open_socket(x->nl);

	if (code)
		return code;
	x->msg = nl_message_build(req, x->nl->family,
				  req->dump ? NLM_F_DUMP : NLM_F_ACK);
	if (!x->msg)
		return fail(x->nl, NL_FAILED, "out of memory");
	code = make_room(x->nl, nlmsg_hdr(x->msg)->nlmsg_len);
	if (!code)
		code = exchange(x);
	nlmsg_free(x->msg);
	return code;
}

int nl_request(struct nl *nl, const struct request *req, nl_reply_fn fn,
	       void *arg)
{
	const struct exchange fresh = {
		.nl = nl, .req = req, .fn = fn, .arg = arg,
	};
	struct exchange x = fresh;
	int code;

	nl->error = 0;
	code = try_request(&x);
	if (!x.stale)
		return code;
	/* The module may have come back, with another number. */
	nl->error = 0;
	x = fresh;
	return try_request(&x);
}

int nl_device(struct nl *nl, const char *name, uint32_t *index)
{
	int code = open_socket(nl);

	if (code)
		return code;
	/* We are where our socket is. */
	*index = if_nametoindex(name);
	if (!*index)
		return fail(nl, NL_FAILED, "unknown network device \"%.200s\"",
			    name);
	return 0;
}

int nl_error(const struct nl *nl)
{
	return nl->error;
}

const char *nl_sentence(const struct nl *nl)
{
	return nl->sentence;
}
