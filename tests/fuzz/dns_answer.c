/* Whatever a name server sends: an answer counts only under the id of the question, and
 * what it says stays in bounds. */
#include <stddef.h>
#include <string.h>

#include "probe/doors/resolve.h"
#include "tests/fuzz/fuzz.h"

static void
try_question(
	const uint8_t *data, size_t size, uint16_t id, const struct resolve_question *q)
{
	struct resolve_answer answer;
	bool hashed = q->type == RESOLVE_A || q->type == RESOLVE_AAAA;

	must(resolve_read(&answer, data, size, (uint16_t)(id + 1), q) ==
		RESOLVE_IGNORED);
	if (resolve_read(&answer, data, size, id, q) != RESOLVE_ANSWERED)
		return;
	must(answer.n <= RESOLVE_ADDRESSES_MAX);
	for (unsigned i = 0; i < answer.n; i++) {
		union socket_address address;

		must(socket_parse(&address, answer.addresses[i], 53));
	}
	must(!hashed || answer.n <= answer.answers);
	must(strnlen(answer.sha256, sizeof(answer.sha256)) ==
		(hashed && answer.n ? 64 : 0));
	must(answer.rcode <= 4095);
	must(answer.serial >= -1 && answer.serial <= UINT32_MAX);
	must(q->type == RESOLVE_SOA || answer.serial == -1);
	must(answer.nsid_n <= (q->authority ? RESOLVE_NSID_BYTES : 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct resolve_question questions[] = {
		{"www.example", RESOLVE_A, false},
		{"www.example", RESOLVE_AAAA, false},
		{"example", RESOLVE_NS, true},
		{"example", RESOLVE_SOA, true},
		{".", RESOLVE_SOA, true},
	};
	uint16_t id = size < 2 ? 0 : (uint16_t)(data[0] << 8 | data[1]);

	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++)
		try_question(data, size, id, &questions[i]);
	return 0;
}
