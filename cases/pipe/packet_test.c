/*
 * Packet mode, a pipe with O_DIRECT on Linux: a read takes one write.
 */

#include "plumbline.h"

/* A pipe in packet mode, its read end non-blocking. */
static struct pl_pair
packet_pipe(void)
{
	struct pl_outcome o;
	int fd[2];

	o = sys_pipe2(fd, pl_os.o_direct);
	if (o.error == EINVAL)
		pl_not_tested("this kernel has no packet mode");
	pl_must(o);
	pl_nonblock(fd[0], true);
	return ((struct pl_pair){ .r = fd[0], .w = fd[1] });
}

/* A read with room for size bytes takes exactly these. */
static void
expect_packet(int fd, size_t size, const char *packet)
{
	size_t length = strlen(packet);
	char b[64];

	pl_expect(sys_read(fd, b, size), returns((long)length));
	pl_expect_bytes(b, packet, length);
}

static void
expect_nothing(int fd)
{
	char b[64];

	pl_expect(sys_read(fd, b, sizeof(b)), fails(EAGAIN));
}

/* Two writes are two reads, and the second is not lost. */
PL_CASE(one_write_per_read, .verifies = "pipe.packet.one-write-per-read")
{
	struct pl_pair p = packet_pipe();

	pl_write(p.w, "abc", 3);
	pl_write(p.w, "defg", 4);
	expect_packet(p.r, 64, "abc");
	expect_packet(p.r, 4, "defg");
	expect_nothing(p.r);
}

/* What does not fit is gone, and no part of what follows. */
PL_CASE(excess_bytes_are_discarded, .verifies = "pipe.packet.excess-bytes-are-discarded")
{
	struct pl_pair p = packet_pipe();

	pl_write(p.w, "abcdef", 6);
	pl_write(p.w, "gh", 2);
	expect_packet(p.r, 2, "ab");
	expect_packet(p.r, 64, "gh");
	pl_write(p.w, "ijk", 3);
	expect_packet(p.r, 2, "ij");
	expect_nothing(p.r);
}

/* PIPE_BUF bytes are the most that a packet has: a read of that size loses nothing. */
PL_CASE(large_write_split_at_pipe_buf, .verifies = "pipe.packet.large-write-split-at-pipe-buf")
{
	struct pl_pair p = packet_pipe();
	const size_t sizes[] = { PIPE_BUF, PIPE_BUF, 1808 };
	static char sent[2 * PIPE_BUF + 1808], b[sizeof(sent)];
	size_t offset = 0;

	pl_payload(sent, sizeof(sent), 0, 0);
	pl_expect(sys_write(p.w, sent, sizeof(sent)), returns(sizeof(sent)));
	for (size_t i = 0; i < 3; i++) {
		pl_expect(sys_read(p.r, b, sizeof(b)), returns((long)sizes[i]));
		pl_expect_payload(b, sizes[i], 0, offset);
		offset += sizes[i];
	}
	expect_nothing(p.r);
}

/* Change the flag of the write end. */
static struct pl_outcome
switch_packets(int fd, bool on)
{
	if (pl_os.profile != PL_PROFILE_LINUX)
		pl_not_tested("this kernel has no packet mode");
	return (sys_fcntl(fd, F_SETFL, on ? pl_os.o_direct : 0));
}

/* The mode comes and goes with the flag. */
PL_CASE(switched_on_by_setfl, .verifies = "pipe.packet.switched-on-by-setfl", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	pl_nonblock(p.r, true);
	pl_write(p.w, "ab", 2);
	pl_write(p.w, "cd", 2);
	expect_packet(p.r, 64, "abcd");
	pl_expect(switch_packets(p.w, true), returns(0));
	pl_expect(pl_status_flags(p.w, pl_os.o_direct), is(pl_os.o_direct));
	pl_write(p.w, "ef", 2);
	pl_write(p.w, "gh", 2);
	expect_packet(p.r, 64, "ef");
	expect_packet(p.r, 64, "gh");
	pl_expect(switch_packets(p.w, false), returns(0));
	pl_write(p.w, "ij", 2);
	pl_write(p.w, "kl", 2);
	expect_packet(p.r, 64, "ijkl");
	expect_nothing(p.r);
}

/* Bytes that wait already do not draw the first packet in. */
PL_CASE(packets_behind_a_stream, .verifies = "pipe.packet.switched-on-behind-stream-bytes",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	pl_nonblock(p.r, true);
	pl_write(p.w, "abcd", 4);
	pl_must(switch_packets(p.w, true));
	pl_write(p.w, "ef", 2);
	pl_write(p.w, "gh", 2);
	expect_packet(p.r, 4, "abcd");
	expect_packet(p.r, 64, "ef");
	expect_packet(p.r, 64, "gh");
}

/* A read of nothing is none, also where each read takes a packet. */
PL_CASE(
    zero_length_read_consumes_nothing, .verifies = "pipe.packet.zero-length-read-consumes-nothing")
{
	struct pl_pair p = packet_pipe();
	char b[1];

	pl_write(p.w, "abc", 3);
	pl_write(p.w, "d", 1);
	pl_expect(sys_read(p.r, b, 0), returns(0));
	expect_packet(p.r, 64, "abc");
	pl_expect(sys_read(p.r, b, 0), returns(0));
	expect_packet(p.r, 64, "d");
	expect_nothing(p.r);
	pl_expect(sys_read(p.r, b, 0), returns(0));
}
