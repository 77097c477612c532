#include "analyzer/analysis/steps.h"

#include <stdlib.h>
#include <string.h>

/*
 * Every row of evidence.def has one function here that says whether it fired, for how
 * many of how many. They read a tally that is taken once per event.
 */
#define LEAST_PROBES 3 /* fewer of an operator say nothing of the operator */
#define LEAST_AGAIN 2 /* a success or failure that happened once is chance */
#define LEAST_TESTS 3
#define POLICED_LOSS_PPM 100000
#define SHAPED_LOSS_PPM 10000
/* A queue that a shaper fills; less is the receiver's delayed acknowledgement (40 ms). */
#define QUEUE_US 100000
/* Tests of a meter agree to a quarter: a transfer of 32 kB ends on the sender's timer. */
#define PLATEAU_PERCENT 25
#define NORMAL_RTT 2 /* times the usual one, or within 5 ms of it */
#define NORMAL_RTT_US 5000
#define TESTS_MAX 64

/* What one probe saw of one target during the event. */
struct seen {
	uint16_t tried, succeeded;
	int64_t rtt_us; /* smallest, 0 unknown */
};

/* What one probe saw during the event. */
struct tally {
	bool here; /* a field probe of the event's country with samples around it */
	bool reported; /* samples within the event */
	bool affected;
	bool rebooted, mains_lost, on_mains, supply_unknown;
	uint32_t network;
	uint32_t tried[RUNG_COUNT], succeeded[RUNG_COUNT];
	uint32_t resolver_tried, resolver_ok, abroad_dns_ok;
	uint32_t tests;
	int64_t rate[TESTS_MAX], queue[TESTS_MAX];
	int32_t loss[TESTS_MAX];
	int64_t usual_rate;
	struct seen *seen; /* by target */
	uint32_t lines[OBSERVATION_LINES], lines_n;
	uint32_t test_lines[OBSERVATION_LINES], test_lines_n;
	uint32_t power_lines[OBSERVATION_LINES], power_lines_n;
};

struct view {
	const struct record *record;
	const struct event *event;
	const struct anomaly *anomalies;
	int64_t from_us, to_us;
	struct tally *tallies; /* by probe */
};

typedef bool row_fn(struct observation *o, const struct view *v);

static void
keep_line(uint32_t *lines, uint32_t *n, uint32_t sample)
{
	if (*n < OBSERVATION_LINES)
		lines[(*n)++] = sample;
}

/* Each probe that shows a row gives it a line or two. */
static void
show(struct observation *o, const uint32_t *lines, uint32_t n)
{
	for (uint32_t i = 0; i < n && i < 2; i++)
		keep_line(o->lines, &o->lines_n, lines[i]);
}

static void
take_test(struct tally *t, const struct sample *s, uint32_t at)
{
	if (s->rate_bps <= 0 || t->tests >= TESTS_MAX)
		return;
	t->rate[t->tests] = s->rate_bps;
	t->queue[t->tests] = s->queue_us;
	t->loss[t->tests] = s->loss_ppm;
	t->tests++;
	keep_line(t->test_lines, &t->test_lines_n, at);
}

static void
take_dns(struct tally *t, const struct sample *s)
{
	if (s->resolver) {
		t->resolver_tried++;
		t->resolver_ok += s->success == 1;
	} else if (s->rung == RUNG_international) {
		t->abroad_dns_ok += s->success == 1;
	}
}

static void
take_target(struct tally *t, const struct view *v, const struct sample *s)
{
	struct seen *seen = &t->seen[s->target];

	if (v->record->targets[s->target].rung != s->rung || seen->tried == UINT16_MAX)
		return;
	seen->tried++;
	if (s->success != 1)
		return;
	seen->succeeded++;
	if (s->rtt_us && (!seen->rtt_us || s->rtt_us < seen->rtt_us))
		seen->rtt_us = s->rtt_us;
}

static void
take_sample(struct tally *t, const struct view *v, size_t at)
{
	const struct sample *s = &v->record->samples[at];

	t->reported = true;
	if (s->check == CHECK_speed)
		take_test(t, s, (uint32_t)at);
	if (s->check == CHECK_power) {
		t->on_mains = t->on_mains && s->supply == SUPPLY_mains;
		t->supply_unknown = t->supply_unknown && s->supply == SUPPLY_unknown;
		t->mains_lost = t->mains_lost || s->supply == SUPPLY_battery;
		keep_line(t->power_lines, &t->power_lines_n, (uint32_t)at);
	}
	if (s->success < 0)
		return;
	t->tried[s->rung]++;
	t->succeeded[s->rung] += s->success == 1;
	if (s->success == 0)
		keep_line(t->lines, &t->lines_n, (uint32_t)at);
	if (s->check == CHECK_dns)
		take_dns(t, s);
	if (s->target != NO_TARGET)
		take_target(t, v, s);
}

/* What was usual before: the rate, and whether mains was there to be lost. */
static void
take_before(struct tally *t, const struct view *v, uint32_t probe)
{
	const struct record *r = v->record;
	struct baseline rates = {0};
	size_t first, n;
	bool mains = false;

	n = record_find(&first, r, probe, v->from_us - r->reference_us,
		v->event->start_lo_us + 1);
	for (size_t i = first; i < first + n; i++) {
		if (r->samples[i].check == CHECK_speed && r->samples[i].rate_bps > 0)
			baseline_add(&rates, 0, r->samples[i].rate_bps);
		if (r->samples[i].check == CHECK_power)
			mains = r->samples[i].supply == SUPPLY_mains;
	}
	t->usual_rate = baseline_median(&rates, 0);
	t->mains_lost = t->mains_lost && mains;
}

/* The boot before the event against the boot after it. */
static bool
rebooted(const struct view *v, uint32_t probe)
{
	const struct record *r = v->record;
	size_t first,
		n = record_find(&first, r, probe, v->event->start_lo_us, INT64_MAX);
	int64_t until = v->event->end_hi_us ? v->event->end_hi_us : INT64_MAX;

	for (size_t i = first + 1; i < first + n && r->samples[i].utc_us <= until; i++)
		if (r->samples[i].boot != r->samples[i - 1].boot)
			return true;
	return false;
}

static void
take_probe(struct tally *t, const struct view *v, uint32_t probe)
{
	const struct record *r = v->record;
	const struct network *home = &r->networks[r->probes[probe].network];
	size_t first, n;

	t->network = r->probes[probe].network;
	t->here = r->probes[probe].control || !strcmp(home->country, v->event->country);
	t->on_mains = t->supply_unknown = true;
	n = record_find(&first, r, probe, v->from_us, v->to_us);
	for (size_t i = first; i < first + n; i++)
		take_sample(t, v, i);
	take_before(t, v, probe);
	t->rebooted = rebooted(v, probe);
	if (!t->power_lines_n)
		t->on_mains = t->supply_unknown = false;
}

static bool
is_field(const struct view *v, size_t p)
{
	return v->tallies[p].here && !v->record->probes[p].control;
}

static bool
is_control(const struct view *v, size_t p)
{
	return v->record->probes[p].control && v->tallies[p].reported;
}

static const struct network *
home_of(const struct view *v, size_t p)
{
	return &v->record->networks[v->tallies[p].network];
}

/* Counts the affected probes for which ${has} is true; the usual shape of a row. */
typedef bool has_fn(const struct view *v, const struct tally *t);

static void
count(struct observation *o, const struct view *v, has_fn *has, bool power)
{
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!is_field(v, p) || !t->affected)
			continue;
		o->of++;
		if (!has(v, t))
			continue;
		o->n++;
		if (power)
			show(o, t->power_lines, t->power_lines_n);
		else
			show(o, t->lines, t->lines_n);
	}
}

static bool
has_lost_mains(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->mains_lost;
}

static bool
has_mains(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->on_mains && !t->rebooted;
}

static bool
has_no_gap(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->supply_unknown && !t->rebooted;
}

static bool
has_new_boot(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->rebooted;
}

static bool
row_1(struct observation *o, const struct view *v)
{
	count(o, v, has_lost_mains, true);
	return o->n > 0;
}

static bool
row_2(struct observation *o, const struct view *v)
{
	count(o, v, has_mains, true);
	return o->n >= LEAST_PROBES;
}

static bool
row_2b(struct observation *o, const struct view *v)
{
	count(o, v, has_no_gap, true);
	return o->n >= LEAST_PROBES;
}

static bool
row_3(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_DARK)
		return false;
	count(o, v, has_new_boot, true);
	return o->n > 0;
}

static bool
row_3b(struct observation *o, const struct view *v)
{
	return row_3(o, v);
}

static bool
is_affected(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->affected;
}

static bool
row_5(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_HOME)
		return false;
	count(o, v, is_affected, false);
	return true;
}

static uint32_t
affected_networks(const struct view *v)
{
	uint32_t n = 0;

	for (size_t p = 0; p < v->record->probes_n; p++) {
		bool again = !is_field(v, p) || !v->tallies[p].affected;

		for (size_t q = 0; q < p && !again; q++)
			again = is_field(v, q) && v->tallies[q].affected &&
				v->tallies[q].network == v->tallies[p].network;
		n += !again;
	}
	return n;
}

static bool
row_5b(struct observation *o, const struct view *v)
{
	count(o, v, is_affected, v->event->family == FAMILY_DARK);
	o->value = affected_networks(v);
	return o->n >= LEAST_PROBES && o->value >= 2;
}

static uint32_t
unaffected(const struct view *v)
{
	uint32_t n = 0;

	for (size_t p = 0; p < v->record->probes_n; p++)
		n += is_field(v, p) && v->tallies[p].reported &&
		     !v->tallies[p].affected;
	return n;
}

static bool
row_5c(struct observation *o, const struct view *v)
{
	count(o, v, is_affected, false);
	o->value = unaffected(v);
	return o->n == 1 && o->value >= LEAST_PROBES - 1;
}

/* One medium wholly gone, another untouched. */
static bool
one_medium(
	struct observation *o, const struct view *v, enum medium gone, enum medium fine)
{
	if (v->event->family != FAMILY_REACH)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];
		uint8_t medium = home_of(v, p)->medium;

		if (!is_field(v, p) || !t->reported)
			continue;
		if (medium == gone) {
			o->of++;
			o->n += t->affected;
			if (t->affected)
				show(o, t->lines, t->lines_n);
		} else if (medium == fine) {
			if (t->affected)
				return false;
			o->value++;
		}
	}
	return o->n >= LEAST_PROBES && o->n == o->of && o->value >= LEAST_PROBES;
}

static bool
row_8(struct observation *o, const struct view *v)
{
	return one_medium(o, v, MEDIUM_mobile, MEDIUM_fixed);
}

static bool
row_9(struct observation *o, const struct view *v)
{
	return one_medium(o, v, MEDIUM_fixed, MEDIUM_mobile);
}

static bool
row_10(struct observation *o, const struct view *v)
{
	uint32_t asn = 0;

	if (v->event->family != FAMILY_REACH)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		if (!is_field(v, p) || !v->tallies[p].affected)
			continue;
		if (asn && home_of(v, p)->asn != asn)
			return false;
		asn = home_of(v, p)->asn;
	}
	for (size_t p = 0; asn && p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!is_field(v, p) || !t->reported)
			continue;
		if (home_of(v, p)->asn != asn) {
			o->value++;
			continue;
		}
		o->of++;
		o->n += t->affected;
		if (t->affected)
			show(o, t->lines, t->lines_n);
	}
	return o->n >= LEAST_PROBES && o->n * 2 > o->of && o->value >= LEAST_PROBES;
}

/* Different networks behind the targets of a rung that answered. */
static uint32_t
networks_reached(const struct view *v, const struct tally *t, enum rung rung)
{
	const struct record *r = v->record;
	uint32_t n = 0;

	for (size_t i = 0; i < r->targets_n; i++) {
		bool again = r->targets[i].rung != rung || !t->seen[i].succeeded;

		for (size_t j = 0; j < i && !again; j++)
			again = r->targets[j].rung == rung && t->seen[j].succeeded &&
				r->targets[j].asn == r->targets[i].asn;
		n += !again;
	}
	return n;
}

static bool
has_only_home_country(const struct view *v, const struct tally *t)
{
	return t->tried[RUNG_international] &&
	       t->succeeded[RUNG_international] * 2 < t->tried[RUNG_international] &&
	       networks_reached(v, t, RUNG_domestic) >= 3;
}

static bool
row_12(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_REACH)
		return false;
	count(o, v, has_only_home_country, false);
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!is_field(v, p) || !t->affected || !has_only_home_country(v, t))
			continue;
		o->value += t->succeeded[RUNG_international];
		o->other += t->tried[RUNG_international];
	}
	return o->n >= LEAST_PROBES && o->n * 2 > o->of;
}

/* The smallest round trip to a target before the event. */
static int64_t
usual_rtt(const struct view *v, uint32_t probe, uint32_t target)
{
	const struct record *r = v->record;
	int64_t least = 0;
	size_t first, n;

	n = record_find(&first, r, probe, v->from_us - r->reference_us,
		v->event->start_lo_us + 1);
	for (size_t i = first; i < first + n; i++) {
		const struct sample *s = &r->samples[i];

		if (s->target == target && s->success == 1 && s->rtt_us &&
			s->rung == r->targets[target].rung &&
			(!least || s->rtt_us < least))
			least = s->rtt_us;
	}
	return least;
}

static bool
has_dead_neighbour(const struct view *v, const struct tally *t, size_t target)
{
	const struct record *r = v->record;

	for (size_t i = 0; i < r->targets_n; i++)
		if (i != target && r->targets[i].asn == r->targets[target].asn &&
			r->targets[i].rung == RUNG_international &&
			t->seen[i].tried >= LEAST_AGAIN && !t->seen[i].succeeded)
			return true;
	return false;
}

/* Answers of hosts abroad that live among dead neighbours; 0 none. */
static uint32_t
listed_answers(const struct view *v, size_t probe)
{
	const struct record *r = v->record;
	const struct tally *t = &v->tallies[probe];
	uint32_t answers = 0;

	for (size_t i = 0; i < r->targets_n; i++) {
		int64_t usual;

		if (r->targets[i].rung != RUNG_international || !r->targets[i].asn ||
			t->seen[i].succeeded < LEAST_AGAIN ||
			!has_dead_neighbour(v, t, i))
			continue;
		usual = usual_rtt(v, (uint32_t)probe, (uint32_t)i);
		if (usual && (t->seen[i].rtt_us <= NORMAL_RTT * usual ||
				     t->seen[i].rtt_us <= usual + NORMAL_RTT_US))
			answers += t->seen[i].succeeded;
	}
	return answers;
}

static bool
row_13(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_REACH)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		uint32_t answers;

		if (!is_field(v, p) || !v->tallies[p].affected)
			continue;
		o->of++;
		answers = listed_answers(v, p);
		if (!answers)
			continue;
		o->n++;
		o->value += answers;
		show(o, v->tallies[p].lines, v->tallies[p].lines_n);
	}
	return o->n >= LEAST_PROBES && o->n * 2 > o->of;
}

static bool
has_domestic(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->succeeded[RUNG_domestic] * 2 > t->tried[RUNG_domestic];
}

static bool
row_13b(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_REACH)
		return false;
	count(o, v, has_domestic, false);
	return o->n && o->n * 2 > o->of;
}

static int64_t
median(const int64_t *values, uint32_t n)
{
	int64_t sorted[TESTS_MAX];

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = i;

		for (; at && sorted[at - 1] > values[i]; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = values[i];
	}
	return n ? sorted[n / 2] : 0;
}

static int64_t
median_loss(const struct tally *t)
{
	int64_t loss[TESTS_MAX];

	for (uint32_t i = 0; i < t->tests; i++)
		loss[i] = t->loss[i];
	return median(loss, t->tests);
}

/* Three in four tests within a quarter of their median. */
static bool
is_plateau(const struct tally *t)
{
	int64_t middle = median(t->rate, t->tests);
	uint32_t near = 0;

	for (uint32_t i = 0; i < t->tests; i++) {
		int64_t off =
			t->rate[i] > middle ? t->rate[i] - middle : middle - t->rate[i];

		near += off * 100 <= middle * PLATEAU_PERCENT;
	}
	return t->tests >= LEAST_TESTS && near * 4 >= t->tests * 3;
}

static bool
has_meter(const struct view *v, const struct tally *t)
{
	(void)v;
	return is_plateau(t) && median_loss(t) >= POLICED_LOSS_PPM &&
	       median(t->queue, t->tests) < QUEUE_US;
}

static bool
has_queue(const struct view *v, const struct tally *t)
{
	(void)v;
	return is_plateau(t) && median_loss(t) < SHAPED_LOSS_PPM &&
	       median(t->queue, t->tests) >= QUEUE_US;
}

/* Rate rows: the figures are medians over the probes that show the row. */
static bool
rate_row(struct observation *o, const struct view *v, has_fn *has, bool loss)
{
	int64_t rate[TESTS_MAX], other[TESTS_MAX];
	uint32_t n = 0;

	if (v->event->family != FAMILY_RATE)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!is_field(v, p) || !t->affected)
			continue;
		o->of++;
		if (!has(v, t))
			continue;
		o->n++;
		show(o, t->test_lines, t->test_lines_n);
		if (n < TESTS_MAX) {
			rate[n] = median(t->rate, t->tests) / 1000;
			other[n] = loss ? median_loss(t) / 10000
					: median(t->queue, t->tests) / 1000;
			n++;
		}
	}
	o->value = median(rate, n);
	o->other = median(other, n);
	return o->n >= LEAST_PROBES && o->n * 2 > o->of;
}

static bool
row_35(struct observation *o, const struct view *v)
{
	return rate_row(o, v, has_meter, true);
}

static bool
row_36(struct observation *o, const struct view *v)
{
	return rate_row(o, v, has_queue, false);
}

static bool
has_everything(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->tried[RUNG_international] &&
	       t->succeeded[RUNG_international] * 2 > t->tried[RUNG_international];
}

static bool
row_35b(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_RATE)
		return false;
	count(o, v, has_everything, false);
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		o->value += is_control(v, p) && t->tests && t->usual_rate > 0 &&
			    median(t->rate, t->tests) * 3 >= t->usual_rate;
	}
	return o->n && o->n * 2 > o->of && o->value;
}

static bool
has_dead_resolver(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->resolver_tried >= LEAST_AGAIN && !t->resolver_ok &&
	       t->abroad_dns_ok >= LEAST_AGAIN;
}

static bool
row_44(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_REACH)
		return false;
	count(o, v, has_dead_resolver, false);
	return o->n >= LEAST_PROBES && o->n * 2 > o->of;
}

static bool
row_46(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_TARGET)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct seen *seen;

		if (!is_control(v, p))
			continue;
		seen = &v->tallies[p].seen[v->event->target];
		o->of += seen->tried >= LEAST_AGAIN;
		if (seen->tried < LEAST_AGAIN || seen->succeeded)
			continue;
		o->n++;
		show(o, v->tallies[p].lines, v->tallies[p].lines_n);
	}
	return o->n && o->n * 2 > o->of;
}

static bool
row_46b(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_TARGET && v->event->family != FAMILY_REACH)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];
		uint32_t tried = t->tried[RUNG_international];
		uint32_t succeeded = t->succeeded[RUNG_international];

		if (!is_control(v, p))
			continue;
		if (v->event->family == FAMILY_TARGET) {
			tried = t->seen[v->event->target].tried;
			succeeded = t->seen[v->event->target].succeeded;
		}
		o->of += tried > 0;
		o->n += tried && succeeded * 2 > tried;
	}
	return o->n && o->n * 2 > o->of;
}

static bool
row_51(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_SILENT)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		o->of += is_field(v, p);
		o->n += is_field(v, p) && v->tallies[p].affected;
	}
	return o->n > 0;
}

static row_fn *const row_fns[ROW_COUNT] = {
#define ROW(id, ...) [ROW_##id] = row_##id,
#include "analyzer/analysis/evidence.def"
};

static void
look_around(struct witness *w, const struct view *v)
{
	const struct record *r = v->record;

	for (size_t p = 0; p < r->probes_n; p++) {
		const struct tally *t = &v->tallies[p];
		bool new_asn = t->affected, new_region = t->affected;

		if (!is_field(v, p))
			continue;
		w->expected++;
		w->reporting += t->reported;
		w->alive += t->reported && !t->affected;
		if (!t->affected)
			continue;
		w->medium[home_of(v, p)->medium] = true;
		for (size_t q = 0; q < p; q++) {
			if (!is_field(v, q) || !v->tallies[q].affected)
				continue;
			new_asn = new_asn && home_of(v, q)->asn != home_of(v, p)->asn;
			new_region = new_region && strcmp(home_of(v, q)->region,
							   home_of(v, p)->region);
		}
		w->operators += new_asn;
		w->regions += new_region;
	}
	w->networks = affected_networks(v);
}

size_t
observe(struct observation *observations, struct witness *witness,
	const struct event *event, const struct anomaly *anomalies,
	const struct record *record)
{
	struct view v = {
		.record = record,
		.event = event,
		.anomalies = anomalies,
		.from_us = event->start_hi_us,
		.to_us = (event->end_hi_us ? event->end_lo_us : record->horizon_us) + 1,
		.tallies = calloc(record->probes_n + 1, sizeof(*v.tallies)),
	};
	struct seen *seen =
		calloc(record->probes_n * record->targets_n + 1, sizeof(*seen));
	size_t n = 0;

	if (!v.tallies || !seen)
		abort();
	for (uint32_t i = 0; i < event->n; i++)
		v.tallies[anomalies[event->first + i].probe].affected = true;
	for (size_t p = 0; p < record->probes_n; p++) {
		v.tallies[p].seen = &seen[p * record->targets_n];
		take_probe(&v.tallies[p], &v, (uint32_t)p);
	}
	memset(witness, 0, sizeof(*witness));
	look_around(witness, &v);
	for (size_t row = 0; row < ROW_COUNT; row++) {
		struct observation *o = &observations[n];

		memset(o, 0, sizeof(*o));
		o->row = (enum row)row;
		if (row_fns[row](o, &v))
			n++;
	}
	free(seen);
	free(v.tallies);
	return n;
}
