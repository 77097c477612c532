#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "analyzer/ingest/notes.h"
#include "common/note.h"
#include "tests/unit/opening.h"

#define CODE "00000000000000000000000000000001"
#define OTHER_CODE "00000000000000000000000000000002"

struct enrolled {
	struct opening o;
	char token[65];
};

static int
set_up(void **state)
{
	struct enrolled *e = calloc(1, sizeof *e);

	opening_start(&e->o);
	assert_int_equal(opening_enrol(e->token, &e->o, e->o.key, CODE, "field", 1),
		OPENED_STORED);
	*state = e;
	return 0;
}

static int
tear_down(void **state)
{
	struct enrolled *e = *state;

	opening_end(&e->o);
	free(e);
	return 0;
}

static int64_t
segments(struct enrolled *e)
{
	int64_t n = -1;

	assert_int_equal(store_segment_count(&n, e->o.store), OK);
	return n;
}

/* Sends the bytes, and holds the contract of every answer. */
static enum opened
send_bytes(struct enrolled *e, struct span body, const char *token)
{
	struct buf answer = {0};
	const char *why = NULL;
	int64_t before = segments(e);
	enum opened opened =
		opening_submit(&answer, &why, &e->o, SUBMIT_SEGMENT, body, token);

	assert_non_null(why);
	assert_int_equal(segments(e), before + (opened == OPENED_STORED));
	if (opened == OPENED_STORED || opened == OPENED_AGAIN)
		assert_true(answer.len > 0);
	else
		assert_true(answer.len == 0 && why[0] != '\0');
	buf_free(&answer);
	return opened;
}

static enum opened
send_lines(struct enrolled *e, uint64_t seq, const char *const *lines, size_t n)
{
	struct buf bytes = {0};
	enum opened opened;

	assert_true(opening_sign(&bytes, e->o.key, seq, lines, n));
	opened = send_bytes(e, buf_span(&bytes), e->token);
	buf_free(&bytes);
	return opened;
}

/* A stored segment's receipt verifies under the analyzer's key and names its id. */
static void
a_receipt_names_the_segment_under_the_analyzers_key(void **state)
{
	struct enrolled *e = *state;
	struct buf bytes = {0}, answer = {0}, expected = {0};
	struct segment segment;
	struct note note;
	const char *why;
	char id[HASH_HEX_BYTES];

	assert_true(opening_sign(&bytes, e->o.key, 2, opening_lines, OPENING_LINES));
	assert_int_equal(opening_submit(&answer, &why, &e->o, SUBMIT_SEGMENT,
				 buf_span(&bytes), e->token),
		OPENED_STORED);
	assert_int_equal(segment_read(&segment, buf_span(&bytes), NULL), OK);
	crypto_hex(id, segment.id, HASH_BYTES);
	buf_printf(&expected,
		"faultline/received\nsegment %s\ntime 1970-01-01T00:00:01Z\n", id);
	assert_int_equal(note_parse(&note, buf_span(&answer)), OK);
	assert_true(note_verify(
		&note, e->o.identity.key_name, crypto_key_public(e->o.identity.key)));
	assert_true(span_is(note.text, expected.data));
	buf_free(&bytes);
	buf_free(&answer);
	buf_free(&expected);
}

static void
the_same_segment_again_gets_a_receipt_and_is_kept_once(void **state)
{
	struct enrolled *e = *state;

	assert_int_equal(send_lines(e, 2, opening_lines, OPENING_LINES), OPENED_STORED);
	assert_int_equal(send_lines(e, 2, opening_lines, OPENING_LINES), OPENED_AGAIN);
}

static void
another_segment_of_the_same_number_is_a_conflict(void **state)
{
	struct enrolled *e = *state;

	assert_int_equal(
		send_lines(e, 1, opening_lines, OPENING_LINES - 1), OPENED_CONFLICT);
}

static void
any_bit_flipped_is_refused_and_nothing_is_kept(void **state)
{
	struct enrolled *e = *state;
	struct buf bytes = {0};
	enum opened opened;

	assert_true(opening_sign(&bytes, e->o.key, 2, opening_lines, OPENING_LINES));
	for (size_t i = 0; i < bytes.len; i++) {
		bytes.data[i] ^= 1 << (i % 8);
		opened = send_bytes(e, buf_span(&bytes), e->token);
		assert_true(opened == OPENED_MALFORMED || opened == OPENED_UNSIGNED ||
			    opened == OPENED_FORBIDDEN);
		bytes.data[i] ^= 1 << (i % 8);
	}
	assert_int_equal(send_bytes(e, buf_span(&bytes), e->token), OPENED_STORED);
	buf_free(&bytes);
}

static void
cut_short_anywhere_it_is_malformed(void **state)
{
	struct enrolled *e = *state;
	struct buf bytes = {0};

	assert_true(opening_sign(&bytes, e->o.key, 2, opening_lines, OPENING_LINES));
	for (size_t n = 0; n < bytes.len; n++)
		assert_int_equal(send_bytes(e, (struct span){bytes.data, n}, e->token),
			OPENED_MALFORMED);
	buf_free(&bytes);
}

static void
another_probes_segment_and_an_unknown_token_are_refused(void **state)
{
	struct enrolled *e = *state;
	const uint8_t seed[SEED_BYTES] = {7};
	struct crypto_key *other = NULL;
	struct buf bytes = {0};

	assert_int_equal(crypto_key_open(&other, seed), OK);
	assert_true(opening_sign(&bytes, other, 1, opening_lines, OPENING_LINES));
	assert_int_equal(send_bytes(e, buf_span(&bytes), e->token), OPENED_FORBIDDEN);
	assert_int_equal(send_bytes(e, buf_span(&bytes), ""), OPENED_STRANGER);
	assert_int_equal(send_bytes(e, buf_span(&bytes), "xyz"), OPENED_STRANGER);
	buf_free(&bytes);
	crypto_key_close(other);
}

static void
header_lines_stand_one_each_in_their_order(void **state)
{
	struct enrolled *e = *state;
	const char *lines[OPENING_LINES + 1];

	for (size_t left_out = 0; left_out < 5; left_out++) {
		size_t n = 0;

		for (size_t i = 0; i < OPENING_LINES; i++)
			if (i != left_out)
				lines[n++] = opening_lines[i];
		assert_int_equal(send_lines(e, 2, lines, n), OPENED_MALFORMED);
	}
	for (size_t twice = 0; twice < 5; twice++) {
		memcpy(lines, opening_lines, sizeof opening_lines);
		lines[OPENING_LINES] = opening_lines[twice];
		assert_int_equal(
			send_lines(e, 2, lines, OPENING_LINES + 1), OPENED_MALFORMED);
	}
	memcpy(lines, opening_lines, sizeof opening_lines);
	lines[0] = opening_lines[1];
	lines[1] = opening_lines[0];
	assert_int_equal(send_lines(e, 2, lines, OPENING_LINES), OPENED_MALFORMED);
}

static enum opened
send_where(struct enrolled *e, uint64_t seq, struct span note)
{
	const char *lines[OPENING_LINES + 1];
	struct buf line = {0};
	enum opened opened;

	buf_puts(&line, "{\"kind\":\"where\",\"note\":\"");
	crypto_base64(&line, note.at, note.len);
	buf_puts(&line, "\"}");
	lines[0] = opening_lines[0];
	lines[1] = opening_lines[1];
	lines[2] = line.data;
	for (size_t i = 2; i < OPENING_LINES; i++)
		lines[i + 1] = opening_lines[i];
	opened = send_lines(e, seq, lines, OPENING_LINES + 1);
	buf_free(&line);
	return opened;
}

static void
a_where_note_counts_only_under_this_analyzers_key(void **state)
{
	struct enrolled *e = *state;
	const char *nonce = "0123456789abcdef0123456789abcdef";
	struct place place = {.country = "XX", .prefix = "127.0.0.0/24"};
	struct identity stranger = {.key = e->o.key};
	struct buf ours = {0}, theirs = {0}, receipt = {0};
	const uint8_t id[HASH_BYTES] = {0};

	strcpy(stranger.key_name, e->o.identity.key_name);
	assert_int_equal(
		notes_write_where(&ours, &e->o.identity, &place, nonce, 1), OK);
	assert_int_equal(notes_write_where(&theirs, &stranger, &place, nonce, 1), OK);
	notes_write_receipt(&receipt, &e->o.identity, id, 1);
	assert_int_equal(send_where(e, 2, buf_span(&theirs)), OPENED_UNSIGNED);
	assert_int_equal(send_where(e, 2, buf_span(&receipt)), OPENED_UNSIGNED);
	assert_int_equal(send_where(e, 2, buf_span(&ours)), OPENED_STORED);
	buf_free(&ours);
	buf_free(&theirs);
	buf_free(&receipt);
}

static void
a_nonce_is_exactly_32_lower_case_hex_digits(void **state)
{
	struct enrolled *e = *state;
	struct place place = {.country = "XX", .prefix = "127.0.0.0/24"};
	const char *const bad[] = {"", "0123456789abcdef0123456789abcde",
		"0123456789abcdef0123456789abcdef0", "0123456789ABCDEF0123456789ABCDEF",
		"0123456789abcdef0123456789abcde\n"};
	struct buf note = {0};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(
			notes_write_where(&note, &e->o.identity, &place, bad[i], 1),
			ERR_FORMAT);
	assert_int_equal(note.len, 0);
	buf_free(&note);
}

static void
suspended_and_revoked_probes_are_refused_and_cannot_enrol_anew(void **state)
{
	struct enrolled *e = *state;
	const char *const out[] = {"suspended", "revoked"};
	char epoch[65], token[65];

	crypto_hex(epoch, crypto_key_public(e->o.key), PUBLIC_KEY_BYTES);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(store_set_probe_state(e->o.store, epoch, out[i]), OK);
		assert_int_equal(send_lines(e, 2, opening_lines, OPENING_LINES),
			OPENED_FORBIDDEN);
		assert_int_equal(
			opening_enrol(token, &e->o, e->o.key, CODE, "field", 1),
			OPENED_FORBIDDEN);
	}
	assert_int_equal(store_set_probe_state(e->o.store, epoch, "active"), OK);
	assert_int_equal(send_lines(e, 2, opening_lines, OPENING_LINES), OPENED_STORED);
}

static void
the_quota_of_a_day_holds_but_not_against_a_replay(void **state)
{
	struct enrolled *e = *state;

	e->o.settings.day_segments = 2;
	assert_int_equal(send_lines(e, 2, opening_lines, OPENING_LINES), OPENED_STORED);
	assert_int_equal(
		send_lines(e, 3, opening_lines, OPENING_LINES), OPENED_OVER_QUOTA);
	assert_int_equal(send_lines(e, 2, opening_lines, OPENING_LINES), OPENED_AGAIN);
}

static void
an_enrolment_asked_again_renews_the_token(void **state)
{
	struct enrolled *e = *state;
	char old[65], token[65];

	memcpy(old, e->token, sizeof old);
	assert_int_equal(
		opening_enrol(token, &e->o, e->o.key, CODE, "field", 1), OPENED_AGAIN);
	assert_string_not_equal(token, old);
	assert_int_equal(
		send_lines(e, 2, opening_lines, OPENING_LINES), OPENED_STRANGER);
	memcpy(e->token, token, sizeof token);
	assert_int_equal(send_lines(e, 2, opening_lines, OPENING_LINES), OPENED_STORED);
}

static void
a_code_admits_one_epoch_in_its_own_role(void **state)
{
	struct enrolled *e = *state;
	const uint8_t seed[SEED_BYTES] = {7};
	struct crypto_key *other = NULL;
	char token[65];

	assert_int_equal(crypto_key_open(&other, seed), OK);
	assert_int_equal(
		opening_enrol(token, &e->o, other, CODE, "field", 1), OPENED_FORBIDDEN);
	assert_int_equal(opening_enrol(token, &e->o, other, OTHER_CODE, "field", 1),
		OPENED_STRANGER);
	opening_invite(&e->o, OTHER_CODE, "control");
	assert_int_equal(opening_enrol(token, &e->o, other, OTHER_CODE, "field", 1),
		OPENED_FORBIDDEN);
	assert_int_equal(segments(e), 1);
	assert_int_equal(opening_enrol(token, &e->o, other, OTHER_CODE, "control", 1),
		OPENED_STORED);
	crypto_key_close(other);
}

static void
a_carried_segment_needs_no_token_but_an_enrolled_epoch(void **state)
{
	struct enrolled *e = *state;
	const uint8_t seed[SEED_BYTES] = {7};
	struct submission s = {
		.kind = SUBMIT_SEGMENT, .token = "", .trusted = true, .now_utc_us = 1};
	struct crypto_key *other = NULL;
	struct buf bytes = {0}, answer = {0};
	const char *why;

	assert_int_equal(crypto_key_open(&other, seed), OK);
	assert_true(opening_sign(&bytes, other, 1, opening_lines, OPENING_LINES));
	s.body = buf_span(&bytes);
	assert_int_equal(
		opener_submit(&answer, &why, e->o.opener, &s), OPENED_STRANGER);
	buf_clear(&bytes);
	assert_true(opening_sign(&bytes, e->o.key, 2, opening_lines, OPENING_LINES));
	s.body = buf_span(&bytes);
	assert_int_equal(opener_submit(&answer, &why, e->o.opener, &s), OPENED_STORED);
	buf_free(&bytes);
	buf_free(&answer);
	crypto_key_close(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_receipt_names_the_segment_under_the_analyzers_key),
		TEST(the_same_segment_again_gets_a_receipt_and_is_kept_once),
		TEST(another_segment_of_the_same_number_is_a_conflict),
		TEST(any_bit_flipped_is_refused_and_nothing_is_kept),
		TEST(cut_short_anywhere_it_is_malformed),
		TEST(another_probes_segment_and_an_unknown_token_are_refused),
		TEST(header_lines_stand_one_each_in_their_order),
		TEST(a_where_note_counts_only_under_this_analyzers_key),
		TEST(a_nonce_is_exactly_32_lower_case_hex_digits),
		TEST(suspended_and_revoked_probes_are_refused_and_cannot_enrol_anew),
		TEST(the_quota_of_a_day_holds_but_not_against_a_replay),
		TEST(an_enrolment_asked_again_renews_the_token),
		TEST(a_code_admits_one_epoch_in_its_own_role),
		TEST(a_carried_segment_needs_no_token_but_an_enrolled_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
