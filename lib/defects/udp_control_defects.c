/*
 * Kernels that get the control data of datagrams wrong, or options that only
 * show in datagrams.
 */

#include "defects.h"

#include <netinet/in.h>

#include <string.h>

/* The data of an item of that sort, or NULL. */
static void *
item_of(const struct msghdr *m, int level, int type)
{
	struct msghdr copy = *m;

	if (m->msg_control == NULL)
		return (NULL);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&copy); c != NULL; c = CMSG_NXTHDR(&copy, c)) {
		if (c->cmsg_level == level && c->cmsg_type == type)
			return (CMSG_DATA(c));
		if (c->cmsg_len < CMSG_LEN(0))
			break;
	}
	return (NULL);
}

/* A replacement of recvmsg for UDP: what is done to a message that came. */
#define RECVMSG(ident, after)                                     \
	static ssize_t ident(int fd, struct msghdr *m, int flags) \
	{                                                         \
		struct msghdr asked = *m;                         \
		ssize_t n = real.recvmsg(fd, m, flags);           \
                                                                  \
		(void)asked;                                      \
		if (n != -1 && is_udp(fd)) {                      \
			after;                                    \
		}                                                 \
		return (n);                                       \
	}

/* And of sendmsg: what is done before, with data the item of that type at level IPPROTO_IP. */
#define SENDMSG(ident, type, before)                                    \
	static ssize_t ident(int fd, const struct msghdr *m, int flags) \
	{                                                               \
		void *data = item_of(m, IPPROTO_IP, type);              \
                                                                        \
		if (data != NULL && is_udp(fd)) {                       \
			before;                                         \
		}                                                       \
		return (real.sendmsg(fd, m, flags));                    \
	}

RECVMSG(control_length_stays, if (m->msg_controllen == 0) m->msg_controllen = asked.msg_controllen)
DEFECT(udp-control-length-stays-without-items, .recvmsg = control_length_stays);

static int
number_option(int fd, int level, int name)
{
	int value = 0, error = errno;
	socklen_t size = sizeof(value);

	real.getsockopt(fd, level, name, &value, &size);
	errno = error;
	return (value);
}

RECVMSG(ttl_of_receiver, int *ttl = item_of(m, IPPROTO_IP, IP_TTL);
	if (ttl != NULL) *ttl = number_option(fd, IPPROTO_IP, IP_TTL))
DEFECT(udp-recvttl-tells-the-receivers-own, .recvmsg = ttl_of_receiver);

RECVMSG(tos_without_low_bits, unsigned char *tos = item_of(m, IPPROTO_IP, IP_TOS);
	if (tos != NULL) *tos &= 0xfc)
DEFECT(udp-recvtos-masks-the-low-bits, .recvmsg = tos_without_low_bits);

RECVMSG(cut_control_costs_payload, if (m->msg_flags & MSG_CTRUNC) n = 0)
DEFECT(udp-cut-control-costs-the-payload, .recvmsg = cut_control_costs_payload);

RECVMSG(cut_control_untold, if (asked.msg_control != NULL) m->msg_flags &= ~MSG_CTRUNC)
DEFECT(udp-cut-control-is-not-told, .recvmsg = cut_control_untold);

RECVMSG(no_buffer_untold, if (asked.msg_control == NULL) m->msg_flags &= ~MSG_CTRUNC)
DEFECT(udp-no-control-buffer-is-not-told, .recvmsg = no_buffer_untold);

RECVMSG(cut_payload_told, if (m->msg_flags & MSG_CTRUNC) m->msg_flags |= MSG_TRUNC)
DEFECT(udp-cut-control-reads-as-cut-payload, .recvmsg = cut_payload_told);

RECVMSG(original_is_source, struct sockaddr_in *to = item_of(m, IPPROTO_IP, IP_ORIGDSTADDR);
	socklen_t size = sizeof(*to);
	if (to != NULL) real.getpeername(fd, (struct sockaddr *)to, &size))
DEFECT(udp-origdstaddr-tells-the-source, .recvmsg = original_is_source);

RECVMSG(original_without_port, struct sockaddr_in *to = item_of(m, IPPROTO_IP, IP_ORIGDSTADDR);
	if (to != NULL) to->sin_port = 0)
DEFECT(udp-origdstaddr-has-no-port, .recvmsg = original_without_port);

/* What only one system has is written down by number: Linux's IP_PKTINFO, UDP_CORK, MSG_MORE. */
enum { PACKET_INFO = 8, CORK = 1, MORE_TO_COME = 0x8000 };
struct packet_info {
	int index;
	struct in_addr local, destination;
};

static void
swap_addresses(struct packet_info *i)
{
	struct in_addr local = i->local;

	i->local = i->destination;
	i->destination = local;
}

RECVMSG(info_swapped, struct packet_info *i = item_of(m, IPPROTO_IP, PACKET_INFO);
	if (i != NULL) swap_addresses(i))
DEFECT(udp-pktinfo-swaps-its-addresses, .recvmsg = info_swapped);

RECVMSG(info_without_index, struct packet_info *i = item_of(m, IPPROTO_IP, PACKET_INFO);
	if (i != NULL) i->index = 0)
DEFECT(udp-pktinfo-has-no-interface, .recvmsg = info_without_index);

SENDMSG(source_ignored, PACKET_INFO, ((struct packet_info *)data)->local.s_addr = 0)
DEFECT(udp-pktinfo-source-is-ignored, .sendmsg = source_ignored);

SENDMSG(ttl_for_good, IP_TTL, real.setsockopt(fd, IPPROTO_IP, IP_TTL, data, sizeof(int)))
DEFECT(udp-ttl-item-stays, .sendmsg = ttl_for_good);

SENDMSG(tos_for_good, IP_TOS, real.setsockopt(fd, IPPROTO_IP, IP_TOS, data, 1))
DEFECT(udp-tos-item-stays, .sendmsg = tos_for_good);

static ssize_t
malformed_is_skipped(int fd, const struct msghdr *m, int flags)
{
	ssize_t n = real.sendmsg(fd, m, flags);
	struct msghdr bare = *m;

	bare.msg_control = NULL;
	bare.msg_controllen = 0;
	return (n == -1 && errno == EINVAL && is_udp(fd) ? real.sendmsg(fd, &bare, flags) : n);
}
DEFECT(udp-malformed-item-is-skipped, .sendmsg = malformed_is_skipped);

static ssize_t
malformed_is_sent(int fd, const struct msghdr *m, int flags)
{
	int error;
	ssize_t n = real.sendmsg(fd, m, flags);
	struct msghdr bare = *m;

	bare.msg_control = NULL;
	bare.msg_controllen = 0;
	if (n != -1 || errno != EINVAL || !is_udp(fd))
		return (n);
	error = errno;
	real.sendmsg(fd, &bare, flags);
	return (failure(error));
}
DEFECT(udp-malformed-item-is-refused-after-sending, .sendmsg = malformed_is_sent);

static ssize_t
rights_refused(int fd, const struct msghdr *m, int flags)
{
	if (is_udp(fd) && item_of(m, SOL_SOCKET, SCM_RIGHTS) != NULL)
		return (failure(EINVAL));
	return (real.sendmsg(fd, m, flags));
}
DEFECT(udp-rights-are-refused, .sendmsg = rights_refused);

/* Options */

/* The TTL that was set last, which no datagram ever has. */
static int noted_ttl;

static int
ttl_noted(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level != IPPROTO_IP || name != IP_TTL || !is_udp(fd))
		return (real.setsockopt(fd, level, name, value, size));
	noted_ttl = *(const int *)value;
	return (0);
}

static int
ttl_as_noted(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && level == IPPROTO_IP && name == IP_TTL && noted_ttl != 0 && is_udp(fd))
		*(int *)value = noted_ttl;
	return (result);
}
DEFECT(udp-ttl-is-noted-and-not-sent, .setsockopt = ttl_noted, .getsockopt = ttl_as_noted);

static bool
has_ip_options(int fd)
{
	char b[40];
	socklen_t size = sizeof(b);

	return (real.getsockopt(fd, IPPROTO_IP, IP_OPTIONS, b, &size) == 0 && size > 0);
}

static ssize_t
options_in_payload(int fd, const void *buffer, size_t size, int flags)
{
	char longer[64] = { 1, 1, 1, 0 };

	if (!is_udp(fd) || size > 60 || !has_ip_options(fd))
		return (real.send(fd, buffer, size, flags));
	memcpy(longer + 4, buffer, size);
	return (real.send(fd, longer, size + 4, flags) - 4);
}
DEFECT(udp-ip-options-stay-in-the-payload, .send = options_in_payload);

static int
options_for_good(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level == IPPROTO_IP && name == IP_OPTIONS && size == 0)
		return (0);
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(udp-ip-options-cannot-be-cleared, .setsockopt = options_for_good);

static int
unknown_taken(int fd, int level, int name, const void *value, socklen_t size)
{
	int result = real.setsockopt(fd, level, name, value, size);

	return (result == -1 && level == IPPROTO_UDP && errno == ENOPROTOOPT ? 0 : result);
}
DEFECT(udp-unknown-option-is-taken, .setsockopt = unknown_taken);

static int
unknown_is_einval(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size);

	return (result == -1 && level == IPPROTO_UDP && errno == ENOPROTOOPT ? failure(EINVAL)
									     : result);
}
DEFECT(udp-unknown-option-reads-as-einval, .getsockopt = unknown_is_einval);

static int
privilege_for_all(int fd, int level, int name, const void *value, socklen_t size)
{
	int result = real.setsockopt(fd, level, name, value, size);

	return (result == -1 && level == IPPROTO_IP && errno == EPERM ? 0 : result);
}
DEFECT(udp-foreign-addresses-for-everybody, .setsockopt = privilege_for_all);

static int
no_cork(int fd, int level, int name, const void *value, socklen_t size)
{
	return (level == IPPROTO_UDP && name == CORK
		? 0
		: real.setsockopt(fd, level, name, value, size));
}
DEFECT(udp-cork-holds-nothing, .setsockopt = no_cork);

static ssize_t
more_ignored(int fd, const void *buffer, size_t size, int flags)
{
	return (real.send(fd, buffer, size, is_udp(fd) ? flags & ~MORE_TO_COME : flags));
}
DEFECT(udp-more-to-come-is-ignored, .send = more_ignored);
