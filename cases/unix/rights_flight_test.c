/*
 * Descriptors on their way: how long they stay open, and what closes them.
 */

#include <sys/resource.h>

#include "plumbline.h"

#define ONE CMSG_SPACE(sizeof(int))

/* A pipe whose write end is on its way to p.r and has no other number. */
static int
send_only_writer(struct pl_pair p)
{
	int fd[2];

	pl_pipe(fd);
	pl_send_rights(p.w, &fd[1], 1);
	pl_close(fd[1]);
	return (fd[0]);
}

/* Nobody has the write end any more; it may take the system a moment to close it. */
static void
expect_closed(int reader)
{
	char b[4];

	pl_expect(sys_read(reader, b, sizeof(b)), returns(0));
}

static void
expect_open(int reader)
{
	char b[4];

	pl_nonblock(reader, true);
	pl_expect(sys_read(reader, b, sizeof(b)), fails(EAGAIN));
	pl_nonblock(reader, false);
}

/* A message is a holder of the file like any number. */
PL_CASE(file_stays_open_in_flight, .verifies = "unix.rights.in-flight-keeps-file-open",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	int reader = send_only_writer(p), received;

	expect_open(reader);
	pl_expect(pl_poll_now(reader, POLLIN), is(0));
	received = pl_expect_right(p.r);
	expect_open(reader);
	pl_expect(sys_write(received, "abc", 3), returns(3));
	pl_expect_text(reader, "abc");
	expect_open(reader);
	pl_close(received);
	expect_closed(reader);
}

/* What nobody fetched goes with the socket it waits in, also behind other messages. */
PL_CASE(unfetched_descriptors_go_with_their_socket,
    .verifies = "unix.rights.closed-with-destination-socket", .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	int first = send_only_writer(p), second, last;

	pl_write(p.w, "abc", 3);
	second = send_only_writer(p);
	last = send_only_writer(p);
	pl_close(pl_expect_right(p.r));
	expect_closed(first);
	expect_open(second);
	expect_open(last);
	pl_close(p.r);
	expect_closed(second);
	expect_closed(last);
}

/* Who reads without asking for control data gets none, and no stray number. */
PL_CASE(plain_read_discards_descriptors, .verifies = "unix.rights.plain-read-discards",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	int reader = send_only_writer(p), before = pl_count_descriptors();

	pl_expect_text(p.r, "x");
	pl_expect(pl_value(pl_count_descriptors() - before, NULL, "descriptors more"), is(0));
	expect_closed(reader);
	pl_expect_nothing(p.r);
	reader = send_only_writer(p);
	pl_close(pl_expect_right(p.r));
	expect_closed(reader);
}

/* A send that was refused holds nothing, and the next one works. */
PL_CASE(refused_send_holds_no_descriptor, .verifies = "unix.rights.failed-send-does-not-leak",
    .kinds = PL_UNIX | PL_STREAM | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	size_t size = pl_fill(p.w, 4096);
	int fd[2];

	pl_pipe(fd);
	pl_expect(sys_send_rights(p.w, "x", 1, &fd[1], 1, MSG_DONTWAIT), fails(EAGAIN));
	pl_close(fd[1]);
	expect_closed(fd[0]);
	pl_expect(pl_value((long)pl_drain(p.r), NULL, "bytes that waited"), is((long)size));
	fd[0] = send_only_writer(p);
	expect_open(fd[0]);
	pl_close(pl_expect_right(p.r));
	expect_closed(fd[0]);
}

/*
 * Two sockets, each waiting in the other, can never be received any more: they go, with
 * what else waits in them, when the system next looks, as it does after the close of any
 * socket.  Others on their way stay.
 */
PL_CASE(unreachable_cycle_is_collected, .verifies = "unix.rights.cycle-is-collected",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair cycle = pl_pair(), alive = pl_pair(), passed = pl_pair(), other = pl_pair();
	int lost = send_only_writer(cycle), kept = send_only_writer(passed), received;

	pl_expect(sys_send_rights(alive.w, "x", 1, &passed.r, 1, 0), returns(1));
	pl_close(passed.r);
	pl_expect(sys_send_rights(cycle.r, "x", 1, &cycle.r, 1, 0), returns(1));
	pl_expect(sys_send_rights(cycle.w, "x", 1, &cycle.w, 1, 0), returns(1));
	pl_close(cycle.r);
	expect_open(lost);
	pl_close(cycle.w);
	pl_close(other.w);
	expect_closed(lost);

	expect_open(kept);
	received = pl_expect_right(alive.r);
	pl_close(pl_expect_right(received));
	expect_closed(kept);
}

/* A receiver who wants no more: what waits is thrown away, or still there. */
PL_CASE(shutdown_for_reading_with_a_descriptor_queued,
    .verifies = "unix.rights.shutdown-read-and-queued-descriptors",
    .kinds = PL_UNIX | PL_STREAM | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	int reader = send_only_writer(p);
	struct pl_received got;
	char b[4];

	pl_expect(sys_shutdown(p.r, SHUT_RD), on(PL_FREEBSD | PL_LINUX, returns(0)));
	if (pl_asks(PL_FREEBSD))
		pl_expect(sys_read(reader, b, sizeof(b)), on(PL_FREEBSD, returns(0)));
	pl_expect(sys_receive_control(p.r, &got, 8, 8 * ONE, 0), on(PL_FREEBSD, returns(0)),
	    on(PL_LINUX, returns(1)));
	pl_expect(
	    pl_value(got.count, NULL, "descriptors"), on(PL_FREEBSD, is(0)), on(PL_LINUX, is(1)));
	for (int i = 0; i < got.count; i++)
		pl_close(got.fd[i]);
	pl_expect(sys_read(reader, b, sizeof(b)), on(PL_FREEBSD | PL_LINUX, returns(0)));
}

/* Send one descriptor after the other, until that is refused or limit have gone. */
static int
send_until_refused(int fd, int limit)
{
	int sent = 0;

	while (sent < limit) {
		struct pl_outcome o = sys_send_rights(fd, "x", 1, &fd, 1, MSG_DONTWAIT);

		if (pl_expect(o, returns(1), fails(ETOOMANYREFS)) != 1)
			break;
		sent++;
	}
	return (sent);
}

/*
 * All of one user's descriptors in flight count, so a user that nobody else is makes
 * exact figures possible.
 */
static struct pl_outcome
expect_limit(void *unused)
{
	enum { LIMIT = 16 };
	uid_t user = 1000000 + (uid_t)getpid();
	bool alone = geteuid() == 0;
	struct pl_received got;
	int fd[2], sent;

	(void)unused;
	if (alone && pl_os_drop_privileges(user, user) != 0)
		pl_not_tested("no user but root can be had: %s", strerror(errno));
	if (pl_os_may_exceed_limits())
		pl_not_tested("this user may exceed the limit");
	pl_limit_descriptors(LIMIT);
	pl_socketpair(AF_UNIX, SOCK_STREAM, fd);

	sent = send_until_refused(fd[0], LIMIT + 2);
	pl_expect_that(sent <= LIMIT + 1 && (!alone || sent >= LIMIT),
	    "refusal with so many in flight as the process may have open", "%d of %d were sent",
	    sent, LIMIT);
	for (int i = 0; i < sent; i++) {
		pl_expect_rights(fd[1], &got, 8, MSG_DONTWAIT, 1, 1);
		pl_close(got.fd[0]);
	}
	pl_expect_nothing(fd[1]);
	if (!alone)
		return (pl_done());

	/* None is in flight now, and the user may have as many again. */
	sent = send_until_refused(fd[0], LIMIT);
	pl_expect(pl_value(sent, NULL, "descriptors sent after all were received"), is(LIMIT));
	pl_close(fd[1]);
	pl_close(fd[0]);
	return (pl_done());
}

/* Those on their way count against what an ordinary user may have open. */
PL_CASE(too_many_descriptors_in_flight, .verifies = "unix.rights.in-flight-limit-etoomanyrefs")
{
	pl_result(pl_child(expect_limit, NULL, PL_KEEP_NONE));
}
