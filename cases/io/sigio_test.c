/*
 * Signal-driven I/O on every kind: O_ASYNC, and what the owner is told by SIGIO.
 */

#include <sys/ioctl.h>

#include "plumbline.h"

#define LISTENERS (PL_SOCKETS | PL_CONNECTIONS)

/* Set-up: switch O_ASYNC. */
static void
switch_async(int fd, bool on)
{
	long flags = pl_must(sys_fcntl(fd, F_GETFL, 0));

	pl_must(sys_fcntl(fd, F_SETFL, on ? flags | O_ASYNC : flags & ~(long)O_ASYNC));
}

/* Set-up: SIGIO of that descriptor goes to this process, which catches it. */
static void
own(int fd)
{
	pl_catch(SIGIO, SA_RESTART);
	pl_must(sys_fcntl(fd, F_SETOWN, getpid()));
	switch_async(fd, true);
}

/* Judge: what came so far raised no SIGIO. */
static void
expect_silence(const char *when)
{
	pl_expect(pl_value(pl_caught(SIGIO), NULL, "SIGIOs %s", when), is(0));
}

/* Judge: data that arrive raise SIGIO, or do not. */
static void
expect_sigio(struct pl_pair p, bool wanted, const char *when)
{
	pl_note("data %s", when);
	pl_forget(SIGIO);
	pl_write(p.w, "x", 1);
	if (wanted)
		pl_expect_signal(SIGIO);
	pl_expect_arriving(p.r, "x");
	if (!wanted)
		expect_silence(when);
}

/* Both are needed, an owner and the flag; then each arrival is told. */
PL_CASE(arrival_of_data, .verifies = "io.sigio.arrival-of-data-signals-owner", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();

	pl_catch(SIGIO, SA_RESTART);
	pl_expect(sys_fcntl(p.r, F_SETOWN, getpid()), returns(0));
	expect_sigio(p, false, "without O_ASYNC");
	pl_expect(sys_fcntl(p.r, F_SETFL, O_ASYNC), returns(0));
	pl_expect(pl_status_flags(p.r, O_ASYNC), is(O_ASYNC));
	expect_sigio(p, true, "with O_ASYNC");
	expect_sigio(p, true, "with O_ASYNC, the second");
}

PL_CASE(no_owner, .verifies = "io.sigio.no-owner-no-signal", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();

	pl_catch(SIGIO, SA_RESTART);
	switch_async(p.r, true);
	pl_expect(sys_fcntl(p.r, F_GETOWN, 0), returns(0));
	expect_sigio(p, false, "without an owner");
	/* One who is the owner no more. */
	pl_must(sys_fcntl(p.r, F_SETOWN, getpid()));
	expect_sigio(p, true, "with an owner");
	pl_expect(sys_fcntl(p.r, F_SETOWN, 0), returns(0));
	expect_sigio(p, false, "without an owner again");
}

/* It can be switched off, and on again, and the owner stays meanwhile. */
PL_CASE(stops_when_cleared, .verifies = "io.sigio.stops-when-o-async-cleared", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();

	own(p.r);
	expect_sigio(p, true, "with O_ASYNC");
	pl_expect(sys_fcntl(p.r, F_SETFL, 0), returns(0));
	pl_expect(pl_status_flags(p.r, O_ASYNC), is(0));
	pl_expect(sys_fcntl(p.r, F_GETOWN, 0), returns(getpid()));
	expect_sigio(p, false, "after O_ASYNC was cleared");
	switch_async(p.r, true);
	expect_sigio(p, true, "with O_ASYNC again");
	switch_async(p.r, false);
	pl_forget(SIGIO);
	if (pl_kind_has(PL_DATAGRAMS))
		return;
	pl_close(p.w);
	pl_expect_arrival(p.r);
	expect_silence("for the end of file, after O_ASYNC was cleared");
}

/* The other door to the same flag. */
PL_CASE(fioasync, .verifies = "io.sigio.fioasync-switches-o-async", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	int on = 1, off = 0;

	pl_catch(SIGIO, SA_RESTART);
	pl_must(sys_fcntl(p.r, F_SETOWN, getpid()));
	pl_expect(sys_ioctl_int(p.r, FIOASYNC, &on), returns(0));
	pl_expect(pl_status_flags(p.r, O_ASYNC), is(O_ASYNC));
	expect_sigio(p, true, "with FIOASYNC");
	pl_expect(sys_ioctl_int(p.r, FIOASYNC, &off), returns(0));
	pl_expect(pl_status_flags(p.r, O_ASYNC), is(0));
	expect_sigio(p, false, "after FIOASYNC was cleared");
}

/* The end of file, be it that nothing was ever sent. */
static void
close_peer(void)
{
	struct pl_pair p = pl_pair();

	own(p.r);
	pl_forget(SIGIO);
	pl_close(p.w);
	pl_expect_signal(SIGIO);
	pl_expect_arrival(p.r);
}

PL_CASE(peer_closes_a_stream, .verifies = "io.sigio.peer-close-signals-owner",
    .kinds = PL_EVERY | PL_STREAM)
{
	close_peer();
}

PL_CASE(peer_closes_a_connection_of_records, .verifies = "io.sigio.peer-close-signals-owner",
    .kinds = PL_UNIX | PL_MESSAGES | PL_CONNECTIONS)
{
	close_peer();
}

/* The owner of a full end is told of room; he asked before it was full. */
PL_CASE(room_for_a_writer, .verifies = "io.sigio.writable-again-signals-owner",
    .kinds = PL_SOCKETS | PL_STREAM)
{
	static char b[65536];
	struct pl_pair p = pl_pair();
	size_t left;

	own(p.w);
	left = pl_fill_pair(p, 4096);
	pl_forget(SIGIO);
	while (left > 0)
		left -= (size_t)pl_must(sys_recv(p.r, b, left < sizeof(b) ? left : sizeof(b), 0));
	pl_expect_signal(SIGIO);
	pl_expect(sys_send(p.w, "x", 1, MSG_DONTWAIT), returns(1));
}

/* Each client is told, until it is switched off. */
PL_CASE(connection_for_a_listener, .verifies = "io.sigio.connection-on-listener-signals-owner",
    .kinds = LISTENERS)
{
	struct pl_address name;
	int listener = pl_listening(4, &name);

	own(listener);
	expect_silence("before a client came");
	for (int i = 0; i < 2; i++) {
		pl_client(&name);
		pl_expect_signal(SIGIO);
		pl_expect(sys_accept(listener, NULL), opens());
		pl_forget(SIGIO);
	}
	switch_async(listener, false);
	pl_client(&name);
	pl_expect(sys_accept(listener, NULL), opens());
	expect_silence("after O_ASYNC was cleared");
}

/* What accept gives has from the listener, and what accept4 gives has not. */
PL_CASE(accepted_socket, .verifies = "io.sigio.accepted-socket-inherits-async-and-owner",
    .kinds = LISTENERS)
{
	struct pl_address name;
	int listener = pl_listening(4, &name);

	own(listener);
	for (int i = 0; i < 2; i++) {
		struct pl_pair p = { .w = pl_client(&name) };
		bool inherits = i == 0 && pl_asks(PL_FREEBSD);

		p.r = (int)pl_expect(
		    i == 0 ? sys_accept(listener, NULL) : sys_accept4(listener, NULL, 0), opens());
		pl_expect(pl_status_flags(p.r, O_ASYNC), is(inherits ? O_ASYNC : 0));
		pl_expect(sys_fcntl(p.r, F_GETOWN, 0), is(inherits ? getpid() : 0));
		expect_sigio(p, inherits, "for an accepted socket");
	}
	pl_expect(pl_status_flags(listener, O_ASYNC), is(O_ASYNC));
	pl_expect(sys_fcntl(listener, F_GETOWN, 0), is(getpid()));
}
