/*
 * What execve(2) leaves open, on every kind, and which calls can mark what they
 * make as not to be left.
 *
 * The new program is this one again, which is told what descriptors to look at.
 */

#include "plumbline.h"

/* What the new program finds wrong, bits. */
enum {
	READ_FAILED = 1 << 0,
	WRITE_FAILED = 1 << 1,
	MARKED_READER_IS_OPEN = 1 << 2,
	MARKED_WRITER_IS_OPEN = 1 << 3,
	FLAG_IS_SET = 1 << 4,
};

static const struct pl_name findings[] = { { READ_FAILED, "reading failed" },
	{ WRITE_FAILED, "writing failed" }, { MARKED_READER_IS_OPEN, "a marked reader is open" },
	{ MARKED_WRITER_IS_OPEN, "a marked writer is open" },
	{ FLAG_IS_SET, "the unmarked ones are marked" }, { 0, NULL } };
static const struct pl_names names = { .table = findings, .bits = 1, .zero = "all as expected" };

static bool
is_open(int fd)
{
	return (fcntl(fd, F_GETFD) != -1 || errno != EBADF);
}

/* What it looks at, and how it writes. */
struct ends {
	struct pl_pair open, marked;
	int flags;
};

static struct pl_outcome
look(void *argument)
{
	const struct ends *e = argument;
	int r = e->open.r, w = e->open.w, wrong = 0;
	char b[8];

	if (read(r, b, sizeof(b)) != 3 || memcmp(b, "abc", 3) != 0)
		wrong |= READ_FAILED;
	if ((e->flags == 0 ? write(w, "def", 3) : send(w, "def", 3, e->flags)) != 3)
		wrong |= WRITE_FAILED;
	if (is_open(e->marked.r))
		wrong |= MARKED_READER_IS_OPEN;
	if (is_open(e->marked.w))
		wrong |= MARKED_WRITER_IS_OPEN;
	if (fcntl(r, F_GETFD) != 0 || fcntl(w, F_GETFD) != 0)
		wrong |= FLAG_IS_SET;
	return (pl_value(wrong, NULL, "what the new program finds wrong"));
}
PL_ANEW(look);

/*
 * The flag is the descriptor's: one of the same object goes, the other one stays
 * under its number, with what waits there; and nothing changes for the parent.
 */
PL_CASE(marked_ones_are_gone, .verifies = "io.exec.close-on-exec-descriptors-are-gone-others-stay",
    .kinds = PL_EVERY)
{
	struct ends e = { .open = pl_pair(), .flags = pl_whole() };
	struct pl_peer *child;

	e.marked.r = (int)pl_must(sys_fcntl(e.open.r, F_DUPFD_CLOEXEC, 0));
	e.marked.w = pl_dup(e.open.w);
	pl_must(sys_fcntl(e.marked.w, F_SETFD, FD_CLOEXEC));
	pl_put(e.open, "abc", 3);
	pl_expect_arrival(e.open.r);
	child = pl_child_anew(look, &e, sizeof(e), PL_KEEP_ALL);
	pl_expect(pl_value(pl_must(pl_result(child)), &names, "the new program's findings"), is(0));
	pl_expect(pl_descriptor_flags(e.marked.r), is(FD_CLOEXEC));
	pl_expect(pl_descriptor_flags(e.marked.w), is(FD_CLOEXEC));
	e.marked.r = e.open.r;
	pl_expect_left(e.marked, "def");
}

/* Calls that make descriptors, with the flag or without; gives how many. */
static int
make_pipe(bool marked, int fd[2])
{
	pl_expect(marked ? sys_pipe2(fd, O_CLOEXEC) : sys_pipe(fd), returns(0));
	return (2);
}

static int
make_pipe2(bool marked, int fd[2])
{
	pl_expect(sys_pipe2(fd, marked ? O_CLOEXEC | O_NONBLOCK : O_NONBLOCK), returns(0));
	return (2);
}

static int
make_socketpair(bool marked, int fd[2])
{
	pl_expect(
	    sys_socketpair(AF_UNIX, SOCK_STREAM | (marked ? SOCK_CLOEXEC : 0), 0, fd), returns(0));
	return (2);
}

static int
make_unix_socket(bool marked, int fd[2])
{
	fd[0] = (int)pl_expect(
	    sys_socket(AF_UNIX, SOCK_DGRAM | (marked ? SOCK_CLOEXEC : 0), 0), opens());
	return (1);
}

static int
make_inet_socket(bool marked, int fd[2])
{
	fd[0] = (int)pl_expect(
	    sys_socket(AF_INET, SOCK_STREAM | (marked ? SOCK_CLOEXEC : 0), 0), opens());
	return (1);
}

/* From a listener that has the flag, which is not handed on. */
static int
accept_one(bool marked, int fd[2])
{
	struct pl_address name;
	int listener = pl_bound_inet(AF_INET, SOCK_STREAM, &name);
	int client = pl_socket(AF_INET, SOCK_STREAM);

	pl_must(sys_fcntl(listener, F_SETFD, FD_CLOEXEC));
	pl_listen(listener, 1);
	pl_connect(client, &name);
	fd[0] = (int)pl_expect(
	    marked ? sys_accept4(listener, NULL, SOCK_CLOEXEC) : sys_accept(listener, NULL),
	    opens());
	return (1);
}

static int
accept4_one(bool marked, int fd[2])
{
	int type = SOCK_STREAM, listener = pl_bound_unix(type, marked ? "marked" : "plain");
	struct pl_address name = pl_sockname(listener);
	int client = pl_socket(AF_UNIX, type);

	pl_must(sys_fcntl(listener, F_SETFD, FD_CLOEXEC));
	pl_listen(listener, 1);
	pl_connect(client, &name);
	fd[0] = (int)pl_expect(
	    sys_accept4(listener, NULL, marked ? SOCK_CLOEXEC | SOCK_NONBLOCK : SOCK_NONBLOCK),
	    opens());
	return (1);
}

static int
duplicate(bool marked, int fd[2])
{
	int other = pl_open(".", O_RDONLY | O_CLOEXEC);

	fd[0] =
	    (int)pl_expect(sys_fcntl(other, marked ? F_DUPFD_CLOEXEC : F_DUPFD, other), opens());
	return (1);
}

static int
open_file(bool marked, int fd[2])
{
	fd[0] = (int)pl_expect(sys_open(".", O_RDONLY | (marked ? O_CLOEXEC : 0)), opens());
	return (1);
}

PL_CASE(whoever_makes_it_can_mark_it, .verifies = "io.exec.creating-calls-can-set-close-on-exec")
{
	static int (*const makers[])(bool, int[2]) = { make_pipe, make_pipe2, make_socketpair,
		make_unix_socket, make_inet_socket, accept_one, accept4_one, duplicate, open_file };

	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
		for (int marked = 0; marked < 2; marked++) {
			int fd[2], count = makers[i](marked, fd);

			for (int j = 0; j < count; j++)
				pl_expect(pl_descriptor_flags(fd[j]), is(marked ? FD_CLOEXEC : 0));
		}
}
