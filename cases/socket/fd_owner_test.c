/*
 * The owner of a socket, who gets SIGIO and SIGURG: F_SETOWN and its ioctl(2)
 * forms, O_ASYNC, and the arrival of urgent data.
 */

#include <sys/ioctl.h>

#include "plumbline.h"

enum { GO };

/* Judge: the owner, a process or, negative, a group. */
static void
expect_owner(int fd, long owner)
{
	pl_expect(sys_fcntl(fd, F_GETOWN, 0), returns(owner));
}

/* Nobody at first; then what was set last; and for each socket its own. */
PL_CASE(owner_reads_back, .verifies = "socket.fd.setown-default-and-round-trip",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	const long owners[] = { getpid(), -(long)getpgrp(), getpid(), 0 };

	expect_owner(p.r, 0);
	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
		pl_expect(sys_fcntl(p.r, F_SETOWN, owners[i]), returns(0));
		expect_owner(p.r, owners[i]);
		expect_owner(p.w, 0);
	}
}

/* One that is no more cannot be the owner, nor can a group that never was; the old one stays. */
PL_CASE(unknown_owner_is_refused, .verifies = "socket.fd.setown-unknown-target-esrch",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	static int checkpoint = GO;
	struct pl_pair p = pl_pair();
	struct pl_peer *child = pl_child(pl_hold, &checkpoint, PL_KEEP_NONE);
	const long gone = pl_peer_pid(child);

	pl_expect(sys_fcntl(p.r, F_SETOWN, gone), returns(0));
	pl_expect(sys_fcntl(p.r, F_SETOWN, getpid()), returns(0));
	pl_reach(GO);
	pl_result(child);
	pl_expect(sys_fcntl(p.r, F_SETOWN, gone), fails(ESRCH));
	expect_owner(p.r, getpid());
	pl_expect(sys_fcntl(p.r, F_SETOWN, -gone), fails(ESRCH));
	expect_owner(p.r, getpid());
}

enum { IN_SESSION = 1, LEAVE };

static struct pl_outcome
be_in_another_session(void *argument)
{
	(void)argument;
	pl_must(pl_sys(setsid(), "setsid()"));
	pl_reach(IN_SESSION);
	pl_await(LEAVE);
	return (pl_done());
}

/* Refused at once, or left to the moment when a signal is to be sent. */
PL_CASE(owner_in_another_session, .verifies = "socket.fd.setown-other-session",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *other = pl_child(be_in_another_session, NULL, PL_KEEP_NONE);
	const long pid = pl_peer_pid(other);

	pl_await(IN_SESSION);
	pl_expect(
	    sys_fcntl(p.r, F_SETOWN, pid), on(PL_FREEBSD, fails(EPERM)), on(PL_LINUX, returns(0)));
	expect_owner(p.r, pl_asks(PL_LINUX) ? pid : 0);
	pl_expect(
	    sys_fcntl(p.r, F_SETOWN, -pid), on(PL_FREEBSD, fails(EPERM)), on(PL_LINUX, returns(0)));
	expect_owner(p.r, pl_asks(PL_LINUX) ? -pid : 0);
	pl_reach(LEAVE);
	pl_result(other);
}

/* Judge: a message through the pair raises SIGIO, or does not. */
static void
expect_sigio(struct pl_pair p, bool wanted, const char *when)
{
	pl_note("a message %s", when);
	pl_forget(SIGIO);
	pl_write(p.w, "x", 1);
	if (wanted)
		pl_expect_signal(SIGIO);
	pl_expect_text(p.r, "x");
	if (!wanted)
		pl_expect_that(pl_caught(SIGIO) == 0, "no SIGIO", "%d SIGIO", pl_caught(SIGIO));
}

/* Both are needed, an owner and the flag; then each arrival is told. */
PL_CASE(sigio_tells_of_arrivals, .verifies = "socket.fd.sigio-after-setown-and-o-async",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	int on = 1, off = 0;
	long flags;

	pl_catch(SIGIO, SA_RESTART);
	flags = pl_must(sys_fcntl(p.r, F_GETFL, 0));
	pl_expect(sys_fcntl(p.r, F_SETOWN, getpid()), returns(0));
	expect_sigio(p, false, "without O_ASYNC");
	pl_expect(sys_fcntl(p.r, F_SETFL, flags | O_ASYNC), returns(0));
	pl_expect(pl_status_flags(p.r, O_ASYNC), is(O_ASYNC));
	expect_sigio(p, true, "with O_ASYNC");
	expect_sigio(p, true, "with O_ASYNC, the second");
	pl_expect(sys_fcntl(p.r, F_SETFL, flags), returns(0));
	expect_sigio(p, false, "after O_ASYNC was cleared");

	pl_expect(sys_ioctl_int(p.r, FIOASYNC, &on), returns(0));
	pl_expect(pl_status_flags(p.r, O_ASYNC), is(O_ASYNC));
	expect_sigio(p, true, "with FIOASYNC");
	pl_expect(sys_ioctl_int(p.r, FIOASYNC, &off), returns(0));
	pl_expect(pl_status_flags(p.r, O_ASYNC), is(0));
	expect_sigio(p, false, "after FIOASYNC was cleared");

	pl_expect(sys_ioctl_int(p.r, FIOASYNC, &on), returns(0));
	pl_expect(sys_fcntl(p.r, F_SETOWN, 0), returns(0));
	expect_sigio(p, false, "without an owner");
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
	struct pollfd entry = { .fd = p.r, .events = POLLPRI };

	pl_expect(sys_fcntl(p.r, F_SETOWN, owner), returns(0));
	pl_must(sys_send(p.w, "x", 1, 0));
	pl_must(sys_poll(&(struct pollfd){ .fd = p.r, .events = POLLIN }, 1, -1));
	expect_pending(SIGURG, false, "after ordinary data");
	pl_must(sys_send(p.w, "!", 1, MSG_OOB));
	pl_must(sys_poll(&entry, 1, -1));
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
