/*
 * Arbitrary control data to sendmsg, and control buffers of any size for recvmsg.
 *
 * An input is the kind of a connected pair and then steps: send bytes with control
 * data, well formed or not; receive with some room for it; ask for control data by
 * an option.  Control data may name the descriptors 200 to 207, which are open.
 *
 * The oracle, for the UNIX domain (unix(7), unix(4), send(2), recv(2), cmsg(3)):
 *
 *  - sendmsg refuses items shorter than their header or longer than the control
 *    data, unknown items of SOL_SOCKET (EINVAL), and descriptors that are not open
 *    (EBADF).  It takes what is right.  Nothing of a message that it refused arrives.
 *  - Descriptors arrive with the first byte of what they were sent with, once, as many
 *    and in the order as sent, and are the same files.  They are closed on exec exactly if
 *    MSG_CMSG_CLOEXEC asks for it.
 *  - If there is room for all of them MSG_CTRUNC is clear; if there is not, it is set, and those
 *    that arrive are the first ones.
 *  - After each call exactly the descriptors that control data tells of are new, and none is gone;
 *    also after all are closed that wait in a queue.
 *
 * And for every domain:
 *
 *  - Nothing is written beyond the room; msg_controllen tells no more than it; the
 *    items in it are whole as CMSG_FIRSTHDR and CMSG_NXTHDR walk through them.
 *  - The same message with ample room has control data of some length: with less room
 *    MSG_CTRUNC is set, with enough it is clear.
 */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "feedback.h"
#include "os.h"
#include "sockets.h"
#include "target.h"

#define STEPS 16
#define MESSAGES STEPS
#define CONTROL 256      /* bytes of control data that one message is sent with */
#define AMPLE 768        /* room for whatever may come */
#define FIRST 200        /* number of the first descriptor to send */
#define FILES 8          /* how many there are */
#define MOST 64          /* more than that many descriptors do not fit into CONTROL bytes */
#define MESSAGE_BYTES 32 /* of data, at most */
/* A number that is no type of control data at SOL_SOCKET anywhere, as all above it. */
#define NO_TYPE 200

enum call { SEND, RECEIVE, SEND_RIGHTS, SET, CALLS };

/* A message that waits to be received.  Each of its bytes is its number. */
struct message {
	size_t bytes;
	int count; /* descriptors */
	ino_t file[MOST];
	bool begun; /* some of its bytes are received */
	bool sure;  /* its control data is nothing but one item of descriptors, or none */
};

struct world {
	enum socket_kind kind;
	bool unix_domain, stream;
	int from, to;
	bool asks; /* an option asks for control data */
	int sent;  /* messages so far, and how many of them are received */
	int received;
	struct message message[MESSAGES + 1];
	/* Beside the known descriptors. */
	bool open[DESCRIPTORS];
};

/* What recvmsg gave. */
struct got {
	ssize_t bytes;
	int flags, error;
	size_t length; /* msg_controllen */
	bool without;  /* there was no control buffer at all */
	struct watched control;
	unsigned char data[MESSAGE_BYTES];
	int count;
	int fd[MOST];
};

/* What a kernel does otherwise than documented, and is passed over. */
enum known { CUT_WITHOUT_BUFFER };
static const struct {
	enum pl_profile os;
	const char *what;
} known[] = {
	[CUT_WITHOUT_BUFFER] = { PL_PROFILE_FREEBSD,
	    "recv(2) MSG_CTRUNC: the flag stays clear if there is no control buffer "
	    "(kern_recvit())" },
};

static bool
is_known(enum known k)
{
	return (known[k].os == pl_os.profile);
}

static ino_t files[FILES];

static ino_t
file_of(int fd)
{
	struct stat st;

	return (fstat(fd, &st) == 0 ? st.st_ino : 0);
}

/* The descriptors that are sent: ends of pipes, at numbers that inputs can know. */
static void
prepare(void)
{
	const int on = 1;
	int fd[2];

	/*
	 * While somebody wants time stamps all that arrives is stamped; but to begin and end that
	 * is put off, and what an input sees would depend on those before it.
	 */
	sockets_prepare();
	if ((fd[0] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) != -1)
		setsockopt(fd[0], SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on));
	for (int i = 0; i < FILES; i++) {
		fuzz_setup(pipe(fd) == 0 && dup2(fd[0], FIRST + i) != -1, "pipe");
		close(fd[0]);
		close(fd[1]);
		files[i] = file_of(FIRST + i);
	}
}

/* Sending */

/* What the pages say of control data before it is sent. */
enum judgement { RIGHT, WRONG, OPEN };

/* Judge an item's data of so many bytes, descriptors, and note them. */
static enum judgement
read_rights(const unsigned char *data, size_t size, struct message *m)
{
	enum judgement all = RIGHT;
	int fd;

	/* What becomes of a part of a number, of no number, and of more items is left open. */
	if (size == 0 || size % sizeof(fd) != 0 || m->count > 0)
		all = OPEN;
	for (size_t i = 0; i + sizeof(fd) <= size; i += sizeof(fd)) {
		memcpy(&fd, data + i, sizeof(fd));
		if (fcntl(fd, F_GETFD) == -1)
			return (WRONG);
		if (fd < FIRST || fd >= FIRST + FILES)
			all = OPEN;
		else if (m->count < MOST)
			m->file[m->count++] = files[fd - FIRST];
	}
	return (all);
}

/* The size that an item of that length takes up, with the padding behind it. */
static size_t
padded(size_t length)
{
	return (CMSG_SPACE(length - CMSG_LEN(0)));
}

/*
 * The next item behind the first at bytes of control data: moves at behind it.
 * False if none is left, or if it is not whole: then *whole is false.
 * CMSG_NXTHDR does not tell these two apart.
 */
static bool
next_item(
    const unsigned char *control, size_t length, size_t *at, struct cmsghdr *item, bool *whole)
{
	*whole = true;
	if (*at + sizeof(*item) > length)
		return (false);
	memcpy(item, control + *at, sizeof(*item));
	*whole = item->cmsg_len >= CMSG_LEN(0) && item->cmsg_len <= length - *at;
	if (!*whole)
		return (false);
	*at += padded(item->cmsg_len);
	return (true);
}

/* Judge control data that goes to the UNIX domain. */
static enum judgement
read_control(const unsigned char *control, size_t length, struct message *m)
{
	enum judgement all = length > 0 && length < sizeof(struct cmsghdr) ? OPEN : RIGHT, one;
	struct cmsghdr item;
	size_t at = 0, begin = 0;
	bool whole;

	while (next_item(control, length, &at, &item, &whole)) {
		one = OPEN;
		if (item.cmsg_level == SOL_SOCKET && item.cmsg_type == SCM_RIGHTS)
			one = read_rights(
			    control + begin + CMSG_LEN(0), item.cmsg_len - CMSG_LEN(0), m);
		else if (item.cmsg_level == SOL_SOCKET &&
		    (item.cmsg_type < 0 || item.cmsg_type >= NO_TYPE))
			one = WRONG;
		if (one == WRONG)
			return (WRONG);
		if (one == OPEN)
			all = OPEN;
		begin = at;
	}
	return (whole ? all : WRONG);
}

/* Errors that the pages list for this, bad descriptors of sockets and pointers apart. */
static bool
is_listed(int error)
{
	switch (error) {
	case EACCES:
	case EAGAIN:
	case EADDRNOTAVAIL:
	case EBADF:
	case ECONNREFUSED:
	case ECONNRESET:
	case EHOSTUNREACH:
	case EINVAL:
	case EISCONN:
	case EMSGSIZE:
	case ENETUNREACH:
	case ENOBUFS:
	case ENODEV:
	case ENOMEM:
	case EOPNOTSUPP:
	case EPERM:
	case EPIPE:
	case ESRCH:
	case ETOOMANYREFS:
		return (true);
	default:
		return (false);
	}
}

/* Send the next message with this control data. */
static void
send_message(struct world *w, unsigned char *control, size_t length, size_t bytes)
{
	unsigned char data[MESSAGE_BYTES];
	struct message *m = &w->message[w->sent];
	struct iovec part = { data, bytes };
	struct msghdr header = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = length > 0 ? control : NULL,
		.msg_controllen = (socklen_t)length };
	enum judgement is = OPEN;
	ssize_t n;
	int error;

	memset(data, w->sent, sizeof(data));
	*m = (struct message){ .bytes = bytes };
	if (w->unix_domain)
		is = read_control(control, length, m);
	n = sendmsg(w->from, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
	error = errno;
	feedback_outcome(SEND << 8 | (unsigned)w->kind << 4 | is, n, error);
	fuzz_check(n != -1 || is_listed(error), "sendmsg fails with errno %d", error);
	fuzz_check(n == -1 || is != WRONG, "wrong control data is taken");
	fuzz_check(n != -1 || is != RIGHT, "right control data is refused with errno %d", error);
	if (n == -1)
		return;
	fuzz_check((size_t)n == bytes, "%zd of %zu bytes are sent", n, bytes);
	m->sure = is == RIGHT;
	w->sent++;
}

static void
do_send(struct world *w, struct fuzz_bytes *in)
{
	_Alignas(struct cmsghdr) unsigned char control[CONTROL];
	size_t bytes = 1 + fuzz_index(in, MESSAGE_BYTES);
	struct fuzz_bytes part = fuzz_part(in, fuzz_byte(in));

	if (part.size > 0)
		memcpy(control, part.at, part.size);
	send_message(w, control, part.size, bytes);
}

/* Send descriptors, well formed; the input says which, and which number is wrong if any. */
static void
do_send_rights(struct world *w, struct fuzz_bytes *in)
{
	_Alignas(struct cmsghdr) unsigned char control[CONTROL] = { 0 };
	size_t bytes = 1 + fuzz_index(in, MESSAGE_BYTES), count = fuzz_index(in, MOST / 2);
	struct cmsghdr item = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	int fd;

	item.cmsg_len = (socklen_t)CMSG_LEN(count * sizeof(int));
	memcpy(control, &item, sizeof(item));
	for (size_t i = 0; i < count; i++) {
		/* Rarely one that is not open. */
		fd = fuzz_byte(in);
		fd = fd == 255 ? FIRST + FILES : FIRST + fd % FILES;
		memcpy(control + CMSG_LEN(i * sizeof(fd)), &fd, sizeof(fd));
	}
	send_message(w, control, CMSG_SPACE(count * sizeof(int)), bytes);
}

/* Receiving */

/* Take the control data apart: every item must be whole. */
static void
take_control(struct got *g)
{
	struct cmsghdr item;
	size_t at = 0, begin = 0;
	bool whole;
	int items = 0, walked = 0;
	struct msghdr header = { .msg_control = g->control.bytes,
		.msg_controllen = (socklen_t)g->length };

	g->count = 0;
	fuzz_check(watched_whole(&g->control), "control data is written beyond the %zu bytes given",
	    g->control.room);
	fuzz_check(g->length <= g->control.room, "%zu bytes of control data are told in %zu",
	    g->length, g->control.room);
	while (next_item(g->control.bytes, g->length, &at, &item, &whole)) {
		items++;
		for (size_t i = CMSG_LEN(0); item.cmsg_level == SOL_SOCKET &&
		     item.cmsg_type == SCM_RIGHTS && i + sizeof(int) <= item.cmsg_len;
		     i += sizeof(int)) {
			fuzz_check(g->count < MOST, "more descriptors come than were sent");
			memcpy(&g->fd[g->count++], g->control.bytes + begin + i, sizeof(int));
		}
		begin = at;
	}
	fuzz_check(whole, "an item of control data is not whole");
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c != NULL; c = CMSG_NXTHDR(&header, c))
		walked++;
	fuzz_check(walked == items, "CMSG_NXTHDR finds %d of %d items", walked, items);
}

/* Receive up to that many bytes with so much room for control data. */
static void
receive(const struct world *w, struct got *g, size_t bytes, size_t room, int flags)
{
	struct iovec part = { g->data, bytes };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };

	watched_prepare(&g->control, room);
	header.msg_control = g->without ? NULL : g->control.bytes;
	header.msg_controllen = (socklen_t)g->control.room;
	g->bytes = recvmsg(w->to, &header, flags | MSG_DONTWAIT);
	g->error = errno;
	g->length = header.msg_controllen;
	g->flags = header.msg_flags;
	if (g->bytes == -1) {
		g->count = 0;
		fuzz_check(watched_whole(&g->control), "a failed recvmsg wrote beyond its room");
	} else {
		take_control(g);
	}
}

/* Exactly these descriptors are new: close them. */
static void
take_descriptors(const struct world *w, const struct got *g, int flags)
{
	bool open[DESCRIPTORS], told[DESCRIPTORS] = { false };
	bool peeked = (flags & MSG_PEEK) != 0, any = false;
	int set = (flags & MSG_CMSG_CLOEXEC) != 0 ? FD_CLOEXEC : 0;

	descriptors_note(open);
	for (int i = 0; i < DESCRIPTORS; i++)
		any |= open[i] != w->open[i];
	/* What a look ahead shows need not be descriptors of this process. */
	if (peeked && !any)
		return;
	for (int i = 0; i < g->count; i++) {
		int fd = g->fd[i];

		fuzz_check(fd >= 0 && fd < DESCRIPTORS && open[fd] && !w->open[fd] && !told[fd],
		    "descriptor %d comes and is not a new one", fd);
		told[fd] = true;
		fuzz_check((fcntl(fd, F_GETFD) & FD_CLOEXEC) == set,
		    "descriptor %d comes with the wrong flag", fd);
	}
	for (int i = 0; i < DESCRIPTORS; i++)
		fuzz_check(open[i] == (w->open[i] || told[i]), "descriptor %d is %s untold", i,
		    open[i] ? "open" : "gone");
}

static void
close_descriptors(const struct got *g)
{
	for (int i = 0; i < g->count; i++)
		close(g->fd[i]);
}

/* Judge the descriptors that came with the first byte of this message, NULL for none. */
static void
judge_rights(const struct world *w, const struct got *g, const struct message *m)
{
	int count = m == NULL ? 0 : m->count;
	size_t size = (size_t)count * sizeof(int);
	bool cut = (g->flags & MSG_CTRUNC) != 0;

	fuzz_check(g->count <= count, "%d descriptors come, %d were sent", g->count, count);
	for (int i = 0; i < g->count; i++)
		fuzz_check(file_of(g->fd[i]) == m->file[i], "descriptor %d of %d is another file",
		    i, count);
	if (g->without && is_known(CUT_WITHOUT_BUFFER))
		return;
	fuzz_check(cut || g->count == count, "%d of %d descriptors come, and no MSG_CTRUNC",
	    g->count, count);
	if (w->asks)
		return;
	fuzz_check(count > 0 || g->length == 0, "control data comes from nowhere");
	fuzz_check(!cut || g->control.room < CMSG_SPACE(size), "MSG_CTRUNC in spite of room");
	fuzz_check(
	    cut || count == 0 || g->control.room >= CMSG_LEN(size), "no MSG_CTRUNC, no room");
}

/* Judge which messages these bytes are of, and what came with them; they are received now. */
static void
judge_message(struct world *w, const struct got *g)
{
	const struct message *with = NULL;
	struct message *m;
	bool sure = true;

	for (ssize_t i = 0; i < g->bytes;) {
		ssize_t end = i;

		fuzz_check(w->received < w->sent && g->data[i] == w->received,
		    "byte %zd is of message %d, not %d", i, g->data[i], w->received);
		m = &w->message[w->received];
		while (end < g->bytes && g->data[end] == w->received)
			end++;
		if (!m->begun) {
			sure &= m->sure;
			/* unix(7), unix(4): what was sent with control data is not merged. */
			fuzz_check(with == NULL || m->count == 0 || !m->sure || !sure,
			    "messages %d and another with descriptors are merged", w->received);
			if (m->count > 0)
				with = m;
		}
		m->begun = true;
		fuzz_check(
		    (size_t)(end - i) <= m->bytes, "message %d has too many bytes", w->received);
		m->bytes -= (size_t)(end - i);
		if (!w->stream || m->bytes == 0)
			w->received++;
		i = end;
	}
	if (sure && g->bytes > 0)
		judge_rights(w, g, with);
}

/*
 * Judge an internet message by what a look ahead with ample room told of it.  The
 * padding behind the last item need not find room.
 */
static void
judge_room(const struct got *ample, const struct got *g)
{
	size_t padding = CMSG_SPACE(1) - CMSG_LEN(1);
	bool cut = (g->flags & MSG_CTRUNC) != 0;

	fuzz_check((ample->flags & MSG_CTRUNC) == 0, "MSG_CTRUNC in spite of ample room");
	if (g->without && is_known(CUT_WITHOUT_BUFFER))
		return;
	if (g->control.room >= ample->length) {
		fuzz_check(!cut, "MSG_CTRUNC in spite of room");
		fuzz_check(g->length == ample->length, "%zu bytes of control data, not %zu",
		    g->length, ample->length);
	} else if (g->control.room + padding < ample->length) {
		fuzz_check(cut, "no MSG_CTRUNC, and room for %zu of %zu bytes", g->control.room,
		    ample->length);
	}
}

static void
do_receive(struct world *w, size_t bytes, size_t room, unsigned how)
{
	struct got g = { .without = room == 0 && (how & 8) != 0 }, ample = { .bytes = -1 };
	int flags = (how & 1 ? MSG_CMSG_CLOEXEC : 0) | ((how & 6) == 6 ? MSG_PEEK : 0);

	if (!w->unix_domain && flags == 0)
		receive(w, &ample, sizeof(ample.data), AMPLE, MSG_PEEK);
	receive(w, &g, bytes, room, flags);
	feedback_outcome(RECEIVE << 8 | (unsigned)w->kind << 4 | (how & 7), g.bytes, g.error);
	feedback_outcome(RECEIVE << 8 | (unsigned)w->kind << 4 | 8, (long)g.length, 0);
	feedback_outcome(RECEIVE << 8 | (unsigned)w->kind << 4 | 9, g.flags, 0);
	take_descriptors(w, &g, flags);
	if (w->unix_domain && (flags & MSG_PEEK) == 0)
		judge_message(w, &g);
	else if (ample.bytes >= 0 && g.bytes >= 0)
		judge_room(&ample, &g);
	close_descriptors(&g);
}

/* Receive all that waits. */
static void
drain(struct world *w)
{
	int before;

	do {
		before = w->received;
		do_receive(w, MESSAGE_BYTES, AMPLE, 0);
	} while (w->received != before);
	fuzz_check(!w->unix_domain || w->received == w->sent, "%d of %d messages arrive",
	    w->received, w->sent);
}

/* Options */

/* Those that have control data come, with their level. */
static const struct {
	int domain, level, name;
} options[] = {
	{ AF_UNIX, SOL_SOCKET, SO_TIMESTAMP },
	{ AF_INET, SOL_SOCKET, SO_TIMESTAMP },
	{ AF_INET6, SOL_SOCKET, SO_TIMESTAMP },
#ifdef SO_PASSCRED
	{ AF_UNIX, SOL_SOCKET, SO_PASSCRED },
#endif
#ifdef SO_TIMESTAMPNS
	{ AF_INET, SOL_SOCKET, SO_TIMESTAMPNS },
#endif
#ifdef SO_RXQ_OVFL
	{ AF_INET, SOL_SOCKET, SO_RXQ_OVFL },
#endif
#ifdef IP_RECVTTL
	{ AF_INET, IPPROTO_IP, IP_RECVTTL },
#endif
#ifdef IP_RECVTOS
	{ AF_INET, IPPROTO_IP, IP_RECVTOS },
#endif
#ifdef IP_PKTINFO
	{ AF_INET, IPPROTO_IP, IP_PKTINFO },
#endif
#ifdef IP_RECVDSTADDR
	{ AF_INET, IPPROTO_IP, IP_RECVDSTADDR },
#endif
#ifdef IP_RECVORIGDSTADDR
	{ AF_INET, IPPROTO_IP, IP_RECVORIGDSTADDR },
#endif
#ifdef IP_RECVOPTS
	{ AF_INET, IPPROTO_IP, IP_RECVOPTS },
#endif
#ifdef IPV6_RECVPKTINFO
	{ AF_INET6, IPPROTO_IPV6, IPV6_RECVPKTINFO },
#endif
#ifdef IPV6_RECVHOPLIMIT
	{ AF_INET6, IPPROTO_IPV6, IPV6_RECVHOPLIMIT },
#endif
#ifdef IPV6_RECVTCLASS
	{ AF_INET6, IPPROTO_IPV6, IPV6_RECVTCLASS },
#endif
#ifdef IPV6_RECVDSTOPTS
	{ AF_INET6, IPPROTO_IPV6, IPV6_RECVDSTOPTS },
#endif
#ifdef IPV6_RECVHOPOPTS
	{ AF_INET6, IPPROTO_IPV6, IPV6_RECVHOPOPTS },
#endif
#ifdef IPV6_RECVRTHDR
	{ AF_INET6, IPPROTO_IPV6, IPV6_RECVRTHDR },
#endif
};

/* Have control data come, or no longer.  What is on its way may have some all the same. */
static void
do_set(struct world *w, struct fuzz_bytes *in)
{
	unsigned i = fuzz_index(in, sizeof(options) / sizeof(options[0]));
	int on = fuzz_yes(in);

	if (options[i].domain != socket_kind_domain(w->kind))
		return;
	w->asks |= setsockopt(w->to, options[i].level, options[i].name, &on, sizeof(on)) == 0;
}

static void
step(struct world *w, struct fuzz_bytes *in)
{
	size_t bytes, room;

	switch (fuzz_index(in, CALLS)) {
	case SEND:
		do_send(w, in);
		break;
	case SEND_RIGHTS:
		do_send_rights(w, in);
		break;
	case RECEIVE:
		bytes = 1 + fuzz_index(in, MESSAGE_BYTES);
		room = fuzz_byte(in);
		do_receive(w, bytes, room, fuzz_byte(in));
		break;
	case SET:
		do_set(w, in);
		break;
	}
}

/*
 * Source addresses and routes are control data, too: internet sockets only where
 * nothing can leave.
 */
static bool
may_run(enum socket_kind kind)
{
	return (
	    socket_kind_domain(kind) == AF_UNIX || (sockets_alone() && socket_kind_exists(kind)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	static bool prepared;
	struct fuzz_bytes in;
	int fd[2];

	if (!prepared)
		prepare();
	prepared = true;
	in = fuzz_begin(data, size);
	w.kind = fuzz_index(&in, SOCKET_KINDS);
	if (!may_run(w.kind))
		return (fuzz_end());
	w.unix_domain = socket_kind_domain(w.kind) == AF_UNIX;
	w.stream = socket_kind_type(w.kind) == SOCK_STREAM;
	w.asks = false;
	w.sent = w.received = 0;
	socket_make_pair(w.kind, fd);
	w.from = fd[0];
	w.to = fd[1];
	descriptors_note(w.open);
	feedback_kernel_begin();
	/* An odd number of bytes leaves the queue to be thrown away with the socket. */
	for (int i = 0; i < STEPS && in.size > 0; i++)
		step(&w, &in);
	if (size % 2 == 0)
		drain(&w);
	feedback_kernel_end();
	socket_discard(w.from);
	socket_discard(w.to);
	return (fuzz_end());
}
