#include "analyzer/serve/list.h"

#include <string.h>

#include "analyzer/report/page.h"
#include "common/utc.h"

static void
link_to(struct html *html, const char *path, const char *text)
{
	html_begin(html, "a");
	html_attribute(html, "href", path);
	html_text(html, text);
	html_end(html);
}

/* ---- the filter ---- */

static void
write_classes(struct html *html, const char *chosen)
{
	static const char *const names[] = {"", "shutdown", "throttling",
		"infrastructure", "ordinary", "insufficient"};

	html_begin(html, "label");
	html_text(html, "Class");
	html_begin(html, "select");
	html_attribute(html, "name", "class");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		html_begin(html, "option");
		html_attribute(html, "value", names[i]);
		if (!strcmp(names[i], chosen))
			html_attribute(html, "selected", "selected");
		html_text(html, names[i][0] ? names[i] : "any");
		html_end(html);
	}
	html_end(html);
	html_end(html);
}

static void
write_form(struct html *html, const struct choice_filter *filter)
{
	html_begin(html, "form");
	html_attribute(html, "method", "get");
	html_attribute(html, "action", "/");
	html_begin(html, "label");
	html_text(html, "Country (two letters)");
	html_begin(html, "input");
	html_attribute(html, "name", "country");
	html_attribute(html, "size", "4");
	html_attribute(html, "maxlength", "2");
	html_attribute(html, "pattern", "[A-Z]{2}");
	html_attribute(html, "value", filter->country);
	html_end(html);
	html_end(html);
	write_classes(html, filter->class_name);
	html_begin(html, "button");
	html_attribute(html, "type", "submit");
	html_text(html, "Show");
	html_end(html);
	html_end(html);
}

/* ---- the events ---- */

/* "to 16:30:05 UTC"; with the day when it is another. */
static void
put_end(struct buf *out, const struct choice_row *row)
{
	char start[UTC_TEXT_BYTES], end[UTC_TEXT_BYTES];

	utc_text(start, row->start_utc_us);
	utc_text(end, row->end_utc_us);
	if (!row->end_utc_us)
		buf_puts(out, "still open");
	else if (!strncmp(start, end, 10))
		buf_printf(out, "to %.8s UTC", end + 11);
	else
		buf_printf(out, "to %.10s %.8s UTC", end, end + 11);
}

static void
write_when(struct html *html, const struct choice_row *row)
{
	struct buf path = {0}, time = {0};

	buf_printf(&path, "/events/%s", row->id);
	page_time(&time, row->start_utc_us);
	html_begin(html, "th");
	html_attribute(html, "scope", "row");
	link_to(html, path.data, time.data);
	buf_clear(&time);
	put_end(&time, row);
	html_element(html, "div", "small", time.data);
	html_end(html);
	buf_free(&time);
	buf_free(&path);
}

/* The name of the column stands in the cell too, for screens too narrow for columns. */
static void
begin_number(struct html *html, const char *name)
{
	html_begin(html, "td");
	html_attribute(html, "class", "number");
	html_attribute(html, "data-name", name);
}

static void
write_probes(struct html *html, const struct choice_row *row)
{
	struct told told;

	begin_number(html, "probes hit");
	if (told_read(&told, buf_span(&row->json))) {
		if (told.affected >= 0 && told.expected >= 0)
			html_printf(html, "%lld of %lld", (long long)told.affected,
				(long long)told.expected);
		told_free(&told);
	}
	html_end(html);
}

static void
write_event(struct html *html, const struct choice_row *row)
{
	struct buf percent = {0};

	html_begin(html, "tr");
	write_when(html, row);
	html_element(html, "td", "", row->country);
	html_element(html, "td", "", row->class_name);
	html_begin(html, "td");
	html_text(html, page_headline(row->cause));
	html_element(html, "div", "small", row->cause);
	if (row->unofficial)
		html_element(html, "div", "small", "unofficial weights");
	html_end(html);
	page_percent(&percent, row->probability_ppm);
	begin_number(html, "probability of the class");
	html_text(html, percent.data);
	html_end(html);
	write_probes(html, row);
	html_end(html);
	buf_free(&percent);
}

static void
write_events(struct html *html, const struct choice *choice)
{
	static const char *const names[] = {"began, ended", "country", "class",
		"what was seen", "probability of the class", "probes hit"};

	if (!choice->n) {
		html_element(html, "p", "", "No event fits.");
		return;
	}
	html_begin(html, "div");
	html_attribute(html, "class", "scroll");
	html_begin(html, "table");
	html_attribute(html, "class", "events");
	html_begin(html, "thead");
	html_begin(html, "tr");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		html_begin(html, "th");
		html_attribute(html, "scope", "col");
		if (i >= 4)
			html_attribute(html, "class", "number");
		html_text(html, names[i]);
		html_end(html);
	}
	html_end(html);
	html_end(html);
	html_begin(html, "tbody");
	for (uint32_t i = 0; i < choice->n; i++)
		write_event(html, &choice->rows[i]);
	html_end(html);
	html_end(html);
	html_end(html);
}

static void
write_links(struct html *html, const struct choice *choice,
	const struct choice_filter *filter)
{
	struct choice_filter next = *filter;
	struct buf path = {0};

	html_begin(html, "p");
	if (choice->more) {
		choice_next(&next, choice);
		buf_puts(&path, "/");
		choice_query(&path, &next, true);
		link_to(html, path.data, "Older events");
		html_text(html, " \302\267 ");
		buf_clear(&path);
	}
	buf_puts(&path, "/v1/events");
	choice_query(&path, filter, filter->before_id[0] != '\0');
	link_to(html, path.data, "The same as JSON");
	html_end(html);
	buf_free(&path);
}

void
list_page(struct buf *out, const struct choice *choice,
	const struct choice_filter *filter)
{
	struct html *html;

	page_begin(&html, "Faultline: events");
	html_begin(html, "main");
	html_element(html, "h1", "", "Events");
	html_element(html, "p", "",
		"What the probes' measurements say happened, newest first. Each leads "
		"to its evidence, for and against.");
	write_form(html, filter);
	write_events(html, choice);
	write_links(html, choice, filter);
	html_end(html);
	html_close(out, html);
}

void
list_json(struct buf *out, const struct choice *choice)
{
	buf_puts(out, "[\n");
	for (uint32_t i = 0; i < choice->n; i++) {
		buf_puts(out, i ? ",\n" : "");
		buf_add(out, choice->rows[i].json.data, choice->rows[i].json.len);
	}
	buf_puts(out, "\n]\n");
}

void
list_problem(struct buf *out, const char *title, const char *sentence)
{
	struct html *html;

	page_begin(&html, title);
	html_begin(html, "main");
	html_element(html, "h1", "", title);
	html_begin(html, "p");
	html_printf(html, "%c%s. ",
		sentence[0] >= 'a' && sentence[0] <= 'z' ? sentence[0] - 'a' + 'A'
							 : sentence[0],
		sentence + 1);
	link_to(html, "/", "All events");
	html_end(html);
	html_end(html);
	html_close(out, html);
}
