#pragma once

#include "analyzer/analysis/timeline.h"
#include "analyzer/report/html.h"
#include "analyzer/report/told.h"

/*
 * The page of one event: the claim first, then what it rests on, what speaks against it,
 * and how to check it. The same for a report in a folder and for the pages that serve
 * shows. No script, nothing from elsewhere, no time of its own: the same verdict and the
 * same samples give the same bytes.
 */
struct page {
	const struct told *told;
	const struct timeline *timeline; /* NULL: there is nothing to draw */
	struct span json; /* report.json, whose hash is shown */
	bool served; /* with links to the other pages */
};
void page_write(struct buf *out, const struct page *page);

/* Begins a page of ours up to the inside of its body; html_close() ends it. */
void page_begin(struct html **html, const char *title);

/* Words that every page uses. "2026-01-08 16:30:05 UTC"; "unknown" for 0. */
void page_time(struct buf *out, int64_t utc_us);
/* The same with its error: "2026-01-08 16:30:05 UTC (± 15.0 s)". */
void page_instant(struct buf *out, const struct told_instant *instant);
void page_percent(struct buf *out, int64_t ppm); /* "97.1 %" */
const char *page_headline(const char *cause); /* a clause, without a full stop */
void page_meaning(const char **means, const char **who, const char *cause);
/* One line of a list of facts; the value is emptied. */
void page_fact(struct html *html, const char *name, struct buf *value);

/* Parts, in files of their own. */
void page_title(struct buf *out, const struct told *told); /* page_claim.c */
void page_claim_write(struct html *html, const struct told *told);
void page_rows_write(struct html *html, const struct told *told); /* page_rows.c */
void page_timeline_write(
	struct html *html, const struct timeline *timeline); /* page_timeline.c */
void page_relations_write(
	struct html *html, const struct told *told); /* page_relations.c */
extern const char page_style[]; /* page_style.c */
