#include "output.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

static int
fail(struct output *o, const char *what, char *error, size_t size)
{
	snprintf(error, size, "%s: %s: %s: name a file that can be written", o->path, what,
	    strerror(errno));
	output_drop(o);
	return (-1);
}

static char *
join(const char *a, const char *b)
{
	char *s = grow(NULL, 0, strlen(a) + strlen(b) + 1);

	strcpy(s, a);
	return (strcat(s, b));
}

int
output_begin(struct output *o, const char *path, char *error, size_t size)
{
	struct stat st;
	mode_t mask;
	int fd;

	*o = (struct output){ .path = path };
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		if ((o->file = fopen(path, "w")) == NULL)
			return (fail(o, "cannot open", error, size));
		return (0);
	}
	if ((o->target = realpath(path, NULL)) == NULL)
		o->target = join(path, "");
	o->temporary = join(o->target, ".XXXXXX");
	if ((fd = mkstemp(o->temporary)) < 0) {
		free(o->temporary);
		o->temporary = NULL;
		return (fail(o, "cannot write in its directory", error, size));
	}
	mask = umask(0);
	umask(mask);
	if (fchmod(fd, 0666 & ~mask) != 0 || (o->file = fdopen(fd, "w")) == NULL) {
		close(fd);
		return (fail(o, "cannot open", error, size));
	}
	return (0);
}

int
output_close(struct output *o, char *error, size_t size)
{
	FILE *f = o->file;

	o->file = NULL;
	if (fflush(f) != 0 || ferror(f)) {
		int saved = errno;

		fclose(f);
		errno = saved;
		return (fail(o, "cannot write", error, size));
	}
	if (fclose(f) != 0)
		return (fail(o, "cannot write", error, size));
	return (0);
}

int
output_finish(struct output *o, char *error, size_t size)
{
	if (o->file != NULL && output_close(o, error, size) != 0)
		return (-1);
	if (o->temporary != NULL && rename(o->temporary, o->target) != 0)
		return (fail(o, "cannot rename to it", error, size));
	free(o->temporary);
	o->temporary = NULL;
	return (0);
}

void
output_drop(struct output *o)
{
	int saved = errno;

	if (o->file != NULL)
		fclose(o->file);
	if (o->temporary != NULL)
		unlink(o->temporary);
	free(o->temporary);
	free(o->target);
	*o = (struct output){ .path = o->path };
	errno = saved;
}
