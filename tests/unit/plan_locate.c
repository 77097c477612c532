#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/planned.h"

/* Who minds a name is looked for where a volunteer asked for it, and after a sign alone. */

static struct world *
make_asking(void)
{
	struct world *w = make_world(PROFILE_HOME, 7);

	w->config.level = LEVEL_HIGH;
	w->config.profiles[PROFILE_HOME].locate_us = DAY_US;
	return w;
}

/* What a round found: a handshake with this target's name, and one with the control name. */
static void
learn(struct world *w, int64_t now_us, enum outcome outcome, enum outcome control)
{
	struct measurement m = {0};
	struct ladder ladder = {0};

	SET(&m, check, CHECK_tls);
	SET(&m, stage, STAGE_tls_handshake);
	SET(&m, outcome, outcome);
	SET(&m, control_outcome, control);
	assert_int_equal(measurement_set_text(
				 &m, FIELD_target, w->targets.rows[FIRST_ABROAD].id),
		OK);
	schedule_learn(&w->s, &w->config, &m, 1, &ladder, now_us);
}

/* How often it is looked for in the next hour. */
static size_t
look(struct world *w, int64_t *now_us)
{
	int64_t end_us = *now_us + 3600 * SECOND_US;
	size_t found = 0, left_out;

	while (*now_us < end_us) {
		size_t n = plan(w, *now_us, &left_out);

		for (size_t i = 0; i < n; i++) {
			if (w->jobs[i].check != CHECK_locate)
				continue;
			found++;
			assert_string_equal(
				w->jobs[i].target.id, w->targets.rows[FIRST_ABROAD].id);
			assert_string_equal(w->jobs[i].control, "f.example");
		}
		*now_us += 60 * SECOND_US;
	}
	return found;
}

static void
a_name_that_somebody_minds_is_followed_once_in_its_interval(void **state)
{
	struct world *w = make_asking();
	int64_t now_us = 5 * SECOND_US;

	(void)state;
	assert_int_equal(look(w, &now_us), 0);
	for (int hour = 0; hour < 20; hour++) {
		learn(w, now_us, OUTCOME_connection_reset, OUTCOME_ok);
		assert_int_equal(look(w, &now_us), hour == 0);
	}
	now_us += DAY_US;
	learn(w, now_us, OUTCOME_generic_timeout_error, OUTCOME_ok);
	assert_int_equal(look(w, &now_us), 1);
	free(w);
}

static void
a_handshake_that_fails_whatever_the_name_is_no_sign(void **state)
{
	struct world *w = make_asking();
	int64_t now_us = 5 * SECOND_US;

	(void)state;
	learn(w, now_us, OUTCOME_connection_reset, OUTCOME_connection_reset);
	assert_int_equal(look(w, &now_us), 0);
	learn(w, now_us, OUTCOME_ok, OUTCOME_ok);
	assert_int_equal(look(w, &now_us), 0);
	free(w);
}

static void
nobody_is_looked_for_below_level_high_or_where_nobody_asked(void **state)
{
	struct world *w = make_asking();
	int64_t now_us = 5 * SECOND_US;

	(void)state;
	for (enum level level = LEVEL_LOW; level < LEVEL_HIGH; level++) {
		w->config.level = level;
		learn(w, now_us, OUTCOME_connection_reset, OUTCOME_ok);
		assert_int_equal(look(w, &now_us), 0);
	}
	w->config.level = LEVEL_HIGH;
	w->config.profiles[PROFILE_HOME].locate_us = 0;
	learn(w, now_us, OUTCOME_connection_reset, OUTCOME_ok);
	assert_int_equal(look(w, &now_us), 0);
	free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_name_that_somebody_minds_is_followed_once_in_its_interval),
		cmocka_unit_test(a_handshake_that_fails_whatever_the_name_is_no_sign),
		cmocka_unit_test(
			nobody_is_looked_for_below_level_high_or_where_nobody_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
