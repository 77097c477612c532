#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/measurement.h"

/*
 * The pure pipeline: plain values through functions without clock, file, socket, log or
 * floating point. The same samples give the same bytes on every machine. METHOD.md says
 * it in words. Times are UTC microseconds (estimates), probabilities parts per million,
 * evidence in centinats (100 x ln of a likelihood ratio).
 *
 *     place -> rollup -> detect -> join -> observe -> classify
 */

/* What groups probes. */
struct network {
	char country[3], region[7]; /* "" unknown */
	uint32_t asn; /* 0 unknown */
	uint8_t medium; /* enum medium */
};

struct probe {
	bool control; /* outside the countries that are watched: for comparison only */
	uint32_t network; /* the newest */
	uint32_t cohort; /* whose invite it came with: equal numbers, equal names */
};

/* A target as the list and the AS data tell it. */
struct target_info {
	char id[33];
	uint8_t rung; /* enum rung */
	uint32_t asn; /* 0 unknown */
	uint32_t
		name; /* the first target of the same host name: its own index if none */
};
#define NO_TARGET UINT32_MAX
#define MANY_TARGETS (UINT32_MAX - 1)

#define OTHER_NAME_ANSWERED 1
#define OTHER_NAME_ALONE 2

/* One measurement, placed in time and space. What stands here came from a probe, which may
 * lie: who fills it keeps the ranges, and the steps rely on nothing else. */
struct sample {
	int64_t utc_us; /* above 0, at most 2^54 */
	uint32_t probe, network, target; /* indexes; target may be NO_TARGET */
	uint32_t segment, line; /* where the signed line stands: in which of its probe's
				 * segments, in the order of their numbers */
	uint32_t boot;
	uint8_t check, rung, outcome, stage, supply;
	int8_t success; /* 1, 0, or -1: could not be measured */
	bool resolver; /* dns: asked of the configured resolver */
	int8_t other_name; /* tls that failed: on the same address a handshake with another
			    * name, or none, got an answer 1, did not 0, was not tried -1;
			    * another name's did and that without one did not 2 */
	uint64_t answer; /* dns: stands for the addresses in the answer; http: for the
			  * status and where it leads; 0 none */
	int64_t took_us;
	int64_t rtt_us; /* 0 unknown */
	int64_t rate_bps; /* speed: 0 unknown; what is faster than a small transfer
			   * can tell counts as the most it can */
	int64_t queue_us; /* speed: round trip under load less the smallest one, from 0 */
	int32_t loss_ppm; /* speed: the sender's bytes sent again, of those it sent; 0 to
			   * a million */
	int32_t train_bytes; /* speed: what came in its first 100 ms; 0 unknown */
	/* What one check alone tells: 1 yes, -1 no, 0 it does not. */
	int8_t slower; /* compare, tls: slower than another name on the same address */
	int8_t whole; /* large: the page came whole, or stood still after some bytes */
	int8_t trusted; /* tls: its certificate was in order */
	int8_t heard; /* oneway: the other end heard us, though nothing came back */
	int8_t bearer; /* modem: the network carries data, or refuses it */
	uint8_t generation; /* modem: of its radio, 2 to 5; 0 unknown */
	int16_t signal_dbm; /* modem: 0 unknown */
	int8_t signal_percent; /* modem: -1 unknown; 0 too where it was not asked */
	int16_t beacons; /* link: wireless networks heard, -1 unknown */
	uint16_t status; /* http: 0 none */
	int32_t frozen_bytes; /* large: after which nothing more came; 0 unknown */
	bool tunnel; /* link: the default route leads into one */
	bool new_cell; /* modem: another cell serves than before */
	bool told; /* somebody on the way said that there is none */
};

/* ---- place: what the clocks of a probe said -> where its segments lie in time ---- */

/* One segment's claims. t_us is the probe's CLOCK_BOOTTIME scale of that boot. */
struct claim {
	uint32_t probe, boot;
	bool note_came; /* by the close, at note_us */
	bool anchored; /* it carries a note of ours, received in this boot */
	int64_t note_us; /* t_us of the note's receipt */
	int64_t anchor_offset_us; /* note's time less note_us */
	int64_t wall_offset_us; /* wall clock's claim less t_us, both at the close */
	int64_t closed_us; /* t_us of the close */
	int64_t received_utc_us; /* when it came here */
	int64_t offset_us; /* set by place(): utc = t_us + offset */
};
/* In the order of probe, then number. An anchor holds for its whole boot, also for what
 * was measured before it came, until one comes that was not held up on its way; without one the wall clock is believed, but nothing closed
 * after it was received. */
void place(struct claim *claims, size_t n);

/* What others measured of a network at one time; imported. */
enum metric { METRIC_bgp, METRIC_active, METRIC_traffic };
struct point {
	int64_t utc_us;
	int64_t value_micro; /* bgp, active: percent; from 0 */
	uint32_t asn; /* 0: the whole country */
	char country[3];
	uint8_t metric; /* enum metric */
	uint32_t source; /* an index: which series */
};

struct answers; /* answers.h */

/* Where the samples of one probe stand among all. */
struct extent {
	size_t first, n;
};

/* All that one analysis looks at. samples: of each probe by time, then segment and line. */
struct record {
	const struct sample *samples;
	size_t samples_n;
	const struct probe *probes;
	size_t probes_n;
	const struct network *networks;
	size_t networks_n;
	const struct target_info *targets;
	size_t targets_n;
	const struct point *points; /* by source, then time */
	size_t points_n;
	const struct answers *answers; /* NULL: each step takes them from the samples */
	int64_t window_us; /* width of a bin */
	int64_t reference_us; /* how far back a baseline looks */
	int64_t horizon_us; /* nothing later than this could have arrived */
	const struct extent *extents; /* by probe; NULL: one probe behind the other */
};
/* The samples of one probe in [from, to): the first's index, and how many. */
size_t record_find(size_t *first, const struct record *record, uint32_t probe,
	int64_t from_us, int64_t to_us);

/* The numbers of all networks in the order of what they are, which does not depend on which
 * was met first. Room for networks_n. */
void record_networks(uint32_t *order, const struct record *record);
/* That order: below, at or above 0. */
int record_network_order(const struct network *a, const struct network *b);

/* ---- rollup: samples -> bins ---- */

enum series {
	SERIES_DARK, /* the machine itself stopped and came back with a new boot */
	SERIES_RUNG, /* index: enum rung; measurements that succeeded, of those made */
	SERIES_TUNNEL, /* the default route led into no tunnel */
	SERIES_CHECK, /* index: enum check; what it asked of targets abroad */
	SERIES_TARGET, /* index: target; the same for one target */
	SERIES_NAME, /* index: target; only what asks for it by its name */
	SERIES_PACE, /* index: target; as fast as under another name on the same address */
	SERIES_WHOLE, /* index: 1 abroad, 0 at home; large pages that came whole */
	SERIES_RATE, /* value: the largest rate of the window, bits a second */
	SERIES_LATE, /* index: 1 abroad, 0 at home; value: the smallest round trip of the
		      * window, in thousandths of the target's usual one */
	SERIES_SILENT, /* nothing has come from it since */
};

/* A series of one probe in one window. For SERIES_DARK and SERIES_SILENT one bin is the
 * whole gap: last_good_us before it, first_bad_us when it was missed at the latest,
 * first_good_us after it (0: not yet). */
struct bin {
	uint32_t probe, network, index;
	uint8_t series; /* enum series */
	uint8_t medium; /* of a probe with two uplinks each is a line of its own */
	int64_t window;
	uint32_t tried, succeeded; /* of rates: that did not lose much */
	/* The network that all targets of its samples stand in, and those of them that failed:
	 * NO_TARGET of none, MANY_TARGETS not of one. */
	uint32_t target, bad_target;
	int64_t value;
	int64_t first_good_us, last_good_us, first_bad_us, last_bad_us; /* 0 none */
};

/* Room for ROLLUP_BINS (rollup.h) * samples_n + probes_n bins is always enough. Sorted by probe,
 * series, index, medium, window. */
size_t rollup(struct bin *bins, const struct record *record);
/* The target of both: see struct bin. */
uint32_t rollup_one_target(uint32_t a, uint32_t b);
/* Does it ask for its target by name, so that the name alone may be refused? */
bool rollup_by_name(const struct sample *sample);
/* Was it refused, forged, intercepted or held up? */
struct answers;
bool rollup_name_failed(const struct answers *answers, const struct sample *sample);
/* A round trip is late against the usual one of its target; what is less than 25 ms more is
 * none. */
#define LATE_USUAL 1000
#define LATE_LEAST_US 25000

/* ---- baseline and detect: bins -> anomalies ---- */

/* A rate is bad under so many percent of the usual one, wherever that is asked: lines of
 * one place differ by a third over the day. */
#define RATE_FALLS_UNDER_PERCENT 40
/* Of a transfer that lost a tenth of what was sent, more: a meter drops, and an hour of the
 * day does not. */
#define RATE_LOSSY_PPM 100000
#define RATE_LOSSY_UNDER_PERCENT 75
/* Is a transfer bad, against the usual rate? */
bool rollup_is_slow(const struct sample *sample, int64_t usual_bps);

/* The last good values of one series, for its median. */
#define BASELINE_VALUES 64
/* Values it needs before it says anything. */
#define BASELINE_LEAST 3
struct baseline {
	int64_t values[BASELINE_VALUES];
	int64_t windows[BASELINE_VALUES];
	uint32_t n, next;
};
void baseline_add(struct baseline *baseline, int64_t window, int64_t value);
/* The median of the values not older than ${oldest}; -1 while there are too few. */
int64_t baseline_median(const struct baseline *baseline, int64_t oldest);

/* A series off its baseline. The edges lie between lo and hi; end_hi 0: still open. */
struct anomaly {
	uint32_t probe, network, index;
	uint8_t series;
	int64_t start_lo_us, start_hi_us, end_lo_us, end_hi_us;
	uint32_t bins;
	uint32_t tries; /* in the bad bins */
	bool weak; /* one bad bin: joins an event of others, but makes none */
	uint32_t event; /* set by join; ANOMALY_ABSORBED: a lower rung explains it */
};
#define ANOMALY_ABSORBED UINT32_MAX
/* Room for bins_n anomalies is always enough. In the order of the bins. */
size_t detect(struct anomaly *anomalies, const struct bin *bins, size_t bins_n,
	const struct record *record);

/* ---- join: anomalies -> events ---- */

/* What kind of thing went wrong: anomalies of one family join when they overlap. */
enum family {
	FAMILY_LOSS, /* machines, lines, operators, countries */
	FAMILY_PROTOCOL, /* one protocol to the world */
	FAMILY_TARGET, /* one address */
	FAMILY_NAME, /* one name, whichever way it is asked for */
	FAMILY_WHOLE, /* what is large does not come whole */
	FAMILY_SLOW, /* all answers, later or slower */
	FAMILY_SILENT,
};

struct event {
	char country[3];
	uint8_t family; /* enum family */
	uint32_t target; /* FAMILY_TARGET: which; FAMILY_NAME: the first of that name;
			  * else NO_TARGET */
	uint32_t first, n; /* its anomalies, contiguous after join */
	int64_t start_lo_us, start_hi_us, end_lo_us, end_hi_us; /* end_hi 0: open */
	uint32_t affected; /* probes */
};
enum family join_family(const struct anomaly *anomaly);
/* Told by where its anomalies are, not by what they are about. */
bool join_is_of_places(enum family family);
/* Sorts the anomalies so that those of one event stand together; those of none are marked
 * ANOMALY_ABSORBED. Room for anomalies_n events. */
size_t join(struct event *events, struct anomaly *anomalies, size_t anomalies_n,
	const struct record *record);

/* ---- observe: what is true of an event ---- */

enum row {
#define ROW(id, ...) ROW_##id,
#include "analyzer/analysis/evidence.def"
	ROW_COUNT,
};

#define OBSERVATION_LINES 6
/* A row of evidence.def that fired. */
struct observation {
	enum row row;
	uint32_t n, of; /* "n of of ..." */
	int64_t value, other; /* the row's own figures */
	uint32_t lines[OBSERVATION_LINES]; /* samples that show it */
	uint32_t lines_n;
};

/* Who was there, for the verdict's scope and counts. */
struct witness {
	uint32_t expected, reporting, alive; /* field probes of the country */
	uint32_t operators, regions, networks, cohorts; /* affected */
	bool medium[MEDIUM_COUNT]; /* affected */
	bool borne; /* a third of them, or a cohort, may have lied: it would be seen all the
		     * same (borne.h); set by observe(), and kept by whoever classifies only
		     * where no cohort sways the class (sway.h) */
};

/* Events that began at the same time of day keep a timetable, at most so far apart. */
#define TIMETABLE_US (INT64_C(8) * 24 * 3600 * 1000000)
/* What an event is looked at together with. */
struct joined {
	const struct anomaly *anomalies;
	size_t anomalies_n;
	const struct event *events;
	size_t events_n;
};
/* Fills at most ROW_COUNT observations, in the order of evidence.def; none where the lines
 * themselves show nothing of what their bins seemed to: that is no event. */
size_t observe(struct observation *observations, struct witness *witness,
	const struct event *event, const struct joined *joined,
	const struct record *record);

/* ---- classify: observations -> probabilities ---- */

enum class {
	CLASS_shutdown,
	CLASS_throttling,
	CLASS_infrastructure,
	CLASS_ordinary,
	CLASS_COUNT,
};
enum cause {
#define CAUSE(class, name, sentence) CAUSE_##class##_##name,
#include "analyzer/analysis/evidence.def"
	CAUSE_COUNT,
};
enum basis { BASIS_measured, BASIS_published, BASIS_judged };
enum group {
#define GROUP(name) GROUP_##name,
#include "analyzer/analysis/evidence.def"
	GROUP_COUNT,
};

struct evidence_row {
	const char *id;
	enum group group; /* correlated rows: only the strongest of a group counts */
	enum basis basis;
	const char *sentence; /* {n} {of} {value} {other} */
	const char *source;
};
const struct evidence_row *evidence_row(enum row row);
const char *evidence_group_name(enum group group);
enum class evidence_class(enum cause cause);
const char *evidence_cause_name(enum cause cause); /* "shutdown.full" */
const char *evidence_class_name(enum class class);
const char *evidence_basis_name(enum basis basis);
/* The row's sentence with its figures in place. */
void evidence_sentence(struct buf *out, const struct observation *observation);

/* The numbers of the table: what a verdict may be computed with others of (weights.h). */
struct weights {
	int32_t prior_ppm[CLASS_COUNT]; /* above 0, a million in all; shared evenly by a
					 * class's causes */
	int16_t cap
		[GROUP_COUNT]; /* centinats, from 0: inside one group no cause is moved
				   * further */
	int16_t lr[ROW_COUNT][CAUSE_COUNT]; /* centinats */
};
/* Those of evidence.def: the official ones. */
const struct weights *evidence_weights(void);
bool evidence_official(const struct weights *weights);
/* 100 ln of the cause's probability before anything was observed. */
int32_t evidence_prior(const struct weights *weights, enum cause cause);
/* First 12 hex of the SHA-256 of everything the table says, with these weights: its
 * version. */
#define EVIDENCE_VERSION_BYTES 13
void evidence_version(
	char out[static EVIDENCE_VERSION_BYTES], const struct weights *weights);

/* The class must reach this, or the answer is insufficient. */
#define CLASS_LEAST_PPM 600000

struct verdict {
	int32_t cause_ppm[CAUSE_COUNT];
	int32_t class_ppm[CLASS_COUNT];
	int32_t measured_ppm[CLASS_COUNT]; /* judged rows left out */
	int32_t deliberate_ppm;
	enum cause cause; /* the likeliest of the likeliest class */
	enum class class;
	bool insufficient; /* the evidence does not carry a verdict */
	int32_t prior[CAUSE_COUNT]; /* centinats */
	int32_t sum[CAUSE_COUNT]; /* prior and all that counted */
	int16_t counted[ROW_COUNT][CAUSE_COUNT]; /* what of a row entered the sum */
};
void classify(struct verdict *verdict, const struct observation *observations, size_t n,
	const struct weights *weights);

/* exp(-x/100) in units of 2^-32, x >= 0: the one table behind every probability. */
uint64_t classify_exp(int64_t x);
/* The x from 0 whose exp(-x/100) is nearest to part / whole, as logarithms go: rounded as
 * 100 ln is. 0 < part <= whole, part < 2^32; sure down to one in a hundred thousand. */
int32_t classify_log(uint64_t part, uint64_t whole);
