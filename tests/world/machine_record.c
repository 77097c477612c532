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

static void
write_line(struct buf *out, const struct measurement *line)
{
	if (measurement_encode(out, line) != OK)
		bug("a line that cannot be said");
	buf_puts(out, "\n");
}

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
	for (size_t i = 0; i < n; i++)
		write_line(&r->lines, &lines[i]);
	if (is_change(r, lines, n) && may_close_early(m, now_us))
		r->changed = true;
}

/* ---- header lines ---- */

/* What those of one segment are made of. */
struct sealing {
	const struct machine *m;
	const struct record *r;
	int uplink;
	const struct targets *targets;
	const struct machine_promise *promise;
	int64_t now_us;
};
typedef void say_fn(struct measurement *line, const struct sealing *s);

static int64_t
not_negative(int64_t value)
{
	return value < 0 ? 0 : value;
}

static void
say_clock(struct measurement *line, const struct sealing *s)
{
	int64_t t_us = machine_t_us(s->m, s->now_us);

	SET(line, kind, LINE_clock);
	SET(line, boot, s->m->boots);
	SET(line, t_us, t_us);
	SET(line, raw_us, t_us + t_us / 400000);
	SET(line, wall_utc_us, not_negative(s->now_us + s->promise->clock_off_us));
	SET(line, clock_steps, s->m->clock_steps);
	SET(line, clock_state, s->m->set);
	if (s->m->set)
		SET(line, clock_error_us, 20000 + t_us % 40000);
	if (!s->r->note[0])
		return;
	SET(line, clock_state, 3);
	SET(line, anchor_utc_us, s->r->anchor_utc_us);
	SET(line, anchor_t_us, s->r->anchor_t_us);
}

static void
say_network(struct measurement *line, const struct sealing *s)
{
	const struct country_probe *p = s->m->probe;
	const struct country *c = s->m->country;

	SET(line, kind, LINE_network);
	SET(line, medium, c->networks[machine_network(s->m, s->uplink)].medium);
	TEXT(line, country, p->control ? c->networks[WORLD_ABROAD].country : c->code);
	if (!p->control)
		TEXT(line, region, c->regions[p->region]);
	if (!s->r->note[0])
		return;
	TEXT(line, country, s->r->country);
	TEXT(line, prefix, s->r->prefix);
	SET(line, asn, s->r->asn);
}

static void
say_where(struct measurement *line, const struct sealing *s)
{
	if (!s->r->note[0])
		return;
	SET(line, kind, LINE_where);
	TEXT(line, note, s->r->note);
}

static void
say_software(struct measurement *line, const struct sealing *s)
{
	(void)s;
	SET(line, kind, LINE_software);
	TEXT(line, version, "faultline-probe " FAULTLINE_VERSION);
}

static void
say_targets(struct measurement *line, const struct sealing *s)
{
	char hex[HASH_HEX_BYTES];

	crypto_hex(hex, s->targets->sha256, HASH_BYTES);
	SET(line, kind, LINE_targets);
	SET(line, rows, s->targets->n);
	TEXT(line, list_sha256, hex);
}

static void
say_gaps(struct measurement *line, const struct sealing *s)
{
	SET(line, kind, LINE_gaps);
	SET(line, dropped, 0);
	SET(line, promised_us, s->promise->interval_us);
	SET(line, next_contact_us, machine_t_us(s->m, s->promise->next_contact_us));
	if (s->r->gap_us > 0)
		SET(line, gap_us, s->r->gap_us);
	if (s->m->previous[0])
		TEXT(line, previous, s->m->previous);
}

static void
say_headers(struct buf *headers, const struct sealing *s)
{
	/* In the order of FORMAT.md. */
	static say_fn *const says[] = {
		say_clock, say_network, say_where, say_software, say_targets, say_gaps};

	for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
		struct measurement line = {0};

		says[i](&line, s);
		if (line.has[FIELD_kind])
			write_line(headers, &line);
	}
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
	struct sealing sealing = {.m = m,
		.r = r,
		.uplink = uplink,
		.targets = targets,
		.promise = promise,
		.now_us = now_us};

	while (rest.len > 0) {
		buf_clear(&headers);
		buf_clear(&segment);
		say_headers(&headers, &sealing);
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
