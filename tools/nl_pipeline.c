// SPDX-License-Identifier: GPL-2.0
/*
 * Many requests.  The kernel has done all that one send brought when that
 * returns, and its answers wait in our receive buffer: so what is sent at once
 * is bounded by the answers that fit there, even in the default one.  Of what
 * is sent at once only the last asks for one; the others have an answer if they
 * are refused, and if one is lost, we are told (ENOBUFS).
 */
#include "nl_inside.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "nl_message.h"

#define WINDOW		64		/* messages */
#define WINDOW_BYTES	(128 << 10)	/* but at least one message */

/* What is sent at once. */
struct window {
	struct nl *nl;
	const struct list *requests;
	size_t first;
	size_t nr;
	size_t bytes;
	size_t answered;
	struct nl_msg *msg[WINDOW];
	nl_answer_fn fn;
	void *arg;
	int code;	/* of @fn */
	bool garbled;
};

static void tell(struct window *win, int code)
{
	int got = win->fn(win->first + win->answered++, code, win->arg);

	if (!win->code)
		win->code = got;
}

/*
 * Answers come in the order of their requests, and those before one that is
 * answered have been done.
 */
static bool settle_before(struct window *win, uint32_t seq)
{
	size_t i = win->answered;

	while (i < win->nr && seq != nlmsg_hdr(win->msg[i])->nlmsg_seq)
		i++;
	if (i == win->nr) {
		win->garbled = true;
		return false;
	}
	while (win->answered < i)
		tell(win, NL_DONE);
	return true;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct window *win = arg;

	if (settle_before(win, nlmsg_hdr(msg)->nlmsg_seq))
		tell(win, NL_DONE);
	return NL_OK;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *arg)
{
	struct nlmsghdr *hdr = (void *)((char *)err - NLMSG_HDRLEN);
	struct window *win = arg;
	struct nl_sent sent;

	(void)from;
	if (!settle_before(win, hdr->nlmsg_seq))
		return NL_STOP;
	sent.req = list_at(win->requests, win->first + win->answered);
	sent.hdr = nlmsg_hdr(win->msg[win->answered]);
	tell(win, nl_refuse_ack(win->nl, &sent, err));
	return NL_SKIP;
}

/* One more message, unless the window is full. */
static int add(struct window *win, bool *full)
{
	const struct request *req = list_at(win->requests,
					    win->first + win->nr);
	struct nl_msg *msg;
	size_t size;

	msg = nl_message_build(req, win->nl->family, 0);
	if (!msg)
		return nl_fail(win->nl, NL_FAILED, "out of memory");
	size = nlmsg_hdr(msg)->nlmsg_len;
	if (win->nr && win->bytes + size > WINDOW_BYTES) {
		nlmsg_free(msg);
		*full = true;
		return 0;
	}
	nl_complete_msg(win->nl->sock, msg);
	win->msg[win->nr++] = msg;
	win->bytes += size;
	*full = win->nr == WINDOW ||
		win->first + win->nr == win->requests->nr;
	return 0;
}

static void empty(struct window *win)
{
	while (win->nr)
		nlmsg_free(win->msg[--win->nr]);
	win->bytes = 0;
	win->answered = 0;
}

static int send_all(struct window *win)
{
	struct iovec iov[WINDOW];
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = win->nr };
	size_t i;
	int code;

	code = nl_make_room(win->nl, win->bytes);
	if (code)
		return code;
	nlmsg_hdr(win->msg[win->nr - 1])->nlmsg_flags |= NLM_F_ACK;
	/* Messages are whole words already. */
	for (i = 0; i < win->nr; i++) {
		iov[i].iov_base = nlmsg_hdr(win->msg[i]);
		iov[i].iov_len = nlmsg_hdr(win->msg[i])->nlmsg_len;
	}
	if (sendmsg(nl_socket_get_fd(win->nl->sock), &msg, 0) >= 0)
		return 0;
	return nl_fail(win->nl, NL_REFUSED, "cannot send %zu messages: %s",
		       win->nr, strerror(errno));
}

static int receive_all(struct window *win, struct nl_cb *cb)
{
	int err;

	while (win->answered < win->nr) {
		err = nl_recvmsgs(win->nl->sock, cb);
		if (win->garbled)
			return nl_fail(win->nl, NL_REFUSED,
				       "the module's answer is malformed: svcctl and module do not fit");
		if (err == -NLE_INTR)
			continue;
		if (err < 0 && win->answered < win->nr)
			return nl_fail(win->nl, NL_REFUSED,
				       "the kernel's answer is lost, and with it whether it was done: %s",
				       nl_geterror(err));
	}
	return 0;
}

static int pass(struct window *win, struct nl_cb *cb)
{
	bool full = false;
	int code = 0;

	while (!code && !full)
		code = add(win, &full);
	if (!code)
		code = send_all(win);
	if (!code)
		code = receive_all(win, cb);
	return code;
}

static struct nl_cb *callbacks(struct window *win)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);

	if (!cb)
		return NULL;
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, win);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, win);
	return cb;
}

int nl_pipeline(struct nl *nl, const struct list *requests, nl_answer_fn fn,
		void *arg)
{
	struct window win = {
		.nl = nl, .requests = requests, .fn = fn, .arg = arg,
	};
	int code = nl_open_socket(nl, &nl->sock);
	struct nl_cb *cb;

	if (code)
		return code;
	cb = callbacks(&win);
	if (!cb)
		return nl_fail(nl, NL_FAILED, "out of memory");
	nl->error = 0;
	nl->stale = false;
	while (!code && !win.code && win.first < requests->nr) {
		code = pass(&win, cb);
		win.first += win.nr;
		empty(&win);
	}
	nl_cb_put(cb);
	/* Answers may be on their way; or the family's number is another one. */
	if (code || nl->stale)
		nl_close_socket(&nl->sock);
	return win.code ? win.code : code;
}
