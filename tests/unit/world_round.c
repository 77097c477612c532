#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/ladder.h"
#include "tests/world/round.h"

#define ROUNDS 40

/* A country, good weather, and what rounds of one probe made of it. */
struct scene {
	struct country country;
	struct weather weather;
	struct measurement *lines; /* of every round */
	size_t n;
	struct ladder ladder;
};

static int
set_up(void **state)
{
	struct country_options options = {.seed = 11, .per_network = 3};
	struct scene *s = calloc(1, sizeof(*s));
	struct weather *w = &s->weather;

	assert_true(country_draw(&s->country, &options));
	s->lines = calloc(ROUNDS * ROUND_LINES_MAX, sizeof(*s->lines));
	*w = (struct weather){.on = true,
		.mains = true,
		.battery = 1,
		.carrier = true,
		.router = true,
		.beacons = 1,
		.generation = 4,
		.signal_dbm = -85,
		.registered = true,
		.bearer = true,
		.voice = true,
		.access = 1,
		.abroad = 1,
		.ipv6 = true,
		.resolver = 1,
		.rtt_ms = {30, 110},
		.jitter_ms = 5,
		.loss = {.003, .003},
		.rate_bps = 12e6,
		.upload = 1};
	for (int i = 0; i < WORLD_NETWORKS; i++)
		w->home[i] = 1;
	for (int i = 0; i < PASS_COUNT; i++)
		w->pass[i] = w->pass_home[i] = 1;
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct scene *s = *state;

	country_free(&s->country);
	free(s->lines);
	free(s);
	return 0;
}

/* Rounds in this weather; every line must be one that a probe could sign. */
static void
play(struct scene *s, enum detail detail)
{
	struct chance chance = {5};
	struct measurement read;
	struct buf line = {0};

	s->n = 0;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		struct round round = {.network = s->country.probes[0].network,
			.number = i,
			.t_us = i * INT64_C(300000000),
			.speed = true,
			.detail = detail};

		s->n += round_measure(
			&s->lines[s->n], &s->country, &s->weather, &round, &chance);
	}
	for (size_t i = 0; i < s->n; i++) {
		buf_clear(&line);
		assert_int_equal(measurement_encode(&line, &s->lines[i]), OK);
		assert_int_equal(measurement_decode(&read, buf_span(&line), NULL), OK);
	}
	buf_free(&line);
	ladder_climb(&s->ladder, s->lines, s->n);
}

static double
share(const struct scene *s, enum rung rung)
{
	return (double)s->ladder.rung[rung].succeeded / s->ladder.rung[rung].tried;
}

/* So many lines of this check ended so; of one target, or of all with NULL. */
static unsigned int
count(const struct scene *s, enum check check, const char *target, enum outcome outcome)
{
	unsigned int n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->lines[i].check == check && s->lines[i].outcome == outcome &&
		     (!target || !strcmp(s->lines[i].target, target));
	return n;
}

static const char *
service_row(const struct scene *s, int service, uint16_t port)
{
	for (size_t i = 0; i < s->country.targets_n; i++)
		if (s->country.targets[i].service == service &&
			s->country.targets[i].row.port == port)
			return s->country.targets[i].row.id;
	return NULL;
}

static void
in_good_weather_every_rung_is_up(void **state)
{
	struct scene *s = *state;

	play(s, DETAIL_FULL);
	for (enum rung rung = 0; rung < RUNG_COUNT; rung++)
		assert_true(share(s, rung) > .9); /* not every server speaks QUIC */
	assert_true(s->n / ROUNDS > 80 && s->n / ROUNDS < ROUND_LINES_MAX);
	play(s, DETAIL_THIN);
	for (enum rung rung = 0; rung < RUNG_service; rung++)
		assert_true(share(s, rung) > .95);
	assert_true(s->n / ROUNDS < 17);
}

static void
a_cut_at_the_border_leaves_home_up_and_lets_no_transfer_begin(void **state)
{
	struct scene *s = *state;

	s->weather.abroad = 0;
	play(s, DETAIL_FULL);
	assert_true(share(s, RUNG_access) > .95 && share(s, RUNG_domestic) > .98);
	assert_true(s->ladder.rung[RUNG_international].succeeded == 0);
	assert_true(s->ladder.rung[RUNG_core].succeeded == 0);
	assert_int_equal(count(s, CHECK_speed, NULL, OUTCOME_unmeasured), 2 * ROUNDS);
}

static void
where_only_answers_are_lost_the_far_end_counts_what_came(void **state)
{
	struct scene *s = *state;
	unsigned int counted = 0;

	s->weather.one_way = true;
	play(s, DETAIL_FULL);
	assert_true(s->ladder.rung[RUNG_international].succeeded == 0);
	for (size_t i = 0; i < s->n; i++)
		counted += s->lines[i].check == CHECK_oneway &&
			   s->lines[i].far_received > 5 && !s->lines[i].received;
	assert_true(counted > ROUNDS * 8 / 10);
}

static void
a_bearer_that_is_refused_is_said_and_nothing_beyond_is_tried(void **state)
{
	struct scene *s = *state;

	s->country.probes[0].modem = true;
	s->weather.bearer = false;
	s->weather.reject_cause = 33;
	play(s, DETAIL_FULL);
	assert_int_equal(count(s, CHECK_link, NULL, OUTCOME_link_down), ROUNDS);
	assert_int_equal(count(s, CHECK_modem, NULL, OUTCOME_bearer_rejected), ROUNDS);
	assert_int_equal(s->n, 4 * ROUNDS);
}

/* Means of three figures of the downloads. */
static void
transfers(const struct scene *s, double *rate_bps, double *loss, double *queue_ms)
{
	unsigned int n = 0;

	*rate_bps = *loss = *queue_ms = 0;
	for (size_t i = 0; i < s->n; i++) {
		const struct measurement *m = &s->lines[i];

		if (m->check != CHECK_speed || m->direction != DIRECTION_down ||
			m->outcome != OUTCOME_ok)
			continue;
		n++;
		*rate_bps += 8e6 * (double)m->body_bytes / (double)m->transfer_us;
		*loss += (double)m->sndr_bytes_retrans / (double)m->sndr_bytes_sent;
		*queue_ms += (double)(m->sndr_rtt_us - m->sndr_min_rtt_us) / 1000;
	}
	assert_true(n > ROUNDS * 9 / 10);
	*rate_bps /= n;
	*loss /= n;
	*queue_ms /= n;
}

static void
a_meter_drops_and_a_queue_delays(void **state)
{
	struct scene *s = *state;
	double rate_bps, loss, queue_ms;

	play(s, DETAIL_THIN);
	transfers(s, &rate_bps, &loss, &queue_ms);
	assert_true(rate_bps > 2e6 && loss < .01 && queue_ms < 30);
	s->weather.meter = METER_POLICED;
	s->weather.meter_bps = 500000;
	s->weather.burst_bytes = 8000;
	play(s, DETAIL_THIN);
	transfers(s, &rate_bps, &loss, &queue_ms);
	assert_true(rate_bps > 450000 && rate_bps < 560000);
	assert_true(loss > .1 && queue_ms < 30);
	s->weather.meter = METER_SHAPED;
	s->weather.queue_ms = 600;
	play(s, DETAIL_THIN);
	transfers(s, &rate_bps, &loss, &queue_ms);
	assert_true(rate_bps > 450000 && rate_bps < 560000);
	assert_true(loss < .01 && queue_ms > 400);
	s->weather.meter = METER_POLICED;
	s->weather.burst_bytes = 1e6;
	play(s, DETAIL_THIN);
	transfers(s, &rate_bps, &loss, &queue_ms);
	assert_true(rate_bps > 2e6 && loss < .01); /* the bucket held all of it */
}

static void
a_name_that_is_cut_is_cut_for_itself_alone(void **state)
{
	struct scene *s = *state;
	const char *tls = service_row(s, 2, 443), *http = service_row(s, 2, 80);

	s->weather.block[2] = BLOCK_SNI_RESET;
	play(s, DETAIL_FULL);
	assert_int_equal(count(s, CHECK_tls, tls, OUTCOME_ok), 0);
	assert_true(count(s, CHECK_tls, tls, OUTCOME_connection_reset) > ROUNDS * .8);
	assert_true(count(s, CHECK_tcp, tls, OUTCOME_ok) > ROUNDS * .8);
	assert_int_equal(count(s, CHECK_http, http, OUTCOME_ok), 0);
	assert_true(
		count(s, CHECK_tls, service_row(s, 3, 443), OUTCOME_ok) > ROUNDS * .8);
	for (size_t i = 0; i < s->n; i++)
		if (s->lines[i].check == CHECK_tls &&
			!strcmp(s->lines[i].target, tls) &&
			s->lines[i].stage == STAGE_tls_handshake)
			assert_int_equal(s->lines[i].control_outcome, OUTCOME_ok);
}

/* The answer that the probe's resolver gave for this row most lately. */
static const char *
answer(const struct scene *s, const char *target)
{
	const char *answer = NULL;

	for (size_t i = 0; i < s->n; i++)
		if (s->lines[i].check == CHECK_dns &&
			!strcmp(s->lines[i].target, target) &&
			s->lines[i].has[FIELD_answer_sha256])
			answer = s->lines[i].answer_sha256;
	assert_non_null(answer);
	return answer;
}

static void
a_forged_answer_differs_from_the_true_one(void **state)
{
	struct scene *s = *state;
	const char *row = service_row(s, 4, 53);
	char known[65];

	play(s, DETAIL_FULL);
	strcpy(known, answer(s, row));
	s->weather.block[4] = BLOCK_DNS;
	play(s, DETAIL_FULL);
	assert_string_not_equal(answer(s, row), known);
	s->weather.block[4] = BLOCK_NONE;
	play(s, DETAIL_FULL);
	assert_string_equal(answer(s, row), known);
}

static void
connections_abroad_freeze_and_those_at_home_do_not(void **state)
{
	struct scene *s = *state;
	unsigned int frozen = 0, whole = 0;

	s->weather.freeze_bytes = 16384;
	play(s, DETAIL_FULL);
	for (size_t i = 0; i < s->n; i++) {
		if (s->lines[i].check != CHECK_large)
			continue;
		if (s->lines[i].rung == RUNG_domestic)
			whole += s->lines[i].outcome == OUTCOME_ok;
		else
			frozen += s->lines[i].has[FIELD_frozen_bytes];
	}
	assert_true(whole > ROUNDS * .8 && frozen > ROUNDS * .8);
	assert_int_equal(count(s, CHECK_speed, NULL, OUTCOME_ok), 0);
}

static void
the_same_chance_gives_the_same_lines(void **state)
{
	struct scene *s = *state;
	struct measurement *first = calloc(ROUNDS * ROUND_LINES_MAX, sizeof(*first));
	size_t n;

	play(s, DETAIL_FULL);
	memcpy(first, s->lines, s->n * sizeof(*first));
	n = s->n;
	play(s, DETAIL_FULL);
	assert_int_equal(s->n, n);
	assert_memory_equal(s->lines, first, n * sizeof(*first));
	free(first);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(in_good_weather_every_rung_is_up),
		TEST(a_cut_at_the_border_leaves_home_up_and_lets_no_transfer_begin),
		TEST(where_only_answers_are_lost_the_far_end_counts_what_came),
		TEST(a_bearer_that_is_refused_is_said_and_nothing_beyond_is_tried),
		TEST(a_meter_drops_and_a_queue_delays),
		TEST(a_name_that_is_cut_is_cut_for_itself_alone),
		TEST(a_forged_answer_differs_from_the_true_one),
		TEST(connections_abroad_freeze_and_those_at_home_do_not),
		TEST(the_same_chance_gives_the_same_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
