#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/lab/onpath_forge.h"

/* What a box between two networks does to what passes: its rules, and its word on one packet.
 * Pure: the clock is the caller's. What of a connection came before the packet that tells has
 * then passed (onpath_flow.h says what is seen). Names are compared in small letters, and a
 * rule's name must be given so. */

#define ONPATH_RULES_MOST 16 /* of a kind */
#define ONPATH_PREFIXES_MOST 64
#define ONPATH_URL_BYTES 1024
#define ONPATH_FORGED_MOST 2

struct onpath_prefix {
	int version; /* 4 or 6 */
	uint8_t address[16];
	unsigned int bits;
};

struct onpath_rules {
	/* A connection to port 443 is dropped, both ways, from the segment on that completes a
	 * ClientHello for a name that is not listed or for none. */
	bool drop_hello;
	const char *listed[ONPATH_RULES_MOST];
	size_t listed_n;

	/* A connection in which either end sent a ClientHello with a name that contains the
	 * part has from then on a meter of its own for each direction: a token bucket that
	 * drops. It lasts as long as the connection is known: an end, a reset or a pause
	 * change nothing. */
	struct {
		const char *part;
		int64_t rate_bps, burst_bytes;
	} police[ONPATH_RULES_MOST];
	size_t police_n;

	/* A TCP connection from elsewhere to one of the prefixes (all_but: to anywhere but
	 * these, from one of these) freezes when more than so many bytes would have passed
	 * towards the client: from then on nothing passes either way. 0: none freezes. */
	int64_t freeze_bytes;
	bool all_but;
	struct onpath_prefix prefixes[ONPATH_PREFIXES_MOST];
	size_t prefixes_n;

	/* Who asks for the A or AAAA of the name over UDP, whomever, is told this; the
	 * question goes on delay later, so that the true answer comes after it. */
	struct {
		const char *name;
		uint8_t address4[4], address6[16];
	} race[ONPATH_RULES_MOST];
	size_t race_n;
	int64_t race_delay_ns;

	/* The first request of a connection to port 80, for the name, is answered with a
	 * redirect and goes no further; its server is reset, and whatever it still says is
	 * dropped. */
	struct {
		const char *name, *url; /* shorter than ONPATH_URL_BYTES */
	} redirect[ONPATH_RULES_MOST];
	size_t redirect_n;

	/* After a ClientHello for the name, which passes, both ends get a reset. */
	const char *reset[ONPATH_RULES_MOST];
	size_t reset_n;
};

struct onpath_counts {
	uint64_t dropped, policed, frozen, raced, redirected, reset; /* packets */
};

struct onpath_verdict {
	bool pass;
	int64_t hold_ns; /* it passes so much later */
	size_t forged_n; /* these leave first, in this order */
	struct {
		bool back; /* to where the packet came from */
		size_t n;
		uint8_t bytes[ONPATH_FORGE_BYTES];
	} forged[ONPATH_FORGED_MOST];
};

struct onpath; /* the rules and the connections; some MB, and no more */

/* The rules stay the caller's. NULL: no memory. */
struct onpath *onpath_rules_open(const struct onpath_rules *rules);
void onpath_rules_close(struct onpath *onpath);

/* leftward: the packet goes from right to left. */
void onpath_rules_judge(struct onpath_verdict *verdict, struct onpath *onpath,
	const uint8_t *bytes, size_t n, bool leftward, int64_t now_ns);
struct onpath_counts onpath_rules_counts(const struct onpath *onpath);
