#include "probe/steps.h"

#include <stdio.h>
#include <unistd.h>

#include "common/log.h"

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

static void
print_text(const struct ladder *ladder)
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
	climb_run(&climb, climber);
	if (terminal)
		fputs("\r\033[K", stderr);
	if (json)
		print_json(&climb);
	else
		print_text(&climb.ladder);
	climb_free(&climb);
}
