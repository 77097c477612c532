#pragma once

/* Include cmocka.h and what it needs before. */
#include <stdint.h>
#include <string.h>

#include "common/measurement.h"
#include "common/schema.h"

/* Lines as the schema lets them be, for tests: drawn, the smallest, the largest. */

/* splitmix64: small, seeded, the same everywhere. */
static inline uint64_t
line_draw_number(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* A value between both limits, and the limits themselves often. */
static inline int64_t
line_draw_value(uint64_t *state, const struct schema_row *row)
{
	uint64_t pick = line_draw_number(state) % 4;

	if (pick == 0)
		return row->lowest;
	if (pick == 1)
		return row->highest;
	return row->lowest + (int64_t)(line_draw_number(state) %
				       ((uint64_t)(row->highest - row->lowest) + 1));
}

static inline void
line_fill(struct measurement *m, size_t field, uint64_t *state)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789 !#$%&'()*+,-./:;<=>?@[]^_`{|}~";
	const struct schema_row *row = &schema_rows[field];
	char *at = (char *)m + row->offset;
	uint32_t n = (uint32_t)(line_draw_number(state) % (row->size + 1));
	int64_t value;

	m->has[field] = true;
	switch (row->shape) {
	case SHAPE_INT:
	case SHAPE_ENUM:
		value = line_draw_value(state, row);
		memcpy(at, &value, sizeof value);
		break;
	case SHAPE_TEXT:
		for (uint32_t i = 0; i < n; i++)
			at[i] = plain[line_draw_number(state) % (sizeof plain - 1)];
		break;
	case SHAPE_LIST:
		memcpy((char *)m + row->n_offset, &n, sizeof n);
		for (uint32_t i = 0; i < n; i++) {
			value = line_draw_value(state, row);
			memcpy(at + i * sizeof value, &value, sizeof value);
		}
		break;
	}
}

static inline void
line_draw(struct measurement *m, uint64_t *state)
{
	enum line_kind kind = (enum line_kind)(line_draw_number(state) % LINE_COUNT);

	memset(m, 0, sizeof *m);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct schema_row *row = &schema_rows[i];

		if ((row->needed & 1u << kind) ||
			((row->allowed & 1u << kind) && line_draw_number(state) % 2))
			line_fill(m, i, state);
	}
	SET(m, kind, kind);
}

/* The smallest line of a kind: what must stand in it, at its smallest. */
static inline void
line_least(struct measurement *m, enum line_kind kind)
{
	memset(m, 0, sizeof *m);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct schema_row *row = &schema_rows[i];

		if (!(row->needed & 1u << kind))
			continue;
		m->has[i] = true;
		if (row->shape == SHAPE_INT)
			memcpy((char *)m + row->offset, &row->lowest, 8);
	}
	SET(m, kind, kind);
}

/* No check fills in all fields of a measurement; half of them, whichever, is more than any
 * does. */
#define HALVES 2

/* Each value of one half of the fields at its largest, each text and list full. */
static inline void
line_half(struct measurement *m, enum line_kind kind, size_t half)
{
	line_least(m, kind);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct schema_row *row = &schema_rows[i];
		char *at = (char *)m + row->offset;

		if (!(row->allowed & 1u << kind) || i % HALVES != half)
			continue;
		m->has[i] = true;
		if (row->shape == SHAPE_TEXT)
			memset(at, 'a', row->size);
		if (row->shape == SHAPE_LIST)
			memcpy((char *)m + row->n_offset, &row->size, sizeof row->size);
		if (row->shape == SHAPE_LIST)
			for (uint32_t j = 0; j < row->size; j++)
				memcpy(at + j * 8, &row->highest, 8);
		if (row->shape == SHAPE_INT || row->shape == SHAPE_ENUM)
			memcpy(at, &row->highest, 8);
	}
	SET(m, kind, kind);
}

static inline enum err
line_read(const char *text, const char **why)
{
	struct measurement m;
	/* An exact copy on the heap, so that a sanitizer sees a read past its end. */
	char *copy = test_malloc(strlen(text) + 1);
	enum err err;

	memcpy(copy, text, strlen(text));
	err = measurement_decode(&m, (struct span){copy, strlen(text)}, why);
	test_free(copy);
	return err;
}
