#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lab/onpath_forge.h"
#include "tests/unit/wire.h"

static const struct wire_ends ends[] = {
	{4, {192, 0, 2, 1}, {198, 51, 100, 7}, 40000, 443},
	{6, {0x20, 1, 0xd, 0xb8, 1}, {0x20, 1, 0xd, 0xb8, 2}, 40001, 443},
};

static void
ports_numbers_and_payload_of_either_family_are_read(void **state)
{
	struct wire_segment segment = {.flags = ONPATH_ACK,
		.seq = 0xfffffff0,
		.ack = 7,
		.payload = "abc",
		.n = 3};
	struct onpath_packet packet;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct wire tcp = wire_tcp(&ends[i], &segment);
		struct wire udp = wire_udp(&ends[i], true, "defg", 4);

		assert_true(onpath_packet_read(&packet, tcp.bytes, tcp.n));
		assert_int_equal(packet.version, ends[i].version);
		assert_int_equal(packet.protocol, ONPATH_TCP);
		assert_int_equal(packet.from_port, ends[i].left_port);
		assert_int_equal(packet.to_port, 443);
		assert_int_equal(packet.seq, 0xfffffff0);
		assert_int_equal(packet.ack, 7);
		assert_int_equal(packet.flags, ONPATH_ACK);
		assert_int_equal(packet.payload_bytes, 3);
		assert_memory_equal(packet.payload, "abc", 3);
		assert_memory_equal(packet.from, ends[i].left, packet.address_bytes);
		assert_true(onpath_packet_read(&packet, udp.bytes, udp.n));
		assert_int_equal(packet.protocol, ONPATH_UDP);
		assert_int_equal(packet.from_port, 443);
		assert_memory_equal(packet.payload, "defg", 4);
		assert_memory_equal(packet.from, ends[i].right, packet.address_bytes);
	}
}

static void
what_is_cut_fragmented_or_neither_tcp_nor_udp_is_not_seen(void **state)
{
	struct wire_segment segment = {.payload = "abcdef", .n = 6};
	struct onpath_packet packet;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct wire whole = wire_tcp(&ends[i], &segment), wire = whole;

		for (size_t n = 0; n < whole.n; n++)
			assert_false(onpath_packet_read(&packet, whole.bytes, n));
		wire.bytes[i == 0 ? 9 : 6] = 1; /* ICMP; hop-by-hop options for v6 */
		assert_false(onpath_packet_read(&packet, wire.bytes, wire.n));
		wire = whole;
		wire.bytes[(i == 0 ? 20 : 40) + 12] = 0xf0; /* a longer header */
		assert_false(onpath_packet_read(&packet, wire.bytes, wire.n));
		wire.bytes[(i == 0 ? 20 : 40) + 12] = 0x40; /* one too short */
		assert_false(onpath_packet_read(&packet, wire.bytes, wire.n));
		wire = wire_udp(&ends[i], false, "ab", 2);
		wire.bytes[(i == 0 ? 20 : 40) + 5] = 7;
		assert_false(onpath_packet_read(&packet, wire.bytes, wire.n));
		wire = whole;
		/* More fragments; fragment header. */
		wire.bytes[6] = i == 0 ? 0x20 : 44;
		assert_false(onpath_packet_read(&packet, wire.bytes, wire.n));
	}
}

static void
the_name_of_a_client_hello_is_found_however_it_is_cut(void **state)
{
	struct wire hello = wire_hello("WWW.Example.org", 100);
	char name[ONPATH_NAME_BYTES];

	(void)state;
	for (size_t n = 0; n < hello.n; n++) {
		assert_int_equal(
			onpath_packet_hello(name, hello.bytes, n), ONPATH_PART);
		assert_string_equal(name, "");
	}
	assert_int_equal(onpath_packet_hello(name, hello.bytes, hello.n), ONPATH_WHOLE);
	assert_string_equal(name, "www.example.org");
	hello = wire_hello(NULL, 3);
	assert_int_equal(onpath_packet_hello(name, hello.bytes, hello.n), ONPATH_WHOLE);
	assert_string_equal(name, "");
}

static void
a_client_hello_may_be_spread_over_records(void **state)
{
	struct wire hello = wire_hello("www.example.org", 20), spread = {.n = 0};
	char name[ONPATH_NAME_BYTES];

	(void)state;
	for (size_t at = 5; at < hello.n; at += 7) {
		size_t n = hello.n - at < 7 ? hello.n - at : 7;

		wire_add(&spread, "\x16\x03\x01", 3);
		wire_add_number(&spread, n, 2);
		wire_add(&spread, hello.bytes + at, n);
	}
	assert_int_equal(
		onpath_packet_hello(name, spread.bytes, spread.n), ONPATH_WHOLE);
	assert_string_equal(name, "www.example.org");
	assert_int_equal(
		onpath_packet_hello(name, spread.bytes, spread.n - 1), ONPATH_PART);
}

static void
what_is_no_client_hello_is_told_at_once(void **state)
{
	struct wire hello = wire_hello("www.example.org", 0);
	char name[ONPATH_NAME_BYTES];

	(void)state;
	hello.bytes[5] = 2; /* a ServerHello */
	assert_int_equal(onpath_packet_hello(name, hello.bytes, 6), ONPATH_OTHER);
	hello.bytes[0] = 23; /* data of the application */
	assert_int_equal(onpath_packet_hello(name, hello.bytes, 1), ONPATH_OTHER);
	assert_int_equal(
		onpath_packet_hello(name, (const uint8_t *)"GET /", 5), ONPATH_OTHER);
	hello = wire_hello("bad name", 0);
	assert_int_equal(onpath_packet_hello(name, hello.bytes, hello.n), ONPATH_WHOLE);
	assert_string_equal(name, "");
}

static void
the_host_of_a_request_is_found_without_its_port(void **state)
{
	static const struct {
		const char *text, *name;
		enum onpath_head head;
	} rows[] = {
		{"GET / HTTP/1.1\r\nHost: WWW.example.org\r\n\r\n", "www.example.org",
			ONPATH_WHOLE},
		{"POST /x HTTP/1.1\r\nA: b\r\nhost:a.b:8080\r\n\r\n", "a.b",
			ONPATH_WHOLE},
		{"GET / HTTP/1.0\n\n", "", ONPATH_WHOLE},
		{"GET / HTTP/1.1\r\nHost: www.example.org\r\n", "www.example.org",
			ONPATH_PART},
		{"GET / HTTP/1.1\r\nHos", "", ONPATH_PART},
		{"GE", "", ONPATH_PART},
		{"get / HTTP/1.1\r\n\r\n", "", ONPATH_OTHER},
		{"HTTP/1.1 200 OK\r\nHost: a\r\n\r\n", "", ONPATH_OTHER},
		{"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "", ONPATH_OTHER},
	};
	char name[ONPATH_NAME_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
			onpath_packet_request(name, (const uint8_t *)rows[i].text,
				strlen(rows[i].text)),
			rows[i].head);
		assert_string_equal(name, rows[i].name);
	}
}

static void
a_question_is_read_and_an_answer_or_an_odd_one_is_not(void **state)
{
	struct wire good = wire_question("WWW.example.org", 28), wire = good;
	struct onpath_question question;

	(void)state;
	assert_true(onpath_packet_question(&question, good.bytes, good.n));
	assert_string_equal(question.name, "www.example.org");
	assert_int_equal(question.type, 28);
	assert_int_equal(question.bytes, good.n);
	wire_add(&wire, "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00", 11); /* EDNS */
	wire.bytes[11] = 1;
	assert_true(onpath_packet_question(&question, wire.bytes, wire.n));
	assert_int_equal(question.bytes, good.n);
	for (size_t n = 0; n < good.n; n++)
		assert_false(onpath_packet_question(&question, good.bytes, n));
	wire = good;
	wire.bytes[2] |= 0x80; /* an answer */
	assert_false(onpath_packet_question(&question, wire.bytes, wire.n));
	wire = good;
	wire.bytes[12] = 0xc0; /* a pointer where a name begins */
	assert_false(onpath_packet_question(&question, wire.bytes, wire.n));
	wire = good;
	wire.bytes[good.n - 1] = 3; /* class CHAOS */
	assert_false(onpath_packet_question(&question, wire.bytes, wire.n));
}

static void
a_forged_answer_is_whole_and_in_the_servers_name(void **state)
{
	static const uint8_t address[16] = {203, 0, 113, 9, 1, 2, 3, 4};
	uint8_t out[ONPATH_FORGE_BYTES];
	struct onpath_packet asked, told;
	struct onpath_question question;

	(void)state;
	for (int i = 0; i < 4; i++) {
		bool six = i % 2;
		struct wire wire = wire_question("www.example.org", six ? 28 : 1);
		struct wire packet = wire_udp(&ends[i / 2], false, wire.bytes, wire.n);
		size_t n;

		assert_true(onpath_packet_read(&asked, packet.bytes, packet.n));
		assert_true(onpath_packet_question(
			&question, asked.payload, asked.payload_bytes));
		n = onpath_forge_answer(out, &asked, &question, address, six ? 16 : 4);
		assert_true(wire_is_whole(out, n));
		assert_true(onpath_packet_read(&told, out, n));
		assert_memory_equal(told.from, asked.to, asked.address_bytes);
		assert_memory_equal(told.to, asked.from, asked.address_bytes);
		assert_int_equal(told.from_port, asked.to_port);
		assert_int_equal(told.to_port, asked.from_port);
		/* NOERROR, recursion wanted and available, one answer. */
		assert_memory_equal(told.payload,
			"\xab\xcd\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00", 12);
		assert_memory_equal(told.payload + 12, wire.bytes + 12, wire.n - 12);
		assert_memory_equal(told.payload + wire.n, "\xc0\x0c\x00", 3);
		assert_int_equal(told.payload[wire.n + 3], six ? 28 : 1);
		assert_int_equal(told.payload[wire.n + 11], six ? 16 : 4);
		assert_memory_equal(told.payload + told.payload_bytes - (six ? 16 : 4),
			address, six ? 16 : 4);
	}
}

static void
a_forged_segment_is_whole_and_in_either_ends_name(void **state)
{
	struct wire_segment seen = {.seq = 100, .ack = 900, .payload = "x", .n = 1};
	uint8_t out[ONPATH_FORGE_BYTES];
	struct onpath_packet packet, told;

	(void)state;
	for (int i = 0; i < 8; i++) {
		struct wire wire = wire_tcp(&ends[i % 2], &seen);
		struct onpath_segment segment = {.back = i & 2,
			.flags = ONPATH_RST | ONPATH_ACK,
			.seq = 0xfffffffe,
			.ack = 101,
			.payload = "odd",
			.payload_bytes = i & 4 ? 3 : 0};
		size_t n;

		assert_true(onpath_packet_read(&packet, wire.bytes, wire.n));
		n = onpath_forge_segment(out, &packet, &segment);
		assert_true(wire_is_whole(out, n));
		assert_true(onpath_packet_read(&told, out, n));
		assert_memory_equal(told.from, segment.back ? packet.to : packet.from,
			packet.address_bytes);
		assert_int_equal(
			told.to_port, segment.back ? packet.from_port : packet.to_port);
		assert_int_equal(told.seq, 0xfffffffe);
		assert_int_equal(told.ack, 101);
		assert_int_equal(told.flags, ONPATH_RST | ONPATH_ACK);
		assert_int_equal(told.payload_bytes, segment.payload_bytes);
	}
}

static void
a_forged_packet_that_would_be_too_long_is_none(void **state)
{
	static const uint8_t much[ONPATH_FORGE_BYTES];
	struct wire_segment seen = {.payload = "x", .n = 1};
	struct wire wire = wire_tcp(&ends[0], &seen);
	struct onpath_segment segment = {.payload = much};
	uint8_t out[ONPATH_FORGE_BYTES];
	struct onpath_packet packet;

	(void)state;
	assert_true(onpath_packet_read(&packet, wire.bytes, wire.n));
	segment.payload_bytes = sizeof(much) - 40;
	assert_int_equal(
		onpath_forge_segment(out, &packet, &segment), ONPATH_FORGE_BYTES);
	segment.payload_bytes++;
	assert_int_equal(onpath_forge_segment(out, &packet, &segment), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_numbers_and_payload_of_either_family_are_read),
		cmocka_unit_test(
			what_is_cut_fragmented_or_neither_tcp_nor_udp_is_not_seen),
		cmocka_unit_test(the_name_of_a_client_hello_is_found_however_it_is_cut),
		cmocka_unit_test(a_client_hello_may_be_spread_over_records),
		cmocka_unit_test(what_is_no_client_hello_is_told_at_once),
		cmocka_unit_test(the_host_of_a_request_is_found_without_its_port),
		cmocka_unit_test(a_question_is_read_and_an_answer_or_an_odd_one_is_not),
		cmocka_unit_test(a_forged_answer_is_whole_and_in_the_servers_name),
		cmocka_unit_test(a_forged_segment_is_whole_and_in_either_ends_name),
		cmocka_unit_test(a_forged_packet_that_would_be_too_long_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
