/*
 * Opening a FIFO: who waits for whom, what ends the wait, and what the flags
 * of open(2) mean for one.
 */

#include <sys/stat.h>

#include "plumbline.h"
#include "sequence/names.h"

/* One open, for a peer: it gives the outcome of the call. */
struct opening {
	const char *path;
	int flags;
};

static struct opening for_reading = { "f", O_RDONLY };
static struct opening for_writing = { "f", O_WRONLY };

/* Checkpoints. */
enum { CALL_IS_OVER, PEER_MAY_GO_ON };

static struct pl_outcome
open_it(void *argument)
{
	const struct opening *o = argument;

	return (sys_open(o->path, o->flags));
}

/* The same with SIGUSR1 caught, and open for as long as the case looks around. */
static struct pl_outcome
open_interruptible(void *argument)
{
	struct pl_outcome result;

	pl_catch(SIGUSR1, 0);
	result = open_it(argument);
	pl_reach(CALL_IS_OVER);
	pl_await(PEER_MAY_GO_ON);
	return (result);
}

static struct pl_outcome
open_restartable(void *argument)
{
	struct pl_outcome result;

	pl_catch(SIGUSR1, SA_RESTART);
	result = open_it(argument);
	pl_expect_that(
	    pl_caught(SIGUSR1) == 1, "the handler ran once", "%d times", pl_caught(SIGUSR1));
	return (result);
}

/* Open, and then use the connection. */
static struct pl_outcome
open_and_read(void *argument)
{
	int r = (int)pl_expect(open_it(argument), opens());

	pl_await(PEER_MAY_GO_ON);
	pl_expect_text(r, "abc");
	return (pl_done());
}

static struct pl_outcome
open_and_write(void *argument)
{
	int w = (int)pl_expect(open_it(argument), opens());

	pl_expect(sys_write(w, "abc", 3), returns(3));
	pl_await(PEER_MAY_GO_ON);
	return (pl_done());
}

/* A peer asleep in its open of the FIFO "f", which this makes. */
static struct pl_peer *
asleep_in(pl_peer_function *function, struct opening *o)
{
	struct pl_peer *peer;

	pl_mkfifo("f", 0600);
	peer = pl_child(function, o, PL_KEEP_NONE);
	pl_wait_blocked(peer);
	return (peer);
}

/* A reader waits for a writer, and for no other reader; then both are connected. */
PL_CASE(blocking_read_open_waits_for_writer,
    .verifies = "pipe.fifo.blocking-read-open-waits-for-writer")
{
	struct pl_peer *reader;
	int w;

	pl_mkfifo("f", 0600);
	reader = pl_child(open_and_read, &for_reading, PL_KEEP_NONE);
	pl_expect_blocks(reader);
	pl_open("f", O_RDONLY | O_NONBLOCK);
	pl_expect_blocks(reader);
	w = (int)pl_expect(sys_open("f", O_WRONLY), opens());
	pl_expect(sys_write(w, "abc", 3), returns(3));
	pl_reach(PEER_MAY_GO_ON);
	pl_result(reader);
}

/* A writer waits for a reader, and for no other writer; then both are connected. */
PL_CASE(blocking_write_open_waits_for_reader,
    .verifies = "pipe.fifo.blocking-write-open-waits-for-reader")
{
	struct pl_peer *writer, *other;
	int r;

	pl_mkfifo("f", 0600);
	writer = pl_child(open_and_write, &for_writing, PL_KEEP_NONE);
	pl_expect_blocks(writer);
	other = pl_child(open_it, &for_writing, PL_KEEP_NONE);
	pl_expect_blocks(other);
	pl_expect_blocks(writer);
	r = (int)pl_expect(sys_open("f", O_RDONLY), opens());
	pl_expect(pl_result(other), opens());
	pl_expect_text(r, "abc");
	pl_reach(PEER_MAY_GO_ON);
	pl_result(writer);
}

/* With O_NONBLOCK a reader need not wait for anyone. */
PL_CASE(nonblocking_read_open_succeeds_at_once,
    .verifies = "pipe.fifo.nonblocking-read-open-succeeds-at-once")
{
	pl_mkfifo("f", 0600);
	pl_expect(sys_open("f", O_RDONLY | O_NONBLOCK), opens());
	pl_expect(sys_open("f", O_RDONLY | O_NONBLOCK), opens());
}

/* A writer must not wait, and without a reader it cannot be let in. */
PL_CASE(nonblocking_write_open_needs_a_reader, .verifies = "pipe.fifo.nonblocking-write-open-enxio")
{
	pl_mkfifo("f", 0600);
	pl_expect(sys_open("f", O_WRONLY | O_NONBLOCK), fails(ENXIO));
	pl_expect(sys_open("f", O_WRONLY | O_NONBLOCK), fails(ENXIO));
}

/* The reader is counted when it comes and when it goes, whether a writer is left or not. */
PL_CASE(
    nonblocking_write_open_with_reader, .verifies = "pipe.fifo.nonblocking-write-open-with-reader")
{
	int r, w;

	pl_mkfifo("f", 0600);
	r = pl_open("f", O_RDONLY | O_NONBLOCK);
	w = (int)pl_expect(sys_open("f", O_WRONLY | O_NONBLOCK), opens());
	pl_write(w, "abc", 3);
	pl_expect_text(r, "abc");
	pl_close(r);
	pl_expect(sys_open("f", O_WRONLY | O_NONBLOCK), fails(ENXIO));
	pl_close(w);
	pl_expect(sys_open("f", O_WRONLY | O_NONBLOCK), fails(ENXIO));
}

/* Both ends in one hand: there is nobody to wait for. */
PL_CASE(rdwr_open_never_blocks, .verifies = "pipe.fifo.rdwr-open-never-blocks")
{
	int fd;

	pl_mkfifo("f", 0600);
	fd = (int)pl_expect(sys_open("f", O_RDWR), opens());
	pl_close(fd);
	pl_expect(sys_open("f", O_RDWR | O_NONBLOCK), opens());
}

/* It reads as well as writes, so a sleeping peer of either sort is released. */
PL_CASE(
    rdwr_open_releases_blocked_reader, .verifies = "pipe.fifo.rdwr-open-releases-blocked-reader")
{
	struct pl_peer *reader = asleep_in(open_it, &for_reading);

	pl_open("f", O_RDWR);
	pl_expect(pl_result(reader), opens());
}

PL_CASE(
    rdwr_open_releases_blocked_writer, .verifies = "pipe.fifo.rdwr-open-releases-blocked-writer")
{
	struct pl_peer *writer = asleep_in(open_it, &for_writing);

	pl_open("f", O_RDWR);
	pl_expect(pl_result(writer), opens());
}

/* A caught signal ends the wait. */
PL_CASE(blocked_read_open_interrupted, .verifies = "pipe.fifo.blocked-read-open-interrupted")
{
	struct pl_peer *reader = asleep_in(open_interruptible, &for_reading);

	pl_kill(reader, SIGUSR1);
	pl_reach(PEER_MAY_GO_ON);
	pl_expect(pl_result(reader), fails(EINTR));
}

PL_CASE(blocked_write_open_interrupted, .verifies = "pipe.fifo.blocked-write-open-interrupted")
{
	struct pl_peer *writer = asleep_in(open_interruptible, &for_writing);

	pl_kill(writer, SIGUSR1);
	pl_reach(PEER_MAY_GO_ON);
	pl_expect(pl_result(writer), fails(EINTR));
}

/* Who gave up waiting is not there: a writer finds no reader, at once and later. */
PL_CASE(
    interrupted_open_leaves_no_reader, .verifies = "pipe.fifo.interrupted-open-leaves-no-reader")
{
	struct pl_peer *reader = asleep_in(open_interruptible, &for_reading);
	struct pl_outcome opened;

	pl_kill(reader, SIGUSR1);
	pl_await(CALL_IS_OVER);
	pl_expect(sys_open("f", O_WRONLY | O_NONBLOCK), fails(ENXIO));
	pl_reach(PEER_MAY_GO_ON);
	opened = pl_result(reader);
	if (opened.error != EINTR)
		pl_broken("the open was not interrupted");
	pl_expect(sys_open("f", O_WRONLY | O_NONBLOCK), fails(ENXIO));
}

/* With SA_RESTART the handler runs, and the wait goes on until the other end comes. */
PL_CASE(blocked_open_restarted, .verifies = "pipe.fifo.blocked-open-restarted")
{
	const struct {
		struct opening *waits;
		int releases;
	} ways[] = { { &for_reading, O_WRONLY }, { &for_writing, O_RDONLY } };

	pl_mkfifo("f", 0600);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct pl_peer *peer = pl_child(open_restartable, ways[i].waits, PL_KEEP_NONE);
		int other;

		pl_wait_blocked(peer);
		pl_kill(peer, SIGUSR1);
		pl_expect_blocks(peer);
		other = pl_open("f", ways[i].releases);
		pl_expect(pl_result(peer), opens());
		pl_close(other);
	}
}

/* What was waited for is an open, and it happened, however short the visit. */
PL_CASE(open_completes_though_reader_left_again,
    .verifies = "pipe.fifo.open-completes-though-reader-left-again")
{
	struct pl_peer *writer = asleep_in(open_it, &for_writing);
	int r = pl_open("f", O_RDONLY | O_NONBLOCK);

	pl_close(r);
	pl_expect(pl_result(writer), opens());
}

/* Permission comes first: who may not come in does not wait at the door. */
PL_CASE(permission_denied_does_not_block, .verifies = "pipe.fifo.permission-denied-does-not-block",
    .needs = PL_UNPRIVILEGED)
{
	static const struct {
		const char *path;
		mode_t mode;
		int flags;
	} doors[] = {
		{ "w", 0200, O_RDONLY },
		{ "r", 0400, O_WRONLY },
		{ "none", 0, O_RDONLY },
		{ "nothing", 0, O_WRONLY },
	};

	for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++) {
		pl_mkfifo(doors[i].path, doors[i].mode);
		pl_expect(sys_open(doors[i].path, doors[i].flags), fails(EACCES));
	}
}

/* A FIFO is no directory, and a look at its type needs no peer. */
PL_CASE(open_as_directory_fails, .verifies = "pipe.fifo.open-as-directory-enotdir")
{
	pl_mkfifo("f", 0600);
	pl_expect(sys_open("f", O_RDONLY | O_DIRECTORY), fails(ENOTDIR));
	pl_expect(sys_open("f", O_RDONLY | O_DIRECTORY | O_NONBLOCK), fails(ENOTDIR));
}

/* O_EXCL refuses the name without waiting; O_CREAT alone takes the FIFO that is there. */
PL_CASE(open_creat_excl_fails, .verifies = "pipe.fifo.open-creat-excl-eexist")
{
	struct stat made, opened;
	int r, w;

	pl_mkfifo("f", 0600);
	pl_must(sys_stat("f", &made));
	pl_expect(sys_open("f", O_WRONLY | O_CREAT | O_EXCL, 0600), fails(EEXIST));
	r = (int)pl_expect(sys_open("f", O_RDONLY | O_NONBLOCK | O_CREAT, 0600), opens());
	pl_must(sys_fstat(r, &opened));
	pl_expect(
	    pl_value(opened.st_mode & S_IFMT, &pl_names_file_type, "file type of %s", pl_slot(r)),
	    is(S_IFIFO));
	pl_expect_that(opened.st_ino == made.st_ino, "the file that was there", "another one");
	w = (int)pl_expect(sys_open("f", O_WRONLY | O_CREAT, 0600), opens());
	pl_write(w, "abc", 3);
	pl_expect_text(r, "abc");
}

/* There is no length to cut. */
PL_CASE(open_trunc_is_harmless, .verifies = "pipe.fifo.open-trunc-is-harmless")
{
	struct pl_pair p = pl_fifo_pair("f");

	pl_write(p.w, "abc", 3);
	pl_expect(sys_open("f", O_WRONLY | O_TRUNC), opens());
	pl_expect_text(p.r, "abc");
}

/* There is no position to set: writes simply follow each other. */
PL_CASE(open_append_is_harmless, .verifies = "pipe.fifo.open-append-is-harmless")
{
	int r, w;

	pl_mkfifo("f", 0600);
	r = pl_open("f", O_RDONLY | O_NONBLOCK);
	w = (int)pl_expect(sys_open("f", O_WRONLY | O_APPEND), opens());
	pl_expect(sys_write(w, "ab", 2), returns(2));
	pl_expect(sys_write(w, "cd", 2), returns(2));
	pl_expect_text(r, "abcd");
}

/* The link is not followed, though what it names could be opened. */
PL_CASE(nofollow_on_symlink, .verifies = "pipe.fifo.nofollow-on-symlink")
{
	pl_mkfifo("f", 0600);
	pl_must(pl_sys(symlink("f", "link"), "symlink(\"f\", \"link\")"));
	pl_remove_at_end("link");
	pl_open("link", O_RDONLY | O_NONBLOCK);
	pl_expect(sys_open("link", O_RDONLY | O_NONBLOCK | O_NOFOLLOW),
	    on(PL_LINUX | PL_POSIX, fails(ELOOP)), on(PL_FREEBSD, fails(EMLINK)));
	pl_expect(sys_open("f", O_RDONLY | O_NONBLOCK | O_NOFOLLOW), opens());
}

/* The file is named, not opened: nobody is let in by it, nothing can be read. */
PL_CASE(o_path_open_does_not_take_part, .verifies = "pipe.fifo.o-path-open-does-not-take-part")
{
	struct stat st;
	char b[1];
	int fd;

	if (pl_os.o_path == PL_ABSENT)
		pl_not_tested("this system has no O_PATH");
	pl_mkfifo("f", 0600);
	fd = (int)pl_expect(sys_open("f", O_RDONLY | pl_os.o_path), opens());
	pl_expect(sys_fstat(fd, &st), returns(0));
	pl_expect(
	    pl_value(st.st_mode & S_IFMT, &pl_names_file_type, "file type of %s", pl_slot(fd)),
	    is(S_IFIFO));
	pl_expect(sys_read(fd, b, sizeof(b)), fails(EBADF));
	pl_expect(sys_open("f", O_WRONLY | O_NONBLOCK), fails(ENXIO));
}

/* What was asked for at open is what fcntl tells later. */
PL_CASE(flags_recorded_at_open, .verifies = "pipe.fifo.flags-recorded-at-open")
{
	static const int asked[] = {
		O_RDONLY,
		O_WRONLY,
		O_RDONLY | O_NONBLOCK,
		O_WRONLY | O_NONBLOCK,
		O_WRONLY | O_APPEND,
		O_RDONLY | O_CLOEXEC,
		O_WRONLY | O_NONBLOCK | O_CLOEXEC,
	};
	const long status = O_ACCMODE | O_NONBLOCK | O_APPEND;

	/* With both ends open no other open waits. */
	pl_fifo_pair("f");
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		int fd = pl_open("f", asked[i]);
		long flags = pl_must(sys_fcntl(fd, F_GETFL, 0)) & status;

		pl_expect(pl_value(flags, &pl_names_open, "status of %s", pl_slot(fd)),
		    is(asked[i] & status));
		pl_expect(
		    sys_fcntl(fd, F_GETFD, 0), is((asked[i] & O_CLOEXEC) != 0 ? FD_CLOEXEC : 0));
		pl_close(fd);
	}
}

/* One way only, the one that was asked for. */
PL_CASE(access_mode_is_enforced, .verifies = "pipe.fifo.access-mode-is-enforced")
{
	struct pl_pair p = pl_fifo_pair("f");
	char b[4];

	pl_nonblock(p.w, true);
	pl_write(p.w, "abc", 3);
	pl_expect(sys_write(p.r, "xyz", 3), fails(EBADF));
	pl_expect(sys_read(p.w, b, sizeof(b)), fails(EBADF));
	pl_expect_text(p.r, "abc");
}

/*
 * Bytes through a FIFO do not change the file system, so one that is read-only
 * need not forbid them; where writing to anything on it is documented to fail,
 * the open must.
 */
PL_CASE(write_open_on_read_only_file_system,
    .verifies = "pipe.fifo.write-open-on-read-only-file-system", .needs = PL_ROOT)
{
	int r, w;

	pl_must(pl_sys(mkdir("ro", 0700), "mkdir(\"ro\", 0700)"));
	if (pl_os_mount_memory("ro", 0) != 0) {
		rmdir("ro");
		pl_not_tested("a file system cannot be mounted here: %s", strerror(errno));
	}
	pl_mkfifo("ro/f", 0600);
	if (pl_os_mount_read_only("ro") != 0)
		pl_broken("the file system cannot be made read-only: %s", strerror(errno));
	pl_note("\"ro\" is read-only now");
	r = pl_open("ro/f", O_RDONLY | O_NONBLOCK);
	w = (int)pl_expect(sys_open("ro/f", O_WRONLY), on(PL_FREEBSD, opens()),
	    on(PL_LINUX | PL_POSIX, fails(EROFS)));
	if (w != -1) {
		if (pl_asks(PL_FREEBSD)) {
			pl_expect(sys_write(w, "abc", 3), returns(3));
			pl_expect_text(r, "abc");
		}
		pl_close(w);
	}
	pl_close(r);
	if (pl_os_unmount("ro") != 0)
		pl_broken("the file system cannot be unmounted: %s", strerror(errno));
	pl_must(pl_sys(rmdir("ro"), "rmdir(\"ro\")"));
}

/*
 * Programs that have only the name in common meet there.  The shell plays the
 * other program, first as writer, then as reader.
 */
static struct pl_outcome
run_shell(void *script)
{
	execl("/bin/sh", "sh", "-c", (const char *)script, (char *)NULL);
	_exit(127);
}

PL_CASE(unrelated_programs_exchange_data, .verifies = "pipe.fifo.unrelated-programs-exchange-data")
{
	static char writes[] = "echo hello >f";
	static char reads[] = "read -r line <f && [ \"$line\" = goodbye ]";
	struct pl_peer *shell;
	int fd;

	if (access("/bin/sh", X_OK) != 0)
		pl_not_tested("there is no /bin/sh");
	pl_mkfifo("f", 0600);
	shell = pl_child(run_shell, writes, PL_KEEP_NONE);
	fd = (int)pl_expect(sys_open("f", O_RDONLY), opens());
	pl_expect_text(fd, "hello\n");
	pl_close(fd);
	if (pl_result(shell).value != 0)
		pl_broken("the shell could not write");
	shell = pl_child(run_shell, reads, PL_KEEP_NONE);
	fd = (int)pl_expect(sys_open("f", O_WRONLY), opens());
	pl_expect(sys_write(fd, "goodbye\n", 8), returns(8));
	pl_expect(pl_result(shell), returns(0));
}
