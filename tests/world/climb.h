#pragma once

#include "tests/world/round.h"

/* What the parts of a round share. */
struct climb {
	struct measurement *out;
	size_t n;
	const struct country *country;
	const struct country_probe *probe;
	const struct weather *weather;
	const struct round *round;
	struct chance *chance;
	int64_t at_us; /* when the next check begins */
	unsigned int abroad_tried, abroad_ok;
};

/* How packets of one kind fare between the probe and somebody. */
struct path {
	bool alive;
	bool told; /* a router says at once that there is no route */
	bool abroad;
	double rtt_ms, loss;
};

/* One try towards a target, or with NULL towards the analyzer. */
struct path climb_path(
	struct climb *c, const struct country_target *target, enum passage passage);
/* The passage alone, on a path that is known to be alive: TLS inside TCP. */
bool climb_passes(
	struct climb *c, const struct country_target *target, enum passage passage);
/* What is done to the service that this target belongs to. */
enum block climb_block(const struct climb *c, const struct country_target *target);
/* Is this one left alone by filters, cuts and meters? */
bool climb_listed(const struct climb *c, const struct country_target *target);
/* One round trip on a path, in microseconds: its tail is long. */
int64_t climb_rtt_us(struct climb *c, const struct path *path);
/* Is one packet, or its answer, lost? */
bool climb_loses(struct climb *c, const struct path *path);
/* 64 hex digits that stand for what somebody of this country sends: a page, an address. */
void climb_hash(
	char hex[static 65], const struct climb *c, const char *what, const char *who);
/* A number in [0, 1) that stays the same for what is named. */
double climb_trait(const struct climb *c, uint64_t what, const char *who);

/* An empty line of this check, to be ended by climb_end(). */
struct measurement *climb_begin(struct climb *c, enum check check, enum rung rung,
	const struct country_target *target);
void climb_end(
	struct climb *c, enum stage stage, enum outcome outcome, int64_t took_us);
void climb_unmeasured(struct climb *c, enum reason reason);
/* Nobody answers: at once where a router says so, else after ${wait_us}. */
void climb_fail(
	struct climb *c, const struct path *path, enum stage stage, int64_t wait_us);
/* Sets a text that is known to fit. */
void climb_text(struct climb *c, enum field field, const char *text);
