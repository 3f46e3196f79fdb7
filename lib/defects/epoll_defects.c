/*
 * Kernels that get epoll(7) wrong: the interest list, the modes, and the wait.
 */

#include "defects.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* The kernel's own numbers and layout. */
enum { ADD = 1, DELETE = 2, MODIFY = 3, CLOSE_ON_EXEC = 02000000 };
#define EDGE (1u << 31)
#define ONE_SHOT (1u << 30)
#define EXCLUSIVE (1u << 28)
struct event {
	uint32_t bits;
	uint64_t data;
}
#ifdef __x86_64__
__attribute__((packed))
#endif
;

#define EVENTS(pointer) ((struct event *)(void *)(pointer))
#define KERNEL(pointer) ((struct epoll_event *)(void *)(pointer))

/* What was registered, and where. */
static struct registration {
	int queue, fd;
	struct event event;
	bool on;
} registrations[64];

static struct registration *
registered(int queue, int fd)
{
	for (size_t i = 0; i < sizeof(registrations) / sizeof(registrations[0]); i++)
		if (registrations[i].on && registrations[i].queue == queue &&
		    registrations[i].fd == fd)
			return (&registrations[i]);
	return (NULL);
}

/* epoll_ctl as it is, and remembered. */
static int
watch(int queue, int operation, int fd, struct epoll_event *event)
{
	int n = real.epoll_ctl(queue, operation, fd, event);
	struct registration *r = registered(queue, fd);

	if (n != 0)
		return (n);
	for (size_t i = 0; r == NULL && i < sizeof(registrations) / sizeof(registrations[0]); i++)
		if (!registrations[i].on)
			r = &registrations[i];
	if (r == NULL)
		return (n);
	*r = (struct registration){ .queue = queue, .fd = fd, .on = operation != DELETE };
	if (operation != DELETE)
		r->event = *EVENTS(event);
	return (n);
}

/* A wait for ever that gives up when nothing comes: an event that is lost is noticed soon. */
static int
impatient(int queue, struct epoll_event *events, int count, int timeout)
{
	return (real.epoll_wait(queue, events, count, timeout < 0 ? 500 : timeout));
}

/* epoll_ctl with other bits than were asked for. */
static int
ctl_bits(int queue, int operation, int fd, struct epoll_event *event, uint32_t add, uint32_t remove)
{
	struct event changed;

	if (operation == DELETE || event == NULL)
		return (real.epoll_ctl(queue, operation, fd, event));
	/* An address that cannot be read is for the kernel to find. */
	if (real.epoll_ctl(queue, MODIFY, -1, event) == -1 && errno == EFAULT)
		return (-1);
	changed = *EVENTS(event);
	changed.bits = (changed.bits | add) & ~remove;
	return (real.epoll_ctl(queue, operation, fd, KERNEL(&changed)));
}

/* Has the caller asked for that? */
static bool
asks(int operation, struct epoll_event *event, uint32_t bits)
{
	return (operation != DELETE && event != NULL && (EVENTS(event)->bits & bits) != 0);
}

/* The modes */

static int
level_as_edge(int queue, int operation, int fd, struct epoll_event *event)
{
	return (ctl_bits(queue, operation, fd, event, EDGE, 0));
}
DEFECT(epoll-level-is-told-once, .epoll_ctl = level_as_edge, .epoll_wait = impatient);

static int
edge_as_level(int queue, int operation, int fd, struct epoll_event *event)
{
	return (ctl_bits(queue, operation, fd, event, 0, EDGE));
}
DEFECT(epoll-edge-is-told-again, .epoll_ctl = edge_as_level);

static int
edge_once(int queue, int operation, int fd, struct epoll_event *event)
{
	bool edge = asks(operation, event, EDGE);

	return (ctl_bits(queue, operation, fd, event, edge ? ONE_SHOT : 0, 0));
}
DEFECT(epoll-edge-misses-the-second-arrival, .epoll_ctl = edge_once, .epoll_wait = impatient);

/* Throw away what is there when it is asked for. */
static int
swallowing(int queue, int operation, int fd, struct epoll_event *event, int when)
{
	int n = real.epoll_ctl(queue, operation, fd, event);
	struct event thrown[8];

	if (n == 0 && operation == when && asks(operation, event, EDGE))
		real.epoll_wait(queue, KERNEL(thrown), 8, 0);
	return (n);
}

static int
add_without_past(int queue, int operation, int fd, struct epoll_event *event)
{
	return (swallowing(queue, operation, fd, event, ADD));
}
DEFECT(epoll-edge-ignores-existing-data, .epoll_ctl = add_without_past, .epoll_wait = impatient);

static int
modify_without_past(int queue, int operation, int fd, struct epoll_event *event)
{
	return (swallowing(queue, operation, fd, event, MODIFY));
}
DEFECT(epoll-modified-edge-ignores-existing-data, .epoll_ctl = modify_without_past,
    .epoll_wait = impatient);

/* Room is no event for who waits for an edge. */
static int
edge_without_room(int queue, int operation, int fd, struct epoll_event *event)
{
	bool edge = asks(operation, event, EDGE);

	return (ctl_bits(queue, operation, fd, event, 0, edge ? POLLOUT : 0));
}
DEFECT(epoll-edge-of-room-is-missed, .epoll_ctl = edge_without_room, .epoll_wait = impatient);

static int
oneshot_removed(int queue, struct epoll_event *events, int count, int timeout)
{
	int n = impatient(queue, events, count, timeout);

	for (int i = 0; i < n; i++) {
		struct registration *r = registered(queue, (int)EVENTS(events)[i].data);

		if (r != NULL && (r->event.bits & ONE_SHOT) != 0)
			real.epoll_ctl(queue, DELETE, r->fd, NULL);
	}
	return (n);
}
DEFECT(epoll-oneshot-is-removed, .epoll_ctl = watch, .epoll_wait = oneshot_removed);

static int
oneshot_ignored(int queue, int operation, int fd, struct epoll_event *event)
{
	return (ctl_bits(queue, operation, fd, event, 0, ONE_SHOT));
}
DEFECT(epoll-oneshot-is-not-disabled, .epoll_ctl = oneshot_ignored);

static int
oneshot_as_edge(int queue, int operation, int fd, struct epoll_event *event)
{
	bool once = asks(operation, event, ONE_SHOT);

	return (ctl_bits(queue, operation, fd, event, once ? EDGE : 0, ONE_SHOT));
}
DEFECT(epoll-oneshot-is-armed-by-the-next-arrival, .epoll_ctl = oneshot_as_edge);

/* A hang-up is told of one that had its turn, too. */
static int
hangup_after_turn(int queue, struct epoll_event *events, int count, int timeout)
{
	int n = impatient(queue, events, count, timeout);

	for (size_t i = 0; n == 0 && i < sizeof(registrations) / sizeof(registrations[0]); i++) {
		struct registration *r = &registrations[i];

		if (!r->on || r->queue != queue || (r->event.bits & ONE_SHOT) == 0 ||
		    (readiness(r->fd, POLLRDHUP) & (POLLHUP | POLLRDHUP)) == 0)
			continue;
		EVENTS(events)[0] = (struct event){ POLLHUP, r->event.data };
		n = 1;
	}
	return (n);
}
DEFECT(epoll-oneshot-tells-of-a-hang-up, .epoll_ctl = watch, .epoll_wait = hangup_after_turn);

/* The interest list */

static int
add_modifies(int queue, int operation, int fd, struct epoll_event *event)
{
	int n = real.epoll_ctl(queue, operation, fd, event);

	return (n == -1 && operation == ADD && errno == EEXIST
		? real.epoll_ctl(queue, MODIFY, fd, event)
		: n);
}
DEFECT(epoll-second-add-modifies, .epoll_ctl = add_modifies);

static int
failed_add_modifies(int queue, int operation, int fd, struct epoll_event *event)
{
	int n = real.epoll_ctl(queue, operation, fd, event);

	if (n == -1 && operation == ADD && errno == EEXIST) {
		real.epoll_ctl(queue, MODIFY, fd, event);
		errno = EEXIST;
	}
	return (n);
}
DEFECT(epoll-failed-add-changes-the-first, .epoll_ctl = failed_add_modifies,
    .epoll_wait = impatient);

static int
duplicate_exists(int queue, int operation, int fd, struct epoll_event *event)
{
	struct stat st, other;

	for (size_t i = 0; i < sizeof(registrations) / sizeof(registrations[0]); i++) {
		struct registration *r = &registrations[i];

		if (operation == ADD && r->on && r->queue == queue && r->fd != fd &&
		    real.fstat(r->fd, &other) == 0 && real.fstat(fd, &st) == 0 &&
		    st.st_ino == other.st_ino && st.st_dev == other.st_dev &&
		    (is_socket(fd) || is_pipe(fd)))
			return (failure(EEXIST));
	}
	return (watch(queue, operation, fd, event));
}
DEFECT(epoll-duplicate-is-registered-already, .epoll_ctl = duplicate_exists);

static int
modify_adds(int queue, int operation, int fd, struct epoll_event *event)
{
	int n = real.epoll_ctl(queue, operation, fd, event);

	return (n == -1 && operation == MODIFY && errno == ENOENT
		? real.epoll_ctl(queue, ADD, fd, event)
		: n);
}
DEFECT(epoll-modify-adds, .epoll_ctl = modify_adds);

static int
failed_modify_adds(int queue, int operation, int fd, struct epoll_event *event)
{
	int n = real.epoll_ctl(queue, operation, fd, event);

	if (n == -1 && operation == MODIFY && errno == ENOENT) {
		real.epoll_ctl(queue, ADD, fd, event);
		errno = ENOENT;
	}
	return (n);
}
DEFECT(epoll-failed-modify-adds, .epoll_ctl = failed_modify_adds);

static int
delete_is_silent(int queue, int operation, int fd, struct epoll_event *event)
{
	int n = real.epoll_ctl(queue, operation, fd, event);

	return (n == -1 && operation == DELETE && errno == ENOENT ? 0 : n);
}
DEFECT(epoll-delete-of-nothing-succeeds, .epoll_ctl = delete_is_silent);

static int
delete_needs_event(int queue, int operation, int fd, struct epoll_event *event)
{
	return (operation == DELETE && event == NULL ? failure(EFAULT)
						     : real.epoll_ctl(queue, operation, fd, event));
}
DEFECT(epoll-delete-needs-an-event, .epoll_ctl = delete_needs_event);

/* What was taken off the list is no more told now, but when something comes. */
static int
delete_disables(int queue, int operation, int fd, struct epoll_event *event)
{
	struct event none = { .bits = POLLIN | EDGE, .data = (uint64_t)fd };

	return (operation == DELETE && registered(queue, fd) != NULL
		? real.epoll_ctl(queue, MODIFY, fd, KERNEL(&none))
		: watch(queue, operation, fd, event));
}
DEFECT(epoll-deleted-is-told-once-more, .epoll_ctl = delete_disables);

/* The number is looked at: when it is closed, whatever else there is. */
static int
close_removes(int fd)
{
	for (size_t i = 0; i < sizeof(registrations) / sizeof(registrations[0]); i++)
		if (registrations[i].on && registrations[i].fd == fd)
			real.epoll_ctl(registrations[i].queue, DELETE, fd, NULL);
	return (real.close(fd));
}
DEFECT(epoll-close-removes-the-registration, .epoll_ctl = watch, .close = close_removes,
    .epoll_wait = impatient);

static int
closed_is_told(int queue, struct epoll_event *events, int count, int timeout)
{
	int n = real.epoll_wait(queue, events, count, timeout);

	for (size_t i = 0; n == 0 && i < sizeof(registrations) / sizeof(registrations[0]); i++) {
		struct registration *r = &registrations[i];

		if (!r->on || r->queue != queue || real.fcntl(r->fd, F_GETFD, 0) != -1)
			continue;
		EVENTS(events)[0] = (struct event){ POLLIN, r->event.data };
		n = 1;
	}
	return (n);
}
DEFECT(epoll-closed-is-told, .epoll_ctl = watch, .epoll_wait = closed_is_told);

static int
number_is_told(int queue, struct epoll_event *events, int count, int timeout)
{
	int n = real.epoll_wait(queue, events, count, timeout);

	for (size_t i = 0; n == 0 && i < sizeof(registrations) / sizeof(registrations[0]); i++) {
		struct registration *r = &registrations[i];

		if (!r->on || r->queue != queue || (r->event.bits & (EDGE | ONE_SHOT)) != 0 ||
		    !is_pipe(r->fd) || (readiness(r->fd, POLLIN) & POLLIN & r->event.bits) == 0)
			continue;
		EVENTS(events)[0] = (struct event){ POLLIN, r->event.data };
		n = 1;
	}
	return (n);
}
DEFECT(epoll-looks-at-the-number, .epoll_ctl = watch, .epoll_wait = number_is_told);

/* Arguments */

static int
watches_itself(int queue, int operation, int fd, struct epoll_event *event)
{
	return (operation == ADD && fd == queue ? 0 : real.epoll_ctl(queue, operation, fd, event));
}
DEFECT(epoll-watches-itself, .epoll_ctl = watches_itself);

static int
unknown_operation(int queue, int operation, int fd, struct epoll_event *event)
{
	return (operation < ADD || operation > MODIFY
		? 0
		: real.epoll_ctl(queue, operation, fd, event));
}
DEFECT(epoll-unknown-operation-succeeds, .epoll_ctl = unknown_operation);

static int
bad_descriptor(int queue, int operation, int fd, struct epoll_event *event)
{
	int n = real.epoll_ctl(queue, operation, fd, event);

	return (n == -1 && errno == EBADF && fd != -1 ? failure(ENOENT) : n);
}
DEFECT(epoll-closed-descriptor-as-enoent, .epoll_ctl = bad_descriptor);

static int
no_room(int queue, struct epoll_event *events, int count, int timeout)
{
	return (count <= 0 ? 0 : real.epoll_wait(queue, events, count, timeout));
}
DEFECT(epoll-no-room-is-no-event, .epoll_wait = no_room);

/* An event that cannot be written is gone. */
static int
fault_loses(int queue, struct epoll_event *events, int count, int timeout)
{
	int n = impatient(queue, events, count, timeout);
	struct event lost[8];

	if (n == -1 && errno == EFAULT) {
		struct registration *r = &registrations[0];

		real.epoll_wait(queue, KERNEL(lost), 8, 0);
		real.epoll_ctl(queue, DELETE, r->fd, NULL);
		errno = EFAULT;
	}
	return (n);
}
DEFECT(epoll-fault-loses-the-event, .epoll_ctl = watch, .epoll_wait = fault_loses);

static int
any_size(int size)
{
	return (real.epoll_create(size <= 0 ? 1 : size));
}
DEFECT(epoll-create-takes-any-size, .epoll_create = any_size);

static int
any_flags(int flags)
{
	return (real.epoll_create1(flags & CLOSE_ON_EXEC));
}
DEFECT(epoll-create-takes-any-flags, .epoll_create1 = any_flags);

static int
no_flags(int flags)
{
	return (real.epoll_create1(flags & ~CLOSE_ON_EXEC));
}
DEFECT(epoll-close-on-exec-is-ignored, .epoll_create1 = no_flags);

static int
always_flags(int flags)
{
	return (real.epoll_create1(flags | CLOSE_ON_EXEC));
}
DEFECT(epoll-close-on-exec-always, .epoll_create1 = always_flags);

static int
directories_too(int queue, int operation, int fd, struct epoll_event *event)
{
	int n = real.epoll_ctl(queue, operation, fd, event);
	struct stat st;

	return (
	    n == -1 && errno == EPERM && real.fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? 0 : n);
}
DEFECT(epoll-directory-is-accepted, .epoll_ctl = directories_too);

static int
files_too(int queue, int operation, int fd, struct epoll_event *event)
{
	int n = real.epoll_ctl(queue, operation, fd, event);

	return (n == -1 && errno == EPERM ? 0 : n);
}
DEFECT(epoll-file-is-accepted, .epoll_ctl = files_too);

static int
circles_too(int queue, int operation, int fd, struct epoll_event *event)
{
	int n = real.epoll_ctl(queue, operation, fd, event);

	return (n == -1 && errno == ELOOP ? 0 : n);
}
DEFECT(epoll-circle-is-accepted, .epoll_ctl = circles_too);

/* Instances are those that were made here. */
static bool instances[DESCRIPTORS];

static int
remember_instance(int flags)
{
	int fd = real.epoll_create1(flags);

	if (fd >= 0 && fd < DESCRIPTORS)
		instances[fd] = true;
	return (fd);
}

static int
shallow(int queue, int operation, int fd, struct epoll_event *event)
{
	static int nested;

	if (operation == ADD && fd >= 0 && fd < DESCRIPTORS && instances[fd] && ++nested == 4)
		return (failure(ELOOP));
	return (real.epoll_ctl(queue, operation, fd, event));
}
DEFECT(epoll-nests-four-deep, .epoll_create1 = remember_instance, .epoll_ctl = shallow);

static int
exclusive_modified(int queue, int operation, int fd, struct epoll_event *event)
{
	return (operation == MODIFY && asks(operation, event, EXCLUSIVE)
		? 0
		: real.epoll_ctl(queue, operation, fd, event));
}
DEFECT(epoll-modify-takes-exclusive, .epoll_ctl = exclusive_modified);

static int
exclusive_once(int queue, int operation, int fd, struct epoll_event *event)
{
	bool both = asks(operation, event, EXCLUSIVE) && asks(operation, event, ONE_SHOT);

	return (both ? ctl_bits(queue, operation, fd, event, 0, EXCLUSIVE)
		     : real.epoll_ctl(queue, operation, fd, event));
}
DEFECT(epoll-exclusive-goes-with-oneshot, .epoll_ctl = exclusive_once);

static int
exclusive_nested(int queue, int operation, int fd, struct epoll_event *event)
{
	bool nested = fd >= 0 && fd < DESCRIPTORS && instances[fd];

	return (nested && asks(operation, event, EXCLUSIVE)
		? 0
		: real.epoll_ctl(queue, operation, fd, event));
}
DEFECT(epoll-exclusive-watches-an-instance, .epoll_create1 = remember_instance,
    .epoll_ctl = exclusive_nested);

/* A child's instance is its own. */
static pid_t maker;

static int
make_own(int flags)
{
	maker = getpid();
	return (real.epoll_create1(flags));
}

static int
register_own(int queue, int operation, int fd, struct epoll_event *event)
{
	return (getpid() != maker ? 0 : real.epoll_ctl(queue, operation, fd, event));
}
DEFECT(epoll-fork-copies-the-instance, .epoll_create1 = make_own, .epoll_ctl = register_own,
    .epoll_wait = impatient);

/* Events */

static int
unasked_is_dropped(int queue, struct epoll_event *events, int count, int timeout)
{
	int n = real.epoll_wait(queue, events, count, timeout), kept = 0;

	for (int i = 0; i < n; i++) {
		struct registration *r = registered(queue, (int)EVENTS(events)[i].data);

		if (r == NULL || (EVENTS(events)[i].bits & r->event.bits) != 0)
			EVENTS(events)[kept++] = EVENTS(events)[i];
	}
	return (n > 0 ? kept : n);
}
DEFECT(epoll-error-must-be-asked-for, .epoll_ctl = watch, .epoll_wait = unasked_is_dropped);

static int
rdhup_unknown(int queue, int operation, int fd, struct epoll_event *event)
{
	return (ctl_bits(queue, operation, fd, event, 0, POLLRDHUP));
}
DEFECT(epoll-half-close-is-not-told, .epoll_ctl = rdhup_unknown, .epoll_wait = impatient);

static int
rdhup_always(int queue, int operation, int fd, struct epoll_event *event)
{
	return (ctl_bits(
	    queue, operation, fd, event, asks(operation, event, POLLIN) ? POLLRDHUP : 0, 0));
}
DEFECT(epoll-half-close-is-told-unasked, .epoll_ctl = rdhup_always);

static int
half_of_data(int queue, struct epoll_event *events, int count, int timeout)
{
	int n = real.epoll_wait(queue, events, count, timeout);

	for (int i = 0; i < n; i++)
		EVENTS(events)[i].data = (uint32_t)EVENTS(events)[i].data;
	return (n);
}
DEFECT(epoll-data-lose-the-upper-half, .epoll_wait = half_of_data);

/* The lowest numbers first, always. */
static int
in_order(int queue, struct epoll_event *events, int count, int timeout)
{
	struct event all[32];
	int n = real.epoll_wait(
	    queue, count > 0 ? KERNEL(all) : events, count > 0 ? 32 : count, timeout);

	if (n <= 0 || count <= 0)
		return (n);
	for (int i = 0; i < n; i++)
		for (int j = i + 1; j < n; j++)
			if (all[j].data < all[i].data) {
				struct event other = all[i];

				all[i] = all[j];
				all[j] = other;
			}
	n = n < count ? n : count;
	memcpy(EVENTS(events), all, (size_t)n * sizeof(all[0]));
	return (n);
}
DEFECT(epoll-first-descriptor-starves-the-others, .epoll_wait = in_order);

/* The wait */

static int
half_of_time(int queue, struct epoll_event *events, int count, int timeout)
{
	return (real.epoll_wait(queue, events, count, timeout > 10 ? timeout / 2 : timeout));
}
DEFECT(epoll-wait-is-too-short, .epoll_wait = half_of_time);

static int
signal_as_timeout(int queue, struct epoll_event *events, int count, int timeout)
{
	int n = real.epoll_wait(queue, events, count, timeout);

	return (n == -1 && errno == EINTR ? 0 : n);
}
DEFECT(epoll-signal-ends-as-a-timeout, .epoll_wait = signal_as_timeout);

/* Only a handler interrupts. */
static bool handles;

static int
handling(int signal, const struct sigaction *action, struct sigaction *before)
{
	handles |= signal == SIGUSR1;
	return (real.sigaction(signal, action, before));
}

static int
goes_on(int queue, struct epoll_event *events, int count, int timeout)
{
	int n = impatient(queue, events, count, timeout);

	return (
	    n == -1 && errno == EINTR && !handles ? impatient(queue, events, count, timeout) : n);
}
DEFECT(epoll-goes-on-after-a-stop, .sigaction = handling, .epoll_wait = goes_on);

/* Who waits knows the list as it was when he began. */
static volatile int waiting;

static int
count_waiting(int queue, struct epoll_event *events, int count, int timeout)
{
	int n;

	waiting += timeout < 0;
	n = impatient(queue, events, count, timeout);
	waiting -= timeout < 0;
	return (n);
}

static int
not_while_waiting(int queue, int operation, int fd, struct epoll_event *event)
{
	return (waiting > 0 && operation == ADD ? 0 : real.epoll_ctl(queue, operation, fd, event));
}
DEFECT(epoll-added-descriptor-does-not-wake, .epoll_ctl = not_while_waiting,
    .epoll_wait = count_waiting);

/* An instance to poll */

static int
never_readable(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	for (nfds_t i = 0; n > 0 && i < count; i++)
		if (fds[i].fd >= 0 && fds[i].fd < DESCRIPTORS && instances[fds[i].fd] &&
		    fds[i].revents != 0) {
			fds[i].revents = 0;
			n--;
		}
	return (n);
}
DEFECT(epoll-instance-is-never-readable, .epoll_create1 = remember_instance,
    .poll = never_readable);

static int
always_writable(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	for (nfds_t i = 0; n >= 0 && i < count; i++)
		if (fds[i].fd >= 0 && fds[i].fd < DESCRIPTORS && instances[fds[i].fd] &&
		    (fds[i].events & POLLOUT) != 0) {
			n += fds[i].revents == 0;
			fds[i].revents |= POLLOUT;
		}
	return (n);
}
DEFECT(epoll-instance-is-writable, .epoll_create1 = remember_instance, .poll = always_writable);
