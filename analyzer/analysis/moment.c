#include "analyzer/analysis/moment.h"

bool
moment_find(struct moment *moment, const struct moment *edges, size_t n)
{
	size_t most = 0;

	for (size_t i = 0; i < n; i++) {
		struct moment common = {INT64_MIN, edges[i].hi_us};
		size_t covers = 0;

		/* Where as many overlap as anywhere, some edge's upper end lies. */
		for (size_t k = 0; k < n; k++) {
			if (edges[k].lo_us >= edges[i].hi_us ||
				edges[k].hi_us < edges[i].hi_us)
				continue;
			covers++;
			if (edges[k].lo_us > common.lo_us)
				common.lo_us = edges[k].lo_us;
		}
		if (covers > most) {
			most = covers;
			*moment = common;
		}
	}
	return most * 2 >= n && most > 2;
}
