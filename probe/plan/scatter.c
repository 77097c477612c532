#include "probe/steps.h"

/* What wants the line for itself, or paces itself, keeps its place at the end. */
static bool
is_free(const struct job *job)
{
	return job->rung > RUNG_router && costly_row(job->check) == NULL;
}

void
scatter_jobs(struct job *jobs, size_t n, uint64_t random)
{
	size_t from = 0;

	while (from < n) {
		size_t same = 0;

		while (from + same < n && is_free(&jobs[from + same]))
			same++;
		for (size_t i = same; i > 1; i--) {
			size_t j = (size_t)draw_below(&random, (int64_t)i);
			struct job swap = jobs[from + i - 1];

			jobs[from + i - 1] = jobs[from + j];
			jobs[from + j] = swap;
		}
		from += same + 1;
	}
}
