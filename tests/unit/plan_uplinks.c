#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/planned.h"

#define HOUR (INT64_C(3600) * SECOND_US)

static const char more[] =
	TARGETS_HEADER "\n"
		       "domestic,one.example,198.51.100.1,80,-,everyone,no\n"
		       "domestic,two.example,198.51.100.2,80,-,everyone,no\n"
		       "international,three.example,198.51.100.3,80,-,everyone,no\n"
		       "international,four.example,198.51.100.4,443,-,everyone,no\n"
		       "international,five.example,198.51.100.5,443,-,everyone,no\n"
		       "international,six.example,198.51.100.6,53,-,everyone,no\n"
		       "domestic,seven.example,-,80,-,everyone,no\n"
		       "names,eight.example,resolver,53,-,everyone,no\n"
		       "core,.,root,53,-,everyone,no\n";

/* With a target that has a name alone, some under TLS, and a root server. */
static struct world *
make_more(void)
{
	struct world *w = make_world(PROFILE_HOME, 1);

	assert_int_equal(targets_read(&w->targets, (struct span){more, strlen(more)},
				 NULL, NULL),
		OK);
	return w;
}

static void
take(struct uplinks *u, const char *first, const char *second, int64_t now_us)
{
	char found[UPLINKS_MAX][16] = {{0}};
	size_t n = 0;

	if (first)
		strcpy(found[n++], first);
	if (second)
		strcpy(found[n++], second);
	uplinks_take(u, (const char(*)[16])found, n, now_us, HOUR);
}

static void
the_preferred_way_out_is_the_first_uplink(void **state)
{
	struct uplinks u = {0};

	(void)state;
	take(&u, NULL, NULL, 0);
	assert_int_equal(u.n, 0);
	take(&u, "eth0", "wwan0", 1);
	assert_int_equal(u.n, 2);
	assert_string_equal(u.names[0], "eth0");
	assert_string_equal(u.names[1], "wwan0");
	assert_int_equal(u.moves, 0);
}

static void
of_two_one_that_leads_nowhere_keeps_its_number_for_an_hour(void **state)
{
	struct uplinks u = {0};

	(void)state;
	take(&u, "eth0", "wwan0", 0);
	take(&u, "wwan0", NULL, HOUR - 1);
	assert_int_equal(u.n, 2);
	assert_string_equal(u.names[0], "eth0");
	take(&u, "wwan0", "eth0", HOUR);
	assert_string_equal(u.names[0], "eth0");
	take(&u, "wwan0", NULL, 2 * HOUR);
	assert_int_equal(u.n, 1);
	assert_string_equal(u.names[0], "wwan0");
	assert_int_equal(u.moves, 1);
}

static void
the_only_one_makes_way_for_another_at_once(void **state)
{
	struct uplinks u = {0};

	(void)state;
	take(&u, "eth0", NULL, 0);
	take(&u, NULL, NULL, 1);
	assert_string_equal(u.names[0], "eth0");
	assert_int_equal(u.moves, 0);
	take(&u, "wlan0", NULL, 2);
	assert_int_equal(u.n, 1);
	assert_string_equal(u.names[0], "wlan0");
	assert_int_equal(u.moves, 1);
}

static void
where_all_is_new_nobody_waits_for_the_two_that_there_were(void **state)
{
	struct uplinks u = {0};

	(void)state;
	take(&u, "eth0", "wwan0", 0);
	take(&u, NULL, NULL, 1);
	assert_int_equal(u.n, 2);
	take(&u, "wwan1", NULL, 2);
	assert_int_equal(u.n, 1);
	assert_string_equal(u.names[0], "wwan1");
	assert_int_equal(u.moves, 2);
}

static size_t
count(const struct world *w, size_t n, enum check check, uint8_t uplink)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found +=
			w->jobs[i].check == check && w->jobs[i].uplink_number == uplink;
	return found;
}

static void
one_uplink_is_one_ladder_that_goes_as_it_is_routed(void **state)
{
	struct world *w = make_more();
	size_t left_out, n;

	(void)state;
	take(&w->s.uplinks, "eth0", NULL, 0);
	n = plan(w, 5 * SECOND_US, &left_out);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(w->jobs[i].uplink_number, 0);
		assert_false(w->jobs[i].bound);
		assert_string_equal(w->jobs[i].uplink, "");
	}
	free(w);
}

static void
two_uplinks_are_two_ladders_of_one_round(void **state)
{
	struct world *w = make_more();
	size_t left_out, n;

	(void)state;
	take(&w->s.uplinks, "eth0", "wwan0", 0);
	n = plan(w, 5 * SECOND_US, &left_out);
	for (size_t i = 0; i < n; i++) {
		assert_true(w->jobs[i].bound);
		assert_string_equal(
			w->jobs[i].uplink, w->jobs[i].uplink_number ? "wwan0" : "eth0");
		assert_int_equal(w->jobs[i].round, 1);
	}
	assert_int_equal(count(w, n, CHECK_power, 1), 0);
	assert_int_equal(count(w, n, CHECK_link, 1), 1);
	assert_int_equal(count(w, n, CHECK_router, 1), 1);
	assert_true(count(w, n, CHECK_http, 0) > 1);
	assert_int_equal(count(w, n, CHECK_dns, 1), 1);
	assert_int_equal(count(w, n, CHECK_tcp, 1), 1);
	assert_int_equal(count(w, n, CHECK_tls, 1), 1);
	assert_int_equal(count(w, n, CHECK_http, 1), 1);
	assert_int_equal(count(w, n, CHECK_modem, 1), 0);
	assert_int_equal(count(w, n, CHECK_speed, 1), 2);
	assert_int_equal(count(w, n, CHECK_trace, 1), 0);
	free(w);
}

static void
the_second_ladder_needs_no_resolver_of_the_first(void **state)
{
	struct world *w = make_more();
	size_t left_out, n, pings = 0, all = 0;

	(void)state;
	take(&w->s.uplinks, "eth0", "wwan0", 0);
	n = plan(w, 5 * SECOND_US, &left_out);
	for (size_t i = 0; i < n; i++) {
		const struct job *job = &w->jobs[i];

		pings += job->check == CHECK_ping && job->uplink_number == 1;
		all += job->check == CHECK_ping && job->uplink_number == 0;
		if (job->uplink_number == 0 || job->rung <= RUNG_router ||
			job->check == CHECK_speed)
			continue;
		assert_string_not_equal(job->target.address, "");
		assert_string_not_equal(job->target.address, "resolver");
	}
	/* All but the one that has a name alone. */
	assert_int_equal(pings, all - 1);
	free(w);
}

/* Home, beyond it, what is costly: and a trace behind all others of its part. */
static void
a_round_of_two_ladders_has_its_parts_in_order(void **state)
{
	struct world *w = make_more();
	size_t left_out, n;
	int part = 0;

	(void)state;
	take(&w->s.uplinks, "eth0", "wwan0", 0);
	n = plan(w, 5 * SECOND_US, &left_out);
	for (size_t i = 0; i < n; i++) {
		int of = costly_row(w->jobs[i].check)	 ? 2
			 : w->jobs[i].rung > RUNG_router ? 1
							 : 0;

		assert_true(of >= part);
		part = of;
	}
	free(w);
}

static void
a_pulse_goes_by_the_first_alone(void **state)
{
	struct world *w = make_more();
	size_t left_out, n;
	enum due due;

	(void)state;
	take(&w->s.uplinks, "eth0", "wwan0", 0);
	plan(w, 5 * SECOND_US, &left_out);
	assert_true(schedule_next(&w->s, &due) > 0);
	assert_int_equal(due, DUE_PULSE);
	n = plan(w, schedule_next(&w->s, &due), &left_out);
	assert_int_equal(n, 1);
	assert_int_equal(w->jobs[0].uplink_number, 0);
	assert_string_equal(w->jobs[0].uplink, "eth0");
	free(w);
}

/* A prepaid SIM beside a line at home. */
static struct world *
make_paid(void)
{
	struct world *w = make_more();

	w->s.budget.medium = MEDIUM_fixed;
	w->config.plan_bytes[MEDIUM_mobile] = 50000000;
	take(&w->s.uplinks, "eth0", "wwan0", 0);
	w->s.uplinks.mobile[1] = true;
	return w;
}

static size_t
paid_by(const struct world *w, size_t n, uint8_t uplink)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found +=
			w->jobs[i].uplink_number == uplink && bytes_of(&w->jobs[i]) > 0;
	return found;
}

static void
each_uplink_is_paid_from_the_budget_of_its_own_kind(void **state)
{
	static const enum medium kinds[] = {MEDIUM_fixed, MEDIUM_mobile};

	(void)state;
	for (uint8_t spent = 0; spent < 2; spent++) {
		struct world *w = make_paid();
		size_t left_out, n;

		w->s.budget.day.spent_bytes[kinds[spent]] =
			budget_day_bytes(&w->config, kinds[spent]);
		n = plan(w, 5 * SECOND_US, &left_out);
		assert_int_equal(paid_by(w, n, spent), 0);
		assert_true(paid_by(w, n, !spent) > 5);
		free(w);
	}
}

static void
a_mobile_line_is_paid_as_one_whatever_was_declared_of_the_first(void **state)
{
	struct world *w = make_paid();

	(void)state;
	assert_int_equal(schedule_expense(&w->s, 0, 1).medium, MEDIUM_fixed);
	assert_int_equal(schedule_expense(&w->s, 1, 1).medium, MEDIUM_mobile);
	w->s.uplinks.mobile[1] = false;
	assert_int_equal(schedule_expense(&w->s, 1, 1).medium, MEDIUM_unknown);
	/* The line at home is gone for good, and the other has its number. */
	w->s.uplinks.mobile[0] = true;
	assert_int_equal(schedule_expense(&w->s, 0, 1).medium, MEDIUM_mobile);
	free(w);
}

static void
see_nothing(void *arg, const struct job *job, int64_t at_us, int64_t pace_us)
{
	(void)arg;
	(void)job;
	(void)at_us;
	(void)pace_us;
}

static void
in_a_month_the_second_line_never_costs_more_than_its_plan(void **state)
{
	struct world *w = make_paid();
	const struct spell *month = &w->s.budget.month;

	(void)state;
	live(w, 30 * DAY_US, see_nothing, NULL);
	/* More than its share of a day, and less than what it may. */
	assert_in_range(month->spent_bytes[MEDIUM_mobile], 10000000, 40000000);
	assert_true(month->spent_bytes[MEDIUM_fixed] > 100000000);
	assert_int_equal(month->spent_bytes[MEDIUM_unknown], 0);
	free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_preferred_way_out_is_the_first_uplink),
		cmocka_unit_test(
			of_two_one_that_leads_nowhere_keeps_its_number_for_an_hour),
		cmocka_unit_test(the_only_one_makes_way_for_another_at_once),
		cmocka_unit_test(
			where_all_is_new_nobody_waits_for_the_two_that_there_were),
		cmocka_unit_test(one_uplink_is_one_ladder_that_goes_as_it_is_routed),
		cmocka_unit_test(two_uplinks_are_two_ladders_of_one_round),
		cmocka_unit_test(the_second_ladder_needs_no_resolver_of_the_first),
		cmocka_unit_test(a_round_of_two_ladders_has_its_parts_in_order),
		cmocka_unit_test(a_pulse_goes_by_the_first_alone),
		cmocka_unit_test(each_uplink_is_paid_from_the_budget_of_its_own_kind),
		cmocka_unit_test(
			a_mobile_line_is_paid_as_one_whatever_was_declared_of_the_first),
		cmocka_unit_test(
			in_a_month_the_second_line_never_costs_more_than_its_plan),
	};

	return cmocka_run_group_tests_name("uplinks", tests, NULL, NULL);
}
