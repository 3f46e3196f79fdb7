/*
 * Kernels that get the passing of descriptors wrong.
 */

#include "defects.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Linux: the most that one message may hold. */
#define MOST 253

#define ROOM 4096

/* The first item of control data, if it is a proper array of descriptors. */
static struct cmsghdr *
rights(const struct msghdr *m)
{
	struct cmsghdr *item = m->msg_controllen >= sizeof(*item) ? CMSG_FIRSTHDR(m) : NULL;

	if (item == NULL || item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS ||
	    item->cmsg_len < CMSG_LEN(0) || item->cmsg_len > m->msg_controllen)
		return (NULL);
	return (item);
}

static int
count(const struct cmsghdr *item)
{
	return (item == NULL ? 0 : (int)((item->cmsg_len - CMSG_LEN(0)) / sizeof(int)));
}

static int
nth(struct cmsghdr *item, int i)
{
	int fd;

	memcpy(&fd, CMSG_DATA(item) + (size_t)i * sizeof(fd), sizeof(fd));
	return (fd);
}

static void
set_nth(struct cmsghdr *item, int i, int fd)
{
	memcpy(CMSG_DATA(item) + (size_t)i * sizeof(fd), &fd, sizeof(fd));
}

static size_t
data_size(const struct msghdr *m)
{
	size_t size = 0;

	for (size_t i = 0; i < (size_t)m->msg_iovlen; i++)
		size += m->msg_iov[i].iov_len;
	return (size);
}

/* Hold every descriptor of the message, as if it never came to its end. */
static void
leak(const struct msghdr *m)
{
	struct cmsghdr *item = rights(m);
	int error = errno;

	for (int i = 0; i < count(item); i++)
		real.dup(nth(item, i));
	errno = error;
}

static void
close_all(const struct msghdr *m)
{
	struct cmsghdr *item = rights(m);

	for (int i = 0; i < count(item); i++)
		real.close(nth(item, i));
}

static ssize_t
send_without_control(int fd, const struct msghdr *m, int flags)
{
	struct msghdr bare = *m;

	bare.msg_control = NULL;
	bare.msg_controllen = 0;
	return (real.sendmsg(fd, &bare, flags));
}

/* Receive with room of one's own; the descriptors stay installed. */
static ssize_t
receive_all(int fd, struct msghdr *m, int flags, struct msghdr *all)
{
	static _Alignas(struct cmsghdr) char control[ROOM];
	ssize_t n;

	*all = *m;
	all->msg_control = control;
	all->msg_controllen = sizeof(control);
	n = real.recvmsg(fd, all, flags);
	m->msg_flags = all->msg_flags;
	m->msg_namelen = all->msg_namelen;
	return (n);
}

/* What arrives */

static int last_sent = -1;
static int last_sent_flags;
static bool sent_was_closed;
static bool pipe_in_flight;

static ssize_t
note_sent(int fd, const struct msghdr *m, int flags)
{
	ssize_t n = real.sendmsg(fd, m, flags);

	if (n >= 0 && count(rights(m)) > 0) {
		last_sent = nth(rights(m), 0);
		last_sent_flags = real.fcntl(last_sent, F_GETFD, 0);
		sent_was_closed = false;
		pipe_in_flight = is_pipe(last_sent);
	}
	return (n);
}

static ssize_t
number_of_the_sender(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n >= 0 && count(rights(m)) > 0 && last_sent != -1) {
		real.close(nth(rights(m), 0));
		set_nth(rights(m), 0, last_sent);
	}
	return (n);
}
DEFECT(rights-arrive-under-sent-number, .sendmsg = note_sent, .recvmsg = number_of_the_sender);

static void
reopen(int fd, int mode)
{
	char path[32];
	struct stat st;
	int made;

	if (real.fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if ((made = real.open(path, mode, 0)) == -1)
		return;
	real.dup2(made, fd);
	real.close(made);
}

static ssize_t
file_opened_again(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	for (int i = 0; n >= 0 && i < count(rights(m)); i++)
		reopen(nth(rights(m), i), real.fcntl(nth(rights(m), i), F_GETFL, 0));
	return (n);
}
DEFECT(rights-open-the-file-again, .recvmsg = file_opened_again);

static ssize_t
all_access(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	for (int i = 0; n >= 0 && i < count(rights(m)); i++)
		reopen(nth(rights(m), i), O_RDWR);
	return (n);
}
DEFECT(rights-gain-access, .recvmsg = all_access);

static ssize_t
reversed(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);
	int size = n >= 0 ? count(rights(m)) : 0;

	for (int i = 0; i < size / 2; i++) {
		int first = nth(rights(m), i);

		set_nth(rights(m), i, nth(rights(m), size - 1 - i));
		set_nth(rights(m), size - 1 - i, first);
	}
	return (n);
}
DEFECT(rights-array-reversed, .recvmsg = reversed);

static ssize_t
one_for_equals(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);
	struct stat a, b;

	for (int i = 1; n >= 0 && i < count(rights(m)); i++)
		for (int k = 0; k < i; k++)
			if (real.fstat(nth(rights(m), k), &a) == 0 &&
			    real.fstat(nth(rights(m), i), &b) == 0 && S_ISREG(a.st_mode) &&
			    a.st_ino == b.st_ino)
				set_nth(rights(m), i, nth(rights(m), k));
	return (n);
}
DEFECT(rights-one-number-for-equal-files, .recvmsg = one_for_equals);

static ssize_t
no_rights_on_seqpacket(int fd, const struct msghdr *m, int flags)
{
	return (socket_type(fd) == SOCK_SEQPACKET ? send_without_control(fd, m, flags)
						  : real.sendmsg(fd, m, flags));
}
DEFECT(rights-dropped-on-seqpacket, .sendmsg = no_rights_on_seqpacket);

/* Only the end that connected may send them. */
static ssize_t
one_way(int fd, const struct msghdr *m, int flags)
{
	static int sender = -1;

	if (count(rights(m)) > 0 && sender == -1)
		sender = fd;
	return (fd == sender ? real.sendmsg(fd, m, flags) : send_without_control(fd, m, flags));
}
DEFECT(rights-one-way, .sendmsg = one_way);

static ssize_t
lost_with_address(int fd, const struct msghdr *m, int flags)
{
	return (
	    m->msg_name != NULL ? send_without_control(fd, m, flags) : real.sendmsg(fd, m, flags));
}
DEFECT(rights-lost-with-address, .sendmsg = lost_with_address);

/* Which bytes they come with */

static ssize_t
takes_what_follows(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags), more;

	if (n <= 0 || socket_type(fd) != SOCK_STREAM || m->msg_iovlen != 1 ||
	    (size_t)n == m->msg_iov[0].iov_len)
		return (n);
	more = real.recv(fd, (char *)m->msg_iov[0].iov_base + n, m->msg_iov[0].iov_len - (size_t)n,
	    MSG_DONTWAIT);
	return (more > 0 ? n + more : n);
}
DEFECT(rights-no-barrier, .recvmsg = takes_what_follows);

static ssize_t
delivered_again(int fd, struct msghdr *m, int flags)
{
	static int last = -1;
	size_t room = m->msg_controllen;
	ssize_t n = real.recvmsg(fd, m, flags);
	struct cmsghdr *item;

	if (n > 0 && count(rights(m)) > 0) {
		last = nth(rights(m), 0);
	} else if (n > 0 && last != -1 && room >= CMSG_SPACE(sizeof(int))) {
		m->msg_controllen = CMSG_SPACE(sizeof(int));
		item = CMSG_FIRSTHDR(m);
		item->cmsg_level = SOL_SOCKET;
		item->cmsg_type = SCM_RIGHTS;
		item->cmsg_len = CMSG_LEN(sizeof(int));
		set_nth(item, 0, real.dup(last));
	}
	return (n);
}
DEFECT(rights-delivered-with-each-part, .recvmsg = delivered_again);

static ssize_t
empty_is_nothing(int fd, const struct msghdr *m, int flags)
{
	return (count(rights(m)) > 0 && data_size(m) == 0 ? 0 : real.sendmsg(fd, m, flags));
}
DEFECT(rights-dropped-with-empty-datagram, .sendmsg = empty_is_nothing);

static ssize_t
empty_leaks(int fd, const struct msghdr *m, int flags)
{
	ssize_t n = real.sendmsg(fd, m, flags);

	if (n == 0)
		leak(m);
	return (n);
}
DEFECT(rights-without-data-leaked, .sendmsg = empty_leaks);

static ssize_t
peek_consumes(int fd, struct msghdr *m, int flags)
{
	static bool seen;
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n >= 0 && seen && (flags & MSG_PEEK) == 0) {
		close_all(m);
		m->msg_controllen = 0;
	}
	seen = (flags & MSG_PEEK) != 0;
	return (n);
}
DEFECT(rights-used-up-by-peek, .recvmsg = peek_consumes);

static ssize_t
peek_hides(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n >= 0 && (flags & MSG_PEEK) != 0)
		close_all(m);
	return (n);
}
DEFECT(rights-not-duplicated-by-peek, .recvmsg = peek_hides);

/* Flags of the descriptor */

static ssize_t
first_gets_flag(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	for (int i = 1; n >= 0 && i < count(rights(m)); i++)
		real.fcntl(nth(rights(m), i), F_SETFD, 0);
	return (n);
}
DEFECT(rights-cloexec-for-first-only, .recvmsg = first_gets_flag);

static ssize_t
flag_stays(int fd, struct msghdr *m, int flags)
{
	static int seen;

	seen |= flags & MSG_CMSG_CLOEXEC;
	return (real.recvmsg(fd, m, flags | seen));
}
DEFECT(rights-cloexec-stays-on, .recvmsg = flag_stays);

static ssize_t
senders_flags(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	for (int i = 0; n >= 0 && i < count(rights(m)); i++)
		real.fcntl(nth(rights(m), i), F_SETFD, last_sent_flags);
	return (n);
}
DEFECT(rights-carry-close-on-exec, .sendmsg = note_sent, .recvmsg = senders_flags);

/* How long they live */

static ssize_t
never_released(int fd, const struct msghdr *m, int flags)
{
	ssize_t n = real.sendmsg(fd, m, flags);

	if (n > 0)
		leak(m);
	return (n);
}
DEFECT(rights-sent-are-never-released, .sendmsg = never_released);

static ssize_t
kept_on_failure(int fd, const struct msghdr *m, int flags)
{
	ssize_t n = real.sendmsg(fd, m, flags);

	if (n == -1 && errno == EAGAIN)
		leak(m);
	return (n);
}
DEFECT(rights-kept-by-refused-send, .sendmsg = kept_on_failure);

static int
note_close(int fd)
{
	if (fd == last_sent)
		sent_was_closed = true;
	return (real.close(fd));
}

static ssize_t
arrives_closed(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n >= 0 && sent_was_closed)
		close_all(m);
	return (n);
}
DEFECT(rights-arrive-closed, .sendmsg = note_sent, .close = note_close, .recvmsg = arrives_closed);

static ssize_t
note_received(int fd, struct msghdr *m, int flags)
{
	pipe_in_flight = false;
	return (real.recvmsg(fd, m, flags));
}

static ssize_t
not_counted(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == EAGAIN && pipe_in_flight && is_pipe(fd) ? 0 : n);
}
DEFECT(rights-in-flight-not-counted, .sendmsg = note_sent, .recvmsg = note_received,
    .read = not_counted);

static int
queue_leaked(int fd)
{
	struct msghdr m = { 0 }, all;

	while (is_socket(fd) && (readiness(fd, POLLIN) & POLLIN) != 0 &&
	    receive_all(fd, &m, MSG_DONTWAIT, &all) > 0)
		;
	if (is_socket(fd))
		while (receive_all(fd, &m, MSG_DONTWAIT, &all) >= 0 && count(rights(&all)) > 0)
			;
	return (real.close(fd));
}
DEFECT(rights-queued-leak-with-socket, .close = queue_leaked);

static int
shutdown_discards(int fd, int how)
{
	int result = real.shutdown(fd, how);
	char b[64];

	while (how == SHUT_RD && real.recv(fd, b, sizeof(b), MSG_DONTWAIT) > 0)
		;
	return (result);
}
DEFECT(rights-discarded-by-shutdown, .shutdown = shutdown_discards);

static bool
sends_itself(int fd, const struct msghdr *m)
{
	struct cmsghdr *item = rights(m);

	return (count(item) > 0 && nth(item, 0) == fd);
}

static ssize_t
itself_refused(int fd, const struct msghdr *m, int flags)
{
	return (sends_itself(fd, m) && data_size(m) == 1 && (flags & MSG_DONTWAIT) == 0
		? failure(ELOOP)
		: real.sendmsg(fd, m, flags));
}
DEFECT(rights-over-itself-refused, .sendmsg = itself_refused);

static ssize_t
itself_leaks(int fd, const struct msghdr *m, int flags)
{
	if (sends_itself(fd, m))
		leak(m);
	return (real.sendmsg(fd, m, flags));
}
DEFECT(rights-over-itself-leak, .sendmsg = itself_leaks);

static ssize_t
listener_forgets(int fd, const struct msghdr *m, int flags)
{
	struct cmsghdr *item = rights(m);
	int listens = 0, client;
	socklen_t size = sizeof(listens);

	if (count(item) > 0 &&
	    real.getsockopt(nth(item, 0), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
	    listens)
		while (readiness(nth(item, 0), POLLIN) != 0 &&
		    (client = real.accept(nth(item, 0), NULL, NULL)) != -1)
			real.close(client);
	return (real.sendmsg(fd, m, flags));
}
DEFECT(rights-listener-loses-its-queue, .sendmsg = listener_forgets);

static int in_flight;

static ssize_t
never_fewer(int fd, const struct msghdr *m, int flags)
{
	ssize_t n = in_flight > 16 ? failure(ETOOMANYREFS) : real.sendmsg(fd, m, flags);

	in_flight += n >= 0 ? count(rights(m)) : 0;
	return (n);
}
DEFECT(rights-in-flight-never-fewer, .sendmsg = never_fewer);

static ssize_t
unlimited(int fd, const struct msghdr *m, int flags)
{
	ssize_t n = real.sendmsg(fd, m, flags);

	return (n == -1 && errno == ETOOMANYREFS ? (ssize_t)data_size(m) : n);
}
DEFECT(rights-in-flight-without-limit, .sendmsg = unlimited);

/* Too little room */

static ssize_t
read_installs(int fd, void *buffer, size_t size)
{
	struct iovec v = { .iov_base = buffer, .iov_len = size };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 }, all;

	return (is_socket(fd) ? receive_all(fd, &m, 0, &all) : real.read(fd, buffer, size));
}
DEFECT(rights-installed-by-read, .read = read_installs);

static ssize_t
no_room_installs(int fd, struct msghdr *m, int flags)
{
	struct msghdr all;
	ssize_t n;

	if (m->msg_control != NULL)
		return (real.recvmsg(fd, m, flags));
	n = receive_all(fd, m, flags, &all);
	if (n >= 0 && count(rights(&all)) > 0)
		m->msg_flags |= MSG_CTRUNC;
	return (n);
}
DEFECT(rights-installed-without-room, .recvmsg = no_room_installs);

static ssize_t
no_room_unsaid(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n >= 0 && m->msg_control == NULL)
		m->msg_flags &= ~MSG_CTRUNC;
	return (n);
}
DEFECT(rights-lost-unsaid-without-room, .recvmsg = no_room_unsaid);

static ssize_t
excess_stays(int fd, struct msghdr *m, int flags)
{
	struct msghdr all;
	size_t room = m->msg_controllen;
	ssize_t n;

	if (m->msg_control == NULL || room < CMSG_LEN(sizeof(int)) ||
	    room > CMSG_SPACE(sizeof(int)))
		return (real.recvmsg(fd, m, flags));
	n = receive_all(fd, m, flags, &all);
	m->msg_controllen = 0;
	if (n < 0 || count(rights(&all)) == 0)
		return (n);
	if (rights(&all)->cmsg_len > room) {
		rights(&all)->cmsg_len = room;
		m->msg_flags |= MSG_CTRUNC;
	}
	m->msg_controllen = room;
	memcpy(m->msg_control, all.msg_control, room);
	return (n);
}
DEFECT(rights-excess-stays-open, .recvmsg = excess_stays);

static ssize_t
excess_unsaid(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n >= 0 && count(rights(m)) > 0)
		m->msg_flags &= ~MSG_CTRUNC;
	return (n);
}
DEFECT(rights-excess-lost-unsaid, .recvmsg = excess_unsaid);

static ssize_t
padding_written(int fd, struct msghdr *m, int flags)
{
	size_t room = m->msg_controllen;
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n >= 0 && room == CMSG_LEN(sizeof(int)))
		memset((char *)m->msg_control + room, 0xff, CMSG_SPACE(sizeof(int)) - room);
	return (n);
}
DEFECT(rights-padding-written-beyond-room, .recvmsg = padding_written);

/* Is there no memory at that address? */
static bool
is_bad_address(const void *address)
{
	int fd[2];
	bool bad = false;

	if (address != NULL && real.pipe(fd) == 0) {
		bad = real.write(fd[1], address, 1) == -1;
		real.close(fd[0]);
		real.close(fd[1]);
	}
	return (bad);
}

static ssize_t
untold_stay(int fd, struct msghdr *m, int flags)
{
	struct msghdr all;
	ssize_t n;

	if (!is_bad_address(m->msg_control))
		return (real.recvmsg(fd, m, flags));
	n = receive_all(fd, m, flags, &all);
	m->msg_flags |= MSG_CTRUNC;
	return (n);
}
DEFECT(rights-installed-at-bad-address, .recvmsg = untold_stay);

/* Fewer arrived than there was room for: the receiver has no numbers left. */
static bool
table_is_full(const struct msghdr *m, size_t room)
{
	return ((m->msg_flags & MSG_CTRUNC) != 0 && room > 4 * CMSG_SPACE(sizeof(int)));
}

static ssize_t
full_table_loses_data(int fd, struct msghdr *m, int flags)
{
	size_t room = m->msg_controllen;
	ssize_t n = real.recvmsg(fd, m, flags);

	return (n > 0 && table_is_full(m, room) ? 0 : n);
}
DEFECT(rights-full-table-loses-data, .recvmsg = full_table_loses_data);

static ssize_t
full_table_installs_none(int fd, struct msghdr *m, int flags)
{
	size_t room = m->msg_controllen;
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n > 0 && table_is_full(m, room)) {
		close_all(m);
		m->msg_controllen = 0;
	}
	return (n);
}
DEFECT(rights-full-table-takes-none, .recvmsg = full_table_installs_none);

/* What may be sent */

static ssize_t
limit_lower(int fd, const struct msghdr *m, int flags)
{
	return (count(rights(m)) >= MOST ? failure(EINVAL) : real.sendmsg(fd, m, flags));
}
DEFECT(rights-limit-one-lower, .sendmsg = limit_lower);

static ssize_t
limit_cuts(int fd, const struct msghdr *m, int flags)
{
	return (count(rights(m)) > MOST ? send_without_control(fd, m, flags)
					: real.sendmsg(fd, m, flags));
}
DEFECT(rights-beyond-limit-dropped, .sendmsg = limit_cuts);

static ssize_t
bad_leaks_good(int fd, const struct msghdr *m, int flags)
{
	ssize_t n = real.sendmsg(fd, m, flags);

	if (n == -1 && errno == EBADF) {
		leak(m);
		errno = EBADF;
	}
	return (n);
}
DEFECT(rights-leaked-beside-a-bad-one, .sendmsg = bad_leaks_good);

static ssize_t
bad_sends_data(int fd, const struct msghdr *m, int flags)
{
	ssize_t n = real.sendmsg(fd, m, flags);

	if (n == -1 && errno == EBADF) {
		send_without_control(fd, m, flags);
		errno = EBADF;
	}
	return (n);
}
DEFECT(rights-bad-one-sends-data, .sendmsg = bad_sends_data);

static ssize_t
last_unchecked(int fd, const struct msghdr *m, int flags)
{
	struct cmsghdr *item = rights(m);
	struct msghdr shorter = *m;
	ssize_t n = real.sendmsg(fd, m, flags);

	if (n == -1 && errno == EBADF && count(item) > 1) {
		item->cmsg_len -= sizeof(int);
		n = real.sendmsg(fd, &shorter, flags);
		item->cmsg_len += sizeof(int);
	}
	return (n);
}
DEFECT(rights-last-bad-one-skipped, .sendmsg = last_unchecked);

static ssize_t
lengths_unchecked(int fd, const struct msghdr *m, int flags)
{
	ssize_t n = real.sendmsg(fd, m, flags);
	struct cmsghdr *item = m->msg_controllen >= sizeof(*item) ? CMSG_FIRSTHDR(m) : NULL;

	return (n == -1 && errno == EINVAL && item != NULL && item->cmsg_type == SCM_RIGHTS &&
		    item->cmsg_len > m->msg_controllen
		? send_without_control(fd, m, flags)
		: n);
}
DEFECT(rights-long-item-accepted, .sendmsg = lengths_unchecked);

static ssize_t
first_length_checked(int fd, const struct msghdr *m, int flags)
{
	struct msghdr first = *m;
	ssize_t n = real.sendmsg(fd, m, flags);

	if (n == -1 && errno == EINVAL && count(rights(m)) == 1 &&
	    m->msg_controllen > CMSG_SPACE(sizeof(int))) {
		first.msg_controllen = CMSG_SPACE(sizeof(int));
		n = real.sendmsg(fd, &first, flags);
	}
	return (n);
}
DEFECT(rights-later-items-unchecked, .sendmsg = first_length_checked);

static ssize_t
unknown_dropped(int fd, const struct msghdr *m, int flags)
{
	struct cmsghdr *item = m->msg_controllen >= sizeof(*item) ? CMSG_FIRSTHDR(m) : NULL;
	ssize_t n = real.sendmsg(fd, m, flags);

	return (n == -1 && errno == EINVAL && item != NULL && item->cmsg_type != SCM_RIGHTS
		? send_without_control(fd, m, flags)
		: n);
}
DEFECT(rights-unknown-item-dropped, .sendmsg = unknown_dropped);

static ssize_t
empty_refused(int fd, const struct msghdr *m, int flags)
{
	return (rights(m) != NULL && count(rights(m)) == 0 ? failure(EINVAL)
							   : real.sendmsg(fd, m, flags));
}
DEFECT(rights-empty-array-refused, .sendmsg = empty_refused);

static ssize_t
empty_delivered(int fd, struct msghdr *m, int flags)
{
	size_t room = m->msg_controllen;
	ssize_t n = real.recvmsg(fd, m, flags);
	struct cmsghdr *item;

	if (n > 0 && m->msg_controllen == 0 && room >= CMSG_SPACE(0)) {
		m->msg_controllen = CMSG_SPACE(0);
		item = CMSG_FIRSTHDR(m);
		item->cmsg_level = SOL_SOCKET;
		item->cmsg_type = SCM_RIGHTS;
		item->cmsg_len = CMSG_LEN(0);
	}
	return (n);
}
DEFECT(rights-empty-array-delivered, .recvmsg = empty_delivered);

static ssize_t
second_dropped(int fd, const struct msghdr *m, int flags)
{
	struct msghdr first = *m;

	if (count(rights(m)) == 1 && m->msg_controllen > CMSG_SPACE(sizeof(int)))
		first.msg_controllen = CMSG_SPACE(sizeof(int));
	return (real.sendmsg(fd, &first, flags));
}
DEFECT(rights-second-item-dropped, .sendmsg = second_dropped);

static ssize_t
paths_refused(int fd, const struct msghdr *m, int flags)
{
	struct cmsghdr *item = rights(m);

	for (int i = 0; i < count(item); i++)
		if (real.fcntl(nth(item, i), F_GETFL, 0) != -1 &&
		    (real.fcntl(nth(item, i), F_GETFL, 0) & O_PATH) != 0)
			return (failure(EBADF));
	return (real.sendmsg(fd, m, flags));
}
DEFECT(rights-path-descriptor-refused, .sendmsg = paths_refused);
