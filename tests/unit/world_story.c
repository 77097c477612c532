#include "tests/unit/told.h"

static void
the_same_seed_tells_the_same_story_and_another_seed_another(void **state)
{
	struct told a, b, c;
	bool same = true;

	(void)state;
	told_open(&a, 3, 5, false);
	told_open(&b, 3, 5, false);
	told_open(&c, 3, 6, false);
	for (double s = 0; s < 15 * 86400.0; s += 7001) {
		struct weather w[3] = {0};
		struct told *t[3] = {&a, &b, &c};

		for (int i = 0; i < 3; i++)
			weather_at(&w[i], t[i]->story, 5, 0,
				(double)t[i]->story->start_s + s);
		assert_true(
			w[0].abroad == w[1].abroad && w[0].rate_bps == w[1].rate_bps);
		assert_true(w[0].rtt_ms[1] == w[1].rtt_ms[1] && w[0].on == w[1].on);
		same &= w[0].rate_bps == w[2].rate_bps;
	}
	assert_false(same);
	told_close(&a);
	told_close(&b);
	told_close(&c);
}

static void
with_random_minutes_the_start_minute_says_nothing(void **state)
{
	unsigned int round = 0, n = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct told t;

		told_open(&t, 6, seed, true);
		for (size_t i = 0; i < t.story->labels_n; i++) {
			int64_t minute = (int64_t)(t.story->labels[i].start_s / 60);

			n += t.story->labels[i].must;
			round += t.story->labels[i].must && minute % 30 == 0;
		}
		told_close(&t);
	}
	assert_true(n >= 40);
	assert_true(round < n / 4);
}

static void
glitches_outnumber_cuts_and_need_not_be_found(void **state)
{
	struct told t;
	unsigned int cuts = 0, glitches = 0;

	(void)state;
	told_open(&t, 6, 1, false);
	for (size_t i = 0; i < t.story->labels_n; i++) {
		const struct label *l = &t.story->labels[i];
		bool glitch = l->id[0] == 'g';

		cuts += l->must;
		glitches += glitch;
		if (glitch)
			assert_false(l->must);
		assert_true(l->end_s > l->start_s);
	}
	assert_int_equal(cuts, 8);
	assert_true(glitches >= 9 * cuts);
	told_close(&t);
}

static void
an_edge_is_near_those_whom_it_touches(void **state)
{
	struct told t;
	const struct label *l;

	(void)state;
	told_open(&t, 54, 1, false);
	l = told_label(&t, "1.1", 54);
	assert_true(story_edge_s(t.story, WORLD_M1, (int64_t)l->start_s) < 300);
	assert_true(
		story_edge_s(t.story, WORLD_M1, (int64_t)l->start_s - 7200) <= 7500);
	assert_true(story_edge_s(t.story, WORLD_M1, (int64_t)l->start_s - 900) > 300);
	told_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_same_seed_tells_the_same_story_and_another_seed_another),
		cmocka_unit_test(with_random_minutes_the_start_minute_says_nothing),
		cmocka_unit_test(glitches_outnumber_cuts_and_need_not_be_found),
		cmocka_unit_test(an_edge_is_near_those_whom_it_touches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
