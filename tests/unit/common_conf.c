#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/conf.h"

#define DAY_US INT64_C(86400000000)

struct values {
	int64_t wait_us, level, room_bytes, scale, speed_us;
	char name[16];
};

static const struct setting rows[] = {
	{"wait", SETTING_DURATION, 1000, 10 * DAY_US, "15min", NULL,
		offsetof(struct values, wait_us), 0,
		"How long to wait, in a sentence that does not fit into one line of "
		"eighty columns and so has to be continued on another."},
	{"level", SETTING_CHOICE, 0, 0, "normal", "low|normal|high",
		offsetof(struct values, level), 0, "How loud."},
	{"room", SETTING_BYTES, 0, INT64_C(1) << 40, "256KiB", NULL,
		offsetof(struct values, room_bytes), 0, "How much."},
	{"time_scale", SETTING_COUNT, 1, 1000, "1", NULL,
		offsetof(struct values, scale), 0, "How fast."},
	{"speed", SETTING_DURATION, 0, DAY_US, "0s", NULL,
		offsetof(struct values, speed_us), 0, "Between two, or 0."},
	{"name", SETTING_TEXT, 0, 0, "", NULL, offsetof(struct values, name), 16,
		"What it is called."},
};
#define N (sizeof rows / sizeof *rows)

/* Standard error goes to a file while ${text} is read; what was said is in said[]. */
static char said[8192];

static enum err
read_text(struct values *values, const char *text)
{
	int kept = dup(STDERR_FILENO);
	FILE *file = tmpfile();
	enum err err;
	size_t n;

	assert_non_null(file);
	dup2(fileno(file), STDERR_FILENO);
	err = conf_parse(values, rows, N, (struct span){text, strlen(text)}, "x.conf");
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(file);
	n = fread(said, 1, sizeof said - 1, file);
	said[n] = '\0';
	fclose(file);
	return err;
}

static void
presets_are_what_the_rows_say(void **state)
{
	struct values v;

	(void)state;
	memset(&v, 0x55, sizeof v);
	conf_presets(&v, rows, N);
	assert_int_equal(v.wait_us, 900000000);
	assert_int_equal(v.level, 1);
	assert_int_equal(v.room_bytes, 262144);
	assert_int_equal(v.scale, 1);
	assert_int_equal(v.speed_us, 0);
	assert_string_equal(v.name, "");
}

/* Runs in a child, since it must not return. */
static void
dies(void (*what)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct rlimit none = {0, 0};

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void
take_bad_preset(void)
{
	struct setting bad = rows[0];
	struct values v;

	bad.preset = "1us"; /* below its minimum */
	conf_presets(&v, &bad, 1);
}

static void
a_preset_that_its_own_row_refuses_is_a_bug(void **state)
{
	(void)state;
	dies(take_bad_preset);
}

static void
every_unit_is_understood(void **state)
{
	static const struct {
		const char *text;
		int64_t wait_us, room_bytes;
	} known[] = {
		{"wait=5000us", 5000, -1},
		{"wait = 500ms", 500000, -1},
		{"wait = 30s", 30000000, -1},
		{"wait = 15min", 900000000, -1},
		{"wait = 1h", INT64_C(3600000000), -1},
		{"wait\t=\t10d", 10 * DAY_US, -1},
		{"room = 3000000", -1, 3000000},
		{"room = 7B", -1, 7},
		{"room = 3kB", -1, 3000},
		{"room = 40MB", -1, 40000000},
		{"room = 2GB", -1, 2000000000},
		{"room = 3KiB", -1, 3072},
		{"room = 256MiB", -1, 268435456},
		{"room = 1024GiB", -1, INT64_C(1) << 40},
		{"room = 0", -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct values v = {.wait_us = -1, .room_bytes = -1};

		if (read_text(&v, known[i].text) != OK)
			fail_msg("%s: %s", known[i].text, said);
		assert_int_equal(v.wait_us, known[i].wait_us);
		assert_int_equal(v.room_bytes, known[i].room_bytes);
		assert_string_equal(said, "");
	}
}

static void
a_file_is_read_over_what_is_there(void **state)
{
	struct values v;

	(void)state;
	conf_presets(&v, rows, N);
	assert_int_equal(read_text(&v, "\xEF\xBB\xBF# a comment = 3\r\n\r\n"
				       "   level =   high  \r\n"
				       "name = a=b:c;d#e\r\n"
				       "time_scale=60\n"
				       "level = low"),
		OK);
	assert_int_equal(v.wait_us, 900000000);
	assert_int_equal(v.level, 0); /* the last word counts */
	assert_string_equal(v.name, "a=b:c;d#e");
	assert_int_equal(v.scale, 60);
}

static const struct {
	const char *line, *says;
} bad_lines[] = {
	{"spede = 1s", "there is no setting 'spede'"},
	{"Level = low", "there is no setting 'Level'"},
	{"= 3", "there is no setting ''"},
	{"level = loud", "'loud' for level is not one of the choices; it takes "
			 "one of low, normal, high"},
	{"level = lo", "not one of the choices"},
	{"level = low|normal", "not one of the choices"},
	{"level =", "not one of the choices"},
	{"wait = 3", "is no duration: write it like 500ms"},
	{"wait = 3 s", "is no duration"},
	{"wait = 1.5h", "is no duration"},
	{"wait = 3S", "is no duration"},
	{"wait = s", "is no number"},
	{"wait =", "is no number"},
	{"wait = -1s", "is out of range"},
	{"wait = 999us", "'999us' for wait is out of range; it takes a "
			 "duration (us, ms, "
			 "s, min, h, d) from 1ms to 10d; preset 15min"},
	{"wait = 11d", "is out of range"},
	{"wait = 200000000d", "is too large"},
	{"wait = 99999999999999999999s", "is too large"},
	{"room = 3KB", "is no size: write it like 3000000"},
	{"room = 1025GiB", "is out of range"},
	{"time_scale = 0", "is out of range; it takes a number from 1 to 1000"},
	{"time_scale = 1001", "is out of range"},
	{"time_scale = 1s", "is no whole number"},
	{"time_scale = 0x10", "is no whole number"},
	{"time_scale = +1", "is no number"},
	{"name = 1234567890123456", "is too long; it takes a text of at most 15"},
	{"name", "is not of the form 'name = value'"},
	{"name: x", "is not of the form"},
	{"name: x = y", "is not of the form"},
	{"[probe]", "begins a section"},
	{"; x", "is not of the form"},
	{"wait = 3s ; x", "holds a comment behind a setting"},
	{"wait = 3s # x", "holds a comment behind a setting"},
	{"name =;x", "holds a comment behind a setting"},
	{"name = a\001b", "holds a byte that is no text"},
	{"name = a\x7f", "holds a byte that is no text"},
};

static void
what_is_wrong_is_said_with_file_line_and_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad_lines / sizeof *bad_lines; i++) {
		char text[300];
		struct values v;

		conf_presets(&v, rows, N);
		snprintf(text, sizeof text, "# one\nlevel = low\n%s\nlevel = high\n",
			bad_lines[i].line);
		if (read_text(&v, text) != ERR_CONFIG)
			fail_msg("accepted: %s", bad_lines[i].line);
		if (strncmp(said, "x.conf:3: ", 10) != 0 ||
			!strstr(said, bad_lines[i].says))
			fail_msg("%s: %s", bad_lines[i].line, said);
		assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
		assert_int_equal(v.wait_us, 900000000);
		assert_int_equal(v.scale, 1);
	}
}

static void
an_indented_line_continues_nothing(void **state)
{
	struct values v;

	(void)state;
	conf_presets(&v, rows, N);
	assert_int_equal(
		read_text(&v, "name = a\n  level = high\n\ttime_scale = 2\n"), OK);
	assert_string_equal(v.name, "a");
	assert_int_equal(v.level, 2);
	assert_int_equal(v.scale, 2);
	assert_int_equal(read_text(&v, "name = a\n  b\n"), ERR_CONFIG);
	assert_non_null(strstr(said, "x.conf:2: "));
}

static void
a_line_of_200_bytes_is_read_and_a_longer_one_is_refused_once(void **state)
{
	char text[500] = "# ";
	struct values v;

	(void)state;
	conf_presets(&v, rows, N);
	for (size_t length = 190; length <= 400; length++) {
		bool fits = length + 1 <= 200; /* the '\n' counts */

		memset(text, ' ', sizeof text);
		memcpy(text, "level = high", 12);
		memcpy(text + length, "\nname = z\n", 11);
		/* A second setting in what inih would take for a line of its own. */
		if (!fits)
			memcpy(text + length - 8, "wait = 7", 8);
		v.level = 0;
		assert_int_equal(read_text(&v, text), fits ? OK : ERR_CONFIG);
		assert_int_equal(v.level, fits ? 2 : 0);
		assert_string_equal(v.name, "z");
		if (!fits)
			assert_string_equal(
				said, "x.conf:1: the line is longer than 200 bytes\n");
	}
}

static void
a_file_full_of_errors_is_given_up(void **state)
{
	struct buf text = {0};
	struct values v;
	int lines = 0;

	(void)state;
	conf_presets(&v, rows, N);
	for (int i = 0; i < 1000; i++)
		buf_puts(&text, "x\n");
	assert_int_equal(read_text(&v, text.data), ERR_CONFIG);
	for (const char *at = said; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, 10);
	buf_free(&text);
}

static void
what_is_printed_is_read_again(void **state)
{
	static const int64_t durations[] = {1000, 1001, 85714, 1000000, 90000000,
		INT64_C(3600000000), 5 * INT64_C(3600000000), DAY_US, 10 * DAY_US};
	static const int64_t rooms[] = {0, 1, 999, 1000, 1024, 1000000, 1048576,
		3000001, 40000000, 65536000, INT64_C(1) << 30, 1000000000};

	(void)state;
	for (size_t i = 0; i < sizeof durations / sizeof *durations; i++)
		for (size_t j = 0; j < sizeof rooms / sizeof *rooms; j++) {
			struct values v, back;
			char *text = NULL;
			size_t n = 0;
			FILE *out = open_memstream(&text, &n);

			memset(&v, 0, sizeof v);
			memset(&back, 0, sizeof back);
			v.wait_us = durations[i];
			v.room_bytes = rooms[j];
			v.level = (int64_t)(i % 3);
			v.scale = 1 + (int64_t)j;
			snprintf(v.name, sizeof v.name, "%s", j % 2 ? "wlan0" : "");
			conf_print(out, &v, rows, N);
			fclose(out);
			assert_int_equal(read_text(&back, text), OK);
			assert_memory_equal(&v, &back, sizeof v);
			free(text);
		}
}

static void
each_row_is_printed_under_its_sentence_unit_and_range(void **state)
{
	struct values v;
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	conf_presets(&v, rows, N);
	conf_print(out, &v, rows, N);
	fclose(out);
	assert_string_equal(text,
		"# How long to wait, in a sentence that does not fit into one line of "
		"eighty\n# columns and so has to be continued on another.\n"
		"# a duration (us, ms, s, min, h, d) from 1ms to 10d; preset 15min\n"
		"wait = 15min\n\n"
		"# How loud.\n# one of low, normal, high; preset normal\n"
		"level = normal\n\n"
		"# How much.\n"
		"# bytes (kB, MB, GB, KiB, MiB, GiB) from 0 to 1024GiB; preset 256KiB\n"
		"room = 256KiB\n\n"
		"# How fast.\n# a number from 1 to 1000; preset 1\ntime_scale = 1\n\n"
		"# Between two, or 0.\n"
		"# a duration (us, ms, s, min, h, d) from 0s to 1d; preset 0s\n"
		"speed = 0s\n\n"
		"# What it is called.\n# a text of at most 15 bytes; preset empty\n"
		"name =\n");
	free(text);
}

static void
scaling_divides_durations_alone_and_never_to_nothing(void **state)
{
	struct values v;

	(void)state;
	conf_presets(&v, rows, N);
	v.scale = 60;
	conf_scale(&v, rows, N, 1);
	assert_int_equal(v.wait_us, 900000000);
	conf_scale(&v, rows, N, 60);
	assert_int_equal(v.wait_us, 15000000);
	assert_int_equal(v.room_bytes, 262144);
	assert_int_equal(v.scale, 60);
	assert_int_equal(v.level, 1);
	assert_int_equal(v.speed_us, 0);
	conf_scale(&v, rows, N, INT64_C(100000000));
	assert_int_equal(v.wait_us, 1);
}

static void
scale_by_nothing(void)
{
	struct values v;

	conf_presets(&v, rows, N);
	conf_scale(&v, rows, N, 0);
}

static void
a_scale_below_one_is_a_bug(void **state)
{
	(void)state;
	dies(scale_by_nothing);
}

static void
a_file_that_is_not_there_is_not_found_and_one_that_is_is_named(void **state)
{
	char path[] = "/tmp/common_conf.XXXXXX";
	int fd = mkstemp(path);
	struct values v;

	(void)state;
	conf_presets(&v, rows, N);
	assert_int_equal(write(fd, "level = high\n", 13), 13);
	close(fd);
	assert_int_equal(conf_read(&v, rows, N, path), OK);
	assert_int_equal(v.level, 2);
	unlink(path);
	assert_int_equal(conf_read(&v, rows, N, path), ERR_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(presets_are_what_the_rows_say),
		cmocka_unit_test(a_preset_that_its_own_row_refuses_is_a_bug),
		cmocka_unit_test(every_unit_is_understood),
		cmocka_unit_test(a_file_is_read_over_what_is_there),
		cmocka_unit_test(what_is_wrong_is_said_with_file_line_and_sentence),
		cmocka_unit_test(an_indented_line_continues_nothing),
		cmocka_unit_test(
			a_line_of_200_bytes_is_read_and_a_longer_one_is_refused_once),
		cmocka_unit_test(a_file_full_of_errors_is_given_up),
		cmocka_unit_test(what_is_printed_is_read_again),
		cmocka_unit_test(each_row_is_printed_under_its_sentence_unit_and_range),
		cmocka_unit_test(scaling_divides_durations_alone_and_never_to_nothing),
		cmocka_unit_test(a_scale_below_one_is_a_bug),
		cmocka_unit_test(
			a_file_that_is_not_there_is_not_found_and_one_that_is_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
