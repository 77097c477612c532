#pragma once

#include <stdint.h>

#include "common/buf.h"
#include "common/crypto.h"
#include "common/err.h"
#include "common/measurement.h"

/*
 * The target list: CSV (RFC 4180 without quoted fields), first line
 * "role,host,address,port,asn,who_else,verified". Pure. Both programs read the same
 * bytes; a segment names the list by their SHA-256. What is measured follows from role and
 * port by targets.def; nothing else is asked of anybody.
 *
 *   role      domestic, international, core, essential, control, names, messenger, decoy
 *   host      host name, its last label no number; "-" where only the address matters (not at 443 and 53). At 53 it
 *             is the name that is asked for; for core "." or a top-level domain.
 *             names at 853 (DNS over TLS) and 443 (over HTTPS): also "NAME@RESOLVER", where
 *             RESOLVER is the name that TLS says; without it TLS says none
 *   address   IPv4 or IPv6 address to talk to; "-": resolve host ourselves (not at 53, and not of
 *             names).
 *             names at 53: also "resolver", the one this machine is configured with.
 *             core at 53: also "root", any root server in turn (host "."), and "tld", the
 *             servers of the top-level domain host, as a root server names them
 *   port      443, 80, 53, 123, 853 or "-" (echo alone), as far as targets.def has the
 *             role there
 *   asn       AS number in which the address lies, or "-"
 *   who_else  in a few words, who contacts this host besides us: whoever watches the line
 *             sees the volunteer among them
 *   verified  the day (2026-01-31) on which somebody there confirmed the row, or "no"
 *
 * A row's id, which is what a measurement names, is "<role>-" and the first six hex digits
 * of SHA-256("role,host,address,port") as they stand in the row.
 */
#define TARGETS_MAX 256
#define TARGETS_BYTES_MAX (31 * 1024) /* signed, it still fits into 32 KiB */
#define TARGET_RESOLVER_BYTES 64
#define TARGETS_HEADER "role,host,address,port,asn,who_else,verified"

/* The risk that a volunteer agrees to. */
enum level { LEVEL_LOW, LEVEL_NORMAL, LEVEL_HIGH };

enum role {
#define ROLE(name, sentence) ROLE_##name,
#include "common/targets.def"
	ROLE_COUNT,
};

struct target {
	char id[33];
	enum role role;
	enum rung rung;
	enum level level;
	uint32_t checks; /* bit 1 << CHECK_x */
	char host[254]; /* "" for "-" */
	char resolver[TARGET_RESOLVER_BYTES]; /* its own name, "" not said */
	char address
		[46]; /* "" to resolve; resolver, root, tld; or an address as text */
	uint16_t port; /* 0 for "-" */
	uint32_t asn; /* 0 for "-" */
};

struct targets {
	uint8_t sha256[HASH_BYTES]; /* of the list's bytes */
	uint32_t n;
	struct target rows[TARGETS_MAX];
};

/* ERR_FORMAT with ${line} (from 1) and ${why} set; either may be NULL. */
NODISCARD enum err targets_read(
	struct targets *targets, struct span bytes, uint32_t *line, const char **why);
/* One more row behind the others: NULL, or why not, and then nothing was added. */
const char *targets_add(struct targets *targets, struct span line);
const struct target *targets_find(const struct targets *targets, const char *id);
/* The first control row with a name: what a TLS handshake says besides the real name. */
const char *targets_control(const struct targets *targets); /* "" none */

/* The columns of one line (span_columns()), for what a probe needs no copy of. In a list
 * that was read, line i + 2 is rows[i]. */
enum target_column {
	TARGET_ROLE,
	TARGET_HOST,
	TARGET_ADDRESS,
	TARGET_PORT,
	TARGET_ASN,
	TARGET_WHO_ELSE,
	TARGET_VERIFIED,
	TARGET_COLUMNS,
};

const char *targets_role_name(enum role role);
const char *targets_level_name(enum level level);
