/*
 * Pipes across execve(2): what the new program finds open, as the IPC tutorial
 * and every shell rely on, and what FD_CLOEXEC takes away.
 */

#include "plumbline.h"

enum { GO };

/* A program for a child to become. */
struct program {
	const char *path;
	const char *words[4];
	int in, out; /* to be its standard input and output; -1: as they are */
};

/* The same descriptor under a given number, and no more under its own. */
static void
move(int from, int to)
{
	if (from == -1)
		return;
	pl_must(sys_dup2(from, to));
	pl_close(from);
}

static struct pl_outcome
become(void *argument)
{
	const struct program *program = argument;
	char words[4][64], *argv[5] = { NULL };

	move(program->in, STDIN_FILENO);
	move(program->out, STDOUT_FILENO);
	for (int i = 0; i < 4 && program->words[i] != NULL; i++) {
		snprintf(words[i], sizeof(words[i]), "%s", program->words[i]);
		argv[i] = words[i];
	}
	return (pl_sys(execv(program->path, argv), "execv(\"%s\")", program->path));
}

/* A shell command, and cat. */
static struct program
shell(const char *command)
{
	if (access("/bin/sh", X_OK) != 0)
		pl_not_tested("there is no /bin/sh here");
	return ((struct program){ "/bin/sh", { "sh", "-c", command }, -1, -1 });
}

static struct program
cat(int in, int out)
{
	if (access("/bin/cat", X_OK) != 0)
		pl_not_tested("there is no /bin/cat here");
	return ((struct program){ "/bin/cat", { "cat" }, in, out });
}

/* Judge: to the end of file come exactly these bytes, in whatever portions. */
static void
expect_all(int fd, const char *wanted, size_t size)
{
	char b[64];
	size_t total = 0;
	long n;

	do {
		n = pl_expect(sys_read(fd, b + total, sizeof(b) - total),
		    returns_between(0, (long)(size - total)));
		total += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	pl_expect(pl_value((long)total, NULL, "bytes up to the end of file"), is((long)size));
	pl_expect_bytes(b, wanted, size);
}

/* The highest number that a shell can name. */
#define NINE 9

static struct pl_outcome
become_with_nine(void *argument)
{
	struct program *program = argument;
	int fd = program->out;

	program->out = -1;
	if (fd != NINE)
		move(fd, NINE);
	return (become(program));
}

/* A descriptor without FD_CLOEXEC keeps its number and its pipe, at either end. */
PL_CASE(
    descriptors_survive_exec, .verifies = "pipe.exec.descriptors-survive-exec", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct program writer = shell("echo hello >&9");
	struct program reader = shell("read x <&9; test \"$x\" = hello");
	struct pl_peer *peer;

	writer.out = p.w;
	peer = pl_child(become_with_nine, &writer, p.w);
	pl_expect(pl_result(peer), returns(0));
	pl_expect_text(p.r, "hello\n");
	pl_write(p.w, "hello\n", 6);
	reader.out = p.r;
	peer = pl_child(become_with_nine, &reader, p.r);
	pl_expect(pl_result(peer), returns(0));
}

/* What a shell does for "echo hello | ...": the program knows nothing of it. */
PL_CASE(stdout_replaced_by_write_end, .verifies = "pipe.exec.stdout-replaced-by-write-end",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct program echo = shell("echo hello");
	struct pl_peer *peer;

	echo.out = p.w;
	peer = pl_child(become, &echo, p.w);
	pl_close(p.w);
	expect_all(p.r, "hello\n", 6);
	pl_expect(pl_result(peer), returns(0));
}

/* Two pipes with a filter between: bytes of any value pass, and so does the end of file. */
PL_CASE(
    pipeline_through_a_filter, .verifies = "pipe.exec.pipeline-through-a-filter", .kinds = PL_PIPES)
{
	static const char text[12] = "a\0b\nc\xff"
				     "de\r\x04\n";
	struct pl_pair in = pl_pair(), out = pl_pair();
	struct program filter = cat(in.r, out.w);
	struct pl_peer *peer = pl_child(become, &filter, in.r, out.w);

	pl_close(in.r);
	pl_close(out.w);
	pl_write(in.w, text, 5);
	pl_write(in.w, text + 5, sizeof(text) - 5);
	pl_close(in.w);
	expect_all(out.r, text, sizeof(text));
	pl_expect(pl_result(peer), returns(0));
}

static struct pl_outcome
become_when_told(void *argument)
{
	pl_await(GO);
	return (become(argument));
}

/* exec closes the end: once the program answers, and while it lives, there is end of file. */
PL_CASE(cloexec_closes_the_end_at_exec, .verifies = "pipe.exec.cloexec-closes-the-end-at-exec")
{
	int in[2], out[2], fd[2];
	struct program filter;
	struct pl_peer *peer;
	char b[8];

	pl_pipe(in);
	pl_pipe(out);
	pl_must(sys_pipe2(fd, O_CLOEXEC));
	filter = cat(in[0], out[1]);
	peer = pl_child(become_when_told, &filter, in[0], out[1], fd[1]);
	pl_close(in[0]);
	pl_close(out[1]);
	pl_close(fd[1]);
	pl_nonblock(fd[0], true);
	pl_expect(sys_read(fd[0], b, sizeof(b)), fails(EAGAIN));
	pl_reach(GO);
	pl_write(in[1], "alive", 5);
	pl_expect_text(out[0], "alive");
	pl_expect(sys_read(fd[0], b, sizeof(b)), returns(0));
	pl_close(in[1]);
	pl_expect(pl_result(peer), returns(0));
}

/* Try to become a program that does not exist, and report why that failed. */
static struct pl_outcome
fail_to_become(void *argument)
{
	int fd = *(int *)argument;
	struct program nothing = { "./no-such-program", { "no-such-program" }, -1, -1 };
	struct pl_outcome o = become(&nothing);

	pl_expect(o, fails(ENOENT));
	pl_expect(sys_fcntl(fd, F_GETFD, 0), returns(FD_CLOEXEC));
	pl_expect(sys_write(fd, &o.error, sizeof(o.error)), returns(sizeof(o.error)));
	return (pl_done());
}

/* An exec that fails closes nothing: the usual way to learn of it in the parent. */
PL_CASE(cloexec_spared_when_exec_fails, .verifies = "pipe.exec.cloexec-spared-when-exec-fails")
{
	struct pl_peer *peer;
	int fd[2], error = 0;

	pl_must(sys_pipe2(fd, O_CLOEXEC));
	peer = pl_child(fail_to_become, &fd[1], fd[1]);
	pl_close(fd[1]);
	pl_expect(sys_read(fd[0], &error, sizeof(error)), returns(sizeof(error)));
	pl_expect_that(error == ENOENT, "ENOENT from the child", "errno %d", error);
	pl_expect(sys_read(fd[0], &error, sizeof(error)), returns(0));
	pl_result(peer);
}

static struct pl_outcome
become_keeping(void *argument)
{
	struct program *program = argument;
	int fd = program->out;

	program->out = -1;
	pl_expect(sys_fcntl(fd, F_GETFD, 0), returns(FD_CLOEXEC));
	pl_expect(sys_fcntl(fd, F_SETFD, 0), returns(0));
	pl_expect(sys_fcntl(fd, F_GETFD, 0), returns(0));
	return (become(program));
}

/* The flag can be taken back before exec. */
PL_CASE(cloexec_can_be_cleared, .verifies = "pipe.exec.cloexec-can-be-cleared")
{
	struct program writer;
	struct pl_peer *peer;
	char command[32];
	int fd[2];

	pl_must(sys_pipe2(fd, O_CLOEXEC));
	if (fd[1] > NINE)
		pl_not_tested("a shell cannot name descriptor %d", fd[1]);
	snprintf(command, sizeof(command), "echo hello >&%d", fd[1]);
	writer = shell(command);
	writer.out = fd[1];
	peer = pl_child(become_keeping, &writer, fd[1]);
	pl_close(fd[1]);
	pl_expect(pl_result(peer), returns(0));
	expect_all(fd[0], "hello\n", 6);
}
