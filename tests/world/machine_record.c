#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/segment.h"
#include "tests/world/machine.h"

#define TEXT(m, field, value)                                                          \
	do {                                                                           \
		if (measurement_set_text(m, FIELD_##field, value) != OK)               \
			bug("a " #field " that no line may hold");                     \
	} while (0)
#define HOUR_US INT64_C(3600000000)
#define EARLY_CLOSES 12 /* an hour, at most */

/* ---- what is kept until it is sealed ---- */

/* Did a rung change its state? The first climb after the start is a change. */
static bool
is_change(struct record *r, const struct measurement *lines, size_t n)
{
	struct ladder ladder;
	bool change = false;

	ladder_climb(&ladder, lines, n);
	for (enum rung rung = 0; rung < RUNG_COUNT; rung++) {
		if (ladder.rung[rung].state == RUNG_UNMEASURED)
			continue;
		change |= r->ladder.rung[rung].state != ladder.rung[rung].state;
		r->ladder.rung[rung] = ladder.rung[rung];
	}
	return change;
}

static bool
may_close_early(struct machine *m, int64_t now_us)
{
	if (now_us - m->early_from_us >= HOUR_US) {
		m->early_from_us = now_us;
		m->early_closes = 0;
	}
	return m->early_closes < EARLY_CLOSES && ++m->early_closes;
}

void
machine_record_add(struct machine *m, int uplink, const struct measurement *lines,
	size_t n, int64_t now_us)
{
	struct record *r = &m->records[uplink];

	if (r->lines.len == 0)
		r->opened_us = now_us;
	for (size_t i = 0; i < n; i++) {
		if (measurement_encode(&r->lines, &lines[i]) != OK)
			bug("a measurement that cannot be said");
		buf_puts(&r->lines, "\n");
	}
	if (is_change(r, lines, n) && may_close_early(m, now_us))
		r->changed = true;
}

/* ---- header lines ---- */

static int64_t
not_negative(int64_t value)
{
	return value < 0 ? 0 : value;
}

static void
say(struct buf *headers, struct measurement *m)
{
	if (measurement_encode(headers, m) != OK)
		bug("a header line that cannot be said");
	buf_puts(headers, "\n");
	memset(m, 0, sizeof(*m));
}

static void
say_clock(struct measurement *line, const struct machine *m, const struct record *r,
	const struct machine_promise *promise, int64_t now_us)
{
	int64_t t_us = machine_t_us(m, now_us);

	SET(line, kind, LINE_clock);
	SET(line, boot, m->boots);
	SET(line, t_us, t_us);
	SET(line, raw_us, t_us + t_us / 400000);
	SET(line, wall_utc_us, not_negative(now_us + promise->clock_off_us));
	SET(line, clock_steps, m->clock_steps);
	SET(line, clock_state, m->set);
	if (m->set)
		SET(line, clock_error_us, 20000 + t_us % 40000);
	if (!r->note[0])
		return;
	SET(line, clock_state, 3);
	SET(line, anchor_utc_us, r->anchor_utc_us);
	SET(line, anchor_t_us, r->anchor_t_us);
}

static void
say_network(struct measurement *line, const struct machine *m, int uplink)
{
	const struct record *r = &m->records[uplink];
	const struct country *c = m->country;

	SET(line, kind, LINE_network);
	SET(line, medium, c->networks[machine_network(m, uplink)].medium);
	TEXT(line, country,
		m->probe->control ? c->networks[WORLD_ABROAD].country : c->code);
	if (!m->probe->control)
		TEXT(line, region, c->regions[m->probe->region]);
	if (!r->note[0])
		return;
	TEXT(line, country, r->country);
	TEXT(line, prefix, r->prefix);
	SET(line, asn, r->asn);
}

static void
say_targets(struct measurement *line, const struct targets *targets)
{
	char hex[HASH_HEX_BYTES];

	crypto_hex(hex, targets->sha256, HASH_BYTES);
	SET(line, kind, LINE_targets);
	SET(line, rows, targets->n);
	TEXT(line, list_sha256, hex);
}

static void
say_gaps(struct measurement *line, const struct machine *m, const struct record *r,
	const struct machine_promise *promise)
{
	SET(line, kind, LINE_gaps);
	SET(line, dropped, 0);
	SET(line, promised_us, promise->interval_us);
	SET(line, next_contact_us, machine_t_us(m, promise->next_contact_us));
	if (r->gap_us > 0)
		SET(line, gap_us, r->gap_us);
	if (m->previous[0])
		TEXT(line, previous, m->previous);
}

/* In the order of FORMAT.md. */
static void
say_headers(struct buf *headers, const struct machine *m, int uplink,
	const struct targets *targets, const struct machine_promise *promise,
	int64_t now_us)
{
	const struct record *r = &m->records[uplink];
	struct measurement line = {0};

	say_clock(&line, m, r, promise, now_us);
	say(headers, &line);
	say_network(&line, m, uplink);
	say(headers, &line);
	if (r->note[0]) {
		SET(&line, kind, LINE_where);
		TEXT(&line, note, r->note);
		say(headers, &line);
	}
	SET(&line, kind, LINE_software);
	TEXT(&line, version, "faultline-probe " FAULTLINE_VERSION);
	say(headers, &line);
	say_targets(&line, targets);
	say(headers, &line);
	say_gaps(&line, m, r, promise);
	say(headers, &line);
}

/* ---- sealing ---- */

/* Headers and as many of the lines as fit; cuts them off ${rest}. */
static size_t
collect(struct span *lines, const struct buf *headers, struct span *rest)
{
	struct span head = buf_span(headers);
	size_t n = 0, bytes = headers->len;

	while (span_line(&lines[n], &head))
		n++;
	while (n < SEGMENT_LINES_MAX) {
		struct span next = *rest;

		if (!span_line(&lines[n], &next) ||
			bytes + lines[n].len + 1 > SEGMENT_BYTES_MAX)
			break;
		bytes += lines[n].len + 1;
		*rest = next;
		n++;
	}
	return n;
}

static void
keep(struct machine *m, struct buf *segment, bool transition)
{
	struct parcel parcel = {.len = (uint32_t)segment->len,
		.seq = m->seq,
		.transition = transition,
		.bytes = malloc(segment->len)};

	if (!parcel.bytes)
		bug("no memory for a segment");
	memcpy(parcel.bytes, segment->data, segment->len);
	machine_put_back(m, &parcel);
}

static void
draw_seed(uint8_t seed[static SEED_BYTES], const struct machine *m)
{
	uint64_t what[2] = {m->seq, m->life};

	crypto_hmac(seed, m->probe->key_seed, what, sizeof(what));
}

static void
write_segment(
	struct machine *m, struct buf *segment, const struct span *lines, size_t n)
{
	uint8_t seed[SEED_BYTES], id[HASH_BYTES];

	draw_seed(seed, m);
	if (segment_write(segment, id, m->key, m->seq, seed, lines, n) != OK)
		bug("a segment that cannot be written");
	crypto_hex(m->previous, id, sizeof(id));
}

void
machine_record_seal(struct machine *m, int uplink, const struct targets *targets,
	const struct machine_promise *promise, int64_t now_us)
{
	struct span lines[SEGMENT_LINES_MAX];
	size_t n;
	struct record *r = &m->records[uplink];
	struct span rest = buf_span(&r->lines);
	struct buf headers = {0}, segment = {0};

	while (rest.len > 0) {
		buf_clear(&headers);
		buf_clear(&segment);
		say_headers(&headers, m, uplink, targets, promise, now_us);
		m->seq++;
		n = collect(lines, &headers, &rest);
		if (promise->hollow)
			buf_puts(&segment, "\n");
		else
			write_segment(m, &segment, lines, n);
		keep(m, &segment, r->changed);
		r->gap_us = 0;
		m->clock_steps = 0;
	}
	buf_clear(&r->lines);
	r->changed = false;
	buf_free(&headers);
	buf_free(&segment);
}
