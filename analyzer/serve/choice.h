#pragma once

#include "analyzer/store/store.h"

/*
 * Which of the stored events a request asks for, newest first: the same for people's list
 * and for scripts.
 */
#define CHOICE_MOST 1000

struct choice_filter {
	char country[3], class_name[24]; /* "" any */
	uint32_t asn; /* 0 any */
	int64_t since_utc_us, until_utc_us; /* begun in [since, until); 0: no bound */
	int64_t before_utc_us; /* the cursor: older than this event; 0: from the newest */
	char before_id[17];
	uint32_t limit;
};
/* Value of a query's argument, or NULL. */
typedef const char *choice_get_fn(void *arg, const char *name);
/* Reads country, class, asn, since, until, limit and cursor. NULL, or in one sentence what
 * is wrong with one of them. */
const char *choice_read(
	struct choice_filter *filter, choice_get_fn *get, void *arg, uint32_t limit);
/* Appends the query that asks for the same, "?..." or nothing; ${cursor}: with one. */
void choice_query(struct buf *out, const struct choice_filter *filter, bool cursor);

struct choice_row {
	char id[17], country[3], class_name[24], cause[32];
	int64_t start_utc_us, end_utc_us, probability_ppm;
	bool unofficial; /* as struct store_event has it */
	struct buf json;
};
struct choice {
	struct choice_row *rows;
	uint32_t n;
	bool more; /* older ones match too */
};
NODISCARD enum err choice_make(
	struct choice *choice, struct store *store, const struct choice_filter *filter);
void choice_free(struct choice *choice);
/* The filter that asks for what comes after this choice, which has ${more}. */
void choice_next(struct choice_filter *filter, const struct choice *choice);
