/*
 * The table of kinds, and how to make a connected pair of each.
 */

#ifndef PL_KIND_H
#define PL_KIND_H

/*
 * Traits of a kind.  A case names those its body relies on and runs for every
 * kind that has them all; a new kind is one row of the table in kind.c.
 */
enum pl_trait {
	PL_STREAM = 1 << 0, /* bytes without boundaries */
	PL_PIPES = 1 << 1,  /* pipe(2) rules: PIPE_BUF, EPIPE and SIGPIPE, one direction */
	PL_NAMED = 1 << 2,  /* met through a name in the file system */
};

/* A connected pair: what is written to w is read from r. */
struct pl_pair {
	int r, w;
};

struct pl_kind {
	const char *name;
	unsigned traits;
	/* Set-up calls that make a blocking pair, descriptor flags clear. */
	struct pl_pair (*make)(void);
};

/*
 * Set-up: make a FIFO of that name and open both ends of it, the reader first
 * and with O_NONBLOCK, the writer blocking.
 */
struct pl_pair pl_fifo_pair(const char *path);

/* All kinds; ends with a NULL name. */
extern const struct pl_kind pl_kinds[];

#endif
