/*
 * Signal-driven I/O: O_ASYNC, the owner that F_SETOWN names, and SIGIO.
 *
 * The owner is the caller itself wherever that will do: the signal then comes
 * before the call that caused it returns.
 */

#include "plumbline.h"

/* Judge: has this process caught a SIGIO since the last pl_forget? */
static void
expect_sigio(bool wanted, const char *after)
{
	pl_expect_that((pl_caught(SIGIO) > 0) == wanted, wanted ? "SIGIO" : "no SIGIO",
	    "%d SIGIO after %s", pl_caught(SIGIO), after);
	pl_forget(SIGIO);
}

/* Set-up: switch O_ASYNC. */
static void
switch_async(int fd, bool on)
{
	long flags = pl_must(sys_fcntl(fd, F_GETFL, 0));

	pl_must(sys_fcntl(fd, F_SETFL, on ? flags | O_ASYNC : flags & ~(long)O_ASYNC));
}

/* Set-up: SIGIO of that descriptor goes to this process, which catches it. */
static void
own(int fd)
{
	pl_catch(SIGIO, SA_RESTART);
	pl_must(sys_fcntl(fd, F_SETOWN, getpid()));
	switch_async(fd, true);
}

/* Data at the reader's end are announced, each time. */
PL_CASE(
    sigio_when_data_arrives, .verifies = "pipe.async.sigio-when-data-arrives", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[8];

	own(p.r);
	pl_forget(SIGIO);
	pl_expect(sys_write(p.w, "x", 1), returns(1));
	expect_sigio(true, "the first write");
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(1));
	pl_forget(SIGIO);
	pl_expect(sys_write(p.w, "y", 1), returns(1));
	expect_sigio(true, "the second write");
}

/* So is the end of file. */
PL_CASE(
    sigio_when_writer_closes, .verifies = "pipe.async.sigio-when-writer-closes", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	own(p.r);
	pl_forget(SIGIO);
	pl_close(p.w);
	expect_sigio(true, "the close");
}

/* The flag alone signals nobody: there is no owner at first. */
PL_CASE(no_owner_no_signal, .verifies = "pipe.async.no-owner-no-signal", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	pl_catch(SIGIO, SA_RESTART);
	switch_async(p.r, true);
	pl_expect(sys_fcntl(p.r, F_GETOWN, 0), returns(0));
	pl_expect(sys_write(p.w, "x", 1), returns(1));
	expect_sigio(false, "the write");
}

/* Switching the flag off stops the signals, for data and for the end of file. */
PL_CASE(switched_off_no_signal, .verifies = "pipe.async.switched-off-no-signal", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	own(p.r);
	pl_expect(sys_write(p.w, "x", 1), returns(1));
	expect_sigio(true, "the write with O_ASYNC");
	switch_async(p.r, false);
	pl_forget(SIGIO);
	pl_expect(pl_value(pl_must(sys_fcntl(p.r, F_GETFL, 0)) & O_ASYNC, NULL, "O_ASYNC, cleared"),
	    is(0));
	pl_expect(sys_write(p.w, "y", 1), returns(1));
	expect_sigio(false, "the write without O_ASYNC");
	pl_close(p.w);
	expect_sigio(false, "the close without O_ASYNC");
}

/* Checkpoints of the members of a group: two of each, for the leader and the other. */
enum { JOINED, SENT = 2, LOOKED = 4 };

/* A member of a process group: its leader's number (0: itself) and which of the two it is. */
struct member {
	pid_t leader;
	int which;
};

/* Join the group, and see whether a SIGIO is pending after the write. */
static struct pl_outcome
look_for_sigio(void *argument)
{
	const struct member *m = argument;
	sigset_t pending;

	/* Caught as well as blocked: a system may drop a signal whose default is to be ignored. */
	pl_catch(SIGIO, 0);
	pl_block(SIGIO);
	pl_must(pl_sys(setpgid(0, m->leader), "setpgid(0, %s)", m->leader ? "leader" : "0"));
	pl_reach(JOINED + m->which);
	pl_await(SENT + m->which);
	sigemptyset(&pending);
	pl_must(pl_sys(sigpending(&pending), "sigpending()"));
	pl_expect(pl_value(sigismember(&pending, SIGIO), NULL, "SIGIO pending for %s",
		      m->leader ? "a member" : "the leader"),
	    is(1));
	pl_reach(LOOKED + m->which);
	return (pl_done());
}

/* A negative owner is a group: every member is signalled, and nobody else. */
PL_CASE(owner_process_group, .verifies = "pipe.async.owner-process-group", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct member leader = { .which = 0 }, other = { .which = 1 };
	struct pl_peer *first, *second;
	pid_t group;

	pl_catch(SIGIO, SA_RESTART);
	first = pl_child(look_for_sigio, &leader, PL_KEEP_NONE);
	group = other.leader = pl_peer_pid(first);
	pl_await(JOINED);
	second = pl_child(look_for_sigio, &other, PL_KEEP_NONE);
	pl_await(JOINED + 1);
	pl_expect(sys_fcntl(p.r, F_SETOWN, -(long)group), returns(0));
	switch_async(p.r, true);
	pl_expect(sys_write(p.w, "x", 1), returns(1));
	for (int i = 0; i < 2; i++)
		pl_reach(SENT + i);
	expect_sigio(false, "the write, outside of the group");
	pl_result(first);
	pl_result(second);
}

/* The owner reads back as it was set; an end of a pipe has one of its own. */
PL_CASE(getown_returns_what_was_set, .verifies = "pipe.async.getown-returns-what-was-set")
{
	int fd[2];
	pid_t pid = getpid(), group = getpgrp();

	pl_pipe(fd);
	pl_expect(sys_fcntl(fd[0], F_GETOWN, 0), returns(0));
	pl_expect(sys_fcntl(fd[1], F_GETOWN, 0), returns(0));
	pl_expect(sys_fcntl(fd[0], F_SETOWN, pid), returns(0));
	pl_expect(sys_fcntl(fd[0], F_GETOWN, 0), returns(pid));
	pl_expect(sys_fcntl(fd[1], F_GETOWN, 0), returns(0));
	pl_expect(sys_fcntl(fd[0], F_SETOWN, -(long)group), returns(0));
	pl_expect(sys_fcntl(fd[0], F_GETOWN, 0), returns(-(long)group));
	pl_expect(sys_fcntl(fd[1], F_GETOWN, 0), returns(0));
}

/* A process that is no more cannot own anything; one that lives can. */
PL_CASE(setown_unknown_process_esrch, .verifies = "pipe.async.setown-unknown-process-esrch",
    .kinds = PL_PIPES)
{
	static int checkpoint;
	struct pl_pair p = pl_pair();
	struct pl_peer *child = pl_child(pl_hold, &checkpoint, PL_KEEP_NONE);
	const pid_t gone = pl_peer_pid(child);

	pl_reach(checkpoint);
	pl_result(child);
	pl_expect(sys_fcntl(p.r, F_SETOWN, gone), fails(ESRCH));
	pl_expect(sys_fcntl(p.r, F_GETOWN, 0), returns(0));
	child = pl_child(pl_hold, &checkpoint, PL_KEEP_NONE);
	pl_expect(sys_fcntl(p.r, F_SETOWN, pl_peer_pid(child)), returns(0));
	pl_reach(checkpoint);
	pl_result(child);
}

/* Room is I/O that has become possible: its owner is the writer's end. */
PL_CASE(write_end_signalled_when_room, .verifies = "pipe.async.write-end-signalled-when-room")
{
	int fd[2];

	pl_pipe(fd);
	pl_fill(fd[1], 4096);
	own(fd[1]);
	pl_forget(SIGIO);
	pl_drain(fd[0]);
	expect_sigio(true, "the pipe was drained");
}

/* To take data is no news for the one who takes them. */
PL_CASE(reader_signalled_by_its_own_read, .verifies = "pipe.async.reader-signalled-by-its-own-read")
{
	int fd[2];
	char b[8];

	pl_pipe(fd);
	own(fd[0]);
	pl_expect(sys_write(fd[1], "xyz", 3), returns(3));
	pl_forget(SIGIO);
	pl_expect(sys_read(fd[0], b, 1), returns(1));
	expect_sigio(false, "a read that left data");
	pl_expect(sys_read(fd[0], b, sizeof(b)), returns(2));
	expect_sigio(false, "a read of the rest");
}
