#include "analyzer/report/told.h"

#include <jansson.h>
#include <string.h>

#include "common/utc.h"

#define PPM 1e6
/* What no instant or probability reaches; beyond it a figure is not one of ours. */
#define FIGURE_MOST 9e15

static const char *
text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

/* A JSON number as millionths; the nearest, as it was printed from whole ones. */
static int64_t
millionths(const json_t *number)
{
	double value = json_number_value(number) * PPM;

	return value > -FIGURE_MOST && value < FIGURE_MOST
		       ? (int64_t)(value < 0 ? value - 0.5 : value + 0.5)
		       : 0;
}

static int64_t
number(const json_t *object, const char *key, int64_t absent)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : absent;
}

static int64_t
instant(const json_t *object, const char *key)
{
	int64_t utc_us = 0;

	return utc_parse(&utc_us, text(object, key)) ? utc_us : 0;
}

static void
read_instant(struct told_instant *out, const json_t *json)
{
	const json_t *proved = json_object_get(json, "proved");

	out->utc_us = instant(json, "estimate");
	out->error_us = millionths(json_object_get(json, "error_s"));
	out->not_before_us = instant(proved, "not_before");
	out->not_after_us = instant(proved, "not_after");
	if (out->error_us < 0 || out->error_us > out->utc_us)
		out->error_us = 0;
}

static size_t
read_texts(const char **out, size_t most, const json_t *array)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(array) && n < most; i++)
		if (json_is_string(json_array_get(array, i)))
			out[n++] = json_string_value(json_array_get(array, i));
	return n;
}

static void
read_scope(struct told *told, const json_t *scope)
{
	const json_t *asns = json_object_get(scope, "asns");

	told->level = text(scope, "level");
	told->country = text(scope, "country");
	told->regions_n =
		read_texts(told->regions, TOLD_LIST, json_object_get(scope, "regions"));
	told->media_n =
		read_texts(told->media, TOLD_LIST, json_object_get(scope, "medium"));
	told->asns_all = json_array_size(asns);
	for (size_t i = 0; i < told->asns_all && told->asns_n < TOLD_LIST; i++)
		told->asns[told->asns_n++] =
			(uint32_t)json_integer_value(json_array_get(asns, i));
}

static void
read_classes(int64_t ppm[CLASS_COUNT], const json_t *json)
{
	for (size_t c = 0; c < CLASS_COUNT; c++)
		ppm[c] = millionths(
			json_object_get(json, evidence_class_name((enum class)c)));
}

static const char *
because(const json_t *alternatives, const char *cause)
{
	for (size_t i = 0; i < json_array_size(alternatives); i++)
		if (!strcmp(text(json_array_get(alternatives, i), "cause"), cause))
			return text(json_array_get(alternatives, i), "because");
	return "";
}

static void
read_causes(struct told *told, const json_t *json)
{
	const json_t *causes = json_object_get(json, "causes");
	const json_t *alternatives = json_object_get(json, "alternatives");

	for (size_t i = 0; i < json_array_size(causes) && i < CAUSE_COUNT; i++) {
		const json_t *one = json_array_get(causes, i);
		const char *name = text(one, "cause");

		told->causes[told->causes_n++] = (struct told_cause){name,
			millionths(json_object_get(one, "probability")),
			because(alternatives, name)};
	}
}

static void
read_rows(struct told_rows *out, const struct told *told, const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array) && out->n < ROW_COUNT; i++) {
		const json_t *json = json_array_get(array, i);
		const json_t *lr = json_object_get(json, "lr");
		struct told_row *row = &out->rows[out->n++];

		row->id = text(json, "row");
		row->basis = text(json, "basis");
		row->says = text(json, "says");
		row->source = text(json, "source");
		row->n = number(json, "n", 0);
		row->of = number(json, "of", 0);
		for (size_t c = 0; c < told->causes_n; c++)
			row->lr[c] = number(lr, told->causes[c].name, 0);
		row->lines_n = read_texts(
			row->lines, OBSERVATION_LINES, json_object_get(json, "lines"));
	}
}

static void
read_context(struct told *told, const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array) && i < TOLD_LIST; i++) {
		const json_t *one = json_array_get(array, i);

		told->context[told->context_n++] = (struct told_context){
			.kind = text(one, "kind"),
			.begin = text(one, "begin"),
			.source = text(one, "source"),
			.says = text(one, "says"),
		};
	}
}

static void
read_onsets(struct told *told, const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array) && i < TOLD_LIST; i++) {
		const json_t *one = json_array_get(array, i);
		struct told_onset *onset = &told->onsets[told->onsets_n++];

		onset->region = text(one, "region");
		onset->medium = text(one, "medium");
		onset->asn = (uint32_t)number(one, "asn", 0);
		read_instant(&onset->first, json_object_get(one, "first"));
		onset->before = json_is_true(json_object_get(one, "before"));
		onset->probes = number(one, "probes", 0);
		onset->of = number(one, "of", 0);
	}
}

static void
read_relation(struct told *told, const char *kind, const json_t *one)
{
	struct told_relation *relation = &told->relations[told->relations_n];

	if (!json_is_object(one) || told->relations_n == TOLD_LIST)
		return;
	told->relations_n++;
	relation->kind = kind;
	relation->event = text(one, "event");
	relation->says = text(one, "says");
	relation->against_n = read_texts(
		relation->against, TOLD_AGAINST, json_object_get(one, "against"));
}

static void
read_relations(struct told *told, const char *kind, const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		read_relation(told, kind, json_array_get(array, i));
}

static void
read_all(struct told *told, const json_t *json)
{
	const json_t *probes = json_object_get(json, "probes");
	const json_t *inputs = json_object_get(json, "inputs");
	const json_t *end = json_object_get(json, "end");

	told->event = text(json, "event");
	told->version = text(json, "version");
	told->weights = text(json, "weights");
	told->standing = text(json, "standing");
	told->class_name = text(json, "class");
	told->cause = text(json, "cause");
	read_scope(told, json_object_get(json, "scope"));
	read_instant(&told->start, json_object_get(json, "start"));
	read_instant(&told->end, end);
	told->open = !told->end.utc_us;
	read_classes(told->class_ppm, json_object_get(json, "class_probability"));
	read_classes(told->measured_ppm,
		json_object_get(json, "class_probability_measured_only"));
	told->deliberate_ppm = millionths(json_object_get(json, "deliberate"));
	read_causes(told, json);
	told->expected = number(probes, "expected", -1);
	told->reporting = number(probes, "reporting", -1);
	told->alive = number(probes, "alive", -1);
	told->affected = number(probes, "affected", -1);
	told->cohorts = number(probes, "cohorts", -1);
	read_rows(&told->evidence, told, json_object_get(json, "evidence"));
	read_rows(&told->against, told, json_object_get(json, "against"));
	told->limits_n =
		read_texts(told->limits, TOLD_LIST, json_object_get(json, "limits"));
	read_onsets(told, json_object_get(json, "onset_order"));
	read_relation(told, "schedule", json_object_get(json, "schedule"));
	read_relations(told, "phase", json_object_get(json, "phases"));
	read_relations(told, "overlaps", json_object_get(json, "overlaps"));
	read_relations(told, "follows", json_object_get(json, "follows"));
	read_relations(told, "precursor", json_object_get(json, "precursors"));
	read_context(told, json_object_get(json, "context"));
	told->baseline = text(inputs, "baseline");
	told->targets = text(inputs, "targets");
	told->format = text(json_object_get(json, "source"), "format");
	told->row = text(json_object_get(json, "source"), "id");
	if (told->format[0]) /* no probe of ours: nothing is said of any */
		told->expected = told->reporting = told->alive = told->affected =
			told->cohorts = -1;
}

bool
told_read(struct told *told, struct span bytes)
{
	json_t *json = json_loadb(bytes.at, bytes.len, 0, NULL);

	memset(told, 0, sizeof *told);
	if (!json_is_object(json)) {
		json_decref(json);
		return false;
	}
	told->json = json;
	read_all(told, json);
	return true;
}

void
told_free(struct told *told)
{
	json_decref(told->json);
	memset(told, 0, sizeof *told);
}

int64_t
told_class_ppm(const struct told *told)
{
	int64_t most = 0;

	for (size_t c = 0; c < CLASS_COUNT; c++) {
		if (!strcmp(told->class_name, evidence_class_name((enum class)c)))
			return told->class_ppm[c];
		if (told->class_ppm[c] > most)
			most = told->class_ppm[c];
	}
	return most;
}
