/*
 * How option values and their lengths are passed, and what is refused: names
 * and levels that nobody knows, lengths that do not fit, pointers to nowhere.
 */

#include "plumbline.h"

#define EVERY_SOCKET PL_SOCKETS | PL_PLAIN

/* Numbers without a meaning at their level on any system. */
#define NO_SUCH_OPTION 0x7000
#define NO_SUCH_LEVEL 12345
#define NO_SUCH_IP_OPTION 199
#define NO_SUCH_TCP_OPTION 3000

/* A name that no one knows is refused, not ignored. */
PL_CASE(unknown_name_at_socket_level,
    .verifies = "socket.opt.unknown-name-at-socket-level-enoprotoopt", .kinds = EVERY_SOCKET)
{
	int fd = pl_unconnected();

	pl_expect(sys_get_option(fd, SOL_SOCKET, NO_SUCH_OPTION), fails(ENOPROTOOPT),
	    on(PL_POSIX, fails(EINVAL)));
	pl_expect(sys_set_option(fd, SOL_SOCKET, NO_SUCH_OPTION, 1), fails(ENOPROTOOPT),
	    on(PL_POSIX, fails(EINVAL)));
	pl_expect(sys_set_option(fd, SOL_SOCKET, NO_SUCH_OPTION, 0), fails(ENOPROTOOPT),
	    on(PL_POSIX, fails(EINVAL)));
}

static void
expect_unknown_level(int fd)
{
	pl_expect(sys_set_option(fd, NO_SUCH_LEVEL, SO_KEEPALIVE, 1), fails(ENOPROTOOPT),
	    on(PL_LINUX, fails(EOPNOTSUPP)));
	pl_expect(sys_get_option(fd, NO_SUCH_LEVEL, SO_KEEPALIVE), fails(ENOPROTOOPT),
	    on(PL_LINUX, fails(EOPNOTSUPP)));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_KEEPALIVE), is(0));
}

/* Nor is a level taken for another. */
PL_CASE(unknown_level, .verifies = "socket.opt.unknown-level", .kinds = EVERY_SOCKET)
{
	expect_unknown_level(pl_unconnected());
}

PL_CASE(unknown_level_of_inet_sockets, .verifies = "socket.opt.unknown-level")
{
	expect_unknown_level(pl_socket(AF_INET, SOCK_STREAM));
	expect_unknown_level(pl_socket(AF_INET, SOCK_DGRAM));
}

/* The protocols below look at the name too. */
PL_CASE(unknown_name_at_ip_and_tcp_level, .verifies = "socket.opt.unknown-name-at-ip-and-tcp-level")
{
	int fd = pl_socket(AF_INET, SOCK_STREAM);

	pl_expect(sys_set_option(fd, IPPROTO_TCP, NO_SUCH_TCP_OPTION, 1), fails(ENOPROTOOPT));
	pl_expect(sys_get_option(fd, IPPROTO_TCP, NO_SUCH_TCP_OPTION), fails(ENOPROTOOPT));
	pl_expect(sys_set_option(fd, IPPROTO_IP, NO_SUCH_IP_OPTION, 1),
	    on(PL_LINUX, fails(ENOPROTOOPT)), on(PL_FREEBSD, fails(EINVAL)));
	pl_expect(sys_get_option(fd, IPPROTO_IP, NO_SUCH_IP_OPTION),
	    on(PL_LINUX, fails(ENOPROTOOPT)), on(PL_FREEBSD, fails(EINVAL)));
}

/* Half an int is no int. */
PL_CASE(set_length_too_short, .verifies = "socket.opt.set-length-too-short-einval",
    .kinds = EVERY_SOCKET)
{
	static const socklen_t lengths[] = { 3, 1, 0 };
	int fd = pl_unconnected();

	for (size_t i = 0; i < 3; i++) {
		char *value = pl_guarded(lengths[i]);

		memset(value, 1, lengths[i]);
		pl_expect(
		    sys_setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, value, lengths[i]), fails(EINVAL));
		pl_expect(sys_get_option(fd, SOL_SOCKET, SO_KEEPALIVE), is(0));
	}
	pl_set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	pl_expect(sys_setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, NULL, 0), fails(EINVAL));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_KEEPALIVE), returns_between(1, INT_MAX));
}

/* What comes behind the int is nobody's. */
PL_CASE(set_length_too_long, .verifies = "socket.opt.set-length-too-long-ignored",
    .kinds = EVERY_SOCKET)
{
	const int on_first[4] = { 1, 0, 0, 0 }, on_last[4] = { 0, 1, 1, 1 };
	int fd = pl_unconnected();

	pl_expect(
	    sys_setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, on_first, sizeof(on_first)), returns(0));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_KEEPALIVE), returns_between(1, INT_MAX));
	pl_expect(
	    sys_setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, on_last, sizeof(on_last)), returns(0));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_KEEPALIVE), is(0));
}

/* A value that cannot be read changes nothing, whichever way the option stood. */
PL_CASE(set_bad_pointer, .verifies = "socket.opt.set-bad-pointer-efault", .kinds = EVERY_SOCKET)
{
	const void *nowhere[] = { pl_guarded(0), (const char *)pl_guarded(2), NULL };
	int fd = pl_unconnected();

	for (int state = 0; state < 2; state++) {
		pl_set_option(fd, SOL_SOCKET, SO_KEEPALIVE, state);
		for (size_t i = 0; i < 3; i++) {
			pl_expect(
			    sys_setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, nowhere[i], sizeof(int)),
			    fails(EFAULT));
			pl_expect(sys_get_option(fd, SOL_SOCKET, SO_KEEPALIVE),
			    state ? returns_between(1, INT_MAX) : is(0));
		}
	}
}

/* A value that cannot be stored, or a length. */
PL_CASE(get_bad_pointers, .verifies = "socket.opt.get-bad-pointers-efault", .kinds = EVERY_SOCKET)
{
	int fd = pl_unconnected(), value;
	void *nowhere = pl_guarded(0);
	socklen_t length = sizeof(value);

	pl_expect(sys_getsockopt(fd, SOL_SOCKET, SO_TYPE, nowhere, &length), fails(EFAULT));
	pl_expect(pl_value((long)length, NULL, "length after the failure"), is(sizeof(value)));
	pl_expect(pl_sys(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, nowhere),
		      "getsockopt(%s, SOL_SOCKET, SO_TYPE, bad length pointer)", pl_slot(fd)),
	    fails(EFAULT));
	pl_expect(pl_sys(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, NULL),
		      "getsockopt(%s, SOL_SOCKET, SO_TYPE, no length pointer)", pl_slot(fd)),
	    fails(EFAULT));
}

/* No place for a value that is there. */
PL_CASE(get_with_null_value_pointer, .verifies = "socket.opt.get-with-null-value-pointer",
    .kinds = EVERY_SOCKET)
{
	int fd = pl_unconnected();
	socklen_t length = sizeof(int);

	pl_expect(sys_getsockopt(fd, SOL_SOCKET, SO_TYPE, NULL, &length),
	    on(PL_FREEBSD, returns(0)), on(PL_LINUX, fails(EFAULT)));
	if (pl_asks(PL_FREEBSD))
		pl_expect(pl_value((long)length, NULL, "length"), is(0));
	length = 0;
	pl_expect(sys_getsockopt(fd, SOL_SOCKET, SO_TYPE, NULL, &length), returns(0));
	pl_expect(pl_value((long)length, NULL, "length"), is(0));
}

/* The length that comes back is that of the value, and so are the bytes. */
PL_CASE(get_length_is_value_result, .verifies = "socket.opt.get-length-is-value-result",
    .kinds = EVERY_SOCKET)
{
	int fd = pl_unconnected(), type;
	unsigned char b[64], untouched[sizeof(b)];
	socklen_t length = sizeof(b);

	memset(b, 0xa5, sizeof(b));
	memset(untouched, 0xa5, sizeof(untouched));
	pl_expect(sys_getsockopt(fd, SOL_SOCKET, SO_TYPE, b, &length), returns(0));
	pl_expect(pl_value((long)length, NULL, "length"), is(sizeof(int)));
	memcpy(&type, b, sizeof(type));
	pl_expect(pl_value(type, NULL, "SO_TYPE"), is(pl_case_kind()->type));
	pl_expect_bytes(b + sizeof(int), untouched, sizeof(b) - sizeof(int));
}

/* As much as there is room for, and not a byte more. */
PL_CASE(get_short_buffer_truncates_silently,
    .verifies = "socket.opt.get-short-buffer-truncates-silently", .kinds = EVERY_SOCKET)
{
	int fd = pl_unconnected(), type = pl_case_kind()->type;

	for (socklen_t room = 0; room < sizeof(int); room++) {
		unsigned char b[8], wanted[8];
		socklen_t length = room;

		memset(b, 0xa5, sizeof(b));
		memset(wanted, 0xa5, sizeof(wanted));
		memcpy(wanted, &type, room);
		pl_expect(sys_getsockopt(fd, SOL_SOCKET, SO_TYPE, b, &length), returns(0));
		pl_expect(pl_value((long)length, NULL, "length"), is((long)room));
		pl_expect_bytes(b, wanted, sizeof(b));
	}
}

/* No length is below 0, or that large. */
PL_CASE(negative_length, .verifies = "socket.opt.negative-length-einval", .kinds = EVERY_SOCKET)
{
	int fd = pl_unconnected(), *value = pl_guarded(sizeof(int));
	socklen_t length = (socklen_t)-1;

	*value = 0x5a5a5a5a;
	pl_expect(sys_getsockopt(fd, SOL_SOCKET, SO_TYPE, value, &length), fails(EINVAL));
	pl_expect(pl_value(*value, NULL, "value after the failure"), is(0x5a5a5a5a));
	pl_expect(
	    sys_setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, value, (socklen_t)-1), fails(EINVAL));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_KEEPALIVE), is(0));
}

/* Options of a structure want the whole structure. */
PL_CASE(struct_options_short_length, .verifies = "socket.opt.struct-options-short-length-einval",
    .kinds = EVERY_SOCKET)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 5 };
	const struct timeval time = { .tv_sec = 1, .tv_usec = 5 };
	const struct {
		int name;
		const void *value;
		socklen_t size;
	} options[] = {
		{ SO_LINGER, &linger, sizeof(linger) },
		{ SO_RCVTIMEO, &time, sizeof(time) },
		{ SO_SNDTIMEO, &time, sizeof(time) },
	};
	int fd = pl_unconnected();

	for (size_t i = 0; i < 3; i++) {
		char b[32] = { 0 }, zero[32] = { 0 };
		socklen_t length = sizeof(b);

		pl_expect(sys_setsockopt(fd, SOL_SOCKET, options[i].name, options[i].value,
			      options[i].size - 1),
		    fails(EINVAL));
		pl_expect(
		    sys_setsockopt(fd, SOL_SOCKET, options[i].name, options[i].value, sizeof(int)),
		    fails(EINVAL));
		pl_expect(sys_getsockopt(fd, SOL_SOCKET, options[i].name, b, &length), returns(0));
		pl_expect_bytes(b, zero, sizeof(b));
	}
}
