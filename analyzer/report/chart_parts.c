#include "analyzer/report/chart_parts.h"

#include <stdio.h>

void
chart_length(struct chart *c, const char *name, int64_t tenths)
{
	char text[32];

	snprintf(text, sizeof text, "%s%lld.%lld", tenths < 0 ? "-" : "",
		(long long)((tenths < 0 ? -tenths : tenths) / 10),
		(long long)((tenths < 0 ? -tenths : tenths) % 10));
	html_attribute(c->html, name, text);
}

void
chart_rectangle(struct chart *c, const char *class_name, int64_t x, int64_t y,
	int64_t w, int64_t h)
{
	html_begin(c->html, "rect");
	html_attribute(c->html, "class", class_name);
	chart_length(c, "x", x);
	chart_length(c, "y", y);
	chart_length(c, "width", w > 0 ? w : 1);
	chart_length(c, "height", h);
	html_end(c->html);
}

void
chart_line(struct chart *c, const char *class_name, int64_t x1, int64_t y1, int64_t x2,
	int64_t y2)
{
	html_begin(c->html, "line");
	html_attribute(c->html, "class", class_name);
	chart_length(c, "x1", x1);
	chart_length(c, "y1", y1);
	chart_length(c, "x2", x2);
	chart_length(c, "y2", y2);
	html_end(c->html);
}

void
chart_words(struct chart *c, const char *class_name, int64_t x, int64_t y,
	const char *anchor, const char *text)
{
	html_begin(c->html, "text");
	html_attribute(c->html, "class", class_name);
	chart_length(c, "x", x);
	chart_length(c, "y", y);
	chart_length(c, "font-size", c->l->font);
	html_attribute(c->html, "text-anchor", anchor);
	html_text(c->html, text);
	html_end(c->html);
}

int64_t
chart_end(const struct timeline *t)
{
	return t->from_us + (int64_t)t->columns * t->step_us;
}

/* In thousandths of a second, so that centuries do not overflow. */
int64_t
chart_x(const struct chart *c, int64_t utc_us)
{
	int64_t span_ms = (chart_end(c->t) - c->t->from_us) / 1000;

	if (utc_us < c->t->from_us)
		utc_us = c->t->from_us;
	if (utc_us > chart_end(c->t))
		utc_us = chart_end(c->t);
	return c->l->plot_x + (utc_us - c->t->from_us) / 1000 * c->l->plot_w / span_ms;
}
