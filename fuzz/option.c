/*
 * Arbitrary levels, names, bytes and lengths to setsockopt and getsockopt, on every
 * kind of socket: fresh, connected, listening.
 *
 * An input is the kind, the state, and then steps: set or get an option, one whose
 * documentation is in the table below or any other.  pl_os_option_is_private() keeps out what
 * reaches beyond the socket.
 *
 * The oracle (getsockopt(2), socket(7), ip(7), ip(4), ipv6(7), tcp(7), tcp(4), POSIX 2.10.16):
 *
 *  - getsockopt writes nothing beyond the length given and tells no greater one; what it
 *    gives with little room begins as what it gives with much.
 *  - A failed setsockopt changes nothing, and fails with an error that is listed.
 *  - A documented option takes the values it must, and reads back what was set: a boolean
 *    as zero or not, a number as it is, SO_LINGER both members, a time-out but for the grain of
 *    the clock, a buffer size as it is or doubled (socket(7)).
 *  - It refuses values that are too short (EINVAL), microseconds of a second and more (EDOM),
 *    numbers out of its range; one that can only be read refuses all.
 *  - To set one option leaves the others as they are.  SO_TYPE, SO_DOMAIN and SO_ACCEPTCONN
 *    tell what the socket is.
 */

#include <sys/socket.h>
#include <sys/time.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <string.h>

#include "feedback.h"
#include "os.h"
#include "sockets.h"
#include "target.h"

#define STEPS 16
#define VALUE 256 /* bytes of a value, at most */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum value { BOOLEAN, NUMBER, LINGER, TIMEOUT, BUFFER, READ_ONLY };

/* Which kinds have an option. */
enum { UNIX = 1, TCP4 = 2, TCP6 = 4, UDP4 = 8, UDP6 = 16 };
enum { TCP = TCP4 | TCP6, ALL = UNIX | TCP | UDP4 | UDP6 };

/*
 * Documented options.  A number from least to most must be taken by the kinds, and
 * others refused if limited says so.
 */
static const struct option {
	int level, name;
	enum value value;
	unsigned kinds;
	int least, most;
	bool limited;
	bool steady; /* no other option changes it */
} options[] = {
	{ SOL_SOCKET, SO_TYPE, READ_ONLY, .kinds = ALL, .steady = true },
	{ SOL_SOCKET, SO_DOMAIN, READ_ONLY, .kinds = ALL, .steady = true },
	{ SOL_SOCKET, SO_PROTOCOL, READ_ONLY, .kinds = ALL, .steady = true },
	{ SOL_SOCKET, SO_ACCEPTCONN, READ_ONLY, .kinds = ALL, .steady = true },
	{ SOL_SOCKET, SO_ERROR, READ_ONLY, .kinds = ALL },
	{ SOL_SOCKET, SO_REUSEADDR, BOOLEAN, .kinds = ALL, .steady = true },
	{ SOL_SOCKET, SO_KEEPALIVE, BOOLEAN, .kinds = ALL, .steady = true },
	{ SOL_SOCKET, SO_BROADCAST, BOOLEAN, .kinds = ALL, .steady = true },
	{ SOL_SOCKET, SO_OOBINLINE, BOOLEAN, .kinds = ALL, .steady = true },
	{ SOL_SOCKET, SO_DONTROUTE, BOOLEAN, .kinds = ALL, .steady = true },
	{ SOL_SOCKET, SO_TIMESTAMP, BOOLEAN, .kinds = ALL },
	{ SOL_SOCKET, SO_LINGER, LINGER, .kinds = ALL, .steady = true },
	{ SOL_SOCKET, SO_RCVTIMEO, TIMEOUT, .kinds = ALL },
	{ SOL_SOCKET, SO_SNDTIMEO, TIMEOUT, .kinds = ALL },
	{ SOL_SOCKET, SO_SNDBUF, BUFFER, .kinds = ALL },
	{ SOL_SOCKET, SO_RCVBUF, BUFFER, .kinds = ALL },
	{ SOL_SOCKET, SO_RCVLOWAT, NUMBER, .kinds = ALL, .least = 1, .most = 1000 },
	{ IPPROTO_TCP, TCP_NODELAY, BOOLEAN, .kinds = TCP },
	{ IPPROTO_TCP, TCP_KEEPINTVL, NUMBER, .kinds = TCP, .least = 1, .most = 32767 },
	{ IPPROTO_TCP, TCP_KEEPCNT, NUMBER, .kinds = TCP, .least = 1, .most = 127 },
	{ IPPROTO_IP, IP_TTL, NUMBER, .kinds = TCP4 | UDP4, .least = 1, .most = 255,
	    .limited = true },
	{ IPPROTO_IPV6, IPV6_UNICAST_HOPS, NUMBER, .kinds = TCP6 | UDP6, .least = 1, .most = 255,
	    .limited = true },
#ifdef TCP_KEEPIDLE
	{ IPPROTO_TCP, TCP_KEEPIDLE, NUMBER, .kinds = TCP, .least = 1, .most = 32767 },
#endif
#ifdef TCP_USER_TIMEOUT
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, NUMBER, .kinds = TCP, .least = 0, .most = 1000000 },
#endif
#ifdef SO_PRIORITY
	{ SOL_SOCKET, SO_PRIORITY, NUMBER, .kinds = ALL, .least = 0, .most = 6 },
#endif
#ifdef TCP_INFO
	{ IPPROTO_TCP, TCP_INFO, READ_ONLY, .kinds = TCP },
#endif
};

/* What a kernel does otherwise than documented, found by this target and passed over since. */
enum known { TTL_WITHOUT_RANGE };
static const struct {
	enum pl_profile os;
	const char *what;
} known[] = {
	[TTL_WITHOUT_RANGE] = { PL_PROFILE_FREEBSD,
	    "ip(4) IP_TTL: any value is taken, and its low byte kept (ip_ctloutput())" },
};

static bool
is_known(enum known k)
{
	return (known[k].os == pl_os.profile);
}

/* What getsockopt gives. */
struct reading {
	int error; /* 0, or errno */
	socklen_t length;
	unsigned char bytes[WATCHED_ROOM];
};

struct world {
	unsigned kind; /* as in the table */
	int socket;
	struct reading before[COUNT(options)];
};

static unsigned
kind_of(enum socket_kind kind)
{
	switch (kind) {
	case SOCKET_TCP4:
		return (TCP4);
	case SOCKET_TCP6:
		return (TCP6);
	case SOCKET_UDP4:
		return (UDP4);
	case SOCKET_UDP6:
		return (UDP6);
	default:
		return (UNIX);
	}
}

static const struct option *
find_option(int level, int name)
{
	for (size_t i = 0; i < COUNT(options); i++)
		if (options[i].level == level && options[i].name == name)
			return (&options[i]);
	return (NULL);
}

/* Errors that the pages of the calls and of the protocols list; any for an option of no page. */
static bool
is_listed(int level, int name, int error)
{
	if (find_option(level, name) == NULL)
		return (true);
	switch (error) {
	case EACCES:
	case EADDRINUSE:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
	case EDOM:
	case EFAULT:
	case EINVAL:
	case EISCONN:
	case ENOBUFS:
	case ENODEV:
	case ENOMEM:
	case ENOPROTOOPT:
	case ENOTCONN:
	case EOPNOTSUPP:
	case EPERM:
		return (true);
	default:
		return (false);
	}
}

/* Get an option with so much room, and judge what is around it. */
static void
read_option(int fd, int level, int name, size_t room, struct reading *r)
{
	struct watched got;

	watched_prepare(&got, room);
	r->length = (socklen_t)got.room;
	r->error = getsockopt(fd, level, name, got.bytes, &r->length) == 0 ? 0 : errno;
	fuzz_check(watched_whole(&got), "getsockopt(%d, %d) writes beyond %zu bytes", level, name,
	    got.room);
	fuzz_check(r->error == 0 || is_listed(level, name, r->error),
	    "getsockopt(%d, %d) fails with errno %d", level, name, r->error);
	fuzz_check(r->error != 0 || r->length <= got.room,
	    "getsockopt(%d, %d) tells %u bytes with room for %zu", level, name, (unsigned)r->length,
	    got.room);
	if (r->error != 0)
		r->length = 0;
	memcpy(r->bytes, got.bytes, r->length);
}

static bool
same(const struct reading *a, const struct reading *b)
{
	return (a->error == b->error && a->length == b->length &&
	    memcmp(a->bytes, b->bytes, a->length) == 0);
}

/* Options that change without being set: clocks, counters, and what the last packet left. */
static const struct {
	int level, name;
} moving[] = {
	/* Reading it clears it. */
	{ SOL_SOCKET, SO_ERROR },
#ifdef SO_INCOMING_CPU
	{ SOL_SOCKET, SO_INCOMING_CPU },
#endif
#ifdef SO_MEMINFO
	{ SOL_SOCKET, SO_MEMINFO },
#endif
#ifdef TCP_INFO
	{ IPPROTO_TCP, TCP_INFO },
#endif
#ifdef TCP_TIMESTAMP
	{ IPPROTO_TCP, TCP_TIMESTAMP },
#endif
#ifdef TCP_CC_INFO
	{ IPPROTO_TCP, TCP_CC_INFO },
#endif
};

static bool
is_moving(int level, int name)
{
	for (size_t i = 0; i < COUNT(moving); i++)
		if (moving[i].level == level && moving[i].name == name)
			return (true);
	return (false);
}

/* Setting */

/* How long a value must be. */
static size_t
size_of(enum value value)
{
	switch (value) {
	case LINGER:
		return (sizeof(struct linger));
	case TIMEOUT:
		return (sizeof(struct timeval));
	default:
		return (sizeof(int));
	}
}

/* Is it a value that the documentation wants taken? */
enum judgement { RIGHT, WRONG, OPEN };

static enum judgement
judge_time(const struct timeval *t)
{
	if (t->tv_usec < 0 || t->tv_usec >= 1000000)
		return (WRONG);
	return (t->tv_sec >= 0 && t->tv_sec <= 100000 ? RIGHT : OPEN);
}

static enum judgement
judge_value(const struct option *o, const unsigned char *bytes, size_t length)
{
	struct timeval t;
	struct linger l;
	int n;

	if (o->value == READ_ONLY)
		return (WRONG);
	if (length < size_of(o->value)) {
		/* Linux takes a number in one byte at the level of IPv4. */
		return (o->level == IPPROTO_IP && length > 0 ? OPEN : WRONG);
	}
	memcpy(&n, bytes, sizeof(n));
	switch (o->value) {
	case TIMEOUT:
		memcpy(&t, bytes, sizeof(t));
		return (judge_time(&t));
	case LINGER:
		memcpy(&l, bytes, sizeof(l));
		return (l.l_linger >= 0 && l.l_linger <= INT16_MAX ? RIGHT : OPEN);
	case NUMBER:
		if (n >= o->least && n <= o->most)
			return (RIGHT);
		/* 0 and -1 may stand for a default. */
		return (o->limited && (n > o->most || n < -1) ? WRONG : OPEN);
	case BUFFER:
		return (n >= 8192 && n <= 65536 ? RIGHT : OPEN);
	default:
		return (RIGHT);
	}
}

static long
microseconds(const struct timeval *t)
{
	return (t->tv_sec * 1000000L + t->tv_usec);
}

/* Judge what is read after these bytes, which are right, were set. */
static void
judge_reading(const struct option *o, const unsigned char *bytes, const struct reading *r)
{
	struct timeval t, got_t;
	struct linger l, got_l;
	long late;
	int n, got;

	fuzz_check(r->error == 0 && r->length == size_of(o->value),
	    "option %d, %d reads %u bytes, errno %d", o->level, o->name, (unsigned)r->length,
	    r->error);
	memcpy(&n, bytes, sizeof(n));
	memcpy(&got, r->bytes, sizeof(got));
	switch (o->value) {
	case BOOLEAN:
		fuzz_check((n != 0) == (got != 0), "boolean %d, %d was set to %d and reads %d",
		    o->level, o->name, n, got);
		break;
	case NUMBER:
		fuzz_check(n == got, "number %d, %d was set to %d and reads %d", o->level, o->name,
		    n, got);
		break;
	case BUFFER:
		/* socket(7): the kernel doubles it, and tells that. */
		fuzz_check(got == (pl_os.profile == PL_PROFILE_LINUX ? 2 * n : n),
		    "buffer size %d was set to %d and reads %d", o->name, n, got);
		break;
	case LINGER:
		memcpy(&l, bytes, sizeof(l));
		memcpy(&got_l, r->bytes, sizeof(got_l));
		fuzz_check((l.l_onoff != 0) == (got_l.l_onoff != 0) &&
			(l.l_onoff == 0 || l.l_linger == got_l.l_linger),
		    "SO_LINGER was set to %d, %d and reads %d, %d", l.l_onoff, l.l_linger,
		    got_l.l_onoff, got_l.l_linger);
		break;
	case TIMEOUT:
		memcpy(&t, bytes, sizeof(t));
		memcpy(&got_t, r->bytes, sizeof(got_t));
		late = microseconds(&got_t) - microseconds(&t);
		/* A tick of the slowest clock, one hundredth of a second. */
		fuzz_check(late > -10000 && late <= 10000,
		    "time-out %d was set to %ld us and reads %ld", o->name, microseconds(&t),
		    microseconds(&got_t));
		break;
	case READ_ONLY:
		break;
	}
}

/* Read all documented options; judge that all but one are as they were. */
static void
read_all(struct world *w)
{
	for (size_t i = 0; i < COUNT(options); i++)
		if (options[i].steady)
			read_option(w->socket, options[i].level, options[i].name, WATCHED_ROOM,
			    &w->before[i]);
}

static void
judge_others(struct world *w, int level, int name)
{
	struct reading now;

	for (size_t i = 0; i < COUNT(options); i++) {
		const struct option *o = &options[i];

		if (!o->steady || (o->level == level && o->name == name))
			continue;
		read_option(w->socket, o->level, o->name, WATCHED_ROOM, &now);
		fuzz_check(same(&w->before[i], &now), "to set option %d, %d changed %d, %d", level,
		    name, o->level, o->name);
	}
}

static void
judge_set(const struct world *w, const struct option *o, const unsigned char *bytes, size_t length,
    int error, const struct reading *after)
{
	enum judgement is;

	if ((o->kinds & w->kind) == 0)
		return;
	is = judge_value(o, bytes, length);
	if (is == WRONG && o->name == IP_TTL && o->level == IPPROTO_IP &&
	    is_known(TTL_WITHOUT_RANGE))
		is = OPEN;
	fuzz_check(is != WRONG || error != 0, "option %d, %d takes a wrong value of %zu bytes",
	    o->level, o->name, length);
	fuzz_check(is != RIGHT || error == 0, "option %d, %d refuses a right value, errno %d",
	    o->level, o->name, error);
	if (is == RIGHT)
		judge_reading(o, bytes, after);
}

static void
set(struct world *w, int level, int name, struct fuzz_bytes value)
{
	unsigned char bytes[VALUE] = { 0 };
	size_t length = value.size < VALUE ? value.size : VALUE;
	const struct option *o = find_option(level, name);
	struct reading before, after;
	int error;

	if (length > 0)
		memcpy(bytes, value.at, length);
	read_option(w->socket, level, name, WATCHED_ROOM, &before);
	read_all(w);
	error = setsockopt(w->socket, level, name, bytes, (socklen_t)length) == 0 ? 0 : errno;
	feedback_outcome(
	    (unsigned)level << 16 | (unsigned)name << 2 | 1, error == 0 ? 0 : -1, error);
	read_option(w->socket, level, name, WATCHED_ROOM, &after);
	fuzz_check(error == 0 || is_listed(level, name, error),
	    "setsockopt(%d, %d) fails with errno %d", level, name, error);
	fuzz_check(error == 0 || is_moving(level, name) || same(&before, &after),
	    "a failed setsockopt(%d, %d) changed the option", level, name);
	if (o != NULL)
		judge_set(w, o, bytes, length, error, &after);
	judge_others(w, level, name);
}

static void
get(struct world *w, int level, int name, size_t room)
{
	struct reading full, part;
	socklen_t negative = (socklen_t)-1;

	read_option(w->socket, level, name, WATCHED_ROOM, &full);
	read_option(w->socket, level, name, room, &part);
	feedback_outcome((unsigned)level << 16 | (unsigned)name << 2,
	    full.error == 0 ? (long)full.length : -1, full.error);
	/* Some want a room of one size; with less than an int a number may come in one byte
	 * (ip(7)). */
	if (full.error == 0 && part.error == 0 && !is_moving(level, name)) {
		fuzz_check(part.length <= full.length, "getsockopt(%d, %d) tells %u bytes of %u",
		    level, name, (unsigned)part.length, (unsigned)full.length);
		fuzz_check(room < sizeof(int) || memcmp(full.bytes, part.bytes, part.length) == 0,
		    "getsockopt(%d, %d) with room for %zu differs", level, name, room);
	}
	/* Linux takes the length for an unsigned one at the level of IPv6; the pages are silent. */
	if (room == 255 && level == SOL_SOCKET)
		fuzz_check(getsockopt(w->socket, level, name, full.bytes, &negative) == -1,
		    "getsockopt(%d, %d) takes a negative length", level, name);
}

static void
step(struct world *w, struct fuzz_bytes *in)
{
	static const int levels[] = { SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP,
		IPPROTO_UDP, IPPROTO_ICMP, 250 };
	unsigned what = fuzz_byte(in);
	const struct option *o = &options[fuzz_index(in, COUNT(options))];
	int level = o->level, name = o->name;

	/* One step in four is about any option. */
	if ((what & 6) == 6) {
		level = levels[fuzz_index(in, COUNT(levels))];
		name = (int)fuzz_number(in, 2);
	}
	if (!pl_os_option_is_private(level, name))
		return;
	if (what & 1)
		get(w, level, name, fuzz_byte(in));
	else
		set(w, level, name, fuzz_part(in, fuzz_byte(in)));
}

/* Judge what the socket says that it is. */
static void
judge_identity(const struct world *w, enum socket_kind kind, bool listens)
{
	const struct {
		int name, value;
	} is[] = {
		{ SO_TYPE, socket_kind_type(kind) },
		{ SO_DOMAIN, socket_kind_domain(kind) },
		{ SO_ACCEPTCONN, listens },
	};
	struct reading r;
	int value = 0;

	for (size_t i = 0; i < COUNT(is); i++) {
		read_option(w->socket, SOL_SOCKET, is[i].name, WATCHED_ROOM, &r);
		memcpy(&value, r.bytes, sizeof(value));
		fuzz_check(r.error == 0 && r.length == sizeof(value), "option %d reads %u bytes",
		    is[i].name, (unsigned)r.length);
		/* A boolean may read as its bit. */
		fuzz_check(
		    is[i].name == SO_ACCEPTCONN ? (value != 0) == listens : value == is[i].value,
		    "option %d reads %d, not %d", is[i].name, value, is[i].value);
	}
}

/* Memberships are options, too: internet sockets only where nothing can leave. */
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
	enum socket_kind kind;
	unsigned state;
	bool listens;
	int fd[2] = { -1, -1 };

	if (!prepared)
		sockets_prepare();
	prepared = true;
	in = fuzz_begin(data, size);
	kind = fuzz_index(&in, SOCKET_KINDS);
	state = fuzz_index(&in, 3);
	if (!may_run(kind))
		return (fuzz_end());
	if (state == 1)
		socket_make_pair(kind, fd);
	else
		fd[0] = socket_make(kind);
	listens = state == 2 && (kind == SOCKET_TCP4 || kind == SOCKET_TCP6);
	if (listens)
		fuzz_setup(listen(fd[0], 1) == 0, "listen");
	w.kind = kind_of(kind);
	w.socket = fd[0];
	feedback_kernel_begin();
	judge_identity(&w, kind, listens);
	for (int i = 0; i < STEPS && in.size > 0; i++)
		step(&w, &in);
	feedback_kernel_end();
	socket_discard(fd[0]);
	if (fd[1] != -1)
		socket_discard(fd[1]);
	return (fuzz_end());
}
