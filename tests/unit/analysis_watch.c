#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyzer/analysis/watch.h"
#include "tests/unit/country.h"

/*
 * A watch sees samples go by and keeps none: it says what rollup() and detect() say of all
 * of them at once, however many steps they come in.
 */
struct split {
	struct extent whole[PROBES], extents[PROBES];
	size_t fresh[PROBES];
	struct record record;
	struct watch watch;
};

static void
split_open(struct split *s, const struct country *c)
{
	*s = (struct split){.record = c->record};
	s->record.extents = s->extents;
	for (size_t i = c->record.samples_n; i-- > 0;) {
		struct extent *whole = &s->whole[c->record.samples[i].probe];

		whole->first = i;
		whole->n++;
	}
	for (size_t p = 0; p < PROBES; p++)
		s->extents[p].first = s->whole[p].first;
}

/* So many of the steps have come. */
static void
split_step(struct split *s, size_t step, size_t steps)
{
	int64_t changed_us = INT64_MAX;

	for (size_t p = 0; p < PROBES; p++) {
		s->fresh[p] = s->extents[p].n;
		s->extents[p].n = s->whole[p].n * step / steps;
	}
	watch_take(&s->watch, &changed_us, &s->record, s->fresh);
}

static void
expect_the_same(struct split *s, const struct country *c)
{
	struct anomaly *at_once = calloc(c->bins_n + 1, sizeof(*at_once)), *seen;
	size_t n = detect(at_once, c->bins, c->bins_n, &c->record);

	assert_int_equal(watch_end(&seen, &s->watch, &s->record), n);
	assert_memory_equal(seen, at_once, n * sizeof(*seen));
	free(seen);
	free(at_once);
	watch_forget(&s->watch);
}

static void
test_what_goes_by_is_judged_as_if_it_were_all_there(void **state)
{
	static const size_t steps[] = {1, 2, 7, ROUNDS};

	(void)state;
	for (int trouble = NOTHING; trouble <= DOWNGRADE; trouble++) {
		struct country *c = country_new((enum trouble)trouble);
		struct split s;

		for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
			split_open(&s, c);
			for (size_t step = 1; step <= steps[i]; step++)
				split_step(&s, step, steps[i]);
			expect_the_same(&s, c);
		}
		country_free(c);
	}
}

static void
test_whoever_is_read_anew_is_judged_anew(void **state)
{
	struct country *c = country_new(FORGED);
	struct split s;

	(void)state;
	split_open(&s, c);
	for (size_t step = 1; step <= 3; step++) {
		split_step(&s, step, 3);
		for (size_t p = 0; p < PROBES; p += 2)
			s.extents[p].n = 0;
	}
	split_step(&s, 3, 3);
	expect_the_same(&s, c);
	country_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_goes_by_is_judged_as_if_it_were_all_there),
		cmocka_unit_test(test_whoever_is_read_anew_is_judged_anew),
	};

	/* What country.h has besides. */
	(void)expect;
	(void)fired;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
