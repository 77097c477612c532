#pragma once

#include "analyzer/analysis/timeline.h"
#include "analyzer/report/html.h"

/* What the files of a picture share. */

/* Lengths are tenths of a pixel; y grows downwards. */
struct chart_layout {
	const char *id; /* before the ids of what lies inside */
	int64_t width, plot_x, plot_w, row, font;
	int64_t ticks; /* at most so many steps */
	bool narrow;
};
#define CHART_GAP 15 /* between rows */
#define CHART_BAND_HEAD 230 /* the name of a band, above its rows */

struct chart {
	struct html *html;
	const struct timeline *t;
	const struct chart_layout *l;
	int64_t height;
};

void chart_length(struct chart *c, const char *name, int64_t tenths);
void chart_rectangle(struct chart *c, const char *class_name, int64_t x, int64_t y,
	int64_t w, int64_t h);
void chart_line(struct chart *c, const char *class_name, int64_t x1, int64_t y1,
	int64_t x2, int64_t y2);
void chart_words(struct chart *c, const char *class_name, int64_t x, int64_t y,
	const char *anchor, const char *text);
/* Where the timeline ends. */
int64_t chart_end(const struct timeline *timeline);
/* Where an instant lies across; what is before or after, at the edge. */
int64_t chart_x(const struct chart *c, int64_t utc_us);
/* One band with its rows, from ${y} down. */
void chart_band(struct chart *c, const struct band *band, int64_t y);
