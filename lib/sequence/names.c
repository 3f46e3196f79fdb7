#include "names.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME(constant)              \
	{                           \
		constant, #constant \
	}
#define END             \
	{               \
		0, NULL \
	}

static const struct pl_name errnos[] = { NAME(E2BIG), NAME(EACCES), NAME(EADDRINUSE),
	NAME(EADDRNOTAVAIL), NAME(EAFNOSUPPORT), NAME(EAGAIN), NAME(EALREADY), NAME(EBADF),
	NAME(EBUSY), NAME(ECANCELED), NAME(ECHILD), NAME(ECONNABORTED), NAME(ECONNREFUSED),
	NAME(ECONNRESET), NAME(EDEADLK), NAME(EDESTADDRREQ), NAME(EDOM), NAME(EEXIST), NAME(EFAULT),
	NAME(EFBIG), NAME(EHOSTDOWN), NAME(EHOSTUNREACH), NAME(EIDRM), NAME(EILSEQ),
	NAME(EINPROGRESS), NAME(EINTR), NAME(EINVAL), NAME(EIO), NAME(EISCONN), NAME(EISDIR),
	NAME(ELOOP), NAME(EMFILE), NAME(EMLINK), NAME(EMSGSIZE), NAME(ENAMETOOLONG), NAME(ENETDOWN),
	NAME(ENETRESET), NAME(ENETUNREACH), NAME(ENFILE), NAME(ENOBUFS), NAME(ENODEV), NAME(ENOENT),
	NAME(ENOEXEC), NAME(ENOLCK), NAME(ENOMEM), NAME(ENOMSG), NAME(ENOPROTOOPT), NAME(ENOSPC),
	NAME(ENOSYS), NAME(ENOTBLK), NAME(ENOTCONN), NAME(ENOTDIR), NAME(ENOTEMPTY), NAME(ENOTSOCK),
	NAME(ENOTTY), NAME(ENXIO), NAME(EOPNOTSUPP), NAME(EOVERFLOW), NAME(EPERM),
	NAME(EPFNOSUPPORT), NAME(EPIPE), NAME(EPROTO), NAME(EPROTONOSUPPORT), NAME(EPROTOTYPE),
	NAME(ERANGE), NAME(EREMOTE), NAME(EROFS), NAME(ESHUTDOWN), NAME(ESOCKTNOSUPPORT),
	NAME(ESPIPE), NAME(ESRCH), NAME(ESTALE), NAME(ETIMEDOUT), NAME(ETOOMANYREFS), NAME(ETXTBSY),
	NAME(EUSERS), NAME(EXDEV),
#if ENOTSUP != EOPNOTSUPP
	NAME(ENOTSUP),
#endif
#ifdef ENOTCAPABLE
	NAME(ENOTCAPABLE),
#endif
#ifdef ECAPMODE
	NAME(ECAPMODE),
#endif
	END };
const struct pl_names pl_names_errno = { .table = errnos };

static const struct pl_name signals[] = { NAME(SIGABRT), NAME(SIGALRM), NAME(SIGBUS), NAME(SIGCHLD),
	NAME(SIGCONT), NAME(SIGFPE), NAME(SIGHUP), NAME(SIGILL), NAME(SIGINT), NAME(SIGIO),
	NAME(SIGKILL), NAME(SIGPIPE), NAME(SIGQUIT), NAME(SIGSEGV), NAME(SIGSTOP), NAME(SIGSYS),
	NAME(SIGTERM), NAME(SIGTRAP), NAME(SIGTSTP), NAME(SIGTTIN), NAME(SIGTTOU), NAME(SIGURG),
	NAME(SIGUSR1), NAME(SIGUSR2), NAME(SIGVTALRM), NAME(SIGWINCH), NAME(SIGXCPU), NAME(SIGXFSZ),
	END };
const struct pl_names pl_names_signal = { .table = signals };

/* The access mode comes first: it is a field, not a bit. */
static const struct pl_name opens[] = { NAME(O_RDONLY), NAME(O_WRONLY), NAME(O_RDWR),
	NAME(O_APPEND), NAME(O_ASYNC), NAME(O_CLOEXEC), NAME(O_CREAT), NAME(O_DIRECTORY),
	NAME(O_EXCL), NAME(O_NOCTTY), NAME(O_NOFOLLOW), NAME(O_NONBLOCK), NAME(O_TRUNC),
#ifdef O_CLOFORK
	NAME(O_CLOFORK),
#endif
#ifdef O_DIRECT
	NAME(O_DIRECT),
#endif
#ifdef O_PATH
	NAME(O_PATH),
#endif
	END };
const struct pl_names pl_names_open = { .table = opens, .bits = 1, .field_mask = O_ACCMODE };
const struct pl_names pl_names_flags = { .table = opens, .bits = 1, .zero = "0" };

static const struct pl_name descriptors[] = { NAME(FD_CLOEXEC),
#ifdef FD_CLOFORK
	NAME(FD_CLOFORK),
#endif
	END };
const struct pl_names pl_names_descriptor = { .table = descriptors, .bits = 1, .zero = "0" };

static const struct pl_name fcntls[] = { NAME(F_DUPFD), NAME(F_DUPFD_CLOEXEC), NAME(F_GETFD),
	NAME(F_GETFL), NAME(F_GETLK), NAME(F_GETOWN), NAME(F_SETFD), NAME(F_SETFL), NAME(F_SETLK),
	NAME(F_SETLKW), NAME(F_SETOWN),
#ifdef F_DUPFD_CLOFORK
	NAME(F_DUPFD_CLOFORK),
#endif
#ifdef F_GETPIPE_SZ
	NAME(F_GETPIPE_SZ), NAME(F_SETPIPE_SZ),
#endif
#ifdef F_KINFO
	NAME(F_KINFO),
#endif
	END };
const struct pl_names pl_names_fcntl = { .table = fcntls };

/* Where two names have one value the more common one is printed. */
static const struct pl_name polls[] = { NAME(POLLIN), NAME(POLLPRI), NAME(POLLOUT), NAME(POLLERR),
	NAME(POLLHUP), NAME(POLLNVAL), NAME(POLLRDNORM), NAME(POLLRDBAND),
#if POLLWRNORM != POLLOUT
	NAME(POLLWRNORM),
#endif
	NAME(POLLWRBAND),
#ifdef POLLRDHUP
	NAME(POLLRDHUP),
#endif
	END };
const struct pl_names pl_names_poll = { .table = polls, .bits = 1, .zero = "nothing" };

static const struct pl_name ioctls[] = { NAME(FIONREAD), NAME(FIONBIO), NAME(FIOASYNC),
	NAME(TIOCGWINSZ),
#ifdef FIONWRITE
	NAME(FIONWRITE), NAME(FIONSPACE),
#endif
#ifdef FIOSETOWN
	NAME(FIOSETOWN), NAME(FIOGETOWN),
#endif
#ifdef SIOCATMARK
	NAME(SIOCATMARK), NAME(SIOCSPGRP), NAME(SIOCGPGRP),
#endif
	END };
const struct pl_names pl_names_ioctl = { .table = ioctls };

static const struct pl_name whences[] = { NAME(SEEK_SET), NAME(SEEK_CUR), NAME(SEEK_END), END };
const struct pl_names pl_names_whence = { .table = whences };

static const struct pl_name domains[] = { NAME(AF_UNSPEC), NAME(AF_UNIX), NAME(AF_INET),
	NAME(AF_INET6), END };
const struct pl_names pl_names_domain = { .table = domains };

/* The type comes first: it is a field, not a bit. */
static const struct pl_name socket_types[] = { NAME(SOCK_STREAM), NAME(SOCK_DGRAM), NAME(SOCK_RAW),
	NAME(SOCK_RDM), NAME(SOCK_SEQPACKET), NAME(SOCK_CLOEXEC), NAME(SOCK_NONBLOCK),
#ifdef SOCK_CLOFORK
	NAME(SOCK_CLOFORK),
#endif
	END };
const struct pl_names pl_names_socket_type = {
	.table = socket_types, .bits = 1, .field_mask = 0xf, .zero = "0"
};

static const struct pl_name messages[] = { NAME(MSG_OOB), NAME(MSG_PEEK), NAME(MSG_DONTROUTE),
	NAME(MSG_CTRUNC), NAME(MSG_TRUNC), NAME(MSG_EOR), NAME(MSG_WAITALL), NAME(MSG_DONTWAIT),
	NAME(MSG_NOSIGNAL), NAME(MSG_CMSG_CLOEXEC),
#ifdef MSG_CMSG_CLOFORK
	NAME(MSG_CMSG_CLOFORK),
#endif
#ifdef MSG_FASTOPEN
	NAME(MSG_FASTOPEN),
#endif
#ifdef MSG_EOF
	NAME(MSG_EOF),
#endif
#ifdef MSG_NBIO
	NAME(MSG_NBIO),
#endif
#ifdef MSG_MORE
	NAME(MSG_MORE),
#endif
#ifdef MSG_ERRQUEUE
	NAME(MSG_ERRQUEUE),
#endif
	END };
const struct pl_names pl_names_message = { .table = messages, .bits = 1, .zero = "0" };

static const struct pl_name shutdowns[] = { NAME(SHUT_RD), NAME(SHUT_WR), NAME(SHUT_RDWR), END };
const struct pl_names pl_names_shutdown = { .table = shutdowns };

static const struct pl_name levels[] = { NAME(SOL_SOCKET),
#ifdef SOL_LOCAL
	NAME(SOL_LOCAL),
#endif
	NAME(IPPROTO_IP), NAME(IPPROTO_IPV6), NAME(IPPROTO_TCP), NAME(IPPROTO_UDP), END };
const struct pl_names pl_names_level = { .table = levels };

static const struct pl_name options[] = { NAME(SO_ACCEPTCONN), NAME(SO_BROADCAST), NAME(SO_DEBUG),
	NAME(SO_DOMAIN), NAME(SO_DONTROUTE), NAME(SO_ERROR), NAME(SO_KEEPALIVE), NAME(SO_LINGER),
	NAME(SO_OOBINLINE), NAME(SO_PROTOCOL), NAME(SO_RCVBUF), NAME(SO_RCVLOWAT),
	NAME(SO_RCVTIMEO), NAME(SO_REUSEADDR), NAME(SO_REUSEPORT), NAME(SO_SNDBUF),
	NAME(SO_SNDLOWAT), NAME(SO_SNDTIMEO), NAME(SO_TIMESTAMP), NAME(SO_TYPE),
#ifdef SO_ACCEPTFILTER
	NAME(SO_ACCEPTFILTER),
#endif
#ifdef SO_BINTIME
	NAME(SO_BINTIME),
#endif
#ifdef SO_LISTENQLEN
	NAME(SO_LISTENQLEN),
#endif
#ifdef SO_LISTENQLIMIT
	NAME(SO_LISTENQLIMIT),
#endif
#ifdef SO_LISTENINCQLEN
	NAME(SO_LISTENINCQLEN),
#endif
#ifdef SO_NOSIGPIPE
	NAME(SO_NOSIGPIPE),
#endif
#ifdef SO_NO_DDP
	NAME(SO_NO_DDP),
#endif
#ifdef SO_NO_OFFLOAD
	NAME(SO_NO_OFFLOAD),
#endif
#ifdef SO_PEERCRED
	NAME(SO_PEERCRED),
#endif
#ifdef SO_PASSCRED
	NAME(SO_PASSCRED),
#endif
#ifdef SO_REUSEPORT_LB
	NAME(SO_REUSEPORT_LB),
#endif
#ifdef SO_SETFIB
	NAME(SO_SETFIB),
#endif
#ifdef SO_TS_CLOCK
	NAME(SO_TS_CLOCK),
#endif
#ifdef SO_USELOOPBACK
	NAME(SO_USELOOPBACK),
#endif
#ifdef SO_USER_COOKIE
	NAME(SO_USER_COOKIE),
#endif
#ifdef SO_PEEK_OFF
	NAME(SO_PEEK_OFF),
#endif
#ifdef SO_PRIORITY
	NAME(SO_PRIORITY),
#endif
#ifdef SO_MARK
	NAME(SO_MARK),
#endif
#ifdef SO_BINDTODEVICE
	NAME(SO_BINDTODEVICE),
#endif
#ifdef SO_SNDBUFFORCE
	NAME(SO_SNDBUFFORCE),
#endif
#ifdef SO_RCVBUFFORCE
	NAME(SO_RCVBUFFORCE),
#endif
	END };
const struct pl_names pl_names_option = { .table = options };

static const struct pl_name tcp_options[] = { NAME(TCP_NODELAY), NAME(TCP_MAXSEG), NAME(TCP_INFO),
	NAME(TCP_CONGESTION), NAME(TCP_FASTOPEN), NAME(TCP_KEEPCNT), NAME(TCP_KEEPIDLE),
	NAME(TCP_KEEPINTVL), NAME(TCP_MD5SIG),
#ifdef TCP_CORK
	NAME(TCP_CORK),
#endif
#ifdef TCP_DEFER_ACCEPT
	NAME(TCP_DEFER_ACCEPT),
#endif
#ifdef TCP_FUNCTION_BLK
	NAME(TCP_FUNCTION_BLK),
#endif
#ifdef TCP_KEEPINIT
	NAME(TCP_KEEPINIT),
#endif
#ifdef TCP_LINGER2
	NAME(TCP_LINGER2),
#endif
#ifdef TCP_MAXUNACKTIME
	NAME(TCP_MAXUNACKTIME),
#endif
#ifdef TCP_NOOPT
	NAME(TCP_NOOPT),
#endif
#ifdef TCP_NOPUSH
	NAME(TCP_NOPUSH),
#endif
#ifdef TCP_NOTSENT_LOWAT
	NAME(TCP_NOTSENT_LOWAT),
#endif
#ifdef TCP_QUICKACK
	NAME(TCP_QUICKACK),
#endif
#ifdef TCP_REMOTE_UDP_ENCAPS_PORT
	NAME(TCP_REMOTE_UDP_ENCAPS_PORT),
#endif
#ifdef TCP_SYNCNT
	NAME(TCP_SYNCNT),
#endif
#ifdef TCP_USER_TIMEOUT
	NAME(TCP_USER_TIMEOUT),
#endif
#ifdef TCP_WINDOW_CLAMP
	NAME(TCP_WINDOW_CLAMP),
#endif
	END };
const struct pl_names pl_names_tcp_option = { .table = tcp_options };

static const struct pl_name ip_options[] = { NAME(IP_OPTIONS), NAME(IP_HDRINCL), NAME(IP_TOS),
	NAME(IP_TTL), NAME(IP_RECVTTL), NAME(IP_RECVTOS), NAME(IP_MINTTL), NAME(IP_RECVORIGDSTADDR),
	NAME(IP_MULTICAST_IF), NAME(IP_MULTICAST_TTL), NAME(IP_MULTICAST_LOOP),
	NAME(IP_ADD_MEMBERSHIP), NAME(IP_DROP_MEMBERSHIP), NAME(IP_ADD_SOURCE_MEMBERSHIP),
	NAME(IP_DROP_SOURCE_MEMBERSHIP), NAME(IP_BLOCK_SOURCE), NAME(IP_UNBLOCK_SOURCE),
#ifdef IP_BINDANY
	NAME(IP_BINDANY),
#endif
#ifdef IP_BIND_ADDRESS_NO_PORT
	NAME(IP_BIND_ADDRESS_NO_PORT),
#endif
#ifdef IP_DONTFRAG
	NAME(IP_DONTFRAG),
#endif
#ifdef IP_FREEBIND
	NAME(IP_FREEBIND),
#endif
#ifdef IP_MULTICAST_ALL
	NAME(IP_MULTICAST_ALL),
#endif
#ifdef IP_ONESBCAST
	NAME(IP_ONESBCAST),
#endif
#ifdef IP_PKTINFO
	NAME(IP_PKTINFO),
#endif
#ifdef IP_PORTRANGE
	NAME(IP_PORTRANGE),
#endif
#ifdef IP_RECVERR
	NAME(IP_RECVERR),
#endif
#ifdef IP_RECVDSTADDR
	NAME(IP_RECVDSTADDR),
#endif
#ifdef IP_RECVIF
	NAME(IP_RECVIF),
#endif
#ifdef IP_TRANSPARENT
	NAME(IP_TRANSPARENT),
#endif
	END };
const struct pl_names pl_names_ip_option = { .table = ip_options };

static const struct pl_name ipv6_options[] = { NAME(IPV6_V6ONLY), NAME(IPV6_UNICAST_HOPS),
	NAME(IPV6_TCLASS), NAME(IPV6_RECVPKTINFO), NAME(IPV6_RECVHOPLIMIT), NAME(IPV6_RECVTCLASS),
	NAME(IPV6_MULTICAST_IF), NAME(IPV6_MULTICAST_HOPS), NAME(IPV6_MULTICAST_LOOP),
	NAME(IPV6_JOIN_GROUP), NAME(IPV6_LEAVE_GROUP), END };
const struct pl_names pl_names_ipv6_option = { .table = ipv6_options };

static const struct pl_name file_types[] = { NAME(S_IFIFO), NAME(S_IFSOCK), NAME(S_IFREG),
	NAME(S_IFDIR), NAME(S_IFCHR), NAME(S_IFBLK), NAME(S_IFLNK), END };
const struct pl_names pl_names_file_type = { .table = file_types };

const struct pl_names pl_names_mode = { .table = NULL };

static void
print_bits(char *buffer, size_t size, const struct pl_names *names, long value)
{
	const struct pl_name *n = names->table;
	long left = value;
	size_t used = 0;

	buffer[0] = '\0';
	for (; n->name != NULL && used < size; n++) {
		long mask = names->field_mask;
		int hit;

		if (mask != 0 && (n->value & ~mask) == 0)
			hit = (value & mask) == n->value;
		else
			hit = n->value != 0 && (left & n->value) == n->value;
		if (!hit)
			continue;
		left &= ~(n->value | mask);
		used += (size_t)snprintf(
		    buffer + used, size - used, "%s%s", used > 0 ? "|" : "", n->name);
	}
	if (left != 0 && used < size)
		snprintf(buffer + used, size - used, "%s0x%lx", used > 0 ? "|" : "", left);
	else if (used == 0)
		snprintf(buffer, size, "%s", names->zero != NULL ? names->zero : "0");
}

char *
pl_name(char *buffer, size_t size, const struct pl_names *names, long value)
{
	if (names == NULL) {
		snprintf(buffer, size, "%ld", value);
	} else if (names->table == NULL) {
		snprintf(buffer, size, "0%03lo", value);
	} else if (names->bits) {
		print_bits(buffer, size, names, value);
	} else {
		const struct pl_name *n = names->table;

		while (n->name != NULL && n->value != value)
			n++;
		if (n->name != NULL)
			snprintf(buffer, size, "%s", n->name);
		else
			snprintf(buffer, size, "%ld", value);
	}
	return (buffer);
}
