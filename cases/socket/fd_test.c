/*
 * Sockets as descriptors: what fstat(2) tells of one, which calls for files it
 * refuses, its locks, and when a receive waits.
 */

#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <termios.h>

#include "plumbline.h"
#include "sequence/names.h"

static struct pl_outcome
receive_one(void *fd)
{
	char b[8];

	return (sys_recv(*(int *)fd, b, 1, 0));
}

/* Nothing of what was sent before is lost, nothing added. */
static void
expect_intact(struct pl_pair p, const char *sent)
{
	pl_expect_text(p.r, sent);
	pl_expect_nothing(p.r);
	pl_expect_nothing(p.w);
}

/* In whatever state: connected, fresh, with a name, listening. */
PL_CASE(
    fstat_reports_a_socket, .verifies = "socket.fd.fstat-reports-socket-type", .kinds = PL_SOCKETS)
{
	const struct pl_kind *kind = pl_case_kind();
	struct pl_pair p = pl_pair();
	struct pl_address name;
	int fd[5] = { p.r, p.w };
	int count = 2;
	struct stat st;

	fd[count++] = pl_unconnected();
	fd[count++] = pl_bound(&name);
	if ((kind->traits & PL_CONNECTIONS) != 0)
		fd[count++] = pl_listening(1, &name);
	for (int i = 0; i < count; i++) {
		pl_expect(sys_fstat(fd[i], &st), returns(0));
		pl_expect(pl_value(st.st_mode & S_IFMT, &pl_names_file_type, "file type of %s",
			      pl_slot(fd[i])),
		    is(S_IFSOCK));
	}
}

/* The rest of the structure, with five bytes waiting, of the four ends of two pairs. */
static void
expect_other_fields(const struct pl_pair pairs[2])
{
	const int fd[] = { pairs[0].r, pairs[0].w, pairs[1].r, pairs[1].w };
	struct stat st[4];

	pl_write(pairs[0].w, "abcde", 5);
	pl_await_events(pairs[0].r, POLLIN);
	for (int i = 0; i < 4; i++) {
		memset(&st[i], 0xff, sizeof(st[i]));
		pl_expect(sys_fstat(fd[i], &st[i]), returns(0));
		pl_expect(pl_value((long)st[i].st_size, NULL, "size of %s", pl_slot(fd[i])),
		    on(PL_LINUX | PL_FREEBSD, is(0)));
		pl_expect_that(st[i].st_blksize > 0, "a block size above 0", "%ld for %s",
		    (long)st[i].st_blksize, pl_slot(fd[i]));
		if (pl_asks(PL_LINUX)) {
			pl_expect(pl_value(st[i].st_mode & 07777, &pl_names_mode, "mode of %s",
				      pl_slot(fd[i])),
			    is(0777));
			pl_expect_that(st[i].st_dev == st[0].st_dev, "one device for all",
			    "%ju for %s, %ju for %s", (uintmax_t)st[i].st_dev, pl_slot(fd[i]),
			    (uintmax_t)st[0].st_dev, pl_slot(fd[0]));
		}
		for (int j = 0; j < i; j++)
			pl_expect_that(st[i].st_dev != st[j].st_dev || st[i].st_ino != st[j].st_ino,
			    "device and inode that no other socket has",
			    "%ju and %ju for both %s and %s", (uintmax_t)st[i].st_dev,
			    (uintmax_t)st[i].st_ino, pl_slot(fd[i]), pl_slot(fd[j]));
	}
}

/* UNIX domain sockets have nothing in the structure that other sockets have not. */
PL_CASE(fstat_tells_little_more, .verifies = "socket.fd.fstat-other-fields",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	struct pl_pair pairs[2];

	pairs[0] = pl_pair();
	pairs[1] = pl_pair();
	expect_other_fields(pairs);
}

/* There is no position, not even to be asked for. */
PL_CASE(lseek_is_refused, .verifies = "socket.fd.lseek-espipe", .kinds = PL_SOCKETS | PL_PLAIN)
{
	static const int whences[] = { SEEK_CUR, SEEK_SET, SEEK_END };
	struct pl_pair p = pl_pair();

	pl_write(p.w, "abc", 3);
	for (int i = 0; i < 3; i++)
		for (off_t offset = 0; offset < 2; offset++) {
			pl_expect(sys_lseek(p.r, offset, whences[i]), fails(ESPIPE));
			pl_expect(sys_lseek(p.w, offset, whences[i]), fails(ESPIPE));
		}
	expect_intact(p, "abc");
}

/* Nothing to cut off, nothing to be made durable. */
PL_CASE(ftruncate_and_fsync_are_refused, .verifies = "socket.fd.ftruncate-and-fsync-einval",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	const int ends[] = { p.r, p.w };

	pl_write(p.w, "abc", 3);
	for (int i = 0; i < 2; i++) {
		pl_expect(pl_sys(ftruncate(ends[i], 0), "ftruncate(%s, 0)", pl_slot(ends[i])),
		    fails(EINVAL));
		pl_expect(pl_sys(ftruncate(ends[i], 3), "ftruncate(%s, 3)", pl_slot(ends[i])),
		    fails(EINVAL));
		pl_expect(pl_sys(fsync(ends[i]), "fsync(%s)", pl_slot(ends[i])), fails(EINVAL));
	}
	expect_intact(p, "abc");
}

/* Judge: the socket cannot be mapped, neither shared nor private. */
static void
expect_no_mapping(int fd)
{
	static const struct {
		int flags;
		const char *name;
	} ways[] = { { MAP_SHARED, "MAP_SHARED" }, { MAP_PRIVATE, "MAP_PRIVATE" } };
	long page = sysconf(_SC_PAGESIZE);

	for (int i = 0; i < 2; i++)
		pl_expect(pl_sys((intptr_t)mmap(NULL, (size_t)page, PROT_READ, ways[i].flags, fd,
				     0) == (intptr_t)MAP_FAILED
				  ? -1
				  : 0,
			      "mmap(%ld, PROT_READ, %s, %s)", page, ways[i].name, pl_slot(fd)),
		    fails(ENODEV));
}

static void
expect_queue_is_no_memory(struct pl_pair p)
{
	pl_write(p.w, "abc", 3);
	expect_no_mapping(p.r);
	expect_no_mapping(p.w);
	expect_intact(p, "abc");
}

PL_CASE(mmap_is_refused, .verifies = "socket.fd.mmap-enodev", .kinds = PL_UNIX | PL_PLAIN)
{
	expect_queue_is_no_memory(pl_pair());
}

/* Of TCP nothing is said: it has mappings of its own on Linux. */
PL_CASE(mmap_of_udp_is_refused, .verifies = "socket.fd.mmap-enodev", .kinds = PL_UDP | PL_PLAIN)
{
	expect_queue_is_no_memory(pl_pair());
}

/* A mode and an owner of its own, or none that could be changed. */
PL_CASE(fchmod_and_fchown, .verifies = "socket.fd.fchmod-and-fchown")
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

	for (int i = 0; i < 2; i++) {
		int fd = pl_socket(AF_INET, types[i]);
		struct stat before, after;

		pl_must(sys_fstat(fd, &before));
		pl_expect(pl_sys(fchmod(fd, 0600), "fchmod(%s, 0600)", pl_slot(fd)),
		    on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, returns(0)));
		pl_expect(
		    pl_sys(fchown(fd, geteuid(), getegid()), "fchown(%s, own, own)", pl_slot(fd)),
		    on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, returns(0)));
		pl_must(sys_fstat(fd, &after));
		pl_expect(pl_value(after.st_mode & 07777, &pl_names_mode, "mode afterwards"),
		    on(PL_FREEBSD, is(before.st_mode & 07777)), on(PL_LINUX, is(0600)));
		pl_expect_that(after.st_uid == geteuid() && after.st_gid == getegid(),
		    "the owner as before", "user %ju, group %ju", (uintmax_t)after.st_uid,
		    (uintmax_t)after.st_gid);
	}
}

/* Ask for a record lock on all of it. */
static struct pl_outcome
set_lock(int fd, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

	return (pl_sys(fcntl(fd, F_SETLK, &lock), "fcntl(%s, F_SETLK, %s)", pl_slot(fd),
	    type == F_UNLCK ? "F_UNLCK" : "F_WRLCK"));
}

static struct pl_outcome
lock_in_vain(void *fd)
{
	return (set_lock(*(int *)fd, F_WRLCK));
}

/* Where record locks are for any descriptor, they exclude as they do on files. */
PL_CASE(record_and_flock_locks, .verifies = "socket.fd.record-and-flock-locks",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	static const struct {
		int operation;
		const char *name;
	} operations[] = { { LOCK_EX, "LOCK_EX" }, { LOCK_SH, "LOCK_SH" },
		{ LOCK_EX | LOCK_NB, "LOCK_EX|LOCK_NB" }, { LOCK_UN, "LOCK_UN" } };
	struct pl_pair p = pl_pair();

	pl_write(p.w, "abc", 3);
	pl_expect(
	    set_lock(p.r, F_WRLCK), on(PL_FREEBSD, fails(EOPNOTSUPP)), on(PL_LINUX, returns(0)));
	if (pl_asks(PL_LINUX)) {
		struct pl_peer *other = pl_child(lock_in_vain, &p.r, p.r);

		pl_expect(pl_result(other), fails(EAGAIN), fails(EACCES));
	}
	pl_expect(
	    set_lock(p.r, F_UNLCK), on(PL_FREEBSD, fails(EOPNOTSUPP)), on(PL_LINUX, returns(0)));
	if (pl_asks(PL_LINUX)) {
		struct pl_peer *other = pl_child(lock_in_vain, &p.r, p.r);

		pl_expect(pl_result(other), returns(0));
	}
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		pl_expect(pl_sys(flock(p.r, operations[i].operation), "flock(%s, %s)", pl_slot(p.r),
			      operations[i].name),
		    on(PL_FREEBSD, fails(EOPNOTSUPP)), on(PL_LINUX, returns(0)));
	expect_intact(p, "abc");
}

/* Judge: none of the questions to a terminal gets an answer. */
static void
expect_no_terminal(int fd)
{
	struct termios t;
	struct winsize size;

	pl_expect(pl_sys(isatty(fd), "isatty(%s)", pl_slot(fd)), returns(0));
	pl_expect(pl_sys(tcgetattr(fd, &t), "tcgetattr(%s)", pl_slot(fd)), fails(ENOTTY));
	/* POSIX leaves the errno of isatty open, and knows no such ioctl. */
	if (pl_asks(PL_POSIX))
		return;
	/* 0 is how isatty fails. */
	pl_expect(pl_sys(isatty(fd) == 0 ? -1 : 1, "isatty(%s)", pl_slot(fd)), fails(ENOTTY));
	pl_expect(pl_sys(ioctl(fd, TIOCGWINSZ, &size), "ioctl(%s, TIOCGWINSZ)", pl_slot(fd)),
	    fails(ENOTTY));
}

/* A socket is no terminal, and says so in the usual way. */
PL_CASE(is_no_terminal, .verifies = "socket.fd.inapplicable-ioctl", .kinds = PL_SOCKETS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();

	expect_no_terminal(p.r);
	expect_no_terminal(p.w);
}

/* Nor is one of the Internet domain, whose requests for interfaces look alike. */
PL_CASE(inet_socket_is_no_terminal, .verifies = "socket.fd.inapplicable-ioctl")
{
	expect_no_terminal(pl_socket(AF_INET, SOCK_STREAM));
	expect_no_terminal(pl_socket(AF_INET, SOCK_DGRAM));
}

/* Judge: receives do not wait, by whatever call, and data are received all the same. */
static void
expect_no_waiting(struct pl_pair p)
{
	struct iovec v = { .iov_base = (char[8]){ 0 }, .iov_len = 8 };
	char b[8];
	int got;

	pl_expect(sys_recv(p.r, b, sizeof(b), 0), fails(EAGAIN));
	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
	pl_expect(sys_readv(p.r, &v, 1), fails(EAGAIN));
	pl_expect(sys_receive(p.r, b, sizeof(b), 0, &got), fails(EAGAIN));
	pl_write(p.w, "abc", 3);
	pl_expect_arrival(p.r);
	pl_expect_text(p.r, "abc");
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), fails(EAGAIN));
}

/* Judge: a receive waits, until there is something. */
static void
expect_waiting(struct pl_pair p)
{
	struct pl_peer *receiver = pl_child(receive_one, &p.r, p.r);

	pl_expect_blocks(receiver);
	pl_write(p.w, "x", 1);
	pl_expect(pl_result(receiver), returns(1));
}

/* The flag is the socket's alone: its peer goes on waiting. */
PL_CASE(o_nonblock_turns_waiting_into_eagain,
    .verifies = "socket.fd.o-nonblock-turns-waiting-into-eagain", .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	long flags;

	pl_expect_that(EAGAIN == EWOULDBLOCK || pl_asks(PL_POSIX),
	    "EAGAIN and EWOULDBLOCK the same", "%d and %d", EAGAIN, EWOULDBLOCK);
	flags = pl_must(sys_fcntl(p.r, F_GETFL, 0));
	pl_expect(sys_fcntl(p.r, F_SETFL, flags | O_NONBLOCK), returns(0));
	pl_expect(pl_status_flags(p.r, O_NONBLOCK), is(O_NONBLOCK));
	pl_expect(pl_status_flags(p.w, O_NONBLOCK), is(0));
	expect_no_waiting(p);
	expect_waiting((struct pl_pair){ .r = p.w, .w = p.r });
	pl_expect(sys_fcntl(p.r, F_SETFL, flags), returns(0));
	pl_expect(pl_status_flags(p.r, O_NONBLOCK), is(0));
	expect_waiting(p);
}
