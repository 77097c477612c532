#pragma once

/* Include cmocka.h and what it needs before. */
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "probe/steps.h"

/* A probe's plan, for tests: its settings and targets, and time that passes at once. */

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)

/* What a row of checks.def says that a check costs. */
struct cost {
	uint32_t bytes, packets;
};

static inline struct cost
cost_of(enum check check)
{
	switch ((int)check) {
#undef CHECK
#define CHECK(name, level, bytes, packets, deadline_s, sentence)                       \
	case CHECK_##name:                                                             \
		return (struct cost){bytes, packets};
#include "probe/checks.def"
	default:
		return (struct cost){0, 0};
	}
}

static const char list[] =
	TARGETS_HEADER "\n"
		       "domestic,a.example,192.0.2.1,80,-,everyone,no\n"
		       "domestic,b.example,192.0.2.2,80,-,everyone,no\n"
		       "domestic,c.example,192.0.2.3,80,-,everyone,no\n"
		       "international,d.example,198.51.100.1,80,-,everyone,no\n"
		       "international,e.example,198.51.100.2,53,-,everyone,no\n"
		       "control,f.example,198.51.100.3,80,-,everyone,no\n"
		       "names,e.example,resolver,53,-,everyone,no\n";
enum { FIRST_ABROAD = 3, RESOLVER_ABROAD = 4, CONTROL = 5 };

struct world {
	struct config config;
	struct targets targets;
	struct enrolment enrolment;
	struct schedule s;
	struct job jobs[JOBS_MAX];
};

static inline struct world *
make_world(int64_t profile, uint64_t seed)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct setting *rows;
	size_t n;

	rows = config_rows(&n);
	conf_presets(&w->config, rows, n);
	w->config.profile = profile;
	strcpy(w->enrolment.endpoint, "https://192.0.2.9:443");
	assert_int_equal(targets_read(&w->targets, (struct span){list, strlen(list)},
				 NULL, NULL),
		OK);
	schedule_start(&w->s, 5 * SECOND_US, seed);
	return w;
}

static inline size_t
plan(struct world *w, int64_t now_us, size_t *left_out)
{
	return schedule_jobs(w->jobs, JOBS_MAX, &w->s, now_us, &w->config,
		&w->enrolment, &w->targets, left_out);
}

static inline int64_t
packets_of(const struct job *job)
{
	return job->check == CHECK_ping ? job->count : cost_of(job->check).packets;
}

static inline int64_t
bytes_of(const struct job *job)
{
	if (job->check == CHECK_speed)
		return job->bytes * 5 / 4 + 4000;
	return (int64_t)cost_of(job->check).bytes *
	       (job->check == CHECK_ping ? job->count : 1);
}

/* Lives through the time as the loop does; calls see for every planned job. */
typedef void see_fn(void *arg, const struct job *job, int64_t at_us, int64_t pace_us);
static inline void
live(struct world *w, int64_t until_us, see_fn *see, void *arg)
{
	int64_t free_us = 0;
	enum due due;

	for (;;) {
		int64_t now_us = schedule_next(&w->s, &due);
		size_t n, left_out;

		if (now_us < free_us)
			now_us = free_us;
		if (now_us >= until_us)
			return;
		n = plan(w, now_us, &left_out);
		for (size_t i = 0; i < n; i++) {
			int64_t pace_us =
				schedule_pace_us(&w->s, &w->config, &w->jobs[i]);

			see(arg, &w->jobs[i], now_us, pace_us);
			now_us += pace_us;
			budget_spend(&w->s.budget, &w->config, now_us,
				schedule_expense(&w->s, w->jobs[i].uplink_number,
					bytes_of(&w->jobs[i])));
		}
		free_us = now_us;
	}
}
