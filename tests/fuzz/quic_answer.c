/* Whatever comes back from a QUIC server: it counts only with both ids of the question,
 * whole versions, and nothing of it is read beyond its end. */
#include <stddef.h>
#include <string.h>

#include "probe/doors/quic.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct quic_ids ids = {"server-i", "client-i", 0x1a2a3a4a};
	struct quic_ids other = ids;
	unsigned versions;

	if (!quic_read(&versions, data, size, &ids))
		return 0;
	must(size >= 27 && (size - 23) % 4 == 0 && data[0] >= 0x80);
	must(versions <= (size - 23) / 4);
	must(!memcmp(data + 6, "client-i", 8) && !memcmp(data + 15, "server-i", 8));
	for (size_t i = 23; i < size; i += 4)
		must(memcmp(data + i, "\x1a\x2a\x3a\x4a", 4));
	other.server[7] ^= 1;
	must(!quic_read(&versions, data, size, &other));
	return 0;
}
