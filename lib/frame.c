#include "frame.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* Where things are in a header. */
enum { AT_MARK = 0, AT_TYPE = 4, AT_DESCRIPTORS = 6, AT_LENGTH = 8, AT_PAYLOAD = 12, AT_SUM = 16 };

/* Room for control data that is no descriptor, credentials for one. */
enum { OTHER = 256 };

static const unsigned char mark[4] = { 'P', 'L', 'f', 1 };

const char *
pl_frame_words(enum pl_frame_status status)
{
	static const char *const words[] = {
		[PL_FRAME_MORE] = "more bytes are needed",
		[PL_FRAME_WHOLE] = "the frame is whole",
		[PL_FRAME_END] = "the stream ends between two frames",
		[PL_FRAME_SYSTEM] = "a system call failed",
		[PL_FRAME_CUT] = "the stream ends within a frame",
		[PL_FRAME_FOREIGN] = "no frame begins here",
		[PL_FRAME_DAMAGED] = "a checksum differs",
		[PL_FRAME_TOO_LONG] = "the payload is longer than is accepted",
		[PL_FRAME_DESCRIPTED] = "other descriptors came than announced or accepted",
	};

	return (words[status]);
}

/* Numbers in a header */

static void
put(unsigned char *at, unsigned bytes, uint32_t value)
{
	while (bytes-- > 0) {
		at[bytes] = (unsigned char)(value & 0xff);
		value >>= 8;
	}
}

static uint32_t
get(const unsigned char *at, unsigned bytes)
{
	uint32_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | *at++;
	return (value);
}

static uint32_t
sum(uint32_t before, const void *bytes, size_t length)
{
	/* zlib starts afresh at a null pointer. */
	return (length == 0 ? before : (uint32_t)crc32_z(before, bytes, length));
}

/* The decoder */

void
pl_frame_decoder(struct pl_frame_decoder *d, void *memory, size_t limit, unsigned descriptors)
{
	memset(d, 0, sizeof(*d));
	d->memory = memory;
	d->limit = limit;
	d->accepted = descriptors < PL_FRAME_DESCRIPTORS ? descriptors : PL_FRAME_DESCRIPTORS;
}

static void
close_all(const int *fd, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (fd[i] != -1)
			close(fd[i]);
}

void
pl_frame_restart(struct pl_frame_decoder *d)
{
	close_all(d->fd, d->held);
	d->held = 0;
	d->have = 0;
	d->status = PL_FRAME_MORE;
}

static bool
failed(const struct pl_frame_decoder *d)
{
	return (d->status >= PL_FRAME_CUT);
}

/* Fail: nobody will ask for the descriptors any more. */
static void
fail(struct pl_frame_decoder *d, enum pl_frame_status status)
{
	pl_frame_restart(d);
	d->status = status;
}

/* After a whole frame comes the next.  False if the decoder has failed. */
static bool
go_on(struct pl_frame_decoder *d)
{
	if (d->status == PL_FRAME_WHOLE)
		pl_frame_restart(d);
	return (!failed(d));
}

size_t
pl_frame_wanted(const struct pl_frame_decoder *d)
{
	if (failed(d))
		return (0);
	if (d->status == PL_FRAME_WHOLE)
		return (PL_FRAME_HEADER);
	if (d->have < PL_FRAME_HEADER)
		return (PL_FRAME_HEADER - d->have);
	return (PL_FRAME_HEADER + d->frame.length - d->have);
}

/* Where the bytes that are wanted go. */
static unsigned char *
space(struct pl_frame_decoder *d)
{
	if (d->have < PL_FRAME_HEADER)
		return (d->header + d->have);
	return (d->memory + (d->have - PL_FRAME_HEADER));
}

/* The header is there: believe it, or fail. */
static void
check_header(struct pl_frame_decoder *d)
{
	uint32_t length = get(d->header + AT_LENGTH, 4);

	d->announced = get(d->header + AT_DESCRIPTORS, 2);
	if (memcmp(d->header + AT_MARK, mark, sizeof(mark)) != 0)
		fail(d, PL_FRAME_FOREIGN);
	else if (get(d->header + AT_SUM, 4) != sum(0, d->header, AT_SUM))
		fail(d, PL_FRAME_DAMAGED);
	else if (length > d->limit)
		fail(d, PL_FRAME_TOO_LONG);
	else if (d->announced > d->accepted)
		fail(d, PL_FRAME_DESCRIPTED);
	d->checksum = get(d->header + AT_PAYLOAD, 4);
	d->frame = (struct pl_frame){
		.type = (uint16_t)get(d->header + AT_TYPE, 2),
		.length = length,
		.payload = d->memory,
	};
}

/* All bytes of the frame are there. */
static void
check_whole(struct pl_frame_decoder *d)
{
	if (d->checksum != sum(0, d->memory, d->frame.length)) {
		fail(d, PL_FRAME_DAMAGED);
	} else if (d->held != d->announced) {
		fail(d, PL_FRAME_DESCRIPTED);
	} else {
		d->frame.descriptors = d->held;
		d->status = PL_FRAME_WHOLE;
	}
}

/* So many bytes, 1 to what is wanted, have been put into the space. */
static void
took(struct pl_frame_decoder *d, size_t count)
{
	d->have += count;
	if (d->have == PL_FRAME_HEADER)
		check_header(d);
	if (!failed(d) && pl_frame_wanted(d) == 0)
		check_whole(d);
}

enum pl_frame_status
pl_frame_feed(struct pl_frame_decoder *d, const void *bytes, size_t length, size_t *taken)
{
	size_t count;

	*taken = 0;
	if (!go_on(d))
		return (d->status);
	while (*taken < length && d->status == PL_FRAME_MORE) {
		count = pl_frame_wanted(d);
		if (count > length - *taken)
			count = length - *taken;
		memcpy(space(d), (const unsigned char *)bytes + *taken, count);
		*taken += count;
		took(d, count);
	}
	return (d->status);
}

enum pl_frame_status
pl_frame_feed_descriptors(struct pl_frame_decoder *d, const int *fd, unsigned count)
{
	if (!go_on(d) || count > d->accepted - d->held) {
		close_all(fd, count);
		if (!failed(d))
			fail(d, PL_FRAME_DESCRIPTED);
		return (d->status);
	}
	for (unsigned i = 0; i < count; i++)
		d->fd[d->held++] = fd[i];
	return (d->status);
}

enum pl_frame_status
pl_frame_feed_end(struct pl_frame_decoder *d)
{
	if (!go_on(d))
		return (d->status);
	if (d->have == 0 && d->held == 0)
		return (PL_FRAME_END);
	fail(d, PL_FRAME_CUT);
	return (d->status);
}

int
pl_frame_take(struct pl_frame_decoder *d, unsigned i)
{
	int fd;

	if (d->status != PL_FRAME_WHOLE || i >= d->held)
		return (-1);
	fd = d->fd[i];
	d->fd[i] = -1;
	return (fd);
}

/* The descriptors in this control data, or fail. */
static void
take_control(struct pl_frame_decoder *d, struct msghdr *m)
{
	size_t count;
	int fd;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
		/* One by one: there may be more than the decoder has room for. */
		for (size_t i = 0; i < count; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			pl_frame_feed_descriptors(d, &fd, 1);
		}
	}
	/* Some did not fit: the kernel has closed them. */
	if ((m->msg_flags & MSG_CTRUNC) != 0 && !failed(d))
		fail(d, PL_FRAME_DESCRIPTED);
}

/* Like read(2) of what is wanted into the space, descriptors too. */
static ssize_t
read_message(struct pl_frame_decoder *d, int fd)
{
	union {
		struct cmsghdr align;
		unsigned char bytes[CMSG_SPACE(PL_FRAME_DESCRIPTORS * sizeof(int)) + OTHER];
	} control;
	struct iovec into = { space(d), pl_frame_wanted(d) };
	struct msghdr m = {
		.msg_iov = &into,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t count = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);

	if (count > 0)
		take_control(d, &m);
	return (count);
}

/* What a system call that moved no byte says. */
static enum pl_frame_status
explain_failure(void)
{
	return (errno == EAGAIN || errno == EWOULDBLOCK ? PL_FRAME_MORE : PL_FRAME_SYSTEM);
}

enum pl_frame_status
pl_frame_receive(struct pl_frame_decoder *d, int fd)
{
	ssize_t count;

	if (!go_on(d))
		return (d->status);
	while (d->status == PL_FRAME_MORE) {
		count =
		    d->accepted > 0 ? read_message(d, fd) : read(fd, space(d), pl_frame_wanted(d));
		if (count == 0)
			return (pl_frame_feed_end(d));
		if (count > 0 && !failed(d))
			took(d, (size_t)count);
		else if (count == -1 && errno != EINTR)
			return (explain_failure());
	}
	return (d->status);
}

/* The encoder */

/* The header is complete but for its own checksum. */
static void
seal(struct pl_frame_encoder *e)
{
	put(e->header + AT_SUM, 4, sum(0, e->header, AT_SUM));
}

int
pl_frame_encode_parts(
    struct pl_frame_encoder *e, uint16_t type, const struct iovec *part, int parts)
{
	uint32_t checksum = 0;
	size_t length = 0;

	if (parts < 0 || parts > PL_FRAME_PARTS) {
		errno = EINVAL;
		return (-1);
	}
	e->part[0] = (struct iovec){ e->header, PL_FRAME_HEADER };
	e->parts = 1;
	e->first = 0;
	e->begun = false;
	e->descriptors = 0;
	for (int i = 0; i < parts; i++) {
		if (part[i].iov_len > UINT32_MAX - length) {
			errno = EMSGSIZE;
			return (-1);
		}
		length += part[i].iov_len;
		checksum = sum(checksum, part[i].iov_base, part[i].iov_len);
		if (part[i].iov_len > 0)
			e->part[e->parts++] = part[i];
	}
	memcpy(e->header + AT_MARK, mark, sizeof(mark));
	put(e->header + AT_TYPE, 2, type);
	put(e->header + AT_DESCRIPTORS, 2, 0);
	put(e->header + AT_LENGTH, 4, (uint32_t)length);
	put(e->header + AT_PAYLOAD, 4, checksum);
	seal(e);
	return (0);
}

int
pl_frame_encode(struct pl_frame_encoder *e, uint16_t type, const void *bytes, size_t length)
{
	/* writev(2) only reads. */
	const struct iovec whole = { (void *)(uintptr_t)bytes, length };

	return (pl_frame_encode_parts(e, type, &whole, 1));
}

int
pl_frame_attach(struct pl_frame_encoder *e, const int *fd, unsigned count)
{
	if (count > PL_FRAME_DESCRIPTORS || e->begun) {
		errno = EINVAL;
		return (-1);
	}
	for (e->descriptors = 0; e->descriptors < count; e->descriptors++)
		e->fd[e->descriptors] = fd[e->descriptors];
	put(e->header + AT_DESCRIPTORS, 2, count);
	seal(e);
	return (0);
}

const struct iovec *
pl_frame_rest(const struct pl_frame_encoder *e, int *parts)
{
	*parts = e->parts - e->first;
	return (*parts > 0 ? e->part + e->first : NULL);
}

void
pl_frame_advance(struct pl_frame_encoder *e, size_t sent)
{
	struct iovec *p;

	e->begun |= sent > 0;
	for (; e->first < e->parts; e->first++) {
		p = &e->part[e->first];
		if (sent < p->iov_len) {
			p->iov_base = (unsigned char *)p->iov_base + sent;
			p->iov_len -= sent;
			return;
		}
		sent -= p->iov_len;
	}
}

/* Like writev(2) of these parts, with the descriptors. */
static ssize_t
write_message(const struct pl_frame_encoder *e, int fd, const struct iovec *part, int parts)
{
	union {
		struct cmsghdr align;
		unsigned char bytes[CMSG_SPACE(PL_FRAME_DESCRIPTORS * sizeof(int))];
	} control = { .bytes = { 0 } };
	const size_t bytes = e->descriptors * sizeof(int);
	struct msghdr m = {
		.msg_iov = (struct iovec *)(uintptr_t)part,
		.msg_iovlen = (size_t)parts,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(bytes),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(bytes);
	memcpy(CMSG_DATA(c), e->fd, bytes);
	return (sendmsg(fd, &m, 0));
}

enum pl_frame_status
pl_frame_send(struct pl_frame_encoder *e, int fd)
{
	const struct iovec *part;
	ssize_t count;
	int parts;

	while ((part = pl_frame_rest(e, &parts)) != NULL) {
		count = e->descriptors > 0 && !e->begun ? write_message(e, fd, part, parts)
							: writev(fd, part, parts);
		if (count >= 0)
			pl_frame_advance(e, (size_t)count);
		else if (errno != EINTR)
			return (explain_failure());
	}
	return (PL_FRAME_WHOLE);
}
