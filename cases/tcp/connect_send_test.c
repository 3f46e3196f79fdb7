/*
 * Sends with a destination on a TCP socket, and those that connect or end with the data.
 */

#include "plumbline.h"

/* There is but one to send to; a destination is not looked at, or is one too many. */
PL_CASE(destination_when_connected, .verifies = "tcp.connect.sendto-address-ignored-when-connected",
    .kinds = PL_TCP)
{
	struct pl_address name, other_name;
	int listener = pl_listening(1, &name), other = pl_listening(1, &other_name);
	int fd = pl_unconnected(), server;
	struct pl_outcome o;

	pl_connect(fd, &name);
	server = pl_accept(listener);
	o = sys_sendto(fd, "ab", 2, 0, &other_name);
	pl_expect(o, returns(2), on(PL_POSIX | PL_LINUX, fails(EISCONN)));
	if (o.error == 0)
		pl_expect_arriving(server, "ab");
	pl_expect(sys_send(fd, "cd", 2, 0), returns(2));
	pl_expect_arriving(server, "cd");
	pl_nonblock(other, true);
	pl_expect(sys_accept(other, NULL), fails(EAGAIN));
}

/* One system takes the destination for a wish to connect. */
PL_CASE(destination_when_not_connected, .verifies = "tcp.connect.sendto-implied-connect",
    .kinds = PL_TCP)
{
	struct pl_address name, peer;
	int listener = pl_listening(1, &name), fd = pl_unconnected(), server;
	struct pl_outcome o = sys_sendto(fd, "hello", 5, 0, &name);

	pl_expect(o, on(PL_FREEBSD, returns(5)), on(PL_LINUX | PL_POSIX, fails(ENOTCONN)));
	if (o.error == 0) {
		pl_expect(sys_getpeername(fd, &peer), returns(0));
		pl_expect_address(&peer, &name);
		server = pl_accept(listener);
		pl_expect_arriving(server, "hello");
		pl_expect(sys_send(fd, "x", 1, 0), returns(1));
		pl_expect_arriving(server, "x");
	} else {
		pl_expect(sys_getpeername(fd, &peer), fails(ENOTCONN));
		pl_nonblock(listener, true);
		pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
	}
}

/* The same on demand, whether the data travel with the first segment or not. */
PL_CASE(fast_open, .verifies = "tcp.connect.msg-fastopen-connects-and-sends", .kinds = PL_TCP)
{
	int flag = (int)pl_need(pl_os.msg_fastopen, "MSG_FASTOPEN");
	struct pl_address name, peer;
	int listener = pl_listening(2, &name);

	pl_need_untouched("/proc/sys/net/ipv4/tcp_fastopen", 1);
	for (int i = 0; i < 2; i++) {
		int fd = pl_unconnected(), server;

		pl_expect(sys_sendto(fd, "data", 4, flag, &name), returns(4));
		pl_expect(sys_send(fd, "more", 4, 0), returns(4));
		server = pl_accept(listener);
		pl_expect_queued(server, 8);
		pl_expect_text(server, "datamore");
		pl_expect(sys_getpeername(fd, &peer), returns(0));
		pl_expect_address(&peer, &name);
		pl_expect(sys_write(server, "back", 4), returns(4));
		pl_expect_arriving(fd, "back");
		pl_expect(sys_sendto(fd, "x", 1, flag, &name), fails(EISCONN));
	}
}

/* The last words; the other direction is open yet. */
PL_CASE(data_and_end_at_once, .verifies = "tcp.connect.msg-eof-sends-data-and-fin", .kinds = PL_TCP)
{
	int flag = (int)pl_need(pl_os.msg_eof, "MSG_EOF");
	struct pl_pair p = pl_pair();

	pl_expect(sys_send(p.w, "bye", 3, flag), returns(3));
	pl_expect_arriving(p.r, "bye");
	pl_expect_end(p.r);
	pl_expect(sys_send(p.w, "x", 1, 0), fails_with_sigpipe(EPIPE));
	pl_expect(sys_write(p.r, "back", 4), returns(4));
	pl_expect_arriving(p.w, "back");
}
