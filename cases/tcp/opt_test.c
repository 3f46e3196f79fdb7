/*
 * The options of tcp(4) that hold one number: TCP_NODELAY as the specimen of them
 * all, TCP_MAXSEG, and those that few programs use; and what waits to be sent.
 */

#include <sys/ioctl.h>

#include <net/if.h>
#include <netinet/tcp.h>

#include "plumbline.h"

/* Any number but 0 is yes; and it is said to one socket. */
PL_CASE(nodelay_default_off_and_settable, .verifies = "tcp.opt.nodelay-default-off-and-settable",
    .kinds = PL_TCP)
{
	static const int yes[] = { 1, 64, -5 };
	int fd = pl_unconnected(), other = pl_unconnected();

	pl_expect(sys_get_option(fd, IPPROTO_TCP, TCP_NODELAY), is(0));
	for (size_t i = 0; i < PL_COUNT(yes); i++) {
		pl_expect(sys_set_option(fd, IPPROTO_TCP, TCP_NODELAY, yes[i]), returns(0));
		pl_expect(
		    sys_get_option(fd, IPPROTO_TCP, TCP_NODELAY), returns_between(1, INT_MAX));
		pl_expect(sys_get_option(other, IPPROTO_TCP, TCP_NODELAY), is(0));
		pl_expect(sys_set_option(fd, IPPROTO_TCP, TCP_NODELAY, 0), returns(0));
		pl_expect(sys_get_option(fd, IPPROTO_TCP, TCP_NODELAY), is(0));
	}
}

/* Part of a number is no number, and a failed call changes nothing. */
PL_CASE(short_value_einval, .verifies = "tcp.opt.short-value-einval", .kinds = PL_TCP)
{
	static const socklen_t lengths[] = { 3, 1, 0 };
	int fd = pl_unconnected();

	for (size_t i = 0; i < PL_COUNT(lengths); i++) {
		char *value = pl_guarded(lengths[i]);

		memset(value, 1, lengths[i]);
		pl_expect(
		    sys_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, value, lengths[i]), fails(EINVAL));
		pl_expect(sys_get_option(fd, IPPROTO_TCP, TCP_NODELAY), is(0));
	}
	pl_expect(sys_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, pl_guarded(0), sizeof(int)),
	    fails(EFAULT));
	pl_expect(sys_get_option(fd, IPPROTO_TCP, TCP_NODELAY), is(0));
}

/* No more is written than there is, and no more than there is room for. */
PL_CASE(getsockopt_length_is_value_result, .verifies = "tcp.opt.getsockopt-length-is-value-result",
    .kinds = PL_TCP)
{
	int fd = pl_unconnected(), value;
	char b[64];
	socklen_t length = sizeof(b);

	pl_set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	memset(b, 0x5a, sizeof(b));
	pl_expect(sys_getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, b, &length), returns(0));
	pl_expect(pl_value((long)length, NULL, "length"), is(sizeof(int)));
	memcpy(&value, b, sizeof(value));
	pl_expect(pl_value(value, NULL, "the value"), returns_between(1, INT_MAX));
	for (size_t i = sizeof(int); i < sizeof(b); i++)
		if (b[i] != 0x5a)
			pl_expect_that(
			    false, "nothing behind the value is written", "byte %zu is", i);
	memset(b, 0x5a, sizeof(b));
	length = 1;
	pl_expect(sys_getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, b, &length), returns(0));
	pl_expect(pl_value((long)length, NULL, "length"), is(1));
	pl_expect_bytes(b, (char *)&value, 1);
	pl_expect(pl_value(b[1], NULL, "the byte behind"), is(0x5a));
}

/* What is assumed as long as nobody has said anything. */
PL_CASE(maxseg_default_on_unconnected, .verifies = "tcp.opt.maxseg-default-on-unconnected",
    .kinds = PL_TCP)
{
	long by_freebsd = pl_case_kind()->domain == AF_INET ? 536 : 1220;
	int fd = pl_unconnected();

	pl_need_untouched("net.inet.tcp.mssdflt", 536);
	pl_need_untouched("net.inet.tcp.v6mssdflt", 1220);
	pl_expect(sys_get_option(fd, IPPROTO_TCP, TCP_MAXSEG), on(PL_FREEBSD, is(by_freebsd)),
	    on(PL_LINUX, is(536)));
}

/* The largest packet of the loopback interface. */
static int
loopback_mtu(int fd)
{
	struct ifreq request = { .ifr_name = "" };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", pl_os.loopback);
	pl_must(pl_sys(ioctl(fd, SIOCGIFMTU, &request), "ioctl(%s, SIOCGIFMTU)", pl_slot(fd)));
	return (request.ifr_mtu);
}

PL_CASE(maxseg_on_connected_reflects_mtu, .verifies = "tcp.opt.maxseg-on-connected-reflects-mtu",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	int mtu = loopback_mtu(p.w);

	pl_expect(sys_get_option(p.w, IPPROTO_TCP, TCP_MAXSEG), returns_between(537, mtu - 1));
	pl_expect(sys_get_option(p.r, IPPROTO_TCP, TCP_MAXSEG), returns_between(537, mtu - 1));
}

/* A system may let the value be lowered only; what one side says holds for both. */
PL_CASE(maxseg_set_before_connect, .verifies = "tcp.opt.maxseg-set-before-connect", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), client = pl_unconnected(), server;
	bool above = pl_case_kind()->domain == AF_INET;
	struct pl_outcome o = sys_set_option(client, IPPROTO_TCP, TCP_MAXSEG, 1000);

	pl_need_untouched("net.inet.tcp.mssdflt", 536);
	pl_need_untouched("net.inet.tcp.v6mssdflt", 1220);
	pl_expect(o, on(PL_FREEBSD, above ? fails(EINVAL) : returns(0)), on(PL_LINUX, returns(0)));
	if (!pl_asks(PL_LINUX) || o.error != 0)
		return;
	pl_connect(client, &name);
	server = pl_accept(listener);
	pl_expect(sys_get_option(client, IPPROTO_TCP, TCP_MAXSEG), returns_between(1, 1000));
	pl_expect(sys_get_option(server, IPPROTO_TCP, TCP_MAXSEG), returns_between(1, 1000));
}

PL_CASE(
    maxseg_out_of_range_einval, .verifies = "tcp.opt.maxseg-out-of-range-einval", .kinds = PL_TCP)
{
	static const int wrong[] = { -1, 1, 70000 };
	int fd = pl_unconnected(), before = pl_get_option(fd, IPPROTO_TCP, TCP_MAXSEG);

	for (size_t i = 0; i < PL_COUNT(wrong); i++) {
		pl_expect(sys_set_option(fd, IPPROTO_TCP, TCP_MAXSEG, wrong[i]), fails(EINVAL));
		pl_expect(sys_get_option(fd, IPPROTO_TCP, TCP_MAXSEG), is(before));
	}
	pl_expect(sys_set_option(fd, IPPROTO_TCP, TCP_MAXSEG, 0), on(PL_FREEBSD, fails(EINVAL)),
	    on(PL_LINUX, returns(0)));
}

/* The connection goes on with smaller segments; the way back up is another matter. */
PL_CASE(maxseg_lowered_on_established, .verifies = "tcp.opt.maxseg-lowered-on-established",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_expect(sys_set_option(p.w, IPPROTO_TCP, TCP_MAXSEG, 1000),
	    on(PL_FREEBSD | PL_LINUX, returns(0)));
	pl_expect(sys_get_option(p.w, IPPROTO_TCP, TCP_MAXSEG), on(PL_FREEBSD, is(1000)),
	    on(PL_LINUX, returns_between(1, 1000)));
	pl_expect(sys_set_option(p.w, IPPROTO_TCP, TCP_MAXSEG, 1200), on(PL_FREEBSD, fails(EINVAL)),
	    on(PL_LINUX, returns(0)));
}

/* What the request counts on that socket. */
static struct pl_outcome
unsent(int fd)
{
	int count = -1;
	struct pl_outcome o = sys_ioctl_int(fd,
	    (unsigned long)(pl_os.siocoutq != PL_ABSENT ? pl_os.siocoutq : pl_os.fionwrite),
	    &count);

	if (o.error != 0)
		return (o);
	return (pl_value(count, NULL, "count of %s", pl_slot(fd)));
}

/* No byte waits at first, some do when the peer does not read, none when it has all. */
PL_CASE(outq_counts_unsent_bytes, .verifies = "tcp.opt.outq-counts-unsent-bytes", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name);
	struct pl_pair p = pl_narrow_pair(16384, 4096);
	size_t sent, done = 0;
	char b[4096];

	pl_expect(unsent(p.w), is(0));
	pl_expect(unsent(p.r), is(0));
	sent = pl_fill_pair(p, 4096);
	pl_expect(unsent(p.w), returns_between(1, (long)sent));
	pl_expect(unsent(listener), fails(EINVAL));
	while (done < sent)
		done += (size_t)pl_must(sys_read(p.r, b, sizeof(b)));
	/* The answer acknowledges all. */
	pl_write(p.r, "k", 1);
	pl_expect_text(p.w, "k");
	pl_expect(unsent(p.w), is(0));
}

/* What the page says of a socket that fast open was asked of, no switch having been touched. */
static struct pl_outcome
set_fastopen(void *unused)
{
	struct pl_address name;
	int fresh = pl_unconnected(), listener = pl_listening(1, &name);
	struct pl_pair p = pl_pair();

	(void)unused;
	pl_expect(sys_set_option(fresh, IPPROTO_TCP, TCP_FASTOPEN, 5), on(PL_LINUX, returns(0)),
	    on(PL_FREEBSD, fails(EPERM)));
	pl_expect(sys_set_option(listener, IPPROTO_TCP, TCP_FASTOPEN, 5), on(PL_LINUX, returns(0)),
	    on(PL_FREEBSD, fails(EPERM)));
	pl_expect(sys_set_option(p.w, IPPROTO_TCP, TCP_FASTOPEN, 5), on(PL_LINUX, fails(EINVAL)),
	    on(PL_FREEBSD, fails(EPERM)));
	if (pl_asks(PL_LINUX)) {
		pl_expect(sys_get_option(listener, IPPROTO_TCP, TCP_FASTOPEN), is(5));
		pl_expect(sys_set_option(listener, IPPROTO_TCP, TCP_FASTOPEN, -1), fails(EINVAL));
		pl_expect(sys_get_option(listener, IPPROTO_TCP, TCP_FASTOPEN), is(5));
	}
	if (pl_os_sysctl_set("net.inet.tcp.fastopen.server_enable", 1) == 0) {
		pl_note("servers are switched on");
		pl_expect(sys_set_option(listener, IPPROTO_TCP, TCP_FASTOPEN, 1), returns(0));
		pl_expect(sys_set_option(p.w, IPPROTO_TCP, TCP_FASTOPEN, 1), fails(EINVAL));
	}
	return (pl_done());
}

PL_CASE(fastopen_setting, .verifies = "tcp.opt.fastopen-setting", .kinds = PL_TCP)
{
	pl_in_private_network(set_fastopen, NULL);
}

/* Signatures want keys, or a module, first. */
PL_CASE(md5sig_setting, .verifies = "tcp.opt.md5sig-setting", .kinds = PL_TCP)
{
	int fd = pl_unconnected();
	struct pl_outcome o = sys_set_option(fd, IPPROTO_TCP, TCP_MD5SIG, 1);

	pl_expect(o, on(PL_FREEBSD, fails(ENOPROTOOPT)), on(PL_FREEBSD, returns(0)),
	    on(PL_LINUX, fails(EINVAL)), on(PL_LINUX, fails(ENOPROTOOPT)));
	if (o.error == 0)
		pl_expect(sys_get_option(fd, IPPROTO_TCP, TCP_MD5SIG),
		    on(PL_FREEBSD, returns_between(1, INT_MAX)), on(PL_LINUX, fails(ENOPROTOOPT)));
	else
		pl_expect(sys_get_option(fd, IPPROTO_TCP, TCP_MD5SIG),
		    on(PL_FREEBSD | PL_LINUX, fails(ENOPROTOOPT)));
}

/* A connection that says nothing of its extensions uses none. */
PL_CASE(noopt_settable, .verifies = "tcp.opt.noopt-settable", .kinds = PL_TCP)
{
	int noopt = (int)pl_need(pl_os.tcp_noopt, "TCP_NOOPT");
	struct pl_address name;
	int listener = pl_listening(1, &name), client = pl_unconnected(), ends[2];

	pl_expect(sys_get_option(client, IPPROTO_TCP, noopt), is(0));
	pl_expect(sys_set_option(client, IPPROTO_TCP, noopt, 1), returns(0));
	pl_expect(sys_get_option(client, IPPROTO_TCP, noopt), returns_between(1, INT_MAX));
	pl_connect(client, &name);
	ends[0] = client;
	ends[1] = pl_accept(listener);
	for (int i = 0; i < 2; i++) {
		struct tcp_info info;
		socklen_t length = sizeof(info);

		pl_must(sys_getsockopt(ends[i], IPPROTO_TCP, TCP_INFO, &info, &length));
		pl_expect(pl_value(info.tcpi_options &
				  (TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE),
			      NULL, "tcpi_options of %s", pl_slot(ends[i])),
		    is(0));
	}
}

/* Which implementation of TCP a connection has. */
PL_CASE(
    function_blk_query_and_set, .verifies = "tcp.opt.function-blk-query-and-set", .kinds = PL_TCP)
{
	int option = (int)pl_need(pl_os.tcp_function_blk, "TCP_FUNCTION_BLK");
	/* struct tcp_function_set */
	struct {
		char name[32];
		uint32_t users;
	} set, unknown = { .name = "no-such-stack" };
	socklen_t length = sizeof(set);
	char usual[32] = "freebsd";
	int fd = pl_unconnected();

	pl_os_sysctl_text("net.inet.tcp.functions_default", usual, sizeof(usual));
	pl_expect(sys_getsockopt(fd, IPPROTO_TCP, option, &set, &length), returns(0));
	pl_expect_that(strncmp(set.name, usual, sizeof(set.name)) == 0, "the default stack",
	    "\"%.32s\" instead of \"%s\"", set.name, usual);
	pl_expect(sys_setsockopt(fd, IPPROTO_TCP, option, &set, sizeof(set)), returns(0));
	pl_expect(
	    sys_setsockopt(fd, IPPROTO_TCP, option, &unknown, sizeof(unknown)), fails(ENOENT));
	pl_expect(sys_getsockopt(fd, IPPROTO_TCP, option, &set, &length), returns(0));
	pl_expect_that(strncmp(set.name, usual, sizeof(set.name)) == 0, "the default stack still",
	    "\"%.32s\" instead of \"%s\"", set.name, usual);
}

/* TCP over UDP is for sockets that are not in use, on systems that are set up for it. */
PL_CASE(remote_udp_encaps_port_range, .verifies = "tcp.opt.remote-udp-encaps-port-range",
    .kinds = PL_TCP)
{
	int option = (int)pl_need(pl_os.tcp_remote_udp_encaps_port, "TCP_REMOTE_UDP_ENCAPS_PORT");
	int fresh = pl_unconnected();
	struct pl_pair p = pl_pair();

	pl_need_untouched("net.inet.tcp.udp_tunneling_port", 0);
	pl_expect(sys_get_option(fresh, IPPROTO_TCP, option), is(0));
	pl_expect(sys_set_option(fresh, IPPROTO_TCP, option, 9899), fails(EINVAL));
	pl_expect(sys_set_option(fresh, IPPROTO_TCP, option, -1), fails(EINVAL));
	pl_expect(sys_get_option(fresh, IPPROTO_TCP, option), is(0));
	pl_expect(sys_set_option(fresh, IPPROTO_TCP, option, 0), returns(0));
	pl_expect(sys_set_option(p.w, IPPROTO_TCP, option, 0), fails(EINVAL));
}
