/*
 * connect(2) on a TCP socket while nobody answers: what the socket says of itself in
 * the middle of the handshake, what may be done to it, and how the wait ends.
 */

#include "plumbline.h"

#include <netinet/tcp.h>

#define EVERYTHING (POLLIN | POLLRDNORM | POLLPRI | POLLOUT)

/* A socket that does not wait, with a call under way that nobody answers. */
static int
calling(const struct pl_address *name)
{
	int fd = pl_unconnected();

	pl_nonblock(fd, true);
	pl_expect(sys_connect(fd, name), fails(EINPROGRESS));
	return (fd);
}

struct call {
	int fd;
	struct pl_address name;
};

static struct pl_outcome
make_call(void *argument)
{
	struct call *c = argument;

	return (sys_connect(c->fd, &c->name));
}

/* The call is answered at last: the connection is there, as good as any. */
static void
expect_completion(int fd, const struct pl_address *name)
{
	int far = pl_call_back(name, fd);
	struct pollfd entry = { .fd = fd, .events = POLLOUT };
	struct pl_address peer;

	pl_expect(sys_poll(&entry, 1, 5000), returns(1));
	pl_expect(pl_revents(&entry), is(POLLOUT));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(0));
	pl_expect(sys_getpeername(fd, &peer), returns(0));
	pl_expect_address(&peer, name);
	pl_expect(sys_write(fd, "to", 2), returns(2));
	pl_expect_arriving(far, "to");
	pl_expect(sys_write(far, "fro", 3), returns(3));
	pl_expect_arriving(fd, "fro");
}

/* Whatever else, the call goes on. */
PL_CASE(a_second_call_ealready, .verifies = "tcp.connect.in-progress-second-call-ealready",
    .kinds = PL_TCP)
{
	struct pl_address name;
	int fd;

	pl_silent(&name);
	fd = calling(&name);
	for (int i = 0; i < 3; i++)
		pl_expect(sys_connect(fd, &name), fails(EALREADY));
	pl_expect(pl_poll_now(fd, EVERYTHING), is(0));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(0));
	expect_completion(fd, &name);
}

/* For nothing, however one asks; ready when the call is answered. */
PL_CASE(not_ready_in_the_meantime, .verifies = "tcp.connect.not-ready-while-in-progress",
    .kinds = PL_TCP)
{
	struct timeval now = { 0 };
	struct pl_address name;
	fd_set r, w, x;
	int fd;

	pl_silent(&name);
	fd = calling(&name);
	pl_expect(pl_poll_now(fd, EVERYTHING), is(0));
	FD_ZERO(&r);
	FD_SET(fd, &r);
	w = x = r;
	pl_expect(sys_select(fd + 1, &r, &w, &x, &now), returns(0));
	expect_completion(fd, &name);
}

/* The wait is over, the attempt is not. */
PL_CASE(an_interrupted_call_goes_on, .verifies = "tcp.connect.interrupted-eintr-and-continues",
    .kinds = PL_TCP)
{
	struct call call;
	struct pl_peer *caller;

	pl_catch(SIGUSR1, 0);
	pl_silent(&call.name);
	call.fd = pl_unconnected();
	caller = pl_thread(make_call, &call);
	pl_expect_blocks(caller);
	pl_kill(caller, SIGUSR1);
	pl_expect(pl_result(caller), fails(EINTR));
	pl_expect(pl_value(pl_caught(SIGUSR1), NULL, "signals caught"), is(1));
	/* One system waits on if a call that may wait is made again. */
	pl_nonblock(call.fd, true);
	pl_expect(sys_connect(call.fd, &call.name), fails(EALREADY));
	pl_expect(pl_poll_now(call.fd, EVERYTHING), is(0));
	expect_completion(call.fd, &call.name);
}

/* One system takes SA_RESTART at its word, the other never makes a call of this sort again. */
PL_CASE(
    a_restarting_handler, .verifies = "tcp.connect.interrupted-with-sa-restart", .kinds = PL_TCP)
{
	struct call call;
	struct pl_peer *caller;
	int far;

	pl_catch(SIGUSR1, SA_RESTART);
	pl_silent(&call.name);
	call.fd = pl_unconnected();
	caller = pl_thread(make_call, &call);
	pl_expect_blocks(caller);
	pl_kill(caller, SIGUSR1);
	pl_expect_signal(SIGUSR1);
	if (pl_asks(PL_LINUX)) {
		pl_expect_blocks(caller);
		far = pl_call_back(&call.name, call.fd);
		pl_expect(pl_result(caller), returns(0));
		pl_expect(sys_write(call.fd, "to", 2), returns(2));
		pl_expect_arriving(far, "to");
	} else {
		bool sleeps = pl_sleeps(caller);

		far = sleeps ? pl_call_back(&call.name, call.fd) : -1;
		pl_expect(pl_result(caller), fails(EINTR));
		if (!sleeps)
			expect_completion(call.fd, &call.name);
	}
}

/* It would wait, if waiting were what the system has in mind for it. */
PL_CASE(a_blocking_call_in_the_meantime, .verifies = "tcp.connect.blocking-call-while-in-progress",
    .kinds = PL_TCP)
{
	struct call call;
	struct pl_peer *caller;

	pl_silent(&call.name);
	call.fd = calling(&call.name);
	pl_nonblock(call.fd, false);
	caller = pl_thread(make_call, &call);
	if (pl_sleeps(caller))
		pl_call_back(&call.name, call.fd);
	pl_expect(pl_result(caller), on(PL_POSIX | PL_FREEBSD, fails(EALREADY)),
	    on(PL_LINUX, returns(0)));
	if (pl_asks(PL_LINUX))
		pl_expect(pl_poll_now(call.fd, EVERYTHING), is(POLLOUT));
}

/* It has a name of its own already, and no peer yet. */
PL_CASE(names_in_the_meantime, .verifies = "tcp.connect.getpeername-while-in-progress-enotconn",
    .kinds = PL_TCP)
{
	struct pl_address name, own, later;
	int fd;

	pl_silent(&name);
	fd = calling(&name);
	pl_expect(sys_getpeername(fd, &own), fails(ENOTCONN));
	pl_expect(sys_getsockname(fd, &own), returns(0));
	pl_expect(pl_value(pl_address_port(&own), NULL, "its port"), returns_between(1, 65535));
	expect_completion(fd, &name);
	pl_expect(sys_getsockname(fd, &later), returns(0));
	pl_expect_address(&later, &own);
}

/* And nothing of it was taken. */
PL_CASE(
    transfers_in_the_meantime, .verifies = "tcp.connect.send-while-in-progress", .kinds = PL_TCP)
{
	struct pl_address name;
	char b[8];
	int fd;

	pl_silent(&name);
	fd = calling(&name);
	pl_expect(sys_send(fd, "x", 1, 0), on(PL_POSIX | PL_FREEBSD, fails(ENOTCONN)),
	    on(PL_LINUX, fails(EAGAIN)));
	pl_expect(sys_write(fd, "x", 1), on(PL_POSIX | PL_FREEBSD, fails(ENOTCONN)),
	    on(PL_LINUX, fails(EAGAIN)));
	pl_expect(sys_recv(fd, b, sizeof(b), 0), on(PL_FREEBSD | PL_LINUX, fails(EAGAIN)),
	    on(PL_POSIX, fails(ENOTCONN)));
	expect_completion(fd, &name);
}

/* To hang up before anybody answers: one system gives the call up, the other sees it through. */
PL_CASE(
    shutdown_in_the_meantime, .verifies = "tcp.connect.shutdown-while-in-progress", .kinds = PL_TCP)
{
	struct pl_address name;
	int fd, far;

	pl_silent(&name);
	fd = calling(&name);
	if (!pl_asks(PL_FREEBSD)) {
		pl_expect(sys_shutdown(fd, SHUT_RDWR), on(PL_LINUX, returns(0)),
		    on(PL_POSIX, fails(ENOTCONN)));
		if (pl_asks(PL_POSIX))
			return;
		pl_expect(pl_poll_now(fd, 0), is(POLLHUP | POLLERR));
		pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(ECONNRESET));
		pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(0));
		pl_expect(sys_tcp_state(fd), is(PL_TCP_CLOSED));
		pl_expect(pl_poll_now(fd, 0), is(POLLHUP));
	} else {
		pl_expect(sys_shutdown(fd, SHUT_RDWR), returns(0));
		pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(0));
		far = pl_call_back(&name, fd);
		pl_expect_end(far);
	}
}

#define LONGER 1300

/* The page has the option speak of connections that are made; a call has its own limit. */
PL_CASE(user_timeout_is_of_connections,
    .verifies = "tcp.connect.user-timeout-leaves-the-handshake-alone", .kinds = PL_TCP | PL_PLAIN,
    .slow = "a SYN is sent again after a second")
{
	struct pl_address name;
	struct pollfd entry = { .events = POLLOUT };

	pl_need(pl_os.tcp_user_timeout, "TCP_USER_TIMEOUT");
	pl_silent(&name);
	entry.fd = pl_unconnected();
	pl_nonblock(entry.fd, true);
	pl_set_option(entry.fd, IPPROTO_TCP, pl_os.tcp_user_timeout, 50);
	pl_expect(sys_connect(entry.fd, &name), fails(EINPROGRESS));
	pl_expect(sys_poll(&entry, 1, LONGER), returns(0));
	pl_expect(sys_get_option(entry.fd, SOL_SOCKET, SO_ERROR), is(0));
}

/* This one is the limit of the call. */
PL_CASE(keepinit_limits_the_call, .verifies = "tcp.connect.keepinit-gives-etimedout",
    .kinds = PL_TCP | PL_PLAIN, .slow = "the shortest limit is one second")
{
	struct pl_address name;
	double start;
	int fd;

	pl_need(pl_os.tcp_keepinit, "TCP_KEEPINIT");
	pl_silent(&name);
	fd = pl_unconnected();
	pl_set_option(fd, IPPROTO_TCP, pl_os.tcp_keepinit, 1);
	start = pl_milliseconds();
	pl_expect(sys_connect(fd, &name), fails(ETIMEDOUT));
	pl_expect_that(
	    pl_milliseconds() - start > 900, "a second", "%.0f ms", pl_milliseconds() - start);
}

/*
 * Two who call each other are connected without anybody listening.  The second call
 * finds the first one under way and unanswered.
 */
PL_CASE(two_callers_meet, .verifies = "tcp.connect.simultaneous-open", .kinds = PL_TCP)
{
	struct pl_address name, own, peer;
	struct call call;
	struct pl_peer *caller;
	int fd;

	pl_silent(&name);
	call.name = name;
	call.fd = pl_unconnected();
	caller = pl_thread(make_call, &call);
	pl_expect_blocks(caller);
	own = pl_sockname(call.fd);
	fd = pl_unconnected();
	pl_set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	pl_bind(fd, &name);
	pl_expect(sys_connect(fd, &own), returns(0));
	pl_expect(pl_result(caller), returns(0));
	pl_expect(sys_getpeername(fd, &peer), returns(0));
	pl_expect_address(&peer, &own);
	pl_expect(sys_getpeername(call.fd, &peer), returns(0));
	pl_expect_address(&peer, &name);
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_write(fd, "to", 2), returns(2));
		pl_expect_arriving(call.fd, "to");
		pl_expect(sys_write(call.fd, "fro", 3), returns(3));
		pl_expect_arriving(fd, "fro");
	}
	pl_shutdown(fd, SHUT_WR);
	pl_expect_end(call.fd);
	pl_shutdown(call.fd, SHUT_WR);
	pl_expect_end(fd);
}
