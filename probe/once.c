#include "probe/steps.h"

#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "common/radio.h"

#define TROUBLES_MOST 12

/* Only on a terminal: the page says it all afterwards. */
static void
show_progress(enum rung rung)
{
	fprintf(stderr, "\r\033[Kclimbed: %s", rung_name(rung));
}

static void
print_lines(const struct climb *climb)
{
	struct buf line = {0};

	for (size_t i = 0; i < climb->n; i++) {
		buf_clear(&line);
		if (measurement_encode(&line, &climb->ms[i]) != OK)
			bug("a measurement that cannot be said");
		puts(line.data);
	}
	buf_free(&line);
}

static void
print_json(const struct climb *climb)
{
	const struct ladder *ladder = &climb->ladder;

	print_lines(climb);
	printf("{\"ladder\":{");
	for (enum rung rung = 0; rung < RUNG_COUNT; rung++)
		printf("%s\"%s\":{\"state\":\"%s\",\"succeeded\":%u,\"tried\":%u}",
			rung == 0 ? "" : ",", rung_name(rung),
			rung_state_name(ladder->rung[rung].state),
			ladder->rung[rung].succeeded, ladder->rung[rung].tried);
	printf("},\"breaks_at\":");
	if (ladder->breaks_at == RUNG_COUNT)
		printf("null");
	else
		printf("\"%s\"", rung_name(ladder->breaks_at));
	printf(",\"says\":\"%s\"}\n", ladder_sentence(ladder));
}

/* The schema's own sentences. */
static const char *const stage_says[] = {
#define STAGE(name, sentence) sentence,
#include "common/measurement.def"
};
static const char *const outcome_says[] = {
#define OUTCOME(name, sentence) sentence,
#include "common/measurement.def"
};
static const char *const reason_says[] = {
#define REASON(name, sentence) sentence,
#include "common/measurement.def"
};

static bool
went_well(const struct measurement *m)
{
	/* A machine without a modem is as it should be. */
	if (m->outcome == OUTCOME_unmeasured && m->reason == REASON_no_modem)
		return true;
	return m->outcome == OUTCOME_ok || m->outcome == OUTCOME_ttl_exceeded ||
	       measurement_success(m) == 1;
}

static void
print_trouble(const struct measurement *m)
{
	bool unmeasured = m->outcome == OUTCOME_unmeasured;

	printf("  %-7s %-14s %s: %s\n", check_name((enum check)m->check),
		m->has[FIELD_target] ? m->target : "",
		unmeasured ? "not measured" : stage_says[m->stage],
		unmeasured ? reason_says[m->reason] : outcome_says[m->outcome]);
	if (m->has[FIELD_control_outcome] && m->control_outcome == OUTCOME_ok)
		puts("                          at the same address, under another "
		     "name, "
		     "it works");
	else if (m->has[FIELD_bare_outcome] && m->bare_outcome == OUTCOME_ok)
		puts("                          at the same address, without any name, "
		     "it works");
}

/* In the dark nearly everything fails alike: a page of it is no help. */
static void
print_troubles(const struct climb *climb)
{
	size_t seen = 0;

	for (size_t i = 0; i < climb->n; i++) {
		if (went_well(&climb->ms[i]))
			continue;
		if (seen++ == 0)
			puts("\nWhat did not work, and where it stopped:");
		if (seen <= TROUBLES_MOST)
			print_trouble(&climb->ms[i]);
	}
	if (seen > TROUBLES_MOST)
		printf("  and %zu more; --format json has them all\n",
			seen - TROUBLES_MOST);
}

/* What the modem said, where there is one. */
static void
print_mobile(const struct climb *climb)
{
	char line[RADIO_LINE_BYTES];

	for (size_t i = 0; i < climb->n; i++) {
		const struct measurement *m = &climb->ms[i];

		if (m->check != CHECK_modem || !m->has[FIELD_access_tech])
			continue;
		radio_line(line,
			&(struct radio){m->access_tech, -1,
				m->has[FIELD_signal_percent] ? m->signal_percent : -1});
		printf("\nmobile: %s\n", line);
	}
}

static void
print_ladder(const struct ladder *ladder)
{
	printf("%-14s %-11s %s\n", "rung", "state", "answered");
	for (enum rung rung = 0; rung < RUNG_COUNT; rung++) {
		printf("%-14s %-11s", rung_name(rung),
			rung_state_name(ladder->rung[rung].state));
		if (ladder->rung[rung].tried > 0)
			printf(" %u of %u", ladder->rung[rung].succeeded,
				ladder->rung[rung].tried);
		putchar('\n');
	}
}

static void
print_text(const struct climb *climb)
{
	const struct ladder *ladder = &climb->ladder;

	print_ladder(ladder);
	if (climb->has_second) {
		puts("\nOver the second uplink:");
		print_ladder(&climb->second);
	}
	print_mobile(climb);
	print_troubles(climb);
	printf("\nIt breaks at: %s\nIs it me or the country? %s\n",
		ladder->breaks_at == RUNG_COUNT ? "nothing"
						: rung_name(ladder->breaks_at),
		ladder_sentence(ladder));
}

void
once_run(struct climber *climber, bool json)
{
	bool terminal = isatty(STDERR_FILENO);
	struct climb climb;

	climber->climbed = terminal ? show_progress : NULL;
	climber->schedule->asked = climber->checks;
	climb_run(&climb, climber);
	if (terminal)
		fputs("\r\033[K", stderr);
	if (json)
		print_json(&climb);
	else
		print_text(&climb);
	climb_free(&climb);
}
