/*
 * Control data: the macros that walk it, and what recvmsg(2) gives where there is little
 * room for it, or nothing to give.
 */

#include "plumbline.h"

#define TEXT "abc"

/* A message whose control data are that memory. */
static struct msghdr
message_of(void *control, size_t size)
{
	return ((struct msghdr){ .msg_control = control,
	    .msg_controllen = (__typeof__((struct msghdr){}.msg_controllen))size });
}

/* There is no item where not even a header fits. */
PL_CASE(first_header_of_too_little, .verifies = "io.cmsg.firsthdr-null-when-buffer-too-small")
{
	struct pl_control c = { 0 };

	for (size_t size = 0; size <= sizeof(struct cmsghdr) + 1; size++) {
		struct msghdr m = message_of(c.bytes, size);
		const struct cmsghdr *first = CMSG_FIRSTHDR(&m);

		if (size < sizeof(struct cmsghdr))
			pl_expect_that(first == NULL, "no header", "one within %zu bytes", size);
		else
			pl_expect_that(first == &c.first, "the start of the control data",
			    "another address for %zu bytes", size);
	}
}

/* From one to the next and no further, though what lies behind looks like an item. */
PL_CASE(next_header, .verifies = "io.cmsg.nxthdr-walks-and-ends-with-null")
{
	static const size_t sizes[] = { 4, 10, 0, 24 };
	const size_t whole = CMSG_SPACE(4) + CMSG_SPACE(10) + CMSG_SPACE(0);
	struct pl_control c = { 0 };

	for (int i = 0; i < 4; i++)
		pl_control_add(&c, SOL_SOCKET, 100 + i, "0123456789abcdefghijklmn", sizes[i]);
	/* All three, and then all of two and a part of the third one's header. */
	for (int cut = 0; cut < 2; cut++) {
		struct msghdr m = message_of(c.bytes, whole - (size_t)cut);
		struct cmsghdr *item = CMSG_FIRSTHDR(&m);
		size_t offset = 0;

		for (int i = 0; i < 3 - cut; i++) {
			pl_expect_that((unsigned char *)item == c.bytes + offset,
			    "one item behind another", "item %d elsewhere", i);
			pl_expect(pl_value(item->cmsg_type, NULL, "cmsg_type"), is(100 + i));
			offset += CMSG_SPACE(sizes[i]);
			item = CMSG_NXTHDR(&m, item);
		}
		pl_expect_that(item == NULL, "no item behind the last", "one behind %d", 3 - cut);
	}
}

/* Lengths tell the header and the data, spaces the padding too. */
PL_CASE(lengths_and_spaces, .verifies = "io.cmsg.len-space-data-arithmetic")
{
	const long header = (long)CMSG_LEN(0);
	struct pl_control c = { 0 };

	pl_expect(pl_value(header, NULL, "CMSG_LEN(0)"),
	    returns_between(sizeof(struct cmsghdr), (long)CMSG_SPACE(0)));
	pl_expect(pl_value(CMSG_DATA(&c.first) - c.bytes, NULL, "CMSG_DATA of the first item"),
	    is(header));
	for (size_t n = 0; n < 70; n++) {
		const long length = (long)CMSG_LEN(n), space = (long)CMSG_SPACE(n);

		pl_expect(pl_value(length, NULL, "CMSG_LEN(%zu)", n), is(header + (long)n));
		pl_expect(
		    pl_value(space, NULL, "CMSG_SPACE(%zu)", n), returns_between(length, LONG_MAX));
		pl_expect(pl_value(space % (long)_Alignof(struct cmsghdr), NULL,
			      "CMSG_SPACE(%zu) beyond an aligned size", n),
		    is(0));
		pl_expect(pl_value((long)CMSG_SPACE(n + 1), NULL, "CMSG_SPACE(%zu)", n + 1),
		    returns_between(space, LONG_MAX));
	}
}

/* The alignment between items is the one between a header and its data. */
PL_CASE(alignment_by_itself, .verifies = "io.cmsg.cmsg-align-visible-to-user-programs")
{
	const long one = pl_os_cmsg_align(1);

	if (one == PL_ABSENT)
		pl_not_tested("this system has no CMSG_ALIGN for programs");
	for (size_t n = 0; n < 70; n++) {
		const long aligned = pl_os_cmsg_align(n);

		pl_expect(pl_value(aligned, NULL, "CMSG_ALIGN(%zu)", n),
		    is(((long)n + one - 1) / one * one));
		pl_expect(pl_value((long)CMSG_SPACE(n), NULL, "CMSG_SPACE(%zu)", n),
		    is((long)CMSG_SPACE(0) + aligned));
	}
}

/* A pair of UDP sockets whose receiver asks for the time, or for the TTL as well. */
static struct pl_pair
asking_pair(bool ttl)
{
	struct pl_pair p = pl_inet_pair(SOCK_DGRAM);

	pl_set_option(p.r, SOL_SOCKET, SO_TIMESTAMP, 1);
	if (ttl)
		pl_set_option(p.r, IPPROTO_IP, IP_RECVTTL, 1);
	return (p);
}

/* Send the text and receive it with so much room; it comes whole. */
static void
receive(struct pl_pair p, struct pl_received *r, size_t room)
{
	pl_must(sys_send(p.w, TEXT, 3, 0));
	pl_expect_arrival(p.r);
	pl_expect(sys_receive_control(p.r, r, 8, room, 0), returns(3));
	pl_expect_bytes(r->bytes, TEXT, 3);
}

/* Two items, each with its data, and nothing but them. */
PL_CASE(two_items, .verifies = "io.cmsg.two-messages-are-walked-and-lengths-add-up")
{
	struct pl_pair p = asking_pair(true);
	struct pl_received r;
	const void *stamp, *ttl;
	size_t stamp_size = 0, ttl_size = 0;
	int value = 0;

	pl_set_option(p.w, IPPROTO_IP, IP_TTL, 33);
	receive(p, &r, PL_CONTROL_SIZE);
	pl_expect(pl_value(r.items, NULL, "items of control data"), is(2));
	pl_expect(pl_message_flags(r.flags, MSG_CTRUNC), is(0));
	stamp = pl_control_find(&r.control, SOL_SOCKET, SCM_TIMESTAMP, &stamp_size);
	ttl = pl_control_find(&r.control, IPPROTO_IP, pl_os.ip_ttl_item, &ttl_size);
	pl_expect_that(stamp != NULL && ttl != NULL, "a time and a TTL", "%s%s",
	    stamp == NULL ? "no time " : "", ttl == NULL ? "no TTL" : "");
	pl_expect(pl_value((long)stamp_size, NULL, "size of the time"), is(sizeof(struct timeval)));
	pl_expect(pl_value((long)r.control.size, NULL, "msg_controllen"),
	    is((long)(CMSG_SPACE(stamp_size) + CMSG_SPACE(ttl_size))));
	if (ttl_size == sizeof(int))
		memcpy(&value, ttl, sizeof(value));
	else if (ttl_size == 1)
		value = *(const unsigned char *)ttl;
	pl_expect(pl_value(value, NULL, "TTL"), is(33));
}

/* Nothing came with it, whatever room there was; and nothing with the end of file. */
PL_CASE(no_control_data, .verifies = "io.cmsg.controllen-zero-when-nothing-received",
    .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	struct pl_received r;

	for (int i = 0; i < 2; i++) {
		pl_must(sys_send(p.w, TEXT, 3, 0));
		pl_expect_no_item(p.r);
	}
	if (!pl_kind_has(PL_CONNECTIONS))
		return;
	pl_shutdown(p.w, SHUT_WR);
	pl_expect(sys_receive_control(p.r, &r, 8, PL_CONTROL_SIZE, 0), returns(0));
	pl_expect(pl_value((long)r.control.size, NULL, "msg_controllen"), is(0));
	pl_expect(pl_message_flags(r.flags, MSG_CTRUNC), is(0));
}

/* An item that does not fit is left out, or cut and says so; nothing lies behind the room. */
PL_CASE(an_item_that_does_not_fit, .verifies = "io.cmsg.short-control-buffer-sets-msg-ctrunc")
{
	static const size_t missing[] = { 1, 4, sizeof(struct timeval) / 2 };
	struct pl_pair p = asking_pair(false);
	unsigned char zeros[sizeof(struct timeval)] = { 0 };

	for (int i = 0; i < 3; i++) {
		const size_t room = CMSG_LEN(sizeof(struct timeval)) - missing[i];
		struct pl_received r;

		receive(p, &r, room);
		pl_expect(pl_message_flags(r.flags, MSG_CTRUNC | MSG_TRUNC), is(MSG_CTRUNC));
		pl_expect_bytes(r.control.bytes + room, zeros, sizeof(zeros));
		pl_expect(pl_value((long)r.control.size, NULL, "msg_controllen"),
		    on(PL_FREEBSD, is(0)), on(PL_LINUX, is((long)room)));
		if (!pl_asks(PL_LINUX))
			continue;
		pl_expect(
		    pl_value((long)r.control.first.cmsg_len, NULL, "cmsg_len"), is((long)room));
		pl_expect(
		    pl_value(r.control.first.cmsg_type, NULL, "cmsg_type"), is(SCM_TIMESTAMP));
	}
}

/* One that fits is not given up for one that does not. */
PL_CASE(the_first_fits, .verifies = "io.cmsg.first-fits-second-does-not")
{
	struct pl_pair p = asking_pair(true);
	struct pl_received whole, r;
	size_t room;

	receive(p, &whole, PL_CONTROL_SIZE);
	if (whole.items != 2)
		pl_broken("%d items of control data", whole.items);
	room = CMSG_SPACE(whole.control.first.cmsg_len - CMSG_LEN(0));
	receive(p, &r, room);
	pl_expect(pl_message_flags(r.flags, MSG_CTRUNC | MSG_TRUNC), is(MSG_CTRUNC));
	pl_expect(pl_value((long)r.control.size, NULL, "msg_controllen"), is((long)room));
	pl_expect(pl_value(r.items, NULL, "items of control data"), is(1));
	pl_expect(pl_value((long)r.control.first.cmsg_len, NULL, "cmsg_len"),
	    is((long)whole.control.first.cmsg_len));
	pl_expect(pl_value(r.control.first.cmsg_level, NULL, "cmsg_level"),
	    is(whole.control.first.cmsg_level));
	pl_expect(pl_value(r.control.first.cmsg_type, NULL, "cmsg_type"),
	    is(whole.control.first.cmsg_type));
	/* The next message has all of it again. */
	receive(p, &r, PL_CONTROL_SIZE);
	pl_expect(pl_value(r.items, NULL, "items of control data"), is(2));
	pl_expect(pl_message_flags(r.flags, MSG_CTRUNC), is(0));
}

/* Receive the text with a control buffer of no bytes. */
static void
receive_with_no_room(int fd)
{
	char b[8];
	struct pl_control c;
	struct iovec v = { b, sizeof(b) };
	struct msghdr m = message_of(c.bytes, 0);
	unsigned char before[64];

	memset(&c, 0x5a, sizeof(c));
	memset(before, 0x5a, sizeof(before));
	m.msg_iov = &v;
	m.msg_iovlen = 1;
	pl_expect_arrival(fd);
	pl_expect(sys_recvmsg(fd, &m, 0), returns(3));
	pl_expect_bytes(b, TEXT, 3);
	pl_expect(pl_message_flags(m.msg_flags, MSG_CTRUNC | MSG_TRUNC), is(MSG_CTRUNC));
	pl_expect(pl_value((long)m.msg_controllen, NULL, "msg_controllen"), is(0));
	pl_expect_bytes(c.bytes, before, sizeof(before));
}

/* An address is no room. */
PL_CASE(
    a_control_buffer_of_no_bytes, .verifies = "io.cmsg.no-control-buffer-with-ancillary-pending")
{
	struct pl_pair p = asking_pair(true);

	for (int i = 0; i < 2; i++)
		pl_must(sys_send(p.w, TEXT, 3, 0));
	for (int i = 0; i < 2; i++)
		receive_with_no_room(p.r);
}

/* The same with a descriptor. */
PL_CASE(no_bytes_for_a_descriptor, .verifies = "io.cmsg.no-control-buffer-with-ancillary-pending",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	int fd[2], before;

	pl_pipe(fd);
	pl_must(sys_send_rights(p.w, TEXT, 3, &fd[1], 1, 0));
	before = pl_count_descriptors();
	receive_with_no_room(p.r);
	pl_expect(pl_value(pl_count_descriptors() - before, NULL, "descriptors more"), is(0));
}
