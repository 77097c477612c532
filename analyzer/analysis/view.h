#pragma once

#include "analyzer/analysis/answers.h"
#include "analyzer/analysis/steps.h"

/*
 * An event as the rows of evidence look at it: what each probe saw while it lasted. Taken
 * once per event. Pure.
 */
#define VIEW_TESTS 64 /* transfers of one probe that are kept */

/* What one probe saw of one target during the event. */
struct seen {
	uint16_t tried, succeeded;
	uint16_t name_tried, name_succeeded; /* of them what asks for it by name */
	uint16_t unlike; /* dns: told what no control probe is told */
	uint16_t cut; /* tls: broke off after the name was sent, another name passed */
	uint16_t cut_too; /* the same, and so did the other names */
	int64_t rtt_us, usual_rtt_us; /* smallest, now and before; 0 unknown */
};

/* What one probe saw during the event. */
struct tally {
	bool here; /* a field probe of the event's country with samples around it */
	bool reported; /* samples within the event */
	bool affected;
	bool rebooted, mains_lost, on_mains, supply_unknown;
	uint32_t network;
	int64_t onset_us; /* of its first anomaly */
	uint32_t tried[RUNG_COUNT], succeeded[RUNG_COUNT];
	uint32_t resolver_tried, resolver_ok, abroad_dns_ok;
	uint32_t tests;
	int64_t rate[VIEW_TESTS], queue[VIEW_TESTS];
	int32_t loss[VIEW_TESTS], train[VIEW_TESTS];
	int64_t usual_rate;
	struct seen *seen; /* by target */
	uint32_t lines[OBSERVATION_LINES], lines_n;
	uint32_t test_lines[OBSERVATION_LINES], test_lines_n;
	uint32_t power_lines[OBSERVATION_LINES], power_lines_n;
};

struct view {
	const struct record *record;
	const struct event *event;
	int64_t from_us, to_us;
	struct answers mine;
	const struct answers *answers; /* the record's, or mine */
	struct tally *tallies; /* by probe */
	struct seen *seen; /* by probe and target */
};

/* Reads the samples of the event; view_close() gives the memory back. */
void view_open(struct view *view, const struct event *event,
	const struct anomaly *anomalies, const struct record *record);
void view_close(struct view *view);

/* A field probe of the event's country; a control probe that reported meanwhile. */
bool view_is_field(const struct view *view, size_t probe);
bool view_is_control(const struct view *view, size_t probe);
/* Is this the target, or one of the name, that the event is about? */
bool view_is_subject(const struct view *view, size_t target);
const struct network *view_network(const struct view *view, size_t probe);
/* Different networks among the affected. */
uint32_t view_networks(const struct view *view);
void view_witness(struct witness *witness, const struct view *view);
