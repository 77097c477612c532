#pragma once

#include "analyzer/analysis/steps.h"

/*
 * A stored verdict as plain values, for those who tell it to people. What is missing is
 * "" or 0; texts live as long as the struct. Probabilities in parts per million.
 */
#define TOLD_LIST 64 /* longer lists are cut; _all says how many there are */

struct told_instant {
	int64_t utc_us, error_us; /* utc 0: unknown */
	int64_t not_before_us, not_after_us; /* 0: nothing is proved */
};

struct told_row {
	const char *id, *basis, *says, *source;
	int64_t n, of;
	int64_t lr[CAUSE_COUNT]; /* centinats, in the order of told.causes */
	const char *lines[OBSERVATION_LINES]; /* leaf hashes */
	size_t lines_n;
};

struct told_cause {
	const char *name;
	int64_t ppm;
	const char *because; /* why it is less likely than the verdict's; "" not said */
};

struct told_rows {
	struct told_row rows[ROW_COUNT];
	size_t n;
};

/* When a network was first hit. */
struct told_onset {
	const char *region, *medium;
	uint32_t asn;
	struct told_instant first;
	bool before; /* surely before the event began */
	int64_t probes, of;
};

/* What its timing shares with other events, in words; and what speaks against it. */
#define TOLD_AGAINST 8
struct told_relation {
	const char *kind, *says;
	const char *event; /* the other one; "" none, or many */
	const char *against[TOLD_AGAINST];
	size_t against_n;
};

/* What else happened: shown, never counted. */
struct told_context {
	const char *kind, *begin, *source, *says;
};

struct told {
	void *json; /* holds the texts */
	const char *event, *version, *weights, *standing, *class_name, *cause;
	const char *level, *country;
	const char *regions[TOLD_LIST], *media[TOLD_LIST], *limits[TOLD_LIST];
	uint32_t asns[TOLD_LIST];
	size_t regions_n, media_n, limits_n, asns_n, asns_all;
	struct told_instant start, end;
	bool open; /* it had not ended */
	int64_t class_ppm[CLASS_COUNT],
		measured_ppm[CLASS_COUNT]; /* without judged rows */
	int64_t deliberate_ppm;
	struct told_cause causes[CAUSE_COUNT]; /* from the likeliest */
	size_t causes_n;
	int64_t expected, reporting, alive, affected, cohorts; /* probes; -1 not said */
	struct told_rows evidence, against;
	struct told_onset onsets[TOLD_LIST]; /* from the first */
	size_t onsets_n;
	struct told_relation relations[TOLD_LIST];
	size_t relations_n;
	struct told_context context[TOLD_LIST];
	size_t context_n;
	const char *baseline, *targets;
	const char *format, *row; /* of what others measured, that it rests on; "" */
};

/* False: the bytes are no JSON object; nothing is held then. */
bool told_read(struct told *told, struct span json);
void told_free(struct told *told);
/* Of the class that the verdict names, or of the likeliest if it names none. */
int64_t told_class_ppm(const struct told *told);
