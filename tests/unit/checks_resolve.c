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
#define TYPE_NS 2
#define TYPE_CNAME 5
#define TYPE_SOA 6
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

static const struct resolve_question question_a = {NAME, RESOLVE_A, false};

static enum resolve_verdict
verdict_of(struct resolve_answer *answer, struct buf *packet,
	const struct resolve_question *question)
{
	enum resolve_verdict found =
		resolve_read(answer, packet->data, packet->len, ID, question);

	buf_free(packet);
	return found;
}

static enum resolve_verdict
verdict(struct resolve_answer *answer, struct buf *packet)
{
	return verdict_of(answer, packet, &question_a);
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
	assert_true(resolve_write(&question, ID, &question_a));
	assert_int_equal(question.len, sizeof(expected));
	assert_memory_equal(question.data, expected, sizeof(expected));
	buf_free(&question);
}

static void
a_name_that_is_none_is_not_asked_for(void **state)
{
	struct buf question = {0};

	(void)state;
	assert_false(resolve_write(&question, ID,
		&(struct resolve_question){"a..example", RESOLVE_A, false}));
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
	assert_true(resolve_write(&packet, ID, &question_a));
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

static void
an_authority_is_asked_without_recursion_and_for_its_own_id(void **state)
{
	/* RFC 5001 section 2.1: code 3, no data */
	static const uint8_t expected[] = {0xbe, 0xef, 0x00, 0x00, 0, 1, 0, 0, 0, 0, 0,
		1, 0, 0, 6, 0, 1, 0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 4, 0, 3, 0, 0};
	struct buf question = {0};

	(void)state;
	assert_true(resolve_write(
		&question, ID, &(struct resolve_question){".", RESOLVE_SOA, true}));
	assert_int_equal(question.len, sizeof(expected));
	assert_memory_equal(question.data, expected, sizeof(expected));
	buf_free(&question);
}

static const struct resolve_question question_soa = {NAME, RESOLVE_SOA, true};

/* The SOA of NAME or of another owner, and an OPT record with that option in it. */
static void
add_soa_answer(struct buf *out, const char *owner, size_t owner_n, unsigned option_n,
	unsigned claimed_n)
{
	static const uint8_t numbers[20] = {0x78, 0xa1, 0xb2, 0xc3};

	add_header(out, ID, 0x8400, 1, 1);
	out->data[11] = 1; /* one additional record */
	add_question(out, wire_name, sizeof(wire_name), TYPE_SOA);
	buf_add(out, owner, owner_n);
	add16(out, TYPE_SOA);
	add16(out, 1);
	add16(out, 0);
	add16(out, 60);
	add16(out, 1 + 1 + sizeof(numbers));
	buf_add(out, "\0\0", 2); /* the root as MNAME and RNAME */
	buf_add(out, numbers, sizeof(numbers));
	buf_add(out, "\0\0\x29\4\xd0\0\0\0\0", 9);
	add16(out, 4 + option_n);
	add16(out, 3);
	add16(out, claimed_n);
	for (unsigned i = 0; i < option_n; i++)
		buf_add(out, &"abcdefgh"[i % 8], 1);
}

static void
a_zones_serial_and_its_servers_id_are_read(void **state)
{
	struct resolve_answer answer;
	struct buf packet = {0};

	(void)state;
	add_soa_answer(&packet, wire_name, sizeof(wire_name), 5, 5);
	assert_int_equal(verdict_of(&answer, &packet, &question_soa), RESOLVE_ANSWERED);
	assert_int_equal(answer.answers, 1);
	assert_int_equal(answer.serial, 0x78a1b2c3);
	assert_int_equal(answer.nsid_n, 5);
	assert_memory_equal(answer.nsid, "abcde", 5);
}

static void
of_a_long_id_the_first_64_bytes_are_kept(void **state)
{
	struct resolve_answer answer;
	struct buf packet = {0};

	(void)state;
	add_soa_answer(&packet, wire_name, sizeof(wire_name), 700, 700);
	assert_int_equal(verdict_of(&answer, &packet, &question_soa), RESOLVE_ANSWERED);
	assert_int_equal(answer.nsid_n, RESOLVE_NSID_BYTES);
	assert_memory_equal(answer.nsid + 56, "abcdefgh", 8);
}

static void
an_id_that_claims_more_bytes_than_came_is_none(void **state)
{
	struct resolve_answer answer;
	struct buf packet = {0};

	(void)state;
	add_soa_answer(&packet, wire_name, sizeof(wire_name), 5, 50);
	assert_int_not_equal(
		verdict_of(&answer, &packet, &question_soa), RESOLVE_IGNORED);
	assert_int_equal(answer.nsid_n, 0);
}

static void
the_serial_of_another_zone_is_none(void **state)
{
	struct resolve_answer answer;
	struct buf packet = {0};

	(void)state;
	add_soa_answer(&packet, "\7example", 9, 5, 5);
	assert_int_equal(verdict_of(&answer, &packet, &question_soa), RESOLVE_ANSWERED);
	assert_int_equal(answer.answers, 0);
	assert_int_equal(answer.serial, -1);
}

static void
ipv6_addresses_are_read_and_hashed_as_text(void **state)
{
	/* printf '2003:20::2\n' | sha256sum */
	static const char expected[] =
		"7b99c256389f81b53fae4b5b73cd839faabebfcdfd390c28886f2f361f75f0ca";
	static const struct resolve_question question = {NAME, RESOLVE_AAAA, false};
	struct resolve_answer answer;
	struct in6_addr address;
	struct buf packet = {0};

	(void)state;
	inet_pton(AF_INET6, "2003:20::2", &address);
	add_header(&packet, ID, ANSWER, 1, 2);
	add_question(&packet, wire_name, sizeof(wire_name), TYPE_AAAA);
	add_record(&packet, TYPE_AAAA, &address, sizeof(address));
	add_address(&packet, "198.51.100.4");
	assert_int_equal(verdict_of(&answer, &packet, &question), RESOLVE_ANSWERED);
	assert_int_equal(answer.answers, 1);
	assert_int_equal(answer.n, 1);
	assert_string_equal(answer.addresses[0], "2003:20::2");
	assert_string_equal(answer.sha256, expected);
}

static void
a_referral_names_servers_and_only_their_addresses_are_taken(void **state)
{
	static const struct resolve_question question = {NAME, RESOLVE_NS, true};
	static const char server[] = "\2ns\7example", stranger[] = "\2ms\7example";
	static const uint8_t of_server[] = {45, 20, 0, 2}, other[] = {45, 66, 6, 6};
	struct resolve_answer answer;
	struct buf packet = {0};

	(void)state;
	add_header(&packet, ID, 0x8000, 1, 0);
	packet.data[9] = 1; /* authority */
	packet.data[11] = 2; /* additional */
	add_question(&packet, wire_name, sizeof(wire_name), TYPE_NS);
	add_record(&packet, TYPE_NS, server, sizeof(server));
	buf_add(&packet, stranger, sizeof(stranger));
	buf_add(&packet, "\0\1\0\1\0\0\0\x3c\0\4", 10);
	buf_add(&packet, other, 4);
	buf_add(&packet, server, sizeof(server));
	buf_add(&packet, "\0\1\0\1\0\0\0\x3c\0\4", 10);
	buf_add(&packet, of_server, 4);
	assert_int_equal(verdict_of(&answer, &packet, &question), RESOLVE_ANSWERED);
	assert_int_equal(answer.answers, 1);
	assert_int_equal(answer.n, 1);
	assert_string_equal(answer.addresses[0], "45.20.0.2");
	assert_string_equal(answer.sha256, "");
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
		cmocka_unit_test(
			an_authority_is_asked_without_recursion_and_for_its_own_id),
		cmocka_unit_test(a_zones_serial_and_its_servers_id_are_read),
		cmocka_unit_test(of_a_long_id_the_first_64_bytes_are_kept),
		cmocka_unit_test(an_id_that_claims_more_bytes_than_came_is_none),
		cmocka_unit_test(the_serial_of_another_zone_is_none),
		cmocka_unit_test(ipv6_addresses_are_read_and_hashed_as_text),
		cmocka_unit_test(
			a_referral_names_servers_and_only_their_addresses_are_taken),
	};

	return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
