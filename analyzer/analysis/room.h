#pragma once

#include <stddef.h>

/* What many of the steps need besides. Pure. */

/* Memory for n and one more, as zeroes; never NULL: without memory the program ends. */
void *room(size_t n, size_t size);
/* Of int64_t, for qsort(). */
int room_ascending(const void *left, const void *right);
