#include "analyzer/report/score.h"

#include <string.h>

#define PPM 1000000

/* ---- names ---- */

uint8_t
score_class_of(uint8_t cause)
{
	switch (cause) {
	case SCORE_INSUFFICIENT:
		return SCORE_CLASS_INSUFFICIENT;
	case SCORE_UNDECIDED:
		return SCORE_CLASS_UNDECIDED;
	case SCORE_NONE:
		return SCORE_CLASS_NONE;
	default:
		return (uint8_t)evidence_class((enum cause)cause);
	}
}

const char *
score_class_name(uint8_t score_class)
{
	switch (score_class) {
	case SCORE_CLASS_INSUFFICIENT:
		return "insufficient";
	case SCORE_CLASS_UNDECIDED:
		return "undecided";
	case SCORE_CLASS_NONE:
		return "none";
	default:
		return evidence_class_name((enum class)score_class);
	}
}

const char *
score_cause_name(uint8_t cause)
{
	return cause < CAUSE_COUNT ? evidence_cause_name((enum cause)cause)
				   : score_class_name(score_class_of(cause));
}

uint8_t
score_cause_by_name(struct span name)
{
	uint8_t cause = 0;

	while (cause < SCORE_CAUSES && !span_is(name, score_cause_name(cause)))
		cause++;
	return cause;
}

/* ---- which event serves which label ---- */

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool
share_network(const struct score_scope *a, const struct score_scope *b)
{
	for (size_t i = 0; i < a->asns_n; i++)
		for (size_t k = 0; k < b->asns_n; k++)
			if (a->asns[i] == b->asns[k])
				return true;
	return a->asns_n == 0;
}

static bool
share_region(const struct score_scope *a, const struct score_scope *b)
{
	for (size_t i = 0; i < a->regions_n; i++)
		for (size_t k = 0; k < b->regions_n; k++)
			if (strcmp(a->regions[i], b->regions[k]) == 0)
				return true;
	return a->regions_n == 0 || b->regions_n == 0;
}

/* Past it nothing is known: what had not ended is compared up to there. */
static int64_t
find_horizon(const struct score_label *labels, size_t labels_n,
	const struct score_event *events, size_t events_n)
{
	int64_t horizon = 0;

	for (size_t i = 0; i < labels_n + events_n; i++) {
		const struct score_scope *s =
			i < labels_n ? &labels[i].scope : &events[i - labels_n].scope;

		horizon = most(horizon, s->start_utc_us + 1);
		if (s->end_utc_us != INT64_MAX)
			horizon = most(horizon, s->end_utc_us);
	}
	return horizon;
}

struct fit {
	int64_t overlap_us; /* at the estimates; below 0: only the errors overlap */
	int64_t apart_us; /* how far start and end lie from the label's, in sum */
};

static bool
can_serve(struct fit *fit, const struct score_event *event,
	const struct score_label *label, int64_t horizon_us)
{
	const struct score_scope *e = &event->scope, *l = &label->scope;
	int64_t e_end = least(e->end_utc_us, horizon_us);
	int64_t l_end = least(l->end_utc_us, horizon_us);
	int64_t start_apart = e->start_utc_us - l->start_utc_us,
		end_apart = e_end - l_end;

	if (strcmp(e->country, l->country) != 0 || !share_network(l, e) ||
		!share_region(l, e) ||
		e->start_utc_us - event->start_error_us >= l_end ||
		e_end + event->end_error_us <= l->start_utc_us)
		return false;
	fit->overlap_us = least(e_end, l_end) - most(e->start_utc_us, l->start_utc_us);
	fit->apart_us = (start_apart < 0 ? -start_apart : start_apart) +
			(end_apart < 0 ? -end_apart : end_apart);
	return true;
}

#define LESSER_PARTS 4

/* It befell far fewer than the event has. */
static bool
is_lesser(const struct score_event *event, const struct score_label *label)
{
	return label->probes && (int64_t)label->probes * LESSER_PARTS < event->affected;
}

/* Of the labels that are lesser than the event, or of those that are not, the one that it
 * serves; NULL: none. Two passes: how long at the most, then which of those that come near it
 * fits best. */
static const struct score_label *
find_among(const struct score_event *event, bool lesser,
	const struct score_label *labels, size_t n, int64_t horizon_us)
{
	const struct score_label *best = NULL;
	int64_t longest = INT64_MIN, apart = INT64_MAX, slack;
	struct fit fit;

	for (size_t i = 0; i < n; i++)
		if (is_lesser(event, &labels[i]) == lesser &&
			can_serve(&fit, event, &labels[i], horizon_us))
			longest = most(longest, fit.overlap_us);
	if (longest == INT64_MIN)
		return NULL;
	slack = most(longest, 0) / 10 + event->start_error_us + event->end_error_us;
	for (size_t i = 0; i < n; i++) {
		if (is_lesser(event, &labels[i]) != lesser ||
			!can_serve(&fit, event, &labels[i], horizon_us) ||
			fit.overlap_us < longest - slack || fit.apart_us >= apart)
			continue;
		best = &labels[i];
		apart = fit.apart_us;
	}
	return best;
}

static const struct score_label *
find_label(const struct score_event *event, const struct score_label *labels, size_t n,
	int64_t horizon_us)
{
	const struct score_label *label =
		find_among(event, false, labels, n, horizon_us);

	return label ? label : find_among(event, true, labels, n, horizon_us);
}

/* Does ${event} serve the label better than ${other}? Both serve it; events come in the
 * order of their start. */
static bool
is_better(const struct score_event *event, const struct score_event *other,
	const struct score_label *label, int64_t horizon_us)
{
	uint8_t truth = score_class_of(label->cause);
	bool agrees = score_class_of(event->cause) == truth;
	struct fit fit = {0}, other_fit = {0};

	if (!other || agrees != (score_class_of(other->cause) == truth))
		return !other || agrees;
	(void)can_serve(&fit, event, label, horizon_us);
	(void)can_serve(&other_fit, other, label, horizon_us);
	return fit.overlap_us > other_fit.overlap_us;
}

/* ---- what it is worth ---- */

/* Are the named causes, in whatever order, those that lead? */
static bool
named_lead(const struct score_label *label, const struct score_event *event)
{
	size_t seen = 0;

	for (size_t i = 0; i < label->named_n && i < event->causes_n; i++)
		seen += memchr(label->named, event->causes[i], label->named_n) != NULL;
	return seen == label->named_n;
}

static void
judge_label(struct score_row *row)
{
	row->true_cause = row->label->cause;
	row->said_cause = row->event ? row->event->cause : SCORE_NONE;
	if (row->event && row->true_cause == SCORE_INSUFFICIENT &&
		row->said_cause == SCORE_INSUFFICIENT &&
		!named_lead(row->label, row->event))
		row->said_cause = SCORE_UNDECIDED;
	row->counts = row->label->must || row->event || row->true_cause == SCORE_NONE;
	row->class_right =
		score_class_of(row->true_cause) == score_class_of(row->said_cause);
	row->cause_right = row->true_cause == row->said_cause;
}

/* An event that is not the one of a label. Whoever is told insufficient has to look, too. */
static void
judge_event(struct score_row *row)
{
	uint8_t said = score_class_of(row->event->cause);

	row->true_cause = SCORE_NONE;
	row->said_cause = row->event->cause;
	if (!row->label) {
		row->kind = said == CLASS_ordinary ? SCORE_ASIDE : SCORE_ALARM;
		row->counts = row->kind == SCORE_ALARM;
		return;
	}
	row->kind = SCORE_EXTRA;
	row->true_cause = row->label->cause;
	row->class_right = said == score_class_of(row->true_cause);
	row->cause_right = row->said_cause == row->true_cause;
	row->counts = !row->class_right && said != CLASS_ordinary &&
		      said != SCORE_CLASS_INSUFFICIENT;
}

size_t
score_match(struct score_row *rows, const struct score_label *labels, size_t labels_n,
	const struct score_event *events, size_t events_n)
{
	int64_t horizon_us = find_horizon(labels, labels_n, events, events_n);
	size_t n = labels_n;

	for (size_t i = 0; i < labels_n; i++)
		rows[i] = (struct score_row){.kind = SCORE_LABEL, .label = &labels[i]};
	for (size_t i = 0; i < events_n; i++) {
		const struct score_label *label =
			find_label(&events[i], labels, labels_n, horizon_us);
		struct score_row *row = label ? &rows[label - labels] : NULL;

		rows[labels_n + i] =
			(struct score_row){.label = label, .event = &events[i]};
		if (row && is_better(&events[i], row->event, label, horizon_us))
			row->event = &events[i];
	}
	for (size_t i = 0; i < labels_n; i++)
		judge_label(&rows[i]);
	/* Those that no label took move up. */
	for (size_t i = labels_n; i < labels_n + events_n; i++) {
		const struct score_label *label = rows[i].label;

		if (label && rows[label - labels].event == rows[i].event)
			continue;
		rows[n] = rows[i];
		judge_event(&rows[n++]);
	}
	return n;
}

/* ---- counts ---- */

/* Mean of 2 TP / (2 TP + FP + FN) over the rows that a label stands in: ${supported}. */
static int64_t
macro_f1(const uint32_t *confusion, size_t n, const bool *supported)
{
	int64_t sum = 0, used = 0;

	for (size_t c = 0; c < n; c++) {
		int64_t is = 0, said = 0;

		for (size_t o = 0; o < n; o++) {
			is += confusion[c * n + o];
			said += confusion[o * n + c];
		}
		if (!supported[c])
			continue;
		used++;
		sum += 2 * PPM * (int64_t)confusion[c * n + c] / (is + said);
	}
	return used ? sum / used : 0;
}

static void
count_label(struct score_figures *f, const struct score_row *row)
{
	f->labels++;
	f->found += row->event != NULL;
	f->class_right += row->class_right;
	f->cause_right += row->cause_right;
	f->abstentions += row->said_cause == SCORE_INSUFFICIENT &&
			  row->true_cause != SCORE_INSUFFICIENT;
}

void
score_count(struct score_figures *f, const struct score_row *rows, size_t n)
{
	bool classes[SCORE_CLASSES] = {false}, causes[SCORE_CAUSES] = {false};

	memset(f, 0, sizeof *f);
	for (size_t i = 0; i < n; i++) {
		const struct score_row *row = &rows[i];
		uint8_t truth = row->kind == SCORE_LABEL ? row->true_cause
							 : (uint8_t)SCORE_NONE;

		f->extras += row->kind == SCORE_EXTRA;
		f->asides += row->kind == SCORE_ASIDE;
		f->alarms += row->kind == SCORE_ALARM;
		f->insufficient_alarms += row->kind == SCORE_ALARM &&
					  row->said_cause == SCORE_INSUFFICIENT;
		if (!row->counts)
			continue;
		f->classes[score_class_of(truth)][score_class_of(row->said_cause)]++;
		f->causes[truth][row->said_cause]++;
		if (row->kind != SCORE_LABEL)
			continue;
		classes[score_class_of(truth)] = causes[truth] = true;
		count_label(f, row);
	}
	f->class_macro_f1_ppm = macro_f1(&f->classes[0][0], SCORE_CLASSES, classes);
	f->cause_macro_f1_ppm = macro_f1(&f->causes[0][0], SCORE_CAUSES, causes);
}
