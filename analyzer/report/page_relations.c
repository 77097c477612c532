#include <string.h>

#include "analyzer/report/page.h"

/* Its course, and what happened around it: claims about timing only. */

static void
write_heads(struct html *html, const char *const *names, size_t n)
{
	html_begin(html, "thead");
	html_begin(html, "tr");
	for (size_t i = 0; i < n; i++)
		html_element(html, "th", "", names[i]);
	html_end(html);
	html_end(html);
}

static void
write_onset(struct html *html, const struct told_onset *onset)
{
	struct buf text = {0};

	html_begin(html, "tr");
	buf_printf(&text, "%s%sAS%u %s", onset->region, onset->region[0] ? ", " : "",
		onset->asn, onset->medium);
	html_element(html, "th", "", text.data);
	text.len = 0;
	page_instant(&text, &onset->first);
	if (onset->before)
		buf_puts(&text, ", before the event began");
	html_element(html, "td", "", text.data);
	text.len = 0;
	buf_printf(
		&text, "%lld of %lld", (long long)onset->probes, (long long)onset->of);
	html_element(html, "td", "number", text.data);
	html_end(html);
	buf_free(&text);
}

static void
write_onsets(struct html *html, const struct told *t)
{
	static const char *const names[] = {"network", "first hit", "probes"};

	if (t->onsets_n < 2)
		return;
	html_element(html, "h2", "", "In what order it came");
	html_begin(html, "div");
	html_attribute(html, "class", "scroll");
	html_begin(html, "table");
	write_heads(html, names, sizeof names / sizeof names[0]);
	html_begin(html, "tbody");
	for (size_t i = 0; i < t->onsets_n; i++)
		write_onset(html, &t->onsets[i]);
	html_end(html);
	html_end(html);
	html_end(html);
}

void
page_relations_write(struct html *html, const struct told *told)
{
	write_onsets(html, told);
}
