/*
 * What a peer, or another process, does ends a sleep: of a reader, a writer, one
 * that accepts.
 */

#include "plumbline.h"

static struct pl_outcome
read_eight(void *fd)
{
	char b[8];

	return (sys_read(*(int *)fd, b, sizeof(b)));
}

static struct pl_outcome
receive_eight(void *fd)
{
	char b[8];

	return (sys_recv(*(int *)fd, b, sizeof(b), 0));
}

static struct pl_outcome
write_one(void *fd)
{
	return (sys_write(*(int *)fd, "x", 1));
}

static struct pl_outcome
accept_one(void *fd)
{
	return (sys_accept(*(int *)fd, NULL));
}

/* Nobody is left who could send: the end, for everybody who waits. */
static void
expect_readers_wake(bool of_connection)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *readers[2];
	int second = pl_dup(p.w);

	for (int i = 0; i < 2; i++) {
		readers[i] =
		    pl_child(i == 1 && of_connection ? receive_eight : read_eight, &p.r, p.r);
		pl_expect_blocks(readers[i]);
	}
	/* It is the last descriptor that counts. */
	pl_close(p.w);
	for (int i = 0; i < 2; i++)
		pl_expect_blocks(readers[i]);
	pl_close(second);
	for (int i = 0; i < 2; i++)
		pl_expect(pl_result(readers[i]), returns(0));
}

PL_CASE(close_wakes_pipe_readers, .verifies = "io.wake.peer-close-wakes-blocked-reader-with-eof",
    .kinds = PL_PIPES)
{
	expect_readers_wake(false);
}

PL_CASE(close_wakes_readers, .verifies = "io.wake.peer-close-wakes-blocked-reader-with-eof",
    .kinds = PL_CONNECTIONS)
{
	expect_readers_wake(true);
}

/* A writer that waits for room is told when there will never be any, and again when it asks. */
PL_CASE(close_wakes_a_pipe_writer, .verifies = "io.wake.peer-close-wakes-blocked-writer-with-epipe",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *writer;

	pl_fill(p.w, 4096);
	writer = pl_child(write_one, &p.w, p.w);
	pl_wait_blocked(writer);
	pl_close(p.r);
	pl_expect(pl_result(writer), fails_with_sigpipe(EPIPE));
	pl_expect(sys_write(p.w, "x", 1), fails_with_sigpipe(EPIPE));
}

/* So is that of a connection, whose reader leaves data behind. */
PL_CASE(close_wakes_a_writer, .verifies = "io.wake.peer-close-wakes-blocked-writer-with-epipe",
    .kinds = PL_CONNECTIONS)
{
	bool of_network = pl_kind_has(PL_INET);
	struct pl_pair p = pl_pair();
	struct pl_peer *writer;

	if (!of_network)
		pl_fill(p.w, 4096);
	writer = pl_child(of_network ? pl_write_when_full : write_one, &p.w, p.w);
	pl_wait_blocked(writer);
	pl_close(p.r);
	/* One who found room after all may learn of the reset as it fills that, before it writes.
	 */
	if (of_network)
		pl_expect(pl_result(writer), fails_with_sigpipe(EPIPE),
		    on(PL_LINUX | PL_POSIX, fails(ECONNRESET)));
	else
		pl_expect(pl_result(writer), on(PL_FREEBSD | PL_POSIX, fails_with_sigpipe(EPIPE)),
		    on(PL_LINUX | PL_POSIX, fails(ECONNRESET)));
	if (of_network)
		pl_expect_disconnection(p.w);
	/* Whether records raise the signal is judged elsewhere. */
	if (pl_kind_has(PL_STREAM))
		pl_expect(sys_write(p.w, "x", 1), fails_with_sigpipe(EPIPE));
	pl_expect(sys_send(p.w, "x", 1, MSG_NOSIGNAL), fails(EPIPE));
}

/* Reading and both directions end the wait of a server, the other one is not its. */
PL_CASE(shutdown_wakes_accept, .verifies = "io.wake.shutdown-of-listener-wakes-blocked-accept",
    .kinds = PL_CONNECTIONS)
{
	static const int ways[] = { SHUT_RD, SHUT_RDWR };

	for (int i = 0; i < 2; i++) {
		struct pl_address name;
		int listener = pl_listening(2, &name), late = pl_unconnected();
		struct pl_peer *server = pl_child(accept_one, &listener, listener);

		pl_wait_blocked(server);
		pl_expect(sys_shutdown(listener, ways[i]), on(PL_FREEBSD, fails(ENOTCONN)),
		    on(PL_LINUX, returns(0)));
		pl_expect(pl_result(server), on(PL_FREEBSD, fails(ECONNABORTED)),
		    on(PL_LINUX, fails(EINVAL)));
		pl_expect(sys_connect(late, &name), on(PL_FREEBSD, returns(0)),
		    on(PL_LINUX, fails(ECONNREFUSED)));
		pl_expect(sys_accept(listener, NULL), on(PL_FREEBSD, opens()),
		    on(PL_LINUX, fails(EINVAL)));
	}
}

PL_CASE(shutdown_of_writing_wakes_no_accept,
    .verifies = "io.wake.shutdown-of-listener-wakes-blocked-accept", .kinds = PL_CONNECTIONS)
{
	struct pl_address name;
	int listener = pl_listening(2, &name), client, server;
	struct pl_peer *waiter = pl_child(accept_one, &listener, listener);

	pl_wait_blocked(waiter);
	pl_expect(sys_shutdown(listener, SHUT_WR), on(PL_FREEBSD, fails(ENOTCONN)),
	    on(PL_LINUX, returns(0)));
	pl_expect_blocks(waiter);
	pl_client(&name);
	pl_expect(pl_result(waiter), opens());
	/* Nor is it the last client. */
	client = pl_client(&name);
	server = (int)pl_expect(sys_accept(listener, NULL), opens());
	pl_expect_talk(client, server);
}

/* Nobody is left asleep for what can no longer come, with or without a peer. */
PL_CASE(shutdown_wakes_datagram_readers,
    .verifies = "io.wake.own-shutdown-wakes-blocked-datagram-reader", .kinds = PL_DATAGRAMS)
{
	bool unix_domain = pl_kind_has(PL_UNIX);
	struct pl_address name;
	int fds[] = { pl_bound(&name), pl_pair().r };

	for (int i = 0; i < 2; i++) {
		bool connected = i == 1;
		struct pl_peer *receivers[2];

		for (int j = 0; j < 2; j++) {
			receivers[j] =
			    pl_child(j == 0 ? receive_eight : read_eight, &fds[i], fds[i]);
			pl_wait_blocked(receivers[j]);
		}
		/* Of the UNIX domain, whether it may be shut down is judged elsewhere. */
		if (connected)
			pl_expect(sys_shutdown(fds[i], SHUT_RD), returns(0));
		else if (unix_domain)
			sys_shutdown(fds[i], SHUT_RD);
		else
			pl_expect(sys_shutdown(fds[i], SHUT_RD), fails(ENOTCONN));
		for (int j = 0; j < 2; j++)
			pl_expect(pl_result(receivers[j]), returns(0));
	}
}
