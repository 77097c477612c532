#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "common/buf.h"
#include "probe/doors/resolve.h"

#define ID 0xbeef
#define NAME "www.example"
#define TYPE_A 1
#define TYPE_CNAME 5
#define TYPE_AAAA 28
#define ANSWER 0x8180 /* QR, RD, RA */

static void
add16(struct buf *out, unsigned value)
{
	uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	buf_add(out, bytes, 2);
}

static void
add_header(struct buf *out, unsigned id, unsigned flags, unsigned questions,
	unsigned answers)
{
	add16(out, id);
	add16(out, flags);
	add16(out, questions);
	add16(out, answers);
	add16(out, 0);
	add16(out, 0);
}

static void
add_question(struct buf *out, const char *wire_name, size_t n, unsigned type)
{
	buf_add(out, wire_name, n);
	add16(out, type);
	add16(out, 1);
}

/* A record whose owner points at the question. */
static void
add_record(struct buf *out, unsigned type, const void *data, size_t n)
{
	add16(out, 0xc00c);
	add16(out, type);
	add16(out, 1);
	add16(out, 0);
	add16(out, 60);
	add16(out, (unsigned)n);
	buf_add(out, data, n);
}

static void
add_address(struct buf *out, const char *text)
{
	struct in_addr address;

	inet_pton(AF_INET, text, &address);
	add_record(out, TYPE_A, &address, sizeof(address));
}

static const char wire_name[] = "\3www\7example";

static enum resolve_verdict
verdict(struct resolve_answer *answer, struct buf *packet)
{
	enum resolve_verdict found =
		resolve_read(answer, packet->data, packet->len, ID, NAME);

	buf_free(packet);
	return found;
}

static void
the_question_goes_out_with_recursion_and_edns(void **state)
{
	/* RFC 1035 section 4.1, RFC 6891 section 6.1.2 */
	static const uint8_t expected[] = {0xbe, 0xef, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0,
		1, 3, 'w', 'w', 'w', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0,
		1, 0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0};
	struct buf question = {0};

	(void)state;
	assert_true(resolve_write(&question, ID, NAME));
	assert_int_equal(question.len, sizeof(expected));
	assert_memory_equal(question.data, expected, sizeof(expected));
	buf_free(&question);
}

static void
a_name_that_is_none_is_not_asked_for(void **state)
{
	struct buf question = {0};

	(void)state;
	assert_false(resolve_write(&question, ID, "a..example"));
	assert_int_equal(question.len, 0);
	buf_free(&question);
}

static void
addresses_are_counted_and_hashed_in_one_order(void **state)
{
	/* printf '192.0.2.7\n198.51.100.4\n' | sha256sum */
	static const char expected[] =
		"1c8ea2ddd30b2c1341b756b1e77f10259a73b752a1a08844bfedcca87a397289";
	struct resolve_answer answer;

	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		struct buf packet = {0};

		add_header(&packet, ID, ANSWER, 1, 3);
		add_question(&packet, wire_name, sizeof(wire_name), TYPE_A);
		add_record(&packet, TYPE_CNAME, wire_name, sizeof(wire_name));
		add_address(&packet, turn ? "192.0.2.7" : "198.51.100.4");
		add_address(&packet, turn ? "198.51.100.4" : "192.0.2.7");
		assert_int_equal(verdict(&answer, &packet), RESOLVE_ANSWERED);
		assert_int_equal(answer.rcode, 0);
		assert_int_equal(answer.answers, 2);
		assert_int_equal(answer.n, 2);
		assert_string_equal(answer.sha256, expected);
	}
}

static void
a_forged_id_is_as_if_nothing_had_come(void **state)
{
	struct resolve_answer answer;
	struct buf packet = {0};

	(void)state;
	add_header(&packet, ID ^ 1, ANSWER, 1, 1);
	add_question(&packet, wire_name, sizeof(wire_name), TYPE_A);
	add_address(&packet, "198.51.100.4");
	assert_int_equal(verdict(&answer, &packet), RESOLVE_IGNORED);
	assert_int_equal(answer.answers, 0);
}

static void
an_answer_to_another_question_is_ignored(void **state)
{
	static const char other_name[] = "\3wwx\7example";
	struct resolve_answer answer;
	struct buf packet = {0};

	(void)state;
	add_header(&packet, ID, ANSWER, 1, 1);
	add_question(&packet, other_name, sizeof(other_name), TYPE_A);
	add_address(&packet, "198.51.100.4");
	assert_int_equal(verdict(&answer, &packet), RESOLVE_IGNORED);
	add_header(&packet, ID, ANSWER, 1, 1);
	add_question(&packet, wire_name, sizeof(wire_name), TYPE_AAAA);
	add_address(&packet, "198.51.100.4");
	assert_int_equal(verdict(&answer, &packet), RESOLVE_IGNORED);
	add_header(&packet, ID, ANSWER, 0, 0);
	assert_int_equal(verdict(&answer, &packet), RESOLVE_IGNORED);
}

static void
the_case_of_the_question_plays_no_part(void **state)
{
	static const char shouted[] = "\3WWW\7EXAMPLE";
	struct resolve_answer answer;
	struct buf packet = {0};

	(void)state;
	add_header(&packet, ID, ANSWER, 1, 1);
	add_question(&packet, shouted, sizeof(shouted), TYPE_A);
	add_address(&packet, "198.51.100.4");
	assert_int_equal(verdict(&answer, &packet), RESOLVE_ANSWERED);
	assert_int_equal(answer.answers, 1);
}

static void
what_is_no_dns_answer_under_our_id_is_malformed(void **state)
{
	struct resolve_answer answer;
	struct buf packet = {0};

	(void)state;
	/* our own question, sent back */
	assert_true(resolve_write(&packet, ID, NAME));
	assert_int_equal(verdict(&answer, &packet), RESOLVE_MALFORMED);
	/* cut inside the header */
	add16(&packet, ID);
	assert_int_equal(verdict(&answer, &packet), RESOLVE_MALFORMED);
	/* a count that promises more than there is */
	add_header(&packet, ID, ANSWER, 1, 9);
	add_question(&packet, wire_name, sizeof(wire_name), TYPE_A);
	assert_int_equal(verdict(&answer, &packet), RESOLVE_MALFORMED);
	/* a name that points at itself */
	add_header(&packet, ID, ANSWER, 1, 0);
	add16(&packet, 0xc00c);
	add16(&packet, TYPE_A);
	add16(&packet, 1);
	assert_int_equal(verdict(&answer, &packet), RESOLVE_MALFORMED);
}

static void
a_record_of_another_type_is_no_address(void **state)
{
	struct resolve_answer answer;
	struct buf packet = {0};

	(void)state;
	add_header(&packet, ID, ANSWER, 1, 1);
	add_question(&packet, wire_name, sizeof(wire_name), TYPE_A);
	add_record(&packet, TYPE_AAAA, "0123456789abcdef", 16);
	assert_int_equal(verdict(&answer, &packet), RESOLVE_ANSWERED);
	assert_int_equal(answer.answers, 0);
	assert_string_equal(answer.sha256, "");
}

static void
a_refusal_may_come_without_the_question(void **state)
{
	struct resolve_answer answer;
	struct buf packet = {0};

	(void)state;
	add_header(&packet, ID, ANSWER | 5, 0, 0);
	assert_int_equal(verdict(&answer, &packet), RESOLVE_ANSWERED);
	assert_int_equal(answer.rcode, 5);
}

static void
more_addresses_than_are_kept_are_counted_all_the_same(void **state)
{
	struct resolve_answer answer;
	struct buf packet = {0};

	(void)state;
	add_header(&packet, ID, ANSWER, 1, RESOLVE_ADDRESSES_MAX + 5);
	add_question(&packet, wire_name, sizeof(wire_name), TYPE_A);
	for (int i = 0; i < RESOLVE_ADDRESSES_MAX + 5; i++)
		add_address(&packet, "198.51.100.4");
	assert_int_equal(verdict(&answer, &packet), RESOLVE_ANSWERED);
	assert_int_equal(answer.answers, RESOLVE_ADDRESSES_MAX + 5);
	assert_int_equal(answer.n, RESOLVE_ADDRESSES_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_question_goes_out_with_recursion_and_edns),
		cmocka_unit_test(a_name_that_is_none_is_not_asked_for),
		cmocka_unit_test(addresses_are_counted_and_hashed_in_one_order),
		cmocka_unit_test(a_forged_id_is_as_if_nothing_had_come),
		cmocka_unit_test(an_answer_to_another_question_is_ignored),
		cmocka_unit_test(the_case_of_the_question_plays_no_part),
		cmocka_unit_test(what_is_no_dns_answer_under_our_id_is_malformed),
		cmocka_unit_test(a_record_of_another_type_is_no_address),
		cmocka_unit_test(a_refusal_may_come_without_the_question),
		cmocka_unit_test(more_addresses_than_are_kept_are_counted_all_the_same),
	};

	return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
