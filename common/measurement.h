#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/*
 * A line of a segment: struct and codec, both expanded from measurement.def, which is the
 * contract for every field. RFC 8785 canonical JSON restricted to one flat object of
 * integers, names, printable ASCII without '"' and '\', and lists of integers.
 */
#define MEASUREMENT_SCHEMA 5
#define MEASUREMENT_LINE_MAX 4096
#define TIME_MAX 9007199254740991 /* 2^53-1: the largest integer RFC 8785 carries */

enum line_kind {
#define LINE(name, sentence) LINE_##name,
#include "common/measurement.def"
	LINE_COUNT,
};
enum check {
#define CHECK_NAME(name, sentence) CHECK_##name,
#include "common/measurement.def"
	CHECK_COUNT,
};
enum rung {
#define RUNG(name, sentence) RUNG_##name,
#include "common/measurement.def"
	RUNG_COUNT,
};
enum stage {
#define STAGE(name, sentence) STAGE_##name,
#include "common/measurement.def"
	STAGE_COUNT,
};
enum outcome {
#define OUTCOME(name, sentence) OUTCOME_##name,
#include "common/measurement.def"
	OUTCOME_COUNT,
};
enum reason {
#define REASON(name, sentence) REASON_##name,
#include "common/measurement.def"
	REASON_COUNT,
};
enum medium {
#define MEDIUM(name, sentence) MEDIUM_##name,
#include "common/measurement.def"
	MEDIUM_COUNT,
};
enum supply {
#define SUPPLY(name, sentence) SUPPLY_##name,
#include "common/measurement.def"
	SUPPLY_COUNT,
};
enum protocol {
#define PROTOCOL(name, sentence) PROTOCOL_##name,
#include "common/measurement.def"
	PROTOCOL_COUNT,
};
enum direction {
#define DIRECTION(name, sentence) DIRECTION_##name,
#include "common/measurement.def"
	DIRECTION_COUNT,
};
enum carriage {
#define CARRIAGE(name, sentence) CARRIAGE_##name,
#include "common/measurement.def"
	CARRIAGE_COUNT,
};
enum registration {
#define REGISTRATION(name, sentence) REGISTRATION_##name,
#include "common/measurement.def"
	REGISTRATION_COUNT,
};
enum operstate {
#define OPERSTATE(name, sentence) OPERSTATE_##name,
#include "common/measurement.def"
	OPERSTATE_COUNT,
};
enum exhibit_kind {
#define EXHIBIT_KIND(name, sentence) EXHIBIT_KIND_##name,
#include "common/measurement.def"
	EXHIBIT_KIND_COUNT,
};

/* The field's place in has[]. */
enum field {
#define INT(name, needed, allowed, min, max, since, sentence) FIELD_##name,
#define ENUM(name, needed, allowed, type, since, sentence) FIELD_##name,
#define TEXT(name, needed, allowed, max, since, sentence) FIELD_##name,
#define LIST(name, needed, allowed, count, max, since, sentence) FIELD_##name,
#include "common/measurement.def"
	FIELD_COUNT,
};

/* One line of any kind. A field speaks only where has[FIELD_x] is true. Enums are
 * int64_t too, so that the codec is one loop over one table. */
struct measurement {
	bool has[FIELD_COUNT];
#define INT(name, needed, allowed, min, max, since, sentence) int64_t name;
#define ENUM(name, needed, allowed, type, since, sentence) int64_t name;
#define TEXT(name, needed, allowed, max, since, sentence) char name[(max) + 1];
#define LIST(name, needed, allowed, count, max, since, sentence)                       \
	uint32_t name##_n;                                                             \
	int64_t name[count];
#include "common/measurement.def"
};

/* SET(&m, rtt_us, 1200): value and presence together. */
#define SET(m, field, value) ((m)->has[FIELD_##field] = true, (m)->field = (value))
/* Copies a text; ERR_LIMIT when it does not fit or holds a byte that no line may hold. */
NODISCARD enum err measurement_set_text(
	struct measurement *m, enum field field, const char *text);
/* Sets a number; false, and nothing is set, when the field cannot hold it. */
bool measurement_set_number(struct measurement *m, enum field field, int64_t value);

/* Names as they stand in a line; NULL past the end. */
const char *line_kind_name(enum line_kind kind);
const char *check_name(enum check check);
const char *rung_name(enum rung rung);
const char *stage_name(enum stage stage);
const char *outcome_name(enum outcome outcome);
const char *reason_name(enum reason reason);
const char *medium_name(enum medium medium);
const char *supply_name(enum supply supply);
const char *exhibit_kind_name(enum exhibit_kind kind);
/* -1 when there is no such name. */
int check_by_name(struct span name);
int rung_by_name(struct span name);

/* Appends the line, without '\n'. ERR_FORMAT when a needed field is missing, one is not
 * allowed in this kind, or a value is out of range: then nothing was appended. */
NODISCARD enum err measurement_encode(struct buf *out, const struct measurement *m);

/* Accepts exactly what measurement_encode() writes: else ERR_FORMAT, and ${why} (may be
 * NULL) is set to a constant sentence. */
NODISCARD enum err measurement_decode(
	struct measurement *m, struct span line, const char **why);

/* The schema as a page of Markdown tables (common/SCHEMA.md is this output). */
void measurement_document(struct buf *out);

/* Walk over the fields for listings: name, and the value as text ("" when absent). */
const char *measurement_field_name(enum field field);
void measurement_field_text(
	struct buf *out, const struct measurement *m, enum field field);
