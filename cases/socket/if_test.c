/*
 * What a socket tells of the loopback interface.
 */

#include <sys/ioctl.h>

#include <net/if.h>

#include "plumbline.h"
#include "sequence/names.h"

static struct ifreq
request_for(const char *interface)
{
	struct ifreq r;

	memset(&r, 0, sizeof(r));
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", interface);
	return (r);
}

static struct pl_outcome
ask(int s, unsigned long request, const char *name, struct ifreq *r)
{
	return (
	    pl_sys(ioctl(s, request, r), "ioctl(%s, %s, \"%s\")", pl_slot(s), name, r->ifr_name));
}

/* The host in such an answer, in host order. */
static struct pl_outcome
host_of(const struct ifreq *r)
{
	struct sockaddr_in in;

	memcpy(&in, &r->ifr_addr, sizeof(in));
	return (pl_value((long)ntohl(in.sin_addr.s_addr), NULL, "address"));
}

/* The interface that every host has is as every host has it. */
PL_CASE(loopback_address_mask_flags, .verifies = "socket.if.loopback-address-mask-flags")
{
	static const struct pl_name flags[] = { { IFF_UP, "IFF_UP" },
		{ IFF_LOOPBACK, "IFF_LOOPBACK" }, { IFF_BROADCAST, "IFF_BROADCAST" }, { 0, NULL } };
	static const struct pl_names names = { .table = flags, .bits = 1, .zero = "0" };
	int s = pl_socket(AF_INET, SOCK_DGRAM);
	struct ifreq r = request_for(pl_os.loopback);

	pl_expect(ask(s, SIOCGIFADDR, "SIOCGIFADDR", &r), returns(0));
	pl_expect(pl_value(r.ifr_addr.sa_family, &pl_names_domain, "family of it"), is(AF_INET));
	pl_expect(host_of(&r), is(INADDR_LOOPBACK));
	r = request_for(pl_os.loopback);
	pl_expect(ask(s, SIOCGIFNETMASK, "SIOCGIFNETMASK", &r), returns(0));
	pl_expect(host_of(&r), is(0xff000000));
	r = request_for(pl_os.loopback);
	pl_expect(ask(s, SIOCGIFFLAGS, "SIOCGIFFLAGS", &r), returns(0));
	pl_expect(pl_value((unsigned short)r.ifr_flags & (IFF_UP | IFF_LOOPBACK | IFF_BROADCAST),
		      &names, "flags"),
	    is(IFF_UP | IFF_LOOPBACK));
}

/* The list is as long as it says, and has the interface once. */
PL_CASE(siocgifconf_lists_loopback_once, .verifies = "socket.if.siocgifconf-lists-loopback-once")
{
	enum { ROOM = 32768 };
	static union {
		char bytes[ROOM];
		struct ifreq aligned;
	} buffer;
	int s = pl_socket(AF_INET, SOCK_DGRAM), found = 0;
	struct ifconf c = { .ifc_len = ROOM, .ifc_buf = buffer.bytes };
	size_t at = 0;

	pl_expect(pl_sys(ioctl(s, SIOCGIFCONF, &c), "ioctl(%s, SIOCGIFCONF, %d)", pl_slot(s), ROOM),
	    returns(0));
	pl_expect(pl_value(c.ifc_len, NULL, "ifc_len"),
	    returns_between(sizeof(struct sockaddr_in) + IFNAMSIZ, ROOM - 1));
	while (at < (size_t)c.ifc_len) {
		struct ifreq r;
		struct sockaddr_in in;

		memcpy(&r, buffer.bytes + at, sizeof(r));
		memcpy(&in, &r.ifr_addr, sizeof(in));
		if (in.sin_family == AF_INET && ntohl(in.sin_addr.s_addr) == INADDR_LOOPBACK) {
			pl_expect_that(strcmp(r.ifr_name, pl_os.loopback) == 0,
			    "127.0.0.1 is that of the loopback interface", "it is that of \"%s\"",
			    r.ifr_name);
			found++;
		}
		at += pl_os_ifreq_size(buffer.bytes + at);
	}
	pl_expect(pl_value((long)at, NULL, "end of the last record"), is(c.ifc_len));
	pl_expect(pl_value(found, NULL, "times that 127.0.0.1 is listed"), is(1));
}

/* A name must be one, and all of it counts. */
PL_CASE(unknown_interface, .verifies = "socket.if.unknown-interface")
{
	int s = pl_socket(AF_INET, SOCK_DGRAM);
	char longer[IFNAMSIZ];

	snprintf(longer, sizeof(longer), "%sx", pl_os.loopback);
	const char *const names[] = { longer, "nonesuch0" };
	for (int i = 0; i < 2; i++) {
		struct ifreq r = request_for(names[i]);

		pl_expect(ask(s, SIOCGIFFLAGS, "SIOCGIFFLAGS", &r), on(PL_FREEBSD, fails(ENXIO)),
		    on(PL_LINUX, fails(ENODEV)));
		r = request_for(names[i]);
		pl_expect(ask(s, SIOCGIFADDR, "SIOCGIFADDR", &r), on(PL_FREEBSD, fails(ENXIO)),
		    on(PL_LINUX, fails(ENODEV)));
	}
}
