#include "guard.h"

#include <sys/mman.h>

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "case.h"

void *
pl_guarded(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (size + page - 1) / page * page;
	char *start =
	    mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED || mprotect(start + room, page, PROT_NONE) != 0)
		pl_broken("no memory with a guard page: %s", strerror(errno));
	return (start + room - size);
}

void (*pl_libc_function(const char *name))(void)
{
	union {
		void *address;
		void (*function)(void);
	} found = { dlsym(RTLD_NEXT, name) };

	if (found.address == NULL)
		pl_broken("the C library has no %s", name);
	return (found.function);
}
