#include "analyzer/analysis/observe.h"

#include <string.h>

/* Rows about what a loss looks like, and whose it is. */
#define BIT LOSS_BIT

/* Most of those out, in one of these states. Whose lines show nothing lost was hit for less
 * than half of it, and says nothing of what was lost; a third of them at most. */
static bool
most_are(struct observation *o, const struct view *v, uint32_t losses)
{
	uint32_t well = 0, out = 0;

	if (v->event->family != FAMILY_LOSS && v->event->family != FAMILY_PROTOCOL)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!view_is_field(v, p) || !t->own)
			continue;
		well += t->loss == LOSS_NONE;
		out++;
		if (!(BIT(t->loss) & losses))
			continue;
		o->n++;
		observe_show(o, t->lines, t->lines_n);
	}
	o->of = BIT(LOSS_NONE) & losses || well * 3 > out ? out : out - well;
	return o->n * 2 > o->of;
}

/* A phone without a modem to ask only sees its line go. */
static bool
is_refused(const struct view *v)
{
	return v->scene->all.loss[LOSS_REFUSED] > 0;
}

static uint32_t
nothing_left(const struct view *v)
{
	return BIT(LOSS_ALL) | BIT(LOSS_REFUSED) |
	       (is_refused(v) ? BIT(LOSS_HOME) : 0U);
}

bool
row_7b(struct observation *o, const struct view *v)
{
	o->value = v->scene->all.loss[LOSS_REFUSED];
	return most_are(o, v, nothing_left(v));
}

bool
row_4b(struct observation *o, const struct view *v)
{
	struct observation dark = {0};

	return most_are(o, v, BIT(LOSS_ACCESS)) && !row_3b(&dark, v);
}

bool
row_5d(struct observation *o, const struct view *v)
{
	struct observation dark = {0};

	return !is_refused(v) && most_are(o, v, BIT(LOSS_HOME)) && o->n > 1 &&
	       !row_3b(&dark, v);
}

/* Several ways at once: lines, masts, operators. */
bool
row_1a(struct observation *o, const struct view *v)
{
	static row_fn *const others[] = {row_3b, row_4b, row_5, row_5d, row_7b};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct observation other = {0};

		if (others[i](&other, v))
			return false;
	}
	return most_are(o, v,
		BIT(LOSS_DARK) | BIT(LOSS_HOME) | BIT(LOSS_REFUSED) | BIT(LOSS_ACCESS) |
			BIT(LOSS_ALL));
}

/* Where a share of everything passes, the world is not dead. */
static bool
leaks(const struct view *v)
{
	struct observation o = {0};

	return row_12d(&o, v);
}

bool
row_12(struct observation *o, const struct view *v)
{
	o->value = v->scene->all.loss[LOSS_ALL];
	return most_are(o, v, BIT(LOSS_WORLD)) && !leaks(v);
}

bool
row_12c(struct observation *o, const struct view *v)
{
	if (v->event->family == FAMILY_PROTOCOL)
		return most_are(o, v, BIT(LOSS_PART) | BIT(LOSS_NONE));
	return most_are(o, v, BIT(LOSS_PART) | (leaks(v) ? BIT(LOSS_WORLD) : 0U));
}

bool
row_12h(struct observation *o, const struct view *v)
{
	return most_are(o, v, BIT(LOSS_COUNTRY));
}

/* Where a control probe lives the world is as far. */
static bool
has_no_world(const struct tally *t)
{
	struct tries now = t->rung[RUNG_international], router = t->rung[RUNG_router];
	struct tries before = {0};

	for (size_t check = 0; check < CHECK_COUNT; check++) {
		before.tried += t->usual_abroad[check].tried;
		before.ok += t->usual_abroad[check].ok;
	}
	return now.tried >= LEAST_PROBES && now.ok * 4 <= now.tried &&
	       router.ok * 2 > router.tried && before.ok * 2 > before.tried;
}

bool
row_11c(struct observation *o, const struct view *v)
{
	struct observation world = {0};

	if (v->event->family != FAMILY_LOSS || !row_12(&world, v))
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!view_is_control(v, p))
			continue;
		o->of++;
		if (!has_no_world(t))
			continue;
		o->n++;
		observe_show(o, t->lines, t->lines_n);
	}
	return o->n;
}

/* ---- who ---- */

/* When the operator's went, most of them: one may have had trouble of its own before. */
static int64_t
onset_of(const struct view *v, const struct crowd *operator)
{
	int64_t onsets_us[VIEW_TESTS];
	uint32_t n = 0;

	for (size_t p = 0; p < v->record->probes_n && n < VIEW_TESTS; p++)
		if (view_is_field(v, p) && v->tallies[p].own &&
			view_network(v, p)->asn ==
				operator->asn && view_network(v, p)->medium ==
				operator->medium)
			onsets_us[n++] = v->tallies[p].onset_us;
	return observe_median(onsets_us, n);
}

/* All operators of a medium there, or all operators: how many, and how long it took. */
static bool
every(struct observation *o, const struct view *v, enum scene_extent extent)
{
	const struct scene *s = v->scene;
	int64_t first_us = INT64_MAX, last_us = 0;

	if ((v->event->family != FAMILY_LOSS && v->event->family != FAMILY_PROTOCOL &&
		    v->event->family != FAMILY_SLOW) ||
		s->extent != extent)
		return false;
	o->n = s->all.affected;
	o->of = s->all.n;
	o->value = s->mobile_out + s->fixed_out;
	for (size_t i = 0; i < s->operators_n; i++) {
		int64_t onset_us = onset_of(v, &s->operators[i]);

		if (!onset_us || !s->operators[i].places_out ||
			!scene_is_operator(s, &s->operators[i]))
			continue;
		first_us = onset_us < first_us ? onset_us : first_us;
		last_us = onset_us > last_us ? onset_us : last_us;
	}
	o->other = last_us > first_us ? (last_us - first_us) / 1000000 : 0;
	for (size_t p = 0; p < v->record->probes_n; p++)
		if (view_is_field(v, p) && v->tallies[p].own)
			observe_show(o, v->tallies[p].lines, v->tallies[p].lines_n);
	return true;
}

static bool
is_cut_off(const struct view *v)
{
	struct observation cut = {0};

	return most_are(&cut, v, nothing_left(v) | BIT(LOSS_ACCESS) | BIT(LOSS_HOME));
}

/* So far apart mobile operators may obey one order. */
#define OBEYED_WINDOWS 4

/* All mobile operators are cut off, whenever each was. A machine or two among many stop by
 * themselves: rows 3 and 3b begin at a quarter. */
static bool
is_mobile_cut_off(struct observation *o, const struct view *v)
{
	return v->event->family == FAMILY_LOSS && every(o, v, EXTENT_MOBILE) &&
	       o->n >= LEAST_PROBES && is_cut_off(v) &&
	       scene_lost(&v->scene->all, BIT(LOSS_DARK)) * 4 < v->scene->all.own;
}

static bool
is_obeyed(const struct observation *o, const struct view *v)
{
	return o->other * 1000000 <= OBEYED_WINDOWS * v->record->window_us;
}

bool
row_7(struct observation *o, const struct view *v)
{
	return is_mobile_cut_off(o, v) && is_obeyed(o, v);
}

bool
row_8(struct observation *o, const struct view *v)
{
	return is_mobile_cut_off(o, v) && !is_obeyed(o, v);
}

/* They have the country and not the world. */
static bool
is_at_border(const struct view *v)
{
	struct observation world = {0};

	return v->event->family == FAMILY_LOSS && row_12(&world, v);
}

/* What is left to them is slow, or some of the world. */
bool
row_7s(struct observation *o, const struct view *v)
{
	return every(o, v, EXTENT_MOBILE) && o->n >= LEAST_PROBES && !is_cut_off(v) &&
	       !is_at_border(v);
}

bool
row_9(struct observation *o, const struct view *v)
{
	return every(o, v, EXTENT_FIXED) && o->n >= LEAST_PROBES && !is_at_border(v);
}

/* Of whom nothing is known may be out or not. */
static bool
is_known(const struct view *v)
{
	uint32_t here = 0;

	for (size_t p = 0; p < v->record->probes_n; p++)
		here += view_is_field(v, p);
	return v->scene->all.n * 2 > here;
}

/* Row 37b says it too. */
bool
row_9b(struct observation *o, const struct view *v)
{
	struct observation told = {0};

	return every(o, v, EXTENT_ALL) && o->n >= LEAST_PROBES && !v->scene->regional &&
	       is_known(v) && !row_37b(&told, v);
}

/* Everything of every operator, on machines that run. */
bool
row_9c(struct observation *o, const struct view *v)
{
	struct observation nothing = {0};

	return v->event->family == FAMILY_LOSS && row_9b(o, v) &&
	       most_are(&nothing, v, nothing_left(v)) && o->value >= 3;
}

bool
row_9d(struct observation *o, const struct view *v)
{
	if (!every(o, v, EXTENT_ALL) || !v->scene->regional || o->value < 2)
		return false;
	o->other = v->scene->regions_out;
	return o->n >= LEAST_PROBES;
}

bool
row_10(struct observation *o, const struct view *v)
{
	return v->event->family != FAMILY_SLOW && every(o, v, EXTENT_OPERATOR) &&
	       o->n >= LEAST_PROBES;
}

/* Machines that stop at two operators have lost power, whoever owns their lines. */
bool
row_10b(struct observation *o, const struct view *v)
{
	struct observation dark = {0};

	return v->event->family != FAMILY_SLOW && every(o, v, EXTENT_OWNER) &&
	       o->n >= LEAST_PROBES && !row_3b(&dark, v) && !is_at_border(v);
}

/* Two operators or one medium: whoever hangs on one gateway. */
bool
row_10w(struct observation *o, const struct view *v)
{
	enum scene_extent extent = v->scene->extent;

	return (extent == EXTENT_OWNER || extent == EXTENT_MOBILE ||
		       extent == EXTENT_FIXED) &&
	       every(o, v, extent) && o->n >= LEAST_PROBES && is_at_border(v);
}

bool
row_10c(struct observation *o, const struct view *v)
{
	return every(o, v, EXTENT_PLACE) && o->n >= 2;
}

bool
row_10d(struct observation *o, const struct view *v)
{
	return every(o, v, EXTENT_SCATTERED) && o->n >= 2;
}
