#include "analyzer/analysis/load.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/again.h"
#include "analyzer/analysis/sample.h"
#include "analyzer/store/store.h"
#include "analyzer/analysis/times.h"
#include "common/ladder.h"
#include "common/log.h"
#include "common/measurement.h"
#include "common/segment.h"
#include "common/utc.h"

/* An honest probe's clocks drift 100 ppm from its anchor: a minute in a week. */
#define CLOCK_SLACK_US 60000000

/* Everything that grows while the store is read. */
struct loader {
	struct loaded *out;
	const struct settings *settings;
	struct where_db *where;
	char (*epochs)[65];
	char (*cohorts)[33]; /* by probe */
	char (*hosts)[254]; /* by target */
	int64_t *enrolled_utc_us; /* by probe */
	struct claim *claims; /* by segment */
	struct again *again; /* lines that may be said again, by sample */
	uint32_t *ids; /* targets in the order of their ids */
	size_t ids_cap;
	uint32_t
		*resolver_targets; /* bit by target: asked of the configured resolver */
	size_t again_n, again_cap;
	size_t samples_cap, networks_cap, segments_cap, claims_cap, probes_cap,
		targets_cap, points_cap;
	struct store_point series; /* that the newest point is of */
	int64_t until_utc_us;
	struct segment *segment; /* scratch, too large for the stack */
	struct measurement *m;
};

/* What the header lines of a segment say of its measurements. */
struct frame {
	uint32_t probe, network, segment;
	struct claim *claim;
};

static void *
grow(void *array, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return array;
	*cap = *cap ? *cap * 2 : 64;
	array = realloc(array, *cap * size);
	if (!array)
		bug("no memory for %zu records of %zu bytes", *cap, size);
	return array;
}

/* The number of the first probe of the same cohort. */
static uint32_t
find_cohort(const struct loader *l, const char *cohort)
{
	uint32_t i = 0;

	while (strcmp(l->cohorts[i], cohort) != 0)
		i++;
	return i;
}

static void
load_probe(void *arg, const struct store_probe *probe)
{
	struct loader *l = arg;
	struct record *r = &l->out->record;
	size_t cap = l->probes_cap, times_cap = cap, cohorts_cap = cap;

	l->out->probes = grow(
		l->out->probes, r->probes_n, &l->probes_cap, sizeof(*l->out->probes));
	l->epochs = grow(l->epochs, r->probes_n, &cap, sizeof(*l->epochs));
	l->enrolled_utc_us = grow(l->enrolled_utc_us, r->probes_n, &times_cap,
		sizeof(*l->enrolled_utc_us));
	l->cohorts = grow(l->cohorts, r->probes_n, &cohorts_cap, sizeof(*l->cohorts));
	memcpy(l->cohorts[r->probes_n], probe->cohort, sizeof(probe->cohort));
	l->enrolled_utc_us[r->probes_n] = probe->enrolled_utc_us;
	l->out->probes[r->probes_n] =
		(struct probe){.control = !strcmp(probe->role, "control"),
			.cohort = find_cohort(l, probe->cohort)};
	memcpy(l->epochs[r->probes_n], probe->epoch, sizeof(probe->epoch));
	r->probes_n++;
}

/* Where in the order of ids this one is, or would stand. */
static size_t
place_of_target(const struct loader *l, const char *id)
{
	size_t low = 0, high = l->out->record.targets_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(l->out->targets[l->ids[middle]].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint32_t
find_target(const struct loader *l, const char *id)
{
	size_t at = place_of_target(l, id);

	if (at == l->out->record.targets_n ||
		strcmp(l->out->targets[l->ids[at]].id, id) != 0)
		return NO_TARGET;
	return l->ids[at];
}

static void
add_id(struct loader *l, const char *id)
{
	size_t n = l->out->record.targets_n, at = place_of_target(l, id);

	l->ids = grow(l->ids, n, &l->ids_cap, sizeof(*l->ids));
	memmove(&l->ids[at + 1], &l->ids[at], (n - at) * sizeof(*l->ids));
	l->ids[at] = (uint32_t)n;
}

/* The first target of the same host: what a name's events are told by. */
static uint32_t
name_of(struct loader *l, const char *host, uint32_t own)
{
	for (uint32_t i = 0; host[0] && i < own; i++)
		if (!strcmp(l->hosts[i], host))
			return i;
	return own;
}

static void
load_target(struct loader *l, const struct target *row)
{
	struct record *r = &l->out->record;
	size_t cap = l->targets_cap, hosts_cap = l->targets_cap;
	struct place place = {0};
	uint32_t known = find_target(l, row->id);

	/* A later list may know better whose address it is. */
	if (known != NO_TARGET && row->asn)
		l->out->targets[known].asn = row->asn;
	if (known != NO_TARGET)
		return;
	l->out->targets = grow(l->out->targets, r->targets_n, &l->targets_cap,
		sizeof(*l->out->targets));
	l->resolver_targets = grow(
		l->resolver_targets, r->targets_n, &cap, sizeof(*l->resolver_targets));
	l->hosts = grow(l->hosts, r->targets_n, &hosts_cap, sizeof(*l->hosts));
	memcpy(l->hosts[r->targets_n], row->host, sizeof(row->host));
	if (row->asn == 0 && l->where)
		(void)where_find(&place, l->where, row->address);
	l->out->targets[r->targets_n] = (struct target_info){.rung = (uint8_t)row->rung,
		.asn = row->asn ? row->asn : place.asn,
		.name = name_of(l, row->host, (uint32_t)r->targets_n)};
	memcpy(l->out->targets[r->targets_n].id, row->id, sizeof(row->id));
	l->resolver_targets[r->targets_n] = !strcmp(row->address, "resolver");
	add_id(l, row->id);
	r->targets_n++;
}

static void
load_targets(void *arg, const uint8_t sha256[static HASH_BYTES], struct span bytes)
{
	struct loader *l = arg;
	struct targets *list = calloc(1, sizeof(*list));

	if (!list)
		bug("no memory for a target list");
	if (targets_read(list, bytes, NULL, NULL) == OK) {
		for (uint32_t i = 0; i < list->n; i++)
			load_target(l, &list->rows[i]);
		crypto_hex(l->out->targets_hash, sha256, HASH_BYTES);
	}
	free(list);
}

/* Points come in the order of their series, then of time. */
static void
load_point(void *arg, const struct store_point *point)
{
	static const char *const metrics[] = {"bgp", "active", "traffic"};
	struct loader *l = arg;
	struct record *r = &l->out->record;
	struct point p = {.utc_us = point->utc_us,
		.value_micro = point->value_micro,
		.asn = point->asn,
		.source = r->points_n ? l->out->points[r->points_n - 1].source : 0};

	if (l->until_utc_us && point->utc_us > l->until_utc_us)
		return;
	memcpy(p.country, point->country, sizeof(p.country));
	for (uint8_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		if (!strcmp(point->metric, metrics[i]))
			p.metric = i;
	p.source += r->points_n && (l->series.asn != point->asn ||
					   strcmp(l->series.country, point->country) ||
					   strcmp(l->series.metric, point->metric) ||
					   strcmp(l->series.source, point->source));
	l->series = *point;
	l->out->points = grow(
		l->out->points, r->points_n, &l->points_cap, sizeof(*l->out->points));
	l->out->points[r->points_n++] = p;
}

/* Probes come in the order of their epochs. */
static uint32_t
find_probe(const struct loader *l, const char *epoch)
{
	size_t low = 0, high = l->out->record.probes_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(l->epochs[middle], epoch);

		if (order == 0)
			return (uint32_t)middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return UINT32_MAX;
}

static uint32_t
find_network(struct loader *l, const struct network *network)
{
	struct record *r = &l->out->record;

	for (size_t i = 0; i < r->networks_n; i++) {
		const struct network *n = &l->out->networks[i];

		if (n->asn == network->asn && n->medium == network->medium &&
			!strcmp(n->country, network->country) &&
			!strcmp(n->region, network->region))
			return (uint32_t)i;
	}
	l->out->networks = grow(l->out->networks, r->networks_n, &l->networks_cap,
		sizeof(*l->out->networks));
	l->out->networks[r->networks_n] = *network;
	return (uint32_t)r->networks_n++;
}

static void
read_header(struct frame *frame, struct network *network, struct loaded_segment *info,
	const struct measurement *m)
{
	struct where_note note;

	times_take(frame->claim, &note, m);
	if (m->kind == LINE_network) {
		memcpy(network->country, m->country, sizeof(network->country));
		if (m->has[FIELD_region])
			memcpy(network->region, m->region, sizeof(network->region));
		network->medium =
			m->has[FIELD_medium] ? (uint8_t)m->medium : MEDIUM_unknown;
	} else if (m->kind == LINE_where) {
		info->anchor_utc_us = note.utc_us;
		if (note.asn)
			network->asn = note.asn;
		if (note.country[0])
			memcpy(network->country, note.country, sizeof(note.country));
	}
}

static void
add_again(struct loader *l, const struct frame *frame, const struct measurement *m)
{
	l->again = grow(l->again, l->again_n, &l->again_cap, sizeof(*l->again));
	l->again[l->again_n++] = (struct again){.probe = frame->probe,
		.boot = frame->claim->boot,
		.t_us = m->t_us,
		.full = m->has[FIELD_far_received],
		.at = l->out->record.samples_n};
}

static void
add_sample(struct loader *l, const struct frame *frame, const struct measurement *m,
	uint32_t line)
{
	struct record *r = &l->out->record;
	struct sample s;

	if (m->check == CHECK_oneway)
		add_again(l, frame, m);
	sample_read(&s, m); /* place_all() makes its time UTC */
	s.probe = frame->probe;
	s.network = frame->network;
	s.target = m->has[FIELD_target] ? find_target(l, m->target) : NO_TARGET;
	s.segment = frame->segment;
	s.line = line;
	s.boot = frame->claim->boot;
	s.resolver = s.target != NO_TARGET && l->resolver_targets[s.target];
	l->out->samples = grow(l->out->samples, r->samples_n, &l->samples_cap,
		sizeof(*l->out->samples));
	l->out->samples[r->samples_n++] = s;
}

static bool
load_segment(void *arg, const struct store_segment *stored)
{
	struct loader *l = arg;
	struct loaded *out = l->out;
	struct network network = {0};
	struct frame frame = {.probe = find_probe(l, stored->epoch)};
	struct loaded_segment *info;
	bool placed = false;

	if (frame.probe == UINT32_MAX || segment_split(l->segment, stored->bytes))
		return true;
	out->segments =
		grow(out->segments, out->segments_n, &l->segments_cap, sizeof(*info));
	l->claims =
		grow(l->claims, out->segments_n, &l->claims_cap, sizeof(*l->claims));
	frame.segment = (uint32_t)out->segments_n++;
	frame.claim = &l->claims[frame.segment];
	*frame.claim = (struct claim){
		.probe = frame.probe, .received_utc_us = stored->received_utc_us};
	info = &out->segments[frame.segment];
	*info = (struct loaded_segment){
		.seq = stored->seq, .received_utc_us = stored->received_utc_us};
	memcpy(info->epoch, stored->epoch, sizeof(info->epoch));
	memcpy(info->id, stored->id, sizeof(info->id));
	if (stored->received_utc_us > out->record.horizon_us)
		out->record.horizon_us = stored->received_utc_us;
	for (size_t i = 0; i < l->segment->n; i++) {
		if (measurement_decode(l->m, l->segment->lines[i], NULL))
			continue;
		if (l->m->kind == LINE_exhibit)
			continue; /* for people to look at: no step reads what it says */
		if (l->m->kind != LINE_measurement) {
			read_header(&frame, &network, info, l->m);
			continue;
		}
		/* What was declared of a probe was declared of its first uplink: nothing but
		 * a where note says what the second's network is. */
		if (ladder_uplink(l->m) > 0 && !info->anchor_utc_us)
			continue;
		if (!placed)
			frame.network = find_network(l, &network);
		placed = true;
		if (ladder_uplink(l->m) == 0)
			out->probes[frame.probe].network = frame.network;
		add_sample(l, &frame, l->m, (uint32_t)i);
	}
	return true;
}

/* No segment has this number: the sample does not count. */
#define SAID_AGAIN UINT32_MAX

static void
leave_out_again(struct loader *l)
{
	size_t n = again_find(l->again, l->again_n);

	for (size_t i = 0; i < n; i++)
		l->out->samples[l->again[i].at].segment = SAID_AGAIN;
}

/* Can it have been measured when it says? Not before its probe was enrolled, and not after
 * it came. */
static bool
can_be(const struct loader *l, const struct claim *claim, int64_t utc_us)
{
	return utc_us > 0 &&
	       utc_us >= l->enrolled_utc_us[claim->probe] - CLOCK_SLACK_US &&
	       utc_us <= claim->received_utc_us + CLOCK_SLACK_US &&
	       (!l->until_utc_us || utc_us <= l->until_utc_us);
}

/* Gives every sample that counts its time; what claims an impossible one is no evidence. */
static void
place_all(struct loader *l)
{
	struct record *r = &l->out->record;
	size_t kept = 0;

	place(l->claims, l->out->segments_n);
	for (size_t i = 0; i < r->samples_n; i++) {
		struct sample s = l->out->samples[i];
		struct loaded_segment *info;
		const struct claim *claim;

		if (s.segment == SAID_AGAIN)
			continue;
		info = &l->out->segments[s.segment];
		claim = &l->claims[s.segment];
		s.utc_us += claim->offset_us;
		if (!can_be(l, claim, s.utc_us))
			continue;
		if (!info->first_utc_us || s.utc_us < info->first_utc_us)
			info->first_utc_us = s.utc_us;
		if (s.utc_us > info->last_utc_us)
			info->last_utc_us = s.utc_us;
		l->out->samples[kept++] = s;
	}
	r->samples_n = kept;
}

static void
finish(struct loaded *out, const struct settings *settings, int64_t until_utc_us)
{
	struct record *r = &out->record;

	if (r->samples_n)
		qsort(out->samples, r->samples_n, sizeof(*out->samples),
			sample_by_time);
	if (until_utc_us && until_utc_us < r->horizon_us)
		r->horizon_us = until_utc_us;
	r->samples = out->samples;
	r->probes = out->probes;
	r->networks = out->networks;
	r->targets = out->targets;
	r->points = out->points;
	r->window_us = settings->window_us;
	r->reference_us = settings->reference_us;
}

enum err
load_read(struct loaded *loaded, struct store *store, const struct settings *settings,
	int64_t until_utc_us)
{
	struct loader l = {
		.out = loaded,
		.settings = settings,
		.until_utc_us = until_utc_us,
		.segment = malloc(sizeof(*l.segment)),
		.m = malloc(sizeof(*l.m)),
	};
	enum err err = OK;

	memset(loaded, 0, sizeof(*loaded));
	if (!l.segment || !l.m)
		bug("no memory to read the store");
	/* The first network is none: there lies a probe that never measured. */
	find_network(&l, &(struct network){0});
	if (settings->asn_db[0] || settings->country_db[0])
		err = where_open(&l.where, settings->asn_db, settings->country_db);
	if (!err)
		err = store_each_targets(store, load_targets, &l);
	if (!err)
		err = store_each_point(store, load_point, &l);
	if (!err)
		err = store_each_probe(store, load_probe, &l);
	if (!err)
		err = store_each_segment(store, load_segment, &l);
	leave_out_again(&l);
	place_all(&l);
	finish(loaded, settings, until_utc_us);
	where_close(l.where);
	free(l.epochs);
	free(l.cohorts);
	free(l.hosts);
	free(l.enrolled_utc_us);
	free(l.claims);
	free(l.again);
	free(l.ids);
	free(l.resolver_targets);
	free(l.segment);
	free(l.m);
	return err;
}

void
load_free(struct loaded *loaded)
{
	free(loaded->samples);
	free(loaded->probes);
	free(loaded->networks);
	free(loaded->targets);
	free(loaded->points);
	free(loaded->segments);
	memset(loaded, 0, sizeof(*loaded));
}
