#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/keys.h"

/* Writes the head anew with another origin, and the sum that belongs to it. */
static void
origin_set(const char *path, const char *name, int64_t us)
{
	struct buf old = {0}, new = {0};
	char hex[HASH_HEX_BYTES];
	uint8_t sum[HASH_BYTES];
	struct span rest, line;

	assert_int_equal(file_read(&old, path, 4096), OK);
	rest = buf_span(&old);
	while (span_line(&line, &rest)) {
		if (line.len > strlen(name) && !memcmp(line.at, name, strlen(name)))
			buf_printf(&new, "%s%" PRId64 "\n", name, us);
		else if (rest.len)
			buf_printf(&new, "%.*s\n", (int)line.len, line.at);
	}
	crypto_sha256(sum, new.data, new.len);
	crypto_hex(hex, sum, sizeof sum);
	buf_printf(&new, "sha256 %s\n", hex);
	assert_int_equal(file_write(path, new.data, new.len), OK);
	buf_free(&old);
	buf_free(&new);
}

static void
an_origin_ahead_of_the_clock_is_of_another_boot(void **state)
{
	static const char *const names[] = {"boot_origin_us ", "raw_origin_us "};
	char dir[] = "/tmp/keys-test.XXXXXX", path[64];
	struct keys *keys;
	uint32_t i;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/keys", dir);
	assert_int_equal(keys_create(dir), OK);
	for (i = 0; i < 2; i++) {
		int64_t ahead_us = clock_boot_us() + clock_raw_us() + 3600000000;

		origin_set(path, names[i], ahead_us);
		assert_int_equal(keys_open(&keys, dir), OK);
		assert_int_equal(keys_boot(keys), i + 1);
		assert_true(keys_boot_origin_us(keys) <= clock_boot_us());
		assert_true(keys_raw_origin_us(keys) <= clock_raw_us());
		keys_close(keys);
	}
	/* An origin in the past is what every later start of a boot sees. */
	origin_set(path, names[0], 0);
	assert_int_equal(keys_open(&keys, dir), OK);
	assert_int_equal(keys_boot(keys), 2);
	assert_int_equal(keys_boot_origin_us(keys), 0);
	keys_close(keys);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_origin_ahead_of_the_clock_is_of_another_boot),
	};

	return cmocka_run_group_tests_name("keys and clocks", tests, NULL, NULL);
}
