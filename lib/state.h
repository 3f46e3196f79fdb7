/*
 * What the processes of one running case share; for the library alone.
 */

#ifndef PL_STATE_H
#define PL_STATE_H

#include <sys/types.h>

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "case.h"
#include "catalogue.h"
#include "outcome.h"

#define PL_LINES 2048 /* lines of transcript kept: the newest */
#define PL_ACTORS 256 /* the body and its peers */
#define PL_CLAIMS 32  /* requirements of one case */
#define PL_CHECKPOINTS 32
#define PL_TEXT 1024       /* a reason */
#define PL_FILES 64        /* files to remove at the end */
#define PL_ARENA (1 << 20) /* bytes for pl_shared */

/* One line of the transcript; the same line again only counts. */
struct pl_line {
	atomic_uint times;
	char text[PL_LINE];
};

/* The body (actor 0) or a peer: what it is doing, and what came of it. */
struct pl_actor {
	pid_t pid;
	long thread;        /* the kernel's number, 0 until it runs */
	char name[16];      /* "c1"; "" for the body */
	atomic_int in_call; /* a traced call is in flight */
	int call_fd;
	char call[PL_LINE];     /* the call in flight, or the last one */
	atomic_int judging;     /* an expectation is being evaluated */
	int claim;              /* its requirement */
	char where[64];         /* its file and line */
	char expected[PL_TEXT]; /* its set, in words */
	atomic_int finished;    /* result holds */
	struct pl_outcome result;
};

enum pl_word { PL_UNREACHED, PL_CONFORMS, PL_KNOWN, PL_DEVIATES };

/* One requirement that the running case verifies. */
struct pl_claim {
	const struct pl_requirement *requirement;
	const struct pl_deviation *deviation; /* known on this kernel, or NULL */
	bool applies;
	atomic_int word;
};

enum pl_end { PL_RUNNING, PL_PASSED, PL_DEVIATED, PL_BROKEN, PL_SKIPPED };

struct pl_state {
	atomic_int end;         /* pl_end; the first one stands */
	atomic_int end_written; /* reason holds */
	char reason[PL_TEXT];
	char known[PL_TEXT]; /* the first known deviation */
	pid_t body;
	struct pl_claim claims[PL_CLAIMS];
	int claim_count;
	struct pl_actor actors[PL_ACTORS];
	atomic_int actor_count;
	atomic_int slot_count[26];
	sem_t checkpoints[PL_CHECKPOINTS];
	char files[PL_FILES][256];
	atomic_int file_count;
	atomic_uint line_count;
	struct pl_line lines[PL_LINES];
	atomic_size_t arena_used;
	_Alignas(64) char arena[PL_ARENA];
};

/* The running case; set before its body starts. */
extern struct pl_state *pl_state;
extern const struct pl_case *pl_running;
extern const struct pl_kind *pl_running_kind;

/* The actor of the calling thread. */
extern __thread struct pl_actor *pl_me;

/* End the case from whatever process or thread; does not return. */
void pl_end(enum pl_end, const char *reason) __attribute__((noreturn));

/* Append a line to the transcript, said by the calling actor. */
void pl_transcribe(const char *text);

/* Write a deviation of a claim to standard output, transcript and all. */
void pl_print_deviation(
    const struct pl_claim *, const struct pl_actor *, const char *observed, bool known);

/* Record that an actor's expectation failed; returns only for a known deviation. */
void pl_deviate(struct pl_actor *, const char *observed);

/* Close what traced calls opened, in this process. */
void pl_close_slots(void);

/*
 * Say that the outcome of a peer comes through that descriptor: once the peer has
 * ended, take() gets it from there and closes the descriptor; false if none came.
 */
struct pl_peer;
void pl_answers_by(struct pl_peer *, int channel, bool (*take)(int channel, struct pl_outcome *));

/* Prepare signals for a body. */
void pl_signals_begin(void);

/* Forget a descriptor's name, or all but those kept, in this process. */
void pl_forget_slot(int fd);

/* Beyond this no descriptor is looked for. */
#define PL_DESCRIPTORS 1024

#endif
