/*
 * A widowed pipe: what a writer meets when the readers have gone, EPIPE and
 * SIGPIPE, and who gets that signal.
 */

#include "plumbline.h"

enum { GO };

/* A write larger than any pipe takes at once. */
#define LARGE 300000

/* Judge: is SIGPIPE pending for the calling thread, or for all? */
static void
expect_pending(bool wanted, const char *whom)
{
	sigset_t pending;

	sigemptyset(&pending);
	pl_must(pl_sys(sigpending(&pending), "sigpending()"));
	pl_expect(pl_value(sigismember(&pending, SIGPIPE), NULL, "SIGPIPE pending for %s", whom),
	    is(wanted));
}

/* A blocked SIGPIPE is not lost: it waits, and comes when it is unblocked. */
PL_CASE(
    blocked_becomes_pending, .verifies = "pipe.sigpipe.blocked-becomes-pending", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	pl_close(p.r);
	pl_block(SIGPIPE);
	expect_pending(false, "the writer before its write");
	pl_expect(sys_write(p.w, "x", 1), fails(EPIPE));
	expect_pending(true, "the writer");
	pl_unblock(SIGPIPE);
	pl_expect(pl_value(pl_caught(SIGPIPE), NULL, "SIGPIPEs caught once unblocked"), is(1));
}

static struct pl_outcome
write_large(void *fd)
{
	static char b[LARGE];

	pl_payload(b, sizeof(b), 0, 0);
	return (sys_write(*(int *)fd, b, sizeof(b)));
}

/*
 * Bytes that went through before the reader left are counted; whether SIGPIPE
 * comes as well is where the systems part.
 */
PL_CASE(partial_write_then_reader_closes,
    .verifies = "pipe.sigpipe.partial-write-then-reader-closes "
		"pipe.sigpipe.signal-with-partial-write",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *writer = pl_child(write_large, &p.w, p.w);
	char b[1000];
	struct pl_outcome whole, count;

	pl_requirement("pipe.sigpipe.partial-write-then-reader-closes");
	pl_close(p.w);
	pl_wait_blocked(writer);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(sizeof(b)));
	pl_expect_payload(b, sizeof(b), 0, 0);
	pl_close(p.r);
	whole = pl_result(writer);
	count = whole;
	count.sigpipes = 0;
	pl_expect(count, on(PL_FREEBSD | PL_LINUX, returns_between(sizeof(b), LARGE - 1)));
	pl_requirement("pipe.sigpipe.signal-with-partial-write");
	pl_expect(whole, on(PL_FREEBSD, returns_between(sizeof(b), LARGE - 1)),
	    on(PL_LINUX, returns_with_sigpipe(sizeof(b), LARGE - 1)));
}

/* Readers are descriptors, not calls of close. */
PL_CASE(not_while_a_duplicate_reader_remains,
    .verifies = "pipe.sigpipe.not-while-a-duplicate-reader-remains", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int duplicate = pl_dup(p.r);

	pl_close(p.r);
	pl_expect(sys_write(p.w, "x", 1), returns(1));
	pl_expect_text(duplicate, "x");
	pl_expect(sys_write(p.w, "y", 1), returns(1));
	pl_close(duplicate);
	pl_expect(sys_write(p.w, "z", 1), fails_with_sigpipe(EPIPE));
}

/* "No room now" gives way to "nobody will read". */
PL_CASE(full_nonblocking_pipe_gives_epipe,
    .verifies = "pipe.sigpipe.full-nonblocking-pipe-gives-epipe", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	pl_fill(p.w, 4096);
	pl_nonblock(p.w, true);
	pl_expect(sys_write(p.w, "x", 1), fails(EAGAIN));
	pl_close(p.r);
	pl_expect(sys_write(p.w, "x", 1), fails_with_sigpipe(EPIPE));
}

/* The end of the only reading process widows the pipe. */
PL_CASE(when_reader_process_exits, .verifies = "pipe.sigpipe.when-reader-process-exits",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int checkpoint = GO;
	struct pl_peer *reader = pl_child(pl_hold, &checkpoint, p.r);

	pl_close(p.r);
	pl_expect(sys_write(p.w, "x", 1), returns(1));
	pl_reach(GO);
	pl_result(reader);
	pl_expect(sys_write(p.w, "y", 1), fails_with_sigpipe(EPIPE));
}

/* The vector form raises the signal, and once for all its areas. */
PL_CASE(writev_raises_it_too, .verifies = "pipe.sigpipe.writev-raises-it-too", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char ab[] = "ab", c[] = "c";
	const struct iovec v[] = { { ab, 2 }, { c, 1 } };

	pl_expect(sys_writev(p.w, v, 2), returns(3));
	pl_close(p.r);
	pl_expect(sys_writev(p.w, v, 2), fails_with_sigpipe(EPIPE));
	pl_expect(sys_writev(p.w, v, 1), fails_with_sigpipe(EPIPE));
}

/* A shell that says something to its output, and would then exit with status 7. */
struct speaker {
	int output;
	bool ignores;
};

static struct pl_outcome
speak(void *argument)
{
	const struct speaker *s = argument;
	char *const words[] = { (char[]){ "sh" }, (char[]){ "-c" },
		(char[]){ "{ echo x; } 2>/dev/null; exit 7" }, NULL };

	if (s->ignores)
		pl_ignore(SIGPIPE);
	else
		pl_default(SIGPIPE);
	pl_must(sys_dup2(s->output, STDOUT_FILENO));
	pl_close(s->output);
	return (pl_sys(execv("/bin/sh", words), "execv(\"/bin/sh\")"));
}

/* exec keeps SIGPIPE ignored; the same program with the default action shows that it is met. */
PL_CASE(ignored_disposition_survives_exec,
    .verifies = "pipe.sigpipe.ignored-disposition-survives-exec", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct speaker deaf = { p.w, true }, plain = { p.w, false };

	if (access("/bin/sh", X_OK) != 0)
		pl_not_tested("there is no /bin/sh here");
	pl_close(p.r);
	pl_expect(pl_result(pl_child(speak, &deaf, p.w)), returns(7));
	pl_expect(pl_result(pl_child(speak, &plain, p.w)), killed_by(SIGPIPE));
}
