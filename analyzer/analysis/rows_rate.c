#include "analyzer/analysis/observe.h"
#include "analyzer/analysis/downgrade.h"

/* Rows about transfers: a meter, a queue, and what else was slow. */
#define LEAST_TESTS 3
#define POLICED_LOSS_PPM 100000
#define SHAPED_LOSS_PPM 10000
/* A queue that a shaper fills; less is the receiver's delayed acknowledgement (40 ms). */
#define QUEUE_US 100000
/* A short one: longer than that delay, and more than two full packets. */
#define SHALLOW_US 45000
#define SHALLOW_BYTES 3000
/* Tests of a meter differ by a timer of the sender: TCP's least one, 200 ms in Linux, is an
 * eighth of the 1.7 s that 32 kB take. */
#define PLATEAU_PERCENT 15

static int64_t
median_loss(const struct tally *t)
{
	int64_t loss[VIEW_TESTS];

	for (uint32_t i = 0; i < t->tests; i++)
		loss[i] = t->loss_ppm[i];
	return observe_median(loss, t->tests);
}

/* Three in four tests near their median. */
static bool
is_plateau(const struct tally *t)
{
	int64_t middle = observe_median(t->rate, t->tests);
	uint32_t near = 0;

	for (uint32_t i = 0; i < t->tests; i++) {
		int64_t off =
			t->rate[i] > middle ? t->rate[i] - middle : middle - t->rate[i];

		near += off * 100 <= middle * PLATEAU_PERCENT;
	}
	return t->tests >= LEAST_TESTS && near * 4 >= t->tests * 3;
}

/* More than the receiver's delay, and than the packet or two that are on their way: a meter holds
 * nothing back, however slow it is. */
static bool
holds_back(const struct tally *t)
{
	int64_t queue_us = observe_median(t->queue, t->tests);
	int64_t rate_bps = observe_median(t->rate, t->tests);

	return queue_us >= SHALLOW_US &&
	       queue_us / 8 * rate_bps / 1000000 >= SHALLOW_BYTES;
}

static bool
has_meter(const struct view *v, const struct tally *t)
{
	(void)v;
	return is_plateau(t) && median_loss(t) >= POLICED_LOSS_PPM && !holds_back(t) &&
	       observe_median(t->queue, t->tests) < QUEUE_US;
}

static bool
has_queue(const struct view *v, const struct tally *t)
{
	bool deep = median_loss(t) < SHAPED_LOSS_PPM &&
		    observe_median(t->queue, t->tests) >= QUEUE_US;

	(void)v;
	return is_plateau(t) && (deep || holds_back(t));
}

/* Rate rows: the figures are medians over the probes that show the row. */
static bool
rate_row(struct observation *o, const struct view *v, has_fn *has, bool loss)
{
	int64_t rate[VIEW_TESTS], other[VIEW_TESTS];
	uint32_t n = 0;

	if (v->event->family != FAMILY_SLOW)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!view_is_field(v, p) || !t->affected)
			continue;
		o->of++;
		if (!has(v, t))
			continue;
		o->n++;
		observe_show(o, t->test_lines, t->test_lines_n);
		if (n < VIEW_TESTS) {
			rate[n] = observe_median(t->rate, t->tests) / 1000;
			other[n] = loss ? median_loss(t) / 10000
					: observe_median(t->queue, t->tests) / 1000;
			n++;
		}
	}
	o->value = observe_median(rate, n);
	o->other = observe_median(other, n);
	return o->n && o->n * 2 > o->of;
}

bool
row_35(struct observation *o, const struct view *v)
{
	return rate_row(o, v, has_meter, true);
}

bool
row_36(struct observation *o, const struct view *v)
{
	return rate_row(o, v, has_queue, false);
}

#define LATE_LEAST 3 /* round trips of a probe that tell */

/* Most of the round trips, or hardly any; of too few neither. */
static bool
is_late(const struct tally *t, bool abroad)
{
	return t->late[abroad].tried >= LATE_LEAST &&
	       t->late[abroad].ok * 2 > t->late[abroad].tried;
}

/* A flood: much is lost of what is asked, all that comes is late, and the operator's own
 * resolver is dead. */
#define FLOOD_LOST_PERCENT 25
static bool
is_flooded(const struct view *v, const struct tally *t)
{
	struct tries home = t->rung[RUNG_domestic],
		     abroad = t->rung[RUNG_international];
	uint32_t tried = home.tried + abroad.tried, ok = home.ok + abroad.ok;

	bool lost = tried >= LEAST_AGAIN && ok &&
		    (tried - ok) * 100 >= tried * FLOOD_LOST_PERCENT;
	bool nameless = t->resolver.tried >= LEAST_AGAIN && !t->resolver.ok;

	(void)v;
	return t->affected && (lost || nameless) &&
	       (is_late(t, true) || is_late(t, false));
}

static bool
has_everything(const struct view *v, const struct tally *t)
{
	return t->rung[RUNG_international].tried && !is_flooded(v, t) &&
	       t->rung[RUNG_international].ok * 2 > t->rung[RUNG_international].tried;
}

bool
row_35b(struct observation *o, const struct view *v)
{
	/* Slow here and there is nobody's event. */
	if (v->event->family != FAMILY_SLOW || v->scene->extent == EXTENT_SCATTERED)
		return false;
	observe_count(o, v, has_everything, false);
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		o->value += view_is_control(v, p) && t->tests && t->usual_rate > 0 &&
			    observe_median(t->rate, t->tests) * 100 >=
				    t->usual_rate * RATE_FALLS_UNDER_PERCENT;
	}
	return o->n && o->n * 2 > o->of;
}

static bool
is_flooded_or_slow(const struct view *v, const struct tally *t)
{
	return is_flooded(v, t) || has_everything(v, t);
}

bool
row_35f(struct observation *o, const struct view *v)
{
	struct observation slow = {0}, flooded = {0};

	if (v->event->family != FAMILY_SLOW || row_35b(&slow, v) ||
		v->scene->extent == EXTENT_SCATTERED)
		return false;
	observe_count(&flooded, v, is_flooded, false);
	observe_count(o, v, is_flooded_or_slow, false);
	o->value = flooded.n;
	return o->n && o->n * 2 > o->of;
}

/* Has this probe's line gone back to 2G? Another cell is another mast. */
static bool
has_slow_radio(const struct view *v, const struct tally *t)
{
	struct downgrade fall = {.rate_bps = observe_median(t->rate, t->tests),
		.usual_bps = t->usual_rate};

	for (size_t i = 0; i < v->record->targets_n; i++)
		downgrade_add_target(v->record->targets[i].rung == RUNG_domestic
					     ? &fall.home
					     : &fall.abroad,
			t->seen[i].rtt_us, t->seen[i].usual_rtt_us);
	for (uint32_t i = 0; i < t->tests; i++)
		downgrade_add_test(&fall, t->train[i], t->loss_ppm[i]);
	return !t->new_cell && downgrade_is_2g(&fall);
}

/* Operators with enough probes that show it. */
static uint32_t
slow_operators(const struct view *v)
{
	uint32_t operators = 0;

	for (size_t p = 0; p < v->record->probes_n; p++) {
		uint32_t n = 0;
		bool first = true;

		for (size_t q = 0; q < v->record->probes_n; q++) {
			if (!view_is_field(v, q) || !v->tallies[q].affected ||
				view_network(v, q)->medium != MEDIUM_mobile ||
				view_network(v, q)->asn != view_network(v, p)->asn ||
				!has_slow_radio(v, &v->tallies[q]))
				continue;
			first = first && q >= p;
			n++;
		}
		operators += first && n >= LEAST_PROBES - 1 &&
			     has_slow_radio(v, &v->tallies[p]);
	}
	return operators;
}

bool
row_32b(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_SLOW)
		return false;
	observe_count(o, v, has_slow_radio, false);
	o->value = slow_operators(v);
	for (size_t p = 0; p < v->record->probes_n; p++)
		o->other += view_is_field(v, p) && v->tallies[p].reported &&
			    !v->tallies[p].affected &&
			    view_network(v, p)->medium != MEDIUM_mobile;
	return o->n >= LEAST_PROBES && o->n * 2 > o->of && o->value >= 2;
}

/* ---- round trips ---- */

static bool
is_timely(const struct tally *t, bool abroad)
{
	return t->late[abroad].tried >= LATE_LEAST &&
	       t->late[abroad].ok * 3 <= t->late[abroad].tried;
}

/* How much later, in percent of the usual; -1 unknown. */
static int64_t
later_percent(const struct view *v, const struct tally *t, bool abroad)
{
	int64_t later[VIEW_TESTS];

	(void)v;
	for (uint32_t i = 0; i < t->later_n[abroad]; i++)
		later[i] = t->later[abroad][i];
	return t->later_n[abroad] ? observe_median(later, t->later_n[abroad]) : -1;
}

static bool
is_late_abroad_alone(const struct view *v, const struct tally *t)
{
	(void)v;
	return is_late(t, true) && is_timely(t, false);
}

/* An older radio is late to everywhere, too, with nobody else on it. */
static bool
is_late_everywhere(const struct view *v, const struct tally *t)
{
	bool fell_back = t->generation && t->generation < t->usual_generation;

	(void)v;
	return is_late(t, true) && is_late(t, false) && !fell_back;
}

static bool
is_slow_in_time(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->tests && t->usual_rate > 0 && is_timely(t, false) &&
	       is_timely(t, true);
}

static int64_t
median_later(const struct view *v, bool abroad)
{
	int64_t later[VIEW_TESTS];
	uint32_t n = 0;

	for (size_t p = 0; p < v->record->probes_n && n < VIEW_TESTS; p++) {
		const struct tally *t = &v->tallies[p];
		int64_t percent = view_is_field(v, p) && t->affected
					  ? later_percent(v, t, abroad)
					  : -1;

		if (percent >= 0)
			later[n++] = percent;
	}
	return n ? observe_median(later, n) : 0;
}

static bool
round_trip_row(struct observation *o, const struct view *v, has_fn *has)
{
	if (v->event->family != FAMILY_SLOW)
		return false;
	observe_count(o, v, has, false);
	o->value = median_later(v, true);
	o->other = median_later(v, false);
	return o->n >= 2 && o->n * 2 > o->of;
}

/* Some operators' way to the world has grown longer; or everybody's. */
bool
row_37(struct observation *o, const struct view *v)
{
	return round_trip_row(o, v, is_late_abroad_alone) &&
	       v->scene->extent != EXTENT_ALL;
}

bool
row_37b(struct observation *o, const struct view *v)
{
	return round_trip_row(o, v, is_late_abroad_alone) &&
	       v->scene->extent == EXTENT_ALL;
}

bool
row_38(struct observation *o, const struct view *v)
{
	return round_trip_row(o, v, is_late_everywhere);
}

/* Everybody's. Here and there it is loss on somebody's way. */
bool
row_39(struct observation *o, const struct view *v)
{
	const struct crowd *all = &v->scene->all;

	return round_trip_row(o, v, is_slow_in_time) && all->affected * 2 > all->n &&
	       v->scene->mobile_out + v->scene->fixed_out >= 2;
}

/* One operator's rates alone: its own meter or queue, or an order to it. */
bool
row_39b(struct observation *o, const struct view *v)
{
	return round_trip_row(o, v, is_slow_in_time) && o->n >= LEAST_PROBES &&
	       v->scene->extent == EXTENT_OPERATOR;
}

bool
row_50(struct observation *o, const struct view *v)
{
	if ((v->event->family != FAMILY_SLOW && v->event->family != FAMILY_LOSS) ||
		(v->scene->extent != EXTENT_OPERATOR &&
			v->scene->extent != EXTENT_OWNER))
		return false;
	observe_count(o, v, is_flooded, false);
	o->value = median_later(v, true);
	return o->n >= 2 && o->n * 2 > o->of;
}

/* An operator, slow as a whole. */
bool
row_10s(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_SLOW || v->scene->extent != EXTENT_OPERATOR)
		return false;
	o->n = v->scene->all.affected;
	o->of = v->scene->all.n;
	return o->n >= LEAST_PROBES;
}

/* The modems of two operators fell back a generation, on the same cell and signal. */
static bool
is_downgraded(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->affected && t->usual_generation > 3 && t->generation &&
	       t->generation <= 3 && !t->new_cell;
}

bool
row_32(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_SLOW && v->event->family != FAMILY_LOSS)
		return false;
	observe_count(o, v, is_downgraded, true);
	o->value = v->scene->mobile_out;
	return o->n >= 2 && o->value >= 2 && o->n * 2 > o->of;
}

/* ---- large pages ---- */

static bool
is_frozen(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->affected && t->whole[1].tried > t->whole[1].ok &&
	       t->whole[0].ok == t->whole[0].tried && t->frozen_least &&
	       t->frozen_most <= 2 * t->frozen_least;
}

bool
row_42(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_WHOLE)
		return false;
	observe_count(o, v, is_frozen, false);
	for (size_t p = 0; p < v->record->probes_n; p++)
		if (view_is_field(v, p) && v->tallies[p].affected &&
			v->tallies[p].frozen_most > o->value)
			o->value = v->tallies[p].frozen_most;
	return o->n >= LEAST_PROBES && o->n * 2 > o->of;
}

static bool
is_large_alone(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->affected && t->whole[1].tried > t->whole[1].ok &&
	       (t->loss == LOSS_NONE || t->loss == LOSS_NAMES);
}

bool
row_42b(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_WHOLE)
		return false;
	observe_count(o, v, is_large_alone, false);
	return o->n * 2 > o->of;
}
