/* What the network sends: the first byte chooses how the rest comes. 's' a segment, 'e' an
 * enrolment, both as they are; 'l' lines that the enrolled probe signs, so that what lies
 * behind the signature is reached too. Whatever comes, the answer keeps its contract, and
 * only what was stored is in the store. */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/opening.h"

static struct opening opening;
static char token[65];
static uint64_t seq = 1;

static void
end(void)
{
	opening_end(&opening);
}

static void
start(void)
{
	opening_start(&opening);
	opening.settings.day_segments = INT64_MAX;
	opening_must(opening_enrol(token, &opening, opening.key, opening.code, "field",
			     1) == OPENED_STORED);
	atexit(end);
}

/* False where segment_write() refuses them: that is a test of its own. */
static bool
sign_lines(struct buf *out, struct span rest)
{
	const uint8_t seed[SEED_BYTES] = {9};
	struct span lines[SEGMENT_LINES_MAX];
	uint8_t id[HASH_BYTES];
	size_t n = 0;

	while (n < SEGMENT_LINES_MAX && span_line(&lines[n], &rest))
		n++;
	return n > 0 &&
	       segment_write(out, id, opening.key, ++seq, seed, lines, n) == OK;
}

static void
submit(int kind, struct span body)
{
	struct buf answer = {0};
	const char *why = NULL;
	int64_t before = -1, after = -1;
	enum opened opened;

	opening_must(store_segment_count(&before, opening.store) == OK);
	opened = opening_submit(&answer, &why, &opening, kind, body, token);
	opening_must(store_segment_count(&after, opening.store) == OK);
	opening_must(after == before + (opened == OPENED_STORED));
	opening_must(opened != OPENED_FULL && why != NULL);
	if (opened == OPENED_STORED || opened == OPENED_AGAIN)
		opening_must(answer.len > 0);
	else
		opening_must(answer.len == 0 && why[0] != '\0');
	buf_free(&answer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span body = {(const char *)data + 1, size - 1};
	struct buf segment = {0};

	if (size == 0)
		return 0;
	if (!opening.opener)
		start();
	if (data[0] == 'e')
		submit(SUBMIT_ENROLMENT, body);
	else if (data[0] != 'l')
		submit(SUBMIT_SEGMENT, body);
	else if (sign_lines(&segment, body))
		submit(SUBMIT_SEGMENT, buf_span(&segment));
	buf_free(&segment);
	return 0;
}
