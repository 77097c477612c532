#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/keys.h"
#include "common/ladder.h"
#include "common/measurement.h"
#include "common/segment.h"
#include "common/targets.h"
#include "probe/check.h"

/*
 * The probe on one page: values and functions in the order the data flows.
 *
 *     plan -> check -> record -> seal -> spool -> ship
 */

/* ---- plan/config.c: the settings (pure; rows in config.c, values here) ---- */

enum profile { PROFILE_2G, PROFILE_HOME };

/* One row of WIRE.md's table of profiles. Durations in microseconds. */
struct profile_settings {
	int64_t pulse_us;    /* between two pulses */
	int64_t ladder_us;   /* between two rounds */
	int64_t wide_us;     /* names, transport, service: no more often than this */
	int64_t wide_targets; /* at most so many targets in them; 0 all */
	int64_t speed_us;    /* between two transfers; 0: with every round */
	int64_t speed_bytes;
	int64_t segment_us;  /* a segment closes after this */
	int64_t ship_us;     /* between two shipments */
	int64_t day_bytes;   /* hard limit */
};

struct config {
	int64_t profile;     /* enum profile */
	int64_t level;	     /* enum level */
	int64_t time_scale;  /* every duration above and below was divided by it */
	int64_t pace_us;     /* between two packets, 500 ms: two a second */
	int64_t day_us;	     /* the budget's day */
	int64_t at_once;     /* children at the same time */
	int64_t back_off_us, back_off_max_us; /* of a shipment that failed */
	int64_t early_closes_an_hour;
	int64_t hour_us;
	char targets[256];   /* path of the target list */
	char uplink[16];     /* "" the interface of the default route */
	struct profile_settings profiles[2];
};

struct setting;
/* The table of settings and its length; values live in struct config. */
const struct setting *config_rows(size_t *n);
const struct profile_settings *config_profile(const struct config *config);

/* What enrolment fixed: state/enrolled, written once. */
struct enrolment {
	char endpoint[ENDPOINT_BYTES], pin[PIN_BYTES];
	uint8_t analyzer_key[PUBLIC_KEY_BYTES];
	char token[65];
	char country[3], region[7];
	int64_t medium, profile, level;
	char role[8];
};

/* ---- plan/schedule.c: what to do next (pure) ---- */

enum due { DUE_PULSE, DUE_ROUND };

/* All the schedule remembers; times are CLOCK_BOOTTIME in microseconds. */
struct schedule {
	int64_t next_round_us, next_pulse_us, next_wide_us, next_speed_us;
	int64_t round;
	int64_t day_start_us, day_spent_bytes;
	uint64_t random; /* state of its own generator, seeded by the caller */
};

void schedule_start(struct schedule *s, int64_t now_us, uint64_t seed);
/* When the next thing is due, and what. */
int64_t schedule_next(const struct schedule *s, enum due *due);
/* The jobs due now, at most max, in the order of the ladder, and the schedule moved on
 * (jittered). Budget: ladder rungs outlive every other job; a job that does not fit is
 * left out and counted in *left_out. */
#define JOBS_MAX 512
size_t schedule_jobs(struct job *jobs, size_t max, struct schedule *s, int64_t now_us,
	const struct config *config, const struct enrolment *enrolment,
	const struct targets *targets, uint32_t *left_out);
/* Time to wait before the job after ${job} may start (jittered, never under
 * pace_us x its packets). */
int64_t schedule_pace_us(struct schedule *s, const struct config *config,
	const struct job *job);
void schedule_spend(struct schedule *s, const struct config *config, int64_t now_us,
	uint32_t bytes);

/* ---- run.c: jobs in throw-away children with a deadline ---- */

struct runner; /* the shared pages and the children */
NODISCARD enum err runner_open(struct runner **runner, size_t at_once);
void runner_close(struct runner *runner); /* ends what still runs */

/* Runs the jobs, at_once children at a time, a start never sooner than the pace after the
 * last; fills ms (n of them, in the order of jobs) and adds up bytes. Returns early, jobs
 * left unmeasured with reason internal, when *stop becomes true. ${key} is what a child
 * asserts it cannot read. */
void runner_run(struct measurement *ms, uint64_t *bytes, struct runner *runner,
	const struct job *jobs, size_t n, struct schedule *s, const struct config *config,
	const struct crypto_key *key, const volatile sig_atomic_t *stop);

/* One more child beside the jobs, for shipping: starts fn(arg, page, page_bytes), poll
 * tells when it ended (true once), with the bytes it left in the page. */
typedef void aside_fn(void *arg, void *page, size_t page_bytes);
NODISCARD enum err runner_aside(struct runner *runner, aside_fn *fn, void *arg,
	int64_t deadline_us);
bool runner_aside_busy(const struct runner *runner);
bool runner_aside_done(struct runner *runner, const void **page, size_t *page_bytes);

/* ---- evidence/record.c: measurements -> header lines, and when a segment closes ---- */

struct recorder;
void recorder_open(struct recorder **r, const struct config *config,
	const struct enrolment *enrolment, const struct targets *targets);
void recorder_close(struct recorder *r);
/* Keeps one climb (or pulse); tells whether the segment must close now: its interval, its
 * size, or a change of the ladder (at most 12 early closes an hour). */
bool recorder_add(struct recorder *r, const struct measurement *ms, size_t n,
	const struct ladder *ladder, int64_t now_us);
/* Takes the newest where note, received at boottime; used in the segments that follow. */
void recorder_where(struct recorder *r, struct span note, int64_t received_boot_us);
bool recorder_has_lines(const struct recorder *r);
/* Header lines and measurements -> a signed segment; the recorder is empty afterwards.
 * Takes the number and sets previous through ${keys}. */
NODISCARD enum err recorder_seal(struct buf *segment, uint8_t id[static HASH_BYTES],
	struct recorder *r, struct keys *keys, int64_t now_us);
/* Counts what could not be kept, for the next gaps line. */
void recorder_dropped(struct recorder *r, uint64_t n);

/* ---- evidence/spool.c: segments on disk until a receipt frees them ---- */

struct spool;
NODISCARD enum err spool_open(struct spool **spool, const char *state_dir);
void spool_close(struct spool *spool);
/* Durable before it returns. ERR_FULL: nothing was kept, nothing older was lost. */
NODISCARD enum err spool_put(struct spool *spool, const uint8_t id[static HASH_BYTES],
	struct span segment);
/* Up to max ids, newest first then oldest first; returns how many. */
size_t spool_list(uint8_t (*ids)[HASH_BYTES], size_t max, struct spool *spool);
NODISCARD enum err spool_get(
	struct buf *segment, struct spool *spool, const uint8_t id[static HASH_BYTES]);
/* Frees one; only after ship_verify_receipt(). */
NODISCARD enum err spool_free(struct spool *spool, const uint8_t id[static HASH_BYTES]);
size_t spool_count(struct spool *spool);

/* ---- evidence/ship.c: upload in a child, receipts verified by the parent ---- */

struct shipment { /* given to the child */
	const struct enrolment *enrolment;
	struct spool *spool;
	size_t most; /* segments in this shipment */
};
/* What the child leaves in its page, hostile: lengths are checked before use. */
void ship_child(void *shipment, void *page, size_t page_bytes);
/* Verifies every receipt in the page and frees those segments; hands a where note on.
 * Returns how many were freed; *reached tells whether the analyzer answered at all. */
size_t ship_finish(const void *page, size_t page_bytes, struct spool *spool,
	struct recorder *r, const struct enrolment *enrolment, bool *reached);
/* True when ${bytes} is a receipt note of this segment under the analyzer's key. */
bool ship_verify_receipt(struct span bytes, const uint8_t id[static HASH_BYTES],
	const uint8_t analyzer_key[static PUBLIC_KEY_BYTES]);
/* True when it is a where note with this nonce; fills the rest. */
struct where {
	int64_t asn, utc_us;
	char country[3], prefix[50];
};
bool ship_read_where(struct where *where, struct span bytes, const char *nonce,
	const uint8_t analyzer_key[static PUBLIC_KEY_BYTES]);

/* ---- evidence/enroll.c, consent.c, status.c ---- */

NODISCARD enum err enrolment_read(struct enrolment *e, const char *state_dir);
NODISCARD enum err enrolment_write(const struct enrolment *e, const char *state_dir);

/* The consent file in the state folder. Nothing that sends a packet runs without it. */
bool consent_given(const char *state_dir);
/* Shows the risks and asks on the terminal; with accept, takes the option as the answer. */
NODISCARD enum err consent_ask(const char *state_dir, bool accept);

/* What status shows, written by the loop after each round (atomically, no targets). */
struct health {
	int64_t updated_utc_us, rounds, segments, accepted, spooled, day_spent_bytes,
		day_bytes, dropped;
	struct ladder ladder;
	bool analyzer_reached;
};
NODISCARD enum err status_write(const struct health *health, const char *state_dir);
NODISCARD enum err status_read(struct health *health, const char *state_dir);
