/*
 * Readiness: what each interface says of a descriptor, and whether it is true.
 */

#ifndef PL_READINESS_H
#define PL_READINESS_H

/* What an end can be asked, and what it is ready for. */
enum pl_direction {
	PL_READS = 1 << 0,
	PL_WRITES = 1 << 1,
	PL_ACCEPTS = 1 << 2, /* in place of reading: a listener */
};
/* Not documented: only that the interfaces agree and tell the truth is judged. */
#define PL_ANY_READINESS (~0u)

/* One end in some state, and the directions that make sense for it. */
struct pl_end {
	int fd;
	unsigned directions;
};

/*
 * Judge the ends that make() makes, for the kind that the case runs for: select,
 * poll and the event queue (kqueue, epoll) agree; the call in a direction they
 * call ready does not sleep, in any other it does; and the directions they call
 * ready are those of wanted.  make is called anew for each call that is tried.
 * Leaves a line "readiness <state> <kind> ..." in the output; the state is make's
 * name.
 */
#define pl_expect_readiness(make, wanted) \
	pl_judge_readiness(__FILE__, __LINE__, #make, (make), (wanted))
void pl_judge_readiness(
    const char *file, int line, const char *state, struct pl_end (*make)(void), unsigned wanted);

#endif
