#include "signals.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

#include "case.h"
#include "state.h"

static atomic_int caught[128];
static __thread volatile sig_atomic_t sigpipes;

static void
count(int signal)
{
	atomic_fetch_add(&caught[signal], 1);
	if (signal == SIGPIPE)
		sigpipes++;
}

static void
set_action(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&action.sa_mask);
	if (sigaction(signal, &action, NULL) != 0)
		pl_broken("sigaction(%d) failed", signal);
}

static void
set_mask(int how, int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	if (pthread_sigmask(how, &set, NULL) != 0)
		pl_broken("pthread_sigmask(%d) failed", signal);
}

void
pl_catch(int signal, int flags)
{
	set_action(signal, count, flags);
}

void
pl_ignore(int signal)
{
	set_action(signal, SIG_IGN, 0);
}

void
pl_default(int signal)
{
	set_action(signal, SIG_DFL, 0);
}

void
pl_block(int signal)
{
	set_mask(SIG_BLOCK, signal);
}

void
pl_unblock(int signal)
{
	set_mask(SIG_UNBLOCK, signal);
}

int
pl_caught(int signal)
{
	return (atomic_load(&caught[signal]));
}

void
pl_forget(int signal)
{
	atomic_store(&caught[signal], 0);
}

int
pl_sigpipes(void)
{
	return (sigpipes);
}

void
pl_signals_begin(void)
{
	static const int usual[] = { SIGHUP, SIGINT, SIGQUIT, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2,
		SIGCHLD, SIGIO, SIGURG, SIGXFSZ };
	sigset_t none;

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		set_action(usual[i], SIG_DFL, 0);
	pl_catch(SIGPIPE, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
