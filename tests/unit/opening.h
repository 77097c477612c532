#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/steps.h"
#include "analyzer/store/store.h"
#include "common/file.h"
#include "common/measurement.h"
#include "common/segment.h"

/* An opener on a folder of its own, an invite, and a probe's key, for tests. */
struct opening {
	char dir[32];
	struct store *store;
	struct identity identity;
	struct settings settings;
	struct opener *opener;
	struct crypto_key *key; /* the probe's; always the same */
	char code[33];
};

static inline void
opening_must(bool truth)
{
	if (!truth)
		abort();
}

static inline void
opening_invite(struct opening *o, const char *code, const char *role)
{
	uint8_t hash[HASH_BYTES];

	snprintf(o->code, sizeof o->code, "%s", code);
	crypto_sha256(hash, code, strlen(code));
	opening_must(store_add_invite(o->store, hash, role, "test") == OK);
}

static inline void
opening_start(struct opening *o)
{
	const uint8_t seed[SEED_BYTES] = {1, 2, 3};

	memset(o, 0, sizeof *o);
	strcpy(o->dir, "/tmp/opening.XXXXXX");
	opening_must(mkdtemp(o->dir) != NULL);
	opening_must(store_create(o->dir) == OK);
	opening_must(store_open(&o->store, o->dir) == OK);
	opening_must(identity_create(o->dir) == OK);
	opening_must(identity_open(&o->identity, o->dir) == OK);
	o->settings.day_segments = 1000;
	o->settings.day_us = 1000;
	opening_must(
		opener_open(&o->opener, o->store, &o->identity, &o->settings) == OK);
	opening_must(crypto_key_open(&o->key, seed) == OK);
	opening_invite(o, "00000000000000000000000000000001", "field");
}

/* The probe, enrolled then; its epoch is what its key signs by. */
static inline void
opening_know(struct opening *o, int64_t enrolled_utc_us)
{
	struct store_probe probe = {.role = "field",
		.state = "active",
		.token_hash = {1},
		.enrolled_utc_us = enrolled_utc_us};
	uint8_t hash[HASH_BYTES];

	crypto_hex(probe.epoch, crypto_key_public(o->key), PUBLIC_KEY_BYTES);
	crypto_sha256(hash, o->code, strlen(o->code));
	opening_must(store_use_invite(o->store, hash, &probe) == OK);
}

static inline void
opening_end(struct opening *o)
{
	const char *names[] = {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm",
		"key", "tls.key", "tls.crt"};
	char path[FILE_PATH_BYTES];

	crypto_key_close(o->key);
	opener_close(o->opener);
	identity_close(&o->identity);
	store_close(o->store);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (file_path(path, o->dir, names[i]) == OK)
			unlink(path);
	rmdir(o->dir);
}

/* A header that is right, and one measurement; the texts stay where they are. */
#define OPENING_CLOCK                                                                  \
	"{\"boot\":0,\"clock_state\":1,\"clock_steps\":0,\"kind\":\"clock\","          \
	"\"raw_us\":5,\"t_us\":6,\"wall_utc_us\":7}"
#define OPENING_GAPS                                                                   \
	"{\"dropped\":0,\"kind\":\"gaps\",\"next_contact_us\":1,\"promised_us\":1}"
#define OPENING_POWER                                                                  \
	"{\"check\":\"power\",\"kind\":\"measurement\",\"outcome\":\"ok\","            \
	"\"round\":0,\"rung\":\"power\",\"stage\":\"done\",\"t_us\":1,\"took_us\":1}"
static const char *const opening_lines[] = {
	OPENING_CLOCK,
	"{\"country\":\"XX\",\"kind\":\"network\",\"medium\":\"fixed\"}",
	"{\"kind\":\"software\",\"version\":\"test\"}",
	"{\"kind\":\"targets\",\"list_sha256\":\"\",\"rows\":0}",
	OPENING_GAPS,
	OPENING_POWER,
};
#define OPENING_LINES (sizeof opening_lines / sizeof opening_lines[0])

static inline bool
opening_sign(struct buf *out, const struct crypto_key *key, uint64_t seq,
	const char *const *lines, size_t n)
{
	const uint8_t seed[SEED_BYTES] = {9};
	struct span spans[SEGMENT_LINES_MAX];
	uint8_t id[HASH_BYTES];

	for (size_t i = 0; i < n; i++)
		spans[i] = (struct span){lines[i], strlen(lines[i])};
	return segment_write(out, id, key, seq, seed, spans, n) == OK;
}

static inline enum opened
opening_submit(struct buf *answer, const char **why, struct opening *o, int kind,
	struct span body, const char *token)
{
	struct submission s = {.body = body, .token = token, .now_utc_us = 1000000};

	s.kind = kind == SUBMIT_ENROLMENT ? SUBMIT_ENROLMENT : SUBMIT_SEGMENT;
	return opener_submit(answer, why, o->opener, &s);
}

/* Enrols the probe with segment ${seq}; token gets what was minted. */
static inline enum opened
opening_enrol(char token[static 65], struct opening *o, const struct crypto_key *key,
	const char *code, const char *role, uint64_t seq)
{
	struct buf body = {0}, answer = {0};
	const char *why = "";
	enum opened opened;

	buf_printf(&body, "faultline/enroll\ncode %s\nrole %s\n\n", code, role);
	opening_must(opening_sign(&body, key, seq, opening_lines, OPENING_LINES));
	opened =
		opening_submit(&answer, &why, o, SUBMIT_ENROLMENT, buf_span(&body), "");
	token[0] = '\0';
	if (opened == OPENED_STORED || opened == OPENED_AGAIN) {
		opening_must(answer.len > 70 && memcmp(answer.data, "token ", 6) == 0);
		memcpy(token, answer.data + 6, 64);
		token[64] = '\0';
	}
	buf_free(&answer);
	buf_free(&body);
	return opened;
}
