/*
 * The datagram programs of the 4.4BSD tutorials, as two processes.
 */

#include "plumbline.h"

#include <netdb.h>

/* With its NUL it has 48 bytes, as the tutorial's has. */
static const char message[] = "every byte of this line is to come, the NUL too";
_Static_assert(sizeof(message) == 48, "the tutorial's message has 48 bytes");

static struct pl_outcome
dgramsend(void *port)
{
	struct pl_address name = pl_inet_address(*(unsigned *)port);
	struct hostent *host = gethostbyname("localhost");
	int fd;

	if (host == NULL || host->h_addrtype != AF_INET)
		pl_not_tested("localhost has no IPv4 address here");
	memcpy(&name.in.sin_addr, host->h_addr_list[0], sizeof(name.in.sin_addr));
	if (ntohl(name.in.sin_addr.s_addr) >> 24 != 127)
		pl_not_tested("localhost is not a loopback address here");
	fd = pl_socket(AF_INET, SOCK_DGRAM);
	pl_expect(sys_sendto(fd, message, sizeof(message), 0, &name), returns(sizeof(message)));
	return (sys_close(fd));
}

/* Figures 6a and 6b: the receiver on any host, the sender through a host's name. */
PL_CASE_ALONE(dgramread_and_dgramsend, .verifies = "udp.tutorial.dgramread-and-dgramsend")
{
	struct pl_address name = pl_wildcard_address(AF_INET, 0);
	int fd = pl_socket(AF_INET, SOCK_DGRAM);
	struct pl_peer *sender;
	char b[1024];
	unsigned port;

	pl_expect(sys_bind(fd, &name), returns(0));
	pl_expect(sys_getsockname(fd, &name), returns(0));
	port = pl_address_port(&name);
	pl_expect_that(port != 0, "a port", "none");
	sender = pl_child(dgramsend, &port, PL_KEEP_NONE);
	pl_expect_arrival(fd);
	memset(b, 'x', sizeof(b));
	pl_expect(sys_read(fd, b, sizeof(b)), returns(sizeof(message)));
	pl_expect_bytes(b, message, sizeof(message));
	pl_expect_that(b[sizeof(message)] == 'x', "not a byte beyond the message", "a byte 0x%02x",
	    (unsigned char)b[sizeof(message)]);
	pl_expect(pl_result(sender), returns(0));
	pl_expect_nothing(fd);
}

/* One socket serves all, as every datagram says whose it is. */
PL_CASE(server_tells_clients_apart, .verifies = "udp.tutorial.server-tells-clients-apart",
    .kinds = PL_UDP)
{
	enum { CLIENTS = 4 };
	struct pl_address name, names[CLIENTS];
	int server = pl_bound(&name), clients[CLIENTS];
	bool seen[CLIENTS] = { false };

	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = pl_bound(&names[i]);
		pl_must(sys_sendto(clients[i], &"abcd"[i], 1, 0, &name));
	}
	for (int i = 0; i < CLIENTS; i++) {
		struct pl_address from;
		char b[8] = "";
		int who;

		pl_expect_arrival(server);
		pl_expect(sys_recvfrom(server, b, sizeof(b), 0, &from), returns(1));
		who = b[0] - 'a';
		pl_expect_that(who >= 0 && who < CLIENTS && !seen[who],
		    "one datagram of each client", "a byte 0x%02x, unknown or seen before",
		    (unsigned char)b[0]);
		if (who < 0 || who >= CLIENTS)
			return;
		seen[who] = true;
		pl_expect_address(&from, &names[who]);
		pl_must(sys_sendto(server, b, 1, 0, &from));
		pl_expect_arriving(clients[who], ((char[]){ b[0], 0 }));
	}
}
