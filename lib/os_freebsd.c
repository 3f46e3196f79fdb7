#include "os.h"

#include <sys/capsicum.h>
#include <sys/event.h>
#include <sys/filio.h>
#include <sys/ioccom.h>
#include <sys/ioctl.h>
#include <sys/jail.h>
#include <sys/kcov.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/param.h>
#include <sys/procctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <sys/thr.h>
#include <sys/time.h>
#include <sys/ucred.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/tcp_fsm.h>
#include <netinet/udplite.h>

#include <errno.h>
#include <fcntl.h>
#include <jail.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const struct pl_os_constants pl_os = {
	.name = "FreeBSD",
	.profile = PL_PROFILE_FREEBSD,
#ifdef O_CLOFORK
	.o_clofork = O_CLOFORK,
	.fd_clofork = FD_CLOFORK,
	.f_dupfd_clofork = F_DUPFD_CLOFORK,
#else
	.o_clofork = PL_ABSENT,
	.fd_clofork = PL_ABSENT,
	.f_dupfd_clofork = PL_ABSENT,
#endif
	.f_dup2fd = F_DUP2FD,
	.f_dup2fd_cloexec = F_DUP2FD_CLOEXEC,
	.o_direct = O_DIRECT,
	.o_path = O_PATH,
	.f_getpipe_sz = PL_ABSENT,
	.f_setpipe_sz = PL_ABSENT,
	.fionwrite = FIONWRITE,
	.fionspace = FIONSPACE,
	.fiosetown = FIOSETOWN,
	.fiogetown = FIOGETOWN,
	.so_nosigpipe = SO_NOSIGPIPE,
	.so_peek_off = PL_ABSENT,
	.so_listenqlimit = SO_LISTENQLIMIT,
	.so_listenqlen = SO_LISTENQLEN,
	.so_listenincqlen = SO_LISTENINCQLEN,
	.so_acceptfilter = SO_ACCEPTFILTER,
	.so_prototype = SO_PROTOTYPE,
	.so_user_cookie = SO_USER_COOKIE,
	.so_setfib = SO_SETFIB,
	.so_rerror = SO_RERROR,
#ifdef SO_SPLICE
	.so_splice = SO_SPLICE,
#else
	.so_splice = PL_ABSENT,
#endif
	.so_bintime = SO_BINTIME,
	.so_ts_clock = SO_TS_CLOCK,
	.ts_bintime = SO_TS_BINTIME,
	.ts_realtime = SO_TS_REALTIME,
	.ts_monotonic = SO_TS_MONOTONIC,
	.scm_bintime = SCM_BINTIME,
	.scm_realtime = SCM_REALTIME,
	.scm_monotonic = SCM_MONOTONIC,
	.so_timestampns = PL_ABSENT,
	.scm_timestampns = PL_ABSENT,
#ifdef MSG_CMSG_CLOFORK
	.msg_cmsg_clofork = MSG_CMSG_CLOFORK,
#else
	.msg_cmsg_clofork = PL_ABSENT,
#endif
#ifdef SOCK_CLOFORK
	.sock_clofork = SOCK_CLOFORK,
#else
	.sock_clofork = PL_ABSENT,
#endif
	.so_reuseport_lb = SO_REUSEPORT_LB,
	.ip_portrange = IP_PORTRANGE,
	.ip_bindany = IP_BINDANY,
	.ip_freebind = PL_ABSENT,
	.ip_bind_address_no_port = PL_ABSENT,
	.ip_dontfrag = IP_DONTFRAG,
	.ip_ttl_item = IP_RECVTTL,
	.ip_tos_item = IP_RECVTOS,
	.ip_recvdstaddr = IP_RECVDSTADDR,
	.ip_sendsrcaddr = IP_SENDSRCADDR,
	.ip_recvif = IP_RECVIF,
	.ip_onesbcast = IP_ONESBCAST,
	.ip_pktinfo = PL_ABSENT,
	.ip_multicast_all = PL_ABSENT,
	.ip_transparent = PL_ABSENT,
	.udp_cork = PL_ABSENT,
	.msg_eof = MSG_EOF,
	.msg_nbio = MSG_NBIO,
	.msg_fastopen = PL_ABSENT,
	.ip_recverr = PL_ABSENT,
	.msg_errqueue = PL_ABSENT,
	.msg_more = PL_ABSENT,
	.udplite_send_cscov = UDPLITE_SEND_CSCOV,
	.udplite_recv_cscov = UDPLITE_RECV_CSCOV,
	.tcp_defer_accept = PL_ABSENT,
	.tcp_cork = PL_ABSENT,
	.tcp_syncnt = PL_ABSENT,
	.tcp_linger2 = PL_ABSENT,
	.tcp_quickack = PL_ABSENT,
	.tcp_user_timeout = PL_ABSENT,
	.tcp_nopush = TCP_NOPUSH,
	.tcp_noopt = TCP_NOOPT,
	.tcp_keepinit = TCP_KEEPINIT,
#ifdef TCP_MAXUNACKTIME
	.tcp_maxunacktime = TCP_MAXUNACKTIME,
#else
	.tcp_maxunacktime = PL_ABSENT,
#endif
	.tcp_function_blk = TCP_FUNCTION_BLK,
	.tcp_remote_udp_encaps_port = TCP_REMOTE_UDP_ENCAPS_PORT,
	.siocoutqnsd = PL_ABSENT,
	.siocoutq = PL_ABSENT,
#ifdef CLOSE_RANGE_CLOFORK
	.close_range_clofork = CLOSE_RANGE_CLOFORK,
#else
	.close_range_clofork = PL_ABSENT,
#endif
	.close_range_unshare = PL_ABSENT,
#ifdef KQUEUE_CLOEXEC
	.kqueue_cloexec = KQUEUE_CLOEXEC,
#else
	.kqueue_cloexec = PL_ABSENT,
#endif
#ifdef KQUEUE_CPONFORK
	.kqueue_cponfork = KQUEUE_CPONFORK,
#else
	.kqueue_cponfork = PL_ABSENT,
#endif
#ifdef EV_KEEPUDATA
	.ev_keepudata = EV_KEEPUDATA,
#else
	.ev_keepudata = PL_ABSENT,
#endif
	.loopback = "lo0",
	.so_passcred = PL_ABSENT,
	.sol_local = SOL_LOCAL,
	.local_creds = LOCAL_CREDS,
#ifdef LOCAL_CONNWAIT
	.local_connwait = LOCAL_CONNWAIT,
#else
	.local_connwait = PL_ABSENT,
#endif
	.local_creds_persistent = LOCAL_CREDS_PERSISTENT,
	.has_abstract_names = false,
	.silence_is_of_networks = true,
	.private_network_is_cheap = false,
};

const int pl_os_enotcapable = ENOTCAPABLE, pl_os_ecapmode = ECAPMODE;

long
pl_os_thread_id(void)
{
	long id;

	thr_self(&id);
	return (id);
}

/* The kernel's entries for all threads of a process; NULL, or to be freed. */
static struct kinfo_proc *
threads_of(pid_t pid, size_t *count)
{
	int name[] = { CTL_KERN, KERN_PROC, KERN_PROC_PID | KERN_PROC_INC_THREAD, (int)pid };
	struct kinfo_proc *entries;
	size_t size = 0;

	if (sysctl(name, nitems(name), NULL, &size, NULL, 0) != 0)
		return (NULL);
	size += 16 * sizeof(*entries);
	if ((entries = malloc(size)) == NULL)
		return (NULL);
	if (sysctl(name, nitems(name), entries, &size, NULL, 0) != 0) {
		free(entries);
		return (NULL);
	}
	*count = size / sizeof(*entries);
	return (entries);
}

int
pl_os_thread_count(void)
{
	size_t count;
	struct kinfo_proc *entries = threads_of(getpid(), &count);

	if (entries == NULL)
		return (-1);
	free(entries);
	return ((int)count);
}

/*
 * What the kernel calls the sleep in each library call: sys_pipe.c (piperd,
 * pipewr, pipbww, pipdww, pipdwt, pipdwc), fifo_vnops.c (fifoor, fifoow), sys_generic.c
 * (select), kern_event.c (kqread), kern_lockf.c (lockf), uipc_sockbuf.c (sbwait),
 * uipc_syscalls.c (accept, connec), uipc_socket.c (soclos).
 */
static const struct {
	const char *call, *sleep;
} sleeps[] = {
	{ "read", "piperd" },
	{ "readv", "piperd" },
	{ "write", "pipdw" },
	{ "write", "pipbww" },
	{ "write", "pipewr" },
	{ "writev", "pipdw" },
	{ "writev", "pipbww" },
	{ "writev", "pipewr" },
	{ "open", "fifoo" },
	{ "kevent", "kqread" },
	{ "poll", "select" },
	{ "ppoll", "select" },
	{ "select", "select" },
	{ "pselect", "select" },
	{ "read", "sbwait" },
	{ "readv", "sbwait" },
	{ "write", "sbwait" },
	{ "writev", "sbwait" },
	{ "recv", "sbwait" },
	{ "recvfrom", "sbwait" },
	{ "recvmsg", "sbwait" },
	{ "recvmmsg", "sbwait" },
	{ "send", "sbwait" },
	{ "sendto", "sbwait" },
	{ "sendmsg", "sbwait" },
	{ "accept", "accept" },
	{ "accept4", "accept" },
	{ "connect", "connec" },
	{ "close", "soclos" },
	{ "flock", "lockf" },
	{ "fcntl", "lockf" },
};

enum pl_os_sleep
pl_os_asleep(pid_t pid, long thread, const char *call, int fd)
{
	enum pl_os_sleep answer = PL_OS_AWAKE;
	size_t count;
	struct kinfo_proc *entries = threads_of(pid, &count);

	(void)fd; /* the kernel does not tell which */
	if (entries == NULL)
		return (errno == ESRCH ? PL_OS_AWAKE : PL_OS_UNKNOWN);
	for (size_t i = 0; i < count; i++) {
		if (entries[i].ki_tid != thread || entries[i].ki_stat != SSLEEP)
			continue;
		for (size_t j = 0; j < nitems(sleeps); j++)
			if (strcmp(sleeps[j].call, call) == 0 &&
			    strncmp(
				sleeps[j].sleep, entries[i].ki_wmesg, strlen(sleeps[j].sleep)) == 0)
				answer = PL_OS_ASLEEP;
	}
	free(entries);
	return (answer);
}

int
pl_os_adopt_orphans(void)
{
	return (procctl(P_PID, getpid(), PROC_REAP_ACQUIRE, NULL));
}

int
pl_os_kill_children(void)
{
	struct procctl_reaper_kill kill_all = { .rk_sig = SIGKILL };
	int killed = 0;

	for (;;) {
		procctl(P_PID, getpid(), PROC_REAP_KILL, &kill_all);
		if (waitpid(-1, NULL, 0) == -1)
			return (killed);
		killed++;
	}
}

int
pl_os_drop_privileges(uid_t uid, gid_t gid)
{
	if (setgroups(1, &gid) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		return (-1);
	return (0);
}

/* nmount(2) with name and value pairs that end with NULL. */
static int
mount_with(const char *const *words, int flags)
{
	struct iovec v[16];
	unsigned n = 0;

	for (; words[n] != NULL && n < nitems(v); n++) {
		v[n].iov_base = (void *)(uintptr_t)words[n];
		v[n].iov_len = strlen(words[n]) + 1;
	}
	return (nmount(v, n, flags));
}

int
pl_os_mount_memory(const char *directory, unsigned files)
{
	char path[PATH_MAX], inodes[16];
	const char *words[] = { "fstype", "tmpfs", "fspath", path, "size", "1048576", "mode",
		"0777", "inodes", inodes, NULL };

	if (realpath(directory, path) == NULL)
		return (-1);
	snprintf(inodes, sizeof(inodes), "%u", files == 0 ? 64 : files);
	return (mount_with(words, 0));
}

int
pl_os_mount_read_only(const char *directory)
{
	char path[PATH_MAX];
	const char *words[] = { "fstype", "tmpfs", "fspath", path, NULL };

	if (realpath(directory, path) == NULL)
		return (-1);
	return (mount_with(words, MNT_UPDATE | MNT_RDONLY));
}

int
pl_os_unmount(const char *directory)
{
	return (unmount(directory, MNT_FORCE));
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

/* A jail with a network stack of its own, which this process enters. */
int
pl_os_add_loopback_host(uint32_t host)
{
	struct ifaliasreq alias = { .ifra_name = "lo0" };
	struct sockaddr_in *address = (struct sockaddr_in *)&alias.ifra_addr;
	struct sockaddr_in *mask = (struct sockaddr_in *)&alias.ifra_mask;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result;

	if (fd == -1)
		return (-1);
	address->sin_len = mask->sin_len = sizeof(*address);
	address->sin_family = mask->sin_family = AF_INET;
	address->sin_addr.s_addr = htonl(host);
	mask->sin_addr.s_addr = htonl(host == INADDR_LOOPBACK ? 0xff000000 : 0xffffffff);
	result = ioctl(fd, SIOCAIFADDR, &alias);
	close(fd);
	return (result);
}

int
pl_os_private_network(void)
{
	int id = jail_setv(JAIL_CREATE | JAIL_ATTACH, "path", "/", "vnet", "new", "children.max",
	    "0", "host.hostname", "plumbline", NULL);
	struct ifreq loopback = { .ifr_name = "lo0", .ifr_flags = IFF_UP };
	int fd, result;

	if (id == -1)
		return (-1);
	if ((fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return (-1);
	result = pl_os_add_loopback_host(INADDR_LOOPBACK);
	if (result == 0)
		result = ioctl(fd, SIOCSIFFLAGS, &loopback);
	close(fd);
	return (result);
}

/*
 * One end of an Ethernet cable, the other hanging loose: its broadcasts are heard
 * here alone, and once.  It takes the module if_epair.
 */
int
pl_os_add_broadcast_network(uint32_t *host, uint32_t *everybody)
{
	struct ifreq end = { .ifr_name = "epair" };
	struct ifaliasreq alias = { 0 };
	struct sockaddr_in *address = (struct sockaddr_in *)&alias.ifra_addr;
	struct sockaddr_in *broadcast = (struct sockaddr_in *)&alias.ifra_broadaddr;
	struct sockaddr_in *mask = (struct sockaddr_in *)&alias.ifra_mask;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result;

	if (fd == -1)
		return (-1);
	*host = 0xc0000201; /* 192.0.2.1 of TEST-NET-1 */
	*everybody = 0xc00002ff;
	address->sin_len = broadcast->sin_len = mask->sin_len = sizeof(*address);
	address->sin_family = broadcast->sin_family = mask->sin_family = AF_INET;
	address->sin_addr.s_addr = htonl(*host);
	broadcast->sin_addr.s_addr = htonl(*everybody);
	mask->sin_addr.s_addr = htonl(0xffffff00);
	result = ioctl(fd, SIOCIFCREATE2, &end);
	if (result == 0) {
		memcpy(alias.ifra_name, end.ifr_name, sizeof(alias.ifra_name));
		result = ioctl(fd, SIOCAIFADDR, &alias);
	}
	if (result == 0) {
		end.ifr_flags = IFF_UP;
		end.ifr_flagshigh = 0;
		result = ioctl(fd, SIOCSIFFLAGS, &end);
	}
	close(fd);
	return (result);
}

/* Loopback does. */
unsigned
pl_os_multicast6_interface(void)
{
	return (if_nametoindex("lo0"));
}

int
pl_os_port_range(long *first, long *last)
{
	if (pl_os_sysctl_get("net.inet.ip.portrange.first", first) != 0)
		return (-1);
	return (pl_os_sysctl_get("net.inet.ip.portrange.last", last));
}

int
pl_os_set_port_range(long first, long last)
{
	if (pl_os_sysctl_set("net.inet.ip.portrange.first", first) != 0)
		return (-1);
	return (pl_os_sysctl_set("net.inet.ip.portrange.last", last));
}

int
pl_os_read_error_report(const void *data, size_t size, struct pl_error_report *report)
{
	(void)data;
	(void)size;
	(void)report;
	return (-1);
}

/* Before FreeBSD 14 the one variable does not spare local callers. */
int
pl_os_silence(int fd)
{
	long value;

	(void)fd;
	if (pl_os_sysctl_get("net.inet.tcp.blackhole_local", &value) == 0 &&
	    pl_os_sysctl_set("net.inet.tcp.blackhole_local", 1) != 0)
		return (-1);
	return (pl_os_sysctl_set("net.inet.tcp.blackhole", 2));
}

int
pl_os_refuse(int fd)
{
	(void)fd;
	return (pl_os_sysctl_set("net.inet.tcp.blackhole", 0));
}

long
pl_os_first_user_port(void)
{
	long port;

	if (pl_os_sysctl_get("net.inet.ip.portrange.reservedhigh", &port) != 0)
		return (-1);
	return (port + 1);
}

int
pl_os_clients_waiting(int listener)
{
	int waiting;
	socklen_t size = sizeof(waiting);

	if (getsockopt(listener, SOL_SOCKET, SO_LISTENQLEN, &waiting, &size) == -1)
		return (-1);
	return (waiting);
}

int
pl_os_tcp_state(int number)
{
	static const struct {
		int number, state;
	} states[] = {
		{ TCPS_CLOSED, PL_TCP_CLOSED },
		{ TCPS_LISTEN, PL_TCP_LISTEN },
		{ TCPS_SYN_SENT, PL_TCP_SYN_SENT },
		{ TCPS_SYN_RECEIVED, PL_TCP_SYN_RECEIVED },
		{ TCPS_ESTABLISHED, PL_TCP_ESTABLISHED },
		{ TCPS_FIN_WAIT_1, PL_TCP_FIN_WAIT_1 },
		{ TCPS_FIN_WAIT_2, PL_TCP_FIN_WAIT_2 },
		{ TCPS_CLOSE_WAIT, PL_TCP_CLOSE_WAIT },
		{ TCPS_CLOSING, PL_TCP_CLOSING },
		{ TCPS_LAST_ACK, PL_TCP_LAST_ACK },
		{ TCPS_TIME_WAIT, PL_TCP_TIME_WAIT },
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (states[i].number == number)
			return (states[i].state);
	return (PL_ABSENT);
}

size_t
pl_os_ifreq_size(const void *ifreq)
{
	const struct ifreq *r = ifreq;
	size_t address = r->ifr_addr.sa_len;

	if (address < sizeof(r->ifr_ifru))
		address = sizeof(r->ifr_ifru);
	return (sizeof(r->ifr_name) + address);
}

int
pl_os_bindat(int directory, int fd, const void *address, size_t length)
{
	return (bindat(directory, fd, address, (socklen_t)length));
}

int
pl_os_connectat(int directory, int fd, const void *address, size_t length)
{
	return (connectat(directory, fd, address, (socklen_t)length));
}

int
pl_os_sa_len(const void *address)
{
	const struct sockaddr *sa = address;

	return (sa->sa_len);
}

int
pl_os_set_sa_len(void *address, unsigned length)
{
	struct sockaddr *sa = address;

	sa->sa_len = (unsigned char)length;
	return (0);
}

int
pl_os_set_immutable(const char *directory, bool on)
{
	return (chflags(directory, on ? UF_IMMUTABLE : 0));
}

int
pl_os_sysctl_get(const char *name, long *value)
{
	union {
		int i;
		long l;
	} u = { .l = 0 };
	size_t size = sizeof(u);

	if (sysctlbyname(name, &u, &size, NULL, 0) != 0)
		return (-1);
	*value = size == sizeof(int) ? u.i : u.l;
	return (0);
}

int
pl_os_sysctl_text(const char *name, char *text, size_t size)
{
	return (sysctlbyname(name, text, &size, NULL, 0));
}

int
pl_os_sysctl_set(const char *name, long value)
{
	size_t size = 0;
	int i = (int)value;

	if (sysctlbyname(name, NULL, &size, NULL, 0) != 0)
		return (-1);
	return (sysctlbyname(
	    name, NULL, NULL, size == sizeof(int) ? (void *)&i : (void *)&value, size));
}

bool
pl_os_may_exceed_limits(void)
{
	return (geteuid() == 0);
}

bool
pl_os_may_forge_credentials(void)
{
	return (false);
}

long
pl_os_cmsg_align(size_t size)
{
	(void)size;
	return (PL_ABSENT);
}

int
pl_os_credentials_type(enum pl_credentials_form form)
{
	return (form == PL_CREDENTIALS_VERSIONED ? SCM_CREDS2 : SCM_CREDS);
}

int
pl_os_credentials_size(enum pl_credentials_form form)
{
	switch (form) {
	case PL_CREDENTIALS_EXPLICIT:
		return ((int)sizeof(struct cmsgcred));
	case PL_CREDENTIALS_RECEIVED:
		return ((int)SOCKCREDSIZE(CMGROUP_MAX));
	default:
		return ((int)SOCKCRED2SIZE(CMGROUP_MAX));
	}
}

/* Only an explicit item is ever written. */
void
pl_os_write_credentials(enum pl_credentials_form form, const struct pl_credentials *c, void *data)
{
	struct cmsgcred m = { .cmcred_pid = (pid_t)c->pid,
		.cmcred_uid = (uid_t)c->uid,
		.cmcred_euid = (uid_t)c->euid,
		.cmcred_gid = (gid_t)c->gid,
		.cmcred_ngroups = (short)c->group_count };

	(void)form;
	for (int i = 0; i < c->group_count && i < CMGROUP_MAX; i++)
		m.cmcred_groups[i] = c->groups[i];
	memcpy(data, &m, sizeof(m));
}

static int
read_cmsgcred(const void *data, size_t size, struct pl_credentials *c)
{
	struct cmsgcred m;

	if (size != sizeof(m))
		return (-1);
	memcpy(&m, data, sizeof(m));
	if (m.cmcred_ngroups < 0 || m.cmcred_ngroups > CMGROUP_MAX)
		return (-1);
	*c = (struct pl_credentials){
		.version = PL_ABSENT,
		.pid = m.cmcred_pid,
		.uid = m.cmcred_uid,
		.euid = m.cmcred_euid,
		.gid = m.cmcred_gid,
		.egid = PL_ABSENT,
		.group_count = m.cmcred_ngroups,
	};
	memcpy(c->groups, m.cmcred_groups, sizeof(c->groups));
	return (0);
}

/* The two forms of sockcred differ in two members before the others, which are the same. */
static int
read_sockcred(bool versioned, const char *data, size_t size, struct pl_credentials *c)
{
	const size_t before =
	    offsetof(struct sockcred2, sc_uid) - offsetof(struct sockcred, sc_uid);
	struct {
		struct sockcred s;
		gid_t more[CMGROUP_MAX];
	} received;
	int head[2] = { PL_ABSENT, PL_ABSENT };
	gid_t *groups = (gid_t *)((char *)&received + offsetof(struct sockcred, sc_groups));

	if (versioned) {
		if (size < before)
			return (-1);
		memcpy(head, data, sizeof(head));
		data += before;
		size -= before;
	}
	if (size < SOCKCREDSIZE(0) || size > sizeof(received))
		return (-1);
	memset(&received, 0, sizeof(received));
	memcpy(&received, data, size);
	if (received.s.sc_ngroups < 0 || received.s.sc_ngroups > CMGROUP_MAX ||
	    size != SOCKCREDSIZE((size_t)received.s.sc_ngroups))
		return (-1);
	*c = (struct pl_credentials){
		.version = head[0],
		.pid = head[1],
		.uid = received.s.sc_uid,
		.euid = received.s.sc_euid,
		.gid = received.s.sc_gid,
		.egid = received.s.sc_egid,
		.group_count = received.s.sc_ngroups,
	};
	memcpy(c->groups, groups, sizeof(c->groups));
	return (0);
}

int
pl_os_read_credentials(
    enum pl_credentials_form form, const void *data, size_t size, struct pl_credentials *c)
{
	if (form == PL_CREDENTIALS_EXPLICIT)
		return (read_cmsgcred(data, size, c));
	return (read_sockcred(form == PL_CREDENTIALS_VERSIONED, data, size, c));
}

int
pl_os_peer_credentials(int fd, struct pl_credentials *c)
{
	struct xucred x;
	socklen_t size = sizeof(x);

	if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERCRED, &x, &size) != 0)
		return (-1);
	if (size != sizeof(x) || x.cr_ngroups < 1 || x.cr_ngroups > PL_GROUPS) {
		errno = EINVAL;
		return (-1);
	}
	*c = (struct pl_credentials){
		.version = x.cr_version,
		.pid = x.cr_pid,
		.uid = PL_ABSENT,
		.euid = x.cr_uid,
		.gid = PL_ABSENT,
		.egid = x.cr_groups[0],
		.group_count = x.cr_ngroups,
	};
	memcpy(c->groups, x.cr_groups, sizeof(c->groups));
	return (0);
}

int
pl_os_set_peer_credentials(int fd, const struct pl_credentials *c)
{
	struct xucred x = { .cr_version = XUCRED_VERSION, .cr_uid = (uid_t)c->euid };

	return (setsockopt(fd, SOL_LOCAL, LOCAL_PEERCRED, &x, sizeof(x)));
}

int
pl_os_getpeereid(int fd, uid_t *uid, gid_t *gid)
{
	return (getpeereid(fd, uid, gid));
}

int
pl_os_program_path(char *path, size_t size)
{
	int name[] = { CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1 };

	return (sysctl(name, 4, path, &size, NULL, 0));
}

int
pl_os_limit_pipe_buffers(size_t bytes)
{
#ifdef RLIMIT_PIPEBUF
	struct rlimit limit = { .rlim_cur = (rlim_t)bytes, .rlim_max = (rlim_t)bytes };

	return (setrlimit(RLIMIT_PIPEBUF, &limit));
#else
	(void)bytes;
	errno = ENOSYS;
	return (-1);
#endif
}

int
pl_os_limit_socket_buffers(size_t bytes)
{
	struct rlimit limit = { .rlim_cur = (rlim_t)bytes, .rlim_max = (rlim_t)bytes };

	return (setrlimit(RLIMIT_SBSIZE, &limit));
}

int
pl_os_kqueue(void)
{
	return (kqueue());
}

static const short filters[] = { [PL_FILTER_READ] = EVFILT_READ,
	[PL_FILTER_WRITE] = EVFILT_WRITE,
	[PL_FILTER_VNODE] = EVFILT_VNODE,
	[PL_FILTER_EMPTY] = EVFILT_EMPTY,
	[PL_FILTER_UNKNOWN] = 1 }; /* those of the system are negative */

static const struct {
	unsigned ours;
	unsigned short theirs;
} event_flags[] = {
	{ PL_EV_ADD, EV_ADD },
	{ PL_EV_DELETE, EV_DELETE },
	{ PL_EV_CLEAR, EV_CLEAR },
	{ PL_EV_ONESHOT, EV_ONESHOT },
	{ PL_EV_EOF, EV_EOF },
	{ PL_EV_ENABLE, EV_ENABLE },
	{ PL_EV_DISABLE, EV_DISABLE },
	{ PL_EV_DISPATCH, EV_DISPATCH },
	{ PL_EV_RECEIPT, EV_RECEIPT },
	{ PL_EV_ERROR, EV_ERROR },
#ifdef EV_KEEPUDATA
	{ PL_EV_KEEPUDATA, EV_KEEPUDATA },
#endif
};

static struct kevent
kernel_change(const struct pl_event *change)
{
	struct kevent k;
	unsigned short flags = 0;
	unsigned notes = 0;

	for (size_t i = 0; i < nitems(event_flags); i++)
		if (change->flags & event_flags[i].ours)
			flags |= event_flags[i].theirs;
	if (change->notes & PL_NOTE_DELETE)
		notes |= NOTE_DELETE;
	if (change->notes & PL_NOTE_LOWAT)
		notes |= NOTE_LOWAT;
	EV_SET(&k, change->fd, filters[change->filter], flags, notes, change->data,
	    (void *)change->tag);
	return (k);
}

static struct pl_event
event_of(const struct kevent *k)
{
	struct pl_event event = {
		.fd = (int)k->ident, .data = (long)k->data, .tag = (uintptr_t)k->udata
	};

	for (size_t i = 0; i < nitems(filters); i++)
		if (filters[i] == k->filter)
			event.filter = (enum pl_filter)i;
	for (size_t i = 0; i < nitems(event_flags); i++)
		if (k->flags & event_flags[i].theirs)
			event.flags |= event_flags[i].ours;
	if (k->filter == EVFILT_VNODE) {
		if (k->fflags & NOTE_DELETE)
			event.notes |= PL_NOTE_DELETE;
	} else if (!(k->flags & EV_ERROR)) {
		event.error = (int)k->fflags;
	}
	return (event);
}

int
pl_os_kevent(int kq, const struct pl_event *changes, int change_count, struct pl_event *events,
    int event_count, const struct timespec *timeout)
{
	struct kevent in[PL_EVENTS], out[PL_EVENTS];
	int n;

	if (change_count > PL_EVENTS || event_count > PL_EVENTS) {
		errno = E2BIG;
		return (-1);
	}
	for (int i = 0; i < change_count; i++)
		in[i] = kernel_change(&changes[i]);
	n = kevent(kq, in, change_count, out, event_count, timeout);
	for (int i = 0; i < n; i++)
		events[i] = event_of(&out[i]);
	return (n);
}

int
pl_os_kevent_in_memory(int kq, const void *change, void *event)
{
	const struct timespec now = { 0, 0 };

	return (kevent(kq, change, change == NULL ? 0 : 1, event, event == NULL ? 0 : 1, &now));
}

int
pl_os_kqueuex(unsigned flags)
{
#ifdef KQUEUE_CLOEXEC
	return (kqueuex(flags));
#else
	(void)flags;
	errno = ENOSYS;
	return (-1);
#endif
}

int
pl_os_kqueue1(int flags)
{
#ifdef KQUEUE_CLOEXEC
	return (kqueue1(flags));
#else
	(void)flags;
	errno = ENOSYS;
	return (-1);
#endif
}

static int
no_epoll(void)
{
	errno = ENOSYS;
	return (-1);
}

int
pl_os_epoll_create(int size)
{
	(void)size;
	return (no_epoll());
}

int
pl_os_epoll_create1(int flags)
{
	(void)flags;
	return (no_epoll());
}

int
pl_os_epoll_ctl(int queue, int operation, int fd, struct pl_epoll_event *event)
{
	(void)queue, (void)operation, (void)fd, (void)event;
	return (no_epoll());
}

int
pl_os_epoll_wait(int queue, struct pl_epoll_event *events, int count, int timeout_ms)
{
	(void)queue, (void)events, (void)count, (void)timeout_ms;
	return (no_epoll());
}

/* A write filter cannot be put on a widowed pipe: that it fails is the answer. */
int
pl_os_event_queue_says(int fd, bool writing)
{
	const struct timespec now = { 0, 0 };
	const struct pl_event change = {
		.fd = fd, .filter = writing ? PL_FILTER_WRITE : PL_FILTER_READ, .flags = PL_EV_ADD
	};
	struct pl_event event;
	int queue = kqueue(), n = -1, error;

	if (queue == -1)
		return (-1);
	if (pl_os_kevent(queue, &change, 1, NULL, 0, NULL) == 0)
		n = pl_os_kevent(queue, NULL, 0, &event, 1, &now);
	error = errno;
	close(queue);
	errno = error;
	return (n == -1 && error == EPIPE ? 1 : n);
}

int
pl_os_limit_rights(int fd, unsigned rights)
{
	cap_rights_t set;

	cap_rights_init(&set);
	if (rights & PL_CAP_READ)
		cap_rights_set(&set, CAP_READ);
	if (rights & PL_CAP_WRITE)
		cap_rights_set(&set, CAP_WRITE);
	if (rights & PL_CAP_EVENT)
		cap_rights_set(&set, CAP_EVENT);
	return (cap_rights_limit(fd, &set));
}

int
pl_os_enter_capability_mode(void)
{
	return (cap_enter());
}

int
pl_os_is_pipe(int fd)
{
#ifdef F_KINFO
	struct kinfo_file info = { .kf_structsize = sizeof(info) };

	if (fcntl(fd, F_KINFO, &info) == -1)
		return (-1);
	return (info.kf_type == KF_TYPE_PIPE);
#else
	(void)fd;
	errno = ENOSYS;
	return (-1);
#endif
}

/* Some releases do not declare the areas as constant. */
static struct iovec *
area(const struct iovec *v)
{
	return ((struct iovec *)(uintptr_t)v);
}

int
pl_os_sendfile(int out, int in, off_t offset, size_t count, const struct iovec *before,
    const struct iovec *after, off_t *sent)
{
	struct sf_hdtr frame = {
		.headers = area(before),
		.hdr_cnt = before != NULL,
		.trailers = area(after),
		.trl_cnt = after != NULL,
	};

	*sent = 0;
	return (sendfile(
	    in, out, offset, count, before != NULL || after != NULL ? &frame : NULL, sent, 0));
}

long
pl_os_sendfile_on(int out, int in, off_t *offset, size_t count)
{
	(void)out, (void)in, (void)offset, (void)count;
	errno = ENOSYS;
	return (-1);
}

int
pl_os_kcov_open(size_t entries, uint64_t **buffer)
{
	int fd, error;

	if ((fd = open("/dev/kcov", O_RDWR | O_CLOEXEC)) < 0)
		return (-1);
	if (ioctl(fd, KIOSETBUFSIZE, (int)entries) == 0) {
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
	return (on ? ioctl(fd, KIOENABLE, KCOV_MODE_TRACE_PC) : ioctl(fd, KIODISABLE, 0));
}

/* Names as numbers: some are in headers of the kernel alone. */
static const struct {
	int level, first, last;
} outward[] = {
	{ SOL_SOCKET, 0x1000, 0x1000 }, /* SO_ACCEPTFILTER loads modules */
	{ SOL_SOCKET, 0x1009, 0x1010 }, /* SO_LABEL, SO_PEERLABEL */
	{ SOL_SOCKET, 0x1014, 0x1014 }, /* SO_SETFIB */
	{ SOL_SOCKET, 0x1023, 0x10ff }, /* SO_SPLICE; not given out */
	{ IPPROTO_IP, 21, 21 },         /* IP_IPSEC_POLICY */
	{ IPPROTO_IP, 40, 64 },         /* packet filters, dummynet */
	{ IPPROTO_IP, 90, INT_MAX },    /* not given out, multicast routing */
	{ IPPROTO_IPV6, 28, 34 },       /* IPV6_IPSEC_POLICY, packet filters */
	{ IPPROTO_IPV6, 100, INT_MAX }, /* multicast routing */
	{ IPPROTO_TCP, 16, 16 },        /* TCP_MD5SIG */
	{ IPPROTO_TCP, 34, 64 },        /* logs, TLS, TCP_CONGESTION */
	{ IPPROTO_TCP, 1000, INT_MAX }, /* of stacks, which are modules */
	{ IPPROTO_UDP, 1, 1 },          /* UDP_ENCAP */
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
