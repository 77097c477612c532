/*
 * What the measurements of one line say of its radio: reads lines "WHEN WHERE WHOM
 * MEASUREMENT" (WHEN before or after, WHERE home or abroad, WHOM any word for the target) and
 * prints 2g or other.
 */
#include <stdio.h>
#include <string.h>

#include "analyzer/analysis/observe.h"
#include "analyzer/analysis/downgrade.h"
#include "analyzer/analysis/sample.h"
#include "common/measurement.h"

#define TARGETS 16
#define TESTS 16
#define LINE_BYTES (MEASUREMENT_LINE_MAX + 80)

struct seen_target {
	char id[33];
	bool home;
	int64_t rtt_us[2]; /* before, after */
};
struct seen_line {
	struct seen_target targets[TARGETS];
	size_t targets_n;
	int64_t rate_bps[2][TESTS], train_bytes[TESTS], loss_ppm[TESTS];
	uint32_t tests[2];
};

static void
take_ping(struct seen_line *line, const char whom[static 33], bool home, bool after,
	int64_t rtt_us)
{
	size_t at = 0;

	while (at < line->targets_n && strcmp(line->targets[at].id, whom) != 0)
		at++;
	if (at == TARGETS || rtt_us <= 0)
		return;
	if (at == line->targets_n) {
		memcpy(line->targets[at].id, whom, sizeof(line->targets[at].id));
		line->targets[at].home = home;
		line->targets_n++;
	}
	if (!line->targets[at].rtt_us[after] ||
		rtt_us < line->targets[at].rtt_us[after])
		line->targets[at].rtt_us[after] = rtt_us;
}

static bool
take(struct seen_line *line, char *text)
{
	char when[8], where[8], whom[33] = {0};
	struct measurement m;
	struct sample s;
	int used = 0;
	bool after;

	text[strcspn(text, "\n")] = '\0';
	if (sscanf(text, "%7s %7s %32s %n", when, where, whom, &used) != 3 ||
		measurement_decode(&m, (struct span){text + used, strlen(text + used)},
			NULL) != OK)
		return false;
	after = !strcmp(when, "after");
	sample_read(&s, &m);
	if (m.check == CHECK_ping)
		take_ping(line, whom, !strcmp(where, "home"), after, s.rtt_us);
	else if (s.rate_bps > 0 && line->tests[after] < TESTS) {
		if (after) {
			line->train_bytes[line->tests[after]] = s.train_bytes;
			line->loss_ppm[line->tests[after]] = s.loss_ppm;
		}
		line->rate_bps[after][line->tests[after]++] = s.rate_bps;
	}
	return true;
}

int
main(void)
{
	struct seen_line line = {0};
	char text[LINE_BYTES];
	struct downgrade fall = {0};

	while (fgets(text, sizeof(text), stdin))
		if (!take(&line, text)) {
			fprintf(stderr, "downgrade_once: no measurement: %s\n", text);
			return 1;
		}
	for (size_t i = 0; i < line.targets_n; i++)
		downgrade_add_target(line.targets[i].home ? &fall.home : &fall.abroad,
			line.targets[i].rtt_us[1], line.targets[i].rtt_us[0]);
	for (uint32_t i = 0; i < line.tests[1]; i++)
		downgrade_add_test(&fall, line.train_bytes[i], line.loss_ppm[i]);
	fall.usual_bps = observe_median(line.rate_bps[0], line.tests[0]);
	fall.rate_bps = observe_median(line.rate_bps[1], line.tests[1]);
	puts(downgrade_is_2g(&fall) ? "2g" : "other");
	return 0;
}
