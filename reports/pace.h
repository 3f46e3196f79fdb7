/*
 * Time classes: how long a case may take before it has got slower.
 *
 * A baseline must not depend on the machine that made it, and a busy machine
 * must not raise an alarm.  So no time is kept, but one of three classes, and
 * the limit of each lies far above what its cases take:
 *
 *     short   less than 0.3 s   limit 3 s
 *     second  less than 1.5 s   limit 5 s
 *     long    more              none: the deadline of the case is its limit
 *
 * Nearly every case takes a few milliseconds.  In four runs with eight at a time
 * on two CPUs that four other processes kept busy as well, the median was 57 to
 * 81 ms, and no case of 6,633 was delayed by more than 1.3 s.  On a
 * machine so slow that the median of 20 or more cases is over 50 ms all limits
 * are stretched by as much.  What the limits find is a case that has begun to
 * wait for something: a lost wake-up that a timer ends.
 */

#ifndef REPORTS_PACE_H
#define REPORTS_PACE_H

#include "text.h"
#include "verdict.h"

enum pace { PACE_SHORT, PACE_SECOND, PACE_LONG, PACES };

const char *pace_word(enum pace);
int pace_parse(struct span); /* -1 if it is no class */

/* By how much a run stretches its limits: 1 or more; 1 of a run of few cases. */
double pace_stretch(const struct run *);

/* The class of a case that took so many microseconds, over the stretch of its run. */
enum pace pace_of(double microseconds);

/*
 * The class that a case has from now on: the one it had unless its time is off
 * by three times or more, so that a baseline written again changes little.
 */
enum pace pace_kept(enum pace before, double microseconds);

/* The limit in microseconds; -1 if the class has none. */
long long pace_limit(enum pace, double stretch);

#endif
