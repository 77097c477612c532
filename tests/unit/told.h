#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/world/plot.h"

/* A row of scenarios.csv told in a country of its own; told_close() frees all of it. */
struct told {
	struct scenarios scenarios;
	struct country country;
	struct story *story;
};

static inline void
told_open(struct told *t, int id, uint64_t seed, bool random_minutes)
{
	const struct scenario *s;
	struct country_options options = {.seed = seed, .per_network = 3};
	struct story_options story = {
		.seed = seed, .alive = 1, .random_minutes = random_minutes};

	assert_true(
		scenarios_read(&t->scenarios, SOURCE_DIR "/tests/world/scenarios.csv"));
	s = scenarios_find(&t->scenarios, id);
	assert_non_null(s);
	options.satellite = scenario_satellite(s);
	options.not_code = scenario_not_code(s);
	assert_true(country_draw(&t->country, &options));
	story_tell(&t->story, s, &t->country, &story);
}

static inline void
told_close(struct told *t)
{
	story_free(t->story);
	country_free(&t->country);
	scenarios_free(&t->scenarios);
}

/* The label <id>.<suffix>, which there is. */
static inline const struct label *
told_label(const struct told *t, const char *suffix, int id)
{
	char name[32];

	snprintf(name, sizeof name, "%d.%s", id, suffix);
	for (size_t i = 0; i < t->story->labels_n; i++)
		if (strcmp(t->story->labels[i].id, name) == 0)
			return &t->story->labels[i];
	fail_msg("no label %s", name);
	return NULL;
}
