/*
 * How large a datagram may be, and what the buffer sizes have to do with it.
 */

#include <sys/ioctl.h>

#include <net/if.h>

#include "plumbline.h"

/* What IPv4 has room for: 65535 bytes less its header of 20 and that of UDP, 8. */
enum { LARGEST = 65507, ROOM = 66000 };

/* A sender and a receiver of IPv4 that do not know each other. */
struct path {
	int r, w;
	struct pl_address name;
};

static struct path
path(void)
{
	struct path p;

	p.r = pl_bound_inet(AF_INET, SOCK_DGRAM, &p.name);
	p.w = pl_socket(AF_INET, SOCK_DGRAM);
	return (p);
}

static struct pl_outcome
send_sized(const struct path *p, size_t size)
{
	static char b[2 * ROOM];

	pl_payload(b, size, (unsigned)size % 8, 0);
	return (sys_sendto(p->w, b, size, 0, &p->name));
}

/* The next thing that arrives is a datagram of that size. */
static void
expect_sized(const struct path *p, size_t size)
{
	static char b[ROOM];

	memset(b, 0, sizeof(b));
	pl_expect_arrival(p->r);
	pl_expect(sys_recv(p->r, b, sizeof(b), 0), returns((long)size));
	pl_expect_payload(b, size, (unsigned)size % 8, 0);
}

/* It arrives, whole. */
static void
expect_passage(const struct path *p, size_t size)
{
	pl_expect(send_sized(p, size), returns((long)size));
	expect_sized(p, size);
}

/* It is refused, and neither it nor a part of it arrives. */
static void
expect_refusal(const struct path *p, size_t size)
{
	pl_expect(send_sized(p, size), fails(EMSGSIZE));
	expect_passage(p, 10);
	pl_expect_nothing(p->r);
}

/* Without any option: FreeBSD has a limit of its own, Linux that of the protocol. */
PL_CASE(default_limit, .verifies = "udp.size.default-send-limit")
{
	struct path p = path();
	long limit = 9216;

	if (pl_asks(PL_FREEBSD) && pl_os.profile == PL_PROFILE_FREEBSD &&
	    pl_os_sysctl_get("net.inet.udp.maxdgram", &limit) != 0)
		pl_not_tested("net.inet.udp.maxdgram cannot be read");
	if (limit >= LARGEST)
		pl_not_tested("net.inet.udp.maxdgram is %ld here", limit);
	expect_passage(&p, (size_t)limit);
	if (pl_asks(PL_FREEBSD))
		expect_refusal(&p, (size_t)limit + 1);
	else
		expect_passage(&p, (size_t)limit + 1);
}

/* Buffers with room for more than one that is as large as can be. */
static struct path
wide_path(void)
{
	struct path p = path();

	pl_set_option(p.w, SOL_SOCKET, SO_SNDBUF, 2 * ROOM);
	pl_set_option(p.r, SOL_SOCKET, SO_RCVBUF, 3 * ROOM);
	return (p);
}

/* Every byte of it, however many fragments it takes. */
PL_CASE(the_largest_of_ipv4, .verifies = "udp.size.largest-ipv4-datagram")
{
	static const size_t sizes[] = { LARGEST, 32768, LARGEST - 1, 16357, LARGEST };
	struct path p = wide_path();

	for (int i = 0; i < 5; i++)
		expect_passage(&p, sizes[i]);
	pl_expect_nothing(p.r);
}

/* By a byte, by what the headers take, and so far that 16 bits would call it small. */
PL_CASE(larger_than_the_largest, .verifies = "udp.size.above-65507-emsgsize")
{
	static const size_t sizes[] = { LARGEST + 1, LARGEST + 8, LARGEST + 9, 65535, 65536,
		65536 + 100 };
	struct path p = wide_path();

	for (int i = 0; i < 6; i++)
		expect_refusal(&p, sizes[i]);
}

/* A limit of one datagram on FreeBSD; of what is on its way on Linux, where one may exceed it. */
PL_CASE(so_sndbuf_and_the_size, .verifies = "udp.size.sndbuf-bounds-datagram")
{
	enum { SIZE = 5000 };
	struct path p = path();

	pl_set_option(p.w, SOL_SOCKET, SO_SNDBUF, SIZE);
	expect_passage(&p, SIZE);
	if (pl_asks(PL_FREEBSD)) {
		expect_refusal(&p, SIZE + 1);
		/* Upwards again. */
		pl_set_option(p.w, SOL_SOCKET, SO_SNDBUF, SIZE + 2);
		expect_passage(&p, SIZE + 1);
	} else {
		expect_passage(&p, SIZE + 1);
		expect_passage(&p, 2 * SIZE + 1);
	}
}

/* Dropped without a word, or taken when nothing else waits. */
PL_CASE(larger_than_the_receive_buffer, .verifies = "udp.size.datagram-larger-than-receive-buffer")
{
	enum { SIZE = 9000 };
	struct path p = path();

	pl_set_option(p.r, SOL_SOCKET, SO_RCVBUF, 4096);
	pl_expect(send_sized(&p, SIZE), returns(SIZE));
	if (pl_asks(PL_LINUX))
		expect_sized(&p, SIZE);
	expect_passage(&p, 10);
	pl_expect_nothing(p.r);
	pl_expect(sys_get_option(p.w, SOL_SOCKET, SO_ERROR), is(0));
	pl_expect(sys_get_option(p.r, SOL_SOCKET, SO_ERROR), is(0));
}

PL_CASE(default_buffer_sizes, .verifies = "udp.size.default-buffers-from-sysctl", .kinds = PL_UDP)
{
	long sending, receiving;
	int fd = pl_unconnected();

	if (pl_os_sysctl_get("net.inet.udp.maxdgram", &sending) != 0 ||
	    pl_os_sysctl_get("net.inet.udp.recvspace", &receiving) != 0)
		pl_not_tested("this kernel has no net.inet.udp.maxdgram and recvspace");
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_SNDBUF), is(sending));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_RCVBUF), is(receiving));
}

/* What one packet of the loopback interface holds. */
static int
loopback_mtu(int fd)
{
	struct ifreq r;

	memset(&r, 0, sizeof(r));
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", pl_os.loopback);
	pl_must(pl_sys(
	    ioctl(fd, SIOCGIFMTU, &r), "ioctl(%s, SIOCGIFMTU, \"%s\")", pl_slot(fd), r.ifr_name));
	return (r.ifr_mtu);
}

/* It must go in one piece, or it may go in several. */
PL_CASE(ip_dontfrag_above_the_mtu, .verifies = "udp.size.dontfrag-above-mtu")
{
	enum { HEADERS = 28 };
	struct path p = wide_path();
	size_t most;

	if (pl_os.ip_dontfrag == PL_ABSENT)
		pl_not_tested("this kernel has no IP_DONTFRAG");
	most = (size_t)loopback_mtu(p.w) - HEADERS;
	if (most >= LARGEST)
		pl_not_tested("the loopback interface takes any datagram in one piece");
	pl_expect(sys_set_option(p.w, IPPROTO_IP, pl_os.ip_dontfrag, 1), returns(0));
	expect_passage(&p, most);
	expect_refusal(&p, most + 1);
	pl_expect(sys_set_option(p.w, IPPROTO_IP, pl_os.ip_dontfrag, 0), returns(0));
	expect_passage(&p, most + 1);
}
