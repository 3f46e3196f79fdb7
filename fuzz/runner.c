/*
 * The plain runner of a target: replays the inputs that it is given, with no engine.
 *
 *	usage: <target> FILE-or-FOLDER ...
 *
 * A folder stands for all files below it, but for those whose names begin with a
 * dot.  Prints how many inputs there were.  An input that violates something ends
 * the program with its signal, after a line that names the file.
 */

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target.h"

static char current[4096]; /* the file that is replayed */
static unsigned long count;

static _Noreturn void
quit(const char *path, const char *what)
{
	fprintf(stderr, "%s: %s\n", path, what);
	exit(2);
}

/* Name the input, for what was said so far does not; then let the signal do its work. */
static void
on_signal(int number)
{
	static const char words[] = ": this input did it\n";

	if (write(STDERR_FILENO, current, strlen(current)) < 0 ||
	    write(STDERR_FILENO, words, sizeof(words) - 1) < 0)
		_exit(2);
	signal(number, SIG_DFL);
	raise(number);
}

static void
replay_file(const char *path, size_t size)
{
	unsigned char *data;
	FILE *f;

	/* As long as the input and no longer: a read beyond it is one beyond the memory. */
	if ((data = malloc(size > 0 ? size : 1)) == NULL || (f = fopen(path, "rb")) == NULL)
		quit(path, strerror(errno));
	if (fread(data, 1, size, f) != size)
		quit(path, "it got shorter while it was read");
	fclose(f);
	snprintf(current, sizeof(current), "%s", path);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	count++;
}

static void replay(const char *path);

static void
replay_folder(const char *path)
{
	struct dirent **entries;
	char name[4096];
	int n;

	/* In order, so that two runs are the same. */
	if ((n = scandir(path, &entries, NULL, alphasort)) < 0)
		quit(path, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.') {
			if (snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name) >=
			    (int)sizeof(name))
				quit(path, strerror(ENAMETOOLONG));
			replay(name);
		}
		free(entries[i]);
	}
	free(entries);
}

static void
replay(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		quit(path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		replay_folder(path);
	else if (S_ISREG(st.st_mode))
		replay_file(path, (size_t)st.st_size);
	else
		quit(path, "neither a file nor a folder: name inputs to replay");
}

int
main(int argc, char **argv)
{
	static const int numbers[] = { SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV };

	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE-or-FOLDER ...\n", argv[0]);
		return (2);
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], on_signal);
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%lu input%s\n", count, count == 1 ? "" : "s");
	return (0);
}
