/*
 * SO_SNDBUF and SO_RCVBUF in the UNIX domain: the sizes that a socket begins with.
 */

#include "plumbline.h"

#define KINDS (PL_UNIX | PL_SOCKETS | PL_PLAIN)

static const int options[] = { SO_SNDBUF, SO_RCVBUF };

/* The first of these kernel variables that there is; -1 if none. */
static long
variable(const char *const *names)
{
	long value;

	for (; *names != NULL; names++)
		if (pl_os_sysctl_get(*names, &value) == 0)
			return (value);
	return (-1);
}

/* What a kernel variable says is what new sockets get, be they of a pair or not. */
PL_CASE(size_to_begin_with, .verifies = "unix.buf.default-sizes", .kinds = KINDS)
{
	static const struct {
		int type;
		const char *names[2][4]; /* of SO_SNDBUF, of SO_RCVBUF */
	} defaults[] = {
		{ SOCK_STREAM,
		    { { "net.local.stream.sendspace", "/proc/sys/net/core/wmem_default", NULL },
			{ "net.local.stream.recvspace", "/proc/sys/net/core/rmem_default",
			    NULL } } },
		{ SOCK_DGRAM,
		    { { "net.local.dgram.maxdgram", "/proc/sys/net/core/wmem_default", NULL },
			{ "net.local.dgram.recvspace", "/proc/sys/net/core/rmem_default",
			    NULL } } },
		{ SOCK_SEQPACKET,
		    { { "net.local.seqpacket.sendspace", "net.local.seqpacket.maxseqpacket",
			  "/proc/sys/net/core/wmem_default", NULL },
			{ "net.local.seqpacket.recvspace", "/proc/sys/net/core/rmem_default",
			    NULL } } },
	};
	struct pl_pair p = pl_pair();
	const int fds[] = { pl_unconnected(), p.r, p.w };
	size_t d = 0;

	while (defaults[d].type != pl_case_kind()->type)
		d++;
	for (int i = 0; i < 2; i++) {
		long value = variable(defaults[d].names[i]);

		if (value == -1)
			pl_not_tested("the system does not tell its defaults");
		for (int s = 0; s < 3; s++)
			pl_expect(sys_get_option(fds[s], SOL_SOCKET, options[i]),
			    on(PL_FREEBSD | PL_LINUX, returns(value)));
	}
}
