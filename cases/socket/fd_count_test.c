/*
 * The ioctl(2) requests that count what a socket's queues hold, and those about
 * the mark of urgent data.
 */

#include <sys/ioctl.h>

#include "plumbline.h"

/* Set-up: wait until events hold for the descriptor. */
static void
await_events(int fd, short events)
{
	struct pollfd entry = { .fd = fd, .events = events };

	pl_must(sys_poll(&entry, 1, -1));
	if ((entry.revents & events) == 0)
		pl_broken("poll woke up for other events: %#x", (unsigned)entry.revents);
}

/*
 * Set-up: what was sent over loopback up to now has arrived.  A later message
 * did, and one queue is for all of its family.
 */
static void
await_delivery(struct pl_pair p)
{
	pl_write(p.w, "x", 1);
	await_events(p.r, POLLIN);
}

/* What FIONWRITE, or FIONSPACE, gives. */
static int
asked(int fd, long request)
{
	int count = -1;

	if (request == PL_ABSENT)
		pl_not_tested("this kernel has no FIONWRITE and FIONSPACE");
	pl_expect(sys_ioctl_int(fd, (unsigned long)request, &count), returns(0));
	return (count);
}

/* Bytes that the peer has not taken yet; none once it has taken all. */
PL_CASE(fionwrite_counts_unsent_bytes, .verifies = "socket.fd.fionwrite-counts-unsent-bytes")
{
	struct pl_pair p = pl_inet_pair(SOCK_STREAM);
	long sent;

	pl_expect(
	    pl_value(asked(p.w, pl_os.fionwrite), NULL, "FIONWRITE of an idle socket"), is(0));
	sent = (long)pl_fill(p.w, 4096);
	pl_expect(pl_value(asked(p.w, pl_os.fionwrite), NULL, "FIONWRITE of a full socket"),
	    returns_between(1, sent));
	pl_expect(pl_value(asked(p.r, pl_os.fionwrite), NULL, "FIONWRITE of its peer"), is(0));
	while (sent > 0) {
		await_events(p.r, POLLIN);
		sent -= (long)pl_drain(p.r);
	}
	/* Nothing but the last acknowledgement may be on its way: with room for all it is there. */
	pl_set_option(p.w, SOL_SOCKET, SO_SNDLOWAT, pl_get_option(p.w, SOL_SOCKET, SO_SNDBUF));
	await_events(p.w, POLLOUT);
	pl_expect(
	    pl_value(asked(p.w, pl_os.fionwrite), NULL, "FIONWRITE of a drained socket"), is(0));
}

/* Room and use make up the buffer. */
PL_CASE(fionspace_complements_fionwrite, .verifies = "socket.fd.fionspace-complements-fionwrite")
{
	struct pl_pair p = pl_inet_pair(SOCK_STREAM);
	int room = asked(p.w, pl_os.fionspace), used;

	pl_expect(pl_value(room, NULL, "FIONSPACE of an idle socket"),
	    is(pl_get_option(p.w, SOL_SOCKET, SO_SNDBUF)));
	pl_fill(p.w, 4096);
	used = asked(p.w, pl_os.fionwrite);
	room = pl_get_option(p.w, SOL_SOCKET, SO_SNDBUF) - used;
	pl_expect(
	    pl_value(asked(p.w, pl_os.fionspace), NULL, "FIONSPACE with %d bytes unsent", used),
	    returns_between(0, room > 0 ? room : 0));
}

/* Judge: is the next byte at the mark?  Both doors say the same. */
static void
expect_at_mark(int fd, bool wanted, const char *when)
{
	int at = -1;

	pl_expect(sys_ioctl_int(fd, SIOCATMARK, &at), returns(0));
	pl_expect(pl_value(at, NULL, "SIOCATMARK %s", when), is(wanted));
	pl_expect(sys_sockatmark(fd), returns(wanted));
}

/* A read gives what is before the mark and stops there; the next one goes on. */
PL_CASE(mark_of_urgent_data, .verifies = "socket.fd.siocatmark-finds-urgent-mark", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[16];

	expect_at_mark(p.r, false, "without data");
	pl_must(sys_send(p.w, "ab", 2, 0));
	await_events(p.r, POLLIN);
	expect_at_mark(p.r, false, "without urgent data");
	pl_must(sys_send(p.w, "!", 1, MSG_OOB));
	pl_must(sys_send(p.w, "cd", 2, 0));
	await_events(p.r, POLLPRI);
	expect_at_mark(p.r, false, "before the mark");
	pl_expect(sys_read(p.r, b, 1), returns(1));
	expect_at_mark(p.r, false, "one byte before the mark");
	await_delivery(pl_inet_pair(SOCK_DGRAM));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(1));
	pl_expect_bytes(b, "b", 1);
	expect_at_mark(p.r, true, "at the mark");
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_OOB), returns(1));
	pl_expect_bytes(b, "!", 1);
	expect_at_mark(p.r, true, "at the mark, the urgent byte received");
	await_events(p.r, POLLIN);
	pl_expect(sys_read(p.r, b, 1), returns(1));
	pl_expect_bytes(b, "c", 1);
	expect_at_mark(p.r, false, "after the mark");
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(1));
	expect_at_mark(p.r, false, "after all data");
}

/* There is a mark in streams of sockets only. */
PL_CASE(sockatmark_of_other_descriptors, .verifies = "socket.fd.sockatmark-on-other-descriptors")
{
	int fd[2], gone;

	pl_pipe(fd);
	pl_expect(sys_sockatmark(fd[0]), fails(ENOTTY));
	pl_expect(sys_sockatmark(fd[1]), fails(ENOTTY));
	pl_expect(sys_sockatmark(-1), fails(EBADF));
	gone = pl_socket(AF_INET, SOCK_STREAM);
	pl_close(gone);
	pl_expect(sys_sockatmark(gone), fails(EBADF));
}
