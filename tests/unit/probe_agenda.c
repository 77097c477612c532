#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/file.h"
#include "common/note.h"
#include "probe/steps.h"

#define HEADER TARGETS_HEADER "\n"
#define ONE HEADER "names,one,resolver,53,-,everyone,no\n"
#define TWO ONE "names,two,resolver,53,-,everyone,no\n"

struct bench {
	char dir[64];
	struct crypto_key *analyzer, *stranger;
	struct enrolment enrolment;
	struct agenda agenda;
	struct targets targets;
};

static struct bench *
make_bench(void)
{
	static const uint8_t a[SEED_BYTES] = {1}, s[SEED_BYTES] = {2};
	struct bench *b = calloc(1, sizeof(*b));

	strcpy(b->dir, "/tmp/faultline-agenda-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	assert_int_equal(crypto_key_open(&b->analyzer, a), OK);
	assert_int_equal(crypto_key_open(&b->stranger, s), OK);
	memcpy(b->enrolment.analyzer_key, crypto_key_public(b->analyzer),
		PUBLIC_KEY_BYTES);
	return b;
}

static void
free_bench(struct bench *b)
{
	char command[128];

	crypto_key_close(b->analyzer);
	crypto_key_close(b->stranger);
	snprintf(command, sizeof(command), "rm -r %s", b->dir);
	assert_int_equal(system(command), 0);
	free(b);
}

static enum err
take(struct bench *b, const char *country, uint64_t serial, const char *list,
	const struct crypto_key *key)
{
	struct mandate mandate = {"", serial, {list, strlen(list)}};
	char name[NOTE_KEY_NAME_BYTES], hex[17];
	struct buf note = {0};
	enum err err;

	strcpy(mandate.country, country);
	crypto_hex(hex, crypto_key_public(key), 8);
	snprintf(name, sizeof(name), "faultline-analyzer-%s", hex);
	mandate_sign(&note, &mandate, name, key);
	err = agenda_take(
		&b->agenda, &b->targets, b->dir, &b->enrolment, buf_span(&note));
	buf_free(&note);
	return err;
}

/* What the next start of the program would find. */
static enum err
start_again(struct bench *b)
{
	return agenda_read(&b->agenda, &b->targets, b->dir, &b->enrolment);
}

static void
a_list_that_the_analyzer_signed_is_in_force_and_survives_a_restart(void **state)
{
	struct bench *b = make_bench();
	uint8_t hash[HASH_BYTES];
	char tag[MANDATE_TAG_BYTES];

	(void)state;
	assert_int_equal(start_again(b), ERR_NOT_FOUND);
	assert_int_equal(b->agenda.serial, 0);
	assert_int_equal(take(b, "XX", 3, ONE, b->analyzer), OK);
	assert_int_equal(b->targets.n, 1);
	assert_int_equal(b->agenda.serial, 3);
	/* What a segment names are the bytes of the list alone. */
	crypto_sha256(hash, ONE, strlen(ONE));
	assert_memory_equal(b->targets.sha256, hash, HASH_BYTES);
	strcpy(tag, b->agenda.tag);
	assert_int_equal(start_again(b), OK);
	assert_int_equal(b->targets.n, 1);
	assert_int_equal(b->agenda.serial, 3);
	assert_string_equal(b->agenda.tag, tag);
	assert_int_equal(take(b, "XX", 4, TWO, b->analyzer), OK);
	assert_int_equal(b->targets.n, 2);
	assert_string_not_equal(b->agenda.tag, tag);
	free_bench(b);
}

static void
an_older_list_another_country_s_or_another_key_s_changes_nothing(void **state)
{
	struct bench *b = make_bench();

	(void)state;
	assert_int_equal(take(b, "XX", 3, ONE, b->stranger), ERR_SIGNATURE);
	assert_int_equal(b->agenda.serial, 0);
	assert_int_equal(take(b, "XX", 3, ONE, b->analyzer), OK);
	assert_int_equal(take(b, "XX", 2, TWO, b->analyzer), ERR_PEER);
	assert_int_equal(take(b, "XX", 3, TWO, b->analyzer), ERR_PEER);
	assert_int_equal(take(b, "XY", 4, TWO, b->analyzer), ERR_PEER);
	assert_int_equal(take(b, "XX", 4, TWO, b->stranger), ERR_SIGNATURE);
	assert_int_equal(take(b, "XX", 4, "Dear Sir,\n", b->analyzer), ERR_FORMAT);
	assert_int_equal(b->targets.n, 1);
	assert_int_equal(start_again(b), OK);
	assert_int_equal(b->targets.n, 1);
	assert_int_equal(b->agenda.serial, 3);
	free_bench(b);
}

static void
a_damaged_file_is_as_none_so_that_it_is_fetched_anew(void **state)
{
	struct bench *b = make_bench();
	char path[FILE_PATH_BYTES];
	struct buf note = {0};

	(void)state;
	assert_int_equal(take(b, "XX", 3, ONE, b->analyzer), OK);
	assert_int_equal(file_path(path, b->dir, "targets"), OK);
	assert_int_equal(file_read(&note, path, MANDATE_BYTES_MAX), OK);
	note.data[note.len / 2] ^= 1;
	assert_int_equal(file_write(path, note.data, note.len), OK);
	assert_int_equal(start_again(b), ERR_NOT_FOUND);
	assert_int_equal(b->agenda.serial, 0);
	assert_int_equal(b->targets.n, 0);
	assert_int_equal(take(b, "XX", 3, ONE, b->analyzer), OK);
	buf_free(&note);
	free_bench(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_list_that_the_analyzer_signed_is_in_force_and_survives_a_restart),
		cmocka_unit_test(
			an_older_list_another_country_s_or_another_key_s_changes_nothing),
		cmocka_unit_test(a_damaged_file_is_as_none_so_that_it_is_fetched_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
