/*
 * epoll_wait(2): which events are told, how often, in which of the modes, and
 * what ends the wait for them.
 */

#include "plumbline.h"

#include <sys/wait.h>

/* An instance that watches an end. */
static int
watching(int fd, uint32_t events)
{
	int queue = pl_epoll();

	pl_epoll_add(queue, fd, events);
	return (queue);
}

/*
 * A write that has arrived by the time it is done with: another instance, which
 * hears of it after those that were made later, has told it.
 */
static void
write_through(struct pl_pair p, int witness, const char *text)
{
	pl_write(p.w, text, strlen(text));
	pl_expect_report(witness, p.r, POLLIN);
}

/* It is a faster poll: asked again, it says it again. */
PL_CASE(level_is_reported_until_drained,
    .verifies = "io.epoll.level-triggered-repeats-until-drained", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	int queue = watching(p.r, POLLIN);
	char b[8];

	pl_expect_no_report(queue);
	for (int i = 0; i < 2; i++)
		pl_write(p.w, "abc", 3);
	for (int i = 0; i < 3; i++)
		pl_expect_report(queue, p.r, POLLIN);
	pl_expect(sys_read(p.r, b, 3), returns(3));
	for (int i = 0; i < 2; i++)
		pl_expect_report(queue, p.r, POLLIN);
	pl_expect(sys_read(p.r, b, 3), returns(3));
	pl_expect_no_report(queue);
	pl_write(p.w, "d", 1);
	pl_expect_report(queue, p.r, POLLIN);
}

/* Old data are no news, however many are left; new data are. */
PL_CASE(edge_is_reported_once_per_arrival,
    .verifies = "io.epoll.edge-triggered-reports-once-per-arrival", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	int witness = watching(p.r, POLLIN | PL_EPOLL_ET);
	int queue = watching(p.r, POLLIN | PL_EPOLL_ET);
	char b[8];

	pl_expect_no_report(queue);
	for (int i = 0; i < 3; i++) {
		write_through(p, witness, "abc");
		pl_expect_report(queue, p.r, POLLIN);
		pl_expect_no_report(queue);
		pl_expect_no_report(queue);
	}
	if (pl_kind_has(PL_STREAM)) {
		pl_expect(sys_read(p.r, b, 1), returns(1));
		pl_expect_no_report(queue);
	}
	pl_expect(sys_read(p.r, b, 3), returns(3));
	pl_expect_no_report(queue);
	write_through(p, witness, "d");
	pl_expect_report(queue, p.r, POLLIN);
	pl_drain(p.r);
	pl_expect_no_report(queue);
	write_through(p, witness, "e");
	pl_expect_report(queue, p.r, POLLIN);
	pl_expect_no_report(queue);
}

/* What is read before anybody asks is not told any more. */
PL_CASE(edge_that_is_gone_is_not_reported,
    .verifies = "io.epoll.edge-triggered-reports-once-per-arrival", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	int witness = watching(p.r, POLLIN | PL_EPOLL_ET);
	int queue = watching(p.r, POLLIN | PL_EPOLL_ET);

	write_through(p, witness, "abc");
	pl_drain(p.r);
	pl_expect_no_report(queue);
}

/* To ask is to be told what is so at the time. */
PL_CASE(edge_registration_reports_existing_data,
    .verifies = "io.epoll.edge-triggered-registration-reports-existing-data", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	int witness = watching(p.r, POLLIN | PL_EPOLL_ET), queue = pl_epoll();

	write_through(p, witness, "abc");
	pl_epoll_add(queue, p.r, POLLIN | PL_EPOLL_ET);
	for (int i = 0; i < 2; i++) {
		pl_expect_report(queue, p.r, POLLIN);
		pl_expect_no_report(queue);
		pl_expect(sys_epoll_modify(queue, p.r, POLLIN | POLLPRI | PL_EPOLL_ET), returns(0));
	}
	pl_expect_report(queue, p.r, POLLIN);
	pl_drain(p.r);
	pl_expect(sys_epoll_modify(queue, p.r, POLLIN | PL_EPOLL_ET), returns(0));
	pl_expect_no_report(queue);
}

/* The registration is still there, but asleep. */
PL_CASE(oneshot_is_disabled_until_modified, .verifies = "io.epoll.oneshot-disables-until-modified",
    .kinds = PL_EVERY)
{
	const uint32_t once = POLLIN | PL_EPOLL_ONESHOT;
	struct pl_pair p = pl_pair();
	int witness = watching(p.r, POLLIN | PL_EPOLL_ET), queue = watching(p.r, once);

	pl_expect_no_report(queue);
	write_through(p, witness, "abc");
	pl_expect_report(queue, p.r, POLLIN);
	pl_expect_no_report(queue);
	write_through(p, witness, "def");
	pl_expect_no_report(queue);
	pl_expect(sys_epoll_add(queue, p.r, once), fails(EEXIST));
	pl_expect(sys_epoll_modify(queue, p.r, once), returns(0));
	pl_expect_report(queue, p.r, POLLIN);
	pl_expect_no_report(queue);
	/* With another mask it is another registration. */
	pl_expect(sys_epoll_modify(queue, p.r, POLLIN), returns(0));
	for (int i = 0; i < 2; i++)
		pl_expect_report(queue, p.r, POLLIN);
}

/* Not even what is told unasked is told of one that had its turn. */
PL_CASE(oneshot_hides_a_hang_up, .verifies = "io.epoll.oneshot-disables-until-modified",
    .kinds = PL_EVERY | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	int witness = watching(p.r, POLLIN | POLLRDHUP | PL_EPOLL_ET);
	int queue = watching(p.r, POLLIN | PL_EPOLL_ONESHOT);
	struct pl_epoll_event event;

	write_through(p, witness, "abc");
	pl_expect_report(queue, p.r, POLLIN);
	pl_close(p.w);
	pl_expect(sys_epoll_wait(witness, &event, 1, -1), returns(1));
	pl_expect_no_report(queue);
	pl_expect(sys_epoll_modify(queue, p.r, 0), returns(0));
	if (!pl_kind_has(PL_INET))
		pl_expect_report(queue, p.r, POLLHUP);
}

/* A writer without readers. */
PL_CASE(error_is_reported_unasked, .verifies = "io.epoll.error-and-hangup-reported-unasked",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int queue = watching(p.w, 0);

	pl_expect_no_report(queue);
	pl_close(p.r);
	for (int i = 0; i < 2; i++)
		pl_expect_report(queue, p.w, POLLERR);
	pl_expect(sys_epoll_modify(queue, p.w, PL_EPOLL_ET), returns(0));
	pl_expect_report(queue, p.w, POLLERR);
	pl_expect_no_report(queue);
}

static struct pl_outcome
wait_for_event(void *queue)
{
	struct pl_epoll_event event = { .events = 0 };
	struct pl_outcome o = sys_epoll_wait(*(int *)queue, &event, 1, -1);

	return (o.error == 0 && o.value == 1 ? pl_epoll_bits(&event) : o);
}

/* A reader or a peer that hears no more; who waits for nothing is woken by it. */
static void
expect_hangup(void)
{
	struct pl_pair p = pl_pair();
	int queue = watching(p.r, 0);
	struct pl_peer *waiting;

	pl_write(p.w, "abc", 3);
	pl_expect_no_report(queue);
	waiting = pl_thread(wait_for_event, &queue);
	pl_expect_blocks(waiting);
	if (pl_kind_has(PL_INET))
		pl_shutdown(p.r, SHUT_WR);
	pl_close(p.w);
	pl_expect(pl_result(waiting), is(POLLHUP));
	pl_expect_report(queue, p.r, POLLHUP);
}

PL_CASE(hangup_is_reported_unasked, .verifies = "io.epoll.error-and-hangup-reported-unasked",
    .kinds = PL_PIPES)
{
	expect_hangup();
}

PL_CASE(hangup_of_a_connection_is_reported_unasked,
    .verifies = "io.epoll.error-and-hangup-reported-unasked", .kinds = PL_CONNECTIONS | PL_UNIX)
{
	expect_hangup();
}

/* Each has its turn before any has a second one. */
PL_CASE(those_that_are_ready_take_turns, .verifies = "io.epoll.more-ready-than-maxevents-rotates")
{
	enum { READY = 4, ROUNDS = 3 };
	int queue = pl_epoll(), fds[READY];

	for (int i = 0; i < READY; i++) {
		int fd[2];

		pl_pipe(fd);
		pl_write(fd[1], "a", 1);
		fds[i] = fd[0];
		pl_epoll_add(queue, fd[0], POLLIN);
	}
	/* One at a time, two at a time, all of them. */
	for (int count = 1; count <= READY; count *= 2)
		for (int round = 0; round < ROUNDS; round++) {
			bool seen[READY] = { false };

			for (int told = 0; told < READY; told += count) {
				struct pl_epoll_event events[READY + 1];

				pl_expect(sys_epoll_wait(
					      queue, events, count == READY ? READY + 1 : count, 0),
				    returns(count));
				for (int i = 0; i < count; i++)
					for (int j = 0; j < READY; j++)
						if ((int)events[i].data == fds[j])
							seen[j] = true;
			}
			for (int j = 0; j < READY; j++)
				pl_expect_that(seen[j], "an event of each",
				    "none of %s in round %d", pl_slot(fds[j]), round);
		}
}

/* All of the time, to the millisecond. */
PL_CASE(wait_lasts_as_long_as_the_timeout, .verifies = "io.epoll.wait-timeouts-and-eintr",
    .kinds = PL_PLAIN)
{
	static const int timeouts[] = { 0, 1, 7, 30 };
	struct pl_pair p = pl_pair();
	int queue = watching(p.r, POLLIN), empty = pl_epoll();
	struct pl_epoll_event event;

	for (size_t i = 0; i < PL_COUNT(timeouts); i++)
		for (int j = 0; j < 2; j++) {
			double start = pl_milliseconds(), took;

			pl_expect(
			    sys_epoll_wait(j == 0 ? queue : empty, &event, 1, timeouts[i]), is(0));
			took = pl_milliseconds() - start;
			pl_expect_that(took >= timeouts[i], "all of the time-out to pass",
			    "%.3f of %d ms", took, timeouts[i]);
		}
}

/* Restarting is for other calls; the registration is as it was. */
PL_CASE(signal_ends_the_wait, .verifies = "io.epoll.wait-timeouts-and-eintr", .kinds = PL_PLAIN)
{
	static const int flags[] = { SA_RESTART, 0 };
	struct pl_pair p = pl_pair();
	int queue = watching(p.r, POLLIN);

	for (size_t i = 0; i < PL_COUNT(flags); i++) {
		struct pl_peer *waiting;

		pl_catch(SIGUSR1, flags[i]);
		waiting = pl_child(wait_for_event, &queue, queue);
		pl_expect_blocks(waiting);
		pl_kill(waiting, SIGUSR1);
		pl_expect(pl_result(waiting), fails(EINTR));
	}
	pl_write(p.w, "a", 1);
	pl_expect_report(queue, p.r, POLLIN);
}

/* Who stops has caught nothing, and is told all the same. */
PL_CASE(stop_and_continue_end_the_wait, .verifies = "io.epoll.stop-and-continue-interrupts-wait",
    .kinds = PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	int queue = watching(p.r, POLLIN), status = 0;
	struct pl_peer *waiting = pl_child(wait_for_event, &queue, queue);

	pl_expect_blocks(waiting);
	pl_kill(waiting, SIGSTOP);
	pl_must(pl_sys(waitpid(pl_peer_pid(waiting), &status, WUNTRACED), "waitpid(%s, WUNTRACED)",
	    pl_peer_name(waiting)));
	if (!WIFSTOPPED(status))
		pl_broken("%s did not stop", pl_peer_name(waiting));
	pl_kill(waiting, SIGCONT);
	pl_expect(pl_result(waiting), fails(EINTR));
}

/* Only who asks hears of the end of one direction, and not before it. */
PL_CASE(half_close_is_reported_as_rdhup, .verifies = "io.epoll.rdhup-event-on-peer-half-close",
    .kinds = PL_CONNECTIONS)
{
	struct pl_pair p = pl_pair();
	int asking = watching(p.r, POLLRDHUP), both = watching(p.r, POLLIN | POLLRDHUP);
	int other = watching(p.r, POLLIN), own = watching(p.w, POLLRDHUP);

	pl_write(p.w, "abc", 3);
	pl_expect_report(both, p.r, POLLIN);
	pl_expect_no_report(asking);
	pl_shutdown(p.w, SHUT_WR);
	for (int i = 0; i < 2; i++) {
		pl_expect_report(asking, p.r, POLLRDHUP);
		pl_expect_report(both, p.r, POLLIN | POLLRDHUP);
		pl_expect_report(other, p.r, POLLIN);
		pl_drain(p.r);
	}
	pl_expect_no_report(own);
}

/* An instance is readable when it has something to tell, to poll and to another one. */
PL_CASE(descriptor_of_an_instance_is_pollable, .verifies = "io.epoll.descriptor-is-itself-pollable",
    .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	int queue = watching(p.r, POLLIN), outer = watching(queue, POLLIN);

	pl_expect(pl_poll_now(queue, POLLIN | POLLOUT), is(0));
	pl_expect_no_report(outer);
	pl_write(p.w, "abc", 3);
	pl_expect_report(outer, queue, POLLIN);
	pl_expect(pl_poll_now(queue, POLLIN | POLLOUT), is(POLLIN));
	pl_expect_report(queue, p.r, POLLIN);
	pl_drain(p.r);
	pl_expect(pl_poll_now(queue, POLLIN), is(0));
	pl_expect_no_report(outer);
}

/* The list is looked at for as long as the wait lasts, not at its beginning alone. */
PL_CASE(descriptor_added_meanwhile_wakes,
    .verifies = "io.epoll.descriptor-added-during-wait-wakes-it", .kinds = PL_EVERY)
{
	struct pl_pair idle = pl_pair(), p = pl_pair(), late = pl_pair();
	int queue = watching(idle.r, POLLIN);
	struct pl_peer *waiting = pl_thread(wait_for_event, &queue);

	pl_write(p.w, "abc", 3);
	pl_expect_arrival(p.r);
	pl_expect_blocks(waiting);
	pl_expect(sys_epoll_add(queue, p.r, POLLIN), returns(0));
	pl_expect(pl_result(waiting), is(POLLIN));
	pl_drain(p.r);
	/* Ready only after it was added; and made ready by another question. */
	waiting = pl_thread(wait_for_event, &queue);
	pl_expect_blocks(waiting);
	pl_epoll_add(queue, late.r, POLLIN);
	pl_write(late.w, "abc", 3);
	pl_expect(pl_result(waiting), is(POLLIN));
	pl_drain(late.r);
	waiting = pl_thread(wait_for_event, &queue);
	pl_expect_blocks(waiting);
	pl_expect(sys_epoll_modify(queue, late.r, POLLHUP), returns(0));
	pl_write(p.w, "abc", 3);
	pl_expect(pl_result(waiting), is(POLLIN));
}

/* Judge: a full end is told to be writable once there is room again, and once only. */
static void
expect_writable_edge(void)
{
	struct pl_pair p = pl_pair();
	size_t left = pl_fill_pair(p, 4096);
	int queue = watching(p.w, POLLOUT | PL_EPOLL_ET);
	char b[4096];

	pl_expect_no_report(queue);
	while (left > 0)
		left -= (size_t)pl_must(sys_read(p.r, b, sizeof(b)));
	pl_expect_report(queue, p.w, POLLOUT);
	pl_expect_no_report(queue);
	pl_expect_no_report(queue);
}

PL_CASE(room_is_an_edge, .verifies = "io.epoll.edge-writable-after-drain",
    .kinds = PL_EVERY | PL_STREAM)
{
	expect_writable_edge();
}

PL_CASE(room_for_records_is_an_edge, .verifies = "io.epoll.edge-writable-after-drain",
    .kinds = PL_CONNECTIONS | PL_MESSAGES)
{
	expect_writable_edge();
}
