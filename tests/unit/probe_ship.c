#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/note.h"
#include "probe/steps.h"

struct bench {
	char dir[64];
	struct spool *spool;
	struct crypto_key *analyzer, *stranger;
	struct enrolment enrolment;
	struct shipment shipment;
	struct config config;
	struct targets targets;
	struct recorder *r;
	uint8_t page[ASIDE_BYTES];
	bool reached, list_known;
	struct buf list;
};

static struct bench *
make_bench(void)
{
	static const uint8_t a[SEED_BYTES] = {1}, s[SEED_BYTES] = {2};
	struct bench *b = calloc(1, sizeof(*b));

	strcpy(b->dir, "/tmp/faultline-ship-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	assert_int_equal(crypto_key_open(&b->analyzer, a), OK);
	assert_int_equal(crypto_key_open(&b->stranger, s), OK);
	memcpy(b->enrolment.analyzer_key, crypto_key_public(b->analyzer),
		PUBLIC_KEY_BYTES);
	assert_int_equal(spool_open(&b->spool, b->dir), OK);
	recorder_open(&b->r, &b->config, &b->enrolment, &b->targets);
	ship_start(&b->shipment, &b->enrolment, b->spool, clock_boot_us());
	return b;
}

static void
free_bench(struct bench *b)
{
	char command[128];

	buf_free(&b->list);
	recorder_close(b->r);
	spool_close(b->spool);
	crypto_key_close(b->analyzer);
	crypto_key_close(b->stranger);
	snprintf(command, sizeof(command), "rm -r %s", b->dir);
	assert_int_equal(system(command), 0);
	free(b);
}

static void
id_of(uint8_t id[static HASH_BYTES], int n)
{
	memset(id, n, HASH_BYTES);
}

static void
put(struct bench *b, int n)
{
	uint8_t id[HASH_BYTES];

	id_of(id, n);
	assert_int_equal(spool_put(b->spool, id, (struct span){"segment\n", 8}), OK);
}

static void
sign(struct buf *note, const char *text, const struct crypto_key *key)
{
	char name[NOTE_KEY_NAME_BYTES], hex[17];

	crypto_hex(hex, crypto_key_public(key), 8);
	snprintf(name, sizeof(name), "faultline-analyzer-%s", hex);
	note_sign(note, (struct span){text, strlen(text)}, name, key);
}

static void
receipt_of(struct buf *note, int n, const struct crypto_key *key)
{
	char text[256], hex[HASH_HEX_BYTES];
	uint8_t id[HASH_BYTES];

	id_of(id, n);
	crypto_hex(hex, id, HASH_BYTES);
	snprintf(text, sizeof(text),
		"faultline/received\nsegment %s\ntime 2026-01-08T16:30:00Z\n", hex);
	sign(note, text, key);
}

static void
answer(struct bench *b, enum ship_kind kind, int n, struct span body, uint32_t status)
{
	struct ship_record record = {.kind = kind,
		.status = status,
		.bytes = 1000,
		.boot_us = clock_boot_us(),
		.body = body};

	id_of(record.id, n);
	assert_true(ship_record_put(b->page, sizeof(b->page), &record));
}

static size_t
finish(struct bench *b)
{
	struct shipped shipped = {0};
	size_t freed = ship_finish(&shipped, b->page, sizeof(b->page), &b->shipment,
		b->r, clock_boot_us());

	b->reached = shipped.reached;
	b->list_known = shipped.list_known;
	buf_free(&b->list);
	b->list = shipped.list;
	memset(b->page, 0, sizeof(b->page));
	return freed;
}

static void
a_receipt_of_the_analyzer_frees_its_segment_and_no_other(void **state)
{
	struct bench *b = make_bench();
	uint8_t id[HASH_BYTES];
	struct buf note = {0}, left = {0};

	(void)state;
	put(b, 1);
	put(b, 2);
	receipt_of(&note, 1, b->analyzer);
	answer(b, SHIP_RECEIPT, 1, buf_span(&note), 200);
	assert_int_equal(finish(b), 1);
	assert_true(b->reached);
	assert_int_equal(spool_count(b->spool), 1);
	id_of(id, 1);
	assert_int_equal(spool_get(&left, b->spool, id), ERR_NOT_FOUND);
	id_of(id, 2);
	assert_int_equal(spool_get(&left, b->spool, id), OK);
	assert_string_equal(left.data, "segment\n");
	buf_free(&note);
	buf_free(&left);
	free_bench(b);
}

static void
no_other_answer_frees_anything(void **state)
{
	struct bench *b = make_bench();
	struct buf forged = {0}, other = {0}, note = {0}, where = {0};

	(void)state;
	put(b, 1);
	put(b, 2);
	receipt_of(&forged, 1, b->stranger);
	receipt_of(&other, 2, b->analyzer);
	receipt_of(&note, 1, b->analyzer);
	sign(&where, "faultline/where\nsegment x\n", b->analyzer);
	answer(b, SHIP_RECEIPT, 1, buf_span(&forged), 200);
	/* Another segment's, and one of a segment that is not here. */
	answer(b, SHIP_RECEIPT, 1, buf_span(&other), 200);
	answer(b, SHIP_RECEIPT, 3, buf_span(&note), 200);
	answer(b, SHIP_RECEIPT, 1, buf_span(&where), 200);
	answer(b, SHIP_RECEIPT, 1, (struct span){"OK\n", 3}, 200);
	answer(b, SHIP_RECEIPT, 1, (struct span){"", 0}, 200);
	answer(b, SHIP_REFUSED, 1, buf_span(&note), 422);
	/* Every byte of a true one changed once. */
	for (size_t i = 0; i < note.len; i++) {
		note.data[i] ^= 1;
		answer(b, SHIP_RECEIPT, 1, buf_span(&note), 200);
		note.data[i] ^= 1;
		assert_int_equal(finish(b), 0);
	}
	assert_int_equal(spool_count(b->spool), 2);
	buf_free(&forged);
	buf_free(&other);
	buf_free(&note);
	buf_free(&where);
	free_bench(b);
}

static void
what_was_sent_and_not_answered_is_paid_and_is_no_answer(void **state)
{
	struct bench *b = make_bench();
	struct shipped shipped = {0};

	(void)state;
	put(b, 1);
	answer(b, SHIP_LOST, 1, (struct span){"", 0}, 0);
	assert_int_equal(ship_finish(&shipped, b->page, sizeof(b->page), &b->shipment,
				 b->r, clock_boot_us()),
		0);
	assert_int_equal(shipped.bytes[0], 1000 + SHIP_HANDSHAKE_BYTES);
	assert_false(shipped.reached);
	assert_int_equal(spool_count(b->spool), 1);
	free_bench(b);
}

static void
what_it_costs_is_counted_for_the_uplink_that_it_went_by(void **state)
{
	static const struct {
		bool may[2], places_second;
		int answers[2];
		uint32_t bytes[2];
	} cases[] = {
		{{true, true}, false, {2, 0}, {2000 + SHIP_HANDSHAKE_BYTES, 0}},
		{{true, true}, true, {1, 0},
			{1000 + SHIP_HANDSHAKE_BYTES, SHIP_HANDSHAKE_BYTES}},
		{{true, true}, false, {1, 2},
			{1000 + SHIP_HANDSHAKE_BYTES, 2000 + SHIP_HANDSHAKE_BYTES}},
		{{true, true}, false, {0, 0},
			{SHIP_HANDSHAKE_BYTES, SHIP_HANDSHAKE_BYTES}},
		{{true, false}, true, {0, 0}, {SHIP_HANDSHAKE_BYTES, 0}},
		{{false, true}, false, {0, 1}, {0, 1000 + SHIP_HANDSHAKE_BYTES}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench *b = make_bench();
		struct ship_record record = {.kind = SHIP_REFUSED, .bytes = 1000};
		struct shipped shipped = {0};

		b->shipment.places = true;
		b->shipment.uplinks.n = 2;
		b->shipment.places_second = cases[i].places_second;
		for (uint32_t u = 0; u < 2; u++) {
			b->shipment.may[u] = cases[i].may[u];
			record.uplink = u;
			for (int k = 0; k < cases[i].answers[u]; k++)
				assert_true(ship_record_put(
					b->page, sizeof(b->page), &record));
		}
		ship_finish(&shipped, b->page, sizeof(b->page), &b->shipment, b->r,
			clock_boot_us());
		for (int u = 0; u < 2; u++)
			assert_int_equal(shipped.bytes[u], cases[i].bytes[u]);
		free_bench(b);
	}
}

static void
a_page_that_lies_about_its_lengths_is_read_no_further(void **state)
{
	struct bench *b = make_bench();
	uint64_t random = 1;

	(void)state;
	put(b, 1);
	for (int round = 0; round < 2000; round++) {
		for (size_t i = 0; i < 4096; i++) {
			random = random * UINT64_C(6364136223846793005) +
				 1442695040888963407;
			b->page[i] = (uint8_t)(random >> 56) & (i % 4 ? 0x03 : 0xff);
		}
		assert_int_equal(finish(b), 0);
	}
	memset(b->page, 0xff, sizeof(b->page));
	assert_int_equal(finish(b), 0);
	assert_int_equal(finish(b), 0);
	assert_false(b->reached);
	assert_int_equal(spool_count(b->spool), 1);
	free_bench(b);
}

static bool
read_where(struct bench *b, struct where *where, const char *nonce, const char *rest)
{
	struct buf note = {0};
	char text[512];
	bool ok;

	snprintf(text, sizeof(text), "faultline/where\nnonce %s\n%s", nonce, rest);
	sign(&note, text, b->analyzer);
	ok = ship_read_where(where, buf_span(&note), b->shipment.nonces[0],
		b->enrolment.analyzer_key);
	buf_free(&note);
	return ok;
}

static void
a_where_note_must_answer_this_question(void **state)
{
	static const char rest[] = "asn 64500\ncountry ZY\nprefix 2001:db8:1::/48\n"
				   "time 2026-01-08T16:30:00.5Z\n";
	static const char good[] = "asn 64500\ncountry ZY\nprefix 2001:db8:1::/48\n"
				   "time 2026-01-08T16:30:00.500000Z\n";
	struct bench *b = make_bench();
	struct where where;

	(void)state;
	assert_true(read_where(b, &where, b->shipment.nonces[0], good));
	assert_int_equal(where.asn, 64500);
	assert_int_equal(where.utc_us, 1767889800500000);
	assert_string_equal(where.country, "ZY");
	assert_false(read_where(b, &where, b->shipment.nonces[0], rest));
	assert_false(read_where(b, &where, "00112233445566778899aabbccddeeff", good));
	assert_false(read_where(b, &where, b->shipment.nonces[0],
		"asn -1\ncountry ZY\nprefix 192.0.2.0/24\ntime "
		"2026-01-08T16:30:00Z\n"));
	assert_false(read_where(b, &where, b->shipment.nonces[0],
		"asn 1\ncountry Z\"\nprefix 192.0.2.0/24\ntime "
		"2026-01-08T16:30:00Z\n"));
	free_bench(b);
}

static void
the_newest_goes_first_then_the_oldest(void **state)
{
	uint8_t ids[3][HASH_BYTES], again[10][HASH_BYTES];
	struct bench *b = make_bench();

	(void)state;
	for (int n = 1; n <= 5; n++)
		put(b, n);
	assert_int_equal(spool_list(ids, 3, b->spool), 3);
	assert_int_equal(ids[0][0], 5);
	assert_int_equal(ids[1][0], 1);
	assert_int_equal(ids[2][0], 2);
	/* One that was refused holds up none of the others. */
	spool_defer(b->spool, ids[1]);
	assert_int_equal(spool_list(again, 10, b->spool), 5);
	assert_int_equal(again[1][0], 2);
	assert_int_equal(again[0][0], 1);
	free_bench(b);
}

static void
a_spool_opened_again_goes_on_and_leaves_strange_files_alone(void **state)
{
	struct bench *b = make_bench();
	uint8_t ids[4][HASH_BYTES];
	char path[128];
	FILE *file;

	(void)state;
	put(b, 1);
	put(b, 2);
	spool_close(b->spool);
	snprintf(path, sizeof(path), "%s/spool/holiday.jpg", b->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(spool_open(&b->spool, b->dir), OK);
	assert_int_equal(spool_count(b->spool), 2);
	put(b, 3);
	assert_int_equal(spool_list(ids, 4, b->spool), 3);
	assert_int_equal(ids[0][0], 3);
	assert_int_equal(ids[1][0], 1);
	assert_int_equal(access(path, F_OK), 0);
	free_bench(b);
}

static void
a_target_list_is_handed_on_as_it_came_and_frees_nothing(void **state)
{
	struct bench *b = make_bench();
	struct buf list = {0};

	(void)state;
	put(b, 1);
	while (list.len < MANDATE_BYTES_MAX)
		buf_puts(&list, "x");
	answer(b, SHIP_LIST, 0, buf_span(&list), 200);
	assert_int_equal(finish(b), 0);
	assert_true(b->list_known);
	assert_int_equal(b->list.len, list.len);
	assert_memory_equal(b->list.data, list.data, list.len);
	assert_int_equal(spool_count(b->spool), 1);
	/* One that is known, or not there yet, is an answer too. */
	answer(b, SHIP_LIST, 0, (struct span){0}, 304);
	assert_int_equal(finish(b), 0);
	assert_true(b->reached && b->list_known);
	assert_int_equal(b->list.len, 0);
	buf_free(&list);
	free_bench(b);
}

static void
a_longer_list_than_any_may_be_does_not_fit_into_the_page(void **state)
{
	struct bench *b = make_bench();
	static char text[MANDATE_BYTES_MAX + 1];
	struct ship_record record = {.kind = SHIP_LIST, .body = {text, sizeof(text)}};

	(void)state;
	assert_false(ship_record_put(b->page, sizeof(b->page), &record));
	free_bench(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_target_list_is_handed_on_as_it_came_and_frees_nothing),
		cmocka_unit_test(
			a_longer_list_than_any_may_be_does_not_fit_into_the_page),
		cmocka_unit_test(
			a_receipt_of_the_analyzer_frees_its_segment_and_no_other),
		cmocka_unit_test(no_other_answer_frees_anything),
		cmocka_unit_test(
			what_was_sent_and_not_answered_is_paid_and_is_no_answer),
		cmocka_unit_test(
			what_it_costs_is_counted_for_the_uplink_that_it_went_by),
		cmocka_unit_test(a_page_that_lies_about_its_lengths_is_read_no_further),
		cmocka_unit_test(a_where_note_must_answer_this_question),
		cmocka_unit_test(the_newest_goes_first_then_the_oldest),
		cmocka_unit_test(
			a_spool_opened_again_goes_on_and_leaves_strange_files_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
