#include "passage.h"

#include <stdio.h>
#include <string.h>

#include "case.h"
#include "expect.h"
#include "socket.h"
#include "trace.h"

#define MARK "|"

int
pl_whole(void)
{
	return (pl_kind_has(PL_MESSAGES | PL_CONNECTIONS) ? MSG_EOR : 0);
}

void
pl_put(struct pl_pair p, const void *bytes, size_t size)
{
	if (pl_whole() == 0)
		pl_write(p.w, bytes, size);
	else
		pl_must(sys_send(p.w, bytes, size, pl_whole()));
}

void
pl_judge_waiting(const char *file, int line, int fd, size_t size)
{
	if (pl_kind_has(PL_STREAM | PL_INET))
		pl_judge_queued(file, line, fd, (int)size);
	else
		pl_judge_arrival(file, line, fd);
}

struct pl_outcome
sys_put(struct pl_pair p, const void *bytes, size_t size)
{
	return (
	    pl_whole() == 0 ? sys_write(p.w, bytes, size) : sys_send(p.w, bytes, size, pl_whole()));
}

/* A mark that is not the next thing to come is told by what comes in its place. */
void
pl_judge_left(const char *file, int line, struct pl_pair p, const char *text)
{
	char all[64];
	int length = snprintf(all, sizeof(all), "%s%s", text, MARK);

	if (length < 0 || (size_t)length >= sizeof(all))
		pl_broken("%s:%d: a text of %zu bytes is too long", file, line, strlen(text));
	pl_put(p, MARK, strlen(MARK));
	if (pl_kind_has(PL_STREAM)) {
		pl_judge_waiting(file, line, p.r, (size_t)length);
		pl_judge_text(file, line, p.r, all);
		return;
	}
	if (text[0] != '\0')
		pl_judge_arriving(file, line, p.r, text);
	pl_judge_arriving(file, line, p.r, MARK);
}
