#include <stdio.h>
#include <stdlib.h>

#include "analyzer/report/span.h"
#include "analyzer/report/values.h"
#include "analyzer/report/verdict_relations.h"
#include "common/log.h"
#include "common/utc.h"

/* The timetable that an event keeps, in figures and in words. */
#define DAY_S 86400
#define FEW 5

/* What it is told from. */
struct told {
	struct timetable timetable;
	size_t *members;
	const struct neighbours *neighbours;
};

static const struct neighbour *
member(const struct told *t, size_t i)
{
	return neighbours_at(t->neighbours, t->members[i]);
}

static int64_t
start_of(const struct told *t, size_t i)
{
	const struct event *e = member(t, i)->event;
	int64_t error_us;

	return verdict_instant(&error_us, e->start_lo_us, e->start_hi_us);
}

static json_t *
times_json(const struct told *t)
{
	json_t *out = values_must(json_array());
	size_t first = t->timetable.n > VERDICT_RELATIONS_MOST
			       ? t->timetable.n - VERDICT_RELATIONS_MOST
			       : 0;

	for (size_t i = first; i < t->timetable.n; i++) {
		const struct event *e = member(t, i)->event;
		json_t *one = values_must(json_object());
		int64_t error_us, end_us = 0;

		if (e->end_hi_us)
			end_us = verdict_instant(&error_us, e->end_lo_us, e->end_hi_us);
		values_put(one, "event", values_text(member(t, i)->id));
		values_put(one, "start", values_time(start_of(t, i)));
		values_put(one, "end", values_time(end_us));
		values_append(out, one);
	}
	return out;
}

/* "13 times of 14, one a day, from 2026-10-15 to 2026-10-28, at about 10:06 UTC (at most 12
 * minutes apart), for 7 hours 50 minutes to 8 hours 2 minutes" */
static json_t *
says(const struct told *t)
{
	const struct timetable *table = &t->timetable;
	char first[UTC_TEXT_BYTES], last[UTC_TEXT_BYTES];
	struct buf out = {0};
	json_t *json;

	utc_text(first, start_of(t, 0));
	utc_text(last, start_of(t, table->n - 1));
	buf_printf(&out, "%u times of %u, one ", table->n, table->of);
	if (table->days > 1)
		buf_printf(&out, "in %u days", table->days);
	else
		buf_puts(&out, "a day");
	buf_printf(&out, ", from %.10s to %.10s,", first, last);
	buf_printf(&out, " at about %.5s UTC (at most ", &first[11]);
	span_words(&out, table->apart_us);
	buf_puts(&out, " apart)");
	if (table->most_us) {
		buf_puts(&out, ", for ");
		span_words(&out, table->least_us);
		buf_puts(&out, " to ");
		span_words(&out, table->most_us);
	}
	json = values_text(out.data);
	buf_free(&out);
	return json;
}

static json_t *
against(const struct timetable *table)
{
	json_t *out = values_must(json_array());
	char text[120];

	if (table->n < table->of) {
		snprintf(text, sizeof text, "%u of the %u times passed without one.",
			table->of - table->n, table->of);
		values_append(out, values_text(text));
	}
	if (table->otherwise) {
		snprintf(text, sizeof text,
			"Of another class than this one: %u of the others.",
			table->otherwise);
		values_append(out, values_text(text));
	}
	if (table->n < FEW)
		values_append(out, values_text("So few may meet by chance."));
	values_append(out,
		values_text("Curfews, load shedding, maintenance and crowded evenings "
			    "all keep hours: a timetable alone tells none of them from "
			    "the others."));
	return out;
}

static json_t *
schedule_json(const struct told *t)
{
	const struct timetable *table = &t->timetable;
	json_t *out = values_must(json_object());

	values_put(out, "period_s", json_integer((json_int_t)table->days * DAY_S));
	values_put(out, "n", json_integer(table->n));
	values_put(out, "of", json_integer(table->of));
	values_put(out, "apart_s", values_ppm(table->apart_us));
	values_put(out, "times", times_json(t));
	values_put(out, "says", says(t));
	values_put(out, "against", against(table));
	return out;
}

json_t *
verdict_schedule(const struct described *d)
{
	const struct surroundings *s = d->surroundings;
	struct told t = {0};
	json_t *out = NULL;
	size_t at;

	if (!s)
		return values_must(json_null());
	t.neighbours = &s->neighbours;
	t.members = calloc(t.neighbours->order_n + 1, sizeof(*t.members));
	if (!t.members)
		bug("no memory for a timetable");
	at = neighbours_find(t.neighbours, d->event);
	if (at != SIZE_MAX &&
		timetable_of(&t.timetable, t.members, &s->timetables, t.neighbours, at))
		out = schedule_json(&t);
	free(t.members);
	return out ? out : values_must(json_null());
}
