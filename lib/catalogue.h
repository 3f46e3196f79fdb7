/*
 * The requirement tables: what is documented, per profile, with its source.
 *
 * An area has two tab-separated tables, cases/<area>/requirements.tsv and
 * cases/<area>/deviations.tsv.  Both begin with a header line that names the
 * columns; a line that does not fit is one error that names file and line.
 */

#ifndef PL_CATALOGUE_H
#define PL_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

/* Whose documentation speaks. */
enum pl_profile { PL_PROFILE_POSIX, PL_PROFILE_FREEBSD, PL_PROFILE_LINUX, PL_PROFILES };

/* One documented behaviour that a program can check. */
struct pl_requirement {
	const char *id;                   /* area.topic.slug */
	const char *statement;            /* set-up, call, outcome, in our words */
	const char *class;                /* posix, shared, differs, freebsd or linux */
	const char *outcome[PL_PROFILES]; /* documented outcome, or "n/a..." */
	const char *source;               /* manual page and section, standard, function */
	int priority;                     /* 1 heart, 2 common, 3 corner */
	const char *unchecked;            /* why no program checks it; "" if one does */
	int line;                         /* in its table */
};

/* All requirements of one area, sorted as in the file. */
struct pl_catalogue {
	struct pl_requirement *rows;
	const struct pl_requirement **by_id; /* the same, sorted by id */
	size_t count;
	char *text; /* owns every string above */
};

/*
 * One kernel, or range of kernels, known not to do what a requirement says.
 * A release is major * 100 + minor: 13.2 is 1302, 6.18 is 618.  In the table a
 * range may end with a major alone, and then holds all its minors.
 */
struct pl_deviation {
	const char *requirement;
	const char *os;       /* as uname(3) names it: FreeBSD, Linux */
	int from, to;         /* releases, inclusive; 0 and INT_MAX if open */
	const char *citation; /* the documentation that is not met */
	const char *reason;   /* what the kernel does instead, and why */
	int line;
};

struct pl_deviations {
	struct pl_deviation *rows;
	size_t count;
	char *text;
};

/*
 * Read a table.  Returns 0; or -1 with a one-line message "file:line: what" in
 * error[0..size), leaving nothing allocated.  A missing deviations table is an
 * error too: an area without known deviations has one with only its header.
 */
int pl_catalogue_read(const char *path, struct pl_catalogue *, char *error, size_t size);
int pl_deviations_read(const char *path, struct pl_deviations *, char *error, size_t size);

void pl_catalogue_free(struct pl_catalogue *);
void pl_deviations_free(struct pl_deviations *);

/* The requirement of that id, or NULL. */
const struct pl_requirement *pl_catalogue_find(const struct pl_catalogue *, const char *id);

/* The known deviation of that requirement on that kernel, or NULL. */
const struct pl_deviation *pl_deviations_find(
    const struct pl_deviations *, const char *requirement, const char *os, int release);

/* Does this profile's documentation say anything about it? */
bool pl_requirement_applies(const struct pl_requirement *, enum pl_profile);

/* "posix", "freebsd", "linux"; and back, -1 for any other word. */
const char *pl_profile_name(enum pl_profile);
int pl_profile_parse(const char *name);

/* "13.2-RELEASE" is 1302, "6.18.44" is 618; -1 if it begins with no number. */
int pl_release_parse(const char *text);

#endif
