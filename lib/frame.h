/*
 * Messages over a byte stream: frames that have a type, a length and checksums.
 *
 * A pipe, a FIFO, a UNIX or TCP stream carries bytes without boundaries: one
 * write may arrive in several reads, and two in one.  A frame puts the
 * boundaries back.  Sockets that keep messages whole (SOCK_DGRAM,
 * SOCK_SEQPACKET) do not need it.
 *
 * This pair of files stands alone: it needs a C library and zlib's crc32(), knows
 * nothing of cases and traces no call, so that any program can take it as it is.
 * It allocates nothing, keeps no global state and raises no signal of its own;
 * an encoder or a decoder is for one thread at a time.
 *
 * On the wire a frame is, numbers with the most significant byte first:
 *
 *	bytes  0 to 3	'P' 'L' 'f' 1: the mark, and the version of the format
 *	       4, 5	type, the user's own number
 *	       6, 7	how many descriptors travel beside the frame
 *	       8 to 11	length of the payload in bytes
 *	      12 to 15	CRC-32 of the payload
 *	      16 to 19	CRC-32 of bytes 0 to 15
 *	      20 ...	payload
 *
 * The header has a checksum of its own, so that no damaged length is ever
 * believed.  A CRC-32 notices every damage of one bit, of two, and every burst of
 * up to 32 bits; it does not keep out somebody who forges frames.
 *
 * When a stream is wrong there is no looking for the next mark: payload can hold
 * anything, also what looks like a frame, and descriptors would end up with the
 * wrong one.  The rule is to fail.  The decoder gives the same error from then on
 * and takes no further byte, until pl_frame_restart() is told of a new stream.
 */

#ifndef PL_FRAME_H
#define PL_FRAME_H

#include <sys/types.h>
#include <sys/uio.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PL_FRAME_HEADER 20      /* bytes before the payload */
#define PL_FRAME_PARTS 15       /* the most pieces of memory that make one payload */
#define PL_FRAME_DESCRIPTORS 16 /* the most descriptors beside one frame */

/* What came of a call. */
enum pl_frame_status {
	PL_FRAME_MORE,  /* more bytes are needed; send, receive: it would have to wait */
	PL_FRAME_WHOLE, /* the frame is whole: decoded, or sent to the last byte */
	PL_FRAME_END,   /* the stream ends between two frames */
	/* A system call failed, errno says how; the stream is as good as before. */
	PL_FRAME_SYSTEM,
	/* The stream is wrong.  From here on an error stays until pl_frame_restart(). */
	PL_FRAME_CUT,        /* it ends within a frame */
	PL_FRAME_FOREIGN,    /* there is no mark of this version where a frame must begin */
	PL_FRAME_DAMAGED,    /* a checksum differs */
	PL_FRAME_TOO_LONG,   /* the payload is longer than the decoder's memory */
	PL_FRAME_DESCRIPTED, /* other descriptors came than announced, or than are accepted */
};

/* The status in words, "the stream ends within a frame". */
const char *pl_frame_words(enum pl_frame_status);

/* A frame as it came. */
struct pl_frame {
	uint16_t type;
	unsigned descriptors; /* how many came; pl_frame_take() gives them */
	size_t length;        /* of the payload, bytes */
	/* The decoder's memory; good until the next call with the decoder. */
	const unsigned char *payload;
};

/*
 * Takes bytes in whatever pieces they come.  Everything but the frame is private;
 * the frame holds after PL_FRAME_WHOLE.
 */
struct pl_frame_decoder {
	struct pl_frame frame;
	enum pl_frame_status status;
	unsigned char *memory;
	size_t limit;
	unsigned accepted; /* descriptors beside a frame, at most */
	size_t have;       /* bytes of the frame so far, header and payload */
	uint32_t checksum; /* that the payload must have */
	unsigned announced;
	unsigned held; /* descriptors so far */
	int fd[PL_FRAME_DESCRIPTORS];
	unsigned char header[PL_FRAME_HEADER];
};

/*
 * Prepare a decoder for payloads of up to limit bytes, which it puts into memory
 * (NULL if limit is 0), and for up to that many descriptors beside a frame (no
 * more than PL_FRAME_DESCRIPTORS count).  That memory is all it ever uses,
 * whatever a header claims.  It must be given a last pl_frame_restart() if it
 * accepts descriptors and may hold some.
 */
void pl_frame_decoder(struct pl_frame_decoder *, void *memory, size_t limit, unsigned descriptors);

/*
 * Forget errors and what there is of a frame, and close the descriptors that
 * nobody took: the next byte is the first of another stream.
 */
void pl_frame_restart(struct pl_frame_decoder *);

/*
 * The number of bytes that can be read from the stream without going beyond the
 * frame: up to the end of the header first, then of the payload.  Never 0 but after
 * an error of the stream.
 */
size_t pl_frame_wanted(const struct pl_frame_decoder *);

/*
 * Take some of these bytes, up to the end of the frame at most, and say how many
 * in *taken.  PL_FRAME_MORE if all were taken and the frame is not whole,
 * PL_FRAME_WHOLE if it is, or an error of the stream; bytes that come after the
 * frame, or after the byte with which an error showed, are not taken.  What
 * follows PL_FRAME_WHOLE begins the next frame, also when it is no byte at all.
 */
enum pl_frame_status pl_frame_feed(
    struct pl_frame_decoder *, const void *bytes, size_t length, size_t *taken);

/*
 * Say that these descriptors came along with the bytes fed next.  They belong to
 * the decoder now.  PL_FRAME_MORE, or PL_FRAME_DESCRIPTED (they are closed) if
 * they are more than it accepts for one frame; the status if it had failed before.
 */
enum pl_frame_status pl_frame_feed_descriptors(
    struct pl_frame_decoder *, const int *fd, unsigned count);

/* Say that the stream has ended: PL_FRAME_END, PL_FRAME_CUT, or the earlier error. */
enum pl_frame_status pl_frame_feed_end(struct pl_frame_decoder *);

/*
 * Take descriptor number i that came beside the whole frame: it is the caller's
 * from now on, and has FD_CLOEXEC set if pl_frame_receive() got it.  -1 if there
 * is none of that number, or it was taken before.  Those that are not taken are
 * closed when the next frame begins.
 */
int pl_frame_take(struct pl_frame_decoder *, unsigned i);

/*
 * Read from the descriptor until a frame is whole, and not a byte beyond it.
 * Gives PL_FRAME_WHOLE, PL_FRAME_END (a FIFO may get another writer: not for
 * ever), or an error.  PL_FRAME_MORE comes from a non-blocking descriptor, or one
 * with a time-out, that has nothing now: call again when it is readable.  A call
 * that a signal interrupts is made again.
 *
 * A decoder that accepts descriptors uses recvmsg(2), any other read(2).  What it
 * reads from is a UNIX-domain stream socket then; other control data that comes
 * there, credentials for one, is passed over.
 */
enum pl_frame_status pl_frame_receive(struct pl_frame_decoder *, int fd);

/* One frame on its way out.  Private. */
struct pl_frame_encoder {
	struct iovec part[1 + PL_FRAME_PARTS];
	int parts, first; /* the first one that is not sent */
	bool begun;
	unsigned descriptors;
	int fd[PL_FRAME_DESCRIPTORS];
	unsigned char header[PL_FRAME_HEADER];
};

/*
 * Make a frame of these bytes, or of several pieces of memory in their order.
 * Nothing is copied but the header: the payload must stay as it is, and the
 * encoder where it is, until the frame is sent.  0, or -1 with EINVAL for more
 * than PL_FRAME_PARTS pieces and EMSGSIZE for more than UINT32_MAX bytes.
 */
int pl_frame_encode(struct pl_frame_encoder *, uint16_t type, const void *bytes, size_t length);
int pl_frame_encode_parts(
    struct pl_frame_encoder *, uint16_t type, const struct iovec *, int parts);

/*
 * Let these descriptors travel beside the frame, over a UNIX-domain stream socket.
 * They must stay open until the frame is sent, and remain the caller's.  0, or -1
 * with EINVAL for more than PL_FRAME_DESCRIPTORS or when a byte of the frame has
 * been sent already.
 */
int pl_frame_attach(struct pl_frame_encoder *, const int *fd, unsigned count);

/*
 * For a caller that does the writing itself: the bytes that are not sent yet, for
 * writev(2), NULL and 0 when none are left; and the news that so many of them were.
 */
const struct iovec *pl_frame_rest(const struct pl_frame_encoder *, int *parts);
void pl_frame_advance(struct pl_frame_encoder *, size_t sent);

/*
 * Write what is left of the frame to the descriptor.  PL_FRAME_WHOLE when all is
 * written; PL_FRAME_MORE from a non-blocking descriptor, or one with a time-out,
 * that has no room: call again when it is writable; PL_FRAME_SYSTEM.  A call that
 * a signal interrupts is made again.
 *
 * All of the rest goes into one writev(2): frames of up to PIPE_BUF bytes stay
 * whole on a pipe with several writers.  With descriptors attached the first call
 * is sendmsg(2), and they go with the first byte.  Both raise SIGPIPE when nobody
 * can read, as they do without frames: to ignore it is the program's policy.
 */
enum pl_frame_status pl_frame_send(struct pl_frame_encoder *, int fd);

#endif
