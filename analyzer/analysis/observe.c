#include "analyzer/analysis/view.h"

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
/* Tests of a meter agree to a tenth: a transfer of 32 kB ends on the sender's timer. */
#define PLATEAU_PERCENT 10
#define NORMAL_RTT 2 /* times the usual one, or within 5 ms of it */
#define NORMAL_RTT_US 5000

typedef bool row_fn(struct observation *o, const struct view *v);

/* Each probe that shows a row gives it a line or two. */
static void
show(struct observation *o, const uint32_t *lines, uint32_t n)
{
	for (uint32_t i = 0; i < n && i < 2 && o->lines_n < OBSERVATION_LINES; i++)
		o->lines[o->lines_n++] = lines[i];
}

/* Counts the affected probes for which ${has} is true; the usual shape of a row. */
typedef bool has_fn(const struct view *v, const struct tally *t);

static void
count(struct observation *o, const struct view *v, has_fn *has, bool power)
{
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!view_is_field(v, p) || !t->affected)
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

static bool
row_5b(struct observation *o, const struct view *v)
{
	count(o, v, is_affected, v->event->family == FAMILY_DARK);
	o->value = view_networks(v);
	return o->n >= LEAST_PROBES && o->value >= 2;
}

static uint32_t
unaffected(const struct view *v)
{
	uint32_t n = 0;

	for (size_t p = 0; p < v->record->probes_n; p++)
		n += view_is_field(v, p) && v->tallies[p].reported &&
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

static bool
has_domestic(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->succeeded[RUNG_domestic] * 2 > t->tried[RUNG_domestic];
}

/* Probes of one operator that have nothing left, neither abroad nor at home; and when the
 * first of them lost it. */
static uint32_t
operator_dark(int64_t *first_us, const struct view *v, uint32_t asn)
{
	uint32_t n = 0;

	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!view_is_field(v, p) || !t->affected || has_domestic(v, t) ||
			view_network(v, p)->asn != asn)
			continue;
		if (!n++ || t->onset_us < *first_us)
			*first_us = t->onset_us;
	}
	return n;
}

static bool
row_7(struct observation *o, const struct view *v)
{
	int64_t earliest_us = INT64_MAX, latest_us = 0;

	if (v->event->family != FAMILY_REACH)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct network *home = view_network(v, p);
		int64_t onset_us = 0;
		uint32_t dark;
		bool again = false;

		if (!view_is_field(v, p) || !v->tallies[p].reported ||
			home->medium != MEDIUM_mobile || !home->asn)
			continue;
		o->of++;
		for (size_t q = 0; q < p && !again; q++)
			again = view_is_field(v, q) && v->tallies[q].reported &&
				view_network(v, q)->asn == home->asn;
		dark = again ? 0 : operator_dark(&onset_us, v, home->asn);
		if (dark < LEAST_PROBES)
			continue;
		o->value++;
		o->n += dark;
		earliest_us = onset_us < earliest_us ? onset_us : earliest_us;
		latest_us = onset_us > latest_us ? onset_us : latest_us;
		show(o, v->tallies[p].lines, v->tallies[p].lines_n);
	}
	o->other = (latest_us - earliest_us) / 1000000;
	return o->value >= 2 && latest_us - earliest_us <= v->record->window_us;
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
		uint8_t medium = view_network(v, p)->medium;

		if (!view_is_field(v, p) || !t->reported)
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
row_9b(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_REACH)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];
		uint8_t medium = view_network(v, p)->medium;

		if (!view_is_field(v, p) || !t->affected)
			continue;
		o->of++;
		o->n += medium == MEDIUM_mobile;
		o->value += medium == MEDIUM_fixed;
		show(o, t->lines, t->lines_n);
	}
	return o->n >= LEAST_PROBES && o->value >= LEAST_PROBES;
}

static bool
row_10(struct observation *o, const struct view *v)
{
	uint32_t asn = 0;

	if (v->event->family != FAMILY_REACH)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		if (!view_is_field(v, p) || !v->tallies[p].affected)
			continue;
		if (asn && view_network(v, p)->asn != asn)
			return false;
		asn = view_network(v, p)->asn;
	}
	for (size_t p = 0; asn && p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!view_is_field(v, p) || !t->reported)
			continue;
		if (view_network(v, p)->asn != asn) {
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

		if (!view_is_field(v, p) || !t->affected ||
			!has_only_home_country(v, t))
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

		if (!view_is_field(v, p) || !v->tallies[p].affected)
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
	int64_t sorted[VIEW_TESTS];

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
	int64_t loss[VIEW_TESTS];

	for (uint32_t i = 0; i < t->tests; i++)
		loss[i] = t->loss[i];
	return median(loss, t->tests);
}

/* Three in four tests within a tenth of their median. */
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
	int64_t rate[VIEW_TESTS], other[VIEW_TESTS];
	uint32_t n = 0;

	if (v->event->family != FAMILY_RATE)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!view_is_field(v, p) || !t->affected)
			continue;
		o->of++;
		if (!has(v, t))
			continue;
		o->n++;
		show(o, t->test_lines, t->test_lines_n);
		if (n < VIEW_TESTS) {
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

		o->value += view_is_control(v, p) && t->tests && t->usual_rate > 0 &&
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

		if (!view_is_control(v, p))
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

		if (!view_is_control(v, p))
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
		o->of += view_is_field(v, p);
		o->n += view_is_field(v, p) && v->tallies[p].affected;
	}
	return o->n > 0;
}

static row_fn *const row_fns[ROW_COUNT] = {
#define ROW(id, ...) [ROW_##id] = row_##id,
#include "analyzer/analysis/evidence.def"
};

size_t
observe(struct observation *observations, struct witness *witness,
	const struct event *event, const struct anomaly *anomalies,
	const struct record *record)
{
	struct view view;
	size_t n = 0;

	view_open(&view, event, anomalies, record);
	view_witness(witness, &view);
	for (size_t row = 0; row < ROW_COUNT; row++) {
		struct observation *o = &observations[n];

		memset(o, 0, sizeof(*o));
		o->row = (enum row)row;
		if (row_fns[row](o, &view))
			n++;
	}
	view_close(&view);
	return n;
}
