/*
 * SIGPIPE and EPIPE: what a writer to a stream of any kind meets when nobody can
 * read any more, who gets the signal, and how to do without.
 */

#include "plumbline.h"

#define STREAMS (PL_EVERY | PL_STREAM)
#define SOCKET_STREAMS (PL_SOCKETS | PL_STREAM)
#define RECORDS (PL_UNIX | PL_MESSAGES | PL_CONNECTIONS)

/* A write larger than any pair takes at once. */
#define LARGE (1 << 20)

/* The calls that send. */
enum call { WRITE, WRITEV, SEND, SENDTO, SENDMSG, CALLS };

static struct pl_outcome
call(enum call call, int fd, int flags)
{
	struct iovec v[] = { { .iov_base = (char[]){ "x" }, .iov_len = 1 },
		{ .iov_base = (char[]){ "y" }, .iov_len = 1 } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };

	switch (call) {
	case WRITE:
		return (sys_write(fd, "x", 1));
	case WRITEV:
		return (sys_writev(fd, v, 2));
	case SEND:
		return (sys_send(fd, "x", 1, flags));
	case SENDTO:
		return (sys_sendto(fd, "x", 1, flags, NULL));
	default:
		return (sys_sendmsg(fd, &m, flags));
	}
}

/*
 * A descriptor of the kind that nothing can be written to any more.  The reader
 * has gone; over TCP that is known only when an answer comes, so there the
 * writer has shut down its own side.
 */
static int
broken(void)
{
	struct pl_pair p;

	if (pl_kind_has(PL_INET))
		return (pl_half_closed().w);
	p = pl_pair();
	pl_close(p.r);
	return (p.w);
}

static struct pl_outcome
write_one(void *fd)
{
	return (sys_write(*(int *)fd, "x", 1));
}

/* Every write is told, not only the first; nor does SA_RESTART try again. */
static void
write_to_nobody(void)
{
	static const int flags[] = { 0, SA_RESTART, 0, SA_RESTART };
	int fd = broken();

	for (size_t i = 0; i < PL_COUNT(flags); i++) {
		pl_catch(SIGPIPE, flags[i]);
		pl_expect(sys_write(fd, "x", 1), fails_with_sigpipe(EPIPE));
	}
	pl_expect(pl_value(pl_caught(SIGPIPE), NULL, "SIGPIPEs caught"), is(PL_COUNT(flags)));
}

PL_CASE(write_to_a_widowed_pipe,
    .verifies = "io.sigpipe.write-to-widowed-writer-raises-signal-and-epipe", .kinds = PL_PIPES)
{
	write_to_nobody();
}

PL_CASE(write_to_a_widowed_socket,
    .verifies = "io.sigpipe.write-to-widowed-writer-raises-signal-and-epipe",
    .kinds = PL_UNIX | PL_STREAM)
{
	write_to_nobody();
}

static struct pl_outcome
write_by_default(void *fd)
{
	pl_default(SIGPIPE);
	return (write_one(fd));
}

/* A program that does not care about broken pipes ends by one. */
PL_CASE(default_action_kills_the_writer, .verifies = "io.sigpipe.default-action-kills-the-writer",
    .kinds = STREAMS)
{
	int fd = broken();

	pl_expect(pl_result(pl_child(write_by_default, &fd, fd)), killed_by(SIGPIPE));
}

/* One signal for each call, whatever it is that it sends. */
PL_CASE(every_call_raises_it, .verifies = "io.sigpipe.every-send-call-raises-it",
    .kinds = SOCKET_STREAMS)
{
	int fd = broken();

	for (enum call c = WRITE; c < CALLS; c++)
		pl_expect(call(c, fd, 0), fails_with_sigpipe(EPIPE));
	pl_expect(pl_value(pl_caught(SIGPIPE), NULL, "SIGPIPEs caught"), is(CALLS));
}

static void
send_without_signal(bool signals_otherwise)
{
	int fd = broken();

	for (enum call c = SEND; c < CALLS; c++) {
		pl_expect(call(c, fd, MSG_NOSIGNAL), fails(EPIPE));
		/* The flag is for one call. */
		if (signals_otherwise)
			pl_expect(call(c, fd, 0), fails_with_sigpipe(EPIPE));
		pl_expect(call(c, fd, MSG_NOSIGNAL | MSG_DONTWAIT), fails(EPIPE));
	}
}

PL_CASE(msg_nosignal_suppresses_it, .verifies = "io.sigpipe.msg-nosignal-suppresses-it",
    .kinds = SOCKET_STREAMS)
{
	send_without_signal(true);
}

/* With records, whether a signal comes otherwise is another question. */
PL_CASE(msg_nosignal_suppresses_it_for_a_record,
    .verifies = "io.sigpipe.msg-nosignal-suppresses-it", .kinds = RECORDS)
{
	send_without_signal(false);
}

/* The option is for every call, until it is switched off. */
PL_CASE(so_nosigpipe_suppresses_it, .verifies = "io.sigpipe.so-nosigpipe-suppresses-it",
    .kinds = SOCKET_STREAMS)
{
	int fd;

	if (pl_os.so_nosigpipe == PL_ABSENT)
		pl_not_tested("this kernel has no SO_NOSIGPIPE");
	fd = broken();
	pl_expect(sys_set_option(fd, SOL_SOCKET, pl_os.so_nosigpipe, 1), returns(0));
	for (enum call c = WRITE; c < CALLS; c++)
		pl_expect(call(c, fd, 0), fails(EPIPE));
	pl_expect(sys_set_option(fd, SOL_SOCKET, pl_os.so_nosigpipe, 0), returns(0));
	pl_expect(sys_write(fd, "x", 1), fails_with_sigpipe(EPIPE));
}

/* Only the signal goes: the call has to fail all the same, every time. */
PL_CASE(ignored_signal_leaves_epipe, .verifies = "io.sigpipe.ignored-signal-still-gives-epipe",
    .kinds = STREAMS)
{
	int fd = broken();

	pl_ignore(SIGPIPE);
	for (int i = 0; i < 2; i++) {
		pl_expect(call(WRITE, fd, 0), fails(EPIPE));
		pl_expect(call(WRITEV, fd, 0), fails(EPIPE));
	}
	if (pl_kind_has(PL_SOCKETS))
		for (enum call c = SEND; c < CALLS; c++)
			pl_expect(call(c, fd, 0), fails(EPIPE));
}

/* Checkpoints */
enum { GO, WRITTEN };

/* Judge: is SIGPIPE pending for the calling thread, or for all? */
static void
expect_pending(bool wanted, const char *whom)
{
	sigset_t pending;

	sigemptyset(&pending);
	pl_must(pl_sys(sigpending(&pending), "sigpending()"));
	pl_expect(pl_value(sigismember(&pending, SIGPIPE), NULL, "SIGPIPE pending for %s", whom),
	    is(wanted));
}

static struct pl_outcome
write_and_look(void *fd)
{
	pl_block(SIGPIPE);
	expect_pending(false, "the thread that is going to write");
	pl_expect(write_one(fd), fails(EPIPE));
	expect_pending(true, "the thread that wrote");
	pl_reach(WRITTEN);
	pl_await(GO);
	return (pl_done());
}

/*
 * A thread that would let the signal in does not get it; nor is it pending for
 * those who block it, but for the writer alone.
 */
PL_CASE(goes_to_the_writing_thread, .verifies = "io.sigpipe.goes-to-the-writing-thread",
    .kinds = STREAMS)
{
	int fd = broken(), before = pl_sigpipes();
	struct pl_peer *writer;

	pl_expect(pl_result(pl_thread(write_one, &fd)), fails_with_sigpipe(EPIPE));
	pl_expect(pl_value(pl_sigpipes() - before, NULL, "SIGPIPEs of the other thread"), is(0));
	pl_expect(pl_value(pl_caught(SIGPIPE), NULL, "SIGPIPEs of all threads"), is(1));

	pl_forget(SIGPIPE);
	writer = pl_thread(write_and_look, &fd);
	pl_await(WRITTEN);
	pl_expect(pl_value(pl_caught(SIGPIPE), NULL, "SIGPIPEs of the other thread"), is(0));
	pl_block(SIGPIPE);
	expect_pending(false, "the process");
	pl_reach(GO);
	pl_result(writer);
}

static struct pl_outcome
write_large(void *fd)
{
	static char b[LARGE];

	pl_payload(b, sizeof(b), 0, 0);
	return (sys_write(*(int *)fd, b, sizeof(b)));
}

/*
 * A part was delivered: either that is told, or the loss of the reader.  Never
 * the whole, and never silence.
 */
PL_CASE(reader_leaves_in_mid_write, .verifies = "io.sigpipe.reader-leaves-in-mid-write",
    .kinds = PL_UNIX | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *writer = pl_child(write_large, &p.w, p.w);
	char b[1000];

	pl_close(p.w);
	pl_expect_blocks(writer);
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_WAITALL), returns(sizeof(b)));
	pl_expect_payload(b, sizeof(b), 0, 0);
	pl_close(p.r);
	pl_expect(pl_result(writer), on(PL_FREEBSD, fails_with_sigpipe(EPIPE)),
	    on(PL_LINUX, returns_between(sizeof(b), LARGE - 1)));
}
