/*
 * Signal-driven I/O on pipes, beyond what io says of every kind.
 *
 * The owner is the caller itself: the signal comes before the call that caused
 * it returns.
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
