/*
 * The socket calls, traced into the transcript.
 *
 * As in trace.h: sys_x() gives an outcome to judge, pl_x() is set-up and ends
 * the case as broken if the call fails.
 */

#ifndef PL_SOCKET_H
#define PL_SOCKET_H

#include <sys/socket.h>
#include <sys/types.h>

#include "address.h"
#include "outcome.h"
#include "peer.h"

struct mmsghdr;
struct timespec;

struct pl_outcome sys_socket(int domain, int type, int protocol);
struct pl_outcome sys_socketpair(int domain, int type, int protocol, int fd[2]);
struct pl_outcome sys_bind(int fd, const struct pl_address *);
struct pl_outcome sys_connect(int fd, const struct pl_address *);
struct pl_outcome sys_listen(int fd, int backlog);
/* The peer's address goes to the last argument, unless that is NULL. */
struct pl_outcome sys_accept(int fd, struct pl_address *);
struct pl_outcome sys_accept4(int fd, struct pl_address *, int flags);
struct pl_outcome sys_getsockname(int fd, struct pl_address *);
struct pl_outcome sys_getpeername(int fd, struct pl_address *);
struct pl_outcome sys_shutdown(int fd, int how);
struct pl_outcome sys_sockatmark(int fd);

struct pl_outcome sys_send(int fd, const void *, size_t, int flags);
struct pl_outcome sys_sendto(int fd, const void *, size_t, int flags, const struct pl_address *);
struct pl_outcome sys_sendmsg(int fd, const struct msghdr *, int flags);
struct pl_outcome sys_recv(int fd, void *, size_t, int flags);
struct pl_outcome sys_recvfrom(int fd, void *, size_t, int flags, struct pl_address *);
struct pl_outcome sys_recvmsg(int fd, struct msghdr *, int flags);
struct pl_outcome sys_sendmmsg(int fd, struct mmsghdr *, unsigned count, int flags);
/* The time-out may be NULL. */
struct pl_outcome sys_recvmmsg(
    int fd, struct mmsghdr *, unsigned count, int flags, struct timespec *timeout);
/* recvmsg to one buffer, without control data; msg_flags go to the last argument. */
struct pl_outcome sys_receive(int fd, void *, size_t, int flags, int *got);

/* Those of msg_flags that are in mask, printed with names, to be compared with is(). */
struct pl_outcome pl_message_flags(int got, int mask);

/* Options of any type; and those of type int, whose value the outcome of the getter is. */
struct pl_outcome sys_setsockopt(int fd, int level, int name, const void *, socklen_t);
struct pl_outcome sys_getsockopt(int fd, int level, int name, void *, socklen_t *);
struct pl_outcome sys_set_option(int fd, int level, int name, int value);
struct pl_outcome sys_get_option(int fd, int level, int name);
/* SO_LINGER with those members; the interval is in seconds. */
struct pl_outcome sys_set_linger(int fd, int l_onoff, int l_linger);

/* The state that TCP_INFO tells, one of pl_tcp_state. */
struct pl_outcome sys_tcp_state(int fd);

int pl_socket(int domain, int type);
void pl_socketpair(int domain, int type, int fd[2]);
void pl_bind(int fd, const struct pl_address *);
void pl_connect(int fd, const struct pl_address *);
void pl_listen(int fd, int backlog);
int pl_accept(int fd);
void pl_shutdown(int fd, int how);
void pl_set_option(int fd, int level, int name, int value);
int pl_get_option(int fd, int level, int name);

/* The name of this end, or of the other one. */
struct pl_address pl_sockname(int fd);
struct pl_address pl_peername(int fd);

/* A socket bound to a path (removed at the end), or to a loopback port that the kernel chose. */
int pl_bound_unix(int type, const char *path);
int pl_bound_inet(int domain, int type, struct pl_address *name);
/* In a private network: the same, bound to every address of this host. */
int pl_bound_anywhere(int domain, int type, struct pl_address *name);

/*
 * A UDP port of 127.0.0.1 that refuses everybody: its socket, which stays open,
 * listens to itself alone.
 */
int pl_refusing_udp(struct pl_address *name);

/*
 * Wait until all that this datagram socket, which has no peer, sent so far has
 * arrived or been dropped: what it sends to a socket made for that purpose comes
 * behind it.  Set-up.
 */
void pl_await_delivery(int sender);

/* Not tested where ::1 cannot be bound. */
void pl_need_inet6(void);

/* For a child: move to a network of its own, or not tested where that cannot be had. */
void pl_need_private_network(void);

/* There: make 127.0.0.2 this host as well, or not tested where that cannot be done. */
void pl_need_second_host(void);

/* Run function(argument) in a child that has a network of its own. */
void pl_in_private_network(pl_peer_function *, void *argument);

/* PL_CASE for a body that runs in such a child as a whole. */
#define PL_CASE_ALONE(ident, ...) PL_CASE_THROUGH(pl_in_private_network, ident, __VA_ARGS__)

#endif
