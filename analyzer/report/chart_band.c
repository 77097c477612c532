#include <stdio.h>
#include <string.h>

#include "analyzer/report/chart.h"
#include "analyzer/report/chart_parts.h"

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
	chart_length(c, "x", x);
	chart_length(c, "y", y);
	chart_length(c, "width", w);
	chart_length(c, "height", h);
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
		chart_line(c, "none", x + 5, y + h / 2, x + w - 5, y + h / 2);
		return;
	}
	if (state == CELL_PARTIAL) {
		chart_rectangle(c, "rest", x, y, w, h / 2);
		y += h / 2;
		h -= h / 2;
	}
	chart_rectangle(c, state_classes[state], x, y, w, h);
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
	int64_t x = chart_x(c, from_us), w = chart_x(c, to_us) - x;
	struct buf text = {0};

	if (w <= 0)
		return;
	block(c, (enum cell_state)s->state, x, y, w, c->l->row - CHART_GAP);
	chart_power_text(&text, s);
	if (c->l->narrow) {
		buf_clear(&text);
		buf_printf(&text, "%u/%u %s", s->supply_known ? s->on_mains : s->heard,
			s->probes, s->supply_known ? "mains" : "ran");
	}
	/* What does not fit stands in the table. */
	if ((int64_t)text.len * c->l->font * 6 / 10 < w)
		chart_words(c, "halo", x + w / 2, y + c->l->row - CHART_GAP - 35,
			"middle", text.data);
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
		c->t->horizon_us < chart_end(c->t) ? c->t->horizon_us : chart_end(c->t);

	if (!timeline_tells_power(&band->pool)) {
		chart_words(c, "quiet", c->l->plot_x, y + c->l->row - CHART_GAP - 35,
			"start",
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
		x = chart_x(c, at_us);
		block(c, (enum cell_state)cells[i].state, x, y,
			chart_x(c, at_us + (int64_t)n * c->t->step_us) - x,
			c->l->row - CHART_GAP);
	}
}

void
chart_band(struct chart *c, const struct band *band, int64_t y)
{
	struct buf name = {0};

	chart_band_name(&name, &band->pool);
	buf_puts(&name, band->pool.touched ? " \342\200\223 hit by the event" : "");
	chart_words(c, band->pool.touched ? "band touched" : "band", 0,
		y + CHART_BAND_HEAD - 70, "start", name.data);
	buf_free(&name);
	y += CHART_BAND_HEAD;
	for (size_t r = 0; r < RUNG_COUNT; r++, y += c->l->row) {
		chart_words(c, "rung", c->l->plot_x - 60,
			y + c->l->row - CHART_GAP - 30, "end", rung_name((enum rung)r));
		if (r == RUNG_power)
			power_row(c, band, y);
		else
			rung_row(c, band, (enum rung)r, y);
	}
}
