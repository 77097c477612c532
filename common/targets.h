#pragma once

#include <stdint.h>

#include "common/buf.h"
#include "common/crypto.h"
#include "common/err.h"
#include "common/measurement.h"

/*
 * The target list: CSV (RFC 4180 without quoted fields), first line
 * "target,rung,checks,host,address,port,path". Pure. Both programs read the same bytes;
 * a segment names the list by its SHA-256.
 *
 *   target   id, [a-z0-9-]{1,32}, unique
 *   rung     domestic, international, names, or another rung's name
 *   checks   names of checks, separated by spaces
 *   host     host name: what is asked for, or "-" where only the address matters
 *   address  IPv4 or IPv6 address to talk to; "-": resolve host ourselves;
 *            "resolver" (dns only): the resolver this machine is configured with
 *   port     for tcp, http, dns; "-" takes 80, 80, 53
 *   path     for http; "-" takes "/"
 */
#define TARGETS_MAX 256
#define TARGETS_BYTES_MAX (64 * 1024)

struct target {
	char id[33];
	enum rung rung;
	uint32_t checks; /* bit 1 << CHECK_x */
	char host[254]; /* "" for "-" */
	char address[46]; /* "" to resolve; "resolver"; or an address as text */
	uint16_t port; /* 0 for "-" */
	char path[128];
};

struct targets {
	uint8_t sha256[HASH_BYTES]; /* of the list's bytes */
	uint32_t n;
	struct target rows[TARGETS_MAX];
};

/* ERR_FORMAT with ${line} (from 1) and ${why} set; either may be NULL. */
NODISCARD enum err targets_read(
	struct targets *targets, struct span bytes, uint32_t *line, const char **why);
const struct target *targets_find(const struct targets *targets, const char *id);
