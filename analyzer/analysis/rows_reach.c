#include "analyzer/analysis/observe.h"

/* Rows about who is reached: which medium, which operator, which countries, which hosts. */
#define NORMAL_RTT 2 /* times the usual one, or within 5 ms of it */
#define NORMAL_RTT_US 5000

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

bool
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
		observe_show(o, v->tallies[p].lines, v->tallies[p].lines_n);
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
				observe_show(o, t->lines, t->lines_n);
		} else if (medium == fine) {
			if (t->affected)
				return false;
			o->value++;
		}
	}
	return o->n >= LEAST_PROBES && o->n == o->of && o->value >= LEAST_PROBES;
}

bool
row_8(struct observation *o, const struct view *v)
{
	return one_medium(o, v, MEDIUM_mobile, MEDIUM_fixed);
}

bool
row_9(struct observation *o, const struct view *v)
{
	return one_medium(o, v, MEDIUM_fixed, MEDIUM_mobile);
}

bool
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
		observe_show(o, t->lines, t->lines_n);
	}
	return o->n >= LEAST_PROBES && o->value >= LEAST_PROBES;
}

bool
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
			observe_show(o, t->lines, t->lines_n);
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

bool
row_12(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_REACH)
		return false;
	observe_count(o, v, has_only_home_country, false);
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
		usual = t->seen[i].usual_rtt_us;
		if (usual && (t->seen[i].rtt_us <= NORMAL_RTT * usual ||
				     t->seen[i].rtt_us <= usual + NORMAL_RTT_US))
			answers += t->seen[i].succeeded;
	}
	return answers;
}

bool
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
		observe_show(o, v->tallies[p].lines, v->tallies[p].lines_n);
	}
	return o->n >= LEAST_PROBES && o->n * 2 > o->of;
}

bool
row_13b(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_REACH)
		return false;
	observe_count(o, v, has_domestic, false);
	return o->n && o->n * 2 > o->of;
}
