/*
 * Many TCP connections: at once, none of which is taken for another, and one after
 * another, none of which leaves anything behind.
 */

#include "plumbline.h"

#define HUNDRED 100

/* What one connection says: its number. */
struct word {
	char text[8];
};

static struct word
word_of(int number)
{
	struct word w;

	snprintf(w.text, sizeof(w.text), "%05d", number);
	return (w);
}

/* Make so many connections of a listener; gives both ends and the names of the clients. */
static void
make_connections(int count, int client[], int server[], struct pl_address names[])
{
	struct pl_address name, from;
	int listener = pl_listening(count, &name);

	for (int i = 0; i < count; i++) {
		client[i] = pl_unconnected();
		pl_expect(sys_connect(client[i], &name), returns(0));
		names[i] = pl_sockname(client[i]);
	}
	/* They may come in another order, so the name tells which is which. */
	for (int i = 0; i < count; i++) {
		int fd = (int)pl_expect(sys_accept(listener, &from), opens()), k = 0;

		while (k < count && !pl_address_equal(&names[k], &from))
			k++;
		pl_expect_that(k < count, "the name of a client", "nobody's name");
		server[k] = fd;
	}
}

static struct pl_outcome
talk_to_a_hundred(void *unused)
{
	struct pl_address names[HUNDRED];
	int client[HUNDRED], server[HUNDRED];

	(void)unused;
	pl_need_descriptors(2 * HUNDRED + 16);
	make_connections(HUNDRED, client, server, names);
	for (int i = 0; i < HUNDRED; i++)
		pl_expect(sys_write(client[i], word_of(i).text, 5), returns(5));
	for (int i = HUNDRED - 1; i >= 0; i--) {
		pl_expect_arriving(server[i], word_of(i).text);
		pl_expect(sys_write(server[i], word_of(1000 + i).text, 5), returns(5));
	}
	for (int i = 0; i < HUNDRED; i++)
		pl_expect_arriving(client[i], word_of(1000 + i).text);
	return (pl_done());
}

PL_CASE(hundred_connections_are_kept_apart, .verifies = "tcp.many.hundred-simultaneous-connections",
    .kinds = PL_TCP)
{
	pl_must(pl_result(pl_child(talk_to_a_hundred, NULL, PL_KEEP_NONE)));
}

static struct pl_outcome
look_at_a_hundred_ports(void *unused)
{
	struct pl_address names[HUNDRED];
	int client[HUNDRED], server[HUNDRED];

	(void)unused;
	pl_need_descriptors(2 * HUNDRED + 16);
	make_connections(HUNDRED, client, server, names);
	for (int i = 0; i < HUNDRED; i++)
		for (int k = 0; k < i; k++)
			pl_expect_that(pl_address_port(&names[i]) != pl_address_port(&names[k]),
			    "a port of its own for each", "port %u of clients %d and %d",
			    pl_address_port(&names[i]), k, i);
	return (pl_done());
}

/* All have the same peer, so the port alone tells one from another. */
PL_CASE(clients_have_distinct_ports, .verifies = "tcp.many.clients-have-distinct-local-ports",
    .kinds = PL_TCP)
{
	pl_must(pl_result(pl_child(look_at_a_hundred_ports, NULL, PL_KEEP_NONE)));
}

#define TEN 10

/* The others are as they were, whichever it is. */
PL_CASE(poll_tells_which_one, .verifies = "tcp.many.poll-flags-only-the-ready-connection",
    .kinds = PL_TCP)
{
	struct pl_address names[TEN];
	int client[TEN], server[TEN];
	struct pollfd entries[TEN];

	make_connections(TEN, client, server, names);
	for (int i = 0; i < TEN; i++)
		entries[i] = (struct pollfd){ .fd = server[i], .events = POLLIN };
	pl_expect(sys_poll(entries, TEN, 0), returns(0));
	for (int i = TEN - 1; i >= 0; i--) {
		pl_write(client[i], word_of(i).text, 5);
		pl_expect(sys_poll(entries, TEN, 5000), returns(1));
		for (int k = 0; k < TEN; k++)
			pl_expect(pl_revents(&entries[k]), is(k == i ? POLLIN : 0));
		pl_expect_text(server[i], word_of(i).text);
	}
	pl_expect(sys_poll(entries, TEN, 0), returns(0));
}

#define CYCLES 500

PL_CASE(one_after_another, .verifies = "tcp.many.sequential-open-close-cycles", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), first = -1;

	for (int i = 0; i < CYCLES; i++) {
		int client = pl_unconnected(), server;

		pl_expect(sys_connect(client, &name), returns(0));
		server = (int)pl_expect(sys_accept(listener, NULL), opens());
		pl_expect(sys_write(client, &"abcdefgh"[i % 8], 1), returns(1));
		pl_close(client);
		pl_expect_arriving(server, ((char[]){ "abcdefgh"[i % 8], '\0' }));
		pl_expect_end(server);
		pl_close(server);
		/* No number is used up either. */
		if (i == 0)
			first = client;
		pl_expect(pl_value(client, NULL, "number of client %d", i), is(first));
	}
}

#define THOUSANDS 2000
#define BATCH 100

enum { CALLED, ACCEPTED, WRITTEN, ANSWERED };

/* Batch by batch, so that the queue of the listener is never full. */
static struct pl_outcome
serve_thousands(void *listener)
{
	static struct pollfd entries[THOUSANDS];
	static int number[THOUSANDS];

	pl_need_descriptors(THOUSANDS + 16);
	for (int i = 0; i < THOUSANDS; i++) {
		char text[6] = "";

		if (i % BATCH == 0)
			pl_await(CALLED);
		entries[i].fd = (int)pl_expect(sys_accept(*(int *)listener, NULL), opens());
		entries[i].events = POLLIN;
		pl_expect(sys_recv(entries[i].fd, text, 5, MSG_WAITALL), returns(5));
		number[i] = atoi(text);
		if (i % BATCH == BATCH - 1)
			pl_reach(ACCEPTED);
	}
	/* Now all are quiet, until one speaks at a time. */
	pl_expect(sys_poll(entries, THOUSANDS, 0), returns(0));
	pl_reach(ACCEPTED);
	for (int i = 0; i < THOUSANDS; i += THOUSANDS / 8) {
		int k = 0;

		pl_await(WRITTEN);
		pl_expect(sys_poll(entries, THOUSANDS, 5000), returns(1));
		while (k < THOUSANDS && entries[k].revents == 0)
			k++;
		pl_expect(pl_value(number[k], NULL, "the number of the ready one"), is(i));
		pl_expect_text(entries[k].fd, word_of(i).text);
		pl_reach(ANSWERED);
	}
	for (int i = THOUSANDS - 1; i >= 0; i--)
		pl_expect(sys_write(entries[i].fd, word_of(number[i]).text, 5), returns(5));
	return (pl_done());
}

static struct pl_outcome
call_thousands(void *name)
{
	static int fd[THOUSANDS];

	pl_need_descriptors(THOUSANDS + 16);
	for (int i = 0; i < THOUSANDS; i++) {
		fd[i] = pl_unconnected();
		pl_expect(sys_connect(fd[i], name), returns(0));
		pl_expect(sys_write(fd[i], word_of(i).text, 5), returns(5));
		if (i % BATCH == BATCH - 1) {
			pl_reach(CALLED);
			pl_await(ACCEPTED);
		}
	}
	pl_await(ACCEPTED);
	for (int i = 0; i < THOUSANDS; i += THOUSANDS / 8) {
		pl_expect(sys_write(fd[i], word_of(i).text, 5), returns(5));
		pl_reach(WRITTEN);
		pl_await(ANSWERED);
	}
	for (int i = 0; i < THOUSANDS; i++)
		pl_expect_arriving(fd[i], word_of(i).text);
	return (pl_done());
}

PL_CASE(thousands_at_once, .verifies = "tcp.many.two-thousand-connections-at-once",
    .kinds = PL_TCP | PL_PLAIN, .slow = "it makes 2,000 connections")
{
	struct pl_address name;
	int listener = pl_listening(BATCH, &name);
	struct pl_peer *server = pl_child(serve_thousands, &listener, listener);
	struct pl_peer *clients = pl_child(call_thousands, &name, PL_KEEP_NONE);

	pl_close(listener);
	pl_must(pl_result(clients));
	pl_must(pl_result(server));
}
