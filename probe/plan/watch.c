#include "probe/steps.h"

/* Of few jobs more than half may fail by chance: only a rung that goes down or rises from
 * there is believed at once, all else when it is seen a second time. */
static bool
believes(struct watch *w, enum rung rung, enum rung_state state)
{
	enum rung_state before = w->believed[rung];
	bool first = before == RUNG_UNMEASURED, again = w->seen[rung] == state;

	w->seen[rung] = state;
	if (state == before)
		return false;
	if (!first && state != RUNG_DOWN && before != RUNG_DOWN && !again)
		return false;
	w->believed[rung] = state;
	return !first;
}

bool
watch_round(struct watch *w, const struct ladder *ladder)
{
	bool change = false;

	for (enum rung rung = 0; rung < RUNG_COUNT; rung++)
		if (ladder->rung[rung].state != RUNG_UNMEASURED)
			change |= believes(w, rung, ladder->rung[rung].state);
	return change;
}

static bool
may_alarm(struct watch *w, const struct config *config, int64_t now_us)
{
	if (now_us < w->hour_start_us || now_us - w->hour_start_us >= config->hour_us) {
		w->hour_start_us = now_us;
		w->alarms = 0;
	}
	if (w->alarms >= config->alarms_an_hour)
		return false;
	w->alarms++;
	return true;
}

bool
watch_pulse(struct watch *w, const struct config *config, bool ok, int64_t now_us)
{
	bool before = w->pulse_failed;

	w->pulse_failed = !ok;
	if (before == w->pulse_failed)
		return false;
	/* One that is back after a loss says nothing that the round has not said. */
	if (ok && w->believed[RUNG_international] != RUNG_DOWN)
		return false;
	return may_alarm(w, config, now_us);
}
