#include "os.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/capability.h>
#include <linux/errqueue.h>
#include <linux/fs.h>
#include <linux/kcov.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct pl_os_constants pl_os = {
	.name = "Linux",
	.profile = PL_PROFILE_LINUX,
	.o_clofork = PL_ABSENT,
	.fd_clofork = PL_ABSENT,
	.f_dupfd_clofork = PL_ABSENT,
	.f_dup2fd = PL_ABSENT,
	.f_dup2fd_cloexec = PL_ABSENT,
	.o_direct = O_DIRECT,
	.o_path = O_PATH,
	.f_getpipe_sz = F_GETPIPE_SZ,
	.f_setpipe_sz = F_SETPIPE_SZ,
	.fionwrite = PL_ABSENT,
	.fionspace = PL_ABSENT,
	.fiosetown = 0x8901, /* asm-generic/sockios.h, which clashes with sys/ioctl.h */
	.fiogetown = 0x8903,
	.so_nosigpipe = PL_ABSENT,
	.so_peek_off = SO_PEEK_OFF,
	.so_listenqlimit = PL_ABSENT,
	.so_listenqlen = PL_ABSENT,
	.so_listenincqlen = PL_ABSENT,
	.so_acceptfilter = PL_ABSENT,
	.so_prototype = PL_ABSENT,
	.so_user_cookie = PL_ABSENT,
	.so_setfib = PL_ABSENT,
	.so_rerror = PL_ABSENT,
	.so_splice = PL_ABSENT,
	.so_bintime = PL_ABSENT,
	.so_ts_clock = PL_ABSENT,
	.ts_bintime = PL_ABSENT,
	.ts_realtime = PL_ABSENT,
	.ts_monotonic = PL_ABSENT,
	.scm_bintime = PL_ABSENT,
	.scm_realtime = PL_ABSENT,
	.scm_monotonic = PL_ABSENT,
	.so_timestampns = SO_TIMESTAMPNS,
	.scm_timestampns = SCM_TIMESTAMPNS,
	.sock_clofork = PL_ABSENT,
	.msg_cmsg_clofork = PL_ABSENT,
	.so_reuseport_lb = PL_ABSENT,
	.ip_portrange = PL_ABSENT,
	.ip_bindany = PL_ABSENT,
	.ip_freebind = IP_FREEBIND,
	.ip_bind_address_no_port = IP_BIND_ADDRESS_NO_PORT,
	.ip_dontfrag = PL_ABSENT,
	.ip_ttl_item = IP_TTL,
	.ip_tos_item = IP_TOS,
	.ip_recvdstaddr = PL_ABSENT,
	.ip_sendsrcaddr = PL_ABSENT,
	.ip_recvif = PL_ABSENT,
	.ip_onesbcast = PL_ABSENT,
	.ip_pktinfo = IP_PKTINFO,
	.ip_multicast_all = IP_MULTICAST_ALL,
	.ip_transparent = IP_TRANSPARENT,
	.udp_cork = UDP_CORK,
	.msg_eof = PL_ABSENT,
	.msg_nbio = PL_ABSENT,
	.msg_fastopen = MSG_FASTOPEN,
	.ip_recverr = IP_RECVERR,
	.msg_errqueue = MSG_ERRQUEUE,
	.msg_more = MSG_MORE,
	.udplite_send_cscov = 10, /* UDPLITE_SEND_CSCOV of the kernel's net/udplite.h */
	.udplite_recv_cscov = 11,
	.tcp_defer_accept = TCP_DEFER_ACCEPT,
	.tcp_cork = TCP_CORK,
	.tcp_syncnt = TCP_SYNCNT,
	.tcp_linger2 = TCP_LINGER2,
	.tcp_quickack = TCP_QUICKACK,
	.tcp_user_timeout = TCP_USER_TIMEOUT,
	.tcp_nopush = PL_ABSENT,
	.tcp_noopt = PL_ABSENT,
	.tcp_keepinit = PL_ABSENT,
	.tcp_maxunacktime = PL_ABSENT,
	.tcp_function_blk = PL_ABSENT,
	.tcp_remote_udp_encaps_port = PL_ABSENT,
	.siocoutqnsd = 0x894b, /* of linux/sockios.h, which clashes with sys/ioctl.h */
	.siocoutq = TIOCOUTQ,  /* SIOCOUTQ of linux/sockios.h */
	.close_range_clofork = PL_ABSENT,
#ifdef CLOSE_RANGE_UNSHARE
	.close_range_unshare = CLOSE_RANGE_UNSHARE,
#else
	.close_range_unshare = PL_ABSENT,
#endif
	.kqueue_cloexec = PL_ABSENT,
	.kqueue_cponfork = PL_ABSENT,
	.ev_keepudata = PL_ABSENT,
	.loopback = "lo",
	.so_passcred = SO_PASSCRED,
	.sol_local = PL_ABSENT,
	.local_creds = PL_ABSENT,
	.local_connwait = PL_ABSENT,
	.local_creds_persistent = PL_ABSENT,
	.has_abstract_names = true,
	.silence_is_of_networks = false,
	.private_network_is_cheap = true,
};

const int pl_os_enotcapable = PL_ABSENT, pl_os_ecapmode = PL_ABSENT;

long
pl_os_thread_id(void)
{
	return (syscall(SYS_gettid));
}

/* One line of a file of /proc; its length, or -1. */
static ssize_t
read_line(const char *path, char *line, size_t size)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return (-1);
	n = syscall(SYS_read, fd, line, size - 1);
	syscall(SYS_close, fd);
	if (n >= 0)
		line[n] = '\0';
	return (n);
}

int
pl_os_thread_count(void)
{
	struct stat st;

	/* proc(5): the directory has two links, and one for each thread. */
	if (stat("/proc/self/task", &st) != 0 || st.st_nlink < 3)
		return (-1);
	return ((int)st.st_nlink - 2);
}

/* The system calls that serve each library call, on one architecture or another. */
static const struct {
	const char *call;
	long number;
} numbers[] = {
#ifdef SYS_open
	{ "open", SYS_open },
#endif
	{ "open", SYS_openat },
#ifdef SYS_poll
	{ "poll", SYS_poll },
#endif
	{ "poll", SYS_ppoll },
	{ "poll", SYS_restart_syscall }, /* it was stopped, and went on */
	{ "ppoll", SYS_ppoll },
#ifdef SYS_select
	{ "select", SYS_select },
#endif
	{ "select", SYS_pselect6 },
	{ "pselect", SYS_pselect6 },
#ifdef SYS_epoll_wait
	{ "epoll_wait", SYS_epoll_wait },
#endif
	{ "epoll_wait", SYS_epoll_pwait },
	{ "read", SYS_read },
	{ "readv", SYS_readv },
	{ "write", SYS_write },
	{ "writev", SYS_writev },
	{ "recv", SYS_recvfrom },
	{ "recvfrom", SYS_recvfrom },
	{ "recvmsg", SYS_recvmsg },
	{ "recvmmsg", SYS_recvmmsg },
	{ "send", SYS_sendto },
	{ "sendto", SYS_sendto },
	{ "sendmsg", SYS_sendmsg },
#ifdef SYS_accept
	{ "accept", SYS_accept },
#endif
	{ "accept", SYS_accept4 },
	{ "accept4", SYS_accept4 },
	{ "connect", SYS_connect },
	{ "close", SYS_close },
	{ "shutdown", SYS_shutdown },
	{ "flock", SYS_flock },
	{ "fcntl", SYS_fcntl },
};

enum pl_os_sleep
pl_os_asleep(pid_t pid, long thread, const char *call, int fd)
{
	char path[64], line[512];
	const char *state;
	unsigned long first;
	long number;
	bool takes_fd = strcmp(call, "poll") != 0 && strcmp(call, "ppoll") != 0;

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/stat", (long)pid, thread);
	if (read_line(path, line, sizeof(line)) <= 0)
		return (PL_OS_AWAKE); /* it just ended */
	state = strrchr(line, ')');
	if (state == NULL || state[1] == '\0' || state[2] != 'S')
		return (PL_OS_AWAKE);
	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/syscall", (long)pid, thread);
	if (read_line(path, line, sizeof(line)) <= 0)
		return (errno == ESRCH || errno == ENOENT ? PL_OS_AWAKE : PL_OS_UNKNOWN);
	if (sscanf(line, "%ld %lx", &number, &first) != 2)
		return (PL_OS_AWAKE); /* "running" */
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].number == number && strcmp(numbers[i].call, call) == 0)
			return (
			    fd == -1 || !takes_fd || (int)first == fd ? PL_OS_ASLEEP : PL_OS_AWAKE);
	return (PL_OS_AWAKE);
}

int
pl_os_adopt_orphans(void)
{
	return (prctl(PR_SET_CHILD_SUBREAPER, 1));
}

int
pl_os_kill_children(void)
{
	char path[64], line[4096];
	int killed = 0;

	/* Mostly there is none.  Killing a child may hand us its own: until none is left. */
	for (;;) {
		const char *next = line;
		int used;
		pid_t child = waitpid(-1, NULL, WNOHANG);

		if (child == -1)
			return (killed);
		if (child > 0) {
			killed++;
			continue;
		}
		snprintf(path, sizeof(path), "/proc/self/task/%ld/children", pl_os_thread_id());
		if (read_line(path, line, sizeof(line)) > 0)
			for (; sscanf(next, "%d%n", &child, &used) == 1; next += used)
				kill(child, SIGKILL);
		if ((child = waitpid(-1, NULL, 0)) == -1)
			return (killed);
		killed++;
	}
}

int
pl_os_drop_privileges(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		return (-1);
	return (prctl(PR_SET_DUMPABLE, 1));
}

int
pl_os_mount_memory(const char *directory, unsigned files)
{
	char options[64];

	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return (-1);
	snprintf(options, sizeof(options), "size=1m,mode=0777,nr_inodes=%u", files);
	return (mount("plumbline", directory, "tmpfs", 0, options));
}

int
pl_os_mount_read_only(const char *directory)
{
	return (mount(NULL, directory, NULL, MS_REMOUNT | MS_RDONLY, NULL));
}

int
pl_os_unmount(const char *directory)
{
	return (umount2(directory, MNT_DETACH));
}

int
pl_os_file_system_type(int fd, long *type)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return (-1);
	*type = (long)fs.f_type;
	return (0);
}

/* Write text to a file of /proc/self; 0 or -1. */
static int
write_self(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return (-1);
	n = write(fd, text, strlen(text));
	close(fd);
	return (n == (ssize_t)strlen(text) ? 0 : -1);
}

int
pl_os_private_network(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[32];
	int fd, result;

	if (unshare(CLONE_NEWNET) != 0) {
		/* An ordinary user may own a network inside a user namespace. */
		if (errno != EPERM || unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
			return (-1);
		snprintf(map, sizeof(map), "%ju %ju 1", (uintmax_t)uid, (uintmax_t)uid);
		if (write_self("/proc/self/uid_map", map) != 0 ||
		    write_self("/proc/self/setgroups", "deny") != 0)
			return (-1);
		snprintf(map, sizeof(map), "%ju %ju 1", (uintmax_t)gid, (uintmax_t)gid);
		if (write_self("/proc/self/gid_map", map) != 0)
			return (-1);
	}
	if ((fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return (-1);
	result = ioctl(fd, SIOCSIFFLAGS, &loopback);
	close(fd);
	return (result);
}

/* All of 127/8 is. */
int
pl_os_add_broadcast_network(uint32_t *host, uint32_t *everybody)
{
	*host = INADDR_LOOPBACK;
	*everybody = 0x7fffffff;
	return (0);
}

/* Create a network interface of that kind, which is its name as well.  0, or -1 with errno. */
static int
create_interface(const char *kind)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg interface;
		char attributes[128];
	} request = { .header.nlmsg_type = RTM_NEWLINK,
		.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK };
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[256];
	} answer;
	size_t length = strlen(kind) + 1;
	struct rtattr *name = (struct rtattr *)(void *)request.attributes;
	struct rtattr *info = (struct rtattr *)(void *)(request.attributes + RTA_SPACE(length));
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t n;

	if (fd == -1)
		return (-1);
	*name = (struct rtattr){ RTA_LENGTH(length), IFLA_IFNAME };
	memcpy(RTA_DATA(name), kind, length);
	*info = (struct rtattr){ RTA_LENGTH(RTA_SPACE(length)), IFLA_LINKINFO };
	name = RTA_DATA(info);
	*name = (struct rtattr){ RTA_LENGTH(length), IFLA_INFO_KIND };
	memcpy(RTA_DATA(name), kind, length);
	request.header.nlmsg_len =
	    NLMSG_LENGTH(sizeof(request.interface)) + RTA_SPACE(length) + info->rta_len;
	n = send(fd, &request, request.header.nlmsg_len, 0);
	if (n != -1)
		n = recv(fd, &answer, sizeof(answer), 0);
	close(fd);
	if (n == -1)
		return (-1);
	errno = -answer.error.error;
	return (errno == 0 ? 0 : -1);
}

/* Loopback has no routes for multicasts; any interface that asks no neighbours serves. */
unsigned
pl_os_multicast6_interface(void)
{
	static const char *const kinds[] = { "dummy", "ifb" };
	struct sockaddr_in6 all_nodes = { .sin6_family = AF_INET6,
		.sin6_port = htons(9),
		.sin6_addr.s6_addr = { 0xff, 2, [15] = 1 } };
	struct ifreq up = { .ifr_flags = IFF_UP };
	int fd, result = -1;

	for (size_t i = 0; i < 2 && result != 0; i++) {
		result = create_interface(kinds[i]);
		strcpy(up.ifr_name, kinds[i]);
	}
	if (result != 0 || (fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return (0);
	result = ioctl(fd, SIOCSIFFLAGS, &up);
	all_nodes.sin6_scope_id = if_nametoindex(up.ifr_name);
	/* It gets an address of its own a little later. */
	for (int i = 0; i < 5000 && result == 0; i++) {
		if (connect(fd, (struct sockaddr *)&all_nodes, sizeof(all_nodes)) == 0)
			break;
		poll(NULL, 0, 1);
	}
	close(fd);
	return (result == 0 ? all_nodes.sin6_scope_id : 0);
}

#define PORT_RANGE "/proc/sys/net/ipv4/ip_local_port_range"

/* All of them are. */
int
pl_os_add_loopback_host(uint32_t host)
{
	(void)host;
	return (0);
}

int
pl_os_port_range(long *first, long *last)
{
	char line[64];

	if (read_line(PORT_RANGE, line, sizeof(line)) <= 0)
		return (-1);
	return (sscanf(line, "%ld %ld", first, last) == 2 ? 0 : -1);
}

int
pl_os_set_port_range(long first, long last)
{
	FILE *f = fopen(PORT_RANGE, "w");

	if (f == NULL)
		return (-1);
	fprintf(f, "%ld %ld\n", first, last);
	return (fclose(f));
}

int
pl_os_read_error_report(const void *data, size_t size, struct pl_error_report *report)
{
	struct sock_extended_err e;

	if (size < sizeof(e))
		return (-1);
	memcpy(&e, data, sizeof(e));
	report->error = (int)e.ee_errno;
	report->type = e.ee_type;
	report->code = e.ee_code;
	report->by_icmp = e.ee_origin == SO_EE_ORIGIN_ICMP;
	return (0);
}

/* Whoever finds the queue of a listener full gets no answer; one caller fills the smallest. */
int
pl_os_silence(int fd)
{
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);
	struct pollfd queue = { .fd = fd, .events = POLLIN };
	int caller, result;

	if (listen(fd, 0) != 0 || getsockname(fd, (struct sockaddr *)&name, &size) != 0 ||
	    (caller = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return (-1);
	if ((result = connect(caller, (struct sockaddr *)&name, size)) == 0)
		result = poll(&queue, 1, -1) == 1 ? 0 : -1;
	close(caller);
	return (result);
}

/* It listens no more, and keeps its name. */
int
pl_os_refuse(int fd)
{
	return (shutdown(fd, SHUT_RD));
}

long
pl_os_first_user_port(void)
{
	long port;

	if (pl_os_sysctl_get("/proc/sys/net/ipv4/ip_unprivileged_port_start", &port) != 0)
		return (-1);
	return (port);
}

/* tcp_get_info(): of a listener tcpi_unacked is the length of its queue. */
int
pl_os_clients_waiting(int listener)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	if (getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &size) == -1)
		return (-1);
	return ((int)info.tcpi_unacked);
}

int
pl_os_tcp_state(int number)
{
	static const struct {
		int number, state;
	} states[] = {
		{ TCP_CLOSE, PL_TCP_CLOSED },
		{ TCP_LISTEN, PL_TCP_LISTEN },
		{ TCP_SYN_SENT, PL_TCP_SYN_SENT },
		{ TCP_SYN_RECV, PL_TCP_SYN_RECEIVED },
		{ TCP_ESTABLISHED, PL_TCP_ESTABLISHED },
		{ TCP_FIN_WAIT1, PL_TCP_FIN_WAIT_1 },
		{ TCP_FIN_WAIT2, PL_TCP_FIN_WAIT_2 },
		{ TCP_CLOSE_WAIT, PL_TCP_CLOSE_WAIT },
		{ TCP_CLOSING, PL_TCP_CLOSING },
		{ TCP_LAST_ACK, PL_TCP_LAST_ACK },
		{ TCP_TIME_WAIT, PL_TCP_TIME_WAIT },
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (states[i].number == number)
			return (states[i].state);
	return (PL_ABSENT);
}

size_t
pl_os_ifreq_size(const void *ifreq)
{
	(void)ifreq;
	return (sizeof(struct ifreq));
}

int
pl_os_bindat(int directory, int fd, const void *address, size_t length)
{
	(void)directory, (void)fd, (void)address, (void)length;
	errno = ENOSYS;
	return (-1);
}

int
pl_os_connectat(int directory, int fd, const void *address, size_t length)
{
	return (pl_os_bindat(directory, fd, address, length));
}

int
pl_os_sa_len(const void *address)
{
	(void)address;
	return (-1);
}

int
pl_os_set_sa_len(void *address, unsigned length)
{
	(void)address, (void)length;
	return (-1);
}

int
pl_os_set_immutable(const char *directory, bool on)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int flags, result, error;

	if (fd == -1)
		return (-1);
	result = ioctl(fd, FS_IOC_GETFLAGS, &flags);
	if (result == 0) {
		flags = on ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
		result = ioctl(fd, FS_IOC_SETFLAGS, &flags);
	}
	error = errno;
	close(fd);
	errno = error;
	return (result);
}

int
pl_os_sysctl_get(const char *name, long *value)
{
	char line[64], *end;

	if (read_line(name, line, sizeof(line)) <= 0)
		return (-1);
	*value = strtol(line, &end, 10);
	return (end == line ? -1 : 0);
}

int
pl_os_sysctl_text(const char *name, char *text, size_t size)
{
	if (read_line(name, text, size) <= 0)
		return (-1);
	text[strcspn(text, "\n")] = '\0';
	return (0);
}

int
pl_os_sysctl_set(const char *name, long value)
{
	FILE *f = fopen(name, "r+"); /* which creates none */

	if (f == NULL)
		return (-1);
	fprintf(f, "%ld\n", value);
	return (fclose(f));
}

static bool
has_capabilities(unsigned wanted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return (syscall(SYS_capget, &header, sets) == 0 && (sets[0].effective & wanted) == wanted);
}

bool
pl_os_may_exceed_limits(void)
{
	return (has_capabilities(1U << CAP_SYS_RESOURCE));
}

bool
pl_os_may_forge_credentials(void)
{
	return (has_capabilities(1U << CAP_SYS_ADMIN | 1U << CAP_SETUID | 1U << CAP_SETGID));
}

long
pl_os_cmsg_align(size_t size)
{
	return ((long)CMSG_ALIGN(size));
}

int
pl_os_credentials_type(enum pl_credentials_form form)
{
	return (form == PL_CREDENTIALS_VERSIONED ? PL_ABSENT : SCM_CREDENTIALS);
}

int
pl_os_credentials_size(enum pl_credentials_form form)
{
	return (form == PL_CREDENTIALS_VERSIONED ? PL_ABSENT : (int)sizeof(struct ucred));
}

void
pl_os_write_credentials(enum pl_credentials_form form, const struct pl_credentials *c, void *data)
{
	struct ucred u = { .pid = (pid_t)c->pid, .uid = (uid_t)c->uid, .gid = (gid_t)c->gid };

	(void)form;
	memcpy(data, &u, sizeof(u));
}

int
pl_os_read_credentials(
    enum pl_credentials_form form, const void *data, size_t size, struct pl_credentials *c)
{
	struct ucred u;

	if (form == PL_CREDENTIALS_VERSIONED || size != sizeof(u))
		return (-1);
	memcpy(&u, data, sizeof(u));
	*c = (struct pl_credentials){
		.version = PL_ABSENT,
		.pid = u.pid,
		.uid = u.uid,
		.euid = PL_ABSENT,
		.gid = u.gid,
		.egid = PL_ABSENT,
	};
	return (0);
}

int
pl_os_peer_credentials(int fd, struct pl_credentials *c)
{
	struct ucred u;
	socklen_t size = sizeof(u);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &size) != 0)
		return (-1);
	return (pl_os_read_credentials(PL_CREDENTIALS_RECEIVED, &u, size, c));
}

int
pl_os_set_peer_credentials(int fd, const struct pl_credentials *c)
{
	struct ucred u;

	pl_os_write_credentials(PL_CREDENTIALS_RECEIVED, c, &u);
	return (setsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, sizeof(u)));
}

int
pl_os_program_path(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);

	if (n == -1)
		return (-1);
	path[n] = '\0';
	return (0);
}

static int
absent(void)
{
	errno = ENOSYS;
	return (-1);
}

int
pl_os_getpeereid(int fd, uid_t *uid, gid_t *gid)
{
	(void)fd, (void)uid, (void)gid;
	return (absent());
}

int
pl_os_limit_pipe_buffers(size_t bytes)
{
	(void)bytes;
	return (absent());
}

int
pl_os_limit_socket_buffers(size_t bytes)
{
	(void)bytes;
	return (absent());
}

int
pl_os_event_queue_says(int fd, bool writing)
{
	const uint32_t wanted = writing ? EPOLLOUT : EPOLLIN;
	struct epoll_event event = { .events = wanted };
	int queue = epoll_create1(EPOLL_CLOEXEC), n = -1, error;

	if (queue == -1)
		return (-1);
	if (epoll_ctl(queue, EPOLL_CTL_ADD, fd, &event) == 0)
		n = epoll_wait(queue, &event, 1, 0);
	error = errno;
	close(queue);
	errno = error;
	return (n == 1 ? (event.events & (wanted | EPOLLHUP | EPOLLERR)) != 0 : n);
}

_Static_assert(sizeof(struct pl_epoll_event) == sizeof(struct epoll_event) &&
	offsetof(struct pl_epoll_event, data) == offsetof(struct epoll_event, data),
    "the kernel's layout");
_Static_assert((int)PL_EPOLL_ADD == EPOLL_CTL_ADD && (int)PL_EPOLL_DEL == EPOLL_CTL_DEL &&
	(int)PL_EPOLL_MOD == EPOLL_CTL_MOD && PL_EPOLL_CLOEXEC == EPOLL_CLOEXEC &&
	PL_EPOLL_ET == (uint32_t)EPOLLET && PL_EPOLL_ONESHOT == (uint32_t)EPOLLONESHOT &&
	PL_EPOLL_EXCLUSIVE == (uint32_t)EPOLLEXCLUSIVE && POLLRDHUP == EPOLLRDHUP,
    "the kernel's numbers");

int
pl_os_epoll_create(int size)
{
	return (epoll_create(size));
}

int
pl_os_epoll_create1(int flags)
{
	return (epoll_create1(flags));
}

int
pl_os_epoll_ctl(int queue, int operation, int fd, struct pl_epoll_event *event)
{
	return (epoll_ctl(queue, operation, fd, (struct epoll_event *)event));
}

int
pl_os_epoll_wait(int queue, struct pl_epoll_event *events, int count, int timeout_ms)
{
	return (epoll_wait(queue, (struct epoll_event *)events, count, timeout_ms));
}

int
pl_os_kqueue(void)
{
	return (absent());
}

int
pl_os_kevent(int kq, const struct pl_event *changes, int change_count, struct pl_event *events,
    int event_count, const struct timespec *timeout)
{
	(void)kq, (void)changes, (void)change_count, (void)events, (void)event_count, (void)timeout;
	return (absent());
}

int
pl_os_kevent_in_memory(int kq, const void *change, void *event)
{
	(void)kq, (void)change, (void)event;
	return (absent());
}

int
pl_os_kqueuex(unsigned flags)
{
	(void)flags;
	return (absent());
}

int
pl_os_kqueue1(int flags)
{
	(void)flags;
	return (absent());
}

int
pl_os_limit_rights(int fd, unsigned rights)
{
	(void)fd, (void)rights;
	return (absent());
}

int
pl_os_enter_capability_mode(void)
{
	return (absent());
}

int
pl_os_is_pipe(int fd)
{
	(void)fd;
	return (absent());
}

int
pl_os_sendfile(int out, int in, off_t offset, size_t count, const struct iovec *before,
    const struct iovec *after, off_t *sent)
{
	ssize_t n;

	*sent = 0;
	if (before != NULL || after != NULL)
		return (absent());
	n = sendfile(out, in, &offset, count);
	if (n > 0)
		*sent = n;
	return ((int)n);
}

long
pl_os_sendfile_on(int out, int in, off_t *offset, size_t count)
{
	return (sendfile(out, in, offset, count));
}

int
pl_os_kcov_open(size_t entries, uint64_t **buffer)
{
	int fd, error;

	if ((fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC)) < 0)
		return (-1);
	if (ioctl(fd, KCOV_INIT_TRACE, (unsigned long)entries) == 0) {
		*buffer = mmap(
		    NULL, entries * sizeof(**buffer), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (*buffer != MAP_FAILED)
			return (fd);
	}
	error = errno;
	close(fd);
	errno = error;
	return (-1);
}

int
pl_os_kcov_switch(int fd, bool on)
{
	return (on ? ioctl(fd, KCOV_ENABLE, (unsigned long)KCOV_TRACE_PC)
		   : ioctl(fd, KCOV_DISABLE, 0UL));
}

/* Names as numbers: headers are older than kernels, and leave out some. */
static const struct {
	int level, first, last;
} outward[] = {
	{ SOL_SOCKET, 25, 26 },        /* SO_BINDTODEVICE, SO_ATTACH_FILTER */
	{ SOL_SOCKET, 50, 52 },        /* SO_ATTACH_BPF, SO_ATTACH_REUSEPORT_CBPF, _EBPF */
	{ SOL_SOCKET, 62, 62 },        /* SO_BINDTOIFINDEX */
	{ SOL_SOCKET, 77, 255 },       /* SO_PEERPIDFD makes a descriptor; not given out */
	{ IPPROTO_IP, 16, 17 },        /* IP_IPSEC_POLICY, IP_XFRM_POLICY */
	{ IPPROTO_IP, 64, INT_MAX },   /* packet filters, multicast routing, IPVS */
	{ IPPROTO_IPV6, 1, 1 },        /* IPV6_ADDRFORM makes an IPv4 socket of it */
	{ IPPROTO_IPV6, 34, 35 },      /* IPV6_IPSEC_POLICY, IPV6_XFRM_POLICY */
	{ IPPROTO_IPV6, 64, 65 },      /* packet filters */
	{ IPPROTO_IPV6, 68, 69 },      /* the same */
	{ IPPROTO_IPV6, 81, INT_MAX }, /* not given out, multicast routing */
	{ IPPROTO_TCP, 13, 14 },       /* TCP_CONGESTION loads modules, TCP_MD5SIG */
	{ IPPROTO_TCP, 19, 22 },       /* TCP_REPAIR and its companions */
	{ IPPROTO_TCP, 29, 29 },       /* TCP_REPAIR_WINDOW */
	{ IPPROTO_TCP, 31, 31 },       /* TCP_ULP loads modules */
	{ IPPROTO_TCP, 35, 35 },       /* TCP_ZEROCOPY_RECEIVE writes to any address */
	{ IPPROTO_TCP, 38, 255 },      /* TCP_AO_*, not given out */
	{ IPPROTO_UDP, 100, 100 },     /* UDP_ENCAP */
};

bool
pl_os_option_is_private(int level, int name)
{
	for (size_t i = 0; i < sizeof(outward) / sizeof(outward[0]); i++)
		if (outward[i].level == level && name >= outward[i].first &&
		    name <= outward[i].last)
			return (false);
	return (true);
}
