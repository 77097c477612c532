#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "common/squeeze.h"

static void
fill(struct buf *text, size_t n)
{
	for (size_t i = 0; text->len < n; i++)
		buf_printf(text, "{\"check\":\"ping\",\"rtt_us\":%zu}\n", i * 7919);
	text->len = n;
}

static void
what_is_packed_is_opened_again_and_smaller_meanwhile(void **state)
{
	static const size_t sizes[] = {0, 1, 1000, 16384};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct buf text = {0}, packed = {0}, again = {0};

		fill(&text, sizes[i]);
		squeeze_pack(&packed, buf_span(&text));
		assert_true(squeeze_open(&again, buf_span(&packed), sizes[i]));
		assert_int_equal(again.len, text.len);
		if (text.len > 0)
			assert_memory_equal(again.data, text.data, text.len);
		if (sizes[i] >= 1000)
			assert_true(packed.len < text.len / 2);
		buf_free(&text);
		buf_free(&packed);
		buf_free(&again);
	}
}

static void
a_byte_too_many_a_piece_too_few_and_a_tail_are_refused(void **state)
{
	struct buf text = {0}, packed = {0}, out = {0};

	(void)state;
	fill(&text, 5000);
	squeeze_pack(&packed, buf_span(&text));
	buf_puts(&out, "before");
	assert_false(squeeze_open(&out, buf_span(&packed), 4999));
	for (size_t n = 0; n < packed.len; n++)
		assert_false(squeeze_open(&out, (struct span){packed.data, n}, 5000));
	buf_puts(&packed, "x");
	assert_false(squeeze_open(&out, buf_span(&packed), 5000));
	assert_false(squeeze_open(&out, buf_span(&text), 5000));
	assert_int_equal(out.len, 6);
	buf_free(&text);
	buf_free(&packed);
	buf_free(&out);
}

static void
a_bomb_is_no_more_than_it_may_be(void **state)
{
	struct buf zeroes = {0}, packed = {0}, out = {0};
	static const char block[4096];

	(void)state;
	for (int i = 0; i < 4096; i++)
		buf_add(&zeroes, block, sizeof(block));
	squeeze_pack(&packed, buf_span(&zeroes));
	assert_true(packed.len < 17000);
	assert_false(squeeze_open(&out, buf_span(&packed), 16384));
	assert_int_equal(out.len, 0);
	buf_free(&zeroes);
	buf_free(&packed);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_is_opened_again_and_smaller_meanwhile),
		cmocka_unit_test(
			a_byte_too_many_a_piece_too_few_and_a_tail_are_refused),
		cmocka_unit_test(a_bomb_is_no_more_than_it_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
