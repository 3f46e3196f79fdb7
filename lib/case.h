/*
 * Declaring a case, and running it apart from the program that reports it.
 *
 * The body runs in a process of its own.  The program watches it: a deadline,
 * a crash, whatever it left behind become part of the report, and nothing the
 * body starts outlives it.
 */

#ifndef PL_CASE_H
#define PL_CASE_H

#include <stdbool.h>

#include "catalogue.h"
#include "kind.h"

/* What a case needs; it is skipped with that reason where it cannot be had. */
enum pl_need {
	PL_ROOT = 1 << 0,         /* the super-user */
	PL_UNPRIVILEGED = 1 << 1, /* an ordinary user; root becomes one first */
};

struct pl_case {
	const char *name;
	void (*body)(void);
	const char *verifies; /* requirement ids, separated by spaces */
	unsigned kinds;       /* traits; registered once for each kind that has all */
	unsigned needs;       /* pl_need bits */
	const char *slow;     /* why it takes over a second, or NULL */
	struct pl_case *next; /* filled in by pl_case_register */
};

/*
 * Declare and define a case:
 *
 *	PL_CASE(is_sticky, .verifies = "pipe.eof.is-sticky", .kinds = PL_PIPES)
 *	{
 *		...
 *	}
 *
 * With .kinds it is registered as is_sticky__pipe, is_sticky__fifo, ..., and
 * pl_pair() makes a pair of the kind it runs for.
 */
#define PL_CASE(ident, ...)                                               \
	static void ident##_body(void);                                   \
	__attribute__((constructor)) static void ident##_register(void)   \
	{                                                                 \
		static struct pl_case declared = {                        \
			.name = #ident, .body = ident##_body, __VA_ARGS__ \
		};                                                        \
                                                                          \
		pl_case_register(&declared);                              \
	}                                                                 \
	static void ident##_body(void)

void pl_case_register(struct pl_case *);

/* A pair of the kind that this case runs for; set-up, broken if it cannot be made. */
struct pl_pair pl_pair(void);

/* The kind itself; and has it all of these traits? */
const struct pl_kind *pl_case_kind(void);
bool pl_kind_has(unsigned traits);

/* Whose documentation is asked, and its bit for comparison with PL_LINUX etc. */
enum pl_profile pl_profile(void);

/* This kernel's release, major * 100 + minor. */
int pl_os_release(void);

/*
 * Does FreeBSD's documentation as it was before that release speak?  On another
 * system the newest does.
 */
bool pl_freebsd_before(int release);

/*
 * End the case.  Broken: our own trouble, no word about the kernel.  Not
 * tested: something is missing here.  Not applicable: this kernel's release
 * does not document the behaviour.
 */
void pl_broken(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void pl_not_tested(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void pl_not_applicable(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* The value of a constant; not tested where the kernel has none of that name. */
long pl_need(long constant, const char *name);

/*
 * Not tested where that kernel variable has another value than the one its
 * documentation gives as the default; a name that this system lacks is passed over.
 */
void pl_need_untouched(const char *variable, long value);

/*
 * A file, or directory, that the case made by other means than a traced call:
 * remove it at the end, the last one named first.  What traced calls open or
 * create is closed and removed unasked.
 */
void pl_remove_at_end(const char *path);

#endif
