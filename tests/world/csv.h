#pragma once

#include <stdbool.h>

#include "common/buf.h"

/* RFC 4180, quoted fields and line ends inside them included; pure. */
#define CSV_FIELDS 32
struct csv {
	struct span rest;
	unsigned int line; /* of the record last cut, from 1 */
	unsigned int next_line;
	struct buf text; /* of its fields, without their quotes */
	struct span fields[CSV_FIELDS];
	size_t n; /* fields behind CSV_FIELDS are left out */
};
void csv_open(struct csv *csv, struct span bytes);
/* False: there is no further record. Empty lines are passed over. */
bool csv_next(struct csv *csv);
void csv_close(struct csv *csv);
