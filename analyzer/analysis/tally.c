#include "analyzer/analysis/tally.h"

#include "analyzer/analysis/radio.h"

#include <string.h>

static void
keep_line(uint32_t *lines, uint32_t *n, uint32_t sample)
{
	if (*n < OBSERVATION_LINES)
		lines[(*n)++] = sample;
}

/* Mains that went so long before are not what took the network down. */
#define MAINS_AGO_WINDOWS 8
/* Of mains that had gone so long before, batteries may have run out. */
#define MAINS_LONG_WINDOWS 2

/* The first and last windows of an event hold tests from before and after it: those that
 * were as fast as ever say nothing of what slowed the others. */
static void
take_test(struct tally *t, const struct sample *s, uint32_t at)
{
	if (s->rate_bps <= 0 || t->tests >= VIEW_TESTS)
		return;
	if (t->affected && t->usual_rate > 0 && !rollup_is_slow(s, t->usual_rate))
		return;
	t->rate[t->tests] = s->rate_bps;
	t->queue[t->tests] = s->queue_us;
	t->loss_ppm[t->tests] = s->loss_ppm;
	t->train[t->tests] = s->train_bytes;
	t->tests++;
	keep_line(t->test_lines, &t->test_lines_n, at);
}

static void
count(struct tries *tries, bool ok)
{
	tries->tried++;
	tries->ok += ok;
}

static bool
is_abroad(const struct sample *s)
{
	return s->target != NO_TARGET &&
	       (s->rung == RUNG_international || s->rung == RUNG_core);
}

static void
take_name(struct seen *seen, const struct view *v, const struct sample *s)
{
	bool unlike = answers_agree(v->answers, s) == 0;

	seen->slower += s->slower == 1;
	seen->as_fast += s->slower < 0 && s->check == CHECK_compare;
	if (!rollup_by_name(s))
		return;
	seen->name_tried++;
	seen->name_succeeded += !rollup_name_failed(v->answers, s);
	seen->unlike += unlike;
	seen->refused += unlike && (s->status == 403 || s->status == 451);
	seen->led += unlike && s->status / 100 == 3;
	seen->untrusted += s->trusted < 0;
	if (s->success || s->stage != STAGE_tls_handshake)
		return;
	seen->cut += s->other_name >= OTHER_NAME_ANSWERED;
	seen->cut_bare += s->other_name == OTHER_NAME_ALONE;
	seen->cut_too += s->other_name == 0;
}

/* One that was held up for long counts as a long one. */
#define TRIP_TIMES 4
static void
add_trip(struct trips_mean *mean, int64_t rtt_us)
{
	int64_t most_us = mean->n ? TRIP_TIMES * (mean->sum_us / mean->n) : rtt_us;

	mean->sum_us += rtt_us < most_us ? rtt_us : most_us;
	mean->n++;
}

/* How much later than usual it was, against what is noise. */
#define LATE_PERCENT 130
static void
take_trip(struct tally *t, struct seen *seen, int64_t rtt_us, bool abroad)
{
	int64_t usual_us = seen->usual_trips.n
				   ? seen->usual_trips.sum_us / seen->usual_trips.n
				   : 0;
	bool late;

	if (rtt_us <= 0 || !usual_us)
		return;
	late = rtt_us * 100 >= usual_us * LATE_PERCENT &&
	       rtt_us - usual_us >= LATE_LEAST_US;
	seen->late += late;
	seen->timely += !late;
	count(&t->late[abroad], late);
	if (t->later_n[abroad] < VIEW_TESTS)
		t->later[abroad][t->later_n[abroad]++] =
			(int32_t)(rtt_us / usual_us >= 20 ? 2000
							  : rtt_us * 100 / usual_us);
}

static void
take_target(struct tally *t, const struct view *v, const struct sample *s)
{
	struct seen *seen = &t->seen[s->target];

	if (seen->tried == UINT16_MAX)
		return;
	take_name(seen, v, s);
	if (v->record->targets[s->target].rung != s->rung)
		return;
	seen->tried++;
	if (s->success != 1)
		return;
	seen->succeeded++;
	if (s->rtt_us && (!seen->rtt_us || s->rtt_us < seen->rtt_us))
		seen->rtt_us = s->rtt_us;
	take_trip(t, seen, s->rtt_us, s->rung != RUNG_domestic);
}

/* Begun while it lasted, and brought to its end by the cure: a connection that got through
 * on its third try, a transfer that the meter let go. It says nothing of the event. */
static bool
is_cured(const struct tally *t, const struct view *v, const struct sample *s)
{
	int64_t ended_us = t->own ? t->ended_us : v->event->end_hi_us;

	return ended_us && s->success == 1 && s->utc_us + s->took_us >= t->to_us;
}

static void
take_power(struct tally *t, const struct sample *s, uint32_t at)
{
	t->on_mains = t->on_mains && s->supply == SUPPLY_mains;
	t->supply_unknown = t->supply_unknown && s->supply == SUPPLY_unknown;
	t->mains_lost = t->mains_lost || s->supply == SUPPLY_battery;
	keep_line(t->power_lines, &t->power_lines_n, at);
}

static void
take_large(struct tally *t, const struct view *v, const struct sample *s)
{
	bool abroad = s->target == NO_TARGET ||
		      v->record->targets[s->target].rung != RUNG_domestic;

	count(&t->whole[abroad], s->whole > 0);
	if (!s->frozen_bytes || !abroad)
		return;
	if (!t->frozen_least || s->frozen_bytes < t->frozen_least)
		t->frozen_least = s->frozen_bytes;
	if (s->frozen_bytes > t->frozen_most)
		t->frozen_most = s->frozen_bytes;
}

/* Is it one of those that tell how far the ladder reaches? */
static bool
is_reach(const struct sample *s)
{
	return s->success >= 0 && s->check != CHECK_quic && s->check != CHECK_compare &&
	       s->check != CHECK_large && s->check != CHECK_oneway;
}

static void
take_sample(struct tally *t, const struct view *v, size_t at)
{
	const struct sample *s = &v->record->samples[at];
	bool dead;

	t->reported = true;
	if (is_cured(t, v, s))
		return;
	if (s->check == CHECK_speed)
		take_test(t, s, (uint32_t)at);
	radio_take(t, s);
	t->tunnel = t->tunnel || s->tunnel;
	t->prohibited += s->outcome == OUTCOME_icmp_prohibited;
	t->heard += s->heard == 1;
	t->unheard += s->heard < 0 && s->success == 0;
	if (s->whole)
		take_large(t, v, s);
	dead = outside_is_dead(&v->answers->outside, v->record, s);
	if (s->success >= 0 && is_abroad(s) && !dead)
		count(&t->abroad[s->check], s->success == 1);
	if (s->target != NO_TARGET && s->success >= 0 && s->check != CHECK_quic)
		take_target(t, v, s);
	if (!is_reach(s) || dead)
		return;
	count(&t->rung[s->rung], s->success == 1);
	if (s->resolver)
		count(&t->resolver, s->success == 1);
	if (s->success == 0)
		keep_line(t->lines, &t->lines_n, (uint32_t)at);
}

static void
take_usual_rtt(struct tally *t, const struct record *r, const struct sample *s)
{
	struct seen *seen;

	if (s->target == NO_TARGET || s->success != 1 || !s->rtt_us ||
		s->rung != r->targets[s->target].rung)
		return;
	seen = &t->seen[s->target];
	if (!seen->usual_rtt_us || s->rtt_us < seen->usual_rtt_us)
		seen->usual_rtt_us = s->rtt_us;
	add_trip(&seen->usual_trips, s->rtt_us);
}

/* Was mains there to be lost, and how long before had it gone? */
static void
take_mains(struct tally *t, const struct view *v, const struct sample *s,
	int64_t before_us)
{
	int64_t window_us = v->record->window_us;

	if (s->check != CHECK_power ||
		s->utc_us < before_us - MAINS_AGO_WINDOWS * window_us)
		return;
	if (s->supply == SUPPLY_mains) {
		t->mains_before = true;
		t->mains_long = false;
	} else if (s->supply == SUPPLY_battery &&
		   s->utc_us <= before_us - MAINS_LONG_WINDOWS * window_us) {
		t->mains_long = true;
	}
}

/* What was usual before: rates, radio, mains. */
struct usual {
	struct baseline rates;
	struct radio_usual radio;
};

static void
take_usual(struct usual *usual, struct tally *t, const struct view *v,
	const struct sample *s, int64_t before_us)
{
	if (s->check == CHECK_speed && s->rate_bps > 0)
		baseline_add(&usual->rates, 0, s->rate_bps);
	take_mains(t, v, s, before_us);
	if (s->success >= 0 && is_abroad(s))
		count(&t->usual_abroad[s->check], s->success == 1);
	take_usual_rtt(t, v->record, s);
}

/* In one pass over what may be weeks, but for the last window, in which a radio may have fallen. */
static void
take_before(struct tally *t, const struct view *v, uint32_t probe)
{
	const struct record *r = v->record;
	struct usual usual = {0};
	int64_t before_us = t->own ? t->from_us : v->from_us;
	int64_t shortly_us = before_us - RADIO_BEFORE_WINDOWS * r->window_us;
	size_t first, shortly, n, falls = SIZE_MAX;

	n = record_find(&first, r, probe, before_us - r->reference_us, before_us);
	(void)record_find(&shortly, r, probe, shortly_us, before_us);
	for (size_t i = first; i < first + n; i++) {
		const struct sample *s = &r->samples[i];

		if (i == shortly)
			falls = radio_falls_at(&usual.radio, t, r, i, first + n);
		if (!view_is_same_line(t, r, s))
			continue;
		take_usual(&usual, t, v, s, before_us);
		if (i < falls)
			radio_take_usual(&usual.radio, s);
		else
			radio_take(t, s);
	}
	radio_tell_usual(t, &usual.radio);
	t->usual_rate = baseline_median(&usual.rates, 0);
}

/* Power is told around what was its own: by the last line before a gap, and the first after
 * it. */
static void
take_supply(struct tally *t, const struct view *v, uint32_t probe, bool dark)
{
	const struct record *r = v->record;
	int64_t from_us = t->own ? t->from_us - 2 * r->window_us : t->from_us;
	int64_t to_us = t->to_us;
	size_t first, n;

	if (dark && t->well_us < from_us)
		from_us = t->well_us;
	if (dark && t->ended_us >= to_us)
		to_us = t->ended_us + 1;
	n = record_find(&first, r, probe, from_us, to_us);
	for (size_t i = first; i < first + n; i++) {
		if (r->samples[i].check == CHECK_power &&
			(dark || r->samples[i].utc_us >= t->from_us ||
				r->samples[i].supply == SUPPLY_battery))
			take_power(t, &r->samples[i], (uint32_t)i);
		if (i > first && r->samples[i].boot > r->samples[i - 1].boot)
			t->rebooted = true;
	}
}

static bool
is_up(struct tries tries)
{
	return tries.ok * 2 > tries.tried;
}

static bool
is_down(struct tries tries)
{
	return tries.tried && tries.ok * 4 <= tries.tried;
}

static struct tries
world_of(const struct tally *t)
{
	static const enum check checks[] = {
		CHECK_ping, CHECK_tcp, CHECK_tls, CHECK_http};
	struct tries sum = {0};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		sum.tried += t->abroad[checks[i]].tried;
		sum.ok += t->abroad[checks[i]].ok;
	}
	return sum;
}

static enum loss
loss_of(const struct tally *t, bool dark)
{
	struct tries home = t->rung[RUNG_domestic], world = world_of(t);
	const struct tries *names = &t->rung[RUNG_names];

	if (!t->affected)
		return LOSS_NONE;
	if (dark)
		return LOSS_DARK;
	if (t->bearer.tried && !is_up(t->bearer))
		return LOSS_REFUSED;
	if ((t->rung[RUNG_link].tried && !is_up(t->rung[RUNG_link])) ||
		is_down(t->rung[RUNG_router]) || t->tunnel)
		return LOSS_HOME;
	if (is_down(t->rung[RUNG_access]) && !is_up(home))
		return LOSS_ACCESS;
	if (home.tried && !is_up(home) && !is_up(world))
		return LOSS_ALL;
	if (home.tried && !is_up(home))
		return LOSS_COUNTRY;
	if (is_down(world))
		return LOSS_WORLD;
	if (world.tried && world.ok * 4 < world.tried * 3)
		return LOSS_PART;
	return names->tried && !is_up(*names) ? LOSS_NAMES : LOSS_NONE;
}

/* One that has not measured for so long, or never, is nobody's witness. */
static bool
is_here(const struct view *v, const struct tally *t, uint32_t probe)
{
	const struct record *r = v->record;
	const struct network *home = &r->networks[r->probes[probe].network];
	size_t first;

	if (r->probes[probe].control)
		return true;
	return !strcmp(home->country, v->event->country) &&
	       (t->affected || record_find(&first, r, probe,
				       v->from_us - r->reference_us, v->to_us) > 0);
}

int64_t
tally_end(const struct anomaly *a, const struct record *record)
{
	return a->end_hi_us ? a->end_lo_us : record->horizon_us;
}

/* Where one address or name is missed, all else is looked at from a window before to a window
 * after, at most to the good answers around: who asks for it once an hour saw one moment. */
static bool
is_of_subject(const struct view *v)
{
	return v->event->family == FAMILY_TARGET || v->event->family == FAMILY_NAME;
}

int64_t
tally_from(const struct anomaly *a, const struct view *v)
{
	int64_t from_us = a->start_hi_us - v->record->window_us;

	if (!is_of_subject(v))
		return a->start_hi_us;
	return from_us > a->start_lo_us ? from_us : a->start_lo_us + 1;
}

int64_t
tally_to(const struct anomaly *a, const struct view *v)
{
	int64_t to_us = a->end_lo_us + v->record->window_us;

	if (!is_of_subject(v) || !a->end_hi_us)
		return tally_end(a, v->record);
	return to_us < a->end_hi_us ? to_us : a->end_hi_us - 1;
}

/* Between two anomalies of one event all may have been well. */
static bool
is_within(const struct tally *t, const struct view *v, const struct sample *s)
{
	for (uint32_t i = 0; i < t->anomalies_n; i++)
		if (s->utc_us >= tally_from(&t->anomalies[i], v) &&
			s->utc_us <= tally_to(&t->anomalies[i], v))
			return true;
	return !t->own;
}

/* Most of what it asked abroad between the two answered; false too where nothing was. */
static bool
is_well(const struct record *r, uint32_t probe, int64_t from_us, int64_t to_us)
{
	struct tries abroad = {0};
	size_t first, n = record_find(&first, r, probe, from_us, to_us);

	for (size_t i = first; i < first + n; i++)
		if (r->samples[i].success >= 0 && is_abroad(&r->samples[i]))
			count(&abroad, r->samples[i].success == 1);
	return is_up(abroad);
}

static bool
is_around(const struct view *v, uint32_t probe)
{
	int64_t far_us = VIEW_AROUND_WINDOWS * v->record->window_us;

	return is_well(v->record, probe, v->from_us - far_us, v->from_us) &&
	       is_well(v->record, probe, v->to_us, v->to_us + far_us);
}

void
tally_take(struct tally *t, const struct view *v, uint32_t probe, bool dark)
{
	const struct record *r = v->record;
	size_t first, n;

	t->here = is_here(v, t, probe);
	if (!t->here)
		return;
	t->on_mains = t->supply_unknown = true;
	t->beacons = t->signal_percent = t->usual_signal_percent = -1;
	/* Of the others no row asks what was usual, and it is many samples. */
	if (t->affected || r->probes[probe].control)
		take_before(t, v, probe);
	n = record_find(&first, r, probe, t->from_us, t->to_us);
	for (size_t i = first; i < first + n; i++)
		if (view_is_same_line(t, r, &r->samples[i]) &&
			is_within(t, v, &r->samples[i]))
			take_sample(t, v, i);
	if (t->affected)
		take_supply(t, v, probe, dark);
	t->around = !t->affected && !t->reported && is_around(v, probe);
	t->mains_lost = t->mains_lost && t->mains_before;
	if (!t->power_lines_n)
		t->on_mains = t->supply_unknown = false;
	t->loss = (uint8_t)loss_of(t, dark);
}
