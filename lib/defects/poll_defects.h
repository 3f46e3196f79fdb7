/*
 * What the themes of poll(2) share: the call with its results changed.
 */

#ifndef PL_POLL_DEFECTS_H
#define PL_POLL_DEFECTS_H

#include "defects.h"

/* What a defect makes of the events that were found for an entry. */
typedef short change_function(const struct pollfd *entry, short found);

/* Is it a descriptor that the defect changes? */
typedef bool concern_function(int fd);

static inline int
count_ready(const struct pollfd *fds, nfds_t count)
{
	int n = 0;

	for (nfds_t i = 0; i < count; i++)
		n += fds[i].revents != 0;
	return (n);
}

/* Change the entries that it concerns; how many are ready then. */
static inline int
change_all(struct pollfd *fds, nfds_t count, concern_function *concerns, change_function *change)
{
	for (nfds_t i = 0; i < count; i++)
		if (fds[i].fd >= 0 && concerns(fds[i].fd))
			fds[i].revents = change(&fds[i], fds[i].revents);
	return (count_ready(fds, count));
}

/* poll with each result changed, those that would make it sleep included. */
static inline int
poll_changed(struct pollfd *fds, nfds_t count, int timeout, concern_function *concerns,
    change_function *change)
{
	int n = real.poll(fds, count, 0);

	if (n == -1)
		return (-1);
	n = change_all(fds, count, concerns, change);
	if (n > 0 || timeout == 0)
		return (n);
	n = real.poll(fds, count, timeout);
	return (n == -1 ? -1 : change_all(fds, count, concerns, change));
}

#endif
