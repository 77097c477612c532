#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/buf.h"
#include "common/crypto.h"
#include "common/err.h"
#include "common/targets.h"

/*
 * The analyzer on one page: values and functions in the order the data flows.
 *
 *     ingest -> open -> store -> rollup -> detect -> join -> observe -> classify -> report
 *
 * The store's contract is in store/store.h, the pure steps' in analysis/steps.h.
 */

struct setting;
struct store;
struct weights;
struct where_db;

/* ---- settings.c: analyzer.conf ---- */

struct settings {
	char dir[256]; /* "" the current folder; overruled by the command line */
	/* Every duration here was divided by it, but request_us: how long a stranger may
	 * take is no matter of how fast a lab's time runs. */
	int64_t time_scale;
	int64_t window_us; /* width of a bin */
	int64_t reference_us; /* how far back a baseline looks */
	int64_t analyze_us; /* serve computes events this often, if anything is new */
	int64_t request_us; /* absolute deadline of one request */
	int64_t day_segments; /* quota of one probe */
	int64_t day_us;
	char asn_db[256], country_db[256]; /* .mmdb files; "" none */
	char targets[256]; /* the target list given to probes */
	char ingest[64], pages[64]; /* ADDR:PORT, overruled by the command line */
	char public_endpoint[128]; /* https://ADDR:PORT as probes reach it */
};
const struct setting *settings_rows(size_t *n);
/* What no single row can tell; ERR_CONFIG: logged with the file's ${path}. */
NODISCARD enum err settings_check(const struct settings *settings, const char *path);

/* ---- the analyzer's folder: keys, store, settings ---- */

struct context {
	const char *dir; /* the folder that init made; NULL until the settings say it */
	const char
		*config; /* the file of --config; NULL: where folder_settings() looks */
	struct settings settings;
	struct store *store; /* NULL for init */
	int format; /* enum listing_format */
};

/* The log key of this folder: signs receipts and where notes. */
struct identity {
	struct crypto_key *key;
	char key_name[64]; /* faultline-analyzer-<16 hex> */
};
NODISCARD enum err identity_create(const char *dir); /* key, TLS key and certificate */
NODISCARD enum err identity_open(struct identity *identity, const char *dir);
void identity_close(struct identity *identity);
/* "sha256//..." of the TLS key; PEM texts for the server. */
NODISCARD enum err identity_pin(char pin[static 64], const char *dir);
NODISCARD enum err identity_tls(
	struct buf *key_pem, struct buf *cert_pem, const char *dir);

/* ---- ingest/where.c: address -> ASN and country (maxminddb's door) ---- */

NODISCARD enum err where_open(
	struct where_db **db, const char *asn_path, const char *country_path);
void where_close(struct where_db *db);
/* Unknown: asn 0, country "ZZ". prefix: /24 or /48 as text. False: not an address. */
struct place {
	uint32_t asn;
	char country[3];
	char prefix[50];
};
bool where_find(struct place *place, struct where_db *db, const char *address);

/* ---- ingest/open.c: opens, verifies, stores; the store's only writer ---- */

enum opened {
	OPENED_STORED, /* durable; answer holds the receipt */
	OPENED_AGAIN, /* it was here already; answer holds a receipt */
	OPENED_MALFORMED,
	OPENED_UNSIGNED, /* tree or signature does not verify */
	OPENED_STRANGER, /* no such token, code or probe */
	OPENED_FORBIDDEN, /* the epoch is not this token's; the code is used up; suspended */
	OPENED_CONFLICT, /* this number with another content */
	OPENED_OVER_QUOTA,
	OPENED_FULL, /* the disk */
};

struct opener; /* store, identity, settings */
NODISCARD enum err opener_open(struct opener **opener, struct store *store,
	const struct identity *identity, const struct settings *settings);
void opener_close(struct opener *opener);

/* The one function through which the network's bytes come. ${token} is the bearer token
 * ("" for enrolment and carried files of the operator's own: then ${trusted}).
 * On OPENED_STORED or _AGAIN, answer is the body to send; else ${why} is one sentence.
 * Safe to call from several threads. */
struct submission {
	enum { SUBMIT_SEGMENT, SUBMIT_ENROLMENT } kind;
	struct span body;
	const char *token;
	const char *id; /* hex from the URL, or NULL */
	bool trusted; /* carried by the operator: no token needed */
	int64_t now_utc_us;
};
enum opened opener_submit(struct buf *answer, const char **why, struct opener *opener,
	const struct submission *s);
const char *opened_name(enum opened opened);
/* May the probe with this token send? ${hash} is the token's SHA-256. Thread safe. */
bool opener_knows(struct opener *opener, const uint8_t hash[static HASH_BYTES]);
/* Appends the signed target list in force; ERR_NOT_FOUND: none is. Thread safe too. */
NODISCARD enum err opener_mandate(struct buf *note, struct opener *opener);
/* A longer body of this kind cannot be right: refused before it is read. */
#define SUBMIT_SEGMENT_MAX (16 * 1024)
#define SUBMIT_ENROLMENT_MAX (SUBMIT_SEGMENT_MAX + 256)

/* ---- analysis/analyze.c: calls the pure steps in order over what is stored ---- */

/* Computes every event anew from the stored segments and replaces the stored ones; an
 * event that overlaps a stored one of the same networks keeps its id. ${weights} (analysis/steps.h) NULL: the
 * official ones; with others all that it says is marked unofficial. */
NODISCARD enum err analyze_run(struct store *store, const struct settings *settings,
	int64_t since_utc_us, int64_t until_utc_us, const struct weights *weights);

/* The same, from one analysis to the next: only what has come since is read and rolled up, and
 * only the events that it can have changed are judged again. What is stored is what
 * analyze_run() would have stored. ${settings} and ${weights} are borrowed. After a failure
 * the next one begins from nothing. */
struct analysis;
void analyze_open(struct analysis **analysis, const struct settings *settings,
	const struct weights *weights);
NODISCARD enum err analyze_more(struct analysis *analysis, struct store *store,
	int64_t since_utc_us, int64_t until_utc_us);
void analyze_close(struct analysis *analysis);

/* ---- serve/: two addresses ---- */

NODISCARD enum err serve_run(struct context *context, const char *ingest,
	const char *pages, const volatile sig_atomic_t *stop);

/* ---- report/: what a person sees ---- */

enum listing_format { LISTING_TABLE, LISTING_CSV, LISTING_JSON };
enum column_kind { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_JSON };
struct column {
	const char *name;
	enum column_kind kind;
};
struct listing;
void listing_open(struct listing **l, FILE *out, enum listing_format format,
	const struct column *columns, size_t n);
/* One row; cells NULL or "" are empty (JSON: null). COLUMN_JSON cells are JSON texts. */
void listing_row(struct listing *l, const char *const *cells);
void listing_close(struct listing *l);
