#include <string.h>
#include <strings.h>

#include "common/file.h"
#include "tests/world/homeland.h"

#define TABLE "/usr/share/zoneinfo/iso3166.tab"
#define TABLE_BYTES_MAX (64 * 1024)

/* What events are called by, where that is not the country's name in the table. */
static const struct {
	const char *name, *code;
} others[] = {
	{"Myanmar", "MM"},
	{"Kashmir", "IN"},
	{"Iberia", "ES"},
	{"UA ", "UA"},
	{" RU ", "RU"},
	{"Gaza", "PS"},
	{"Kyivstar", "UA"},
	{"ASVT", "RU"},
	{"Rogers", "CA"},
	{"West Africa", "GH"},
	{"Red Sea", "AE"},
	{"Baltic", "FI"},
};

void
homeland_open(struct homelands *homelands)
{
	*homelands = (struct homelands){0};
	/* Without the table a scenario may be told in its own country: no harm. */
	if (file_read(&homelands->table, TABLE, TABLE_BYTES_MAX) != OK)
		buf_clear(&homelands->table);
}

static int
names(struct span text, const char *name, size_t n)
{
	for (size_t at = 0; n >= 2 && at + n <= text.len; at++)
		if (strncasecmp(text.at + at, name, n) == 0)
			return 1;
	return 0;
}

void
homeland_find(char code[static 3], const struct homelands *homelands, struct span text)
{
	struct span rest = buf_span(&homelands->table), line;

	code[0] = '\0';
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (names(text, others[i].name, strlen(others[i].name)))
			memcpy(code, others[i].code, 3);
	while (!code[0] && span_line(&line, &rest)) {
		if (line.len < 5 || line.at[0] == '#' || line.at[2] != '\t' ||
			!names(text, line.at + 3, line.len - 3))
			continue;
		memcpy(code, line.at, 2);
		code[2] = '\0';
	}
}

void
homeland_close(struct homelands *homelands)
{
	buf_free(&homelands->table);
}
