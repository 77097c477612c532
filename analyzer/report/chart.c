#include "analyzer/report/chart.h"

#include <stdio.h>
#include <string.h>

#include "common/utc.h"

#define SECOND_US INT64_C(1000000)
#define DAY_S 86400

/* Lengths are tenths of a pixel; y grows downwards. */
struct layout {
	const char *id; /* before the ids of what lies inside */
	int64_t width, plot_x, plot_w, row, font;
	int64_t ticks; /* at most so many steps */
	bool narrow;
};
static const struct layout layouts[] = {
	[CHART_WIDE] = {"w", 9600, 1080, 8420, 150, 110, 8, false},
	[CHART_NARROW] = {"n", 3480, 860, 2560, 150, 105, 3, true},
};
#define LANE 290
#define TOP 540 /* the event's own lane and the axis */
#define BAND_HEAD 230
#define BAND_FOOT 90
#define BOTTOM 330
#define GAP 15 /* between rows */
#define SPAN_TEXT 1200 /* the least that holds its name */

struct chart {
	struct html *html;
	const struct timeline *t;
	const struct layout *l;
	int64_t height;
};

/* ---- numbers and elements ---- */

static void
length(struct chart *c, const char *name, int64_t tenths)
{
	char text[32];

	snprintf(text, sizeof text, "%s%lld.%lld", tenths < 0 ? "-" : "",
		(long long)((tenths < 0 ? -tenths : tenths) / 10),
		(long long)((tenths < 0 ? -tenths : tenths) % 10));
	html_attribute(c->html, name, text);
}

static void
rectangle(struct chart *c, const char *class_name, int64_t x, int64_t y, int64_t w,
	int64_t h)
{
	html_begin(c->html, "rect");
	html_attribute(c->html, "class", class_name);
	length(c, "x", x);
	length(c, "y", y);
	length(c, "width", w > 0 ? w : 1);
	length(c, "height", h);
	html_end(c->html);
}

static void
line(struct chart *c, const char *class_name, int64_t x1, int64_t y1, int64_t x2,
	int64_t y2)
{
	html_begin(c->html, "line");
	html_attribute(c->html, "class", class_name);
	length(c, "x1", x1);
	length(c, "y1", y1);
	length(c, "x2", x2);
	length(c, "y2", y2);
	html_end(c->html);
}

static void
words(struct chart *c, const char *class_name, int64_t x, int64_t y, const char *anchor,
	const char *text)
{
	html_begin(c->html, "text");
	html_attribute(c->html, "class", class_name);
	length(c, "x", x);
	length(c, "y", y);
	length(c, "font-size", c->l->font);
	html_attribute(c->html, "text-anchor", anchor);
	html_text(c->html, text);
	html_end(c->html);
}

static int64_t
end_of(const struct timeline *t)
{
	return t->from_us + (int64_t)t->columns * t->step_us;
}

/* In thousandths of a second, so that centuries do not overflow. */
static int64_t
x_of(const struct chart *c, int64_t utc_us)
{
	int64_t span_ms = (end_of(c->t) - c->t->from_us) / 1000;

	if (utc_us < c->t->from_us)
		utc_us = c->t->from_us;
	if (utc_us > end_of(c->t))
		utc_us = end_of(c->t);
	return c->l->plot_x + (utc_us - c->t->from_us) / 1000 * c->l->plot_w / span_ms;
}

/* ---- states ---- */

static const char *const state_classes[CELL_STATES] = {
	[CELL_UNMEASURED] = "none",
	[CELL_SILENT] = "silent",
	[CELL_UP] = "up",
	[CELL_PARTIAL] = "partial",
	[CELL_DOWN] = "down",
};

static void
pattern(struct html *html, const char *id, const char *path)
{
	html_begin(html, "pattern");
	html_attribute(html, "id", id);
	html_attribute(html, "width", "7");
	html_attribute(html, "height", "7");
	html_attribute(html, "patternUnits", "userSpaceOnUse");
	html_begin(html, "path");
	html_attribute(html, "class", id);
	html_attribute(html, "d", path);
	html_end(html);
	html_end(html);
}

/* In a picture of their own: what lies in one that is not displayed cannot be used. */
void
chart_patterns(struct html *html)
{
	html_begin(html, "svg");
	html_attribute(html, "class", "patterns");
	html_attribute(html, "width", "0");
	html_attribute(html, "height", "0");
	html_attribute(html, "aria-hidden", "true");
	html_begin(html, "defs");
	pattern(html, "hatch", "M-1,8L8,-1M-1,1L1,-1M6,8L8,6");
	pattern(html, "cross", "M1.5,1.5L5.5,5.5M5.5,1.5L1.5,5.5");
	html_end(html);
	html_end(html);
}

static void
filled(struct chart *c, const char *fill, int64_t x, int64_t y, int64_t w, int64_t h)
{
	html_begin(c->html, "rect");
	length(c, "x", x);
	length(c, "y", y);
	length(c, "width", w);
	length(c, "height", h);
	html_attribute(c->html, "fill", fill);
	html_end(c->html);
}

static void
block(struct chart *c, enum cell_state state, int64_t x, int64_t y, int64_t w,
	int64_t h)
{
	if (state == CELL_ABSENT || w <= 0)
		return;
	if (state == CELL_UNMEASURED) {
		line(c, "none", x + 5, y + h / 2, x + w - 5, y + h / 2);
		return;
	}
	if (state == CELL_PARTIAL) {
		rectangle(c, "rest", x, y, w, h / 2);
		y += h / 2;
		h -= h / 2;
	}
	rectangle(c, state_classes[state], x, y, w, h);
	if (state == CELL_SILENT)
		filled(c, "url(#hatch)", x, y, w, h);
	if (state == CELL_DOWN)
		filled(c, "url(#cross)", x, y, w, h);
}

void
chart_sample(struct html *html, enum cell_state state)
{
	struct chart c = {.html = html};

	html_begin(html, "svg");
	html_attribute(html, "class", "sample");
	html_attribute(html, "viewBox", "0 0 34 14");
	html_attribute(html, "width", "34");
	html_attribute(html, "height", "14");
	html_attribute(html, "aria-hidden", "true");
	block(&c, state, 5, 5, 330, 130);
	html_end(html);
}

/* ---- bands ---- */

void
chart_band_name(struct buf *out, const struct pool *pool)
{
	const char *medium = medium_name((enum medium)pool->medium);

	switch (pool->kind) {
	case BAND_OPERATOR:
		if (pool->asn)
			buf_printf(out, "AS%u", pool->asn);
		else
			buf_puts(out, "operator unknown");
		buf_printf(out, ", %s%s", medium,
			pool->with_satellite ? " or satellite" : "");
		if (pool->region[0])
			buf_printf(out, ", %s", pool->region);
		break;
	case BAND_REGION:
		buf_printf(out, "Region %s, all networks", pool->region);
		break;
	case BAND_MEDIUM:
		buf_printf(out, "Small operators together, %s%s", medium,
			pool->with_satellite ? " or satellite" : "");
		break;
	case BAND_CONTROL:
		buf_puts(out, "Outside the country, for comparison");
		break;
	default:
		buf_puts(out, "All others together");
	}
	buf_printf(out, " (%u probe%s)", pool->probes, pool->probes == 1 ? "" : "s");
}

void
chart_power_text(struct buf *out, const struct phase_sum *s)
{
	if (!s->heard)
		buf_printf(out, "silent, 0 of %u heard", s->probes);
	else if (!s->supply_known)
		buf_printf(out, "%u of %u ran, supply unknown", s->heard, s->probes);
	else if (s->supply_known < s->heard)
		buf_printf(out, "%u of %u on mains, %u unknown", s->on_mains, s->probes,
			s->heard - s->supply_known);
	else
		buf_printf(out, "%u of %u on mains", s->on_mains, s->probes);
}

static void
power_phase(struct chart *c, const struct phase_sum *s, int64_t from_us, int64_t to_us,
	int64_t y)
{
	int64_t x = x_of(c, from_us), w = x_of(c, to_us) - x;
	struct buf text = {0};

	if (w <= 0)
		return;
	block(c, (enum cell_state)s->state, x, y, w, c->l->row - GAP);
	chart_power_text(&text, s);
	if (c->l->narrow) {
		buf_clear(&text);
		buf_printf(&text, "%u/%u %s", s->supply_known ? s->on_mains : s->heard,
			s->probes, s->supply_known ? "mains" : "ran");
	}
	/* What does not fit stands in the table. */
	if ((int64_t)text.len * c->l->font * 6 / 10 < w)
		words(c, "halo", x + w / 2, y + c->l->row - GAP - 35, "middle",
			text.data);
	buf_free(&text);
}

/* When the band's first probe began to measure. */
static int64_t
first_us(const struct chart *c, const struct band *band)
{
	size_t i = 0;

	while (i + 1 < c->t->columns && band->cells[RUNG_power][i].state == CELL_ABSENT)
		i++;
	return c->t->from_us + (int64_t)i * c->t->step_us;
}

static void
power_row(struct chart *c, const struct band *band, int64_t y)
{
	const struct timeline_ask *ask = &c->t->ask;
	const struct phase_sum *s = band->phases[RUNG_power];
	int64_t until_us =
		c->t->horizon_us < end_of(c->t) ? c->t->horizon_us : end_of(c->t);

	if (!timeline_tells_power(&band->pool)) {
		words(c, "quiet", c->l->plot_x, y + c->l->row - GAP - 35, "start",
			c->l->narrow ? "not told: under 3 probes"
				     : "not told: fewer than three probes");
		return;
	}
	power_phase(c, &s[PHASE_BEFORE], first_us(c, band), ask->start_lo_us, y);
	power_phase(c, &s[PHASE_DURING], ask->start_hi_us,
		ask->end_hi_us ? ask->end_lo_us : until_us, y);
	if (ask->end_hi_us)
		power_phase(c, &s[PHASE_AFTER], ask->end_hi_us, until_us, y);
}

static void
rung_row(struct chart *c, const struct band *band, enum rung rung, int64_t y)
{
	const struct cell *cells = band->cells[rung];
	size_t n;

	for (size_t i = 0; i < c->t->columns; i += n) {
		int64_t at_us = c->t->from_us + (int64_t)i * c->t->step_us, x;

		for (n = 1; i + n < c->t->columns; n++)
			if (cells[i + n].state != cells[i].state)
				break;
		x = x_of(c, at_us);
		block(c, (enum cell_state)cells[i].state, x, y,
			x_of(c, at_us + (int64_t)n * c->t->step_us) - x,
			c->l->row - GAP);
	}
}

static void
draw_band(struct chart *c, const struct band *band, int64_t y)
{
	struct buf name = {0};

	chart_band_name(&name, &band->pool);
	buf_puts(&name, band->pool.touched ? " \342\200\223 hit by the event" : "");
	words(c, band->pool.touched ? "band touched" : "band", 0, y + BAND_HEAD - 70,
		"start", name.data);
	buf_free(&name);
	y += BAND_HEAD;
	for (size_t r = 0; r < RUNG_COUNT; r++, y += c->l->row) {
		words(c, "rung", c->l->plot_x - 60, y + c->l->row - GAP - 30, "end",
			rung_name((enum rung)r));
		if (r == RUNG_power)
			power_row(c, band, y);
		else
			rung_row(c, band, (enum rung)r, y);
	}
}

/* ---- time ---- */

static int64_t
tick_step(const struct chart *c)
{
	static const int64_t steps_s[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900,
		1800, 3600, 7200, 10800, 21600, 43200, DAY_S, 2 * DAY_S, 7 * DAY_S,
		14 * DAY_S, 30 * DAY_S, 90 * DAY_S, 365 * DAY_S, 3650 * DAY_S};
	int64_t span_s = (end_of(c->t) - c->t->from_us) / SECOND_US;

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

	line(c, "axis", c->l->plot_x, y, c->l->plot_x + c->l->plot_w, y);
	for (; step_us > 0 && at_us < end_of(c->t); at_us += step_us) {
		int64_t x = x_of(c, at_us);

		line(c, "axis", x, y, x, y + (labels_above ? -40 : 40));
		tick_text(text, at_us, step_us);
		/* One that would run over the picture's edge is left out. */
		if (x + c->l->font * 2 < c->l->width && x > c->l->plot_x + c->l->font)
			words(c, "tick", x, y + (labels_above ? -65 : 140), "middle",
				text);
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
	int64_t middle_us = lo_us + (hi_us - lo_us) / 2, lo = x_of(c, lo_us);
	int64_t hi = x_of(c, hi_us), x = x_of(c, middle_us),
		bottom = c->height - BOTTOM;
	int64_t at = is_end ? hi + 40 : lo - 40;
	const char *anchor = is_end ? "start" : "end";
	char time[UTC_TEXT_BYTES], text[64];

	rectangle(c, "error", lo, LANE, hi - lo, bottom - LANE);
	line(c, "edge", x, LANE, x, bottom);
	line(c, "whisker", lo, LANE + 60, hi, LANE + 60);
	line(c, "whisker", lo, LANE + 35, lo, LANE + 85);
	line(c, "whisker", hi, LANE + 35, hi, LANE + 85);
	utc_text(time, middle_us);
	snprintf(text, sizeof text, "%s%.8s", name, time + 11);
	at = inside(c, at, (int64_t)strlen(text), is_end);
	words(c, "edge-text", at, 110, anchor, text);
	snprintf(text, sizeof text, "\302\261 %lld.%lld s",
		(long long)((hi_us - lo_us) / 2 / SECOND_US),
		(long long)((hi_us - lo_us) / 2 % SECOND_US / 100000));
	words(c, "edge-text", at, 230, anchor, text);
}

static void
event(struct chart *c)
{
	const struct timeline_ask *ask = &c->t->ask;
	int64_t from =
		x_of(c, ask->start_lo_us + (ask->start_hi_us - ask->start_lo_us) / 2);
	int64_t to_us = ask->end_lo_us + (ask->end_hi_us - ask->end_lo_us) / 2;
	int64_t to = x_of(c, ask->end_hi_us ? to_us : c->t->horizon_us);

	rectangle(c, "span", from, LANE - 30, to - from, 50);
	if (!c->l->narrow && to - from > SPAN_TEXT)
		words(c, "span-text", from + (to - from) / 2, 230, "middle",
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
	int64_t band = BAND_HEAD + RUNG_COUNT * c.l->row + BAND_FOOT;
	char day[UTC_TEXT_BYTES], text[48];

	c.height = TOP + (int64_t)t->bands_n * band + BOTTOM;
	head(&c, title, description);
	axis(&c, TOP, true);
	for (size_t b = 0; b < t->bands_n; b++)
		draw_band(&c, &t->bands[b], TOP + (int64_t)b * band);
	axis(&c, c.height - BOTTOM, false);
	utc_text(day, t->from_us);
	snprintf(text, sizeof text, "%.10s, times in UTC", day);
	words(&c, "tick", c.l->plot_x, c.height - 40, "start", text);
	event(&c);
	html_end(html);
}
