#include "analyzer/steps.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/ingest/notes.h"
#include "analyzer/store/store.h"
#include "common/log.h"
#include "common/measurement.h"
#include "common/segment.h"

#define CODE_DIGITS 32
#define TOKEN_BYTES 32
#define WHERE_NOTE_MAX 1200

static_assert(SUBMIT_SEGMENT_MAX == SEGMENT_FILE_MAX, "http.c knows no segment.h");

struct opener {
	struct store *store;
	const struct identity *identity;
	const struct settings *settings;
	pthread_mutex_t lock; /* the store is not thread safe */
};

enum err
opener_open(struct opener **out, struct store *store, const struct identity *identity,
	const struct settings *settings)
{
	struct opener *opener = calloc(1, sizeof *opener);

	if (!opener)
		bug("no memory");
	opener->store = store;
	opener->identity = identity;
	opener->settings = settings;
	pthread_mutex_init(&opener->lock, NULL);
	*out = opener;
	return OK;
}

void
opener_close(struct opener *opener)
{
	if (!opener)
		return;
	pthread_mutex_destroy(&opener->lock);
	free(opener);
}

const char *
opened_name(enum opened opened)
{
	static const char *const names[] = {
		[OPENED_STORED] = "stored",
		[OPENED_AGAIN] = "again",
		[OPENED_MALFORMED] = "malformed",
		[OPENED_UNSIGNED] = "unsigned",
		[OPENED_STRANGER] = "stranger",
		[OPENED_FORBIDDEN] = "forbidden",
		[OPENED_CONFLICT] = "conflict",
		[OPENED_OVER_QUOTA] = "over_quota",
		[OPENED_FULL] = "full",
	};

	return names[opened];
}

static enum opened
refuse(const char **why, enum opened opened, const char *sentence)
{
	*why = sentence;
	return opened;
}

/* Our own disk failed: said to the log where it was seen, and to the sender without
 * telling more than that. */
static enum opened
refuse_store(const char **why, enum err err)
{
	return refuse(why, OPENED_FULL,
		err == ERR_FULL
			? "the store is full: nothing was kept, send it again later"
			: "the store cannot be used: nothing was kept, send it again "
			  "later");
}

/* ---- what a segment says: every line strictly, the header lines in their order ---- */

static bool
where_is_ours(const struct measurement *m, const struct identity *identity)
{
	char bytes[WHERE_NOTE_MAX];
	size_t n = sizeof bytes;

	return crypto_unbase64(bytes, &n, (struct span){m->note, strlen(m->note)}) &&
	       notes_check_where((struct span){bytes, n}, identity);
}

static enum opened
check_lines(const char **why, const struct segment *segment,
	const struct identity *identity)
{
	static const enum line_kind header[] = {LINE_clock, LINE_network, LINE_where,
		LINE_software, LINE_targets, LINE_gaps};
	const size_t header_n = sizeof header / sizeof header[0];
	struct measurement m;
	size_t place = 0;

	for (size_t i = 0; i < segment->n; i++) {
		if (measurement_decode(&m, segment->lines[i], why) != OK)
			return OPENED_MALFORMED;
		if (place < header_n && header[place] == LINE_where &&
			m.kind != LINE_where)
			place++;
		if (place < header_n
				? m.kind != (int64_t)header[place]
				: m.kind != LINE_measurement && m.kind != LINE_exhibit)
			return refuse(why, OPENED_MALFORMED,
				"the header lines are not one each and in their order");
		if (m.kind == LINE_where && !where_is_ours(&m, identity))
			return refuse(why, OPENED_UNSIGNED,
				"the where note was not signed by this analyzer");
		if (place < header_n)
			place++;
	}
	if (place < header_n)
		return refuse(why, OPENED_MALFORMED, "a header line is missing");
	return OPENED_STORED;
}

static enum opened
read_segment(const char **why, struct segment *segment, struct span bytes,
	const struct identity *identity)
{
	enum err err = segment_read(segment, bytes, why);

	if (err == ERR_SIGNATURE)
		return OPENED_UNSIGNED;
	if (err != OK)
		return OPENED_MALFORMED;
	return check_lines(why, segment, identity);
}

/* ---- who sends it ---- */

static enum opened
check_state(const char **why, const struct store_probe *probe)
{
	if (strcmp(probe->state, "suspended") == 0)
		return refuse(why, OPENED_FORBIDDEN, "this probe is suspended");
	if (strcmp(probe->state, "revoked") == 0)
		return refuse(why, OPENED_FORBIDDEN, "this probe was revoked");
	return OPENED_STORED;
}

static enum opened
find_sender(struct store_probe *probe, const char **why, struct opener *opener,
	const char *token)
{
	uint8_t hash[HASH_BYTES];
	enum err err;

	crypto_sha256(hash, token, strlen(token));
	err = store_probe_by_token(probe, opener->store, hash);
	if (err == ERR_NOT_FOUND)
		return refuse(why, OPENED_STRANGER,
			"no probe has this token: enrol with an invite");
	return err == OK ? check_state(why, probe) : refuse_store(why, err);
}

static enum opened
find_carried(struct store_probe *probe, const char **why, struct opener *opener,
	const char *epoch)
{
	enum err err = store_probe_by_epoch(probe, opener->store, epoch);

	if (err == ERR_NOT_FOUND)
		return refuse(
			why, OPENED_STRANGER, "no enrolled probe has this epoch's key");
	return err == OK ? check_state(why, probe) : refuse_store(why, err);
}

/* ---- keeping it ---- */

static enum err
over_quota(bool *over, struct opener *opener, const char *epoch, int64_t now_utc_us)
{
	int64_t n = 0;
	enum err err = store_segments_since(
		&n, opener->store, epoch, now_utc_us - opener->settings->day_us);

	*over = n > opener->settings->day_segments;
	return err;
}

/* Inside a transaction of the caller's. A replay is known before the quota is asked. */
static enum opened
add_segment(const char **why, struct opener *opener, const struct segment *segment,
	const struct submission *s)
{
	struct store_segment row = {
		.seq = segment->seq,
		.received_utc_us = s->now_utc_us,
		.bytes = s->body,
	};
	bool over = false;
	enum err err;

	memcpy(row.epoch, segment->epoch, sizeof row.epoch);
	memcpy(row.id, segment->id, sizeof row.id);
	err = store_add_segment(opener->store, &row);
	if (err == ERR_EXISTS)
		return OPENED_AGAIN;
	if (err == ERR_LIMIT)
		return refuse(why, OPENED_CONFLICT,
			"this epoch has sent another segment of this number");
	if (err == OK && !s->trusted)
		err = over_quota(&over, opener, segment->epoch, s->now_utc_us);
	if (err != OK)
		return refuse_store(why, err);
	if (over)
		return refuse(why, OPENED_OVER_QUOTA,
			"this probe has sent as much as a day may hold");
	return OPENED_STORED;
}

/* A conflict is committed too: the other segment was noted, and stays so. */
static enum opened
end_transaction(const char **why, struct store *store, enum opened opened)
{
	enum err err;

	if (opened != OPENED_STORED && opened != OPENED_AGAIN &&
		opened != OPENED_CONFLICT) {
		store_rollback(store);
		return opened;
	}
	err = store_commit(store);
	return err == OK ? opened : refuse_store(why, err);
}

static enum opened
keep(const char **why, struct opener *opener, const struct segment *segment,
	const struct submission *s)
{
	enum err err = store_begin(opener->store);

	if (err != OK)
		return refuse_store(why, err);
	return end_transaction(
		why, opener->store, add_segment(why, opener, segment, s));
}

static void
answer_receipt(struct buf *answer, const struct opener *opener,
	const struct segment *segment, const struct submission *s)
{
	notes_write_receipt(answer, opener->identity, segment->id, s->now_utc_us);
}

/* The token is asked for before anything else is read: a stranger costs one look-up. */
static enum opened
submit_segment(struct buf *answer, const char **why, struct opener *opener,
	const struct submission *s)
{
	struct store_probe probe = {0};
	struct segment segment;
	char id[HASH_HEX_BYTES];
	enum opened opened = OPENED_STORED;

	if (!s->trusted)
		opened = find_sender(&probe, why, opener, s->token);
	if (opened == OPENED_STORED)
		opened = read_segment(why, &segment, s->body, opener->identity);
	if (opened == OPENED_STORED && s->trusted)
		opened = find_carried(&probe, why, opener, segment.epoch);
	if (opened != OPENED_STORED)
		return opened;
	crypto_hex(id, segment.id, sizeof segment.id);
	if (s->id && strcmp(s->id, id) != 0)
		return refuse(why, OPENED_MALFORMED,
			"the id in the address is not that of the segment");
	if (strcmp(probe.epoch, segment.epoch) != 0)
		return refuse(why, OPENED_FORBIDDEN,
			"this segment was signed by another probe than the token's");
	opened = keep(why, opener, &segment, s);
	if (opened == OPENED_STORED || opened == OPENED_AGAIN)
		answer_receipt(answer, opener, &segment, s);
	return opened;
}

/* ---- enrolment ---- */

struct enrolling {
	uint8_t code_hash[HASH_BYTES];
	struct store_probe probe;
	char token[2 * TOKEN_BYTES + 1];
};

static bool
cut_enrolment(struct enrolling *e, struct span *rest)
{
	struct span code, role;
	uint8_t bytes[CODE_DIGITS / 2];

	if (!span_skip(rest, "faultline/enroll\n") || !span_line(&code, rest) ||
		!span_skip(&code, "code ") ||
		!crypto_unhex(bytes, sizeof bytes, code) || !span_line(&role, rest) ||
		!span_skip(&role, "role ") || !span_skip(rest, "\n"))
		return false;
	crypto_sha256(e->code_hash, code.at, code.len);
	if (span_is(role, "field"))
		strcpy(e->probe.role, "field");
	else if (span_is(role, "control"))
		strcpy(e->probe.role, "control");
	else
		return false;
	return true;
}

static void
mint_token(struct enrolling *e)
{
	uint8_t random[TOKEN_BYTES];

	crypto_random(random, sizeof random);
	crypto_hex(e->token, random, sizeof random);
	crypto_sha256(e->probe.token_hash, e->token, strlen(e->token));
	crypto_wipe(random, sizeof random);
}

/* Inside a transaction. Whoever is here already must not come back from suspension by
 * enrolling once more. */
static enum opened
use_invite(const char **why, struct opener *opener, const struct enrolling *e)
{
	struct store_probe known;
	enum opened opened;
	enum err err = store_probe_by_epoch(&known, opener->store, e->probe.epoch);

	if (err == OK) {
		opened = check_state(why, &known);
		if (opened != OPENED_STORED)
			return opened;
	} else if (err != ERR_NOT_FOUND) {
		return refuse_store(why, err);
	}
	err = store_use_invite(opener->store, e->code_hash, &e->probe);
	if (err == ERR_NOT_FOUND)
		return refuse(why, OPENED_STRANGER, "no invite has this code");
	if (err == ERR_EXISTS)
		return refuse(why, OPENED_FORBIDDEN,
			"this code is used up, or this epoch has enrolled with "
			"another");
	if (err == ERR_PERMISSION)
		return refuse(why, OPENED_FORBIDDEN, "the invite is for another role");
	return err == OK ? OPENED_STORED : refuse_store(why, err);
}

static enum opened
enrol(const char **why, struct opener *opener, const struct enrolling *e,
	const struct segment *segment, const struct submission *s)
{
	enum opened opened;
	enum err err = store_begin(opener->store);

	if (err != OK)
		return refuse_store(why, err);
	opened = use_invite(why, opener, e);
	if (opened == OPENED_STORED)
		opened = add_segment(why, opener, segment, s);
	if (opened == OPENED_CONFLICT) {
		/* The token stays what it was; the other segment is noted by itself. */
		store_rollback(opener->store);
		return keep(why, opener, segment, s);
	}
	return end_transaction(why, opener->store, opened);
}

static enum opened
submit_enrolment(struct buf *answer, const char **why, struct opener *opener,
	const struct submission *s)
{
	struct enrolling e = {.probe = {.state = "probation"}};
	struct submission first = *s;
	struct segment segment;
	enum opened opened;

	if (!cut_enrolment(&e, &first.body))
		return refuse(why, OPENED_MALFORMED,
			"the enrolment does not begin with its three lines and an "
			"empty "
			"one");
	opened = read_segment(why, &segment, first.body, opener->identity);
	if (opened != OPENED_STORED)
		return opened;
	memcpy(e.probe.epoch, segment.epoch, sizeof e.probe.epoch);
	e.probe.enrolled_utc_us = s->now_utc_us;
	mint_token(&e);
	opened = enrol(why, opener, &e, &segment, &first);
	if (opened == OPENED_STORED || opened == OPENED_AGAIN) {
		buf_printf(answer, "token %s\n", e.token);
		answer_receipt(answer, opener, &segment, s);
	}
	crypto_wipe(&e, sizeof e);
	return opened;
}

enum opened
opener_submit(struct buf *answer, const char **why, struct opener *opener,
	const struct submission *s)
{
	enum opened opened = OPENED_MALFORMED;

	pthread_mutex_lock(&opener->lock);
	switch (s->kind) {
	case SUBMIT_SEGMENT:
		opened = submit_segment(answer, why, opener, s);
		break;
	case SUBMIT_ENROLMENT:
		opened = submit_enrolment(answer, why, opener, s);
		break;
	}
	pthread_mutex_unlock(&opener->lock);
	if (opened == OPENED_STORED || opened == OPENED_AGAIN)
		*why = "";
	return opened;
}

enum err
opener_mandate(struct buf *note, struct opener *opener)
{
	enum err err;

	pthread_mutex_lock(&opener->lock);
	err = store_newest_mandate(note, NULL, opener->store);
	pthread_mutex_unlock(&opener->lock);
	return err;
}

bool
opener_knows(struct opener *opener, const uint8_t hash[static HASH_BYTES])
{
	struct store_probe probe;
	const char *why;
	bool knows;

	pthread_mutex_lock(&opener->lock);
	knows = store_probe_by_token(&probe, opener->store, hash) == OK &&
		check_state(&why, &probe) == OPENED_STORED;
	pthread_mutex_unlock(&opener->lock);
	return knows;
}
