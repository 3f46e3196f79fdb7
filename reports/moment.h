/*
 * A point in time as the forms write it: in UTC, to the second.
 */

#ifndef REPORTS_MOMENT_H
#define REPORTS_MOMENT_H

#define MOMENT 32

/*
 * 2026-11-25T00:12:00 for microseconds since 1970; "" for 0 and below (nobody
 * knows) and for a year of more than four digits.
 */
void moment_text(char text[MOMENT], long long microseconds);

#endif
