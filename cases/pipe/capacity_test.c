/*
 * Capacity: how much fits into a pipe that nobody reads.
 */

#include "plumbline.h"

/* FreeBSD: what a new pipe has, per direction, and the most it grows to; see sys_pipe.c. */
#define NEW_SIZE 16384
#define REVERSE_SIZE 4096
#define GROWN_SIZE 65536

static long
page(void)
{
	return (sysconf(_SC_PAGESIZE));
}

/*
 * The least that FreeBSD grants: a new pipe's size while it has memory to
 * spare, else a page.  The line is at one half; others may use some meanwhile.
 */
static long
least_on_freebsd(void)
{
	long used, most;

	if (pl_os_sysctl_get("kern.ipc.pipekva", &used) == 0 &&
	    pl_os_sysctl_get("kern.ipc.maxpipekva", &most) == 0 && used > most / 4)
		return (REVERSE_SIZE);
	return (NEW_SIZE);
}

/* Linux: end the case where the administrator allows less than the default. */
static void
need_default_size(void)
{
	long most;

	if (pl_os_sysctl_get("/proc/sys/fs/pipe-max-size", &most) == 0 && most < 16 * page())
		pl_not_tested("pipe-max-size is %ld, below the default", most);
}

/* So many bytes fit, by writes of that size. */
static void
expect_default_capacity(struct pl_pair p, size_t chunk)
{
	need_default_size();
	pl_expect(pl_value((long)pl_fill(p.w, chunk), NULL, "bytes that fit"),
	    on(PL_LINUX, is(16 * page())),
	    on(PL_FREEBSD, returns_between(least_on_freebsd(), GROWN_SIZE)));
}

/* An atomic write has room in an empty pipe. */
PL_CASE(at_least_pipe_buf, .verifies = "pipe.capacity.at-least-pipe-buf", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char sent[PIPE_BUF], b[PIPE_BUF];

	pl_payload(sent, sizeof(sent), 0, 0);
	pl_nonblock(p.w, true);
	pl_expect(sys_write(p.w, sent, sizeof(sent)), returns(sizeof(sent)));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(sizeof(b)));
	pl_expect_payload(b, sizeof(b), 0, 0);
}

/* The size that every program has come to expect. */
PL_CASE(default_is_64k, .verifies = "pipe.capacity.default-is-64k", .kinds = PL_PIPES)
{
	expect_default_capacity(pl_pair(), 4096);
}

/* Small writes fill a pipe as well as large ones do. */
PL_CASE(one_byte_writes_use_it_all, .verifies = "pipe.capacity.one-byte-writes-use-it-all",
    .kinds = PL_PIPES)
{
	expect_default_capacity(pl_pair(), 1);
}

/* Slots of a page lose what a write leaves over of one; a ring of bytes loses nothing. */
PL_CASE(with_odd_sized_writes, .verifies = "pipe.capacity.with-odd-sized-writes", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pl_outcome o;
	char b[2049] = { 0 };
	long whole = 0, total;

	need_default_size();
	pl_nonblock(p.w, true);
	for (;;) {
		o = sys_write(p.w, b, sizeof(b));
		if (o.error != 0 || o.value != sizeof(b))
			break;
		whole++;
	}
	total = whole * (long)sizeof(b) + (o.error == 0 ? o.value : 0);
	pl_expect(pl_value(total, NULL, "bytes that fit"),
	    on(PL_LINUX, returns_between(16 * (long)sizeof(b), 16 * page())),
	    on(PL_FREEBSD, returns_between(least_on_freebsd(), GROWN_SIZE)));
	if (pl_asks(PL_LINUX)) {
		/* PIPE_BUF or less: all or nothing. */
		pl_expect(o, fails(EAGAIN));
		return;
	}
	pl_expect(pl_value(total % REVERSE_SIZE, NULL, "bytes beyond whole pages"), is(0));
	pl_expect(sys_write(p.w, b, 1), fails(EAGAIN));
}

/* The first buffer is small, and the first large write gets a larger one. */
PL_CASE(
    freebsd_starts_at_16k_and_grows, .verifies = "pipe.capacity.freebsd-starts-at-16k-and-grows")
{
	static char sent[40000], b[sizeof(sent)];
	int kq = pl_kqueue(), fd[2];

	if (least_on_freebsd() < NEW_SIZE)
		pl_not_tested("memory for pipes is scarce");
	pl_pipe(fd);
	pl_must(sys_event(kq, fd[1], PL_FILTER_WRITE, PL_EV_ADD));
	pl_expect_event_data(kq, fd[1], PL_FILTER_WRITE, NEW_SIZE);
	pl_payload(sent, sizeof(sent), 0, 0);
	pl_nonblock(fd[1], true);
	pl_expect(sys_write(fd[1], sent, sizeof(sent)), returns(sizeof(sent)));
	pl_expect(sys_read(fd[0], b, sizeof(b)), returns(sizeof(b)));
	pl_expect_payload(b, sizeof(b), 0, 0);
}

/* In a child: a user of this process alone, whose pipes are all that is counted. */
static struct pl_outcome
exceed_pipe_memory(void *unused)
{
	uid_t user = (uid_t)(100000 + getpid());
	struct pl_outcome o;
	int fd[2], second[2];
	char b[8];

	(void)unused;
	o = pl_sys(pl_os_limit_pipe_buffers(2 * REVERSE_SIZE), "setrlimit(RLIMIT_PIPEBUF, %d)",
	    2 * REVERSE_SIZE);
	if (o.error != 0 && pl_os.profile == PL_PROFILE_FREEBSD)
		pl_not_applicable("RLIMIT_PIPEBUF came with FreeBSD 14.2");
	if (o.error != 0)
		pl_not_tested("this kernel has no RLIMIT_PIPEBUF");
	if (pl_os_drop_privileges(user, user) != 0)
		pl_not_tested("cannot become user %ld", (long)user);
	pl_expect(sys_pipe(fd), returns(0));
	pl_expect(sys_pipe(second), fails(ENOMEM));
	pl_expect(sys_write(fd[1], "abc", 3), returns(3));
	pl_expect(sys_read(fd[0], b, sizeof(b)), returns(3));
	pl_close(fd[0]);
	pl_close(fd[1]);
	pl_expect(sys_pipe(second), returns(0));
	return (pl_done());
}

/* A user's share is refused beyond its limit, and free again after a close. */
PL_CASE(
    freebsd_rlimit_pipebuf, .verifies = "pipe.capacity.freebsd-rlimit-pipebuf", .needs = PL_ROOT)
{
	pl_must(pl_result(pl_child(exceed_pipe_memory, NULL, PL_KEEP_NONE)));
}
