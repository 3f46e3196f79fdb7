/*
 * Control data that sendmsg refuses, or takes though it looks odd.
 */

#include "plumbline.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

/* A number that is no descriptor. */
static int
closed_number(void)
{
	int fd = 999;

	while (fcntl(fd, F_GETFD) != -1)
		fd--;
	return (fd);
}

static struct pl_pair
new_pipe(void)
{
	int fd[2];

	pl_pipe(fd);
	return ((struct pl_pair){ .r = fd[0], .w = fd[1] });
}

/* The send left nothing: no message, and no hold on the write end that it named. */
static void
expect_no_trace(int receiver, struct pl_pair pipe)
{
	char b[4];

	pl_expect_nothing(receiver);
	pl_close(pipe.w);
	pl_expect(sys_read(pipe.r, b, sizeof(b)), returns(0));
	pl_close(pipe.r);
}

/* And the socket goes on as if it had never been made. */
static void
expect_still_works(struct pl_pair p)
{
	struct pl_pair pipe = new_pipe();

	pl_send_rights(p.w, &pipe.w, 1);
	pl_close(pl_expect_right(p.r));
	expect_no_trace(p.r, pipe);
}

/* One bad number spoils the whole array, wherever it stands. */
PL_CASE(invalid_descriptor_gives_ebadf, .verifies = "unix.rights.ebadf-invalid-descriptor",
    .kinds = PL_UNIX | PL_PLAIN)
{
	const int bad[] = { -1, closed_number(), INT_MAX };
	struct pl_pair p = pl_pair();

	for (int i = 0; i < COUNT(bad); i++)
		for (int place = 0; place < 3; place++) {
			struct pl_pair pipe = new_pipe();
			int sent[] = { pipe.w, pipe.w, pipe.w };

			sent[place] = bad[i];
			pl_expect(sys_send_rights(p.w, "x", 1, sent, 3, 0), fails(EBADF));
			expect_no_trace(p.r, pipe);
		}
	expect_still_works(p);
}

/* An item is no shorter than its header, and no longer than what was given. */
PL_CASE(wrong_length_gives_einval, .verifies = "unix.rights.bad-cmsg-len-einval",
    .kinds = PL_UNIX | PL_PLAIN)
{
	const size_t lengths[] = { 0, 1, sizeof(struct cmsghdr) - 1, CMSG_SPACE(sizeof(int)) + 1,
		CMSG_SPACE(4 * sizeof(int)), 65536 };
	struct pl_pair p = pl_pair();

	for (int i = 0; i < COUNT(lengths); i++) {
		struct pl_pair pipe = new_pipe();
		struct pl_control c = { 0 };

		pl_control_add(&c, SOL_SOCKET, SCM_RIGHTS, &pipe.w, sizeof(int))->cmsg_len =
		    lengths[i];
		pl_expect(sys_send_control(p.w, "x", 1, &c, 0, NULL), fails(EINVAL));
		expect_no_trace(p.r, pipe);
	}
	expect_still_works(p);
}

/* The same for the second item: the first one is not passed alone. */
PL_CASE(wrong_length_of_a_later_item_gives_einval, .verifies = "unix.rights.bad-cmsg-len-einval",
    .kinds = PL_UNIX | PL_PLAIN)
{
	const size_t lengths[] = { 0, CMSG_SPACE(sizeof(int)) + 1 };
	struct pl_pair p = pl_pair();

	for (int i = 0; i < COUNT(lengths); i++) {
		struct pl_pair pipe = new_pipe();
		struct pl_control c = { 0 };

		pl_control_add_rights(&c, &pipe.w, 1);
		pl_control_add(&c, SOL_SOCKET, SCM_RIGHTS, &pipe.w, sizeof(int))->cmsg_len =
		    lengths[i];
		pl_expect(sys_send_control(p.w, "x", 1, &c, 0, NULL), fails(EINVAL));
		expect_no_trace(p.r, pipe);
	}
	expect_still_works(p);
}

/* What the system does not know it does not pass on, nor what stands beside it. */
PL_CASE(unknown_type_gives_einval, .verifies = "unix.rights.unknown-cmsg-type-einval",
    .kinds = PL_UNIX | PL_PLAIN)
{
	const int types[] = { 0, 0x7777, -1 };
	struct pl_pair p = pl_pair();

	for (int i = 0; i < COUNT(types); i++)
		for (int beside = 0; beside < 2; beside++) {
			struct pl_pair pipe = new_pipe();
			struct pl_control c = { 0 };

			if (beside)
				pl_control_add_rights(&c, &pipe.w, 1);
			pl_control_add(&c, SOL_SOCKET, types[i], &pipe.w, sizeof(int));
			pl_expect(sys_send_control(p.w, "x", 1, &c, 0, NULL), fails(EINVAL));
			expect_no_trace(p.r, pipe);
		}
	expect_still_works(p);
}

/* An array of no descriptors is no control data. */
PL_CASE(empty_array_is_no_control_data, .verifies = "unix.rights.empty-array",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	struct pl_received got;

	pl_expect(sys_send_rights(p.w, "x", 1, NULL, 0, 0), returns(1));
	pl_expect_rights(p.r, &got, 8, 0, 1, 0);
	pl_expect_bytes(got.bytes, "x", 1);
	expect_still_works(p);
}

/* Both are passed, in two items or in one, or the message is refused: never one of them. */
PL_CASE(two_items_in_one_message, .verifies = "unix.rights.two-rights-items-in-one-message",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair(), first = new_pipe(), second = new_pipe();
	struct pl_control c = { 0 };
	struct pl_received got = { 0 };
	struct pl_outcome o;
	char b[4];

	pl_control_add_rights(&c, &first.w, 1);
	pl_control_add_rights(&c, &second.w, 1);
	o = sys_send_control(p.w, "x", 1, &c, 0, NULL);
	pl_expect(o, on(PL_FREEBSD | PL_LINUX, returns(1)), on(PL_LINUX, fails(EINVAL)));
	pl_close(first.w);
	pl_close(second.w);
	if (o.error == 0) {
		pl_expect(sys_receive_control(p.r, &got, 8, sizeof(got.control.bytes), 0),
		    on(PL_FREEBSD | PL_LINUX, returns(1)));
		pl_expect(pl_value(got.rights_items, NULL, "items"), on(PL_FREEBSD, is(2)),
		    on(PL_LINUX, is(1)));
		pl_expect(
		    pl_value(got.count, NULL, "descriptors"), on(PL_FREEBSD | PL_LINUX, is(2)));
		pl_expect(sys_write(got.fd[0], "a", 1), on(PL_FREEBSD | PL_LINUX, returns(1)));
		pl_expect(sys_write(got.fd[1], "b", 1), on(PL_FREEBSD | PL_LINUX, returns(1)));
		pl_expect_text(first.r, "a");
		pl_expect_text(second.r, "b");
	}
	for (int i = 0; i < got.count; i++)
		pl_close(got.fd[i]);
	pl_expect(sys_read(first.r, b, sizeof(b)), on(PL_FREEBSD | PL_LINUX, returns(0)));
	pl_expect(sys_read(second.r, b, sizeof(b)), on(PL_FREEBSD | PL_LINUX, returns(0)));
}

/* A kernel queue watches the descriptors of its own process and of no other. */
PL_CASE(kqueue_cannot_be_passed, .verifies = "unix.rights.kqueue-not-passable",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair(), pipe = new_pipe();
	int kq = pl_kqueue();

	pl_expect(sys_send_rights(p.w, "x", 1, &kq, 1, 0), fails(EOPNOTSUPP));
	pl_expect_nothing(p.r);
	pl_expect(
	    sys_send_rights(p.w, "x", 1, (const int[]){ pipe.w, kq }, 2, 0), fails(EOPNOTSUPP));
	expect_no_trace(p.r, pipe);
}
