/*
 * Running a program of programs/ the way kyua does, and looking at what it said.
 */

#ifndef PROGRAM_H
#define PROGRAM_H

/* What one case of a program left: its result line and its standard output. */
struct ended {
	char result[4096]; /* "" if the program wrote none: broken */
	char output[262144];
};

/*
 * Run one case.  options go before the case's name, environment before the
 * program; both may be "".  srcdir is the test's own, from ATF.
 */
void run_case_of(const char *srcdir, const char *program, const char *environment,
    const char *options, const char *name, struct ended *);

#endif
