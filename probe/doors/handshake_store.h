#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/*
 * This machine's CA store, held cheaply: the certificates as DER behind the hash of their
 * subject, in memory that a child filled and nobody can write to any more. Whoever judges
 * a chain parses those few that it needs.
 */
struct handshake_store;

#define HANDSHAKE_STORE_BYTES ((size_t)4 << 20) /* of a bundle too, in PEM */

/* Reads a bundle in PEM into zeroed memory; what of it is no certificate is left out.
 * Meant for a child: OpenSSL comes alive here and stays. ERR_NOT_FOUND, ERR_LIMIT, or
 * ERR_FORMAT where there is no certificate at all. */
NODISCARD enum err handshake_store_read(
	struct handshake_store *store, size_t bytes, const char *path);
uint32_t handshake_store_count(const struct handshake_store *store);

struct stack_st_X509; /* OpenSSL's STACK_OF(X509) */
/* Does the chain, its first certificate the server's own, hold for that name, or for that
 * address where the name is "", now? 0 or OpenSSL's X509_V_ERR number. */
int handshake_store_judge(const struct handshake_store *store,
	struct stack_st_X509 *chain, const char *name, const char *address);
