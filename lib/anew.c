#include "anew.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "case.h"
#include "frame.h"
#include "os.h"
#include "state.h"
#include "trace.h"

/* In the environment: the channel's descriptor, a colon, the function's name. */
#define VARIABLE "PLUMBLINE_ANEW"

/* Types of frames: the argument, to the new program; the outcome, from it. */
enum { ARGUMENT = 1, OUTCOME };

/* How many descriptors a peer may keep. */
enum { KEPT = 64 };

struct task {
	const char *function;
	int channel;
};

static bool
send_frame(int channel, uint16_t type, const void *bytes, size_t size)
{
	struct pl_frame_encoder e;

	return (pl_frame_encode(&e, type, bytes, size) == 0 &&
	    pl_frame_send(&e, channel) == PL_FRAME_WHOLE);
}

/* A frame of that type.  Its size in bytes, or -1. */
static ssize_t
receive_frame(int channel, uint16_t type, void *memory, size_t room)
{
	struct pl_frame_decoder d;

	pl_frame_decoder(&d, memory, room, 0);
	if (pl_frame_receive(&d, channel) != PL_FRAME_WHOLE || d.frame.type != type)
		return (-1);
	return ((ssize_t)d.frame.length);
}

void
pl_run_if_told(const char *name, pl_peer_function *function)
{
	const char *told = getenv(VARIABLE);
	_Alignas(max_align_t) unsigned char argument[PL_ANEW_ARGUMENT];
	struct pl_outcome outcome;
	char *end;
	int channel;

	if (told == NULL)
		return;
	channel = (int)strtol(told, &end, 10);
	if (*end != ':' || strcmp(end + 1, name) != 0)
		return;
	if (receive_frame(channel, ARGUMENT, argument, sizeof(argument)) == -1)
		_exit(PL_ANEW_MUTE);
	outcome = function(argument);
	_exit(send_frame(channel, OUTCOME, &outcome, sizeof(outcome)) ? 0 : PL_ANEW_MUTE);
}

/* In the child. */
static struct pl_outcome
become_new(void *argument)
{
	const struct task *t = argument;
	char path[PATH_MAX], told[128], name[] = "anew", *argv[] = { name, NULL };

	if (pl_os_program_path(path, sizeof(path)) != 0)
		pl_not_tested("the system does not tell the file of a program");
	snprintf(told, sizeof(told), "%d:%s", t->channel, t->function);
	if (setenv(VARIABLE, told, 1) != 0 || fcntl(t->channel, F_SETFD, 0) != 0)
		pl_broken("no way to tell a new program what to do: %s", strerror(errno));
	return (pl_sys(execv(path, argv), "execv(this program)"));
}

static bool
take_outcome(int channel, struct pl_outcome *outcome)
{
	struct pl_outcome o;
	bool came = receive_frame(channel, OUTCOME, &o, sizeof(o)) == sizeof(o);

	close(channel);
	if (!came)
		return (false);
	/* An address in the other program. */
	o.names = NULL;
	*outcome = o;
	return (true);
}

struct pl_peer *
pl_child_anew_(const char *function, const void *argument, size_t size, const int *keep)
{
	struct task task = { .function = function };
	int channel[2], kept[KEPT], count = 0;
	struct pl_peer *peer;

	/* Marked: others that are started meanwhile shall not have it. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0)
		pl_broken("no channel to a new program: %s", strerror(errno));
	while (keep[count] != PL_KEEP_NONE && count < KEPT - 2) {
		kept[count] = keep[count];
		count++;
	}
	kept[count++] = task.channel = channel[1];
	kept[count] = PL_KEEP_NONE;
	/* It fits: nobody has to read yet. */
	if (size > PL_ANEW_ARGUMENT || !send_frame(channel[0], ARGUMENT, argument, size))
		pl_broken("no argument of %zu bytes for a new program", size);
	peer = pl_child_(become_new, &task, kept);
	close(channel[1]);
	pl_answers_by(peer, channel[0], take_outcome);
	return (peer);
}
