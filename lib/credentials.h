/*
 * Credentials of peers: those of this process, messages that carry some, and the
 * judgement of those that arrive.
 */

#ifndef PL_CREDENTIALS_H
#define PL_CREDENTIALS_H

#include "control.h"
#include "os.h"
#include "outcome.h"

/* Those of the calling process as it is now; groups are what getgroups(2) gives. */
struct pl_credentials pl_own_credentials(void);

/* Append what a sender says of itself. */
void pl_control_add_credentials(struct pl_control *, const struct pl_credentials *);

/* The option that tells who the peer is, traced. */
struct pl_outcome sys_peer_credentials(int fd, struct pl_credentials *);

/* Judge: what a form tells agrees with these credentials. */
#define pl_expect_same_credentials(got, who) \
	pl_judge_same_credentials(__FILE__, __LINE__, (got), (who))

/* Judge: the socket tells that these are the peer's. */
#define pl_expect_peer_credentials(fd, who) \
	pl_judge_peer_credentials(__FILE__, __LINE__, (fd), (who))

/*
 * Judge a receive with ample room: this text comes, and one item of control data,
 * of that form, with these credentials.
 */
#define pl_expect_credentials(fd, text, form, who) \
	pl_judge_credentials(__FILE__, __LINE__, (fd), (text), (form), (who))

/* Judge the same receive: this text comes, and no control data. */
#define pl_expect_no_credentials(fd, text) pl_judge_no_credentials(__FILE__, __LINE__, (fd), (text))

void pl_judge_same_credentials(
    const char *file, int line, const struct pl_credentials *got, const struct pl_credentials *who);
void pl_judge_peer_credentials(
    const char *file, int line, int fd, const struct pl_credentials *who);
void pl_judge_credentials(const char *file, int line, int fd, const char *text,
    enum pl_credentials_form, const struct pl_credentials *who);
void pl_judge_no_credentials(const char *file, int line, int fd, const char *text);

#endif
