/*
 * Multicast groups of IPv4 on the loopback interface: memberships, members and
 * senders.  All of it in a private network.
 */

#ifndef PL_GROUP_H
#define PL_GROUP_H

#include <stdint.h>

#include "address.h"
#include "outcome.h"

/* A group nobody else is in, 239.255.66.1 (host order); those after it are free as well. */
#define PL_GROUP 0xefff4201

/* That host's address and port, host order. */
struct pl_address pl_host_address(uint32_t host, unsigned port);

/* Join or leave a group (IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP) on 127.0.0.1's interface. */
struct pl_outcome sys_join(int fd, uint32_t group);
struct pl_outcome sys_leave(int fd, uint32_t group);

/*
 * The options of that struct ip_mreq_source: IP_ADD_SOURCE_MEMBERSHIP,
 * IP_DROP_SOURCE_MEMBERSHIP, IP_BLOCK_SOURCE, IP_UNBLOCK_SOURCE.
 */
struct pl_outcome sys_source(int fd, int option, uint32_t group, uint32_t source);

/*
 * Set-up: a socket bound to that host, or any (INADDR_ANY), and port, which it
 * shares with others; port 0 is replaced by the one it gets.
 */
int pl_group_receiver(uint32_t host, unsigned *port);

/* Set-up: a socket that is bound to a host and sends its multicasts through 127.0.0.1's interface.
 */
int pl_group_sender(uint32_t host);

/* Set-up: send a text to that host, or group, and port. */
void pl_send_to(int fd, uint32_t host, unsigned port, const char *text);

#endif
