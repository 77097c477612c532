#pragma once

#include <argp.h>
#include <stdint.h>

/* For argp parsers: a value that is not right is one sentence and exit code 2. */
int64_t options_time(
	struct argp_state *state, const char *text); /* RFC 3339 or a day */
int64_t options_number(
	struct argp_state *state, const char *text, int64_t min, int64_t max);
