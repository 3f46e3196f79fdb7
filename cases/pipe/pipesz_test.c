/*
 * The capacity of a pipe, asked for and changed with F_GETPIPE_SZ and
 * F_SETPIPE_SZ on Linux, and the limits set to it.
 */

#include <sys/socket.h>

#include "plumbline.h"

/* The most that an ordinary user may ask for. */
#define MAXIMUM "/proc/sys/fs/pipe-max-size"

static int
command(int number)
{
	if (number == PL_ABSENT)
		pl_not_tested("this kernel has no F_SETPIPE_SZ");
	return (number);
}

static struct pl_outcome
get_size(int fd)
{
	return (sys_fcntl(fd, command(pl_os.f_getpipe_sz), 0));
}

static struct pl_outcome
set_size(int fd, long size)
{
	return (sys_fcntl(fd, command(pl_os.f_setpipe_sz), size));
}

static long
page(void)
{
	return (sysconf(_SC_PAGESIZE));
}

static long
maximum(void)
{
	long value;

	command(pl_os.f_setpipe_sz);
	if (pl_os_sysctl_get(MAXIMUM, &value) != 0)
		pl_not_tested("there is no " MAXIMUM);
	return (value);
}

/* End the case where an ordinary user may not have pipes of that size. */
static void
need(long size)
{
	if (maximum() < size)
		pl_not_tested(MAXIMUM " is %ld, below %ld", maximum(), size);
}

/* Both ends tell the same size. */
static void
expect_size(struct pl_pair p, long size)
{
	pl_expect(get_size(p.r), returns(size));
	pl_expect(get_size(p.w), returns(size));
}

static char *
buffer(size_t size)
{
	char *b = malloc(size);

	if (b == NULL)
		pl_broken("no memory for %zu bytes", size);
	return (b);
}

/* Read size bytes, which are those of the payload from offset on. */
static void
expect_contents(struct pl_pair p, size_t size, uint64_t offset)
{
	char *b = buffer(size);

	pl_expect(sys_read(p.r, b, size), returns((long)size));
	pl_expect_payload(b, size, 0, offset);
	free(b);
}

static void
write_payload(struct pl_pair p, size_t size, uint64_t offset)
{
	char *b = buffer(size);

	pl_payload(b, size, 0, offset);
	pl_write(p.w, b, size);
	free(b);
}

/* Sixteen pages, by either end. */
PL_CASE(default_value, .verifies = "pipe.pipesz.default-value", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	need(16 * page());
	expect_size(p, 16 * page());
}

/* What was asked for, rounded up; a power of two stays as it is. */
PL_CASE(set_rounds_up_to_power_of_two_pages,
    .verifies = "pipe.pipesz.set-rounds-up-to-power-of-two-pages")
{
	const struct {
		long asked, pages;
	} rows[] = {
		{ page(), 1 },
		{ page() + 1, 2 },
		{ 5000 * (page() / 4096), 2 },
		{ 2 * page(), 2 },
		{ 3 * page(), 4 },
		{ 8 * page() - 1, 8 },
		{ 8 * page() + 1, 16 },
		{ 100000 * (page() / 4096), 32 },
	};
	struct pl_pair p;
	int fd[2];

	need(32 * page());
	pl_pipe(fd);
	p = (struct pl_pair){ .r = fd[0], .w = fd[1] };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pl_expect(set_size(fd[i % 2], rows[i].asked), returns(rows[i].pages * page()));
		expect_size(p, rows[i].pages * page());
	}
}

/* No pipe is smaller than a page, and no wish for one is an error. */
PL_CASE(below_a_page_gives_a_page, .verifies = "pipe.pipesz.below-a-page-gives-a-page")
{
	const long sizes[] = { 1, 0, page() - 1 };
	int fd[2];

	pl_pipe(fd);
	for (size_t i = 0; i < 3; i++) {
		pl_must(set_size(fd[1], 2 * page()));
		pl_expect(set_size(fd[1], sizes[i]), returns(page()));
		pl_expect(get_size(fd[1]), returns(page()));
	}
	pl_expect(
	    pl_value((long)pl_fill(fd[1], (size_t)page()), NULL, "bytes that fit"), is(page()));
}

/* The number is more than a number: so much fits, by page-sized writes, and arrives. */
PL_CASE(changes_the_real_capacity, .verifies = "pipe.pipesz.changes-the-real-capacity",
    .kinds = PL_PIPES)
{
	const long pages[] = { 2, 64, 1, 16 };
	struct pl_pair p = pl_pair();

	need(64 * page());
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		long size = pages[i] * page();

		pl_must(set_size(p.w, size));
		pl_expect(
		    pl_value((long)pl_fill(p.w, (size_t)page()), NULL, "bytes that fit"), is(size));
		expect_contents(p, (size_t)size, 0);
	}
}

/* Data is never dropped to make a pipe smaller; with less of it the pipe shrinks. */
PL_CASE(shrinking_below_data_ebusy, .verifies = "pipe.pipesz.shrinking-below-data-ebusy",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	size_t taken = (size_t)page() + 100, queued = (size_t)(5 * page()) - 480;
	long size = pl_must(get_size(p.w));

	/* Five pages are in use: neither one nor four can hold them, eight can. */
	write_payload(p, queued, 0);
	pl_expect(set_size(p.w, page()), fails(EBUSY));
	pl_expect(set_size(p.r, 4 * page()), fails(EBUSY));
	expect_size(p, size);
	pl_expect(set_size(p.w, 8 * page()), returns(8 * page()));
	expect_contents(p, taken, 0);
	pl_expect(set_size(p.w, 4 * page()), returns(4 * page()));
	expect_contents(p, queued - taken, taken);
}

/* A full ring that has wrapped around gets room at its end. */
PL_CASE(growing_keeps_the_data, .verifies = "pipe.pipesz.growing-keeps-the-data", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	size_t full = (size_t)(16 * page()), moved = (size_t)(5 * page());
	char *more;

	need(32 * page());
	write_payload(p, full, 0);
	expect_contents(p, moved, 0);
	write_payload(p, moved, full);
	pl_expect(set_size(p.w, 32 * page()), returns(32 * page()));
	pl_nonblock(p.w, true);
	more = buffer(full);
	pl_payload(more, full, 0, full + moved);
	pl_expect(sys_write(p.w, more, full), returns((long)full));
	free(more);
	pl_expect(sys_write(p.w, "x", 1), fails(EAGAIN));
	expect_contents(p, 2 * full, moved);
}

/* The limit is for the size that is set, and a refusal changes nothing. */
PL_CASE(unprivileged_above_maximum_eperm,
    .verifies = "pipe.pipesz.unprivileged-above-maximum-eperm", .needs = PL_UNPRIVILEGED)
{
	struct pl_pair p;
	int fd[2];

	pl_pipe(fd);
	p = (struct pl_pair){ .r = fd[0], .w = fd[1] };
	pl_must(set_size(fd[1], 2 * page()));
	pl_expect(set_size(fd[1], maximum() + 1), fails(EPERM));
	pl_expect(set_size(fd[0], 2 * maximum()), fails(EPERM));
	expect_size(p, 2 * page());
	pl_expect(set_size(fd[1], maximum()), returns(maximum()));
	expect_size(p, maximum());
}

/* Who may exceed limits may exceed this one. */
PL_CASE(
    privileged_above_maximum, .verifies = "pipe.pipesz.privileged-above-maximum", .needs = PL_ROOT)
{
	long size = 2 * maximum();
	int fd[2];

	if (!pl_os_may_exceed_limits())
		pl_not_tested("this super-user lacks CAP_SYS_RESOURCE");
	pl_pipe(fd);
	pl_expect(set_size(fd[1], size), returns(size));
	pl_expect(get_size(fd[0]), returns(size));
}

static void
expect_no_pipe(int fd)
{
	pl_expect(get_size(fd), fails(EBADF));
	pl_expect(set_size(fd, 2 * page()), fails(EBADF));
}

/* Neither a device nor a socket nor nothing at all has a pipe's size. */
PL_CASE(other_objects_ebadf, .verifies = "pipe.pipesz.other-objects-ebadf")
{
	int fd[2];

	expect_no_pipe(pl_open("/dev/null", O_RDONLY));
	pl_must(
	    pl_sys(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), "socketpair(AF_UNIX, SOCK_STREAM, 0)"));
	pl_name_slot(fd[0], 's');
	pl_name_slot(fd[1], 's');
	expect_no_pipe(fd[0]);
	pl_pipe(fd);
	pl_close(fd[1]);
	expect_no_pipe(fd[1]);
}

/* Rounding up must not overflow. */
PL_CASE(out_of_range_einval, .verifies = "pipe.pipesz.out-of-range-einval")
{
	long size;
	int fd[2];

	pl_pipe(fd);
	size = pl_must(get_size(fd[1]));
	pl_expect(set_size(fd[1], -1), fails(EINVAL));
	pl_expect(set_size(fd[1], (long)((1UL << 31) + 1)), fails(EINVAL));
	pl_expect(get_size(fd[1]), returns(size));
}

/* A pipe with a name is a pipe. */
PL_CASE(works_on_fifo, .verifies = "pipe.pipesz.works-on-fifo", .kinds = PL_PIPES | PL_NAMED)
{
	struct pl_pair p = pl_pair();

	need(16 * page());
	expect_size(p, 16 * page());
	pl_expect(set_size(p.r, 4 * page()), returns(4 * page()));
	expect_size(p, 4 * page());
	pl_expect(
	    pl_value((long)pl_fill(p.w, (size_t)page()), NULL, "bytes that fit"), is(4 * page()));
}

/*
 * Use up the pages that one user's pipes may have, most of them by resized
 * pipes and the rest by new ones; then make a pipe more.  The user is one of
 * this process alone, so that nobody else's pipes suffer.
 */
static void
exceed_soft_limit(long pages, int fd[2])
{
	long most = maximum() / page(), used = 0, size;
	uid_t user = (uid_t)(100000 + getpid());

	if (pl_os_drop_privileges(user, user) != 0)
		pl_not_tested("cannot become user %ld", (long)user);
	for (; used + most < pages; used += most)
		if (pipe(fd) == -1 || fcntl(fd[1], pl_os.f_setpipe_sz, most * page()) == -1)
			pl_not_tested("cannot use up %ld pages: %s", pages, strerror(errno));
	pl_note("user %ld uses %ld of %ld pages", (long)user, used, pages);
	do {
		pl_must(sys_pipe(fd));
		size = pl_must(get_size(fd[1]));
		used += 16;
	} while (size == 16 * page() && used < pages + 16);
}

static struct pl_outcome
shrunken_pipe(void *pages)
{
	char b[2];
	int fd[2];

	exceed_soft_limit(*(long *)pages, fd);
	pl_expect(get_size(fd[1]), returns(page()));
	pl_expect(sys_write(fd[1], "x", 1), returns(1));
	pl_expect(sys_read(fd[0], b, 2), returns(1));
	return (pl_done());
}

static struct pl_outcome
no_growth(void *pages)
{
	long size;
	int fd[2];

	exceed_soft_limit(*(long *)pages, fd);
	size = pl_must(get_size(fd[1]));
	pl_expect(set_size(fd[1], 2 * size), fails(EPERM));
	pl_expect(get_size(fd[1]), returns(size));
	return (pl_done());
}

static void
run_beyond_soft_limit(pl_peer_function *function)
{
	long pages;

	need(16 * page());
	if (pl_os_sysctl_get("/proc/sys/fs/pipe-user-pages-soft", &pages) != 0 || pages == 0)
		pl_not_tested("no soft limit is set for the pipes of a user");
	pl_must(pl_result(pl_child(function, &pages, PL_KEEP_NONE)));
}

/* A user with too many pipes still gets new ones, of the least size. */
PL_CASE(user_soft_limit_shrinks_new_pipes,
    .verifies = "pipe.pipesz.user-soft-limit-shrinks-new-pipes", .needs = PL_ROOT)
{
	run_beyond_soft_limit(shrunken_pipe);
}

/* ... and cannot undo that. */
PL_CASE(user_soft_limit_denies_growth, .verifies = "pipe.pipesz.user-soft-limit-denies-growth",
    .needs = PL_ROOT)
{
	run_beyond_soft_limit(no_growth);
}
