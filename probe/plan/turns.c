#include "probe/plan/plan.h"

#include <string.h>

/* Any of those of that rung that ask for the check; RUNG_COUNT: of any rung. */
static const struct target *
draw_target(struct plan *p, enum check check, enum rung rung)
{
	const struct target *target = NULL;
	int64_t seen = 0;

	for (size_t i = 0; i < p->targets->n; i++)
		if ((p->targets->rows[i].checks & (UINT32_C(1) << check)) &&
			(rung == RUNG_COUNT || p->targets->rows[i].rung == rung) &&
			draw_below(&p->s->random, ++seen) == 0)
			target = &p->targets->rows[i];
	return target;
}

/* Once: whoever minds it is looked for again when it is seen again. */
static const struct target *
take_minded(struct plan *p)
{
	const struct target *target = NULL;

	for (size_t i = 0; i < p->targets->n; i++)
		if (strcmp(p->targets->rows[i].id, p->s->minded) == 0)
			target = &p->targets->rows[i];
	p->s->minded[0] = '\0';
	return target;
}

static void
take_turn(struct plan *p, const struct costly *row, bool room)
{
	struct turn turn = {.profile = config_profile(p->config),
		.count = p->s->turns[row->check]++,
		.change = p->s->on_change[row->check],
		.room = room};
	const struct target *target = NULL;

	if (row->whom == WHOM_TARGET)
		target = draw_target(p, row->check, RUNG_COUNT);
	if (row->whom == WHOM_MINDED)
		target = take_minded(p);
	if (row->whom == WHOM_ANALYZER &&
		(p->enrolment == NULL || p->enrolment->endpoint[0] == '\0'))
		return;
	for (; turn.at < row->jobs; turn.at++) {
		size_t before = p->n;

		if (row->whom == WHOM_BOTH)
			target = draw_target(p, row->check,
				turn.at ? RUNG_international : RUNG_domestic);
		if (row->whom != WHOM_ANALYZER && target == NULL)
			continue;
		turn.random = draw_aside(p->s->random, row->check);
		jobs_add(p, row->check,
			row->whom == WHOM_BOTH ? target->rung : row->rung, target);
		if (p->n > before && row->set != NULL)
			row->set(&p->jobs[before], &turn);
	}
}

static bool
room_for_full(struct plan *p, const struct costly *row, int64_t now_us)
{
	int64_t full = config_profile(p->config)->full_bytes;

	return budget_afford(&p->s->budget, p->config, now_us,
		schedule_expense(p->s, 0, row->jobs * cost_transfer_bytes(full)),
		BUDGET_FULL);
}

/* Has its time come? A rare one's first lies anywhere in its interval: who starts anew, and
 * again, is not measured dearly each time. */
static bool
is_due(struct plan *p, const struct costly *row, int64_t now_us, bool wide)
{
	struct schedule *s = p->s;
	int64_t interval_us = costly_interval_us(row, config_profile(p->config));

	if (row->rare && (int64_t)cost_level(row->check) > p->config->level)
		return false;
	if (row->whom == WHOM_MINDED)
		return s->minded[0] != '\0' && interval_us > 0 &&
		       now_us >= s->next_costly_us[row->check];
	if ((s->asked & UINT32_C(1) << row->check) || s->on_change[row->check])
		return true;
	if (row->rare && interval_us > 0 && !s->begun[row->check])
		s->next_costly_us[row->check] =
			now_us + (int64_t)(draw_aside(s->random, row->check) %
					   (uint64_t)interval_us);
	s->begun[row->check] = true;
	return now_us >= s->next_costly_us[row->check] && (wide || !row->wide) &&
	       (interval_us > 0 || !row->rare);
}

void
turns_add(struct plan *p, int64_t now_us, bool wide)
{
	size_t n;
	const struct costly *rows = costly_rows(&n);

	for (size_t i = 0; i < n; i++) {
		int64_t interval_us =
			costly_interval_us(&rows[i], config_profile(p->config));
		uint64_t random = p->s->random;

		if (!is_due(p, &rows[i], now_us, wide))
			continue;
		if (rows[i].rare)
			p->s->random = draw_aside(p->s->random, rows[i].check);
		take_turn(p, &rows[i], room_for_full(p, &rows[i], now_us));
		p->s->on_change[rows[i].check] = false;
		if (interval_us > 0)
			p->s->next_costly_us[rows[i].check] =
				jobs_later_us(p, now_us, interval_us);
		if (rows[i].rare)
			p->s->random = random;
	}
	p->s->asked = 0;
}
