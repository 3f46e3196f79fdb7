/*
 * TIME_WAIT: which end of a connection rests after it, and what may be done with
 * its port meanwhile.
 *
 * The ports must become free again, so each case has a network of its own.
 */

#include "plumbline.h"

struct service {
	struct pl_address name, client_name;
	int listener, server, client;
};

/* A TCP socket that may have a name which rests, bound to that one. */
static int
reusing(const struct pl_address *name)
{
	int fd = pl_unconnected();

	pl_set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	pl_bind(fd, name);
	return (fd);
}

/* A server and its client, both with names that they may leave to others. */
static struct service
serve(void)
{
	struct pl_address any = pl_case_kind()->address();
	struct service s;

	s.listener = reusing(&any);
	s.name = pl_sockname(s.listener);
	pl_listen(s.listener, 4);
	s.client = reusing(&any);
	pl_connect(s.client, &s.name);
	s.client_name = pl_sockname(s.client);
	s.server = pl_accept(s.listener);
	return (s);
}

/* The first sees to it that it rests; when the second has gone both ends are closed. */
static void
close_in_order(int first, int second)
{
	pl_close(first);
	pl_expect_end(second);
	pl_must(sys_set_linger(second, 1, 5));
	pl_close(second);
}

/* A client comes to that listener, by a name of its own or by that one. */
static void
expect_serves(int listener, const struct pl_address *name, int client)
{
	struct pl_address from, own;
	int fd;

	pl_expect(sys_connect(client, name), returns(0));
	own = pl_sockname(client);
	fd = (int)pl_expect(sys_accept(listener, &from), opens());
	pl_expect_address(&from, &own);
	pl_expect_talk(client, fd);
}

/* A server that says so need not wait to be started again. */
PL_CASE_ALONE(
    restarted_server_serves, .verifies = "tcp.timewait.rebind-with-reuseaddr-ok", .kinds = PL_TCP)
{
	struct service s = serve();
	int next = pl_unconnected();

	close_in_order(s.server, s.client);
	pl_close(s.listener);
	pl_set_option(next, SOL_SOCKET, SO_REUSEADDR, 1);
	pl_expect(sys_bind(next, &s.name), returns(0));
	pl_expect(sys_listen(next, 1), returns(0));
	expect_serves(next, &s.name, pl_unconnected());
}

/* Who closes second does not rest. */
PL_CASE_ALONE(second_to_close_leaves_its_port,
    .verifies = "tcp.timewait.passive-closer-leaves-none", .kinds = PL_TCP)
{
	struct service s = serve();
	int next = pl_unconnected();

	close_in_order(s.client, s.server);
	pl_close(s.listener);
	pl_expect(sys_bind(next, &s.name), returns(0));
	pl_expect(sys_listen(next, 1), returns(0));
	expect_serves(next, &s.name, pl_unconnected());
}

/* Nor does one who breaks off, be it the first. */
PL_CASE_ALONE(reset_leaves_no_rest, .verifies = "tcp.timewait.none-after-reset", .kinds = PL_TCP)
{
	struct service s = serve();
	int next = pl_unconnected();
	char b[4];

	pl_must(sys_set_linger(s.server, 1, 0));
	pl_close(s.server);
	pl_close(s.listener);
	pl_expect(sys_bind(next, &s.name), returns(0));
	pl_expect(sys_listen(next, 1), returns(0));
	pl_expect(sys_read(s.client, b, sizeof(b)), fails(ECONNRESET));
	expect_serves(next, &s.name, pl_unconnected());
}

/* The server's end rests; a new connection from the same port takes its place. */
PL_CASE_ALONE(same_client_comes_again, .verifies = "tcp.timewait.new-syn-reopens-server-side",
    .kinds = PL_TCP)
{
	struct service s = serve();
	int next;

	close_in_order(s.server, s.client);
	next = reusing(&s.client_name);
	expect_serves(s.listener, &s.name, next);
}

/*
 * The client's end rests; a socket that has its port by SO_REUSEADDR calls the same
 * server.  Linux needs timestamps to tell the connections apart.
 */
PL_CASE_ALONE(client_calls_again_from_its_port,
    .verifies = "tcp.timewait.client-reconnects-same-4-tuple", .kinds = PL_TCP)
{
	struct service s = serve();
	struct pl_outcome o;
	int next, fd;

	pl_need_untouched("/proc/sys/net/ipv4/tcp_timestamps", 1);
	close_in_order(s.client, s.server);
	next = reusing(&s.client_name);
	o = sys_connect(next, &s.name);
	if (pl_freebsd_before(1400))
		pl_expect(o, on(PL_LINUX, returns(0)), on(PL_FREEBSD, fails(EADDRINUSE)));
	else if (pl_freebsd_before(1500))
		pl_expect(o, returns(0));
	else /* Since 15 the rest is one of 20 ms, which may be over. */
		pl_expect(o, returns(0), on(PL_FREEBSD, fails(EADDRINUSE)));
	if (o.error != 0)
		return;
	fd = (int)pl_expect(sys_accept(s.listener, NULL), opens());
	pl_expect_talk(next, fd);
}
