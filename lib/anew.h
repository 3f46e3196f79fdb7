/*
 * A peer that is a new program: this one, executed anew.
 *
 * What execve(2) leaves, only a new program can tell.  It shares no memory with
 * the case any more, as other peers do; so its argument goes to it, and its outcome
 * comes back, in frames (frame.h) over a socket pair of their own.
 */

#ifndef PL_ANEW_H
#define PL_ANEW_H

#include <stddef.h>

#include "peer.h"

/* The largest argument, bytes. */
#define PL_ANEW_ARGUMENT 256

/*
 * Declare that this peer function can be run by the new program.  There it has no
 * case around it: no traced call, no expectation, no checkpoint; it looks, and says
 * by pl_value() what it found.  Its argument is a copy.
 */
#define PL_ANEW(function)                                                 \
	static const char function##_anew[] = #function;                  \
	__attribute__((constructor)) static void function##_if_told(void) \
	{                                                                 \
		pl_run_if_told(function##_anew, function);                \
	}                                                                 \
	_Static_assert(sizeof(function##_anew) <= 64, "the name is not too long")

/*
 * Start a child that keeps, as with pl_child(), only the descriptors named, and
 * executes this program anew, which runs function on a copy of the size bytes at
 * argument.  pl_result() gives the outcome; if the program did not say it, its exit
 * status, which is PL_ANEW_MUTE for one that was told nothing or could not answer.
 * Not tested where the system does not tell which program this is.
 */
#define pl_child_anew(function, argument, size, ...) \
	pl_child_anew_(                              \
	    function##_anew, (argument), (size), (const int[]){ __VA_ARGS__, PL_KEEP_NONE })
#define PL_ANEW_MUTE 254

struct pl_peer *pl_child_anew_(
    const char *function, const void *argument, size_t size, const int *keep);

/* For PL_ANEW: run it and end, if this program was executed for that. */
void pl_run_if_told(const char *name, pl_peer_function *);

#endif
