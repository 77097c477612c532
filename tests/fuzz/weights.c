/* Weights that are accepted stay inside their bounds, and are printed and read back. */
#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/weights.h"
#include "tests/fuzz/fuzz.h"

static void
must_hold(const struct weights *w)
{
	int64_t all = 0;

	for (size_t c = 0; c < CLASS_COUNT; c++) {
		must(w->prior_ppm[c] > 0);
		all += w->prior_ppm[c];
	}
	must(all == 1000000);
	for (size_t g = 0; g < GROUP_COUNT; g++)
		must(w->cap[g] >= 0 && w->cap[g] <= 921);
	for (size_t r = 0; r < ROW_COUNT; r++)
		for (size_t c = 0; c < CAUSE_COUNT; c++)
			must(abs(w->lr[r][c]) <= 921);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weights w = *evidence_weights(), again = *evidence_weights();
	struct buf why = {0}, text = {0};
	uint64_t line = 0;
	enum err err =
		weights_read(&w, (struct span){(const char *)data, size}, &line, &why);

	must((err == OK) == (why.len == 0));
	if (err == OK) {
		must_hold(&w);
		weights_print(&text, &w);
		must(weights_read(&again, buf_span(&text), &line, &why) == OK);
		must(!memcmp(w.lr, again.lr, sizeof w.lr));
	}
	buf_free(&text);
	buf_free(&why);
	return 0;
}
