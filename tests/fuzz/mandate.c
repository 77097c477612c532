/* A signed list that is opened lies inside the bytes that came, and is what was signed. */
#include <stdlib.h>
#include <string.h>

#include "common/mandate.h"
#include "common/note.h"
#include "common/targets.h"
#include "tests/fuzz/fuzz.h"

static void
must_be_a_mandate(const struct mandate *m, struct span bytes)
{
	must(strlen(m->country) == 2 && m->serial > 0);
	must(m->list.len > 0 && m->list.at > bytes.at);
	must(m->list.at + m->list.len < bytes.at + bytes.len);
	must(m->list.at[m->list.len - 1] == '\n');
}

/* The same bytes as a list, signed by a key of ours: opened only if a note can hold it. */
static void
must_come_back(struct span list, const struct crypto_key *key, const char *name)
{
	struct mandate out = {"XX", 1, list}, in;
	struct buf note = {0};

	mandate_sign(&note, &out, name, key);
	if (mandate_open(&in, buf_span(&note), crypto_key_public(key)) == OK) {
		must_be_a_mandate(&in, buf_span(&note));
		must(in.list.len == list.len &&
			memcmp(in.list.at, list.at, list.len) == 0);
	}
	buf_free(&note);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t seed[SEED_BYTES] = {1};
	static struct targets targets;
	struct span bytes = {(const char *)data, size};
	char name[NOTE_KEY_NAME_BYTES] = "faultline-analyzer-",
	     *end = strchr(name, '\0');
	struct crypto_key *key;
	struct mandate mandate;

	if (crypto_key_open(&key, seed) != OK)
		abort();
	crypto_hex(end, crypto_key_public(key), 8);
	if (mandate_open(&mandate, bytes, crypto_key_public(key)) == OK) {
		must_be_a_mandate(&mandate, bytes);
		if (targets_read(&targets, mandate.list, NULL, NULL) == OK)
			must(targets.n <= TARGETS_MAX);
	}
	if (size)
		must_come_back(bytes, key, name);
	crypto_key_close(key);
	return 0;
}
