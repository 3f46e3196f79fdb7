/*
 * Errors that are the same whatever call is made: no open descriptor, no socket;
 * and the one that a peer leaves which closes on data it has not read.
 */

#include <sys/ioctl.h>

#include "plumbline.h"

/* One call each, with arguments that would do for an open descriptor of the right sort. */

static char buffer[8];
static struct iovec area = { .iov_base = buffer, .iov_len = 1 };

static struct pl_outcome
do_read(int fd)
{
	return (sys_read(fd, buffer, sizeof(buffer)));
}

static struct pl_outcome
do_readv(int fd)
{
	return (sys_readv(fd, &area, 1));
}

static struct pl_outcome
do_write(int fd)
{
	return (sys_write(fd, "x", 1));
}

static struct pl_outcome
do_writev(int fd)
{
	return (sys_writev(fd, &area, 1));
}

static struct pl_outcome
do_recv(int fd)
{
	return (sys_recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT));
}

static struct pl_outcome
do_recvfrom(int fd)
{
	struct pl_address from;

	return (sys_recvfrom(fd, buffer, sizeof(buffer), MSG_DONTWAIT, &from));
}

static struct pl_outcome
do_recvmsg(int fd)
{
	int got;

	return (sys_receive(fd, buffer, sizeof(buffer), MSG_DONTWAIT, &got));
}

static struct pl_outcome
do_send(int fd)
{
	return (sys_send(fd, "x", 1, MSG_DONTWAIT));
}

static struct pl_outcome
do_sendto(int fd)
{
	struct pl_address to = pl_inet_address(0);

	return (sys_sendto(fd, "x", 1, MSG_DONTWAIT, &to));
}

static struct pl_outcome
do_sendmsg(int fd)
{
	struct msghdr m = { .msg_iov = &area, .msg_iovlen = 1 };

	return (sys_sendmsg(fd, &m, MSG_DONTWAIT));
}

static struct pl_outcome
do_shutdown(int fd)
{
	return (sys_shutdown(fd, SHUT_RDWR));
}

static struct pl_outcome
do_fcntl(int fd)
{
	return (sys_fcntl(fd, F_GETFL, 0));
}

static struct pl_outcome
do_ioctl(int fd)
{
	int count;

	return (sys_ioctl_int(fd, FIONREAD, &count));
}

static struct pl_outcome
do_dup(int fd)
{
	return (sys_dup(fd));
}

static struct pl_outcome
do_close(int fd)
{
	return (sys_close(fd));
}

static struct pl_outcome
do_bind(int fd)
{
	struct pl_address name = pl_inet_address(0);

	return (sys_bind(fd, &name));
}

static struct pl_outcome
do_connect(int fd)
{
	struct pl_address name = pl_inet_address(0);

	return (sys_connect(fd, &name));
}

static struct pl_outcome
do_listen(int fd)
{
	return (sys_listen(fd, 1));
}

static struct pl_outcome
do_accept(int fd)
{
	return (sys_accept(fd, NULL));
}

static struct pl_outcome
do_getsockname(int fd)
{
	struct pl_address name;

	return (sys_getsockname(fd, &name));
}

static struct pl_outcome
do_getpeername(int fd)
{
	struct pl_address name;

	return (sys_getpeername(fd, &name));
}

static struct pl_outcome
do_getsockopt(int fd)
{
	return (sys_get_option(fd, SOL_SOCKET, SO_TYPE));
}

static struct pl_outcome
do_setsockopt(int fd)
{
	return (sys_set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
}

/*
 * Nobody answers for a number that was closed, least of all what it stood for: the
 * pair is as it was, and what waits in it.
 */
PL_CASE(every_call_on_closed_descriptor,
    .verifies = "io.ebadf.every-transfer-call-on-closed-descriptor", .kinds = PL_EVERY)
{
	static struct pl_outcome (*const calls[])(int) = { do_read, do_readv, do_write, do_writev,
		do_recv, do_recvfrom, do_recvmsg, do_send, do_sendto, do_sendmsg, do_shutdown,
		do_fcntl, do_ioctl, do_dup, do_close };
	struct pl_pair p = pl_pair();
	const int bad[] = { pl_dup(p.r), pl_dup(p.w), -1, INT_MAX };

	pl_put(p, "abc", 3);
	pl_expect_arrival(p.r);
	pl_close(bad[0]);
	pl_close(bad[1]);
	for (size_t i = 0; i < PL_COUNT(bad); i++)
		for (size_t c = 0; c < PL_COUNT(calls); c++)
			pl_expect(calls[c](bad[i]), fails(EBADF));
	pl_expect_left(p, "abc");
	/* Nor was the object kept alive by them. */
	pl_close(p.w);
	if (pl_kind_has(PL_PIPES)) {
		pl_expect(sys_read(p.r, buffer, 1), returns(0));
		pl_expect(do_write(p.w), fails(EBADF));
	} else if (pl_kind_has(PL_CONNECTIONS)) {
		pl_expect_end(p.r);
		pl_expect(do_send(p.w), fails(EBADF));
	}
	pl_close(p.r);
	pl_expect(do_read(p.r), fails(EBADF));
	pl_expect(do_close(p.r), fails(EBADF));
}

/* There is nothing to do, but nobody to do it either. */
PL_CASE(zero_length_transfer_still_checks_descriptor,
    .verifies = "io.ebadf.zero-length-transfer-still-checks-descriptor", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	const int bad[] = { p.r, p.w, -1, INT_MAX };

	pl_close(p.r);
	pl_close(p.w);
	for (size_t i = 0; i < PL_COUNT(bad); i++) {
		pl_expect(sys_read(bad[i], buffer, 0), fails(EBADF));
		pl_expect(sys_write(bad[i], buffer, 0), fails(EBADF));
	}
}

/* Pipes once were sockets; neither they nor files are taken for any, and nothing happens to them.
 */
PL_CASE(socket_calls_on_pipe_fifo_and_file,
    .verifies = "io.enotsock.socket-calls-on-pipe-fifo-and-file")
{
	static struct pl_outcome (*const calls[])(int) = { do_send, do_sendto, do_sendmsg, do_recv,
		do_recvfrom, do_recvmsg, do_bind, do_connect, do_listen, do_accept, do_shutdown,
		do_getsockname, do_getpeername, do_getsockopt, do_setsockopt };
	struct pl_pair fifo = pl_fifo_pair("fifo"), pipe;
	int file = pl_open("file", O_RDWR | O_CREAT, 0600), null = pl_open("/dev/null", O_RDWR);
	int fd[2];

	pl_pipe(fd);
	pipe = (struct pl_pair){ .r = fd[0], .w = fd[1] };
	pl_write(pipe.w, "abc", 3);
	pl_write(fifo.w, "def", 3);
	pl_write(file, "ghi", 3);
	const int other[] = { pipe.r, pipe.w, fifo.r, fifo.w, file, null };
	for (size_t i = 0; i < PL_COUNT(other); i++)
		for (size_t c = 0; c < PL_COUNT(calls); c++)
			pl_expect(calls[c](other[i]), fails(ENOTSOCK));
	pl_expect_text(pipe.r, "abc");
	pl_expect_text(fifo.r, "def");
	pl_expect(sys_lseek(file, 0, SEEK_CUR), returns(3));
	pl_must(sys_lseek(file, 0, SEEK_SET));
	pl_expect_text(file, "ghi");
	pl_expect(sys_write(pipe.w, "x", 1), returns(1));
	pl_expect(sys_write(fifo.w, "x", 1), returns(1));
}

/* Judge: the end of a connection comes, as the reset that it may be or in order; then in order. */
static void
expect_lost(int fd)
{
	pl_expect_arrival(fd);
	pl_expect(do_read(fd), on(PL_FREEBSD, returns(0)), on(PL_LINUX, fails(ECONNRESET)));
	for (int i = 0; i < 2; i++)
		pl_expect(do_read(fd), on(PL_FREEBSD | PL_LINUX, returns(0)));
}

/* What was sent and never read is lost: one system tells, the other does not. */
PL_CASE(peer_closes_with_unread_data, .verifies = "io.econnreset.peer-closes-with-unread-data",
    .kinds = PL_SOCKETS | PL_CONNECTIONS)
{
	struct pl_pair none = pl_pair(), part = pl_pair(), all = pl_pair();

	pl_put(none, "abc", 3);
	pl_expect_waiting(none.r, 3);
	pl_close(none.r);
	expect_lost(none.w);

	/* A byte, or a message, that is left is as good as all. */
	pl_put(part, "a", 1);
	pl_put(part, "b", 1);
	pl_expect_waiting(part.r, 2);
	pl_must(sys_recv(part.r, buffer, 1, 0));
	pl_close(part.r);
	expect_lost(part.w);

	/* Nothing was lost here, so there is nothing to tell. */
	pl_put(all, "abc", 3);
	pl_expect_arriving(all.r, "abc");
	pl_close(all.r);
	pl_expect_end(all.w);
	pl_expect(do_read(all.w), returns(0));
}
