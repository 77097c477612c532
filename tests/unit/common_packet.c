/* Frames of every link that is captured on, whole, cut short, and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/packet.h"
#include "tests/unit/frames.h"

static const struct {
	enum packet_link link;
	const char *head4, *head6;
	size_t n;
} links[] = {
	{PACKET_ETHERNET, "\0\0\0\0\0\0\0\0\0\0\0\0\x08\x00",
		"\0\0\0\0\0\0\0\0\0\0\0\0\x86\xdd", 14},
	{PACKET_ETHERNET, "\0\0\0\0\0\0\0\0\0\0\0\0\x88\xa8\0\1\x81\x00\0\2\x08\x00",
		"\0\0\0\0\0\0\0\0\0\0\0\0\x88\xa8\0\1\x81\x00\0\2\x86\xdd", 22},
	{PACKET_COOKED, "\0\0\0\1\0\6\0\0\0\0\0\0\0\0\x08\x00",
		"\0\0\0\1\0\6\0\0\0\0\0\0\0\0\x86\xdd", 16},
	{PACKET_COOKED2, "\x08\x00\0\0\0\0\0\2\0\1\0\6\0\0\0\0\0\0\0\0",
		"\x86\xdd\0\0\0\0\0\2\0\1\0\6\0\0\0\0\0\0\0\0", 20},
	{PACKET_RAW, "", "", 0},
	{PACKET_NULL, "\2\0\0\0", "\0\0\0\x1e", 4},
	{PACKET_PPP, "\xff\x03\x00\x21", "\xff\x03\x00\x57", 4},
	{PACKET_PPP, "\x00\x21", "\x00\x57", 2},
};
#define LINKS (sizeof links / sizeof links[0])

static void
every_link_leads_to_the_segment(void **state)
{
	(void)state;
	for (size_t i = 0; i < LINKS; i++) {
		struct frame four = {.n = 0}, six = {.n = 0};
		struct packet p;

		frame_add(&four, links[i].head4, links[i].n);
		frame_add_ip4(&four, 0x11223344, FLOW_ACK, 1000);
		assert_true(packet_read(
			&p, links[i].link, four.bytes, four.n, four.n + 1000));
		assert_int_equal(p.version, 4);
		assert_memory_equal(p.from.address, "\xc6\x33\x64\x07", 4);
		assert_int_equal(p.from.port, 443);
		assert_int_equal(p.to.port, 5000);
		assert_int_equal(p.tcp.seq, 0x11223344);
		assert_int_equal(p.tcp.payload_bytes, 1000);
		assert_int_equal(p.tcp.head_bytes, 64);
		assert_int_equal(p.tcp.ip_id, 0x1234);
		assert_int_equal(p.tcp.hops, 57);
		frame_add(&six, links[i].head6, links[i].n);
		frame_add_ip6(&six, 9, FLOW_SYN, 50);
		assert_true(
			packet_read(&p, links[i].link, six.bytes, six.n, six.n + 50));
		assert_int_equal(p.version, 6);
		assert_int_equal(p.to.address[15], 9);
		assert_int_equal(p.tcp.payload_bytes, 50);
		assert_int_equal(p.tcp.hops, 58);
		assert_int_equal(p.tcp.head_bytes, 68);
		assert_false(p.tcp.has_id);
	}
}

static void
options_are_read(void **state)
{
	struct frame f = {.n = 0};
	struct packet p;

	(void)state;
	frame_add_ip4(&f, 1, FLOW_SYN, 0);
	assert_true(packet_read(&p, PACKET_RAW, f.bytes, f.n, f.n));
	assert_int_equal(p.tcp.mss, 1460);
	assert_true(p.tcp.has_ts);
	assert_int_equal(p.tcp.ts_value, 0x01020304);
	assert_int_equal(p.tcp.ts_echo, 0x05060708);
	assert_int_equal(p.tcp.sacks_n, 1);
	assert_int_equal(p.tcp.sacks[0][0], 0x1000);
	assert_int_equal(p.tcp.sacks[0][1], 0x2000);
}

/* A short snap length still gives the sequence range, and the options that are whole. */
static void
what_was_cut_off_is_left_out(void **state)
{
	struct frame f = {.n = 0};
	struct packet p;

	(void)state;
	frame_add_ip4(&f, 5, FLOW_ACK, 1448);
	for (size_t n = 0; n <= f.n; n++) {
		bool read = packet_read(&p, PACKET_RAW, f.bytes, n, f.n + 1448);

		assert_int_equal(read, n >= 34);
		if (!read)
			continue;
		assert_int_equal(p.tcp.payload_bytes, 1448);
		assert_int_equal(p.tcp.mss, n >= 44 ? 1460 : 0);
		assert_int_equal(p.tcp.has_ts, n >= 54);
		assert_int_equal(p.tcp.sacks_n, n >= 64);
	}
}

/* Segmentation left to the card: no length in the header yet. */
static void
an_unwritten_length_is_that_of_the_frame(void **state)
{
	struct frame f = {.n = 0};
	struct packet p;

	(void)state;
	frame_add_ip4(&f, 5, FLOW_ACK, 0);
	f.bytes[2] = f.bytes[3] = 0;
	assert_true(packet_read(&p, PACKET_RAW, f.bytes, f.n, 60064));
	assert_int_equal(p.tcp.payload_bytes, 60000);
	assert_false(packet_read(&p, PACKET_RAW, f.bytes, f.n, 1 << 30));
}

static void
what_is_no_segment_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {
		{0, 0x55}, /* version */
		{0, 0x44}, /* IPv4 header of 16 bytes */
		{2, 0x00}, /* shorter than its own headers: 0x0028 */
		{6, 0x20}, /* more fragments */
		{7, 0x01}, /* a later fragment */
		{9, 0x11}, /* UDP */
		{32, 0x40}, /* TCP header of 16 bytes */
	};
	struct frame f = {.n = 0};
	struct packet p;

	(void)state;
	frame_add_ip4(&f, 5, FLOW_ACK, 0);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct frame g = f;

		g.bytes[wrong[i].at] = wrong[i].value;
		if (wrong[i].at == 2)
			g.bytes[3] = 40;
		assert_false(packet_read(&p, PACKET_RAW, g.bytes, g.n, g.n));
	}
	assert_true(packet_read(&p, PACKET_RAW, f.bytes, f.n, f.n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_link_leads_to_the_segment),
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(what_was_cut_off_is_left_out),
		cmocka_unit_test(an_unwritten_length_is_that_of_the_frame),
		cmocka_unit_test(what_is_no_segment_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
