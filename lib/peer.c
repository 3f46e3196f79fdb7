#include "peer.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "case.h"
#include "expect.h"
#include "os.h"
#include "state.h"
#include "trace.h"

struct pl_peer {
	struct pl_actor *actor;
	pl_peer_function *function;
	void *argument;
	bool is_thread;
	bool reaped;
	int status; /* of a child, once reaped */
	/* How its outcome comes, if not in the memory of the case; or NULL. */
	bool (*take)(int channel, struct pl_outcome *);
	int channel;
	pthread_t thread;
};

/* Looks at the kernel's tables before the looker starts to give up its time slices. */
#define EAGER_LOOKS 50

static struct pl_peer *
new_peer(pl_peer_function *function, void *argument, bool is_thread)
{
	int index = atomic_fetch_add(&pl_state->actor_count, 1);
	struct pl_peer *p;
	struct pl_actor *a;

	if (index >= PL_ACTORS)
		pl_broken("more than %d peers in one case", PL_ACTORS - 1);
	if ((p = calloc(1, sizeof(*p))) == NULL)
		pl_broken("no memory for a peer");
	a = &pl_state->actors[index];
	snprintf(a->name, sizeof(a->name), "%c%d", is_thread ? 't' : 'c', index);
	a->claim = pl_me->claim;
	p->actor = a;
	p->function = function;
	p->argument = argument;
	p->is_thread = is_thread;
	return (p);
}

/* Run the peer's function in its own process or thread. */
static void
run(struct pl_peer *p)
{
	struct pl_actor *a = p->actor;

	pl_me = a;
	a->pid = getpid();
	a->thread = pl_os_thread_id();
	a->result = p->function(p->argument);
	atomic_store(&a->finished, 1);
}

static bool
is_kept(int fd, const int *keep)
{
	for (; *keep != PL_KEEP_NONE; keep++)
		if (*keep == PL_KEEP_ALL || *keep == fd)
			return (true);
	return (false);
}

struct pl_peer *
pl_child_(pl_peer_function *function, void *argument, const int *keep)
{
	struct pl_peer *p = new_peer(function, argument, false);
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == -1)
		pl_broken("fork: %s", strerror(errno));
	if (pid == 0) {
		for (int fd = 3; fd < PL_DESCRIPTORS; fd++)
			if (!is_kept(fd, keep)) {
				close(fd);
				pl_forget_slot(fd);
			}
		run(p);
		_exit(0);
	}
	p->actor->pid = pid;
	return (p);
}

static void *
thread_main(void *argument)
{
	run(argument);
	return (NULL);
}

struct pl_peer *
pl_thread(pl_peer_function *function, void *argument)
{
	struct pl_peer *p = new_peer(function, argument, true);
	int error = pthread_create(&p->thread, NULL, thread_main, p);

	if (error != 0)
		pl_broken("pthread_create: %s", strerror(error));
	return (p);
}

/* Reap a child if it has ended; wait for that if told to. */
static bool
reap(struct pl_peer *p, bool wait)
{
	pid_t done;

	if (p->reaped)
		return (true);
	while (
	    (done = waitpid(p->actor->pid, &p->status, wait ? 0 : WNOHANG)) == -1 && errno == EINTR)
		;
	if (done == -1)
		pl_broken("waiting for %s: %s", p->actor->name, strerror(errno));
	p->reaped = done > 0;
	return (p->reaped);
}

void
pl_answers_by(struct pl_peer *p, int channel, bool (*take)(int channel, struct pl_outcome *))
{
	p->take = take;
	p->channel = channel;
}

struct pl_outcome
pl_result(struct pl_peer *p)
{
	struct pl_actor *a = p->actor;
	struct pl_outcome o;

	if (p->is_thread)
		pthread_join(p->thread, NULL);
	else
		reap(p, true);
	if (p->take != NULL && p->take(p->channel, &o)) {
		pl_note("%s: %s: %ld", a->name, o.call, o.value);
	} else if (atomic_load(&a->finished)) {
		o = a->result;
	} else if (WIFSIGNALED(p->status)) {
		o = (struct pl_outcome){ .killed = WTERMSIG(p->status) };
		if (atomic_load(&a->in_call))
			memcpy(o.call, a->call, sizeof(o.call));
		else
			snprintf(o.call, sizeof(o.call), "end of %s", a->name);
		pl_note("%s was killed by signal %d", a->name, o.killed);
	} else {
		o = (struct pl_outcome){ .value = WEXITSTATUS(p->status) };
		snprintf(o.call, sizeof(o.call), "exit status of %s", a->name);
		pl_note("%s exited with status %ld", a->name, o.value);
	}
	atomic_store(&a->finished, 1);
	free(p);
	return (o);
}

void
pl_in_child(pl_peer_function *function, void *argument)
{
	pl_must_(NULL, 0, pl_result(pl_child(function, argument, PL_KEEP_NONE)));
}

struct pl_outcome
pl_done(void)
{
	return (pl_value(0, NULL, "%s is done", pl_me->name));
}

pid_t
pl_peer_pid(const struct pl_peer *p)
{
	return (p->actor->pid);
}

const char *
pl_peer_name(const struct pl_peer *p)
{
	return (p->actor->name);
}

struct pl_outcome
pl_hold(void *checkpoint)
{
	pl_await(*(int *)checkpoint);
	return (pl_done());
}

/* "read" of "read(p0, 16)". */
static void
call_name(const struct pl_actor *a, char *name, size_t size)
{
	snprintf(name, size, "%.*s", (int)strcspn(a->call, "("), a->call);
}

/* Wait until the peer sleeps in a traced call (true) or has come to its end (false). */
static bool
falls_asleep(struct pl_peer *p)
{
	const struct pl_actor *a = p->actor;
	char name[32];

	for (unsigned look = 0;; look++) {
		if (atomic_load(&a->finished) || (!p->is_thread && reap(p, false)))
			return (false);
		if (a->thread != 0 && atomic_load(&a->in_call)) {
			call_name(a, name, sizeof(name));
			switch (pl_os_asleep(a->pid, a->thread, name, a->call_fd)) {
			case PL_OS_ASLEEP:
				return (true);
			case PL_OS_UNKNOWN:
				pl_not_tested("this kernel does not show what a thread sleeps in");
			case PL_OS_AWAKE:
				break;
			}
		}
		if (look < EAGER_LOOKS)
			sched_yield();
		else
			poll(NULL, 0, 1);
	}
}

void
pl_judge_blocks(const char *file, int line, struct pl_peer *p)
{
	char text[2 * PL_LINE];

	snprintf(text, sizeof(text), "%s goes to sleep in its call", p->actor->name);
	pl_expecting_text(file, line, text);
	if (falls_asleep(p)) {
		snprintf(text, sizeof(text), "# %s: %s blocks", p->actor->name, p->actor->call);
		pl_transcribe(text);
		pl_judge_that(true, "-");
	} else {
		pl_judge_that(
		    false, "%s came back without sleeping: %s", p->actor->name, p->actor->call);
	}
}

void
pl_wait_blocked(struct pl_peer *p)
{
	if (!pl_sleeps(p))
		pl_broken("%s came back from %s instead of going to sleep", p->actor->name,
		    p->actor->call);
}

bool
pl_sleeps(struct pl_peer *p)
{
	char text[2 * PL_LINE];

	if (!falls_asleep(p))
		return (false);
	snprintf(text, sizeof(text), "# %s: %s blocks", p->actor->name, p->actor->call);
	pl_transcribe(text);
	return (true);
}

void
pl_kill(struct pl_peer *p, int signal)
{
	int error;

	if (p->is_thread)
		error = pthread_kill(p->thread, signal);
	else
		error = kill(p->actor->pid, signal) == 0 ? 0 : errno;
	if (error != 0)
		pl_broken("cannot signal %s: %s", p->actor->name, strerror(error));
	pl_note("signal %d to %s", signal, p->actor->name);
}

static sem_t *
checkpoint(int number)
{
	if (number < 0 || number >= PL_CHECKPOINTS)
		pl_broken("there is no checkpoint %d", number);
	return (&pl_state->checkpoints[number]);
}

void
pl_reach(int number)
{
	sem_post(checkpoint(number));
}

void
pl_await(int number)
{
	while (sem_wait(checkpoint(number)) == -1 && errno == EINTR)
		;
}

void *
pl_shared(size_t size)
{
	size_t at = atomic_fetch_add(&pl_state->arena_used, (size + 63) / 64 * 64);

	if (at + size > PL_ARENA)
		pl_broken("no shared memory left for %zu bytes", size);
	return (pl_state->arena + at);
}
