#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"

/*
 * Do the signatures of an answer hold up to the root (DNSSEC, RFC 4033 to 4035)? The
 * questions go to whomever the caller likes, usually a resolver over TCP; what comes back
 * need not be trusted.
 */

/* The root's keys as a file of trust anchors lists them: DNSKEY or DS records as text. */
#define RESOLVE_ANCHORS_MAX 8
#define RESOLVE_ANCHOR_BYTES 1024
struct resolve_anchors {
	uint16_t n;
	char records[RESOLVE_ANCHORS_MAX][RESOLVE_ANCHOR_BYTES];
};
/* What is no such record is left out. */
void resolve_parse_anchors(struct resolve_anchors *anchors, struct span text);

enum resolve_trust {
	/* Nothing can be said: the zone is not signed, or whoever was asked leaves
	 * signatures out, or uses what this program does not know. */
	RESOLVE_UNSAID,
	RESOLVE_AUTHENTIC,
	/* A signature does not hold, or is missing where the zone above proves that there
	 * must be one. */
	RESOLVE_BOGUS,
};

/* Hands one message over and waits for the one that answers; false: none came. */
typedef bool resolve_hear_fn(void *arg, struct buf *answer, struct span message);

/* Judges the IPv4 addresses of a name, at a time that the caller is sure of (a signature is
 * for some weeks). At most RESOLVE_CHAIN_QUESTIONS are asked. */
#define RESOLVE_CHAIN_QUESTIONS 20
enum resolve_trust resolve_chain(const struct resolve_anchors *anchors,
	const char *name, int64_t utc_us, resolve_hear_fn *hear, void *arg);
