#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/report/page.h"

/* The evidence for and against, and the other causes. */

/* "30 : 1", "1 : 4.5": exp(centinats / 100), by the table that the verdict was made
 * with. */
static void
ratio_text(struct buf *out, int64_t centinats)
{
	int64_t size = llabs(centinats) < 2000 ? llabs(centinats) : 2000;
	uint64_t unit = classify_exp(size);
	uint64_t tenths = unit ? ((UINT64_C(10) << 32) + unit / 2) / unit : 0;
	char text[32];

	if (tenths >= 100 || tenths % 10 == 0)
		snprintf(text, sizeof text, "%llu",
			(unsigned long long)((tenths + 5) / 10));
	else
		snprintf(text, sizeof text, "%llu.%llu",
			(unsigned long long)(tenths / 10),
			(unsigned long long)(tenths % 10));
	if (centinats < 0)
		buf_printf(out, "1 : %s", text);
	else
		buf_printf(out, "%s : 1", text);
}

static bool
of_class(const struct told_cause *cause, enum class class)
{
	const char *name = evidence_class_name(class);
	size_t n = strlen(name);

	return !strncmp(cause->name, name, n) && cause->name[n] == '.';
}

/* The causes of one class that have this ratio; all of them by the name of the class. */
static void
put_class(struct buf *out, const struct told *told, const struct told_row *row,
	enum class class, int64_t lr)
{
	size_t n = 0, here = 0;

	for (size_t c = 0; c < told->causes_n; c++) {
		n += of_class(&told->causes[c], class);
		here += of_class(&told->causes[c], class) && row->lr[c] == lr;
	}
	if (n > 1 && here == n) {
		buf_printf(out, "every %s, ", evidence_class_name(class));
		return;
	}
	for (size_t c = 0; c < told->causes_n; c++)
		if (of_class(&told->causes[c], class) && row->lr[c] == lr)
			buf_printf(out, "%s, ", told->causes[c].name);
}

/* "30 : 1 for a, b; 1 : 20 for c": the ratios from the largest, without 1 : 1. */
static void
put_ratios(struct buf *out, const struct told *told, const struct told_row *row)
{
	int64_t above = INT64_MAX;

	for (;;) {
		int64_t lr = INT64_MIN;

		for (size_t c = 0; c < told->causes_n; c++)
			if (row->lr[c] && row->lr[c] < above && row->lr[c] > lr)
				lr = row->lr[c];
		if (lr == INT64_MIN)
			return;
		buf_puts(out, out->len ? "; " : "");
		ratio_text(out, lr);
		buf_puts(out, " for ");
		for (size_t k = 0; k < CLASS_COUNT; k++)
			put_class(out, told, row, (enum class)k, lr);
		out->len -= 2;
		out->data[out->len] = '\0';
		above = lr;
	}
}

static void
write_ratios(struct html *html, const struct told *told, const struct told_row *row)
{
	struct buf text = {0};

	put_ratios(&text, told, row);
	html_begin(html, "p");
	html_attribute(html, "class", "small");
	if (text.len)
		html_printf(html, "Likelihood ratio: %s.", text.data);
	else
		html_text(html, "Not counted: a stronger observation of the same kind "
				"already speaks, or it tells no cause from another.");
	html_end(html);
	buf_free(&text);
}

static void
write_row(struct html *html, const struct told *told, const struct told_row *row)
{
	html_begin(html, "li");
	html_begin(html, "p");
	html_begin(html, "strong");
	html_printf(html, "%c%s",
		row->says[0] >= 'a' && row->says[0] <= 'z' ? row->says[0] - 'a' + 'A'
		: row->says[0]				   ? row->says[0]
							   : ' ',
		row->says[0] ? row->says + 1 : "");
	html_end(html);
	html_text(html, ".");
	html_end(html);
	html_begin(html, "p");
	html_attribute(html, "class", "small");
	html_printf(html, "Row %s, %lld of %lld. Basis: %s \342\200\223 %s.", row->id,
		(long long)row->n, (long long)row->of, row->basis, row->source);
	html_end(html);
	write_ratios(html, told, row);
	if (row->lines_n) {
		html_begin(html, "details");
		html_begin(html, "summary");
		html_attribute(html, "class", "small");
		html_printf(html, "%zu signed line%s that show%s it", row->lines_n,
			row->lines_n == 1 ? "" : "s", row->lines_n == 1 ? "s" : "");
		html_end(html);
		for (size_t l = 0; l < row->lines_n; l++)
			html_element(html, "div", "hash", row->lines[l]);
		html_end(html);
	}
	html_end(html);
}

static void
write_side(struct html *html, const struct told *told, const struct told_rows *rows,
	const char *title, const char *nothing)
{
	html_element(html, "h2", "", title);
	if (!rows->n) {
		html_element(html, "p", "", nothing);
		return;
	}
	html_begin(html, "ol");
	html_attribute(html, "class", "rows");
	for (size_t i = 0; i < rows->n; i++)
		write_row(html, told, &rows->rows[i]);
	html_end(html);
}

/* ---- other causes ---- */

#define SHOWN_LEAST_PPM 5000 /* the rest is summed up */
#define SHOWN_LEAST 4

static void
write_cause(struct html *html, const struct told_cause *cause)
{
	struct buf percent = {0};

	page_percent(&percent, cause->ppm);
	html_begin(html, "tr");
	html_begin(html, "th");
	html_attribute(html, "scope", "row");
	html_text(html, page_headline(cause->name));
	html_element(html, "div", "small", cause->name);
	html_end(html);
	html_element(html, "td", "number", percent.data);
	html_element(html, "td", "", cause->because);
	html_end(html);
	buf_free(&percent);
}

static void
write_causes(struct html *html, const struct told *told)
{
	int64_t rest_ppm = 0;
	size_t rest = 0;

	html_begin(html, "div");
	html_attribute(html, "class", "scroll");
	html_begin(html, "table");
	html_begin(html, "thead");
	html_begin(html, "tr");
	html_element(html, "th", "", "cause");
	html_element(html, "th", "number", "probability");
	html_element(html, "th", "", "what parts it from the verdict");
	html_end(html);
	html_end(html);
	html_begin(html, "tbody");
	for (size_t i = 0; i < told->causes_n; i++)
		if (i < SHOWN_LEAST || told->causes[i].ppm >= SHOWN_LEAST_PPM) {
			write_cause(html, &told->causes[i]);
		} else {
			rest_ppm += told->causes[i].ppm;
			rest++;
		}
	html_end(html);
	html_end(html);
	html_end(html);
	if (rest) {
		struct buf percent = {0};

		page_percent(&percent, rest_ppm);
		html_begin(html, "p");
		html_attribute(html, "class", "small");
		html_printf(
			html, "%zu further causes together: %s.", rest, percent.data);
		html_end(html);
		buf_free(&percent);
	}
}

static void
write_classes(struct html *html, const struct told *told)
{
	html_begin(html, "table");
	html_attribute(html, "class", "short");
	html_begin(html, "thead");
	html_begin(html, "tr");
	html_element(html, "th", "", "class");
	html_element(html, "th", "number", "probability");
	html_element(html, "th", "number", "weights that are judged left out");
	html_end(html);
	html_end(html);
	html_begin(html, "tbody");
	for (size_t c = 0; c < CLASS_COUNT; c++) {
		struct buf all = {0}, measured = {0};

		page_percent(&all, told->class_ppm[c]);
		page_percent(&measured, told->measured_ppm[c]);
		html_begin(html, "tr");
		html_element(html, "th", "", evidence_class_name((enum class)c));
		html_element(html, "td", "number", all.data);
		html_element(html, "td", "number", measured.data);
		html_end(html);
		buf_free(&all);
		buf_free(&measured);
	}
	html_end(html);
	html_end(html);
}

void
page_rows_write(struct html *html, const struct told *told)
{
	write_side(html, told, &told->evidence, "Evidence for it",
		"No observation speaks for it.");
	html_begin(html, "p");
	html_attribute(html, "class", "small");
	html_text(html,
		"A likelihood ratio of 30 : 1 says that the observation is thirty "
		"times as frequent under that cause as without it, and causes that are "
		"not named have 1 : 1; the weights come "
		"from one published table, and observations of one kind are not added "
		"up: the strongest counts.");
	html_end(html);
	write_side(html, told, &told->against, "Evidence against it",
		"No observation that was made speaks against it.");
	html_element(html, "h2", "", "Other causes considered");
	write_classes(html, told);
	write_causes(html, told);
}
