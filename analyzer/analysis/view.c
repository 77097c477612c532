#include "analyzer/analysis/view.h"

#include <stdlib.h>
#include <string.h>

static void
keep_line(uint32_t *lines, uint32_t *n, uint32_t sample)
{
	if (*n < OBSERVATION_LINES)
		lines[(*n)++] = sample;
}

/* The first and last windows of an event hold tests from before and after it: those that
 * were as fast as ever say nothing of what slowed the others. */
static void
take_test(struct tally *t, const struct sample *s, uint32_t at)
{
	if (s->rate_bps <= 0 || t->tests >= VIEW_TESTS)
		return;
	if (t->affected && s->rate_bps * RATE_FALLS_UNDER >= t->usual_rate &&
		t->usual_rate > 0)
		return;
	t->rate[t->tests] = s->rate_bps;
	t->queue[t->tests] = s->queue_us;
	t->loss[t->tests] = s->loss_ppm;
	t->train[t->tests] = s->train_bytes;
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
take_name(struct seen *seen, const struct view *v, const struct sample *s)
{
	bool unlike = answers_agree(v->answers, s) == 0;

	if (!rollup_by_name(s))
		return;
	seen->name_tried++;
	seen->name_succeeded += s->success == 1 && !unlike;
	seen->unlike += unlike;
	if (s->success || s->stage != STAGE_tls_handshake)
		return;
	seen->cut += s->other_name == 1;
	seen->cut_too += s->other_name == 0;
}

static void
take_target(struct tally *t, const struct view *v, const struct sample *s)
{
	struct seen *seen = &t->seen[s->target];

	if (v->record->targets[s->target].rung != s->rung || seen->tried == UINT16_MAX)
		return;
	seen->tried++;
	take_name(seen, v, s);
	if (s->success != 1)
		return;
	seen->succeeded++;
	if (s->rtt_us && (!seen->rtt_us || s->rtt_us < seen->rtt_us))
		seen->rtt_us = s->rtt_us;
}

/* Begun while it lasted, and brought to its end by the cure: a connection that got through
 * on its third try, a transfer that the meter let go. It says nothing of the event. */
static bool
is_cured(const struct view *v, const struct sample *s)
{
	return v->event->family != FAMILY_DARK && v->event->end_hi_us &&
	       s->success == 1 && s->utc_us + s->took_us >= v->to_us;
}

static void
take_sample(struct tally *t, const struct view *v, size_t at)
{
	const struct sample *s = &v->record->samples[at];

	t->reported = true;
	if (is_cured(v, s))
		return;
	if (s->check == CHECK_speed)
		take_test(t, s, (uint32_t)at);
	if (s->check == CHECK_power) {
		t->on_mains = t->on_mains && s->supply == SUPPLY_mains;
		t->supply_unknown = t->supply_unknown && s->supply == SUPPLY_unknown;
		t->mains_lost = t->mains_lost || s->supply == SUPPLY_battery;
		keep_line(t->power_lines, &t->power_lines_n, (uint32_t)at);
	}
	if (s->success < 0 || s->check == CHECK_quic)
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
}

/* What was usual before: the rate, and whether mains was there to be lost. */
static void
take_before(struct tally *t, bool *mains, const struct view *v, uint32_t probe)
{
	const struct record *r = v->record;
	struct baseline rates = {0};
	size_t first, n;

	*mains = false;
	n = record_find(&first, r, probe, v->from_us - r->reference_us,
		v->event->start_lo_us + 1);
	for (size_t i = first; i < first + n; i++) {
		if (r->samples[i].check == CHECK_speed && r->samples[i].rate_bps > 0)
			baseline_add(&rates, 0, r->samples[i].rate_bps);
		if (r->samples[i].check == CHECK_power)
			*mains = r->samples[i].supply == SUPPLY_mains;
		take_usual_rtt(t, r, &r->samples[i]);
	}
	t->usual_rate = baseline_median(&rates, 0);
}

/* The boot before the event against the boot after it. */
static bool
rebooted(const struct view *v, uint32_t probe)
{
	const struct record *r = v->record;
	int64_t to_us = v->event->end_hi_us ? v->event->end_hi_us + 1 : INT64_MAX;
	size_t first, n = record_find(&first, r, probe, v->event->start_lo_us, to_us);

	for (size_t i = first + 1; i < first + n; i++)
		if (r->samples[i].boot > r->samples[i - 1].boot)
			return true;
	return false;
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

static void
take_probe(struct tally *t, const struct view *v, uint32_t probe)
{
	const struct record *r = v->record;
	size_t first, n;
	bool mains = false;

	t->network = r->probes[probe].network;
	t->here = is_here(v, t, probe);
	if (!t->here)
		return;
	t->on_mains = t->supply_unknown = true;
	/* Of the others no row asks what was usual, and it is many samples. */
	if (t->affected || r->probes[probe].control)
		take_before(t, &mains, v, probe);
	n = record_find(&first, r, probe, v->from_us, v->to_us);
	for (size_t i = first; i < first + n; i++)
		take_sample(t, v, i);
	t->mains_lost = t->mains_lost && mains;
	t->rebooted = t->affected && rebooted(v, probe);
	if (!t->power_lines_n)
		t->on_mains = t->supply_unknown = false;
}

bool
view_is_field(const struct view *v, size_t p)
{
	return v->tallies[p].here && !v->record->probes[p].control;
}

bool
view_is_control(const struct view *v, size_t p)
{
	return v->record->probes[p].control && v->tallies[p].reported;
}

bool
view_is_subject(const struct view *v, size_t target)
{
	if (v->event->family == FAMILY_NAME)
		return v->record->targets[target].name == v->event->target;
	return target == v->event->target;
}

const struct network *
view_network(const struct view *v, size_t p)
{
	return &v->record->networks[v->tallies[p].network];
}

uint32_t
view_networks(const struct view *v)
{
	uint32_t n = 0;

	for (size_t p = 0; p < v->record->probes_n; p++) {
		bool again = !view_is_field(v, p) || !v->tallies[p].affected;

		for (size_t q = 0; q < p && !again; q++)
			again = view_is_field(v, q) && v->tallies[q].affected &&
				v->tallies[q].network == v->tallies[p].network;
		n += !again;
	}
	return n;
}

void
view_witness(struct witness *w, const struct view *v)
{
	const struct record *r = v->record;

	memset(w, 0, sizeof(*w));
	for (size_t p = 0; p < r->probes_n; p++) {
		const struct tally *t = &v->tallies[p];
		bool new_asn = t->affected, new_region = t->affected;
		bool new_cohort = t->affected;

		if (!view_is_field(v, p))
			continue;
		w->expected++;
		w->reporting += t->reported;
		w->alive += t->reported && !t->affected;
		if (!t->affected)
			continue;
		w->medium[view_network(v, p)->medium] = true;
		for (size_t q = 0; q < p; q++) {
			if (!view_is_field(v, q) || !v->tallies[q].affected)
				continue;
			new_asn = new_asn &&
				  view_network(v, q)->asn != view_network(v, p)->asn;
			new_region = new_region && strcmp(view_network(v, q)->region,
							   view_network(v, p)->region);
			new_cohort = new_cohort &&
				     r->probes[q].cohort != r->probes[p].cohort;
		}
		w->operators += new_asn;
		w->regions += new_region;
		w->cohorts += new_cohort;
	}
	w->networks = view_networks(v);
}

void
view_open(struct view *view, const struct event *event, const struct anomaly *anomalies,
	const struct record *record)
{
	/* What surely lies inside; of a dark machine the samples around the gap speak. */
	bool dark = event->family == FAMILY_DARK;
	int64_t to_us = dark ? event->end_hi_us : event->end_lo_us;

	if (!event->end_hi_us)
		to_us = record->horizon_us;
	*view = (struct view){
		.record = record,
		.event = event,
		.from_us = dark ? event->start_lo_us : event->start_hi_us,
		.to_us = to_us + 1,
		.tallies = calloc(record->probes_n + 1, sizeof(*view->tallies)),
		.seen = calloc(
			record->probes_n * record->targets_n + 1, sizeof(*view->seen)),
	};
	if (!view->tallies || !view->seen)
		abort();
	view->answers = answers_of(&view->mine, record);
	for (uint32_t i = event->n; i-- > 0;) {
		const struct anomaly *a = &anomalies[event->first + i];

		view->tallies[a->probe].affected = true;
		view->tallies[a->probe].onset_us = a->start_hi_us;
	}
	for (size_t p = 0; p < record->probes_n; p++) {
		view->tallies[p].seen = &view->seen[p * record->targets_n];
		take_probe(&view->tallies[p], view, (uint32_t)p);
	}
}

void
view_close(struct view *view)
{
	answers_close(&view->mine);
	free(view->seen);
	free(view->tallies);
}
