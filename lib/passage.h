/*
 * What passes through a pair, whatever kind the case runs for.
 */

#ifndef PL_PASSAGE_H
#define PL_PASSAGE_H

#include <stddef.h>

#include "kind.h"
#include "outcome.h"

/* Set-up: send these bytes, as one whole message or record where the kind has such. */
void pl_put(struct pl_pair, const void *, size_t);

/* The call that does so for one piece, to be judged: it returns the size. */
struct pl_outcome sys_put(struct pl_pair, const void *, size_t);

/* The flag that makes a send of the kind a whole one: MSG_EOR where records end by it, else 0. */
int pl_whole(void);

/*
 * Judge: so many bytes of a stream wait at that end, or else a message, once
 * they have arrived.
 */
#define pl_expect_waiting(fd, size) pl_judge_waiting(__FILE__, __LINE__, (fd), (size))

/*
 * Judge: what is left in the pair is that text (one message where the kind has
 * such; "" is nothing at all) and no more.  Sends a mark behind it, which must
 * come next.
 */
#define pl_expect_left(pair, text) pl_judge_left(__FILE__, __LINE__, (pair), (text))

void pl_judge_waiting(const char *file, int line, int fd, size_t size);
void pl_judge_left(const char *file, int line, struct pl_pair, const char *text);

#endif
