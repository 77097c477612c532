#pragma once

#include <jansson.h>
#include <stdint.h>

/* The values that a verdict is written in. Lost memory is the end: none is ever NULL. */

json_t *values_must(json_t *json);
/* Both take ${value} over. */
void values_put(json_t *object, const char *key, json_t *value);
void values_append(json_t *array, json_t *value);
json_t *values_text(const char *value);
/* Probabilities and ratios are integers until here: a verdict is printed, not computed. */
json_t *values_ppm(int64_t value);
/* 0: null. */
json_t *values_time(int64_t utc_us);
