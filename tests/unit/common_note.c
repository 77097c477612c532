#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/note.h"

#define NAME "epoch-03a107bff3ce10be"
#define TEXT "faultline/received\nsegment 00\n"

/* The key of the vectors: a seed of 0, 1, 2 ... 31. */
static int
open_key(void **state)
{
	struct crypto_key *key;
	uint8_t seed[SEED_BYTES], i;

	for (i = 0; i < sizeof seed; i++)
		seed[i] = i;
	if (crypto_key_open(&key, seed))
		return 1;
	*state = key;
	return 0;
}

static int
close_key(void **state)
{
	crypto_key_close(*state);
	return 0;
}

static struct buf
signed_note(const struct crypto_key *key, const char *text, const char *name)
{
	struct buf out = {0};

	note_sign(&out, (struct span){text, strlen(text)}, name, key);
	return out;
}

static void
a_note_of_the_vectors_is_signed_byte_for_byte(void **state)
{
	static const char text[] =
		"faultline/segment/"
		"03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8/3\n"
		"3\n20+7dOEeyBn4XsQR2HkUnfHu3AmPpA9J16bs+OWHjh8=\n";
	static const char sig[] = "\n\xe2\x80\x94 " NAME
				  " ua9z7As0NPWw8fOpncAgPy2dIDmRjQVGSGY/yyHdLEnG3d3WCK/"
				  "OaK25u01YNESkI0/HEChIVkn/xxsmVQdmCsvlfg0=\n";
	struct buf note = signed_note(*state, text, NAME);

	assert_int_equal(note.len, sizeof text - 1 + sizeof sig - 1);
	assert_memory_equal(note.data, text, sizeof text - 1);
	assert_string_equal(note.data + sizeof text - 1, sig);
	buf_free(&note);
}

static void
what_is_signed_is_parsed_and_verifies_under_its_key_and_name_only(void **state)
{
	const struct crypto_key *key = *state;
	uint8_t other[PUBLIC_KEY_BYTES];
	struct buf bytes = signed_note(key, TEXT, NAME);
	struct note note;

	assert_int_equal(note_parse(&note, buf_span(&bytes)), OK);
	assert_true(span_is(note.text, TEXT));
	assert_ptr_equal(note.whole.at, bytes.data);
	assert_int_equal(note.whole.len, bytes.len);
	assert_string_equal(note.key_name, NAME);
	assert_true(note_verify(&note, NAME, crypto_key_public(key)));
	assert_false(
		note_verify(&note, "epoch-03a107bff3ce10bf", crypto_key_public(key)));
	memcpy(other, crypto_key_public(key), sizeof other);
	other[0] ^= 1;
	assert_false(note_verify(&note, NAME, other));
	buf_free(&bytes);
}

static void
a_note_with_any_bit_changed_is_refused(void **state)
{
	const struct crypto_key *key = *state;
	struct buf bytes = signed_note(key, TEXT, NAME);
	struct note note;
	size_t i;

	for (i = 0; i < 8 * bytes.len; i++) {
		bytes.data[i / 8] = (char)(bytes.data[i / 8] ^ 1 << i % 8);
		assert_true(note_parse(&note, buf_span(&bytes)) == ERR_FORMAT ||
			    !note_verify(&note, NAME, crypto_key_public(key)));
		bytes.data[i / 8] = (char)(bytes.data[i / 8] ^ 1 << i % 8);
	}
	buf_free(&bytes);
}

static void
a_note_cut_anywhere_is_refused(void **state)
{
	struct buf bytes = signed_note(*state, TEXT, NAME);
	struct note note;
	size_t i;

	for (i = 0; i < bytes.len; i++)
		assert_int_equal(
			note_parse(&note, (struct span){bytes.data, i}), ERR_FORMAT);
	buf_free(&bytes);
}

/* Parses ${head} + signature line + ${tail}. */
static enum err
parse_with(const struct crypto_key *key, const char *head, const char *name,
	const char *tail)
{
	struct buf bytes = signed_note(key, head, name);
	struct note note;
	enum err err;

	buf_puts(&bytes, tail);
	err = note_parse(&note, buf_span(&bytes));
	buf_free(&bytes);
	return err;
}

static void
exactly_one_signature_is_accepted(void **state)
{
	struct buf again = signed_note(*state, TEXT, NAME);
	const char *line = again.data + sizeof TEXT;
	struct note note;

	assert_int_equal(parse_with(*state, TEXT, NAME, ""), OK);
	assert_int_equal(parse_with(*state, TEXT, NAME, line), ERR_FORMAT);
	assert_int_equal(parse_with(*state, TEXT, NAME, "\n"), ERR_FORMAT);
	assert_int_equal(parse_with(*state, TEXT, NAME, "x"), ERR_FORMAT);
	assert_int_equal(
		note_parse(&note, (struct span){TEXT "\n", sizeof TEXT}), ERR_FORMAT);
	assert_int_equal(
		note_parse(&note, (struct span){TEXT, sizeof TEXT - 1}), ERR_FORMAT);
	buf_free(&again);
}

static void
text_is_lines_of_printable_ascii(void **state)
{
	assert_int_equal(parse_with(*state, "~ !\n", NAME, ""), OK);
	assert_int_equal(parse_with(*state, "", NAME, ""), ERR_FORMAT);
	assert_int_equal(parse_with(*state, "\n", NAME, ""), ERR_FORMAT);
	assert_int_equal(parse_with(*state, "a\n\nb\n", NAME, ""), ERR_FORMAT);
	assert_int_equal(parse_with(*state, "a\r\n", NAME, ""), ERR_FORMAT);
	assert_int_equal(parse_with(*state, "a\x7f\n", NAME, ""), ERR_FORMAT);
	assert_int_equal(parse_with(*state, "\xc3\xa9\n", NAME, ""), ERR_FORMAT);
}

static void
a_key_name_has_no_space_no_plus_and_at_most_63_bytes(void **state)
{
	char name[NOTE_KEY_NAME_BYTES + 1];

	memset(name, 'n', sizeof name - 1);
	name[NOTE_KEY_NAME_BYTES] = '\0';
	assert_int_equal(parse_with(*state, TEXT, name, ""), ERR_FORMAT);
	name[NOTE_KEY_NAME_BYTES - 1] = '\0';
	assert_int_equal(parse_with(*state, TEXT, name, ""), OK);
	assert_int_equal(parse_with(*state, TEXT, "", ""), ERR_FORMAT);
	assert_int_equal(parse_with(*state, TEXT, "a+b", ""), ERR_FORMAT);
	assert_int_equal(parse_with(*state, TEXT, "a b", ""), ERR_FORMAT);
	assert_int_equal(parse_with(*state, TEXT, "a\tb", ""), ERR_FORMAT);
}

static void
a_second_form_of_the_base64_is_refused(void **state)
{
	struct buf bytes = signed_note(*state, TEXT, NAME);
	struct note note;
	char *last = bytes.data + bytes.len - 3; /* before "=\n": four bits used */

	assert_int_equal(last[1], '=');
	assert_int_equal(note_parse(&note, buf_span(&bytes)), OK);
	last[0]++; /* sets a bit behind the last byte */
	assert_int_equal(note_parse(&note, buf_span(&bytes)), ERR_FORMAT);
	last[0]--;
	last[1] = '\n';
	assert_int_equal(note_parse(&note, (struct span){bytes.data, bytes.len - 1}),
		ERR_FORMAT);
	buf_free(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_note_of_the_vectors_is_signed_byte_for_byte),
		cmocka_unit_test(
			what_is_signed_is_parsed_and_verifies_under_its_key_and_name_only),
		cmocka_unit_test(a_note_with_any_bit_changed_is_refused),
		cmocka_unit_test(a_note_cut_anywhere_is_refused),
		cmocka_unit_test(exactly_one_signature_is_accepted),
		cmocka_unit_test(text_is_lines_of_printable_ascii),
		cmocka_unit_test(a_key_name_has_no_space_no_plus_and_at_most_63_bytes),
		cmocka_unit_test(a_second_form_of_the_base64_is_refused),
	};

	return cmocka_run_group_tests_name("note", tests, open_key, close_key);
}
