#include <stdio.h>
#include <string.h>

#include "analyzer/report/page.h"
#include "analyzer/report/span.h"

/* What is claimed, in one sentence and as a list, and what it means. */

#define SECOND_US INT64_C(1000000)
/* From here on a cause stands in the headline without "most likely". */
#define SURE_PPM 800000

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

void
page_instant(struct buf *out, const struct told_instant *instant)
{
	page_time(out, instant->utc_us);
	if (!instant->utc_us)
		return;
	buf_puts(out, " (");
	put_error(out, instant->error_us);
	buf_puts(out, ")");
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

static bool
names_cause(const struct told *t)
{
	return decides(t) && strcmp(t->cause, "insufficient") != 0;
}

void
page_title(struct buf *out, const struct told *t)
{
	const char *country = t->country[0] ? t->country : "unknown";

	if (decides(t))
		buf_printf(out, "%s %s in country %s: %s%s", likely(told_class_ppm(t)),
			class_words(t->class_name), country,
			names_cause(t) && cause_ppm(t) < SURE_PPM ? "most likely, "
								  : "",
			page_headline(t->cause));
	else
		buf_printf(out, "Country %s: %s", country, page_headline(t->cause));
}

static void
put_when(struct buf *out, const struct told *t)
{
	buf_puts(out, "It began at ");
	page_instant(out, &t->start);
	if (t->open) {
		buf_puts(out, " and had not ended when this was computed");
	} else {
		buf_puts(out, " and ended at ");
		page_instant(out, &t->end);
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
		if (names_cause(t)) {
			page_percent(&text, cause_ppm(t));
			buf_printf(&text, " for its cause %s", t->cause);
		} else {
			buf_puts(&text, "and nothing tells most of its causes apart");
		}
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
		buf_puts(out, ": three probes or more saw it, more of a whole country, "
			      "and its class reaches 80 %");
	else if (!strcmp(t->standing, "suspected"))
		buf_puts(out,
			": its class does not reach 80 %, or fewer probes saw it "
			"than must, or too few of a whole country to stand though "
			"some lied");
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
	page_fact(html, "Class", &text);
	buf_puts(&text, t->cause);
	if (names_cause(t)) {
		buf_puts(&text, ", ");
		page_percent(&text, cause_ppm(t));
	}
	page_fact(html, "Cause", &text);
	put_where(&text, t);
	page_fact(html, "Where", &text);
	page_instant(&text, &t->start);
	page_fact(html, "Began", &text);
	if (t->open)
		buf_puts(&text, "had not ended when this was computed");
	else
		page_instant(&text, &t->end);
	page_fact(html, "Ended", &text);
	if (!t->open && t->end.utc_us > t->start.utc_us) {
		buf_puts(&text, "about ");
		span_words(&text, t->end.utc_us - t->start.utc_us);
		page_fact(html, "Lasted", &text);
	}
	page_percent(&text, t->deliberate_ppm);
	buf_puts(&text, ": how well it fits a decision rather than a failure; who "
			"decided is not shown by a network");
	page_fact(html, "Deliberate", &text);
	put_standing(&text, t);
	page_fact(html, "Standing", &text);
	if (t->format[0]) {
		buf_printf(&text, "what others measured, imported as %s: %s", t->format,
			t->row);
		page_fact(html, "Rests on", &text);
	}
	html_end(html);
	buf_free(&text);
}

static void
write_meaning(struct html *html, const struct told *t)
{
	const char *means, *who;

	page_meaning(&means, &who, t->cause);
	html_element(html, "h2", "", "What it means, and who can act");
	html_element(html, "p", "", means);
	html_element(html, "p", "", who);
}

void
page_claim_write(struct html *html, const struct told *t)
{
	write_claim(html, t);
	write_facts(html, t);
	write_meaning(html, t);
}
