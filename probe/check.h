#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/crypto.h"
#include "common/exhibit.h"
#include "common/measurement.h"
#include "common/oneway.h"
#include "common/targets.h"

/*
 * All a check may know of the probe.
 *
 * A check is one function that runs in a child process of its own. It reads straight
 * down with blocking calls and holds no timers: before each step it says so with
 * check_step(), and when it hangs the parent ends it at the job's deadline; the
 * measurement then reads generic_timeout_error at that stage. What it has found out so
 * far it writes into ${m} at once (m lies in the shared page), so that facts survive the
 * deadline. The network's misbehaviour is data: stage, outcome, facts. What could not be
 * measured is OUTCOME_unmeasured with a reason. A check reports, it never judges.
 */
#define ENDPOINT_BYTES 128
#define PIN_BYTES 64
#define ATTEMPT_MEMORY_BYTES 64

/* What the parent read before any fork; a child finds it in its copy of the memory. */
struct handshake_store;
struct resolve_roots;
struct resolve_anchors;
struct fingerprints;
struct capture;
struct capture_way;
struct inherited {
	struct handshake_store *store; /* this machine's CA store; NULL: none */
	struct resolve_roots *roots; /* addresses of the root servers; NULL: none */
	struct resolve_anchors *anchors; /* the root's keys; NULL: none */
	struct fingerprints *fingerprints; /* known block pages; NULL: none */
	const struct capture_way
		*capture; /* to whoever captures; NULL: nobody is asked */
};

struct job {
	enum check check;
	enum rung rung;
	int64_t round;
	struct target target; /* id "" where the check needs none */
	uint8_t ttl; /* ping: 0 the usual one */
	uint8_t count; /* ping: echo requests; oneway: datagrams; compare: pairs */
	uint32_t bytes; /* speed, compare, large: size of one transfer */
	enum direction direction; /* speed */
	enum protocol protocol; /* trace */
	int64_t listen_us; /* dns: for more answers, after the first */
	char control[254]; /* tls, compare: the control name, "" none */
	uint16_t order; /* compare: bit i: of pair i the control name goes first */
	const struct inherited *inherited; /* NULL: nothing was read */
	int64_t pace_us; /* at least this between two packets of one job */
	int64_t origin_us; /* CLOCK_BOOTTIME of t_us 0 */
	char uplink[16]; /* interface of the default route, "" unknown */
	uint8_t uplink_number; /* the fact uplink of what it measures */
	bool bound; /* it goes by that interface alone: there are several uplinks */
	char endpoint[ENDPOINT_BYTES]; /* speed: "https://ADDR:PORT" of the analyzer */
	char pin[PIN_BYTES]; /* speed: "sha256//..." as curl takes it */
	int64_t medium; /* link: as declared at enrolment */
	uint8_t batch[ONEWAY_BATCH_BYTES]; /* oneway: random, new for each job */
	uint8_t proof[HASH_BYTES]; /* oneway: SHA-256 of the upload token */
	uint8_t analyzer_key[PUBLIC_KEY_BYTES]; /* oneway, and where it shows */
	bool shows; /* an answer unlike the usual is left as an exhibit */
	bool captures; /* tls, http: its packets are captured, as a reset is expected */
	int64_t usual_status; /* http: of what this target answers; 0 unknown */
	bool unclean_stop; /* power: the run before was cut off */
	int64_t alive_boot, alive_us; /* power: its last sign of life; us -1 unknown */
	bool warm; /* only wakes the radio; whatever comes of it is thrown away */
	bool clock_known; /* dnssec: the wall clock was set by somebody who knows */
};

/* In the page shared with the parent, which treats it as hostile. */
struct attempt {
	struct job job; /* the child's copy; the parent keeps its own */
	struct measurement m; /* check, rung, round, target, t_us are set before */
	/* What the check before this one of its kind left here, zeroes the first time: it
	 * lives in the parent's memory and nowhere else. */
	uint8_t memory[ATTEMPT_MEMORY_BYTES];
	uint32_t bytes; /* bytes on the wire so far, both ways, headers included */
	bool finished; /* the function returned */
	/* What the answer was. Written by check_show() alone; the last, so that what nobody
	 * writes takes no memory. */
	struct exhibit exhibit;
};

/* Says which step is tried next. Called before each step. */
void check_step(struct attempt *attempt, enum stage stage);
/* The end: stage stays where it is unless outcome is ok or ttl_exceeded: then done. */
void check_end(struct attempt *attempt, enum outcome outcome);
void check_unmeasured(struct attempt *attempt, enum reason reason);
/* Maps an errno of connect, send or receive to an outcome and notes it in os_error. */
void check_end_errno(struct attempt *attempt, int error);
/* The end as a door tells it: the reason counts where the outcome is unmeasured, the
 * errno where it is not 0. */
void check_end_with(
	struct attempt *attempt, enum outcome outcome, enum reason reason, int error);

/* Leaves what the answer was, sealed: nobody but the analyzer reads it. The last call counts. For
 * an answer that is unlike the usual, and only where the job shows any. What is too long to be
 * shown whole is not shown. */
void check_show(struct attempt *attempt, enum exhibit_kind kind, struct span bytes);

/* Where a job's packets are captured the way to whoever captures, else NULL. */
const struct capture_way *check_capture_way(const struct attempt *attempt);
/* Ends what was captured of a connection that ended so: writes down whose the resets look like,
 * and shows the one that ended it. Nothing where nothing was captured. */
void check_end_capture(
	struct attempt *attempt, struct capture *capture, enum outcome outcome);

/* Stage resolve: where the job's target lives; ${port} where its row names none. False
 * when there is no public address to talk to, or the way to it is a tunnel: that is the
 * end, and said. */
struct endpoint;
bool check_find(struct endpoint *endpoint, struct attempt *attempt, uint16_t port);

/* Has what is sent to this address leave by the job's own uplink, where there are several.
 * False when it would go into a tunnel: that is the end, and said. Whoever has an address
 * from elsewhere than check_find() asks before the first packet. */
union socket_address;
bool check_lead(struct attempt *attempt, union socket_address *to);

typedef void check_fn(struct attempt *attempt);
struct check_row {
	const char *name;
	check_fn *run;
	enum level level;
	uint32_t bytes, packets;
	int64_t deadline_us;
	const char *who_else;
};
/* Row of checks.def; NULL for what the schema can say and no check here measures. */
const struct check_row *check_row(enum check check);

#define CHECK(name, level, bytes, packets, deadline_s, sentence) check_fn check_##name;
#include "probe/checks.def"
