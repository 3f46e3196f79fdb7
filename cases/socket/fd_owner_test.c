/*
 * The owner of a socket, who gets its signals: the ioctl(2) forms of F_SETOWN, and
 * the arrival of urgent data.
 */

#include <sys/ioctl.h>

#include "plumbline.h"

/* Judge: the owner, a process or, negative, a group. */
static void
expect_owner(int fd, long owner)
{
	pl_expect(sys_fcntl(fd, F_GETOWN, 0), returns(owner));
}

/* Judge: is that signal pending here? */
static void
expect_pending(int signal, bool wanted, const char *when)
{
	sigset_t pending;

	sigemptyset(&pending);
	pl_must(pl_sys(sigpending(&pending), "sigpending()"));
	pl_expect(pl_value(sigismember(&pending, signal), NULL, "%s pending %s",
		      signal == SIGURG ? "SIGURG" : "SIGIO", when),
	    is(wanted));
}

/* Urgent data arrive at a fresh connection that has this owner. */
static void
expect_sigurg(long owner, bool wanted, const char *when)
{
	struct pl_pair p = pl_pair();

	pl_expect(sys_fcntl(p.r, F_SETOWN, owner), returns(0));
	pl_must(sys_send(p.w, "x", 1, 0));
	pl_await_events(p.r, POLLIN);
	expect_pending(SIGURG, false, "after ordinary data");
	pl_must(sys_send(p.w, "!", 1, MSG_OOB));
	pl_await_events(p.r, POLLPRI);
	expect_pending(SIGURG, wanted, when);
	expect_pending(SIGIO, false, when);
}

static struct pl_outcome
lead_a_group(void *argument)
{
	(void)argument;
	/* Caught as well as blocked: a system may drop a signal that is ignored. */
	pl_catch(SIGURG, SA_RESTART);
	pl_catch(SIGIO, SA_RESTART);
	pl_block(SIGURG);
	pl_block(SIGIO);
	pl_must(pl_sys(setpgid(0, 0), "setpgid(0, 0)"));
	expect_sigurg(0, false, "without an owner");
	expect_sigurg(-(long)getpid(), true, "with the own group as owner");
	return (pl_done());
}

/* SIGURG needs an owner and nothing else: no O_ASYNC, no SIGIO. */
PL_CASE(sigurg_goes_to_the_owner, .verifies = "socket.fd.sigurg-goes-to-owner", .kinds = PL_TCP)
{
	pl_catch(SIGURG, SA_RESTART);
	pl_catch(SIGIO, SA_RESTART);
	pl_block(SIGURG);
	pl_block(SIGIO);
	expect_sigurg(0, false, "without an owner");
	expect_sigurg(getpid(), true, "with this process as owner");
	pl_must(pl_result(pl_child(lead_a_group, NULL, PL_KEEP_NONE)));
}

/* Judge: what each door says of the owner. */
static void
expect_owners(int fd, int owner, int by_siocgpgrp)
{
	int got = 0;

	expect_owner(fd, owner);
	pl_expect(sys_ioctl_int(fd, (unsigned long)pl_os.fiogetown, &got), returns(0));
	pl_expect(pl_value(got, NULL, "FIOGETOWN"), is(owner));
	pl_expect(sys_ioctl_int(fd, SIOCGPGRP, &got), returns(0));
	pl_expect(pl_value(got, NULL, "SIOCGPGRP"), is(by_siocgpgrp));
}

/* The leader of a group is a process and a group of the same number. */
static struct pl_outcome
own_by_ioctl(void *fds)
{
	int fd = *(int *)fds, self = getpid(), negative = -self, none = 0;
	/* The older request speaks of groups, unless it is another name of the newer one. */
	int sign = pl_asks(PL_LINUX) ? 1 : -1;

	pl_must(pl_sys(setpgid(0, 0), "setpgid(0, 0)"));
	pl_expect(sys_ioctl_int(fd, SIOCSPGRP, &self), returns(0));
	expect_owners(fd, sign * self, self);
	pl_expect(sys_ioctl_int(fd, SIOCSPGRP, &negative), returns(0));
	expect_owners(fd, -sign * self, -self);
	pl_expect(sys_ioctl_int(fd, (unsigned long)pl_os.fiosetown, &self), returns(0));
	expect_owners(fd, self, sign * self);
	pl_expect(sys_ioctl_int(fd, (unsigned long)pl_os.fiosetown, &negative), returns(0));
	expect_owners(fd, -self, -sign * self);
	pl_expect(sys_ioctl_int(fd, (unsigned long)pl_os.fiosetown, &none), returns(0));
	expect_owners(fd, 0, 0);
	return (pl_done());
}

/* Requests that mean the same by another sign. */
PL_CASE(siocspgrp_sign, .verifies = "socket.fd.siocspgrp-sign-convention",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();

	pl_must(pl_result(pl_child(own_by_ioctl, &p.r, p.r)));
}
