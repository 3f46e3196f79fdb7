#include "readiness.h"

#include <sys/select.h>

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "case.h"
#include "expect.h"
#include "os.h"
#include "peer.h"
#include "socket.h"
#include "trace.h"

/* The questions: is it ready to be read (or accepted from), is it ready to be written? */
enum question { READING, WRITING, QUESTIONS };

/* Who answers. */
enum interface { POLL, SELECT, QUEUE, INTERFACES };
static const char *const interfaces[] = { "poll", "select", "the event queue" };

struct answers {
	bool ready[INTERFACES][QUESTIONS];
};

static bool
is_asked(const struct pl_end *e, enum question q)
{
	return ((e->directions & (q == WRITING ? PL_WRITES : PL_READS | PL_ACCEPTS)) != 0);
}

/* An end that hung up or failed is ready as well: the call would not sleep. */
static bool
ask_poll(int fd, enum question q)
{
	const short event = q == WRITING ? POLLOUT : POLLIN;
	struct pollfd entry = { .fd = fd, .events = event };

	pl_must(sys_poll(&entry, 1, 0));
	return ((entry.revents & (event | POLLHUP | POLLERR)) != 0);
}

static bool
ask_select(int fd, enum question q)
{
	struct timeval now = { 0, 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	pl_must(
	    sys_select(fd + 1, q == READING ? &set : NULL, q == WRITING ? &set : NULL, NULL, &now));
	return (FD_ISSET(fd, &set) != 0);
}

static struct answers
ask_all(const struct pl_end *e)
{
	struct answers a;

	memset(&a, 0, sizeof(a));
	for (enum question q = 0; q < QUESTIONS; q++) {
		if (!is_asked(e, q))
			continue;
		a.ready[POLL][q] = ask_poll(e->fd, q);
		a.ready[SELECT][q] = ask_select(e->fd, q);
		a.ready[QUEUE][q] = pl_must(pl_sys(pl_os_event_queue_says(e->fd, q == WRITING),
					"event_queue(%s, %s)", pl_slot(e->fd),
					q == WRITING ? "writing" : "reading")) != 0;
	}
	return (a);
}

/* As the report says it. */
static const char *
said(const struct pl_end *e, const struct answers *a, enum question q)
{
	return (!is_asked(e, q) ? "-" : a->ready[POLL][q] ? "yes" : "no");
}

static struct pl_outcome
try_to_read(void *end)
{
	const struct pl_end *e = end;
	char b[64];

	return (
	    e->directions & PL_ACCEPTS ? sys_accept(e->fd, NULL) : sys_read(e->fd, b, sizeof(b)));
}

/* A pipe is writable when a whole PIPE_BUF fits. */
static struct pl_outcome
try_to_write(void *end)
{
	static const char b[PIPE_BUF];
	const struct pl_end *e = end;

	return (sys_write(e->fd, b, pl_kind_has(PL_PIPES) ? sizeof(b) : (size_t)1));
}

/* Does the call sleep?  Who does is not waited for. */
static bool
sleeps(struct pl_end *e, enum question q)
{
	struct pl_peer *peer = pl_child(q == WRITING ? try_to_write : try_to_read, e, e->fd);
	bool asleep = pl_sleeps(peer);

	if (asleep)
		pl_kill(peer, SIGKILL);
	pl_result(peer);
	return (asleep);
}

void
pl_judge_readiness(
    const char *file, int line, const char *state, struct pl_end (*make)(void), unsigned wanted)
{
	static const char *const directions[] = { "reading", "writing" };
	struct pl_end e = make();
	struct answers a = ask_all(&e);
	bool asleep[QUESTIONS] = { false };
	char text[128];
	int n = 0;

	for (enum question q = 0; q < QUESTIONS; q++) {
		if (!is_asked(&e, q))
			continue;
		for (enum interface i = SELECT; i < INTERFACES; i++) {
			snprintf(text, sizeof(text), "%s and poll agree on %s", interfaces[i],
			    directions[q]);
			pl_expecting_text(file, line, text);
			pl_judge_that(a.ready[i][q] == a.ready[POLL][q], "%s: %s, poll: %s",
			    interfaces[i], a.ready[i][q] ? "ready" : "not ready",
			    a.ready[POLL][q] ? "ready" : "not ready");
		}
		if (wanted != PL_ANY_READINESS) {
			bool documented =
			    (wanted & (q == WRITING ? PL_WRITES : PL_READS | PL_ACCEPTS)) != 0;

			snprintf(text, sizeof(text), "%sready for %s", documented ? "" : "not ",
			    directions[q]);
			pl_expecting_text(file, line, text);
			pl_judge_that(a.ready[POLL][q] == documented, "%sready for %s",
			    a.ready[POLL][q] ? "" : "not ", directions[q]);
		}
	}
	for (enum question q = 0; q < QUESTIONS; q++) {
		if (!is_asked(&e, q))
			continue;
		if (n++ > 0)
			e = make();
		asleep[q] = sleeps(&e, q);
		snprintf(text, sizeof(text), "%s for %s, so the call %s",
		    a.ready[POLL][q] ? "ready" : "not ready", directions[q],
		    a.ready[POLL][q] ? "does not sleep" : "sleeps");
		pl_expecting_text(file, line, text);
		pl_judge_that(asleep[q] != a.ready[POLL][q], "it %s",
		    asleep[q] ? "sleeps" : "does not sleep");
	}
	dprintf(STDOUT_FILENO, "readiness %s %s %s %s\n", state, pl_case_kind()->name,
	    said(&e, &a, READING), said(&e, &a, WRITING));
}
