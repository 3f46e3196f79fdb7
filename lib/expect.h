/*
 * Expectations: the set of outcomes that documentation allows.
 *
 * An expectation names the requirement it judges (pl_requirement, or the only
 * one of the case).  An outcome outside the set ends the case as a deviation;
 * one that is registered as known for this kernel is noted, and the case goes
 * on.
 */

#ifndef PL_EXPECT_H
#define PL_EXPECT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalogue.h"
#include "outcome.h"

struct pl_address;

/* Profiles as bits, for pl_on(). */
#define PL_POSIX (1u << PL_PROFILE_POSIX)
#define PL_FREEBSD (1u << PL_PROFILE_FREEBSD)
#define PL_LINUX (1u << PL_PROFILE_LINUX)

enum pl_form { PL_FORM_END, PL_FORM_VALUE, PL_FORM_ERROR, PL_FORM_KILLED };

/* One allowed outcome.  Build it with the functions below. */
struct pl_allowed {
	enum pl_form form;
	unsigned profiles; /* who allows it; 0: all */
	long low, high;    /* PL_FORM_VALUE: inclusive range */
	int number;        /* PL_FORM_ERROR: errno; PL_FORM_KILLED: signal */
	int sigpipes;      /* SIGPIPEs raised by the call; -1: any number */
};

/* The call succeeds with exactly this value and raises no SIGPIPE. */
struct pl_allowed returns(long value);
/* The same for something that is no return value: pl_expect(pl_value(...), is(1)). */
struct pl_allowed is(long value);
/* Any value of low to high, both included. */
struct pl_allowed returns_between(long low, long high);
/* Any descriptor. */
struct pl_allowed opens(void);
/* The call fails with that errno and raises no SIGPIPE. */
struct pl_allowed fails(int error);
/* ... and raises one SIGPIPE in the calling thread. */
struct pl_allowed fails_with_sigpipe(int error);
struct pl_allowed returns_with_sigpipe(long low, long high);
/* The peer is ended by that signal. */
struct pl_allowed killed_by(int signal);
/* Only the profiles of these bits document this outcome. */
struct pl_allowed on(unsigned profiles, struct pl_allowed);

/* From here on expectations judge this requirement, one of those the case verifies. */
void pl_requirement(const char *id);

/* Is the profile that is asked one of these bits? */
bool pl_asks(unsigned profiles);

/*
 * Judge an outcome: pl_expect(sys_read(fd, b, 1), returns(0), fails(EAGAIN)).
 * The set is noted before the call is made, so that a call which never returns
 * is reported with what was expected of it.  Gives the outcome's value.
 */
#define pl_expect(outcome, ...)                                                               \
	({                                                                                    \
		const struct pl_allowed pl_set_[] = { __VA_ARGS__, { .form = PL_FORM_END } }; \
		pl_expecting(__FILE__, __LINE__, pl_set_);                                    \
		pl_judge((outcome), pl_set_);                                                 \
	})

/*
 * Judge a condition: pl_expect_that(a != b, "two numbers", "%d twice", a).  The
 * second argument says what is expected, the rest what is observed if it fails.
 */
#define pl_expect_that(condition, expected, ...) \
	(pl_expecting_text(__FILE__, __LINE__, (expected)), pl_judge_that((condition), __VA_ARGS__))

/* Judge size bytes: they are the same as those at wanted. */
#define pl_expect_bytes(observed, wanted, size)                   \
	(pl_expecting_text(__FILE__, __LINE__, "the same bytes"), \
	    pl_judge_bytes((observed), (wanted), (size)))

/* Judge a read with room to spare: it gives the bytes of that string and no more. */
#define pl_expect_text(fd, text) pl_judge_text(__FILE__, __LINE__, (fd), (text))

/*
 * Judge: something is there to be received, data or the end.  Loopback may
 * deliver a little later than the sender's call returns, so this waits for it.
 */
#define pl_expect_arrival(fd) pl_judge_arrival(__FILE__, __LINE__, (fd))

/* Judge: those bytes arrive, in one message or at once, and no more. */
#define pl_expect_arriving(fd, text) pl_judge_arriving(__FILE__, __LINE__, (fd), (text))

/* Judge: what one end of a stream sends comes out at the other, both ways. */
#define pl_expect_talk(a, b) pl_judge_talk(__FILE__, __LINE__, (a), (b))

/* Judge an address that a call gave: it is that one. */
#define pl_expect_address(observed, wanted) \
	pl_judge_address(__FILE__, __LINE__, (observed), (wanted))

/* Judge a receive on a socket that must not wait: nothing is there, nor is it the end (EAGAIN). */
#define pl_expect_nothing(fd) pl_judge_nothing(__FILE__, __LINE__, (fd))

/* Judge: the end of file comes next, be it a while later. */
#define pl_expect_end(fd) pl_judge_end(__FILE__, __LINE__, (fd))

/*
 * Judge: so many bytes wait in a stream socket, once they have arrived.  Asks by
 * the low-water mark, which is 1 before and after.
 */
#define pl_expect_queued(fd, size) pl_judge_queued(__FILE__, __LINE__, (fd), (size))

/*
 * Judge: the connection of a TCP socket comes to its end, by a reset or the last
 * acknowledgement (it has no peer any more).
 */
#define pl_expect_disconnection(fd) pl_judge_disconnection(__FILE__, __LINE__, (fd))

/* Judge: that signal, which pl_catch() catches, comes or has come. */
#define pl_expect_signal(signal) pl_judge_signal(__FILE__, __LINE__, (signal))

/* Judge size bytes: they are the payload of that stream from that offset on. */
#define pl_expect_payload(bytes, size, stream, offset)                       \
	(pl_expecting_text(__FILE__, __LINE__, "the payload that was sent"), \
	    pl_judge_payload((bytes), (size), (stream), (offset)))

/* Set-up: the outcome must be a success, else the case is broken.  Gives the value. */
#define pl_must(outcome) pl_must_(__FILE__, __LINE__, (outcome))

/*
 * An outcome that is no system call: a value read from somewhere, printed with
 * names (NULL: as a number) and described as a printf(3) format says.
 */
struct pl_outcome pl_value(long value, const struct pl_names *names, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void pl_expecting(const char *file, int line, const struct pl_allowed *);
void pl_expecting_text(const char *file, int line, const char *expected);
long pl_judge(struct pl_outcome, const struct pl_allowed *);
void pl_judge_that(bool, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pl_judge_bytes(const void *, const void *, size_t);
void pl_judge_text(const char *file, int line, int fd, const char *text);
void pl_judge_arrival(const char *file, int line, int fd);
void pl_judge_arriving(const char *file, int line, int fd, const char *text);
void pl_judge_talk(const char *file, int line, int a, int b);
void pl_judge_nothing(const char *file, int line, int fd);
void pl_judge_address(
    const char *file, int line, const struct pl_address *observed, const struct pl_address *wanted);
void pl_judge_end(const char *file, int line, int fd);
void pl_judge_queued(const char *file, int line, int fd, int size);
void pl_judge_disconnection(const char *file, int line, int fd);
void pl_judge_signal(const char *file, int line, int signal);
void pl_judge_payload(const void *, size_t, unsigned stream, uint64_t offset);
/* file may be NULL. */
long pl_must_(const char *file, int line, struct pl_outcome);

#endif
