/*
 * Transfers at an offset, at descriptors that have none.
 */

#include "plumbline.h"

/* At the beginning or beyond, with bytes or without; nothing is taken, nothing added. */
PL_CASE(
    positioned_io_fails_espipe, .verifies = "io.seek.positioned-io-fails-espipe", .kinds = PL_EVERY)
{
	static const struct {
		size_t size;
		off_t offset;
	} places[] = { { 3, 0 }, { 0, 0 }, { 3, 1 }, { 3, (off_t)1 << 33 } };
	struct pl_pair p = pl_pair();
	char b[4] = "xyz";

	pl_put(p, "abc", 3);
	pl_expect_waiting(p.r, 3);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		size_t size = places[i].size;
		off_t at = places[i].offset;

		pl_expect(pl_sys(pread(p.r, b, size, at), "pread(%s, %zu, %jd)", pl_slot(p.r), size,
			      (intmax_t)at),
		    fails(ESPIPE));
		pl_expect(pl_sys(pwrite(p.w, "xyz", size, at), "pwrite(%s, %zu, %jd)", pl_slot(p.w),
			      size, (intmax_t)at),
		    fails(ESPIPE));
	}
	pl_expect_bytes(b, "xyz", 3);
	pl_expect_left(p, "abc");
}

/* The forms with a vector, which POSIX does not know. */
PL_CASE(positioned_vector_io_fails_espipe, .verifies = "io.seek.positioned-io-fails-espipe",
    .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	char b[4] = "xyz";
	const struct iovec v[] = { { b, 1 }, { b + 1, 2 } };
	const unsigned systems = PL_FREEBSD | PL_LINUX;

	pl_put(p, "abc", 3);
	pl_expect_waiting(p.r, 3);
	for (off_t at = 0; at < 2 && !pl_asks(PL_POSIX); at++) {
		pl_expect(pl_sys(preadv(p.r, v, 2, at), "preadv(%s, [1, 2], %jd)", pl_slot(p.r),
			      (intmax_t)at),
		    on(systems, fails(ESPIPE)));
		pl_expect(pl_sys(pwritev(p.w, v, 2, at), "pwritev(%s, [1, 2], %jd)", pl_slot(p.w),
			      (intmax_t)at),
		    on(systems, fails(ESPIPE)));
	}
	pl_expect_bytes(b, "xyz", 3);
	pl_expect_left(p, "abc");
}
