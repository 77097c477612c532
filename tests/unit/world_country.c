#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/world/country.h"

#define SEEDS 60
#define MANY_SEEDS 3000

static struct country
drawn(uint64_t seed, const char *not_code)
{
	struct country_options options = {
		.seed = seed, .per_network = 3, .not_code = not_code};
	struct country country;

	assert_true(country_draw(&country, &options));
	return country;
}

static void
the_same_seed_gives_the_same_country_and_another_another(void **state)
{
	struct country a = drawn(7, NULL), b = drawn(7, NULL), c = drawn(8, NULL);

	(void)state;
	assert_int_equal(a.probes_n, 74);
	assert_memory_equal(a.probes, b.probes, a.probes_n * sizeof(*a.probes));
	assert_memory_equal(a.networks, b.networks, sizeof(a.networks));
	assert_memory_equal(a.targets, b.targets, sizeof(a.targets));
	assert_memory_not_equal(a.networks, c.networks, sizeof(a.networks));
	assert_memory_not_equal(a.probes[0].key_seed, c.probes[0].key_seed, 32);
	country_free(&a);
	country_free(&b);
	country_free(&c);
}

static void
a_code_that_must_not_be_drawn_is_not(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct country a = drawn(seed, NULL), b = drawn(seed, a.code);

		assert_string_not_equal(a.code, b.code);
		assert_memory_equal(a.regions[0], a.code, 2);
		country_free(&a);
		country_free(&b);
	}
}

static void
local_time_is_what_the_zone_says(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct country a = drawn(seed, NULL);

		setenv("TZ", a.zone, 1);
		tzset();
		for (int64_t s = 1767225600; s < 1767225600 + 366 * 86400; s += 20000) {
			time_t at = (time_t)s;
			struct tm local;

			localtime_r(&at, &local);
			assert_int_equal(country_offset_s(&a, s), local.tm_gmtoff);
		}
		unsetenv("TZ");
		country_free(&a);
	}
}

static void
the_list_reads_as_the_programs_read_it(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct targets *list = calloc(1, sizeof(*list));
		struct country a = drawn(seed, NULL);
		uint32_t homes = 0, far = 0;
		struct buf text = {0};

		buf_puts(&text, TARGETS_HEADER "\n");
		for (size_t i = 0; i < a.targets_n; i++)
			buf_printf(&text, "%s\n", a.targets[i].line);
		assert_int_equal(targets_read(list, buf_span(&text), NULL, NULL), OK);
		assert_int_equal(list->n, a.targets_n);
		assert_string_not_equal(targets_control(list), "");
		for (size_t i = 0; i < a.targets_n; i++) {
			const struct country_target *t = &a.targets[i];

			assert_string_equal(t->row.id, list->rows[i].id);
			homes |= UINT32_C(1) << (t->abroad ? 31 : t->network);
			far |= t->abroad ? UINT32_C(1) << t->neighbourhood : 0;
			for (int s = 0; s < WORLD_SERVICES; s++)
				assert_null(strstr(t->line, a.services[s]));
		}
		assert_true(__builtin_popcount(homes) >= 4);
		assert_true(__builtin_popcount(far) >= 4);
		buf_free(&text);
		free(list);
		country_free(&a);
	}
}

static void
every_region_has_three_probes_of_every_network(void **state)
{
	struct country a = drawn(3, NULL);
	unsigned int n[WORLD_NETWORKS][WORLD_REGIONS] = {{0}};

	(void)state;
	for (size_t i = 0; i < a.probes_n; i++)
		n[a.probes[i].network][a.probes[i].region]++;
	for (int network = WORLD_M1; network <= WORLD_F3; network++)
		for (int region = 0; region < WORLD_REGIONS; region++)
			assert_int_equal(n[network][region], 3);
	assert_true(a.probes[a.probes_n - 1].control);
	assert_false(a.probes[71].control);
	country_free(&a);
}

/* One name was drawn twice in one country of a few thousand. */
static void
no_two_services_ever_share_a_name(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < MANY_SEEDS; seed++) {
		struct country a = drawn(seed, NULL);

		for (size_t i = 0; i < a.targets_n; i++)
			for (size_t k = 0; k < i; k++)
				if (a.targets[i].service != a.targets[k].service)
					assert_string_not_equal(a.targets[i].row.host,
						a.targets[k].row.host);
		country_free(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_same_seed_gives_the_same_country_and_another_another),
		cmocka_unit_test(a_code_that_must_not_be_drawn_is_not),
		cmocka_unit_test(local_time_is_what_the_zone_says),
		cmocka_unit_test(the_list_reads_as_the_programs_read_it),
		cmocka_unit_test(every_region_has_three_probes_of_every_network),
		cmocka_unit_test(no_two_services_ever_share_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
