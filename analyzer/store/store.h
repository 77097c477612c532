#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/crypto.h"
#include "common/err.h"
#include "common/file.h"

/*
 * What is kept: invites, probes, segments as they came (verbatim, once), target lists,
 * what was imported, events. The only SQL is behind this. Every write is durable before it returns (SQLite,
 * WAL, synchronous=FULL). Not thread safe: callers hold a lock.
 */
struct store;

NODISCARD enum err store_create(const char *dir);
/* A file that is no store of ours: logged in one sentence, ERR_FORMAT. */
NODISCARD enum err store_open(struct store **store, const char *dir);
void store_close(struct store *store);
/* The folder that it lies in. */
NODISCARD enum err store_folder(
	char folder[static FILE_PATH_BYTES], const struct store *store);

/* Several writes as one; commit makes them durable. Nested calls are a bug(). */
NODISCARD enum err store_begin(struct store *store);
NODISCARD enum err store_commit(struct store *store);
void store_rollback(struct store *store);

struct store_probe {
	char epoch[65];
	char role[8]; /* field, control */
	char cohort[33];
	char state[12]; /* probation, active, suspended, revoked */
	uint8_t token_hash[HASH_BYTES];
	int64_t enrolled_utc_us;
	int64_t segments; /* stored so far */
};

NODISCARD enum err store_add_invite(struct store *store,
	const uint8_t code_hash[static HASH_BYTES], const char *role,
	const char *cohort);
/* Adds the probe (its cohort is the invite's) and spends the code. The same epoch with
 * the same code again only gets the new token: its answer may have been lost.
 * ERR_NOT_FOUND: no such code; ERR_EXISTS: used by another, or this epoch has enrolled
 * with another; ERR_PERMISSION: the invite is for another role. */
NODISCARD enum err store_use_invite(struct store *store,
	const uint8_t code_hash[static HASH_BYTES], const struct store_probe *probe);
NODISCARD enum err store_probe_by_token(struct store_probe *probe, struct store *store,
	const uint8_t token_hash[static HASH_BYTES]);
NODISCARD enum err store_probe_by_epoch(
	struct store_probe *probe, struct store *store, const char *epoch);
NODISCARD enum err store_set_probe_state(
	struct store *store, const char *epoch, const char *state);
typedef void store_probe_fn(void *arg, const struct store_probe *probe);
NODISCARD enum err store_each_probe(struct store *store, store_probe_fn *fn, void *arg);
/* The same without counting segments, which takes longer than all else: they are 0. */
NODISCARD enum err store_each_name(struct store *store, store_probe_fn *fn, void *arg);

struct store_segment {
	char epoch[65];
	uint64_t seq;
	uint8_t id[HASH_BYTES];
	int64_t received_utc_us;
	struct span bytes; /* the whole .seg, seed line included */
	int64_t n; /* when read: its place in the order in which they came, from 1 */
};
/* ERR_EXISTS: this id is here already. ERR_LIMIT: this epoch and seq with another id: the
 * other is kept as it was, this one is noted as an equivocation. ERR_FULL. */
NODISCARD enum err store_add_segment(
	struct store *store, const struct store_segment *s);
/* In the order of epoch, seq. fn returns false to stop. */
typedef bool store_segment_fn(void *arg, const struct store_segment *segment);
NODISCARD enum err store_each_segment(
	struct store *store, store_segment_fn *fn, void *arg);
/* The same of one probe's, in the order of seq; of those that came behind the first n; of
 * one, if it is there. */
NODISCARD enum err store_each_segment_of(
	struct store *store, const char *epoch, store_segment_fn *fn, void *arg);
NODISCARD enum err store_each_segment_behind(
	struct store *store, int64_t n, store_segment_fn *fn, void *arg);
NODISCARD enum err store_one_segment(struct store *store, const char *epoch,
	uint64_t seq, store_segment_fn *fn, void *arg);
/* Grows with every segment stored: tells whether anything is new. */
NODISCARD enum err store_segment_count(int64_t *n, struct store *store);
NODISCARD enum err store_segments_since(
	int64_t *n, struct store *store, const char *epoch, int64_t since_utc_us);

NODISCARD enum err store_put_targets(struct store *store,
	const uint8_t sha256[static HASH_BYTES], struct span bytes);
typedef void store_targets_fn(
	void *arg, const uint8_t sha256[static HASH_BYTES], struct span bytes);
/* In the order in which they came first. */
NODISCARD enum err store_each_targets(
	struct store *store, store_targets_fn *fn, void *arg);

/* The signed lists, by their serials; the newest is in force. */
struct store_mandate {
	uint64_t serial;
	char country[3];
	uint8_t sha256[HASH_BYTES]; /* of the list in it */
	struct span note;
};
/* ERR_EXISTS: another has this serial. */
NODISCARD enum err store_add_mandate(
	struct store *store, const struct store_mandate *mandate);
/* Appends the newest note; ERR_NOT_FOUND when none was signed yet. ${serial} may be
 * NULL. */
NODISCARD enum err store_newest_mandate(
	struct buf *note, uint64_t *serial, struct store *store);

/* What became of an event at the last analysis. */
enum store_state {
	EVENT_STANDS,
	EVENT_WITHDRAWN, /* all that has come by now does not bear it out */
	EVENT_HIDDEN, /* one that looked back, or weighed otherwise, did not find it */
};
/* An event as analysis left it: the columns that listings filter by, and the whole
 * verdict as one JSON line (what events --format json prints). */
struct store_event {
	char id[17];
	char country[3];
	char class_name[24], cause[32];
	int64_t start_utc_us, end_utc_us; /* end 0: still open */
	int64_t probability_ppm; /* of the class */
	bool unofficial; /* computed with other weights than the published ones */
	enum store_state state;
	struct span asns; /* ",1,22,333," */
	struct span networks; /* what an id is carried over by: sorted keys */
	struct span json;
};
/* All events that stand and had not ended before ${since} (0: all) give way to these, and
 * so do those of the same ids that do not stand. What is stored already just so is not
 * written again. */
NODISCARD enum err store_replace_events(struct store *store,
	const struct store_event *events, size_t n, int64_t since_utc_us);
typedef void store_event_fn(void *arg, const struct store_event *event);
/* In the order of start, id: those that stand; or all there ever were. */
NODISCARD enum err store_each_event(struct store *store, store_event_fn *fn, void *arg);
NODISCARD enum err store_each_event_ever(
	struct store *store, store_event_fn *fn, void *arg);
/* Another state, and with it another verdict. */
NODISCARD enum err store_set_event_state(
	struct store *store, const char *id, enum store_state state, struct span json);
NODISCARD enum err store_drop_event(struct store *store, const char *id);

/* What was said of an event: texts by their numbers, which report/history.h gives. One of
 * the same event and number gives way. */
NODISCARD enum err store_put_history(
	struct store *store, const char *event, int64_t n, struct span json);
NODISCARD enum err store_drop_history(
	struct store *store, const char *event, int64_t n);
typedef void store_history_fn(void *arg, int64_t n, struct span json);
/* In the order of n, from ${from} to ${to}. */
NODISCARD enum err store_each_history(struct store *store, const char *event,
	int64_t from, int64_t to, store_history_fn *fn, void *arg);

/* A point of a series that others measured. */
struct store_point {
	char country[3];
	uint32_t asn; /* 0: the whole country */
	char metric[17]; /* bgp, active, traffic */
	char source[33];
	int64_t utc_us;
	int64_t value_micro; /* millionths of the series' unit; bgp, active: percent */
};
/* One that has the same country, asn, metric, source and time gives way. */
NODISCARD enum err store_put_point(
	struct store *store, const struct store_point *point);
typedef void store_point_fn(void *arg, const struct store_point *point);
/* In the order of country, asn, metric, source, time. */
NODISCARD enum err store_each_point(struct store *store, store_point_fn *fn, void *arg);

/* What stands for a country whose name is none that we know; ISO 3166 leaves it free. */
#define STORE_NO_COUNTRY "ZZ"

/* An outage that others saw, without what they hold to be its cause. */
struct store_outage {
	char id[65]; /* the list's own */
	char country[3];
	char place[96]; /* the list's name of the country */
	char scope[8]; /* country, region, as */
	uint32_t asn; /* 0 none */
	int64_t begin_utc_us, end_utc_us; /* end 0: it had not ended */
	bool has_clock;
	int32_t offset_s; /* local time less UTC when it began */
	uint8_t signals, fell; /* how many are known, and how many of those fell */
};
/* One that has the same id gives way. */
NODISCARD enum err store_put_outage(
	struct store *store, const struct store_outage *outage);
typedef void store_outage_fn(void *arg, const struct store_outage *outage);
/* In the order of country, place, scope, begin, id. */
NODISCARD enum err store_each_outage(
	struct store *store, store_outage_fn *fn, void *arg);

/* How many of a region's addresses answered in the step that began then. */
struct store_level {
	char source[33];
	char country[3];
	char region[97];
	int64_t utc_us;
	int64_t value_micro; /* percent, millionths */
};
/* One that has the same country, source, region and time gives way. */
NODISCARD enum err store_put_level(
	struct store *store, const struct store_level *level);
typedef void store_level_fn(void *arg, const struct store_level *level);
/* In the order of country, source, region, time. */
NODISCARD enum err store_each_level(struct store *store, store_level_fn *fn, void *arg);

/* What else happened: shown beside a verdict, never counted. */
struct store_context {
	char kind[33], country[3], source[33];
	char says[201];
	int64_t begin_utc_us, end_utc_us; /* end 0: not known */
};
/* One that says the same of the same time gives way. */
NODISCARD enum err store_put_context(
	struct store *store, const struct store_context *context);
typedef void store_context_fn(void *arg, const struct store_context *context);
/* In the order of country, begin, kind, source, says. */
NODISCARD enum err store_each_context(
	struct store *store, store_context_fn *fn, void *arg);
