/*
 * The address that accept(2) stores: its size, and pointers that are none.
 */

#include "plumbline.h"

/* Room for an address, of which every byte is known before. */
struct room {
	unsigned char bytes[64];
	socklen_t length;
};

#define PATTERN 0xa5

/* accept() with that address and length as they are. */
static struct pl_outcome
accept_to(int fd, void *address, socklen_t *length)
{
	struct pl_outcome o;

	pl_trace_begin(fd, "accept(%s, %s, %s)", pl_slot(fd), address == NULL ? "NULL" : "address",
	    length == NULL ? "NULL" : "length");
	o = pl_trace_end_detail(
	    accept(fd, address, length), " {length %ld}", length == NULL ? -1L : (long)*length);
	if (o.error == 0)
		pl_name_slot((int)o.value, 's');
	return (o);
}

/* The same with room of so many bytes. */
static struct pl_outcome
accept_to_room(int fd, struct room *room, socklen_t length)
{
	memset(room->bytes, PATTERN, sizeof(room->bytes));
	room->length = length;
	return (accept_to(fd, room->bytes, &room->length));
}

/* A listener with one client, whose connection is in the queue. */
static int
listener_with_client(int *client)
{
	struct pl_address name;
	int listener = pl_listening(2, &name);

	*client = pl_unconnected();
	pl_connect(*client, &name);
	pl_expect_arrival(listener);
	return (listener);
}

static socklen_t
address_size(void)
{
	return (pl_case_kind()->domain == AF_INET ? sizeof(struct sockaddr_in)
						  : sizeof(struct sockaddr_in6));
}

/* The first size bytes are those of the client's address, and the rest is untouched. */
static void
expect_stored(const struct room *room, int client, size_t size)
{
	struct pl_address a = pl_sockname(client);
	size_t i;

	pl_expect_bytes(room->bytes, a.bytes, size);
	for (i = size; i < sizeof(room->bytes) && room->bytes[i] == PATTERN; i++)
		continue;
	pl_expect_that(i == sizeof(room->bytes), "no byte written beyond the room",
	    "byte %zu is 0x%02x", i, i < sizeof(room->bytes) ? room->bytes[i] : 0);
}

static void
expect_length(const struct room *room, socklen_t stored)
{
	pl_expect(pl_value((long)room->length, NULL, "length that comes back"),
	    on(PL_FREEBSD, is(pl_freebsd_before(1500) ? stored : address_size())),
	    on(PL_LINUX, is(address_size())));
}

/* The connection is gone for good: not in the queue, and over for the client. */
static void
expect_lost(int listener, int client)
{
	char b[1];

	pl_nonblock(listener, true);
	pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
	pl_expect_arrival(client);
	pl_expect(sys_read(client, b, 1), returns(0), fails(ECONNRESET));
}

PL_CASE(
    short_room_truncates, .verifies = "tcp.accept.short-address-buffer-truncated", .kinds = PL_TCP)
{
	static const socklen_t sizes[] = { 1, 4 };

	for (int i = 0; i < 2; i++) {
		struct room room;
		int client, listener = listener_with_client(&client), fd;

		fd = (int)pl_expect(accept_to_room(listener, &room, sizes[i]), opens());
		expect_stored(&room, client, sizes[i]);
		if (!pl_asks(PL_POSIX))
			expect_length(&room, sizes[i]);
		pl_expect_talk(client, fd);
	}
}

/* One byte less than it takes, and exactly that. */
PL_CASE(
    room_of_the_very_size, .verifies = "tcp.accept.short-address-buffer-truncated", .kinds = PL_TCP)
{
	struct room room;
	int client, listener = listener_with_client(&client);

	pl_expect(accept_to_room(listener, &room, address_size() - 1), opens());
	expect_stored(&room, client, address_size() - 1);
	listener = listener_with_client(&client);
	pl_expect(accept_to_room(listener, &room, address_size()), opens());
	expect_stored(&room, client, address_size());
	pl_expect(pl_value((long)room.length, NULL, "length that comes back"), is(address_size()));
}

PL_CASE(
    no_room_stores_nothing, .verifies = "tcp.accept.zero-length-address-buffer", .kinds = PL_TCP)
{
	struct room room;
	int client, listener = listener_with_client(&client), fd;

	fd = (int)pl_expect(accept_to_room(listener, &room, 0), opens());
	expect_stored(&room, client, 0);
	if (!pl_asks(PL_POSIX))
		expect_length(&room, 0);
	pl_expect_talk(client, fd);
}

PL_CASE(
    too_much_room_is_left_alone, .verifies = "tcp.accept.oversized-address-buffer", .kinds = PL_TCP)
{
	struct room room;
	int client, listener = listener_with_client(&client);

	pl_expect(accept_to_room(listener, &room, sizeof(room.bytes)), opens());
	expect_stored(&room, client, address_size());
	pl_expect(pl_value((long)room.length, NULL, "length that comes back"), is(address_size()));
}

/* Nobody gets that connection any more, nor is it left in the process without a number. */
PL_CASE(bad_address_efault, .verifies = "tcp.accept.bad-address-pointer-efault", .kinds = PL_TCP)
{
	int client, listener = listener_with_client(&client), before = pl_count_descriptors();
	socklen_t length = address_size();

	pl_expect(accept_to(listener, pl_guarded(0), &length), fails(EFAULT));
	pl_expect(pl_value(pl_count_descriptors(), NULL, "open descriptors"), is(before));
	expect_lost(listener, client);
}

/*
 * One system looks at the length before it takes a connection, and keeps that; the
 * other does when it has one, and drops it.
 */
PL_CASE(address_without_length, .verifies = "tcp.accept.null-addrlen-with-address", .kinds = PL_TCP)
{
	struct pl_address name;
	struct room room;
	int listener = pl_listening(2, &name), client = pl_unconnected();
	int before = pl_count_descriptors();

	pl_nonblock(listener, true);
	pl_expect(accept_to(listener, room.bytes, NULL), on(PL_FREEBSD, fails(EFAULT)),
	    on(PL_LINUX, fails(EAGAIN)));
	pl_connect(client, &name);
	pl_expect_arrival(listener);
	pl_expect(accept_to(listener, room.bytes, NULL), fails(EFAULT));
	pl_expect(pl_value(pl_count_descriptors(), NULL, "open descriptors"), is(before));
	if (pl_asks(PL_FREEBSD))
		pl_expect_talk(client, (int)pl_expect(sys_accept(listener, NULL), opens()));
	else
		expect_lost(listener, client);
}

/* As a number without sign it is all the room there is. */
PL_CASE(negative_length, .verifies = "tcp.accept.negative-addrlen", .kinds = PL_TCP)
{
	struct room room;
	int client, listener = listener_with_client(&client), before = pl_count_descriptors();
	struct pl_outcome o = accept_to_room(listener, &room, (socklen_t)-1);

	pl_expect(o, on(PL_FREEBSD, opens()), on(PL_LINUX, fails(EINVAL)));
	if (o.error == 0) {
		pl_expect(pl_value((long)room.length, NULL, "length that comes back"),
		    is(address_size()));
		expect_stored(&room, client, address_size());
		pl_expect_talk(client, (int)o.value);
		return;
	}
	expect_stored(&room, client, 0);
	pl_expect(pl_value(pl_count_descriptors(), NULL, "open descriptors"), is(before));
	expect_lost(listener, client);
}
