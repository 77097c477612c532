#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/mandate.h"
#include "common/note.h"
#include "common/targets.h"

#define LIST TARGETS_HEADER "\nnames,x,resolver,53,-,everyone,no\n"

struct signer {
	struct crypto_key *key;
	char name[NOTE_KEY_NAME_BYTES];
};

static void
open_signer(struct signer *signer, uint8_t fill)
{
	uint8_t seed[SEED_BYTES];
	char hex[17];

	memset(seed, fill, sizeof seed);
	assert_int_equal(crypto_key_open(&signer->key, seed), OK);
	crypto_hex(hex, crypto_key_public(signer->key), 8);
	snprintf(signer->name, sizeof signer->name, "faultline-analyzer-%s", hex);
}

static void
what_was_signed_is_read_back_byte_for_byte(void **state)
{
	struct mandate out = {"XX", 7, {LIST, strlen(LIST)}}, in;
	struct buf note = {0};
	struct signer signer;

	(void)state;
	open_signer(&signer, 1);
	mandate_sign(&note, &out, signer.name, signer.key);
	assert_int_equal(
		mandate_open(&in, buf_span(&note), crypto_key_public(signer.key)), OK);
	assert_string_equal(in.country, "XX");
	assert_int_equal(in.serial, 7);
	assert_int_equal(in.list.len, strlen(LIST));
	assert_memory_equal(in.list.at, LIST, in.list.len);
	buf_free(&note);
	crypto_key_close(signer.key);
}

static void
another_key_or_a_changed_byte_is_refused(void **state)
{
	struct mandate out = {"XX", 7, {LIST, strlen(LIST)}}, in;
	struct buf note = {0};
	struct signer signer, other;

	(void)state;
	open_signer(&signer, 1);
	open_signer(&other, 2);
	mandate_sign(&note, &out, signer.name, signer.key);
	assert_int_equal(
		mandate_open(&in, buf_span(&note), crypto_key_public(other.key)),
		ERR_SIGNATURE);
	for (size_t i = 0; i < note.len; i++) {
		note.data[i] ^= 1;
		assert_int_not_equal(mandate_open(&in, buf_span(&note),
					     crypto_key_public(signer.key)),
			OK);
		note.data[i] ^= 1;
	}
	for (size_t n = 0; n < note.len; n++)
		assert_int_not_equal(mandate_open(&in, (struct span){note.data, n},
					     crypto_key_public(signer.key)),
			OK);
	buf_free(&note);
	crypto_key_close(signer.key);
	crypto_key_close(other.key);
}

/* Well signed, and still no list: another note of the same key, say. */
static void
a_note_of_another_kind_is_no_list(void **state)
{
	static const char *const texts[] = {
		"faultline/where\ncountry XX\nserial 1\na\n",
		"faultline/targets\nserial 1\ncountry XX\na\n",
		"faultline/targets\ncountry X1\nserial 1\na\n",
		"faultline/targets\ncountry XYZ\nserial 1\na\n",
		"faultline/targets\ncountry XX\nserial 0\na\n",
		"faultline/targets\ncountry XX\nserial 01\na\n",
		"faultline/targets\ncountry XX\nserial -1\na\n",
		"faultline/targets\ncountry XX\nserial 9007199254740992\na\n",
		"faultline/targets\ncountry XX\nserial 1\n"};
	struct signer signer;
	struct mandate in;

	(void)state;
	open_signer(&signer, 1);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct buf note = {0};

		note_sign(&note, (struct span){texts[i], strlen(texts[i])}, signer.name,
			signer.key);
		assert_int_equal(mandate_open(&in, buf_span(&note),
					 crypto_key_public(signer.key)),
			ERR_FORMAT);
		buf_free(&note);
	}
	crypto_key_close(signer.key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_signed_is_read_back_byte_for_byte),
		cmocka_unit_test(another_key_or_a_changed_byte_is_refused),
		cmocka_unit_test(a_note_of_another_kind_is_no_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
