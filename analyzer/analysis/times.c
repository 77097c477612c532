#include "analyzer/analysis/times.h"

#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"
#include "common/log.h"
#include "common/segment.h"
#include "common/utc.h"

static void
read_note(struct where_note *note, const char *base64)
{
	char bytes[1024], text[UTC_TEXT_BYTES] = "";
	size_t n = sizeof(bytes);
	struct span rest, line;
	uint64_t asn;

	if (!crypto_unbase64(bytes, &n, (struct span){base64, strlen(base64)}))
		return;
	rest = (struct span){bytes, n};
	while (span_line(&line, &rest)) {
		if (span_skip(&line, "asn ") && span_number(&asn, line, UINT32_MAX))
			note->asn = (uint32_t)asn;
		else if (span_skip(&line, "country ") && line.len == 2)
			memcpy(note->country, line.at, 2);
		else if (span_skip(&line, "time ") && line.len < sizeof(text))
			memcpy(text, line.at, line.len);
	}
	if (!utc_parse(&note->utc_us, text))
		note->utc_us = 0;
}

/* What the analyzer itself wrote is the anchor; the probe only says when it came. */
void
times_take(struct claim *claim, struct where_note *note, const struct measurement *line)
{
	if (line->kind == LINE_clock) {
		claim->boot = (uint32_t)line->boot;
		claim->closed_us = line->t_us;
		claim->wall_offset_us = line->wall_utc_us - line->t_us;
		claim->note_came = line->has[FIELD_anchor_t_us];
		claim->note_us = claim->note_came ? line->anchor_t_us : 0;
	} else if (line->kind == LINE_where) {
		*note = (struct where_note){0};
		read_note(note, line->note);
		claim->anchored = claim->note_came && note->utc_us > 0;
		claim->anchor_offset_us = note->utc_us - claim->note_us;
	}
}

struct times {
	char (*epochs)[65];
	struct claim *claims; /* by segment; probe counts epochs */
	uint64_t *seqs; /* by segment */
	size_t epochs_n, epochs_cap, n, cap, next;
	const char *epoch;
	struct segment segment;
	struct measurement line;
};

static void *
grow(void *array, size_t cap, size_t size)
{
	array = realloc(array, cap * size);
	if (!array)
		bug("no memory for %zu records of %zu bytes", cap, size);
	return array;
}

static void
add_epoch(struct times *t, const char *epoch)
{
	if (t->epochs_n && !strcmp(t->epochs[t->epochs_n - 1], epoch))
		return;
	if (t->epochs_n == t->epochs_cap) {
		t->epochs_cap = t->epochs_cap ? t->epochs_cap * 2 : 64;
		t->epochs = grow(t->epochs, t->epochs_cap, sizeof(*t->epochs));
	}
	memcpy(t->epochs[t->epochs_n++], epoch, sizeof(*t->epochs));
}

static bool
add_segment(void *arg, const struct store_segment *stored)
{
	struct times *t = arg;
	struct where_note note;
	struct claim *claim;

	if (strncmp(stored->epoch, t->epoch, strlen(t->epoch)) != 0 ||
		segment_read(&t->segment, stored->bytes, NULL))
		return true;
	add_epoch(t, stored->epoch);
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 64;
		t->claims = grow(t->claims, t->cap, sizeof(*t->claims));
		t->seqs = grow(t->seqs, t->cap, sizeof(*t->seqs));
	}
	t->seqs[t->n] = stored->seq;
	claim = &t->claims[t->n++];
	*claim = (struct claim){.probe = (uint32_t)t->epochs_n - 1,
		.received_utc_us = stored->received_utc_us};
	for (size_t i = 0; i < t->segment.n; i++) {
		if (measurement_decode(&t->line, t->segment.lines[i], NULL))
			continue;
		if (t->line.kind == LINE_measurement)
			break; /* the header lines come first */
		times_take(claim, &note, &t->line);
	}
	return true;
}

enum err
times_read(struct times **times, struct store *store, const char *epoch)
{
	struct times *t = calloc(1, sizeof(*t));
	enum err err;

	if (!t)
		bug("no memory to read the store");
	t->epoch = epoch;
	err = store_each_segment(store, add_segment, t);
	place(t->claims, t->n);
	*times = t;
	return err;
}

bool
times_offset(int64_t *offset_us, struct times *t, const struct store_segment *segment)
{
	for (; t->next < t->n; t->next++) {
		const struct claim *claim = &t->claims[t->next];
		int order = strcmp(t->epochs[claim->probe], segment->epoch);

		if (order > 0 || (order == 0 && t->seqs[t->next] > segment->seq))
			return false;
		if (order == 0 && t->seqs[t->next] == segment->seq) {
			*offset_us = claim->offset_us;
			return true;
		}
	}
	return false;
}

void
times_free(struct times *t)
{
	if (!t)
		return;
	free(t->epochs);
	free(t->claims);
	free(t->seqs);
	free(t);
}
