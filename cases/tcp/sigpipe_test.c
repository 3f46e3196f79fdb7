/*
 * SIGPIPE: who gets it for a write to a TCP connection that was shut down, and
 * how to do without.
 */

#include "plumbline.h"

static struct pl_outcome
write_one(void *fd)
{
	return (sys_write(*(int *)fd, "x", 1));
}

static struct pl_outcome
write_by_default(void *fd)
{
	pl_default(SIGPIPE);
	return (write_one(fd));
}

PL_CASE(default_action_kills_writer, .verifies = "tcp.sigpipe.default-action-kills-writer",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_half_closed();

	pl_expect(pl_result(pl_child(write_by_default, &p.w, p.w)), killed_by(SIGPIPE));
}

/* The flag is for one call; the next without it raises the signal. */
PL_CASE(msg_nosignal_suppresses, .verifies = "tcp.sigpipe.msg-nosignal-suppresses", .kinds = PL_TCP)
{
	struct iovec v = { .iov_base = (char[]){ "x" }, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	struct pl_pair p = pl_half_closed();

	pl_expect(sys_send(p.w, "x", 1, MSG_NOSIGNAL), fails(EPIPE));
	pl_expect(sys_sendmsg(p.w, &m, MSG_NOSIGNAL), fails(EPIPE));
	pl_expect(sys_send(p.w, "x", 1, 0), fails_with_sigpipe(EPIPE));
	pl_expect(sys_sendmsg(p.w, &m, 0), fails_with_sigpipe(EPIPE));
	pl_expect(sys_sendmsg(p.w, &m, MSG_NOSIGNAL), fails(EPIPE));
}

/* The option is for every call, until it is switched off, and no matter of the peer. */
PL_CASE(so_nosigpipe_suppresses, .verifies = "tcp.sigpipe.so-nosigpipe-suppresses", .kinds = PL_TCP)
{
	struct pl_pair p = pl_half_closed();

	if (pl_os.so_nosigpipe == PL_ABSENT)
		pl_not_tested("this kernel has no SO_NOSIGPIPE");
	pl_shutdown(p.r, SHUT_WR);
	pl_set_option(p.w, SOL_SOCKET, pl_os.so_nosigpipe, 1);
	pl_expect(sys_write(p.w, "x", 1), fails(EPIPE));
	pl_expect(sys_send(p.w, "x", 1, 0), fails(EPIPE));
	pl_expect(sys_write(p.r, "x", 1), fails_with_sigpipe(EPIPE));
	pl_set_option(p.w, SOL_SOCKET, pl_os.so_nosigpipe, 0);
	pl_expect(sys_write(p.w, "x", 1), fails_with_sigpipe(EPIPE));
}

/* Only the signal goes: the call has to fail all the same, every time. */
PL_CASE(ignored_signal_leaves_epipe, .verifies = "tcp.sigpipe.ignored-signal-leaves-epipe",
    .kinds = PL_TCP)
{
	struct iovec v = { .iov_base = (char[]){ "x" }, .iov_len = 1 };
	struct pl_pair p = pl_half_closed();

	pl_ignore(SIGPIPE);
	pl_expect(sys_write(p.w, "x", 1), fails(EPIPE));
	pl_expect(sys_send(p.w, "x", 1, 0), fails(EPIPE));
	pl_expect(sys_writev(p.w, &v, 1), fails(EPIPE));
}

/* The thread that does not write lets every SIGPIPE in, and gets none. */
PL_CASE(delivered_to_writing_thread, .verifies = "tcp.sigpipe.delivered-to-writing-thread",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_half_closed();
	int before = pl_sigpipes();

	pl_expect(pl_result(pl_thread(write_one, &p.w)), fails_with_sigpipe(EPIPE));
	pl_expect(pl_value(pl_sigpipes() - before, NULL, "SIGPIPEs of the other thread"), is(0));
	pl_expect(pl_value(pl_caught(SIGPIPE), NULL, "SIGPIPEs of all threads"), is(1));
}
