#pragma once

#include "analyzer/analysis/steps.h"
#include "common/buf.h"

/*
 * What was said against a list of what is known to have happened. Pure: plain values in,
 * rows and counts out. labels.h reads the list, scores.c is the command.
 */

/* What can be true or said, as one number: a cause, or one behind the last of them. */
enum score_cause {
	SCORE_INSUFFICIENT = CAUSE_COUNT,
	/* Said of what is insufficient in truth, but other causes led than the named. */
	SCORE_UNDECIDED,
	SCORE_NONE, /* nothing happened, or nothing was said */
	SCORE_CAUSES,
};
/* The same for classes: enum class, or one behind the last of them. */
enum score_class {
	SCORE_CLASS_INSUFFICIENT = CLASS_COUNT,
	SCORE_CLASS_UNDECIDED,
	SCORE_CLASS_NONE,
	SCORE_CLASSES,
};
uint8_t score_class_of(uint8_t cause);
const char *score_cause_name(uint8_t cause);
uint8_t score_cause_by_name(struct span name); /* SCORE_CAUSES: of none */
const char *score_class_name(uint8_t score_class);

#define SCORE_LIST 64 /* regions, networks of one label or event */

/* Where, and when at the best of what is known. */
struct score_scope {
	char country[3];
	char regions[SCORE_LIST][7];
	uint32_t asns[SCORE_LIST];
	size_t regions_n, asns_n; /* 0: all, or not said */
	int64_t start_utc_us, end_utc_us; /* INT64_MAX: it had not ended */
};

struct score_label {
	char id[64];
	struct score_scope scope;
	uint8_t cause; /* a cause, SCORE_INSUFFICIENT or SCORE_NONE */
	uint8_t named[CAUSE_COUNT]; /* insufficient: the causes that must lead */
	size_t named_n;
	uint32_t probes; /* that it befell; 0 not said */
	bool must; /* not to find it is an error */
};

struct score_event {
	char id[17];
	struct score_scope scope;
	int64_t start_error_us, end_error_us;
	int64_t affected; /* probes; below 0: not said */
	uint8_t cause; /* as said: a cause or SCORE_INSUFFICIENT */
	uint8_t causes[CAUSE_COUNT]; /* from the likeliest; unknown ones are left out */
	size_t causes_n;
	int64_t shutdown_ppm, deliberate_ppm,
		class_ppm; /* class: of the one it names */
};

enum score_kind {
	SCORE_LABEL, /* a label, with the event that serves it or without */
	SCORE_EXTRA, /* one more event of a label that has a better one */
	SCORE_ALARM, /* an event of no label that calls for attention */
	SCORE_ASIDE, /* an event of no label that says itself that it is ordinary */
};
struct score_row {
	uint8_t kind; /* enum score_kind */
	const struct score_label *label; /* NULL: none */
	const struct score_event *event; /* NULL: none */
	uint8_t true_cause, said_cause; /* enum score_cause */
	/* Counts in the confusions. Not: what may be missed and was (silence where nothing
	 * happened is no miss: that counts); an extra that
	 * agrees with its label's class, is ordinary or insufficient; what is aside. An
	 * extra that contradicts its label counts as an alarm does: as truth none. */
	bool counts;
	bool class_right, cause_right;
};
/*
 * An event can serve a label of its country if their spans overlap, the event's widened by
 * its errors; where the label has networks they share one, and where both have regions they
 * share one of those. It serves the one that it overlaps longest; overlaps that differ by
 * less than the event's errors and a tenth are equal, and of equal ones that label is
 * taken whose edges fit best: a cut of hours inside a power failure of days is not the
 * power failure. Where there is another, it is none that befell less than a quarter of the
 * event's probes: what a region lost is not the trouble that one home there had for days.
 * A label takes of the events that serve it one of its class, then the one
 * that overlaps longest, then the earliest. Room for labels_n + events_n rows; labels
 * first and in their order, then the other events in theirs.
 */
size_t score_match(struct score_row *rows, const struct score_label *labels,
	size_t labels_n, const struct score_event *events, size_t events_n);

struct score_figures {
	uint32_t classes[SCORE_CLASSES][SCORE_CLASSES]; /* [true][said] */
	uint32_t causes[SCORE_CAUSES][SCORE_CAUSES];
	/* Means over what is the truth of one label that counts at least. */
	int64_t class_macro_f1_ppm, cause_macro_f1_ppm;
	uint32_t labels, found, class_right, cause_right; /* labels that count */
	uint32_t abstentions; /* said insufficient where that is not the truth */
	uint32_t extras, alarms, insufficient_alarms, asides;
};
void score_count(struct score_figures *figures, const struct score_row *rows, size_t n);
