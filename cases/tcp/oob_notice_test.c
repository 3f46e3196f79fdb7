/*
 * Who is told of urgent data, and how: poll(2), select(2) and SIGURG.
 */

#include "plumbline.h"

static void
urge(int fd)
{
	pl_must(sys_send(fd, "!", 1, MSG_OOB));
}

static struct pl_outcome
poll_urgent(void *fd)
{
	struct pollfd wait = { .fd = *(int *)fd, .events = POLLPRI };

	return (sys_poll(&wait, 1, -1));
}

/* Nothing else looks like it, and who waits for it is woken. */
PL_CASE(pollpri_on_urgent_data, .verifies = "tcp.oob.pollpri-on-urgent-data", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *waiting;

	pl_expect(pl_poll_now(p.r, POLLPRI), is(0));
	pl_must(sys_send(p.w, "ab", 2, 0));
	pl_expect_arrival(p.r);
	pl_expect(pl_poll_now(p.r, POLLPRI), is(0));
	pl_expect(pl_poll_now(p.r, POLLIN | POLLPRI), is(POLLIN));
	waiting = pl_child(poll_urgent, &p.r, p.r);
	pl_wait_blocked(waiting);
	urge(p.w);
	pl_expect(pl_result(waiting), returns(1));
	pl_expect(pl_poll_now(p.r, POLLIN | POLLPRI), is(POLLIN | POLLPRI));
	pl_expect(pl_poll_now(p.w, POLLPRI), is(0));
}

/* select for the exception set alone; a NULL time-out sleeps. */
static struct pl_outcome
select_exceptional(int fd, struct timeval *timeout, bool *is_set)
{
	struct pl_outcome o;
	fd_set x;

	FD_ZERO(&x);
	FD_SET(fd, &x);
	o = sys_select(fd + 1, NULL, NULL, &x, timeout);
	*is_set = FD_ISSET(fd, &x);
	return (o);
}

static struct pl_outcome
sleep_in_select(void *fd)
{
	bool is_set;

	return (select_exceptional(*(int *)fd, NULL, &is_set));
}

PL_CASE(select_exception_set, .verifies = "tcp.oob.select-exception-set", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct timeval now = { 0, 0 };
	struct pl_peer *waiting;
	bool is_set;

	pl_expect(select_exceptional(p.r, &now, &is_set), returns(0));
	pl_must(sys_send(p.w, "ab", 2, 0));
	pl_expect_arrival(p.r);
	pl_expect(select_exceptional(p.r, &now, &is_set), returns(0));
	pl_expect_that(!is_set, "an empty exception set", "the socket in it");
	waiting = pl_child(sleep_in_select, &p.r, p.r);
	pl_wait_blocked(waiting);
	urge(p.w);
	pl_expect(pl_result(waiting), returns(1));
	pl_expect(select_exceptional(p.r, &now, &is_set), returns(1));
	pl_expect_that(is_set, "the socket in the exception set", "an empty one");
}

/* Does POLLPRI speak of the byte, or of the mark, which is there a little longer? */
PL_CASE(
    pollpri_after_byte_was_read, .verifies = "tcp.oob.pollpri-after-byte-was-read", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_must(sys_send(p.w, "a", 1, 0));
	urge(p.w);
	pl_must(poll_urgent(&p.r));
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_OOB), on(PL_FREEBSD | PL_LINUX, returns(1)));
	pl_expect(pl_poll_now(p.r, POLLPRI), on(PL_FREEBSD, is(POLLPRI)), on(PL_LINUX, is(0)));
	pl_expect(sys_read(p.r, b, sizeof(b)), on(PL_FREEBSD | PL_LINUX, returns(1)));
	pl_expect(pl_poll_now(p.r, POLLPRI), on(PL_FREEBSD, is(POLLPRI)), on(PL_LINUX, is(0)));
	pl_must(sys_send(p.w, "b", 1, 0));
	pl_expect_arrival(p.r);
	pl_expect(sys_read(p.r, b, sizeof(b)), on(PL_FREEBSD | PL_LINUX, returns(1)));
	pl_expect(pl_poll_now(p.r, POLLPRI), on(PL_FREEBSD | PL_LINUX, is(0)));
}

/* A member of a process group, and the checkpoint it reaches when it is ready. */
struct member {
	pid_t group; /* 0: one of its own */
	int ready;
};

static struct pl_outcome
wait_for_sigurg(void *argument)
{
	const struct member *m = argument;

	pl_catch(SIGURG, SA_RESTART);
	pl_must(pl_sys(setpgid(0, m->group), "setpgid(0, %s)", m->group == 0 ? "0" : "the first"));
	pl_reach(m->ready);
	pl_expect_signal(SIGURG);
	return (pl_done());
}

/* All of the group are told, and nobody else, the one who asked for it included. */
PL_CASE(sigurg_to_owner_process_group, .verifies = "tcp.oob.sigurg-to-owner-process-group",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct member leader = { .ready = 0 }, other = { .ready = 1 };
	struct pl_peer *first, *second;

	pl_catch(SIGURG, SA_RESTART);
	first = pl_child(wait_for_sigurg, &leader, PL_KEEP_NONE);
	pl_await(leader.ready);
	other.group = pl_peer_pid(first);
	second = pl_child(wait_for_sigurg, &other, PL_KEEP_NONE);
	pl_await(other.ready);
	pl_expect(sys_fcntl(p.r, F_SETOWN, -(long)other.group), returns(0));
	pl_expect(sys_fcntl(p.r, F_GETOWN, 0), returns(-(long)other.group));
	urge(p.w);
	pl_must(pl_result(first));
	pl_must(pl_result(second));
	pl_must(poll_urgent(&p.r));
	pl_expect(pl_value(pl_caught(SIGURG), NULL, "SIGURGs outside the group"), is(0));
}

static struct pl_outcome
own_and_read(void *argument)
{
	int fd = *(int *)argument;
	char b[8];

	pl_default(SIGURG);
	pl_must(sys_fcntl(fd, F_SETOWN, getpid()));
	pl_reach(0);
	return (sys_read(fd, b, sizeof(b)));
}

/* Who does not care for it is neither ended nor interrupted. */
PL_CASE(sigurg_default_is_ignored, .verifies = "tcp.oob.sigurg-default-is-ignored", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *owner = pl_child(own_and_read, &p.r, p.r);

	pl_await(0);
	pl_wait_blocked(owner);
	urge(p.w);
	pl_must(sys_send(p.w, "x", 1, 0));
	pl_expect(pl_result(owner), returns(1));
}
