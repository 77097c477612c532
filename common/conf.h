#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/buf.h"
#include "common/err.h"

/*
 * Settings as rows: the parser, the range errors with file and line, --print-config and
 * config/<program>.conf all come from the same table. A value lives at ${offset} in the
 * caller's struct.
 */
enum setting_type {
	SETTING_COUNT, /* int64_t, plain integer */
	SETTING_DURATION, /* int64_t microseconds; written 500ms, 30s, 15min, 1h, 1d */
	SETTING_BYTES, /* int64_t; written 3000000, 256KiB, 40MB */
	SETTING_TEXT, /* char[size] */
	SETTING_CHOICE, /* int64_t index into ${choices}, "low|normal|high" */
};

struct setting {
	const char *name;
	enum setting_type type;
	int64_t min, max; /* durations in microseconds; unused for text and choice */
	const char *preset; /* as it would be written in the file */
	const char *choices; /* SETTING_CHOICE only */
	size_t offset, size; /* size: SETTING_TEXT only */
	const char *sentence; /* for a person: what it does */
};

/* Fills values with the presets; a preset that does not parse is a bug(). */
void conf_presets(void *values, const struct setting *rows, size_t n);

/* Reads a file over what is there: "name = value" a line, "#" comments. An unknown
 * setting, a value that does not parse or is out of range, a line over 200 bytes:
 * logged as "file:line: sentence", ERR_CONFIG. ERR_NOT_FOUND if there is no file. */
NODISCARD enum err conf_read(
	void *values, const struct setting *rows, size_t n, const char *path);
/* The same from bytes in memory; ${name} is what the complaints call them. */
NODISCARD enum err conf_parse(void *values, const struct setting *rows, size_t n,
	struct span bytes, const char *name);

/* The same form that conf_read takes, each row under its sentence, unit and range. */
void conf_print(FILE *out, const void *values, const struct setting *rows, size_t n);
/* The same into a file, as file_write() does it. */
NODISCARD enum err conf_write(
	const char *path, const void *values, const struct setting *rows, size_t n);

/* Divides every duration by ${scale} (1 = as written), never below 1 us; 0 stays 0.
 * Used for time_scale, after conf_print: what is scaled may lie outside its range. */
void conf_scale(void *values, const struct setting *rows, size_t n, int64_t scale);
