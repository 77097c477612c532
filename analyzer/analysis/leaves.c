#include "analyzer/analysis/leaves.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/store/store.h"
#include "common/log.h"
#include "common/merkle.h"
#include "common/segment.h"

/* One line whose leaf is wanted, and where the answer goes. */
struct wanted {
	uint32_t segment, line;
	size_t at;
};

struct leaves {
	const struct loaded *loaded;
	char (*out)[HASH_HEX_BYTES];
	struct wanted *wanted;
	size_t n, next, segment_index;
	struct segment *segment;
};

static int
by_place(const void *left, const void *right)
{
	const struct wanted *a = left, *b = right;

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

/* Segments come in the order in which they were loaded. */
static bool
find_leaves(void *arg, const struct store_segment *stored)
{
	struct leaves *l = arg;
	bool read = false;

	if (l->segment_index >= l->loaded->segments_n ||
		memcmp(l->loaded->segments[l->segment_index].id, stored->id,
			HASH_BYTES))
		return true; /* one that was not loaded */
	while (l->next < l->n && l->wanted[l->next].segment == l->segment_index) {
		if (!read && segment_read(l->segment, stored->bytes, NULL))
			return false;
		read = true;
		take_leaf(l, &l->wanted[l->next++]);
	}
	l->segment_index++;
	return l->next < l->n;
}

enum err
leaves_find(char (*leaves)[HASH_HEX_BYTES], struct store *store,
	const struct loaded *loaded, const uint32_t *samples, size_t n)
{
	struct leaves l = {
		.loaded = loaded,
		.out = leaves,
		.wanted = calloc(n + 1, sizeof(*l.wanted)),
		.n = n,
		.segment = malloc(sizeof(*l.segment)),
	};
	enum err err;

	if (!l.wanted || !l.segment)
		bug("no memory for leaf hashes");
	for (size_t i = 0; i < n; i++) {
		const struct sample *s = &loaded->samples[samples[i]];

		leaves[i][0] = '\0';
		l.wanted[i] = (struct wanted){s->segment, s->line, i};
	}
	qsort(l.wanted, n, sizeof(*l.wanted), by_place);
	err = store_each_segment(store, find_leaves, &l);
	free(l.wanted);
	free(l.segment);
	return err;
}
