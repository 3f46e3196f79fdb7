#include "group.h"

#include <string.h>

#include "case.h"
#include "expect.h"
#include "socket.h"
#include "trace.h"

static struct in_addr
in_addr_of(uint32_t host)
{
	return ((struct in_addr){ .s_addr = htonl(host) });
}

struct pl_address
pl_host_address(uint32_t host, unsigned port)
{
	struct pl_address a = pl_inet_address(port);

	a.in.sin_addr = in_addr_of(host);
	return (a);
}

static struct pl_outcome
change_membership(int fd, int option, uint32_t group)
{
	const struct ip_mreq m = { in_addr_of(group), in_addr_of(INADDR_LOOPBACK) };

	return (sys_setsockopt(fd, IPPROTO_IP, option, &m, sizeof(m)));
}

struct pl_outcome
sys_join(int fd, uint32_t group)
{
	return (change_membership(fd, IP_ADD_MEMBERSHIP, group));
}

struct pl_outcome
sys_leave(int fd, uint32_t group)
{
	return (change_membership(fd, IP_DROP_MEMBERSHIP, group));
}

struct pl_outcome
sys_source(int fd, int option, uint32_t group, uint32_t source)
{
	const struct ip_mreq_source m = { .imr_multiaddr = in_addr_of(group),
		.imr_interface = in_addr_of(INADDR_LOOPBACK),
		.imr_sourceaddr = in_addr_of(source) };

	return (sys_setsockopt(fd, IPPROTO_IP, option, &m, sizeof(m)));
}

int
pl_group_receiver(uint32_t host, unsigned *port)
{
	struct pl_address a = pl_host_address(host, *port);
	int fd = pl_socket(AF_INET, SOCK_DGRAM);

	pl_set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	pl_set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	pl_bind(fd, &a);
	a = pl_sockname(fd);
	*port = pl_address_port(&a);
	return (fd);
}

int
pl_group_sender(uint32_t host)
{
	const struct in_addr loopback = in_addr_of(INADDR_LOOPBACK);
	struct pl_address a = pl_host_address(host, 0);
	int fd = pl_socket(AF_INET, SOCK_DGRAM);

	pl_bind(fd, &a);
	pl_must_(
	    NULL, 0, sys_setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof(loopback)));
	return (fd);
}

void
pl_send_to(int fd, uint32_t host, unsigned port, const char *text)
{
	struct pl_address a = pl_host_address(host, port);

	pl_must_(NULL, 0, sys_sendto(fd, text, strlen(text), 0, &a));
}
