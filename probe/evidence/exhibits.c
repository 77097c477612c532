#include "probe/steps.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define SAID_MAX 64
#define PLACES 4
#define OF_ONE_TARGET 2 /* a day */
#define ANSWERED_MAX 256

struct said {
	uint8_t sha256[HASH_BYTES];
	char target[33];
	uint8_t kind;
	int64_t at_us; /* 0: an empty place */
};

struct waiting {
	char sha256[HASH_HEX_BYTES]; /* "" an empty place */
	struct buf lines;
	size_t n;
};

struct answered {
	char target[33];
	uint8_t resets; /* reset_bit() of those that ended so the last time */
	int16_t status; /* 0 unknown */
};

struct exhibits {
	const struct config *config;
	struct said said[SAID_MAX];
	size_t next; /* the oldest of said */
	struct waiting waiting[PLACES];
	struct answered answered[ANSWERED_MAX];
	size_t answered_n;
};

void
exhibits_open(struct exhibits **out, const struct config *config)
{
	struct exhibits *x = calloc(1, sizeof(*x));

	if (x == NULL)
		bug("out of memory");
	x->config = config;
	*out = x;
}

void
exhibits_close(struct exhibits *x)
{
	if (x == NULL)
		return;
	for (size_t i = 0; i < PLACES; i++)
		buf_free(&x->waiting[i].lines);
	free(x);
}

static struct answered *
find_answered(struct exhibits *x, const char *target)
{
	for (size_t i = 0; i < x->answered_n; i++)
		if (strcmp(x->answered[i].target, target) == 0)
			return &x->answered[i];
	return NULL;
}

static struct answered *
place_of_answered(struct exhibits *x, const char target[static 33])
{
	struct answered *a = find_answered(x, target);

	if (a == NULL && x->answered_n < ANSWERED_MAX) {
		a = &x->answered[x->answered_n++];
		memcpy(a->target, target, sizeof(a->target));
	}
	return a;
}

/* Another one for each check and uplink whose resets are shown; 0: they are not. */
static uint8_t
reset_bit(int64_t check, int64_t uplink)
{
	if (check != CHECK_tls && check != CHECK_http)
		return 0;
	return (uint8_t)(1 << (2 * (check == CHECK_http) + (uplink == 1)));
}

/* What this target answers. An answer that is unlike it does not become the usual one. */
static void
learn(struct exhibits *x, const struct measurement *m)
{
	struct answered *a;

	if (m->check != CHECK_http || !m->has[FIELD_status])
		return;
	a = place_of_answered(x, m->target);
	if (a != NULL)
		a->status = (int16_t)m->status;
}

static void
learn_reset(struct exhibits *x, const struct measurement *m)
{
	uint8_t bit = reset_bit(m->check, ladder_uplink(m));
	bool reset = m->has[FIELD_outcome] && m->outcome == OUTCOME_connection_reset;
	struct answered *a;

	if (bit == 0)
		return;
	a = reset ? place_of_answered(x, m->target) : find_answered(x, m->target);
	if (a != NULL)
		a->resets = (uint8_t)(reset ? a->resets | bit : a->resets & ~bit);
}

static bool
was_said(const struct exhibits *x, const uint8_t sha256[static HASH_BYTES])
{
	for (size_t i = 0; i < SAID_MAX; i++)
		if (x->said[i].at_us > 0 &&
			memcmp(x->said[i].sha256, sha256, HASH_BYTES) == 0)
			return true;
	return false;
}

/* So many a day, and of one target no more than that: a page that is another each time does not
 * take every place. Every reset is another: one of a target, and half of all at most. */
static bool
may_say(const struct exhibits *x, const char *target, uint32_t kind, int64_t now_us)
{
	int64_t most = config_profile(x->config)->exhibits;
	int64_t of_all = 0, of_target = 0, resets = 0;

	for (size_t i = 0; i < SAID_MAX; i++) {
		if (x->said[i].at_us == 0 ||
			now_us - x->said[i].at_us >= x->config->day_us)
			continue;
		of_all++;
		of_target += strcmp(x->said[i].target, target) == 0;
		resets += x->said[i].kind == EXHIBIT_KIND_reset;
	}
	if (kind == EXHIBIT_KIND_reset && (of_target > 0 || resets >= (most + 1) / 2))
		return false;
	return of_all < most && of_target < OF_ONE_TARGET;
}

void
exhibits_ask(struct job *job, struct exhibits *x, int64_t now_us)
{
	const struct answered *a = find_answered(x, job->target.id);

	job->shows = config_profile(x->config)->exhibits > 0;
	job->usual_status = a != NULL && job->check == CHECK_http ? a->status : 0;
	job->captures = a != NULL &&
			(a->resets & reset_bit(job->check, job->uplink_number)) &&
			may_say(x, job->target.id, EXHIBIT_KIND_reset, now_us);
}

static struct waiting *
free_place(struct exhibits *x)
{
	for (size_t i = 0; i < PLACES; i++)
		if (x->waiting[i].sha256[0] == '\0')
			return &x->waiting[i];
	return NULL;
}

static bool
take(struct exhibits *x, const struct measurement *m, const struct exhibit *e,
	const uint8_t sha256[static HASH_BYTES], int64_t now_us)
{
	struct waiting *place = free_place(x);
	struct said *said = &x->said[x->next];

	if (place == NULL || !may_say(x, m->target, e->kind, now_us))
		return false;
	place->n = exhibit_say(&place->lines, e);
	if (place->n == 0)
		return false;
	crypto_hex(place->sha256, sha256, HASH_BYTES);
	memcpy(said->sha256, sha256, HASH_BYTES);
	memcpy(said->target, m->target, sizeof(said->target));
	said->kind = (uint8_t)e->kind;
	said->at_us = now_us;
	x->next = (x->next + 1) % SAID_MAX;
	return true;
}

void
exhibits_take(struct measurement *m, struct exhibits *x, const struct exhibit *e,
	int64_t now_us)
{
	struct exhibit own;

	memcpy(&own, e, sizeof(own));
	if (own.sealed_n == 0)
		learn(x, m);
	learn_reset(x, m);
	if (own.sealed_n == 0 ||
		(!was_said(x, own.sha256) && !take(x, m, &own, own.sha256, now_us)))
		return;
	m->has[FIELD_exhibit_sha256] = true;
	crypto_hex(m->exhibit_sha256, own.sha256, HASH_BYTES);
}

void
exhibits_forget(struct exhibits *x)
{
	for (size_t i = 0; i < PLACES; i++) {
		buf_free(&x->waiting[i].lines);
		x->waiting[i].sha256[0] = '\0';
	}
}

size_t
exhibits_say(struct buf *lines, struct exhibits *x, const struct measurement *m)
{
	for (size_t i = 0; i < PLACES && m->has[FIELD_exhibit_sha256]; i++) {
		struct waiting *w = &x->waiting[i];

		if (strcmp(w->sha256, m->exhibit_sha256) != 0)
			continue;
		if (lines != NULL)
			buf_add(lines, w->lines.data, w->lines.len);
		buf_free(&w->lines);
		w->sha256[0] = '\0';
		return lines != NULL ? w->n : 0;
	}
	return 0;
}
