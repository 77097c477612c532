#include "probe/steps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/invite.h"
#include "common/log.h"
#include "probe/doors/fetch.h"

#define DEADLINE_US INT64_C(60000000)
#define TOKEN_LINE_BYTES (6 + 64 + 1)

/* Given to the child. */
struct attempt_to_enroll {
	struct enroll *enroll;
	const struct enrolment *enrolment;
	struct buf segment;
	uint8_t id[HASH_BYTES];
	char nonce[33];
	int64_t started_us;
};

/* What the first segment was made for: another declaration needs another segment. */
static void
write_declaration(struct buf *out, const struct enrolment *e)
{
	buf_printf(out, "%s %s\n", medium_name((enum medium)e->medium), e->region);
}

static enum err
make_segment(struct attempt_to_enroll *a, struct keys *keys)
{
	struct recorder *r;
	enum err err;

	recorder_open(&r, a->enroll->config, a->enrolment, a->enroll->targets);
	err = recorder_seal(&a->segment, a->id, r, keys, clock_boot_us());
	recorder_close(r);
	return err;
}

/* The segment of an earlier try, if it is this key's and declares the same. */
static bool
read_segment(struct attempt_to_enroll *a, const char *path, const char *epoch)
{
	struct segment *segment = calloc(1, sizeof(*segment));
	struct buf text = {0}, declaration = {0};
	struct span rest;
	bool ok = false;

	if (segment == NULL)
		bug("out of memory");
	write_declaration(&declaration, a->enrolment);
	if (file_read(&text, path, SEGMENT_FILE_MAX + 100) != OK ||
		text.len <= declaration.len ||
		memcmp(text.data, declaration.data, declaration.len) != 0)
		goto done;
	rest = (struct span){text.data + declaration.len, text.len - declaration.len};
	if (segment_read(segment, rest, NULL) != OK ||
		strcmp(segment->epoch, epoch) != 0)
		goto done;
	buf_add(&a->segment, rest.at, rest.len);
	memcpy(a->id, segment->id, HASH_BYTES);
	ok = true;
done:
	buf_free(&text);
	buf_free(&declaration);
	free(segment);
	return ok;
}

/* The same bytes go out again after a try that failed: its answer may have been lost
 * behind an analyzer that had already taken them. */
static enum err
prepare_segment(struct attempt_to_enroll *a, struct keys *keys, const char *path)
{
	struct buf text = {0};
	enum err err;

	if (read_segment(a, path, keys_epoch(keys)))
		return OK;
	err = make_segment(a, keys);
	if (err == OK) {
		write_declaration(&text, a->enrolment);
		buf_add(&text, a->segment.data, a->segment.len);
		err = file_write(path, text.data, text.len);
	}
	buf_free(&text);
	return err;
}

static void
enroll_child(void *arg, void *at, size_t page_bytes)
{
	const struct attempt_to_enroll *a = arg;
	const struct invite *invite = a->enroll->invite;
	struct ship_page page = {.at = at, .bytes = page_bytes};
	struct fetch_connection *connection;
	char url[ENDPOINT_BYTES + 32];
	struct buf body = {0};

	if (fetch_open(&connection) != OK)
		return;
	snprintf(url, sizeof(url), "%s/v1/enroll", invite->endpoint);
	buf_printf(&body, "faultline/enroll\ncode %s\nrole %s\n\n", invite->code,
		invite->role);
	buf_add(&body, a->segment.data, a->segment.len);
	if (ship_exchange(&page, connection,
		    &(struct fetch_request){.method = "POST",
			    .url = url,
			    .pin = invite->pin,
			    .body = buf_span(&body),
			    .max_answer = 2048},
		    SHIP_TOKEN, a->id) &&
		ship_ask_where(&page, connection, a->enrolment, a->nonce) &&
		a->enroll->config->targets[0] == '\0')
		(void)ship_ask_list(&page, connection, a->enrolment, "");
	buf_free(&body);
	fetch_close(connection);
}

/* "token <64 hex>\n" and a receipt of the first segment. */
static enum err
take_token(struct enrolment *e, struct span body, const uint8_t id[static HASH_BYTES])
{
	uint8_t token[32];

	if (body.len <= TOKEN_LINE_BYTES || memcmp(body.at, "token ", 6) != 0 ||
		body.at[TOKEN_LINE_BYTES - 1] != '\n' ||
		!crypto_unhex(token, sizeof(token), (struct span){body.at + 6, 64})) {
		log_error("the analyzer's answer is malformed");
		return ERR_PEER;
	}
	if (!ship_verify_receipt((struct span){body.at + TOKEN_LINE_BYTES,
					 body.len - TOKEN_LINE_BYTES},
		    id, e->analyzer_key)) {
		log_error("the answer is not signed by the analyzer of the invite");
		return ERR_SIGNATURE;
	}
	memcpy(e->token, body.at + 6, 64);
	e->token[64] = '\0';
	return OK;
}

static const char *
refusal(uint32_t status)
{
	switch (status) {
	case 401:
	case 403:
		return "the code is unknown or used up: ask for another invite";
	case 503:
		return "the analyzer takes nothing at the moment: try again later";
	default:
		return "the analyzer refused";
	}
}

/* What came besides: where this is, and what to measure. Without either the probe is
 * enrolled all the same, and asks again with each shipment. */
static void
take_more(struct enrolment *e, const struct attempt_to_enroll *a,
	const struct ship_record *record)
{
	struct enroll *enroll = a->enroll;
	struct agenda agenda = {0};
	struct where where;

	if (record->kind == SHIP_WHERE && e->region[0] == '\0' && ship_places(e) &&
		ship_read_where(&where, record->body, a->nonce, e->analyzer_key))
		memcpy(e->country, where.country, sizeof(e->country));
	if (record->kind == SHIP_LIST && record->body.len > 0 &&
		agenda_take(&agenda, enroll->targets, enroll->state_dir, e,
			record->body) != OK)
		log_note("enrolled without a target list");
}

static enum err
take_answers(struct enrolment *e, const struct attempt_to_enroll *a, const void *page,
	size_t page_bytes)
{
	struct span rest = {page, page_bytes};
	struct ship_record record;
	enum err err = ERR_PEER;

	if (!ship_record_next(&record, &rest)) {
		log_error("the analyzer of the invite was not reached: try again");
		return ERR_PEER;
	}
	if (record.kind != SHIP_TOKEN) {
		log_error("%s (status %u)", refusal(record.status), record.status);
		return ERR_PEER;
	}
	err = take_token(e, record.body, a->id);
	while (err == OK && ship_record_next(&record, &rest))
		take_more(e, a, &record);
	return err;
}

static enum err
ask_analyzer(struct enrolment *e, struct attempt_to_enroll *a, const struct keys *keys)
{
	struct runner *runner;
	const void *page;
	size_t page_bytes;
	enum err err = runner_open(&runner, 1, keys_signer(keys));

	if (err != OK)
		return err;
	err = runner_aside(runner, enroll_child, a, DEADLINE_US);
	if (err == OK) {
		while (!runner_aside_done(runner, &page, &page_bytes))
			runner_wait(runner, clock_boot_us() + DEADLINE_US);
		err = take_answers(e, a, page, page_bytes);
	}
	runner_close(runner);
	return err;
}

static void
fill(struct enrolment *e, const struct invite *invite)
{
	memcpy(e->endpoint, invite->endpoint, sizeof(e->endpoint));
	memcpy(e->pin, invite->pin, sizeof(e->pin));
	memcpy(e->analyzer_key, invite->key, sizeof(e->analyzer_key));
	memcpy(e->role, invite->role, sizeof(e->role));
	memcpy(e->country, e->region[0] != '\0' ? e->region : "ZZ", 2);
}

static enum err
open_keys(struct keys **keys, const char *state_dir)
{
	enum err err = file_mkdir(state_dir);

	if (err != OK)
		return err;
	/* Of an earlier try. */
	err = keys_open(keys, state_dir);
	if (err != ERR_NOT_FOUND)
		return err;
	err = keys_create(state_dir);
	return err != OK ? err : keys_open(keys, state_dir);
}

enum err
enroll_run(struct enroll *enroll)
{
	struct enrolment e = enroll->enrolment;
	struct attempt_to_enroll a = {.enroll = enroll, .enrolment = &e};
	char path[FILE_PATH_BYTES];
	struct keys *keys = NULL;
	uint8_t nonce[16];
	enum err err;

	fill(&e, enroll->invite);
	crypto_random(nonce, sizeof(nonce));
	crypto_hex(a.nonce, nonce, sizeof(nonce));
	err = file_path(path, enroll->state_dir, "enrolling");
	if (err == OK)
		err = open_keys(&keys, enroll->state_dir);
	if (err == OK)
		err = prepare_segment(&a, keys, path);
	if (err == OK)
		err = ask_analyzer(&e, &a, keys);
	if (err == OK)
		err = enrolment_write(&e, enroll->state_dir);
	if (err == OK && unlink(path) != 0)
		log_note("%s: %s", path, strerror(errno));
	if (err == OK)
		enroll->enrolment = e;
	buf_free(&a.segment);
	keys_close(keys);
	return err;
}
