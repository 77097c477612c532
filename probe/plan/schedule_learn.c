#include "probe/steps.h"

#include <string.h>

/* Those that a change makes due, each once a day at most. */
static void
make_due(struct schedule *s, const struct config *config, int64_t now_us)
{
	size_t n;
	const struct costly *rows = costly_rows(&n);

	for (size_t i = 0; i < n; i++) {
		enum check check = rows[i].check;

		if (!rows[i].on_change || now_us < s->next_on_change_us[check])
			continue;
		s->on_change[check] = true;
		s->next_costly_us[check] = now_us;
		s->next_on_change_us[check] = now_us + config->day_us;
	}
}

/* What a change made due and then found no line, or none fit, to measure has not had its turn: the line
 * that comes back is a change, too. */
static void
learn_what_was_left_out(struct schedule *s, const struct measurement *ms, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct costly *row = costly_row((enum check)ms[i].check);

		if (row != NULL && row->on_change && ladder_uplink(&ms[i]) == 0 &&
			ms[i].has[FIELD_reason] &&
			(ms[i].reason == REASON_lower_rung ||
				ms[i].reason == REASON_slow_line))
			s->next_on_change_us[row->check] = 0;
	}
}

static void
learn_supply(struct schedule *s, const struct measurement *ms, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ms[i].check == CHECK_power && ms[i].has[FIELD_supply])
			s->on_battery = ms[i].supply == SUPPLY_battery;
}

/* A handshake died, and one with the control name on the same address did not. */
static void
learn_minded(struct schedule *s, const struct measurement *ms, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ms[i].check == CHECK_tls && ms[i].stage == STAGE_tls_handshake &&
			ms[i].outcome != OUTCOME_ok &&
			ms[i].has[FIELD_control_outcome] &&
			ms[i].control_outcome == OUTCOME_ok &&
			ms[i].has[FIELD_target] && ladder_uplink(&ms[i]) == 0)
			memcpy(s->minded, ms[i].target, sizeof(s->minded));
}

/* Others see the same and do not all look in the same moment. */
static void
round_soon(struct schedule *s, int64_t now_us, int64_t within_us)
{
	int64_t soon_us = now_us + draw_below(&s->random, within_us);

	if (s->next_round_us > soon_us)
		s->next_round_us = soon_us;
}

void
schedule_learn(struct schedule *s, const struct config *config,
	const struct measurement *ms, size_t n, const struct ladder *ladder,
	int64_t now_us)
{
	const struct profile_settings *profile = config_profile(config);
	int ok = n > 0 ? measurement_success(&ms[0]) : -1;

	if (ladder == NULL) {
		if (ok >= 0 && watch_pulse(&s->watch, config, ok == 1, now_us))
			round_soon(s, now_us, profile->pulse_us / 4);
		return;
	}
	learn_supply(s, ms, n);
	learn_what_was_left_out(s, ms, n);
	learn_minded(s, ms, n);
	if (!watch_round(&s->watch, ladder))
		return;
	s->watch.until_us = now_us + config->watch_us;
	s->next_wide_us = now_us;
	make_due(s, config, now_us);
	round_soon(s, now_us, 2 * profile->ladder_us / profile->faster);
}
