/*
 * Control data: built for sendmsg(2), taken apart after recvmsg(2), and traced.
 *
 * Descriptors that arrive get slots of the letter d and are closed at the end.
 */

#ifndef PL_CONTROL_H
#define PL_CONTROL_H

#include <sys/socket.h>
#include <sys/types.h>

#include <stddef.h>

#include "address.h"
#include "outcome.h"

#define PL_CONTROL_SIZE 4096
#define PL_RIGHTS_MAX 512

/* Items, one after another as the kernel wants them.  Begin with all zero. */
struct pl_control {
	size_t size;
	union {
		struct cmsghdr first;
		unsigned char bytes[PL_CONTROL_SIZE];
	};
};

/* What one recvmsg gave. */
struct pl_received {
	char bytes[64];
	int flags;             /* msg_flags */
	int items;             /* of control data, whatever they are */
	int rights_items;      /* those of them that hold descriptors */
	int count;             /* descriptors */
	int fd[PL_RIGHTS_MAX]; /* in order */
	struct pl_control control;
};

/* Append an item with that data.  Gives its header, whose length may be made wrong. */
struct cmsghdr *pl_control_add(
    struct pl_control *, int level, int type, const void *data, size_t size);
void pl_control_add_rights(struct pl_control *, const int *fds, int count);

/* Is there an item of that sort?  Gives its data, and the size of it. */
const void *pl_control_find(const struct pl_control *, int level, int type, size_t *size);

/* Send that many bytes with control data to the peer, or to an address. */
struct pl_outcome sys_send_control(int fd, const void *, size_t, const struct pl_control *,
    int flags, const struct pl_address *to);
/* The same with one item of descriptors, to the peer. */
struct pl_outcome sys_send_rights(
    int fd, const void *, size_t, const int *fds, int count, int flags);

/* Receive at most that many bytes, with room for so much control data. */
struct pl_outcome sys_receive_control(
    int fd, struct pl_received *, size_t size, size_t room, int flags);

/*
 * Judge a receive of at most that many bytes with ample room: so many bytes come,
 * with one item of so many descriptors (none: no item), and nothing is cut off.
 */
#define pl_expect_rights(fd, received, size, flags, bytes, count) \
	pl_judge_rights(__FILE__, __LINE__, (fd), (received), (size), (flags), (bytes), (count))
/* Judge the receipt of what pl_send_rights sent with one descriptor; gives it. */
#define pl_expect_right(fd) pl_judge_right(__FILE__, __LINE__, (fd))
void pl_judge_rights(const char *file, int line, int fd, struct pl_received *, size_t size,
    int flags, long bytes, int count);
int pl_judge_right(const char *file, int line, int fd);

/*
 * Judge what arrives next, "abc": with it comes one item of that sort and size and
 * no other, whose data is copied; or no control data at all.
 */
#define pl_expect_item(fd, level, type, data, size) \
	pl_judge_item(__FILE__, __LINE__, (fd), (level), (type), (data), (size))
#define pl_expect_no_item(fd) pl_judge_no_item(__FILE__, __LINE__, (fd))
void pl_judge_item(
    const char *file, int line, int fd, int level, int type, void *data, size_t size);
void pl_judge_no_item(const char *file, int line, int fd);

/*
 * Judge what arrives next, "abc", and give the number that its item of that sort
 * holds in a byte or an int, -1 if there is none.
 */
#define pl_next_number(fd, level, type) \
	pl_judge_next_number(__FILE__, __LINE__, (fd), (level), (type))
struct pl_outcome pl_judge_next_number(const char *file, int line, int fd, int level, int type);

/* Set-up: send one byte, "x", with these descriptors. */
void pl_send_rights(int fd, const int *fds, int count);

#endif
