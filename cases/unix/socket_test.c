/*
 * socket(2) and socketpair(2) in the UNIX domain: which sorts there are, and
 * pairs that talk from the start.
 */

#include "plumbline.h"
#include "sequence/names.h"

static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

/* The domain has all three sorts, and each socket is of the sort asked for. */
PL_CASE(three_types_are_supported, .verifies = "unix.socket.three-types-supported")
{
	for (size_t i = 0; i < PL_COUNT(types); i++) {
		int s = (int)pl_expect(sys_socket(AF_UNIX, types[i], 0), opens());

		pl_expect(sys_get_option(s, SOL_SOCKET, SO_TYPE), returns(types[i]));
	}
}

/* Each end gets the bytes of the other, never its own. */
static void
expect_both_ways(int fd[2])
{
	pl_expect(sys_write(fd[0], "to the second", 13), returns(13));
	pl_expect(sys_write(fd[1], "to first", 8), returns(8));
	pl_expect_text(fd[0], "to first");
	pl_expect_text(fd[1], "to the second");
	pl_expect_nothing(fd[0]);
	pl_expect_nothing(fd[1]);
}

/* A pair is two-way from the start, unlike a pipe. */
PL_CASE(
    stream_pair_carries_data_both_ways, .verifies = "unix.socketpair.stream-carries-data-both-ways")
{
	enum { SIZE = 5000 };
	static char b[SIZE];
	int fd[2];

	pl_expect(sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fd), returns(0));
	expect_both_ways(fd);
	for (unsigned i = 0; i < 2; i++) {
		pl_payload(b, SIZE, i, 0);
		pl_expect(sys_write(fd[i], b, SIZE), returns(SIZE));
		memset(b, 0, SIZE);
		pl_expect(sys_recv(fd[1 - i], b, SIZE, MSG_WAITALL), returns(SIZE));
		pl_expect_payload(b, SIZE, i, 0);
	}
}

/* A write needs no address in either direction: each end is the other's peer. */
PL_CASE(
    dgram_ends_are_mutually_connected, .verifies = "unix.socketpair.dgram-ends-mutually-connected")
{
	int fd[2];

	pl_expect(sys_socketpair(AF_UNIX, SOCK_DGRAM, 0, fd), returns(0));
	expect_both_ways(fd);
}

/* A pair of record sockets needs neither listen nor accept. */
PL_CASE(seqpacket_ends_are_connected, .verifies = "unix.socketpair.seqpacket-ends-connected")
{
	int fd[2];

	pl_expect(sys_socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), returns(0));
	expect_both_ways(fd);
}

static struct pl_outcome
expect_absent(void *pair)
{
	const int *fd = pair;

	pl_expect(sys_fcntl(fd[0], F_GETFD, 0), fails(EBADF));
	pl_expect(sys_fcntl(fd[1], F_GETFD, 0), fails(EBADF));
	return (pl_done());
}

/* A child gets neither end, and the parent still has both. */
PL_CASE(sock_clofork_closes_both_in_child,
    .verifies = "unix.socketpair.sock-clofork-closes-both-in-child")
{
	int fd[2];

	if (pl_os.sock_clofork == PL_ABSENT && pl_os.profile == PL_PROFILE_FREEBSD)
		pl_not_applicable("close-on-fork came with FreeBSD 15.0");
	if (pl_os.sock_clofork == PL_ABSENT)
		pl_not_tested("this kernel has no close-on-fork");
	pl_expect(sys_socketpair(AF_UNIX, SOCK_STREAM | pl_os.sock_clofork, 0, fd), returns(0));
	pl_must(pl_result(pl_child(expect_absent, fd, PL_KEEP_ALL)));
	for (int end = 0; end < 2; end++)
		pl_expect(pl_descriptor_flags(fd[end]), is(pl_os.fd_clofork));
	expect_both_ways(fd);
}
