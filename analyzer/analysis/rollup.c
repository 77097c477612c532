#include "analyzer/analysis/answers.h"
#include "analyzer/analysis/rollup.h"

#include <stdlib.h>
#include <string.h>

/* Windows of nothing before a reboot counts as darkness, or a probe as silent: a quick
 * restart is no outage, and a probe ships in its own time: its longest pause of late. */
#define DARK_WINDOWS 2
#define SILENT_WINDOWS 12
#define PAUSE_TIMES 2
#define PAUSES_OF_LATE 4

#define TRIPS_LEAST 8
#define TRIP_OFF_PERCENT 130

static int64_t
window_of(const struct record *record, int64_t utc_us)
{
	return utc_us / record->window_us;
}

/* What stands in one network falls together: its number stands for all of it. */
#define OF_NO_NETWORK UINT32_C(0xf0000000)
static uint32_t
target_key(const struct record *record, uint32_t target)
{
	if (target == NO_TARGET)
		return NO_TARGET;
	return record->targets[target].asn ? record->targets[target].asn
					   : OF_NO_NETWORK + target;
}

static struct bin
bin_of(const struct record *record, const struct sample *s, enum series series,
	uint32_t index)
{
	struct bin bin = {
		.probe = s->probe,
		.network = s->network,
		.index = index,
		.series = (uint8_t)series,
		.medium = record->networks[s->network].medium,
		.target = target_key(record, s->target),
		.bad_target = NO_TARGET,
		.window = window_of(record, s->utc_us),
	};

	return bin;
}

static struct bin
bin_of_outcome(const struct record *record, const struct sample *s, enum series series,
	uint32_t index)
{
	struct bin bin = bin_of(record, s, series, index);

	bin.tried = 1;
	bin.succeeded = s->success == 1;
	if (s->success == 1)
		bin.first_good_us = bin.last_good_us = s->utc_us;
	else
		bin.first_bad_us = bin.last_bad_us = s->utc_us;
	if (s->success != 1)
		bin.bad_target = target_key(record, s->target);
	return bin;
}

bool
rollup_by_name(const struct sample *s)
{
	return s->check == CHECK_dns || s->check == CHECK_http || s->check == CHECK_tls;
}

bool
rollup_name_failed(const struct answers *answers, const struct sample *s)
{
	return s->success != 1 || s->slower == 1 || s->trusted < 0 ||
	       answers_agree(answers, s) == 0;
}

/* Did it break off behind the TCP handshake, and not for whatever name? The address answered. */
static bool
has_opened(const struct sample *s)
{
	return (s->check == CHECK_tls || s->check == CHECK_http) &&
	       s->stage > STAGE_connect && s->stage <= STAGE_body && s->other_name != 0;
}

static struct bin
bin_of_target(const struct record *record, const struct sample *s)
{
	struct sample told = *s;

	told.success = s->success == 1 || has_opened(s);
	return bin_of_outcome(record, &told, SERIES_TARGET, s->target);
}

static struct bin
bin_of_name(const struct record *record, const struct answers *answers,
	const struct sample *s)
{
	struct sample told = *s;

	told.success = !rollup_name_failed(answers, s);
	return bin_of_outcome(record, &told, SERIES_NAME, s->target);
}

static bool
is_abroad(const struct record *record, const struct sample *s)
{
	return s->target == NO_TARGET ||
	       record->targets[s->target].rung != RUNG_domestic;
}

static int64_t
usual_of(const struct rollup_trips *t)
{
	int64_t sorted[ROLLUP_TRIPS];

	for (uint8_t i = 0; i < t->n; i++) {
		uint8_t at = i;

		for (; at && sorted[at - 1] > t->rtt_us[i]; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = t->rtt_us[i];
	}
	return t->n < TRIPS_LEAST ? 0 : sorted[t->n / 2];
}

static void
remember_trip(struct rollup_trips *t, const struct record *record,
	const struct sample *s, int64_t usual_us)
{
	bool off =
		t->n == ROLLUP_TRIPS && s->rtt_us * 100 > usual_us * TRIP_OFF_PERCENT;

	if (off && !t->off_since_us)
		t->off_since_us = s->utc_us;
	if (!off)
		t->off_since_us = 0;
	if (off && s->utc_us - t->off_since_us < record->reference_us)
		return;
	t->rtt_us[t->next] = s->rtt_us;
	t->next = (uint8_t)((t->next + 1) % ROLLUP_TRIPS);
	t->n = (uint8_t)(t->n < ROLLUP_TRIPS ? t->n + 1 : ROLLUP_TRIPS);
}

static struct rollup_trips *
trips_of(struct rollup_past *past, const struct record *record, uint32_t target)
{
	if (target >= past->trips_n) {
		size_t n = record->targets_n;

		past->trips = realloc(past->trips, n * sizeof(*past->trips));
		if (!past->trips)
			abort();
		memset(&past->trips[past->trips_n], 0,
			(n - past->trips_n) * sizeof(*past->trips));
		past->trips_n = n;
	}
	return &past->trips[target];
}

/* How late it was, against what is usual between this probe and this target. */
static size_t
add_late(struct bin *bins, const struct record *record, struct rollup_past *past,
	const struct sample *s)
{
	struct rollup_trips *trips;
	int64_t usual_us;

	/* Who answers questions for names may stand next door, wherever it is listed. */
	if (s->success != 1 || s->rtt_us <= 0 || s->target == NO_TARGET ||
		record->targets[s->target].rung != s->rung || s->rung == RUNG_names)
		return 0;
	trips = trips_of(past, record, s->target);
	usual_us = usual_of(trips);
	remember_trip(trips, record, s, usual_us);
	if (!usual_us)
		return 0;
	bins[0] = bin_of(record, s, SERIES_LATE, is_abroad(record, s));
	bins[0].tried = 1;
	bins[0].first_good_us = bins[0].last_good_us = s->utc_us;
	bins[0].first_bad_us = bins[0].last_bad_us = s->utc_us;
	bins[0].value = s->rtt_us - usual_us < LATE_LEAST_US
				? LATE_USUAL
				: s->rtt_us * LATE_USUAL / usual_us;
	return 1;
}

static bool
is_lossy(const struct sample *s)
{
	return s->loss_ppm >= RATE_LOSSY_PPM;
}

bool
rollup_is_slow(const struct sample *s, int64_t usual_bps)
{
	return s->rate_bps * 100 < usual_bps * (is_lossy(s) ? RATE_LOSSY_UNDER_PERCENT
							    : RATE_FALLS_UNDER_PERCENT);
}

/* What a check of its own kind tells; the ladder's rungs do not hold it. */
static size_t
add_check(struct bin *bins, const struct record *record, const struct sample *s)
{
	struct sample told = *s;
	size_t n = 0;

	if (s->check == CHECK_link && s->success == 1) {
		told.success = !s->tunnel;
		bins[n++] = bin_of_outcome(record, &told, SERIES_TUNNEL, 0);
	}
	if (s->whole) {
		told.success = s->whole > 0;
		bins[n++] = bin_of_outcome(
			record, &told, SERIES_WHOLE, is_abroad(record, s));
	}
	if (s->check == CHECK_compare && s->slower && s->target != NO_TARGET) {
		told.success = s->slower < 0;
		bins[n++] = bin_of_outcome(record, &told, SERIES_PACE, s->target);
	}
	return n;
}

static size_t
add_sample(struct bin *bins, const struct record *record, const struct answers *answers,
	struct rollup_past *past, const struct sample *s)
{
	size_t n = add_check(bins, record, s);
	bool dead;

	if (s->check == CHECK_speed) {
		if (s->rate_bps <= 0)
			return n;
		bins[n] = bin_of(record, s, SERIES_RATE, 0);
		bins[n].tried = 1;
		bins[n].succeeded = !is_lossy(s);
		bins[n].value = s->rate_bps;
		bins[n].first_bad_us = bins[n].last_bad_us = s->utc_us;
		bins[n].first_good_us = bins[n].last_good_us = s->utc_us;
		return n + 1;
	}
	if (s->success < 0)
		return n;
	dead = outside_is_dead(&answers->outside, record, s);
	if (!dead && (s->rung == RUNG_international || s->rung == RUNG_core))
		bins[n++] = bin_of_outcome(record, s, SERIES_CHECK, s->check);
	/* Many a server does not speak QUIC: its silence says nothing of the rung. What is
	 * compared and what is large tells of more than reach. */
	if (s->check == CHECK_quic || s->check == CHECK_compare ||
		s->check == CHECK_large || s->check == CHECK_oneway)
		return n;
	/* What is dead from abroad, too, says nothing of the line. */
	if (!dead)
		bins[n++] = bin_of_outcome(record, s, SERIES_RUNG, s->rung);
	/* The access pings borrow a target's address; they say nothing of it. */
	if (s->target == NO_TARGET || record->targets[s->target].rung != s->rung)
		return n;
	bins[n++] = bin_of_target(record, s);
	if (rollup_by_name(s))
		bins[n++] = bin_of_name(record, answers, s);
	return n + add_late(&bins[n], record, past, s);
}

static void
least(int64_t *into, int64_t value)
{
	if (value && (!*into || value < *into))
		*into = value;
}

static void
most(int64_t *into, int64_t value)
{
	if (value > *into)
		*into = value;
}

/* When it would have measured again at the latest, had all been well: a probe that looks
 * once an hour is not missed sooner. */
static int64_t
missed_us(const struct rollup_past *past, const struct record *record)
{
	int64_t pause_us = record->window_us;
	size_t n = past->pauses_n < PAUSES_OF_LATE ? past->pauses_n : PAUSES_OF_LATE;

	for (size_t i = 1; i <= n; i++)
		most(&pause_us, past->pauses_us[(past->pauses_n - i) % ROLLUP_PAUSES]);
	return past->last.utc_us + pause_us;
}

/* The gap between two boots of one probe. */
static size_t
add_dark(struct bin *bins, const struct record *record, const struct rollup_past *past,
	const struct sample *after)
{
	const struct sample *before = &past->last;
	int64_t gap_us = after->utc_us - before->utc_us;

	if (after->boot <= before->boot || gap_us < DARK_WINDOWS * record->window_us)
		return 0;
	bins[0] = bin_of(record, before, SERIES_DARK, 0);
	bins[0].last_good_us = before->utc_us;
	bins[0].first_bad_us = missed_us(past, record);
	bins[0].first_good_us = after->utc_us;
	return 1;
}

static size_t
add_silent(
	struct bin *bins, const struct record *record, const struct rollup_past *past)
{
	const struct sample *last = &past->last;
	int64_t silent_us = record->horizon_us - last->utc_us;

	if (silent_us < SILENT_WINDOWS * record->window_us)
		return 0;
	for (size_t i = 0; i < ROLLUP_PAUSES; i++)
		if (silent_us < PAUSE_TIMES * past->pauses_us[i])
			return 0;
	bins[0] = bin_of(record, last, SERIES_SILENT, 0);
	bins[0].last_good_us = last->utc_us;
	bins[0].first_bad_us = missed_us(past, record);
	return 1;
}

static int
order(const void *left, const void *right)
{
	const struct bin *a = left, *b = right;

	if (a->probe != b->probe)
		return a->probe < b->probe ? -1 : 1;
	if (a->series != b->series)
		return a->series < b->series ? -1 : 1;
	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	if (a->medium != b->medium)
		return a->medium < b->medium ? -1 : 1;
	if (a->window != b->window)
		return a->window < b->window ? -1 : 1;
	return 0; /* merging does not depend on it */
}

uint32_t
rollup_one_target(uint32_t a, uint32_t b)
{
	if (a == NO_TARGET || b == NO_TARGET)
		return a == NO_TARGET ? b : a;
	return a == b ? a : MANY_TARGETS;
}

/* When its first sample was. */
static int64_t
first_of(const struct bin *bin)
{
	int64_t first_us = bin->first_good_us;

	least(&first_us, bin->first_bad_us);
	return first_us;
}

void
rollup_merge(struct bin *into, const struct bin *from)
{
	int64_t into_us = first_of(into), from_us = first_of(from);

	/* It lies where its first sample was taken. */
	if (from_us < into_us || (from_us == into_us && from->network < into->network))
		into->network = from->network;
	into->tried += from->tried;
	into->target = rollup_one_target(into->target, from->target);
	into->bad_target = rollup_one_target(into->bad_target, from->bad_target);
	into->succeeded += from->succeeded;
	/* Of rates the best, of round trips the shortest: one that was held up is no line. */
	if (into->series == SERIES_LATE)
		least(&into->value, from->value);
	else
		most(&into->value, from->value);
	least(&into->first_good_us, from->first_good_us);
	most(&into->last_good_us, from->last_good_us);
	least(&into->first_bad_us, from->first_bad_us);
	most(&into->last_bad_us, from->last_bad_us);
}

bool
rollup_same_series(const struct bin *a, const struct bin *b)
{
	return a->probe == b->probe && a->series == b->series && a->index == b->index &&
	       a->medium == b->medium;
}

static size_t
merge_all(struct bin *bins, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct bin *last = kept ? &bins[kept - 1] : NULL;

		if (last && rollup_same_series(last, &bins[i]) &&
			last->window == bins[i].window && last->series != SERIES_DARK)
			rollup_merge(last, &bins[i]);
		else
			bins[kept++] = bins[i];
	}
	return kept;
}

static void
remember_pause(
	struct rollup_past *past, const struct record *record, const struct sample *s)
{
	if (window_of(record, past->last.utc_us) == window_of(record, s->utc_us))
		return;
	past->pauses_us[past->pauses_n++ % ROLLUP_PAUSES] =
		s->utc_us - past->last.utc_us;
}

void
rollup_forget(struct rollup_past *past)
{
	free(past->trips);
	*past = (struct rollup_past){0};
}

size_t
rollup_take(struct bin *bins, struct rollup_past *past, const struct record *record,
	const struct answers *answers, const struct sample *s)
{
	size_t n = past->any ? add_dark(bins, record, past, s) : 0;

	if (past->any)
		remember_pause(past, record, s);
	past->any = true;
	past->last = *s;
	return n + add_sample(&bins[n], record, answers, past, s);
}

size_t
rollup_end(struct bin *bin, const struct rollup_past *past, const struct record *record)
{
	return past->any ? add_silent(bin, record, past) : 0;
}

size_t
rollup(struct bin *bins, const struct record *record)
{
	struct answers mine;
	const struct answers *answers = answers_of(&mine, record);
	struct rollup_past past = {0};
	size_t n = 0;

	for (size_t i = 0; i < record->samples_n; i++) {
		const struct sample *s = &record->samples[i];

		if (record->probes[s->probe].control)
			continue;
		if (past.any && past.last.probe != s->probe) {
			n += rollup_end(&bins[n], &past, record);
			rollup_forget(&past);
		}
		n += rollup_take(&bins[n], &past, record, answers, s);
	}
	n += rollup_end(&bins[n], &past, record);
	rollup_forget(&past);
	answers_close(&mine);
	qsort(bins, n, sizeof(*bins), order);
	return merge_all(bins, n);
}
