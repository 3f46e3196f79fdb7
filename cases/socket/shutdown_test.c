/*
 * shutdown(2): each direction, in every state that its page speaks of.
 */

#include "plumbline.h"

#include "sequence/names.h"

#define STREAM PL_SOCKETS | PL_CONNECTIONS | PL_STREAM

static const int ways[] = { SHUT_RD, SHUT_WR, SHUT_RDWR };

/* A value that is no direction changes nothing. */
PL_CASE(invalid_how_einval, .verifies = "socket.shutdown.invalid-how-einval", .kinds = STREAM)
{
	static const int wrong[] = { -1, 3, 99 };
	struct pl_pair p = pl_pair();

	for (int k = 0; k < 3; k++)
		pl_expect(sys_shutdown(p.r, wrong[k]), fails(EINVAL));
	pl_write(p.w, "abc", 3);
	pl_expect_arriving(p.r, "abc");
	pl_write(p.r, "def", 3);
	pl_expect_arriving(p.w, "def");
}

PL_CASE(unconnected_stream_enotconn, .verifies = "socket.shutdown.unconnected-stream-enotconn",
    .kinds = PL_TCP)
{
	struct pl_address name;
	int fresh = pl_unconnected(), bound = pl_bound(&name);

	for (int i = 0; i < 3; i++) {
		pl_expect(sys_shutdown(fresh, ways[i]), fails(ENOTCONN));
		pl_expect(sys_shutdown(bound, ways[i]), fails(ENOTCONN));
	}
}

/* It says that it failed and works all the same: a receiver does not sleep any more. */
PL_CASE(unconnected_datagram_enotconn_but_effective,
    .verifies = "socket.shutdown.unconnected-datagram-enotconn-but-effective")
{
	struct pl_address name;
	int fd = pl_bound_inet(AF_INET, SOCK_DGRAM, &name);
	char b[8];

	pl_expect(sys_shutdown(fd, SHUT_RD), fails(ENOTCONN));
	pl_expect(sys_recv(fd, b, sizeof(b), 0), returns(0));
}

PL_CASE(unconnected_unix_socket, .verifies = "socket.shutdown.unconnected-unix-socket")
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

	for (int i = 0; i < 2; i++)
		pl_expect(sys_shutdown(pl_socket(AF_UNIX, types[i]), SHUT_WR), fails(ENOTCONN));
}

PL_CASE(
    connected_udp_succeeds, .verifies = "socket.shutdown.connected-udp-succeeds", .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_expect(sys_shutdown(p.w, SHUT_WR), returns(0));
	pl_expect(sys_send(p.w, "x", 1, MSG_NOSIGNAL), fails(EPIPE));
	pl_expect(sys_shutdown(p.r, SHUT_RD), returns(0));
	if (!pl_asks(PL_POSIX))
		pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
	/* The other directions go on. */
	pl_expect(sys_send(p.r, "x", 1, 0), returns(1));
	pl_expect_arriving(p.w, "x");
}

PL_CASE(wr_makes_writes_fail_epipe_sigpipe,
    .verifies = "socket.shutdown.wr-makes-writes-fail-epipe-sigpipe", .kinds = STREAM)
{
	struct pl_pair p = pl_half_closed();

	pl_expect(sys_write(p.w, "x", 1), fails_with_sigpipe(EPIPE));
	pl_expect(sys_send(p.w, "x", 1, 0), fails_with_sigpipe(EPIPE));
	pl_expect(sys_send(p.w, "x", 1, MSG_NOSIGNAL), fails(EPIPE));
}

PL_CASE(wr_delivers_queued_data_then_eof,
    .verifies = "socket.shutdown.wr-delivers-queued-data-then-eof", .kinds = STREAM)
{
	struct pl_pair p = pl_pair();

	pl_write(p.w, "abc", 3);
	pl_expect(sys_shutdown(p.w, SHUT_WR), returns(0));
	pl_expect_arriving(p.r, "abc");
	pl_expect_end(p.r);
	pl_expect_end(p.r);
}

PL_CASE(wr_leaves_receiving_open, .verifies = "socket.shutdown.wr-leaves-receiving-open",
    .kinds = STREAM)
{
	struct pl_pair p = pl_pair();

	pl_expect(sys_shutdown(p.w, SHUT_WR), returns(0));
	pl_expect_end(p.r);
	pl_expect(sys_write(p.r, "abc", 3), returns(3));
	pl_expect_arriving(p.w, "abc");
	pl_expect(sys_write(p.r, "def", 3), returns(3));
	pl_expect_arriving(p.w, "def");
	pl_close(p.r);
	pl_expect_end(p.w);
}

/* Every receive finds the end, without waiting for anybody; the other direction goes on. */
PL_CASE(receives_give_zero_after_shut_rd, .verifies = "socket.shutdown.rd-gives-end-of-file",
    .kinds = PL_CONNECTIONS)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_expect(sys_shutdown(p.r, SHUT_RD), returns(0));
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT), returns(0));
	pl_expect(sys_write(p.r, "x", 1), returns(1));
	pl_expect_text(p.w, "x");
	pl_expect_nothing(p.w);
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
}

PL_CASE(rd_and_already_queued_data, .verifies = "socket.shutdown.rd-and-already-queued-data",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_write(p.w, "abc", 3);
	pl_expect_arrival(p.r);
	pl_expect(sys_shutdown(p.r, SHUT_RD), returns(0));
	pl_expect(
	    sys_recv(p.r, b, sizeof(b), 0), on(PL_FREEBSD, returns(0)), on(PL_LINUX, returns(3)));
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), on(PL_FREEBSD | PL_LINUX, returns(0)));
}

PL_CASE(rd_and_data_arriving_later, .verifies = "socket.shutdown.rd-and-data-arriving-later",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_expect(sys_shutdown(p.r, SHUT_RD), returns(0));
	pl_write(p.w, "abc", 3);
	/* A close that lingers is over when the other side has all of it. */
	pl_must(sys_set_linger(p.w, 1, 5));
	pl_close(p.w);
	pl_expect(
	    sys_recv(p.r, b, sizeof(b), 0), on(PL_FREEBSD, returns(0)), on(PL_LINUX, returns(3)));
}

PL_CASE(rdwr_closes_both_directions, .verifies = "socket.shutdown.rdwr-closes-both-directions",
    .kinds = STREAM)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_expect(sys_shutdown(p.r, SHUT_RDWR), returns(0));
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
	pl_expect(sys_send(p.r, "x", 1, MSG_NOSIGNAL), fails(EPIPE));
	pl_expect_end(p.w);
}

PL_CASE(
    affects_every_duplicate, .verifies = "socket.shutdown.affects-every-duplicate", .kinds = STREAM)
{
	struct pl_pair p = pl_pair();
	int copy = pl_dup(p.w);

	pl_expect(sys_shutdown(p.w, SHUT_WR), returns(0));
	pl_expect(sys_send(copy, "x", 1, MSG_NOSIGNAL), fails(EPIPE));
	pl_expect_end(p.r);
}

PL_CASE(descriptor_stays_open, .verifies = "socket.shutdown.descriptor-stays-open",
    .kinds = PL_SOCKETS | PL_CONNECTIONS)
{
	struct pl_pair p = pl_pair();
	struct stat st;

	pl_expect(sys_shutdown(p.r, SHUT_RDWR), returns(0));
	pl_expect(sys_fcntl(p.r, F_GETFD, 0), is(0));
	pl_expect(sys_fstat(p.r, &st), returns(0));
	pl_expect(pl_value(st.st_mode & S_IFMT, &pl_names_file_type, "its type"), is(S_IFSOCK));
	pl_expect(sys_get_option(p.r, SOL_SOCKET, SO_TYPE), is(pl_case_kind()->type));
	pl_expect(sys_close(p.r), returns(0));
}

PL_CASE(after_both_directions_closed_enotconn,
    .verifies = "socket.shutdown.after-both-directions-closed-enotconn", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_expect(sys_shutdown(p.w, SHUT_WR), returns(0));
	pl_expect_end(p.r);
	pl_expect(sys_shutdown(p.r, SHUT_WR), returns(0));
	pl_expect_end(p.w);
	/* The side that closed first remembers the connection, but is not in it. */
	pl_expect(sys_shutdown(p.w, SHUT_WR), fails(ENOTCONN));
	pl_expect_disconnection(p.r);
	pl_expect(sys_shutdown(p.r, SHUT_WR), fails(ENOTCONN));
}

PL_CASE(second_shut_wr_keeps_receiving_open,
    .verifies = "socket.shutdown.second-shut-wr-keeps-receiving-open", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_expect(sys_shutdown(p.w, SHUT_WR), returns(0));
	pl_expect_end(p.r);
	pl_expect(sys_shutdown(p.w, SHUT_WR), returns(0));
	pl_expect(sys_write(p.r, "abc", 3), returns(3));
	pl_expect_arriving(p.w, "abc");
}
