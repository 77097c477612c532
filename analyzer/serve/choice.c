#include "analyzer/serve/choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/utc.h"

/* ---- what is asked for ---- */

static bool
read_country(char country[3], const char *text)
{
	if (strlen(text) != 2 || text[0] < 'A' || text[0] > 'Z' || text[1] < 'A' ||
		text[1] > 'Z')
		return false;
	memcpy(country, text, 3);
	return true;
}

static bool
read_class(char class_name[24], const char *text)
{
	static const char *const names[] = {
		"shutdown", "throttling", "infrastructure", "ordinary", "insufficient"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		snprintf(class_name, 24, "%s", text);
		return true;
	}
	return false;
}

static bool
read_time(int64_t *utc_us, const char *text)
{
	char day[UTC_TEXT_BYTES];

	snprintf(day, sizeof day, "%.20sT00:00:00Z", text);
	return utc_parse(utc_us, text) || utc_parse(utc_us, day);
}

static bool
read_number(uint32_t *out, const char *text, uint32_t most)
{
	uint64_t n = 0;

	if (!span_number(&n, (struct span){text, strlen(text)}, most) || n == 0)
		return false;
	*out = (uint32_t)n;
	return true;
}

/* "<start in microseconds>-<id>", as choice_query() writes it. */
static bool
read_cursor(struct choice_filter *filter, const char *text)
{
	size_t digits = strspn(text, "0123456789");
	const char *id = text + digits + 1;
	uint64_t start_us = 0;

	if (text[digits] != '-' ||
		!span_number(&start_us, (struct span){text, digits}, INT64_MAX) ||
		strlen(id) >= sizeof filter->before_id ||
		id[strspn(id, "0123456789abcdef")] != '\0')
		return false;
	filter->before_utc_us = (int64_t)start_us;
	memcpy(filter->before_id, id, strlen(id) + 1);
	return true;
}

/* An empty value, as a form sends it for a field that was left alone, is none. */
static const char *
value_of(choice_get_fn *get, void *arg, const char *name)
{
	const char *value = get(arg, name);

	return value && value[0] ? value : NULL;
}

const char *
choice_read(struct choice_filter *f, choice_get_fn *get, void *arg, uint32_t limit)
{
	const char *value;

	*f = (struct choice_filter){.limit = limit};
	if ((value = value_of(get, arg, "country")) && !read_country(f->country, value))
		return "country is two capital letters, such as XX";
	if ((value = value_of(get, arg, "class")) && !read_class(f->class_name, value))
		return "class is shutdown, throttling, infrastructure, ordinary or "
		       "insufficient";
	if ((value = value_of(get, arg, "asn")) &&
		!read_number(&f->asn, value, UINT32_MAX))
		return "asn is the number of a network";
	if ((value = value_of(get, arg, "since")) &&
		!read_time(&f->since_utc_us, value))
		return "since is a time such as 2026-01-08T16:30:00Z, or a day";
	if ((value = value_of(get, arg, "until")) &&
		!read_time(&f->until_utc_us, value))
		return "until is a time such as 2026-01-08T16:30:00Z, or a day";
	if ((value = value_of(get, arg, "limit")) &&
		!read_number(&f->limit, value, CHOICE_MOST))
		return "limit is a number from 1 to 1000";
	if ((value = value_of(get, arg, "cursor")) && !read_cursor(f, value))
		return "cursor is what a link to the next page holds";
	return NULL;
}

static void
put(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%s%s=%s", out->len ? "&" : "?", name, value);
}

void
choice_query(struct buf *out, const struct choice_filter *f, bool cursor)
{
	struct buf query = {0};
	char text[64];

	if (f->country[0])
		put(&query, "country", f->country);
	if (f->class_name[0])
		put(&query, "class", f->class_name);
	snprintf(text, sizeof text, "%u", f->asn);
	if (f->asn)
		put(&query, "asn", text);
	utc_text(text, f->since_utc_us);
	if (f->since_utc_us)
		put(&query, "since", text);
	utc_text(text, f->until_utc_us);
	if (f->until_utc_us)
		put(&query, "until", text);
	snprintf(text, sizeof text, "%u", f->limit);
	put(&query, "limit", text);
	snprintf(text, sizeof text, "%lld-%s", (long long)f->before_utc_us,
		f->before_id);
	if (cursor)
		put(&query, "cursor", text);
	buf_add(out, query.data, query.len);
	buf_free(&query);
}

/* ---- what is there ---- */

/* The store tells them from the oldest: the last ${limit} that match are kept in a ring. */
struct ring {
	const struct choice_filter *filter;
	struct choice_row *rows;
	uint64_t seen;
};

static bool
passes(const struct choice_filter *f, const struct store_event *e)
{
	char asn[16];

	if (f->country[0] && strcmp(f->country, e->country) != 0)
		return false;
	if (f->class_name[0] && strcmp(f->class_name, e->class_name) != 0)
		return false;
	snprintf(asn, sizeof asn, ",%u,", f->asn);
	if (f->asn && !memmem(e->asns.at, e->asns.len, asn, strlen(asn)))
		return false;
	if (f->until_utc_us && e->start_utc_us >= f->until_utc_us)
		return false;
	if (f->before_id[0] && (e->start_utc_us > f->before_utc_us ||
				       (e->start_utc_us == f->before_utc_us &&
					       strcmp(e->id, f->before_id) >= 0)))
		return false;
	return e->start_utc_us >= f->since_utc_us;
}

static void
take(void *arg, const struct store_event *e)
{
	struct ring *ring = arg;
	struct choice_row *row;

	if (!passes(ring->filter, e))
		return;
	row = &ring->rows[ring->seen++ % ring->filter->limit];
	memcpy(row->id, e->id, sizeof row->id);
	memcpy(row->country, e->country, sizeof row->country);
	memcpy(row->class_name, e->class_name, sizeof row->class_name);
	memcpy(row->cause, e->cause, sizeof row->cause);
	row->start_utc_us = e->start_utc_us;
	row->end_utc_us = e->end_utc_us;
	row->probability_ppm = e->probability_ppm;
	row->unofficial = e->unofficial;
	buf_clear(&row->json);
	buf_add(&row->json, e->json.at, e->json.len);
}

enum err
choice_make(
	struct choice *choice, struct store *store, const struct choice_filter *filter)
{
	struct ring ring = {
		.filter = filter, .rows = calloc(filter->limit, sizeof *ring.rows)};
	enum err err;

	*choice = (struct choice){0};
	choice->rows = calloc(filter->limit, sizeof *choice->rows);
	if (!ring.rows || !choice->rows)
		bug("no memory for %u events", filter->limit);
	err = store_each_event(store, take, &ring);
	choice->more = ring.seen > filter->limit;
	choice->n = choice->more ? filter->limit : (uint32_t)ring.seen;
	for (uint32_t i = 0; i < choice->n; i++)
		choice->rows[i] = ring.rows[(ring.seen - 1 - i) % filter->limit];
	free(ring.rows);
	return err;
}

void
choice_free(struct choice *choice)
{
	for (uint32_t i = 0; i < choice->n; i++)
		buf_free(&choice->rows[i].json);
	free(choice->rows);
	*choice = (struct choice){0};
}

void
choice_next(struct choice_filter *filter, const struct choice *choice)
{
	const struct choice_row *last = &choice->rows[choice->n - 1];

	filter->before_utc_us = last->start_utc_us;
	memcpy(filter->before_id, last->id, sizeof filter->before_id);
}
