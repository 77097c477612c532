#pragma once

#include "probe/doors/capture.h"

/* The headers of a reset as they may be shown: without what tells of the end that it came to.
 * Zeroed are both addresses, our port, the checksums, which both are summed into, the echo of our
 * clock (RFC 7323), and what other options hold, IP's and TCP's, but for those that tell of
 * their sender alone. They are hostile. Returns how many bytes; 0: that is no segment of TCP. */
size_t reset_hide(
	uint8_t out[static CAPTURE_HEADERS_BYTES], const struct capture_reset *reset);
