/*
 * What only FreeBSD tells of a pipe or lets a program do with one.
 */

#include "plumbline.h"

/* End the case if that facility is missing here. */
static struct pl_outcome
unless_absent(struct pl_outcome o, const char *facility)
{
	if (o.error == ENOSYS)
		pl_not_tested("this kernel has no %s", facility);
	return (o);
}

/* The kernel's own description calls a pipe a pipe, and a FIFO not. */
PL_CASE(kinfo_type, .verifies = "pipe.freebsd.kinfo-type")
{
	int fd[2], fifo;

	pl_pipe(fd);
	pl_mkfifo("fifo", 0600);
	fifo = pl_open("fifo", O_RDONLY | O_NONBLOCK);
	for (int i = 0; i < 2; i++)
		pl_expect(unless_absent(pl_sys(pl_os_is_pipe(fd[i]), "is_pipe(%s)", pl_slot(fd[i])),
			      "F_KINFO"),
		    returns(1));
	pl_expect(pl_sys(pl_os_is_pipe(fifo), "is_pipe(%s)", pl_slot(fifo)), returns(0));
}

/* Rights of one descriptor make it one-way; the other end keeps both ways. */
PL_CASE(capsicum_rights_limit_an_end, .verifies = "pipe.freebsd.capsicum-rights-limit-an-end")
{
	int fd[2];
	char b[8];

	pl_pipe(fd);
	pl_must(unless_absent(pl_sys(pl_os_limit_rights(fd[0], PL_CAP_READ),
				  "limit_rights(%s, CAP_READ)", pl_slot(fd[0])),
	    "Capsicum"));
	pl_expect(sys_write(fd[1], "abc", 3), returns(3));
	pl_expect(sys_read(fd[0], b, sizeof(b)), returns(3));
	pl_expect_bytes(b, "abc", 3);
	pl_expect(sys_write(fd[0], "x", 1), fails(pl_os_enotcapable));
	pl_must(pl_sys(pl_os_limit_rights(fd[1], PL_CAP_WRITE), "limit_rights(%s, CAP_WRITE)",
	    pl_slot(fd[1])));
	pl_expect(sys_write(fd[1], "d", 1), returns(1));
	pl_expect(sys_read(fd[1], b, sizeof(b)), fails(pl_os_enotcapable));
	pl_expect(sys_read(fd[0], b, sizeof(b)), returns(1));
}

static struct pl_outcome
use_pipes_in_sandbox(void *unused)
{
	int fd[2];
	char b[8];

	(void)unused;
	pl_must(
	    unless_absent(pl_sys(pl_os_enter_capability_mode(), "cap_enter()"), "capability mode"));
	pl_expect(sys_pipe(fd), returns(0));
	pl_expect(sys_write(fd[1], "abc", 3), returns(3));
	pl_expect(sys_read(fd[0], b, sizeof(b)), returns(3));
	pl_expect(sys_mkfifo("fifo", 0600), fails(pl_os_ecapmode));
	return (pl_done());
}

/* A pipe has no name, so a sandbox without names can have one; a FIFO is all name. */
PL_CASE(pipe_allowed_in_capability_mode, .verifies = "pipe.freebsd.pipe-allowed-in-capability-mode")
{
	pl_must(pl_result(pl_child(use_pipes_in_sandbox, NULL, PL_KEEP_NONE)));
}
