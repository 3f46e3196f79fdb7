/*
 * The owner of a descriptor of any kind, who gets its signals: F_SETOWN and
 * F_GETOWN.
 */

#include "plumbline.h"

/* Judge: the owner, a process or, negative, a group. */
static void
expect_owner(int fd, long owner)
{
	pl_expect(sys_fcntl(fd, F_GETOWN, 0), returns(owner));
}

/* Nobody at first; then what was set last; and for each end its own. */
PL_CASE(owner_reads_back, .verifies = "io.setown.pid-and-group-read-back", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	const long owners[] = { getpid(), -(long)getpgrp(), getpid(), 0 };

	if (pl_asks(PL_POSIX) && !pl_kind_has(PL_SOCKETS))
		pl_not_applicable("POSIX knows owners of sockets alone");
	expect_owner(p.r, 0);
	expect_owner(p.w, 0);
	for (size_t i = 0; i < PL_COUNT(owners); i++) {
		pl_expect(sys_fcntl(p.r, F_SETOWN, owners[i]), returns(0));
		expect_owner(p.r, owners[i]);
		expect_owner(p.w, 0);
	}
}

/* Checkpoints of the members of a group: two of each, for the leader and the other. */
enum { JOINED, LEAVE = 2, DONE = 4, IN_SESSION };

/* A member of a process group: its leader's number (0: itself) and which of the two it is. */
struct member {
	pid_t leader;
	int which;
};

/* Join the group, and wait for a SIGIO. */
static struct pl_outcome
wait_for_sigio(void *argument)
{
	const struct member *m = argument;

	pl_catch(SIGIO, SA_RESTART);
	pl_must(pl_sys(setpgid(0, m->leader), "setpgid(0, %s)", m->leader ? "leader" : "0"));
	pl_reach(JOINED + m->which);
	pl_expect_signal(SIGIO);
	pl_await(LEAVE + m->which);
	return (pl_done());
}

/* Every member is signalled, and nobody else. */
PL_CASE(
    group_is_signalled, .verifies = "io.setown.group-owner-signals-every-member", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	struct member leader = { .which = 0 }, other = { .which = 1 };
	struct pl_peer *first, *second;

	pl_catch(SIGIO, SA_RESTART);
	first = pl_child(wait_for_sigio, &leader, PL_KEEP_NONE);
	other.leader = pl_peer_pid(first);
	pl_await(JOINED);
	second = pl_child(wait_for_sigio, &other, PL_KEEP_NONE);
	pl_await(JOINED + 1);
	pl_expect(sys_fcntl(p.r, F_SETOWN, -(long)other.leader), returns(0));
	expect_owner(p.r, -(long)other.leader);
	pl_must(sys_fcntl(p.r, F_SETFL, O_ASYNC));
	pl_write(p.w, "x", 1);
	for (int i = 0; i < 2; i++)
		pl_reach(LEAVE + i);
	pl_result(first);
	pl_result(second);
	pl_expect_arriving(p.r, "x");
	pl_expect(pl_value(pl_caught(SIGIO), NULL, "SIGIOs outside the group"), is(0));
}

/* One that is no more cannot be the owner, nor can a group that never was; the old one stays. */
PL_CASE(unknown_owner_is_refused, .verifies = "io.setown.unused-pid-fails-esrch", .kinds = PL_EVERY)
{
	static int checkpoint = DONE;
	struct pl_pair p = pl_pair();
	struct pl_peer *child = pl_child(pl_hold, &checkpoint, PL_KEEP_NONE);
	const long gone = pl_peer_pid(child);

	pl_expect(sys_fcntl(p.r, F_SETOWN, gone), returns(0));
	pl_expect(sys_fcntl(p.r, F_SETOWN, 0), returns(0));
	pl_reach(DONE);
	pl_result(child);
	for (int i = 0; i < 2; i++) {
		const long owner = i == 0 ? 0 : getpid();

		pl_must(sys_fcntl(p.r, F_SETOWN, owner));
		pl_expect(sys_fcntl(p.r, F_SETOWN, gone), fails(ESRCH));
		expect_owner(p.r, owner);
		pl_expect(sys_fcntl(p.r, F_SETOWN, -gone), fails(ESRCH));
		expect_owner(p.r, owner);
	}
}

static struct pl_outcome
be_in_another_session(void *unused)
{
	(void)unused;
	pl_must(pl_sys(setsid(), "setsid()"));
	pl_reach(IN_SESSION);
	pl_await(DONE);
	return (pl_done());
}

/* Refused at once, or left to the moment when a signal is to be sent. */
PL_CASE(
    owner_in_another_session, .verifies = "io.setown.other-session-fails-eperm", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *other = pl_child(be_in_another_session, NULL, PL_KEEP_NONE);
	const long pid = pl_peer_pid(other), owners[] = { pid, -pid };

	pl_await(IN_SESSION);
	for (size_t i = 0; i < PL_COUNT(owners); i++) {
		pl_must(sys_fcntl(p.r, F_SETOWN, getpid()));
		pl_expect(sys_fcntl(p.r, F_SETOWN, owners[i]), on(PL_FREEBSD, fails(EPERM)),
		    on(PL_LINUX, returns(0)));
		expect_owner(p.r, pl_asks(PL_LINUX) ? owners[i] : getpid());
	}
	pl_reach(DONE);
	pl_result(other);
}

/* Owner and flag are of what is open, not of the number it has; whichever came first. */
PL_CASE(duplicates_share_the_owner, .verifies = "io.setown.shared-by-duplicate-descriptors",
    .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	int copy = pl_dup(p.r), later;

	pl_catch(SIGIO, SA_RESTART);
	pl_expect(sys_fcntl(copy, F_SETOWN, getpid()), returns(0));
	pl_expect(sys_fcntl(copy, F_SETFL, O_ASYNC), returns(0));
	expect_owner(p.r, getpid());
	pl_expect(pl_status_flags(p.r, O_ASYNC), is(O_ASYNC));
	later = pl_dup(p.r);
	expect_owner(later, getpid());
	pl_expect(pl_status_flags(later, O_ASYNC), is(O_ASYNC));
	/* It outlives the descriptor by which it was set. */
	pl_close(copy);
	expect_owner(p.r, getpid());
	pl_write(p.w, "x", 1);
	pl_expect_signal(SIGIO);
	pl_expect_arriving(p.r, "x");
	pl_expect(sys_fcntl(p.r, F_SETFL, 0), returns(0));
	pl_expect(pl_status_flags(later, O_ASYNC), is(0));
	pl_expect(sys_fcntl(later, F_SETOWN, 0), returns(0));
	expect_owner(p.r, 0);
}
