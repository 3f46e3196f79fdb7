#include "program.h"

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
read_file(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n = 0;

	if (f != NULL) {
		n = fread(text, 1, size - 1, f);
		fclose(f);
	}
	text[n] = '\0';
}

void
run_case_of(const char *srcdir, const char *program, const char *environment, const char *options,
    const char *name, struct ended *e)
{
	char command[8192];
	int n;

	n = snprintf(command, sizeof(command),
	    "rm -rf result output work && mkdir work && cd work && "
	    "%s '%s/programs/%s' -s '%s/programs' -r ../result %s '%s' > ../output 2>&1",
	    environment, srcdir, program, srcdir, options, name);
	ATF_REQUIRE(n > 0 && (size_t)n < sizeof(command));
	ATF_REQUIRE(system(command) != -1);
	read_file("result", e->result, sizeof(e->result));
	read_file("output", e->output, sizeof(e->output));
}
