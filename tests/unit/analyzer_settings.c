#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/steps.h"
#include "common/conf.h"
#include "common/file.h"

static void
the_shipped_file_is_what_print_config_prints(void **state)
{
	struct settings settings = {0};
	struct buf shipped = {0};
	char *printed = NULL;
	size_t n, size = 0;
	const struct setting *rows = settings_rows(&n);
	FILE *out = open_memstream(&printed, &size);

	(void)state;
	conf_presets(&settings, rows, n);
	conf_print(out, &settings, rows, n);
	fclose(out);
	assert_int_equal(
		file_read(&shipped, SOURCE_DIR "/config/analyzer.conf", 65536), OK);
	assert_string_equal(shipped.data, printed);
	buf_free(&shipped);
	free(printed);
}

static void
the_shipped_file_reads_back_as_the_presets(void **state)
{
	struct settings presets = {0}, read = {0};
	size_t n;
	const struct setting *rows = settings_rows(&n);

	(void)state;
	conf_presets(&presets, rows, n);
	memset(&read, 0, sizeof read);
	assert_int_equal(
		conf_read(&read, rows, n, SOURCE_DIR "/config/analyzer.conf"), OK);
	assert_int_equal(read.window_us, presets.window_us);
	assert_int_equal(read.day_segments, presets.day_segments);
	assert_string_equal(read.ingest, presets.ingest);
	assert_string_equal(read.pages, presets.pages);
	assert_true(presets.window_us > 0 && presets.request_us > 0);
}

static void
refuses(const char *text)
{
	struct settings settings = {0};
	char path[] = "/tmp/analyzer_settings.XXXXXX";
	size_t n;
	const struct setting *rows = settings_rows(&n);
	int fd = mkstemp(path);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	conf_presets(&settings, rows, n);
	assert_int_equal(conf_read(&settings, rows, n, path), ERR_CONFIG);
	unlink(path);
}

static void
an_unknown_setting_and_one_out_of_range_are_refused(void **state)
{
	(void)state;
	refuses("wimdow = 15min\n");
	refuses("window = 15 parsecs\n");
	refuses("window = 1us\n");
	refuses("time_scale = 0\n");
	refuses("day_segments = many\n");
}

static void
a_reference_too_short_for_its_windows_is_refused(void **state)
{
	struct settings settings = {.window_us = 15, .reference_us = 59};

	(void)state;
	assert_int_equal(settings_check(&settings, "analyzer.conf"), ERR_CONFIG);
	settings.reference_us = 60;
	assert_int_equal(settings_check(&settings, "analyzer.conf"), OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shipped_file_is_what_print_config_prints),
		cmocka_unit_test(the_shipped_file_reads_back_as_the_presets),
		cmocka_unit_test(an_unknown_setting_and_one_out_of_range_are_refused),
		cmocka_unit_test(a_reference_too_short_for_its_windows_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
