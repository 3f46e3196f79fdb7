#include "kind.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>

#include "trace.h"

static struct pl_pair
make_pipe(void)
{
	int fd[2];

	pl_pipe(fd);
	return ((struct pl_pair){ .r = fd[0], .w = fd[1] });
}

/* The reader opens without waiting for a writer, which then finds it there. */
struct pl_pair
pl_fifo_pair(const char *path)
{
	struct pl_pair p;

	pl_mkfifo(path, 0600);
	p.r = pl_open(path, O_RDONLY | O_NONBLOCK);
	p.w = pl_open(path, O_WRONLY);
	return (p);
}

static struct pl_pair
make_fifo(void)
{
	static int count;
	struct pl_pair p;
	char path[16];

	snprintf(path, sizeof(path), "fifo%d", count++);
	p = pl_fifo_pair(path);
	pl_nonblock(p.r, false);
	pl_unlink(path);
	return (p);
}

const struct pl_kind pl_kinds[] = {
	{ "pipe", PL_STREAM | PL_PIPES, make_pipe },
	{ "fifo", PL_STREAM | PL_PIPES | PL_NAMED, make_fifo },
	{ NULL, 0, NULL },
};
