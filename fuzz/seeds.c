/*
 * Writes the seeds of the targets frame, frame_stream and table, made by the encoder
 * and of the tables' own columns, so that they follow when the formats change.
 *
 *	usage: seeds FOLDER
 *
 * FOLDER is corpus, or another one to compare with it.  What it writes into
 * FOLDER/<target>/ replaces files of the same name and leaves others alone.
 */

#include <sys/stat.h>

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/frame.h"

static const char *folder;

static _Noreturn void
quit(const char *path, const char *what)
{
	fprintf(stderr, "%s: %s\n", path, what);
	exit(2);
}

/* The path of a seed; the folder of its target is made. */
static const char *
seed_path(const char *target, const char *name)
{
	static char path[1024];

	snprintf(path, sizeof(path), "%s/%s", folder, target);
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		quit(path, strerror(errno));
	snprintf(path, sizeof(path), "%s/%s/%s", folder, target, name);
	return (path);
}

/* A seed that is being put together. */
struct seed {
	unsigned char bytes[32768];
	size_t size;
};

static void
put(struct seed *s, const void *bytes, size_t size)
{
	if (size > sizeof(s->bytes) - s->size)
		quit("a seed", "too long");
	memcpy(s->bytes + s->size, bytes, size);
	s->size += size;
}

static void
put_text(struct seed *s, const char *text)
{
	put(s, text, strlen(text));
}

static void
put_byte(struct seed *s, unsigned value)
{
	const unsigned char byte = (unsigned char)value;

	put(s, &byte, 1);
}

static void
keep(const struct seed *s, const char *target, const char *name)
{
	const char *path = seed_path(target, name);
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(s->bytes, 1, s->size, f) != s->size || fclose(f) != 0)
		quit(path, strerror(errno));
}

/* A frame as it goes over a stream; descriptors are announced only. */
static void
put_frame(struct seed *s, uint16_t type, const char *payload, unsigned descriptors)
{
	const int fd[PL_FRAME_DESCRIPTORS] = { 0 };
	struct pl_frame_encoder e;
	const struct iovec *part;
	int parts;

	if (pl_frame_encode(&e, type, payload, strlen(payload)) != 0 ||
	    pl_frame_attach(&e, fd, descriptors) != 0)
		quit("a frame", strerror(errno));
	part = pl_frame_rest(&e, &parts);
	for (int i = 0; i < parts; i++)
		put(s, part[i].iov_base, part[i].iov_len);
}

/* The bytes before the stream: see fuzz/frame.c. */
static struct seed
frame_seed(unsigned limit, unsigned cut, unsigned flags, unsigned astray)
{
	struct seed s = { .size = 0 };

	put_byte(&s, limit);
	put_byte(&s, cut);
	put_byte(&s, flags);
	put_byte(&s, astray);
	return (s);
}

static void
frame_seeds(void)
{
	struct seed s = frame_seed(255, 3, 0, 0);

	keep(&s, "frame", "nothing");
	put_frame(&s, 1, "", 0);
	keep(&s, "frame", "empty-payload");
	put_frame(&s, 2, "some payload", 0);
	put_frame(&s, 65535, "and more of it", 0);
	keep(&s, "frame", "three-frames");
	s.size -= 3;
	keep(&s, "frame", "cut-in-payload");
	s.size = 4 + PL_FRAME_HEADER - 1;
	keep(&s, "frame", "cut-in-header");

	s = frame_seed(255, 3, 0, 0);
	put_frame(&s, 3, "one bit of this is wrong", 0);
	s.bytes[s.size - 5] ^= 4;
	keep(&s, "frame", "damaged-payload");
	s.bytes[4 + 9] ^= 1;
	keep(&s, "frame", "damaged-header");

	s = frame_seed(2, 3, 0, 0);
	put_frame(&s, 4, "longer than six bytes", 0);
	keep(&s, "frame", "too-long");
	s = frame_seed(0, 3, 0, 0);
	put_frame(&s, 4, "", 0);
	keep(&s, "frame", "no-memory");

	s = frame_seed(255, 3, 12, 0);
	put_frame(&s, 5, "beside descriptors", 2);
	put_frame(&s, 6, "and beside more", 3);
	keep(&s, "frame", "descriptors");
	s.bytes[3] = 1;
	keep(&s, "frame", "descriptors-astray");
	s.bytes[2] = 4;
	s.bytes[3] = 0;
	keep(&s, "frame", "descriptors-too-many");

	s = frame_seed(255, 8, 15, 0);
	put_text(&s, "This is no frame yet, but with checksums made right it becomes several.");
	keep(&s, "frame", "made-right");
	s.bytes[2] = 1;
	keep(&s, "frame", "made-right-but-lengths");
}

/* Frames through a stream: see fuzz/frame_stream.c. */
static void
stream_seed(const char *name, unsigned kind, unsigned writes, unsigned reads, unsigned flags)
{
	static const char *const payloads[] = { "hello", "",
		"a somewhat longer payload, in pieces" };
	struct seed s = { .size = 0 };

	put_byte(&s, kind);
	put_byte(&s, writes);
	put_byte(&s, reads);
	for (size_t i = 0; i < 3; i++) {
		/* The last one is what is cut, if one is. */
		put_byte(&s, i < 2 ? flags & ~2U : flags);
		put_byte(&s, (unsigned)strlen(payloads[i]));
		put_byte(&s, 0);
		put_text(&s, payloads[i]);
	}
	keep(&s, "frame_stream", name);
}

static void
stream_seeds(void)
{
	static char payload[1001];
	struct seed s = { .size = 0 };

	stream_seed("pipe", 0, 1, 2, 0);
	stream_seed("pipe-cut", 0, 2, 4, 2);
	stream_seed("pipe-lazy", 0, 5, 3, 0);
	stream_seed("unix", 1, 3, 6, 0);
	stream_seed("unix-descriptors", 1, 4, 8, 1);
	stream_seed("unix-cut", 1, 4, 8, 3);
	stream_seed("tcp", 2, 6, 10, 0);
	stream_seed("tcp-cut", 2, 7, 12, 2);
	stream_seed("tcp-lazy", 2, 8, 5, 0);

	memset(payload, 'x', sizeof(payload) - 1);
	for (unsigned kind = 1; kind <= 2; kind++) {
		s.size = 0;
		put_byte(&s, 8 | kind);
		put_byte(&s, 9);
		put_byte(&s, 1);
		for (int i = 0; i < 3; i++) {
			put_byte(&s, 0);
			put_byte(&s, 1000 & 0xff);
			put_byte(&s, 1000 >> 8);
			put_text(&s, payload);
		}
		keep(&s, "frame_stream", kind == 1 ? "unix-narrow" : "tcp-narrow");
	}
}

static void
table_seed(const char *name, const char *text)
{
	struct seed s = { .size = 0 };

	put_text(&s, text);
	keep(&s, "table", name);
}

#define REQUIREMENTS "rid\tstatement\tclass\tposix\tfreebsd\tlinux\tsource\tpriority\tunchecked\n"
#define DEVIATIONS "drequirement\tos\tfrom\tto\tcitation\treason\n"

static void
table_seeds(void)
{
	table_seed("requirements-none", REQUIREMENTS);
	table_seed("requirements",
	    REQUIREMENTS
	    "pipe.eof.read-returns-zero\tread() after the last writer closed.\tposix\t0\t0\t0\t"
	    "POSIX read()\t1\t\n"
	    "pipe.size.two-way\tA pipe carries both ways.\tdiffers\tn/a: left open\t13: "
	    "yes\tEBADF\t"
	    "FreeBSD pipe(2)\t3\tno program can ask\n");
	table_seed("requirements-twice",
	    REQUIREMENTS "a.b.c\ts\tlinux\tn/a\tn/a\t0\tpage\t2\t\n"
			 "a.b.c\ts\tlinux\tn/a\tn/a\t0\tpage\t2\t\n");
	table_seed("requirements-bad-id", REQUIREMENTS "a.b\ts\tposix\t0\t0\t0\tpage\t1\t\n");
	table_seed("requirements-columns", REQUIREMENTS "a.b.c\ts\tposix\t0\n");
	table_seed("requirements-cut", REQUIREMENTS "a.b.c\ts\tposix\t0\t0\t0\tpage\t1\t");
	table_seed("deviations-none", DEVIATIONS);
	table_seed("deviations",
	    DEVIATIONS "pipe.eof.read-returns-zero\tLinux\t6.1\t-\tread(2)\tit gives 1\n"
		       "pipe.size.two-way\tFreeBSD\t13\t14\tpipe(2)\tone way only\n");
	table_seed("deviations-backwards", DEVIATIONS "a.b.c\tLinux\t6\t5\tpage\tnone\n");
	table_seed("deviations-no-release", DEVIATIONS "a.b.c\tLinux\tsix\t-\tpage\tnone\n");
}

/* The tables of kyua's results file that its reader asks for, on the smallest pages. */
static const char results[] =
    "PRAGMA page_size = 512;"
    "BEGIN;"
    "CREATE TABLE metadata(schema_version);"
    "CREATE TABLE test_programs(test_program_id INTEGER PRIMARY KEY, relative_path,"
    " test_suite_name);"
    "CREATE TABLE test_cases(test_case_id INTEGER PRIMARY KEY, test_program_id, name,"
    " metadata_id);"
    "CREATE TABLE test_results(test_case_id INTEGER PRIMARY KEY, result_type, result_reason);"
    "CREATE TABLE metadatas(metadata_id, property_name, property_value);"
    "CREATE TABLE test_case_files(test_case_id, file_name, file_id);"
    "CREATE TABLE files(file_id INTEGER PRIMARY KEY, contents);"
    "INSERT INTO metadata VALUES(3);"
    "INSERT INTO test_programs VALUES(1, 'cases/pipe/eof_test', 'plumbline');"
    "INSERT INTO metadatas VALUES(1, 'custom.requirement', 'pipe.eof.zero');"
    "INSERT INTO test_cases VALUES(1, 1, 'zero', 1), (2, 1, 'one', 1), (3, 1, 'two', 1);"
    "INSERT INTO test_results VALUES(1, 'passed', NULL), (2, 'broken', 'no room');"
    "INSERT INTO files VALUES(1, X'76657264696374'), (2, X'6261640a');"
    "INSERT INTO test_case_files VALUES(1, '__STDOUT__', 1), (2, '__STDERR__', 2);"
    "COMMIT;";

static void
results_seed(const char *name, const char *change)
{
	char path[1024];
	struct seed s = { .size = 0 };
	sqlite3 *db;
	FILE *f;
	int c;

	snprintf(path, sizeof(path), "%s.db", seed_path("table", name));
	unlink(path);
	if (sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, results, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(db, change, NULL, NULL, NULL) != SQLITE_OK)
		quit(path, sqlite3_errmsg(db));
	sqlite3_close(db);
	if ((f = fopen(path, "rb")) == NULL)
		quit(path, strerror(errno));
	put_byte(&s, 's');
	while ((c = getc(f)) != EOF)
		put_byte(&s, (unsigned)c);
	fclose(f);
	unlink(path);
	keep(&s, "table", name);
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return (2);
	}
	folder = argv[1];
	frame_seeds();
	stream_seeds();
	table_seeds();
	results_seed("results", "");
	results_seed("results-version-4", "UPDATE metadata SET schema_version = 4");
	results_seed("results-unknown-word", "UPDATE test_results SET result_type = 'odd'");
	results_seed("results-no-program", "DELETE FROM test_programs");
	table_seed("results-empty", "s");
	table_seed("results-text", "sThis is no database.\n");
	return (0);
}
