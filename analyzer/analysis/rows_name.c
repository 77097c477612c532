#include "analyzer/analysis/observe.h"

/* Rows about one target or one name, what asks for names, and what those abroad see. */

/* Reached more than half of what it tried on that rung. */
static bool
reaches(const struct tally *t, enum rung rung)
{
	return t->rung[rung].ok * 2 > t->rung[rung].tried;
}

static bool
has_the_rest(const struct view *v, const struct tally *t)
{
	(void)v;
	return reaches(t, RUNG_international) && reaches(t, RUNG_domestic);
}

static bool
has_dead_resolver(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->resolver.tried >= LEAST_AGAIN && !t->resolver.ok &&
	       t->abroad[CHECK_dns].ok >= LEAST_AGAIN;
}

bool
row_44(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_LOSS)
		return false;
	observe_count(o, v, has_dead_resolver, false);
	return o->n >= 2 && o->n * 2 > o->of;
}

static bool
has_all_but_names(const struct view *v, const struct tally *t)
{
	return t->loss == LOSS_NAMES && has_the_rest(v, t);
}

bool
row_44b(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_LOSS)
		return false;
	observe_count(o, v, has_all_but_names, false);
	return o->n && o->n * 2 > o->of;
}

/* What the probe saw of all targets that the event is about, added up. */
static struct seen
subject(const struct view *v, const struct tally *t)
{
	struct seen sum = {0};

	for (size_t i = 0; i < v->record->targets_n; i++) {
		const struct seen *seen = &t->seen[i];

		if (!view_is_subject(v, i))
			continue;
		sum.tried += seen->tried;
		sum.succeeded += seen->succeeded;
		sum.name_tried += seen->name_tried;
		sum.name_succeeded += seen->name_succeeded;
		sum.unlike += seen->unlike;
		sum.cut += seen->cut;
		sum.cut_bare += seen->cut_bare;
		sum.cut_too += seen->cut_too;
		sum.refused += seen->refused;
		sum.led += seen->led;
		sum.slower += seen->slower;
		sum.as_fast += seen->as_fast;
		sum.untrusted += seen->untrusted;
	}
	/* Of a name only what asked for it counts. */
	if (v->event->family == FAMILY_NAME) {
		sum.tried = sum.name_tried;
		sum.succeeded = sum.name_succeeded;
	}
	return sum;
}

static bool
has_forged_answer(const struct view *v, const struct tally *t)
{
	struct seen sum = subject(v, t);

	return sum.unlike - sum.refused - sum.led >= LEAST_AGAIN;
}

bool
row_43(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_NAME)
		return false;
	observe_count(o, v, has_forged_answer, false);
	for (size_t p = 0; p < v->record->probes_n; p++)
		o->value += view_is_control(v, p) &&
			    subject(v, &v->tallies[p]).succeeded >= LEAST_AGAIN;
	return o->n >= LEAST_PROBES && o->n * 2 > o->of && o->value;
}

static bool
has_cut_name(const struct view *v, const struct tally *t)
{
	struct seen sum = subject(v, t);

	return sum.cut > 3 * sum.cut_too;
}

static bool
passes_listed_names(const struct view *v, const struct tally *t)
{
	struct seen sum = subject(v, t);

	return has_cut_name(v, t) && sum.cut_bare >= LEAST_AGAIN &&
	       sum.cut_bare * 4 > sum.cut * 3;
}

bool
row_45a(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_NAME)
		return false;
	observe_count(o, v, passes_listed_names, false);
	return o->n >= LEAST_PROBES && o->n * 2 > o->of;
}

bool
row_45(struct observation *o, const struct view *v)
{
	struct observation listed = {0};

	/* That says more. */
	if (v->event->family != FAMILY_NAME || row_45a(&listed, v))
		return false;
	observe_count(o, v, has_cut_name, false);
	for (size_t p = 0; p < v->record->probes_n; p++)
		if (view_is_field(v, p) && v->tallies[p].affected)
			o->value += subject(v, &v->tallies[p]).cut;
	/* Once is chance at each of three, and is none at six. */
	return o->n >= LEAST_PROBES && o->n * 2 > o->of &&
	       o->value >= LEAST_AGAIN * LEAST_PROBES;
}

bool
row_45b(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_NAME && v->event->family != FAMILY_TARGET)
		return false;
	observe_count(o, v, has_the_rest, false);
	return o->n && o->n * 2 > o->of;
}

/* ---- how a name or an address is held up ---- */

static bool
name_row(struct observation *o, const struct view *v, has_fn *has, uint32_t least)
{
	if (v->event->family != FAMILY_NAME && v->event->family != FAMILY_TARGET)
		return false;
	observe_count(o, v, has, false);
	o->value = v->scene->mobile_out + v->scene->fixed_out;
	return o->n >= least && o->n * 2 > o->of;
}

static bool
is_refused_page(const struct view *v, const struct tally *t)
{
	struct seen sum = subject(v, t);

	return sum.refused && sum.refused * 2 >= sum.unlike;
}

bool
row_46g(struct observation *o, const struct view *v)
{
	return name_row(o, v, is_refused_page, 2);
}

static bool
is_told_nothing(const struct view *v, const struct tally *t)
{
	struct seen sum = subject(v, t);

	return sum.succeeded < sum.tried && !sum.unlike;
}

bool
row_46h(struct observation *o, const struct view *v)
{
	return name_row(o, v, is_told_nothing, LEAST_PROBES);
}

static bool
is_led_elsewhere(const struct view *v, const struct tally *t)
{
	struct seen sum = subject(v, t);

	return sum.led && sum.led * 2 >= sum.unlike;
}

bool
row_43p(struct observation *o, const struct view *v)
{
	return name_row(o, v, is_led_elsewhere, LEAST_PROBES);
}

static bool
is_untrusted(const struct view *v, const struct tally *t)
{
	return subject(v, t).untrusted > 0;
}

bool
row_45i(struct observation *o, const struct view *v)
{
	return name_row(o, v, is_untrusted, LEAST_PROBES);
}

static bool
is_slower(const struct view *v, const struct tally *t)
{
	struct seen sum = subject(v, t);

	return sum.slower && sum.slower > sum.as_fast;
}

bool
row_40(struct observation *o, const struct view *v)
{
	return name_row(o, v, is_slower, LEAST_PROBES);
}

/* The address itself is silent, on every port, while the rest is as ever. */
static bool
is_silent_address(const struct view *v, const struct tally *t)
{
	struct seen sum = subject(v, t);

	return sum.tried >= LEAST_AGAIN && sum.succeeded * 4 <= sum.tried &&
	       !sum.unlike && !sum.slower && has_the_rest(v, t);
}

bool
row_48(struct observation *o, const struct view *v)
{
	return v->event->family == FAMILY_TARGET &&
	       name_row(o, v, is_silent_address, 2) && o->value >= 2;
}

bool
row_46(struct observation *o, const struct view *v)
{
	uint32_t tried = 0;

	if (v->event->family != FAMILY_TARGET && v->event->family != FAMILY_NAME)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		struct seen sum;

		if (!view_is_control(v, p))
			continue;
		sum = subject(v, &v->tallies[p]);
		o->of += sum.tried > 0;
		tried += sum.tried;
		if (!sum.tried || sum.succeeded)
			continue;
		o->n++;
		observe_show(o, v->tallies[p].lines, v->tallies[p].lines_n);
	}
	return o->n && o->n * 2 > o->of && tried >= LEAST_AGAIN;
}

bool
row_46b(struct observation *o, const struct view *v)
{
	enum family family = (enum family)v->event->family;

	if (family != FAMILY_TARGET && family != FAMILY_NAME && family != FAMILY_LOSS)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];
		uint32_t tried = t->rung[RUNG_international].tried;
		uint32_t succeeded = t->rung[RUNG_international].ok;

		if (!view_is_control(v, p))
			continue;
		if (family != FAMILY_LOSS) {
			struct seen sum = subject(v, t);

			tried = sum.tried;
			succeeded = sum.succeeded;
		}
		o->of += tried > 0;
		o->n += tried && succeeded * 2 > tried;
	}
	return o->n && o->n * 2 > o->of;
}
