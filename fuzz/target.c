#include "target.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feedback.h"

/* The descriptors that are open, in their order, and what file each one is. */
struct stock {
	unsigned count;
	struct {
		int fd;
		dev_t device;
		ino_t file;
	} open[FUZZ_DESCRIPTORS];
};

static struct stock before;

/* Switch a defect on, if the program runs with some preloaded (lib/defects). */
static void
switch_defect(void)
{
	void (*defect_switch)(int);

	*(void **)&defect_switch = dlsym(RTLD_DEFAULT, "plumbline_defect_switch");
	if (defect_switch != NULL)
		defect_switch(1);
}

static void
prepare(void)
{
	struct rlimit limit;

	signal(SIGPIPE, SIG_IGN);
	fuzz_setup(getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
	if (limit.rlim_cur > FUZZ_DESCRIPTORS)
		limit.rlim_cur = FUZZ_DESCRIPTORS;
	fuzz_setup(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
	switch_defect();
}

/* poll() tells in one call which numbers are open, whatever is behind them. */
static void
look(struct stock *s)
{
	static struct pollfd all[FUZZ_DESCRIPTORS];
	struct stat st;

	for (int i = 0; i < FUZZ_DESCRIPTORS; i++)
		all[i] = (struct pollfd){ .fd = i };
	fuzz_setup(poll(all, FUZZ_DESCRIPTORS, 0) >= 0, "poll");
	s->count = 0;
	for (int i = 0; i < FUZZ_DESCRIPTORS; i++) {
		if (all[i].revents & POLLNVAL)
			continue;
		fuzz_setup(fstat(i, &st) == 0, "fstat");
		s->open[s->count].fd = i;
		s->open[s->count].device = st.st_dev;
		s->open[s->count].file = st.st_ino;
		s->count++;
	}
}

void
fuzz_take_stock(void)
{
	look(&before);
}

void
fuzz_compare_stock(void)
{
	struct stock after;
	unsigned i = 0, j = 0;

	look(&after);
	while (i < before.count || j < after.count) {
		int old = i < before.count ? before.open[i].fd : FUZZ_DESCRIPTORS;
		int new = j < after.count ? after.open[j].fd : FUZZ_DESCRIPTORS;

		fuzz_check(old >= new, "descriptor %d is open no longer", old);
		fuzz_check(old <= new, "descriptor %d was left open", new);
		fuzz_check(before.open[i].device == after.open[j].device &&
			before.open[i].file == after.open[j].file,
		    "descriptor %d is another file now", old);
		i++;
		j++;
	}
}

struct fuzz_bytes
fuzz_begin(const uint8_t *data, size_t size)
{
	static bool prepared;

	if (!prepared)
		prepare();
	prepared = true;
	/* Before the stock is taken: it opens a descriptor for all inputs. */
	feedback_kernel_begin();
	fuzz_take_stock();
	errno = 0;
	return ((struct fuzz_bytes){ data, size });
}

int
fuzz_end(void)
{
	feedback_kernel_end();
	fuzz_compare_stock();
	return (0);
}

struct fuzz_bytes
fuzz_part(struct fuzz_bytes *in, size_t most)
{
	struct fuzz_bytes part = { in->at, most < in->size ? most : in->size };

	/* Nothing may be added to the null pointer of an empty input. */
	if (part.size > 0)
		in->at += part.size;
	in->size -= part.size;
	return (part);
}

uint64_t
fuzz_number(struct fuzz_bytes *in, unsigned bytes)
{
	struct fuzz_bytes part = fuzz_part(in, bytes);
	uint64_t n = 0;

	while (part.size > 0)
		n = n << 8 | part.at[--part.size];
	return (n);
}

uint8_t
fuzz_byte(struct fuzz_bytes *in)
{
	return ((uint8_t)fuzz_number(in, 1));
}

unsigned
fuzz_index(struct fuzz_bytes *in, unsigned n)
{
	return ((unsigned)(fuzz_number(in, n > 256 ? 2 : 1) % n));
}

bool
fuzz_yes(struct fuzz_bytes *in)
{
	return (fuzz_byte(in) & 1);
}

void
fuzz_violated(const char *file, int line, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%d: violated: ", file, line);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

void
fuzz_broken(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: set-up: %s: %s\n", file, line, what, strerror(errno));
	_exit(2);
}
