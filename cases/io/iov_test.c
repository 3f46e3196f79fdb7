/*
 * Vectors of areas: the order in which they are filled and gathered, how many
 * there may be, and what is not allowed, at descriptors of every kind.
 */

#include "plumbline.h"

#include <sys/syscall.h>

/* An area of memory, as a vector names it. */
static struct iovec
area(void *base, size_t length)
{
	return ((struct iovec){ .iov_base = base, .iov_len = length });
}

/* A message that is this vector; each is used for one call. */
static struct msghdr
message(struct iovec *v, size_t count)
{
	struct msghdr m = { .msg_iov = v };

	/* Of another type on each system. */
	m.msg_iovlen = (__typeof__(m.msg_iovlen))count;
	return (m);
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

static struct pl_outcome
blind_sendmsg(int fd, const struct msghdr *m, const char *how)
{
	return (pl_sys(sendmsg(fd, m, 0), "sendmsg(%s, %s)", pl_slot(fd), how));
}

static struct pl_outcome
blind_recvmsg(int fd, struct msghdr *m, const char *how)
{
	return (pl_sys(
	    recvmsg(fd, m, MSG_DONTWAIT), "recvmsg(%s, %s, MSG_DONTWAIT)", pl_slot(fd), how));
}

/* Both calls refuse the vector; nothing is sent, and what waits stays. */
static void
expect_refused(struct pl_pair p, const struct iovec *v, int count, int error)
{
	pl_expect(blind_writev(p.w, v, count), fails(error));
	pl_expect_left(p, "");
	pl_put(p, "abc", 3);
	pl_expect_waiting(p.r, 3);
	pl_expect(blind_readv(p.r, v, count), fails(error));
	pl_expect_left(p, "abc");
}

/* One area is full before the next gets a byte; the last is filled in part. */
PL_CASE(readv_fills_each_area_before_the_next,
    .verifies = "io.iov.readv-fills-each-area-before-the-next", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	/* The areas do not lie in memory in the order of the vector. */
	char b[17] = "................";
	struct iovec v[] = { area(b + 12, 3), area(b + 8, 4), area(b, 5), area(b + 6, 1) };

	pl_put(p, "0123456789", 10);
	pl_expect_waiting(p.r, 10);
	pl_expect(sys_readv(p.r, v, 4), returns(10));
	pl_expect_bytes(b, "789.....3456012.", 16);
	/* So few that not even the first is full. */
	pl_put(p, "ab", 2);
	pl_expect_waiting(p.r, 2);
	pl_expect(sys_readv(p.r, v, 4), returns(2));
	pl_expect_bytes(b, "789.....3456ab2.", 16);
	pl_expect_left(p, "");
}

PL_CASE(writev_gathers_areas_in_order, .verifies = "io.iov.writev-gathers-areas-in-order",
    .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	char words[] = "five.three.one";
	struct iovec v[] = { area(words + 11, 3), area(words + 5, 5), area(words, 4) };

	pl_expect(sys_writev(p.w, v, 3), returns(12));
	pl_expect_waiting(p.r, 12);
	pl_expect_text(p.r, "onethreefive");
	pl_expect(sys_writev(p.w, v + 1, 1), returns(5));
	pl_expect_waiting(p.r, 5);
	pl_expect_text(p.r, "three");
	/* One area's end is no end of a buffer, nor the other way round. */
	for (size_t first = 100; first < 1900; first += 250) {
		static char out[2000], in[2001];

		v[0] = area(out, first);
		v[1] = area(out + first, 1);
		v[2] = area(out + first + 1, sizeof(out) - first - 1);
		pl_payload(out, sizeof(out), (unsigned)first, 0);
		pl_expect(sys_writev(p.w, v, 3), returns(sizeof(out)));
		pl_expect_waiting(p.r, sizeof(out));
		pl_expect(sys_read(p.r, in, sizeof(in)), returns(sizeof(out)));
		pl_expect_payload(in, sizeof(out), (unsigned)first, 0);
	}
}

/* A message has the bounds of the call, not those of its areas. */
PL_CASE(writev_on_message_socket_makes_one_message,
    .verifies = "io.iov.writev-on-message-socket-makes-one-message", .kinds = PL_MESSAGES)
{
	struct pl_pair p = pl_pair();
	char words[] = "abcdef";
	struct iovec v[] = { area(words, 2), area(words + 2, 1), area(words + 3, 3) };

	pl_expect(sys_writev(p.w, v, 3), returns(6));
	pl_expect_arriving(p.r, "abcdef");
	pl_expect_nothing(p.r);
	pl_expect(sys_writev(p.w, v, 2), returns(3));
	pl_expect_arriving(p.r, "abc");
	pl_expect_left(p, "");
}

/* Room that is left in the areas is no room for the next message. */
PL_CASE(scatter_read_takes_one_message_only,
    .verifies = "io.iov.scatter-read-takes-one-message-only", .kinds = PL_MESSAGES)
{
	struct pl_pair p = pl_pair();
	char b[17] = "................";
	struct iovec v[] = { area(b, 4), area(b + 4, 4), area(b + 8, 8) };

	for (int call = 0; call < 2; call++) {
		struct msghdr m = message(v, 3);

		memset(b, '.', 16);
		pl_put(p, "abcdef", 6);
		pl_put(p, "ghi", 3);
		pl_expect_arrival(p.r);
		pl_expect(call == 0 ? sys_readv(p.r, v, 3) : sys_recvmsg(p.r, &m, 0), returns(6));
		pl_expect_bytes(b, "abcdef..........", 16);
		pl_expect_left(p, "ghi");
	}
}

/* Set-up: IOV_MAX, and memory for one area of one byte more; the bytes are stream 0's. */
static int
make_areas(struct iovec **v, char **b)
{
	long most = sysconf(_SC_IOV_MAX);

	if (most < 1 || most > 4096)
		pl_not_tested("the number of areas has no limit, or it is beyond 4096: %ld", most);
	*v = calloc((size_t)most + 1, sizeof(**v));
	*b = malloc((size_t)most + 1);
	if (*v == NULL || *b == NULL)
		pl_broken("no memory for %ld areas", most);
	pl_payload(*b, (size_t)most + 1, 0, 0);
	for (long i = 0; i <= most; i++)
		(*v)[i] = area(*b + i, 1);
	return ((int)most);
}

static void
free_areas(struct iovec *v, char *b)
{
	free(v);
	free(b);
}

/* So many, each of one byte, pass both ways. */
PL_CASE(
    iov_max_areas_are_accepted, .verifies = "io.iov.iov-max-areas-are-accepted", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	struct iovec *v;
	char *b;
	int most = make_areas(&v, &b);

	for (int count = most - 1; count <= most; count++) {
		pl_payload(b, (size_t)count, 0, 0);
		pl_expect(sys_writev(p.w, v, count), returns(count));
		memset(b, 0, (size_t)count);
		pl_expect_waiting(p.r, (size_t)count);
		pl_expect(sys_readv(p.r, v, count), returns(count));
		pl_expect_payload(b, (size_t)count, 0, 0);
	}
	free_areas(v, b);
}

/* One more is refused as a whole, be the excess empty. */
PL_CASE(more_than_iov_max_areas_fails_einval,
    .verifies = "io.iov.more-than-iov-max-areas-fails-einval", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	struct iovec *v;
	char *b;
	int most = make_areas(&v, &b);

	expect_refused(p, v, most + 1, EINVAL);
	v[most].iov_len = 0;
	expect_refused(p, v, most + 1, EINVAL);
	pl_expect_payload(b, (size_t)most + 1, 0, 0);
	free_areas(v, b);
}

/* The limit of messages is the same, its error another one. */
PL_CASE(message_iovlen_over_iov_max_fails_emsgsize,
    .verifies = "io.iov.message-iovlen-over-iov-max-fails-emsgsize", .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	struct iovec *v;
	struct msghdr m;
	char *b;
	int most = make_areas(&v, &b);

	m = message(v, (size_t)most + 1);
	pl_expect(blind_sendmsg(p.w, &m, "IOV_MAX + 1 areas"), fails(EMSGSIZE));
	pl_expect_left(p, "");
	pl_put(p, "abc", 3);
	pl_expect_waiting(p.r, 3);
	m = message(v, (size_t)most + 1);
	pl_expect(blind_recvmsg(p.r, &m, "IOV_MAX + 1 areas"), fails(EMSGSIZE));
	pl_expect_payload(b, (size_t)most + 1, 0, 0);
	pl_expect_left(p, "abc");

	m = message(v, (size_t)most);
	pl_expect(blind_sendmsg(p.w, &m, "IOV_MAX areas"), returns(most));
	memset(b, 0, (size_t)most);
	pl_expect_waiting(p.r, (size_t)most);
	m = message(v, (size_t)most);
	pl_expect(blind_recvmsg(p.r, &m, "IOV_MAX areas"), returns(most));
	pl_expect_payload(b, (size_t)most, 0, 0);
	free_areas(v, b);
}

/* They end nothing and take nothing, at the beginning, in the middle and at the end. */
PL_CASE(empty_areas_are_skipped, .verifies = "io.iov.empty-areas-are-skipped", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	char out[] = "abc", in[] = "......";
	/* POSIX lets every area have an address; the systems do not look at that of none. */
	void *nowhere = pl_asks(PL_POSIX) ? in + 5 : NULL;
	struct iovec w[] = { area(nowhere, 0), area(out, 1), area(nowhere, 0), area(nowhere, 0),
		area(out + 1, 2), area(nowhere, 0) };
	struct iovec r[] = { area(nowhere, 0), area(in, 1), area(nowhere, 0), area(in + 1, 3),
		area(nowhere, 0) };

	for (int call = 0; call < 2; call++) {
		struct msghdr mw = message(w, 6), mr = message(r, 5);

		if (call == 1 && !pl_kind_has(PL_SOCKETS))
			break;
		memset(in, '.', 6);
		pl_expect(call == 0 ? sys_writev(p.w, w, 6) : sys_sendmsg(p.w, &mw, 0), returns(3));
		pl_expect_waiting(p.r, 3);
		pl_expect(call == 0 ? sys_readv(p.r, r, 5) : sys_recvmsg(p.r, &mr, 0), returns(3));
		pl_expect_bytes(in, "abc...", 6);
	}
	pl_expect_left(p, "");
}

/* The vector cannot be read, wholly or from its second area on. */
PL_CASE(bad_vector_pointer_fails_efault, .verifies = "io.iov.bad-vector-pointer-fails-efault",
    .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	struct iovec *half = pl_guarded(sizeof(*half));
	char b[4] = "xyz";

	*half = area(b, 3);
	expect_refused(p, pl_guarded(0), 1, EFAULT);
	expect_refused(p, half, 2, EFAULT);
	pl_expect_bytes(b, "xyz", 3);
	pl_expect(sys_writev(p.w, half, 1), returns(3));
	pl_expect_left(p, "xyz");
}

/* A message of which the header, the vector or its second area cannot be read. */
PL_CASE(bad_message_pointer_fails_efault, .verifies = "io.iov.bad-vector-pointer-fails-efault",
    .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	struct iovec *half = pl_guarded(sizeof(*half));
	char b[4] = "xyz";

	*half = area(b, 3);
	for (int i = 0; i < 3; i++) {
		static const char *const hows[] = { "bad header", "bad vector", "half a vector" };
		struct msghdr bad = message(i == 1 ? pl_guarded(0) : half, i == 1 ? 1 : 2);
		struct msghdr *m = i == 0 ? pl_guarded(0) : &bad;

		pl_expect(blind_sendmsg(p.w, m, hows[i]), fails(EFAULT));
		pl_expect_left(p, "");
		pl_put(p, "abc", 3);
		pl_expect_waiting(p.r, 3);
		pl_expect(blind_recvmsg(p.r, m, hows[i]), fails(EFAULT));
		pl_expect_left(p, "abc");
	}
	pl_expect_bytes(b, "xyz", 3);
}

/* Nor is there less than nothing; the smallest number has no opposite. */
PL_CASE(negative_count_fails_einval, .verifies = "io.iov.negative-count-fails-einval",
    .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	char b[4] = "xyz";
	struct iovec v = area(b, 3);

	expect_refused(p, &v, -1, EINVAL);
	expect_refused(p, &v, INT_MIN, EINVAL);
	pl_expect_bytes(b, "xyz", 3);
}

/* An empty vector has nothing that could be looked at: its address is none. */
PL_CASE(zero_count, .verifies = "io.iov.zero-count-on-readv-and-writev", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	const struct iovec *none = pl_guarded(0);

	pl_put(p, "abc", 3);
	pl_expect_waiting(p.r, 3);
	/* At a socket for datagrams even nothing may be a message: it is read, not written. */
	if (!pl_kind_has(PL_MESSAGES) || pl_asks(PL_FREEBSD))
		pl_expect(blind_writev(p.w, none, 0), on(PL_FREEBSD, fails(EINVAL)),
		    on(PL_LINUX, returns(0)));
	pl_expect(
	    blind_readv(p.r, none, 0), on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, returns(0)));
	pl_expect_left(p, "abc");
}

/*
 * Without an area nothing can be received.  Where that is no error it is a
 * datagram cut to nothing.
 */
PL_CASE(message_iovlen_zero, .verifies = "io.iov.message-iovlen-zero", .kinds = PL_DATAGRAMS)
{
	bool refuses = pl_asks(PL_POSIX) || (pl_asks(PL_FREEBSD) && !pl_freebsd_before(1500));
	struct pl_pair p = pl_pair();
	struct msghdr m = { 0 };

	pl_must(sys_send(p.w, "abc", 3, 0));
	pl_must(sys_send(p.w, "next", 4, 0));
	pl_expect_arrival(p.r);
	pl_expect(sys_recvmsg(p.r, &m, 0), refuses ? fails(EMSGSIZE) : returns(0));
	if (refuses)
		return;
	pl_expect(pl_message_flags(m.msg_flags, MSG_TRUNC), is(MSG_TRUNC));
	pl_expect_left(p, "next");
}

/* Without an area nothing is sent, or a datagram of no bytes. */
PL_CASE(message_iovlen_zero_is_an_empty_datagram, .verifies = "io.iov.message-iovlen-zero",
    .kinds = PL_DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	struct msghdr m = { 0 };
	char b[8];

	if (pl_asks(PL_POSIX)) {
		pl_expect(sys_sendmsg(p.w, &m, 0), fails(EMSGSIZE));
		return;
	}
	pl_expect(sys_sendmsg(p.w, &m, 0), returns(0));
	pl_expect_arrival(p.r);
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
	pl_expect_left(p, "");
}
