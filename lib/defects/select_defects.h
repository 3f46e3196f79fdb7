/*
 * select(2) with what it finds changed, for defects of one sort of descriptor.
 */

#ifndef PL_SELECT_DEFECTS_H
#define PL_SELECT_DEFECTS_H

#include "defects.h"

/* The three sets, as bits. */
enum { READABLE = 1, WRITABLE = 2, EXCEPTIONAL = 4 };

/* Is it a descriptor that the defect changes? */
typedef bool concern_function(int fd);

/* What a defect makes of the sets in which one of these was asked for and found ready. */
typedef int change_function(int fd, int asked, int ready);

/* select with each result changed, those that would make it sleep included. */
int select_changed(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout,
    concern_function *, change_function *);

#endif
