/*
 * Kernels that get messages wrong in what comes beside the data: the name, the cut, the
 * control data; and many messages at a time.
 */

#include "defects.h"

#include <netinet/in.h>

#include <stdint.h>
#include <string.h>
#include <time.h>

/* Messages that are cut */

static bool
keeps_messages(int fd)
{
	return (socket_type(fd) == SOCK_DGRAM || socket_type(fd) == SOCK_SEQPACKET);
}

static ssize_t
trunc_peeks(int fd, void *buffer, size_t size, int flags)
{
	bool asks = flags & MSG_TRUNC && socket_type(fd) == SOCK_DGRAM;

	return (real.recv(fd, buffer, size, asks ? flags | MSG_PEEK : flags));
}
DEFECT(msg-trunc-leaves-the-datagram, .recv = trunc_peeks);

static ssize_t
trunc_overruns(int fd, void *buffer, size_t size, int flags)
{
	char whole[64] = "";
	ssize_t n;

	if (!(flags & MSG_TRUNC) || size < 2 || !keeps_messages(fd))
		return (real.recv(fd, buffer, size, flags));
	n = real.recv(fd, whole, sizeof(whole), flags);
	if (n > 0)
		memcpy(buffer, whole, n < 15 ? (size_t)n : 15);
	return (n);
}
DEFECT(msg-trunc-writes-all-of-it, .recv = trunc_overruns);

static ssize_t
trunc_size_of_record(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (socket_type(fd) == SOCK_SEQPACKET && n > (ssize_t)size ? (ssize_t)size + 1 : n);
}
DEFECT(record-msg-trunc-tells-one-more, .recv = trunc_size_of_record);

static ssize_t
peek_of_one(int fd, void *buffer, size_t size, int flags)
{
	bool both = (flags & (MSG_PEEK | MSG_TRUNC)) == (MSG_PEEK | MSG_TRUNC);

	return (real.recv(fd, buffer, size,
	    both && size == 1 && socket_type(fd) == SOCK_DGRAM ? flags & ~MSG_PEEK : flags));
}
DEFECT(peek-trunc-of-a-byte-consumes, .recv = peek_of_one);

static ssize_t
peek_of_none(int fd, void *buffer, size_t size, int flags)
{
	bool both = (flags & (MSG_PEEK | MSG_TRUNC)) == (MSG_PEEK | MSG_TRUNC);

	return (both && size == 0 && !is_udp(fd) ? 0 : real.recv(fd, buffer, size, flags));
}
DEFECT(unix-peek-without-room-is-zero, .recv = peek_of_none);

static ssize_t
cut_sticks(int fd, struct msghdr *m, int flags)
{
	static int cut = -1;
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n != -1 && m->msg_flags & MSG_TRUNC)
		cut = fd;
	else if (n != -1 && fd == cut)
		m->msg_flags |= MSG_TRUNC;
	return (n);
}
DEFECT(msg-trunc-sticks-to-the-socket, .recvmsg = cut_sticks);

static ssize_t
cut_by_one(int fd, struct msghdr *m, int flags)
{
	char more[2];
	bool by_one =
	    keeps_messages(fd) && real.recv(fd, more, 1, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT) == 5;
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n == 4 && by_one)
		m->msg_flags &= ~MSG_TRUNC;
	return (n);
}
DEFECT(msg-trunc-not-for-one-byte, .recvmsg = cut_by_one);

/* Names */

static ssize_t
name_length_stays(int fd, struct msghdr *m, int flags)
{
	socklen_t length = m->msg_namelen;
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n != -1 && !is_udp(fd))
		m->msg_namelen = length;
	return (n);
}
DEFECT(unix-recvmsg-leaves-the-name-length, .recvmsg = name_length_stays);

static ssize_t
name_is_padded(int fd, struct msghdr *m, int flags)
{
	socklen_t length = m->msg_namelen;
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n != -1 && m->msg_name != NULL && m->msg_namelen < length)
		memset((char *)m->msg_name + m->msg_namelen, 0, length - m->msg_namelen);
	return (n);
}
DEFECT(recvmsg-clears-the-room-behind-the-name, .recvmsg = name_is_padded);

static ssize_t
name_is_needed(int fd, struct msghdr *m, int flags)
{
	if (m->msg_name == NULL && socket_type(fd) == SOCK_DGRAM)
		return (failure(EFAULT));
	return (real.recvmsg(fd, m, flags));
}
DEFECT(recvmsg-null-name-is-efault, .recvmsg = name_is_needed);

static ssize_t
name_of_the_first(int fd, struct msghdr *m, int flags)
{
	static char first[256];
	static socklen_t length;
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n == -1 || m->msg_name == NULL || m->msg_namelen > sizeof(first))
		return (n);
	if (length == 0) {
		length = m->msg_namelen;
		memcpy(first, m->msg_name, length);
	} else {
		memcpy(m->msg_name, first, length);
	}
	return (n);
}
DEFECT(recvmsg-names-the-first-sender, .recvmsg = name_of_the_first);

/* Control data that come */

/* A replacement of recvmsg: what is done to a message that came, asked for like that. */
#define RECVMSG(ident, after)                                     \
	static ssize_t ident(int fd, struct msghdr *m, int flags) \
	{                                                         \
		const struct msghdr asked = *m;                   \
		ssize_t n = real.recvmsg(fd, m, flags);           \
                                                                  \
		if (n != -1) {                                    \
			after;                                    \
		}                                                 \
		return (n);                                       \
	}

/* The length of the first item, 0 if there is none. */
static size_t
first_length(const struct msghdr *m)
{
	struct cmsghdr *c = m->msg_control == NULL ? NULL : CMSG_FIRSTHDR(m);

	return (c == NULL ? 0 : c->cmsg_len);
}

RECVMSG(first_alone,
    if (first_length(m) > 0 && asked.msg_controllen > 100)
	m->msg_controllen = (__typeof__(m->msg_controllen))CMSG_SPACE(
	first_length(m) - CMSG_LEN(0)))
DEFECT(control-length-is-that-of-the-first-item, .recvmsg = first_alone);

RECVMSG(
    last_unpadded, if (first_length(m) > 0 && asked.msg_controllen > 100) m->msg_controllen -= 4)
DEFECT(control-length-without-the-last-padding, .recvmsg = last_unpadded);

RECVMSG(length_at_the_end,
    if (n == 0 && m->msg_controllen == 0) m->msg_controllen = asked.msg_controllen)
DEFECT(control-length-stays-at-the-end-of-file, .recvmsg = length_at_the_end);

RECVMSG(all_or_none, if (m->msg_flags & MSG_CTRUNC && is_udp(fd)) m->msg_controllen = 0;
	(void)asked)
DEFECT(control-item-that-fits-is-dropped-with-the-other, .recvmsg = all_or_none);

RECVMSG(
    whole_length, if (m->msg_flags & MSG_CTRUNC && first_length(m) > 0) {
	    CMSG_FIRSTHDR(m)->cmsg_len += 1;
	    m->msg_controllen += 1;
    }(void)asked)
DEFECT(cut-control-item-tells-more-than-there-is, .recvmsg = whole_length);

RECVMSG(overrun,
    if (m->msg_flags & MSG_CTRUNC && asked.msg_controllen > 0)(
	(unsigned char *)asked.msg_control)[asked.msg_controllen] = 1)
DEFECT(cut-control-item-is-written-behind-the-room, .recvmsg = overrun);

RECVMSG(empty_untold,
    if (asked.msg_control != NULL && asked.msg_controllen == 0) m->msg_flags &= ~MSG_CTRUNC)
DEFECT(control-buffer-of-no-bytes-is-not-told, .recvmsg = empty_untold);

RECVMSG(second_untold,
    if (first_length(m) > 0 && asked.msg_controllen < 64 &&
	m->msg_controllen == asked.msg_controllen &&
	first_length(m) == CMSG_LEN(sizeof(struct timeval))) m->msg_flags &= ~MSG_CTRUNC)
DEFECT(control-item-left-out-is-not-told, .recvmsg = second_untold);

/* Control data that are sent */

/* The message without control data. */
static ssize_t
send_bare(int fd, const struct msghdr *m, int flags)
{
	struct msghdr bare = *m;

	bare.msg_control = NULL;
	bare.msg_controllen = 0;
	return (real.sendmsg(fd, &bare, flags));
}

/* Is there one whole item of that level; of SOL_SOCKET with a type that is none? */
static const struct cmsghdr *
only_item(const struct msghdr *m)
{
	return (m->msg_control != NULL && m->msg_controllen >= CMSG_SPACE(4) &&
		    m->msg_controllen <= CMSG_SPACE(8) && first_length(m) == CMSG_LEN(4)
		? CMSG_FIRSTHDR(m)
		: NULL);
}

static ssize_t
short_is_efault(int fd, const struct msghdr *m, int flags)
{
	if (m->msg_control != NULL && m->msg_controllen < sizeof(struct cmsghdr))
		return (failure(EFAULT));
	return (real.sendmsg(fd, m, flags));
}
DEFECT(send-control-shorter-than-a-header-is-efault, .sendmsg = short_is_efault);

static ssize_t
foreign_rights(int fd, const struct msghdr *m, int flags)
{
	const struct cmsghdr *c = only_item(m);
	struct cmsghdr *changed = (struct cmsghdr *)(uintptr_t)c;
	int level;
	ssize_t n;

	if (c == NULL || c->cmsg_level == SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || is_udp(fd) ||
	    is_tcp(fd))
		return (real.sendmsg(fd, m, flags));
	level = c->cmsg_level;
	changed->cmsg_level = SOL_SOCKET;
	n = real.sendmsg(fd, m, flags);
	changed->cmsg_level = level;
	return (n);
}
DEFECT(send-control-levels-are-not-told-apart, .sendmsg = foreign_rights);

static ssize_t
udp_refuses_foreign(int fd, const struct msghdr *m, int flags)
{
	const struct cmsghdr *c = only_item(m);

	if (c != NULL && is_udp(fd) && c->cmsg_level != IPPROTO_IP && c->cmsg_level != SOL_SOCKET)
		return (failure(EINVAL));
	return (real.sendmsg(fd, m, flags));
}
DEFECT(udp-refuses-items-of-a-foreign-level, .sendmsg = udp_refuses_foreign);

static ssize_t
udp_passes_unknown(int fd, const struct msghdr *m, int flags)
{
	const struct cmsghdr *c = only_item(m);

	if (c != NULL && is_udp(fd) && c->cmsg_level == IPPROTO_IP && c->cmsg_type > 1000)
		return (send_bare(fd, m, flags));
	return (real.sendmsg(fd, m, flags));
}
DEFECT(udp-passes-over-unknown-items, .sendmsg = udp_passes_unknown);

static ssize_t
udp_refuses_after_sending(int fd, const struct msghdr *m, int flags)
{
	const struct cmsghdr *c = only_item(m);
	ssize_t n = real.sendmsg(fd, m, flags);
	int error = errno;

	if (n == -1 && c != NULL && is_udp(fd) && c->cmsg_type > 1000) {
		send_bare(fd, m, flags);
		return (failure(error));
	}
	return (n);
}
DEFECT(udp-refuses-unknown-items-after-sending, .sendmsg = udp_refuses_after_sending);

static ssize_t
tcp_passes_unknown(int fd, const struct msghdr *m, int flags)
{
	const struct cmsghdr *c = only_item(m);

	if (c != NULL && is_tcp(fd) && c->cmsg_level == SOL_SOCKET && c->cmsg_type > 1000)
		return (send_bare(fd, m, flags));
	return (real.sendmsg(fd, m, flags));
}
DEFECT(tcp-passes-over-unknown-items, .sendmsg = tcp_passes_unknown);

static ssize_t
much_is_dropped(int fd, const struct msghdr *m, int flags)
{
	return (m->msg_controllen > 1 << 20 ? send_bare(fd, m, flags) : real.sendmsg(fd, m, flags));
}
DEFECT(send-control-too-large-is-dropped, .sendmsg = much_is_dropped);

static ssize_t
much_is_enomem(int fd, const struct msghdr *m, int flags)
{
	return (m->msg_controllen > 1 << 20 ? failure(ENOMEM) : real.sendmsg(fd, m, flags));
}
DEFECT(send-control-too-large-is-enomem, .sendmsg = much_is_enomem);

static ssize_t
fault_after_sending(int fd, const struct msghdr *m, int flags)
{
	ssize_t n = real.sendmsg(fd, m, flags);

	if (n == -1 && errno == EFAULT && m->msg_control != NULL) {
		send_bare(fd, m, flags);
		return (failure(EFAULT));
	}
	return (n);
}
DEFECT(send-control-out-of-reach-follows-the-data, .sendmsg = fault_after_sending);

static ssize_t
fault_is_einval(int fd, const struct msghdr *m, int flags)
{
	ssize_t n = real.sendmsg(fd, m, flags);

	return (n == -1 && errno == EFAULT && m->msg_control != NULL ? failure(EINVAL) : n);
}
DEFECT(send-control-out-of-reach-is-einval, .sendmsg = fault_is_einval);

/* Many messages */

/* Replacements of recvmmsg and sendmmsg. */
#define RECVMMSG(ident)                                                                     \
	static defect_mmsg_result ident(int fd, struct mmsghdr *m, defect_mmsg_count count, \
	    int flags, defect_mmsg_limit *limit)
#define SENDMMSG(ident)                  \
	static defect_mmsg_result ident( \
	    int fd, struct mmsghdr *m, defect_mmsg_count count, int flags)

RECVMMSG(part_is_eagain)
{
	defect_mmsg_result n = real.recvmmsg(fd, m, count, flags, limit);

	if (n > 0 && (size_t)n < count && (flags & MSG_DONTWAIT || is_nonblocking(fd)))
		return (failure(EAGAIN));
	return (n);
}
DEFECT(recvmmsg-fewer-than-asked-is-eagain, .recvmmsg = part_is_eagain);

RECVMMSG(nothing_is_zero)
{
	defect_mmsg_result n = real.recvmmsg(fd, m, count, flags, limit);

	return (n == -1 && errno == EAGAIN ? 0 : n);
}
DEFECT(recvmmsg-nothing-is-zero, .recvmmsg = nothing_is_zero);

RECVMMSG(no_wait_for_one)
{
	return (real.recvmmsg(
	    fd, m, count, flags & MSG_WAITFORONE ? flags | MSG_DONTWAIT : flags, limit));
}
DEFECT(recvmmsg-waitforone-waits-for-none, .recvmmsg = no_wait_for_one);

RECVMMSG(always_for_one)
{
	return (real.recvmmsg(fd, m, count, flags | MSG_WAITFORONE, limit));
}
DEFECT(recvmmsg-always-waits-for-one, .recvmmsg = always_for_one);

RECVMMSG(error_wins)
{
	defect_mmsg_result n = real.recvmmsg(fd, m, count, flags, limit);

	if (n > 0 && (size_t)n < count && !(flags & (MSG_DONTWAIT | MSG_WAITFORONE)) &&
	    !is_nonblocking(fd) && limit == NULL)
		return (failure(EFAULT));
	return (n);
}
DEFECT(recvmmsg-error-hides-what-came, .recvmmsg = error_wins);

RECVMMSG(any_nanoseconds)
{
	if (limit != NULL && limit->tv_nsec >= 1000000000L)
		return (real.recvmmsg(fd, m, count, flags | MSG_DONTWAIT, NULL));
	return (real.recvmmsg(fd, m, count, flags, limit));
}
DEFECT(recvmmsg-takes-too-many-nanoseconds, .recvmmsg = any_nanoseconds);

RECVMMSG(negative_is_none)
{
	if (limit != NULL && limit->tv_sec < 0)
		return (0);
	return (real.recvmmsg(fd, m, count, flags, limit));
}
DEFECT(recvmmsg-negative-time-is-over, .recvmmsg = negative_is_none);

RECVMMSG(clears_the_rest)
{
	defect_mmsg_result n = real.recvmmsg(fd, m, count, flags, limit);

	for (size_t i = n > 0 ? (size_t)n : count; i < count; i++)
		m[i].msg_len = 0;
	return (n);
}
DEFECT(recvmmsg-clears-the-lengths-not-reached, .recvmmsg = clears_the_rest);

SENDMMSG(many_are_too_many)
{
	return (count > 1024 ? failure(EINVAL) : real.sendmmsg(fd, m, count, flags));
}
DEFECT(sendmmsg-of-more-than-1024-is-einval, .sendmmsg = many_are_too_many);

SENDMMSG(none_is_one)
{
	return (real.sendmmsg(fd, m, count == 0 ? 1 : count, flags));
}
DEFECT(sendmmsg-of-none-sends-one, .sendmmsg = none_is_one);

SENDMMSG(one_destination)
{
	for (size_t i = 1; i < count && i < 8; i++) {
		m[i].msg_hdr.msg_name = m[0].msg_hdr.msg_name;
		m[i].msg_hdr.msg_namelen = m[0].msg_hdr.msg_namelen;
	}
	return (real.sendmmsg(fd, m, count, flags));
}
DEFECT(sendmmsg-sends-all-to-the-first-destination, .sendmmsg = one_destination);

SENDMMSG(skips_failures)
{
	defect_mmsg_result n = real.sendmmsg(fd, m, count, flags);

	return (n == -1 && errno == EMSGSIZE ? 0 : n);
}
DEFECT(sendmmsg-too-large-is-none-sent, .sendmmsg = skips_failures);
