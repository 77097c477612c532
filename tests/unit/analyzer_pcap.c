/* Captures become connections; what is no capture, or ends too soon, is a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analyzer/exchange/pcap.h"
#include "tests/unit/frames.h"

struct capture {
	uint8_t bytes[65536];
	size_t n;
};

static void
add32(struct capture *c, uint32_t number)
{
	memcpy(c->bytes + c->n, &number, sizeof number);
	c->n += sizeof number;
}

static void
begin(struct capture *c, uint32_t link)
{
	c->n = 0;
	add32(c, 0xa1b2c3d4);
	add32(c, 4u << 16 | 2);
	add32(c, 0);
	add32(c, 0);
	add32(c, 262144);
	add32(c, link);
}

static void
add(struct capture *c, uint32_t at_us, const struct frame *f, uint32_t wire)
{
	add32(c, 1000 + at_us / 1000000);
	add32(c, at_us % 1000000);
	add32(c, (uint32_t)f->n);
	add32(c, wire);
	memcpy(c->bytes + c->n, f->bytes, f->n);
	c->n += f->n;
}

static enum err
take(struct pcap_flows *flows, struct capture *c, const char **why)
{
	static char room[PCAP_WHY_BYTES];
	FILE *file = fmemopen(c->bytes, c->n, "rb");

	assert_non_null(file);
	return pcap_flows_read(flows, file, room, why);
}

/* One of the other version beside them is a connection of its own. */
static void
versions_are_kept_apart(void **state)
{
	struct pcap_flows flows;
	struct frame f = {.n = 0};
	struct capture c;
	const char *why;

	(void)state;
	begin(&c, 101);
	frame_add_ip4(&f, 1, FLOW_ACK, 9);
	add(&c, 1, &f, (uint32_t)f.n + 9);
	f.n = 0;
	frame_add_ip6(&f, 1, FLOW_ACK, 9);
	add(&c, 2, &f, (uint32_t)f.n + 9);
	assert_int_equal(take(&flows, &c, &why), OK);
	assert_int_equal(flows.n, 2);
	assert_int_equal(flows.flows[1].version, 6);
	pcap_flows_free(&flows);
}

static void
data(struct frame *f, uint32_t seq, uint8_t flags, uint16_t payload)
{
	f->n = 0;
	frame_add_ip4(f, seq, flags, payload);
}

/* The way back. */
static void
answer(struct frame *f, uint32_t seq, uint8_t flags)
{
	uint8_t kept[4];

	data(f, seq, flags, 0);
	memcpy(kept, f->bytes + 12, 4);
	memmove(f->bytes + 12, f->bytes + 16, 4);
	memcpy(f->bytes + 16, kept, 4);
	memcpy(kept, f->bytes + 20, 2);
	memmove(f->bytes + 20, f->bytes + 22, 2);
	memcpy(f->bytes + 22, kept, 2);
}

static void
packets_of_both_ways_are_one_connection(void **state)
{
	struct pcap_flows flows;
	struct capture c;
	struct frame f;
	const char *why;

	(void)state;
	begin(&c, 101);
	data(&f, 1, FLOW_SYN, 0);
	add(&c, 5, &f, 64);
	answer(&f, 9, FLOW_SYN | FLOW_ACK);
	add(&c, 100005, &f, 64);
	data(&f, 2, FLOW_ACK, 1448);
	add(&c, 100100, &f, 1512);
	data(&f, 1450, FLOW_ACK, 10); /* from before: a clock that was set */
	add(&c, 90000, &f, 74);
	assert_int_equal(take(&flows, &c, &why), OK);
	assert_null(why);
	assert_int_equal(flows.n, 1);
	assert_int_equal(flows.flows[0].n, 4);
	assert_true(flows.flows[0].packets[0].from_first);
	assert_false(flows.flows[0].packets[1].from_first);
	assert_int_equal(flows.flows[0].packets[2].payload_bytes, 1448);
	assert_int_equal(flows.flows[0].packets[3].time_us, 1000100100);
	assert_int_equal(flows.until_us, 1000100100);
	pcap_flows_free(&flows);
}

static void
the_same_ends_may_meet_again(void **state)
{
	struct pcap_flows flows;
	struct capture c;
	struct frame f;
	const char *why;

	(void)state;
	begin(&c, 101);
	data(&f, 1, FLOW_SYN, 0);
	add(&c, 5, &f, 64);
	add(&c, 1005, &f, 64); /* the same once more: no answer had come */
	data(&f, 70001, FLOW_SYN, 0);
	add(&c, 2005, &f, 64);
	data(&f, 70002, FLOW_ACK, 5);
	add(&c, 3005, &f, 69);
	assert_int_equal(take(&flows, &c, &why), OK);
	assert_int_equal(flows.n, 2);
	assert_int_equal(flows.flows[0].n, 2);
	assert_int_equal(flows.flows[1].n, 2);
	pcap_flows_free(&flows);
}

static void
a_capture_that_breaks_off_is_told_and_used(void **state)
{
	struct pcap_flows flows;
	struct capture c;
	struct frame f;
	const char *why;

	(void)state;
	begin(&c, 101);
	data(&f, 2, FLOW_ACK, 100);
	add(&c, 1, &f, 164);
	add(&c, 2, &f, 164);
	c.n -= 10;
	assert_int_equal(take(&flows, &c, &why), OK);
	assert_non_null(why);
	assert_non_null(strstr(why, "ends before its end"));
	assert_int_equal(flows.n, 1);
	assert_int_equal(flows.flows[0].n, 1);
	pcap_flows_free(&flows);
}

static void
what_is_none_is_refused_in_a_sentence(void **state)
{
	struct pcap_flows flows;
	struct capture c;
	const char *why;

	(void)state;
	c.n = 0;
	add32(&c, 0x64636261);
	assert_int_equal(take(&flows, &c, &why), ERR_FORMAT);
	assert_non_null(strstr(why, "this is no capture"));
	pcap_flows_free(&flows);
	begin(&c, 147); /* a link for private use */
	assert_int_equal(take(&flows, &c, &why), ERR_FORMAT);
	assert_non_null(strstr(why, "not read here"));
	pcap_flows_free(&flows);
}

/* More connections than there is room for: the first ones stand, and it is said. */
static void
connections_are_bounded(void **state)
{
	struct pcap_flows flows;
	struct frame f;
	const char *why;
	char room[PCAP_WHY_BYTES], *bytes = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&bytes, &n);

	(void)state;
	for (uint32_t i = 0; i < PCAP_FLOWS_MAX + 100; i++) {
		struct capture c = {.n = 0};

		if (i == 0)
			begin(&c, 101);
		data(&f, 1, FLOW_ACK, 100);
		f.bytes[14] = (uint8_t)(i >> 8);
		f.bytes[15] = (uint8_t)i;
		add(&c, i, &f, 164);
		fwrite(c.bytes, 1, c.n, out);
	}
	fclose(out);
	assert_int_equal(
		pcap_flows_read(&flows, fmemopen(bytes, n, "rb"), room, &why), OK);
	assert_non_null(strstr(why, "more connections"));
	assert_int_equal(flows.n, PCAP_FLOWS_MAX);
	pcap_flows_free(&flows);
	free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_of_both_ways_are_one_connection),
		cmocka_unit_test(versions_are_kept_apart),
		cmocka_unit_test(the_same_ends_may_meet_again),
		cmocka_unit_test(a_capture_that_breaks_off_is_told_and_used),
		cmocka_unit_test(what_is_none_is_refused_in_a_sentence),
		cmocka_unit_test(connections_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
