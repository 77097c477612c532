#include "analyzer/analysis/observe.h"
#include "analyzer/analysis/downgrade.h"

/* Rows about transfers: a meter, a queue, and what else was slow. */
#define LEAST_TESTS 3
#define POLICED_LOSS_PPM 100000
#define SHAPED_LOSS_PPM 10000
/* A queue that a shaper fills; less is the receiver's delayed acknowledgement (40 ms). */
#define QUEUE_US 100000
/* Tests of a meter differ by a timer of the sender: TCP's least one, 200 ms in Linux, is an
 * eighth of the 1.7 s that 32 kB take. */
#define PLATEAU_PERCENT 15

static int64_t
median_loss(const struct tally *t)
{
	int64_t loss[VIEW_TESTS];

	for (uint32_t i = 0; i < t->tests; i++)
		loss[i] = t->loss[i];
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

static bool
has_meter(const struct view *v, const struct tally *t)
{
	(void)v;
	return is_plateau(t) && median_loss(t) >= POLICED_LOSS_PPM &&
	       observe_median(t->queue, t->tests) < QUEUE_US;
}

static bool
has_queue(const struct view *v, const struct tally *t)
{
	(void)v;
	return is_plateau(t) && median_loss(t) < SHAPED_LOSS_PPM &&
	       observe_median(t->queue, t->tests) >= QUEUE_US;
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
	return o->n >= LEAST_PROBES && o->n * 2 > o->of;
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

static bool
has_everything(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->tried[RUNG_international] &&
	       t->succeeded[RUNG_international] * 2 > t->tried[RUNG_international];
}

bool
row_35b(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_RATE)
		return false;
	observe_count(o, v, has_everything, false);
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		o->value += view_is_control(v, p) && t->tests && t->usual_rate > 0 &&
			    observe_median(t->rate, t->tests) * 3 >= t->usual_rate;
	}
	return o->n && o->n * 2 > o->of && o->value;
}

/* Has this probe's line gone back to 2G? */
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
		downgrade_add_test(&fall, t->train[i], t->loss[i]);
	return downgrade_is_2g(&fall);
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
	if (v->event->family != FAMILY_RATE)
		return false;
	observe_count(o, v, has_slow_radio, false);
	o->value = slow_operators(v);
	for (size_t p = 0; p < v->record->probes_n; p++)
		o->other += view_is_field(v, p) && v->tallies[p].reported &&
			    !v->tallies[p].affected &&
			    view_network(v, p)->medium != MEDIUM_mobile;
	return o->n >= LEAST_PROBES && o->n * 2 > o->of && o->value >= 2;
}
