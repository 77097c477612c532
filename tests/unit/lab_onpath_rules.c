#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lab/onpath_rules.h"
#include "tests/unit/wire.h"

#define MS INT64_C(1000000)

/* A connection through a box, each end's next sequence number, and the last verdict. */
struct trial {
	struct onpath *onpath;
	struct onpath_verdict verdict;
	struct wire_ends ends;
	uint32_t next[2]; /* of the left end, of the right one */
	int64_t now_ns;
};

static struct wire_ends
ends_of(int version, uint16_t port)
{
	struct wire_ends ends = {version, {11, 1, 2, 3}, {22, 4, 5, 6}, 40000, port};

	return ends;
}

/* With the two SYNs passed. */
static struct trial
begin(const struct onpath_rules *rules, int version, uint16_t port)
{
	struct trial trial = {.onpath = onpath_rules_open(rules),
		.ends = ends_of(version, port),
		.next = {0xffffff00, 5000}};

	assert_non_null(trial.onpath);
	for (int i = 0; i < 2; i++) {
		struct wire_segment syn = {.leftward = i == 1,
			.flags = i == 0 ? ONPATH_SYN : ONPATH_SYN | ONPATH_ACK,
			.seq = trial.next[i]++,
			.ack = trial.next[!i]};
		struct wire wire = wire_tcp(&trial.ends, &syn);

		onpath_rules_judge(
			&trial.verdict, trial.onpath, wire.bytes, wire.n, i == 1, 0);
		assert_true(trial.verdict.pass);
	}
	return trial;
}

/* A segment of this connection: does it pass? */
static bool
send(struct trial *trial, bool leftward, uint8_t flags, const void *payload, size_t n)
{
	struct wire_segment segment = {.leftward = leftward,
		.flags = flags | ONPATH_ACK,
		.seq = trial->next[leftward],
		.ack = trial->next[!leftward],
		.payload = payload,
		.n = n};
	struct wire wire = wire_tcp(&trial->ends, &segment);

	trial->next[leftward] += (uint32_t)n + !!(flags & ONPATH_FIN);
	onpath_rules_judge(&trial->verdict, trial->onpath, wire.bytes, wire.n, leftward,
		trial->now_ns);
	for (size_t i = 0; i < trial->verdict.forged_n; i++)
		assert_true(wire_is_whole(
			trial->verdict.forged[i].bytes, trial->verdict.forged[i].n));
	return trial->verdict.pass;
}

static bool
send_hello(struct trial *trial, bool leftward, const char *name)
{
	struct wire hello = wire_hello(name, 60);

	return send(trial, leftward, ONPATH_PSH, hello.bytes, hello.n);
}

static struct onpath_packet
forged(const struct trial *trial, size_t i)
{
	struct onpath_packet packet;

	assert_true(i < trial->verdict.forged_n);
	assert_true(onpath_packet_read(
		&packet, trial->verdict.forged[i].bytes, trial->verdict.forged[i].n));
	return packet;
}

static void
without_rules_everything_passes(void **state)
{
	struct onpath_rules rules = {.drop_hello = false};

	(void)state;
	for (int version = 4; version <= 6; version += 2) {
		struct trial trial = begin(&rules, version, 443);

		assert_true(send_hello(&trial, false, "www.example.org"));
		assert_true(send(&trial, true, 0, "abc", 3));
		assert_int_equal(trial.verdict.forged_n, 0);
		onpath_rules_close(trial.onpath);
	}
}

static void
a_hello_without_a_listed_name_ends_the_connection_both_ways(void **state)
{
	struct onpath_rules rules = {
		.drop_hello = true, .listed = {"www.listed.org"}, .listed_n = 1};
	static const struct {
		const char *name;
		uint16_t port;
		bool passes;
	} rows[] = {{"www.listed.org", 443, true}, {"WWW.Listed.ORG", 443, true},
		{"www.other.org", 443, false}, {"xwww.listed.org", 443, false},
		{NULL, 443, false}, {"www.other.org", 8443, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trial trial = begin(&rules, i % 2 ? 4 : 6, rows[i].port);

		assert_int_equal(
			send_hello(&trial, false, rows[i].name), rows[i].passes);
		assert_int_equal(send(&trial, true, 0, "abc", 3), rows[i].passes);
		assert_int_equal(
			send(&trial, false, ONPATH_FIN, "", 0), rows[i].passes);
		assert_int_equal(trial.verdict.forged_n, 0);
		onpath_rules_close(trial.onpath);
	}
}

static void
a_hello_in_two_segments_is_dropped_with_the_second(void **state)
{
	struct onpath_rules rules = {.drop_hello = true};
	struct wire hello = wire_hello("www.example.org", 60);
	struct trial trial = begin(&rules, 4, 443);

	(void)state;
	assert_true(send(&trial, false, 0, hello.bytes, 30));
	trial.next[0] -= 30; /* once more, and what follows */
	assert_false(send(&trial, false, 0, hello.bytes, hello.n));
	assert_false(send(&trial, true, 0, "", 0));
	onpath_rules_close(trial.onpath);
}

static void
a_hello_that_is_too_long_to_be_read_has_no_listed_name(void **state)
{
	static uint8_t much[1400];
	struct onpath_rules rules = {
		.drop_hello = true, .listed = {"www.listed.org"}, .listed_n = 1};
	struct trial trial = begin(&rules, 6, 443);

	(void)state;
	memcpy(much, "\x16\x03\x01\x40\x00\x01\x00\x40\x00", 9);
	assert_true(send(&trial, false, 0, much, sizeof(much)));
	assert_true(send(&trial, false, 0, much + 9, sizeof(much) - 9));
	assert_false(send(&trial, false, 0, much + 9, sizeof(much) - 9));
	onpath_rules_close(trial.onpath);
}

static void
a_new_syn_on_the_same_ports_begins_anew(void **state)
{
	struct onpath_rules rules = {.drop_hello = true};
	struct trial trial = begin(&rules, 4, 443);
	struct wire_segment syn = {.flags = ONPATH_SYN, .seq = 77};
	struct wire wire = wire_tcp(&trial.ends, &syn);

	(void)state;
	assert_false(send_hello(&trial, false, "www.example.org"));
	onpath_rules_judge(&trial.verdict, trial.onpath, wire.bytes, wire.n, false, 0);
	assert_true(trial.verdict.pass);
	assert_true(send(&trial, true, ONPATH_SYN, "", 0));
	onpath_rules_close(trial.onpath);
}

static void
a_connection_that_goes_on_is_known_among_any_number_of_others(void **state)
{
	struct onpath_rules rules = {.drop_hello = true};
	struct trial trial = begin(&rules, 4, 443);
	struct wire_ends other = ends_of(6, 443);
	struct wire_segment syn = {.flags = ONPATH_SYN};

	(void)state;
	assert_false(send_hello(&trial, false, "www.example.org"));
	for (uint32_t i = 0; i < 20000; i++) {
		struct wire wire;

		other.left_port = (uint16_t)i;
		wire = wire_tcp(&other, &syn);
		trial.now_ns++;
		onpath_rules_judge(&trial.verdict, trial.onpath, wire.bytes, wire.n,
			false, trial.now_ns);
		assert_true(trial.verdict.pass);
		assert_false(send(&trial, true, 0, "abc", 3));
	}
	onpath_rules_close(trial.onpath);
}

/* Bytes on the wire of a thousand that pass in a second, one every millisecond. */
static size_t
passes_in_a_second(struct trial *trial, bool leftward, size_t n)
{
	static const uint8_t payload[1000];
	size_t passed = 0;

	for (int i = 0; i < 1000; i++) {
		trial->now_ns += MS;
		if (send(trial, leftward, 0, payload, n))
			passed += n + 40;
	}
	return passed;
}

static void
a_name_that_contains_the_part_is_metered_both_ways(void **state)
{
	struct onpath_rules rules = {.police = {{"t.co", 80000, 20000}}, .police_n = 1};
	struct onpath_counts counts;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct trial trial = begin(&rules, 4, 443);

		/* From the left, from the right. */
		assert_true(send_hello(&trial, i == 1, "www.reddit.com"));
		/* The bucket, and 10 kB a second; at most a packet less. */
		for (int j = 0; j < 2; j++)
			assert_in_range(passes_in_a_second(&trial, j == 1, 960),
				30000 - 1000 - 200, 30000);
		assert_in_range(passes_in_a_second(&trial, true, 960), 9000, 11000);
		counts = onpath_rules_counts(trial.onpath);
		assert_in_range(counts.policed, 2900, 2960);
		/* Another connection between the same two has a bucket of its own. */
		trial.ends.left_port++;
		assert_true(send(&trial, false, ONPATH_SYN, "", 0));
		assert_int_equal(passes_in_a_second(&trial, true, 960), 1000000);
		onpath_rules_close(trial.onpath);
	}
}

static void
the_same_address_under_another_name_is_not_metered(void **state)
{
	struct onpath_rules rules = {.police = {{"t.co", 80000, 20000}}, .police_n = 1};
	struct trial trial = begin(&rules, 6, 443);

	(void)state;
	assert_true(send_hello(&trial, false, "www.example.org"));
	assert_int_equal(passes_in_a_second(&trial, true, 960), 1000000);
	onpath_rules_close(trial.onpath);
}

static struct onpath_prefix
prefix(int version, const uint8_t *address, unsigned int bits)
{
	struct onpath_prefix prefix = {.version = version, .bits = bits};

	memcpy(prefix.address, address, version == 4 ? 4 : 16);
	return prefix;
}

static void
a_connection_abroad_freezes_after_its_bytes_and_no_other_does(void **state)
{
	static const uint8_t payload[1000], elsewhere[16] = {0x21, 4, 5, 6};
	struct wire_ends ends = ends_of(4, 80);
	const struct {
		const uint8_t *address;
		unsigned int bits;
		bool all_but, freezes;
	} rows[] = {{ends.right, 16, false, true}, {ends.right, 31, false, true},
		{ends.left, 16, false, false}, {ends.left, 13, true, true},
		{ends.right, 16, true, false}, {elsewhere, 8, false, false}};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		int version = i % 2 ? 4 : 6;
		struct onpath_rules rules = {.freeze_bytes = 3500,
			.all_but = rows[i / 2].all_but,
			.prefixes_n = 1};
		struct trial trial;

		rules.prefixes[0] =
			prefix(version, rows[i / 2].address, rows[i / 2].bits);
		trial = begin(&rules, version, 80);
		for (int j = 0; j < 9; j++) /* what goes up is not counted */
			assert_true(send(&trial, false, 0, payload, 1000));
		for (int j = 0; j < 3; j++)
			assert_true(send(&trial, true, 0, payload, 1000));
		trial.next[1] -= 1000;
		assert_true(send(&trial, true, 0, payload, 1000)); /* once more */
		assert_int_equal(
			send(&trial, true, 0, payload, 1000), !rows[i / 2].freezes);
		assert_int_equal(send(&trial, false, 0, "", 0), !rows[i / 2].freezes);
		assert_int_equal(
			send(&trial, true, ONPATH_RST, "", 0), !rows[i / 2].freezes);
		onpath_rules_close(trial.onpath);
	}
}

static void
a_question_for_the_name_is_answered_at_once_and_goes_on_later(void **state)
{
	struct onpath_rules rules = {.race = {{"www.example.org", {203, 0, 113, 9},
					     {0x20, 1, 0xd, 0xb8, 9}}},
		.race_n = 1,
		.race_delay_ns = 50 * MS};
	static const struct {
		const char *name;
		uint16_t type, port;
		bool raced;
	} rows[] = {{"www.example.org", 1, 53, true}, {"WWW.Example.org", 28, 53, true},
		{"www.example.org", 16, 53, false}, {"a.www.example.org", 1, 53, false},
		{"www.example.org", 1, 5353, false}};
	struct onpath *onpath = onpath_rules_open(&rules);
	struct onpath_verdict verdict;

	(void)state;
	assert_non_null(onpath);
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		struct wire_ends ends = ends_of(i % 2 ? 4 : 6, rows[i / 2].port);
		struct wire asked = wire_question(rows[i / 2].name, rows[i / 2].type);
		struct wire wire = wire_udp(&ends, false, asked.bytes, asked.n);

		onpath_rules_judge(&verdict, onpath, wire.bytes, wire.n, false, 0);
		assert_true(verdict.pass);
		assert_int_equal(verdict.hold_ns, rows[i / 2].raced ? 50 * MS : 0);
		assert_int_equal(verdict.forged_n, rows[i / 2].raced);
		if (rows[i / 2].raced) {
			assert_true(verdict.forged[0].back);
			assert_true(wire_is_whole(
				verdict.forged[0].bytes, verdict.forged[0].n));
		}
	}
	onpath_rules_close(onpath);
}

static void
a_request_for_the_name_is_redirected_and_its_server_hears_nothing(void **state)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n";
	struct onpath_rules rules = {
		.redirect = {{"www.example.org", "http://block.example/x"}},
		.redirect_n = 1};

	(void)state;
	for (int version = 4; version <= 6; version += 2) {
		struct trial trial = begin(&rules, version, 80);
		uint32_t asked = trial.next[0] + sizeof(request) - 1;
		struct onpath_packet page, reset, end;

		assert_true(send(&trial, false, 0, request, 10));
		assert_false(
			send(&trial, false, 0, request + 10, sizeof(request) - 11));
		page = forged(&trial, 0);
		assert_true(trial.verdict.forged[0].back);
		assert_int_equal(page.seq, trial.next[1]);
		assert_int_equal(page.ack, asked);
		assert_int_equal(page.flags, ONPATH_PSH | ONPATH_ACK | ONPATH_FIN);
		assert_memory_equal(page.payload,
			"HTTP/1.1 302 Found\r\nLocation: http://block.example/x\r\n",
			54);
		/* Where the server is: the second part never reached it. */
		reset = forged(&trial, 1);
		assert_false(trial.verdict.forged[1].back);
		assert_int_equal(reset.flags, ONPATH_RST | ONPATH_ACK);
		assert_int_equal(reset.seq, asked - (sizeof(request) - 11));
		assert_false(send(&trial, true, 0, "HTTP/1.1 200 OK", 15));
		assert_int_equal(trial.verdict.forged_n, 0);
		trial.next[0] = asked; /* the client takes the page and ends */
		trial.next[1] = page.seq + (uint32_t)page.payload_bytes + 1;
		assert_false(send(&trial, false, ONPATH_FIN, "", 0));
		end = forged(&trial, 0);
		assert_int_equal(end.flags, ONPATH_ACK);
		assert_int_equal(end.ack, asked + 1);
		assert_int_equal(end.seq, trial.next[1]);
		assert_int_equal(onpath_rules_counts(trial.onpath).redirected, 3);
		onpath_rules_close(trial.onpath);
	}
}

static void
another_host_or_another_port_is_not_redirected(void **state)
{
	static const char *const requests[] = {
		"GET / HTTP/1.1\r\nHost: www.other.org\r\n\r\n",
		"GET /www.example.org HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n"};
	struct onpath_rules rules = {
		.redirect = {{"www.example.org", "http://block.example/"}},
		.redirect_n = 1};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct trial trial = begin(&rules, 4, i == 2 ? 8080 : 80);

		assert_true(send(&trial, false, 0, requests[i], strlen(requests[i])));
		assert_int_equal(trial.verdict.forged_n, 0);
		onpath_rules_close(trial.onpath);
	}
}

static void
both_ends_are_reset_after_a_hello_for_the_name(void **state)
{
	struct onpath_rules rules = {.reset = {"www.example.org"}, .reset_n = 1};
	struct trial trial = begin(&rules, 6, 443);
	struct onpath_packet client, server;

	(void)state;
	assert_true(send_hello(&trial, false, "www.example.org"));
	assert_int_equal(trial.verdict.forged_n, 2);
	client = forged(&trial, 0);
	assert_true(trial.verdict.forged[0].back);
	assert_int_equal(client.seq, trial.next[1]);
	assert_int_equal(client.flags & ONPATH_RST, ONPATH_RST);
	server = forged(&trial, 1);
	assert_int_equal(server.seq, trial.next[0]);
	assert_int_equal(server.flags & ONPATH_RST, ONPATH_RST);
	onpath_rules_close(trial.onpath);
}

static void
quic_and_what_cannot_be_read_pass_under_every_rule(void **state)
{
	struct onpath_rules rules = {.drop_hello = true,
		.police = {{"o", 1, 1}},
		.police_n = 1,
		.freeze_bytes = 1,
		.all_but = true,
		.redirect = {{"www.example.org", "http://block.example/"}},
		.redirect_n = 1};
	struct wire hello = wire_hello("www.example.org", 1100);
	struct onpath *onpath = onpath_rules_open(&rules);
	struct onpath_verdict verdict;

	(void)state;
	assert_non_null(onpath);
	for (int i = 0; i < 40; i++) {
		struct wire_ends ends = ends_of(i % 4 < 2 ? 4 : 6, 443);
		struct wire wire = wire_udp(&ends, i % 2, hello.bytes, hello.n);

		onpath_rules_judge(&verdict, onpath, wire.bytes, wire.n, i % 2, i);
		assert_true(verdict.pass && verdict.forged_n == 0);
		onpath_rules_judge(&verdict, onpath, wire.bytes, (size_t)i, false, i);
		assert_true(verdict.pass && verdict.forged_n == 0);
	}
	onpath_rules_close(onpath);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_rules_everything_passes),
		cmocka_unit_test(
			a_hello_without_a_listed_name_ends_the_connection_both_ways),
		cmocka_unit_test(a_hello_in_two_segments_is_dropped_with_the_second),
		cmocka_unit_test(
			a_hello_that_is_too_long_to_be_read_has_no_listed_name),
		cmocka_unit_test(a_new_syn_on_the_same_ports_begins_anew),
		cmocka_unit_test(
			a_connection_that_goes_on_is_known_among_any_number_of_others),
		cmocka_unit_test(a_name_that_contains_the_part_is_metered_both_ways),
		cmocka_unit_test(the_same_address_under_another_name_is_not_metered),
		cmocka_unit_test(
			a_connection_abroad_freezes_after_its_bytes_and_no_other_does),
		cmocka_unit_test(
			a_question_for_the_name_is_answered_at_once_and_goes_on_later),
		cmocka_unit_test(
			a_request_for_the_name_is_redirected_and_its_server_hears_nothing),
		cmocka_unit_test(another_host_or_another_port_is_not_redirected),
		cmocka_unit_test(both_ends_are_reset_after_a_hello_for_the_name),
		cmocka_unit_test(quic_and_what_cannot_be_read_pass_under_every_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
