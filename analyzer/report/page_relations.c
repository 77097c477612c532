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

static void
write_relation(struct html *html, const struct told_relation *relation)
{
	html_begin(html, "li");
	html_begin(html, "p");
	html_element(html, "strong", "", relation->kind);
	html_text(html, ": ");
	if (relation->event[0]) {
		html_element(html, "span", "hash", relation->event);
		html_text(html, ": ");
	}
	html_text(html, relation->says);
	html_text(html, ".");
	html_end(html);
	if (relation->against_n) {
		html_begin(html, "p");
		html_attribute(html, "class", "small");
		html_text(html, "Against it:");
		for (size_t i = 0; i < relation->against_n; i++)
			html_printf(html, " %s", relation->against[i]);
		html_end(html);
	}
	html_end(html);
}

static void
write_relations(struct html *html, const struct told *t)
{
	if (!t->relations_n)
		return;
	html_element(html, "h2", "", "Its timing beside other events");
	html_element(html, "p", "small",
		"Claims about timing only: they changed none of the probabilities.");
	html_begin(html, "ul");
	for (size_t i = 0; i < t->relations_n; i++)
		write_relation(html, &t->relations[i]);
	html_end(html);
}

void
page_relations_write(struct html *html, const struct told *told)
{
	write_onsets(html, told);
	write_relations(html, told);
}
