#include "print.h"

#include <stdio.h>
#include <string.h>

#include "names.h"

char *
pl_print_outcome(char *buffer, size_t size, const struct pl_outcome *o)
{
	char text[128];

	if (o->killed != 0)
		snprintf(buffer, size, "killed by %s",
		    pl_name(text, sizeof(text), &pl_names_signal, o->killed));
	else if (o->error != 0)
		snprintf(
		    buffer, size, "%s", pl_name(text, sizeof(text), &pl_names_errno, o->error));
	else
		snprintf(buffer, size, "%s", pl_name(text, sizeof(text), o->names, o->value));
	if (o->sigpipes == 1)
		snprintf(text, sizeof(text), " raises SIGPIPE");
	else if (o->sigpipes > 1)
		snprintf(text, sizeof(text), " raises SIGPIPE %d times", o->sigpipes);
	else
		text[0] = '\0';
	if (strlen(buffer) + strlen(text) < size)
		strcat(buffer, text);
	return (buffer);
}

char *
pl_print_call(char *buffer, size_t size, const struct pl_outcome *o)
{
	char text[256];

	snprintf(buffer, size, "%s = %s", o->call, pl_print_outcome(text, sizeof(text), o));
	return (buffer);
}
