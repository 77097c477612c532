#include <string.h>

#include "analyzer/report/page.h"
#include "common/utc.h"

/* What every page says in the same way. */

static const struct {
	const char *cause, *headline, *means, *who;
} causes[] = {
#define MEANING(...) {__VA_ARGS__},
#include "analyzer/report/meaning.def"
};
#define CAUSES (sizeof causes / sizeof causes[0])

/* The row of a cause; the last one, which decides nothing, for what has none. */
static size_t
meaning_of(const char *cause)
{
	size_t i = 0;

	while (i + 1 < CAUSES && strcmp(causes[i].cause, cause) != 0)
		i++;
	return i;
}

const char *
page_headline(const char *cause)
{
	return causes[meaning_of(cause)].headline;
}

void
page_meaning(const char **means, const char **who, const char *cause)
{
	*means = causes[meaning_of(cause)].means;
	*who = causes[meaning_of(cause)].who;
}

void
page_time(struct buf *out, int64_t utc_us)
{
	char text[UTC_TEXT_BYTES];

	if (!utc_us) {
		buf_puts(out, "unknown");
		return;
	}
	utc_text(text, utc_us);
	buf_printf(out, "%.10s %.8s UTC", text, text + 11);
}

/* Never "100 %": nothing is certain, and the rest of a rounded figure is not nothing. */
void
page_percent(struct buf *out, int64_t ppm)
{
	if (ppm > 0 && ppm < 500)
		buf_puts(out, "under 0.1 %");
	else if (ppm > 999000)
		buf_puts(out, "over 99.9 %");
	else
		buf_printf(out, "%lld.%lld %%", (long long)((ppm + 500) / 10000),
			(long long)((ppm + 500) / 1000 % 10));
}

void
page_fact(struct html *html, const char *name, struct buf *value)
{
	html_element(html, "dt", "", name);
	html_element(html, "dd", "", value->len ? value->data : "not known");
	buf_clear(value);
}
