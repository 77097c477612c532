#include "probe/steps.h"

#include <stdio.h>

#include "common/conf.h"
#include "common/file.h"
#include "common/log.h"
#include "common/radio.h"
#include "common/utc.h"

#define MAX (4 * 1024)

#define COUNT(name, most, sentence)                                                    \
	{                                                                              \
#name, SETTING_COUNT, 0, most, "0", NULL,                              \
			offsetof(struct health, name), 0, sentence                     \
	}
static const struct setting rows[] = {
	COUNT(updated_utc_us, TIME_MAX, "When this was written, says the wall clock."),
	COUNT(rounds, TIME_MAX, "Rounds since the program started."),
	COUNT(segments, TIME_MAX, "Segments written since the program started."),
	COUNT(accepted, TIME_MAX, "Segments the analyzer has signed for since then."),
	COUNT(spooled, TIME_MAX, "Segments that wait for the analyzer."),
	COUNT(dropped, TIME_MAX, "Measurements that could not be kept."),
	COUNT(day_spent_bytes, TIME_MAX, "Bytes of the budget's day that are spent."),
	COUNT(day_bytes, TIME_MAX, "The budget of a day."),
	COUNT(month_spent_bytes, TIME_MAX,
		"Bytes of the budget's month that are spent."),
	COUNT(month_bytes, TIME_MAX, "The budget of a month; 0: the day's alone."),
	COUNT(analyzer_reached, 1, "The newest shipment reached the analyzer."),
	COUNT(running, 1, "1 from the start until a clean stop."),
	COUNT(modem, 1, "The newest round saw a modem."),
	COUNT(access_tech, UINT32_MAX, "Its access technologies, as flags."),
	COUNT(access_tech_before, UINT32_MAX, "Those before the newest change."),
	COUNT(signal_percent, 100, "Its signal."),
#define RUNG(name, sentence)                                                           \
	{"rung_" #name, SETTING_CHOICE, 0, 0, "unmeasured",                            \
		"unmeasured|up|partial|down",                                          \
		offsetof(struct health, rung[RUNG_##name]), 0, sentence},
#include "common/measurement.def"
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

enum err
status_write(const struct health *health, const char *state_dir)
{
	char path[FILE_PATH_BYTES];
	enum err err = file_path(path, state_dir, "health");

	if (err != OK)
		return err;
	return conf_write(path, health, rows, ROWS);
}

enum err
status_read(struct health *health, const char *state_dir)
{
	char path[FILE_PATH_BYTES];
	enum err err = file_path(path, state_dir, "health");

	conf_presets(health, rows, ROWS);
	return err != OK ? err : conf_read(health, rows, ROWS, path);
}

static void
ladder_of(struct ladder *ladder, const struct health *health)
{
	*ladder = (struct ladder){.breaks_at = RUNG_COUNT};
	for (enum rung rung = 0; rung < RUNG_COUNT; rung++) {
		ladder->rung[rung].state = (enum rung_state)health->rung[rung];
		if (health->rung[rung] == RUNG_DOWN && ladder->breaks_at == RUNG_COUNT)
			ladder->breaks_at = rung;
	}
}

static void
print_json(const struct health *h, bool enrolled, const struct ladder *ladder)
{
	char time[UTC_TEXT_BYTES];

	utc_text(time, h->updated_utc_us);
	printf("{\"updated\":\"%s\",\"enrolled\":%s,\"running\":%s,\"rounds\":%lld,"
	       "\"segments\":%lld,\"accepted\":%lld,\"spooled\":%lld,\"dropped\":%lld,"
	       "\"day_spent_bytes\":%lld,\"day_bytes\":%lld,"
	       "\"month_spent_bytes\":%lld,\"month_bytes\":",
		time, enrolled ? "true" : "false", h->running ? "true" : "false",
		(long long)h->rounds, (long long)h->segments, (long long)h->accepted,
		(long long)h->spooled, (long long)h->dropped,
		(long long)h->day_spent_bytes, (long long)h->day_bytes,
		(long long)h->month_spent_bytes);
	if (h->month_bytes > 0)
		printf("%lld", (long long)h->month_bytes);
	else
		printf("null");
	printf(",\"analyzer_reached\":%s,\"ladder\":{",
		h->analyzer_reached ? "true" : "false");
	for (enum rung rung = 0; rung < RUNG_COUNT; rung++)
		printf("%s\"%s\":\"%s\"", rung == 0 ? "" : ",", rung_name(rung),
			rung_state_name(ladder->rung[rung].state));
	printf("},");
	if (h->modem)
		printf("\"modem\":{\"access_tech\":%lld,\"access_tech_before\":%lld,"
		       "\"signal_percent\":%lld},",
			(long long)h->access_tech, (long long)h->access_tech_before,
			(long long)h->signal_percent);
	printf("\"breaks_at\":");
	if (ladder->breaks_at == RUNG_COUNT)
		printf("null}\n");
	else
		printf("\"%s\"}\n", rung_name(ladder->breaks_at));
}

static void
print_mobile(const struct health *h)
{
	char line[RADIO_LINE_BYTES];

	radio_line(line, &(struct radio){h->access_tech, h->access_tech_before,
				 h->signal_percent});
	printf("%-14s %s\n", "mobile", line);
}

static void
print_month(const struct health *h)
{
	printf("%-14s %lld ", "this month", (long long)h->month_spent_bytes);
	if (h->month_bytes > 0)
		printf("of %lld bytes\n", (long long)h->month_bytes);
	else
		puts("bytes; no plan is set, each day's limit holds alone");
}

static void
print_text(const struct health *h, bool enrolled, const struct ladder *ladder)
{
	char time[UTC_TEXT_BYTES];

	utc_text(time, h->updated_utc_us);
	for (enum rung rung = 0; rung < RUNG_COUNT; rung++)
		printf("%-14s %s\n", rung_name(rung),
			rung_state_name(ladder->rung[rung].state));
	printf("\n%s\n\n", ladder_sentence(ladder));
	if (h->modem)
		print_mobile(h);
	printf("%-14s %s (last word at %s)\n", "program",
		h->running ? "running, or cut off" : "stopped", time);
	printf("%-14s %s\n", "enrolled", enrolled ? "yes" : "no");
	printf("%-14s %lld rounds, %lld segments, %lld signed for by the analyzer\n",
		"since start", (long long)h->rounds, (long long)h->segments,
		(long long)h->accepted);
	printf("%-14s %lld segments wait, the analyzer was %s\n", "spool",
		(long long)h->spooled, h->analyzer_reached ? "reached" : "not reached");
	printf("%-14s %lld of %lld bytes\n", "today", (long long)h->day_spent_bytes,
		(long long)h->day_bytes);
	print_month(h);
	if (h->dropped > 0)
		printf("%-14s %lld measurements could not be kept\n", "lost",
			(long long)h->dropped);
}

void
status_print(const struct health *health, bool enrolled, bool json)
{
	struct ladder ladder;

	ladder_of(&ladder, health);
	if (json)
		print_json(health, enrolled, &ladder);
	else
		print_text(health, enrolled, &ladder);
}
