#include "analyzer/report/span.h"

#define SECOND_US INT64_C(1000000)

void
span_words(struct buf *out, int64_t span_us)
{
	int64_t s = span_us / SECOND_US;

	if (s < 180)
		buf_printf(out, "%lld seconds", (long long)s);
	else if (s < 2 * 3600)
		buf_printf(out, "%lld minutes", (long long)(s / 60));
	else if (s < 2 * 86400)
		buf_printf(out, "%lld hours %lld minutes", (long long)(s / 3600),
			(long long)(s / 60 % 60));
	else
		buf_printf(out, "%lld days %lld hours", (long long)(s / 86400),
			(long long)(s / 3600 % 24));
}
