#include "common/schema.h"

#include <string.h>

#define NAME(name, sentence) {#name, sizeof #name - 1, sentence},
static const struct schema_name names_line[] = {
#define LINE NAME
#include "common/measurement.def"
};
static const struct schema_name names_check[] = {
#define CHECK_NAME NAME
#include "common/measurement.def"
};
static const struct schema_name names_rung[] = {
#define RUNG NAME
#include "common/measurement.def"
};
static const struct schema_name names_stage[] = {
#define STAGE NAME
#include "common/measurement.def"
};
static const struct schema_name names_outcome[] = {
#define OUTCOME NAME
#include "common/measurement.def"
};
static const struct schema_name names_reason[] = {
#define REASON NAME
#include "common/measurement.def"
};
static const struct schema_name names_medium[] = {
#define MEDIUM NAME
#include "common/measurement.def"
};
static const struct schema_name names_supply[] = {
#define SUPPLY NAME
#include "common/measurement.def"
};
static const struct schema_name names_protocol[] = {
#define PROTOCOL NAME
#include "common/measurement.def"
};
static const struct schema_name names_direction[] = {
#define DIRECTION NAME
#include "common/measurement.def"
};
static const struct schema_name names_carriage[] = {
#define CARRIAGE NAME
#include "common/measurement.def"
};
static const struct schema_name names_registration[] = {
#define REGISTRATION NAME
#include "common/measurement.def"
};
static const struct schema_name names_operstate[] = {
#define OPERSTATE NAME
#include "common/measurement.def"
};
static const struct schema_name names_exhibit_kind[] = {
#define EXHIBIT_KIND NAME
#include "common/measurement.def"
};

/* The letters of measurement.def, and each set of them that it uses. */
enum kinds {
	C = 1 << LINE_clock,
	G = 1 << LINE_gaps,
	M = 1 << LINE_measurement,
	N = 1 << LINE_network,
	S = 1 << LINE_software,
	T = 1 << LINE_targets,
	W = 1 << LINE_where,
	X = 1 << LINE_exhibit,
	CM = C | M,
	MN = M | N,
	MX = M | X,
	CGMNSTWX = C | G | M | N | S | T | W | X,
};

#define AT(name) offsetof(struct measurement, name)
#define HEAD(name, needed, allowed, kind)                                              \
#name, "\"" #name "\":", sizeof #name + 2, kind, needed, allowed, AT(name)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

const struct schema_row schema_rows[FIELD_COUNT] = {
#define INT(name, needed, allowed, min, max, since, sentence)                          \
	{HEAD(name, needed, allowed, SHAPE_INT), 0, 0, min, max, NULL, NULL, since,    \
		sentence},
#define ENUM(name, needed, allowed, type, since, sentence)                             \
	{HEAD(name, needed, allowed, SHAPE_ENUM), 0, COUNT(names_##type), 0,           \
		COUNT(names_##type) - 1, names_##type, #type, since, sentence},
#define TEXT(name, needed, allowed, max, since, sentence)                              \
	{HEAD(name, needed, allowed, SHAPE_TEXT), 0, max, 0, 0, NULL, NULL, since,     \
		sentence},
#define LIST(name, needed, allowed, count, max, since, sentence)                       \
	{HEAD(name, needed, allowed, SHAPE_LIST), AT(name##_n), count, 0, max, NULL,   \
		NULL, since, sentence},
#include "common/measurement.def"
};

/* ---- names ---- */

int
schema_find_name(struct span text, const struct schema_name *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].len == text.len &&
			memcmp(names[i].text, text.at, text.len) == 0)
			return (int)i;
	return -1;
}

static const char *
name_of(const struct schema_name *names, size_t n, unsigned int value)
{
	return value < n ? names[value].text : NULL;
}

const char *
line_kind_name(enum line_kind kind)
{
	return name_of(names_line, COUNT(names_line), kind);
}

const char *
check_name(enum check check)
{
	return name_of(names_check, COUNT(names_check), check);
}

const char *
rung_name(enum rung rung)
{
	return name_of(names_rung, COUNT(names_rung), rung);
}

const char *
stage_name(enum stage stage)
{
	return name_of(names_stage, COUNT(names_stage), stage);
}

const char *
outcome_name(enum outcome outcome)
{
	return name_of(names_outcome, COUNT(names_outcome), outcome);
}

const char *
reason_name(enum reason reason)
{
	return name_of(names_reason, COUNT(names_reason), reason);
}

const char *
medium_name(enum medium medium)
{
	return name_of(names_medium, COUNT(names_medium), medium);
}

const char *
supply_name(enum supply supply)
{
	return name_of(names_supply, COUNT(names_supply), supply);
}

const char *
exhibit_kind_name(enum exhibit_kind kind)
{
	return name_of(names_exhibit_kind, COUNT(names_exhibit_kind), kind);
}

int
check_by_name(struct span name)
{
	return schema_find_name(name, names_check, COUNT(names_check));
}

int
rung_by_name(struct span name)
{
	return schema_find_name(name, names_rung, COUNT(names_rung));
}

/* ---- the page ---- */

static void
document_names(
	struct buf *out, const char *title, const struct schema_name *names, size_t n)
{
	buf_printf(out, "\n## %s\n\n| name | meaning |\n|---|---|\n", title);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "| `%s` | %s |\n", names[i].text, names[i].sentence);
}

static void
document_kinds(struct buf *out, uint32_t kinds)
{
	const char *before = "";

	if (kinds == CGMNSTWX) {
		buf_puts(out, "every");
		return;
	}
	for (size_t i = 0; i < LINE_COUNT; i++) {
		if (!(kinds & 1u << i))
			continue;
		buf_printf(out, "%s%s", before, names_line[i].text);
		before = ", ";
	}
}

static void
document_field(struct buf *out, size_t field)
{
	const struct schema_row *row = &schema_rows[field];

	buf_printf(out, "| `%s` | ", row->name);
	switch (row->shape) {
	case SHAPE_INT:
		buf_printf(out, "integer, %lld to %lld", (long long)row->lowest,
			(long long)row->highest);
		break;
	case SHAPE_ENUM:
		buf_printf(out, "name (%s)", row->type);
		break;
	case SHAPE_TEXT:
		buf_printf(out, "string, at most %u bytes", row->size);
		break;
	case SHAPE_LIST:
		buf_printf(out, "list of at most %u integers, %lld to %lld", row->size,
			(long long)row->lowest, (long long)row->highest);
		break;
	}
	buf_puts(out, " | ");
	document_kinds(out, row->needed);
	buf_puts(out, " | ");
	document_kinds(out, row->allowed & ~row->needed);
	buf_printf(out, " | %d | %s |\n", row->since, row->sentence);
}

void
measurement_document(struct buf *out)
{
	buf_printf(out,
		"# The schema, version %d\n\n"
		"Made from `common/measurement.def`, the place to change it; a "
		"test compares.\nFORMAT.md says how a line is written.\n",
		MEASUREMENT_SCHEMA);
	document_names(out, "Kinds of line", names_line, COUNT(names_line));
	buf_puts(out, "\n## Fields\n\nIn the order in which they stand in a line.\n\n"
		      "| field | value | must stand in | may stand in | since version "
		      "| meaning |\n"
		      "|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < FIELD_COUNT; i++)
		document_field(out, i);
	document_names(out, "Checks", names_check, COUNT(names_check));
	document_names(out, "Rungs", names_rung, COUNT(names_rung));
	document_names(out, "Stages", names_stage, COUNT(names_stage));
	document_names(out, "Outcomes", names_outcome, COUNT(names_outcome));
	document_names(out, "Reasons", names_reason, COUNT(names_reason));
	document_names(out, "Media", names_medium, COUNT(names_medium));
	document_names(out, "Supplies", names_supply, COUNT(names_supply));
	document_names(out, "Protocols", names_protocol, COUNT(names_protocol));
	document_names(out, "Directions", names_direction, COUNT(names_direction));
	document_names(out, "Carriages", names_carriage, COUNT(names_carriage));
	document_names(
		out, "Registrations", names_registration, COUNT(names_registration));
	document_names(
		out, "Operational states", names_operstate, COUNT(names_operstate));
	document_names(
		out, "Kinds of exhibit", names_exhibit_kind, COUNT(names_exhibit_kind));
}
