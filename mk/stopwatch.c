/*
 * stopwatch file command ...: runs the command, adds its wall time in seconds as
 * a line to the file, and exits as the command did.
 */

#include <sys/wait.h>

#include <stdio.h>
#include <time.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct timespec begin, end;
	pid_t child;
	int status;
	FILE *f;

	if (argc < 3 || (f = fopen(argv[1], "a")) == NULL) {
		fprintf(stderr, "usage: stopwatch file command ...\n");
		return (125);
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	if ((child = fork()) == 0) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		perror("stopwatch");
		return (125);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	fprintf(f, "%.3f\n",
	    (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
	if (fclose(f) != 0)
		return (125);
	return (WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}
