/*
 * poll(2) and select(2) on UDP sockets.
 */

#include "plumbline.h"

#include "sequence/names.h"

/* An idle socket can be written to, and that is all: no peer is no hang-up. */
PL_CASE(idle_socket_is_writable_only, .verifies = "udp.ready.idle-socket-writable-only",
    .kinds = PL_UDP)
{
	struct pl_address name;
	struct pl_pair p = pl_pair();
	const int fds[] = { pl_unconnected(), pl_bound(&name), p.r, p.w };

	for (int i = 0; i < 4; i++) {
		pl_expect(pl_poll_now(fds[i], POLLIN | POLLOUT | POLLPRI), is(POLLOUT));
		pl_expect(pl_poll_now(fds[i], 0), is(0));
	}
}

static struct pl_outcome
poll_for_input(void *fd)
{
	struct pollfd entry = { .fd = *(int *)fd, .events = POLLIN };
	struct pl_outcome o = sys_poll(&entry, 1, -1);

	if (o.error == 0)
		pl_expect(pl_revents(&entry), is(POLLIN));
	return (o);
}

/* Who sleeps in poll is woken by a datagram, an empty one too. */
PL_CASE(poll_wakes_at_arrival, .verifies = "udp.ready.poll-readable-after-arrival", .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();
	char b[8];

	for (long size = 1; size >= 0; size--) {
		struct pl_peer *poller = pl_child(poll_for_input, &p.r, p.r);

		pl_wait_blocked(poller);
		pl_must(sys_send(p.w, "x", (size_t)size, 0));
		pl_expect(pl_result(poller), returns(1));
		pl_expect(pl_poll_now(p.r, POLLIN), is(POLLIN));
		pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT), returns(size));
		pl_expect(pl_poll_now(p.r, POLLIN), is(0));
	}
}

/* Readiness is a state, not an event. */
PL_CASE(readable_until_the_queue_is_empty, .verifies = "udp.ready.readable-until-queue-empty",
    .kinds = PL_UDP)
{
	struct pl_address name;
	int fd = pl_bound(&name), sender = pl_unconnected();

	pl_must(sys_sendto(sender, "one", 3, 0, &name));
	pl_must(sys_sendto(sender, "two", 3, 0, &name));
	pl_await_delivery(sender);
	pl_expect_arrival(fd);
	pl_expect(pl_poll_now(fd, POLLIN), is(POLLIN));
	pl_expect_text(fd, "one");
	pl_expect_arrival(fd);
	pl_expect(pl_poll_now(fd, POLLIN), is(POLLIN));
	pl_expect_text(fd, "two");
	pl_expect(pl_poll_now(fd, POLLIN), is(0));
}

/* Which of the three sets a select that does not wait leaves it in: 4 readable, 2 writable. */
static struct pl_outcome
select_now(int fd)
{
	struct timeval now = { 0, 0 };
	fd_set sets[3];
	long where = 0;

	for (int i = 0; i < 3; i++) {
		FD_ZERO(&sets[i]);
		FD_SET(fd, &sets[i]);
	}
	pl_must(sys_select(fd + 1, &sets[0], &sets[1], &sets[2], &now));
	for (int i = 0; i < 3; i++)
		where = where * 2 + (FD_ISSET(fd, &sets[i]) != 0);
	return (pl_value(where, NULL, "readable 4 + writable 2 + exceptional 1"));
}

PL_CASE(select_follows_the_queue, .verifies = "udp.ready.select", .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();
	fd_set readable;

	pl_expect(select_now(p.r), is(2));
	pl_must(sys_send(p.w, "abc", 3, 0));
	FD_ZERO(&readable);
	FD_SET(p.r, &readable);
	pl_expect(
	    sys_select(p.r + 1, &readable, NULL, NULL, &(struct timeval){ 5, 0 }), returns(1));
	pl_expect(select_now(p.r), is(6));
	pl_expect_text(p.r, "abc");
	pl_expect(select_now(p.r), is(2));
}

/* A message below the mark: not announced, but given to who asks. */
PL_CASE(low_water_mark, .verifies = "udp.ready.rcvlowat-and-poll", .kinds = PL_UDP)
{
	struct pl_address name;
	int fd = pl_bound(&name), sender = pl_unconnected();
	long announced = 0;
	char b[8];

	pl_set_option(fd, SOL_SOCKET, SO_RCVLOWAT, 100);
	for (int i = 0; i < 4; i++) {
		pl_must(sys_sendto(sender, "small", 5, 0, &name));
		pl_await_delivery(sender);
		announced |= pl_must(pl_poll_now(fd, POLLIN));
		pl_expect(sys_recv(fd, b, sizeof(b), 0), on(PL_FREEBSD | PL_LINUX, returns(5)));
	}
	pl_expect(pl_value(announced, &pl_names_poll, "revents with 5 bytes below a mark of 100"),
	    on(PL_FREEBSD | PL_LINUX, is(0)));
}
