#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/measurement.h"

/*
 * measurement.def as tables, for the codec: nobody else needs to know how the schema is
 * kept.
 */

/* A name of a closed list, and what it means. */
struct schema_name {
	const char *text;
	size_t len;
	const char *sentence;
};

enum shape { SHAPE_INT, SHAPE_ENUM, SHAPE_TEXT, SHAPE_LIST };

/* One field: all that encoder, decoder and documentation know of it. */
struct schema_row {
	const char *name;
	const char *key; /* "name": with its quotes and the colon */
	uint32_t key_len;
	enum shape shape;
	uint32_t needed, allowed; /* sets of kinds of line */
	uint32_t offset, n_offset;
	uint32_t size; /* TEXT: most bytes; LIST: most items; ENUM: names */
	int64_t lowest, highest;
	const struct schema_name *names;
	const char *type;
	int since;
	const char *sentence;
};

/* In the order of measurement.def, which is that of a line. */
extern const struct schema_row schema_rows[FIELD_COUNT];
/* Its place in the list, or -1. */
int schema_find_name(struct span text, const struct schema_name *names, size_t n);
