#include "analyzer/report/changes.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/report/history.h"
#include "analyzer/store/store.h"
#include "common/log.h"

struct printer {
	enum listing_format format;
	struct listing *csv;
	int64_t last; /* number of the change before; 0 none */
};

static const char *
text_of(const json_t *object, const char *key, const char *absent)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : absent;
}

static long long
number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static double
probability(const json_t *side, const char *class_name)
{
	return json_number_value(json_object_get(
		json_object_get(side, "class_probability"), class_name));
}

/* An end that is not yet, and what was not said before, have no words of their own. */
static const char *
shown(const char *key, const json_t *side)
{
	return text_of(side, key, strcmp(key, "end") ? "" : "not yet");
}

/* ---- for people ---- */

static void
print_fields(const json_t *change)
{
	const json_t *from = json_object_get(change, "from");
	const json_t *to = json_object_get(change, "to");
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)to, key, value)
	{
		if (json_is_object(value))
			continue;
		printf("  %-12s ", key);
		if (json_is_object(from))
			printf("%s -> ", shown(key, from));
		puts(shown(key, to));
	}
}

static void
print_rows(const json_t *change, const char *side, char mark)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(change, side), i, row)
		printf("  %c %-10s %s\n", mark, text_of(row, "row", ""),
			text_of(row, "says", ""));
}

static void
print_probabilities(const json_t *change)
{
	const json_t *from = json_object_get(change, "from");
	const json_t *to = json_object_get(change, "to");

	for (size_t c = 0; c < CLASS_COUNT; c++) {
		const char *name = evidence_class_name((enum class)c);
		double now = probability(to, name);

		if (!json_is_object(from))
			printf("  probability of %s %.6f\n", name, now);
		else
			printf("  probability of %s %.6f -> %.6f (%+.6f)\n", name,
				probability(from, name), now,
				now - probability(from, name));
	}
}

static void
print_change(const json_t *change, int64_t last)
{
	const json_t *arrived = json_object_get(change, "arrived");
	const char *part_of = text_of(change, "part_of", "");
	long long n = number_of(change, "n");

	if (n > last + 1)
		printf("\n(%lld changes are not kept)\n", n - last - 1);
	printf("\n%lld. %s, with %lld %ssegments from %lld probes\n", n,
		text_of(change, "horizon", "before any segment came"),
		number_of(arrived, "segments"), n > 1 ? "more " : "",
		number_of(arrived, "probes"));
	print_fields(change);
	if (*part_of)
		printf("  it is a part of event %s\n", part_of);
	print_rows(change, "came", '+');
	print_rows(change, "went", '-');
	print_probabilities(change);
}

/* ---- for spreadsheets ---- */

static const struct column columns[] = {
	{"event", COLUMN_TEXT},
	{"n", COLUMN_NUMBER},
	{"horizon", COLUMN_TEXT},
	{"segments", COLUMN_NUMBER},
	{"probes", COLUMN_NUMBER},
	{"what", COLUMN_TEXT},
	{"from", COLUMN_TEXT},
	{"to", COLUMN_TEXT},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void
list_one(struct listing *csv, const json_t *change, const char *what, const char *from,
	const char *to)
{
	const json_t *arrived = json_object_get(change, "arrived");
	char n[24], segments[24], probes[24];

	snprintf(n, sizeof n, "%lld", number_of(change, "n"));
	snprintf(segments, sizeof segments, "%lld", number_of(arrived, "segments"));
	snprintf(probes, sizeof probes, "%lld", number_of(arrived, "probes"));
	listing_row(csv, (const char *const[COLUMNS]){text_of(change, "event", ""), n,
				 text_of(change, "horizon", ""), segments, probes, what,
				 from, to});
}

static void
list_rows(struct listing *csv, const json_t *change, const char *side, bool came)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(change, side), i, row)
	{
		const char *says = text_of(row, "says", "");
		char what[64];

		snprintf(what, sizeof what, "row %s", text_of(row, "row", ""));
		list_one(csv, change, what, came ? "" : says, came ? says : "");
	}
}

static void
list_change(struct listing *csv, const json_t *change)
{
	const json_t *from = json_object_get(change, "from");
	const json_t *to = json_object_get(change, "to");
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)to, key, value)
	{
		if (!json_is_object(value))
			list_one(csv, change, key, text_of(from, key, ""),
				text_of(to, key, ""));
	}
	if (*text_of(change, "part_of", ""))
		list_one(csv, change, "part_of", "", text_of(change, "part_of", ""));
	list_rows(csv, change, "came", true);
	list_rows(csv, change, "went", false);
	for (size_t c = 0; c < CLASS_COUNT; c++) {
		const char *name = evidence_class_name((enum class)c);
		char what[64], before[24] = "", now[24];

		snprintf(what, sizeof what, "probability of %s", name);
		if (json_is_object(from))
			snprintf(
				before, sizeof before, "%.6f", probability(from, name));
		snprintf(now, sizeof now, "%.6f", probability(to, name));
		list_one(csv, change, what, before, now);
	}
}

/* ---- all of them ---- */

static void
print(void *arg, int64_t n, struct span json)
{
	struct printer *p = arg;
	json_t *change;

	if (p->format == LISTING_JSON) {
		printf("%.*s\n", (int)json.len, json.at);
		p->last = n;
		return;
	}
	change = json_loadb(json.at, json.len, 0, NULL);
	if (!change)
		bug("a stored change is no JSON");
	if (p->format == LISTING_CSV && !p->csv)
		listing_open(&p->csv, stdout, LISTING_CSV, columns, COLUMNS);
	if (p->csv) {
		list_change(p->csv, change);
	} else {
		if (!p->last)
			printf("event %s: what was said of it, and what changed it\n",
				text_of(change, "event", ""));
		print_change(change, p->last);
	}
	p->last = n;
	json_decref(change);
}

enum err
changes_print(
	bool *found, struct store *store, const char *event, enum listing_format format)
{
	struct printer p = {.format = format};
	enum err err = store_each_history(store, event, 1, INT64_MAX, print, &p);

	listing_close(p.csv);
	*found = p.last > 0;
	return err;
}
