/*
 * The table of kinds, and how to make a connected pair of each.
 */

#ifndef PL_KIND_H
#define PL_KIND_H

#include "address.h"

/*
 * Traits of a kind.  A case names those its body relies on and runs for every
 * kind that has them all; a new kind is one row of the table in kind.c.
 */
enum pl_trait {
	PL_STREAM = 1 << 0,      /* bytes without boundaries */
	PL_PIPES = 1 << 1,       /* pipe(2) rules: PIPE_BUF, EPIPE and SIGPIPE, one direction */
	PL_NAMED = 1 << 2,       /* met through a name: a path, an abstract name, a port */
	PL_SOCKETS = 1 << 3,     /* the socket calls work; two-way */
	PL_MESSAGES = 1 << 4,    /* what one call sends one call receives */
	PL_CONNECTIONS = 1 << 5, /* listen, accept, end of file when the peer goes */
	PL_DATAGRAMS = 1 << 6,   /* no connection needed, each message for itself */
	PL_UNIX = 1 << 7,        /* the UNIX domain: passes descriptors and credentials */
	PL_PLAIN = 1 << 8,       /* one for each sort of socket: its simplest pair */
	PL_INET = 1 << 9,        /* the Internet domain: what is sent arrives a while later */
	PL_MAPPED = 1 << 10,     /* an IPv6 socket that speaks IPv4 through mapped addresses */
	PL_EVERY = 1 << 11,      /* all kinds */
};

/* What runs for tcp4, tcp6 and tcp-dual; for udp4, udp6 and udp-dual. */
#define PL_TCP (PL_INET | PL_CONNECTIONS)
#define PL_UDP (PL_INET | PL_DATAGRAMS)

/* A connected pair: what is written to w is read from r. */
struct pl_pair {
	int r, w;
};

struct pl_kind {
	const char *name;
	unsigned traits;
	int domain, type; /* of sockets, for socket(2) */
	/* Set-up calls that make a blocking pair, descriptor flags clear. */
	struct pl_pair (*make)(const struct pl_kind *);
	/* Of sockets: a fresh address of the kind's sort, to be bound. */
	struct pl_address (*address)(void);
};

/*
 * Set-up: make a FIFO of that name and open both ends of it, the reader first
 * and with O_NONBLOCK, the writer blocking.
 */
struct pl_pair pl_fifo_pair(const char *path);

/*
 * A socket of the kind that the case runs for, in one of its states.  Set-up.
 * pl_listening needs PL_CONNECTIONS; the others serve every kind of socket.  The
 * half-closed pair is one whose w has shut down writing.
 */
int pl_unconnected(void);
int pl_bound(struct pl_address *name);
int pl_listening(int backlog, struct pl_address *name);
struct pl_pair pl_half_closed(void);

/*
 * Of the kind (PL_TCP): a bound socket that gives no answer to those who connect to
 * it, so that they stay in the middle of the handshake.  To be made before any other
 * Internet socket; not tested where it cannot be had.  And end the wait of such a
 * caller by calling back from that name, which connects the two: the far end.  Set-up.
 */
int pl_silent(struct pl_address *name);
int pl_call_back(const struct pl_address *name, int caller);

/*
 * A socket of the kind with that option of SOL_SOCKET switched on, 0 for none; and
 * one that is bound to that name, too, whose port becomes the one it gets.  Set-up.
 */
int pl_with_option(int option);
int pl_holder(int option, struct pl_address *name);

/* All hosts of the kind's domain, with that port: an IPv6 socket that speaks IPv4 has [::]. */
struct pl_address pl_everywhere(unsigned port);

/* A socket of the kind that is connected to the listener of that name.  Set-up. */
int pl_client(const struct pl_address *name);

/*
 * A client of that kind (PL_CONNECTIONS) connects, sends that text and closes.  The
 * listener's queue has its connection when this returns, and keeps it.  Set-up.
 * Gives the client's name.
 */
struct pl_address pl_queue_client(int listener, const struct pl_address *name, const char *text);

/*
 * A connected pair of the kind (PL_TCP) with these buffers from the beginning:
 * SO_SNDBUF of w and SO_RCVBUF of r, which limits the window that r offers.  Set-up.
 */
struct pl_pair pl_narrow_pair(int sending, int receiving);

/* A connected pair over 127.0.0.1: SOCK_STREAM, or SOCK_DGRAM.  Set-up. */
struct pl_pair pl_inet_pair(int type);
/* The same as an array: r, w. */
void pl_inet_ends(int type, int fd[2]);

/* All kinds; ends with a NULL name. */
extern const struct pl_kind pl_kinds[];

#endif
