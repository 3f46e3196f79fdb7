/*
 * What defects of sockets and their names have in common.
 */

#ifndef PL_NAMING_DEFECTS_H
#define PL_NAMING_DEFECTS_H

#include <sys/socket.h>

#include <netinet/in.h>

#include <stdbool.h>

/* The result of a call with another errno, if it failed with that one. */
int renamed(int result, int from, int to);

/* The result of a call, a failure with that errno being a success. */
int tolerated(int result, int error);

/* Put a descriptor where none has been. */
int moved_up(int fd);

/* The value of an option at SOL_SOCKET. */
int option_of(int fd, int name);

/* Has it a peer? */
bool is_connected(int fd);

/* An IPv4 name that is complete, or NULL. */
const struct sockaddr_in *inet_of(const struct sockaddr *name, socklen_t size);

/* Bind to any port of 127.0.0.1. */
int bind_anywhere(int fd);

#endif
