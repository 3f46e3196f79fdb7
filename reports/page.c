#include "page.h"

#include "json.h"
#include "page_text.h"

void
print_page(FILE *f, const struct run *runs, size_t count)
{
	fputs(page_before, f);
	print_json_in_html(f, runs, count);
	fputs(page_after, f);
}
