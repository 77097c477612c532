#include "analyzer/report/page.h"

#include <stdio.h>
#include <string.h>

#include "common/crypto.h"
#include "common/utc.h"

#define SECOND_US INT64_C(1000000)
/* From here on a cause stands in the headline without "most likely". */
#define SURE_PPM 800000
/* What may be shown to others rests on as many (WIRE.md, "What is public"). */
#define RELEASE_PROBES 3
#define RELEASE_COHORTS 2

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

/* ---- words ---- */

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

static void
put_error(struct buf *out, int64_t error_us)
{
	if (error_us < 60 * SECOND_US)
		buf_printf(out, "\302\261 %lld.%lld s",
			(long long)(error_us / SECOND_US),
			(long long)(error_us % SECOND_US / 100000));
	else
		buf_printf(out, "\302\261 %lld min",
			(long long)((error_us + 30 * SECOND_US) / (60 * SECOND_US)));
}

static void
put_instant(struct buf *out, const struct told_instant *instant)
{
	page_time(out, instant->utc_us);
	if (!instant->utc_us)
		return;
	buf_puts(out, " (");
	put_error(out, instant->error_us);
	buf_puts(out, ")");
}

static void
put_span(struct buf *out, int64_t span_us)
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

static void
put_where(struct buf *out, const struct told *t)
{
	buf_printf(out, "country %s", t->country);
	for (size_t i = 0; i < t->regions_n; i++)
		buf_printf(out, "%s%s", i ? ", " : " (", t->regions[i]);
	buf_puts(out, t->regions_n ? ")" : "");
	for (size_t i = 0; i < t->asns_n; i++)
		buf_printf(out, "%sAS%u", i ? ", " : ", on ", t->asns[i]);
	if (t->asns_all > t->asns_n)
		buf_printf(out, " and %zu more", t->asns_all - t->asns_n);
	for (size_t i = 0; i < t->media_n; i++)
		buf_printf(out, "%s%s", i ? ", " : " (", t->media[i]);
	buf_puts(out, t->media_n ? ")" : "");
}

static int64_t
cause_ppm(const struct told *t)
{
	for (size_t i = 0; i < t->causes_n; i++)
		if (!strcmp(t->causes[i].name, t->cause))
			return t->causes[i].ppm;
	return 0;
}

static const char *
likely(int64_t ppm)
{
	if (ppm >= 950000)
		return "Very likely";
	if (ppm >= 800000)
		return "Likely";
	return "Probably";
}

/* The class as part of a sentence. */
static const char *
class_words(const char *class_name)
{
	static const struct {
		const char *name, *words;
	} classes[] = {
		{"shutdown", "a shutdown"},
		{"throttling", "throttling"},
		{"infrastructure", "an infrastructure failure"},
		{"ordinary", "an ordinary fault"},
	};

	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
		if (!strcmp(class_name, classes[i].name))
			return classes[i].words;
	return "of no known class";
}

static bool
decides(const struct told *t)
{
	return strcmp(t->class_name, "insufficient") != 0;
}

/* ---- the claim ---- */

static void
fact(struct html *html, const char *name, struct buf *value)
{
	html_element(html, "dt", "", name);
	html_element(html, "dd", "", value->len ? value->data : "not known");
	buf_clear(value);
}

static void
write_title(struct buf *out, const struct told *t)
{
	const char *country = t->country[0] ? t->country : "unknown";

	if (decides(t))
		buf_printf(out, "%s %s in country %s: %s%s", likely(told_class_ppm(t)),
			class_words(t->class_name), country,
			cause_ppm(t) < SURE_PPM ? "most likely, " : "",
			page_headline(t->cause));
	else
		buf_printf(out, "Country %s: %s", country, page_headline(t->cause));
}

static void
put_when(struct buf *out, const struct told *t)
{
	buf_puts(out, "It began at ");
	put_instant(out, &t->start);
	if (t->open) {
		buf_puts(out, " and had not ended when this was computed");
	} else {
		buf_puts(out, " and ended at ");
		put_instant(out, &t->end);
	}
}

static void
write_claim(struct html *html, const struct told *t)
{
	struct buf text = {0};

	put_when(&text, t);
	if (t->affected >= 0)
		buf_printf(&text, ", and hit %lld of the %lld probes expected in ",
			(long long)t->affected, (long long)t->expected);
	else
		buf_puts(&text, ", in ");
	put_where(&text, t);
	if (decides(t)) {
		buf_puts(&text, "; ");
		page_percent(&text, told_class_ppm(t));
		buf_printf(&text, " for the class %s, ", t->class_name);
		page_percent(&text, cause_ppm(t));
		buf_printf(&text, " for its cause %s", t->cause);
	} else {
		buf_puts(&text, "; no class reaches the 60 % that a verdict needs, the "
				"likeliest ");
		page_percent(&text, told_class_ppm(t));
	}
	buf_printf(&text, "; standing: %s.", t->standing);
	html_element(html, "p", "claim", text.data);
	buf_free(&text);
}

static void
put_standing(struct buf *out, const struct told *t)
{
	buf_puts(out, t->standing);
	if (!strcmp(t->standing, "corroborated"))
		buf_puts(out, ": three probes or more saw it, and its class reaches "
			      "80 %");
	else if (!strcmp(t->standing, "suspected"))
		buf_puts(out, ": fewer than three probes saw it, or its class does not "
			      "reach 80 %");
}

static void
write_facts(struct html *html, const struct told *t)
{
	struct buf text = {0};

	html_begin(html, "dl");
	buf_puts(&text, t->class_name);
	if (decides(t)) {
		buf_puts(&text, ", ");
		page_percent(&text, told_class_ppm(t));
	}
	fact(html, "Class", &text);
	buf_puts(&text, t->cause);
	if (decides(t)) {
		buf_puts(&text, ", ");
		page_percent(&text, cause_ppm(t));
	}
	fact(html, "Cause", &text);
	put_where(&text, t);
	fact(html, "Where", &text);
	put_instant(&text, &t->start);
	fact(html, "Began", &text);
	if (t->open)
		buf_puts(&text, "had not ended when this was computed");
	else
		put_instant(&text, &t->end);
	fact(html, "Ended", &text);
	if (!t->open && t->end.utc_us > t->start.utc_us) {
		buf_puts(&text, "about ");
		put_span(&text, t->end.utc_us - t->start.utc_us);
		fact(html, "Lasted", &text);
	}
	page_percent(&text, t->deliberate_ppm);
	buf_puts(&text, ": how well it fits a decision rather than a failure; who "
			"decided is not shown by a network");
	fact(html, "Deliberate", &text);
	put_standing(&text, t);
	fact(html, "Standing", &text);
	html_end(html);
	buf_free(&text);
}

static void
write_meaning(struct html *html, const struct told *t)
{
	size_t m = meaning_of(t->cause);

	html_element(html, "h2", "", "What it means, and who can act");
	html_element(html, "p", "", causes[m].means);
	html_element(html, "p", "", causes[m].who);
}

/* ---- who was watching, limits ---- */

static void
number(struct html *html, const char *name, int64_t n, const char *what)
{
	struct buf text = {0};

	if (n >= 0)
		buf_printf(&text, "%lld%s%s", (long long)n, *what ? ": " : "", what);
	else
		buf_puts(&text, "not recorded");
	fact(html, name, &text);
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
	fact(html, name, &text);
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
	hash(html, "Segments looked at, SHA-256 of their ids", t->baseline);
	hash(html, "report.json, SHA-256", hex);
	write_proof(html, "Proved of the beginning", &t->start);
	write_proof(html, "Proved of the end", &t->end);
	if (page->timeline) {
		page_time(&text, page->timeline->horizon_us);
		fact(html, "Newest segment received", &text);
	}
	html_end(html);
	buf_free(&text);
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

	write_title(&title, t);
	page_begin(&html, title.data);
	if (page->served)
		write_nav(html, t);
	html_begin(html, "main");
	write_badges(html, t);
	html_element(html, "h1", "", title.data);
	write_claim(html, t);
	write_facts(html, t);
	write_meaning(html, t);
	page_timeline_write(html, page->timeline);
	page_rows_write(html, t);
	write_watchers(html, t);
	write_limits(html, page);
	write_check(html, t);
	write_versions(html, page);
	html_end(html);
	html_close(out, html);
	buf_free(&title);
}
