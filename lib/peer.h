/*
 * Children and threads: what they do, in which order, and proof that one is asleep.
 *
 * A peer makes calls while the case goes on.  Nothing waits on the clock: order
 * comes from checkpoints in shared memory, and "it is blocked in read" is read
 * off the kernel's own tables.
 */

#ifndef PL_PEER_H
#define PL_PEER_H

#include <sys/types.h>

#include <stdbool.h>

#include "outcome.h"

struct pl_peer;

/* What a peer does; the outcome it returns is what pl_result() gives. */
typedef struct pl_outcome pl_peer_function(void *argument);

/* In place of descriptors: the child keeps none, or all. */
#define PL_KEEP_NONE (-1)
#define PL_KEEP_ALL (-2)

/*
 * Start a child or a thread that runs function(argument).  A child keeps, of
 * all descriptors beyond the standard three, only those named here: a forgotten
 * copy would hold off end of file and hang-up and make a case silently wrong.
 * Set-up: broken if it cannot be started.
 */
#define pl_child(function, argument, ...) \
	pl_child_((function), (argument), (const int[]){ __VA_ARGS__, PL_KEEP_NONE })
struct pl_peer *pl_child_(pl_peer_function *, void *argument, const int *keep);
struct pl_peer *pl_thread(pl_peer_function *, void *argument);

/* Run function(argument) in a child that keeps nothing, and wait for its end.  Set-up. */
void pl_in_child(pl_peer_function *, void *argument);

/*
 * PL_CASE for a body that runs as a whole in a peer that through(function, argument)
 * makes; and in a plain child.
 */
#define PL_CASE_THROUGH(through, ident, ...)           \
	static void ident##_inside(void);              \
	static struct pl_outcome ident##_peer(void *u) \
	{                                              \
		(void)u;                               \
		ident##_inside();                      \
		return (pl_done());                    \
	}                                              \
	PL_CASE(ident, __VA_ARGS__)                    \
	{                                              \
		through(ident##_peer, NULL);           \
	}                                              \
	static void ident##_inside(void)
#define PL_CASE_IN_CHILD(ident, ...) PL_CASE_THROUGH(pl_in_child, ident, __VA_ARGS__)

/*
 * Wait for its end.  The outcome is what its function returned; its .killed is
 * the signal if one ended the child; if the child ended otherwise (exec, _exit),
 * .value is its exit status.  Every peer must be waited for.
 */
struct pl_outcome pl_result(struct pl_peer *);

/* Nothing to say: the outcome of a peer that made its own expectations. */
struct pl_outcome pl_done(void);

/*
 * A peer function that only holds the descriptors it keeps, until the checkpoint
 * at *(int *)argument is reached, or it is killed.
 */
pl_peer_function pl_hold;

/* The process id, and "c1" or "t1", its name in the transcript. */
pid_t pl_peer_pid(const struct pl_peer *);
const char *pl_peer_name(const struct pl_peer *);

/*
 * Judge: the peer goes to sleep in the traced call it makes.  Holds as soon as
 * the kernel shows it asleep there; deviates when the peer ends instead.
 */
#define pl_expect_blocks(peer) pl_judge_blocks(__FILE__, __LINE__, (peer))
void pl_judge_blocks(const char *file, int line, struct pl_peer *);

/* Set-up: the same, but broken if the peer ends instead. */
void pl_wait_blocked(struct pl_peer *);

/* No judgement: does it go to sleep in its traced call (true), or end without (false)? */
bool pl_sleeps(struct pl_peer *);

/* Set-up: send a signal to the peer (a thread gets it directed to itself). */
void pl_kill(struct pl_peer *, int signal);

/*
 * Checkpoints 0 to 31.  pl_reach lets one pl_await of the same number go on, in
 * whatever process or thread, before or after.
 */
void pl_reach(int checkpoint);
void pl_await(int checkpoint);

/*
 * Memory shared by the case and its children: size bytes, zeroed, for the
 * duration of the case.
 */
void *pl_shared(size_t size);

#endif
