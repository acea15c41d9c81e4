// SPDX-License-Identifier: GPL-2.0
#include "nl_inside.h"

#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "nl_message.h"

#define RECEIVE_BUFFER	(1 << 20)
#define MESSAGE_BUFFER	(64 << 10)

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
};

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
		code = nl_fail(x->nl, NL_REFUSED,
			       "the module's answer is malformed: svcctl and module do not fit");
	return code ? finish(x, code) : NL_OK;
}

static struct nl_sent sent_by(const struct exchange *x)
{
	return (struct nl_sent){ .req = x->req, .hdr = nlmsg_hdr(x->msg) };
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *arg)
{
	struct exchange *x = arg;
	struct nl_sent sent = sent_by(x);

	(void)from;
	return finish(x, nl_refuse_ack(x->nl, &sent, err));
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
	struct nl_sent sent = sent_by(x);
	const char *tlvs = NULL;
	int error = 0;

	if (nlmsg_datalen(hdr) >= (int)sizeof(error))
		memcpy(&error, nlmsg_data(hdr), sizeof(error));
	if (error >= 0)
		return finish(x, x->interrupted ? NL_INTERRUPTED : NL_DONE);
	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS)
		tlvs = (char *)nlmsg_data(hdr) + NLMSG_ALIGN(sizeof(error));
	return finish(x, nl_refuse(x->nl, &sent, -error, tlvs,
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

void nl_close_socket(struct nl_sock **sock)
{
	nl_socket_free(*sock);
	*sock = NULL;
}

static int set_options(struct nl *nl, struct nl_sock *sock)
{
	int fd = nl_socket_get_fd(sock), on = 1, size = RECEIVE_BUFFER;

	nl_socket_disable_auto_ack(sock);
	nl_socket_set_msg_buf_size(sock, MESSAGE_BUFFER);
	/* Without permission we live with the default. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)))
		return nl_fail(nl, NL_ABSENT,
			       "the kernel has no extended ACKs: %s",
			       strerror(errno));
	return 0;
}

static int enter_netns(struct nl *nl)
{
	if (nl->netns_fd < 0 || !setns(nl->netns_fd, CLONE_NEWNET))
		return 0;
	if (errno == EPERM)
		return nl_lacks_permission(nl);
	return nl_fail(nl, NL_FAILED, "cannot enter the network namespace: %s",
		       strerror(errno));
}

static int connect_family(struct nl *nl, struct nl_sock *sock)
{
	int err = genl_connect(sock);

	if (err < 0)
		return nl_fail(nl, NL_ABSENT,
			       "cannot open a generic netlink socket: %s",
			       nl_geterror(err));
	nl->family = genl_ctrl_resolve(sock, SVCNAT_GENL_NAME);
	if (nl->family < 0)
		return nl_not_loaded(nl);
	return set_options(nl, sock);
}

int nl_open_socket(struct nl *nl, struct nl_sock **sock)
{
	int code;

	if (*sock)
		return 0;
	code = enter_netns(nl);
	if (code)
		return code;
	*sock = nl_socket_alloc();
	if (!*sock)
		return nl_fail(nl, NL_FAILED, "out of memory");
	code = connect_family(nl, *sock);
	if (code)
		nl_close_socket(sock);
	return code;
}

int nl_make_room(struct nl *nl, size_t size)
{
	int fd = nl_socket_get_fd(nl->sock), room = 0, want = (int)size + 4096;
	socklen_t length = sizeof(room);

	getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &length);
	if (room >= want || !setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &want,
					sizeof(want)))
		return 0;
	if (errno == EPERM)
		return nl_lacks_permission(nl);
	return nl_fail(nl, NL_REFUSED, "cannot send a message of %zu bytes: %s",
		       size, strerror(errno));
}

static int send_and_receive(struct exchange *x, struct nl_cb *cb)
{
	struct nl *nl = x->nl;
	int err;

	err = nl_send_auto(nl->sock, x->msg);
	if (err < 0)
		return nl_fail(nl, NL_REFUSED, "cannot send a message: %s",
			       nl_geterror(err));
	while (!x->done) {
		err = nl_recvmsgs(nl->sock, cb);
		if (err < 0 && !x->done)
			return nl_fail(nl, NL_REFUSED,
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
		return nl_fail(x->nl, NL_FAILED, "out of memory");
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, x);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, x);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, x);
	nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, x);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, x);
	code = send_and_receive(x, cb);
	nl_cb_put(cb);
	/* More of this answer may be on its way. */
	if (code && code != NL_INTERRUPTED)
		nl_close_socket(&x->nl->sock);
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
	nl_close_socket(&nl->sock);
	nl_close_socket(&nl->events);
	free(nl);
}

static int try_request(struct exchange *x)
{
	const struct request *req = x->req;
	int code = nl_open_socket(x->nl, &x->nl->sock);

	if (code)
		return code;
	x->msg = nl_message_build(req, x->nl->family,
				  req->dump ? NLM_F_DUMP : NLM_F_ACK);
	if (!x->msg)
		return nl_fail(x->nl, NL_FAILED, "out of memory");
	code = nl_make_room(x->nl, nlmsg_hdr(x->msg)->nlmsg_len);
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
	nl->stale = false;
	code = try_request(&x);
	if (!nl->stale)
		return code;
	/* The module may have come back, with another number. */
	nl->error = 0;
	x = fresh;
	return try_request(&x);
}

int nl_device(struct nl *nl, const char *name, uint32_t *index)
{
	int code = nl_open_socket(nl, &nl->sock);

	if (code)
		return code;
	/* We are where our socket is. */
	*index = if_nametoindex(name);
	if (!*index)
		return nl_fail(nl, NL_FAILED, "unknown network device \"%.200s\"",
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
