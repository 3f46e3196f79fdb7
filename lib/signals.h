/*
 * One policy for signals, the same in every case.
 *
 * A case starts with SIGPIPE caught and counted, so that a write to a widowed
 * pipe returns and the outcome tells whether the signal came; every other
 * signal has its default action and none is blocked.  Peers inherit what their
 * maker set up.
 */

#ifndef PL_SIGNALS_H
#define PL_SIGNALS_H

/* Catch and count it; flags as in sa_flags, so 0 interrupts calls and SA_RESTART does not. */
void pl_catch(int signal, int flags);

/* Ignore it, or restore the default action. */
void pl_ignore(int signal);
void pl_default(int signal);

/* Block or unblock it in the calling thread. */
void pl_block(int signal);
void pl_unblock(int signal);

/* How often this process caught it since its start or the last pl_forget(). */
int pl_caught(int signal);
void pl_forget(int signal);

/* How many SIGPIPEs this thread caught; what an outcome is computed from. */
int pl_sigpipes(void);

#endif
