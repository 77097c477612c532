#include "common/flow.h"

/*
 * The token bucket that fits best: rate and size are tried from coarse to fine, first on
 * a grid, then around the best so far. No gradient: the share of losses explained is a
 * staircase.
 */

#define LOSSES_LEAST 5
#define BURST_LEAST 6000 /* four packets: through less no TCP would pass */
#define BURST_MOST 5000000
#define RATE_MOST INT64_C(100000000000)
#define FULL 1000 /* permille */

struct trial {
	const struct flow_sent *sent;
	size_t n;
	int64_t onsets, passed;
	struct flow_meter best;
};

/* What a step around the best so far multiplies by, in thousandths. */
static const struct step {
	int64_t rate, burst;
} steps[] = {{1120, 1250}, {1060, 1120}, {1030, 1060}, {1015, 1030}, {1007, 1020},
	{1003, 1010}};

/* Level of the bucket as bits times a million, so that bits a second times microseconds
 * add up in integers. */
static int32_t
fit_of(const struct trial *trial, int64_t rate_bps, int64_t burst_bytes)
{
	const int64_t burst = burst_bytes * 8 * 1000000;
	int64_t level = burst, before_us = trial->sent[0].time_us, found = 0, wrong = 0;
	const int64_t full_us = burst / rate_bps;
	bool lost_before = false;

	for (size_t i = 0; i < trial->n; i++) {
		const struct flow_sent *sent = &trial->sent[i];
		int64_t cost = (int64_t)sent->bytes * 8 * 1000000;
		int64_t gone_us = sent->time_us - before_us;

		before_us = sent->time_us;
		level = gone_us > full_us ? burst : level + gone_us * rate_bps;
		if (level > burst)
			level = burst;
		if (sent->lost) {
			found += level < cost && !lost_before;
			if (level > cost)
				level = cost;
		} else {
			wrong += level < cost;
			level = level < cost ? 0 : level - cost;
		}
		lost_before = sent->lost;
	}
	return (int32_t)(found * FULL / trial->onsets - wrong * FULL / trial->passed);
}

static bool
try(struct trial *trial, int64_t rate_bps, int64_t burst_bytes)
{
	int32_t fit;

	if (rate_bps < 1 || rate_bps > RATE_MOST || burst_bytes < BURST_LEAST ||
		burst_bytes > BURST_MOST)
		return false;
	fit = fit_of(trial, rate_bps, burst_bytes);
	if (fit <= trial->best.fit_permille)
		return false;
	trial->best = (struct flow_meter){rate_bps, burst_bytes, fit};
	return true;
}

static int64_t
times(int64_t value, int64_t thousandths, int up)
{
	return up > 0	? value * thousandths / 1000
	       : up < 0 ? value * 1000 / thousandths
			: value;
}

static void
refine(struct trial *trial, const struct step *step)
{
	bool moved = true;

	for (int rounds = 0; rounds < 6 && moved; rounds++) {
		struct flow_meter from = trial->best;

		moved = false;
		for (int r = -1; r <= 1; r++)
			for (int b = -1; b <= 1; b++)
				if (r != 0 || b != 0)
					moved |= try(trial,
						times(from.rate_bps, step->rate, r),
						times(from.burst_bytes, step->burst,
							b));
	}
}

static void
refine_all(struct trial *trial)
{
	int64_t from_bps, burst_bytes = trial->best.burst_bytes;

	from_bps = trial->best.rate_bps / 3 * 2;
	for (int64_t r = from_bps; r < from_bps * 9 / 4; r = times(r, 1010, 1) + 1)
		try(trial, r, burst_bytes);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		refine(trial, &steps[i]);
	for (int64_t b = BURST_LEAST; b < BURST_MOST; b = times(b, 1050, 1))
		try(trial, trial->best.rate_bps, b);
}

/* Many rates may fit alike where a small bucket empties within a moment: then the middle
 * of them. */
static void
take_middle(struct trial *trial)
{
	const struct flow_meter *best = &trial->best;
	int64_t low = best->rate_bps, high = low, next;

	for (next = low; next > best->rate_bps / 50; next = times(next, 1020, -1)) {
		if (fit_of(trial, next, best->burst_bytes) < best->fit_permille)
			break;
		low = next;
	}
	for (next = high; next < best->rate_bps * 50 && next < RATE_MOST;
		next = times(next, 1020, 1) + 1) {
		if (fit_of(trial, next, best->burst_bytes) < best->fit_permille)
			break;
		high = next;
	}
	trial->best.rate_bps = (low + high) / 2;
}

/* Between the first loss and the last one: a meter that was never full meanwhile let its
 * rate pass. */
static int64_t
rate_between_losses(const struct trial *trial)
{
	size_t first = 0, last = trial->n - 1;
	int64_t bits = 0, span_us;

	while (!trial->sent[first].lost)
		first++;
	while (!trial->sent[last].lost)
		last--;
	for (size_t i = first; i < last; i++)
		if (!trial->sent[i].lost)
			bits += (int64_t)trial->sent[i].bytes * 8;
	span_us = trial->sent[last].time_us - trial->sent[first].time_us;
	return span_us > 0 ? bits * 1000000 / span_us : 0;
}

void
flow_meter_fit(struct flow_meter *meter, const struct flow_sent *sent, size_t n)
{
	struct trial trial = {.sent = sent, .n = n, .best = {0, 0, -FULL}};
	int64_t rate_bps, losses = 0;

	*meter = (struct flow_meter){0, 0, 0};
	for (size_t i = 0; i < n; i++) {
		losses += sent[i].lost;
		trial.passed += !sent[i].lost;
		trial.onsets += sent[i].lost && (i == 0 || !sent[i - 1].lost);
	}
	if (losses < LOSSES_LEAST || trial.passed == 0)
		return;
	rate_bps = rate_between_losses(&trial);
	if (rate_bps < 1 || rate_bps > RATE_MOST / 50)
		return;
	for (int64_t r = rate_bps * 4 / 5; r < rate_bps * 40; r = times(r, 1250, 1) + 1)
		for (int64_t b = BURST_LEAST; b < BURST_MOST; b = times(b, 1500, 1))
			try(&trial, r, b);
	refine_all(&trial);
	*meter = trial.best;
	trial.best = (struct flow_meter){0, 0, -FULL};
	for (int64_t b = BURST_LEAST; b < BURST_MOST; b = times(b, 1150, 1))
		try(&trial, rate_bps, b);
	refine_all(&trial);
	if (meter->fit_permille > trial.best.fit_permille)
		trial.best = *meter;
	take_middle(&trial);
	*meter = trial.best;
}
