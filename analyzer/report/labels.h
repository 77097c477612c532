#pragma once

#include "analyzer/report/score.h"
#include "common/buf.h"
#include "common/err.h"

/*
 * A list of what is known to have happened, as CSV. Its first line says
 * "id,country,regions,asns,probes,start,end,cause,named,found"; no field is quoted:
 *
 *   id        a-z, 0-9, dots and dashes; each once
 *   country   XX; regions XX-YY with a space between two, empty: all
 *   asns      a space between two; empty: all
 *   probes    how many probes could see it
 *   start,end as 2026-01-08T16:30:00Z; end empty: it had not ended
 *   cause     a cause, none or insufficient
 *   named     where insufficient: the causes that must lead, a space between
 *   found     must: not to find it is an error; may: it counts only if found
 */
#define LABELS_BYTES_MAX (4 * 1024 * 1024)

struct labels {
	struct score_label *rows;
	size_t n;
};
/* ERR_FORMAT: ${line} is the one that is not right, ${why} what about it; nothing is held
 * then. */
NODISCARD enum err labels_read(
	struct labels *labels, struct span bytes, uint64_t *line, const char **why);
void labels_free(struct labels *labels);
