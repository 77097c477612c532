#include <string.h>

#include "common/log.h"
#include "tests/world/tokens.h"

#define CELL_TOKENS 200

enum kind {
	NOISE,
	UNKNOWN,
	WHO,
	OTHERS,
	ONE_AS,
	AS,
	PROBE,
	REGION,
	BUT,
	HALF,
	EACH,
	GRADIENT,
	NOBODY,
	EVENING,
	AT_HOME,
	AFTER,
	LATER,
	BEFORE,
	LASTS,
	SECOND,
	TAIL,
	SLOW,
	STAGES,
	ANY,
	LEVER,
	FLAG,
	RADIO,
	QUEUE,
	CROWD,
	SERVICE,
	BLOCK,
	ZERO,
	WHOLE,
	NUMBER,
};
static const struct word {
	const char *text;
	enum kind kind;
	int value;
} words[] = {
#define WORD(text, kind, value) {text, kind, value},
#include "tests/world/words.def"
};

struct reader {
	struct clause *out, now;
	size_t n;
	enum kind waits; /* for the next number: AFTER, LASTS, SECOND, NOISE nothing */
	bool total; /* the next number is the whole of "1 of 4" */
	bool arrow, slash, zero, but, region, name;
	char unknown[160];
};

bool
cells_part(struct span *part, struct span *rest)
{
	const char *bar = rest->len ? memchr(rest->at, '|', rest->len) : NULL;

	if (!rest->len)
		return false;
	*part = *rest;
	if (bar)
		part->len = (size_t)(bar - rest->at);
	rest->at += part->len + (bar != NULL);
	rest->len -= part->len + (bar != NULL);
	return true;
}

static struct word
word_find(const char *text)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].text, text) == 0)
			return words[i];
	return (struct word){text, UNKNOWN, 0};
}

static bool
is_said(const struct clause *c)
{
	return c->lever || c->who.networks || c->who.others || c->who.ases ||
	       c->who.regions || c->who.region || c->who.probes || c->who.share > 0 ||
	       c->who.each || c->who.by_region || c->who.nobody || c->amounts_n ||
	       c->clocks_n || c->shaped || c->whole || c->dated || c->second.said;
}

static void
flush(struct reader *r)
{
	if (is_said(&r->now) && r->n < CELL_CLAUSES)
		r->out[r->n++] = r->now;
	r->now = (struct clause){0};
	r->waits = NOISE;
	r->total = r->arrow = r->slash = r->zero = r->but = r->region = r->name = false;
}

/* Another lever of the same networks: "F RTT +20 ms rate -10%". */
static void
next_lever(struct reader *r, int lever)
{
	struct who who = r->now.who;

	if (r->now.lever && (r->now.amounts_n || r->now.whole)) {
		flush(r);
		r->now.who = who;
	}
	r->now.lever = (enum lever)lever;
}

static void
push(struct clause *c, struct amount amount)
{
	if (c->amounts_n < CLAUSE_AMOUNTS)
		c->amount[c->amounts_n++] = amount;
}

static void
push_number(struct clause *c, double value)
{
	push(c, (struct amount){.said = true, .low = value, .high = value});
}

/* The bare number in front of "probes": it counts them and moves nothing. */
static int
count_before(struct clause *c)
{
	const struct amount *last = c->amounts_n ? &c->amount[c->amounts_n - 1] : NULL;
	int n = 1;

	if (last && !last->sign && last->unit == UNIT_NONE && last->low >= 1 &&
		last->low <= 1000) {
		n = (int)last->low;
		c->amounts_n--;
	}
	return n;
}

static void
see_time(struct reader *r, const struct token *t)
{
	bool days = t->unit == UNIT_NONE;
	double unit_s = days ? 86400 : 1;
	double first = days && !t->sign ? 1 : 0;

	if (r->waits == LASTS) {
		r->now.for_s = t->high * unit_s;
		return;
	}
	r->now.dated = true;
	r->now.at_s = (t->sign == '-' ? -t->low : t->low - first) * unit_s;
	if (t->high > t->low)
		r->now.for_s = (t->high - t->low + first) * unit_s;
}

static void
see_arrow(struct amount *last, const struct token *t)
{
	last->arrow = true;
	last->then = t->sign == '-' ? -t->low : t->low;
	if (last->unit == UNIT_NONE)
		last->unit = t->unit;
}

static void
see_number(struct reader *r, const struct token *t)
{
	struct clause *c = &r->now;
	struct amount amount = {.said = true,
		.sign = t->sign,
		.unit = t->unit,
		.low = t->low,
		.high = t->high};

	if (r->total)
		r->total = false;
	else if (r->arrow && c->amounts_n)
		see_arrow(&c->amount[c->amounts_n - 1], t);
	else if (r->waits == AFTER || r->waits == LASTS)
		see_time(r, t);
	else if (r->waits == SECOND)
		c->second = amount;
	else if (r->zero && t->unit == UNIT_PERCENT)
		c->who.share = t->high / 100;
	else
		push(c, amount);
	c->slash |= r->slash && c->amounts_n > 1;
	r->arrow = r->slash = false;
	r->waits = NOISE;
}

static void
see_mark(struct reader *r, const struct token *t, const struct token *before,
	const struct token *behind)
{
	bool numbers = before && behind && before->kind == TOKEN_NUMBER &&
		       behind->kind == TOKEN_NUMBER;

	if (t->mark == '>')
		r->arrow = true;
	else if (t->mark == '/' && numbers)
		r->slash = true;
	else
		flush(r);
}

static void
see_count(struct reader *r, enum kind kind, bool plural)
{
	struct who *who = &r->now.who;
	size_t numbers = r->now.amounts_n;
	int n = count_before(&r->now);

	if (kind == REGION && plural && numbers == r->now.amounts_n) {
		who->by_region = true;
	} else if (kind == AS) {
		who->ases = n;
	} else if (kind == PROBE) {
		who->probes = n;
	} else {
		who->regions = r->but ? -n : n;
		r->region = true;
	}
	r->but = false;
}

/* Words about who, where and when; false: it is none. */
static bool
see_scope(struct reader *r, const struct word *word)
{
	struct clause *c = &r->now;

	switch ((int)word->kind) {
	case WHO:
		c->who.networks |= (uint8_t)word->value;
		return true;
	case OTHERS:
		c->who.others = true;
		return true;
	case ONE_AS:
		c->who.ases = 1;
		return true;
	case AS:
	case PROBE:
	case REGION:
		see_count(r, word->kind, word->value != 0);
		return true;
	case HALF:
		c->who.share = .5;
		return true;
	case EACH:
		c->who.each = true;
		return true;
	case GRADIENT:
		c->shaped = true;
		return true;
	case NOBODY:
		c->who.nobody = true;
		return true;
	case EVENING:
		c->evening = true;
		return true;
	case AT_HOME:
		c->at_home = true;
		return true;
	case AFTER:
	case LASTS:
		r->waits = word->kind;
		return true;
	default:
		return false;
	}
}

/* "90 min later", "2 d before": the number came first. */
static void
see_later(struct clause *c, bool before)
{
	double s;

	if (!c->amounts_n || c->amount[c->amounts_n - 1].unit != UNIT_S)
		return;
	s = c->amount[--c->amounts_n].low;
	c->dated = true;
	c->at_s = before ? -s : s;
}

static void
see_crowd(struct clause *c)
{
	c->lever = LEVER_rtt;
	push(c, (struct amount){.said = true, .sign = 'x', .low = 3, .high = 3});
}

static void
see_queue(struct reader *r)
{
	if (r->now.lever == LEVER_shape)
		r->waits = SECOND;
	else
		next_lever(r, LEVER_queue);
}

static void
see_lever(struct reader *r, const struct word *word)
{
	struct clause *c = &r->now;

	next_lever(r, word->kind == RADIO ? LEVER_generation : word->value);
	if (word->kind == RADIO)
		push_number(c, word->value);
	else if (word->kind == FLAG)
		push_number(c, 1);
}

/* How it moves; false: the word says nothing of it. */
static bool
see_change(struct reader *r, const struct word *word)
{
	struct clause *c = &r->now;

	switch ((int)word->kind) {
	case LATER:
	case BEFORE:
		see_later(c, word->kind == BEFORE);
		return true;
	case SECOND:
	case TAIL:
		r->waits = SECOND;
		return true;
	case SLOW:
		if (c->lever == LEVER_service)
			c->block = BLOCK_SLOW;
		c->shaped |= c->lever != LEVER_service;
		return true;
	case STAGES:
		c->shaped = true;
		return true;
	case ZERO:
		push_number(c, 0);
		c->dead = r->zero = true;
		return true;
	case WHOLE:
		c->whole = true;
		return true;
	case NUMBER:
		push_number(c, word->value);
		return true;
	case BLOCK:
		c->block = (enum block)word->value;
		return true;
	default:
		return false;
	}
}

static void
unknown_word(struct reader *r, const char *word)
{
	size_t n = strlen(r->unknown);

	if (n + strlen(word) + 2 < sizeof r->unknown) {
		r->unknown[n] = ' ';
		strcpy(r->unknown + n + 1, word);
	}
}

/* A word behind "svc" is its name, one behind "region" its letter. */
static bool
see_name(struct reader *r, const struct word *word)
{
	struct clause *c = &r->now;
	const char *text = word->text;

	if (r->region && strlen(text) == 1 && text[0] >= 'a' && text[0] <= 'd') {
		c->who.region = text[0] - 'a' + 1;
		c->who.regions = 0;
		r->region = false;
		return true;
	}
	if (r->name && (word->kind == UNKNOWN || word->kind == ANY)) {
		strncpy(c->service, text, sizeof c->service - 1);
		r->name = false;
		return true;
	}
	return false;
}

static void
see_word(struct reader *r, const char *text, bool of)
{
	struct clause *c = &r->now;
	struct word word = word_find(text);

	if (see_name(r, &word) || see_scope(r, &word) || see_change(r, &word))
		return;
	if (word.kind == BUT) {
		r->but = true;
	} else if (word.kind == SERVICE) {
		next_lever(r, LEVER_service);
		r->name = true;
	} else if (word.kind == QUEUE) {
		see_queue(r);
	} else if (word.kind == CROWD) {
		see_crowd(c);
	} else if (word.kind == LEVER || word.kind == FLAG || word.kind == RADIO) {
		see_lever(r, &word);
	} else if (word.kind == UNKNOWN) {
		unknown_word(r, text);
	} else if (of && c->amounts_n &&
		   c->amount[c->amounts_n - 1].unit == UNIT_PERCENT) {
		c->who.share = c->amount[--c->amounts_n].high / 100;
	} else if (of && c->amounts_n) {
		r->total = true;
	}
}

static void
complain(const struct reader *r, struct complaint *complaint)
{
	if (!r->unknown[0])
		return;
	complaint->n++;
	log_error("%s:%u: %s: not understood and left out:%s", complaint->path,
		complaint->line, complaint->column, r->unknown);
}

size_t
cells_read(struct clause *out, struct span cell, struct complaint *complaint)
{
	struct reader r = {.out = out};
	struct token tokens[CELL_TOKENS];
	size_t n = tokens_read(tokens, CELL_TOKENS, cell);

	for (size_t i = 0; i < n; i++) {
		const struct token *t = &tokens[i];
		const struct token *behind = i + 1 < n ? t + 1 : NULL;
		bool of = t->kind == TOKEN_WORD && strcmp(t->word, "of") == 0;

		if (t->kind == TOKEN_NUMBER)
			see_number(&r, t);
		else if (t->kind == TOKEN_MARK)
			see_mark(&r, t, i ? t - 1 : NULL, behind);
		else if (t->kind == TOKEN_CLOCK && r.now.clocks_n < 4)
			r.now.clock_min[r.now.clocks_n++] = (int)t->low % 1440;
		else if (t->kind == TOKEN_WORD)
			see_word(&r, t->word, of);
	}
	flush(&r);
	complain(&r, complaint);
	return r.n;
}
