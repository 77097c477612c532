#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "common/invite.h"

static const char text[] =
	"faultline/invite\n"
	"code 00112233445566778899aabbccddeeff\n"
	"endpoint https://[2001:db8::1]:8443\n"
	"pin sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	"key 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
	"role field\n";

static enum err
parse(struct invite *invite, const char *bytes, const char **why)
{
	return invite_parse(invite, (struct span){bytes, strlen(bytes)}, why);
}

static void
both_forms_say_the_same(void **state)
{
	struct invite a, b;
	struct buf code = {0}, again = {0};

	(void)state;
	assert_int_equal(parse(&a, text, NULL), OK);
	assert_string_equal(a.endpoint, "https://[2001:db8::1]:8443");
	assert_int_equal(a.key[31], 0x1f);
	invite_write_code(&code, &a);
	assert_memory_equal(code.data, "fl1-", 4);
	assert_null(strpbrk(code.data, "+/=\n"));
	buf_puts(&code, "\n");
	assert_int_equal(parse(&b, code.data, NULL), OK);
	assert_memory_equal(&a, &b, sizeof(a));
	invite_write(&again, &b);
	assert_string_equal(again.data, text);
	buf_free(&code);
	buf_free(&again);
}

static void
every_change_of_a_line_is_named(void **state)
{
	static const char *const changes[][2] = {
		{"faultline/invite", "faultline/invitf"},
		{"00112233", "0011223"},
		{"00112233", "0011223G"},
		{"https://", "http://"},
		{"sha256//", "sha1//"},
		{"000102", "00010"},
		{"role field", "role fields"},
		{"role field\n", "role field\nmore x\n"},
		{"code ", "kode "},
		{"endpoint https", "endpoint  https"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct buf bytes = {0};
		struct invite invite;
		const char *why = NULL, *at = strstr(text, changes[i][0]);

		buf_add(&bytes, text, (size_t)(at - text));
		buf_puts(&bytes, changes[i][1]);
		buf_puts(&bytes, at + strlen(changes[i][0]));
		assert_int_equal(parse(&invite, bytes.data, &why), ERR_FORMAT);
		assert_non_null(why);
		buf_free(&bytes);
	}
}

static void
a_code_that_was_cut_is_refused(void **state)
{
	struct invite invite;
	struct buf code = {0};

	(void)state;
	assert_int_equal(parse(&invite, text, NULL), OK);
	invite_write_code(&code, &invite);
	for (size_t n = 0; n < code.len; n++)
		assert_int_equal(
			invite_parse(&invite, (struct span){code.data, n}, NULL),
			ERR_FORMAT);
	buf_free(&code);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms_say_the_same),
		cmocka_unit_test(every_change_of_a_line_is_named),
		cmocka_unit_test(a_code_that_was_cut_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
