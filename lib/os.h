/*
 * What differs between the operating systems.
 *
 * os_linux.c and os_freebsd.c define the same names; nothing else in the tree
 * asks which system it runs on.
 */

#ifndef PL_OS_H
#define PL_OS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalogue.h"

/* The value of a constant that this system lacks. */
#define PL_ABSENT (-1)

struct timespec;

/* Constants that only one of the systems (or its newer releases) has. */
struct pl_os_constants {
	const char *name;                           /* as uname(3) says it */
	enum pl_profile profile;                    /* whose documentation is its own */
	int o_clofork, fd_clofork, f_dupfd_clofork; /* FreeBSD 15 */
	int f_dup2fd, f_dup2fd_cloexec;             /* FreeBSD */
	int o_direct;                               /* for pipe2(2); packet mode on Linux */
	int o_path;                                 /* open(2) */
	int f_getpipe_sz, f_setpipe_sz;             /* Linux */
	long fionwrite, fionspace;                  /* FreeBSD */
	long fiosetown, fiogetown;
	int so_nosigpipe;                      /* socket options: FreeBSD */
	int so_peek_off;                       /* Linux */
	int so_listenqlimit, so_listenqlen;    /* FreeBSD */
	int so_listenincqlen, so_acceptfilter; /* FreeBSD */
	int so_prototype, so_user_cookie;      /* FreeBSD */
	int so_setfib, so_rerror;              /* FreeBSD */
	int so_splice;                         /* FreeBSD 14.3 */
	int so_bintime, so_ts_clock;           /* FreeBSD, with the clocks and messages: */
	int ts_bintime, ts_realtime, ts_monotonic;
	int scm_bintime, scm_realtime, scm_monotonic;
	int so_timestampns, scm_timestampns;        /* Linux */
	int sock_clofork;                           /* socket(2) type: FreeBSD 15 */
	int msg_cmsg_clofork;                       /* recvmsg(2) flag: FreeBSD 15 */
	int so_reuseport_lb;                        /* FreeBSD */
	int ip_portrange, ip_bindany;               /* FreeBSD, at IPPROTO_IP */
	int ip_freebind, ip_bind_address_no_port;   /* Linux */
	int ip_dontfrag;                            /* FreeBSD */
	int ip_ttl_item, ip_tos_item;               /* control data that came: its TTL and TOS */
	int ip_recvdstaddr, ip_sendsrcaddr;         /* FreeBSD */
	int ip_recvif, ip_onesbcast;                /* FreeBSD */
	int ip_pktinfo, ip_multicast_all;           /* Linux */
	int ip_transparent;                         /* Linux */
	int msg_eof;                                /* FreeBSD */
	int msg_nbio;                               /* FreeBSD */
	int msg_fastopen;                           /* Linux */
	int ip_recverr, msg_errqueue;               /* Linux */
	int udp_cork, msg_more;                     /* Linux; the option at IPPROTO_UDP */
	int udplite_send_cscov, udplite_recv_cscov; /* at IPPROTO_UDPLITE */
	/* At IPPROTO_TCP: Linux; FreeBSD, maxunacktime since 15. */
	int tcp_defer_accept;
	int tcp_cork, tcp_syncnt, tcp_linger2, tcp_quickack, tcp_user_timeout;
	int tcp_nopush, tcp_noopt, tcp_keepinit, tcp_maxunacktime, tcp_function_blk;
	int tcp_remote_udp_encaps_port;
	long siocoutqnsd;        /* Linux: bytes that were not even sent once */
	long siocoutq;           /* Linux; FreeBSD's FIONWRITE, of TCP */
	int close_range_clofork; /* close_range(2): FreeBSD 15 */
	int close_range_unshare; /* Linux */
	int kqueue_cloexec;      /* kqueuex(2): FreeBSD 14 */
	int kqueue_cponfork;     /* FreeBSD 15 */
	int ev_keepudata;        /* kevent(2): FreeBSD 14 */
	const char *loopback;    /* the interface */
	int so_passcred;         /* Linux */
	int sol_local;           /* FreeBSD: the level of the next ones */
	int local_creds, local_creds_persistent;
	int local_connwait;            /* before FreeBSD 15 */
	bool has_abstract_names;       /* Linux: UNIX domain names without a file */
	bool silence_is_of_networks;   /* pl_os_silence wants a private one */
	bool private_network_is_cheap; /* under a millisecond, and nothing else changes */
};
extern const struct pl_os_constants pl_os;

/* The kernel's number of the calling thread. */
long pl_os_thread_id(void);

/* How many threads this process has; -1 if the system does not tell. */
int pl_os_thread_count(void);

/* Is that thread asleep inside the call of that name (on fd, unless -1)? */
enum pl_os_sleep { PL_OS_AWAKE, PL_OS_ASLEEP, PL_OS_UNKNOWN };
enum pl_os_sleep pl_os_asleep(pid_t, long thread, const char *call, int fd);

/* Orphaned descendants become children of this process.  0, or -1 with errno. */
int pl_os_adopt_orphans(void);

/* Kill every child that this process still has, adopted ones too; gives how many. */
int pl_os_kill_children(void);

/* Become that user for good, and stay visible to pl_os_asleep.  0, or -1 with errno. */
int pl_os_drop_privileges(uid_t, gid_t);

/*
 * Mount an empty memory file system on a directory, with at most that many
 * files (0: no limit), where no other process sees it if the system can do
 * that; make it read-only or unmount it.  0, or -1 with errno.
 */
int pl_os_mount_memory(const char *directory, unsigned files);
int pl_os_mount_read_only(const char *directory);
int pl_os_unmount(const char *directory);

/* fstatfs(2): the f_type of the file system that a descriptor is on.  0, or -1 with errno. */
int pl_os_file_system_type(int fd, long *type);

/*
 * Move this process to a network of its own, with nothing but loopback, up.  0,
 * or -1 with errno: it takes privileges, or unprivileged user namespaces.
 */
int pl_os_private_network(void);

/*
 * Make a host of 127/8, given in host order, a local one (to be done in a
 * private network).  0, or -1 with errno.
 */
int pl_os_add_loopback_host(uint32_t host);

/*
 * Give a private network an interface that broadcasts: the host that is this one
 * there, and the address of all, in host order.  0, or -1 with errno.
 */
int pl_os_add_broadcast_network(uint32_t *host, uint32_t *everybody);

/* An interface of a private network that carries IPv6 multicasts: its index, or 0 with errno. */
unsigned pl_os_multicast6_interface(void);

/*
 * The ports among which the kernel chooses one for port 0: what the system is
 * set to, and set it (to be done in a private network).  0, or -1 with errno.
 */
int pl_os_port_range(long *first, long *last);
int pl_os_set_port_range(long first, long last);

/*
 * Let a bound TCP socket leave those who connect to it without an answer, as if
 * all they sent got lost.  It listens, with a full queue, from then on (Linux), or all
 * closed ports of this network are silent, which must be a private one (FreeBSD).
 * Then refuse those who try again.  0, or -1 with errno.
 */
int pl_os_silence(int fd);
int pl_os_refuse(int fd);

/* The lowest port that an ordinary user may bind; -1 if the system does not tell. */
long pl_os_first_user_port(void);

/*
 * The states of a TCP connection (RFC 9293), and the one that a number of TCP_INFO's
 * tcpi_state stands for; PL_ABSENT if it stands for none.
 */
enum pl_tcp_state {
	PL_TCP_CLOSED,
	PL_TCP_LISTEN,
	PL_TCP_SYN_SENT,
	PL_TCP_SYN_RECEIVED,
	PL_TCP_ESTABLISHED,
	PL_TCP_FIN_WAIT_1,
	PL_TCP_FIN_WAIT_2,
	PL_TCP_CLOSE_WAIT,
	PL_TCP_CLOSING,
	PL_TCP_LAST_ACK,
	PL_TCP_TIME_WAIT,
};
int pl_os_tcp_state(int number);

/* The size of one record, a struct ifreq, in the list that SIOCGIFCONF gives. */
size_t pl_os_ifreq_size(const void *ifreq);

/*
 * bindat(2) and connectat(2): a relative name is found from that directory.
 * They fail with ENOSYS where there is no such call.
 */
int pl_os_bindat(int directory, int fd, const void *address, size_t length);
int pl_os_connectat(int directory, int fd, const void *address, size_t length);

/* The length that a struct sockaddr itself tells (sa_len), and set it; -1 if it has no such member.
 */
int pl_os_sa_len(const void *address);
int pl_os_set_sa_len(void *address, unsigned length);

/* Set or clear the flag that forbids any change of a directory.  0, or -1 with errno. */
int pl_os_set_immutable(const char *directory, bool on);

/* A kernel variable of integer type: sysctl(8) name, "/proc/sys" path on Linux.  0, or -1. */
int pl_os_sysctl_get(const char *name, long *value);
int pl_os_sysctl_set(const char *name, long value);
/* One that is a line of text.  0, or -1. */
int pl_os_sysctl_text(const char *name, char *text, size_t size);

/*
 * Open the kernel's record of what it runs through (KCOV): a buffer of that many
 * numbers, whose first counts the others, for the calls of one thread.  A
 * descriptor, or -1 with errno where there is none or nobody may use it.
 */
int pl_os_kcov_open(size_t entries, uint64_t **buffer);
/* Record the calling thread's calls, or stop that.  0, or -1 with errno. */
int pl_os_kcov_switch(int fd, bool on);

/* May this process go beyond the limits that hold for ordinary users (CAP_SYS_RESOURCE)? */
bool pl_os_may_exceed_limits(void);

/* Limit the memory for pipe buffers of this user (RLIMIT_PIPEBUF).  0, or -1 with errno. */
int pl_os_limit_pipe_buffers(size_t bytes);

/* Limit the memory for socket buffers of this user (RLIMIT_SBSIZE).  0, or -1 with errno. */
int pl_os_limit_socket_buffers(size_t bytes);

/*
 * kqueue(2).  Every function fails with ENOSYS where there is none.
 */
enum pl_filter {
	PL_FILTER_READ,
	PL_FILTER_WRITE,
	PL_FILTER_VNODE,
	PL_FILTER_EMPTY,
	PL_FILTER_UNKNOWN, /* one that no system has */
};
enum pl_event_flag {
	PL_EV_ADD = 1 << 0,
	PL_EV_DELETE = 1 << 1,
	PL_EV_CLEAR = 1 << 2,
	PL_EV_ONESHOT = 1 << 3,
	PL_EV_EOF = 1 << 4,
	PL_EV_ENABLE = 1 << 5,
	PL_EV_DISABLE = 1 << 6,
	PL_EV_DISPATCH = 1 << 7,
	PL_EV_RECEIPT = 1 << 8,
	PL_EV_ERROR = 1 << 9,
	PL_EV_KEEPUDATA = 1 << 10, /* where pl_os.ev_keepudata is not absent */
};
enum pl_event_note { PL_NOTE_DELETE = 1 << 0, PL_NOTE_LOWAT = 1 << 1 };
struct pl_event {
	int fd;
	enum pl_filter filter;
	unsigned flags; /* pl_event_flag */
	unsigned notes; /* pl_event_note */
	int error;      /* of an event of a socket, its pending error (fflags); 0 in a change */
	long data;
	uintptr_t tag; /* udata */
};
int pl_os_kqueue(void);
/* kevent(2) with up to PL_EVENTS changes and events.  A NULL time-out sleeps. */
#define PL_EVENTS 8
int pl_os_kevent(int kq, const struct pl_event *changes, int change_count, struct pl_event *events,
    int event_count, const struct timespec *timeout);
/* One change read from, or one event written to, memory as it is, which must be inaccessible. */
int pl_os_kevent_in_memory(int kq, const void *change, void *event);
/* kqueuex(2) and kqueue1(3), whose flags pl_os has. */
int pl_os_kqueuex(unsigned flags);
int pl_os_kqueue1(int flags);

/*
 * epoll(7).  Every function fails with ENOSYS where there is none.  Events and
 * arguments are the kernel's own, handed on unseen.
 */
enum pl_epoll_operation { PL_EPOLL_ADD = 1, PL_EPOLL_DEL = 2, PL_EPOLL_MOD = 3 };
#define PL_EPOLL_EXCLUSIVE (1u << 28)
#define PL_EPOLL_ONESHOT (1u << 30)
#define PL_EPOLL_ET (1u << 31)
#define PL_EPOLL_CLOEXEC 02000000
#ifdef __x86_64__
#define PL_EPOLL_LAYOUT __attribute__((packed))
#else
#define PL_EPOLL_LAYOUT
#endif
struct pl_epoll_event {
	uint32_t events;
	uint64_t data;
} PL_EPOLL_LAYOUT;
int pl_os_epoll_create(int size);
int pl_os_epoll_create1(int flags);
int pl_os_epoll_ctl(int queue, int operation, int fd, struct pl_epoll_event *);
int pl_os_epoll_wait(int queue, struct pl_epoll_event *, int count, int timeout_ms);

/*
 * Does the system's own event queue (kqueue, epoll), level-triggered and asked
 * anew, call that descriptor ready for writing, or for reading?  End of file and
 * errors count.  1, 0, or -1 with errno.
 */
int pl_os_event_queue_says(int fd, bool writing);

/* How many connections wait in the queue of a TCP listener, or -1 with errno. */
int pl_os_clients_waiting(int listener);

/* Capsicum: limit a descriptor to these rights; enter capability mode.  0, or -1 with errno. */
enum pl_right { PL_CAP_READ = 1 << 0, PL_CAP_WRITE = 1 << 1, PL_CAP_EVENT = 1 << 2 };
int pl_os_limit_rights(int fd, unsigned rights);
int pl_os_enter_capability_mode(void);
/* The errno of a call that these rights, or that mode, do not allow; PL_ABSENT if none. */
extern const int pl_os_enotcapable, pl_os_ecapmode;

/*
 * What an item of a socket's error queue (IP_RECVERR) tells: the errno, whether an
 * ICMP message brought it, and that message's type and code.  0, or -1 if data of that
 * size is no such item, or this system has none.
 */
struct pl_error_report {
	int error, type, code;
	bool by_icmp;
};
int pl_os_read_error_report(const void *data, size_t size, struct pl_error_report *);

/* CMSG_ALIGN(3) of a size; PL_ABSENT where programs do not see that macro. */
long pl_os_cmsg_align(size_t);

/*
 * Credentials, as peers of the UNIX domain get them.  A form that has no place
 * for a field gives PL_ABSENT for it, or leaves it out.
 */
enum pl_credentials_form {
	PL_CREDENTIALS_EXPLICIT,  /* attached by the sender: cmsgcred, ucred */
	PL_CREDENTIALS_RECEIVED,  /* asked for by the receiver: sockcred, ucred */
	PL_CREDENTIALS_VERSIONED, /* the same with a version: sockcred2 */
};
#define PL_GROUPS 16 /* as many as any form holds */
struct pl_credentials {
	long version, pid, uid, euid, gid, egid;
	int group_count;
	gid_t groups[PL_GROUPS];
};

/* The control message: its type and the size of its data, PL_ABSENT if there is none. */
int pl_os_credentials_type(enum pl_credentials_form);
int pl_os_credentials_size(enum pl_credentials_form);

/* Write a sender's data; read received data of that size: 0, or -1 if it does not fit the form. */
void pl_os_write_credentials(enum pl_credentials_form, const struct pl_credentials *, void *data);
int pl_os_read_credentials(
    enum pl_credentials_form, const void *data, size_t size, struct pl_credentials *);

/* The option that tells who the peer is: get it, and try to set it.  0, or -1 with errno. */
int pl_os_peer_credentials(int fd, struct pl_credentials *);
int pl_os_set_peer_credentials(int fd, const struct pl_credentials *);

/* getpeereid(3); ENOSYS where there is none. */
int pl_os_getpeereid(int fd, uid_t *, gid_t *);

/* May this process state another user, group or process than its own in such a message? */
bool pl_os_may_forge_credentials(void);

/* The file of the running program, as execv(2) wants it.  0, or -1 with errno. */
int pl_os_program_path(char *path, size_t size);

/*
 * sendfile(2): count bytes of the file in, from that offset on, go to out, with what
 * the two areas hold (NULL: nothing; ENOSYS on Linux) before and after them.  The
 * result is what the system's own call gives, 0 (FreeBSD) or the number of bytes
 * (Linux); *sent tells that number on both.
 */
struct iovec;
int pl_os_sendfile(int out, int in, off_t offset, size_t count, const struct iovec *before,
    const struct iovec *after, off_t *sent);
/*
 * The same from where the variable says, which is moved on, or if that is NULL from
 * the file's own offset.  Gives the number of bytes.  ENOSYS on FreeBSD.
 */
long pl_os_sendfile_on(int out, int in, off_t *offset, size_t count);

/*
 * Does a socket option concern nothing but the socket and this process?  False for
 * those that run programs in the kernel, load modules, name devices, make descriptors,
 * forge connections, or are of packet filters and of multicast routing; also for
 * names not given out yet, next to those that are.
 */
bool pl_os_option_is_private(int level, int name);

/* Is the descriptor a pipe in the kernel's description of it (F_KINFO)?  1, 0, -1 with errno. */
int pl_os_is_pipe(int fd);

#endif
