#include "case.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "os.h"
#include "state.h"
#include "trace.h"

/* Seconds that one case may take before it is ended, times the configured scale. */
#define DEADLINE 6.0

/* kyua's own limit, seconds: far beyond ours, whatever the scale; ours is the one that counts. */
#define LAST_RESORT "600"

/* The most cases and requirement tables of one program; both generous. */
#define MAX_CASES 512
#define MAX_AREAS 8

struct pl_state *pl_state;
const struct pl_case *pl_running;
const struct pl_kind *pl_running_kind;
__thread struct pl_actor *pl_me;

/* The program's cases, in the order of their definition. */
static struct pl_case *cases, **cases_end = &cases;

/* A case as ATF sees it: a declared case, for one kind or for none. */
static struct instance {
	const struct pl_case *declared;
	const struct pl_kind *kind;
	char name[96];
	atf_tc_t tc;
} instances[MAX_CASES];
static size_t instance_count;

static enum pl_profile profile;
static int os_release;
static struct utsname os_identity;

/* Every requirement and deviation table read so far. */
static struct {
	struct pl_catalogue catalogue;
	struct pl_deviations deviations;
} areas[MAX_AREAS];
static size_t area_count;

void
pl_case_register(struct pl_case *c)
{
	*cases_end = c;
	cases_end = &c->next;
}

/* What a body asks */

const struct pl_kind *
pl_case_kind(void)
{
	if (pl_running_kind == NULL)
		pl_broken("the case asks for its kind but declares no .kinds");
	return (pl_running_kind);
}

bool
pl_kind_has(unsigned traits)
{
	return ((pl_case_kind()->traits & traits) == traits);
}

struct pl_pair
pl_pair(void)
{
	const struct pl_kind *kind = pl_case_kind();

	return (kind->make(kind));
}

enum pl_profile
pl_profile(void)
{
	return (profile);
}

int
pl_os_release(void)
{
	return (os_release);
}

bool
pl_freebsd_before(int release)
{
	return (profile == PL_PROFILE_FREEBSD && pl_os.profile == PL_PROFILE_FREEBSD &&
	    os_release < release);
}

void
pl_remove_at_end(const char *path)
{
	int i = atomic_fetch_add(&pl_state->file_count, 1);

	if (i >= PL_FILES || strlen(path) >= sizeof(pl_state->files[0])) {
		atomic_fetch_sub(&pl_state->file_count, 1);
		return;
	}
	strcpy(pl_state->files[i], path);
}

/* Ends of a case */

void
pl_end(enum pl_end end, const char *reason)
{
	int running = PL_RUNNING;

	if (atomic_compare_exchange_strong(&pl_state->end, &running, (int)end)) {
		snprintf(pl_state->reason, sizeof(pl_state->reason), "%s", reason);
		atomic_store(&pl_state->end_written, 1);
	}
	/* A peer that ends the case ends the body, which may be asleep. */
	if (pl_state->body != getpid())
		kill(pl_state->body, SIGKILL);
	_exit(0);
}

#define END_WITH(end, prefix, format)                                                         \
	do {                                                                                  \
		char reason_[PL_TEXT] = prefix;                                               \
		va_list ap_;                                                                  \
                                                                                              \
		va_start(ap_, format);                                                        \
		vsnprintf(                                                                    \
		    reason_ + strlen(prefix), sizeof(reason_) - strlen(prefix), format, ap_); \
		va_end(ap_);                                                                  \
		pl_end(end, reason_);                                                         \
	} while (0)

void
pl_broken(const char *format, ...)
{
	END_WITH(PL_BROKEN, "", format);
}

void
pl_not_tested(const char *format, ...)
{
	END_WITH(PL_SKIPPED, "not tested: ", format);
}

void
pl_not_applicable(const char *format, ...)
{
	END_WITH(PL_SKIPPED, "not applicable: ", format);
}

long
pl_need(long constant, const char *name)
{
	if (constant == PL_ABSENT)
		pl_not_tested("this kernel has no %s", name);
	return (constant);
}

void
pl_need_untouched(const char *variable, long value)
{
	long now;

	if (pl_os_sysctl_get(variable, &now) == 0 && now != value)
		pl_not_tested("%s is %ld here", variable, now);
}

/* What a case may leave behind */

/* Which descriptors are open: poll(2) tells of all at once, as far as their limit goes. */
static void
note_descriptors(bool open[PL_DESCRIPTORS])
{
	static struct pollfd entries[PL_DESCRIPTORS];
	long limit = sysconf(_SC_OPEN_MAX);
	nfds_t count = limit > 0 && limit < PL_DESCRIPTORS ? (nfds_t)limit : PL_DESCRIPTORS;
	bool told;

	for (int fd = 0; fd < PL_DESCRIPTORS; fd++)
		entries[fd].fd = fd;
	told = poll(entries, count, 0) != -1;
	for (int fd = 0; fd < PL_DESCRIPTORS; fd++)
		open[fd] = told && fd < (int)count ? (entries[fd].revents & POLLNVAL) == 0
						   : fcntl(fd, F_GETFD) != -1;
}

static int
count_files(void)
{
	DIR *d = opendir(".");
	int n = 0;

	if (d == NULL)
		return (-1);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return (n);
}

static void
check_descriptors(const bool before[PL_DESCRIPTORS])
{
	bool now[PL_DESCRIPTORS];

	note_descriptors(now);
	for (int fd = 0; fd < PL_DESCRIPTORS; fd++) {
		if (now[fd] && !before[fd])
			pl_broken("the case leaves descriptor %d behind", fd);
		if (!now[fd] && before[fd])
			pl_broken("the case closed descriptor %d, which is not its own", fd);
	}
}

static void
check_children(void)
{
	pid_t child = waitpid(-1, NULL, WNOHANG);

	if (child == 0)
		pl_broken("the case leaves a child behind");
	if (child > 0)
		pl_broken("the case never waited for child %ld", (long)child);
}

/*
 * A joined thread may still be on its way out in the kernel, so look again for a
 * while; one that was forgotten stays.
 */
static void
check_threads(int before)
{
	for (int look = 0; pl_os_thread_count() != before; look++) {
		if (look == 1000)
			pl_broken("the case leaves a thread behind");
		poll(NULL, 0, 1);
	}
}

/* Switch the injected defect, if the program runs with one preloaded. */
static void
switch_defect(bool on)
{
	void (*defect_switch)(int);

	*(void **)&defect_switch = dlsym(RTLD_DEFAULT, "plumbline_defect_switch");
	if (defect_switch != NULL)
		defect_switch(on);
}

/* An ordinary user from now on, in a work directory of its own. */
static void
become_unprivileged(void)
{
	struct passwd *nobody;

	if (geteuid() != 0)
		return;
	if ((nobody = getpwnam("nobody")) == NULL)
		pl_not_tested("there is no user \"nobody\" to become");
	if (mkdir("unprivileged", 0700) != 0 ||
	    chown("unprivileged", nobody->pw_uid, nobody->pw_gid) != 0 ||
	    chdir("unprivileged") != 0)
		pl_broken("no directory for an unprivileged user: %s", strerror(errno));
	if (pl_os_drop_privileges(nobody->pw_uid, nobody->pw_gid) != 0)
		pl_broken("cannot become an unprivileged user: %s", strerror(errno));
}

static void
run_body(void)
{
	bool descriptors[PL_DESCRIPTORS];
	int threads, files;

	pl_me = &pl_state->actors[0];
	pl_me->pid = pl_state->body = getpid();
	pl_me->thread = pl_os_thread_id();
	pl_me->claim = pl_state->claim_count == 1 ? 0 : -1;
	pl_signals_begin();
	umask(022);
	if (pl_running->needs & PL_UNPRIVILEGED)
		become_unprivileged();
	threads = pl_os_thread_count();
	files = count_files();
	note_descriptors(descriptors);

	switch_defect(true);
	pl_running->body();
	switch_defect(false);

	/* Before anything is closed, which might let a sleeping one go. */
	check_children();
	check_threads(threads);
	pl_close_slots();
	/* A directory after what was made in it. */
	for (int i = atomic_load(&pl_state->file_count); i-- > 0;)
		remove(pl_state->files[i]);
	check_descriptors(descriptors);
	if (count_files() != files)
		pl_broken("the case leaves a file behind");
	for (int i = 0; i < pl_state->claim_count; i++) {
		const struct pl_claim *c = &pl_state->claims[i];

		if (c->applies && atomic_load(&c->word) == PL_UNREACHED)
			pl_broken("the case never judges %s", c->requirement->id);
	}
	pl_end(PL_PASSED, "");
}

/* Reports */

void
pl_print_deviation(
    const struct pl_claim *c, const struct pl_actor *a, const char *observed, bool known)
{
	const struct pl_state *s = pl_state;
	unsigned count = atomic_load(&s->line_count);
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return;
	fprintf(f, "deviation %s\n", c->requirement->id);
	fprintf(f, "  statement: %s\n", c->requirement->statement);
	fprintf(f, "  source: %s\n", c->requirement->source);
	fprintf(f, "  documented: %s\n", c->requirement->outcome[profile]);
	fprintf(f, "  expected: %s\n", a->expected);
	fprintf(f, "  observed: %s%s%s\n", a->name, a->name[0] != '\0' ? ": " : "", observed);
	if (known)
		fprintf(f, "  known: %s: %s\n", c->deviation->citation, c->deviation->reason);
	fprintf(f, "  at: %s\n", a->where);
	fprintf(f, "  transcript:\n");
	if (count > PL_LINES)
		fprintf(f, "    # %u earlier lines are not shown\n", count - PL_LINES);
	for (unsigned i = count > PL_LINES ? count - PL_LINES : 0; i < count; i++) {
		const struct pl_line *l = &s->lines[i % PL_LINES];
		unsigned times = atomic_load(&l->times);

		fprintf(f, "    %s", l->text);
		if (times > 1)
			fprintf(f, "  # %u times", times);
		fputc('\n', f);
	}
	fprintf(f, "end\n");
	if (fclose(f) == 0)
		for (size_t done = 0; done < size;) {
			ssize_t n = write(STDOUT_FILENO, text + done, size - done);

			if (n <= 0)
				break;
			done += (size_t)n;
		}
	free(text);
}

/*
 * The body came to an end, or was ended, without saying how.  If some actor was
 * being judged, that expectation failed; otherwise the trouble is ours.
 */
static void
explain_end(const char *what)
{
	struct pl_state *s = pl_state;
	int count = atomic_load(&s->actor_count);
	char observed[PL_TEXT] = "";

	/* The calls that had not returned, the judged actor's last. */
	for (int i = count - 1; i >= 0; i--) {
		struct pl_actor *a = &s->actors[i];

		if (!atomic_load(&a->in_call) || atomic_load(&a->finished))
			continue;
		snprintf(observed + strlen(observed), sizeof(observed) - strlen(observed),
		    "%s%s%s%.200s", observed[0] != '\0' ? "; " : "", a->name,
		    a->name[0] != '\0' ? ": " : "", a->call);
	}
	snprintf(observed + strlen(observed), sizeof(observed) - strlen(observed), "%s %s",
	    observed[0] != '\0' ? "" : "the case", what);
	for (int i = 0; i < count; i++) {
		struct pl_actor *a = &s->actors[i];

		if (atomic_load(&a->judging) && a->claim >= 0) {
			struct pl_claim *c = &s->claims[a->claim];

			if (!c->applies)
				continue;
			if (c->deviation != NULL) {
				atomic_store(&c->word, PL_KNOWN);
				pl_print_deviation(c, a, observed, true);
				snprintf(s->known, sizeof(s->known),
				    "%.200s: expected %.200s; observed %.300s (known: %.200s)",
				    c->requirement->id, a->expected, observed,
				    c->deviation->citation);
				atomic_store(&s->end, PL_PASSED);
				return;
			}
			atomic_store(&c->word, PL_DEVIATES);
			pl_print_deviation(c, a, observed, false);
			snprintf(s->reason, sizeof(s->reason),
			    "%s: expected %.300s; observed %.500s", c->requirement->id, a->expected,
			    observed);
			atomic_store(&s->end, PL_DEVIATED);
			return;
		}
	}
	snprintf(s->reason, sizeof(s->reason), "%.1000s", observed);
	atomic_store(&s->end, PL_BROKEN);
}

static void
print_verdicts(void)
{
	static const char *const words[] = { "unreached", "conforms", "known", "deviates" };

	for (int i = 0; i < pl_state->claim_count; i++) {
		const struct pl_claim *c = &pl_state->claims[i];

		printf("verdict %s %s\n", c->requirement->id,
		    c->applies ? words[atomic_load(&c->word)] : "open");
	}
}

/* The library's own trouble before a body runs: kyua calls an exit without result broken. */
static void __attribute__((noreturn, format(printf, 1, 2))) broken_before(const char *format, ...)
{
	va_list ap;

	printf("broken: ");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(EXIT_FAILURE);
}

/* Requirements */

static const struct pl_requirement *
find_requirement(const char *id, const struct pl_deviation **deviation)
{
	*deviation = NULL;
	for (size_t i = 0; i < area_count; i++) {
		const struct pl_requirement *q = pl_catalogue_find(&areas[i].catalogue, id);

		if (q != NULL) {
			*deviation = pl_deviations_find(
			    &areas[i].deviations, id, os_identity.sysname, os_release);
			return (q);
		}
	}
	return (NULL);
}

static void
read_area(const char *directory)
{
	char path[PATH_MAX], error[PATH_MAX + 256];

	if (area_count == MAX_AREAS)
		broken_before("more than %d requirement tables in one program", MAX_AREAS);
	snprintf(path, sizeof(path), "%s/requirements.tsv", directory);
	if (pl_catalogue_read(path, &areas[area_count].catalogue, error, sizeof(error)) != 0)
		broken_before("%s", error);
	snprintf(path, sizeof(path), "%s/deviations.tsv", directory);
	if (pl_deviations_read(path, &areas[area_count].deviations, error, sizeof(error)) != 0)
		broken_before("%s", error);
	area_count++;
}

/* Its table lies beside the program, or in the folder named like its area. */
static void
claim(const char *srcdir, const char *id)
{
	struct pl_claim *c = &pl_state->claims[pl_state->claim_count];
	char directory[PATH_MAX];

	if (pl_state->claim_count == PL_CLAIMS)
		broken_before("the case verifies more than %d requirements", PL_CLAIMS);
	if (area_count == 0)
		read_area(srcdir);
	c->requirement = find_requirement(id, &c->deviation);
	if (c->requirement == NULL) {
		snprintf(
		    directory, sizeof(directory), "%s/../%.*s", srcdir, (int)strcspn(id, "."), id);
		if (access(directory, F_OK) == 0)
			read_area(directory);
		c->requirement = find_requirement(id, &c->deviation);
	}
	if (c->requirement == NULL)
		broken_before("the case verifies %s, which no table has", id);
	c->applies = pl_requirement_applies(c->requirement, profile);
	pl_state->claim_count++;
}

/* Watching a body */

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec + (double)t.tv_nsec / 1e9);
}

/* Wait for the body's end, until the deadline.  True and its status, or false. */
static bool
watch(pid_t body, double deadline, int *status)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (;;) {
		pid_t done = waitpid(body, status, WNOHANG);
		double left = deadline - now();
		struct timespec wait;

		if (done == body)
			return (true);
		if (left <= 0)
			return (false);
		wait.tv_sec = (time_t)left;
		wait.tv_nsec = (long)((left - (double)wait.tv_sec) * 1e9);
		sigtimedwait(&child, NULL, &wait);
	}
}

static void
run_case(double scale)
{
	sigset_t child, before;
	int status = 0;
	pid_t body;
	bool ended;
	char what[128];

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	pl_os_adopt_orphans();
	fflush(NULL);
	if ((body = fork()) == -1)
		broken_before("fork: %s", strerror(errno));
	if (body == 0)
		run_body();
	pl_state->body = body;
	ended = watch(body, now() + DEADLINE * scale, &status);
	if (!ended) {
		snprintf(what, sizeof(what), "has not returned after %g s", DEADLINE * scale);
		explain_end(what);
		kill(body, SIGKILL);
		waitpid(body, NULL, 0);
	} else if (atomic_load(&pl_state->end) == PL_RUNNING) {
		if (WIFSIGNALED(status))
			snprintf(what, sizeof(what), "was killed by signal %d (%s)",
			    WTERMSIG(status), strsignal(WTERMSIG(status)));
		else
			snprintf(what, sizeof(what), "exited with status %d", WEXITSTATUS(status));
		explain_end(what);
	}
	if (pl_os_kill_children() > 0 && atomic_load(&pl_state->end) == PL_PASSED) {
		snprintf(
		    pl_state->reason, sizeof(pl_state->reason), "the case leaves a process behind");
		atomic_store(&pl_state->end, PL_BROKEN);
	}
	if (pl_running->needs & PL_UNPRIVILEGED)
		rmdir("unprivileged");
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* The glue to ATF */

static struct instance *
find_instance(const char *name)
{
	for (size_t i = 0; i < instance_count; i++)
		if (strcmp(instances[i].name, name) == 0)
			return (&instances[i]);
	return (NULL);
}

static void
head(atf_tc_t *tc)
{
	const struct instance *in = find_instance(atf_tc_get_ident(tc));

	atf_tc_set_md_var(tc, "X-requirement", "%s", in->declared->verifies);
	atf_tc_set_md_var(tc, "timeout", LAST_RESORT);
	if (in->declared->slow != NULL)
		atf_tc_set_md_var(tc, "X-slow", "%s", in->declared->slow);
}

static void
configure(const atf_tc_t *tc, double *scale)
{
	const char *word = atf_tc_get_config_var_wd(tc, "profile", pl_profile_name(pl_os.profile));
	int parsed = pl_profile_parse(word);
	char *end;

	uname(&os_identity);
	os_release = pl_release_parse(os_identity.release);
	if (parsed == -1)
		broken_before("no profile \"%s\": freebsd, linux or posix", word);
	profile = (enum pl_profile)parsed;
	word = atf_tc_get_config_var_wd(tc, "scale", "1");
	*scale = strtod(word, &end);
	if (*end != '\0' || !(*scale > 0 && *scale < 1000))
		broken_before("scale \"%s\" is not a number from 0 to 1000", word);
	printf(
	    "plumbline 1 profile=%s os=%s release=%s privileged=%s machine=%s suite=%s runner=%s",
	    pl_profile_name(profile), os_identity.sysname, os_identity.release,
	    geteuid() == 0 ? "yes" : "no", os_identity.machine,
	    atf_tc_get_config_var_wd(tc, "suite", "unknown"),
	    atf_tc_get_config_var_wd(tc, "runner", "unknown"));
	/* What tells two kernels of one release apart; a blank would end the word. */
	printf(" build=");
	for (const char *c = os_identity.version; *c != '\0'; c++)
		putchar(*c == ' ' || *c == '\n' ? '_' : *c);
	putchar('\n');
}

static void
body(const atf_tc_t *tc)
{
	const struct instance *in = find_instance(atf_tc_get_ident(tc));
	char ids[PL_CLAIMS * 128], *id, *next;
	bool applies = false;
	double scale;

	configure(tc, &scale);
	pl_running = in->declared;
	pl_running_kind = in->kind;
	pl_state = mmap(
	    NULL, sizeof(*pl_state), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pl_state == MAP_FAILED)
		broken_before("mmap: %s", strerror(errno));
	atomic_store(&pl_state->actor_count, 1);
	for (int i = 0; i < PL_CHECKPOINTS; i++)
		sem_init(&pl_state->checkpoints[i], 1, 0);
	snprintf(ids, sizeof(ids), "%s", in->declared->verifies);
	for (id = strtok_r(ids, " ", &next); id != NULL; id = strtok_r(NULL, " ", &next))
		claim(atf_tc_get_config_var(tc, "srcdir"), id);
	for (int i = 0; i < pl_state->claim_count; i++)
		applies |= pl_state->claims[i].applies;
	if (!applies) {
		print_verdicts();
		atf_tc_skip("not applicable: profile %s documents nothing here: %s",
		    pl_profile_name(profile), pl_state->claims[0].requirement->outcome[profile]);
	}
	if ((in->declared->needs & PL_ROOT) != 0 && geteuid() != 0) {
		print_verdicts();
		atf_tc_skip("not tested: needs the super-user");
	}

	run_case(scale);

	print_verdicts();
	switch ((enum pl_end)atomic_load(&pl_state->end)) {
	case PL_PASSED:
		if (pl_state->known[0] != '\0') {
			atf_tc_expect_fail("known deviation");
			atf_tc_fail("%s", pl_state->known);
		}
		break;
	case PL_DEVIATED:
		atf_tc_fail("%s", pl_state->reason);
	case PL_SKIPPED:
		atf_tc_skip("%s", pl_state->reason);
	case PL_BROKEN:
	case PL_RUNNING:
		broken_before("%s", pl_state->reason);
	}
}

static void
add_instance(const struct pl_case *c, const struct pl_kind *kind)
{
	struct instance *in = &instances[instance_count];

	if (instance_count == MAX_CASES)
		broken_before("more than %d cases in one program", MAX_CASES);
	instance_count++;
	in->declared = c;
	in->kind = kind;
	snprintf(in->name, sizeof(in->name), "%s%s%s", c->name, kind != NULL ? "__" : "",
	    kind != NULL ? kind->name : "");
}

ATF_TP_ADD_TCS(tp)
{
	char **config = atf_tp_get_config(tp);
	atf_error_t error = atf_no_error();

	if (config == NULL)
		return (atf_no_memory_error());
	for (const struct pl_case *c = cases; c != NULL; c = c->next) {
		if (c->kinds == 0) {
			add_instance(c, NULL);
			continue;
		}
		for (const struct pl_kind *k = pl_kinds; k->name != NULL; k++)
			if ((k->traits & c->kinds) == c->kinds)
				add_instance(c, k);
	}
	for (size_t i = 0; i < instance_count && !atf_is_error(error); i++) {
		struct instance *in = &instances[i];

		error =
		    atf_tc_init(&in->tc, in->name, head, body, NULL, (const char *const *)config);
		if (!atf_is_error(error))
			error = atf_tp_add_tc(tp, &in->tc);
	}
	atf_utils_free_charpp(config);
	return (error);
}
