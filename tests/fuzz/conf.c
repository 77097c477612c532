/* Settings that are accepted are in range, and what is printed of them is read again to
 * the same values. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "tests/fuzz/fuzz.h"

struct values {
	int64_t count, wait_us, room_bytes, level;
	char name[16];
};

static const struct setting rows[] = {
	{"count", SETTING_COUNT, -5, 100, "7", NULL, offsetof(struct values, count), 0,
		"How many."},
	{"wait", SETTING_DURATION, 0, INT64_C(864000000000), "15min", NULL,
		offsetof(struct values, wait_us), 0, "How long."},
	{"room", SETTING_BYTES, 1, 1 << 30, "256KiB", NULL,
		offsetof(struct values, room_bytes), 0, "How much."},
	{"level", SETTING_CHOICE, 0, 0, "normal", "low|normal|high",
		offsetof(struct values, level), 0, "How loud."},
	{"name", SETTING_TEXT, 0, 0, "", NULL, offsetof(struct values, name), 16,
		"What it is called."},
};
#define N (sizeof rows / sizeof *rows)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct values values, again;
	char *text = NULL;
	size_t n = 0;
	FILE *out;

	memset(&values, 0, sizeof values);
	memset(&again, 0, sizeof again);
	conf_presets(&values, rows, N);
	if (conf_parse(&values, rows, N, (struct span){(const char *)data, size},
		    "fuzz") != OK)
		return 0;
	must(values.count >= -5 && values.count <= 100);
	must(values.wait_us >= 0 && values.wait_us <= INT64_C(864000000000));
	must(values.room_bytes >= 1 && values.room_bytes <= 1 << 30);
	must(values.level >= 0 && values.level <= 2);
	must(strnlen(values.name, sizeof values.name) < sizeof values.name);
	out = open_memstream(&text, &n);
	must(out != NULL);
	conf_print(out, &values, rows, N);
	fclose(out);
	must(conf_parse(&again, rows, N, (struct span){text, n}, "printed") == OK);
	must(memcmp(&values, &again, sizeof values) == 0);
	free(text);
	return 0;
}
