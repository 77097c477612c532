#include "analyzer/analysis/radio.h"

/* So long before what it leads to is seen a radio may have fallen back. */
#define FALLS_BEFORE_WINDOWS 1

void
radio_take(struct tally *t, const struct sample *s)
{
	if (s->bearer) {
		t->bearer.tried++;
		t->bearer.ok += s->bearer > 0;
	}
	if (s->generation && (!t->generation || s->generation < t->generation))
		t->generation = s->generation;
	if (s->signal_dbm && (!t->signal_dbm || s->signal_dbm < t->signal_dbm))
		t->signal_dbm = s->signal_dbm;
	if (s->check == CHECK_modem && s->signal_percent >= 0 &&
		(t->signal_percent < 0 || s->signal_percent < t->signal_percent))
		t->signal_percent = s->signal_percent;
	t->new_cell = t->new_cell || s->new_cell;
	if (s->check == CHECK_link && s->beacons >= 0 &&
		(t->beacons < 0 || s->beacons < t->beacons))
		t->beacons = s->beacons;
}

/* The sample with which it fell back shortly before the end and for good, or the end. */
static size_t
falls_at(const struct tally *t, const struct record *r, size_t first, size_t n,
	int64_t before_us)
{
	int64_t shortly_us = before_us - FALLS_BEFORE_WINDOWS * r->window_us;
	size_t end = first + n, falls = end;
	uint8_t usual = 0;

	for (size_t i = first; i < end; i++) {
		const struct sample *s = &r->samples[i];

		if (!s->generation || !view_is_same_line(t, r, s))
			continue;
		if (s->generation >= usual || s->utc_us < shortly_us) {
			usual = s->generation;
			falls = end;
		} else if (falls == end) {
			falls = i;
		}
	}
	return falls;
}

void
radio_before(struct tally *t, const struct record *r, size_t first, size_t n,
	int64_t before_us)
{
	struct baseline signals = {0}, percents = {0}, beacons = {0};
	size_t falls = falls_at(t, r, first, n, before_us);

	for (size_t i = first; i < first + n; i++) {
		const struct sample *s = &r->samples[i];

		if (!view_is_same_line(t, r, s))
			continue;
		if (i >= falls) {
			radio_take(t, s);
			continue;
		}
		if (s->signal_dbm)
			baseline_add(&signals, 0, s->signal_dbm);
		if (s->check == CHECK_modem && s->signal_percent >= 0)
			baseline_add(&percents, 0, s->signal_percent);
		if (s->check == CHECK_link && s->beacons >= 0)
			baseline_add(&beacons, 0, s->beacons);
		if (s->generation)
			t->usual_generation = s->generation;
	}
	t->usual_signal_dbm =
		signals.n < BASELINE_LEAST ? 0 : baseline_median(&signals, 0);
	t->usual_signal_percent = baseline_median(&percents, 0);
	t->usual_beacons = baseline_median(&beacons, 0);
}
