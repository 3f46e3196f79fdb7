/*
 * PSD:20, datagrams by name: one process reads what others send to its name.
 */

#include "plumbline.h"

#include <netdb.h>

#define SAYING "The sea is calm tonight, the tide is full . . ."
#define NAME "socket"

/* A sender's part: a socket of its own, without a name, and the reader's name. */
static struct pl_outcome
send_to_name(void *argument)
{
	const struct pl_address *name = argument;
	int fd = pl_socket(name->any.sa_family, SOCK_DGRAM);

	return (sys_sendto(fd, SAYING, sizeof(SAYING), 0, name));
}

static void
expect_saying(int reader)
{
	char b[1024];

	pl_expect(sys_read(reader, b, sizeof(b)), returns(sizeof(SAYING)));
	pl_expect_bytes(b, SAYING, sizeof(SAYING));
}

/* A path is the name; another process only needs to know it. */
PL_CASE(by_path, .verifies = "tutorial.datagram.unix-by-path")
{
	struct pl_address name = pl_unix_address(NAME);
	int reader = (int)pl_expect(sys_socket(AF_UNIX, SOCK_DGRAM, 0), opens());
	struct pl_peer *sender;

	pl_expect(sys_bind(reader, &name), returns(0));
	sender = pl_child(send_to_name, &name, PL_KEEP_NONE);
	expect_saying(reader);
	pl_expect(pl_result(sender), returns(sizeof(SAYING)));
}

/* The name is a file and stays when the reader has gone, until it is unlinked. */
PL_CASE(path_stays_until_unlinked, .verifies = "tutorial.datagram.unix-path-stays")
{
	struct pl_address name = pl_unix_address(NAME);
	int reader = pl_bound_unix(SOCK_DGRAM, NAME), next = pl_socket(AF_UNIX, SOCK_DGRAM);

	pl_expect(sys_close(reader), returns(0));
	pl_expect(pl_file_type(NAME), is(S_IFSOCK));
	pl_expect(sys_bind(next, &name), fails(EADDRINUSE));
	pl_expect(sys_unlink(NAME), returns(0));
	pl_expect(sys_bind(next, &name), returns(0));
}

/* A port is the name: the system chooses one, and the reader asks which. */
PL_CASE(by_port, .verifies = "tutorial.datagram.internet-by-port")
{
	struct pl_address name = pl_inet_address(0);
	int reader = (int)pl_expect(sys_socket(AF_INET, SOCK_DGRAM, 0), opens());
	struct pl_peer *sender;

	pl_expect(sys_bind(reader, &name), returns(0));
	pl_expect(sys_getsockname(reader, &name), returns(0));
	pl_expect_that(pl_address_port(&name) != 0, "a port other than 0", "0");
	sender = pl_child(send_to_name, &name, PL_KEEP_NONE);
	expect_saying(reader);
	pl_expect(pl_result(sender), returns(sizeof(SAYING)));
}

/* Who does not care on which of its addresses it is called binds the wildcard. */
static struct pl_outcome
read_at_any_address(void *unused)
{
	struct pl_address any = pl_wildcard_address(AF_INET, 0), name;
	int reader = pl_socket(AF_INET, SOCK_DGRAM);

	(void)unused;
	pl_expect(sys_bind(reader, &any), returns(0));
	name = pl_sockname(reader);
	name = pl_inet_address(pl_address_port(&name));
	pl_must(send_to_name(&name));
	expect_saying(reader);
	return (pl_done());
}

PL_CASE(at_any_address, .verifies = "tutorial.datagram.internet-wildcard")
{
	pl_in_private_network(read_at_any_address, NULL);
}

/* A host's name is looked up; what comes is an address to send to. */
PL_CASE(host_by_name, .verifies = "tutorial.datagram.host-by-name")
{
	const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found;
	struct pl_address name;
	int reader = pl_socket(AF_INET, SOCK_DGRAM), error;

	if ((error = getaddrinfo("localhost", NULL, &hints, &found)) != 0)
		pl_not_tested("the name localhost: %s", gai_strerror(error));
	memcpy(&name, found->ai_addr, found->ai_addrlen);
	name.length = found->ai_addrlen;
	freeaddrinfo(found);
	pl_expect_that(ntohl(name.in.sin_addr.s_addr) >> 24 == 127, "an address of 127/8", "%#x",
	    (unsigned)ntohl(name.in.sin_addr.s_addr));
	pl_expect(sys_bind(reader, &name), returns(0));
	name = pl_sockname(reader);
	pl_must(send_to_name(&name));
	expect_saying(reader);
}

/* Messages keep their boundaries. */
PL_CASE(messages_stay_apart, .verifies = "tutorial.datagram.boundaries", .kinds = PL_DATAGRAMS)
{
	struct pl_pair p = pl_pair();

	pl_expect(sys_write(p.w, "one", 3), returns(3));
	pl_expect(sys_write(p.w, "three", 5), returns(5));
	pl_expect_text(p.r, "one");
	pl_expect_text(p.r, "three");
}
