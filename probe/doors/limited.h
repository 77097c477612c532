#pragma once

#include "common/buf.h"
#include "common/measurement.h"
#include "probe/doors/socket.h"

/*
 * Bytes that go only so far: a connection is made as any other, what is said on it leaves with
 * a small TTL, and its end (FIN) right behind with the usual one. Where nobody on the way minds
 * what was said, the far end finds a hole in front of that FIN and says so (RFC 9293 section
 * 3.10.7.4, RFC 5681 section 4.2): the connection lived. Whoever minds it resets the connection,
 * answers in the far end's name, or lets nothing of it pass any more; and did so within that
 * many hops. So no ICMP error is needed, of which a connected TCP socket is told none.
 *
 * What the kernel sends again goes as far as the first time, but for what it sends while the FIN
 * leaves: a far end that answers within some millionths of a second cannot be measured so. In the end the connection is
 * reset, so that nobody waits for the rest.
 */
enum limited_sign {
	LIMITED_NOTHING, /* nothing came any more */
	LIMITED_LIVED,
	LIMITED_RESET,
	LIMITED_ANSWERED, /* with bytes */
};

struct limited_result {
	enum outcome outcome; /* ok: there was a connection, and a sign */
	enum reason reason; /* of unmeasured */
	int os_error;
	enum limited_sign sign;
	int64_t sign_us; /* from the first byte to the reset or answer; -1 neither came */
	int64_t wire_bytes;
};

/* At the longest four seconds: two for the connection, two for a sign. */
void limited_try(struct limited_result *result, const union socket_address *to,
	struct span said, uint8_t ttl);
