/*
 * PSD:20, the calls that move data: which belong together, and what send and
 * recv add to write and read.
 */

#include "plumbline.h"

#define ANY_SOCKET PL_SOCKETS | PL_PLAIN

/* write is send without flags, read is recv without flags, whoever is at the other side. */
PL_CASE(calls_that_belong_together, .verifies = "tutorial.transfer.write-send-read-recv",
    .kinds = ANY_SOCKET)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_expect(sys_write(p.w, "abc", 3), returns(3));
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(3));
	pl_expect_bytes(b, "abc", 3);
	pl_expect(sys_send(p.w, "def", 3, 0), returns(3));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(3));
	pl_expect_bytes(b, "def", 3);
}

/* A look at what waits leaves it there. */
PL_CASE(peeking, .verifies = "tutorial.transfer.peek", .kinds = ANY_SOCKET)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_write(p.w, "abc", 3);
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_PEEK), returns(3));
	pl_expect_bytes(b, "abc", 3);
	pl_expect_text(p.r, "abc");
}

/* write has no place for a name: it needs a connection, sendto does not. */
PL_CASE(write_needs_a_connection, .verifies = "tutorial.transfer.write-needs-a-connection",
    .kinds = PL_DATAGRAMS | PL_NAMED)
{
	struct pl_address name;
	int reader = pl_bound(&name), writer = pl_unconnected();

	pl_expect(sys_write(writer, "abc", 3), fails(ENOTCONN), fails(EDESTADDRREQ));
	pl_expect(sys_sendto(writer, "abc", 3, 0, &name), returns(3));
	pl_expect_text(reader, "abc");
	pl_expect(sys_connect(writer, &name), returns(0));
	pl_expect(sys_write(writer, "def", 3), returns(3));
	pl_expect_text(reader, "def");
}

/* A byte that does not wait its turn. */
PL_CASE(urgent_byte, .verifies = "tutorial.transfer.out-of-band", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct pollfd entry = { .fd = p.r, .events = POLLPRI };
	char b[8];

	pl_write(p.w, "abc", 3);
	pl_expect(sys_send(p.w, "!", 1, MSG_OOB), returns(1));
	pl_expect(sys_poll(&entry, 1, -1), returns(1));
	pl_expect(sys_recv(p.r, b, 1, MSG_OOB), returns(1));
	pl_expect_bytes(b, "!", 1);
	pl_expect(sys_recv(p.r, b, 3, MSG_WAITALL), returns(3));
	pl_expect_bytes(b, "abc", 3);
}
