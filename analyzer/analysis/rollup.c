#include "analyzer/analysis/answers.h"
#include "analyzer/analysis/rollup.h"

#include <stdlib.h>

/* Windows of nothing before a reboot counts as darkness, or a probe as silent: a quick
 * restart is no outage, and a probe ships in its own time. */
#define DARK_WINDOWS 2
#define SILENT_WINDOWS 12

static int64_t
window_of(const struct record *record, int64_t utc_us)
{
	return utc_us / record->window_us;
}

static struct bin
bin_of(const struct record *record, const struct sample *s, enum series series,
	uint32_t index)
{
	struct bin bin = {
		.probe = s->probe,
		.network = s->network,
		.index = index,
		.series = (uint8_t)series,
		.window = window_of(record, s->utc_us),
	};

	return bin;
}

static struct bin
bin_of_outcome(const struct record *record, const struct sample *s, enum series series,
	uint32_t index)
{
	struct bin bin = bin_of(record, s, series, index);

	bin.tried = 1;
	bin.succeeded = s->success == 1;
	if (s->success == 1)
		bin.first_good_us = bin.last_good_us = s->utc_us;
	else
		bin.first_bad_us = bin.last_bad_us = s->utc_us;
	return bin;
}

bool
rollup_by_name(const struct sample *s)
{
	return s->check == CHECK_dns || s->check == CHECK_http || s->check == CHECK_tls;
}

static struct bin
bin_of_name(const struct record *record, const struct answers *answers,
	const struct sample *s)
{
	struct sample told = *s;

	if (answers_agree(answers, s) == 0)
		told.success = 0;
	return bin_of_outcome(record, &told, SERIES_NAME, s->target);
}

static size_t
add_sample(struct bin *bins, const struct record *record, const struct answers *answers,
	const struct sample *s)
{
	size_t n = 0;

	if (s->check == CHECK_speed) {
		if (s->rate_bps <= 0)
			return 0;
		bins[n] = bin_of(record, s, SERIES_RATE, 0);
		bins[n].tried = 1;
		bins[n].value = s->rate_bps;
		bins[n].first_bad_us = bins[n].last_bad_us = s->utc_us;
		bins[n].first_good_us = bins[n].last_good_us = s->utc_us;
		return n + 1;
	}
	/* Many a server does not speak QUIC: its silence says nothing of the rung. */
	if (s->success < 0 || s->check == CHECK_quic)
		return 0;
	bins[n++] = bin_of_outcome(record, s, SERIES_RUNG, s->rung);
	/* The access pings borrow a target's address; they say nothing of it. */
	if (s->target == NO_TARGET || record->targets[s->target].rung != s->rung)
		return n;
	bins[n++] = bin_of_outcome(record, s, SERIES_TARGET, s->target);
	if (rollup_by_name(s))
		bins[n++] = bin_of_name(record, answers, s);
	return n;
}

/* The gap between two boots of one probe. */
static size_t
add_dark(struct bin *bins, const struct record *record, const struct sample *before,
	const struct sample *after)
{
	int64_t gap_us = after->utc_us - before->utc_us;

	if (after->boot <= before->boot || gap_us < DARK_WINDOWS * record->window_us)
		return 0;
	bins[0] = bin_of(record, before, SERIES_DARK, 0);
	bins[0].last_good_us = before->utc_us;
	bins[0].first_good_us = after->utc_us;
	return 1;
}

static size_t
add_silent(struct bin *bins, const struct record *record, const struct sample *last)
{
	if (record->horizon_us - last->utc_us < SILENT_WINDOWS * record->window_us)
		return 0;
	bins[0] = bin_of(record, last, SERIES_SILENT, 0);
	bins[0].last_good_us = last->utc_us;
	return 1;
}

static int
order(const void *left, const void *right)
{
	const struct bin *a = left, *b = right;

	if (a->probe != b->probe)
		return a->probe < b->probe ? -1 : 1;
	if (a->series != b->series)
		return a->series < b->series ? -1 : 1;
	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	if (a->window != b->window)
		return a->window < b->window ? -1 : 1;
	return 0; /* merging does not depend on it */
}

static void
least(int64_t *into, int64_t value)
{
	if (value && (!*into || value < *into))
		*into = value;
}

static void
most(int64_t *into, int64_t value)
{
	if (value > *into)
		*into = value;
}

/* When its first sample was. */
static int64_t
first_of(const struct bin *bin)
{
	int64_t first_us = bin->first_good_us;

	least(&first_us, bin->first_bad_us);
	return first_us;
}

void
rollup_merge(struct bin *into, const struct bin *from)
{
	int64_t into_us = first_of(into), from_us = first_of(from);

	/* It lies where its first sample was taken. */
	if (from_us < into_us || (from_us == into_us && from->network < into->network))
		into->network = from->network;
	into->tried += from->tried;
	into->succeeded += from->succeeded;
	most(&into->value, from->value);
	least(&into->first_good_us, from->first_good_us);
	most(&into->last_good_us, from->last_good_us);
	least(&into->first_bad_us, from->first_bad_us);
	most(&into->last_bad_us, from->last_bad_us);
}

bool
rollup_same_series(const struct bin *a, const struct bin *b)
{
	return a->probe == b->probe && a->series == b->series && a->index == b->index;
}

static size_t
merge_all(struct bin *bins, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct bin *last = kept ? &bins[kept - 1] : NULL;

		if (last && rollup_same_series(last, &bins[i]) &&
			last->window == bins[i].window && last->series != SERIES_DARK)
			rollup_merge(last, &bins[i]);
		else
			bins[kept++] = bins[i];
	}
	return kept;
}

size_t
rollup_take(struct bin *bins, struct rollup_past *past, const struct record *record,
	const struct answers *answers, const struct sample *s)
{
	size_t n = past->any ? add_dark(bins, record, &past->last, s) : 0;

	past->any = true;
	past->last = *s;
	return n + add_sample(&bins[n], record, answers, s);
}

size_t
rollup_end(struct bin *bin, const struct rollup_past *past, const struct record *record)
{
	return past->any ? add_silent(bin, record, &past->last) : 0;
}

size_t
rollup(struct bin *bins, const struct record *record)
{
	struct answers mine;
	const struct answers *answers = answers_of(&mine, record);
	struct rollup_past past = {0};
	size_t n = 0;

	for (size_t i = 0; i < record->samples_n; i++) {
		const struct sample *s = &record->samples[i];

		if (record->probes[s->probe].control)
			continue;
		if (past.any && past.last.probe != s->probe) {
			n += rollup_end(&bins[n], &past, record);
			past = (struct rollup_past){0};
		}
		n += rollup_take(&bins[n], &past, record, answers, s);
	}
	n += rollup_end(&bins[n], &past, record);
	answers_close(&mine);
	qsort(bins, n, sizeof(*bins), order);
	return merge_all(bins, n);
}
