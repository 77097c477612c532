#include "analyzer/analysis/load_segment.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/again.h"
#include "analyzer/analysis/sample.h"
#include "analyzer/analysis/times.h"
#include "common/ladder.h"
#include "common/log.h"

/* What the header lines of a segment say of its measurements. */
struct frame {
	struct loaded_probe *probe;
	struct claim *claim;
	struct loaded_segment *info;
	struct network home;
	uint32_t network;
	bool placed;
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

uint32_t
load_segment_network(struct loaded *l, const struct network *network)
{
	struct record *r = &l->record;

	for (size_t i = 0; i < r->networks_n; i++) {
		const struct network *n = &l->networks[i];

		if (n->asn == network->asn && n->medium == network->medium &&
			!strcmp(n->country, network->country) &&
			!strcmp(n->region, network->region))
			return (uint32_t)i;
	}
	l->networks = grow(
		l->networks, r->networks_n, &l->networks_cap, sizeof(*l->networks));
	l->networks[r->networks_n] = *network;
	return (uint32_t)r->networks_n++;
}

static void
read_header(struct frame *f, const struct measurement *m)
{
	struct where_note note;

	times_take(f->claim, &note, m);
	if (m->kind == LINE_network) {
		memcpy(f->home.country, m->country, sizeof(f->home.country));
		if (m->has[FIELD_region])
			memcpy(f->home.region, m->region, sizeof(f->home.region));
		f->home.medium =
			m->has[FIELD_medium] ? (uint8_t)m->medium : MEDIUM_unknown;
	} else if (m->kind == LINE_where) {
		f->info->anchor_utc_us = note.utc_us;
		if (note.asn)
			f->home.asn = note.asn;
		if (note.country[0])
			memcpy(f->home.country, note.country, sizeof(note.country));
	}
}

/* A satellite's address is that of its station, wherever that stands: the country is the
 * region's that was chosen. */
static void
stand_where_it_says(struct network *home)
{
	if (home->medium == MEDIUM_satellite && strlen(home->region) > 2)
		memcpy(home->country, home->region, 2);
}

static void
add_again(struct loader *l, const struct frame *f, const struct measurement *m)
{
	struct loaded_probe *p = f->probe;

	p->again = grow(p->again, p->again_n, &p->again_cap, sizeof(*p->again));
	p->again[p->again_n++] = (struct again){.probe = l->probe,
		.boot = f->claim->boot,
		.t_us = m->t_us,
		.full = m->has[FIELD_far_received],
		.at = l->samples_n};
}

static void
add_sample(struct loader *l, const struct frame *f, const struct measurement *m,
	uint32_t line)
{
	const struct known *k = &l->out->known;
	struct sample s;

	if (m->check == CHECK_oneway)
		add_again(l, f, m);
	sample_read(&s, m); /* whoever places it makes its time UTC */
	s.probe = l->probe;
	s.network = f->network;
	s.target = m->has[FIELD_target] ? known_target(k, m->target) : NO_TARGET;
	s.segment = (uint32_t)(f->probe->segments_n - 1);
	s.line = line;
	s.boot = f->claim->boot;
	s.resolver = s.target != NO_TARGET && k->hosts[s.target].resolver;
	l->samples =
		grow(l->samples, l->samples_n, &l->samples_cap, sizeof(*l->samples));
	l->samples[l->samples_n++] = s;
}

static void
read_line(struct loader *l, struct frame *f, uint32_t line)
{
	const struct measurement *m = l->m;

	if (measurement_decode(l->m, l->segment->lines[line], NULL))
		return;
	if (m->kind == LINE_exhibit)
		return; /* for people to look at: no step reads what it says */
	if (m->kind != LINE_measurement) {
		read_header(f, m);
		return;
	}
	/* What was declared of a probe was declared of its first uplink: nothing but a
	 * where note says what the second's network is. */
	if (ladder_uplink(m) > 0 && !f->info->anchor_utc_us)
		return;
	if (!f->placed) {
		stand_where_it_says(&f->home);
		f->network = load_segment_network(l->out, &f->home);
	}
	f->placed = true;
	if (ladder_uplink(m) == 0)
		l->out->known.probes[l->probe].network = f->network;
	add_sample(l, f, m, line);
}

static void
chain(struct loaded_probe *p, const uint8_t id[static HASH_BYTES])
{
	static const uint8_t nothing[HASH_BYTES];
	size_t n = p->segments_n - 1;

	crypto_sha256_2(p->segments[n].chain, n ? p->segments[n - 1].chain : nothing,
		HASH_BYTES, id, HASH_BYTES);
}

/* Adds the segment behind those that the probe has; its samples wait for their times. */
bool
load_segment_read(void *arg, const struct store_segment *stored)
{
	struct loader *l = arg;
	struct loaded_probe *p = &l->out->probes[l->probe];
	struct frame f = {.probe = p};

	if (segment_split(l->segment, stored->bytes))
		return true;
	p->segments = grow(
		p->segments, p->segments_n, &p->segments_cap, sizeof(*p->segments));
	l->claims = grow(l->claims, l->claims_n, &l->claims_cap, sizeof(*l->claims));
	f.info = &p->segments[p->segments_n++];
	f.claim = &l->claims[l->claims_n++];
	*f.info = (struct loaded_segment){
		.seq = stored->seq, .received_utc_us = stored->received_utc_us};
	*f.claim = (struct claim){
		.probe = l->probe, .received_utc_us = stored->received_utc_us};
	chain(p, stored->id);
	if (stored->received_utc_us > l->out->received_utc_us)
		l->out->received_utc_us = stored->received_utc_us;
	for (size_t i = 0; i < l->segment->n; i++)
		read_line(l, &f, (uint32_t)i);
	return true;
}
