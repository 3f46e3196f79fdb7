/*
 * Cases that end in every way a case can end, for case_test.c to look at.
 */

#include <sys/wait.h>

#include "plumbline.h"

#define ONE .verifies = "specimen.all.one"

/* An end-of-file read, the call most specimens judge. */
static struct pl_outcome
read_at_eof(void)
{
	int p[2];
	char b[4];

	pl_pipe(p);
	pl_close(p[1]);
	return (sys_read(p[0], b, sizeof(b)));
}

static struct pl_outcome
write_widowed(void)
{
	int p[2];

	pl_pipe(p);
	pl_close(p[0]);
	return (sys_write(p[1], "x", 1));
}

/* Expectations that hold. */

PL_CASE(holds_value, ONE)
{
	pl_expect(read_at_eof(), fails(EINTR), returns(0));
}

PL_CASE(holds_range, ONE)
{
	pl_expect(read_at_eof(), returns_between(-5, 5));
}

PL_CASE(holds_error_with_sigpipe, ONE)
{
	pl_expect(write_widowed(), fails_with_sigpipe(EPIPE));
}

PL_CASE(holds_profile, ONE)
{
	pl_expect(pl_value(pl_profile(), NULL, "profile"), on(PL_POSIX, is(PL_PROFILE_POSIX)),
	    on(PL_FREEBSD, is(PL_PROFILE_FREEBSD)), on(PL_LINUX, is(PL_PROFILE_LINUX)));
}

PL_CASE(holds_bytes, ONE)
{
	char b[64];

	pl_payload(b, sizeof(b), 3, 1000);
	pl_expect_payload(b, sizeof(b), 3, 1000);
	pl_expect_bytes(b, b, sizeof(b));
	pl_expect_that(b == b + 0, "itself", "something else");
}

/* Expectations that fail. */

PL_CASE(deviates_value, ONE)
{
	pl_expect(read_at_eof(), returns(1), returns_between(2, 3), fails(EAGAIN));
}

PL_CASE(deviates_range, ONE)
{
	pl_expect(read_at_eof(), returns_between(1, 9));
}

PL_CASE(deviates_error, ONE)
{
	pl_expect(write_widowed(), fails_with_sigpipe(EBADF));
}

PL_CASE(deviates_unexpected_sigpipe, ONE)
{
	pl_expect(write_widowed(), fails(EPIPE));
}

PL_CASE(deviates_missing_sigpipe, ONE)
{
	pl_expect(read_at_eof(), returns_with_sigpipe(0, 0));
}

PL_CASE(deviates_profile, ONE)
{
	pl_expect(read_at_eof(), on(PL_POSIX, returns(1)), on(PL_FREEBSD, returns(2)),
	    on(PL_LINUX, returns(3)));
}

PL_CASE(deviates_condition, ONE)
{
	pl_expect_that(1 + 1 == 3, "three", "it is %d", 1 + 1);
}

PL_CASE(deviates_bytes, ONE)
{
	pl_expect_bytes("abXd", "abcd", 4);
}

PL_CASE(deviates_payload, ONE)
{
	char b[64];

	/* The second half is where it was 100 bytes earlier. */
	pl_payload(b, sizeof(b), 2, 500);
	pl_payload(b + 32, 32, 2, 432);
	pl_expect_payload(b, sizeof(b), 2, 500);
}

PL_CASE(deviates_names, ONE)
{
	int p[2];

	pl_pipe(p);
	pl_expect(pl_poll_now(p[1], POLLIN | POLLOUT), is(POLLIN));
}

/* A call that never comes back is held against what was expected of it. */
PL_CASE(deviates_by_hanging, ONE)
{
	int p[2];
	char b;

	pl_pipe(p);
	pl_expect(sys_read(p[0], &b, 1), fails(EAGAIN));
}

PL_CASE(deviates_by_crash, ONE)
{
	pl_expect_that(raise(SIGKILL) == 0, "survival", "-");
}

static struct pl_outcome
judge_in_peer(void *unused)
{
	(void)unused;
	pl_expect(read_at_eof(), returns(7));
	return (pl_done());
}

PL_CASE(deviates_in_child, ONE)
{
	pl_result(pl_child(judge_in_peer, NULL, PL_KEEP_NONE));
}

/* The deviating child must end a body that is asleep. */
PL_CASE(deviates_in_child_while_body_sleeps, ONE)
{
	int p[2];
	char b;

	pl_pipe(p);
	pl_child(judge_in_peer, NULL, PL_KEEP_NONE);
	pl_must(sys_read(p[0], &b, 1));
}

/* Several requirements. */

PL_CASE(two_requirements, .verifies = "specimen.all.one specimen.all.two")
{
	pl_requirement("specimen.all.one");
	pl_expect(read_at_eof(), returns(0));
	pl_requirement("specimen.all.two");
	pl_expect(read_at_eof(), returns(5));
}

PL_CASE(no_requirement_chosen, .verifies = "specimen.all.one specimen.all.two")
{
	pl_expect(read_at_eof(), returns(0));
}

PL_CASE(never_judges_one, .verifies = "specimen.all.one specimen.all.two")
{
	pl_requirement("specimen.all.two");
	pl_expect(read_at_eof(), returns(0));
}

PL_CASE(judges_a_foreign_one, ONE)
{
	pl_requirement("specimen.all.two");
}

PL_CASE(unknown_requirement, .verifies = "specimen.all.nonesuch")
{
	pl_expect(read_at_eof(), returns(0));
}

/* Known deviations: noted, and the case goes on. */

PL_CASE(known_deviation, .verifies = "specimen.known.here specimen.all.one")
{
	pl_requirement("specimen.known.here");
	pl_expect(read_at_eof(), returns(1));
	pl_requirement("specimen.all.one");
	pl_expect(read_at_eof(), returns(0));
}

PL_CASE(known_deviation_and_another, .verifies = "specimen.known.here specimen.all.one")
{
	pl_requirement("specimen.known.here");
	pl_expect(read_at_eof(), returns(1));
	pl_requirement("specimen.all.one");
	pl_expect(read_at_eof(), returns(2));
}

PL_CASE(known_deviation_is_gone, .verifies = "specimen.known.here")
{
	pl_expect(read_at_eof(), returns(0));
}

PL_CASE(known_by_hanging, .verifies = "specimen.known.here")
{
	int p[2];
	char b;

	pl_pipe(p);
	pl_expect(sys_read(p[0], &b, 1), fails(EAGAIN));
}

PL_CASE(known_elsewhere, .verifies = "specimen.known.elsewhere")
{
	pl_expect(read_at_eof(), returns(1));
}

/* Profiles. */

PL_CASE(posix_is_silent, .verifies = "specimen.profile.silent")
{
	pl_expect(read_at_eof(), on(PL_FREEBSD | PL_LINUX, returns(0)));
}

PL_CASE(posix_is_silent_in_part, .verifies = "specimen.profile.silent specimen.all.one")
{
	pl_requirement("specimen.profile.silent");
	pl_expect(read_at_eof(), on(PL_FREEBSD | PL_LINUX, returns(0)));
	pl_requirement("specimen.all.one");
	pl_expect(read_at_eof(), returns(0));
}

PL_CASE(forgets_a_profile, ONE)
{
	pl_expect(read_at_eof(), on(PL_FREEBSD | PL_LINUX, returns(0)));
}

/* Ends without a judgement. */

PL_CASE(broken_set_up, ONE)
{
	pl_open("no such file", O_RDONLY);
}

PL_CASE(broken_by_hanging, ONE)
{
	int p[2];
	char b;

	pl_pipe(p);
	pl_must(sys_read(p[0], &b, 1));
}

PL_CASE(broken_by_crash, ONE)
{
	raise(SIGSEGV);
}

PL_CASE(broken_by_exit, ONE)
{
	_exit(3);
}

PL_CASE(not_tested, ONE)
{
	pl_not_tested("no %s here", "unicorn");
}

PL_CASE(not_applicable, ONE)
{
	pl_not_applicable("release %d is too old", 1);
}

PL_CASE(needs_root, ONE, .needs = PL_ROOT)
{
	pl_expect(pl_value(geteuid(), NULL, "geteuid()"), is(0));
}

PL_CASE(needs_an_ordinary_user, ONE, .needs = PL_UNPRIVILEGED)
{
	int fd = pl_open("mine", O_CREAT | O_RDWR, 0600);

	pl_must(sys_write(fd, "x", 1));
	pl_expect_that(geteuid() != 0, "an ordinary user", "user %ld", (long)geteuid());
}

PL_CASE(slow_and_tagged, ONE, .slow = "shows the tag")
{
	pl_expect(read_at_eof(), returns(0));
}

/* Things left behind. */

PL_CASE(traced_things_are_tidied, ONE)
{
	int fd = pl_open("file", O_CREAT | O_RDWR, 0600);

	pl_dup(fd);
	pl_mkfifo("fifo", 0600);
	pl_expect(read_at_eof(), returns(0));
}

PL_CASE(leaves_a_descriptor, ONE)
{
	pl_expect(read_at_eof(), returns(0));
	(void)!dup(0);
}

PL_CASE(closes_a_foreign_descriptor, ONE)
{
	pl_expect(read_at_eof(), returns(0));
	close(2);
}

PL_CASE(leaves_a_file, ONE)
{
	pl_expect(read_at_eof(), returns(0));
	fclose(fopen("left", "w"));
}

static struct pl_outcome
sleep_for_ever(void *unused)
{
	int p[2];
	char b;

	(void)unused;
	pl_pipe(p);
	return (sys_read(p[0], &b, 1));
}

PL_CASE(leaves_a_child, ONE)
{
	pl_expect(read_at_eof(), returns(0));
	pl_child(sleep_for_ever, NULL, PL_KEEP_NONE);
}

PL_CASE(leaves_a_zombie, ONE)
{
	pl_expect(read_at_eof(), returns(0));
	if (fork() == 0)
		_exit(0);
	/* Ended for sure, yet not reaped. */
	siginfo_t info;
	waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
}

PL_CASE(leaves_a_thread, ONE)
{
	struct pl_peer *t;

	pl_expect(read_at_eof(), returns(0));
	t = pl_thread(sleep_for_ever, NULL);
	pl_wait_blocked(t);
}

static struct pl_outcome
start_a_session(void *unused)
{
	(void)unused;
	if (fork() == 0) {
		setsid();
		pl_reach(0);
		for (;;)
			pause();
	}
	pl_await(0);
	return (pl_done());
}

PL_CASE(leaves_an_orphan_in_its_own_session, ONE)
{
	pl_expect(read_at_eof(), returns(0));
	pl_result(pl_child(start_a_session, NULL, PL_KEEP_NONE));
}

/* Peers. */

static struct pl_outcome
read_one(void *fd)
{
	char b;

	return (sys_read(*(int *)fd, &b, 1));
}

PL_CASE(child_blocks_and_is_woken, ONE)
{
	int p[2];
	struct pl_peer *c;

	pl_pipe(p);
	c = pl_child(read_one, &p[0], p[0]);
	pl_expect_blocks(c);
	pl_write(p[1], "x", 1);
	pl_expect(pl_result(c), returns(1));
}

PL_CASE(thread_blocks_and_is_woken, ONE)
{
	int p[2];
	struct pl_peer *t;

	pl_pipe(p);
	t = pl_thread(read_one, &p[0]);
	pl_expect_blocks(t);
	pl_write(p[1], "x", 1);
	pl_expect(pl_result(t), returns(1));
}

PL_CASE(child_does_not_block, ONE)
{
	int p[2];

	pl_pipe(p);
	pl_write(p[1], "x", 1);
	pl_expect_blocks(pl_child(read_one, &p[0], p[0]));
}

PL_CASE(thread_does_not_block, ONE)
{
	int p[2];

	pl_pipe(p);
	pl_write(p[1], "x", 1);
	pl_expect_blocks(pl_thread(read_one, &p[0]));
}

/* Busy in a loop is not asleep, in whatever call it was. */
static struct pl_outcome
spin(void *until)
{
	while (*(volatile int *)until == 0)
		;
	return (pl_done());
}

PL_CASE(spinning_is_not_blocking, ONE)
{
	volatile int *until = pl_shared(sizeof(int));
	struct pl_peer *c = pl_child(spin, (void *)(uintptr_t)until, PL_KEEP_NONE);

	pl_expect_blocks(c);
}

static struct pl_outcome
die(void *unused)
{
	(void)unused;
	raise(SIGTERM);
	return (pl_done());
}

PL_CASE(child_is_killed, ONE)
{
	pl_expect(pl_result(pl_child(die, NULL, PL_KEEP_NONE)), killed_by(SIGTERM));
}

static struct pl_outcome
exit_with_nine(void *unused)
{
	(void)unused;
	_exit(9);
}

PL_CASE(child_exits, ONE)
{
	pl_expect(pl_result(pl_child(exit_with_nine, NULL, PL_KEEP_NONE)), returns(9));
}

/* A child has what it is given and nothing else. */
static struct pl_outcome
count_descriptors(void *unused)
{
	int n = 0;

	(void)unused;
	for (int fd = 3; fd < 64; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return (pl_value(n, NULL, "descriptors beyond 2"));
}

PL_CASE(child_keeps_what_is_named, ONE)
{
	int p[2];

	pl_pipe(p);
	pl_expect(pl_result(pl_child(count_descriptors, NULL, p[1])), is(1));
	pl_expect(pl_result(pl_child(count_descriptors, NULL, PL_KEEP_NONE)), is(0));
	pl_expect(pl_result(pl_child(count_descriptors, NULL, p[0], p[1])), is(2));
}

/* A new program: its argument, which is longer than a number, and what it does with it. */
struct errand {
	int kept, lost;
	char text[100];
	enum { ANSWER, DIE, LEAVE } end;
};

static struct pl_outcome
run_errand(void *argument)
{
	const struct errand *e = argument;

	if (e->end == DIE)
		raise(SIGKILL);
	if (e->end == LEAVE)
		_exit(7);
	if (write(e->kept, e->text, strlen(e->text)) == -1 || fcntl(e->lost, F_GETFD) != -1)
		return (pl_value(-1, NULL, "a wrong descriptor is open"));
	return (pl_value(123456789, NULL, "what was written"));
}
PL_ANEW(run_errand);

PL_CASE(child_anew_answers, ONE)
{
	struct errand e = { .text = "said without memory" };
	int fd[2];

	pl_pipe(fd);
	e.kept = fd[1];
	e.lost = fd[0];
	for (int i = 0; i < 2; i++) {
		struct pl_peer *p = pl_child_anew(run_errand, &e, sizeof(e), fd[1]);

		/* It has a copy. */
		e.lost = fd[1];
		pl_expect(pl_result(p), returns(i == 0 ? 123456789 : -1));
	}
	pl_close(fd[1]);
	pl_expect_text(fd[0], "said without memorysaid without memory");
}

PL_CASE(child_anew_ends_otherwise, ONE)
{
	struct errand e = { .end = DIE };

	pl_expect(
	    pl_result(pl_child_anew(run_errand, &e, sizeof(e), PL_KEEP_NONE)), killed_by(SIGKILL));
	e.end = LEAVE;
	pl_expect(pl_result(pl_child_anew(run_errand, &e, sizeof(e), PL_KEEP_NONE)), returns(7));
}

/* Each says a letter in its turn. */
struct turns {
	int from, step, order[6], next;
};

static struct pl_outcome
take_turns(void *argument)
{
	struct turns *t = argument;

	for (int i = 1; i < 6; i += 2) {
		pl_await(i);
		t->order[t->next++] = i;
		pl_reach(i + 1);
	}
	return (pl_done());
}

PL_CASE(checkpoints_order, ONE)
{
	struct turns *t = pl_shared(sizeof(*t));
	struct pl_peer *c = pl_child(take_turns, t, PL_KEEP_NONE);

	for (int i = 0; i < 6; i += 2) {
		if (i > 0)
			pl_await(i);
		t->order[t->next++] = i;
		pl_reach(i + 1);
	}
	pl_result(c);
	for (int i = 0; i < 6; i++)
		pl_expect(pl_value(t->order[i], NULL, "turn %d", i), is(i));
}

/* A signal is counted where it is caught. */
PL_CASE(signals_are_counted, ONE)
{
	pl_catch(SIGUSR1, 0);
	raise(SIGUSR1);
	raise(SIGUSR1);
	pl_expect(pl_value(pl_caught(SIGUSR1), NULL, "SIGUSR1 caught"), is(2));
	pl_forget(SIGUSR1);
	pl_expect(pl_value(pl_caught(SIGUSR1), NULL, "SIGUSR1 caught"), is(0));
}

/* Filling and draining agree and restore the flags. */
PL_CASE(fill_and_drain, ONE, .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	size_t filled = pl_fill(p.w, 4096);

	pl_expect_that(filled >= PIPE_BUF, "PIPE_BUF bytes at least", "%zu", filled);
	pl_expect(sys_fcntl(p.w, F_GETFL, 0),
	    is(pl_must(sys_fcntl(p.w, F_GETFL, 0)) & ~(long)O_NONBLOCK));
	pl_expect(pl_value((long)pl_take(p.r, 100), NULL, "taken"), is(100));
	pl_expect(pl_value((long)pl_drain(p.r), NULL, "drained"), is((long)filled - 100));
	pl_expect(pl_value((long)pl_drain(p.r), NULL, "drained"), is(0));
}

/* The transcript: the newest lines, repetitions counted. */
PL_CASE(long_transcript, ONE)
{
	int p[2];
	char b;

	pl_pipe(p);
	for (int i = 0; i < 3000; i++) {
		pl_write(p[1], "x", 1);
		pl_must(sys_read(p[0], &b, 1));
	}
	for (int i = 0; i < 5; i++)
		pl_write(p[1], "x", 1);
	pl_expect(sys_read(p[0], &b, 1), returns(2));
}
