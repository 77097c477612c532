#include "analyzer/report/chart.h"

#include <stdio.h>
#include <string.h>

#include "analyzer/report/chart_parts.h"
#include "common/utc.h"

#define SECOND_US INT64_C(1000000)
#define DAY_S 86400

static const struct chart_layout layouts[] = {
	[CHART_WIDE] = {"w", 9600, 1080, 8420, 150, 110, 8, false},
	[CHART_NARROW] = {"n", 3480, 860, 2560, 150, 105, 3, true},
};
#define LANE 290 /* the event, above the axis */
#define TOP 540 /* the lane and the axis */
#define BAND_FOOT 90
#define BOTTOM 330
#define SPAN_TEXT 1200 /* the least that holds its name */

static int64_t
tick_step(const struct chart *c)
{
	static const int64_t steps_s[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900,
		1800, 3600, 7200, 10800, 21600, 43200, DAY_S, 2 * DAY_S, 7 * DAY_S,
		14 * DAY_S, 30 * DAY_S, 90 * DAY_S, 365 * DAY_S, 3650 * DAY_S};
	int64_t span_s = (chart_end(c->t) - c->t->from_us) / SECOND_US;

	for (size_t i = 0; i < sizeof steps_s / sizeof steps_s[0]; i++)
		if (span_s / steps_s[i] <= c->l->ticks)
			return steps_s[i] * SECOND_US;
	return span_s * SECOND_US;
}

static void
tick_text(char out[static UTC_TEXT_BYTES], int64_t utc_us, int64_t step_us)
{
	char text[UTC_TEXT_BYTES];
	bool day = utc_us % (DAY_S * SECOND_US) == 0;

	utc_text(text, utc_us - utc_us % SECOND_US);
	if (step_us >= 365 * DAY_S * SECOND_US)
		snprintf(out, UTC_TEXT_BYTES, "%.7s", text);
	else if (day)
		snprintf(out, UTC_TEXT_BYTES, "%.5s", text + 5);
	else
		snprintf(out, UTC_TEXT_BYTES, "%.*s", step_us < 60 * SECOND_US ? 8 : 5,
			text + 11);
}

static void
axis(struct chart *c, int64_t y, bool labels_above)
{
	int64_t step_us = tick_step(c);
	int64_t at_us = c->t->from_us - c->t->from_us % step_us + step_us;
	char text[UTC_TEXT_BYTES];

	chart_line(c, "axis", c->l->plot_x, y, c->l->plot_x + c->l->plot_w, y);
	for (; step_us > 0 && at_us < chart_end(c->t); at_us += step_us) {
		int64_t x = chart_x(c, at_us);

		chart_line(c, "axis", x, y, x, y + (labels_above ? -40 : 40));
		tick_text(text, at_us, step_us);
		/* One that would run over the picture's edge is left out. */
		if (x + c->l->font * 2 < c->l->width && x > c->l->plot_x + c->l->font)
			chart_words(c, "tick", x, y + (labels_above ? -65 : 140),
				"middle", text);
	}
}

/* Where a text of so many letters begins (or ends) so that it does not leave the picture. */
static int64_t
inside(const struct chart *c, int64_t at, int64_t letters, bool begins)
{
	int64_t w = letters * c->l->font * 65 / 100;

	if (begins)
		return at + w > c->l->width ? c->l->width - w : at;
	return at < w ? w : at;
}

static void
edge(struct chart *c, const char *name, int64_t lo_us, int64_t hi_us, bool is_end)
{
	int64_t middle_us = lo_us + (hi_us - lo_us) / 2, lo = chart_x(c, lo_us);
	int64_t hi = chart_x(c, hi_us), x = chart_x(c, middle_us),
		bottom = c->height - BOTTOM;
	int64_t at = is_end ? hi + 40 : lo - 40;
	const char *anchor = is_end ? "start" : "end";
	char time[UTC_TEXT_BYTES], text[64];

	chart_rectangle(c, "error", lo, LANE, hi - lo, bottom - LANE);
	chart_line(c, "edge", x, LANE, x, bottom);
	chart_line(c, "whisker", lo, LANE + 60, hi, LANE + 60);
	chart_line(c, "whisker", lo, LANE + 35, lo, LANE + 85);
	chart_line(c, "whisker", hi, LANE + 35, hi, LANE + 85);
	utc_text(time, middle_us);
	snprintf(text, sizeof text, "%s%.8s", name, time + 11);
	at = inside(c, at, (int64_t)strlen(text), is_end);
	chart_words(c, "edge-text", at, 110, anchor, text);
	snprintf(text, sizeof text, "\302\261 %lld.%lld s",
		(long long)((hi_us - lo_us) / 2 / SECOND_US),
		(long long)((hi_us - lo_us) / 2 % SECOND_US / 100000));
	chart_words(c, "edge-text", at, 230, anchor, text);
}

static void
event(struct chart *c)
{
	const struct timeline_ask *ask = &c->t->ask;
	int64_t from = chart_x(
		c, ask->start_lo_us + (ask->start_hi_us - ask->start_lo_us) / 2);
	int64_t to_us = ask->end_lo_us + (ask->end_hi_us - ask->end_lo_us) / 2;
	int64_t to = chart_x(c, ask->end_hi_us ? to_us : c->t->horizon_us);

	chart_rectangle(c, "span", from, LANE - 30, to - from, 50);
	if (!c->l->narrow && to - from > SPAN_TEXT)
		chart_words(c, "span-text", from + (to - from) / 2, 230, "middle",
			ask->end_hi_us ? "event" : "event, still open");
	edge(c, c->l->narrow ? "" : "began ", ask->start_lo_us, ask->start_hi_us,
		false);
	if (ask->end_hi_us)
		edge(c, c->l->narrow ? "" : "ended ", ask->end_lo_us, ask->end_hi_us,
			true);
}

static void
head(struct chart *c, const char *title, const char *description)
{
	char text[64];

	html_begin(c->html, "svg");
	html_attribute(c->html, "class", c->l->narrow ? "narrow" : "wide");
	html_attribute(c->html, "role", "img");
	snprintf(text, sizeof text, "%s-title %s-desc", c->l->id, c->l->id);
	html_attribute(c->html, "aria-labelledby", text);
	snprintf(text, sizeof text, "0 0 %lld %lld", (long long)(c->l->width / 10),
		(long long)(c->height / 10));
	html_attribute(c->html, "viewBox", text);
	html_begin(c->html, "title");
	snprintf(text, sizeof text, "%s-title", c->l->id);
	html_attribute(c->html, "id", text);
	html_text(c->html, title);
	html_end(c->html);
	html_begin(c->html, "desc");
	snprintf(text, sizeof text, "%s-desc", c->l->id);
	html_attribute(c->html, "id", text);
	html_text(c->html, description);
	html_end(c->html);
}

void
chart_draw(struct html *html, const struct timeline *t, enum chart_width width,
	const char *title, const char *description)
{
	struct chart c = {.html = html, .t = t, .l = &layouts[width]};
	int64_t band = CHART_BAND_HEAD + RUNG_COUNT * c.l->row + BAND_FOOT;
	char day[UTC_TEXT_BYTES], text[48];

	c.height = TOP + (int64_t)t->bands_n * band + BOTTOM;
	head(&c, title, description);
	axis(&c, TOP, true);
	for (size_t b = 0; b < t->bands_n; b++)
		chart_band(&c, &t->bands[b], TOP + (int64_t)b * band);
	axis(&c, c.height - BOTTOM, false);
	utc_text(day, t->from_us);
	snprintf(text, sizeof text, "%.10s, times in UTC", day);
	chart_words(&c, "tick", c.l->plot_x, c.height - 40, "start", text);
	event(&c);
	html_end(html);
}
