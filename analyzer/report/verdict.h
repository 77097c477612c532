#pragma once

#include "analyzer/analysis/steps.h"
#include "analyzer/analysis/surroundings.h"
#include "analyzer/store/store.h"
#include "common/buf.h"
#include "common/crypto.h"

/* What an event rests on that others measured. */
struct verdict_source {
	const char *format, *id; /* the row's own */
	const char *level; /* of the scope: country, region, network */
	uint32_t asn; /* 0 none */
	bool has_clock; /* the country's local time is known */
	bool no_cause; /* most causes of the class are as likely as the likeliest */
	/* levels of regions only: which fell first, and when */
	const char *const *regions;
	const int64_t *fell_at_us;
	size_t regions_n;
	int64_t floor_ppm; /* what was left, of the usual level */
};

/* An event with everything that its verdict rests on. */
struct described {
	char id[17];
	const struct record *record;
	const struct event *event;
	const struct anomaly *anomalies;
	const struct witness *witness;
	const struct verdict *verdict;
	const struct weights *weights; /* that it was computed with */
	char version[EVIDENCE_VERSION_BYTES]; /* theirs */
	const struct observation *observations;
	size_t observations_n;
	/* Leaf hashes of the lines an observation points at, in hex; "" unknown. */
	char (*lines)[OBSERVATION_LINES][HASH_HEX_BYTES];
	/* What is proved of the start and the end: 0 nothing. */
	int64_t start_not_before_us, start_not_after_us;
	int64_t end_not_before_us, end_not_after_us;
	char baseline_hash[HASH_HEX_BYTES]; /* of the segments looked at */
	char targets_hash[HASH_HEX_BYTES];
	const struct surroundings *surroundings; /* NULL: no others are known */
	const struct verdict_source *source; /* NULL: our own probes saw it */
	/* All that is stored: what befell its country from a day before it is told. */
	const struct store_context *context;
	size_t context_n;
};

/* So many probes a corroborated verdict rests on at least; one of a whole country is borne
 * by more (borne.h). */
#define VERDICT_PROBES 3

/* As a verdict says of its weights, when they are not those of evidence.def. */
#define VERDICT_UNOFFICIAL "unofficial"

/* Appends the machine-readable verdict, one line of JSON without its newline. */
void verdict_json(struct buf *out, const struct described *d);
const char *verdict_class(const struct verdict *verdict);
const char *verdict_cause(const struct verdict *verdict);
/* The same of an event, which may rest on an import that tells no cause. */
const char *verdict_named_cause(const struct described *d);
const char *verdict_standing(const struct described *d);
/* Middle of the interval, and half its width in microseconds. */
int64_t verdict_instant(int64_t *error_us, int64_t lo_us, int64_t hi_us);
