#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "common/oneway.h"

static struct crypto_key *
open_key(uint8_t first)
{
	uint8_t seed[SEED_BYTES] = {first};
	struct crypto_key *key;

	assert_int_equal(crypto_key_open(&key, seed), OK);
	return key;
}

static void
what_is_sealed_to_a_key_is_read_with_it_and_with_no_other(void **state)
{
	struct crypto_key *key = open_key(1), *other = open_key(2);
	struct oneway sent = {.number = 3}, read;
	uint8_t first[ONEWAY_BYTES], again[ONEWAY_BYTES];

	(void)state;
	crypto_random(sent.batch, sizeof(sent.batch));
	crypto_random(sent.proof, sizeof(sent.proof));
	assert_int_equal(oneway_write(first, &sent, crypto_key_public(key)), OK);
	assert_int_equal(oneway_write(again, &sent, crypto_key_public(key)), OK);
	/* The same twice is two noises: not one run of eight bytes in common. */
	for (size_t i = 0; i + 8 <= sizeof(first); i++)
		for (size_t j = 0; j + 8 <= sizeof(again); j++)
			assert_memory_not_equal(first + i, again + j, 8);
	assert_true(oneway_read(&read, first, sizeof(first), key));
	assert_memory_equal(read.batch, sent.batch, sizeof(read.batch));
	assert_memory_equal(read.proof, sent.proof, sizeof(read.proof));
	assert_int_equal(read.number, 3);
	assert_false(oneway_read(&read, first, sizeof(first), other));
	assert_false(oneway_read(&read, first, sizeof(first) - 1, key));
	for (size_t i = 0; i < sizeof(first); i++) {
		/* The top bit of an X25519 key is no part of it (RFC 7748 section 5). */
		first[i] ^= 1;
		assert_false(oneway_read(&read, first, sizeof(first), key));
		first[i] ^= 1;
	}
	crypto_key_close(key);
	crypto_key_close(other);
}

static void
a_key_that_is_none_is_refused(void **state)
{
	const uint8_t none[PUBLIC_KEY_BYTES] = {0};
	const struct oneway sent = {.number = 0};
	uint8_t out[ONEWAY_BYTES];

	(void)state;
	assert_int_equal(oneway_write(out, &sent, none), ERR_FORMAT);
}

static void
an_answer_tells_which_and_how_many_to_whoever_sent_the_batch_alone(void **state)
{
	struct oneway sent = {.number = 2, .batch = {7}};
	uint8_t said[ONEWAY_ANSWER_BYTES], number, received,
		other[ONEWAY_BATCH_BYTES] = {8};

	(void)state;
	assert_true(sizeof(said) <= ONEWAY_BYTES); /* it never multiplies */
	oneway_answer(said, &sent, 3);
	assert_true(oneway_read_answer(
		&number, &received, said, sizeof(said), sent.batch, 4));
	assert_int_equal(number, 2);
	assert_int_equal(received, 3);
	assert_false(
		oneway_read_answer(&number, &received, said, sizeof(said), other, 4));
	/* Of more than were sent nobody can tell. */
	assert_false(oneway_read_answer(
		&number, &received, said, sizeof(said), sent.batch, 2));
	assert_false(oneway_read_answer(
		&number, &received, said, sizeof(said) - 1, sent.batch, 4));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_is_sealed_to_a_key_is_read_with_it_and_with_no_other),
		cmocka_unit_test(a_key_that_is_none_is_refused),
		cmocka_unit_test(
			an_answer_tells_which_and_how_many_to_whoever_sent_the_batch_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
