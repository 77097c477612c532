#include "probe/steps.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"

#define TEXT(m, field, value)                                                          \
	do {                                                                           \
		if (measurement_set_text(m, FIELD_##field, value) != OK)               \
			bug("a " #field " that no line may hold");                     \
	} while (0)

/* What header lines take at most: six short ones and one where note. */
#define HEADERS_MAX 3072
#define ROOM (SEGMENT_BYTES_MAX - HEADERS_MAX)
/* Lines that wait while no segment can be written; more is dropped, the oldest first. */
#define WAITING_MAX (64 * 1024)
#define HEADER_LINES 6
/* A wall clock that leaves boottime by more than this was set, not slewed. */
#define STEP_US INT64_C(1000000)

struct recorder {
	const struct config *config;
	const struct enrolment *enrolment;
	const struct targets *targets;
	int64_t uplink; /* whose lines it keeps */
	int64_t medium; /* of a second uplink, as it was seen: the first's was declared */
	struct buf lines; /* each with its '\n' */
	size_t n;
	size_t dropped;
	int64_t opened_us, last_round_us, gap_us, wall_offset_us;
	uint32_t clock_steps;
	int64_t hour_start_us, early_closes;
	bool climbed, pulsed, pulse_ok;
	struct ladder ladder;
	struct buf note; /* the newest where note of this boot */
	struct where where;
	int64_t note_boot_us;
	struct exhibits *exhibits; /* NULL: none are said */
};

void
recorder_open(struct recorder **recorder, const struct config *config,
	const struct enrolment *enrolment, const struct targets *targets)
{
	struct recorder *r = calloc(1, sizeof(*r));

	if (r == NULL)
		bug("out of memory");
	r->config = config;
	r->enrolment = enrolment;
	r->targets = targets;
	r->opened_us = r->last_round_us = clock_boot_us();
	r->hour_start_us = r->opened_us;
	r->wall_offset_us = clock_utc_us() - clock_boot_us();
	*recorder = r;
}

void
recorder_over(struct recorder *r, int64_t uplink)
{
	r->uplink = uplink;
	r->medium = MEDIUM_unknown;
}

void
recorder_shows(struct recorder *r, struct exhibits *exhibits)
{
	r->exhibits = exhibits;
}

void
recorder_move(struct recorder *r)
{
	buf_clear(&r->note);
	recorder_over(r, r->uplink);
}

bool
recorder_placed(const struct recorder *r, int64_t since_us)
{
	return r->note.len > 0 && r->note_boot_us >= since_us;
}

void
recorder_close(struct recorder *r)
{
	if (r == NULL)
		return;
	buf_free(&r->lines);
	buf_free(&r->note);
	free(r);
}

size_t
recorder_count(const struct recorder *r)
{
	return r->n;
}

void
recorder_dropped(struct recorder *r, size_t n)
{
	r->dropped += n;
}

/* Cuts the first n lines off. */
static void
forget(struct recorder *r, size_t n)
{
	struct span rest = buf_span(&r->lines), line;

	for (size_t i = 0; i < n && span_line(&line, &rest); i++)
		r->n--;
	if (rest.len > 0)
		memmove(r->lines.data, rest.at, rest.len);
	r->lines.len = rest.len;
}

static void
make_room(struct recorder *r)
{
	struct span rest = buf_span(&r->lines), line;
	size_t n = 0;

	while (rest.len > WAITING_MAX && span_line(&line, &rest))
		n++;
	if (n == 0)
		return;
	forget(r, n);
	recorder_dropped(r, n);
}

static void
watch_clock(struct recorder *r)
{
	int64_t offset_us = clock_utc_us() - clock_boot_us();

	if (llabs(offset_us - r->wall_offset_us) > STEP_US)
		r->clock_steps++;
	r->wall_offset_us = offset_us;
}

/* Did a rung change its state, or the pulse its answer? What was not measured now says
 * nothing. The first climb after the start is a change. */
static bool
changed(struct recorder *r, const struct measurement *ms, size_t n,
	const struct ladder *ladder)
{
	bool change = false;
	int ok;

	if (ladder == NULL) {
		/* What the analyzer told of an old batch is no pulse. */
		ok = n > 0 && ms[0].check != CHECK_oneway ? measurement_success(&ms[0])
							  : -1;
		if (ok < 0)
			return false;
		change = r->pulsed && r->pulse_ok != (ok == 1);
		r->pulsed = true;
		r->pulse_ok = ok == 1;
		return change;
	}
	for (enum rung rung = 0; rung < RUNG_COUNT; rung++) {
		if (ladder->rung[rung].state == RUNG_UNMEASURED)
			continue;
		change |= r->ladder.rung[rung].state != ladder->rung[rung].state;
		r->ladder.rung[rung] = ladder->rung[rung];
	}
	return change;
}

static bool
may_close_early(struct recorder *r, int64_t now_us)
{
	if (now_us < r->hour_start_us ||
		now_us - r->hour_start_us >= r->config->hour_us) {
		r->hour_start_us = now_us;
		r->early_closes = 0;
	}
	if (r->early_closes >= r->config->early_closes_an_hour)
		return false;
	r->early_closes++;
	return true;
}

static void
note_gap(struct recorder *r, int64_t now_us)
{
	int64_t gap_us = now_us - r->last_round_us;

	/* A round's own jitter is no gap. */
	if (gap_us > config_profile(r->config)->ladder_us * 3 / 2 && gap_us > r->gap_us)
		r->gap_us = gap_us;
	r->last_round_us = now_us;
}

static void
keep(struct recorder *r, const struct measurement *m)
{
	if (ladder_uplink(m) != r->uplink)
		return;
	if (measurement_encode(&r->lines, m) != OK)
		bug("a measurement that cannot be said");
	buf_puts(&r->lines, "\n");
	r->n++;
	/* While no segment can be written, measurements are what is kept. */
	if (r->exhibits != NULL)
		r->n += exhibits_say(r->lines.len < WAITING_MAX / 2 ? &r->lines : NULL,
			r->exhibits, m);
	if (m->check == CHECK_link && m->has[FIELD_medium])
		r->medium = m->medium;
}

enum closing
recorder_add(struct recorder *r, const struct measurement *ms, size_t n,
	const struct ladder *ladder, int64_t now_us)
{
	const struct profile_settings *profile = config_profile(r->config);
	size_t before = r->lines.len, grown;

	for (size_t i = 0; i < n; i++)
		keep(r, &ms[i]);
	grown = r->lines.len - before;
	make_room(r);
	watch_clock(r);
	if (ladder != NULL)
		note_gap(r, now_us);
	if (changed(r, ms, n, ladder) && may_close_early(r, now_us))
		return CLOSE_CHANGE;
	if (now_us < r->opened_us || now_us - r->opened_us >= profile->segment_us)
		return CLOSE_TIME;
	/* The next one like this would not fit any more. */
	return r->lines.len + grown > ROOM ? CLOSE_TIME : CLOSE_NOT_YET;
}

void
recorder_where(struct recorder *r, struct span note, const struct where *where,
	int64_t received_boot_us)
{
	buf_clear(&r->note);
	buf_add(&r->note, note.at, note.len);
	r->where = *where;
	r->note_boot_us = received_boot_us;
}

bool
recorder_anchor(int64_t *utc_us, int64_t *received_boot_us, const struct recorder *r)
{
	*utc_us = r->where.utc_us;
	*received_boot_us = r->note_boot_us;
	return r->note.len > 0;
}

static int64_t
not_negative(int64_t value)
{
	return value < 0 ? 0 : value;
}

static void
say_clock(struct measurement *m, const struct recorder *r, const struct keys *keys,
	int64_t now_us)
{
	struct clock_state clock = clock_state_read();
	int64_t origin_us = keys_boot_origin_us(keys);

	SET(m, kind, LINE_clock);
	SET(m, boot, keys_boot(keys));
	SET(m, t_us, not_negative(now_us - origin_us));
	SET(m, raw_us, not_negative(clock_raw_us() - keys_raw_origin_us(keys)));
	SET(m, wall_utc_us, not_negative(clock_utc_us()));
	SET(m, clock_steps, r->clock_steps);
	SET(m, clock_state, clock.state);
	if (clock.state == 1)
		SET(m, clock_error_us, not_negative(clock.error_us));
	if (r->note.len > 0) {
		SET(m, clock_state, 3);
		SET(m, anchor_utc_us, r->where.utc_us);
		SET(m, anchor_t_us, not_negative(r->note_boot_us - origin_us));
	}
}

static void
say_network(struct measurement *m, const struct recorder *r)
{
	const struct enrolment *e = r->enrolment;

	SET(m, kind, LINE_network);
	SET(m, medium,
		r->medium != MEDIUM_unknown || r->uplink > 0 ? (int64_t)r->medium
							     : (int64_t)e->medium);
	TEXT(m, country, e->country);
	if (e->region[0] != '\0')
		TEXT(m, region, e->region);
	if (r->note.len == 0)
		return;
	if (strcmp(r->where.country, "ZZ") != 0)
		TEXT(m, country, r->where.country);
	TEXT(m, prefix, r->where.prefix);
	if (r->where.asn > 0)
		SET(m, asn, r->where.asn);
}

static void
say_where(struct measurement *m, const struct recorder *r)
{
	struct buf base64 = {0};

	crypto_base64(&base64, r->note.data, r->note.len);
	SET(m, kind, LINE_where);
	TEXT(m, note, base64.data);
	buf_free(&base64);
}

static void
say_targets(struct measurement *m, const struct recorder *r)
{
	char hex[HASH_HEX_BYTES];

	crypto_hex(hex, r->targets->sha256, HASH_BYTES);
	SET(m, kind, LINE_targets);
	SET(m, rows, r->targets->n);
	TEXT(m, list_sha256, hex);
}

static void
say_gaps(struct measurement *m, const struct recorder *r, const struct keys *keys,
	int64_t now_us)
{
	const struct profile_settings *profile = config_profile(r->config);
	uint8_t previous[HASH_BYTES];
	char hex[HASH_HEX_BYTES];

	SET(m, kind, LINE_gaps);
	SET(m, dropped, (int64_t)r->dropped);
	SET(m, promised_us, profile->ladder_us);
	SET(m, next_contact_us,
		not_negative(now_us - keys_boot_origin_us(keys)) + profile->segment_us +
			profile->ladder_us + profile->ship_us);
	if (r->gap_us > 0)
		SET(m, gap_us, r->gap_us);
	if (!keys_previous(keys, previous))
		return;
	crypto_hex(hex, previous, HASH_BYTES);
	TEXT(m, previous, hex);
}

static void
say(struct buf *headers, struct measurement *m)
{
	if (measurement_encode(headers, m) != OK)
		bug("a header line that cannot be said");
	buf_puts(headers, "\n");
	memset(m, 0, sizeof(*m));
}

/* The header lines in the order of FORMAT.md. */
static void
say_headers(struct buf *headers, const struct recorder *r, const struct keys *keys,
	int64_t now_us)
{
	struct measurement m = {0};

	say_clock(&m, r, keys, now_us);
	say(headers, &m);
	say_network(&m, r);
	say(headers, &m);
	if (r->note.len > 0) {
		say_where(&m, r);
		say(headers, &m);
	}
	SET(&m, kind, LINE_software);
	TEXT(&m, version, "faultline-probe " FAULTLINE_VERSION);
	say(headers, &m);
	say_targets(&m, r);
	say(headers, &m);
	say_gaps(&m, r, keys, now_us);
	say(headers, &m);
}

/* Headers and as many of the oldest lines as fit; returns how many lines there are. */
static size_t
collect(struct span *lines, const struct buf *headers, const struct recorder *r)
{
	struct span rest = buf_span(headers);
	size_t n = 0, bytes = headers->len;

	while (span_line(&lines[n], &rest))
		n++;
	rest = buf_span(&r->lines);
	while (n < SEGMENT_LINES_MAX && span_line(&lines[n], &rest) &&
		bytes + lines[n].len + 1 <= SEGMENT_BYTES_MAX) {
		bytes += lines[n].len + 1;
		n++;
	}
	return n;
}

static void
start_next(struct recorder *r, int64_t now_us)
{
	r->opened_us = now_us;
	r->dropped = 0;
	r->gap_us = 0;
	r->clock_steps = 0;
}

enum err
recorder_seal(struct buf *segment, uint8_t id[static HASH_BYTES], struct recorder *r,
	struct keys *keys, int64_t now_us)
{
	struct span *lines = calloc(SEGMENT_LINES_MAX, sizeof(*lines));
	struct buf headers = {0};
	uint8_t seed[SEED_BYTES];
	uint64_t seq;
	size_t n, of_headers;
	enum err err;

	if (lines == NULL)
		bug("out of memory");
	err = keys_take_seq(keys, &seq);
	if (err != OK)
		goto done;
	say_headers(&headers, r, keys, now_us);
	of_headers = r->note.len > 0 ? HEADER_LINES : HEADER_LINES - 1;
	n = collect(lines, &headers, r);
	crypto_random(seed, sizeof(seed));
	err = segment_write(segment, id, keys_signer(keys), seq, seed, lines, n);
	if (err != OK)
		bug("a segment that cannot be written");
	forget(r, n - of_headers);
	start_next(r, now_us);
	err = keys_set_previous(keys, id);
done:
	memset(seed, 0, sizeof(seed));
	buf_free(&headers);
	free(lines);
	return err;
}
