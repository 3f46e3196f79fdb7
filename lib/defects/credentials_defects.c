/*
 * Kernels that tell wrong things of who is at the other end of a UNIX domain
 * socket.  They are as Linux has it: SO_PEERCRED and SCM_CREDENTIALS.
 */

#include "defects.h"

#ifdef SO_PEERCRED
#include <sys/un.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Has the socket a name? */
static bool
has_name(int fd)
{
	struct sockaddr_un name;
	socklen_t size = sizeof(name);

	return (real.getsockname(fd, (struct sockaddr *)&name, &size) == 0 &&
	    size > offsetof(struct sockaddr_un, sun_path));
}

/* The effective user of a process that is alive. */
static uid_t
live_user(pid_t pid, uid_t otherwise)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return (real.stat(path, &st) == 0 ? st.st_uid : otherwise);
}

/* A function for getsockopt that does something to the answer about a peer. */
#define PEER(name, condition, change)                                                \
	static int name(int fd, int level, int option, void *value, socklen_t *size) \
	{                                                                            \
		struct ucred *peer = value;                                          \
		int result = real.getsockopt(fd, level, option, value, size);        \
                                                                                     \
		if (result != 0 || level != SOL_SOCKET || option != SO_PEERCRED)     \
			return (result);                                             \
		if (condition) {                                                     \
			change;                                                      \
		}                                                                    \
		return (result);                                                     \
	}

PEER(peer_is_self, true, if (peer->pid != 0) peer->pid = getpid())
DEFECT(peercred-gives-own-process, .getsockopt = peer_is_self);

PEER(peer_of_pair, socket_type(fd) == SOCK_DGRAM && !has_name(fd), peer->pid = 0)
DEFECT(peercred-of-datagram-pair-gives-process-zero, .getsockopt = peer_of_pair);

PEER(peer_of_none, peer->pid == 0 && socket_type(fd) == SOCK_STREAM, peer->uid = getuid();
     peer->gid = getgid())
DEFECT(peercred-of-unconnected-gives-own-user, .getsockopt = peer_of_none);

PEER(peer_of_datagrams, socket_type(fd) == SOCK_DGRAM && has_name(fd), peer->pid = getpid())
DEFECT(peercred-of-connected-datagram-gives-own-process, .getsockopt = peer_of_datagrams);

PEER(peer_now, true, peer->uid = live_user(peer->pid, peer->uid))
DEFECT(peercred-read-from-live-process, .getsockopt = peer_now);

PEER(peer_gone, peer->pid != 0 && kill(peer->pid, 0) != 0, peer->pid = 0)
DEFECT(peercred-forgets-process-that-is-gone, .getsockopt = peer_gone);

PEER(peer_group, true, peer->gid = peer->gid == (gid_t)-1 ? 0 : peer->gid)
DEFECT(peercred-of-unconnected-gives-group-zero, .getsockopt = peer_group);

static int
peer_set(int fd, int level, int option, const void *value, socklen_t size)
{
	return (level == SOL_SOCKET && option == SO_PEERCRED
		? failure(EPERM)
		: real.setsockopt(fd, level, option, value, size));
}
DEFECT(peercred-set-as-eperm, .setsockopt = peer_set);

/* Messages */

/* The item with credentials among control data, if there is one. */
static struct cmsghdr *
credentials_of(const struct msghdr *m)
{
	for (struct cmsghdr *i = CMSG_FIRSTHDR(m); i != NULL;
	     i = CMSG_NXTHDR((struct msghdr *)m, i))
		if (i->cmsg_level == SOL_SOCKET && i->cmsg_type == SCM_CREDENTIALS)
			return (i);
	return (NULL);
}

/* A function for recvmsg that does something to the credentials that came. */
#define RECEIVED(name, change)                                          \
	static ssize_t name(int fd, struct msghdr *m, int flags)        \
	{                                                               \
		size_t room = m->msg_controllen;                        \
		ssize_t n = real.recvmsg(fd, m, flags);                 \
		struct cmsghdr *item = NULL;                            \
                                                                        \
		if (n >= 0 && room > 0)                                 \
			item = credentials_of(m);                       \
		if (item != NULL) {                                     \
			struct ucred *sender = (void *)CMSG_DATA(item); \
                                                                        \
			(void)sender;                                   \
			change;                                         \
		}                                                       \
		return (n);                                             \
	}

RECEIVED(effective, sender->uid = live_user(sender->pid, sender->uid))
DEFECT(passcred-gives-effective-user, .recvmsg = effective);

RECEIVED(receiver, sender->pid = getpid())
DEFECT(passcred-gives-receiving-process, .recvmsg = receiver);

RECEIVED(
    twice,
    if (room >= 2 * CMSG_SPACE(sizeof(*sender)) &&
	m->msg_controllen == CMSG_SPACE(sizeof(*sender))) {
	    memcpy((char *)m->msg_control + m->msg_controllen, item, CMSG_SPACE(sizeof(*sender)));
	    m->msg_controllen *= 2;
    })
DEFECT(scm-credentials-come-twice, .recvmsg = twice);

RECEIVED(alone, m->msg_controllen = CMSG_SPACE(sizeof(*sender)))
DEFECT(scm-credentials-push-descriptors-out, .recvmsg = alone);

RECEIVED(
    merged, if (socket_type(fd) == SOCK_STREAM && n >= 0 && (size_t)n < m->msg_iov[0].iov_len) {
	    ssize_t more = real.recv(fd, (char *)m->msg_iov[0].iov_base + n,
		m->msg_iov[0].iov_len - (size_t)n, MSG_DONTWAIT);

	    n += more > 0 ? more : 0;
    })
DEFECT(passcred-merges-senders, .recvmsg = merged);

/* Send the same without the control data. */
static ssize_t
send_bare(int fd, const struct msghdr *m, int flags)
{
	struct msghdr bare = *m;

	bare.msg_control = NULL;
	bare.msg_controllen = 0;
	return (real.sendmsg(fd, &bare, flags));
}

static ssize_t
forged_passes(int fd, const struct msghdr *m, int flags)
{
	struct cmsghdr *item = credentials_of(m);
	ssize_t n = real.sendmsg(fd, m, flags);

	/* The process alone is not looked at. */
	if (n == -1 && errno == EPERM && item != NULL &&
	    ((struct ucred *)(void *)CMSG_DATA(item))->pid != getpid())
		return (send_bare(fd, m, flags));
	return (n);
}
DEFECT(scm-credentials-foreign-process-passes, .sendmsg = forged_passes);

static ssize_t
forged_queued(int fd, const struct msghdr *m, int flags)
{
	ssize_t n = real.sendmsg(fd, m, flags);

	if (n == -1 && errno == EPERM) {
		send_bare(fd, m, flags);
		return (failure(EPERM));
	}
	return (n);
}
DEFECT(scm-credentials-refused-yet-queued, .sendmsg = forged_queued);

static ssize_t
forged_replaced(int fd, const struct msghdr *m, int flags)
{
	return (credentials_of(m) != NULL && geteuid() == 0 ? send_bare(fd, m, flags)
							    : real.sendmsg(fd, m, flags));
}
DEFECT(scm-credentials-of-root-replaced, .sendmsg = forged_replaced);

static ssize_t
process_gone(int fd, const struct msghdr *m, int flags)
{
	ssize_t n = real.sendmsg(fd, m, flags);

	return (n == -1 && errno == ESRCH ? send_bare(fd, m, flags) : n);
}
DEFECT(scm-credentials-of-process-that-is-gone-pass, .sendmsg = process_gone);

static ssize_t
unasked(int fd, struct msghdr *m, int flags)
{
	int on = 1, before = 0;
	socklen_t size = sizeof(before);
	ssize_t n;

	if (m->msg_controllen == 0 ||
	    real.getsockopt(fd, SOL_SOCKET, SO_PASSCRED, &before, &size) != 0)
		return (real.recvmsg(fd, m, flags));
	real.setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	n = real.recvmsg(fd, m, flags);
	real.setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &before, sizeof(before));
	return (n);
}
DEFECT(scm-credentials-come-unasked, .recvmsg = unasked);

static int
unnamed(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	/* A name as the kernel chooses it: five digits after the NUL. */
	if (result == 0 && name->sa_family == AF_UNIX &&
	    *size == offsetof(struct sockaddr_un, sun_path) + 6 && name->sa_data[0] == '\0')
		*size = offsetof(struct sockaddr_un, sun_path);
	return (result);
}
DEFECT(passcred-gives-no-name, .getsockname = unnamed);
#endif
