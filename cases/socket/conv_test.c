/*
 * Conversion of addresses: byte order, inet(3) and its relatives.
 */

#include "plumbline.h"

#include <arpa/inet.h>

/* One text, and what a conversion makes of it. */
struct text {
	const char *text;
	uint32_t address; /* host order */
};

/* What a failed conversion must leave alone. */
#define UNTOUCHED 0x5a5a5a5au

static struct pl_outcome
aton(const char *text, struct in_addr *address)
{
	return (pl_sys(inet_aton(text, address), "inet_aton(\"%s\")", text));
}

static struct pl_outcome
pton(int family, const char *text, void *address)
{
	return (pl_sys(inet_pton(family, text, address), "inet_pton(%s, \"%s\")",
	    family == AF_INET ? "AF_INET" : "AF_INET6", text));
}

/* inet_ntop gives a pointer: 1 if it is the buffer, 0 if it is another one. */
static struct pl_outcome
ntop(int family, const void *address, char *text, size_t size)
{
	const char *given;

	pl_trace_begin(-1, "inet_ntop(%d, %zu)", family, size);
	given = inet_ntop(family, address, text, (socklen_t)size);
	return (
	    given == NULL ? pl_trace_end(-1) : pl_trace_end_detail(given == text, " {%s}", text));
}

#define EXPECT_STRING(observed, wanted) \
	pl_expect_that(strcmp((observed), (wanted)) == 0, (wanted), "\"%s\"", (observed))

static void
expect_aton(const struct text *t, size_t count)
{
	struct in_addr address;

	for (size_t i = 0; i < count; i++) {
		pl_expect(aton(t[i].text, &address), returns(1));
		pl_expect(pl_value(ntohl(address.s_addr), NULL, "address of %s", t[i].text),
		    is(t[i].address));
	}
}

/* The bytes in memory, first to last. */
PL_CASE(htons_htonl_give_network_order, .verifies = "socket.conv.htons-htonl-give-network-order")
{
	uint16_t s = htons(0x1234);
	uint32_t l = htonl(0x12345678);

	pl_expect_bytes(&s, "\x12\x34", 2);
	pl_expect_bytes(&l, "\x12\x34\x56\x78", 4);
	pl_expect(pl_value(htons(0), NULL, "htons(0)"), is(0));
	pl_expect(pl_value(htonl(0), NULL, "htonl(0)"), is(0));
	pl_expect(pl_value(htons(0xffff), NULL, "htons(0xffff)"), is(0xffff));
	pl_expect(pl_value(htonl(0xffffffff), NULL, "htonl(0xffffffff)"), is(0xffffffff));
}

PL_CASE(ntohs_ntohl_are_inverse, .verifies = "socket.conv.ntohs-ntohl-are-inverse")
{
	for (uint32_t x = 0; x < 65536; x++)
		pl_expect(pl_value(ntohs(htons((uint16_t)x)), NULL, "ntohs(htons(x))"), is(x));
	for (int bit = 0; bit < 32; bit++)
		pl_expect(pl_value(ntohl(htonl(UINT32_C(1) << bit)), NULL, "ntohl(htonl(x))"),
		    is(UINT32_C(1) << bit));
}

PL_CASE(inet_aton_dotted_quad, .verifies = "socket.conv.inet-aton-dotted-quad")
{
	static const struct text quads[] = { { "127.0.0.1", 0x7f000001 }, { "0.0.0.0", 0 },
		{ "255.255.255.255", 0xffffffff }, { "1.2.3.4", 0x01020304 } };

	expect_aton(quads, 4);
}

PL_CASE(inet_aton_one_to_three_parts, .verifies = "socket.conv.inet-aton-one-to-three-parts")
{
	static const struct text parts[] = { { "127.0.1", 0x7f000001 }, { "1.2.65535", 0x0102ffff },
		{ "127.1", 0x7f000001 }, { "1.16777215", 0x01ffffff }, { "2130706433", 0x7f000001 },
		{ "4294967295", 0xffffffff } };

	expect_aton(parts, 6);
}

PL_CASE(inet_aton_octal_and_hex_parts, .verifies = "socket.conv.inet-aton-octal-and-hex-parts")
{
	static const struct text parts[] = { { "0x7f.0.0.1", 0x7f000001 },
		{ "0X7F000001", 0x7f000001 }, { "0177.0.0.01", 0x7f000001 },
		{ "010.020.030.040", 0x08101820 } };

	expect_aton(parts, 4);
}

PL_CASE(inet_aton_rejects_malformed, .verifies = "socket.conv.inet-aton-rejects-malformed")
{
	static const char *const bad[] = { "", "256.0.0.1", "1.2.65536", "1.16777216", "1.2.3.4.5",
		"1.2.3.4.", "1..2.3", ".1.2.3", "08.1.1.1", "1.2.3.x", "abc", "-1.2.3.4",
		"+1.2.3.4", " 1.2.3.4", "1.2.3.4x" };
	struct in_addr address;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		pl_expect(aton(bad[i], &address), returns(0));
}

PL_CASE(inet_aton_ignores_text_after_blank,
    .verifies = "socket.conv.inet-aton-ignores-text-after-blank")
{
	static const struct text tails[] = { { "1.2.3.4 and more", 0x01020304 },
		{ "1.2.3.4\n", 0x01020304 }, { "1.2.3.4 x", 0x01020304 } };

	expect_aton(tails, 3);
}

PL_CASE(inet_aton_single_part_overflow, .verifies = "socket.conv.inet-aton-single-part-overflow")
{
	struct in_addr address;

	pl_expect(
	    aton("4294967296", &address), on(PL_FREEBSD, returns(1)), on(PL_LINUX, returns(0)));
}

PL_CASE(inet_addr_value_and_failure, .verifies = "socket.conv.inet-addr-value-and-failure")
{
	static const char *const good[] = { "127.0.0.1", "1.2.3.4", "127.1", "0x7f.1", "10" };
	static const char *const bad[] = { "", "256.0.0.1", "1.2.3.4.5", "abc", "1.16777216" };
	struct in_addr address;

	for (size_t i = 0; i < 5; i++) {
		pl_must(aton(good[i], &address));
		pl_expect(pl_value(inet_addr(good[i]), NULL, "inet_addr(\"%s\")", good[i]),
		    is(address.s_addr));
		pl_expect(pl_value(inet_addr(bad[i]), NULL, "inet_addr(\"%s\")", bad[i]),
		    is(INADDR_NONE));
	}
}

/* The one valid address that its result cannot tell from a failure. */
PL_CASE(inet_addr_broadcast_ambiguity, .verifies = "socket.conv.inet-addr-broadcast-ambiguity")
{
	struct in_addr address;

	pl_expect(pl_value(inet_addr("255.255.255.255"), NULL, "inet_addr(\"255.255.255.255\")"),
	    is(INADDR_NONE));
	pl_expect(aton("255.255.255.255", &address), returns(1));
	pl_expect_bytes(&address, "\xff\xff\xff\xff", 4);
}

/* What inet_aton reads in its generous way is no address here. */
PL_CASE(
    inet_pton_ipv4_needs_decimal_quad, .verifies = "socket.conv.inet-pton-ipv4-needs-decimal-quad")
{
	static const struct text quads[] = { { "127.0.0.1", 0x7f000001 }, { "0.0.0.0", 0 },
		{ "255.255.255.255", 0xffffffff }, { "1.20.3.44", 0x0114032c } };
	static const char *const others[] = { "127.1", "1.2.3", "2130706433", "0x7f.0.0.1",
		"0177.0.0.1", "127.0.0.01" };
	struct in_addr address;

	for (size_t i = 0; i < 4; i++) {
		pl_expect(pton(AF_INET, quads[i].text, &address), returns(1));
		pl_expect(pl_value(ntohl(address.s_addr), NULL, "address of %s", quads[i].text),
		    is(quads[i].address));
	}
	for (size_t i = 0; i < 6; i++)
		pl_expect(pton(AF_INET, others[i], &address), returns(0));
}

PL_CASE(
    inet_pton_ipv4_rejects_malformed, .verifies = "socket.conv.inet-pton-ipv4-rejects-malformed")
{
	static const char *const bad[] = { "", "256.0.0.1", "1.2.3.256", "1.2.3", "1.2.3.4.5",
		" 1.2.3.4", "1.2.3.4 ", "1.2.3.4\n", "1..2.3", "1.2.3.", "-1.2.3.4", "+1.2.3.4",
		"1.2.3.x", "abc", "1.2.3.4.", "1000.2.3.4" };
	struct in_addr address;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		address.s_addr = UNTOUCHED;
		pl_expect(pton(AF_INET, bad[i], &address), returns(0));
		if (pl_asks(PL_LINUX))
			pl_expect(pl_value(address.s_addr, NULL, "the buffer"), is(UNTOUCHED));
	}
}

PL_CASE(pton_ntop_unknown_family_eafnosupport,
    .verifies = "socket.conv.pton-ntop-unknown-family-eafnosupport")
{
	char address[64] = "", text[64];

	pl_expect(pl_sys(inet_pton(AF_UNIX, "127.0.0.1", address), "inet_pton(AF_UNIX)"),
	    fails(EAFNOSUPPORT));
	pl_expect(
	    pl_sys(inet_pton(-1, "127.0.0.1", address), "inet_pton(-1)"), fails(EAFNOSUPPORT));
	pl_expect(ntop(AF_UNIX, address, text, sizeof(text)), fails(EAFNOSUPPORT));
	pl_expect(ntop(-1, address, text, sizeof(text)), fails(EAFNOSUPPORT));
}

PL_CASE(inet_pton_ipv6_forms, .verifies = "socket.conv.inet-pton-ipv6-forms")
{
	static const struct {
		const char *text;
		unsigned char address[16];
	} forms[] = {
		{ "::", { 0 } },
		{ "::1", { [15] = 1 } },
		{ "1:2:3:4:5:6:7:8", { 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8 } },
		{ "fE80::AbCd", { 0xfe, 0x80, [14] = 0xab, 0xcd } },
		{ "0001:0::00ff", { 0, 1, [15] = 0xff } },
		{ "1::8", { 0, 1, [15] = 8 } },
		{ "1::", { 0, 1 } },
		{ "1:2:3::5:6:7:8", { 0, 1, 0, 2, 0, 3, 0, 0, 0, 5, 0, 6, 0, 7, 0, 8 } },
		{ "::ffff:1.2.3.4", { [10] = 0xff, 0xff, 1, 2, 3, 4 } },
		{ "1:2:3:4:5:6:1.2.3.4", { 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 1, 2, 3, 4 } },
	};
	unsigned char address[16];

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		pl_expect(pton(AF_INET6, forms[i].text, address), returns(1));
		pl_expect_bytes(address, forms[i].address, 16);
	}
}

PL_CASE(
    inet_pton_ipv6_rejects_malformed, .verifies = "socket.conv.inet-pton-ipv6-rejects-malformed")
{
	static const char *const bad[] = { "", ":", ":::", "1::2::3", "12345::", "1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "[::1]", "::1%lo",
		"::1/64", "1.2.3.4", "::1.2.3", "::1.2.3.256", "::g", "1:2:3:4:5:6:7:1.2.3.4",
		" ::1", "::1 " };
	unsigned char address[16];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		pl_expect(pton(AF_INET6, bad[i], address), returns(0));
}

/* An address, and its one text. */
static void
expect_text(int family, const char *from, const char *wanted)
{
	unsigned char address[16];
	char text[64];

	if (pl_must(pton(family, from, address)) != 1)
		pl_broken("inet_pton refuses %s", from);
	pl_expect(ntop(family, address, text, sizeof(text)), returns(1));
	EXPECT_STRING(text, wanted);
}

PL_CASE(inet_ntop_shortest_text, .verifies = "socket.conv.inet-ntop-shortest-text")
{
	static const char *const six[][2] = { { "0:0:0:0:0:0:0:0", "::" },
		{ "0:0:0:0:0:0:0:1", "::1" }, { "2001:0DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "1:0:0:2:0:0:0:3", "1:0:0:2::3" }, { "1:2:3:0:5:6:7:8", "1:2:3:0:5:6:7:8" },
		{ "ABCD:0EF0:00FF:000F:1:2:3:4", "abcd:ef0:ff:f:1:2:3:4" },
		{ "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::" } };

	expect_text(AF_INET, "127.0.0.1", "127.0.0.1");
	expect_text(AF_INET, "0.10.200.255", "0.10.200.255");
	for (size_t i = 0; i < sizeof(six) / sizeof(six[0]); i++)
		expect_text(AF_INET6, six[i][0], six[i][1]);
}

PL_CASE(inet_ntop_v4_mapped_text, .verifies = "socket.conv.inet-ntop-v4-mapped-text")
{
	expect_text(AF_INET6, "::ffff:1.2.3.4", "::ffff:1.2.3.4");
	expect_text(AF_INET6, "64:ff9b::1.2.3.4", "64:ff9b::102:304");
}

PL_CASE(inet_ntop_low_compatible_text, .verifies = "socket.conv.inet-ntop-low-compatible-text")
{
	expect_text(AF_INET6, "0:0:0:0:0:0:0:5", "::5");
}

PL_CASE(inet_ntop_exact_size_and_enospc, .verifies = "socket.conv.inet-ntop-exact-size-and-enospc")
{
	unsigned char four[4] = { 127, 0, 0, 1 }, six[16] = { [15] = 1 };
	char *text = pl_guarded(10);

	pl_expect(ntop(AF_INET, four, text, 10), returns(1));
	EXPECT_STRING(text, "127.0.0.1");
	pl_expect(ntop(AF_INET, four, text, 9), fails(ENOSPC));
	pl_expect(ntop(AF_INET, four, text, 0), fails(ENOSPC));
	pl_expect(ntop(AF_INET6, six, text, 4), returns(1));
	EXPECT_STRING(text, "::1");
	pl_expect(ntop(AF_INET6, six, text, 3), fails(ENOSPC));
}

PL_CASE(inet_ntoa_text_in_static_buffer, .verifies = "socket.conv.inet-ntoa-text-in-static-buffer")
{
	struct in_addr one = { htonl(0x7f000001) }, other = { htonl(0x01020304) };
	const char *first = inet_ntoa(one), *second;

	EXPECT_STRING(first, "127.0.0.1");
	second = inet_ntoa(other);
	EXPECT_STRING(second, "1.2.3.4");
	pl_expect_that(first == second, "the same buffer", "another one");
}

PL_CASE(inet_network_host_order, .verifies = "socket.conv.inet-network-host-order")
{
	static const struct text networks[] = { { "127.0.0.1", 0x7f000001 }, { "10.1", 0x0a01 },
		{ "10", 10 }, { "0x7f", 0x7f }, { "010", 8 } };
	static const char *const bad[] = { "256", "1.2.3.4.5", "", "abc", "08" };

	for (size_t i = 0; i < 5; i++) {
		pl_expect(pl_value(inet_network(networks[i].text), NULL, "inet_network(\"%s\")",
			      networks[i].text),
		    is(networks[i].address));
		pl_expect(pl_value(inet_network(bad[i]), NULL, "inet_network(\"%s\")", bad[i]),
		    is(INADDR_NONE));
	}
}

PL_CASE(classful_split_and_join, .verifies = "socket.conv.classful-split-and-join")
{
	static const struct {
		uint32_t address, network, local;
	} classes[] = { { 0x0a010203, 10, 0x010203 }, { 0x80010203, 0x8001, 0x0203 },
		{ 0xc0010203, 0xc00102, 3 } };

	for (size_t i = 0; i < 3; i++) {
		struct in_addr address = { htonl(classes[i].address) };

		pl_expect(
		    pl_value(inet_netof(address), NULL, "inet_netof"), is(classes[i].network));
		pl_expect(pl_value(inet_lnaof(address), NULL, "inet_lnaof"), is(classes[i].local));
		address = inet_makeaddr(classes[i].network, classes[i].local);
		pl_expect(
		    pl_value(ntohl(address.s_addr), NULL, "inet_makeaddr"), is(classes[i].address));
	}
}

/* Networks with their length in bits; without one their class says it. */
PL_CASE(inet_net_pton_ntop, .verifies = "socket.conv.inet-net-pton-ntop")
{
	static const struct {
		const char *text;
		int bits;
		unsigned char address[4];
	} networks[] = { { "10.1.2.3/16", 16, { 10, 1 } }, { "10", 8, { 10 } },
		{ "128.1", 16, { 128, 1 } }, { "192.1.2", 24, { 192, 1, 2 } } };
	unsigned char address[16];
	char text[64] = "";
	const char *given;

	for (size_t i = 0; i < 4; i++) {
		memset(address, 0, sizeof(address));
		pl_expect(pl_sys(inet_net_pton(AF_INET, networks[i].text, address, 4),
			      "inet_net_pton(AF_INET, \"%s\")", networks[i].text),
		    returns(networks[i].bits));
		pl_expect_bytes(address, networks[i].address, 2);
	}
	pl_expect(
	    pl_sys(inet_net_pton(AF_INET, "junk", address, 4), "inet_net_pton(AF_INET, \"junk\")"),
	    fails(ENOENT));
	memcpy(address, "\x0a\x01\0\0", 4);
	given = inet_net_ntop(AF_INET, address, 16, text, sizeof(text));
	pl_expect_that(given == text, "the buffer", "another pointer");
	EXPECT_STRING(text, "10.1/16");
	pl_expect(pl_sys(inet_net_pton(AF_INET6, "2001:db8:1::/48", address, 16),
		      "inet_net_pton(AF_INET6, \"2001:db8:1::/48\")"),
	    on(PL_FREEBSD, returns(48)), on(PL_LINUX, fails(EAFNOSUPPORT)));
}
