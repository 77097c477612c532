#include "tests/world/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/note.h"
#include "common/segment.h"
#include "common/utc.h"

#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)
/* Does it still have power? Between rounds, too, so that no reboot is missed. */
#define LOOK_US (10 * MINUTE_US)
#define SEGMENT_US (15 * MINUTE_US)
#define CONTACT_US (5 * MINUTE_US) /* a round, sealing and a shipment */
#define BACK_OFF_US (30 * SECOND_US)
#define ROOM_BYTES (SEGMENT_BYTES_MAX * 2 / 3)
/* Rounds that are not there for no reason that the network knows. */
#define MISSING .01
/* Of the probes, so many join late, and so many leave within thirty days. */
#define JOINS_LATE .05
#define LEAVES .03
#define COMES_BACK .7

struct run {
	const struct delivery *d;
	struct machine *machines;
	size_t n;
	int64_t start_us, end_us;
	struct measurement *lines; /* scratch of a round */
};

static double
seconds(int64_t us)
{
	return (double)us / (double)SECOND_US;
}

static void
look_outside(struct weather *w, const struct run *run, const struct machine *m,
	int uplink, int64_t now_us)
{
	weather_at(
		w, run->d->story, m->at, machine_network(m, uplink), seconds(now_us));
}

static int
uplinks(const struct machine *m)
{
	return m->probe->second_network != m->probe->network ? 2 : 1;
}

/* ---- who is there ---- */

static void
plan_life(struct machine *m, const struct run *run)
{
	double days = seconds(run->end_us - run->start_us) / 86400;

	if (m->probe->control || !chance_is(&m->chance, LEAVES * days / 30))
		return;
	m->leaves_us = run->start_us + (int64_t)(chance_between(&m->chance, .2, .8) *
						 (double)(run->end_us - run->start_us));
	m->comes_back = chance_is(&m->chance, COMES_BACK);
}

static void
start_all(struct run *run)
{
	for (size_t i = 0; i < run->n; i++) {
		struct machine *m = &run->machines[i];
		double late = chance_of(run->d->country->seed, 120, i);
		int64_t joins_us = run->start_us +
				   (int64_t)(late * 19 / JOINS_LATE) % 3600 * SECOND_US;

		if (late < JOINS_LATE && !run->d->country->probes[i].control)
			joins_us += (int64_t)(late / JOINS_LATE / 3 *
					      (double)(run->end_us - run->start_us));
		machine_start(m, run->d->country, i, 0, joins_us);
		m->next_look_us = joins_us;
		plan_life(m, run);
		if (run->d->no_control && m->probe->control) {
			machine_stop(m);
			m->next_look_us = INT64_MAX;
		}
	}
}

static void
leave(struct run *run, struct machine *m, int64_t now_us)
{
	bool back = m->comes_back && m->life == 0;
	int64_t joins_us =
		now_us + (int64_t)(chance_between(&m->chance, 1, 4) * (double)DAY_US);

	machine_stop(m);
	m->next_look_us = INT64_MAX;
	if (!back)
		return;
	machine_start(m, run->d->country, m->at, 1, joins_us);
	m->next_look_us = joins_us;
}

/* ---- what the analyzer answers ---- */

/* A tunnel and a foreign SIM come out abroad. */
static void
take_place(struct record *r, const struct run *run, const struct machine *m, int uplink,
	const struct weather *w)
{
	const struct country_network *networks = run->d->country->networks;
	bool abroad = w->tunnel || w->roaming;
	const struct country_network *n =
		&networks[abroad ? WORLD_ABROAD : machine_network(m, uplink)];

	r->asn = n->asn;
	memcpy(r->country, n->country, sizeof(r->country));
	if (!abroad && uplink == 0)
		memcpy(r->prefix, m->probe->prefix, sizeof(r->prefix));
	else
		snprintf(r->prefix, sizeof(r->prefix), "%.8s.%hhu.0/24", n->prefix,
			(uint8_t)(100 + m->at % 100));
}

static void
ask_where(struct run *run, struct machine *m, int uplink, const struct weather *w,
	int64_t now_us)
{
	struct record *r = &m->records[uplink];
	struct buf text = {0}, note = {0}, base64 = {0};
	uint64_t what[3] = {(uint64_t)now_us, m->at, (uint64_t)uplink};
	uint8_t nonce[HASH_BYTES];
	char hex[33], now[UTC_TEXT_BYTES];

	take_place(r, run, m, uplink, w);
	crypto_sha256(nonce, what, sizeof(what));
	crypto_hex(hex, nonce, 16);
	utc_text(now, now_us);
	buf_printf(&text,
		"faultline/where\nnonce %s\nasn %u\ncountry %s\nprefix %s\ntime %s\n",
		hex, r->asn, r->country, r->prefix, now);
	note_sign(&note, buf_span(&text), run->d->key_name, run->d->key);
	crypto_base64(&base64, note.data, note.len);
	if (base64.len >= sizeof(r->note))
		bug("a note of %zu characters", base64.len);
	memcpy(r->note, base64.data, base64.len + 1);
	r->anchor_utc_us = now_us;
	/* It travels back while the clock goes on. */
	r->anchor_t_us = machine_t_us(m, now_us) + (int64_t)(w->rtt_ms[1] * 500);
	buf_free(&text);
	buf_free(&note);
	buf_free(&base64);
}

/* Asks over every uplink that leads there; false: none does. */
static bool
reach_analyzer(struct run *run, struct machine *m, int64_t now_us)
{
	bool reached = false;

	for (int u = 0; u < uplinks(m); u++) {
		struct weather w;

		look_outside(&w, run, m, u, now_us);
		if (!w.on || !chance_is(&m->chance, w.upload))
			continue;
		ask_where(run, m, u, &w, now_us);
		reached = true;
	}
	if (reached)
		machine_set_clock(m);
	return reached;
}

static bool
gets_through(struct run *run, struct machine *m, int64_t now_us)
{
	for (int u = 0; u < uplinks(m); u++) {
		struct weather w;

		look_outside(&w, run, m, u, now_us);
		if (w.on && chance_is(&m->chance, w.upload))
			return true;
	}
	return false;
}

/* ---- shipments ---- */

static void
back_off(struct machine *m, int64_t now_us)
{
	int64_t most_us = BACK_OFF_US << (m->failures < 7 ? m->failures : 7);

	m->failures++;
	m->shipping = false;
	m->next_ship_us = now_us + SECOND_US +
			  (int64_t)(chance_draw(&m->chance) *
				    (double)(most_us < HOUR_US ? most_us : HOUR_US));
}

/* One segment at a time, so that what arrives is in the order of time whoever sent it. */
static void
ship(struct run *run, struct machine *m, int64_t now_us)
{
	struct parcel parcel;

	m->next_ship_us = INT64_MAX;
	if (!m->on)
		return;
	if (!m->shipping && !reach_analyzer(run, m, now_us)) {
		back_off(m, now_us);
		return;
	}
	m->shipping = machine_take(&parcel, m);
	if (!m->shipping)
		return;
	if (!gets_through(run, m, now_us)) {
		machine_put_back(m, &parcel);
		back_off(m, now_us);
		return;
	}
	m->failures = 0;
	run->d->arrived(run->d->arg, now_us, (struct span){parcel.bytes, parcel.len});
	free(parcel.bytes);
	m->next_ship_us = now_us + (int64_t)chance_between(&m->chance, 80000, 400000);
}

/* ---- rounds ---- */

static size_t
drop_power(struct measurement *lines, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (lines[i].check == CHECK_power)
			continue;
		lines[i].has[FIELD_beacons] = false;
		if (kept != i)
			lines[kept] = lines[i];
		kept++;
	}
	return kept;
}

static int64_t
end_of(const struct measurement *lines, size_t n, int64_t from_us)
{
	int64_t end_us = from_us;

	for (size_t i = 0; i < n; i++)
		if (lines[i].t_us + lines[i].took_us > end_us)
			end_us = lines[i].t_us + lines[i].took_us;
	return end_us - from_us;
}

static void
note_gap(struct machine *m, struct record *r, int64_t now_us, int64_t interval_us)
{
	int64_t gap_us = machine_t_us(m, now_us) - machine_t_us(m, r->last_round_us);

	if (r->last_round_us && gap_us > interval_us * 3 / 2 && gap_us > r->gap_us)
		r->gap_us = gap_us;
	r->last_round_us = now_us;
}

static void
climb(struct run *run, struct machine *m, int uplink, struct round *round,
	int64_t *now_us)
{
	struct weather w;
	size_t n;

	look_outside(&w, run, m, uplink, *now_us);
	round->network = machine_network(m, uplink);
	round->uplink = (uint8_t)uplink;
	round->t_us = machine_t_us(m, *now_us);
	round->clock_off_us =
		machine_off_us(m, *now_us) + (int64_t)(w.clock_off_s * 1e6);
	n = round_measure(run->lines, run->d->country, &w, round, &m->chance);
	if (run->d->no_power)
		n = drop_power(run->lines, n);
	run->d->measured(run->d->arg, m, uplink, *now_us, run->lines, n);
	machine_record_add(m, uplink, run->lines, n, *now_us);
	*now_us += end_of(run->lines, n, round->t_us);
}

static void
close_records(struct run *run, struct machine *m, int64_t now_us, int64_t interval_us)
{
	bool rare = interval_us > SEGMENT_US;
	struct machine_promise promise = {.hollow = run->d->hollow,
		.interval_us = interval_us,
		.next_contact_us = m->next_round_us + CONTACT_US +
				   (rare ? 0 : SEGMENT_US + interval_us * 12 / 10)};
	bool sealed = false;

	for (int u = 0; u < uplinks(m); u++) {
		struct record *r = &m->records[u];
		struct weather w;

		if (r->lines.len == 0 ||
			!(rare || r->changed || r->lines.len > ROOM_BYTES ||
				now_us - r->opened_us >= SEGMENT_US))
			continue;
		look_outside(&w, run, m, u, now_us);
		promise.clock_off_us =
			machine_off_us(m, now_us) + (int64_t)(w.clock_off_s * 1e6);
		machine_record_seal(m, u, run->d->targets, &promise, now_us);
		sealed = true;
	}
	if (sealed && !m->shipping &&
		(m->failures == 0 || m->next_ship_us == INT64_MAX))
		m->next_ship_us =
			now_us + (int64_t)chance_between(&m->chance, 2e6, 4e7);
}

static bool
is_due(struct machine *m, int64_t *last_us, int64_t now_us, int64_t interval_s)
{
	double late = chance_between(&m->chance, .9, 1.1);

	if ((double)(now_us - *last_us) < late * (double)interval_s * 1e6)
		return false;
	*last_us = now_us;
	return true;
}

static void
make_round(struct run *run, struct machine *m, int64_t now_us)
{
	uint8_t network = m->probe->network;
	int64_t now_s = now_us / SECOND_US;
	const struct beat *beat = pace_at(run->d->pace, network, now_s);
	int64_t interval_us =
		(pace_next_s(run->d->pace, network, now_s) - now_s) * SECOND_US;
	struct round round = {.probe = m->at,
		.number = ++m->round,
		.uptime_min = (now_us - m->booted_us) / MINUTE_US,
		.unclean = m->unclean};
	int64_t at_us = now_us;

	m->next_round_us = now_us + (int64_t)(chance_between(&m->chance, .9, 1.1) *
					      (double)interval_us);
	if (chance_is(&m->chance, MISSING))
		return;
	round.detail = is_due(m, &m->last_full_us, now_us, beat->full_s) ? DETAIL_FULL
									 : DETAIL_THIN;
	round.speed = is_due(m, &m->last_speed_us, now_us, beat->speed_s);
	for (int u = 0; u < uplinks(m); u++) {
		note_gap(m, &m->records[u], now_us, interval_us);
		climb(run, m, u, &round, &at_us);
	}
	m->unclean = false;
	if (m->next_round_us < at_us + MINUTE_US)
		m->next_round_us = at_us + MINUTE_US;
	close_records(run, m, at_us, interval_us);
}

/* The first segment is an enrolment: it waits until the analyzer answers. */
static void
enrol(struct run *run, struct machine *m, int64_t now_us)
{
	m->origin_us = now_us;
	if (!reach_analyzer(run, m, now_us)) {
		m->next_round_us = now_us + HOUR_US;
		return;
	}
	m->enrolled_us = now_us;
	run->d->enrolled(run->d->arg, m, now_us);
	m->next_round_us = now_us;
}

static void
look(struct run *run, struct machine *m, int64_t now_us)
{
	struct weather w;

	m->next_look_us = now_us + LOOK_US;
	look_outside(&w, run, m, 0, now_us);
	if (!w.on) {
		if (m->on)
			m->last_on_us = now_us;
		m->on = m->shipping = false;
		m->next_round_us = m->next_ship_us = INT64_MAX;
		return;
	}
	if (m->on)
		return;
	m->on = true;
	if (m->enrolled_us)
		machine_boot(m, now_us);
	m->next_round_us = now_us;
	if (m->parcels_n)
		m->next_ship_us = now_us + MINUTE_US;
}

/* ---- the order of time ---- */

static int64_t
next_of(const struct machine *m)
{
	int64_t next_us = m->next_look_us;

	next_us = m->next_round_us < next_us && m->on ? m->next_round_us : next_us;
	return m->next_ship_us < next_us ? m->next_ship_us : next_us;
}

static void
step(struct run *run, struct machine *m, int64_t now_us)
{
	if (m->leaves_us <= now_us)
		leave(run, m, now_us);
	else if (m->next_look_us == now_us)
		look(run, m, now_us);
	else if (m->next_ship_us == now_us)
		ship(run, m, now_us);
	else if (m->enrolled_us)
		make_round(run, m, now_us);
	else
		enrol(run, m, now_us);
}

void
delivery_run(const struct delivery *d)
{
	struct run run = {.d = d,
		.n = d->country->probes_n,
		.start_us = story_start_s(d->story) * SECOND_US,
		.end_us = story_end_s(d->story) * SECOND_US};

	run.machines = calloc(run.n, sizeof(*run.machines));
	run.lines = calloc(ROUND_LINES_MAX, sizeof(*run.lines));
	if (!run.machines || !run.lines)
		bug("no memory for %zu machines", run.n);
	start_all(&run);
	for (;;) {
		struct machine *first = &run.machines[0];

		for (size_t i = 1; i < run.n; i++)
			if (next_of(&run.machines[i]) < next_of(first))
				first = &run.machines[i];
		if (next_of(first) > run.end_us)
			break;
		step(&run, first, next_of(first));
	}
	for (size_t i = 0; i < run.n; i++)
		machine_stop(&run.machines[i]);
	free(run.machines);
	free(run.lines);
}
