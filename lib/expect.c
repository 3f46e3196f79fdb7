#include "expect.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "case.h"
#include "payload.h"
#include "sequence/names.h"
#include "sequence/print.h"
#include "signals.h"
#include "socket.h"
#include "state.h"
#include "trace.h"

/* Constructors of allowed outcomes */

struct pl_allowed
returns_between(long low, long high)
{
	return ((struct pl_allowed){ .form = PL_FORM_VALUE, .low = low, .high = high });
}

struct pl_allowed
returns(long value)
{
	return (returns_between(value, value));
}

struct pl_allowed
is(long value)
{
	return (returns(value));
}

struct pl_allowed
opens(void)
{
	return (returns_between(0, INT_MAX));
}

struct pl_allowed
fails(int error)
{
	return ((struct pl_allowed){ .form = PL_FORM_ERROR, .number = error });
}

struct pl_allowed
fails_with_sigpipe(int error)
{
	return ((struct pl_allowed){ .form = PL_FORM_ERROR, .number = error, .sigpipes = 1 });
}

struct pl_allowed
returns_with_sigpipe(long low, long high)
{
	return (
	    (struct pl_allowed){ .form = PL_FORM_VALUE, .low = low, .high = high, .sigpipes = 1 });
}

struct pl_allowed
killed_by(int signal)
{
	return ((struct pl_allowed){ .form = PL_FORM_KILLED, .number = signal, .sigpipes = -1 });
}

struct pl_allowed
on(unsigned profiles, struct pl_allowed allowed)
{
	allowed.profiles = profiles;
	return (allowed);
}

bool
pl_asks(unsigned profiles)
{
	return ((profiles & (1u << pl_profile())) != 0);
}

static bool
counts(const struct pl_allowed *a)
{
	return (a->profiles == 0 || pl_asks(a->profiles));
}

/* Which requirement is judged */

static int
claim_of(const char *id)
{
	for (int i = 0; i < pl_state->claim_count; i++)
		if (strcmp(pl_state->claims[i].requirement->id, id) == 0)
			return (i);
	pl_broken("the case judges %s, which it does not say it verifies", id);
}

void
pl_requirement(const char *id)
{
	pl_me->claim = claim_of(id);
}

static struct pl_claim *
judged_claim(void)
{
	if (pl_me->claim < 0)
		pl_broken(
		    "an expectation without pl_requirement() in a case that verifies several");
	return (&pl_state->claims[pl_me->claim]);
}

/* Words for what is expected and observed */

static void
append(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list ap;

	va_start(ap, format);
	vsnprintf(text + used, size - used, format, ap);
	va_end(ap);
}

static void
say_allowed(char *text, size_t size, const struct pl_allowed *a, const struct pl_names *names)
{
	char name[128], other[128];

	switch (a->form) {
	case PL_FORM_VALUE:
		if (a->low == 0 && a->high == INT_MAX)
			append(text, size, "a descriptor");
		else if (a->low == a->high)
			append(text, size, "%s", pl_name(name, sizeof(name), names, a->low));
		else
			append(text, size, "%s to %s", pl_name(name, sizeof(name), names, a->low),
			    pl_name(other, sizeof(other), names, a->high));
		break;
	case PL_FORM_ERROR:
		append(text, size, "%s", pl_name(name, sizeof(name), &pl_names_errno, a->number));
		break;
	case PL_FORM_KILLED:
		append(text, size, "killed by %s",
		    pl_name(name, sizeof(name), &pl_names_signal, a->number));
		break;
	case PL_FORM_END:
		break;
	}
	if (a->sigpipes == 1)
		append(text, size, " raises SIGPIPE");
}

static void
say_set(char *text, size_t size, const struct pl_allowed *set, const struct pl_names *names)
{
	bool first = true;

	text[0] = '\0';
	for (; set->form != PL_FORM_END; set++)
		if (counts(set)) {
			append(text, size, "%s", first ? "" : ", or ");
			say_allowed(text, size, set, names);
			first = false;
		}
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return (slash != NULL ? slash + 1 : path);
}

static void
note_where(const char *file, int line)
{
	snprintf(pl_me->where, sizeof(pl_me->where), "%.50s:%d", base_name(file), line);
	atomic_store(&pl_me->judging, 1);
}

void
pl_expecting(const char *file, int line, const struct pl_allowed *set)
{
	judged_claim();
	say_set(pl_me->expected, sizeof(pl_me->expected), set, NULL);
	note_where(file, line);
}

void
pl_expecting_text(const char *file, int line, const char *expected)
{
	judged_claim();
	snprintf(pl_me->expected, sizeof(pl_me->expected), "%s", expected);
	note_where(file, line);
}

/* Judging */

/* The expectation held. */
static void
conform(struct pl_claim *c)
{
	int unreached = PL_UNREACHED;

	atomic_compare_exchange_strong(&c->word, &unreached, PL_CONFORMS);
	atomic_store(&pl_me->judging, 0);
}

void
pl_deviate(struct pl_actor *a, const char *observed)
{
	struct pl_claim *c = &pl_state->claims[a->claim];
	char reason[PL_TEXT];

	if (!c->applies)
		pl_broken("%s: an outcome is judged that the profile says nothing about",
		    c->requirement->id);
	snprintf(reason, sizeof(reason), "%s: expected %.300s; observed %.400s", c->requirement->id,
	    a->expected, observed);
	if (c->deviation == NULL) {
		atomic_store(&c->word, PL_DEVIATES);
		pl_print_deviation(c, a, observed, false);
		pl_end(PL_DEVIATED, reason);
	}
	if (atomic_exchange(&c->word, PL_KNOWN) != PL_KNOWN) {
		pl_print_deviation(c, a, observed, true);
		if (pl_state->known[0] == '\0')
			snprintf(pl_state->known, sizeof(pl_state->known), "%.760s (known: %.200s)",
			    reason, c->deviation->citation);
	}
	atomic_store(&a->judging, 0);
}

static bool
allows(const struct pl_allowed *a, const struct pl_outcome *o)
{
	if (a->sigpipes != -1 && a->sigpipes != o->sigpipes)
		return (false);
	switch (a->form) {
	case PL_FORM_VALUE:
		return (
		    o->killed == 0 && o->error == 0 && a->low <= o->value && o->value <= a->high);
	case PL_FORM_ERROR:
		return (o->killed == 0 && o->error == a->number);
	case PL_FORM_KILLED:
		return (o->killed == a->number);
	case PL_FORM_END:
		break;
	}
	return (false);
}

long
pl_judge(struct pl_outcome o, const struct pl_allowed *set)
{
	struct pl_claim *c = judged_claim();
	char text[PL_LINE + 256];
	bool speaks = false;

	for (const struct pl_allowed *a = set; a->form != PL_FORM_END; a++) {
		if (!counts(a))
			continue;
		speaks = true;
		if (allows(a, &o)) {
			conform(c);
			return (o.value);
		}
	}
	if (!speaks) {
		/* The profile leaves it open, and its column of the table must say so. */
		if (c->applies)
			pl_broken("%s: no outcome given for profile %s, but its table has one",
			    c->requirement->id, pl_profile_name(pl_profile()));
		atomic_store(&pl_me->judging, 0);
		return (o.value);
	}
	if (!c->applies) {
		atomic_store(&pl_me->judging, 0);
		return (o.value);
	}
	say_set(pl_me->expected, sizeof(pl_me->expected), set, o.names);
	pl_deviate(pl_me, pl_print_call(text, sizeof(text), &o));
	return (o.value);
}

void
pl_judge_that(bool condition, const char *format, ...)
{
	struct pl_claim *c = judged_claim();
	char observed[PL_TEXT];
	va_list ap;

	if (condition || !c->applies) {
		conform(c);
		return;
	}
	va_start(ap, format);
	vsnprintf(observed, sizeof(observed), format, ap);
	va_end(ap);
	pl_deviate(pl_me, observed);
}

void
pl_judge_bytes(const void *observed, const void *wanted, size_t size)
{
	const unsigned char *o = observed, *w = wanted;
	size_t i = 0;

	while (i < size && o[i] == w[i])
		i++;
	pl_judge_that(i == size, "byte %zu of %zu is 0x%02x and should be 0x%02x", i, size,
	    i < size ? o[i] : 0, i < size ? w[i] : 0);
}

void
pl_judge_text(const char *file, int line, int fd, const char *text)
{
	size_t size = strlen(text);
	const struct pl_allowed set[] = { returns((long)size), { .form = PL_FORM_END } };
	char bytes[64];

	if (size >= sizeof(bytes))
		pl_broken("%s:%d: a text of %zu bytes is too long", base_name(file), line, size);
	pl_expecting(file, line, set);
	if (pl_judge(sys_read(fd, bytes, sizeof(bytes)), set) != (long)size)
		return;
	pl_expecting_text(file, line, "the same bytes");
	pl_judge_bytes(bytes, text, size);
}

void
pl_judge_arrival(const char *file, int line, int fd)
{
	const struct pl_allowed set[] = { returns(1), { .form = PL_FORM_END } };
	struct pollfd entry = { .fd = fd, .events = POLLIN };

	pl_expecting(file, line, set);
	pl_judge(sys_poll(&entry, 1, 5000), set);
}

static void
judge_passage(const char *file, int line, int from, int to, const char *text)
{
	const long size = (long)strlen(text);
	const struct pl_allowed set[] = { returns(size), { .form = PL_FORM_END } };

	pl_expecting(file, line, set);
	pl_judge(sys_write(from, text, (size_t)size), set);
	pl_judge_arrival(file, line, to);
	pl_judge_text(file, line, to, text);
}

void
pl_judge_talk(const char *file, int line, int a, int b)
{
	judge_passage(file, line, a, b, "to");
	judge_passage(file, line, b, a, "fro");
}

void
pl_judge_address(
    const char *file, int line, const struct pl_address *observed, const struct pl_address *wanted)
{
	char got[128], want[128];

	pl_expecting_text(
	    file, line, pl_address_text(want, sizeof(want), &wanted->any, wanted->length));
	pl_judge_that(pl_address_equal(observed, wanted) && observed->length == wanted->length,
	    "%s", pl_address_text(got, sizeof(got), &observed->any, observed->length));
}

void
pl_judge_arriving(const char *file, int line, int fd, const char *text)
{
	pl_judge_arrival(file, line, fd);
	pl_judge_text(file, line, fd, text);
}

void
pl_judge_nothing(const char *file, int line, int fd)
{
	const struct pl_allowed set[] = { fails(EAGAIN), { .form = PL_FORM_END } };
	char bytes[64];

	pl_expecting(file, line, set);
	pl_judge(sys_recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT), set);
}

void
pl_judge_end(const char *file, int line, int fd)
{
	const struct pl_allowed set[] = { returns(0), { .form = PL_FORM_END } };
	char bytes[64];
	struct stat st;

	pl_judge_arrival(file, line, fd);
	pl_expecting(file, line, set);
	if (fstat(fd, &st) == 0 && !S_ISSOCK(st.st_mode))
		pl_judge(sys_read(fd, bytes, sizeof(bytes)), set);
	else
		pl_judge(sys_recv(fd, bytes, sizeof(bytes), 0), set);
}

void
pl_judge_queued(const char *file, int line, int fd, int size)
{
	pl_set_option(fd, SOL_SOCKET, SO_RCVLOWAT, size);
	pl_judge_arrival(file, line, fd);
	pl_set_option(fd, SOL_SOCKET, SO_RCVLOWAT, 1);
}

void
pl_judge_disconnection(const char *file, int line, int fd)
{
	const double limit = pl_milliseconds() + 5000;
	struct sockaddr_storage name;
	socklen_t length;
	int result;

	pl_expecting_text(file, line, "the connection ends");
	/* No event tells it when the end of file has come before. */
	do {
		length = sizeof(name);
		result = getpeername(fd, (struct sockaddr *)&name, &length);
		if (result == 0)
			poll(NULL, 0, 1);
	} while (result == 0 && pl_milliseconds() < limit);
	pl_note("%s is %s", pl_slot(fd), result == 0 ? "still connected" : "disconnected");
	pl_judge_that(result == -1, "%s is still connected", pl_slot(fd));
}

void
pl_judge_signal(const char *file, int line, int signal)
{
	char name[32];
	const double limit = pl_milliseconds() + 5000;
	const struct timespec slice = { .tv_nsec = 2000000 };
	sigset_t others, blocked;

	pl_name(name, sizeof(name), &pl_names_signal, signal);
	pl_expecting_text(file, line, name);
	/*
	 * Blocked but for the wait, so that it cannot come between the look and the
	 * wait.  Another thread may get it, so the wait is one of many.
	 */
	sigemptyset(&blocked);
	sigaddset(&blocked, signal);
	pthread_sigmask(SIG_BLOCK, &blocked, &others);
	while (pl_caught(signal) == 0 && pl_milliseconds() < limit)
		ppoll(NULL, 0, &slice, &others);
	pthread_sigmask(SIG_SETMASK, &others, NULL);
	pl_judge_that(pl_caught(signal) > 0, "no %s", name);
}

void
pl_judge_payload(const void *bytes, size_t size, unsigned stream, uint64_t offset)
{
	size_t at = pl_payload_mismatch(bytes, size, stream, offset);
	const char *from = (const char *)bytes + at;
	uint64_t found_offset;
	unsigned found;

	if (at < size &&
	    pl_payload_locate(from, size - at, 8, offset + size + (1 << 20), &found, &found_offset))
		pl_judge_that(false, "byte %ju of stream %u was sent as byte %ju of stream %u",
		    (uintmax_t)(offset + at), stream, (uintmax_t)found_offset, found);
	else
		pl_judge_that(at == size, "byte %ju of stream %u is 0x%02x, never sent there",
		    (uintmax_t)(offset + at), stream,
		    at < size ? (unsigned)*(const unsigned char *)from : 0);
}

long
pl_must_(const char *file, int line, struct pl_outcome o)
{
	char text[PL_LINE + 256];

	if (o.error == 0 && o.killed == 0)
		return (o.value);
	pl_print_call(text, sizeof(text), &o);
	if (file == NULL)
		pl_broken("a set-up call failed: %s", text);
	pl_broken("%s:%d: a set-up call failed: %s", base_name(file), line, text);
}

struct pl_outcome
pl_value(long value, const struct pl_names *names, const char *format, ...)
{
	struct pl_outcome o = { .value = value, .names = names };
	va_list ap;

	va_start(ap, format);
	vsnprintf(o.call, sizeof(o.call), format, ap);
	va_end(ap);
	return (o);
}
