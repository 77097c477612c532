#include "probe/steps.h"

/* A line that lives has answered something by then, a slow 2G line too. */
#define DARK_US INT64_C(12000000)
/* Echoes cost one packet each, and whoever is spared may answer to them: longer. */
#define ECHOES_US INT64_C(25000000)

/* Whoever let a connection in is there, slow as it may be. */
static bool
was_let_in(const struct measurement *m)
{
	return m->stage >= STAGE_tls_handshake && m->stage <= STAGE_body;
}

static bool
is_dark(const struct job *jobs, const struct measurement *ms, size_t n,
	int64_t since_us)
{
	bool failed = false;

	if (since_us < DARK_US || jobs[n].rung <= RUNG_router)
		return false;
	for (size_t i = 0; i < n; i++) {
		int success = measurement_success(&ms[i]);

		if (success == 1 || was_let_in(&ms[i]))
			return false;
		failed |= success == 0;
	}
	return failed;
}

bool
dark_leaves_out(struct job *next, const struct job *jobs, const struct measurement *ms,
	size_t n, int64_t since_us)
{
	*next = jobs[n];
	if (!is_dark(jobs, ms, n, since_us))
		return false;
	if (next->check == CHECK_ping) {
		next->count = 1;
		if (since_us < ECHOES_US)
			return false;
	}
	for (size_t i = 0; i < n; i++)
		if (jobs[i].check == next->check && jobs[i].rung == next->rung)
			return true;
	return false;
}
