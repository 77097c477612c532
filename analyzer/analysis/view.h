#pragma once

#include "analyzer/analysis/answers.h"
#include "analyzer/analysis/steps.h"

/*
 * An event as the rows of evidence look at it: what each probe saw while it lasted. Taken
 * once per event. Pure.
 */
#define VIEW_TESTS 64 /* transfers of one probe that are kept */

struct trips_mean { /* of round trips */
	int64_t sum_us;
	uint32_t n;
};

/* What one probe saw of one target during the event. */
struct seen {
	uint16_t tried, succeeded;
	uint16_t name_tried, name_succeeded; /* of them what asks for it by name */
	uint16_t unlike; /* dns, http: told what no control probe is told */
	uint16_t refused; /* of them: a status of 403 or 451 */
	uint16_t led; /* of them: led elsewhere, a status of 300 to 399 */
	uint16_t cut; /* tls: broke off after the name was sent, another name passed */
	uint16_t cut_bare; /* of those: and so was the one without a name */
	uint16_t cut_too; /* the same, and so did the other names */
	uint16_t slower, as_fast; /* than another name on the same address */
	uint16_t untrusted; /* tls: finished with a certificate that is not in order */
	int64_t rtt_us, usual_rtt_us; /* smallest, now and before; 0 unknown */
	struct trips_mean usual_trips;
	uint16_t timely, late; /* round trips: near the usual one, or far over it */
};

/* How far down the ladder of a probe was broken while it lasted. */
enum loss {
	LOSS_NONE,
	LOSS_DARK, /* the machine stopped */
	LOSS_HOME, /* its line or its first router */
	LOSS_REFUSED, /* the mobile network itself refused to carry data */
	LOSS_ACCESS, /* the operator's own next routers */
	LOSS_ALL, /* both the country and the world, behind a living access network */
	LOSS_COUNTRY, /* the country; the world answered */
	LOSS_WORLD, /* the world; the country answered */
	LOSS_PART, /* some of the world, or some of its protocols */
	LOSS_NAMES, /* nothing but names */
	LOSS_COUNT,
};

struct tries {
	uint32_t tried, ok;
};

/* What one probe saw during the event. */
struct tally {
	bool here; /* a field probe of the event's country with samples around it */
	bool reported; /* samples within the event */
	bool around; /* none within, and good ones shortly before and after */
	bool own; /* an anomaly of the event is its */
	bool affected; /* own, or out since an earlier event that lasts */
	bool tunnel; /* its default route led into one */
	bool rebooted, mains_lost, on_mains, supply_unknown;
	bool mains_before; /* it was on mains not long before the event */
	bool mains_long; /* it has been off them for long */
	uint8_t loss; /* enum loss */
	uint32_t network;
	const struct anomaly *anomalies; /* its own, and how many */
	uint32_t anomalies_n;
	int64_t from_us,
		to_us; /* what of the event was its own: those, from first to last */
	/* Edges of its first and last anomaly: it was well until the first of the two,
	 * was seen out at the second; ended_us 0: not yet over. */
	int64_t well_us, onset_us, out_us, ended_us;
	struct tries rung[RUNG_COUNT];
	struct tries abroad[CHECK_COUNT]; /* of targets abroad, by check */
	struct tries usual_abroad[CHECK_COUNT]; /* before */
	struct tries resolver;
	uint32_t prohibited; /* somebody on the way said so */
	uint32_t heard, unheard; /* oneway: the other end heard us; it did not either */
	struct tries whole[2]; /* large pages at home, abroad */
	int64_t frozen_least, frozen_most; /* bytes; 0 none */
	struct tries bearer; /* modem: carries data */
	uint8_t generation, usual_generation; /* newest; 0 unknown */
	/* Weakest now, median before; 0 unknown, of percent -1. */
	int64_t signal_dbm, usual_signal_dbm, signal_percent, usual_signal_percent;
	bool new_cell;
	int64_t beacons, usual_beacons; /* least now, median before; -1 unknown */
	struct tries late
		[2]; /* round trips at home, abroad: of those that came, late ones */
	int32_t later[2][VIEW_TESTS]; /* in percent of the usual */
	uint32_t later_n[2];
	uint32_t tests;
	int64_t rate[VIEW_TESTS], queue[VIEW_TESTS];
	int32_t loss_ppm[VIEW_TESTS], train[VIEW_TESTS];
	int64_t usual_rate;
	struct seen *seen; /* by target */
	uint32_t lines[OBSERVATION_LINES], lines_n;
	uint32_t test_lines[OBSERVATION_LINES], test_lines_n;
	uint32_t power_lines[OBSERVATION_LINES], power_lines_n;
};

/* So far from an event who did not measure within it is still heard. */
#define VIEW_AROUND_WINDOWS 24

struct scene;
struct view {
	const struct record *record;
	const struct scene *scene; /* set by observe() */
	const struct event *event;
	const struct joined *joined;
	int64_t from_us, to_us;
	struct answers mine;
	const struct answers *answers; /* the record's, or mine */
	struct tally *tallies; /* by probe */
	struct seen *seen; /* by probe and target */
};

/* Reads the samples of the event; view_close() gives the memory back. */
void view_open(struct view *view, const struct event *event,
	const struct joined *joined, const struct record *record);
void view_close(struct view *view);

/* Of a probe with two uplinks each line is one by itself. */
bool view_is_same_line(const struct tally *tally, const struct record *record,
	const struct sample *sample);

/* A field probe of the event's country; a control probe that reported meanwhile. */
bool view_is_field(const struct view *view, size_t probe);
bool view_is_control(const struct view *view, size_t probe);
/* Is this the target, or one of the name, that the event is about? */
bool view_is_subject(const struct view *view, size_t target);
const struct network *view_network(const struct view *view, size_t probe);
/* Different networks among the affected. */
uint32_t view_networks(const struct view *view);
void view_witness(struct witness *witness, const struct view *view);
