#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/crypto.h"

static void
unhex(void *out, size_t n, const char *hex)
{
	assert_true(crypto_unhex(out, n, (struct span){hex, strlen(hex)}));
}

static void
assert_hex(const void *bytes, size_t n, const char *hex)
{
	char text[2 * 64 + 1];

	crypto_hex(text, bytes, n);
	assert_string_equal(text, hex);
}

static void
sha256_and_hmac_give_the_published_values(void **state)
{
	uint8_t out[HASH_BYTES], key[32] = {0};

	(void)state;
	/* FIPS 180-4, and RFC 4231 cases 1 and 2: a shorter HMAC key is one that zeroes
	 * fill. */
	crypto_sha256(out, "abc", 3);
	assert_hex(out, sizeof out,
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	memset(key, 0x0b, 20);
	crypto_hmac(out, key, "Hi There", 8);
	assert_hex(out, sizeof out,
		"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	memset(key, 0, sizeof key);
	memcpy(key, "Jefe", 4);
	crypto_hmac(out, key, "what do ya want for nothing?", 28);
	assert_hex(out, sizeof out,
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void
a_hash_of_two_runs_is_that_of_both_behind_each_other(void **state)
{
	char bytes[200];
	uint8_t whole[HASH_BYTES], parts[HASH_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 7);
	crypto_sha256(whole, bytes, sizeof bytes);
	for (i = 0; i <= sizeof bytes; i++) {
		crypto_sha256_2(parts, bytes, i, bytes + i, sizeof bytes - i);
		assert_memory_equal(parts, whole, sizeof whole);
	}
}

/* RFC 8032 section 7.1, tests 1 to 3. */
static const struct {
	const char *seed, *public, *message, *sig;
} published[] = {
	{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
		"5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
	{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
		"72",
		"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
	{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
		"af82",
		"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
		"18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

static void
signatures_are_those_of_rfc_8032(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof published / sizeof published[0]; i++) {
		uint8_t seed[SEED_BYTES], message[2], sig[SIG_BYTES], again[SEED_BYTES];
		size_t n = strlen(published[i].message) / 2;
		struct crypto_key *key;

		unhex(seed, sizeof seed, published[i].seed);
		unhex(message, n, published[i].message);
		assert_int_equal(crypto_key_open(&key, seed), OK);
		assert_hex(
			crypto_key_public(key), PUBLIC_KEY_BYTES, published[i].public);
		crypto_key_sign(sig, key, message, n);
		assert_hex(sig, sizeof sig, published[i].sig);
		assert_true(crypto_verify(sig, crypto_key_public(key), message, n));
		crypto_key_seed(again, key);
		assert_memory_equal(again, seed, sizeof seed);
		crypto_key_close(key);
	}
}

static struct crypto_key *
some_key(void)
{
	uint8_t seed[SEED_BYTES];
	struct crypto_key *key;

	crypto_random(seed, sizeof seed);
	assert_int_equal(crypto_key_open(&key, seed), OK);
	return key;
}

static void
a_signature_with_any_bit_changed_is_refused(void **state)
{
	struct crypto_key *key = some_key();
	uint8_t sig[SIG_BYTES];
	size_t i;

	(void)state;
	crypto_key_sign(sig, key, "line", 4);
	assert_true(crypto_verify(sig, crypto_key_public(key), "line", 4));
	assert_false(crypto_verify(sig, crypto_key_public(key), "lime", 4));
	for (i = 0; i < 8 * sizeof sig; i++) {
		sig[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_false(crypto_verify(sig, crypto_key_public(key), "line", 4));
		sig[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	crypto_key_close(key);
}

static void
a_second_form_of_a_signature_is_refused(void **state)
{
	struct crypto_key *key = some_key();
	uint8_t sig[SIG_BYTES], order[32];
	unsigned carry = 0;
	size_t i;

	(void)state;
	/* S + L says the same to a lax reader (RFC 8032 section 5.1.7 wants S < L). */
	unhex(order, sizeof order,
		"edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
	crypto_key_sign(sig, key, "line", 4);
	for (i = 0; i < sizeof order; i++) {
		carry += (unsigned)sig[32 + i] + order[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(carry, 0);
	assert_false(crypto_verify(sig, crypto_key_public(key), "line", 4));
	crypto_key_close(key);
}

static void
keys_that_sign_everything_are_refused(void **state)
{
	/* Small order: 1, 0, -1, one of order 8; and 1 in a form past the prime. With
	 * R = 1, S = 0 the first verifies any message for a lax reader. */
	static const char *const keys[] = {
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	uint8_t sig[SIG_BYTES] = {1}, key[PUBLIC_KEY_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		char message;

		unhex(key, sizeof key, keys[i]);
		for (message = 0; message < 16; message++)
			assert_false(crypto_verify(sig, key, &message, 1));
	}
}

static void
a_forked_child_reads_zeroes_where_the_key_was(void **state)
{
	struct crypto_key *key = some_key();
	uint8_t sig[SIG_BYTES];
	int status;
	pid_t pid;

	(void)state;
	assert_true(crypto_key_present(key));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(crypto_key_present(key) ? 1 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(crypto_key_present(key));
	crypto_key_sign(sig, key, "x", 1);
	assert_true(crypto_verify(sig, crypto_key_public(key), "x", 1));
	crypto_key_close(key);
}

static void
a_child_that_signs_all_the_same_aborts(void **state)
{
	struct crypto_key *key = some_key();
	uint8_t sig[SIG_BYTES];
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		freopen("/dev/null", "w", stderr);
		crypto_key_sign(sig, key, "x", 1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	crypto_key_close(key);
}

/* Mappings of ours that are wiped on fork (wf) and left out of core dumps (dd). */
static int
guarded_pages(void)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	char line[512];
	int n = 0;

	assert_non_null(smaps);
	while (fgets(line, sizeof line, smaps)) {
		if (strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " wf") &&
			strstr(line, " dd"))
			n++;
	}
	fclose(smaps);
	return n;
}

static void
a_key_lies_in_a_page_that_no_core_dump_holds(void **state)
{
	int before = guarded_pages();
	struct crypto_key *key = some_key();

	(void)state;
	assert_int_equal(guarded_pages(), before + 1);
	crypto_key_close(key);
	assert_int_equal(guarded_pages(), before);
}

static void
hex_has_one_form(void **state)
{
	static const char *const wrong[] = {
		"", "00f", "00ff0", "00FF", "00 f", "0x0f", "00fg", "00:f"};
	uint8_t out[2];
	size_t i;

	(void)state;
	unhex(out, 2, "00ff");
	assert_hex(out, 2, "00ff");
	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(crypto_unhex(
			out, 2, (struct span){wrong[i], strlen(wrong[i])}));
}

static void
base64_has_one_form(void **state)
{
	/* RFC 4648 section 10, then forms that a lax reader takes: no padding, bits that
	 * are not zero behind the last byte, the other alphabet, white space, more. */
	static const char *const right[] = {
		"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy", "+/+/"};
	static const char *const wrong[] = {"Zg", "Zg=", "Zh==", "Zm9=", "Zm8", "-_-_",
		"Zg==\n", " Zg==", "Zm 8=", "Zg===", "Zg==Zg==", "=", "====", "Z",
		"Zm9vY", "Zg=a", "Zg\xbd\xbd", "+/+\xaf", "+/\xab/"};
	uint8_t out[16];
	struct buf text = {0};
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof right / sizeof right[0]; i++) {
		n = sizeof out;
		assert_true(crypto_unbase64(
			out, &n, (struct span){right[i], strlen(right[i])}));
		buf_clear(&text);
		crypto_base64(&text, out, n);
		assert_string_equal(text.data, right[i]);
	}
	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		n = sizeof out;
		assert_false(crypto_unbase64(
			out, &n, (struct span){wrong[i], strlen(wrong[i])}));
	}
	n = sizeof out;
	assert_false(crypto_unbase64(out, &n, (struct span){"Zg=\0", 4}));
	n = sizeof out;
	assert_false(crypto_unbase64(out, &n, (struct span){"Zm9\0", 4}));
	n = 2;
	assert_false(crypto_unbase64(out, &n, (struct span){"Zm9v", 4}));
	n = 3;
	assert_true(crypto_unbase64(out, &n, (struct span){"Zm9v", 4}));
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_and_hmac_give_the_published_values),
		cmocka_unit_test(a_hash_of_two_runs_is_that_of_both_behind_each_other),
		cmocka_unit_test(signatures_are_those_of_rfc_8032),
		cmocka_unit_test(a_signature_with_any_bit_changed_is_refused),
		cmocka_unit_test(a_second_form_of_a_signature_is_refused),
		cmocka_unit_test(keys_that_sign_everything_are_refused),
		cmocka_unit_test(a_forked_child_reads_zeroes_where_the_key_was),
		cmocka_unit_test(a_child_that_signs_all_the_same_aborts),
		cmocka_unit_test(a_key_lies_in_a_page_that_no_core_dump_holds),
		cmocka_unit_test(hex_has_one_form),
		cmocka_unit_test(base64_has_one_form),
	};

	return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}
