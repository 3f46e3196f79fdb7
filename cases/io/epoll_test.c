/*
 * epoll(7): the interest list.  What epoll_ctl(2) takes and refuses, and what
 * becomes of a registration when descriptors are duplicated, closed or inherited.
 */

#include "plumbline.h"

/* A pair with "abc" at its reader. */
static struct pl_pair
pair_with_data(void)
{
	struct pl_pair p = pl_pair();

	pl_write(p.w, "abc", 3);
	pl_expect_arrival(p.r);
	return (p);
}

/* A pipe that can be read from. */
static void
ready_pipe(int fd[2])
{
	pl_pipe(fd);
	pl_write(fd[1], "abc", 3);
}

/* A second registration is an error and leaves the first; a duplicate is another descriptor. */
PL_CASE(registering_twice_fails,
    .verifies = "io.epoll.registering-twice-fails-eexist-but-dup-is-allowed", .kinds = PL_EVERY)
{
	struct pl_pair p = pair_with_data();
	int queue = pl_epoll(), copy = pl_dup(p.r);
	struct pl_epoll_event events[4];

	pl_expect(sys_epoll_add(queue, p.r, POLLIN), returns(0));
	pl_expect(sys_epoll_add(queue, p.r, POLLPRI), fails(EEXIST));
	pl_expect_report(queue, p.r, POLLIN);
	pl_expect(sys_epoll_add(queue, copy, POLLIN), returns(0));
	pl_expect(sys_epoll_wait(queue, events, 4, 0), returns(2));
	pl_expect_that(events[0].data + events[1].data == (uint64_t)p.r + (uint64_t)copy,
	    "an event of each descriptor", "two of the same");
	/* Each is modified and removed for itself. */
	pl_expect(sys_epoll_modify(queue, copy, POLLPRI), returns(0));
	pl_expect_report(queue, p.r, POLLIN);
	pl_expect(sys_epoll_ctl(queue, PL_EPOLL_DEL, p.r, NULL), returns(0));
	pl_expect_no_report(queue);
}

/* And neither call registers it. */
PL_CASE(changing_what_is_not_registered_fails,
    .verifies = "io.epoll.modify-or-delete-of-unregistered-fails-enoent", .kinds = PL_PLAIN)
{
	struct pl_pair p = pair_with_data();
	int queue = pl_epoll(), other = pl_epoll(), copy = pl_dup(p.r);

	pl_expect(sys_epoll_modify(queue, p.r, POLLIN), fails(ENOENT));
	pl_expect_no_report(queue);
	pl_expect(sys_epoll_ctl(queue, PL_EPOLL_DEL, p.r, NULL), fails(ENOENT));
	/* Registered elsewhere, or under another number, is not registered. */
	pl_epoll_add(other, p.r, POLLIN);
	pl_epoll_add(queue, copy, POLLIN);
	pl_expect(sys_epoll_modify(queue, p.r, POLLPRI), fails(ENOENT));
	pl_expect(sys_epoll_ctl(queue, PL_EPOLL_DEL, p.r, NULL), fails(ENOENT));
	pl_expect_report(queue, copy, POLLIN);
	pl_expect_report(other, p.r, POLLIN);
	pl_expect(sys_epoll_ctl(queue, PL_EPOLL_DEL, copy, NULL), returns(0));
	pl_expect(sys_epoll_ctl(queue, PL_EPOLL_DEL, copy, NULL), fails(ENOENT));
}

/* None of the refused calls has an effect. */
PL_CASE(bad_arguments_of_epoll_ctl, .verifies = "io.epoll.bad-arguments", .kinds = PL_PLAIN)
{
	struct pl_pair p = pair_with_data();
	int queue = pl_epoll(), closed = pl_dup(p.r), dead = pl_epoll();
	struct pl_epoll_event event = { .events = POLLIN };
	static const int operations[] = { 0, 4, -1 };

	pl_close(closed);
	pl_close(dead);
	pl_expect(sys_epoll_add(queue, queue, POLLIN), fails(EINVAL));
	pl_expect(sys_epoll_add(p.r, p.w, POLLIN), fails(EINVAL));
	for (size_t i = 0; i < PL_COUNT(operations); i++)
		pl_expect(sys_epoll_ctl(queue, (enum pl_epoll_operation)operations[i], p.r, &event),
		    fails(EINVAL));
	pl_expect(sys_epoll_add(queue, closed, POLLIN), fails(EBADF));
	pl_expect(sys_epoll_modify(queue, closed, POLLIN), fails(EBADF));
	pl_expect(sys_epoll_ctl(queue, PL_EPOLL_DEL, closed, NULL), fails(EBADF));
	pl_expect(sys_epoll_add(queue, -1, POLLIN), fails(EBADF));
	pl_expect(sys_epoll_add(dead, p.r, POLLIN), fails(EBADF));
	pl_expect(sys_epoll_add(-1, p.r, POLLIN), fails(EBADF));
	pl_expect(
	    pl_sys(pl_os_epoll_ctl(queue, PL_EPOLL_ADD, p.r, pl_guarded(0)),
		"epoll_ctl(%s, EPOLL_CTL_ADD, %s, bad address)", pl_slot(queue), pl_slot(p.r)),
	    fails(EFAULT));
	pl_expect_no_report(queue);
	pl_epoll_add(queue, p.r, POLLIN);
	pl_expect(
	    pl_sys(pl_os_epoll_ctl(queue, PL_EPOLL_MOD, p.r, pl_guarded(0)),
		"epoll_ctl(%s, EPOLL_CTL_MOD, %s, bad address)", pl_slot(queue), pl_slot(p.r)),
	    fails(EFAULT));
	pl_expect_report(queue, p.r, POLLIN);
}

/* An event that could not be delivered is not lost. */
PL_CASE(bad_arguments_of_epoll_wait, .verifies = "io.epoll.bad-arguments")
{
	struct pl_epoll_event event;
	int queue = pl_epoll(), dead = pl_epoll(), fd[2];

	ready_pipe(fd);
	pl_epoll_add(queue, fd[0], POLLIN);
	pl_close(dead);
	pl_expect(sys_epoll_wait(queue, &event, 0, 0), fails(EINVAL));
	pl_expect(sys_epoll_wait(queue, &event, -1, 0), fails(EINVAL));
	pl_expect(sys_epoll_wait(queue, &event, INT_MIN, 0), fails(EINVAL));
	pl_expect(sys_epoll_wait(fd[0], &event, 1, 0), fails(EINVAL));
	pl_expect(sys_epoll_wait(dead, &event, 1, 0), fails(EBADF));
	pl_expect(sys_epoll_wait(-1, &event, 1, 0), fails(EBADF));
	pl_expect(pl_sys(pl_os_epoll_wait(queue, pl_guarded(0), 1, 0),
		      "epoll_wait(%s, bad address, 1, 0)", pl_slot(queue)),
	    fails(EFAULT));
	pl_expect_report(queue, fd[0], POLLIN);
}

/* The size is a hint that counts no more, but it must be one. */
PL_CASE(bad_arguments_of_epoll_create, .verifies = "io.epoll.bad-arguments")
{
	static const int flags[] = { 1, O_NONBLOCK, PL_EPOLL_CLOEXEC | O_NONBLOCK, -1 };

	pl_close(pl_epoll());
	pl_expect(sys_epoll_create(0), fails(EINVAL));
	pl_expect(sys_epoll_create(-1), fails(EINVAL));
	pl_expect(sys_epoll_create(1), opens());
	for (size_t i = 0; i < PL_COUNT(flags); i++)
		pl_expect(sys_epoll_create1(flags[i]), fails(EINVAL));
}

/* It belongs to what the descriptor stands for, and lives as long as that is open. */
PL_CASE(registration_survives_the_descriptor,
    .verifies = "io.epoll.registration-survives-close-while-duplicate-open", .kinds = PL_EVERY)
{
	struct pl_pair p = pair_with_data();
	int queue = pl_epoll(), copy = pl_dup(p.r), closed = p.r;

	pl_epoll_add(queue, closed, POLLIN);
	pl_close(closed);
	pl_expect_report(queue, closed, POLLIN);
	/* It cannot be reached by the number any more. */
	pl_expect(sys_epoll_ctl(queue, PL_EPOLL_DEL, closed, NULL), fails(EBADF));
	pl_expect_report(queue, closed, POLLIN);
	pl_close(copy);
	pl_expect_no_report(queue);
}

/* What another object under the same number is ready for concerns nobody. */
PL_CASE(registration_does_not_pass_to_the_next_of_that_number,
    .verifies = "io.epoll.registration-survives-close-while-duplicate-open")
{
	int queue = pl_epoll(), first[2], second[2], number;

	pl_pipe(first);
	ready_pipe(second);
	number = first[0];
	pl_epoll_add(queue, number, POLLIN);
	pl_close(number);
	pl_must(sys_dup2(second[0], number));
	pl_expect_no_report(queue);
	pl_expect(sys_epoll_add(queue, number, POLLIN), returns(0));
	pl_expect_report(queue, number, POLLIN);
}

PL_CASE(delete_accepts_a_null_event,
    .verifies = "io.epoll.delete-accepts-null-event-and-stops-reports", .kinds = PL_EVERY)
{
	struct pl_pair p = pair_with_data(), other = pair_with_data();
	int queue = pl_epoll();

	pl_epoll_add(queue, p.r, POLLIN);
	pl_epoll_add(queue, other.r, POLLIN);
	pl_expect(sys_epoll_ctl(queue, PL_EPOLL_DEL, other.r, NULL), returns(0));
	pl_expect_report(queue, p.r, POLLIN);
	pl_expect(sys_epoll_ctl(queue, PL_EPOLL_DEL, p.r, NULL), returns(0));
	pl_expect_no_report(queue);
	/* For good: what comes later is not told either. */
	pl_write(p.w, "def", 3);
	if (pl_kind_has(PL_STREAM))
		pl_take(p.r, 3);
	pl_expect_arrival(p.r);
	pl_expect_no_report(queue);
	pl_expect(sys_epoll_add(queue, p.r, POLLIN), returns(0));
	pl_expect_report(queue, p.r, POLLIN);
}

/* A file whose readiness never changes cannot be waited for. */
PL_CASE(regular_file_fails_eperm, .verifies = "io.epoll.regular-file-fails-eperm")
{
	int queue = pl_epoll();
	const int fds[] = { pl_open("file", O_RDWR | O_CREAT, 0600),
		pl_open(".", O_RDONLY | O_DIRECTORY) };

	for (size_t i = 0; i < PL_COUNT(fds); i++) {
		pl_expect(sys_epoll_add(queue, fds[i], POLLIN), fails(EPERM));
		pl_expect(sys_epoll_add(queue, fds[i], 0), fails(EPERM));
	}
	pl_expect_no_report(queue);
}

/* A chain may be five long, in whatever order its links are made; a ring is none. */
PL_CASE(circles_and_deep_nesting_fail_eloop,
    .verifies = "io.epoll.circular-or-deep-nesting-fails-eloop")
{
	enum { DEPTH = 5 };
	int chain[DEPTH + 1], fd[2];

	for (int i = 0; i <= DEPTH; i++)
		chain[i] = pl_epoll();
	for (int i = 1; i < DEPTH; i++)
		pl_expect(sys_epoll_add(chain[i], chain[i - 1], POLLIN), returns(0));
	/* Above and below there is no more room. */
	pl_expect(sys_epoll_add(chain[DEPTH], chain[DEPTH - 1], POLLIN), fails(ELOOP));
	pl_expect(sys_epoll_add(chain[0], chain[DEPTH], POLLIN), fails(ELOOP));
	for (int i = 1; i < DEPTH; i++)
		pl_expect(sys_epoll_add(chain[0], chain[i], POLLIN), fails(ELOOP));
	/* The chain has stayed one: what happens at its lower end is seen at the upper. */
	ready_pipe(fd);
	pl_epoll_add(chain[0], fd[0], POLLIN);
	pl_expect_report(chain[DEPTH - 1], chain[DEPTH - 2], POLLIN);
	pl_drain(fd[0]);
	pl_expect_no_report(chain[DEPTH - 1]);
}

/* The data are the caller's own: no bit of them means anything. */
PL_CASE(data_come_back_unchanged, .verifies = "io.epoll.data-field-comes-back-unchanged")
{
	static const uint64_t data[] = { 0x0123456789abcdef, UINT64_MAX, 0, 0xffffffff00000000 };
	int queue = pl_epoll(), fd[2];

	ready_pipe(fd);
	for (size_t i = 0; i < PL_COUNT(data); i++) {
		struct pl_epoll_event event = { .events = POLLIN, .data = data[i] }, got[1];

		pl_expect(sys_epoll_ctl(queue, i == 0 ? PL_EPOLL_ADD : PL_EPOLL_MOD, fd[0], &event),
		    returns(0));
		pl_expect(sys_epoll_wait(queue, got, 1, 0), returns(1));
		pl_expect_that(got[0].data == data[i], "the data that were given",
		    "0x%jx for 0x%jx", (uintmax_t)got[0].data, (uintmax_t)data[i]);
	}
}

struct share {
	int queue, fd;
};

static struct pl_outcome
register_it(void *u)
{
	struct share *share = u;

	return (sys_epoll_add(share->queue, share->fd, POLLIN));
}

/* The child's process is gone when the parent looks; the pipe is its parent's too. */
PL_CASE(instance_is_shared_across_fork, .verifies = "io.epoll.instance-is-shared-across-fork")
{
	struct share share = { .queue = pl_epoll() };
	struct pl_peer *child;
	int fd[2];

	ready_pipe(fd);
	share.fd = fd[0];
	child = pl_child(register_it, &share, share.queue, share.fd);
	pl_expect(pl_result(child), returns(0));
	pl_expect_report(share.queue, fd[0], POLLIN);
	pl_expect(sys_epoll_add(share.queue, fd[0], POLLIN), fails(EEXIST));
	pl_expect(sys_epoll_ctl(share.queue, PL_EPOLL_DEL, fd[0], NULL), returns(0));
}

/* What is refused leaves the registrations as they were. */
PL_CASE(
    exclusive_goes_only_with_add, .verifies = "io.epoll.exclusive-only-with-add", .kinds = PL_PLAIN)
{
	struct pl_pair p = pair_with_data(), plain = pair_with_data(), other = pl_pair();
	const uint32_t exclusive = POLLIN | PL_EPOLL_EXCLUSIVE;
	int queue = pl_epoll(), nested = pl_epoll();

	pl_expect(sys_epoll_add(queue, p.r, exclusive), returns(0));
	pl_expect_report(queue, p.r, POLLIN);
	pl_expect(sys_epoll_modify(queue, p.r, POLLPRI), fails(EINVAL));
	pl_expect(sys_epoll_modify(queue, p.r, exclusive), fails(EINVAL));
	pl_expect_report(queue, p.r, POLLIN);
	pl_expect(sys_epoll_ctl(queue, PL_EPOLL_DEL, p.r, NULL), returns(0));
	pl_epoll_add(queue, plain.r, POLLIN);
	pl_expect(sys_epoll_modify(queue, plain.r, exclusive), fails(EINVAL));
	pl_expect_report(queue, plain.r, POLLIN);
	pl_expect(sys_epoll_add(queue, other.r, exclusive | PL_EPOLL_ONESHOT), fails(EINVAL));
	pl_expect(sys_epoll_add(queue, other.r, exclusive | POLLPRI), fails(EINVAL));
	pl_expect(sys_epoll_add(queue, other.r, exclusive | POLLRDHUP), fails(EINVAL));
	pl_expect(sys_epoll_add(queue, nested, exclusive), fails(EINVAL));
	pl_expect(
	    sys_epoll_add(queue, other.r, exclusive | POLLOUT | POLLERR | POLLHUP | PL_EPOLL_ET),
	    returns(0));
}

PL_CASE(close_on_exec_flag, .verifies = "io.epoll.close-on-exec-flag")
{
	int plain = pl_epoll(), flagged;

	pl_expect(pl_descriptor_flags(plain), is(0));
	flagged = (int)pl_expect(sys_epoll_create1(PL_EPOLL_CLOEXEC), opens());
	pl_expect(pl_descriptor_flags(flagged), is(FD_CLOEXEC));
}
