#include "analyzer/analysis/leaves.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/store/store.h"
#include "common/log.h"
#include "common/merkle.h"
#include "common/segment.h"

/* One line whose leaf is wanted, and where the answer goes. */
struct wanted {
	uint32_t probe, segment, line;
	size_t at;
};

struct leaves {
	char (*out)[HASH_HEX_BYTES];
	const struct wanted *wanted; /* of one segment */
	size_t n;
	struct segment *segment;
};

static int
by_place(const void *left, const void *right)
{
	const struct wanted *a = left, *b = right;

	if (a->probe != b->probe)
		return a->probe < b->probe ? -1 : 1;
	if (a->segment != b->segment)
		return a->segment < b->segment ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

static void
take_leaf(struct leaves *l, const struct wanted *w)
{
	uint8_t salt[SALT_BYTES], leaf[HASH_BYTES];
	struct span line;

	if (w->line >= l->segment->n)
		return;
	line = l->segment->lines[w->line];
	merkle_salt(salt, l->segment->seed, w->line);
	merkle_leaf(leaf, salt, line.at, line.len);
	crypto_hex(l->out[w->at], leaf, HASH_BYTES);
}

/* What a verdict points at is verified once more. */
static bool
take_leaves(void *arg, const struct store_segment *stored)
{
	struct leaves *l = arg;

	if (segment_read(l->segment, stored->bytes, NULL) == OK)
		for (size_t i = 0; i < l->n; i++)
			take_leaf(l, &l->wanted[i]);
	return false;
}

enum err
leaves_find(char (*leaves)[HASH_HEX_BYTES], struct store *store,
	const struct loaded *loaded, const uint32_t *samples, size_t n)
{
	struct leaves l = {.out = leaves, .segment = malloc(sizeof(*l.segment))};
	struct wanted *wanted = calloc(n + 1, sizeof(*wanted));
	enum err err = OK;

	if (!wanted || !l.segment)
		bug("no memory for leaf hashes");
	for (size_t i = 0; i < n; i++) {
		const struct sample *s = &loaded->samples[samples[i]];

		leaves[i][0] = '\0';
		wanted[i] = (struct wanted){s->probe, s->segment, s->line, i};
	}
	qsort(wanted, n, sizeof(*wanted), by_place);
	for (size_t i = 0; !err && i < n; i += l.n) {
		const struct wanted *w = &wanted[i];

		for (l.n = 1; i + l.n < n && w[l.n].probe == w->probe &&
			      w[l.n].segment == w->segment;)
			l.n++;
		l.wanted = w;
		err = store_one_segment(store, loaded->known.names[w->probe].epoch,
			loaded->probes[w->probe].segments[w->segment].seq, take_leaves,
			&l);
	}
	free(wanted);
	free(l.segment);
	return err;
}
