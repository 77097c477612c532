#include <string.h>

#include "analyzer/report/chart.h"
#include "analyzer/report/page.h"
#include "common/utc.h"

/* The picture, its legend, and the same in tables. */

static const char *const meanings[CELL_STATES] = {
	[CELL_ABSENT] = "blank: no probe had begun yet",
	[CELL_UP] = "up: every probe that tried got most of its answers",
	[CELL_PARTIAL] = "partial: some probes did, or less than half of the tries; "
			 "quality: slower "
			 "than a third of what is usual",
	[CELL_DOWN] = "down: tried, and nothing answered",
	[CELL_SILENT] = "silent: no probe said anything at all; it may have been off",
	[CELL_UNMEASURED] = "not measured, though a probe was there",
};

static void
write_legend(struct html *html)
{
	static const enum cell_state shown[] = {CELL_UP, CELL_PARTIAL, CELL_DOWN,
		CELL_SILENT, CELL_UNMEASURED, CELL_ABSENT};

	html_begin(html, "ul");
	html_attribute(html, "class", "legend");
	for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
		html_begin(html, "li");
		if (shown[i] != CELL_ABSENT)
			chart_sample(html, shown[i]);
		html_text(html, meanings[shown[i]]);
		html_end(html);
	}
	html_end(html);
}

static void
describe(struct buf *out, const struct timeline *t)
{
	char from[UTC_TEXT_BYTES], to[UTC_TEXT_BYTES];

	utc_text(from, t->from_us);
	utc_text(to, t->from_us + (int64_t)t->columns * t->step_us);
	buf_printf(out,
		"%zu groups of probes, each with the ladder from power at the top to "
		"quality at the bottom, from %s to %s. The event and the error of "
		"its edges are marked. The table below says the same in numbers.",
		t->bands_n, from, to);
}

static void
write_figure(struct html *html, const struct timeline *t)
{
	static const char title[] = "How far up the ladder each network got, over time";
	struct buf description = {0};

	describe(&description, t);
	html_begin(html, "figure");
	chart_patterns(html);
	write_legend(html);
	html_begin(html, "div");
	html_attribute(html, "class", "chart");
	chart_draw(html, t, CHART_WIDE, title, description.data);
	chart_draw(html, t, CHART_NARROW, title, description.data);
	html_end(html);
	html_end(html);
	buf_free(&description);
}

/* ---- before, during, after ---- */

static void
put_sum(struct buf *out, const struct phase_sum *s)
{
	buf_printf(out, "%u of %u", s->answered, s->tried);
	if (s->rate_bps >= 10000000)
		buf_printf(out, ", %lld Mbit/s", (long long)(s->rate_bps / 1000000));
	else if (s->rate_bps)
		buf_printf(out, ", %lld kbit/s", (long long)(s->rate_bps / 1000));
}

static void
phase_text(struct buf *out, const struct band *band, enum rung rung, enum phase phase)
{
	const struct phase_sum *s = &band->phases[rung][phase];

	if (rung == RUNG_power && !timeline_tells_power(&band->pool))
		buf_puts(out, "not told");
	else if (rung == RUNG_power)
		chart_power_text(out, s);
	else if (s->tried)
		put_sum(out, s);
	else
		buf_puts(out, timeline_state_name((enum cell_state)s->state));
}

static void
write_rung(struct html *html, const struct band *band, enum rung rung)
{
	html_begin(html, "tr");
	html_begin(html, "th");
	html_attribute(html, "scope", "row");
	html_text(html, rung_name(rung));
	html_end(html);
	for (size_t p = 0; p < PHASE_COUNT; p++) {
		struct buf text = {0};

		phase_text(&text, band, rung, (enum phase)p);
		html_element(html, "td", "", text.data);
		buf_free(&text);
	}
	html_end(html);
}

static void
write_heads(struct html *html, const char *const *names, size_t n)
{
	html_begin(html, "thead");
	html_begin(html, "tr");
	for (size_t i = 0; i < n; i++) {
		html_begin(html, "th");
		html_attribute(html, "scope", "col");
		html_text(html, names[i]);
		html_end(html);
	}
	html_end(html);
	html_end(html);
}

static void
write_caption(struct html *html, const struct pool *pool)
{
	struct buf name = {0};

	chart_band_name(&name, pool);
	buf_puts(&name, pool->touched ? " \342\200\223 hit by the event" : "");
	html_element(html, "caption", "", name.data);
	buf_free(&name);
}

static void
write_phases(struct html *html, const struct timeline *t)
{
	static const char *const names[] = {"rung", "before", "during", "after"};

	html_element(html, "h3", "", "The same in numbers");
	html_element(html, "p", "small",
		"Measurements that succeeded, of those made, in the time shown above; "
		"what lies within the error of an edge is not counted. Power: what the "
		"probes said of their supply. Quality: with the median rate.");
	html_begin(html, "div");
	html_attribute(html, "class", "side");
	for (size_t b = 0; b < t->bands_n; b++) {
		html_begin(html, "table");
		write_caption(html, &t->bands[b].pool);
		write_heads(html, names, 4);
		html_begin(html, "tbody");
		for (size_t r = 0; r < RUNG_COUNT; r++)
			write_rung(html, &t->bands[b], (enum rung)r);
		html_end(html);
		html_end(html);
	}
	html_end(html);
}

/* ---- every change ---- */

static void
write_run(struct html *html, const struct timeline *t, enum rung rung, size_t from,
	size_t to, enum cell_state state)
{
	html_begin(html, "tr");
	html_begin(html, "th");
	html_attribute(html, "scope", "row");
	html_text(html, rung_name(rung));
	html_end(html);
	for (size_t i = 0; i < 2; i++) {
		struct buf text = {0};

		page_time(&text, t->from_us + (int64_t)(i ? to : from) * t->step_us);
		html_element(html, "td", "", text.data);
		buf_free(&text);
	}
	html_element(html, "td", "", timeline_state_name(state));
	html_end(html);
}

static void
write_rung_runs(struct html *html, const struct timeline *t, const struct band *band,
	enum rung rung)
{
	const struct cell *cells = band->cells[rung];

	for (size_t from = 0, to; from < t->columns; from = to) {
		for (to = from + 1; to < t->columns; to++)
			if (cells[to].state != cells[from].state)
				break;
		write_run(html, t, rung, from, to, (enum cell_state)cells[from].state);
	}
}

static void
write_runs(struct html *html, const struct timeline *t)
{
	static const char *const names[] = {"rung", "from", "to", "state"};

	html_begin(html, "details");
	html_element(html, "summary", "", "Every change in the picture, as a table");
	for (size_t b = 0; b < t->bands_n; b++) {
		html_begin(html, "table");
		write_caption(html, &t->bands[b].pool);
		write_heads(html, names, 4);
		html_begin(html, "tbody");
		for (size_t r = RUNG_power + 1; r < RUNG_COUNT; r++)
			write_rung_runs(html, t, &t->bands[b], (enum rung)r);
		html_end(html);
		html_end(html);
	}
	html_end(html);
}

static void
write_intro(struct html *html, const struct timeline *t)
{
	html_begin(html, "p");
	html_printf(html,
		"Each round a probe climbs a ladder, from its power supply at the top "
		"to the quality of the open web at the bottom. One column is %lld.%lld "
		"seconds; while tries time out a round takes longer, and columns in "
		"between hold no measurement. At least three probes stand behind a "
		"group wherever the country has them.",
		(long long)(t->step_us / 1000000),
		(long long)(t->step_us % 1000000 / 100000));
	if (t->bands[t->bands_n - 1].pool.kind == BAND_CONTROL)
		html_text(html,
			" Probes outside the country ask the same hosts: domestic are "
			"for them, too, those inside it.");
	if (t->left_out)
		html_printf(html,
			" %u probes of further networks are not drawn for lack of "
			"room.",
			t->left_out);
	html_end(html);
}

void
page_timeline_write(struct html *html, const struct timeline *t)
{
	html_element(html, "h2", "", "Timeline");
	if (!t || !t->bands_n) {
		html_element(html, "p", "",
			"No samples of this time and country are in the store, so "
			"there "
			"is nothing to draw.");
		return;
	}
	write_intro(html, t);
	write_figure(html, t);
	write_phases(html, t);
	write_runs(html, t);
}
