#include "probe/steps.h"

/* Of the volunteer's plan, in percent; the rest is never touched. */
#define PLAN_PERCENT 80

int64_t
budget_month_bytes(const struct config *config, enum medium medium)
{
	int64_t plan_bytes = config->plan_bytes[medium];

	return plan_bytes > 0 ? plan_bytes / 100 * PLAN_PERCENT : INT64_MAX;
}

int64_t
budget_day_bytes(const struct config *config, enum medium medium)
{
	int64_t day_bytes = config_profile(config)->day_bytes;
	int64_t month_bytes = budget_month_bytes(config, medium);
	int64_t share_bytes = month_bytes / (config->month_us / config->day_us);

	return day_bytes < share_bytes ? day_bytes : share_bytes;
}

/* One that lies in the future or began longer ago than it lasts is over: BOOTTIME started
 * anew, or the machine slept. */
static void
turn_spell(struct spell *spell, int64_t length_us, int64_t now_us)
{
	if (now_us >= spell->start_us && now_us - spell->start_us < length_us)
		return;
	*spell = (struct spell){.start_us = now_us};
}

void
budget_turn(struct budget *b, const struct config *config, int64_t now_us)
{
	turn_spell(&b->day, config->day_us, now_us);
	turn_spell(&b->month, config->month_us, now_us);
}

static bool
fits(const struct spell *spell, struct expense expense, int64_t limit)
{
	return expense.bytes <= limit &&
	       spell->spent_bytes[expense.medium] <= limit - expense.bytes;
}

bool
budget_afford(struct budget *b, const struct config *config, int64_t now_us,
	struct expense expense, int64_t percent)
{
	budget_turn(b, config, now_us);
	return fits(&b->day, expense,
		       budget_day_bytes(config, expense.medium) / 100 * percent) &&
	       fits(&b->month, expense,
		       budget_month_bytes(config, expense.medium) / 100 * percent);
}

void
budget_spend(struct budget *b, const struct config *config, int64_t now_us,
	struct expense expense)
{
	budget_turn(b, config, now_us);
	b->day.spent_bytes[expense.medium] += expense.bytes;
	b->month.spent_bytes[expense.medium] += expense.bytes;
}
