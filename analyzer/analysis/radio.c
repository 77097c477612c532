#include "analyzer/analysis/radio.h"

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

void
radio_take_usual(struct radio_usual *usual, const struct sample *s)
{
	if (s->signal_dbm)
		baseline_add(&usual->signals, 0, s->signal_dbm);
	if (s->check == CHECK_modem && s->signal_percent >= 0)
		baseline_add(&usual->percents, 0, s->signal_percent);
	if (s->check == CHECK_link && s->beacons >= 0)
		baseline_add(&usual->beacons, 0, s->beacons);
	if (s->generation)
		usual->generation = s->generation;
}

size_t
radio_falls_at(const struct radio_usual *before, const struct tally *t,
	const struct record *r, size_t first, size_t end)
{
	uint8_t usual = before->generation;
	size_t falls = end;

	for (size_t i = first; i < end; i++) {
		const struct sample *s = &r->samples[i];

		if (!s->generation || !view_is_same_line(t, r, s))
			continue;
		if (s->generation >= usual) {
			usual = s->generation;
			falls = end;
		} else if (falls == end) {
			falls = i;
		}
	}
	return falls;
}

void
radio_tell_usual(struct tally *t, const struct radio_usual *usual)
{
	t->usual_generation = usual->generation;
	t->usual_signal_dbm = usual->signals.n < BASELINE_LEAST
				      ? 0
				      : baseline_median(&usual->signals, 0);
	t->usual_signal_percent = baseline_median(&usual->percents, 0);
	t->usual_beacons = baseline_median(&usual->beacons, 0);
}
