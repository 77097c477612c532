#include "analyzer/analysis/load_probe.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/again.h"
#include "analyzer/analysis/sample.h"
#include "analyzer/analysis/shelf.h"
#include "common/log.h"

/* An honest probe's clocks drift 100 ppm from its anchor: a minute in a week. */
#define CLOCK_SLACK_US 60000000
/* No segment has this number: the sample does not count. */
#define SAID_AGAIN UINT32_MAX

/* ---- times ---- */

/* Can it have been measured when it says? Not before its probe was enrolled, and not after
 * it came. */
static bool
can_be(const struct loader *l, const struct claim *claim, int64_t utc_us)
{
	int64_t enrolled_us = l->out->known.names[l->probe].enrolled_utc_us;

	return utc_us > 0 && utc_us >= enrolled_us - CLOCK_SLACK_US &&
	       utc_us <= claim->received_utc_us + CLOCK_SLACK_US;
}

static void
sort(struct sample *samples, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (sample_by_time(&samples[i - 1], &samples[i]) > 0) {
			qsort(samples, n, sizeof(*samples), sample_by_time);
			return;
		}
}

/* Gives every sample that counts its time; what claims an impossible one is no evidence.
 * ${claims} are those of the probe's last segments. */
static void
set_times(struct loader *l, const struct claim *claims, size_t claims_n)
{
	struct loaded_probe *p = &l->out->probes[l->probe];
	size_t first = p->segments_n - claims_n, kept = 0;

	for (size_t i = 0; i < l->samples_n; i++) {
		struct sample s = l->samples[i];
		struct loaded_segment *info;
		const struct claim *claim;

		if (s.segment == SAID_AGAIN)
			continue;
		info = &p->segments[s.segment];
		claim = &claims[s.segment - first];
		s.utc_us += claim->offset_us;
		if (!can_be(l, claim, s.utc_us))
			continue;
		if (l->out->until_utc_us && s.utc_us > l->out->until_utc_us) {
			p->cut = true;
			continue;
		}
		if (!info->first_utc_us || s.utc_us < info->first_utc_us)
			info->first_utc_us = s.utc_us;
		if (s.utc_us > info->last_utc_us)
			info->last_utc_us = s.utc_us;
		l->samples[kept++] = s;
	}
	l->samples_n = kept;
	sort(l->samples, kept);
}

/* Remembers what will place the next segment: place() passed a note over, unless it gave
 * the segment the note's own offset. */
static void
remember_anchor(struct loaded_probe *p, const struct claim *claim, bool noted)
{
	if (claim->boot > p->boot)
		p->boot = claim->boot;
	if (p->has_anchor && p->anchor.boot != claim->boot)
		p->has_anchor = false;
	if (noted && claim->offset_us == claim->anchor_offset_us) {
		p->anchor = *claim;
		p->has_anchor = true;
	}
	p->last = *claim;
}

/* ---- one probe, all of it ---- */

/* Where what is new differs from what was, or INT64_MAX. Of the segments their numbers are
 * other than they were when a late one stands before them: what they say is not. */
static int64_t
first_difference(
	const struct sample *was, size_t was_n, const struct sample *is, size_t is_n)
{
	size_t i = 0;

	for (; i < was_n && i < is_n; i++) {
		struct sample a = was[i];

		a.segment = is[i].segment;
		if (memcmp(&a, &is[i], sizeof(a)) != 0)
			break;
	}
	if (i < was_n && i < is_n)
		return was[i].utc_us < is[i].utc_us ? was[i].utc_us : is[i].utc_us;
	if (i < was_n)
		return was[i].utc_us;
	return i < is_n ? is[i].utc_us : INT64_MAX;
}

static int64_t
first_link(const struct loaded_segment *was, size_t was_n,
	const struct loaded_segment *is, size_t is_n)
{
	int64_t first_us = INT64_MAX;
	size_t i = 0;

	while (i < was_n && i < is_n &&
		!memcmp(was[i].chain, is[i].chain, sizeof(is[i].chain)))
		i++;
	for (; i < is_n; i++)
		if (is[i].first_utc_us && is[i].first_utc_us < first_us)
			first_us = is[i].first_utc_us;
	return first_us;
}

static void
change(struct loaded *out, int64_t utc_us)
{
	if (utc_us < out->changed_utc_us)
		out->changed_utc_us = utc_us;
}

/* Lays what was read on the shelf, in place of all that lay there. */
static enum err
lay_anew(struct loader *l)
{
	struct loaded_probe *p = &l->out->probes[l->probe];
	struct extent *extent = &l->out->extents[l->probe];
	const struct sample *was = shelf_look(l->out->shelf);

	if (!was)
		return ERR_IO;
	change(l->out, first_difference(was + extent->first, extent->n, l->samples,
			       l->samples_n));
	if (l->samples_n > p->room) {
		p->room = l->samples_n + l->samples_n / 4;
		extent->first = shelf_room(l->out->shelf, p->room);
	}
	extent->n = l->samples_n;
	return shelf_put(l->out->shelf, extent->first, l->samples, l->samples_n);
}

static void
leave_out_again(struct loader *l, const struct loaded_probe *p)
{
	size_t bytes = p->again_n * sizeof(*p->again), n;
	struct again *lines = malloc(bytes + 1);

	if (!lines)
		bug("no memory for %zu lines", p->again_n);
	if (bytes)
		memcpy(lines, p->again, bytes);
	n = again_find(lines, p->again_n);
	for (size_t i = 0; i < n; i++)
		l->samples[lines[i].at].segment = SAID_AGAIN;
	free(lines);
}

static void
place_all(struct loader *l, struct loaded_probe *p)
{
	bool *noted = calloc(l->claims_n + 1, sizeof(*noted));

	if (!noted)
		bug("no memory for %zu segments", l->claims_n);
	for (size_t i = 0; i < l->claims_n; i++)
		noted[i] = l->claims[i].anchored;
	place(l->claims, l->claims_n);
	p->has_anchor = false;
	p->boot = 0;
	for (size_t i = 0; i < l->claims_n; i++)
		remember_anchor(p, &l->claims[i], noted[i]);
	free(noted);
}

/* Reads all that the store has of the probe. */
enum err
load_probe_anew(struct loader *l, uint32_t probe)
{
	struct loaded_probe *p = &l->out->probes[probe];
	struct probe *known = &l->out->known.probes[probe];
	struct loaded_segment *was = p->segments;
	size_t was_n = p->segments_n;
	uint32_t network = known->network;
	enum err err;

	l->probe = probe;
	l->samples_n = l->claims_n = 0;
	p->segments = NULL;
	p->segments_n = p->segments_cap = p->again_n = 0;
	l->out->fresh[probe] = 0;
	p->anew = p->cut = false;
	known->network = 0;
	err = store_each_segment_of(
		l->store, l->out->known.names[probe].epoch, load_segment_read, l);
	leave_out_again(l, p);
	place_all(l, p);
	set_times(l, l->claims, l->claims_n);
	change(l->out, first_link(was, was_n, p->segments, p->segments_n));
	if (network != known->network)
		change(l->out, 0);
	free(was);
	return err ? err : lay_anew(l);
}

/* ---- one segment more ---- */

/* Is a line of it the same as one before? Then one of them does not count. */
static bool
says_again(const struct loaded_probe *p, size_t before_n)
{
	for (size_t i = before_n; i < p->again_n; i++)
		for (size_t k = 0; k < i; k++)
			if (p->again[k].boot == p->again[i].boot &&
				p->again[k].t_us == p->again[i].t_us)
				return true;
	return false;
}

/* Places the segment behind what is known. False: it moves what came before it. */
static bool
place_one(struct loader *l, struct loaded_probe *p)
{
	struct claim claims[2] = {p->has_anchor ? p->anchor : p->last, l->claims[0]};
	size_t known = p->segments_n > 1;
	bool noted = claims[1].anchored;

	/* Boots follow each other; where they do not, all of them are looked at. */
	if (known && (claims[1].boot < p->boot ||
			     (claims[1].boot == p->boot && p->last.boot != p->boot)))
		return false;
	/* What place() did not accept as an anchor is none here either. */
	if (known)
		claims[0].anchored = p->has_anchor;
	place(known ? claims : claims + 1, 1 + known);
	if (known && !p->has_anchor && claims[0].offset_us != p->last.offset_us)
		return false;
	l->claims[0] = claims[1];
	remember_anchor(p, &claims[1], noted);
	return true;
}

static enum err
make_room(struct loaded *out, struct loaded_probe *p, struct extent *extent, size_t n)
{
	const struct sample *was;
	size_t first = extent->first;

	if (extent->n + n <= p->room)
		return OK;
	p->room = 2 * (extent->n + n);
	extent->first = shelf_room(out->shelf, p->room);
	was = shelf_look(out->shelf);
	return was ? shelf_put(out->shelf, extent->first, was + first, extent->n)
		   : ERR_IO;
}

/* Lays it behind what lies there. False: it belongs between. */
static bool
lay_behind(struct loader *l, struct loaded_probe *p)
{
	struct extent *extent = &l->out->extents[l->probe];
	const struct sample *was = shelf_look(l->out->shelf);
	size_t n = l->samples_n;

	if (n == 0)
		return true;
	if (!was || (extent->n && was[extent->first + extent->n - 1].utc_us >
					  l->samples[0].utc_us))
		return false;
	l->err = make_room(l->out, p, extent, n);
	if (!l->err)
		l->err = shelf_put(
			l->out->shelf, extent->first + extent->n, l->samples, n);
	extent->n += n;
	change(l->out, l->samples[0].utc_us);
	return true;
}

bool
load_probe_more(void *arg, const struct store_segment *stored)
{
	struct loader *l = arg;
	struct loaded *out = l->out;
	struct loaded_probe *p;
	uint32_t network;
	size_t again_n;

	if (stored->n > out->stored_n)
		out->stored_n = stored->n;
	l->probe = known_probe(&out->known, stored->epoch);
	if (l->probe == UINT32_MAX)
		return true;
	p = &out->probes[l->probe];
	again_n = p->again_n;
	network = out->known.probes[l->probe].network;
	p->anew = p->anew ||
		  (p->segments_n && stored->seq <= p->segments[p->segments_n - 1].seq);
	if (p->anew)
		return true;
	l->samples_n = l->claims_n = 0;
	load_segment_read(l, stored);
	/* Also where all of it is read anew: that would not see it any more. */
	if (network != out->known.probes[l->probe].network)
		change(out, 0);
	if (!l->claims_n)
		return true;
	p->anew = says_again(p, again_n) || !place_one(l, p);
	if (p->anew)
		return true;
	set_times(l, l->claims, 1);
	p->anew = !lay_behind(l, p);
	return !l->err;
}
