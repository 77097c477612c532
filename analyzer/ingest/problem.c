#include "analyzer/ingest/problem.h"

void
problem_write(struct buf *out, unsigned status, const char *title, const char *detail)
{
	buf_printf(out,
		"{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,"
		"\"detail\":\"%s\"}\n",
		title, status, detail);
}
