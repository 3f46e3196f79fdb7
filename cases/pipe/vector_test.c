/*
 * readv and writev: in which order areas are filled and gathered, which vectors
 * are refused, and that a refused vector moves nothing.
 */

#include "plumbline.h"

/* An area of memory, as a vector names it. */
static struct iovec
area(void *base, size_t length)
{
	return ((struct iovec){ .iov_base = base, .iov_len = length });
}

/* These bytes wait there, and none after them. */
static void
expect_waiting(int fd, const char *bytes)
{
	long length = (long)strlen(bytes);
	char b[64];

	pl_nonblock(fd, true);
	if (length > 0) {
		pl_expect(sys_read(fd, b, sizeof(b)), returns(length));
		pl_expect_bytes(b, bytes, (size_t)length);
	}
	pl_expect(sys_read(fd, b, sizeof(b)), fails(EAGAIN));
	pl_nonblock(fd, false);
}

/* The calls with a vector that must not be looked at, not even to print it. */
static struct pl_outcome
blind_readv(int fd, const struct iovec *v, int count)
{
	return (pl_sys(readv(fd, v, count), "readv(%s, %d areas)", pl_slot(fd), count));
}

static struct pl_outcome
blind_writev(int fd, const struct iovec *v, int count)
{
	return (pl_sys(writev(fd, v, count), "writev(%s, %d areas)", pl_slot(fd), count));
}

/*
 * Both calls refuse the vector with that error, and a pipe with bytes and one
 * without stay as they are.
 */
static void
expect_refused(struct pl_pair p, const struct iovec *v, int count, int error)
{
	bool blind = error == EFAULT;

	pl_nonblock(p.w, true);
	pl_expect(blind ? blind_writev(p.w, v, count) : sys_writev(p.w, v, count), fails(error));
	expect_waiting(p.r, "");
	pl_nonblock(p.w, false);
	pl_write(p.w, "abc", 3);
	pl_expect(blind ? blind_readv(p.r, v, count) : sys_readv(p.r, v, count), fails(error));
	expect_waiting(p.r, "abc");
}

/* What is not read into is not touched. */
PL_CASE(short_readv_leaves_later_areas_alone,
    .verifies = "pipe.readv.short-data-leaves-later-buffers-alone", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[9] = "........";
	struct iovec v[] = { area(b, 4), area(b + 4, 4) };

	pl_write(p.w, "ab", 2);
	pl_expect(sys_readv(p.r, v, 2), returns(2));
	pl_expect_bytes(b, "ab......", 8);
}

/* PIPE_BUF is about the sum: room for one area is no room for the call. */
PL_CASE(writev_is_one_atomic_request, .verifies = "pipe.writev.is-one-atomic-request",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	size_t limit = (size_t)fpathconf(p.w, _PC_PIPE_BUF), half = limit / 2;
	char *b = calloc(1, limit);
	struct iovec v[] = { area(b, half), area(b + half, limit - half) };
	size_t waiting;

	if (b == NULL)
		pl_broken("no memory for %zu bytes", limit);
	waiting = pl_leave_room(p, half);
	pl_nonblock(p.w, true);
	pl_expect(sys_writev(p.w, v, 2), fails(EAGAIN));
	pl_expect(pl_value((long)pl_drain(p.r), NULL, "bytes that wait"), is((long)waiting));
	pl_expect(sys_writev(p.w, v, 2), returns((long)limit));
	free(b);
}

/* A length of -1 alone overflows the sum; so it does beside a good area, in either place. */
PL_CASE(negative_length_of_an_area_is_refused,
    .verifies = "pipe.readv.negative-element-length-einval", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[4] = "xyz";
	struct iovec v[] = { area(b, (size_t)-1), area(b, 3), area(b, (size_t)-1) };

	expect_refused(p, v, 1, EINVAL);
	expect_refused(p, v, 2, EINVAL);
	expect_refused(p, v + 1, 2, EINVAL);
	pl_expect_bytes(b, "xyz", 3);
}

/* Nothing gathered: the reader must not see it.  Nothing to fill: the call does not wait. */
PL_CASE(all_areas_empty, .verifies = "pipe.writev.all-elements-empty", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[4] = "xyz";
	struct iovec v[] = { area(b, 0), area(b + 1, 0) };

	/* POSIX and Linux specify an empty write for regular files only. */
	if (pl_asks(PL_FREEBSD)) {
		pl_expect(sys_writev(p.w, v, 2), returns(0));
		expect_waiting(p.r, "");
	}
	pl_expect(sys_readv(p.r, v, 2), returns(0));
	pl_write(p.w, "abc", 3);
	pl_expect(sys_readv(p.r, v, 2), returns(0));
	expect_waiting(p.r, "abc");
	pl_expect_bytes(b, "xyz", 3);
}

/* The good area does not go ahead of the bad one. */
PL_CASE(writev_with_a_bad_second_area, .verifies = "pipe.writev.bad-second-area-writes-nothing",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char good[] = "abc";
	struct iovec v[] = { area(good, 3), area(pl_guarded(0), 3) };

	pl_expect(sys_writev(p.w, v, 2), fails(EFAULT));
	expect_waiting(p.r, "");
	/* Nor does it appear once the pipe is used again. */
	pl_write(p.w, "def", 3);
	expect_waiting(p.r, "def");
}

/* What did not reach the caller stays to be read. */
PL_CASE(readv_with_a_bad_second_area, .verifies = "pipe.readv.bad-second-area-keeps-the-data",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char good[3];
	struct iovec v[] = { area(good, 3), area(pl_guarded(0), 3) };

	pl_write(p.w, "abcdef", 6);
	pl_expect(sys_readv(p.r, v, 2), fails(EFAULT));
	expect_waiting(p.r, "abcdef");
}
