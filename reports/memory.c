#include "memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 65536

struct pool_block {
	struct pool_block *next;
	size_t used, size;
	max_align_t bytes[];
};

void
out_of_memory(void)
{
	fputs("reports: out of memory: give it more, or judge fewer results at once\n", stderr);
	exit(2);
}

static void *
allocate(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (p == NULL)
		out_of_memory();
	return (p);
}

void *
pool_get(struct pool *pool, size_t size)
{
	const size_t align = sizeof(max_align_t);
	struct pool_block *b = pool->blocks;
	void *p;

	size = (size + align - 1) / align * align;
	if (b == NULL || size > b->size - b->used) {
		size_t room = size > BLOCK ? size : BLOCK;

		b = allocate(NULL, sizeof(*b) + room);
		*b = (struct pool_block){ .next = pool->blocks, .size = room };
		pool->blocks = b;
	}
	p = (char *)b->bytes + b->used;
	b->used += size;
	return (p);
}

char *
pool_copy(struct pool *pool, const char *bytes, size_t size)
{
	char *p = pool_get(pool, size + 1);

	if (size > 0)
		memcpy(p, bytes, size);
	p[size] = '\0';
	return (p);
}

char *
pool_format(struct pool *pool, const char *format, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n < 0)
		return (pool_copy(pool, format, strlen(format)));
	p = pool_get(pool, (size_t)n + 1);
	va_start(ap, format);
	vsnprintf(p, (size_t)n + 1, format, ap);
	va_end(ap);
	return (p);
}

void
pool_free(struct pool *pool)
{
	struct pool_block *b;

	while ((b = pool->blocks) != NULL) {
		pool->blocks = b->next;
		free(b);
	}
}

void *
grow(void *rows, size_t count, size_t size)
{
	if (count != 0 && (count & (count - 1)) != 0)
		return (rows);
	if (count > SIZE_MAX / 2 / size)
		out_of_memory();
	return (allocate(rows, (count == 0 ? 1 : count * 2) * size));
}
