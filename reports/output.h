/*
 * An output file that appears whole or not at all.
 *
 * It is written under another name in the same directory and takes its own at
 * the end.  What is no regular file, such as a terminal, is written in place.
 */

#ifndef REPORTS_OUTPUT_H
#define REPORTS_OUTPUT_H

#include <stddef.h>
#include <stdio.h>

struct output {
	FILE *file;
	const char *path; /* as asked for */
	char *target;     /* as it is, behind symbolic links */
	char *temporary;  /* NULL if written in place */
};

/* Each returns 0, or -1 with one line "file: what is wrong: what to do". */
int output_begin(struct output *, const char *path, char *error, size_t size);

/*
 * The second lets it appear; whoever writes several calls the first for all of
 * them before, so that a full disk leaves none.
 */
int output_close(struct output *, char *error, size_t size);
int output_finish(struct output *, char *error, size_t size);

/* Leave everything as it was, unless it has been finished. */
void output_drop(struct output *);

#endif
