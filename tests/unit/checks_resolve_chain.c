#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/file.h"
#include "tests/fuzz/heard.h"

#define CORPUS SOURCE_DIR "/tests/fuzz/corpus/dns_chain/"
#define DAY_US (86400 * INT64_C(1000000))
#define FIRST_ADDRESS "\x2d\x14\x07\x07" /* 45.20.7.7 */

static enum resolve_trust
trust_of(const char *path, const char *name, int64_t utc_us)
{
	struct buf text = {0};
	enum resolve_trust trust;

	assert_int_equal(file_read(&text, path, 65536), OK);
	trust = heard_trust((const uint8_t *)text.data, text.len, name, utc_us);
	buf_free(&text);
	return trust;
}

static void
a_chain_of_signatures_holds_in_its_time_and_for_its_name(void **state)
{
	(void)state;
	assert_int_equal(
		trust_of(CORPUS "answer", "www.zz", HEARD_UTC_US), RESOLVE_AUTHENTIC);
	assert_int_equal(trust_of(CORPUS "nsec3", "www.deep.zz", HEARD_UTC_US),
		RESOLVE_AUTHENTIC);
	assert_int_equal(
		trust_of(CORPUS "answer", "www.deep.zz", HEARD_UTC_US), RESOLVE_UNSAID);
	for (int i = -1; i <= 1; i += 2)
		assert_int_equal(trust_of(CORPUS "answer", "www.zz",
					 HEARD_UTC_US + i * 90 * DAY_US),
			RESOLVE_BOGUS);
	assert_int_equal(
		trust_of(CORPUS "old", "www.old.zz", HEARD_UTC_US), RESOLVE_BOGUS);
}

static void
an_address_without_a_signature_is_bogus_where_the_zone_is_signed_to_its_name(
	void **state)
{
	(void)state;
	assert_int_equal(
		trust_of(CORPUS "stripped", "www.zz", HEARD_UTC_US), RESOLVE_BOGUS);
	assert_int_equal(trust_of(CORPUS "stripped-nsec3", "www.deep.zz", HEARD_UTC_US),
		RESOLVE_BOGUS);
	assert_int_equal(
		trust_of(CORPUS "plain", "www.plain.zz", HEARD_UTC_US), RESOLVE_UNSAID);
}

static void
no_bit_of_a_signed_address_can_be_another(void **state)
{
	struct buf text = {0};
	uint8_t *address;

	(void)state;
	assert_int_equal(file_read(&text, CORPUS "answer", 65536), OK);
	address = memmem(text.data, text.len, FIRST_ADDRESS, 4);
	assert_non_null(address);
	for (unsigned bit = 0; bit < 32; bit++) {
		uint8_t *at = address + bit / 8;

		*at ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(heard_trust((const uint8_t *)text.data, text.len,
					 "www.zz", HEARD_UTC_US),
			RESOLVE_BOGUS);
		*at ^= (uint8_t)(1 << bit % 8);
	}
	buf_free(&text);
}

static void
what_breaks_off_says_nothing_or_against_and_never_for(void **state)
{
	struct buf text = {0};

	(void)state;
	assert_int_equal(file_read(&text, CORPUS "answer", 65536), OK);
	for (size_t n = 0; n < text.len; n++)
		assert_int_not_equal(heard_trust((const uint8_t *)text.data, n,
					     "www.zz", HEARD_UTC_US),
			RESOLVE_AUTHENTIC);
	buf_free(&text);
}

static void
anchors_are_read_as_keys_and_as_hashes_of_the_root_alone(void **state)
{
	static const char text[] =
		"; keys\n" HEARD_ANCHOR "zz. IN DS 1 13 2 "
		"c45fb2f1d2fb77511ced42a9b00695ade7ce0af2f18c057fe607154ed726d54a\n"
		". IN DNSKEY 257 3 13 KGgwzrOFrIPYIoxJEWRnnQSRw4oC0pzBnoZQeKj27bKSv+"
		"DM909Etp8bb+LIigfvpE9Vp4GezHVuOnGTqb/LvA== ;{id = 1}\r\n"
		". IN A 192.0.2.1\n"
		"neither";
	struct resolve_anchors anchors;
	struct buf many = {0};

	(void)state;
	resolve_parse_anchors(&anchors, (struct span){text, sizeof(text) - 1});
	assert_int_equal(anchors.n, 2);
	for (int i = 0; i < 2 * RESOLVE_ANCHORS_MAX; i++)
		buf_puts(&many, HEARD_ANCHOR);
	resolve_parse_anchors(&anchors, buf_span(&many));
	assert_int_equal(anchors.n, RESOLVE_ANCHORS_MAX);
	buf_free(&many);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_chain_of_signatures_holds_in_its_time_and_for_its_name),
		cmocka_unit_test(
			an_address_without_a_signature_is_bogus_where_the_zone_is_signed_to_its_name),
		cmocka_unit_test(no_bit_of_a_signed_address_can_be_another),
		cmocka_unit_test(what_breaks_off_says_nothing_or_against_and_never_for),
		cmocka_unit_test(
			anchors_are_read_as_keys_and_as_hashes_of_the_root_alone),
	};

	return cmocka_run_group_tests_name("resolve_chain", tests, NULL, NULL);
}
