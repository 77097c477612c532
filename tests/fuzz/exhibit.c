/* Lines of a stored segment, of which exhibits are put together and opened: no more is shown than
 * may be, and what opens is what its hash says. The corpus is sealed to the key of this seed. */
#include <stdlib.h>
#include <string.h>

#include "common/exhibit.h"
#include "tests/fuzz/fuzz.h"

static void
open_whole(const struct exhibit *e, const struct crypto_key *key)
{
	uint8_t hash[HASH_BYTES];
	struct buf shown = {0};

	if (e->sealed_n > EXHIBIT_SEALED_MAX || e->kind >= EXHIBIT_KIND_COUNT)
		abort();
	if (exhibit_open(&shown, e, key)) {
		crypto_sha256(hash, shown.data, shown.len);
		if (shown.len > EXHIBIT_BYTES_MAX ||
			memcmp(hash, e->sha256, HASH_BYTES) != 0)
			abort();
	}
	buf_free(&shown);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint8_t seed[SEED_BYTES] = {1};
	struct exhibit_gathering *g = calloc(1, sizeof(*g));
	struct measurement *m = malloc(sizeof(*m));
	struct span rest = {(const char *)data, n}, line;
	struct crypto_key *key;

	if (!g || !m || crypto_key_open(&key, seed) != OK)
		abort();
	while (span_line(&line, &rest)) {
		const struct exhibit *whole;

		if (measurement_decode(m, line, NULL) != OK)
			continue;
		whole = exhibit_gather(g, m);
		if (whole)
			open_whole(whole, key);
	}
	crypto_key_close(key);
	free(g);
	free(m);
	return 0;
}
