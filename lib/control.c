#include "control.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "case.h"
#include "expect.h"
#include "sequence/names.h"
#include "socket.h"
#include "trace.h"

#define NAMES(buffer, names, value) pl_name((buffer), sizeof(buffer), &(names), (value))

struct cmsghdr *
pl_control_add(struct pl_control *c, int level, int type, const void *data, size_t size)
{
	struct cmsghdr *item = (struct cmsghdr *)(void *)(c->bytes + c->size);

	if (c->size + CMSG_SPACE(size) > sizeof(c->bytes))
		pl_broken("%zu bytes of control data are too many", c->size + CMSG_SPACE(size));
	item->cmsg_level = level;
	item->cmsg_type = type;
	item->cmsg_len = CMSG_LEN(size);
	if (size > 0)
		memcpy(CMSG_DATA(item), data, size);
	c->size += CMSG_SPACE(size);
	return (item);
}

void
pl_control_add_rights(struct pl_control *c, const int *fds, int count)
{
	pl_control_add(c, SOL_SOCKET, SCM_RIGHTS, fds, (size_t)count * sizeof(int));
}

/* A message that shows control data which was received, or will be sent. */
static struct msghdr
header_of(const struct pl_control *c)
{
	return ((struct msghdr){ .msg_control = c->size > 0 ? (void *)(uintptr_t)c->bytes : NULL,
	    .msg_controllen = (socklen_t)c->size });
}

/* The size of an item's data, as far as it lies within the control data. */
static size_t
data_size(const struct pl_control *c, const struct cmsghdr *item)
{
	size_t at = (size_t)((const unsigned char *)item - c->bytes);
	size_t end = at + item->cmsg_len < c->size ? at + item->cmsg_len : c->size;
	size_t data = at + CMSG_LEN(0);

	return (item->cmsg_len < CMSG_LEN(0) || end < data ? 0 : end - data);
}

const void *
pl_control_find(const struct pl_control *c, int level, int type, size_t *size)
{
	struct msghdr m = header_of(c);

	for (struct cmsghdr *i = CMSG_FIRSTHDR(&m); i != NULL; i = CMSG_NXTHDR(&m, i))
		if (i->cmsg_level == level && i->cmsg_type == type) {
			*size = data_size(c, i);
			return (CMSG_DATA(i));
		}
	return (NULL);
}

static void append(char *, size_t, const char *, ...) __attribute__((format(printf, 3, 4)));

static void
append(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list ap;

	va_start(ap, format);
	vsnprintf(text + used, size - used, format, ap);
	va_end(ap);
}

/* ", rights p1 p0", ", item 2 of 16 bytes" */
static void
say_items(char *text, size_t size, const struct pl_control *c)
{
	struct msghdr m = header_of(c);

	for (struct cmsghdr *i = CMSG_FIRSTHDR(&m); i != NULL; i = CMSG_NXTHDR(&m, i)) {
		size_t bytes = data_size(c, i);

		if (i->cmsg_level != SOL_SOCKET || i->cmsg_type != SCM_RIGHTS) {
			append(text, size, ", item %d of %zu bytes", i->cmsg_type, bytes);
		} else if (bytes / sizeof(int) > 8) {
			append(text, size, ", %zu rights", bytes / sizeof(int));
		} else {
			append(text, size, ", rights");
			for (size_t k = 0; k < bytes / sizeof(int); k++) {
				int fd;

				memcpy(&fd, CMSG_DATA(i) + k * sizeof(int), sizeof(fd));
				append(text, size, " %s", pl_slot(fd));
			}
		}
		if (i->cmsg_len != CMSG_LEN(bytes))
			append(text, size, " (length %zu)", (size_t)i->cmsg_len);
		/* No way on from an item of a wrong length. */
		if (i->cmsg_len < CMSG_LEN(0))
			break;
	}
}

struct pl_outcome
sys_send_control(int fd, const void *bytes, size_t size, const struct pl_control *c, int flags,
    const struct pl_address *to)
{
	struct iovec v = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = size };
	struct msghdr m = header_of(c);
	char items[160] = "", text[96], address[160] = "";

	m.msg_iov = &v;
	m.msg_iovlen = 1;
	if (to != NULL) {
		m.msg_name = (void *)(uintptr_t)&to->any;
		m.msg_namelen = to->length;
		strcpy(address, ", ");
		pl_address_text(address + 2, sizeof(address) - 2, &to->any, to->length);
	}
	say_items(items, sizeof(items), c);
	pl_trace_begin(fd, "sendmsg(%s, [%zu]%s, %s%s)", pl_slot(fd), size, items,
	    NAMES(text, pl_names_message, flags), address);
	return (pl_trace_end(sendmsg(fd, &m, flags)));
}

struct pl_outcome
sys_send_rights(int fd, const void *bytes, size_t size, const int *fds, int count, int flags)
{
	struct pl_control c = { 0 };

	pl_control_add_rights(&c, fds, count);
	return (sys_send_control(fd, bytes, size, &c, flags, NULL));
}

/* Count the items, and give a name to each descriptor. */
static void
take_apart(struct pl_received *r)
{
	struct msghdr m = header_of(&r->control);

	for (struct cmsghdr *i = CMSG_FIRSTHDR(&m); i != NULL; i = CMSG_NXTHDR(&m, i)) {
		size_t bytes = data_size(&r->control, i);

		r->items++;
		if (i->cmsg_level != SOL_SOCKET || i->cmsg_type != SCM_RIGHTS)
			continue;
		r->rights_items++;
		for (size_t k = 0; k < bytes / sizeof(int) && r->count < PL_RIGHTS_MAX; k++) {
			int *made = &r->fd[r->count++];

			memcpy(made, CMSG_DATA(i) + k * sizeof(int), sizeof(*made));
			pl_name_slot(*made, 'd');
		}
		if (i->cmsg_len < CMSG_LEN(0))
			break;
	}
}

struct pl_outcome
sys_receive_control(int fd, struct pl_received *r, size_t size, size_t room, int flags)
{
	struct iovec v = { .iov_base = r->bytes, .iov_len = size };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	char text[96], got[96] = "", items[160] = "";
	long value;
	int error;

	memset(r, 0, sizeof(*r));
	if (size > sizeof(r->bytes) || room > sizeof(r->control.bytes))
		pl_broken("a message of %zu bytes, %zu of control data, is too large", size, room);
	if (room > 0) {
		m.msg_control = r->control.bytes;
		m.msg_controllen = (socklen_t)room;
	}
	pl_trace_begin(fd, "recvmsg(%s, [%zu], control %zu, %s)", pl_slot(fd), size, room,
	    NAMES(text, pl_names_message, flags));
	value = recvmsg(fd, &m, flags);
	error = errno;
	if (value != -1) {
		r->flags = m.msg_flags;
		r->control.size = m.msg_controllen < room ? m.msg_controllen : room;
		take_apart(r);
		NAMES(got, pl_names_message, r->flags);
		say_items(items, sizeof(items), &r->control);
	}
	errno = error;
	return (pl_trace_end_detail(value, " {%s%s}", got, items));
}

void
pl_judge_rights(const char *file, int line, int fd, struct pl_received *r, size_t size, int flags,
    long bytes, int count)
{
	const struct pl_allowed size_set[] = { returns(bytes), { .form = PL_FORM_END } };
	const struct pl_allowed none[] = { is(0), { .form = PL_FORM_END } };
	char text[64];

	pl_expecting(file, line, size_set);
	pl_judge(sys_receive_control(fd, r, size, sizeof(r->control.bytes), flags), size_set);
	pl_expecting(file, line, none);
	pl_judge(pl_message_flags(r->flags, MSG_CTRUNC | MSG_TRUNC), none);
	snprintf(text, sizeof(text), count > 0 ? "%d descriptors in one item" : "no control data",
	    count);
	pl_expecting_text(file, line, text);
	pl_judge_that(r->count == count && r->items == (count > 0), "%d descriptors in %d items",
	    r->count, r->items);
}

int
pl_judge_right(const char *file, int line, int fd)
{
	struct pl_received r;

	pl_judge_rights(file, line, fd, &r, 8, 0, 1, 1);
	pl_expecting_text(file, line, "the same bytes");
	pl_judge_bytes(r.bytes, "x", 1);
	return (r.count > 0 ? r.fd[0] : -1);
}

/* Judge: "abc" arrives, with control data that fits. */
static void
judge_abc(const char *file, int line, int fd, struct pl_received *r)
{
	const struct pl_allowed three[] = { returns(3), { .form = PL_FORM_END } };
	const struct pl_allowed none[] = { is(0), { .form = PL_FORM_END } };

	pl_judge_arrival(file, line, fd);
	pl_expecting(file, line, three);
	pl_judge(sys_receive_control(fd, r, 8, sizeof(r->control.bytes), 0), three);
	pl_expecting_text(file, line, "the same bytes");
	pl_judge_bytes(r->bytes, "abc", 3);
	pl_expecting(file, line, none);
	pl_judge(pl_message_flags(r->flags, MSG_CTRUNC | MSG_TRUNC), none);
}

void
pl_judge_item(const char *file, int line, int fd, int level, int type, void *data, size_t size)
{
	const struct pl_allowed whole[] = { is((long)size), { .form = PL_FORM_END } };
	const struct pl_allowed one[] = { is(1), { .form = PL_FORM_END } };
	struct pl_received r;
	size_t got = 0;
	const void *found;

	memset(data, 0, size);
	judge_abc(file, line, fd, &r);
	pl_expecting(file, line, one);
	pl_judge(pl_value(r.items, NULL, "items of control data"), one);
	found = pl_control_find(&r.control, level, type, &got);
	pl_expecting_text(file, line, "an item of the level and type asked for");
	pl_judge_that(found != NULL, "another one");
	pl_expecting(file, line, whole);
	pl_judge(pl_value((long)got, NULL, "bytes of the item"), whole);
	if (found != NULL)
		memcpy(data, found, got < size ? got : size);
}

void
pl_judge_no_item(const char *file, int line, int fd)
{
	const struct pl_allowed none[] = { is(0), { .form = PL_FORM_END } };
	struct pl_received r;

	judge_abc(file, line, fd, &r);
	pl_expecting(file, line, none);
	pl_judge(pl_value((long)r.control.size, NULL, "msg_controllen"), none);
}

struct pl_outcome
pl_judge_next_number(const char *file, int line, int fd, int level, int type)
{
	struct pl_received r;
	size_t size = 0;
	const void *found;
	int number = -1;

	judge_abc(file, line, fd, &r);
	found = pl_control_find(&r.control, level, type, &size);
	if (found != NULL && size == 1)
		number = *(const unsigned char *)found;
	else if (found != NULL && size == sizeof(number))
		memcpy(&number, found, sizeof(number));
	return (pl_value(number, NULL, "number in item %d", type));
}

void
pl_send_rights(int fd, const int *fds, int count)
{
	pl_must_(NULL, 0, sys_send_rights(fd, "x", 1, fds, count, 0));
}
