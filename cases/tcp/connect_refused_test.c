/*
 * A TCP connection attempt that is refused while nobody waits in connect(2): how the
 * news shows in poll(2) and select(2), and which call tells it.
 */

#include "plumbline.h"

/* The attempt to connect to that name was refused, and nobody has been told yet. */
static int
refused(struct pl_address *name)
{
	struct pollfd entry = { .events = POLLIN | POLLOUT };
	struct pl_outcome o;

	pl_bound(name);
	entry.fd = pl_unconnected();
	pl_nonblock(entry.fd, true);
	o = sys_connect(entry.fd, name);
	if (o.error == ECONNREFUSED)
		pl_not_tested("the refusal comes before connect can tell of progress");
	pl_expect(o, fails(EINPROGRESS));
	pl_expect(sys_poll(&entry, 1, 5000), returns(1));
	return (entry.fd);
}

/* No more is to come and no more can be sent: is that a hang-up, and is it writable? */
static void
expect_events(struct pl_outcome revents)
{
	pl_expect(revents, on(PL_FREEBSD, is(POLLIN | POLLHUP)),
	    on(PL_LINUX, is(POLLIN | POLLOUT | POLLERR | POLLHUP)),
	    on(PL_POSIX, is(revents.value)));
	if (pl_asks(PL_POSIX))
		pl_expect_that((revents.value & (POLLHUP | POLLOUT)) != (POLLHUP | POLLOUT),
		    "not both POLLHUP and POLLOUT", "both");
}

PL_CASE(poll_afterwards, .verifies = "tcp.connect.refused-poll-events", .kinds = PL_TCP)
{
	struct pl_address name;
	int fd = refused(&name);

	for (int i = 0; i < 2; i++)
		expect_events(pl_poll_now(fd, POLLIN | POLLOUT));
	if (pl_asks(PL_LINUX))
		pl_expect(pl_poll_now(fd, 0), is(POLLERR | POLLHUP));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(ECONNREFUSED));
}

static struct pl_outcome
poll_for_both(void *fd)
{
	struct pollfd entry = { .fd = *(int *)fd, .events = POLLIN | POLLOUT };
	struct pl_outcome o = sys_poll(&entry, 1, -1);

	return (o.error == 0 ? pl_revents(&entry) : o);
}

/* Who slept in poll meanwhile is told the same as who comes later. */
PL_CASE(poll_meanwhile, .verifies = "tcp.connect.refused-blocked-poll-events",
    .kinds = PL_TCP | PL_PLAIN, .slow = "a SYN is sent again after a second")
{
	struct pl_address name;
	int silent = pl_silent(&name), fd = pl_unconnected();
	struct pl_peer *poller;

	pl_nonblock(fd, true);
	pl_expect(sys_connect(fd, &name), fails(EINPROGRESS));
	poller = pl_thread(poll_for_both, &fd);
	pl_expect_blocks(poller);
	if (pl_os_refuse(silent) != 0)
		pl_broken("the silence cannot be ended: %s", strerror(errno));
	pl_note("%s refuses", pl_slot(silent));
	expect_events(pl_result(poller));
	expect_events(pl_poll_now(fd, POLLIN | POLLOUT));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(ECONNREFUSED));
}

PL_CASE(select_afterwards, .verifies = "tcp.connect.refused-select-readable-and-writable",
    .kinds = PL_TCP)
{
	struct timeval now = { 0 };
	struct pl_address name;
	int fd = refused(&name);
	fd_set r, w, x;

	FD_ZERO(&r);
	FD_SET(fd, &r);
	w = x = r;
	pl_expect(sys_select(fd + 1, &r, &w, &x, &now), on(PL_FREEBSD | PL_LINUX, returns(2)),
	    on(PL_POSIX, returns(3)));
	pl_expect_that(FD_ISSET(fd, &r), "readable", "not readable");
	pl_expect_that(FD_ISSET(fd, &w), "writable", "not writable");
	if (!pl_asks(PL_POSIX))
		pl_expect_that(!FD_ISSET(fd, &x), "not exceptional", "exceptional");
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(ECONNREFUSED));
}

/* Once; then there is nothing to read, and there never will be. */
PL_CASE(read_tells_it, .verifies = "tcp.connect.refused-error-returned-by-read", .kinds = PL_TCP)
{
	struct pl_address name;
	int fd = refused(&name);
	char b[8];

	pl_expect(sys_read(fd, b, sizeof(b)), fails(ECONNREFUSED));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(0));
	for (int i = 0; i < 2; i++)
		pl_expect(sys_read(fd, b, sizeof(b)), returns(0));
}

/* Is it the error that a write finds first, or that nothing can be written any more? */
PL_CASE(write_afterwards, .verifies = "tcp.connect.refused-then-write", .kinds = PL_TCP)
{
	struct pl_address name;
	int fd = refused(&name);

	pl_expect(sys_write(fd, "x", 1), on(PL_FREEBSD, fails_with_sigpipe(EPIPE)),
	    on(PL_LINUX, fails(ECONNREFUSED)));
	pl_expect(sys_write(fd, "x", 1), fails_with_sigpipe(EPIPE));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), on(PL_FREEBSD, is(ECONNREFUSED)),
	    on(PL_LINUX, is(0)));
}

PL_CASE(
    connect_again_tells_it, .verifies = "tcp.connect.call-again-reports-refusal", .kinds = PL_TCP)
{
	struct pl_address name;
	int fd = refused(&name);

	pl_expect(sys_connect(fd, &name), fails(ECONNREFUSED));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(0));
}
