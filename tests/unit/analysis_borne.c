#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "analyzer/analysis/borne.h"

/*
 * A country of six operators with four probes each, in four cohorts with one probe of each
 * operator, against what its liars may say.
 */
#define OPERATORS 6
#define COHORTS 4
#define PROBES (OPERATORS * COHORTS)
#define NOBODYS OPERATORS /* no note says whose network it is */

static struct network networks[OPERATORS + 1];

struct country {
	struct probe probes[PROBES + 1];
	struct tally tallies[PROBES + 1];
	struct record record;
	struct view view;
};

static void
make(struct country *c)
{
	memset(c, 0, sizeof(*c));
	for (uint32_t i = 0; i < OPERATORS; i++)
		networks[i] = (struct network){.country = "QX", .asn = 64600 + i};
	networks[NOBODYS] = (struct network){.country = "QX"};
	for (uint32_t p = 0; p < PROBES; p++) {
		uint32_t whose = p / COHORTS;

		c->probes[p] = (struct probe){.network = whose, .cohort = p % COHORTS};
		c->tallies[p] = (struct tally){
			.here = true, .reported = true, .network = whose};
	}
	c->probes[PROBES] = (struct probe){.control = true};
	c->tallies[PROBES] = (struct tally){.here = true, .reported = true};
	c->record = (struct record){.probes = c->probes,
		.probes_n = PROBES + 1,
		.networks = networks,
		.networks_n = OPERATORS + 1};
	c->view = (struct view){.record = &c->record, .tallies = c->tallies};
}

static void
hit_operators(struct country *c, uint32_t from, uint32_t to)
{
	for (uint32_t p = from * COHORTS; p < to * COHORTS; p++)
		c->tallies[p].affected = true;
}

static void
hit_cohort(struct country *c, uint32_t cohort)
{
	for (uint32_t p = cohort; p < PROBES; p += COHORTS)
		c->tallies[p].affected = true;
}

static void
test_what_half_a_country_lost_is_borne(void **state)
{
	struct country c;

	(void)state;
	make(&c);
	hit_operators(&c, 0, 3);
	assert_true(borne_widely(&c.view));
	c.tallies[0].affected = false; /* one of them says that all is well */
	assert_true(borne_widely(&c.view));
}

static void
test_what_a_third_claims_is_not_wherever_it_stands(void **state)
{
	struct country c;

	(void)state;
	make(&c);
	hit_operators(&c, 0, 2);
	assert_false(borne_widely(&c.view));
	make(&c);
	for (uint32_t p = 0; p < PROBES; p += 3)
		c.tallies[p].affected = true;
	assert_false(borne_widely(&c.view));
	/* And one operator is out besides, for a reason of its own. */
	hit_operators(&c, 5, 6);
	assert_false(borne_widely(&c.view));
}

static void
test_what_a_cohort_claims_is_not_however_large(void **state)
{
	struct country c;

	(void)state;
	make(&c);
	for (uint32_t p = 0; p < PROBES; p++)
		if (c.probes[p].cohort == 1)
			c.probes[p].cohort = 0;
	hit_cohort(&c, 0);
	hit_cohort(&c, 1);
	assert_false(borne_widely(&c.view));
	/* One operator is out besides. */
	hit_operators(&c, 0, 1);
	assert_false(borne_widely(&c.view));
}

static void
test_one_cohort_alone_bears_nothing(void **state)
{
	struct country c;

	(void)state;
	make(&c);
	for (uint32_t p = 0; p < PROBES; p++)
		c.probes[p].cohort = 0;
	hit_operators(&c, 0, OPERATORS);
	assert_false(borne_widely(&c.view));
	/* Another one of two probes does not help it. */
	c.probes[0].cohort = c.probes[COHORTS].cohort = 1;
	assert_false(borne_widely(&c.view));
	c.probes[2 * COHORTS].cohort = 1;
	assert_true(borne_widely(&c.view));
}

static void
test_what_most_of_an_operator_contradict_counts_for_nothing(void **state)
{
	struct country c;

	(void)state;
	make(&c);
	for (uint32_t p = 0; p < PROBES; p++)
		c.tallies[p].affected = p % COHORTS < 2;
	assert_false(borne_widely(&c.view));
}

static void
test_a_network_that_is_a_claim_counts_for_nothing(void **state)
{
	struct country c;

	(void)state;
	make(&c);
	hit_operators(&c, 0, 3);
	/* Since it went dark it could ask nobody, but before we saw where it was. */
	for (uint32_t p = 0; p < 3 * COHORTS; p++)
		c.tallies[p].network = NOBODYS;
	assert_true(borne_widely(&c.view));
	for (uint32_t p = 0; p < 2 * COHORTS; p++)
		c.probes[p].network = NOBODYS;
	assert_false(borne_widely(&c.view));
}

static void
test_who_said_nothing_and_who_is_abroad_have_no_say(void **state)
{
	struct country c;

	(void)state;
	make(&c);
	hit_operators(&c, 0, 2);
	for (uint32_t p = 4 * COHORTS; p < PROBES; p++)
		c.tallies[p].reported = false;
	c.tallies[PROBES].affected = true;
	assert_true(borne_widely(&c.view)); /* eight of sixteen */
	make(&c);
	hit_operators(&c, 0, 1);
	for (uint32_t p = COHORTS; p < PROBES; p++)
		c.tallies[p].reported = false;
	assert_false(
		borne_widely(&c.view)); /* of one operator, whoever else is silent */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_half_a_country_lost_is_borne),
		cmocka_unit_test(test_what_a_third_claims_is_not_wherever_it_stands),
		cmocka_unit_test(test_what_a_cohort_claims_is_not_however_large),
		cmocka_unit_test(test_one_cohort_alone_bears_nothing),
		cmocka_unit_test(
			test_what_most_of_an_operator_contradict_counts_for_nothing),
		cmocka_unit_test(test_a_network_that_is_a_claim_counts_for_nothing),
		cmocka_unit_test(test_who_said_nothing_and_who_is_abroad_have_no_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
