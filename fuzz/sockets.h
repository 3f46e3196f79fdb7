/*
 * What the targets of socket calls share: kinds of sockets, a network of their
 * own, buffers whose surroundings are watched, and the table of descriptors.
 *
 * Set-up calls end the process when they fail: that is no finding.
 */

#ifndef FUZZ_SOCKETS_H
#define FUZZ_SOCKETS_H

#include <sys/socket.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum socket_kind {
	SOCKET_UNIX_STREAM,
	SOCKET_UNIX_DGRAM,
	SOCKET_UNIX_SEQPACKET,
	SOCKET_TCP4,
	SOCKET_TCP6,
	SOCKET_UDP4,
	SOCKET_UDP6,
	SOCKET_KINDS,
};

/* Their domain and type, without flags. */
int socket_kind_domain(enum socket_kind);
int socket_kind_type(enum socket_kind);

/*
 * Once per process, before fuzz_begin(): moves to a network of its own if that can be had,
 * and opens what stays open.
 */
void sockets_prepare(void);

/* Is this a network of its own?  If not, nothing may be sent to or bound at any host but loopback.
 */
bool sockets_alone(void);

/* Does this system have sockets of that kind? */
bool socket_kind_exists(enum socket_kind);

/* A socket, non-blocking and closed on exec. */
int socket_make(enum socket_kind);

/* Two of them, connected with each other. */
void socket_make_pair(enum socket_kind, int fd[2]);

/*
 * Connect and accept, seen through when a signal interrupts (libFuzzer has an alarm every
 * second) or the socket is non-blocking.  0, or a descriptor closed on exec; -1 with errno.
 */
int socket_connect(int fd, const void *name, socklen_t length);
int socket_accept(int listener);

/* Close it at once and without a rest: a TCP connection is reset. */
void socket_discard(int fd);

/* Wait until one of these events (poll(2)) is there, a second at most.  Says whether it is. */
bool socket_await(int fd, short events);

/* Room for what a call stores, among bytes that it must leave alone. */
#define WATCHED_ROOM 1024
#define WATCHED_AROUND 128
struct watched {
	size_t room;
	unsigned char before[WATCHED_AROUND];
	_Alignas(16) unsigned char bytes[WATCHED_ROOM + WATCHED_AROUND];
};

/* Prepare so much room, up to WATCHED_ROOM; say if all around it is as it was. */
void watched_prepare(struct watched *, size_t room);
bool watched_whole(const struct watched *);

/* Which descriptors are open, as far as numbers go here. */
#define DESCRIPTORS 256
void descriptors_note(bool open[DESCRIPTORS]);

#endif
