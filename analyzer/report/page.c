#include "analyzer/report/page.h"

#include <string.h>

#include "analyzer/report/verdict.h"
#include "common/crypto.h"

/* What may be shown to others rests on as many (WIRE.md, "What is public"). */
#define RELEASE_PROBES 3
#define RELEASE_COHORTS 2

/* ---- who was watching, limits ---- */

static void
number(struct html *html, const char *name, int64_t n, const char *what)
{
	struct buf text = {0};

	if (n >= 0)
		buf_printf(&text, "%lld%s%s", (long long)n, *what ? ": " : "", what);
	else
		buf_puts(&text, "not recorded");
	page_fact(html, name, &text);
	buf_free(&text);
}

static void
write_watchers(struct html *html, const struct told *t)
{
	html_element(html, "h2", "", "Who was watching");
	html_begin(html, "dl");
	number(html, "Expected", t->expected,
		"probes of this country that had measured shortly before");
	number(html, "Reporting", t->reporting,
		"of these, measured while it lasted; what they wrote down meanwhile "
		"counts, whenever it arrived");
	number(html, "Alive", t->alive, "of these, were not affected");
	number(html, "Affected", t->affected, "probes that saw it");
	number(html, "Cohorts", t->cohorts,
		"groups of volunteers, invited apart, that the affected come from");
	html_end(html);
}

static void
write_limits(struct html *html, const struct page *page)
{
	const struct told *t = page->told;

	html_element(html, "h2", "", "Limits");
	html_begin(html, "ul");
	for (size_t i = 0; i < t->limits_n; i++)
		html_element(html, "li", "", t->limits[i]);
	if (page->timeline)
		html_element(html, "li", "",
			"Silence proves nothing by itself: a machine may have been "
			"off, or what it wrote down may not have arrived yet.");
	if (t->affected < RELEASE_PROBES || t->cohorts < RELEASE_COHORTS)
		html_element(html, "li", "",
			"It rests on fewer than three probes or fewer than two "
			"cohorts: showing it to others can show who measures.");
	html_element(html, "li", "",
		"The probabilities are as good as the table of evidence: its weights "
		"are published, and open to dispute row by row.");
	html_end(html);
}

/* ---- how to check, what it rests on ---- */

static void
write_check(struct html *html, const struct told *t)
{
	html_element(html, "h2", "", "How to check it");
	html_element(html, "p", "",
		"Whoever has the analyzer's folder can see the arithmetic row by row, "
		"and take out the signed segments:");
	html_begin(html, "pre");
	html_printf(html,
		"faultline-analyzer explain %s\n"
		"faultline-analyzer export --to segments --out segments\n"
		"faultline-analyzer verify segments/*.seg",
		t->event);
	html_end(html);
	html_element(html, "p", "",
		"Whoever has the segments alone can verify them too: verify needs no "
		"folder, and the format is simple enough for sha256sum and openssl. "
		"The hashes under each observation are the lines it rests on, as "
		"leaves of the segments' trees.");
}

static void
hash(struct html *html, const char *name, const char *value)
{
	html_element(html, "dt", "", name);
	html_element(html, "dd", "hash", value[0] ? value : "not known");
}

static void
write_proof(struct html *html, const char *name, const struct told_instant *instant)
{
	struct buf text = {0};

	if (!instant->not_before_us && !instant->not_after_us)
		return;
	buf_puts(&text, "not before ");
	page_time(&text, instant->not_before_us);
	buf_puts(&text, ", not after ");
	page_time(&text, instant->not_after_us);
	page_fact(html, name, &text);
	buf_free(&text);
}

static void
write_versions(struct html *html, const struct page *page)
{
	const struct told *t = page->told;
	uint8_t digest[HASH_BYTES];
	char hex[HASH_HEX_BYTES];
	struct buf text = {0};

	crypto_sha256(digest, page->json.at, page->json.len);
	crypto_hex(hex, digest, sizeof digest);
	html_element(html, "h2", "", "Versions and inputs");
	html_begin(html, "dl");
	hash(html, "Event", t->event);
	hash(html, "Program", "faultline-analyzer " FAULTLINE_VERSION);
	hash(html, "Table of evidence", t->version);
	hash(html, "Target list, SHA-256", t->targets);
	hash(html,
		t->format[0] ? "Imported rows, SHA-256"
			     : "Segments looked at, SHA-256 of their ids",
		t->baseline);
	hash(html, "report.json, SHA-256", hex);
	write_proof(html, "Proved of the beginning", &t->start);
	write_proof(html, "Proved of the end", &t->end);
	if (page->timeline) {
		page_time(&text, page->timeline->horizon_us);
		page_fact(html, "Newest segment received", &text);
	}
	html_end(html);
	buf_free(&text);
}

static void
write_context(struct html *html, const struct told *t)
{
	if (!t->context_n)
		return;
	html_element(html, "h2", "", "What else happened");
	html_element(html, "p", "",
		"Shown because it was the same country and time. It is not counted: "
		"what "
		"stands beside an outage did not cause it for that.");
	html_begin(html, "ul");
	for (size_t i = 0; i < t->context_n; i++) {
		const struct told_context *c = &t->context[i];
		struct buf text = {0};

		buf_printf(&text, "%s, from %s, says %s: %s", c->kind, c->begin,
			c->source, c->says);
		html_element(html, "li", "", text.data);
		buf_free(&text);
	}
	html_end(html);
}

/* ---- the page ---- */

static void
meta(struct html *html, const char *kind, const char *name, const char *content)
{
	html_begin(html, "meta");
	html_attribute(html, kind, name);
	html_attribute(html, "content", content);
	html_end(html);
}

void
page_begin(struct html **out, const char *title)
{
	struct html *html;

	html_open(&html);
	html_begin(html, "html");
	html_attribute(html, "lang", "en");
	html_begin(html, "head");
	meta(html, "http-equiv", "Content-Type", "text/html; charset=utf-8");
	meta(html, "http-equiv", "Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; img-src data:");
	meta(html, "name", "viewport", "width=device-width, initial-scale=1");
	meta(html, "name", "referrer", "no-referrer");
	html_element(html, "title", "", title);
	html_element(html, "style", "", page_style);
	html_end(html);
	html_begin(html, "body");
	*out = html;
}

static void
write_nav(struct html *html, const struct told *t)
{
	struct buf path = {0};

	html_begin(html, "nav");
	html_begin(html, "a");
	html_attribute(html, "href", "/");
	html_text(html, "All events");
	html_end(html);
	html_text(html, " \302\267 ");
	html_begin(html, "a");
	buf_printf(&path, "/v1/events/%s/report.json", t->event);
	html_attribute(html, "href", path.data);
	html_text(html, "This verdict as JSON");
	html_end(html);
	html_end(html);
	buf_free(&path);
}

static void
write_badges(struct html *html, const struct told *t)
{
	struct buf percent = {0};

	page_percent(&percent, told_class_ppm(t));
	html_begin(html, "p");
	html_attribute(html, "class", "badges");
	html_element(html, "b", "", t->class_name);
	html_element(html, "b", "", percent.data);
	html_element(html, "b", "", t->standing);
	if (!strcmp(t->weights, VERDICT_UNOFFICIAL))
		html_element(html, "b", "", "unofficial weights");
	html_text(html, "Faultline event ");
	html_element(html, "span", "hash", t->event);
	html_end(html);
	buf_free(&percent);
}

void
page_write(struct buf *out, const struct page *page)
{
	const struct told *t = page->told;
	struct html *html;
	struct buf title = {0};

	page_title(&title, t);
	page_begin(&html, title.data);
	if (page->served)
		write_nav(html, t);
	html_begin(html, "main");
	write_badges(html, t);
	html_element(html, "h1", "", title.data);
	page_claim_write(html, t);
	page_timeline_write(html, page->timeline);
	page_relations_write(html, t);
	page_rows_write(html, t);
	write_context(html, t);
	write_watchers(html, t);
	write_limits(html, page);
	write_check(html, t);
	write_versions(html, page);
	html_end(html);
	html_close(out, html);
	buf_free(&title);
}
