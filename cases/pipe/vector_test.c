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

/* One area is full before the next gets a byte; the last is filled in part. */
PL_CASE(
    readv_fills_areas_in_order, .verifies = "pipe.readv.fills-buffers-in-order", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	/* The areas do not lie in memory in the order of the vector. */
	char b[17] = "................";
	struct iovec v[] = { area(b + 12, 3), area(b + 8, 4), area(b, 8) };

	pl_write(p.w, "0123456789", 10);
	pl_expect(sys_readv(p.r, v, 3), returns(10));
	pl_expect_bytes(b, "789.....3456012.", 16);
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

/* Empty areas take no part, whatever they point to. */
PL_CASE(readv_skips_empty_areas, .verifies = "pipe.readv.zero-length-elements-are-skipped",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[6] = ".....";
	/* POSIX lets every area have an address; the systems do not look at that of none. */
	void *nowhere = pl_asks(PL_POSIX) ? b + 4 : NULL;
	struct iovec v[] = { area(nowhere, 0), area(b, 2), area(nowhere, 0), area(b + 2, 2),
		area(nowhere, 0) };

	pl_write(p.w, "abcdef", 6);
	pl_expect(sys_readv(p.r, v, 5), returns(4));
	pl_expect_bytes(b, "abcd.", 5);
	expect_waiting(p.r, "ef");
}

/* An empty area in the middle ends nothing. */
PL_CASE(writev_gathers_in_order, .verifies = "pipe.writev.gathers-in-order", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char words[] = "three.one";
	struct iovec v[] = { area(words + 6, 3), area(words, 0), area(words, 5) };

	pl_expect(sys_writev(p.w, v, 3), returns(8));
	expect_waiting(p.r, "onethree");
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

/* IOV_MAX areas of one byte pass both ways; one area more and none does. */
PL_CASE(more_than_iov_max_areas_are_refused, .verifies = "pipe.writev.above-iov-max-einval",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	long most = sysconf(_SC_IOV_MAX);
	struct iovec *v;
	char *sent, *b;

	if (most < 1 || most > 4096)
		pl_not_tested("the number of areas has no limit, or it is beyond 4096: %ld", most);
	v = calloc((size_t)most + 1, sizeof(*v));
	sent = malloc((size_t)most + 1);
	b = malloc((size_t)most + 1);
	if (v == NULL || sent == NULL || b == NULL)
		pl_broken("no memory for %ld areas", most);
	pl_payload(sent, (size_t)most + 1, 0, 0);

	for (long i = 0; i <= most; i++)
		v[i] = area(sent + i, 1);
	pl_expect(sys_writev(p.w, v, (int)most), returns(most));
	for (long i = 0; i <= most; i++)
		v[i] = area(b + i, 1);
	pl_expect(sys_readv(p.r, v, (int)most), returns(most));
	pl_expect_bytes(b, sent, (size_t)most);

	/* POSIX allows the error, and does not ask for it. */
	if (!pl_asks(PL_POSIX))
		expect_refused(p, v, (int)most + 1, EINVAL);
	free(v);
	free(sent);
	free(b);
}

/* An empty vector has nothing that could be looked at: its address is none. */
PL_CASE(zero_areas, .verifies = "pipe.readv.zero-count", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	const struct iovec *none = pl_guarded(0);

	pl_write(p.w, "abc", 3);
	pl_expect(
	    sys_writev(p.w, none, 0), on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, returns(0)));
	pl_expect(sys_readv(p.r, none, 0), on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, returns(0)));
	expect_waiting(p.r, "abc");
}

/* Nor is there less than nothing; the smallest number has no opposite. */
PL_CASE(negative_count_of_areas_is_refused, .verifies = "pipe.readv.negative-count-einval",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[4] = "xyz";
	struct iovec v = area(b, 3);

	expect_refused(p, &v, -1, EINVAL);
	expect_refused(p, &v, INT_MIN, EINVAL);
	pl_expect_bytes(b, "xyz", 3);
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

/* Each length is possible, their sum is not. */
PL_CASE(length_sum_above_ssize_max_is_refused, .verifies = "pipe.writev.length-sum-above-ssize-max",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[4] = "xyz";
	struct iovec v[] = { area(b, 1), area(b + 1, SSIZE_MAX) };

	expect_refused(p, v, 2, EINVAL);
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

/* The vector itself cannot be read, wholly or from its second area on. */
PL_CASE(vector_out_of_reach, .verifies = "pipe.readv.efault-on-bad-vector", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct iovec *half = pl_guarded(sizeof(*half));
	char b[4] = "xyz";

	expect_refused(p, pl_guarded(0), 1, EFAULT);
	*half = area(b, 3);
	expect_refused(p, half, 2, EFAULT);
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
