/*
 * shutdown(2) in the UNIX domain: receiving switched off, and the other
 * processes that use the socket.
 */

#include "plumbline.h"

#define UNIX_STREAMS (PL_UNIX | PL_CONNECTIONS | PL_STREAM)

/* What had come before is thrown away on one system and read first on the other. */
PL_CASE(data_that_waits_at_shut_rd, .verifies = "unix.shutdown.read-with-pending-data",
    .kinds = UNIX_STREAMS)
{
	struct pl_pair p = pl_pair();
	long n;
	char b[8];

	pl_write(p.w, "abc", 3);
	pl_must(sys_shutdown(p.r, SHUT_RD));
	n = pl_expect(
	    sys_recv(p.r, b, sizeof(b), 0), on(PL_FREEBSD, returns(0)), on(PL_LINUX, returns(3)));
	pl_expect_bytes(b, "abc", n > 0 ? (size_t)n : 0);
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), on(PL_FREEBSD | PL_LINUX, returns(0)));
	/* The other direction has lost nothing. */
	pl_expect(sys_write(p.r, "back", 4), on(PL_FREEBSD | PL_LINUX, returns(4)));
	pl_expect_text(p.w, "back");
}

/* Nobody will read it: the writer is told, or nothing of it arrives. */
PL_CASE(write_to_a_peer_that_shut_reading_down,
    .verifies = "unix.shutdown.read-makes-peer-write-fail", .kinds = UNIX_STREAMS)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_must(sys_shutdown(p.r, SHUT_RD));
	for (int i = 0; i < 2; i++)
		if (pl_freebsd_before(1500))
			pl_expect(sys_write(p.w, "abc", 3), on(PL_FREEBSD, returns(3)),
			    on(PL_FREEBSD, fails_with_sigpipe(EPIPE)));
		else
			pl_expect(sys_write(p.w, "abc", 3),
			    on(PL_FREEBSD | PL_LINUX, fails_with_sigpipe(EPIPE)));
	pl_expect(sys_read(p.r, b, sizeof(b)), on(PL_FREEBSD | PL_LINUX, returns(0)));
	/* It may read what it is sent itself. */
	pl_expect(sys_write(p.r, "x", 1), on(PL_FREEBSD | PL_LINUX, returns(1)));
	pl_expect_text(p.w, "x");
}

static struct pl_outcome
shut_writing_down(void *fd)
{
	return (sys_shutdown(*(int *)fd, SHUT_WR));
}

/* It is the connection that ends, not one process's share in it. */
PL_CASE(child_shuts_down_for_its_parent, .verifies = "unix.shutdown.applies-to-all-duplicates",
    .kinds = UNIX_STREAMS)
{
	struct pl_pair p = pl_pair();
	int duplicate = pl_dup(p.w);
	char b[8];

	pl_write(p.w, "abc", 3);
	pl_expect(pl_result(pl_child(shut_writing_down, &p.w, p.w)), returns(0));
	pl_expect_text(p.r, "abc");
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	pl_expect(sys_write(p.w, "x", 1), fails_with_sigpipe(EPIPE));
	pl_expect(sys_write(duplicate, "x", 1), fails_with_sigpipe(EPIPE));
	/* Receiving goes on at each. */
	pl_expect(sys_write(p.r, "x", 1), returns(1));
	pl_expect_text(p.w, "x");
	pl_expect(sys_write(p.r, "y", 1), returns(1));
	pl_expect_text(duplicate, "y");
}
