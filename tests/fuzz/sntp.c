/* Whatever a time server sends: it counts only when it repeats what the question held, and
 * the times it tells are times. The cookie is the input's own, or never the input's. */
#include <stddef.h>
#include <string.h>

#include "probe/doors/sntp.h"
#include "tests/fuzz/fuzz.h"

#define EARLIEST_US (-INT64_C(61505152000000)) /* 1968 */
#define LATEST_US INT64_C(4233462144000000) /* 2104 */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t cookie[SNTP_COOKIE_BYTES] = {0};
	struct sntp_answer answer;

	if (size >= 24 + sizeof(cookie))
		memcpy(cookie, data + 24, sizeof(cookie));
	if (sntp_read(&answer, data, size, cookie)) {
		must(size == SNTP_BYTES && answer.stratum == data[1]);
		must(!answer.tells_time ||
			(answer.stratum >= 1 && answer.stratum <= 15 &&
				answer.received_utc_us >= EARLIEST_US &&
				answer.sent_utc_us >= answer.received_utc_us &&
				answer.sent_utc_us < LATEST_US));
	}
	cookie[3] ^= 1;
	must(!sntp_read(&answer, data, size, cookie));
	return 0;
}
