#pragma once

#include "analyzer/analysis/timeline.h"
#include "analyzer/report/html.h"

/*
 * The picture of a timeline: SVG inside a page. Each state has a shape or pattern of its
 * own besides its colour, which the page's style gives: up is a full bar, partial half a
 * bar, down a full bar with crosses, silence a hatched field, what was not measured a
 * dotted line. Where SVG is switched off (Tor Browser's safest level) nothing is seen of
 * it, its text included: sizes stand in attributes that only SVG understands.
 */
enum chart_width { CHART_WIDE, CHART_NARROW };
void chart_draw(struct html *html, const struct timeline *timeline,
	enum chart_width width, const char *title, const char *description);
/* What the pictures and samples of a page are filled with: once, before them. */
void chart_patterns(struct html *html);
/* A small sample of how a state is drawn. */
void chart_sample(struct html *html, enum cell_state state);
/* What a band is, in words. */
void chart_band_name(struct buf *out, const struct pool *pool);
/* "2 of 3 on mains"; what is not known is said. */
void chart_power_text(struct buf *out, const struct phase_sum *sum);
